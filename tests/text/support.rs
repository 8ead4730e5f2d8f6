//! A pipeline of the real rooms, the records that go in, and what every record
//! that comes out must hold.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use warraq::decode::{self, Decoder};
use warraq::encode::{self, Encoder};
use warraq::normalize::{self, Normalizer};
use warraq::pipeline::{NoWatch, Outcome, Parts, Pipeline};
use warraq::record::{Destination, Header, Origin, Outgoing, Provenance, RawRecord};
use warraq::tag::linear::Linear;
use warraq::tag::{self, Gazetteer, Tagger};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Options that the tests change.
#[derive(Default)]
pub struct Options {
    pub decode: decode::Options,
    pub encode: encode::Options,
}

pub fn pipeline(options: &Options) -> Pipeline {
    // Fixed, so that golden records do not change with the version.
    let provenance = Provenance { version: "0.0.0".into(), model: "m".repeat(16), config: "c".repeat(16) };
    Pipeline::new(Parts {
        decoder: Decoder::new(&options.decode),
        normalizer: Normalizer::new(&normalize::Options::default()),
        tagger: tagger(),
        encoder: Encoder::new(&options.encode, provenance),
    })
}

fn tagger() -> Tagger {
    let names = std::fs::read(root().join("models/gazetteer.bin")).unwrap();
    let model = std::fs::read(root().join("models/fast.bin")).unwrap();
    let tagger = Tagger::new(&tag::Options::default(), Gazetteer::new(names).unwrap(), &[]).unwrap();
    tagger.with_linear(Linear::new(model).unwrap())
}

/// As a worker has it with nothing configured.
pub static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| pipeline(&Options::default()));

pub fn enrich(raw: &RawRecord) -> Outcome {
    PIPELINE.enrich(raw, &mut NoWatch)
}

pub fn fixture(name: &str) -> Vec<u8> {
    let path = fixture_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn fixture_path(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

pub fn raw(value: Option<Vec<u8>>, headers: &[(&str, &str)]) -> RawRecord {
    RawRecord {
        origin: Origin { topic: "articles.raw".into(), partition: 2, offset: 1234 },
        timestamp: Some(1_700_000_000_123),
        key: Some("مفتاح-1".as_bytes().to_vec()),
        value_length: value.as_ref().map_or(0, Vec::len),
        value,
        headers: headers.iter().map(|(name, value)| header(name, value)).collect(),
    }
}

pub fn header(name: &str, value: &str) -> Header {
    Header { name: name.to_owned(), value: Some(value.as_bytes().to_vec()) }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn windows_1256(text: &[u8]) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1256.encode(std::str::from_utf8(text).unwrap());
    assert!(!unmappable, "the fixture holds a letter that windows-1256 has not");
    bytes.into_owned()
}

/// The enriched record, after every check that holds for all of them.
pub fn record(outgoing: &Outgoing) -> Value {
    assert_eq!(outgoing.to, Destination::Output, "{:?}", outgoing.header(encode::headers::ERROR_MESSAGE));
    let bytes = outgoing.value.as_deref().expect("an enriched record has a value");
    assert!(!bytes.contains(&b'\n'), "a record is one line");
    let record = serde_json::from_slice(bytes).unwrap();
    check(&record);
    record
}

/// What the schema says, and what no schema can say.
pub fn check(record: &Value) {
    let errors: Vec<String> =
        SCHEMA.iter_errors(record).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "not valid against the schema:\n{}\n{record:#}", errors.join("\n"));

    let text = Characters(record["text"].as_str().unwrap().chars().collect());
    let mut last = 0;
    for block in items(&record["blocks"]) {
        let (start, end) = span(block);
        assert!(start >= last && end > start && end <= text.0.len(), "block {block} after {last}");
        assert!(last == 0 && start == 0 || text.shown(last, start) == "\n", "one line break between blocks");
        let mut from = start;
        for sentence in items(&block["sentences"]) {
            let (start, end) = (number(&sentence[0]), number(&sentence[1]));
            assert!(start >= from && end > start, "sentence {sentence} after {from}");
            assert!(text.shown(from, start).trim().is_empty(), "text between sentences");
            from = end;
        }
        assert!(text.shown(from, end).trim().is_empty(), "text after the last sentence of {block}");
        last = end;
    }
    assert_eq!(last, text.0.len(), "the blocks are the whole text");

    let mut first = (0, 0);
    for (index, entity) in items(&record["entities"]).iter().enumerate() {
        assert_eq!(entity["id"], format!("e{}", index + 1));
        let mentions = items(&entity["mentions"]);
        assert!(span(&mentions[0]) >= first, "entities in the order of their first mention");
        first = span(&mentions[0]);
        let mut last = 0;
        for mention in mentions {
            let (start, end) = span(mention);
            assert!(start >= last, "mentions in order, without overlap");
            last = end;
            assert_eq!(text.shown(start, end), mention["text"].as_str().unwrap());
            let (from, to) = span(&record["blocks"][number(&mention["block"])]);
            assert!(from <= start && end <= to, "{mention} is not in its block");
        }
    }
    let mut last = 0;
    for date in items(&record["dates"]) {
        let (start, end) = span(date);
        assert!(start >= last, "dates in order, without overlap");
        last = end;
        assert_eq!(text.shown(start, end), date["text"].as_str().unwrap());
    }
}

struct Characters(Vec<char>);

impl Characters {
    fn shown(&self, start: usize, end: usize) -> String {
        self.0[start..end].iter().collect()
    }
}

/// JSON for people: indented, lists of numbers on one line.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_pretty(value, 0, &mut out);
    out
}

fn write_pretty(value: &Value, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| out.push_str(&format!("\n{}", "  ".repeat(depth)));
    let flat = items(value).iter().all(|item| item.is_number() || items(item).iter().any(Value::is_number));
    match value {
        Value::Array(items) if !flat => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                line(out, depth + 1);
                write_pretty(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (name, value)) in fields.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                line(out, depth + 1);
                out.push_str(&format!("\"{name}\": "));
                write_pretty(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        _ => out.push_str(&value.to_string().replace(',', if flat && value.is_array() { ", " } else { "," })),
    }
}

pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

pub fn span(value: &Value) -> (usize, usize) {
    (number(&value["start"]), number(&value["end"]))
}

/// The record's JSON Schema as it is published.
pub static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let path = root().join("config/schema/warraq.article.v1.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});
