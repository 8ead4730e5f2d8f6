//! Bytes to [`Article`]: unpacked, decoded to Unicode, then read as JSON, HTML
//! or plain text.
//!
//! What a value is, is told by its `content-type` header, else by
//! `decode.type`, else by its first bytes. Every string keeps its way back to
//! the payload's bytes (after decompression).
//!
//! ```
//! use std::sync::Arc;
//! use warraq::decode::{Decoder, Options};
//! use warraq::record::{Origin, RawRecord};
//!
//! let value = "خبر عاجل\nوصل الوفد إلى المدينة.".as_bytes().to_vec();
//! let raw = RawRecord {
//!     origin: Origin { topic: Arc::from("articles"), partition: 0, offset: 7 },
//!     timestamp: None,
//!     key: None,
//!     value_length: value.len(),
//!     value: Some(value),
//!     headers: Vec::new(),
//! };
//! let article = Decoder::new(&Options::default()).decode(&raw).unwrap();
//! assert_eq!(article.blocks[1].piece.text, "وصل الوفد إلى المدينة.");
//! ```
//!
//! What must hold on any input: no panic, no recursion, linear time, memory in
//! proportion to `decode.max_decompressed_bytes`. Caps are checked before the
//! work they bound.

mod charset;
mod compression;
mod html;
mod json;
mod mojibake;
mod options;
mod plain;
mod pointers;
mod presets;
mod published;
mod sniff;
mod source;
mod wrapped;

use encoding_rs::Encoding;

pub use options::{Fields, Options, Preset, Type};

use crate::record::{Article, CharsetFrom, RawRecord, Reason, Reject, Stage};
use html::Caps;
use json::Reader;

/// Header with the value's type and charset.
const CONTENT_TYPE: &str = "content-type";
/// Header with the value's compression.
const CONTENT_ENCODING: &str = "content-encoding";

/// Built once, shared by all threads.
#[derive(Debug)]
pub struct Decoder {
    kind: Type,
    charset: Option<&'static Encoding>,
    max_value_bytes: usize,
    max_decompressed_bytes: usize,
    caps: Caps,
    json: Reader,
}

impl Decoder {
    /// Options that [`Options::check`] would refuse are ignored where they
    /// cannot work.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let caps = Caps { nodes: options.max_html_nodes, depth: options.max_html_depth };
        Self {
            kind: options.kind,
            charset: charset::for_label(&options.charset),
            max_value_bytes: options.max_value_bytes,
            max_decompressed_bytes: options.max_decompressed_bytes,
            caps,
            json: Reader::new(options, caps),
        }
    }

    /// # Errors
    /// The record's own fault, with its reason; the next record is not touched.
    pub fn decode(&self, raw: &RawRecord) -> Result<Article, Reject> {
        let value = raw.value.as_deref().unwrap_or_default();
        if raw.value_length.max(value.len()) > self.max_value_bytes {
            let length = raw.value_length.max(value.len());
            let message = format!("the value has {length} bytes; decode.max_value_bytes is {}", self.max_value_bytes);
            return Err(reject(Reason::ValueTooLarge, message));
        }
        if value.is_empty() {
            return Err(reject(Reason::EmptyValue, "the value has no bytes; a tombstone has no value at all"));
        }
        let bytes = compression::unpack(value, raw.header(CONTENT_ENCODING), self.max_decompressed_bytes)?;
        self.article(&bytes, raw.header(CONTENT_TYPE).unwrap_or_default())
    }

    fn article(&self, bytes: &[u8], content_type: &str) -> Result<Article, Reject> {
        let (kind, declared) = sniff::content_type(content_type);
        let kind = match (kind, self.kind) {
            (Some(kind), _) => kind,
            (None, Type::Auto) => sniff::by_bytes(bytes),
            (None, kind) => kind,
        };
        let asked = declared.map(|encoding| (encoding, CharsetFrom::Header));
        let asked = asked.or(self.charset.map(|encoding| (encoding, CharsetFrom::Configuration)));
        let (source, charset, charset_from) = charset::decode(bytes, kind, asked)?;
        // In JSON each string may have gone through other hands.
        let (source, mojibake) = if kind == Type::Json { (source, None) } else { mojibake::mend(source) };
        let mut article = match kind {
            Type::Json => self.json.read(&source)?,
            Type::Html => html::article(&source, self.caps)?,
            Type::Text | Type::Auto => Article { blocks: plain::blocks(&source), ..Article::default() },
        };
        if article.blocks.is_empty() {
            return Err(reject(Reason::NoText, no_text(kind)));
        }
        published::note_url(&mut article);
        article.charset = charset;
        article.charset_from = charset_from;
        article.mojibake = article.mojibake.or(mojibake);
        Ok(article)
    }
}

const fn no_text(kind: Type) -> &'static str {
    match kind {
        Type::Json => "no text in any of the fields; name the right one in decode.fields.text or decode.fields.html",
        Type::Html => "the page shows no text",
        Type::Text | Type::Auto => "the value is blank",
    }
}

fn reject(reason: Reason, message: impl Into<String>) -> Reject {
    Reject::new(Stage::Decode, reason, message)
}

#[cfg(test)]
mod tests;
