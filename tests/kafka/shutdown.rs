//! SIGTERM: what is in hand is finished and committed; a second one does not wait.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::articles;
use crate::support::broker;
use crate::support::checker::Source;
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

/// Waits until it is in the thick of it: the budget taken, much left. Of 64 MiB
/// librdkafka's queues take 16, and half of the rest is given out.
fn wait_until_busy(worker: &Worker) {
    wait_for("the worker's queues are full", Duration::from_secs(60), || {
        let taken = worker.metrics().sum("warraq_in_flight_bytes")?;
        (taken > f64::from(22 << 20)).then_some(())
    });
}

/// One thread and the smallest budget, so that the queue before it fills; and a
/// session shorter than the drain of that, which must not end with it.
fn slow(names: &Names) -> Setup {
    Setup::new(names, "a")
        .value("enrich", "threads", "1")
        .text("memory", "budget", "64MiB")
        .text("kafka", "session_timeout", "2s")
        .value("kafka", "properties", "{ \"heartbeat.interval.ms\" = \"400\" }")
}

#[test]
fn sigterm_under_full_queues_exits_in_time_and_nothing_is_redone() {
    let names = Names::create(broker::shared(), "sigterm", 4);
    let expected = topics::produce(&names, (0..8000).map(|number| articles::html(number, 9, 16)));
    let setup = slow(&names).text("shutdown", "deadline", "20s");
    let mut worker = setup.start_ready();
    wait_until_busy(&worker);
    let metrics = worker.metrics();
    let of = |series: &str| metrics.sum(series).unwrap();
    println!(
        "shutdown: SIGTERM with {} records and {:.1} MiB in flight",
        of("warraq_in_flight_records"),
        of("warraq_in_flight_bytes") / 1048576.0
    );
    let start = Instant::now();
    let status = worker.terminate(Duration::from_secs(20));
    println!("shutdown: exit after {:?}", start.elapsed());
    assert!(status.success(), "{status}");

    // Every record before the committed position is there, and none behind it.
    let committed = names.committed();
    let done = |source: &Source| committed[&source.partition].is_some_and(|offset| source.offset < offset);
    let before: std::collections::BTreeMap<_, _> =
        expected.iter().filter(|(source, _)| done(source)).map(|(a, b)| (a.clone(), b.clone())).collect();
    assert!(!before.is_empty() && before.len() < expected.len(), "{} of {}", before.len(), expected.len());
    names.check(&before).assert_clean();
    // Nothing was begun that is not finished: uncommitted readers see none of the rest.
    let attempts = |names: &Names| {
        let (output, dead) = names.results(Isolation::Uncommitted);
        output.iter().chain(&dead).map(|found| found.source().unwrap()).partition::<Vec<_>, _>(done)
    };
    let (first, beyond) = attempts(&names);
    assert!(beyond.is_empty(), "{} records were sent and not committed", beyond.len());

    let mut worker = setup.value("enrich", "threads", "2").start_ready();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    names.check(&expected).assert_clean();
    let (second, _) = attempts(&names);
    assert_eq!(first.len(), second.len(), "records that were done before the restart are done again");
}

#[test]
fn a_second_signal_ends_it_at_once_and_nothing_is_lost() {
    let names = Names::create(broker::shared(), "second-signal", 2);
    let expected = topics::produce(&names, (0..6000).map(|number| articles::html(number, 10, 16)));
    let setup = slow(&names);
    let mut worker = setup.start_ready();
    wait_until_busy(&worker);
    worker.signal(Signal::INT);
    wait_for("the first signal is heard", Duration::from_secs(10), || worker.log().contains("SIGINT").then_some(()));
    // Sent sooner, the two would be one wish.
    std::thread::sleep(Duration::from_millis(500));
    if worker.ended().is_none() {
        worker.signal(Signal::INT);
        let status = worker.wait(Duration::from_secs(5));
        assert!(status.success() || worker.log().contains("second signal"), "{status}: {}", worker.log());
    }
    let mut worker = setup.value("enrich", "threads", "2").start_ready();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn an_idle_worker_stops_at_once() {
    let names = Names::create(broker::shared(), "idle", 1);
    let mut worker = Setup::new(&names, "a").start_ready();
    let status = worker.terminate(Duration::from_secs(5));
    assert!(status.success(), "{status}");
}
