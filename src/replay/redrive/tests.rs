use proptest::prelude::*;

use super::*;
use crate::encode::headers::{ATTEMPTS, ERROR_REASON, ERROR_STAGE, SOURCE, VALUE_TRUNCATED_FROM, VERSION};
use crate::record::{Destination, Header};

fn raw(headers: &[(&str, &str)]) -> RawRecord {
    let header =
        |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: Some(value.as_bytes().to_vec()) };
    RawRecord {
        origin: Origin { topic: "dead".into(), partition: 0, offset: 5 },
        timestamp: Some(1_700_000_000_000),
        key: Some(b"k".to_vec()),
        value: Some(b"{".to_vec()),
        value_length: 1,
        headers: headers.iter().map(header).collect(),
    }
}

fn letter(attempts: &str) -> RawRecord {
    raw(&[
        ("content-type", "application/json"),
        (ERROR_STAGE, "decode"),
        (ERROR_REASON, "invalid_json"),
        (ATTEMPTS, attempts),
        (SOURCE, "raw/3/42"),
        (VERSION, "0.1.0 (abc)"),
    ])
}

fn rules(way: Way) -> Rules {
    Rules { filter: Filter::default(), way, max_attempts: 3, keep_timestamps: true }
}

#[test]
fn a_dead_letter_is_worked_on_as_the_input_that_it_was() {
    let Sifted::Work(input) = rules(Way::Output).sift(letter("1")) else { panic!("no work") };
    assert_eq!(input.origin.to_string(), "raw/3/42");
    assert_eq!((input.header(ATTEMPTS), input.header("content-type")), (Some("1"), Some("application/json")));
    assert_eq!(input.header(ERROR_REASON), None);
    let Sifted::Done(Some(sent), Outcome::Output) = rules(Way::Input).sift(letter("2")) else { panic!("not sent") };
    assert_eq!((sent.to, sent.header(ATTEMPTS), sent.header(SOURCE)), (Destination::Output, Some("2"), None));
    assert_eq!((sent.timestamp, sent.value.as_deref()), (Some(1_700_000_000_000), Some(b"{".as_slice())));
}

#[test]
fn what_cannot_be_tried_again_is_parked_as_it_is() {
    let mut cut = letter("1");
    cut.headers.push(Header { name: VALUE_TRUNCATED_FROM.to_owned(), value: Some(b"99".to_vec()) });
    for parked in [letter("3"), letter("7"), cut] {
        for way in [Way::Output, Way::Input] {
            let Sifted::Done(Some(sent), outcome) = rules(way).sift(parked.clone()) else { panic!("not parked") };
            assert_eq!(outcome, Outcome::Parked(Some(Reason::InvalidJson)));
            assert_eq!((sent.to, &sent.headers, &sent.key), (Destination::Parking, &parked.headers, &parked.key));
            assert_eq!((&sent.value, sent.timestamp), (&parked.value, parked.timestamp));
        }
    }
    let now = Rules { keep_timestamps: false, ..rules(Way::Input) };
    for attempts in ["1", "3"] {
        let Sifted::Done(Some(sent), _) = now.sift(letter(attempts)) else { panic!("not sent") };
        assert_eq!(sent.timestamp, None);
    }
}

#[test]
fn what_is_not_meant_is_passed_over() {
    assert_eq!(rules(Way::Output).sift(raw(&[("a", "b")])), Sifted::Done(None, Outcome::Skipped));
    let only = |filter: Filter| Rules { filter, ..rules(Way::Output) }.judge(&letter("9")).0;
    let meant = Verdict::Exhausted;
    assert_eq!(only(Filter { reasons: vec![Reason::NoText, Reason::InvalidJson], ..Filter::default() }), meant);
    assert_eq!(only(Filter { reasons: vec![Reason::NoText], ..Filter::default() }), Verdict::NotAsked);
    assert_eq!(only(Filter { stages: vec![Stage::Decode], ..Filter::default() }), meant);
    assert_eq!(only(Filter { stages: vec![Stage::Tag], ..Filter::default() }), Verdict::NotAsked);
    for (version, verdict) in
        [("0.1.0", meant), ("0.1.0 (abc)", meant), ("0.1", Verdict::NotAsked), ("0.2.0", Verdict::NotAsked)]
    {
        assert_eq!(only(Filter { versions: vec![version.to_owned()], ..Filter::default() }), verdict, "{version}");
    }
    for (from, verdict) in [
        ("raw", meant),
        ("raw/3", meant),
        ("raw/3/42", meant),
        ("raw/3/41", Verdict::NotAsked),
        ("raw/2", Verdict::NotAsked),
        ("ra", Verdict::NotAsked),
    ] {
        assert_eq!(
            only(Filter { sources: vec![Source::parse(from).unwrap()], ..Filter::default() }),
            verdict,
            "{from}"
        );
    }
    let at = |seconds: i64| Some(Timestamp::from_second(1_700_000_000 + seconds).unwrap());
    for (since, until, verdict) in [
        (at(0), None, meant),
        (at(1), None, Verdict::NotAsked),
        (None, at(1), meant),
        (None, at(0), Verdict::NotAsked),
        (at(0), at(1), meant),
    ] {
        assert_eq!(only(Filter { since, until, ..Filter::default() }), verdict);
    }
    let mut timeless = letter("9");
    timeless.timestamp = None;
    let rules = Rules { filter: Filter { since: at(0), ..Filter::default() }, ..rules(Way::Output) };
    assert_eq!(rules.judge(&timeless).0, Verdict::NotAsked);
}

#[test]
fn a_filter_says_what_it_passes() {
    assert_eq!(Filter::default().to_string(), "all");
    let filter = Filter {
        reasons: vec![Reason::InvalidJson, Reason::NoText],
        sources: vec![Source::parse("raw/3").unwrap(), Source::parse("old").unwrap()],
        since: Some(Timestamp::UNIX_EPOCH),
        ..Filter::default()
    };
    assert_eq!(filter.to_string(), "reason invalid_json,no_text, source raw/3,old, since 1970-01-01T00:00:00Z");
    for wrong in ["", "/1", "a/b", "a/1/c", "a/1/2/3"] {
        assert_eq!(Source::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    /// However often redrives run, a record is tried at most so often as the cap
    /// says, and then parked once.
    #[test]
    fn no_record_is_tried_more_often_than_the_cap(first in 1u32..6, cap in 1u32..8) {
        let rules = Rules { max_attempts: cap, ..rules(Way::Output) };
        let (mut attempts, mut tried) = (first, 0);
        loop {
            match rules.sift(letter(&attempts.to_string())) {
                Sifted::Work(input) => {
                    tried += 1;
                    attempts = crate::encode::headers::attempts(&input);
                }
                Sifted::Done(Some(sent), Outcome::Parked(_)) => {
                    prop_assert_eq!(sent.to, Destination::Parking);
                    break;
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(tried, cap.saturating_sub(first));
    }
}
