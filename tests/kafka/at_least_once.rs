//! `delivery.mode = "at-least-once"`: nothing is lost; after a crash some come twice.

use std::time::Duration;

use crate::support::articles;
use crate::support::broker;
use crate::support::checker;
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Setup;

fn setup(names: &Names, name: &str) -> Setup {
    Setup::new(names, name).text("delivery", "mode", "at-least-once").without("kafka", "transactional_id")
}

#[test]
fn without_a_crash_each_record_comes_once_and_in_order() {
    let names = Names::create(broker::shared(), "alo-quiet", 3);
    let expected = topics::produce(&names, articles::mixed(2000, 17));
    let mut worker = setup(&names, "a").start_ready();
    names.wait_until_done(Duration::from_secs(120));
    let transactions = worker.metrics().sum("warraq_transactions_total");
    worker.stop();
    let (output, dead) = names.results(Isolation::Uncommitted);
    checker::check(&expected, &output, &dead).assert_clean();
    assert!(transactions.is_none_or(|count| count == 0.0), "{transactions:?} transactions");
}

#[test]
fn killed_workers_lose_nothing() {
    let names = Names::create(broker::shared(), "alo-kill", 3);
    let expected = topics::produce(&names, articles::mixed(4000, 18));
    let setups = [setup(&names, "a"), setup(&names, "b")];
    let mut workers: Vec<_> = setups.iter().map(Setup::start_ready).collect();
    for round in 0..2 {
        let left = 3800 - round * 1200;
        wait_for("some of it is done", Duration::from_secs(60), || (names.lag() < left).then_some(()));
        let worker = usize::try_from(round).unwrap();
        workers[worker].kill();
        workers[worker] = setups[worker].start();
    }
    names.wait_until_done(Duration::from_secs(120));
    workers.iter_mut().for_each(crate::support::worker::Worker::stop);
    let (output, dead) = names.results(Isolation::Uncommitted);
    let verdict = checker::check(&expected, &output, &dead);
    verdict.assert_complete();
    println!("at least once: {} records came twice after two kills", verdict.doubled.len());
}
