//! Any bytes through all rooms: one record comes out, and each mention stands
//! where it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use warraq::pipeline::{Fate, NoWatch};

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).expect("a position")
}

fn stands(chars: &[char], mention: &Value) {
    let (start, end) = (number(&mention["start"]), number(&mention["end"]));
    let shown: String = chars.get(start..end).expect("a mention outside of the text").iter().collect();
    assert_eq!(Some(shown.as_str()), mention["text"].as_str());
}

fuzz_target!(|data: &[u8]| {
    let raw = warraq_fuzz::raw(data, &[]);
    let outcome = warraq_fuzz::PIPELINE.enrich(&raw, &mut NoWatch);
    if outcome.summary.fate != Fate::Enriched {
        return;
    }
    let record: Value = serde_json::from_slice(outcome.outgoing.value.as_deref().expect("a value")).expect("JSON");
    let chars: Vec<char> = record["text"].as_str().expect("text").chars().collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for entity in list(&record["entities"]) {
        list(&entity["mentions"]).iter().for_each(|mention| stands(&chars, mention));
    }
    list(&record["dates"]).iter().for_each(|date| stands(&chars, date));
    assert_eq!(warraq_fuzz::PIPELINE.enrich(&raw, &mut NoWatch), outcome, "the same bytes give the same record");
});
