//! Never wedged by a record: each bad one is one dead letter with its own
//! reason, and nothing else is hurt.

use std::time::Duration;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{self, Fate};
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::worker::Setup;

const NEEDLE: &str = "warraq-test-needle-that-panics";
const LARGE: usize = 100_000_000;

fn deep_json(depth: usize) -> String {
    format!("{{\"title\":\"عنوان\",\"text\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

fn bomb() -> Article {
    articles::gzip(Article::new(0, vec![b' '; 200 << 20], Fate::Output))
}

/// One of every kind, with its name.
fn bad() -> Vec<(&'static str, Article)> {
    let dead = |number: usize, value: Vec<u8>, reason: &'static str| Article::new(number, value, Fate::Dead(reason));
    let open_tags = format!("<html><body><h1>عنوان</h1>{}", "<div>".repeat(1_000_000));
    let mut invalid = articles::trafilatura(3, 1, 2).value.unwrap();
    let middle = invalid.len() / 2;
    invalid.splice(middle..middle, [0xff, 0xfe, 0xff, 0xc0]);
    let json = |article: Article| article.header("content-type", "application/json");
    vec![
        ("broken JSON", json(dead(1, br#"{"title": "a", "text": "#.to_vec(), "invalid_json"))),
        ("wrong types", json(dead(2, br#"{"title": "a", "text": 4711}"#.to_vec(), "wrong_type"))),
        (
            "invalid UTF-8",
            dead(3, invalid, "invalid_encoding").header("content-type", "application/json; charset=utf-8"),
        ),
        ("a value of 100 MB", json(dead(4, vec![b'x'; LARGE], "value_too_large"))),
        ("JSON nested 100,000 deep", json(dead(5, deep_json(100_000).into_bytes(), "json_too_deep"))),
        ("a gzip bomb", Article { fate: Fate::Dead("decompressed_too_large"), key: None, ..bomb() }),
        (
            "HTML of 1,000,000 open tags",
            dead(7, open_tags.into_bytes(), "html_too_complex").header("content-type", "text/html"),
        ),
        ("an empty value", dead(8, Vec::new(), "empty_value")),
        ("a panic in a stage", json(dead(9, format!(r#"{{"title":"a","text":"{NEEDLE}"}}"#).into_bytes(), "panic"))),
    ]
}

#[test]
fn each_bad_record_is_one_dead_letter_with_its_own_reason_and_nothing_else_is_hurt() {
    let settings = [("max.message.bytes", "110000000")];
    let names = Names::create_with(broker::shared(), "bad-input", 2, &settings);
    let bad = bad();
    let mut articles = Vec::new();
    for (number, (_, article)) in bad.iter().enumerate() {
        articles.extend((0..6).map(|good| articles::good(number * 6 + good, 12)));
        articles.push(article.clone());
    }
    articles.extend((0..20).map(|number| articles::good(1000 + number, 12)));
    let producer = [("message.max.bytes", "110000000"), ("queue.buffering.max.kbytes", "400000")];
    let expected = topics::produce_with(&names, articles, &producer);

    let mut worker = Setup::new(&names, "a").environment("WARRAQ_TEST_PANIC_ON", NEEDLE).start_ready();
    names.wait_until_done(Duration::from_secs(120));
    let metrics = worker.metrics();
    let peak = worker.peak_memory() >> 20;
    worker.stop();
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();

    let mut reasons = std::collections::BTreeSet::new();
    for (name, article) in &bad {
        let Fate::Dead(reason) = article.fate else { unreachable!() };
        assert!(reasons.insert(reason), "{name} shares its reason {reason} with another");
        let letter = dead.iter().find(|letter| letter.header("warraq-error-reason") == Some(reason)).unwrap();
        assert!(!letter.header("warraq-error-stage").unwrap_or_default().is_empty(), "{name}");
        assert_eq!(letter.header("warraq-attempts"), Some("1"), "{name}");
        assert!(letter.header("warraq-version").is_some(), "{name}");
        let message = letter.header("warraq-error-message").unwrap();
        assert!(!message.is_empty() && !message.contains(NEEDLE), "{name}: {message}");
        println!("bad input: {name}: {reason}: {message}");
        let (sent, kept) = (article.value.as_deref().unwrap(), letter.value.as_deref().unwrap_or_default());
        match letter.header("warraq-value-truncated-from") {
            Some(length) => {
                assert_eq!(length, sent.len().to_string(), "{name}");
                assert!(sent.starts_with(kept), "{name}: the start was changed");
            }
            None => assert!(sent == kept, "{name}: {} bytes became {}", sent.len(), kept.len()),
        }
        for (header, value) in &article.headers {
            assert!(letter.headers.contains(&(header.clone(), value.clone())), "{name}: {header} was not kept");
        }
        let label = format!("reason=\"{reason}\"");
        assert_eq!(metrics.sum_where("warraq_dead_lettered_records_total", &label), Some(1.0), "{name}");
    }
    println!("bad input: peak {peak} MiB");
}

/// A transaction of a backlog is still being filled when the broker refuses a record
/// of it; from then on it takes no more.
#[test]
fn records_that_the_output_does_not_take_are_dead_letters_amid_a_backlog() {
    let names = Names::create(broker::shared(), "refused", 3);
    topics::delete_topic(&names.bootstrap, &names.output);
    topics::create_topic(&names.bootstrap, &names.output, 3, &[("max.message.bytes", "100000")]);
    let article = |number: usize| match number % 1000 {
        500 => Article { fate: Fate::Dead("refused_by_broker"), ..articles::plain(number, 23, 750) },
        _ => articles::plain(number, 23, 1),
    };
    let expected = topics::produce(&names, (0..6000).map(article));
    let mut worker = Setup::new(&names, "a").start_ready();
    names.wait_until_done(Duration::from_secs(120));
    worker.stop();
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();
    assert_eq!(dead.len(), 6);
}
