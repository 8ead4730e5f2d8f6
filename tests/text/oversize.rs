//! A record that is longer than the output topic takes.

use serde_json::json;
use warraq::encode::{self, Oversize, headers};
use warraq::pipeline::{Fate, NoWatch, Pipeline};
use warraq::record::{Degraded, Destination, RawRecord, Reason, Stage};

use crate::support::{Options, fixture, pipeline, raw, record};

const LIMIT: usize = 16 * 1024;

fn with(oversize: Oversize) -> Pipeline {
    let encode = encode::Options { max_record_bytes: LIMIT, oversize, ..encode::Options::default() };
    pipeline(&Options { encode, ..Options::default() })
}

/// One page's paragraphs many times over.
fn long() -> RawRecord {
    let page = String::from_utf8(fixture("iraq-wire.txt")).unwrap();
    let mut text = page.clone();
    for part in 1..40 {
        for line in page.lines().skip(2) {
            text.push_str(&format!("{line} وهذا هو الجزء {part}.\n"));
        }
    }
    raw(Some(text.into_bytes()), &[(headers::CONTENT_TYPE, "text/plain")])
}

#[test]
fn the_text_is_cut_and_the_record_still_holds_its_promises() {
    let outcome = with(Oversize::TruncateText).enrich(&long(), &mut NoWatch);
    assert!(outcome.outgoing.bytes() <= LIMIT, "{} bytes", outcome.outgoing.bytes());
    assert!(outcome.outgoing.bytes() > LIMIT * 3 / 4, "{} bytes: cut too short", outcome.outgoing.bytes());
    let record = record(&outcome.outgoing);
    assert_eq!(record["degraded"], json!([{"stage": "encode", "why": "too_long"}]));
    assert_eq!(outcome.summary.degraded, [Degraded { stage: Stage::Encode, why: "too_long" }]);
    assert!(outcome.summary.text_bytes > record["text"].as_str().unwrap().len());
    let again = with(Oversize::TruncateText).enrich(&long(), &mut NoWatch);
    assert_eq!(outcome, again);
}

#[test]
fn or_the_input_goes_to_the_dead_letters() {
    let input = long();
    let outcome = with(Oversize::DeadLetter).enrich(&input, &mut NoWatch);
    let (stage, reason) = (Stage::Encode, Reason::OutputTooLarge);
    assert_eq!(outcome.summary.fate, Fate::Rejected { stage, reason });
    assert_eq!(outcome.outgoing.to, Destination::DeadLetters);
    assert_eq!(outcome.outgoing.header(headers::ERROR_REASON), Some("output_too_large"));
    let length = input.value.as_ref().unwrap().len().to_string();
    assert_eq!(outcome.outgoing.header(headers::VALUE_TRUNCATED_FROM), Some(length.as_str()));
    assert!(outcome.outgoing.bytes() <= LIMIT);
}
