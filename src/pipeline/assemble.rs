//! What the rooms found, as one record: identity, positions in code points,
//! values rounded so that their bytes are stable.

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use crate::record::{
    Article, Block, CharIndex, CharSpan, DateMention, Degraded, Direction, DisplaySpan, Enriched, EnrichedBlock,
    EnrichedDate, EnrichedEntity, EnrichedMention, Entity, LanguageOut, Mention, Provenance, RawRecord, SCHEMA, Source,
    Tags, Text,
};

/// A payload's own identifier is kept as it is up to this many bytes.
const ID_BYTES: usize = 512;

/// The finished parts of one record.
pub(super) struct Parts<'a> {
    pub raw: &'a RawRecord,
    pub article: Article,
    pub text: Text,
    pub tags: Tags,
    pub degraded: Vec<Degraded>,
    pub provenance: &'a Provenance,
    pub raw_offsets: bool,
}

pub(super) fn assemble(parts: Parts<'_>) -> Enriched {
    let Parts { raw, article, text, tags, degraded, provenance, raw_offsets } = parts;
    let places = Places { text: &text, index: CharIndex::new(&text.display), raw_offsets };
    let id = id(raw, &article);
    let (blocks, entities) = (places.blocks(), places.entities(&tags.entities));
    let dates = tags.dates.iter().filter_map(|date| places.date(date)).collect();
    Enriched {
        schema: SCHEMA,
        id,
        source: Source {
            topic: raw.origin.topic.to_string(),
            partition: raw.origin.partition,
            offset: raw.origin.offset,
            timestamp: raw.timestamp,
            key: raw.key.as_deref().map(key),
            url: article.url,
            site: article.site,
            charset: article.charset,
            charset_from: article.charset_from,
            mojibake: article.mojibake,
            extra: article.extra.map(on_one_line),
        },
        language: LanguageOut {
            confidence: share(text.language.confidence),
            direction: if text.language.right_to_left { Direction::Rtl } else { Direction::Ltr },
            tag: text.language.tag,
        },
        title: text.title,
        section: text.section,
        breadcrumbs: text.breadcrumbs,
        lead: text.lead,
        byline: text.byline,
        authors: text.authors,
        credit: text.credit,
        agencies: text.agencies,
        modified: article.modified.or(tags.modified),
        published: tags.published.or(article.published),
        canonical_url: article.canonical_url,
        partial: text.partial,
        blocks,
        tagged: tags.tagged,
        entities,
        dates,
        fingerprint: format!("{:016x}", text.fingerprint),
        removed: text.removed,
        text: text.display,
        degraded,
        provenance: provenance.clone(),
    }
}

/// The record's identity, the same in every replay and by every version: the
/// payload's own identifier as it is, else `url:` and a hash of the canonical
/// URL or the URL (see [`page`]), else `content:` and a hash of the payload's
/// bytes. Hashes are xxh3-128 in 32 hexadecimal digits.
fn id(raw: &RawRecord, article: &Article) -> String {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(id) = given(&article.id) {
        return if id.len() <= ID_BYTES { id } else { format!("id:{:032x}", xxh3_128(id.as_bytes())) };
    }
    if let Some(url) = given(&article.canonical_url).or_else(|| given(&article.url)) {
        return format!("url:{:032x}", xxh3_128(page(&url).as_bytes()));
    }
    format!("content:{:032x}", xxh3_128(raw.value.as_deref().unwrap_or_default()))
}

/// A URL without its fragment and without the parameters that only say which
/// link led to the page.
fn page(url: &str) -> String {
    let url = url.split_once('#').map_or(url, |(page, _)| page);
    let Some((page, query)) = url.split_once('?') else { return url.to_owned() };
    let tells = |parameter: &&str| !parameter.starts_with("utm_") && !matches!(name(parameter), "fbclid" | "gclid");
    let kept: Vec<&str> = query.split('&').filter(tells).collect();
    if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) }
}

fn name(parameter: &str) -> &str {
    parameter.split_once('=').map_or(parameter, |(name, _)| name)
}

/// The key as text, or in base64 behind a prefix. A text that begins with the
/// prefix is written in base64, too, so that the form can be read back.
fn key(key: &[u8]) -> String {
    const BINARY: &str = "base64:";
    match std::str::from_utf8(key) {
        Ok(text) if !text.starts_with(BINARY) => text.to_owned(),
        _ => format!("{BINARY}{}", data_encoding::BASE64.encode(key)),
    }
}

/// A share of one, in steps of a thousandth.
fn share(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { (value.clamp(0.0, 1.0) * 1000.0).round() / 1000.0 }
}

/// JSON as it was written but for line breaks and spaces between its tokens: a
/// record is one line.
fn on_one_line(json: Box<RawValue>) -> Box<RawValue> {
    let text = json.get();
    if !text.contains(['\n', '\r']) {
        return json;
    }
    let (mut line, mut in_string, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if !in_string && c.is_ascii_whitespace() {
            continue;
        }
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
        line.push(c);
    }
    RawValue::from_string(line).unwrap_or(json)
}

/// Spans of a text as a record has them.
struct Places<'a> {
    text: &'a Text,
    index: CharIndex<'a>,
    raw_offsets: bool,
}

impl Places<'_> {
    fn blocks(&self) -> Vec<EnrichedBlock> {
        let block = |block: &Block| {
            let CharSpan { start, end } = self.index.span(block.span);
            let sentences = block.sentences.iter().map(|sentence| self.index.span(*sentence));
            EnrichedBlock {
                kind: block.kind,
                start,
                end,
                sentences: sentences.map(|span| [span.start, span.end]).collect(),
                language: block.language.clone(),
            }
        };
        self.text.blocks.iter().map(block).collect()
    }

    fn entities(&self, entities: &[Entity]) -> Vec<EnrichedEntity> {
        let mut entities: Vec<EnrichedEntity> = entities.iter().filter_map(|entity| self.entity(entity)).collect();
        let first = |entity: &EnrichedEntity| entity.mentions.first().map(|mention| (mention.start, mention.end));
        entities.sort_by_key(first);
        for (index, entity) in entities.iter_mut().enumerate() {
            entity.id = format!("e{}", index + 1);
        }
        entities
    }

    fn entity(&self, entity: &Entity) -> Option<EnrichedEntity> {
        let mut mentions: Vec<_> = entity.mentions.iter().filter_map(|mention| self.mention(*mention)).collect();
        mentions.sort_by_key(|mention| (mention.start, mention.end));
        if mentions.is_empty() {
            return None;
        }
        Some(EnrichedEntity {
            id: String::new(),
            kind: entity.kind,
            name: entity.name.clone(),
            user_id: entity.user_id.clone(),
            qid: entity.qid.clone(),
            geonames: entity.geonames,
            country: entity.country.clone(),
            salience: share(entity.salience),
            confidence: share(entity.confidence),
            mentions,
        })
    }

    fn mention(&self, mention: Mention) -> Option<EnrichedMention> {
        let (block, text) = self.within(mention.span)?;
        let CharSpan { start, end } = self.index.span(mention.span);
        let raw = self.raw(block, mention.span);
        Some(EnrichedMention { start, end, text: text.to_owned(), block, how: mention.how, raw })
    }

    fn date(&self, date: &DateMention) -> Option<EnrichedDate> {
        let (block, text) = self.within(date.span)?;
        let CharSpan { start, end } = self.index.span(date.span);
        Some(EnrichedDate {
            start,
            end,
            text: text.to_owned(),
            value: date.value.clone(),
            calendar: date.calendar,
            resolved_by: date.resolved_by,
            raw: self.raw(block, date.span),
        })
    }

    /// The block that holds a span, and its text. A span that is none of the
    /// text's, or of no single block, would break the record's promise about
    /// positions: it is left out.
    fn within(&self, span: DisplaySpan) -> Option<(usize, &str)> {
        let block = self.text.block_at(span.start)?;
        let text = self.text.display.get(span.start..span.end).filter(|text| !text.is_empty())?;
        self.text.blocks.get(block)?.span.contains(span).then_some((block, text))
    }

    /// Back through the block's clean-up and its decoding to the payload.
    fn raw(&self, block: usize, span: DisplaySpan) -> Option<[usize; 2]> {
        if !self.raw_offsets {
            return None;
        }
        let block = self.text.blocks.get(block)?;
        let trace = block.trace.as_ref()?;
        let (from, to) = (span.start.checked_sub(block.span.start)?, span.end.checked_sub(block.span.start)?);
        let (from, to) = block.edits.source(from, to);
        let raw = trace.raw(from, to);
        Some([raw.start, raw.end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{EditsBuilder, EntityType, How, Origin, RawSpan, Trace};

    fn raw() -> RawRecord {
        RawRecord {
            origin: Origin { topic: "t".into(), partition: 0, offset: 7 },
            timestamp: Some(5),
            key: Some(vec![0xff, 0x00]),
            value: Some(b"payload".to_vec()),
            value_length: 7,
            headers: Vec::new(),
        }
    }

    fn block(start: usize, end: usize) -> Block {
        let span = DisplaySpan::new(start, end);
        Block { span, sentences: vec![span], ..Block::default() }
    }

    fn mention(start: usize, end: usize) -> Mention {
        Mention { span: DisplaySpan::new(start, end), how: How::Gazetteer }
    }

    fn entity(name: &str, mentions: Vec<Mention>) -> Entity {
        Entity {
            kind: EntityType::Place,
            name: name.to_owned(),
            user_id: None,
            qid: None,
            geonames: None,
            country: None,
            salience: 0.123_456,
            confidence: f32::NAN,
            mentions,
        }
    }

    fn record(text: Text, entities: Vec<Entity>, raw_offsets: bool) -> Enriched {
        let provenance = Provenance { version: "1".into(), model: "m".into(), config: "c".into() };
        assemble(Parts {
            raw: &raw(),
            article: Article::default(),
            text,
            tags: Tags { entities, ..Tags::default() },
            degraded: Vec::new(),
            provenance: &provenance,
            raw_offsets,
        })
    }

    #[test]
    fn positions_are_code_points_and_a_span_outside_every_block_is_left_out() {
        // "قطر" is 6 bytes, "\n" one, "في قطر" 11.
        let text =
            Text { display: "قطر\nفي قطر".into(), blocks: vec![block(0, 6), block(7, 18)], ..Text::default() };
        let bad = vec![mention(4, 9), mention(1, 3), mention(12, 90), mention(3, 3), mention(6, 7)];
        let entities = vec![
            entity("later", vec![mention(12, 18)]),
            entity("first", [vec![mention(12, 18), mention(0, 6)], bad.clone()].concat()),
            entity("gone", bad),
        ];
        let record = record(text, entities, false);
        let names: Vec<_> = record.entities.iter().map(|entity| (entity.id.as_str(), entity.name.as_str())).collect();
        assert_eq!(names, [("e1", "first"), ("e2", "later")]);
        let first: Vec<_> = record.entities[0].mentions.iter().map(|m| (m.start, m.end, m.block, m.raw)).collect();
        assert_eq!(first, [(0, 3, 0, None), (7, 10, 1, None)]);
        assert_eq!((record.entities[0].salience, record.entities[0].confidence), (0.123, 0.0));
        assert_eq!(record.blocks[1].sentences, [[4, 10]]);
    }

    #[test]
    fn raw_positions_lead_back_through_both_forms() {
        // Payload `..قـطر` at byte 2 in windows-1256 (one byte a letter), the
        // tatweel dropped on the way to the display text.
        let mut decoded = EditsBuilder::new();
        (0..4).for_each(|_| decoded.replace(1, 2));
        let mut shown = EditsBuilder::new();
        shown.keep(2);
        shown.replace(2, 0);
        shown.keep(4);
        let trace = Trace { raw: RawSpan::new(2, 6), edits: decoded.build() };
        let block = Block { edits: shown.build(), trace: Some(trace), ..block(0, 6) };
        let text = Text { display: "قطر".into(), blocks: vec![block], ..Text::default() };
        let places = vec![entity("قطر", vec![mention(0, 6)]), entity("طر", vec![mention(2, 6)])];
        let record = record(text, places, true);
        assert_eq!(record.entities[0].mentions[0].raw, Some([2, 6]));
        assert_eq!(record.entities[1].mentions[0].raw, Some([4, 6]));
    }

    #[test]
    fn the_id_is_the_payloads_own_or_its_addresss_or_its_contents() {
        let id_of = |id: Option<&str>, canonical: Option<&str>, url: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let article =
                Article { id: owned(id), canonical_url: owned(canonical), url: owned(url), ..Article::default() };
            super::id(&raw(), &article)
        };
        assert_eq!(id_of(Some(" a-1 "), Some("https://x/1"), None), "a-1");
        let url = id_of(Some(" "), None, Some("https://x/1#top"));
        assert_eq!(url, format!("url:{:032x}", xxh3_128(b"https://x/1")));
        assert_eq!(url, id_of(None, Some("https://x/1"), Some("https://x/1?from=feed")));
        assert_eq!(id_of(None, None, None), format!("content:{:032x}", xxh3_128(b"payload")));
        assert_eq!(url, id_of(None, None, Some("https://x/1?utm_source=rss&fbclid=9")));
        assert_eq!(
            id_of(None, None, Some("https://x/?p=1&utm_medium=a&q")),
            id_of(None, None, Some("https://x/?p=1&q#b"))
        );
        assert_ne!(id_of(None, None, Some("https://x/?p=1")), id_of(None, None, Some("https://x/?p=2")));
        let long = "x".repeat(ID_BYTES + 1);
        assert_eq!(id_of(Some(&long), None, None), format!("id:{:032x}", xxh3_128(long.as_bytes())));
    }

    #[test]
    fn a_key_can_be_read_back() {
        assert_eq!(key("مفتاح".as_bytes()), "مفتاح");
        assert_eq!(key(&[0xff, 0x00]), "base64:/wA=");
        assert_eq!(key(b"base64:x"), "base64:YmFzZTY0Ong=");
    }

    #[test]
    fn extra_fields_are_written_on_one_line() {
        let json = "{\n  \"a b\": \"c \\\" \\\\\",\r\n \"d\": [1, 2.50]\n}";
        let line = on_one_line(RawValue::from_string(json.to_owned()).unwrap());
        assert_eq!(line.get(), r#"{"a b":"c \" \\","d":[1,2.50]}"#);
        let kept = r#"{"a": 1}"#;
        assert_eq!(on_one_line(RawValue::from_string(kept.to_owned()).unwrap()).get(), kept);
    }
}
