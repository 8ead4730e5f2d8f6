//! A live group's lag in seconds, asked from outside: right, and not felt.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use warraq::replay::live::{LiveGroup, LiveLag};

use crate::support::articles;
use crate::support::broker;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Setup;

fn watch(names: &Names) -> (LiveLag, Arc<Mutex<Option<Duration>>>) {
    let heard = Arc::new(Mutex::new(None));
    let live = LiveGroup { group: names.group.clone(), topic: names.input.clone() };
    let to = Arc::clone(&heard);
    let lag = LiveLag::start(&topics::client(&names.bootstrap), &live, move |lag| *to.lock().unwrap() = lag).unwrap();
    (lag, heard)
}

#[test]
fn the_lag_grows_while_nobody_works_and_falls_when_someone_does() {
    let names = Names::create(broker::shared(), "live-lag", 3);
    let setup = Setup::new(&names, "a");
    let mut worker = setup.start_ready();
    let mut expected = topics::produce(&names, articles::mixed(200, 41));
    names.wait_until_done(Duration::from_secs(60));

    let rebalances = |worker: &crate::support::worker::Worker| worker.metrics().sum("warraq_rebalances_total");
    let before = rebalances(&worker);
    let (watch, heard) = watch(&names);
    let lag = || *heard.lock().unwrap();
    wait_for("no lag where all is done, markers of transactions or not", Duration::from_secs(30), || {
        lag().filter(|lag| lag.is_zero())
    });
    assert_eq!(rebalances(&worker), before, "the group felt that it was watched");

    worker.stop();
    expected.extend(topics::produce(&names, articles::mixed(200, 42)));
    wait_for("the lag grows with time", Duration::from_secs(60), || lag().filter(|lag| *lag > Duration::from_secs(4)));
    let mut worker = setup.start_ready();
    wait_for("the lag falls", Duration::from_secs(60), || lag().filter(|lag| lag.is_zero()));

    // A topic that is gone is told as unknown, not as the last answer.
    worker.stop();
    names.check(&expected).assert_clean();
    topics::delete_topic(&names.bootstrap, &names.input);
    wait_for("the lag is unknown", Duration::from_secs(60), || lag().is_none().then_some(()));
    drop(watch);
}

#[test]
fn articles_with_old_timestamps_are_no_lag_once_the_watch_has_begun() {
    let names = Names::create(broker::shared(), "live-old", 1);
    let setup = Setup::new(&names, "a");
    let mut worker = setup.start_ready();
    topics::produce(&names, articles::mixed(50, 43));
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    let (_watch, heard) = watch(&names);
    let old =
        articles::mixed(50, 44).map(|article| articles::Article { timestamp: Some(1_500_000_000_000), ..article });
    topics::produce(&names, old);
    let lag = wait_for("some lag", Duration::from_secs(60), || {
        heard.lock().unwrap().filter(|lag| *lag > Duration::from_secs(2))
    });
    assert!(lag < Duration::from_secs(300), "{lag:?}, though they came just now");
}

#[test]
fn a_wrong_name_is_told_at_once() {
    let names = Names::create(broker::shared(), "live-wrong", 1);
    let start = |group: &str, topic: &str| {
        let live = LiveGroup { group: group.to_owned(), topic: topic.to_owned() };
        LiveLag::start(&topics::client(&names.bootstrap), &live, |_| {}).unwrap_err().to_string()
    };
    let told = start(&names.group, &names.input);
    assert!(told.contains("this group has committed no offset on this topic"), "{told}");
    let told = start(&names.group, "no-such-topic");
    assert!(told.contains("no-such-topic") && told.contains("there is no such topic"), "{told}");
}
