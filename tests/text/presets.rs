//! Messages as crawlers write them, made by the crawlers themselves from pages
//! written for this project (`make presets`), and the records that they become.

use serde_json::Value;

use crate::support::{enrich, fixture, items, pretty, raw, record};

const TOOLS: [&str; 4] = ["trafilatura", "news-please", "newspaper", "scrapy"];

fn message(page: &str, tool: &str) -> Vec<u8> {
    fixture(&format!("presets/{page}.{tool}.json"))
}

fn made(page: &str, tool: &str) -> Value {
    record(&enrich(&raw(Some(message(page, tool)), &[])).outgoing)
}

fn lines(record: &Value, kind: &str) -> Vec<String> {
    let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
    let place = |block: &Value, name: &str| usize::try_from(block[name].as_u64().unwrap()).unwrap();
    let blocks = items(&record["blocks"]).iter().filter(|block| block["kind"] == kind);
    blocks.map(|block| text[place(block, "start")..place(block, "end")].iter().collect()).collect()
}

/// Whoever fetched the page, the article is the same one.
#[test]
fn a_page_with_all_its_metadata_is_the_same_article_by_every_crawler() {
    for tool in TOOLS {
        let record = made("egypt-jsonld", tool);
        assert_eq!(record["title"], "افتتاح محطة جديدة لتحلية المياه في العريش", "{tool}");
        assert_eq!(record["byline"], "سلمى عبد الرحمن", "{tool}");
        let published = record["published"]["date"].as_str().unwrap();
        assert!(published.starts_with("2023-07-18"), "{tool}: {published}");
        assert_eq!(record["source"]["url"], "https://nile-new.example/egypt/2023/07/18/desalination", "{tool}");
        assert_eq!(record["language"]["tag"], "ar", "{tool}");
        assert!(lines(&record, "paragraph").len() >= 4, "{tool}: {record:#}");
        for foreign in ["الأكثر قراءة", "أسعار الذهب", "جميع الحقوق"] {
            assert!(!record["text"].as_str().unwrap().contains(foreign), "{tool}: {foreign}");
        }
        insta::assert_snapshot!(format!("egypt-jsonld.{tool}"), pretty(&record));
    }
}

/// What a crawler leaves of the page's furniture is cut, and a date that it did
/// not find (news-please writes "None") is none.
#[test]
fn a_bare_page_is_the_same_article_by_every_crawler() {
    let body: Vec<Vec<String>> = TOOLS
        .iter()
        .map(|tool| {
            let record = made("lebanon-bare", tool);
            assert_eq!(record["title"], "بلدية صور تفتتح سوقاً للحرفيين", "{tool}");
            assert_eq!(record["published"], Value::Null, "{tool}");
            let text = record["text"].as_str().unwrap();
            for foreign in ["اقرأ أيضاً", "اترك تعليقاً", "شارك الخبر", "انقطاع المياه", "جميع الحقوق"]
            {
                assert!(!text.contains(foreign), "{tool}: {foreign}");
            }
            insta::assert_snapshot!(format!("lebanon-bare.{tool}"), pretty(&record));
            lines(&record, "paragraph")
        })
        .collect();
    for (tool, lines) in TOOLS.iter().zip(&body) {
        assert_eq!(lines.len(), 4, "{tool}");
        assert_eq!(lines, &body[0], "{tool}");
    }
}

/// A message that names no crawler is known by the fields that it has.
#[test]
fn each_message_has_the_marks_of_its_crawler() {
    let marks = [
        ("trafilatura", "source-hostname"),
        ("news-please", "maintext"),
        ("newspaper", "publish_date"),
        ("scrapy", "html"),
    ];
    for (tool, mark) in marks {
        for page in ["egypt-jsonld", "lebanon-bare"] {
            let message: Value = serde_json::from_slice(&message(page, tool)).unwrap();
            assert!(message.get(mark).is_some(), "{page} by {tool} has no {mark}");
        }
    }
}
