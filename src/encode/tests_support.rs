//! Records for this room's tests.

use super::{Encoder, Options};
use crate::record::{
    BlockKind, Direction, Enriched, EnrichedBlock, EnrichedEntity, EnrichedMention, EntityType, How, LanguageOut,
    Origin, Outgoing, Provenance, RawRecord, SCHEMA, Source,
};

pub(super) fn provenance() -> Provenance {
    Provenance { version: "1.2.3".to_owned(), model: "aa".to_owned(), config: "bb".to_owned() }
}

#[allow(clippy::needless_pass_by_value)]
pub(super) fn encoder(options: Options) -> Encoder {
    Encoder::new(&options, provenance())
}

pub(super) fn raw(value: &[u8]) -> RawRecord {
    RawRecord {
        origin: Origin { topic: "articles.raw".into(), partition: 3, offset: 42 },
        timestamp: Some(1_700_000_000_000),
        key: Some(b"key".to_vec()),
        value: Some(value.to_vec()),
        value_length: value.len(),
        headers: Vec::new(),
    }
}

pub(super) fn header<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
    let found = outgoing.headers.iter().find(|header| header.name == name)?;
    std::str::from_utf8(found.value.as_deref()?).ok()
}

/// A record of these blocks: a sentence ends with each full stop, and بيروت and
/// دمشق are its entities.
pub(super) fn enriched(blocks: &[&str]) -> Enriched {
    let text = blocks.join("\n");
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut start = 0;
    for block in blocks {
        let end = start + block.chars().count();
        let mut sentences = Vec::new();
        let mut from = start;
        for (at, letter) in chars.iter().enumerate().take(end).skip(start) {
            if *letter == '.' || at + 1 == end {
                sentences.push([from, at + 1]);
                from = at + 1;
            }
        }
        let kind = if start == 0 { BlockKind::Title } else { BlockKind::Paragraph };
        out.push(EnrichedBlock { kind, start, end, sentences, language: None });
        start = end + 1;
    }
    let entities = ["بيروت", "دمشق"].iter().filter_map(|name| entity(name, &text, &out)).collect();
    Enriched {
        schema: SCHEMA,
        id: "a-1".to_owned(),
        source: Source {
            topic: "articles.raw".to_owned(),
            partition: 3,
            offset: 42,
            timestamp: None,
            key: None,
            url: None,
            site: None,
            charset_from: crate::record::CharsetFrom::Valid,
            mojibake: None,
            charset: "utf-8",
            extra: None,
        },
        language: LanguageOut { tag: "ar".to_owned(), confidence: 0.9, direction: Direction::Rtl },
        title: blocks.first().map(|title| (*title).to_owned()),
        section: None,
        breadcrumbs: Vec::new(),
        authors: Vec::new(),
        agencies: Vec::new(),
        modified: None,
        partial: false,
        lead: None,
        byline: None,
        credit: None,
        published: None,
        canonical_url: None,
        text,
        blocks: out,
        tagged: crate::record::Tagged::Full,
        entities,
        dates: Vec::new(),
        fingerprint: "0123456789abcdef".to_owned(),
        removed: Vec::new(),
        degraded: Vec::new(),
        provenance: provenance(),
    }
}

fn entity(name: &str, text: &str, blocks: &[EnrichedBlock]) -> Option<EnrichedEntity> {
    let mention = |(byte, found): (usize, &str)| {
        let start = text[..byte].chars().count();
        let end = start + found.chars().count();
        let block = blocks.iter().position(|block| block.start <= start && end <= block.end)?;
        Some(EnrichedMention { start, end, text: found.to_owned(), block, how: How::Gazetteer, raw: None })
    };
    let mentions: Vec<_> = text.match_indices(name).filter_map(mention).collect();
    (!mentions.is_empty()).then(|| EnrichedEntity {
        id: name.to_owned(),
        kind: EntityType::Place,
        name: name.to_owned(),
        user_id: None,
        qid: None,
        geonames: None,
        country: None,
        salience: 0.5,
        confidence: 0.5,
        mentions,
    })
}
