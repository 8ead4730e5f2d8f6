//! The shadow: a second tagger on a sample of the live traffic. It writes what a
//! worker of its configuration would, takes the same records in every run, and
//! whatever befalls it, the live output is exact and each of its records counted.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::diff::{NAME, again, article, diff, marked, process};
use super::security::{Mount, wait_for_reload};
use crate::support::acl::{self, Grant};
use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::read::{self, Isolation};
use crate::support::secured::{self, Login};
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

const LONG: Duration = Duration::from_secs(120);

fn topic_of(names: &Names) -> String {
    format!("{}.shadow", names.group)
}

/// A worker of these topics with a shadow, whose topic is not made here.
fn setup(names: &Names, sample: &str) -> Setup {
    Setup::new(names, "a").text("shadow", "topic", &topic_of(names)).value("shadow", "sample", sample)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    written: usize,
    rejected: usize,
    dropped: usize,
    failed: usize,
    waiting: usize,
}

impl Counts {
    fn of(worker: &Worker) -> Self {
        let metrics = worker.metrics();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = |value: Option<f64>| value.unwrap() as usize;
        let count = |result| whole(metrics.sum_where("warraq_shadow_records_total", &format!("result=\"{result}\"")));
        Self {
            written: count("written"),
            rejected: count("rejected"),
            dropped: count("dropped"),
            failed: count("failed"),
            waiting: whole(metrics.sum("warraq_shadow_waiting_records")),
        }
    }

    fn taken(self) -> usize {
        self.written + self.rejected + self.dropped + self.failed + self.waiting
    }
}

/// What was counted, once so many were taken and all of them are decided.
fn decided(worker: &Worker, taken: usize) -> Counts {
    wait_for(&format!("the shadow is done with {taken}"), LONG, || {
        let counts = Counts::of(worker);
        (counts.waiting == 0 && counts.taken() >= taken).then_some(counts)
    })
}

fn sources(names: &Names) -> Vec<String> {
    let found = read::all(&names.bootstrap, &topic_of(names), Isolation::Committed);
    found.iter().map(|found| found.source().unwrap().to_string()).collect()
}

/// How many lines of the log the shadow has, besides those of its begin and end.
fn lines(worker: &Worker) -> usize {
    worker.log().lines().filter(|line| line.contains("shadow: ")).count()
}

#[test]
fn with_another_list_it_differs_by_exactly_the_articles_that_hold_the_name() {
    const COUNT: usize = 900;
    let names = Names::create(broker::shared(), "shadow-list", 3);
    let other = again(&names, 3);
    topics::create_topic(&names.bootstrap, &topic_of(&names), 3, &[]);
    let mixed = (0..COUNT).map(|number| match number % 60 {
        17 => articles::bad(number, 5),
        23 => articles::tombstone(number),
        _ => article(number),
    });
    let expected = topics::produce(&names, mixed);
    let holders: BTreeSet<String> = expected
        .iter()
        .filter(|(_, one)| marked(one.number) && one.fate == Fate::Output)
        .map(|(source, _)| source.to_string())
        .collect();
    assert!(holders.len() > 10);
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), format!("{NAME}\tplace\tdesk-1\n")).unwrap();
    let files = format!("[{:?}]", list.path().to_str().unwrap());

    let mut worker = setup(&names, "1.0").value("shadow.tag", "gazetteer_files", &files).start_ready();
    names.wait_until_done(LONG);
    let counts = decided(&worker, COUNT);
    let dead = expected.values().filter(|one| matches!(one.fate, Fate::Dead(_))).count();
    let all = Counts { written: COUNT - dead, rejected: dead, ..Counts::default() };
    assert_eq!(counts, all, "{}", worker.log());
    worker.stop();
    names.check(&expected).assert_clean();

    let shadow = topic_of(&names);
    let (code, told, errors) = diff(&names.bootstrap, &[&names.output, &shadow, "--samples", "100"]);
    assert_eq!(code, 2, "{told}\n{errors}");
    assert_eq!(told["changed"], holders.len(), "{}", told["fields"]);
    assert_eq!((&told["missing"], &told["extra"]), (&0.into(), &0.into()), "{told}");
    let kinds = told["samples"].as_object().unwrap();
    let sampled = kinds.values().flat_map(|samples| samples.as_array().unwrap());
    let sampled: BTreeSet<String> = sampled.map(|sample| sample["source"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sampled, holders);

    // A worker that has the list writes the very same bytes.
    process(&other, &Setup::new(&other, "b").value("tag", "gazetteer_files", &files));
    let (code, told, errors) = diff(&names.bootstrap, &[&other.output, &shadow]);
    assert_eq!((code, &told["identical"]), (0, &all.written.into()), "{told}\n{errors}");
}

#[test]
fn the_sample_is_the_same_in_every_run() {
    const COUNT: usize = 1000;
    let one = Names::create(broker::shared(), "shadow-sample", 3);
    let two = again(&one, 3);
    let expected = topics::produce(&one, articles::mixed(COUNT, 7));
    let taken = [(&one, "1"), (&two, "3")].map(|(names, threads)| {
        topics::create_topic(&names.bootstrap, &topic_of(names), 1, &[]);
        let mut worker = setup(names, "0.2").value("enrich", "threads", threads).start_ready();
        names.wait_until_done(LONG);
        let counts = decided(&worker, 1);
        worker.stop();
        names.check(&expected).assert_clean();
        assert_eq!((counts.dropped, counts.failed), (0, 0));
        let shadow = topic_of(names);
        let (code, told, errors) = diff(&names.bootstrap, &[&names.output, &shadow, "--within", "b-sample"]);
        assert_eq!((code, &told["identical"], &told["missing"]), (0, &counts.written.into(), &0.into()), "{errors}");
        let output = expected.values().filter(|one| one.fate == Fate::Output).count();
        assert_eq!(told["outside"], output - counts.written);
        let mut sources = sources(names);
        assert_eq!(sources.len(), counts.written);
        sources.sort_unstable();
        (sources, counts)
    });
    println!("shadow: of {COUNT} records {:?}", taken[0].1);
    assert_eq!(taken[0], taken[1]);
    // Seven standard deviations about a fifth.
    assert!((110..290).contains(&taken[0].1.taken()), "{:?}", taken[0].1);
}

/// The worker is never less than well, whatever becomes of the shadow.
fn assert_well(worker: &Worker) {
    assert_eq!((worker.health("/livez"), worker.health("/readyz")), (Some(200), Some(200)), "{}", worker.log());
}

#[test]
fn a_topic_that_is_missing_or_goes_is_counted_and_costs_live_nothing() {
    let names = Names::create(broker::shared(), "shadow-gone", 3);
    let shadow = topic_of(&names);
    let mut worker = setup(&names, "1.0").start_ready();
    let good = |range: std::ops::Range<usize>| range.map(|number| articles::trafilatura(number, 3, 2));

    let mut expected = topics::produce(&names, good(0..300));
    names.wait_until_done(LONG);
    names.check(&expected).assert_clean();
    assert_well(&worker);
    let missing = decided(&worker, 300);
    assert_eq!((missing.failed, missing.written), (300, 0), "{}", worker.log());
    wait_for("it says why", LONG, || worker.log().contains("(shadow.topic) does not exist: create it").then_some(()));
    assert!(lines(&worker) < 30, "{}", worker.log());

    // Nobody restarts anything.
    topics::create_topic(&names.bootstrap, &shadow, 3, &[]);
    let mut sent = 300;
    let came = wait_for("the shadow writes", LONG, || {
        expected.extend(topics::produce(&names, good(sent..sent + 50)));
        sent += 50;
        let counts = decided(&worker, sent);
        (counts.written > 0).then_some(counts)
    });
    assert_eq!(sources(&names).len(), came.written);
    topics::delete_topic(&names.bootstrap, &shadow);
    let gone = wait_for("the shadow fails again", LONG, || {
        expected.extend(topics::produce(&names, good(sent..sent + 50)));
        sent += 50;
        let counts = decided(&worker, sent);
        (counts.failed > came.failed).then_some(counts)
    });
    assert_eq!((gone.taken(), gone.dropped), (sent, 0));
    names.wait_until_done(LONG);
    names.check(&expected).assert_clean();
    assert_well(&worker);
    worker.stop();
}

#[test]
fn a_panic_is_the_shadows_alone() {
    const COUNT: usize = 600;
    const MARK: &str = "شيفرة-تنهار";
    let names = Names::create(broker::shared(), "shadow-panic", 3);
    topics::create_topic(&names.bootstrap, &topic_of(&names), 3, &[]);
    let mine = |number: usize| number % 9 == 4;
    let expected = topics::produce(
        &names,
        (0..COUNT).map(|number| {
            let text = if mine(number) { MARK } else { "لا شيء" };
            let value = format!("خبر رقم {number}\nوقع حادث في بيروت صباح اليوم: {text}.\n");
            Article::new(number, value, Fate::Output).header("content-type", "text/plain; charset=utf-8")
        }),
    );
    let panics = (0..COUNT).filter(|&number| mine(number)).count();
    let mut worker = setup(&names, "1.0").environment("WARRAQ_TEST_SHADOW_PANIC_ON", MARK).start_ready();
    names.wait_until_done(LONG);
    let counts = decided(&worker, COUNT);
    assert_eq!(counts, Counts { written: COUNT - panics, failed: panics, ..Counts::default() });
    assert_well(&worker);
    wait_for("it says where", LONG, || {
        worker.log().contains("a bug in warraq: panic at src/worker/shadow/").then_some(())
    });
    assert!(lines(&worker) < 20, "{}", worker.log());
    worker.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn one_that_is_far_too_slow_drops_and_live_is_exact() {
    const COUNT: usize = 3000;
    let names = Names::create(broker::shared(), "shadow-slow", 3);
    topics::create_topic(&names.bootstrap, &topic_of(&names), 3, &[]);
    let expected = topics::produce(&names, articles::mixed(COUNT, 11));
    let mut worker = setup(&names, "1.0").environment("WARRAQ_TEST_SHADOW_SLOW", "50").start_ready();
    names.wait_until_done(LONG);
    assert_well(&worker);
    let counts = wait_for("every record is counted", LONG, || {
        let counts = Counts::of(&worker);
        (counts.taken() == COUNT).then_some(counts)
    });
    println!("shadow: when live was done {counts:?}");
    assert!(counts.dropped > 1000 && counts.waiting > 0 && counts.failed == 0, "{counts:?}");
    worker.stop();
    names.check(&expected).assert_clean();

    // What it could not finish in its time at the end is counted, too.
    let log = worker.log();
    let last: Value = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .find(|line: &Value| line["message"] == "shadow stopped")
        .unwrap_or_else(|| panic!("{log}"));
    let [written, rejected, dropped, failed] = ["written", "rejected", "dropped", "failed"]
        .map(|result| usize::try_from(last[result].as_u64().unwrap()).unwrap());
    assert_eq!((written + rejected + dropped + failed, failed), (COUNT, 0), "{last}");
    assert!(dropped > counts.dropped, "{last}");
    let sources = sources(&names);
    assert_eq!(sources.len(), written);
    assert_eq!(sources.iter().collect::<BTreeSet<_>>().len(), written);
}

#[test]
fn another_list_is_taken_up_while_it_runs() {
    let names = Names::create(broker::shared(), "shadow-reload", 2);
    topics::create_topic(&names.bootstrap, &topic_of(&names), 2, &[]);
    let mount = Mount::new(&[("names.tsv", "# nobody yet\n")]);
    let files = format!("[{:?}]", mount.path().join("names.tsv").to_str().unwrap());
    let setup = setup(&names, "1.0").value("shadow.tag", "gazetteer_files", &files).text("reload", "interval", "200ms");
    let mut worker = setup.start_ready();
    let model = |worker: &Worker| {
        let metrics = worker.metrics();
        metrics.0.keys().find(|name| name.starts_with("warraq_build_info")).unwrap().clone()
    };
    let live = model(&worker);
    let mut expected = topics::produce(&names, (0..100).map(article));
    decided(&worker, 100);
    mount.swap(&[("names.tsv", &format!("{NAME}\tplace\tdesk-1\n"))]);
    wait_for("the list is in force", LONG, || {
        let label = "result=\"applied\",what=\"shadow_gazetteers\"";
        (worker.metrics().sum_where("warraq_reloads_total", label) == Some(1.0)).then_some(())
    });
    expected.extend(topics::produce(&names, (100..200).map(article)));
    assert_eq!(decided(&worker, 200), Counts { written: 200, ..Counts::default() });
    assert_eq!(model(&worker), live, "live records are made as before");
    names.wait_until_done(LONG);
    worker.stop();
    names.check(&expected).assert_clean();

    let linked = |topic: &str| -> usize {
        let found = read::all(&names.bootstrap, topic, Isolation::Committed);
        found.iter().filter(|found| String::from_utf8_lossy(found.value.as_deref().unwrap()).contains("desk-1")).count()
    };
    assert_eq!(linked(&topic_of(&names)), (100..200).filter(|&number| marked(number)).count());
    assert_eq!(linked(&names.output), 0);
}

#[test]
fn without_its_grant_it_fails_alone_and_says_so() {
    let secured = secured::shared();
    let login = Login::Plain;
    let names = Names::create(&secured.admin(), "shadow-grant", 2);
    let topic = topic_of(&names);
    topics::create_topic(&names.bootstrap, &topic, 2, &[]);
    acl::grant(&secured.admin(), login.user(), &secured::documented(&names, login).0);
    let mounted = tempfile::tempdir().unwrap();
    secured.mount(login, mounted.path());
    let setup = secured.setup(&names, login, mounted.path()).text("shadow", "topic", &topic);
    let mut worker = setup.value("shadow", "sample", "1.0").start_ready();
    let mut expected = topics::produce(&names, (0..200).map(article));
    names.wait_until_done(LONG);
    assert_eq!(decided(&worker, 200), Counts { failed: 200, ..Counts::default() });
    assert_well(&worker);
    wait_for("it says what is missing", LONG, || worker.log().contains("lacks Write on topic").then_some(()));

    let write = Grant { resource: "Topic".to_owned(), name: topic, operation: "Write".to_owned() };
    acl::grant(&secured.admin(), login.user(), &[write]);
    let mut sent = 200;
    wait_for("it writes", LONG, || {
        expected.extend(topics::produce(&names, (sent..sent + 50).map(article)));
        sent += 50;
        (decided(&worker, sent).written > 0).then_some(())
    });
    names.wait_until_done(LONG);
    worker.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn it_goes_on_with_new_credentials() {
    let secured = secured::shared();
    let login = Login::Certificate;
    let names = Names::create(&secured.admin(), "shadow-renewed", 2);
    let topic = topic_of(&names);
    topics::create_topic(&names.bootstrap, &topic, 2, &[]);
    let write = Grant { resource: "Topic".to_owned(), name: topic.clone(), operation: "Write".to_owned() };
    acl::grant(&secured.admin(), login.user(), &[&secured::documented(&names, login).0[..], &[write]].concat());
    let signed = || secured.authority.sign(login.user());
    let first = signed();
    let mount = Mount::new(&[("tls.crt", &first.certificate), ("tls.key", &first.key)]);
    let setup = secured.setup(&names, login, mount.path()).text("kafka", "instance_id", "a");
    let setup = setup.text("shadow", "topic", &topic).value("shadow", "sample", "1.0");
    let mut worker = setup.text("reload", "interval", "200ms").start_ready();
    let mut expected = topics::produce(&names, (0..500).map(article));
    // What waits at a change for longer than the shadow has then is dropped.
    decided(&worker, 500);
    let second = signed();
    mount.swap(&[("tls.crt", &second.certificate), ("tls.key", &second.key)]);
    wait_for_reload(&worker, "applied", 1.0);
    expected.extend(topics::produce(&names, (500..1000).map(article)));
    names.wait_until_done(LONG);
    assert_eq!(decided(&worker, 1000), Counts { written: 1000, ..Counts::default() }, "{}", worker.log());
    assert_eq!(worker.log().matches("shadow started").count(), 2);
    worker.stop();
    names.check(&expected).assert_clean();
    assert_eq!(sources(&names).iter().collect::<BTreeSet<_>>().len(), 1000);
}
