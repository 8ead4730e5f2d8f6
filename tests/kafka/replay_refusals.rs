//! What a replay refuses before anything is read, each with its way out.

use std::time::Duration;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Setup;

const SOON: Duration = Duration::from_secs(60);
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

struct Asker {
    names: Names,
    setup: Setup,
    output: String,
}

impl Asker {
    /// A topic of 100 articles a year old, and outputs that keep them.
    fn new(test: &str) -> Self {
        let names = Names::create(broker::shared(), test, 2);
        #[allow(clippy::disallowed_methods)] // a place in time for test data
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let old = i64::try_from(now.as_millis()).unwrap() - YEAR_MS;
        topics::produce(&names, (0..100).map(|n| Article { timestamp: Some(old), ..articles::plain(n, 1, 1) }));
        let output = format!("{}.v2", names.group);
        for topic in [output.clone(), format!("{output}.dead")] {
            topics::create_topic(&names.bootstrap, &topic, 2, &[("retention.ms", "-1")]);
        }
        let setup = Setup::new(&names, "replay");
        Self { names, setup, output }
    }

    /// The exit code and what was said.
    fn ask(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let command: Vec<&str> = std::iter::once("replay").chain(arguments.iter().copied()).collect();
        let mut worker = self.setup.start_as(&command);
        let status = worker.wait(SOON);
        (status.code(), worker.log())
    }

    /// Arguments that would do, but for these.
    fn with<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        ["--name", "r", "--output", &self.output].into_iter().chain(more.iter().copied()).collect()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], told: &[&str]) {
        let (code, log) = self.ask(arguments);
        assert_eq!(code, Some(64), "{arguments:?}: {log}");
        for told in told {
            assert!(log.contains(told), "{arguments:?}: {told:?} is not in: {log}");
        }
    }

    fn wrote_nothing(&self) {
        assert!(read::all(&self.names.bootstrap, &self.output, Isolation::Uncommitted).is_empty());
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    let asker = Asker::new("refused");
    let Asker { names, output, .. } = &asker;
    asker.refused(&["--name", "r"], &["--output"]);
    asker.refused(&["--output", output], &["--name"]);
    asker.refused(&asker.with(&["--input", "no.such.topic"]), &["no.such.topic does not exist", "--input"]);
    asker.refused(&["--name", "r", "--output", "no.such.topic"], &["no.such.topic does not exist", "create it"]);
    asker.refused(
        &asker.with(&["--dead-letters", "no.such.topic"]),
        &["no.such.topic does not exist", "--dead-letters"],
    );
    asker.refused(&["--name", "r", "--output", &names.input], &["is the input topic"]);
    asker.refused(&["--name", "r", "--output", &names.output], &["live worker writes", "--into-live-output"]);
    asker.refused(&["--name", "r", "--output", &names.dead], &["live worker writes", "output.dead_letter_topic"]);
    asker.refused(&asker.with(&["--dead-letters", output]), &["own"]);
    asker.refused(&asker.with(&["--from", "tomorrow"]), &["--from \"tomorrow\"", "-30d"]);
    asker.refused(&asker.with(&["--from", "2024-01-02", "--to", "2024-01-01"]), &["not before --to"]);
    asker.refused(&asker.with(&["--from", "0:9,1:9", "--to", "0:8,1:8"]), &["partition 0", "behind --to"]);
    asker.refused(&asker.with(&["--from", "-1h"]), &["the range is empty", "100 offsets"]);
    asker.refused(&asker.with(&["--to", "2001-01-01"]), &["the range is empty"]);
    asker.refused(&asker.with(&["--partitions", "7"]), &["partition 7", "0 to 1"]);
    asker.refused(&asker.with(&["--from", "0:5"]), &["no offset for partition 1", "--partitions"]);
    asker.refused(&["--name", "a/b", "--output", output], &["--name \"a/b\""]);
    let live = asker
        .setup
        .clone()
        .text("kafka", "group_id", "warraq-replay-r")
        .start_as(&["replay", "--name", "r", "--output", output]);
    let mut live = live;
    assert_eq!(live.wait(SOON).code(), Some(64));
    assert!(live.log().contains("kafka.group_id"), "{}", live.log());
    asker.wrote_nothing();
}

#[test]
fn a_topic_that_would_swallow_the_archive_is_refused() {
    let asker = Asker::new("swallowed");
    let bootstrap = &asker.names.bootstrap;
    let topic = |name: &str, settings: &[(&str, &str)]| {
        let topic = format!("{}.{name}", asker.names.group);
        topics::create_topic(bootstrap, &topic, 2, settings);
        topic
    };
    let dead = format!("{}.dead", asker.output);
    let week = topic("week", &[("retention.ms", "604800000")]);
    let strict = topic("strict", &[("retention.ms", "-1"), ("message.timestamp.before.max.ms", "3600000")]);
    let small = topic("small", &[("retention.ms", "-1"), ("retention.bytes", "1000")]);
    let to = |output: &str| ["--name", "s", "--output", output, "--dead-letters", &dead].map(str::to_owned);
    let refused = |output: &str, told: &[&str]| {
        let arguments = to(output);
        asker.refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), told);
    };
    refused(&week, &["7 days", "365 days", "retention.ms = -1", "--timestamp now"]);
    refused(&strict, &["message.timestamp.before.max.ms = 3600000", "--timestamp now"]);
    refused(&small, &["retention.bytes = 1000", "retention.bytes = -1"]);
    asker.refused(&["--name", "s", "--output", &asker.output, "--dead-letters", &week], &["7 days"]);
    // The way out that the error names is one.
    let mut arguments: Vec<String> = to(&strict).to_vec();
    arguments.extend(["--timestamp", "now"].map(str::to_owned));
    let (code, log) = asker.ask(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(read::all(bootstrap, &strict, Isolation::Committed).len(), 100);
}

#[test]
fn a_range_that_is_deleted_already_is_refused() {
    let asker = Asker::new("deleted");
    let names = &asker.names;
    let admin: rdkafka::admin::AdminClient<rdkafka::client::DefaultClientContext> =
        topics::client(&names.bootstrap).create().unwrap();
    let mut list = rdkafka::TopicPartitionList::new();
    for partition in 0..2 {
        list.add_partition_offset(&names.input, partition, rdkafka::Offset::Offset(30)).unwrap();
    }
    let options = rdkafka::admin::AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON));
    topics::block_on(admin.delete_records(&list, &options)).unwrap();
    asker.refused(&asker.with(&["--from", "0:0,1:0", "--to", "0:20,1:20"]), &["the range is deleted", "offset 30"]);
    asker.refused(&asker.with(&["--to", "2001-01-01"]), &["the range is deleted"]);
    asker.wrote_nothing();
}

/// A replay that runs is not joined by accident: by the classic protocol and by
/// the new one.
#[test]
fn a_live_replay_is_not_joined_unasked() {
    let asker = Asker::new("live-name");
    let to = ["replay", "--name", &asker.names.group, "--output", &asker.output];
    let slow: Vec<&str> = to.iter().copied().chain(["--max-records-per-second", "2"]).collect();
    let mut first = asker.setup.start_as(&slow);
    first.wait_until_ready();
    wait_for("it owns partitions", SOON, || {
        first.metrics().sum("warraq_assigned_partitions").filter(|owned| *owned > 0.0)
    });
    let mut second = asker.setup.start_as(&to);
    assert_eq!(second.wait(SOON).code(), Some(1), "{}", second.log());
    assert!(second.log().contains("has members") && second.log().contains("--shared"), "{}", second.log());
    assert_eq!(first.ended(), None, "the first one goes on: {}", first.log());
    // Nor is it begun anew under its feet.
    let anew: Vec<&str> = to.iter().copied().chain(["--restart"]).collect();
    let mut third = asker.setup.start_as(&anew);
    assert_eq!(third.wait(SOON).code(), Some(1), "{}", third.log());
    assert_eq!(first.ended(), None);
    first.kill();
}
