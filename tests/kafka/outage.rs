//! A broker that is away is never a reason to exit or to be restarted.

use std::time::{Duration, Instant};

use crate::support::articles;
use crate::support::broker::Broker;
use crate::support::topics::{self, Names};
use crate::support::worker::{Setup, Worker};
use crate::support::{long, wait_for};

fn outage() -> Duration {
    Duration::from_secs(if long() { 60 } else { 12 })
}

/// Alive all the time; not ready at least at the end of it.
fn through_the_outage(worker: &mut Worker, lasts: Duration) {
    let start = Instant::now();
    while start.elapsed() < lasts {
        assert_eq!(worker.ended(), None, "it exited\n{}", worker.log());
        // Where the listener is not up yet nobody has said that it is dead.
        if let Some(status) = worker.health("/livez") {
            assert_eq!(status, 200, "/livez after {:?}", start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(worker.health("/livez"), Some(200));
    assert_eq!(worker.health("/readyz"), Some(503));
}

/// Alive while the broker is frozen: its connections stay open and nothing answers.
fn through_the_frost(broker: &Broker, worker: &mut Worker, lasts: Duration) {
    broker.freeze();
    let start = Instant::now();
    while start.elapsed() < lasts {
        assert_eq!(worker.ended(), None, "it exited\n{}", worker.log());
        assert_eq!(worker.health("/livez"), Some(200));
        std::thread::sleep(Duration::from_millis(200));
    }
    broker.thaw();
}

#[test]
fn a_broker_away_at_start_and_in_mid_run_is_waited_for() {
    let mut broker = Broker::start();
    let names = Names::create(&broker.address(), "outage", 3);
    let mut expected = topics::produce(&names, articles::mixed(1500, 13));
    broker.stop();
    let mut worker = Setup::new(&names, "a").start();
    through_the_outage(&mut worker, outage() / 2);
    broker.start_again();
    worker.wait_until_ready();

    // In the middle of the work: what was sent and not committed is sent again.
    expected.extend(topics::produce(&names, articles::mixed(3000, 14)));
    wait_for("some of it is done", Duration::from_secs(60), || (names.lag() < 4300).then_some(()));
    broker.stop();
    through_the_outage(&mut worker, outage());
    broker.start_again();
    worker.wait_until_ready();

    expected.extend(topics::produce(&names, articles::mixed(1500, 15)));
    through_the_frost(&broker, &mut worker, outage() / 2);

    names.wait_until_done(Duration::from_secs(120));
    // The brokers are asked every few seconds: the work may be done before.
    worker.wait_until_ready();
    worker.stop();
    names.check(&expected).assert_clean();
}

/// Killed in the middle of a transaction, neither at its end nor so long that it
/// expires: Apache Kafka 4.3.1 on one node, coming back from a crash, sends the
/// markers of a transaction that it has to end before its partitions have a leader,
/// drops them and calls the transaction complete. What was aborted is then shown
/// by the next commit (seen in the segments: abort complete, no marker).
#[test]
fn a_broker_that_crashes_is_waited_for() {
    let mut broker = Broker::start();
    let names = Names::create(&broker.address(), "broker-crash", 2);
    let setup = Setup::new(&names, "a").text("delivery", "transaction_timeout", "2m");
    let mut worker = setup.text("delivery", "commit_interval", "5s").start_ready();
    let mut expected = topics::produce(&names, articles::mixed(300, 16));
    names.wait_until_done(Duration::from_secs(60));
    expected.extend(topics::produce(&names, articles::mixed(2700, 17)));
    wait_for("a transaction is under way", Duration::from_secs(30), || {
        worker.metrics().sum("warraq_in_flight_records").filter(|records| *records > 300.0)
    });
    broker.kill();
    std::thread::sleep(Duration::from_secs(2));
    broker.start_again();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    names.check(&expected).assert_clean();
}

/// A broker that was frozen for longer than its lease and its clients' requests
/// answers with a list of no brokers for a moment after it wakes. A client of
/// librdkafka that asks in that moment never finds a broker again by itself; one
/// that asks later does. Either way the worker goes on.
#[test]
fn a_broker_that_was_frozen_for_long_is_found_again() {
    let broker = Broker::start();
    let names = Names::create(&broker.address(), "frozen", 3);
    let mut worker = Setup::new(&names, "a").start_ready();
    let expected = topics::produce(&names, articles::mixed(6000, 18));
    wait_for("some of it is done", Duration::from_secs(60), || (names.lag() < 5500).then_some(()));
    through_the_frost(&broker, &mut worker, Duration::from_secs(75));
    names.wait_until_done(Duration::from_secs(120));
    // The brokers are asked every few seconds: the work may be done before.
    wait_for("the worker is ready", Duration::from_secs(30), || {
        worker.health("/readyz").filter(|status| *status == 200)
    });
    worker.stop();
    names.check(&expected).assert_clean();
}
