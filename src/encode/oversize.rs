//! What happens to a record that is longer than the output topic takes,
//! decided before it is sent.
//!
//! The cut is a position in the text: what lies beyond it (blocks, sentences,
//! mentions, dates) goes, what lies before it stays as it was. So the record
//! still holds what its schema promises, and its length only falls as the cut
//! moves forward, which is what lets a binary search find the cut.

use super::{Options, Oversize, json};
use crate::record::{Degraded, Enriched, EnrichedEntity, Reason, Reject, Stage};

/// `degraded.why` where the text was cut.
const TEXT: &str = "too_long";
/// `degraded.why` where `source.extra` was left out.
const EXTRA: &str = "extra_too_long";

/// The record's bytes, at most `room` of them, and what was cut for that.
pub(super) fn fit(mut record: Enriched, room: usize, options: &Options) -> Result<(Vec<u8>, Vec<Degraded>), Reject> {
    let bytes = json::bytes(&record)?;
    if bytes.len() <= room {
        return Ok((bytes, Vec::new()));
    }
    let before = record.degraded.len();
    let length = bytes.len();
    drop(bytes);
    if options.oversize == Oversize::DeadLetter {
        return Err(too_large(length, room, options, "or set encode.oversize = \"truncate-text\""));
    }
    // Extra fields are the source's own and stand there still: they go first.
    if record.source.extra.take().is_some() {
        record.degraded.push(Degraded { stage: Stage::Encode, why: EXTRA });
        if json::length(&record)? <= room {
            return Ok((json::bytes(&record)?, record.degraded.split_off(before)));
        }
    }
    record.degraded.push(Degraded { stage: Stage::Encode, why: TEXT });
    match longest_cut(&record, room)? {
        Some(end) => Ok((json::bytes(&cut(&record, end))?, record.degraded.split_off(before))),
        None => Err(too_large(length, room, options, "its key, headers or fields leave no room for text")),
    }
}

fn too_large(length: usize, room: usize, options: &Options, hint: &str) -> Reject {
    let max = options.max_record_bytes;
    Reject::new(
        Stage::Encode,
        Reason::OutputTooLarge,
        format!(
            "the record's value is {length} bytes and encode.max_record_bytes = {max} leaves {room} for it; \
             raise it together with the topic's max.message.bytes, {hint}"
        ),
    )
}

/// The furthest cut that fits: after a sentence, or inside the first one where
/// not even that fits. `None` where no text fits at all.
fn longest_cut(record: &Enriched, room: usize) -> Result<Option<usize>, Reject> {
    let fits = |end: usize| Ok(json::length(&cut(record, end))? <= room);
    let ends: Vec<usize> =
        record.blocks.iter().flat_map(|block| &block.sentences).map(|sentence| sentence[1]).collect();
    let after = last_that_fits(ends.len(), |index| fits(ends.get(index).copied().unwrap_or(0)))?;
    if let Some(end) = after.and_then(|index| ends.get(index)) {
        return Ok(Some(*end));
    }
    let first: Vec<char> = record.text.chars().take(ends.first().copied().unwrap_or(usize::MAX)).collect();
    let Some(count) = last_that_fits(first.len(), |index| fits(index + 1))? else { return Ok(None) };
    Ok(Some(word_end(first.get(..=count).unwrap_or_default())))
}

/// Code points up to the last white space, or all of them where there is none.
fn word_end(text: &[char]) -> usize {
    let head = text.iter().rposition(|c| c.is_whitespace()).unwrap_or(0);
    let words = text.get(..head).unwrap_or_default();
    words.iter().rposition(|c| !c.is_whitespace()).map_or(text.len(), |last| last + 1)
}

/// The last index below `count` for which `fits` holds, which must hold for all
/// before it, too.
fn last_that_fits(count: usize, fits: impl Fn(usize) -> Result<bool, Reject>) -> Result<Option<usize>, Reject> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low.checked_sub(1))
}

/// The record up to a code point of its text.
fn cut(record: &Enriched, end: usize) -> Enriched {
    let mut short = without_text(record);
    let byte = record.text.char_indices().nth(end).map_or(record.text.len(), |(byte, _)| byte);
    short.text = record.text.get(..byte).unwrap_or_default().to_owned();
    for block in record.blocks.iter().take_while(|block| block.start < end) {
        let mut block = block.clone();
        block.end = block.end.min(end);
        block.sentences.retain(|sentence| sentence[0] < end);
        for sentence in &mut block.sentences {
            sentence[1] = sentence[1].min(end);
        }
        short.blocks.push(block);
    }
    for entity in &record.entities {
        let mentions: Vec<_> = entity.mentions.iter().filter(|mention| mention.end <= end).cloned().collect();
        if !mentions.is_empty() {
            let mut entity = without_mentions(entity);
            entity.mentions = mentions;
            short.entities.push(entity);
        }
    }
    short.dates = record.dates.iter().filter(|date| date.end <= end).cloned().collect();
    short
}

/// All but what the cut decides on, so that a probe does not copy the whole.
fn without_text(record: &Enriched) -> Enriched {
    Enriched {
        schema: record.schema,
        id: record.id.clone(),
        source: record.source.clone(),
        language: record.language.clone(),
        title: record.title.clone(),
        section: record.section.clone(),
        breadcrumbs: record.breadcrumbs.clone(),
        lead: record.lead.clone(),
        byline: record.byline.clone(),
        authors: record.authors.clone(),
        credit: record.credit.clone(),
        agencies: record.agencies.clone(),
        published: record.published.clone(),
        modified: record.modified.clone(),
        canonical_url: record.canonical_url.clone(),
        partial: record.partial,
        text: String::new(),
        blocks: Vec::new(),
        tagged: record.tagged,
        entities: Vec::new(),
        dates: Vec::new(),
        fingerprint: record.fingerprint.clone(),
        removed: record.removed.clone(),
        degraded: record.degraded.clone(),
        provenance: record.provenance.clone(),
    }
}

fn without_mentions(entity: &EnrichedEntity) -> EnrichedEntity {
    EnrichedEntity {
        id: entity.id.clone(),
        kind: entity.kind,
        name: entity.name.clone(),
        user_id: entity.user_id.clone(),
        qid: entity.qid.clone(),
        geonames: entity.geonames,
        country: entity.country.clone(),
        salience: entity.salience,
        confidence: entity.confidence,
        mentions: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, value::RawValue};

    use super::*;
    use crate::encode::tests_support::enriched;

    fn options(oversize: Oversize) -> Options {
        Options { oversize, ..Options::default() }
    }

    fn cut_to(record: Enriched, room: usize) -> Value {
        let before = record.degraded.len();
        let (bytes, cut) = fit(record, room, &options(Oversize::TruncateText)).unwrap();
        assert!(bytes.len() <= room, "{} > {room}", bytes.len());
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            value["degraded"].as_array().unwrap()[before..],
            *serde_json::to_value(cut).unwrap().as_array().unwrap()
        );
        value
    }

    /// What the schema promises of positions.
    fn whole(value: &Value) {
        let text: Vec<char> = value["text"].as_str().unwrap().chars().collect();
        let at = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let shown = |from: &Value, to: &Value| text.get(at(from)..at(to)).unwrap().iter().collect::<String>();
        let mut last = 0;
        for block in value["blocks"].as_array().unwrap() {
            assert!(at(&block["start"]) >= last && at(&block["end"]) <= text.len() && block["end"] != block["start"]);
            last = at(&block["end"]);
            let sentences = block["sentences"].as_array().unwrap();
            assert_eq!(sentences.last().unwrap()[1], block["end"]);
        }
        assert_eq!(last, text.len());
        for entity in value["entities"].as_array().unwrap() {
            for mention in entity["mentions"].as_array().unwrap() {
                assert_eq!(shown(&mention["start"], &mention["end"]), mention["text"].as_str().unwrap());
                let block = &value["blocks"][at(&mention["block"])];
                assert!(
                    block["start"].as_u64() <= mention["start"].as_u64()
                        && mention["end"].as_u64() <= block["end"].as_u64()
                );
            }
        }
    }

    #[test]
    fn what_fits_is_not_touched() {
        let record = enriched(&["عنوان", "جملة أولى. جملة ثانية."]);
        let bytes = json::bytes(&record).unwrap();
        assert_eq!(fit(record, bytes.len(), &options(Oversize::TruncateText)).unwrap(), (bytes, Vec::new()));
    }

    #[test]
    fn the_policy_may_say_dead_letter() {
        let record = enriched(&["عنوان", "جملة أولى."]);
        let room = json::length(&record).unwrap() - 1;
        let reject = fit(record, room, &options(Oversize::DeadLetter)).unwrap_err();
        assert_eq!((reject.stage, reject.reason), (Stage::Encode, Reason::OutputTooLarge));
        assert!(reject.message.contains("encode.max_record_bytes = 1000000"), "{reject}");
        assert!(reject.message.contains("truncate-text"), "{reject}");
    }

    #[test]
    fn the_cut_is_after_a_sentence_and_takes_what_lies_beyond_with_it() {
        let record = enriched(&["عنوان", "في بيروت جملة أولى. وفي بيروت جملة ثانية.", "خاتمة في دمشق."]);
        let room = json::length(&record).unwrap() - 10;
        let value = cut_to(record.clone(), room);
        whole(&value);
        assert!(record.text.starts_with(value["text"].as_str().unwrap()));
        assert!(value["text"].as_str().unwrap().ends_with("ثانية."), "{}", value["text"]);
        assert_eq!(value["degraded"], serde_json::json!([{"stage": "encode", "why": "too_long"}]));
        assert_eq!(value["entities"].as_array().unwrap().len(), 1, "دمشق lies beyond the cut");
    }

    #[test]
    fn a_first_sentence_that_is_too_long_is_cut_after_a_word() {
        let one_sentence = |text: &str| Enriched { title: None, ..enriched(&[text]) };
        let value = cut_to(one_sentence(&"كلمة ".repeat(2000)), 3000);
        whole(&value);
        assert!(value["text"].as_str().unwrap().ends_with("كلمة"));
        let value = cut_to(one_sentence(&"ك".repeat(9000)), 3000);
        whole(&value);
        assert!(value["text"].as_str().unwrap().len() > 1500);
    }

    #[test]
    fn a_mention_that_reaches_over_the_cut_goes() {
        let mut record = Enriched { title: None, ..enriched(&["بيروت وحلب ".repeat(500).trim_end()]) };
        let mentions = &mut record.entities[0].mentions;
        for mention in mentions.iter_mut() {
            mention.text = "بيروت وحلب".to_owned();
            mention.end = mention.start + 10;
        }
        let full = json::length(&record).unwrap();
        for room in (full / 2..full / 2 + 200).step_by(7) {
            whole(&cut_to(record.clone(), room));
        }
    }

    #[test]
    fn extra_fields_go_first() {
        let mut record = enriched(&["عنوان", "جملة أولى."]);
        let room = json::length(&record).unwrap() + 100;
        record.source.extra = Some(RawValue::from_string(format!("{{\"x\":\"{}\"}}", "y".repeat(5000))).unwrap());
        let text = record.text.clone();
        let value = cut_to(record, room);
        assert_eq!((value["text"].as_str(), value["source"].get("extra")), (Some(text.as_str()), None));
        assert_eq!(value["degraded"], serde_json::json!([{"stage": "encode", "why": "extra_too_long"}]));
    }

    #[test]
    fn where_no_text_fits_the_record_is_rejected() {
        let reject = fit(enriched(&["عنوان"]), 50, &options(Oversize::TruncateText)).unwrap_err();
        assert_eq!(reject.reason, Reason::OutputTooLarge);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_record_fits_any_room_or_is_rejected(
            blocks in proptest::collection::vec("[a-zا-ي ٠-٩.]{1,60}(بيروت)?[.]?", 1..12),
            share in 0usize..110,
        ) {
            let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
            let record = enriched(&blocks);
            let room = json::length(&record).unwrap() * share / 100;
            match fit(record.clone(), room, &options(Oversize::TruncateText)) {
                Ok((bytes, cut)) => {
                    prop_assert!(bytes.len() <= room);
                    whole(&serde_json::from_slice(&bytes).unwrap());
                    prop_assert_eq!((bytes, cut), fit(record, room, &options(Oversize::TruncateText)).unwrap());
                }
                Err(reject) => prop_assert_eq!(reject.reason, Reason::OutputTooLarge),
            }
        }
    }
}
