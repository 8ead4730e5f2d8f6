//! The arrows between the rooms of `src/`: which room may use which.
//!
//! Reads every `crate::…`, `super::…` and `self::…` path of every source file,
//! tests included, and fails on one that no arrow allows, and on a file whose
//! room is not in the table. The text half is also held to what makes it
//! repeatable: no clock, no randomness, no files, no environment, no async.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// `(room, rooms whose doors it may use)`; it may also use whatever those may use.
const ARROWS: &[(&str, &[&str])] = &[
    // What everything else is made of.
    ("record", &[]),
    ("letters", &[]),
    // The text half: the four meet in `record`, never in each other.
    ("decode", &["record", "letters"]),
    ("normalize", &["record", "letters"]),
    ("tag", &["record", "letters"]),
    ("encode", &["record", "letters"]),
    ("pipeline", &["decode", "normalize", "tag", "encode"]),
    ("train", &["pipeline"]),
    // Counts labels, whoever made them.
    ("eval", &[]),
    // The shell: consume and produce meet in `worker`, and know no text.
    ("flow", &["record"]),
    ("kafka", &["record"]),
    ("retry", &[]),
    ("metrics", &["record"]),
    ("trace", &["record"]),
    ("health", &[]),
    ("registry", &["record", "kafka"]),
    ("consume", &["record", "flow", "kafka", "retry", "metrics", "health"]),
    ("produce", &["record", "flow", "kafka", "retry", "metrics", "health"]),
    ("http", &["metrics", "health"]),
    ("worker", &["pipeline", "consume", "produce", "http", "trace"]),
    // Tests alone: the rooms of delivery against a scripted broker.
    ("simulation", &["consume", "produce", "encode"]),
    ("replay", &["worker"]),
    // Every room's options in one, so it sees every room; only cli sees it.
    ("config", &["replay", "registry"]),
    ("cli", &["config", "replay", "train", "eval"]),
    ("main", &["cli"]),
];

const TEXT_HALF: &[&str] = &["record", "letters", "decode", "normalize", "tag", "encode", "pipeline", "eval"];

/// What the text half must not name, outside its tests: `(path, why)`.
const NOT_IN_TEXT: &[(&[&str], &str)] = &[
    (&["SystemTime"], "no clock: the same input must give the same record"),
    (&["Instant"], "no clock: deadlines are handed in through pipeline::watch"),
    (&["Zoned", "now"], "no clock: the same input must give the same record"),
    (&["Timestamp", "now"], "no clock: the same input must give the same record"),
    (&["std", "fs"], "no files: models and lists are handed in as bytes"),
    (&["std", "env"], "no environment: options are handed in"),
    (&["std", "net"], "no network"),
    (&["std", "process"], "no processes"),
    (&["std", "thread"], "no threads: the pool is the shell's"),
    (&["tokio"], "no runtime"),
    (&["rdkafka"], "no Kafka"),
    (&["tracing"], "no log: what happened is in the record, or in the reject"),
    (&["RandomState"], "no randomness: use rustc_hash"),
    (&["std", "collections", "HashMap"], "its hasher is random, and so is its order: use rustc_hash or BTreeMap"),
    (&["std", "collections", "HashSet"], "its hasher is random, and so is its order: use rustc_hash or BTreeSet"),
    (&["async"], "no async"),
    (&["await"], "no async"),
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

#[test]
fn every_arrow_between_rooms_is_allowed() {
    let files = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert!(files.len() > 20, "only {} files found", files.len());
    let violations = violations(&files);
    let listed: String = violations.iter().map(|violation| format!("  {violation}\n")).collect();
    assert!(violations.is_empty(), "{} forbidden arrows:\n{listed}", violations.len());
}

/// Every Rust file below `root`: `(path below it, text)`.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Everything wrong with these files; paths are below `src/`.
fn violations(files: &[(String, String)]) -> BTreeSet<Violation> {
    let allowed = closure();
    let tests: BTreeSet<Vec<String>> =
        files.iter().flat_map(|(file, text)| test_modules(text, &module_of(file))).collect();
    let mut found = BTreeSet::new();
    for (file, text) in files {
        let module = module_of(file);
        let mut report = |line: usize, what: String| {
            found.insert(Violation { file: file.clone(), line, what });
        };
        if file == "lib.rs" {
            continue;
        }
        let room = module.first().map_or("main", String::as_str);
        let Some(may_use) = allowed.get(room) else {
            report(1, format!("room `{room}` is not in the table of tests/architecture.rs"));
            continue;
        };
        let scan = Scan::new(text, &module);
        for (line, path) in &scan.paths {
            let Some(target) = path.first() else { continue };
            if target == room || may_use.contains(target.as_str()) {
                continue;
            }
            if allowed.contains_key(target.as_str()) {
                report(*line, format!("{room} must not use {target}: `crate::{}`", path.join("::")));
            } else {
                report(*line, format!("`crate::{}` is not a room", path.join("::")));
            }
        }
        let is_test = (1..=module.len()).any(|length| tests.contains(&module[..length]));
        if TEXT_HALF.contains(&room) && !is_test {
            for (line, why) in scan.forbidden() {
                report(line, format!("{room} is of the text half: {why}"));
            }
        }
    }
    found
}

/// Modules that a file declares as `#[cfg(test)] mod name;`.
fn test_modules(text: &str, module: &[String]) -> Vec<Vec<String>> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let words = words(text);
    let names = words.windows(MARK.len() + 2).filter_map(|window| {
        let marked = window.iter().zip(MARK).all(|((_, word), mark)| word == mark);
        (marked && window[MARK.len() + 1].1 == ";").then(|| window[MARK.len()].1.clone())
    });
    names.map(|name| [module, &[name]].concat()).collect()
}

/// For each room, every room that it may use, directly or through another.
fn closure() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut closed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // The table is in such an order that what a room uses stands before it.
    for (room, uses) in ARROWS {
        let mut all = BTreeSet::new();
        for used in *uses {
            all.insert(*used);
            all.extend(closed.get(used).unwrap_or_else(|| panic!("`{used}` stands below `{room}` in the table")));
        }
        closed.insert(room, all);
    }
    closed
}

/// The module path of a file: `decode/json.rs` is `[decode, json]`.
fn module_of(file: &str) -> Vec<String> {
    let mut module: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    if module == ["main"] || module == ["lib"] {
        module.clear();
    }
    module
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    line: usize,
    text: String,
    /// In an inline module named `tests`.
    test: bool,
    /// Module path in which it stands.
    module: Vec<String>,
}

struct Scan {
    tokens: Vec<Token>,
    /// `(line, path from the crate's root)`.
    paths: Vec<(usize, Vec<String>)>,
}

impl Scan {
    fn new(text: &str, module: &[String]) -> Self {
        let tokens = place(&words(text), module);
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            let rooted = matches!(token.text.as_str(), "crate" | "super" | "self")
                || (token.text == "warraq" && module.is_empty());
            let continues = at > 0 && tokens[at - 1].text == "::";
            if rooted && !continues && tokens.get(at + 1).is_some_and(|next| next.text == "::") {
                let mut found = Vec::new();
                at = tree(&tokens, at, &[], &mut found);
                paths.extend(found.iter().map(|path| (token.line, resolve(path, &token.module))));
            } else {
                at += 1;
            }
        }
        Self { tokens, paths }
    }

    /// What the text half must not name.
    fn forbidden(&self) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            if self.tokens[at].test || (at > 0 && self.tokens[at - 1].text == ".") && self.tokens[at].text != "await" {
                continue;
            }
            let mut trees = Vec::new();
            if self.tokens.get(at + 1).is_some_and(|next| next.text == "::") {
                tree(&self.tokens, at, &[], &mut trees);
            } else {
                trees.push(vec![self.tokens[at].text.clone()]);
            }
            for (path, why) in NOT_IN_TEXT {
                let names =
                    |tree: &Vec<String>| tree.len() >= path.len() && tree.iter().zip(*path).all(|(a, b)| a == b);
                if trees.iter().any(names) {
                    found.push((self.tokens[at].line, *why));
                }
            }
        }
        found
    }
}

/// Reads a path or a `use` tree that begins at `at`; returns where it ends.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    if tokens[at].text == "," {
                        at += 1;
                    } else {
                        let before = at;
                        at = tree(tokens, at, &path, found);
                        // `name as other`, or anything that is no path: step over it.
                        if at == before {
                            at += 1;
                        }
                    }
                }
                return at + 1;
            }
            Some(name) if name.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
                path.push(name.to_owned());
                at += 1;
            }
            Some("*") => {
                at += 1;
                break;
            }
            _ => break,
        }
        if tokens.get(at).is_some_and(|token| token.text == "::") {
            at += 1;
        } else {
            if tokens.get(at).is_some_and(|token| token.text == "as") {
                at += 2;
            }
            break;
        }
    }
    if path.len() > prefix.len() || !prefix.is_empty() {
        found.push(path);
    }
    at
}

/// A path as written in `module` → from the crate's root.
fn resolve(path: &[String], module: &[String]) -> Vec<String> {
    let mut resolved = Vec::new();
    for (at, segment) in path.iter().enumerate() {
        match segment.as_str() {
            "crate" | "warraq" if at == 0 => resolved.clear(),
            "self" if at == 0 => resolved = module.to_vec(),
            "super" => {
                if at == 0 {
                    resolved = module.to_vec();
                }
                resolved.pop();
            }
            // `use crate::decode::{self, …}`.
            "self" => {}
            _ => resolved.push(segment.clone()),
        }
    }
    resolved
}

/// Gives each token the module in which it stands, following `mod name { … }`.
fn place(words: &[(usize, String)], module: &[String]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(words.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut module, mut depth) = (module.to_vec(), 0);
    for at in 0..words.len() {
        let (line, text) = &words[at];
        match text.as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && words[at - 2].1 == "mod" {
                    open.push((depth, module.len()));
                    module.push(words[at - 1].1.clone());
                }
            }
            "}" => {
                if let Some(&(level, length)) = open.last()
                    && level == depth
                {
                    open.pop();
                    module.truncate(length);
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        let test = module.iter().any(|name| name == "tests");
        tokens.push(Token { line: *line, text: text.clone(), test, module: module.clone() });
    }
    tokens
}

/// Names, `::` and single marks of a Rust text; comments, strings, characters
/// and lifetimes are left out.
fn words(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let skip_to = |from: usize, to: usize, line: &mut usize| {
        *line += chars[from..to].iter().filter(|c| **c == '\n').count();
        to
    };
    while at < chars.len() {
        let rest = &chars[at..];
        match rest {
            ['/', '/', ..] => {
                at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
            }
            ['/', '*', ..] => at = skip_to(at, at + comment(rest), &mut line),
            ['"', ..] => at = skip_to(at, at + string(rest), &mut line),
            ['r', '"' | '#', ..] | ['b' | 'c', 'r', '"' | '#', ..] if raw_string(rest).is_some() => {
                at = skip_to(at, at + raw_string(rest).unwrap(), &mut line);
            }
            ['b' | 'c', '"', ..] => at = skip_to(at, at + 1 + string(&rest[1..]), &mut line),
            ['b', '\'', ..] => at += 1 + character(&rest[1..]),
            ['\'', ..] => at += character(rest),
            [':', ':', ..] => {
                found.push((line, "::".to_owned()));
                at += 2;
            }
            [c, ..] if is_name(*c) => {
                let length = rest.iter().position(|c| !is_name(*c)).unwrap_or(rest.len());
                found.push((line, rest[..length].iter().collect()));
                at += length;
            }
            [c, ..] => {
                line += usize::from(*c == '\n');
                if !c.is_whitespace() {
                    found.push((line, c.to_string()));
                }
                at += 1;
            }
            [] => break,
        }
    }
    found
}

/// Length of a block comment, which may hold others.
fn comment(chars: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < chars.len() {
        match &chars[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_string(chars: &[char]) -> Option<usize> {
    let start = chars.iter().position(|c| *c == 'r')? + 1;
    let marks = chars[start..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + marks) != Some(&'"') {
        return None;
    }
    let mut at = start + marks + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(marks).filter(|c| **c == '#').count() == marks {
            return Some(at + 1 + marks);
        }
        at += 1;
    }
    Some(chars.len())
}

/// Length of a character literal, or of the mark of a lifetime.
fn character(chars: &[char]) -> usize {
    match chars {
        ['\'', '\\', ..] => chars.iter().skip(3).position(|c| *c == '\'').map_or(chars.len(), |end| end + 4),
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

mod itself {
    use super::*;

    fn wrong(file: &str, text: &str) -> Vec<String> {
        violations(&[(file.to_owned(), text.to_owned())]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_forbidden_arrow_is_found_however_it_is_written() {
        for text in [
            "use crate::normalize::Normalizer;",
            "use crate::{record::Text, normalize::{Normalizer, fold}};",
            "use crate::{\n    record::{\n        Text,\n    },\n    normalize as other,\n};",
            "fn f() -> crate::normalize::Output { todo!() }",
            "use super::normalize;",
            "use super::{record::Text, normalize::Normalizer};",
            "mod inner { use super::super::normalize::fold; }",
            "mod tests { use super::*; fn f() { super::super::normalize::fold() } }",
            "pub(crate) use self::super::normalize;",
            "let x = 'a'; let y: &'static str = \"\"; use crate::normalize::fold;",
            "macro_rules! m { () => { $crate::normalize::fold() } }",
        ] {
            let found = wrong("decode/mod.rs", text);
            assert!(!found.is_empty(), "{text}");
            assert!(found.iter().all(|line| line.contains("decode must not use normalize")), "{text}: {found:?}");
        }
    }

    #[test]
    fn an_allowed_arrow_is_not() {
        for text in [
            "use crate::record::{Article, Reject};",
            "use crate::letters::fold;",
            "use self::json::parse; use crate::decode::html;",
            "mod tests { use super::*; use super::super::record::Text; }",
            "// use crate::normalize::fold;\n/* crate::normalize /* crate::tag */ crate::tag */",
            "/// [`crate::normalize`]\nconst S: &str = \"crate::tag::x\"; const R: &str = r#\"\"crate::tag::x\"#;",
            "pub(crate) fn f() {} pub(in crate::decode) fn g() {}",
            "fn f(self: &Self) { super::super::record::x() }",
        ] {
            let file = if text.contains("super::super::record::x()") { "decode/json.rs" } else { "decode/mod.rs" };
            assert_eq!(wrong(file, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_halves_and_their_rooms_stay_apart() {
        for (file, text) in [
            ("record/text.rs", "use crate::letters::fold;"),
            ("tag/dates.rs", "use super::super::decode::x;"),
            ("consume/intake.rs", "use crate::produce::Sequencer;"),
            ("produce/order.rs", "use crate::pipeline::enrich;"),
            ("kafka/client.rs", "use crate::metrics::Metrics;"),
            ("pipeline/mod.rs", "use crate::metrics::Metrics;"),
            ("worker/pool.rs", "use crate::config::Config;"),
            ("worker/pool.rs", "use crate::cli::run;"),
            ("http.rs", "use super::worker::Worker;"),
        ] {
            assert_eq!(wrong(file, text).len(), 1, "{file}: {text}");
        }
        for (file, text) in [
            ("worker/pool.rs", "use crate::{pipeline, flow, record, decode};"),
            ("config/mod.rs", "use crate::{decode, kafka, consume, http};"),
            ("cli/run.rs", "use crate::{config::Config, worker, metrics};"),
            ("main.rs", "fn main() { warraq::cli::main() }"),
        ] {
            assert_eq!(wrong(file, text), Vec::<String>::new(), "{file}: {text}");
        }
    }

    #[test]
    fn a_room_that_is_not_in_the_table_is_found() {
        assert_eq!(wrong("search/mod.rs", "").len(), 1);
        assert_eq!(wrong("util.rs", "").len(), 1);
        assert_eq!(wrong("worker/pool.rs", "use crate::util::x;").len(), 1);
    }

    #[test]
    fn the_text_half_has_no_clock_chance_file_or_runtime() {
        for text in [
            "use std::time::Instant; fn f() { Instant::now(); }",
            "fn f() { std::fs::read(\"x\"); }",
            "use std::{fs, io::Read};",
            "use std::collections::{BTreeMap, HashMap};",
            "async fn f() {}",
            "fn f() { jiff::Zoned::now() } use jiff::Zoned; fn g() { Zoned::now() }",
        ] {
            assert!(!wrong("tag/mod.rs", text).is_empty(), "{text}");
            assert_eq!(wrong("worker/mod.rs", text), Vec::<String>::new(), "{text}");
        }
        for text in [
            "use std::collections::BTreeMap; use rustc_hash::FxHashMap; fn f(x: Step) { x.tracing(); }",
            "mod tests { use std::fs; use std::collections::HashMap; }",
        ] {
            assert_eq!(wrong("tag/mod.rs", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_file_of_tests_may_read_files() {
        let files = |mark: &str| {
            let room = ("tag/mod.rs".to_owned(), format!("{mark} mod fixture;"));
            [room, ("tag/fixture.rs".to_owned(), "fn f() { std::fs::read(\"x\") }".to_owned())]
        };
        assert_eq!(violations(&files("#[cfg(test)]")), BTreeSet::new());
        assert_eq!(violations(&files("")).len(), 1);
    }

    #[test]
    fn a_line_is_the_line_of_the_path() {
        let text = "//! doc\n\nconst A: &str = \"two\nlines\";\n/* and\nmore */\nuse crate::tag::Tagger;\n";
        assert_eq!(wrong("decode/mod.rs", text), ["decode/mod.rs:7: decode must not use tag: `crate::tag::Tagger`"]);
    }
}
