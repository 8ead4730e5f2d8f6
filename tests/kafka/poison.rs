//! A record that kills the process ends as one dead letter, and nothing else is
//! hurt; a process that is killed for another reason convicts nobody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{self, Fate};
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

/// Debug builds abort on a record that holds this.
const NEEDLE: &str = "warraq-test-needle-that-aborts";
const ATTEMPTS: usize = 3;

/// Good articles, with the one that kills at `place`.
fn poisoned(count: usize, place: usize) -> Vec<Article> {
    let poison = format!(r#"{{"title":"عنوان","text":"{NEEDLE}"}}"#);
    let poison = Article::new(place, poison, Fate::Dead("killed_worker")).header("content-type", "application/json");
    (0..count).map(|number| if number == place { poison.clone() } else { articles::good(number, 5) }).collect()
}

/// Restarts the worker whenever it dies, as Kubernetes does, until the group has
/// committed all; returns it with the number of deaths.
fn supervise(names: &Names, setup: &Setup) -> (Worker, usize) {
    let (mut worker, mut deaths) = (setup.start(), 0);
    let start = Instant::now();
    wait_for("all is committed under a supervisor", Duration::from_secs(240), || {
        if let Some(status) = worker.ended() {
            assert!(!status.success(), "it ended by itself: {status}");
            deaths += 1;
            println!("poison: death {deaths} after {:?}: {status}", start.elapsed());
            worker = setup.start();
        }
        std::thread::sleep(Duration::from_millis(100));
        (names.lag() == 0).then_some(())
    });
    (worker, deaths)
}

fn setup(names: &Names, state: &tempfile::TempDir) -> Setup {
    // A static member comes back to its partitions at once.
    Setup::new(names, "a")
        .text("kafka", "instance_id", "a")
        .text("state", "dir", state.path().to_str().unwrap())
        .environment("WARRAQ_FAULT_ABORT_KEY", NEEDLE)
}

#[test]
fn a_record_that_kills_the_process_is_one_dead_letter_and_its_neighbours_go_through() {
    let names = Names::create(broker::shared(), "poison", 3);
    let expected = topics::produce(&names, poisoned(300, 100));
    let state = tempfile::tempdir().unwrap();
    let (mut worker, deaths) = supervise(&names, &setup(&names, &state));
    wait_for("nobody is suspected", Duration::from_secs(10), || {
        (worker.metrics().sum("warraq_poison_suspects") == Some(0.0)).then_some(())
    });
    assert_eq!(worker.metrics().sum("warraq_poison_journal"), Some(1.0));
    worker.stop();
    assert_eq!(deaths, ATTEMPTS, "deaths");
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();
    assert_eq!((output.len(), dead.len()), (299, 1));
    assert_eq!(dead[0].header("warraq-error-reason"), Some("killed_worker"));
    let message = dead[0].header("warraq-error-message").unwrap();
    assert!(message.contains("died 3 times"), "{message}");
    assert!(dead[0].value.as_deref().is_some_and(|value| value.ends_with(format!("{NEEDLE}\"}}").as_bytes())));
}

/// Killed in the middle of its work, three times: what was in hand is tried alone and
/// goes through.
#[test]
fn a_process_that_is_killed_for_another_reason_convicts_nobody() {
    let names = Names::create(broker::shared(), "innocent", 3);
    let state = tempfile::tempdir().unwrap();
    // One thread, and articles enough for each life: it is killed before it is done with them.
    let setup = setup(&names, &state).value("enrich", "threads", "1");
    let (mut expected, mut left) = (BTreeMap::new(), Vec::new());
    for life in 0..3 {
        expected.extend(topics::produce(&names, articles::mixed(6000, 5 + life)));
        let mut worker = setup.start_ready();
        wait_for("it is at work", Duration::from_secs(30), || {
            let done = worker.metrics().sum("warraq_consumed_records_total").unwrap_or_default();
            (done > 300.0).then_some(())
        });
        worker.kill();
        left.push(names.lag());
    }
    let mut worker = setup.start_ready();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();
    assert!(dead.iter().all(|letter| letter.header("warraq-error-reason") != Some("killed_worker")));
    println!("poison: {} records, nobody convicted, {left:?} left when it was killed", output.len() + dead.len());
}

/// A directory that is no place for a journal is told once, and nothing else is
/// different.
#[test]
fn without_a_journal_the_worker_runs_and_says_what_it_cannot() {
    let names = Names::create(broker::shared(), "no-journal", 2);
    let expected = topics::produce(&names, articles::mixed(100, 6));
    let state = tempfile::tempdir().unwrap();
    let mut first = setup(&names, &state).start_ready();
    // The same directory is the first one's.
    let second =
        setup(&names, &state).text("kafka", "instance_id", "b").text("kafka", "transactional_id", &topics::unique("b"));
    let mut second = second.start_ready();
    names.wait_until_done(Duration::from_secs(60));
    assert_eq!(second.metrics().sum("warraq_poison_journal"), Some(0.0));
    let told = "is used by another process; give each a directory of its own; the worker goes on, but";
    assert_eq!(second.log().matches(told).count(), 1, "{}", second.log());
    assert_eq!(first.metrics().sum("warraq_poison_journal"), Some(1.0));
    second.stop();
    first.stop();
    names.check(&expected).assert_clean();
}
