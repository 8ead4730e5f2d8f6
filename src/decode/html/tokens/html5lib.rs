//! The tokenizer tests of html5lib-tests, through the emitter that pages are
//! read with: characters, start tags with their attributes, and end tags must be
//! what the suite says. Comments, doctypes, errors and the slash of `<br/>` mean
//! nothing to us and are left out on both sides.

use std::io::Read;
use std::path::Path;

use html5gum::{Emitter, State, Tokenizer};
use serde_json::{Map, Value, json};

use super::{Attributes, Handler, Tokens};

/// The files of the suite by name.
fn suite() -> Map<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/html5lib/suite.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[derive(Default)]
struct Seen(Vec<Value>);

impl Seen {
    fn characters(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Value::String(last)) => last.push_str(text),
            _ => self.0.push(Value::String(text.to_owned())),
        }
    }
}

impl Handler for &mut Seen {
    fn text(&mut self, text: &str, _: usize, _: usize) {
        self.characters(text);
    }

    fn open(&mut self, name: &[u8], attributes: &Attributes) -> bool {
        let mut read = Map::new();
        let mut starts = (0, 0);
        for &ends in &attributes.ends {
            let value = attributes.values.get(starts.1..ends.1).unwrap();
            read.entry(attributes.names.get(starts.0..ends.0).unwrap()).or_insert(json!(value));
            starts = ends;
        }
        self.0.push(json!([String::from_utf8_lossy(name), read]));
        true
    }

    fn close(&mut self, name: &[u8]) -> bool {
        self.0.push(json!([String::from_utf8_lossy(name)]));
        true
    }
}

/// What comes out of an input that begins in a state behind a start tag.
fn seen(input: &str, state: State, last_start: Option<&str>) -> Vec<Value> {
    let mut seen = Seen::default();
    let mut tokens = Tokens::new(input, &mut seen);
    tokens.set_last_start_tag(last_start.map(str::as_bytes));
    let mut tokenizer = Tokenizer::new_with_emitter(input, tokens);
    tokenizer.set_state(state);
    tokenizer.next();
    seen.0
}

/// What must come out.
fn expected(output: &[Value], text: &impl Fn(&Value) -> Option<String>) -> Option<Vec<Value>> {
    let mut expected = Seen::default();
    for token in output {
        match token[0].as_str().unwrap() {
            "Character" => expected.characters(&text(&token[1])?),
            "StartTag" => {
                let attributes = token[2].as_object().unwrap().iter();
                let attributes: Option<Map<String, Value>> =
                    attributes.map(|(name, value)| Some((text(&json!(name))?, json!(text(value)?)))).collect();
                expected.0.push(json!([text(&token[1])?, attributes?]));
            }
            "EndTag" => expected.0.push(json!([text(&token[1])?])),
            "Comment" | "DOCTYPE" => {}
            other => panic!("a token of kind {other}"),
        }
    }
    Some(expected.0)
}

/// `\uD834` and the like, written as six characters; `None` for a lone
/// surrogate, which no text in UTF-8 can hold.
fn unescaped(text: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{}\"", text.replace('"', "\\\""))).ok()
}

fn state(name: &str) -> State {
    match name {
        "Data state" => State::Data,
        "PLAINTEXT state" => State::PlainText,
        "RCDATA state" => State::RcData,
        "RAWTEXT state" => State::RawText,
        "Script data state" => State::ScriptData,
        "CDATA section state" => State::CdataSection,
        other => panic!("{other}"),
    }
}

#[test]
fn pages_are_tokenized_as_the_standard_says() {
    let (mut run, mut surrogates) = (0, 0);
    let mut failed: Vec<String> = Vec::new();
    for (file, text) in suite().iter().filter(|(file, _)| file.starts_with("tokenizer/")) {
        let tests: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        // The files of "xmlViolationTests" are for a tokenizer that makes XML.
        for test in tests["tests"].as_array().into_iter().flatten() {
            let escaped = test["doubleEscaped"] == true;
            let text = |value: &Value| {
                let text = value.as_str().unwrap();
                if escaped { unescaped(text) } else { Some(text.to_owned()) }
            };
            let expected = expected(test["output"].as_array().unwrap(), &text);
            let (Some(input), Some(expected)) = (text(&test["input"]), expected) else {
                surrogates += 1;
                continue;
            };
            let initial = test["initialStates"].as_array().cloned().unwrap_or_else(|| vec![json!("Data state")]);
            for name in initial.iter().map(|name| name.as_str().unwrap()) {
                run += 1;
                let got = seen(&input, state(name), test["lastStartTag"].as_str());
                if got != expected {
                    let what = &test["description"];
                    failed.push(format!("{file}: {what} [{name}]: {} expected, {} got", json!(expected), json!(got)));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {run} wrong:\n{failed:#?}", failed.len());
    // A lone surrogate stands in no UTF-8, and so in no page.
    assert_eq!((run, surrogates), (7026, 4));
}
