//! Group protocols: KIP-848, and static members.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};

use crate::support::articles;
use crate::support::broker;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

fn assigned(worker: &Worker) -> f64 {
    worker.metrics().sum("warraq_assigned_partitions").unwrap()
}

fn wait_until_shared(workers: &[&Worker], partitions: f64) {
    wait_for("every worker has its share", Duration::from_secs(60), || {
        let shares: Vec<f64> = workers.iter().map(|worker| assigned(worker)).collect();
        (shares.iter().sum::<f64>() == partitions && shares.iter().all(|share| *share > 0.0)).then_some(())
    });
}

#[test]
fn the_new_group_protocol_hands_over_without_loss_or_double() {
    let names = Names::create(broker::shared(), "kip-848", 6);
    let consumer = |name: &str| Setup::new(&names, name).text("kafka", "group_protocol", "consumer");
    let setups = [consumer("a"), consumer("b")];
    let mut a = setups[0].start_ready();
    let mut expected = topics::produce(&names, articles::mixed(2500, 19));
    let mut b = setups[1].start_ready();
    wait_until_shared(&[&a, &b], 6.0);
    expected.extend(topics::produce(&names, articles::mixed(2500, 20)));
    b.kill();
    b = setups[1].start_ready();
    wait_until_shared(&[&a, &b], 6.0);
    expected.extend(topics::produce(&names, articles::mixed(1000, 21)));
    a.stop();
    names.wait_until_done(Duration::from_secs(120));
    b.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn a_static_member_that_restarts_moves_no_partition() {
    let names = Names::create(broker::shared(), "static", 4);
    let member = |name: &str| {
        Setup::new(&names, name).text("kafka", "instance_id", name).text("kafka", "session_timeout", "30s")
    };
    let setups = [member("a"), member("b")];
    let mut a = setups[0].start_ready();
    let mut b = setups[1].start_ready();
    wait_until_shared(&[&a, &b], 4.0);
    let rebalances = |worker: &Worker| worker.metrics().sum("warraq_rebalances_total").unwrap();
    // The second member's share comes in two rounds, and a third may change nothing.
    std::thread::sleep(Duration::from_secs(5));
    let before = (rebalances(&b), assigned(&b), assigned(&a));
    let mut expected = topics::produce(&names, articles::mixed(1000, 22));
    a.kill();
    a = setups[0].start_ready();
    expected.extend(topics::produce(&names, articles::mixed(1000, 23)));
    a.stop();
    a = setups[0].start_ready();
    expected.extend(topics::produce(&names, articles::mixed(500, 24)));
    names.wait_until_done(Duration::from_secs(120));
    assert_eq!((rebalances(&b), assigned(&b), assigned(&a)), before, "the other worker's partitions moved");
    a.stop();
    b.stop();
    names.check(&expected).assert_clean();
}

/// A member that says when it was given partitions and when they are to be taken from it,
/// and comes no further than that.
struct CutShort {
    given: Sender<usize>,
    taken: Sender<usize>,
    /// Closed when it may go on.
    goes_on: Mutex<Receiver<()>>,
}

impl ClientContext for CutShort {}

impl ConsumerContext for CutShort {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => self.given.send(list.count()).unwrap(),
            Rebalance::Revoke(list) => {
                self.taken.send(list.count()).unwrap();
                let _ = self.goes_on.lock().unwrap().recv();
            }
            Rebalance::Error(error) => panic!("{error}"),
        }
    }
}

/// Its next life has what the first half of a rebalance left it, and nobody asks for the
/// second, which would give others what it let go of.
#[test]
fn a_static_member_that_died_in_a_rebalance_leaves_no_partition_without_an_owner() {
    const SOON: Duration = Duration::from_secs(30);
    let names = Names::create(broker::shared(), "cut-short", 3);
    let ((given, is_given), (taken, is_taken), (go_on, goes_on)) = (channel(), channel(), channel());
    let context = CutShort { given, taken, goes_on: Mutex::new(goes_on) };
    let first: BaseConsumer<CutShort> = topics::client(&names.bootstrap)
        .set("group.id", &names.group)
        .set("group.instance.id", "a")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "30000")
        .create_with_context(context)
        .unwrap();
    let first = Arc::new(first);
    first.subscribe(&[&names.input]).unwrap();
    let polled = Arc::clone(&first);
    let first_life = std::thread::spawn(move || while polled.poll(Duration::from_millis(100)).is_none() {});
    assert_eq!(is_given.recv_timeout(SOON), Ok(3));

    let setup = |name: &str| Setup::new(&names, name).text("delivery", "revoke_deadline", "1s");
    let mut b = setup("b").start();
    assert_eq!(is_taken.recv_timeout(SOON), Ok(1));
    let mut a = setup("a").text("kafka", "instance_id", "a").text("kafka", "session_timeout", "30s").start();
    let expected = topics::produce(&names, articles::mixed(300, 25));
    names.wait_until_done(Duration::from_secs(60));
    let told = "no member of the group has";
    assert_eq!((a.log().matches(told).count(), b.log().matches(told).count()), (1, 0), "{}", a.log());
    assert_eq!((assigned(&a), assigned(&b)), (2.0, 1.0));
    a.stop();
    b.stop();
    names.check(&expected).assert_clean();
    drop(go_on);
    drop(first);
    first_life.join().unwrap();
}
