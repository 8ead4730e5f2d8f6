//! Tests that hold `config/*.toml` and `docs/configuration.md` to the options.
//! `UPDATE_DOCS=1 cargo test --lib reference` writes the page anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Config;
use super::keys::{self, Known};

const FULL: &str = include_str!("../../config/warraq.toml");
const DEMO: &str = include_str!("../../config/demo.toml");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

/// One key as the commented file has it.
#[derive(Debug, PartialEq)]
struct Entry {
    table: String,
    key: String,
    value: String,
    is_set: bool,
    comment: String,
}

/// The file in its parts: head, tables with their comment, keys with theirs.
#[derive(Debug, Default)]
struct Commented {
    head: String,
    tables: Vec<(String, String)>,
    entries: Vec<Entry>,
}

impl Commented {
    fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut comment = String::new();
        for line in text.lines() {
            if let Some(table) = line.strip_prefix('[') {
                read.tables.push((table.trim_end_matches(']').to_owned(), std::mem::take(&mut comment)));
            } else if line == "#" || line.starts_with("# ") {
                let _ = writeln!(comment, "{}", line.trim_start_matches('#').trim());
            } else if let Some((key, value)) = line.trim_start_matches('#').split_once(" = ") {
                read.entries.push(Entry {
                    table: read.tables.last().expect("a key stands in a table").0.clone(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                    is_set: !line.starts_with('#'),
                    comment: std::mem::take(&mut comment),
                });
            } else {
                assert!(line.is_empty(), "what is this? {line}");
                if read.tables.is_empty() {
                    read.head.push_str(&std::mem::take(&mut comment));
                }
            }
        }
        assert!(comment.is_empty(), "a comment of nothing: {comment}");
        read
    }
}

fn json(config: &Config) -> serde_json::Value {
    serde_json::to_value(config).unwrap()
}

#[test]
fn the_full_file_is_the_defaults() {
    let config = Config::parse("config/warraq.toml", FULL, []).unwrap();
    assert_eq!(json(&config), json(&Config::default()));
}

#[test]
fn the_full_file_has_every_key_with_a_comment() {
    let read = Commented::read(FULL);
    let written: BTreeSet<String> = read.entries.iter().map(|entry| format!("{}.{}", entry.table, entry.key)).collect();
    let known: BTreeSet<String> = keys::known().iter().map(Known::dotted).collect();
    assert_eq!(written, known);
    for entry in &read.entries {
        assert!(!entry.comment.trim().is_empty(), "{}.{} has no comment", entry.table, entry.key);
    }
    for (table, comment) in &read.tables {
        assert!(!comment.trim().is_empty(), "[{table}] has no comment");
    }
    for known in keys::known() {
        let entry =
            read.entries.iter().find(|entry| format!("{}.{}", entry.table, entry.key) == known.dotted()).unwrap();
        assert_eq!(entry.is_set, !known.default.is_null(), "{}", known.dotted());
    }
}

#[test]
fn what_the_full_file_shows_unset_can_be_set() {
    // One at a time: some exclude each other.
    for line in FULL.lines().filter(|line| line.starts_with('#') && line != &"#" && !line.starts_with("# ")) {
        let text = FULL.replace(line, line.trim_start_matches('#'));
        // What differs for the shadow wants a shadow.
        let shadow = (!line.starts_with("#topic")).then_some(("WARRAQ_SHADOW__TOPIC", "articles.shadow"));
        let parse = |text| Config::parse("config/warraq.toml", text, shadow).unwrap();
        assert_ne!(json(&parse(&text)), json(&parse("")), "{line}");
    }
}

#[test]
fn the_demo_runs_with_what_it_says() {
    let config = Config::parse("config/demo.toml", DEMO, []).unwrap();
    assert!(config.http.listen.ip().is_loopback());
}

#[test]
fn the_reference_page_is_up_to_date() {
    let page = page(&Commented::read(FULL));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "docs/configuration.md is old: UPDATE_DOCS=1 cargo test --lib reference");
}

fn page(read: &Commented) -> String {
    let mut out = String::from(
        "# Configuration\n\n<!-- Made from config/warraq.toml by UPDATE_DOCS=1 cargo test --lib reference -->\n\n\
         One TOML file, `warraq run --config FILE`, or the file that `WARRAQ_CONFIG` names; without either, the \
         defaults. The commented file with every key is [config/warraq.toml](../config/warraq.toml).\n\n\
         Every key can be given as a variable, which goes before the file: `kafka.group_id` is \
         `WARRAQ_KAFKA__GROUP_ID`, two underscores for the dot. A value is read as the type of its key; lists are \
         separated by commas or written as in TOML. In `kafka.properties` an underscore stands for a dot: \
         `WARRAQ_KAFKA__PROPERTIES__CLIENT_RACK` is `client.rack`. `WARRAQ_LOG` goes before `log.level`. Variables \
         that Kubernetes sets for a Service named `warraq…` are left alone, as are `WARRAQ_TEST_…` and `WARRAQ_CACHE`; \
         any other that begins with `WARRAQ_` and is no key is an error, for it would be a slip.\n\n\
         `warraq check --config FILE` needs no broker. It tells everything that is wrong at once, each with its place, \
         key, value and the nearest right key, and exits with 64; when all is right it prints what is in force, secrets \
         masked.\n\n\
         Durations are written `150ms`, `20s`, `5m`, `1h 30m`; sizes `512KiB`, `16MiB`; keys that end in `_bytes` and \
         have a plain number are in bytes.\n\n\
         The options of `[decode]`, `[normalize]`, `[tag]` and `[encode]` shape the records; their hash is `config` in \
         each record's `provenance`. Names of files are not part of it: what the files hold is in `model`.\n",
    );
    for (table, comment) in &read.tables {
        let _ = write!(out, "\n## [{table}]\n\n{}\n\n| Key | Default | |\n|---|---|---|\n", flowing(comment));
        for entry in read.entries.iter().filter(|entry| entry.table == *table) {
            let default = if entry.is_set { format!("`{}`", entry.value) } else { "not set".to_owned() };
            let _ = writeln!(out, "| `{}` | {default} | {} |", entry.key, flowing(&entry.comment));
        }
    }
    out
}

fn flowing(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
