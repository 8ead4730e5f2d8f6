//! A replay reads exactly its range, exactly once, however often it dies, and
//! touches nothing of what is live.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{self, Expected, Fate, Source};
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names, client};
use crate::support::worker::{Setup, Worker};
use crate::support::{Chance, long, wait_for};

const LONG: Duration = Duration::from_secs(240);

/// A replay over the topics of a test, with two topics of its own.
struct Replay {
    names: Names,
    output: String,
    dead: String,
    arguments: Vec<String>,
}

impl Replay {
    fn new(names: &Names) -> Self {
        let (output, dead) = (format!("{}.replayed", names.group), format!("{}.replayed.dead", names.group));
        for topic in [&output, &dead] {
            topics::create_topic(&names.bootstrap, topic, 2, &[("retention.ms", "-1")]);
        }
        let arguments = ["--name", &names.group, "--output", &output].map(str::to_owned).to_vec();
        Self { names: names.clone(), output, dead, arguments }
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    fn start_with(&self, setup: &Setup, more: &[&str]) -> Worker {
        let command: Vec<&str> = std::iter::once("replay")
            .chain(self.arguments.iter().map(String::as_str))
            .chain(more.iter().copied())
            .collect();
        setup.start_as(&command)
    }

    fn start(&self) -> Worker {
        self.start_with(&Setup::new(&self.names, "replay"), &[])
    }

    /// To its end; what it reports.
    fn run(&self, code: i32) -> Value {
        ended(&mut self.start(), code)
    }

    /// What the group has committed, with the state beside it.
    fn committed(&self) -> BTreeMap<i32, (i64, Value)> {
        let group = format!("warraq-replay-{}", self.names.group);
        let consumer: rdkafka::consumer::BaseConsumer =
            client(&self.names.bootstrap).set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&self.names.input, 0, self.names.partitions - 1);
        let list = wait_for("the group's coordinator answers", LONG, || {
            rdkafka::consumer::Consumer::committed_offsets(&consumer, list.clone(), Duration::from_secs(30)).ok()
        });
        let elements = list.elements();
        let found = elements.iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => {
                Some((element.partition(), (offset, serde_json::from_str(element.metadata()).unwrap())))
            }
            _ => None,
        });
        found.collect()
    }

    /// Whether the outputs hold each of these once, in order, and nothing else;
    /// and the report, if one is given, counts just them.
    fn check(&self, expected: &BTreeMap<Source, Expected>, report: &Value) {
        let output = read::all(&self.names.bootstrap, &self.output, Isolation::Committed);
        let dead = read::all(&self.names.bootstrap, &self.dead, Isolation::Committed);
        checker::check(expected, &output, &dead).assert_clean();
        let count = |fate: &dyn Fn(Fate) -> bool| expected.values().filter(|expected| fate(expected.fate)).count();
        let counts = &report["counts"];
        assert_eq!(counts["records"], expected.len(), "{counts}");
        assert_eq!(counts["output"], count(&|fate| fate == Fate::Output), "{counts}");
        assert_eq!(counts["tombstones"], count(&|fate| fate == Fate::Tombstone), "{counts}");
        assert_eq!(counts["dead_letters"], count(&|fate| matches!(fate, Fate::Dead(_))), "{counts}");
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for expected in expected.values() {
            if let Fate::Dead(reason) = expected.fate {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        assert_eq!(counts["reasons"], serde_json::to_value(reasons).unwrap());
        for (partition, (offset, state)) in self.committed() {
            assert_eq!(state["to"], offset, "partition {partition} is committed to its end");
        }
    }
}

/// Waits for the end, which must have this code; what was reported.
fn ended(worker: &mut Worker, code: i32) -> Value {
    let status = worker.wait(if long() { LONG * 8 } else { LONG });
    assert_eq!(status.code(), Some(code), "{}\n{}", worker.printed(), worker.log());
    serde_json::from_str(&worker.printed()).unwrap_or_else(|error| panic!("{error}: {}", worker.printed()))
}

/// Some milliseconds of now, whole seconds.
fn now() -> i64 {
    #[allow(clippy::disallowed_methods)] // a place in time for test data
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() * 1000
}

fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap().to_string()
}

/// One article a second, beginning at `start`; each hundredth is a tombstone.
fn dated(count: usize, seed: u64, start: i64) -> impl Iterator<Item = Article> {
    articles::mixed(count, seed).enumerate().map(move |(number, article)| {
        let article = if number % 100 == 50 { articles::tombstone(number) } else { article };
        Article { timestamp: Some(start + i64::try_from(number).unwrap() * 1000), ..article }
    })
}

fn numbered(expected: &BTreeMap<Source, Expected>, numbers: Range<usize>) -> BTreeMap<Source, Expected> {
    expected.iter().filter(|(_, e)| numbers.contains(&e.number)).map(|(s, e)| (s.clone(), e.clone())).collect()
}

#[test]
fn the_middle_third_by_time_exactly_once_though_killed_thrice_and_the_live_worker_feels_nothing() {
    let count = if long() { 300_000 } else { 9_000 };
    let third = count / 3;
    let mut chance = Chance::seeded("replay", 20_261_124);
    let names = Names::create(broker::shared(), "replay", 3);
    let start = now() - 1000 * i64::try_from(count).unwrap() - 3_600_000;
    let mut live = Setup::new(&names, "live").start_ready();
    let expected = topics::produce(&names, dated(count, 41, start));
    let at = |number: usize| time(start + 1000 * i64::try_from(number).unwrap());
    let rate = (third / 8).to_string();
    let replay = Replay::new(&names).with(&["--from", &at(third), "--to", &at(2 * third)]);

    let done = |replay: &Replay| -> u64 {
        let counts = replay.committed().into_values().map(|(_, state)| {
            let dead = state["dead"].as_object().into_iter().flatten().map(|(_, count)| count.as_u64().unwrap());
            state["out"].as_u64().unwrap() + state["tomb"].as_u64().unwrap_or(0) + dead.sum::<u64>()
        });
        counts.sum()
    };
    let mut kills = Vec::new();
    for _ in 0..3 {
        let mut worker = replay.start_with(&Setup::new(&names, "replay"), &["--max-records-per-second", &rate]);
        let before = done(&replay);
        wait_for("the replay goes on", LONG, || {
            assert_eq!(worker.ended(), None, "{}", worker.log());
            (done(&replay) > before).then_some(())
        });
        std::thread::sleep(chance.between(Duration::from_millis(100), Duration::from_millis(900)));
        worker.kill();
        kills.push(done(&replay));
    }
    assert!(kills[2] < third as u64, "killed after the end: {kills:?}");
    let report = replay.run(0);

    replay.check(&numbered(&expected, third..2 * third), &report);
    assert_eq!(report["end"], "complete");
    names.wait_until_done(if long() { LONG * 8 } else { LONG });
    live.stop();
    names.check(&expected).assert_clean();
    println!("replay: killed with {kills:?} of {third} records done; reported {}", report["counts"]);

    // Asked for again it is done already, and says the same; asked for
    // otherwise, or where another output is named, it is refused.
    let again = replay.run(0);
    assert_eq!((&again["counts"], &again["partitions"]), (&report["counts"], &report["partitions"]));
    let mut other =
        replay.start_with(&Setup::new(&names, "replay"), &["--dead-letters", &names.output, "--into-live-output"]);
    assert_eq!(other.wait(LONG).code(), Some(64));
    assert!(other.log().contains("began as") && other.log().contains("--restart"), "{}", other.log());
}

#[test]
fn a_stopped_replay_exits_with_4_and_goes_on() {
    let names = Names::create(broker::shared(), "replay-stop", 2);
    let expected = topics::produce(&names, articles::mixed(1500, 42));
    let replay = Replay::new(&names).with(&["--partitions", "1"]);
    let mut worker = replay.start_with(&Setup::new(&names, "replay"), &["--max-records-per-second", "100"]);
    wait_for("the replay goes on", LONG, || {
        replay.committed().get(&1).is_some_and(|(offset, _)| *offset > 0).then_some(())
    });
    worker.signal(rustix::process::Signal::TERM);
    let report = ended(&mut worker, 4);
    assert_eq!(report["end"], "interrupted");
    assert!(report["counts"]["records"].as_u64().unwrap() < 750, "{report}");
    let report = replay.run(0);
    let of_one: BTreeMap<_, _> = expected.into_iter().filter(|(source, _)| source.partition == 1).collect();
    replay.check(&of_one, &report);
    assert_eq!(replay.committed()[&0].0, 750, "the other partition takes no part: its range is empty, at its end");

    // Begun anew, it counts anew; what was written stays.
    let report = ended(&mut replay.start_with(&Setup::new(&names, "replay"), &["--restart"]), 0);
    assert_eq!(report["counts"]["records"], 750);
    let output = read::all(&names.bootstrap, &replay.output, Isolation::Committed);
    assert_eq!(output.len(), 2 * of_one.values().filter(|expected| expected.fate == Fate::Output).count());
}

#[test]
fn the_new_group_protocol_replays_too() {
    let names = Names::create(broker::shared(), "replay-848", 3);
    let expected = topics::produce(&names, articles::mixed(1500, 48));
    let replay = Replay::new(&names);
    let setup = Setup::new(&names, "replay").text("kafka", "group_protocol", "consumer");
    let mut worker = replay.start_with(&setup, &["--max-records-per-second", "150"]);
    wait_for("the replay goes on", LONG, || replay.committed().values().any(|(at, _)| *at > 10).then_some(()));
    worker.kill();
    let report = ended(&mut replay.start_with(&setup, &[]), 0);
    replay.check(&expected, &report);
}

#[test]
fn too_many_dead_letters_are_told_by_the_exit_code() {
    let names = Names::create(broker::shared(), "replay-dead", 1);
    let expected = topics::produce(&names, articles::mixed(200, 43));
    let replay = Replay::new(&names);
    let report = ended(&mut replay.start_with(&Setup::new(&names, "replay"), &["--max-dead-ratio", "0.04"]), 3);
    assert_eq!(report["end"], "too_many_dead_letters");
    replay.check(&expected, &report);
    // 10 of 200: not more than a twentieth.
    ended(&mut replay.start_with(&Setup::new(&names, "replay"), &["--max-dead-ratio", "0.05"]), 0);
}

/// Sends articles in transactions of ten, of which each third is aborted;
/// returns what is to be expected of the others. The last one is aborted.
fn in_transactions(names: &Names, count: usize) -> usize {
    let producer: ThreadedProducer<DefaultProducerContext> =
        client(&names.bootstrap).set("transactional.id", topics::unique("gaps")).create().unwrap();
    let soon = Duration::from_secs(30);
    producer.init_transactions(soon).unwrap();
    let mut committed = 0;
    for transaction in 0..count / 10 {
        producer.begin_transaction().unwrap();
        for number in transaction * 10..transaction * 10 + 10 {
            let article = articles::plain(number, 1, 1);
            let record = BaseRecord::to(&names.input)
                .payload(article.value.as_deref().unwrap())
                .key(article.key.as_deref().unwrap())
                .partition(i32::try_from(number).unwrap() % names.partitions);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(soon).unwrap();
        if transaction % 3 == 2 {
            producer.abort_transaction(soon).unwrap();
        } else {
            producer.commit_transaction(soon).unwrap();
            committed += 10;
        }
    }
    committed
}

#[test]
fn gaps_of_aborted_transactions_and_a_range_that_ends_in_one_are_no_hindrance() {
    let names = Names::create(broker::shared(), "replay-gaps", 2);
    let committed = in_transactions(&names, 300);
    let replay = Replay::new(&names);
    let report = replay.run(0);
    assert_eq!(report["counts"]["records"], committed);
    assert_eq!(report["counts"]["lost_to_retention"], 0, "a gap is no loss");
    let output = read::all(&names.bootstrap, &replay.output, Isolation::Committed);
    let input = read::all(&names.bootstrap, &names.input, Isolation::Committed);
    assert_eq!((output.len(), input.len()), (committed, committed));
    for (partition, (offset, state)) in replay.committed() {
        assert_eq!(state["to"], offset, "partition {partition} is committed to its end");
    }
}

fn delete_before(names: &Names, offsets: &[(i32, i64)]) {
    let admin: AdminClient<DefaultClientContext> = client(&names.bootstrap).create().unwrap();
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(&names.input, *partition, Offset::Offset(*offset)).unwrap();
    }
    let options = AdminOptions::new().operation_timeout(Some(LONG)).request_timeout(Some(LONG));
    topics::block_on(admin.delete_records(&list, &options)).unwrap();
}

#[test]
fn what_retention_takes_before_it_is_read_is_counted_and_not_waited_for() {
    let names = Names::create(broker::shared(), "replay-retention", 3);
    let expected = topics::produce(&names, articles::mixed(1800, 44));
    let replay = Replay::new(&names);
    // Begun, and stopped before much is read: what is then deleted is lost.
    let slow = ["--max-records-per-second", "20"];
    let mut worker = replay.start_with(&Setup::new(&names, "replay"), &slow);
    wait_for("the replay goes on", LONG, || replay.committed().values().any(|(at, _)| *at > 0).then_some(()));
    worker.signal(rustix::process::Signal::TERM);
    ended(&mut worker, 4);
    let at: BTreeMap<i32, i64> = replay.committed().into_iter().map(|(partition, (at, _))| (partition, at)).collect();
    // Of one partition a middle part, of one all that is left, of one nothing.
    delete_before(&names, &[(0, 400), (1, 600)]);
    let report = replay.run(0);
    let lost: BTreeMap<i64, i64> = report["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["partition"].as_i64().unwrap(), part["lost_to_retention"].as_i64().unwrap()))
        .collect();
    assert_eq!(lost, BTreeMap::from([(0, 400 - at[&0]), (1, 600 - at[&1]), (2, 0)]));
    let still: BTreeMap<_, _> = expected
        .into_iter()
        .filter(|(source, _)| match source.partition {
            0 => source.offset < at[&0] || source.offset >= 400,
            1 => source.offset < at[&1],
            _ => true,
        })
        .collect();
    replay.check(&still, &report);
}

#[test]
fn retention_that_overtakes_the_reader_is_counted_too() {
    let names = Names::create(broker::shared(), "replay-overtaken", 1);
    // Small batches, and hardly anything fetched ahead: what is deleted was not
    // read yet.
    let expected = topics::produce_with(&names, articles::mixed(1200, 49), &[("batch.num.messages", "10")]);
    let replay = Replay::new(&names);
    let setup = Setup::new(&names, "replay").value(
        "kafka",
        "properties",
        "{ \"queued.min.messages\" = \"1\", \"fetch.message.max.bytes\" = \"4096\" }",
    );
    let mut worker = replay.start_with(&setup, &["--max-records-per-second", "40"]);
    wait_for("the replay goes on", LONG, || replay.committed().values().any(|(at, _)| *at > 20).then_some(()));
    delete_before(&names, &[(0, 1000)]);
    let report = ended(&mut worker, 0);
    let lost = report["counts"]["lost_to_retention"].as_i64().unwrap();
    assert!(lost > 300, "{report}");
    let still = expected.into_iter().filter(|(source, _)| source.offset < 1000 - lost || source.offset >= 1000);
    replay.check(&still.collect(), &report);
}

#[test]
fn a_topic_that_is_deleted_ends_its_replay_with_an_error() {
    let names = Names::create(broker::shared(), "replay-gone", 1);
    topics::produce(&names, articles::mixed(400, 50));
    let replay = Replay::new(&names);
    let mut worker = replay.start_with(&Setup::new(&names, "replay"), &["--max-records-per-second", "5"]);
    wait_for("the replay goes on", LONG, || replay.committed().values().any(|(at, _)| *at > 0).then_some(()));
    topics::delete_topic(&names.bootstrap, &names.input);
    let status = worker.wait(LONG);
    assert_eq!(status.code(), Some(1), "{}", worker.log());
    assert!(worker.log().contains("was deleted while"), "{}", worker.log());
}

#[test]
fn a_topic_that_is_compacted_and_deleted_from_while_it_is_read_is_read_to_the_end() {
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "200"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("max.compaction.lag.ms", "300"),
        ("delete.retention.ms", "0"),
    ];
    let names = Names::create_with(broker::shared(), "replay-compacted", 1, &settings);
    // Forty keys, each written fifty times: compaction leaves the last ones.
    let keyed = |round: usize| {
        (0..40).map(move |number| Article {
            key: Some(format!("key-{number}").into_bytes()),
            ..articles::plain(round * 40 + number, 7, 1)
        })
    };
    for round in 0..50 {
        topics::produce(&names, keyed(round));
    }
    // A new segment lets the cleaner at the others.
    std::thread::sleep(Duration::from_millis(400));
    topics::produce(&names, keyed(50));
    let compacted = wait_for("the topic is compacted", LONG, || {
        let left = read::all(&names.bootstrap, &names.input, Isolation::Committed).len();
        std::thread::sleep(Duration::from_millis(300));
        (left < 1000).then_some(left)
    });
    let replay = Replay::new(&names);
    let report = replay.run(0);
    assert!(report["counts"]["records"].as_u64().unwrap() <= compacted as u64, "{report}");
    assert!(report["counts"]["records"].as_u64().unwrap() >= 40, "{report}");
    assert_eq!(report["counts"]["lost_to_retention"], 0, "compaction is no loss: {report}");
    assert_eq!(replay.committed()[&0].0, 51 * 40);
}

#[test]
fn two_processes_share_a_replay_and_end_together() {
    let names = Names::create(broker::shared(), "replay-shared", 4);
    let expected = topics::produce(&names, articles::mixed(4000, 45));
    let replay = Replay::new(&names).with(&["--shared", "--max-records-per-second", "250"]);
    let setup = Setup::new(&names, "replay");
    // Both at once: one of them freezes the range, the other takes it.
    let mut first = replay.start_with(&setup, &["--instance", "a"]);
    let mut second = replay.start_with(&setup, &["--instance", "b"]);
    for worker in [&mut first, &mut second] {
        worker.wait_until_ready();
        let owned = || worker.metrics().sum("warraq_assigned_partitions").filter(|owned| *owned > 0.0);
        wait_for("each has its share", LONG, owned);
    }
    wait_for("the replay goes on", LONG, || replay.committed().values().any(|(at, _)| *at > 50).then_some(()));
    second.kill();
    let mut third = replay.start_with(&setup, &["--instance", "b"]);
    let reports = [ended(&mut first, 0), ended(&mut third, 0)];
    assert_eq!(reports[0]["counts"], reports[1]["counts"]);
    replay.check(&expected, &reports[0]);
}

#[test]
fn a_replay_tells_of_itself() {
    let names = Names::create(broker::shared(), "replay-metrics", 2);
    topics::produce(&names, articles::mixed(2000, 46));
    let replay = Replay::new(&names).with(&["--max-records-per-second", "150"]);
    let mut worker = replay.start();
    worker.wait_until_ready();
    let shown = wait_for("some of it is done", LONG, || {
        let metrics = worker.metrics();
        metrics.sum("warraq_replay_done_offsets").filter(|done| *done > 0.0).map(|_| metrics)
    });
    assert_eq!(shown.sum("warraq_replay_range_offsets"), Some(2000.0));
    assert_eq!(shown.sum("warraq_replay_limit_records_per_second"), Some(150.0));
    assert_eq!(shown.sum("warraq_replay_end"), Some(2000.0));
    assert_eq!(shown.sum("warraq_replay_position"), shown.sum("warraq_replay_done_offsets"));
    assert_eq!(shown.sum_where("warraq_replay_state", "running"), Some(1.0));
    assert!(shown.sum("warraq_replay_throttled_seconds_total").unwrap() > 0.0);
    assert_eq!(worker.health("/livez"), Some(200));
    worker.kill();
}

#[test]
fn a_plan_tells_and_does_nothing() {
    let names = Names::create(broker::shared(), "replay-plan", 2);
    topics::produce(&names, articles::mixed(600, 47));
    let replay = Replay::new(&names).with(&["--plan", "--max-records-per-second", "100"]);
    let plan = replay.run(0);
    assert_eq!(plan["records"], 600, "{plan}");
    assert_eq!(plan["seconds"], 6.0, "{plan}");
    assert!(replay.committed().is_empty(), "nothing was written down");
    assert!(read::all(&names.bootstrap, &replay.output, Isolation::Uncommitted).is_empty());
}
