//! What the shell sees of a record on its way, and what a deadline cuts.

use serde_json::json;
use warraq::encode::headers;
use warraq::pipeline::{Fate, Watch};
use warraq::record::{Degraded, Reason, Stage};

use crate::support::{PIPELINE, fixture, items, raw, record};

/// Writes down what it is told.
#[derive(Default)]
struct Recorder {
    begun: Vec<Stage>,
    ended: Vec<Stage>,
    late: bool,
}

impl Watch for Recorder {
    fn begin(&mut self, stage: Stage) {
        assert_eq!(self.begun.len(), self.ended.len(), "{stage:?} begins inside another stage");
        self.begun.push(stage);
    }

    fn end(&mut self, stage: Stage) {
        self.ended.push(stage);
    }

    fn expired(&mut self) -> bool {
        self.late
    }
}

const TEXT: &[(&str, &str)] = &[(headers::CONTENT_TYPE, "text/plain")];
const JSON: &[(&str, &str)] = &[(headers::CONTENT_TYPE, "application/json")];

#[test]
fn each_stage_begins_and_ends_once() {
    let mut watch = Recorder::default();
    let outcome = PIPELINE.enrich(&raw(Some(fixture("iraq-wire.txt")), TEXT), &mut watch);
    assert_eq!(outcome.summary.fate, Fate::Enriched);
    assert_eq!(watch.begun, [Stage::Decode, Stage::Normalize, Stage::Tag, Stage::Encode]);
    assert_eq!(watch.ended, watch.begun);

    let mut watch = Recorder::default();
    let outcome = PIPELINE.enrich(&raw(Some(fixture("broken.json")), JSON), &mut watch);
    assert_eq!(outcome.summary.fate, Fate::Rejected { stage: Stage::Decode, reason: Reason::InvalidJson });
    assert_eq!(
        (watch.begun.as_slice(), watch.ended.as_slice()),
        ([Stage::Decode].as_slice(), [Stage::Decode].as_slice())
    );

    let mut watch = Recorder::default();
    let outcome = PIPELINE.enrich(&raw(None, JSON), &mut watch);
    assert_eq!((outcome.summary.fate, watch.begun.len()), (Fate::Tombstone, 0));
}

#[test]
fn the_summary_counts_what_the_record_holds() {
    let outcome = PIPELINE.enrich(&raw(Some(fixture("iraq-wire.txt")), TEXT), &mut Recorder::default());
    let record = record(&outcome.outgoing);
    let summary = outcome.summary;
    assert_eq!(summary.language.as_deref(), record["language"]["tag"].as_str());
    assert_eq!(summary.entities.iter().sum::<usize>(), items(&record["entities"]).len());
    assert!(summary.entities.iter().sum::<usize>() > 3, "{:?}", summary.entities);
    assert_eq!(summary.dates, items(&record["dates"]).len());
    assert_eq!(summary.text_bytes, record["text"].as_str().unwrap().len());
    assert_eq!(summary.degraded, []);
}

/// A late record goes without its entities, not to the dead letters.
#[test]
fn past_the_deadline_the_tagger_is_left_out() {
    let mut watch = Recorder { late: true, ..Recorder::default() };
    let outcome = PIPELINE.enrich(&raw(Some(fixture("gulf-trafilatura.json")), JSON), &mut watch);
    assert_eq!(watch.begun, [Stage::Decode, Stage::Normalize, Stage::Encode]);
    let record = record(&outcome.outgoing);
    assert_eq!(record["degraded"], json!([{"stage": "tag", "why": "deadline"}]));
    assert_eq!(outcome.summary.degraded, [Degraded { stage: Stage::Tag, why: "deadline" }]);
    assert_eq!((&record["entities"], &record["dates"]), (&json!([]), &json!([])));
    assert_eq!(record["published"]["date"], "2022-10-20", "what the payload itself says is kept");
}
