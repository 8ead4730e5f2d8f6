//! Bad input: each record one dead letter with its own reason, read back from
//! its headers.

use std::collections::BTreeSet;

use warraq::decode;
use warraq::encode::{headers, refused};
use warraq::pipeline::{Fate, NoWatch};
use warraq::record::{Destination, Outgoing, RawRecord, Reason, Reject, Stage};

use crate::support::{Options, PIPELINE, enrich, fixture, gzip, pipeline, raw};

type Headers = &'static [(&'static str, &'static str)];

const JSON: Headers = &[(headers::CONTENT_TYPE, "application/json")];
const HTML: Headers = &[(headers::CONTENT_TYPE, "text/html")];
const TEXT: Headers = &[(headers::CONTENT_TYPE, "text/plain; charset=utf-8")];
const GZIP: Headers = &[(headers::CONTENT_TYPE, "text/plain"), (headers::CONTENT_ENCODING, "gzip")];
const BROTLI: Headers = &[(headers::CONTENT_TYPE, "text/plain"), (headers::CONTENT_ENCODING, "br")];

/// Values that no stage can make an article of, and why.
fn bad() -> Vec<(Reason, RawRecord)> {
    let record = |value: Vec<u8>, headers: Headers| raw(Some(value), headers);
    let cut_gzip = gzip(&fixture("iraq-wire.txt"));
    let too_large = RawRecord { value_length: 100_000_000, ..record(b"the first bytes".to_vec(), TEXT) };
    vec![
        (Reason::EmptyValue, record(Vec::new(), TEXT)),
        (Reason::ValueTooLarge, too_large),
        (Reason::UnsupportedCompression, record(b"text".to_vec(), BROTLI)),
        (Reason::BrokenCompression, record(cut_gzip[..cut_gzip.len() / 2].to_vec(), GZIP)),
        (Reason::BrokenCompression, record(b"no gzip at all".to_vec(), GZIP)),
        (Reason::DecompressedTooLarge, record(gzip(&vec![b' '; 200_000_000]), GZIP)),
        (Reason::InvalidEncoding, record([b"{\"title\": \"".as_slice(), &[0xc3, 0x28, 0xff], b"\"}"].concat(), JSON)),
        (Reason::InvalidJson, record(fixture("broken.json"), JSON)),
        (Reason::WrongType, record(b"{\"title\": {\"a\": 1}, \"text\": [3]}".to_vec(), JSON)),
        (Reason::JsonTooDeep, record([b"[".repeat(100_000), b"]".repeat(100_000)].concat(), JSON)),
        (Reason::HtmlTooComplex, record(b"<b>".repeat(1_000_000), HTML)),
        (Reason::NoText, record(b"{\"unknown\": 1}".to_vec(), JSON)),
        (Reason::NoText, record(b"<html><body></body></html>".to_vec(), HTML)),
        (Reason::NoText, record(b" \n\t\n ".to_vec(), TEXT)),
    ]
}

/// The reason of a dead letter, after every check that holds for all of them.
fn told(outgoing: &Outgoing, raw: &RawRecord, fate: Fate) -> &'static str {
    assert_eq!(outgoing.to, Destination::DeadLetters);
    let header = |name: &str| outgoing.header(name).unwrap_or_else(|| panic!("{name} is missing"));
    let Fate::Rejected { stage, reason } = fate else { panic!("{fate:?}") };
    assert_eq!(header(headers::ERROR_STAGE), stage.as_str());
    assert_eq!(header(headers::ERROR_REASON), reason.as_str());
    let message = header(headers::ERROR_MESSAGE);
    assert!(!message.is_empty() && message.len() <= headers::MESSAGE_BYTES && !message.contains('\n'), "{message:?}");
    assert_eq!(header(headers::SOURCE), "articles.raw/2/1234");
    assert_eq!(header(headers::ATTEMPTS), "1");
    assert_eq!(header(headers::VERSION), "0.0.0");
    assert_eq!(outgoing.key, raw.key);
    assert_eq!(outgoing.headers.get(..raw.headers.len()), Some(raw.headers.as_slice()), "input headers come first");
    let value = raw.value.as_deref().unwrap_or_default();
    if raw.value_length == value.len() && value.len() < 900_000 {
        assert_eq!(outgoing.value.as_deref(), Some(value), "the value is untouched");
        assert_eq!(outgoing.header(headers::VALUE_TRUNCATED_FROM), None);
    } else {
        assert!(value.starts_with(outgoing.value.as_deref().unwrap()), "the value's start");
        assert_eq!(header(headers::VALUE_TRUNCATED_FROM), raw.value_length.to_string());
    }
    reason.as_str()
}

#[test]
fn each_has_its_own_reason() {
    for (index, (reason, raw)) in bad().into_iter().enumerate() {
        let outcome = enrich(&raw);
        assert_eq!(told(&outcome.outgoing, &raw, outcome.summary.fate), reason.as_str(), "input {index}");
    }
}

#[test]
fn what_the_shell_rejects_is_told_the_same_way() {
    let raw = raw(Some(fixture("iraq-wire.txt")), TEXT);
    for (stage, reason) in [(Stage::Tag, Reason::Panic), (Stage::Decode, Reason::KilledWorker)] {
        let outcome = PIPELINE.reject(&raw, &Reject::new(stage, reason, "told by the shell"));
        assert_eq!(told(&outcome.outgoing, &raw, outcome.summary.fate), reason.as_str());
        assert_eq!(outcome.outgoing.header(headers::ERROR_MESSAGE), Some("told by the shell"));
    }
    let letter = refused(&enrich(&raw).outgoing, "the topic was gone");
    assert_eq!(letter.header(headers::ERROR_REASON), Some(Reason::RefusedByBroker.as_str()));
}

/// The list of reasons is closed: each is made by a test here or in
/// `oversize.rs`.
#[test]
fn no_reason_is_left_out() {
    let elsewhere = [Reason::OutputTooLarge, Reason::RefusedByBroker, Reason::Panic, Reason::KilledWorker];
    let tested: BTreeSet<Reason> = bad().into_iter().map(|(reason, _)| reason).chain(elsewhere).collect();
    assert_eq!(tested, Reason::ALL.iter().copied().collect());
}

#[test]
fn the_message_never_holds_the_payload() {
    let secret = "سرّ-لا-يقال";
    for value in [format!("{{\"title\": \"{secret}\", {secret}"), format!("{{\"title\": [\"{secret}\"]}}")] {
        let outcome = enrich(&raw(Some(value.into_bytes()), JSON));
        let message = outcome.outgoing.header(headers::ERROR_MESSAGE).unwrap().to_owned();
        assert!(!message.contains("سر"), "{message}");
    }
}

/// One bad record after another leaves the pipeline as it was.
#[test]
fn nothing_else_is_hurt() {
    let good = raw(Some(fixture("iraq-wire.txt")), TEXT);
    let fresh = pipeline(&Options { decode: decode::Options::default(), ..Options::default() });
    let before = fresh.enrich(&good, &mut NoWatch);
    assert_eq!(before.summary.fate, Fate::Enriched);
    for (_, raw) in bad() {
        fresh.enrich(&raw, &mut NoWatch);
    }
    assert!(fresh.enrich(&good, &mut NoWatch) == before);
}
