//! Every header that warraq writes or reads, once, and which of the input's
//! headers go on.
//!
//! Headers of the input are kept, in their order, but for those that would no
//! longer be true of what is sent: `warraq-*` of an earlier run (a dead letter
//! that is fed in again) are replaced, and an enriched record is JSON in the
//! clear whatever the input was.

use crate::record::{Header, Origin, RawRecord, Reason, Reject, Stage};

/// Media type of the value; ours on an enriched record.
pub const CONTENT_TYPE: &str = "content-type";
/// Compression of the input value; never on an enriched record.
pub const CONTENT_ENCODING: &str = "content-encoding";
/// Length of the input value; never on an enriched record.
pub const CONTENT_LENGTH: &str = "content-length";
/// W3C trace context; an input header like any other, so it is carried on.
pub const TRACEPARENT: &str = "traceparent";

/// What all of our own headers begin with.
pub const PREFIX: &str = "warraq-";
/// `topic/partition/offset` of the input record.
pub const SOURCE: &str = "warraq-source";
/// Version of warraq that wrote the record.
pub const VERSION: &str = "warraq-version";
/// How often the record was tried, this time included. On an enriched record
/// only where the input was a dead letter before.
pub const ATTEMPTS: &str = "warraq-attempts";
/// The [`Stage`] that gave the record up.
pub const ERROR_STAGE: &str = "warraq-error-stage";
/// The [`Reason`] of a dead letter, from a closed list.
pub const ERROR_REASON: &str = "warraq-error-reason";
/// The reason in words, at most [`MESSAGE_BYTES`] long.
pub const ERROR_MESSAGE: &str = "warraq-error-message";
/// Length in bytes of the input value where a dead letter holds its start only.
pub const VALUE_TRUNCATED_FROM: &str = "warraq-value-truncated-from";
/// Length in bytes of the value that the broker refused; the dead letter's own
/// is empty. The input is at [`SOURCE`].
pub const VALUE_OMITTED: &str = "warraq-value-omitted";
/// Number of input headers that did not fit into a dead letter.
pub const HEADERS_OMITTED: &str = "warraq-headers-omitted";
/// Length in bytes of a key that did not fit into a dead letter.
pub const KEY_OMITTED: &str = "warraq-key-omitted";

/// Every header above that warraq writes.
pub const ALL: [&str; 11] = [
    CONTENT_TYPE,
    SOURCE,
    VERSION,
    ATTEMPTS,
    ERROR_STAGE,
    ERROR_REASON,
    ERROR_MESSAGE,
    VALUE_TRUNCATED_FROM,
    VALUE_OMITTED,
    HEADERS_OMITTED,
    KEY_OMITTED,
];

/// Media type of an enriched record.
pub const JSON: &str = "application/json";

/// Longest message of a dead letter, in bytes: enough for a sentence that names
/// the thing, its value and the way out; too short to carry a payload.
pub const MESSAGE_BYTES: usize = 512;

/// How often a record was tried, this time included: a dead letter that is fed
/// in again tells how often it was tried before.
#[must_use]
pub fn attempts(raw: &RawRecord) -> u32 {
    earlier_attempts(raw).unwrap_or(0).saturating_add(1)
}

fn earlier_attempts(raw: &RawRecord) -> Option<u32> {
    raw.header(ATTEMPTS).and_then(|text| text.trim().parse().ok())
}

/// Headers of an enriched record.
pub(super) fn of_record(raw: &RawRecord, version: &str) -> Vec<Header> {
    let mut headers = of_tombstone(raw, version);
    headers.push(header(CONTENT_TYPE, JSON));
    headers
}

/// Headers of a tombstone.
pub(super) fn of_tombstone(raw: &RawRecord, version: &str) -> Vec<Header> {
    let stale = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH];
    let mut headers: Vec<Header> = foreign(&raw.headers)
        .filter(|header| !stale.iter().any(|name| header.name.eq_ignore_ascii_case(name)))
        .cloned()
        .collect();
    push_origin(&mut headers, &raw.origin, version);
    if earlier_attempts(raw).is_some() {
        headers.push(header(ATTEMPTS, &attempts(raw)));
    }
    headers
}

/// What every record that we send tells of itself.
pub(super) fn push_origin(headers: &mut Vec<Header>, origin: &Origin, version: &str) {
    headers.push(header(SOURCE, origin));
    headers.push(header(VERSION, version));
}

/// Why a record is a dead letter.
pub(super) fn push_error(headers: &mut Vec<Header>, stage: Stage, reason: Reason, message: &str, attempts: u32) {
    headers.push(header(ERROR_STAGE, stage.as_str()));
    headers.push(header(ERROR_REASON, reason.as_str()));
    headers.push(header(ERROR_MESSAGE, message));
    headers.push(header(ATTEMPTS, &attempts));
}

/// Headers that are not ours.
pub(super) fn foreign(headers: &[Header]) -> impl Iterator<Item = &Header> {
    headers.iter().filter(|header| !is_ours(&header.name))
}

fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

pub(super) fn header(name: &str, value: &(impl ToString + ?Sized)) -> Header {
    Header { name: name.to_owned(), value: Some(value.to_string().into_bytes()) }
}

/// The message of a reject, as a header holds it: one line, capped, no payload.
pub(super) fn message(reject: &Reject) -> String {
    let mut message = reject.message.as_str();
    if reject.reason == Reason::Panic {
        // Rust's own panics on text quote that text: "… of `the payload`".
        message = message.split_once(" of `").map_or(message, |(before, _)| before);
    }
    capped(message)
}

/// One line of at most [`MESSAGE_BYTES`].
pub(super) fn capped(text: &str) -> String {
    let mut line: String = text.chars().take(MESSAGE_BYTES + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > MESSAGE_BYTES {
        let mut end = MESSAGE_BYTES - '…'.len_utf8();
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests_support::raw;

    #[test]
    fn names_are_lower_case_and_ours_have_the_prefix() {
        for name in ALL {
            assert_eq!(name, name.to_ascii_lowercase());
            assert!(name == CONTENT_TYPE || is_ours(name), "{name}");
        }
        assert!(is_ours("WARRAQ-Source"));
        assert!(!is_ours("warraq") && !is_ours("ورّاق-source"));
    }

    #[test]
    fn a_message_is_one_short_line_without_payload() {
        assert_eq!(capped("a\nb\tc\0"), "a b c ");
        let long = "قلم ".repeat(400);
        let line = capped(&long);
        assert!(line.len() <= MESSAGE_BYTES && line.ends_with('…') && line.starts_with("قلم قلم"), "{line}");
        assert_eq!(capped(&"x".repeat(MESSAGE_BYTES)).len(), MESSAGE_BYTES);

        let panic = "byte index 3 is not a char boundary; it is inside 'ا' (bytes 2..4) of `السر`";
        let told = message(&Reject::new(Stage::Tag, Reason::Panic, panic));
        assert_eq!(told, "byte index 3 is not a char boundary; it is inside 'ا' (bytes 2..4)");
    }

    #[test]
    fn a_record_keeps_the_headers_that_are_still_true() {
        let mut raw = raw(b"{}");
        let input = [
            ("Content-Type", "text/html; charset=windows-1256"),
            (TRACEPARENT, "00-ab-cd-01"),
            ("content-encoding", "gzip"),
            ("x-crawler", "a"),
            ("Content-Length", "17"),
            ("x-crawler", "b"),
            (SOURCE, "old/0/1"),
            ("Warraq-Error-Reason", "panic"),
            (ATTEMPTS, "1"),
        ];
        raw.headers = input.iter().map(|(name, value)| header(name, *value)).collect();
        let kept = [
            header(TRACEPARENT, "00-ab-cd-01"),
            header("x-crawler", "a"),
            header("x-crawler", "b"),
            header(SOURCE, "articles.raw/3/42"),
            header(VERSION, "1.2.3"),
            header(ATTEMPTS, "2"),
        ];
        assert_eq!(of_tombstone(&raw, "1.2.3"), kept);
        assert_eq!(of_record(&raw, "1.2.3"), [kept.as_slice(), &[header(CONTENT_TYPE, JSON)]].concat());
        raw.headers.clear();
        assert_eq!(of_tombstone(&raw, "1.2.3").len(), 2, "the first attempt is not told");
    }

    #[test]
    fn attempts_count_on_from_what_the_input_tells() {
        let mut raw = raw(b"{}");
        assert_eq!(attempts(&raw), 1);
        raw.headers.push(header("Warraq-Attempts", &4));
        assert_eq!(attempts(&raw), 5);
        raw.headers.push(header(ATTEMPTS, "many"));
        assert_eq!(attempts(&raw), 1);
        raw.headers.push(header(ATTEMPTS, &u32::MAX));
        assert_eq!(attempts(&raw), u32::MAX);
    }
}
