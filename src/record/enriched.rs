use serde::Serialize;
use serde_json::value::RawValue;

use super::{BlockKind, CharsetFrom, Degraded, EntityType, How, Published, Removed, Tagged};

/// Name and version of the record's shape; its JSON Schema is in
/// `config/schema/warraq.article.v1.json`.
pub const SCHEMA: &str = "warraq.article.v1";

/// The output record, its fields in output order.
///
/// All positions are Unicode code points into `text`.
#[derive(Debug, Clone, Serialize)]
pub struct Enriched {
    pub schema: &'static str,
    pub id: String,
    pub source: Source,
    pub language: LanguageOut,
    pub title: Option<String>,
    pub section: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breadcrumbs: Vec<String>,
    pub lead: Option<String>,
    pub byline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    pub credit: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agencies: Vec<String>,
    pub published: Option<Published>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Published>,
    pub canonical_url: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    pub text: String,
    pub blocks: Vec<EnrichedBlock>,
    pub tagged: Tagged,
    pub entities: Vec<EnrichedEntity>,
    pub dates: Vec<EnrichedDate>,
    /// 16 hexadecimal digits.
    pub fingerprint: String,
    pub removed: Vec<Removed>,
    pub degraded: Vec<Degraded>,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, Serialize)]
pub struct Source {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// The key as text; base64 with the prefix `base64:` where it is none.
    pub key: Option<String>,
    pub url: Option<String>,
    pub site: Option<String>,
    /// The charset that was assumed.
    pub charset: &'static str,
    #[serde(skip_serializing_if = "CharsetFrom::is_valid")]
    pub charset_from: CharsetFrom,
    /// The charset as which its UTF-8 had been read before, where that was mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mojibake: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Box<RawValue>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LanguageOut {
    pub tag: String,
    pub confidence: f32,
    pub direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Ltr,
    Rtl,
}

#[derive(Debug, Clone, Serialize)]
pub struct EnrichedBlock {
    pub kind: BlockKind,
    pub start: usize,
    pub end: usize,
    pub sentences: Vec<[usize; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EnrichedEntity {
    /// `e1`, `e2`, … in the order of first mention.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: EntityType,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geonames: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    pub salience: f32,
    pub confidence: f32,
    pub mentions: Vec<EnrichedMention>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EnrichedMention {
    pub start: usize,
    pub end: usize,
    pub text: String,
    /// Index into `blocks`.
    pub block: usize,
    pub how: How,
    /// `[start, end]` in bytes of the (decompressed) payload, with
    /// `raw_offsets = true` and where the way back is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<[usize; 2]>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EnrichedDate {
    pub start: usize,
    pub end: usize,
    pub text: String,
    pub value: String,
    pub calendar: &'static str,
    pub resolved_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<[usize; 2]>,
}

/// What made this record: short hashes, no clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    pub version: String,
    pub model: String,
    pub config: String,
}
