//! `warraq enrich`, `warraq tag --conll` and `warraq eval`, as a person runs them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{check, fixture, fixture_path, items, number, root, span};

fn warraq(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_warraq"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn records(output: &Output) -> Vec<Value> {
    let records: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.iter().for_each(check);
    records
}

#[test]
fn files_become_a_record_a_line_in_their_order() {
    let files = ["iraq-wire.txt", "egypt-jsonld.html", "gulf-trafilatura.json"].map(fixture_path);
    let mut arguments = vec!["enrich"];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = warraq(&arguments, b"");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let records = records(&output);
    let topics: Vec<_> = records.iter().map(|record| record["source"]["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, arguments[1..]);
}

#[test]
fn standard_input_is_read_and_its_type_may_be_given() {
    let output = warraq(&["enrich", "--type", "text"], &fixture("levant-plain.txt"));
    let records = records(&output);
    assert_eq!((records.len(), records[0]["source"]["topic"].as_str()), (1, Some("-")));
    let as_json = warraq(&["enrich", "--type", "json"], &fixture("levant-plain.txt"));
    assert_eq!(as_json.status.code(), Some(1));
    assert!(text(&as_json.stderr).starts_with("-: decode: invalid_json: "), "{}", text(&as_json.stderr));
}

/// What is explained is what the record says, and every cut line has weights
/// that add up to what cuts it.
#[test]
fn an_explained_page_is_the_page_of_the_record() {
    for name in ["levant-plain.txt", "pages/levant-wordpress.html", "pages/maghreb-live.txt", "egypt-jsonld.html"] {
        let path = fixture_path(name);
        let explained = warraq(&["enrich", "--explain", path.to_str().unwrap()], b"");
        assert_eq!((explained.status.code(), text(&explained.stderr)), (Some(0), ""));
        let record = records(&warraq(&["enrich", path.to_str().unwrap()], b"")).remove(0);
        let (mut kept, mut cut, mut weights) = (Vec::new(), BTreeMap::new(), Vec::<i32>::new());
        let enough = |weights: &[i32]| weights.iter().sum::<i32>() >= 10;
        let mut cut_before = false;
        for line in text(&explained.stdout).lines().skip(1) {
            if let Some(reason) = line.strip_prefix("                 ") {
                weights.push(reason.trim_start().split(' ').next().unwrap().parse().unwrap());
                continue;
            }
            assert!(!cut_before || enough(&weights), "{name}, before {line}: {weights:?}");
            weights.clear();
            let (verdict, rest) = line.split_at(5);
            let (kind, shown) = rest.split_at(13);
            cut_before = verdict == "cut  ";
            if cut_before {
                *cut.entry(kind.trim().to_owned()).or_insert(0) += shown.chars().count();
            } else {
                kept.push(format!("{}: {shown}", kind.trim()));
            }
        }
        let whole: Vec<char> = record["text"].as_str().unwrap().chars().collect();
        let blocks = items(&record["blocks"]).iter().map(|block| {
            let (start, end) = span(block);
            format!("{}: {}", block["kind"].as_str().unwrap(), whole[start..end].iter().collect::<String>())
        });
        assert_eq!(kept, blocks.collect::<Vec<_>>(), "{name}");
        let removed = items(&record["removed"]).iter();
        let removed = removed.map(|cut| (cut["kind"].as_str().unwrap().to_owned(), number(&cut["chars"])));
        assert_eq!(cut, removed.collect(), "{name}");
    }
    let unreadable = warraq(&["enrich", "--explain", "--type", "json"], b"no JSON");
    assert_eq!(unreadable.status.code(), Some(1));
    assert!(text(&unreadable.stderr).starts_with("-: decode: invalid_json: "), "{}", text(&unreadable.stderr));
}

#[test]
fn the_explained_page_of_the_docs_is_a_run() {
    let path = fixture_path("explained.txt");
    let explained = warraq(&["enrich", "--explain", path.to_str().unwrap()], b"");
    let lines = text(&explained.stdout).split_once('\n').unwrap().1;
    let page = std::fs::read_to_string(root().join("docs/normalization.md")).unwrap();
    let shown = format!("$ warraq enrich --explain page.txt\npage.txt\n{lines}```");
    assert!(page.contains(&shown), "docs/normalization.md should show:\n{shown}");
}

#[test]
fn pretty_is_the_same_record_indented() {
    let plain = warraq(&["enrich"], &fixture("iraq-wire.txt"));
    let pretty = warraq(&["enrich", "--pretty"], &fixture("iraq-wire.txt"));
    assert!(text(&pretty.stdout).lines().count() > 50);
    let value = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(value(&plain), value(&pretty));
}

#[test]
fn what_is_rejected_is_told_and_the_rest_is_done() {
    let (broken, good) = (fixture_path("broken.json"), fixture_path("iraq-wire.txt"));
    let arguments = ["enrich", broken.to_str().unwrap(), "no-such-file", good.to_str().unwrap()];
    let output = warraq(&arguments, b"");
    assert_eq!((output.status.code(), records(&output).len()), (Some(1), 1));
    let told: Vec<&str> = text(&output.stderr).lines().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with(&format!("{}: decode: ", broken.display())), "{told:?}");
    assert!(told[1].starts_with("no-such-file: "), "{told:?}");
}

#[test]
fn each_line_may_be_an_article() {
    let line = fixture("newspaper4k.json").trim_ascii().to_vec();
    let input = [line.as_slice(), b"\n\n{]\n", line.as_slice()].concat();
    let output = warraq(&["enrich", "--lines", "--type", "json"], &input);
    let offsets: Vec<_> = records(&output).iter().map(|record| record["source"]["offset"].clone()).collect();
    assert_eq!((output.status.code(), offsets), (Some(1), vec![0.into(), 3.into()]));
    assert!(text(&output.stderr).starts_with("-:3: decode: invalid_json: "), "{}", text(&output.stderr));
}

#[test]
fn a_file_that_is_far_too_large_is_rejected_without_being_kept() {
    let output = warraq(&["enrich", "--type", "text"], &vec![b'a'; 100_000_000]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let told = text(&output.stderr);
    assert!(told.starts_with("-: decode: value_too_large: ") && told.contains("100000000"), "{told}");
}

/// `warraq enrich … | head -1` is no failure.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let path = fixture_path("iraq-wire.txt");
    let file = path.to_str().unwrap();
    let mut arguments = vec!["enrich"];
    arguments.extend(std::iter::repeat_n(file, 200));
    let mut child = Command::new(env!("CARGO_BIN_EXE_warraq"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn tokens_come_back_with_their_tags() {
    let input = "-DOCSTART-\tO\n\nوصل\tO\tx\nالوفد\tO\tx\nإلى\tO\tx\nبيروت\tB-LOC\tx\n.\tO\tx\n\nكلمة\nالأمم\nالمتحدة\n";
    let output = warraq(&["tag", "--conll"], input.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let want =
        "-DOCSTART-\tO\n\nوصل\tO\nالوفد\tO\nإلى\tO\nبيروت\tB-LOC\n.\tO\n\nكلمة\tO\nالأمم\tB-ORG\nالمتحدة\tI-ORG\n";
    assert_eq!(text(&output.stdout), want);
}

#[test]
fn a_labelled_set_is_scored_as_its_tokens_are_tagged() {
    let gold = "-DOCSTART-\tO\n\nوصل\tx\tO\nالوفد\tx\tO\nإلى\tx\tO\nبيروت\tx\tB-GPE\n.\tx\tO\n\nكلمة\tO\nالأمم\tB-PERS\nالمتحدة\tI-PERS\n";
    let output = warraq(&["eval", "--conll", "-", "--json"], gold.as_bytes());
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["sentences"], &report["tokens"]), (&2.into(), &8.into()));
    assert_eq!((&report["types"]["LOC"]["f1"], &report["all"]["precision"]), (&1.0.into(), &0.5.into()));
    assert_eq!(report["confusion"]["PER"]["said_as"]["ORG"], 1);
    assert_eq!(report["errors"][0]["context"], "كلمة [الأمم المتحدة]");
    let output = warraq(&["eval", "--conll", "-"], gold.as_bytes());
    assert!(text(&output.stdout).contains("wrong type, the most frequent first"), "{}", text(&output.stdout));
}

#[test]
fn what_its_own_tags_say_is_all_right() {
    let tagged = warraq(&["tag", "--conll"], "وصل\nالوفد\nإلى\nبيروت\n\nالأمم\nالمتحدة\n".as_bytes());
    let output = warraq(&["eval", "--conll", "-", "--json"], &tagged.stdout);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["all"]["f1"], &report["all"]["gold"]), (&1.0.into(), &2.into()));
}

#[test]
fn a_label_that_is_not_known_is_named_with_its_line_and_can_be_mapped() {
    let gold = "بيروت\tB-Capital\n";
    let output = warraq(&["eval", "--conll", "-"], gold.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let want = "warraq: -: line 1: type \"Capital\" is not known: neither PER, ORG, LOC, MISC nor a spelling of theirs; \
                --map NAME=TYPE says what a type is\n";
    assert_eq!(text(&output.stderr), want);
    let output = warraq(&["eval", "--conll", "-", "--map", "Capital=LOC", "--json"], gold.as_bytes());
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["all"]["gold"], 1);
    for (input, told) in
        [("بيروت\n", "line 1: one column, where a token and its label are read"), ("\n", "holds no token")]
    {
        let output = warraq(&["eval", "--conll", "-"], input.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}
