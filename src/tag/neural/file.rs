//! The accurate tagger's file. All numbers are little-endian.
//!
//! ```text
//! WARRAQNN │ version u32 │ crc32 u32 of what follows │ length u32 │ header, JSON │ numbers
//! ```
//!
//! The numbers, in this order and without padding: the pieces' vectors, the
//! positions, the one segment, weight and bias of their norm; for each layer the
//! matrices of query, key, value, attention's output, and the two of the
//! feed-forward part, then weight and bias of the norm after each half; the
//! head's matrix (a row for each column of the network; in it, the labels of one
//! convention after those of the other) and its bias. A matrix
//! is a scale f32 a row, then the rows as int8, one for each output; after each
//! matrix of a layer stands its bias.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::tag::linear::CONVENTIONS;

/// Columns that are added up side by side, so every width is a multiple of it.
pub(super) const LANES: usize = 16;
const MAGIC: &[u8; 8] = b"WARRAQNN";
const VERSION: u32 = 2;
/// Magic, version, checksum, length of the header.
const FIXED_BYTES: usize = 20;

/// Why the accurate tagger's file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("not the accurate tagger's file: it does not begin with WARRAQNN")]
    NotANetwork,
    #[error("accurate tagger of version {found}, this build reads version {expected}: take the file of this release")]
    WrongVersion { found: u32, expected: u32 },
    #[error("accurate tagger of {found} bytes, its header says {expected}: the file was cut short or grew")]
    WrongLength { found: u64, expected: u64 },
    #[error("accurate tagger is damaged: checksum {found:08x}, its header says {expected:08x}")]
    WrongSum { found: u32, expected: u32 },
    #[error("accurate tagger is damaged: {0}")]
    Inconsistent(String),
}

/// What the numbers are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Of the conventions news and newswire.
    pub labels: [Vec<String>; CONVENTIONS],
    pub width: usize,
    pub layers: usize,
    pub heads: usize,
    pub inner: usize,
    pub positions: usize,
    pub epsilon: f32,
    pub begin: u32,
    pub end: u32,
    pub unknown: u32,
    pub unknown_score: f32,
    /// Letters that stand for others before words are cut.
    pub letters: FxHashMap<char, String>,
    /// Spelling and log probability.
    pub pieces: Vec<(String, f32)>,
}

/// A file that was checked, read from front to back.
pub(super) struct File {
    pub header: Header,
    bytes: Cow<'static, [u8]>,
    at: usize,
}

impl File {
    pub(super) fn open(bytes: Cow<'static, [u8]>) -> Result<Self, NetworkError> {
        if !bytes.starts_with(MAGIC) {
            return Err(NetworkError::NotANetwork);
        }
        let found = u32_at(&bytes, 8);
        if found != VERSION {
            return Err(NetworkError::WrongVersion { found, expected: VERSION });
        }
        let mut sum = flate2::Crc::new();
        sum.update(bytes.get(16..).unwrap_or_default());
        let (found, expected) = (sum.sum(), u32_at(&bytes, 12));
        if found != expected {
            return Err(NetworkError::WrongSum { found, expected });
        }
        let at = FIXED_BYTES.saturating_add(u32_at(&bytes, 16) as usize);
        let text = bytes.get(FIXED_BYTES..at).unwrap_or_default();
        let header: Header =
            serde_json::from_slice(text).map_err(|error| NetworkError::Inconsistent(format!("header: {error}")))?;
        header.check()?;
        let (found, expected) = (bytes.len() as u64, at as u64 + header.numbers());
        if found != expected {
            return Err(NetworkError::WrongLength { found, expected });
        }
        Ok(Self { header, bytes, at })
    }

    pub(super) fn floats(&mut self, count: usize) -> Vec<f32> {
        let bytes = self.bytes.get(self.at..self.at + count * 4).unwrap_or_default();
        self.at += count * 4;
        bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect()
    }

    pub(super) fn rows(&mut self, count: usize) -> Vec<i8> {
        let bytes = self.bytes.get(self.at..self.at + count).unwrap_or_default();
        self.at += count;
        bytes.iter().map(|byte| byte.cast_signed()).collect()
    }
}

impl Header {
    /// The sizes can be worked with; far below what would overflow.
    fn check(&self) -> Result<(), NetworkError> {
        let wrong = |message: String| Err(NetworkError::Inconsistent(message));
        let [news, newswire] = self.labels.each_ref().map(Vec::len);
        let sizes = [self.width, self.inner, self.layers, self.heads, self.positions, news, newswire];
        if sizes.iter().any(|size| !(1..=1 << 16).contains(size)) || self.pieces.len() > 1 << 20 {
            return wrong(format!("sizes {sizes:?} are not those of a network"));
        }
        if !self.width.is_multiple_of(self.heads * LANES) || !self.inner.is_multiple_of(LANES) {
            return wrong(format!(
                "{} columns in {} heads, {} inside: not multiples of {LANES}",
                self.width, self.heads, self.inner
            ));
        }
        if self.positions < 8 {
            return wrong(format!("{} positions", self.positions));
        }
        let ids = [self.begin, self.end, self.unknown];
        if ids.iter().any(|id| *id as usize >= self.pieces.len()) {
            return wrong(format!("marks {ids:?} of {} pieces", self.pieces.len()));
        }
        Ok(())
    }

    /// Columns of the head.
    pub(super) fn answers(&self) -> usize {
        self.labels.iter().map(Vec::len).sum()
    }

    fn numbers(&self) -> u64 {
        let [width, inner, labels] = [self.width, self.inner, self.answers()].map(|size| size as u64);
        let matrix = |rows: u64, columns: u64| rows * 4 + rows * columns;
        let layer = 4 * (matrix(width, width) + 4 * width)
            + matrix(inner, width)
            + 4 * inner
            + matrix(width, inner)
            + 4 * width
            + 4 * 4 * width;
        matrix(self.pieces.len() as u64, width)
            + 4 * (self.positions as u64 + 3) * width
            + self.layers as u64 * layer
            + 4 * (width + 1) * labels
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |number| u32::from_le_bytes(*number))
}
