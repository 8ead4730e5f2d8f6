//! Exactly once under faults, on a cluster of three brokers: docs/delivery.md.
//!
//! `make faults` plays for as long as it is told; `make test` plays a short
//! schedule that has every kind of fault once.
//!
//! `fault` says what goes wrong and when, `harm` does it, `field` is where, `network` is what
//! lies between workers and brokers, `judge` holds the invariants.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // a test fails by panicking
#![allow(dead_code, unreachable_pub)] // the harness is one whole; not every test needs all of it

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod fault;
mod feed;
mod field;
mod harm;
mod judge;
mod network;
mod report;
mod round;
mod watch;

use std::time::{Duration, Instant};

use cluster::Cluster;
use fault::{Kind, Step, late_joins, lost_answers, partitions_in_revokes, schedule};
use field::{AT_LEAST_ONCE, EXACTLY_ONCE, Variant};
use network::Trouble;
use round::Report;

/// Faults of one round, which has topics of its own; `ROUND` of them where it is set.
const ROUND: u64 = 42;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .filter(|text| !text.is_empty())
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: give a whole number")))
}

/// The kinds of `KINDS`, by name and comma; all of them by default.
fn kinds() -> Vec<Kind> {
    let chosen = std::env::var("KINDS").unwrap_or_default();
    if chosen.is_empty() {
        return Kind::ALL.to_vec();
    }
    chosen
        .split(',')
        .map(|name| {
            let found = Kind::ALL.iter().find(|kind| format!("{kind:?}") == name);
            *found.unwrap_or_else(|| panic!("KINDS: there is no {name}, but {:?}", Kind::ALL))
        })
        .collect()
}

/// Of the cluster: `TRANSACTIONS=0` is the protocol from before KIP-890.
fn features() -> Vec<&'static str> {
    match std::env::var("TRANSACTIONS").as_deref() {
        Err(_) | Ok("" | "2") => Vec::new(),
        Ok("0") => vec!["transaction.version=0"],
        Ok(other) => panic!("TRANSACTIONS={other}: 0 or 2"),
    }
}

/// Rounds until so many faults were played or the time is over.
fn play(
    variant: Variant,
    seed: u64,
    steps: impl Fn(u64, usize) -> Vec<Step>,
    (faults, of_round): (usize, usize),
    time: Duration,
) -> Report {
    let start = Instant::now();
    let mut cluster = Cluster::start(&features());
    let mut total = Report::default();
    let mut round = 0;
    while total.faults.values().sum::<usize>() < faults && (round == 0 || start.elapsed() < time) {
        let left = faults - total.faults.values().sum::<usize>();
        let seed = seed + round;
        println!("round {round}: SEED={seed} {} {}", variant.mode, variant.mutation);
        let report = round::play(&mut cluster, seed, variant, &steps(seed, left.min(of_round)));
        for violation in &report.violations {
            println!("  VIOLATION {}: {}", violation.invariant, violation.words);
        }
        let broken = !report.violations.is_empty();
        total.add(report);
        // Each round, for a run that is cut short has played what it has played.
        println!("{}", report::told(&total));
        round += 1;
        if broken {
            break;
        }
    }
    total
}

/// Steps of these kinds.
fn of(kinds: &[Kind]) -> impl Fn(u64, usize) -> Vec<Step> {
    |seed, faults| schedule(seed, kinds, faults)
}

#[track_caller]
fn assert_whole(report: &Report) {
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
}

/// Every kind of fault once, always the same ones.
#[test]
fn every_kind_of_fault_once() {
    assert_whole(&play(EXACTLY_ONCE, 8, of(Kind::ALL), (Kind::ALL.len(), Kind::ALL.len()), Duration::from_secs(600)));
}

/// Chance seldom makes it: the client then says nothing of partitions that are lost.
#[test]
fn a_static_member_that_joins_late_writes_nothing_twice() {
    assert_whole(&play(FEW_COMMITS, 9, |_, _| late_joins(), (6, 6), Duration::from_secs(600)));
}

/// Given up with its transaction, such a record has a number that the client gives to the
/// next one, which the broker takes for the same again. Where others follow in the same transaction
/// it says that their numbers are out of order (KIP-890): so each has one of its own.
#[test]
fn a_record_whose_answer_is_lost_is_there_once() {
    assert_whole(&play(ONE_BY_ONE, 10, |_, _| lost_answers(), (6, 6), Duration::from_secs(600)));
}

/// The client then joins again though it waits for the answer, and others have the partitions.
#[test]
fn a_partition_that_is_added_in_a_revoke_makes_nothing_twice() {
    assert_whole(&play(SOON_KNOWN, 11, |_, _| partitions_in_revokes(), (15, 15), Duration::from_secs(600)));
}

/// `make faults`: `FAULTS=1000`, `MINUTES=60`, `SEED=1`, `KINDS=Zombie,Twin`,
/// `MODE=at-least-once`, `TRANSACTIONS=0`.
#[test]
#[ignore = "make faults"]
fn faults_by_the_hour() {
    let variant = match std::env::var("MODE").as_deref() {
        Ok("at-least-once") => AT_LEAST_ONCE,
        Err(_) | Ok("" | "exactly-once") => EXACTLY_ONCE,
        Ok(other) => panic!("MODE={other}: exactly-once or at-least-once"),
    };
    let mut kinds = kinds();
    // Where nobody makes a transaction, none has a coordinator.
    kinds.retain(|kind| variant.is_exactly_once() || *kind != Kind::TransactionCoordinatorMoved);
    let faults = usize::try_from(number("FAULTS", 1000)).unwrap();
    let minutes = Duration::from_secs(60 * number("MINUTES", 240));
    assert_whole(&play(
        variant,
        number("SEED", 1),
        of(&kinds),
        (faults, usize::try_from(number("ROUND", ROUND)).unwrap()),
        minutes,
    ));
}

/// What brings a mistake to light.
enum Bait {
    /// Faults of these kinds.
    Kinds(&'static [Kind]),
    /// What chance seldom makes.
    Steps(fn() -> Vec<Step>),
}

/// The mistakes of `src/flow/mutation.rs`.
const MISTAKES: [(&str, Bait); 8] = [
    ("offset-before-record", Bait::Kinds(&[Kind::WorkerKill, Kind::NetworkCut, Kind::TransactionCoordinatorMoved])),
    ("drop-on-revoke", Bait::Kinds(&[Kind::RebalanceStorm, Kind::WorkerTerm, Kind::NetworkHalfOpen])),
    ("resend-after-commit", Bait::Kinds(&[Kind::DelayedAnswers])),
    ("no-sort", Bait::Kinds(&[Kind::WorkerPause, Kind::NetworkHalfOpen])),
    ("no-epoch-check", Bait::Kinds(&[Kind::Zombie])),
    ("no-member-check", Bait::Steps(late_joins)),
    ("abort-unheard", Bait::Steps(lost_answers)),
    ("fresh-member", Bait::Steps(partitions_in_revokes)),
];

/// Longer than a worker waits for the answer.
const LATE_COMMIT: Trouble = Trouble::DelayAnswer(network::END_TXN, Duration::from_secs(8));

/// The broker knows who belongs to the group, and three transactions that it refuses
/// make a worker ask what is done. Who forgets what is lost is caught by neither, if
/// it is back in the group before the third: with few transactions, and one that was
/// in hand when its session ended and is not over.
const OUT_OF_GROUP: Duration = Duration::from_millis(5500);
const FEW_COMMITS: Variant = Variant { interval: "2s", timeout: "30s", ..EXACTLY_ONCE };
/// A new partition is known within a second.
const SOON_KNOWN: Variant =
    Variant { properties: "{ debug = 'eos,msg', 'topic.metadata.refresh.interval.ms' = '1000' }", ..EXACTLY_ONCE };
const ONE_BY_ONE: Variant = Variant { records: "1", rate: 15, ..FEW_COMMITS };

/// What checks the workers is checked: each mistake must break an invariant within
/// so many faults.
#[test]
#[ignore = "make mistakes"]
fn every_mistake_is_noticed() {
    let mut missed = Vec::new();
    let chosen = std::env::var("MISTAKE").unwrap_or_default();
    for (mistake, bait) in MISTAKES.into_iter().filter(|(name, _)| chosen.is_empty() || chosen == *name) {
        let variant = match mistake {
            "no-epoch-check" | "no-member-check" => FEW_COMMITS,
            "abort-unheard" => ONE_BY_ONE,
            "fresh-member" => SOON_KNOWN,
            _ => EXACTLY_ONCE,
        };
        let variant = Variant { mutation: mistake, ..variant };
        let steps = |seed, faults| {
            let kinds = match bait {
                Bait::Kinds(kinds) => kinds,
                Bait::Steps(steps) => return steps(),
            };
            let mut steps = schedule(seed, kinds, faults);
            for fault in steps.iter_mut().flatten() {
                match fault.kind {
                    // Among all answers that of a commit would seldom be the one that is late.
                    Kind::DelayedAnswers => {
                        (fault.trouble, fault.lasts, fault.everybody) = (LATE_COMMIT, Duration::from_secs(9), true);
                    }
                    Kind::Zombie => fault.lasts = OUT_OF_GROUP,
                    _ => {}
                }
            }
            steps
        };
        let report = play(variant, number("SEED", 1), steps, (24, 6), Duration::from_secs(600));
        let broken: std::collections::BTreeSet<_> = report.violations.iter().map(|found| found.invariant).collect();
        println!("| {mistake} | {} faults | {broken:?} |", report.faults.values().sum::<usize>());
        if broken.is_empty() {
            missed.push(mistake);
        }
    }
    assert!(missed.is_empty(), "nobody noticed {missed:?}");
}
