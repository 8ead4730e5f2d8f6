//! Exactly once under faults, on a cluster of three brokers: docs/delivery.md.
//!
//! `make faults` plays for as long as it is told; `make test` plays a short
//! schedule that has every kind of fault once.
//!
//! `field` does and undoes a fault, `fault` says which and when, `network` is what
//! lies between workers and brokers, `judge` holds the invariants.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // a test fails by panicking
#![allow(dead_code, unreachable_pub)] // the harness is one whole; not every test needs all of it

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod fault;
mod feed;
mod field;
mod judge;
mod network;
mod report;
mod round;
mod watch;

use std::time::{Duration, Instant};

use cluster::Cluster;
use fault::{Kind, schedule};
use field::{AT_LEAST_ONCE, EXACTLY_ONCE, Variant};
use round::Report;

/// Faults of one round, which has topics of its own.
const ROUND: usize = 42;

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

/// Rounds until so many faults were played or the time is over.
fn play(variant: Variant, seed: u64, faults: usize, time: Duration) -> Report {
    let start = Instant::now();
    let mut cluster = Cluster::start();
    let mut total = Report::default();
    let mut round = 0;
    while total.faults.values().sum::<usize>() < faults && (round == 0 || start.elapsed() < time) {
        let left = faults - total.faults.values().sum::<usize>();
        let seed = seed + round;
        println!("round {round}: SEED={seed} {} {}", variant.mode, variant.mutation);
        let report = round::play(&mut cluster, seed, variant, &schedule(seed, &kinds(), left.min(ROUND)));
        for violation in &report.violations {
            println!("  VIOLATION {}: {}", violation.invariant, violation.words);
        }
        let broken = !report.violations.is_empty();
        total.add(report);
        round += 1;
        if broken {
            break;
        }
    }
    println!("{}", report::told(&total));
    total
}

#[track_caller]
fn assert_whole(report: &Report) {
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
}

/// Every kind of fault once, always the same ones.
#[test]
fn every_kind_of_fault_once() {
    if number("FAULTS", 0) > 0 || number("MINUTES", 0) > 0 {
        println!("the long form runs instead");
        return;
    }
    assert_whole(&play(EXACTLY_ONCE, number("SEED", 8), Kind::ALL.len(), Duration::from_secs(600)));
}

/// `make faults`: `FAULTS=1000`, `MINUTES=60`, `SEED=1`, `KINDS=Zombie,Twin`,
/// `MODE=at-least-once`.
#[test]
#[ignore = "make faults"]
fn faults_by_the_hour() {
    let variant = match std::env::var("MODE").as_deref() {
        Ok("at-least-once") => AT_LEAST_ONCE,
        Err(_) | Ok("" | "exactly-once") => EXACTLY_ONCE,
        Ok(other) => panic!("MODE={other}: exactly-once or at-least-once"),
    };
    let faults = usize::try_from(number("FAULTS", 1000)).unwrap();
    let minutes = Duration::from_secs(60 * number("MINUTES", 240));
    assert_whole(&play(variant, number("SEED", 1), faults, minutes));
}
