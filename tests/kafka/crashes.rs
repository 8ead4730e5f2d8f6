//! Exactly once, whatever crashes: workers killed, restarted, joining, leaving.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::articles;
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::worker::{Setup, Worker};
use crate::support::{Chance, checker, wait_for};

const MESSAGES: usize = 20_000;
const PARTITIONS: i32 = 6;

/// What happens to the workers, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Kill(usize),
    Restart(usize),
    Join,
    Leave,
}

/// Each of two workers killed three times at random and restarted up to a second
/// later; a third joins and leaves in between.
fn schedule(chance: &mut Chance) -> Vec<(Duration, Event)> {
    let seconds =
        |chance: &mut Chance, from: u64, to: u64| chance.between(Duration::from_secs(from), Duration::from_secs(to));
    let mut events = Vec::new();
    for worker in 0..2 {
        for round in 0..3 {
            let kill = seconds(chance, 1 + round * 9, 8 + round * 9);
            events.push((kill, Event::Kill(worker)));
            events.push((kill + seconds(chance, 0, 1), Event::Restart(worker)));
        }
    }
    events.push((seconds(chance, 4, 9), Event::Join));
    events.push((seconds(chance, 15, 20), Event::Leave));
    events.sort();
    events
}

#[test]
fn killed_workers_lose_nothing_double_nothing_and_keep_the_order() {
    let mut chance = Chance::seeded("crashes", 20_241_124);
    let names = Names::create(broker::shared(), "crashes", PARTITIONS);
    // The feed goes on through all of it, a little slower than it could be done.
    let feed = std::thread::spawn({
        let names = names.clone();
        move || {
            let paced = articles::mixed(MESSAGES, 7).enumerate().map(|(number, article)| {
                if number % 70 == 0 {
                    std::thread::sleep(Duration::from_millis(100));
                }
                article
            });
            topics::produce(&names, paced)
        }
    });
    // The first is a dynamic member; the second a static one, which comes back
    // to its own partitions.
    let setups = [Setup::new(&names, "a"), Setup::new(&names, "b").text("kafka", "instance_id", "b")];
    let third = Setup::new(&names, "c");
    let mut workers: Vec<Worker> = setups.iter().map(Setup::start_ready).collect();
    let mut guest: Option<Worker> = None;
    let start = Instant::now();
    let mut kills = 0;
    for (when, event) in schedule(&mut chance) {
        std::thread::sleep(when.saturating_sub(start.elapsed()));
        match event {
            Event::Kill(worker) => {
                assert_eq!(workers[worker].ended(), None, "a worker ended by itself");
                workers[worker].kill();
                kills += 1;
            }
            Event::Restart(worker) => workers[worker] = setups[worker].start(),
            Event::Join => guest = Some(third.start_ready()),
            Event::Leave => guest.take().unwrap().stop(),
        }
    }
    assert_eq!(kills, 6);
    let expected = feed.join().unwrap();
    names.wait_until_done(Duration::from_secs(240));
    workers.iter_mut().for_each(Worker::stop);

    let (output, dead) = names.results(Isolation::Committed);
    let verdict = checker::check(&expected, &output, &dead);
    verdict.assert_clean();
    let bad = expected.values().filter(|expected| matches!(expected.fate, Fate::Dead(_))).count();
    assert_eq!((expected.len(), bad), (MESSAGES, MESSAGES / 20));
    assert_eq!((output.len(), dead.len()), (MESSAGES - bad, bad));
    let (all_output, all_dead) = names.results(Isolation::Uncommitted);
    println!(
        "crashes: {} records in the output, {} dead letters, each once and in order; {} more in aborted transactions",
        output.len(),
        dead.len(),
        all_output.len() + all_dead.len() - output.len() - dead.len()
    );
}

/// A record that is in the middle of its transaction when the worker dies is
/// seen by nobody, and its transaction does not hold readers back for long.
#[test]
fn a_worker_that_comes_back_under_its_name_ends_its_own_open_transaction() {
    let names = Names::create(broker::shared(), "own-transaction", 2);
    // Open for a minute if nobody ended it; longer than this test waits.
    let setup = Setup::new(&names, "a")
        .text("kafka", "instance_id", "a")
        .text("delivery", "transaction_timeout", "5m")
        .text("delivery", "commit_interval", "2s");
    let mut worker = setup.start_ready();
    let expected = topics::produce(&names, articles::mixed(300, 3));
    std::thread::sleep(Duration::from_millis(700));
    worker.kill();
    let mut worker = setup.start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    names.check(&expected).assert_clean();
}

/// Two workers that were given the same transactional id by mistake: the older
/// one is fenced, says so and exits; nothing is doubled.
#[test]
fn a_fenced_worker_exits_and_says_why() {
    let names = Names::create(broker::shared(), "fenced", 2);
    let setup = Setup::new(&names, "twin");
    let mut older = setup.start_ready();
    let first = topics::produce(&names, articles::mixed(100, 4));
    names.wait_until_done(Duration::from_secs(60));
    let mut younger = setup.start_ready();
    let mut expected = first;
    // Its next transaction tells the older one.
    let start = Instant::now();
    while older.ended().is_none() && start.elapsed() < Duration::from_secs(60) {
        expected.extend(topics::produce(&names, articles::mixed(50, 5)));
        std::thread::sleep(Duration::from_millis(300));
    }
    let status = older.wait(Duration::from_secs(1));
    assert!(!status.success(), "{status}");
    assert!(older.log().contains("fenced"), "{}", older.log());
    names.wait_until_done(Duration::from_secs(90));
    younger.stop();
    names.check(&expected).assert_clean();
}

/// Stopped for longer than its session, with its hands full, and woken when another
/// worker has done all of it: what it has written and still writes is seen by nobody.
fn a_zombie_wakes(topic: &str, transaction_timeout: &str, asleep: Duration) {
    let names = Names::create(broker::shared(), topic, 3);
    let setup = |name| {
        Setup::new(&names, name).text("delivery", "transaction_timeout", transaction_timeout).text(
            "delivery",
            "commit_interval",
            "2s",
        )
    };
    let mut zombie = setup("zombie").start_ready();
    let mut expected = topics::produce(&names, articles::mixed(6000, 31));
    wait_for("something is in hand", Duration::from_secs(60), || {
        zombie.metrics().sum("warraq_in_flight_records").filter(|records| *records > 100.0)
    });
    zombie.signal(Signal::STOP);
    let start = Instant::now();
    let mut heir = setup("heir").start();
    names.wait_until_done(Duration::from_secs(120));
    std::thread::sleep(asleep.saturating_sub(start.elapsed()));
    zombie.signal(Signal::CONT);
    let dropped = wait_for("the zombie knows", Duration::from_secs(60), || {
        zombie.metrics().sum("warraq_dropped_records_total").filter(|records| *records > 0.0)
    });
    // It is a worker again.
    expected.extend(topics::produce(&names, articles::mixed(300, 32)));
    names.wait_until_done(Duration::from_secs(60));
    zombie.stop();
    heir.stop();
    names.check(&expected).assert_clean();
    println!("{topic}: {dropped} records dropped");
}

#[test]
fn a_zombie_with_an_open_transaction_writes_nothing_that_is_seen() {
    a_zombie_wakes("zombie-open", "2m", Duration::ZERO);
}

#[test]
fn a_zombie_whose_transaction_is_over_writes_nothing_that_is_seen() {
    a_zombie_wakes("zombie-over", "3s", Duration::from_secs(15));
}
