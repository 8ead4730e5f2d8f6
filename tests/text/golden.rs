//! Golden records: each page of `tests/fixtures/` and the record it becomes.
//!
//! All pages were written for this project; their persons are invented. After a
//! change that is meant, `INSTA_UPDATE=always cargo test --test text golden`
//! writes the new records, and the difference is for the review to judge.

use std::fmt::Write;

use warraq::encode::headers;
use warraq::record::{Destination, Outgoing, RawRecord};

use crate::support::{enrich, fixture, gzip, pretty, raw, record, windows_1256};

const JSON: (&str, &str) = (headers::CONTENT_TYPE, "application/json");
const HTML: (&str, &str) = (headers::CONTENT_TYPE, "text/html");
const TEXT: (&str, &str) = (headers::CONTENT_TYPE, "text/plain; charset=utf-8");
const TRACE: (&str, &str) = (headers::TRACEPARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
const GZIP: (&str, &str) = (headers::CONTENT_ENCODING, "gzip");

macro_rules! golden {
    ($($name:ident: $file:literal, [$($header:expr),*] $(, $change:expr)?;)*) => {
        $(
            #[test]
            fn $name() {
                let bytes = fixture($file);
                $(let bytes = $change(&bytes);)?
                compare(stringify!($name), &raw(Some(bytes), &[$($header),*]));
            }
        )*

        /// Every page above as it goes in.
        pub fn pages() -> Vec<RawRecord> {
            vec![$({
                let bytes = fixture($file);
                $(let bytes = $change(&bytes);)?
                raw(Some(bytes), &[$($header),*])
            }),*]
        }
    };
}

golden! {
    levant_plain: "levant-plain.txt", [TEXT];
    iraq_wire: "iraq-wire.txt", [TRACE];
    egypt_json_ld: "egypt-jsonld.html", [HTML, TRACE];
    gulf_trafilatura: "gulf-trafilatura.json", [JSON];
    gulf_marks: "gulf-marks.txt", [TEXT];
    maghreb_scrapy: "maghreb-scrapy.json", [];
    morocco_news_please: "morocco-newsplease.json", [JSON];
    palestine_newspaper: "newspaper4k.json", [JSON];
    sudan_wet: "sudan-wet.json", [JSON];
    jordan_windows_1256: "jordan-1256.html", [], windows_1256;
    syria_gzip: "syria-gzip.txt", [TEXT, GZIP], gzip;
    english: "english.txt", [TEXT];
    persian: "persian.txt", [TEXT];
}

fn compare(name: &str, raw: &RawRecord) {
    let outcome = enrich(raw);
    let json = record(&outcome.outgoing);
    let shown = format!("{}\n{}", envelope(&outcome.outgoing), pretty(&json));
    insta::assert_snapshot!(name, shown);
}

/// Everything of a record but its value, a line each.
fn envelope(outgoing: &Outgoing) -> String {
    let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut out =
        format!("to: {:?}\nkey: {:?}\ntimestamp: {:?}\n", outgoing.to, text(&outgoing.key), outgoing.timestamp);
    for header in &outgoing.headers {
        writeln!(out, "{}: {}", header.name, text(&header.value).unwrap_or_default()).unwrap();
    }
    out
}

#[test]
fn a_tombstone_passes_with_its_key() {
    let outcome = enrich(&raw(None, &[TRACE, JSON]));
    assert_eq!((outcome.outgoing.to, outcome.outgoing.value.as_ref()), (Destination::Output, None));
    insta::assert_snapshot!("tombstone", envelope(&outcome.outgoing));
}

#[test]
fn broken_json_is_a_dead_letter() {
    let outcome = enrich(&raw(Some(fixture("broken.json")), &[TRACE, JSON]));
    assert_eq!(outcome.outgoing.to, Destination::DeadLetters);
    assert_eq!(outcome.outgoing.value, Some(fixture("broken.json")), "the value is untouched");
    insta::assert_snapshot!("broken_json", envelope(&outcome.outgoing));
}
