use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Edits, RawSpan};

/// A decoded page: its fields and blocks in document order, still unclean.
#[derive(Debug, Clone, Default)]
pub struct Article {
    /// The payload's own identifier, if it has one.
    pub id: Option<String>,
    pub url: Option<String>,
    pub canonical_url: Option<String>,
    /// Name of the site (`og:site_name`, a JSON field).
    pub site: Option<String>,
    /// Title as the metadata or the field has it; may carry the site's name.
    pub title: Option<Piece>,
    pub section: Option<String>,
    /// The way to the article through the site's sections, as the page marks it.
    pub breadcrumbs: Vec<String>,
    pub lead: Option<String>,
    pub byline: Option<String>,
    /// Declared language, BCP 47, unchecked.
    pub language: Option<String>,
    pub published: Option<Published>,
    /// A date as people write it, which decode could not read; tag resolves it.
    pub published_text: Option<String>,
    pub modified: Option<Published>,
    /// The page says that not everybody may read all of it.
    pub paywalled: bool,
    /// The page is one of several that hold the article.
    pub parted: bool,
    /// The direction that the page declares for itself.
    pub right_to_left: Option<bool>,
    pub blocks: Vec<SourceBlock>,
    /// Fields of a JSON payload that no pointer names, as written, if asked for.
    pub extra: Option<Box<RawValue>>,
    /// The charset that was assumed, a WHATWG label such as `windows-1256`.
    pub charset: &'static str,
    pub charset_from: CharsetFrom,
    /// The charset as which UTF-8 had been read before it came here (`Ø§Ù„` for
    /// `ال`), where that was mended.
    pub mojibake: Option<&'static str>,
}

/// How the charset is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CharsetFrom {
    /// Nothing else is said, and the bytes are valid UTF-8.
    #[default]
    Valid,
    /// A byte order mark.
    Mark,
    /// The `content-type` header.
    Header,
    Configuration,
    /// The page's own `<meta>` or XML declaration.
    Page,
    /// Guessed from the bytes.
    Detected,
}

impl CharsetFrom {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        *self == Self::Valid
    }
}

/// A string of the payload and, where it is known, where it stood there.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    pub text: String,
    pub trace: Option<Trace>,
}

/// The way back from decoded text to the payload's bytes.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The stretch of the payload the text was made of.
    pub raw: RawSpan,
    /// From that stretch (positions relative to `raw.start`) to the text.
    pub edits: Edits,
}

impl Trace {
    /// The payload's bytes from which `start..end` of the text was made.
    #[must_use]
    pub fn raw(&self, start: usize, end: usize) -> RawSpan {
        let (from, to) = self.edits.source(start, end);
        RawSpan::new(self.raw.start + from, self.raw.start + to)
    }
}

/// One block of a page, as the source marks it.
#[derive(Debug, Clone)]
pub struct SourceBlock {
    pub kind: SourceKind,
    /// No line breaks inside.
    pub piece: Piece,
    /// Share of the block's characters that stand inside links, 0 to 1.
    pub link_density: f32,
    /// Where the source says that the block is article text (`<article>`,
    /// `itemprop=articleBody`) or furniture (`<nav>`, `<footer>`): see
    /// [`SourceBlock::NEUTRAL`]. Positive is content, negative furniture.
    pub weight: i8,
    /// `lang` of the block where it differs from the page's.
    pub language: Option<String>,
}

impl SourceBlock {
    pub const NEUTRAL: i8 = 0;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A line of plain text: what it is, is for the classifier to say.
    Line,
    /// `<h1>` to `<h6>`.
    Heading(u8),
    Paragraph,
    Quote,
    Caption,
    ListItem,
    TableRow,
    /// `<time>`, datelines and bylines marked as such.
    Meta,
}

/// When the article was published, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// ISO 8601: `2024`, `2024-01`, `2024-01-25` or a date-time with offset.
    pub date: String,
    pub precision: Precision,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    Year,
    Month,
    Day,
    Minute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A field of the JSON payload.
    Field,
    /// JSON-LD of the page.
    JsonLd,
    /// A `<meta>` element: OpenGraph, Dublin Core and the like.
    Meta,
    /// A `<time>` element.
    TimeElement,
    /// The date in the article's URL.
    Url,
    /// A dateline in the text.
    Dateline,
    /// Only the dates inside the text, a weekday deciding the year.
    Text,
}
