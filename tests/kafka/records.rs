//! What is carried: keys, headers, timestamps, tombstones; and the record itself.

use std::time::Duration;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::{self, Fate};
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::worker::Setup;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// 2019-08-04T12:00:00Z: years before now, as in a replay.
const LONG_AGO: i64 = 1_564_920_000_000;

fn with_headers(article: Article) -> Article {
    let mut article = article.header("traceparent", TRACE).header("crawler", "first").header("crawler", "second");
    article.headers.push(("nothing".to_owned(), None));
    article.headers.push(("bytes".to_owned(), Some(vec![0, 0xff, 7])));
    Article { timestamp: Some(LONG_AGO + 1000), ..article }
}

#[test]
fn keys_headers_timestamps_and_tombstones_are_carried() {
    let names = Names::create(broker::shared(), "carried", 2);
    let articles: Vec<Article> = (0..60)
        .map(|number| match number % 6 {
            0 => articles::tombstone(number),
            1 => articles::bad(number, 25),
            2 => Article { key: Some(vec![0, 0xff, 0xfe]), ..articles::good(number, 25) },
            _ => articles::good(number, 25),
        })
        .map(with_headers)
        .collect();
    let expected = topics::produce(&names, articles.clone());
    let mut worker = Setup::new(&names, "a").start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();
    assert_eq!(output.iter().filter(|found| found.value.is_none()).count(), 10);

    for found in output.iter().chain(&dead) {
        let source = found.source().unwrap();
        let article = &articles[expected[&source].number];
        assert_eq!(found.timestamp, article.timestamp, "{source}: the source's timestamp");
        let kept: Vec<_> = found.headers.iter().filter(|(name, _)| !name.starts_with("warraq-")).collect();
        for name in ["traceparent", "crawler", "nothing", "bytes"] {
            let of = |list: &[(String, Option<Vec<u8>>)]| -> Vec<Option<Vec<u8>>> {
                list.iter().filter(|(found, _)| found == name).map(|(_, value)| value.clone()).collect()
            };
            assert_eq!(of(&found.headers), of(&article.headers), "{source}: {name} among {kept:?}");
        }
        assert!(found.header("warraq-version").is_some_and(|version| !version.is_empty()), "{source}");
    }
}

#[test]
fn every_record_is_valid_and_says_where_it_came_from() {
    let names = Names::create(broker::shared(), "valid", 2);
    let articles: Vec<Article> = (0..80).map(|number| articles::good(number, 26)).collect();
    let expected = topics::produce(&names, articles);
    let mut worker = Setup::new(&names, "a").start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    let (output, dead) = names.results(Isolation::Committed);
    checker::check(&expected, &output, &dead).assert_clean();

    let schema = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/config/schema/warraq.article.v1.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    for found in &output {
        let source = found.source().unwrap();
        assert_eq!(found.header("content-type"), Some("application/json"));
        let record: serde_json::Value = serde_json::from_slice(found.value.as_deref().unwrap()).unwrap();
        let errors: Vec<_> = schema.iter_errors(&record).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{source}: {errors:?}");
        assert_eq!(record["source"]["topic"], source.topic.as_str());
        assert_eq!(record["source"]["partition"], source.partition);
        assert_eq!(record["source"]["offset"], source.offset);
        assert_eq!(record["language"]["tag"], "ar", "{source}");
        let number = expected[&source].number;
        assert_eq!(record["title"], articles::title(number), "{source}");
        // Every sentence of what was sent is in the text, and marks are where they say.
        let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
        let joined: String = text.iter().collect();
        for paragraph in articles::paragraphs(number, 26, 2 + number % 5) {
            let start: String = paragraph.chars().take(40).collect();
            assert!(joined.contains(&start), "{source}: `{start}` is not in the text");
        }
        for entity in record["entities"].as_array().unwrap() {
            for mention in entity["mentions"].as_array().unwrap() {
                let at = |key: &str| usize::try_from(mention[key].as_u64().unwrap()).unwrap();
                let marked: String = text[at("start")..at("end")].iter().collect();
                assert_eq!(mention["text"], marked.as_str(), "{source}");
            }
        }
    }
}

/// The same input gives the same bytes, on one thread and on four.
#[test]
fn records_are_the_same_bytes_whatever_the_threads() {
    let names = Names::create(broker::shared(), "same-bytes", 2);
    topics::produce(&names, articles::mixed(400, 27));
    let run = |names: &Names, threads: &str| {
        let mut worker = Setup::new(names, "a").value("enrich", "threads", threads).start_ready();
        names.wait_until_done(Duration::from_secs(60));
        worker.stop();
        let (mut output, mut dead) = names.results(Isolation::Committed);
        output.append(&mut dead);
        output
            .iter()
            .map(|found| (found.source().unwrap(), found.value.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let first = run(&names, "1");
    // The same input, a group and outputs of its own.
    let other = Names::create(broker::shared(), "same-bytes-4", 2);
    let second = run(&Names { input: names.input, ..other }, "4");
    assert_eq!(first.len(), 400);
    assert!(first == second, "some records differ");
    assert!(first.values().flatten().count() > 300);
    let _ = Fate::Output;
}
