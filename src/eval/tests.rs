use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn tags(line: &str) -> Vec<Tag> {
    let labels = Labels::default();
    line.split_whitespace().map(|label| labels.read(label).unwrap()).collect()
}

fn report(sentences: &[(&str, &str, &str)]) -> Report {
    let mut tally = Tally::default();
    for (tokens, gold, said) in sentences {
        let tokens: Vec<&str> = tokens.split_whitespace().collect();
        let (gold, said) = (tags(gold), tags(said));
        assert!(tokens.len() == gold.len() && gold.len() == said.len());
        tally.add(&Sentence { tokens: &tokens, gold: &gold, said: &said });
    }
    tally.report(5)
}

/// Figures of seqeval on sequences with stray `I-`; `tests/support/seqeval_fixture.py`
/// makes them.
#[test]
fn figures_are_those_of_seqeval() {
    let fixture: Value = serde_json::from_str(include_str!("../../tests/fixtures/seqeval.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    for case in cases {
        let labelled = |name: &str| -> Vec<Vec<Tag>> {
            case[name].as_array().unwrap().iter().map(|line| tags(line.as_str().unwrap())).collect()
        };
        let mut tally = Tally::default();
        for (gold, said) in labelled("gold").iter().zip(&labelled("said")) {
            tally.add(&Sentence { tokens: &vec!["x"; gold.len()], gold, said });
        }
        let report = tally.report(0);
        let scores = report.types.iter().map(|(kind, score)| (kind.as_str(), score)).chain([("all", &report.all)]);
        for (name, score) in scores {
            let expected = &case["scores"][name];
            let near = |key: &str, got: f64| {
                // A type that occurs nowhere is not in seqeval's report.
                let expected = expected[key].as_f64().unwrap_or(0.0);
                assert!((expected - got).abs() < 1e-12, "{name} {key}: seqeval {expected}, here {got}\n{case}");
            };
            near("precision", score.precision);
            near("recall", score.recall);
            near("f1", score.f1);
            assert_eq!(expected["gold"].as_u64().unwrap_or(0), score.gold as u64, "{name}\n{case}");
        }
    }
}

#[test]
fn an_inside_that_continues_nothing_opens_a_name() {
    let name = |first, last, kind| Span { first, last, kind };
    let (person, place) = (Kind::Person, Kind::Place);
    assert_eq!(spans(&tags("I-PER I-PER O I-LOC")), [name(0, 1, person), name(3, 3, place)]);
    assert_eq!(spans(&tags("B-PER I-LOC")), [name(0, 0, person), name(1, 1, place)]);
    assert_eq!(spans(&tags("B-PER B-PER I-PER")), [name(0, 0, person), name(1, 2, person)]);
    assert_eq!(spans(&tags("S-PER I-PER E-PER I-PER")), [name(0, 0, person), name(1, 2, person), name(3, 3, person)]);
}

#[test]
fn each_error_is_of_one_sort_and_counted_on_both_sides() {
    let report = report(&[
        ("زار كريم حداد دمشق", "O B-PER I-PER B-LOC", "O B-PER O B-ORG"),
        ("عاد كريم حداد", "O B-PER I-PER", "O B-PER O"),
        ("قال رسول إن مصر فازت", "O O O B-LOC O", "O B-PER O O O"),
    ]);
    let told: Vec<_> = report.errors.iter().map(|error| (error.error, error.count, error.surface.as_str())).collect();
    let expected =
        [(What::Missed, 1, "مصر"), (What::False, 1, "رسول"), (What::Type, 1, "دمشق"), (What::Boundary, 2, "كريم حداد")];
    assert_eq!(told, expected);
    assert_eq!(report.errors[1].context, "قال [رسول] إن مصر فازت");
    assert_eq!(report.errors[3].said_surface.as_deref(), Some("كريم"));
    let (place, person) = (&report.confusion[&Kind::Place], &report.confusion[&Kind::Person]);
    assert_eq!((place.said_as[&Kind::Organization], place.missed), (1, 1));
    assert_eq!((person.boundary, person.missed), (2, 0));
    assert_eq!(report.surplus[&Kind::Person], Surplus { boundary: 2, false_alarm: 1 });
    assert_eq!((report.all.gold, report.all.said, report.all.right), (4, 4, 0));
}

#[test]
fn misc_counts_in_one_of_the_two_sums() {
    let report = report(&[("كأس العالم دمشق كريم", "B-MISC I-MISC B-LOC B-PER", "O O B-LOC B-MISC")]);
    assert_eq!((report.all.gold, report.all.said, report.all.right), (3, 2, 1));
    let Score { gold, said, right, precision, recall, .. } = report.without_misc;
    assert_eq!((gold, said, right), (2, 1, 1));
    assert_eq!((precision, recall), (1.0, 0.5));
}

#[test]
fn nothing_at_all_is_no_division_by_zero() {
    let report = report(&[("x", "O", "O")]);
    assert_eq!((report.all.precision, report.all.recall, report.all.f1), (0.0, 0.0, 0.0));
    assert_eq!((report.sentences, report.tokens), (1, 1));
}

#[test]
fn the_report_shows_counts_and_a_sentence_of_each_error() {
    let long = format!("{} دمشق {}", "كلمة ".repeat(40), "كلمة ".repeat(40));
    let outside = "O ".repeat(40);
    let text =
        report(&[(&long, &format!("{outside} B-GPE {outside}"), &format!("{outside} B-PER {outside}"))]).to_string();
    assert!(text.contains("\nLOC                  0.00    0.00    0.00       1       0       0\n"), "{text}");
    assert!(
        text.contains("\nwrong type, the most frequent first\n     1 × LOC دمشق said as PER\n         … كلمة"),
        "{text}"
    );
    assert!(text.trim_end().ends_with("كلمة …"), "{text}");
}

/// Names with gaps between them, and the length of their sentence.
fn names() -> impl Strategy<Value = (Vec<Span>, usize)> {
    let name = (0usize..3, 1usize..4, proptest::sample::select(Kind::ALL.to_vec()));
    proptest::collection::vec(name, 0..8).prop_map(|names| {
        let (mut spans, mut at) = (Vec::new(), 0);
        for (gap, words, kind) in names {
            spans.push(Span { first: at + gap, last: at + gap + words - 1, kind });
            at += gap + words;
        }
        (spans, at + 1)
    })
}

/// The labels of names in one of the three ways of writing them.
fn written(spans: &[Span], tokens: usize, way: &str) -> Vec<Tag> {
    let mut tags = vec![Tag::Outside; tokens];
    let mut before: Option<Span> = None;
    for span in spans {
        for (index, tag) in tags.iter_mut().enumerate().take(span.last + 1).skip(span.first) {
            let touches = before.is_some_and(|before| before.last + 1 == span.first && before.kind == span.kind);
            let part = match (way, index == span.first, index == span.last) {
                // IOB1 says Begin only where a name follows one of its type.
                ("iob1", true, _) if !touches => Part::Inside,
                ("iobes", true, true) => Part::Single,
                ("iobes", false, true) => Part::End,
                (_, true, _) => Part::Begin,
                _ => Part::Inside,
            };
            *tag = Tag::Of(part, span.kind);
        }
        before = Some(*span);
    }
    tags
}

fn any_tags() -> impl Strategy<Value = Vec<Tag>> {
    let parts = [Part::Begin, Part::Inside, Part::End, Part::Single];
    let tag = (proptest::sample::select(parts.to_vec()), proptest::sample::select(Kind::ALL.to_vec()));
    let tag = prop_oneof![2 => Just(Tag::Outside), 3 => tag.prop_map(|(part, kind)| Tag::Of(part, kind))];
    proptest::collection::vec(tag, 0..30)
}

proptest! {
    #[test]
    fn names_come_back_however_they_are_written((names, tokens) in names()) {
        for way in ["iob2", "iob1", "iobes"] {
            prop_assert_eq!(&spans(&written(&names, tokens, way)), &names, "{}", way);
        }
    }

    #[test]
    fn the_gold_itself_is_all_right(gold in any_tags()) {
        let mut tally = Tally::default();
        tally.add(&Sentence { tokens: &vec!["x"; gold.len()], gold: &gold, said: &gold });
        let report = tally.report(5);
        let whole = if spans(&gold).is_empty() { 0.0 } else { 1.0 };
        prop_assert_eq!([report.all.precision, report.all.recall, report.all.f1], [whole; 3]);
        prop_assert!(report.errors.is_empty());
    }

    #[test]
    fn every_name_is_counted_once_on_each_side(gold in any_tags(), said in any_tags()) {
        let tokens = gold.len().min(said.len());
        let (gold, said) = (&gold[..tokens], &said[..tokens]);
        let mut tally = Tally::default();
        tally.add(&Sentence { tokens: &vec!["x"; tokens], gold, said });
        let report = tally.report(usize::MAX);
        prop_assert_eq!(report.all.gold, spans(gold).len());
        prop_assert_eq!(report.all.said, spans(said).len());
        let both = spans(gold).iter().filter(|span| spans(said).contains(span)).count();
        prop_assert_eq!(report.all.right, both);
        let missing: usize = report.errors.iter().filter(|one| one.error != What::False).map(|one| one.count).sum();
        prop_assert_eq!(missing, report.all.gold - both);
    }
}
