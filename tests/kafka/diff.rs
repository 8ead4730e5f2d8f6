//! `warraq diff`: the same build gives the same bytes, another gazetteer changes
//! exactly the articles that hold the name, and what is missing, extra or twice
//! is told.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{Expected, Fate, Source};
use crate::support::topics::{self, Names};
use crate::support::worker::Setup;

/// Exit code, standard output as JSON (null where it is none), standard error.
pub fn diff(bootstrap: &str, arguments: &[&str]) -> (i32, Value, String) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("warraq.toml");
    std::fs::write(&config, format!("[kafka]\nbootstrap_servers = {bootstrap:?}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_warraq"))
        .arg("diff")
        .args(arguments)
        .args(["--json".as_ref(), "--config".as_ref(), config.as_os_str()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default(), errors)
}

/// The same input with outputs and a group of their own.
pub fn again(names: &Names, partitions: i32) -> Names {
    let unique = topics::unique("diff-b");
    let names =
        Names { output: format!("{unique}.out"), dead: format!("{unique}.dead"), group: unique, ..names.clone() };
    topics::create_topic(&names.bootstrap, &names.output, partitions, &[]);
    topics::create_topic(&names.bootstrap, &names.dead, 1, &[]);
    names
}

pub fn process(names: &Names, setup: &Setup) {
    let mut worker = setup.start_ready();
    names.wait_until_done(Duration::from_secs(180));
    worker.stop();
}

fn count(expected: &BTreeMap<Source, Expected>, fate: impl Fn(Fate) -> bool) -> usize {
    expected.values().filter(|article| fate(article.fate)).count()
}

#[test]
fn the_same_build_writes_the_same_bytes_whatever_the_partitions() {
    let a = Names::create(broker::shared(), "diff-same", 3);
    let b = again(&a, 5);
    let expected = topics::produce(&a, articles::mixed(1500, 31));
    process(&a, &Setup::new(&a, "a"));
    process(&b, &Setup::new(&b, "b").value("enrich", "threads", "3"));

    let (code, told, errors) = diff(&a.bootstrap, &[&a.output, &b.output]);
    let output = count(&expected, |fate| fate == Fate::Output);
    assert_eq!((code, &told["identical"]), (0, &Value::from(output)), "{told}\n{errors}");
    for name in ["alike", "changed", "missing", "extra", "outside"] {
        assert_eq!(told[name], 0, "{name}: {told}");
    }

    // Dead letters as well, and with little memory.
    let dead = ["--dead-letters-a", &a.dead, "--dead-letters-b", &b.dead, "--memory", "160KiB"];
    let (code, told, errors) = diff(&a.bootstrap, &[&[a.output.as_str(), &b.output], &dead[..]].concat());
    assert_eq!((code, &told["identical"]), (0, &Value::from(expected.len())), "{told}\n{errors}");
}

#[test]
fn a_replay_with_the_same_build_is_the_same_byte_for_byte() {
    let live = Names::create(broker::shared(), "diff-replay", 3);
    let archive = again(&live, 5);
    let expected = topics::produce(&live, articles::mixed(1500, 33));
    process(&live, &Setup::new(&live, "live"));
    let setup = Setup::new(&live, "replay").without("kafka", "transactional_id");
    let arguments = ["replay", "--name", &archive.group, "--output", &archive.output, "--dead-letters", &archive.dead];
    let mut replay = setup.start_as(&[&arguments[..], &["--diff-against", &live.output]].concat());
    let status = replay.wait(Duration::from_secs(180));
    assert_eq!(status.code(), Some(0), "{}", replay.log());
    let report: Value = serde_json::from_str(&replay.printed()).unwrap();
    let output = count(&expected, |fate| fate == Fate::Output);
    assert_eq!(report["counts"]["output"], output);
    assert_eq!(report["diff"]["identical"], output, "{}", report["diff"]);
    for name in ["alike", "changed", "missing", "extra", "outside"] {
        assert_eq!(report["diff"][name], 0, "{name}: {}", report["diff"]);
    }
}

/// A name that no built-in list knows.
pub const NAME: &str = "واحة النخل الطويل";

pub fn marked(number: usize) -> bool {
    number % 37 == 5
}

pub fn article(number: usize) -> Article {
    let plain = articles::trafilatura(number, 32, 3);
    if !marked(number) {
        return plain;
    }
    let mut value: Value = serde_json::from_slice(plain.value.as_deref().unwrap()).unwrap();
    let text = format!("{}\nووصل الوفد إلى {NAME} صباحا.", value["text"].as_str().unwrap());
    value["text"] = Value::from(text);
    Article { value: Some(value.to_string().into_bytes()), ..plain }
}

#[test]
fn another_name_in_the_gazetteer_changes_exactly_the_articles_that_hold_it() {
    let a = Names::create(broker::shared(), "diff-name", 3);
    let b = again(&a, 3);
    let expected = topics::produce(&a, (0..1000).map(article));
    let holders: BTreeSet<String> =
        expected.iter().filter(|(_, article)| marked(article.number)).map(|(source, _)| source.to_string()).collect();
    process(&a, &Setup::new(&a, "a"));
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), format!("{NAME}\tplace\tdesk-1\n")).unwrap();
    let files = format!("[{:?}]", list.path().to_str().unwrap());
    process(&b, &Setup::new(&b, "b").value("tag", "gazetteer_files", &files));

    let (code, told, errors) = diff(&a.bootstrap, &[&a.output, &b.output, "--samples", "100"]);
    assert_eq!(code, 2, "{told}\n{errors}");
    assert_eq!(told["changed"], holders.len(), "{}", told["fields"]);
    assert_eq!(told["alike"], expected.len() - holders.len());
    assert_eq!((&told["identical"], &told["missing"], &told["extra"]), (&0.into(), &0.into(), &0.into()));
    let kinds = told["samples"].as_object().unwrap();
    let sources = kinds.values().flat_map(|samples| samples.as_array().unwrap());
    let sources: BTreeSet<String> = sources.map(|sample| sample["source"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sources, holders);
    let linked = kinds.iter().filter(|(kind, _)| kind.starts_with("entities."));
    let named = linked
        .flat_map(|(_, samples)| samples.as_array().unwrap())
        .filter(|sample| sample.to_string().contains("desk-1"));
    assert_eq!(named.count(), holders.len(), "each names the new identifier");
}

/// A record of an output topic, written by hand.
fn output(source: i64, value: &str) -> Article {
    let number = usize::try_from(source).unwrap();
    Article::new(number, value, Fate::Output).header("warraq-source", &format!("in/0/{source}"))
}

#[test]
fn missing_extra_changed_and_twice_are_told_apart() {
    let a = Names::create(broker::shared(), "diff-kinds", 2);
    let title = |number: i64| format!(r#"{{"title":"خبر {number}","text":"نص"}}"#);
    let written = |records: Vec<Article>| {
        let topic = Names { input: format!("{}.by-hand", topics::unique("diff-kinds")), ..a.clone() };
        topics::create_topic(&a.bootstrap, &topic.input, 2, &[]);
        topics::produce(&topic, records);
        topic.input
    };
    let one = written((0..100).map(|number| output(number, &title(number))).collect());
    let mut records: Vec<Article> = (50..105).rev().map(|number| output(number, &title(number))).collect();
    records[3] = output(101, r#"{"title":"خبر 101","text":"نصّ"}"#);
    records[30] = output(74, r#"{"title":"خبر 74","text":"نصّ"}"#);
    records.push(output(80, &title(80)));
    let other = written(records);

    let (code, told, errors) = diff(&a.bootstrap, &[&one, &other, "--samples", "1"]);
    let counts =
        |told: &Value| ["identical", "changed", "missing", "extra", "outside"].map(|name| told[name].as_u64().unwrap());
    assert_eq!((code, counts(&told)), (2, [49, 1, 50, 5, 0]), "{told}\n{errors}");
    assert_eq!((&told["b"]["twice"], &told["a"]["twice"]), (&1.into(), &0.into()));
    assert_eq!(told["samples"]["text"][0]["source"], "in/0/74");
    assert_eq!(told["samples"]["missing"][0]["title"], "خبر 0");
    assert_eq!(told["samples"]["extra"][0]["source"], "in/0/100");

    let (code, told, _) = diff(&a.bootstrap, &[&one, &other, "--within", "b"]);
    assert_eq!((code, counts(&told)), (2, [49, 1, 0, 5, 50]), "{told}");
    let (code, told, _) = diff(&a.bootstrap, &[&one, &other, "--within", "b", "--ignore", "text"]);
    assert_eq!((code, told["alike"].as_u64()), (2, Some(1)), "what is extra still counts");
    let (code, _, _) = diff(&a.bootstrap, &[&one, &one]);
    assert_eq!(code, 0);

    let (code, _, errors) = diff(&a.bootstrap, &[&one, "no-such-topic"]);
    assert!(code == 1 && errors.contains("topic \"no-such-topic\": there is no such topic"), "{code}: {errors}");
    let (code, _, errors) = diff(&a.bootstrap, &[&one, &other, "--ignore", "colour"]);
    assert!(code == 64 && errors.contains("\"colour\" is none of key, headers"), "{code}: {errors}");
}
