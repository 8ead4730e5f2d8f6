use std::slice::from_ref;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn record(value: &Value) -> Record {
    Record { key: Some(b"k".to_vec()), headers: Vec::new(), value: Some(value.to_string().into_bytes()) }
}

fn entity(kind: &str, name: &str, id: Option<&str>, start: u64) -> Value {
    let mut entity = json!({
        "id": "e1", "type": kind, "name": name, "salience": 0.5, "confidence": 0.9,
        "mentions": [{"start": start, "end": start + 4, "text": name, "block": 0, "how": "gazetteer"}],
    });
    if let Some(id) = id {
        entity["qid"] = json!(id);
    }
    entity
}

fn article(entities: &[Value], dates: &[Value], text: &str) -> Value {
    json!({
        "schema": "warraq.article.v1", "title": "عنوان", "text": text, "entities": entities, "dates": dates,
        "fingerprint": "00", "provenance": {"version": "1", "model": "a", "config": "b"},
    })
}

fn labels(a: &Value, b: &Value) -> Vec<String> {
    compare(&record(a), &record(b)).iter().map(Change::label).collect()
}

#[test]
fn the_same_is_no_change() {
    let article = article(&[entity("person", "سمير", None, 0)], &[], "سمير");
    assert!(labels(&article, &article).is_empty());
}

#[test]
fn a_schemas_identifier_before_a_record_is_provenance() {
    let (one, other) = (article(&[], &[], "سمير"), article(&[], &[], "سمير في بيروت"));
    let framed = |value: &Value, id: u8| {
        let record = record(value);
        Record { value: Some([&[0, 0, 0, 0, id], record.value.as_deref().unwrap()].concat()), ..record }
    };
    let labels = |a: &Record, b: &Record| compare(a, b).iter().map(Change::label).collect::<Vec<_>>();
    assert_eq!(labels(&framed(&one, 7), &framed(&other, 7)), ["text"]);
    assert_eq!(labels(&framed(&one, 7), &framed(&one, 8)), ["provenance"]);
    assert_eq!(labels(&record(&one), &framed(&one, 8)), ["provenance.added"]);
}

#[test]
fn entities_are_added_removed_retyped_and_relinked() {
    let of = |entities: &[Value]| article(entities, &[], "سمير في بيروت");
    let (person, place) = (entity("person", "سمير", None, 0), entity("place", "بيروت", Some("Q3820"), 8));
    let both = of(&[person.clone(), place.clone()]);
    assert_eq!(labels(&of(from_ref(&person)), &both), ["entities.added"]);
    assert_eq!(labels(&both, &of(from_ref(&place))), ["entities.removed"]);
    assert_eq!(labels(&both, &of(&[place.clone(), person.clone()])), ["entities.order"]);
    let organization = entity("organization", "سمير", None, 0);
    assert_eq!(labels(&both, &of(&[organization, place.clone()])), ["entities.retyped"]);
    let changes = compare(&record(&both), &record(&of(&[person, entity("place", "بيروت", None, 8)])));
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].kind, changes[0].what.as_str()), (Kind::Relinked, "بيروت"));
    assert_eq!(changes[0].before.as_deref(), Some("بيروت (qid Q3820)"));
    assert_eq!(changes[0].after.as_deref(), Some("بيروت (not linked)"));
    // Another name at the same place: one thing, relinked and retyped.
    let renamed = of(&[entity("organization", "سمير الحداد", None, 0), place]);
    let found = labels(&both, &renamed);
    assert!(found.contains(&"entities.retyped".to_owned()) && found.contains(&"entities.relinked".to_owned()));
    assert!(!found.iter().any(|label| label == "entities.added" || label == "entities.removed"), "{found:?}");
}

#[test]
fn one_name_is_one_thing_though_the_text_around_it_changed() {
    let one = article(&[entity("person", "سمير", None, 0)], &[], "سمير هنا");
    let other = article(&[entity("organization", "سمير", Some("Q1"), 9)], &[], "هنا وهناك سمير");
    assert_eq!(labels(&one, &other), ["text", "entities.retyped", "entities.relinked", "entities.mentions"]);
}

#[test]
fn one_identifier_is_one_thing_under_two_names() {
    let of = |name: &str| article(&[entity("place", name, Some("Q3820"), 8)], &[], "x");
    assert_eq!(labels(&of("بيروت"), &of("Beirut")), ["entities.relinked", "entities.mentions"]);
}

#[test]
fn places_and_scores_are_told_apart() {
    let of = |entity: Value| article(&[entity], &[], "x");
    let one = entity("person", "سمير", None, 0);
    assert_eq!(labels(&of(one.clone()), &of(entity("person", "سمير", None, 9))), ["entities.mentions"]);
    let mut scored = one.clone();
    scored["confidence"] = json!(0.1);
    assert_eq!(labels(&of(one), &of(scored)), ["entities.scores"]);
}

#[test]
fn dates_are_matched_by_their_words() {
    let date = |text: &str, value: &str| json!({"start": 0, "end": 4, "text": text, "value": value, "calendar": "gregorian", "resolved_by": "explicit"});
    let of = |dates: &[Value]| article(&[], dates, "x");
    let (one, two) = (date("5 أيار", "2024-05-05"), date("أمس", "2024-05-04"));
    assert_eq!(labels(&of(from_ref(&one)), &of(&[one.clone(), two.clone()])), ["dates.added"]);
    assert_eq!(labels(&of(&[one.clone(), two.clone()]), &of(from_ref(&two))), ["dates.removed"]);
    let moved = date("أمس", "2023-05-04");
    let changes = compare(&record(&of(from_ref(&two))), &record(&of(&[moved])));
    assert_eq!(changes[0].label(), "dates");
    assert!(changes[0].before.as_deref().unwrap().starts_with("2024-05-04 (gregorian, by explicit)"));
    assert_eq!(labels(&of(&[one.clone(), two.clone()]), &of(&[two, one])), ["dates.order"]);
}

#[test]
fn other_fields_by_their_names() {
    let one = article(&[], &[], "نص");
    let with = |name: &str, value: Value| {
        let mut other = one.clone();
        other[name] = value;
        other
    };
    assert_eq!(labels(&one, &with("text", json!("نصّ"))), ["text"]);
    assert_eq!(labels(&one, &with("title", Value::Null)), ["metadata.removed"]);
    assert_eq!(labels(&one, &with("byline", json!("سمير"))), ["metadata.added"]);
    assert_eq!(labels(&one, &with("provenance", json!({"version": "2"}))), ["provenance"]);
    assert_eq!(labels(&one, &with("summary", json!("جديد"))), ["other.added"]);
}

#[test]
fn tombstones_dead_letters_keys_and_headers() {
    let one = record(&article(&[], &[], "نص"));
    let tombstone = Record { value: None, ..one.clone() };
    let labels = |a: &Record, b: &Record| compare(a, b).iter().map(Change::label).collect::<Vec<_>>();
    assert_eq!(labels(&one, &tombstone), ["tombstone.removed"]);
    assert_eq!(labels(&tombstone, &one), ["tombstone.added"]);
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let dead = Record {
        headers: vec![header(headers::ERROR_REASON, "no_text")],
        value: Some(b"\xff\xfe".to_vec()),
        ..one.clone()
    };
    assert_eq!(labels(&one, &dead), ["dead_letter.added"]);
    let other = Record { headers: vec![header(headers::ERROR_REASON, "panic")], ..dead.clone() };
    assert_eq!(labels(&dead, &other), ["dead_letter"]);
    assert_eq!(labels(&one, &Record { key: None, ..one.clone() }), ["key.removed"]);
    let version = |version: &str| Record { headers: vec![header(headers::VERSION, version)], ..one.clone() };
    assert_eq!(labels(&version("1"), &version("2")), ["provenance"]);
    assert_eq!(labels(&one, &Record { headers: vec![header("x", "y")], ..one.clone() }), ["headers.added"]);
    let two = |a: &str, b: &str| Record { headers: vec![header(a, "1"), header(b, "1")], ..one.clone() };
    assert_eq!(labels(&two("x", "y"), &two("y", "x")), ["headers.order"]);
    let broken = Record { value: Some(b"not json".to_vec()), ..one.clone() };
    assert_eq!(labels(&one, &broken), ["other"]);
    let spaced = Record { value: Some([one.value.as_deref().unwrap(), b" "].concat()), ..one.clone() };
    assert_eq!(labels(&one, &spaced), ["other.order"]);
}

fn value() -> impl Strategy<Value = Value> {
    let entity = (
        prop::sample::select(vec!["person", "place", "organization"]),
        prop::sample::select(vec!["سمير", "بيروت", "النهار", "ليلى"]),
        prop::option::of(prop::sample::select(vec!["Q1", "Q2"])),
        0..6_u64,
        0..3_u32,
    )
        .prop_map(|(kind, name, id, start, score)| {
            let mut entity = entity(kind, name, id, start * 5);
            entity["salience"] = json!(f64::from(score) / 4.0);
            entity
        });
    let date = (prop::sample::select(vec!["أمس", "5 أيار"]), prop::sample::select(vec!["2024-05-05", "2023-05-05"]))
        .prop_map(|(text, value)| json!({"start": 0, "end": 3, "text": text, "value": value}));
    let texts = prop::sample::select(vec!["نص", "نصّ"]);
    (prop::collection::vec(entity, 0..5), prop::collection::vec(date, 0..3), texts)
        .prop_map(|(entities, dates, text)| article(&entities, &dates, text))
}

fn reversed(changes: Vec<Change>) -> Vec<Change> {
    let mut reversed: Vec<Change> = changes
        .into_iter()
        .map(|change| Change {
            kind: match change.kind {
                Kind::Added => Kind::Removed,
                Kind::Removed => Kind::Added,
                other => other,
            },
            before: change.after,
            after: change.before,
            ..change
        })
        .collect();
    reversed.sort();
    reversed
}

proptest! {
    #[test]
    fn the_other_way_round_it_is_the_same_reversed(a in value(), b in value()) {
        let (a, b) = (record(&a), record(&b));
        prop_assert_eq!(reversed(compare(&a, &b)), compare(&b, &a));
    }

    #[test]
    fn a_change_is_found_if_and_only_if_there_is_one(a in value(), b in value()) {
        prop_assert_eq!(compare(&record(&a), &record(&b)).is_empty(), a == b);
    }

    #[test]
    fn any_bytes_can_be_compared(a in prop::collection::vec(any::<u8>(), 0..60), b in prop::collection::vec(any::<u8>(), 0..60)) {
        let of = |value: &[u8]| Record { value: Some(value.to_vec()), ..Record::default() };
        prop_assert_eq!(compare(&of(&a), &of(&b)).is_empty(), a == b);
    }
}
