//! Dead letters go through once more, each once; what stays bad is parked.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::Value;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{Expected, Fate, Found, Source};
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names, client};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

const LONG: Duration = Duration::from_secs(240);
/// The cause: a limit that most articles are above.
const TOO_SMALL: &str = "4096";

/// Above the limit, and good otherwise.
fn large(number: usize) -> Article {
    Article { fate: Fate::Dead("value_too_large"), ..articles::trafilatura(number, 5, 14) }
}

/// Bad whatever the limit is.
fn broken(number: usize) -> Article {
    articles::bad(number * 120, 5)
}

struct Redrive {
    names: Names,
    parking: String,
    arguments: Vec<String>,
}

impl Redrive {
    fn new(names: &Names) -> Self {
        let parking = format!("{}.parked", names.dead);
        topics::create_topic(&names.bootstrap, &parking, 1, &[("retention.ms", "-1")]);
        Self { names: names.clone(), parking, arguments: vec!["--name".to_owned(), names.group.clone()] }
    }

    fn setup(&self) -> Setup {
        Setup::new(&self.names, "redrive").without("kafka", "transactional_id")
    }

    fn start(&self, more: &[&str]) -> Worker {
        let arguments = self.arguments.iter().map(String::as_str);
        let command: Vec<&str> = std::iter::once("redrive").chain(arguments).chain(more.iter().copied()).collect();
        self.setup().start_as(&command)
    }

    /// To its end; the report.
    fn run(&self, more: &[&str]) -> Value {
        ended(&mut self.start(more), 0)
    }

    fn read(&self, topic: &str) -> Vec<Found> {
        read::all(&self.names.bootstrap, topic, Isolation::Committed)
    }
}

fn ended(redrive: &mut Worker, code: i32) -> Value {
    let status = redrive.wait(LONG);
    assert_eq!(status.code(), Some(code), "{}\n{}", redrive.printed(), redrive.log());
    serde_json::from_str(&redrive.printed()).unwrap_or_else(|error| panic!("{error}: {}", redrive.printed()))
}

/// A live worker with that limit over all of the input, to its end.
fn live(names: &Names, limit: &str) {
    let mut worker = Setup::new(names, "live").value("decode", "max_value_bytes", limit).start_ready();
    names.wait_until_done(LONG);
    worker.stop();
}

fn by_source(found: &[Found]) -> BTreeMap<Source, Vec<&Found>> {
    let mut sources: BTreeMap<Source, Vec<&Found>> = BTreeMap::new();
    for found in found {
        sources.entry(found.source().unwrap()).or_default().push(found);
    }
    sources
}

fn counts(report: &Value, names: &[&str]) -> Vec<u64> {
    names.iter().map(|name| report["counts"][name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"))).collect()
}

const COUNTS: [&str; 5] = ["records", "output", "dead_letters", "parked", "skipped"];

fn of<'a>(expected: &'a BTreeMap<Source, Expected>, reason: &'static str) -> Vec<&'a Source> {
    expected.iter().filter(|(_, expected)| expected.fate == Fate::Dead(reason)).map(|(source, _)| source).collect()
}

/// 1,000 dead letters whose cause is mended are out once, though the redrive is
/// killed on the way; those that are still bad are parked after the cap.
#[test]
fn what_is_mended_is_out_once_and_the_rest_is_parked() {
    let names = Names::create(broker::shared(), "redrive", 3);
    let articles = (0..1300).map(|number| match number % 13 {
        12 => articles::trafilatura(number, 5, 2),
        7 if number % 5 == 0 => broken(number),
        2 | 5 => Article { headers: vec![("x-desk".to_owned(), None)], ..large(number) },
        _ => large(number),
    });
    let expected = topics::produce(&names, articles.chain((1300..1300 + 20).map(large)));
    let (mended, bad) = (of(&expected, "value_too_large"), of(&expected, "invalid_json"));
    assert!(mended.len() >= 1000 && bad.len() >= 20, "{} {}", mended.len(), bad.len());
    live(&names, TOO_SMALL);
    let redrive = Redrive::new(&names);
    let letters = redrive.read(&names.dead);
    assert_eq!(letters.len(), mended.len() + bad.len());

    // Killed twice on the way.
    for _ in 0..2 {
        let before = redrive.read(&names.output).len();
        let mut killed = redrive.start(&["--max-records-per-second", "300"]);
        wait_for("it has written something", LONG, || {
            let told = killed.ended().is_none().then(|| redrive.read(&names.output).len())?;
            (told > before + 50).then_some(())
        });
        killed.kill();
    }
    let first = redrive.run(&[]);
    let (all, out, still) = (letters.len() as u64, mended.len() as u64, bad.len() as u64);
    assert_eq!(counts(&first, &COUNTS), [all, out, still, 0, 0], "{first}");
    assert_eq!((&first["end"], &first["command"]), (&"complete".into(), &"redrive".into()));

    // What a worker without the cause would have written.
    let unique = topics::unique("redrive-right");
    let right =
        Names { output: format!("{unique}.out"), dead: format!("{unique}.dead"), group: unique, ..names.clone() };
    topics::create_topic(&right.bootstrap, &right.output, 3, &[]);
    topics::create_topic(&right.bootstrap, &right.dead, 3, &[]);
    live(&right, "1000000");
    let (made, meant) = (redrive.read(&names.output), redrive.read(&right.output));
    let (made, meant) = (by_source(&made), by_source(&meant));
    assert_eq!(made.keys().collect::<Vec<_>>(), meant.keys().collect::<Vec<_>>());
    for (source, found) in &made {
        let (Some(meant), [found]) = (meant.get(source), found.as_slice()) else { panic!("{source}: {found:?}") };
        assert_eq!((&found.key, found.timestamp), (&meant[0].key, meant[0].timestamp), "{source}");
        let article = |found: &Found| {
            let mut article: Value = serde_json::from_slice(found.value.as_deref().unwrap()).unwrap();
            // The limit is a part of the configuration that it tells.
            article["provenance"]["config"].take();
            article
        };
        assert_eq!(article(found), article(meant[0]), "{source}");
        let redriven = mended.contains(&source);
        assert_eq!(found.header("warraq-attempts"), redriven.then_some("2"), "{source}");
        assert_eq!(found.header("warraq-error-reason"), None, "{source}");
    }

    // The bad ones are dead letters once more, one attempt older.
    let again = redrive.read(&names.dead);
    assert_eq!(again.len(), letters.len() + bad.len());
    for source in &bad {
        let attempts: Vec<_> =
            by_source(&again)[source].iter().map(|letter| letter.header("warraq-attempts")).collect();
        assert_eq!(attempts, [Some("1"), Some("2")], "{source}");
    }

    // The same name goes on with those alone, and their attempts are used up.
    let second = redrive.run(&[]);
    assert_eq!(counts(&second, &COUNTS), [still, 0, 0, still, 0], "{second}");
    assert_eq!(second["counts"]["parked_reasons"]["invalid_json"], still);
    let parked = redrive.read(&redrive.parking);
    assert_eq!(by_source(&parked).keys().collect::<Vec<_>>(), bad);
    let first_letters = by_source(&letters);
    for letter in &parked {
        assert_eq!(letter.header("warraq-attempts"), Some("3"));
        let input = first_letters[&letter.source().unwrap()][0];
        assert_eq!((&letter.key, &letter.value, letter.timestamp), (&input.key, &input.value, input.timestamp));
    }

    // Nothing came since: nothing is done, and that is well.
    let third = redrive.run(&[]);
    assert!(third["notes"][0].as_str().unwrap().contains("no dead letter came since"), "{third}");
    assert_eq!(redrive.read(&names.output).len(), made.len());
    assert_eq!((redrive.read(&names.dead).len(), redrive.read(&redrive.parking).len()), (again.len(), parked.len()));
}

/// Back to the input topic, where the live worker meets them; it goes on counting
/// the attempts.
#[test]
fn dead_letters_go_back_to_the_input_and_are_parked_in_the_end() {
    let names = Names::create(broker::shared(), "redrive-back", 2);
    topics::produce(&names, (0..60).map(|number| if number % 6 == 0 { broken(number) } else { large(number) }));
    live(&names, TOO_SMALL);
    let redrive = Redrive::new(&names);
    let mut worker = Setup::new(&names, "live").start_ready();
    let mut expected = [[60, 60, 0, 0, 0], [10, 10, 0, 0, 0], [10, 0, 0, 10, 0]].into_iter();
    let mut letters = 60;
    for round in 1..=3 {
        let report = redrive.run(&["--to", "input"]);
        assert_eq!(counts(&report, &COUNTS), expected.next().unwrap(), "round {round}: {report}");
        // Its end holds a control record, which no consumer's offset passes.
        letters += if round < 3 { 10 } else { 0 };
        let output = if round == 1 { 50 } else { 0 };
        wait_for("the live worker has met them", LONG, || {
            let is_there = redrive.read(&names.dead).len() >= letters && redrive.read(&names.output).len() >= output;
            is_there.then_some(())
        });
    }
    worker.stop();
    let (output, letters) = names.results(Isolation::Committed);
    assert_eq!(output.len(), 50);
    assert!(output.iter().all(|found| found.header("warraq-attempts") == Some("2")));
    let attempts =
        |attempt: &str| letters.iter().filter(|letter| letter.header("warraq-attempts") == Some(attempt)).count();
    assert_eq!((attempts("1"), attempts("2"), attempts("3")), (60, 10, 10));
    let parked = redrive.read(&redrive.parking);
    assert_eq!(parked.len(), 10);
    assert!(parked.iter().all(|letter| letter.header("warraq-error-reason") == Some("invalid_json")), "{parked:?}");
    // Untouched: each is the last dead letter of its record.
    for letter in &parked {
        assert!(
            letters
                .iter()
                .any(|last| (&last.headers, &last.value, &last.key) == (&letter.headers, &letter.value, &letter.key))
        );
    }
}

/// Only what is asked for; the rest is looked at by another name.
#[test]
fn a_filter_leaves_the_rest_for_another_name() {
    let names = Names::create(broker::shared(), "redrive-filter", 2);
    topics::produce(&names, (0..40).map(|number| if number % 4 == 0 { broken(number) } else { large(number) }));
    live(&names, TOO_SMALL);
    let redrive = Redrive::new(&names);
    foreign(&names);
    let plan = redrive.run(&["--plan", "--reason", "value_too_large"]);
    assert_eq!((&plan["all"]["output"], &plan["all"]["skipped"]), (&30.into(), &11.into()), "{plan}");
    let plan = redrive.run(&["--plan", "--max-attempts", "2"]);
    let invalid = &plan["reasons"]["invalid_json"];
    assert_eq!((&invalid["parked_still_bad"], &invalid["output"]), (&10.into(), &0.into()), "{plan}");
    assert_eq!(plan["reasons"]["value_too_large"]["output"], 30, "{plan}");
    assert!(
        redrive.read(&names.output).is_empty() && redrive.read(&redrive.parking).is_empty(),
        "a plan writes nothing"
    );

    let report = redrive.run(&["--reason", "value_too_large", "--stage", "decode"]);
    assert_eq!(counts(&report, &COUNTS), [41, 30, 0, 0, 11], "{report}");
    assert_eq!(redrive.read(&names.output).len(), 30);
    // What that name passed over, it does not look at again.
    let mut other = redrive.start(&["--reason", "invalid_json"]);
    assert_eq!(other.wait(LONG).code(), Some(64), "{}", other.log());
    assert!(other.log().contains("give another --name"), "{}", other.log());
    let name = format!("{}-2", names.group);
    let mut other =
        redrive.setup().start_as(&["redrive", "--name", &name, "--reason", "invalid_json", "--max-dead-ratio", "0.5"]);
    let report = ended(&mut other, 3);
    assert_eq!(counts(&report, &COUNTS), [41, 0, 10, 0, 31], "{report}");
    assert_eq!(redrive.read(&names.output).len(), 30);
}

/// A record on the dead-letter topic that is no dead letter of warraq.
fn foreign(names: &Names) {
    let producer: ThreadedProducer<DefaultProducerContext> = client(&names.bootstrap).create().unwrap();
    producer
        .send(BaseRecord::<[u8], [u8]>::to(&names.dead).payload(b"whose is this?"))
        .map_err(|(error, _)| error)
        .unwrap();
    producer.flush(LONG).unwrap();
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    let names = Names::create(broker::shared(), "redrive-refused", 2);
    let setup = Setup::new(&names, "redrive").without("kafka", "transactional_id");
    let refused = |arguments: &[&str], told: &str| {
        let command: Vec<&str> = ["redrive", "--name", "r"].into_iter().chain(arguments.iter().copied()).collect();
        let mut worker = setup.start_as(&command);
        assert_eq!(worker.wait(LONG).code(), Some(64), "{arguments:?}: {}", worker.log());
        assert!(worker.log().contains(told), "{arguments:?}: {told:?} is not in {}", worker.log());
    };
    let parking = format!("{}.parked", names.dead);
    refused(&[], &format!("topic {parking} does not exist; create it"));
    topics::create_topic(&names.bootstrap, &parking, 1, &[]);
    refused(&["--output", "no.such.topic"], "no.such.topic does not exist");
    refused(&["--input", &names.input], "holds no dead letters");
    refused(&["--output", &names.dead], "is the input topic");
    refused(&["--parking", &names.dead], "--parking");
    refused(&["--parking", &names.output], "another kind");
    refused(&["--reason", "bad"], "is none of empty_value");
    refused(&["--since=-3d"], "is no time such as");
    refused(&["--max-attempts", "0"], "--max-attempts");
    refused(&["--partitions", "9"], "partition 9");
    let redrive = Redrive { names, parking, arguments: vec!["--name".to_owned(), "nothing".to_owned()] };
    let report = redrive.run(&[]);
    assert!(report["notes"][0].as_str().unwrap().contains("holds no dead letters"), "{report}");
    assert_eq!(counts(&report, &COUNTS), [0; 5]);
}
