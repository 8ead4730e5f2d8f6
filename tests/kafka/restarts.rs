//! Restarts as Kubernetes does them: SIGTERM, the grace, the next process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::articles;
use crate::support::broker;
use crate::support::checker::{Expected, Source};
use crate::support::topics::{self, Names};
use crate::support::worker::{Setup, Worker};
use crate::support::{long, wait_for};

/// Articles come in all the while that `work` takes.
fn under_load(names: &Names, seed: u64, work: impl FnOnce()) -> BTreeMap<Source, Expected> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut expected = BTreeMap::new();
            let mut round = seed;
            while !stop.load(Ordering::Relaxed) {
                expected.extend(topics::produce(names, articles::mixed(200, round)));
                round += 1;
            }
            expected
        });
        work();
        stop.store(true, Ordering::Relaxed);
        load.join().unwrap()
    })
}

/// A number that the worker's last line tells.
fn at_the_end(worker: &Worker, name: &str) -> u64 {
    let log = worker.log();
    let line = log.lines().rev().find(|line| line.contains("\"worker stopped\"")).unwrap_or_else(|| panic!("{log}"));
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    value[name].as_u64().unwrap_or_else(|| panic!("no {name}: {line}"))
}

/// Three processes after each other under load: each finishes what it has taken,
/// and the next takes up exactly there, so no record is read twice.
#[test]
fn sigterm_under_load_leaves_nothing_to_be_done_again() {
    let names = Names::create(broker::shared(), "leaves", 4);
    let setup = Setup::new(&names, "a");
    let mut consumed = 0;
    let mut done_before = 0;
    let mut expected = BTreeMap::new();
    for round in 0..3 {
        expected.extend(under_load(&names, 100 * round, || {
            let mut worker = setup.start_ready();
            wait_for("it is at work", Duration::from_secs(60), || {
                (worker.metrics().sum("warraq_consumed_records_total")? > 300.0).then_some(())
            });
            let status = worker.terminate(Duration::from_secs(25));
            assert!(status.success(), "{status}");
            let durable = at_the_end(&worker, "produced") + at_the_end(&worker, "dead_lettered");
            assert_eq!(at_the_end(&worker, "consumed"), durable, "not all that was read is done");
            assert_eq!(at_the_end(&worker, "in_flight"), 0);
            consumed += durable;
            let done = done_now(&names);
            assert_eq!(done - done_before, durable, "what is committed is not what was done");
            done_before = done;
        }));
    }
    let mut worker = setup.start_ready();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    consumed += at_the_end(&worker, "consumed");
    assert_eq!(consumed, expected.len() as u64, "records were read twice");
    names.check(&expected).assert_clean();
}

/// Records of the input topic that are committed. It has no records but ours, and
/// no gaps.
fn done_now(names: &Names) -> u64 {
    names.committed().values().map(|offset| u64::try_from(offset.unwrap_or(0)).unwrap()).sum()
}

/// Which partitions each of the workers has.
fn shares(workers: &[Worker]) -> Vec<Vec<String>> {
    let share = |worker: &Worker| {
        let samples = worker.metrics();
        let lag = samples.0.keys().filter(|name| name.starts_with("warraq_lag_records{"));
        lag.map(|name| name.split_once("partition=\"").unwrap().1.split('"').next().unwrap().to_owned()).collect()
    };
    workers.iter().map(share).collect()
}

fn rebalances(worker: &Worker) -> f64 {
    worker.metrics().sum("warraq_rebalances_total").unwrap()
}

/// All partitions are given out, and for a while nothing moves.
fn wait_until_settled(workers: &[Worker], partitions: usize) -> Vec<Vec<String>> {
    let mut last = (Vec::new(), Vec::new());
    let mut calm = 0;
    wait_for("the group has settled", Duration::from_secs(90), || {
        std::thread::sleep(Duration::from_millis(450));
        let now = (shares(workers), workers.iter().map(rebalances).collect::<Vec<_>>());
        let whole =
            now.0.iter().map(Vec::len).sum::<usize>() == partitions && now.0.iter().all(|share| !share.is_empty());
        calm = if whole && now == last { calm + 1 } else { 0 };
        last = now;
        (calm >= 8).then(|| last.0.clone())
    })
}

/// Kubernetes restarts the pods of a StatefulSet one after the other, the last
/// first, each when the one before is ready.
fn rolling_restart(protocol: &str, partitions: i32) -> (Vec<f64>, Vec<Vec<String>>, Vec<Vec<String>>) {
    let names = Names::create(broker::shared(), &format!("rolling-{protocol}"), partitions);
    let setups: Vec<Setup> = (0..3)
        .map(|index| {
            let name = format!("warraq-{index}");
            let setup = Setup::new(&names, &name).text("kafka", "instance_id", &name);
            let setup = setup.text("kafka", "group_protocol", protocol).value("enrich", "threads", "1");
            if protocol == "classic" { setup.text("kafka", "session_timeout", "45s") } else { setup }
        })
        .collect();
    let mut workers: Vec<Worker> = setups.iter().map(Setup::start_ready).collect();
    let before = wait_until_settled(&workers, usize::try_from(partitions).unwrap());
    let mut moved = Vec::new();
    let expected = under_load(&names, 7, || {
        for index in (0..workers.len()).rev() {
            let others: Vec<f64> = workers.iter().map(rebalances).collect();
            workers[index].stop();
            workers[index] = setups[index].start_ready();
            let now: Vec<f64> = workers.iter().map(rebalances).collect();
            moved.extend((0..workers.len()).filter(|other| *other != index).map(|other| now[other] - others[other]));
        }
    });
    names.wait_until_done(Duration::from_secs(120));
    let after = wait_until_settled(&workers, usize::try_from(partitions).unwrap());
    for mut worker in workers {
        worker.stop();
    }
    names.check(&expected).assert_clean();
    (moved, before, after)
}

#[test]
fn a_rolling_restart_of_static_members_moves_no_partition() {
    let (moved, before, after) = rolling_restart("classic", 6);
    println!("restarts: rebalances of the others {moved:?}, shares {before:?} and {after:?}");
    assert!(moved.iter().all(|moved| *moved == 0.0), "rebalances of the others: {moved:?}");
    assert_eq!(before, after);
}

/// KIP-848 holds a static member's partitions as well; a long form, since we do
/// not recommend the two together yet (docs/decisions.md).
#[test]
fn so_it_is_with_the_new_group_protocol() {
    if !long() {
        return;
    }
    let (moved, before, after) = rolling_restart("consumer", 6);
    println!("restarts, KIP-848: rebalances of the others {moved:?}, shares {before:?} and {after:?}");
    assert!(moved.iter().all(|moved| *moved == 0.0), "rebalances of the others: {moved:?}");
    assert_eq!(before, after);
}
