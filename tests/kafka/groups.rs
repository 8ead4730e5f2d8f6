//! Group protocols: KIP-848, and static members.

use std::time::Duration;

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
