//! `warraq generate`: what it says is what arrives.

use std::process::{Command, Output};
use std::time::Duration;

use crate::support::broker;
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names};

fn generate(bootstrap: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.arg("generate").args(arguments).env("WARRAQ_KAFKA__BOOTSTRAP_SERVERS", bootstrap);
    command
}

fn log(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

type Bytes = Option<Vec<u8>>;

/// Key, headers, value; without place and time.
type Record = (Bytes, Vec<(String, Bytes)>, Bytes);

/// In the order of the keys.
fn records(names: &Names) -> Vec<Record> {
    let found = read::all(&names.bootstrap, &names.input, Isolation::Committed);
    let mut records: Vec<Record> = found.into_iter().map(|found| (found.key, found.headers, found.value)).collect();
    records.sort();
    records
}

#[test]
fn the_counted_records_arrive_and_are_the_same_each_time() {
    let run = |name| {
        let names = Names::create(broker::shared(), name, 3);
        let arguments = ["--topic", &names.input, "--rate", "2000", "--count", "150", "--bad-every", "50"];
        let output = generate(&names.bootstrap, &arguments).output().unwrap();
        assert!(output.status.success(), "{}", log(&output));
        records(&names)
    };
    let first = run("generate");
    assert_eq!(first.len(), 150);
    assert_eq!(
        first.iter().filter(|record| record.2.is_none()).count(),
        5,
        "a tombstone in each round of 30 good ones"
    );
    assert!(first == run("generate-again"), "the same numbers gave other records");
}

#[test]
fn a_topic_that_is_not_there_is_named() {
    let output = generate(broker::shared(), &["--topic", &topics::unique("missing")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(log(&output).contains("missing-"), "{}", log(&output));
}

/// Without a count it runs until SIGTERM, and what it sent by then has arrived.
#[test]
fn a_signal_ends_it_with_everything_sent() {
    let names = Names::create(broker::shared(), "generate-stop", 2);
    let mut child = generate(&names.bootstrap, &["--topic", &names.input, "--rate", "500"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    crate::support::wait_for("records arrive", Duration::from_secs(30), || (!records(&names).is_empty()).then_some(()));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    let arrived = format!("\"arrived\":{}", records(&names).len());
    assert!(said.lines().any(|line| line.contains("\"stopped\"") && line.contains(&arrived)), "{arrived}: {said}");
}
