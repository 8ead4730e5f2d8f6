//! Where what stands in a model file. All numbers are little-endian.
//!
//! ```text
//! header │ steps of each convention │ reliability │ words │ rows of each convention
//! ```

use std::borrow::Cow;
use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64;

use super::chain::Steps;
#[cfg(any(test, feature = "train"))]
use super::lexicon::TAKEN;
use super::lexicon::{Entry, Lexicon};
use super::table::{Packed, Table};
use super::{CONVENTIONS, Convention, LinearError};
use crate::tag::gazetteer::{u16_at, u32_at};
use crate::tag::labels::LABELS;
#[cfg(any(test, feature = "train"))]
use crate::tag::labels::Row;

const MAGIC: &[u8; 8] = b"WARRAQFT";
const VERSION: u32 = 2;
const HEADER_BYTES: usize = 40;
const STEPS_BYTES: usize = 4 * LABELS * LABELS;
/// Where the levels of certainty begin, of each of which a model knows how often
/// its names were right: narrow where most names are.
pub(super) const LEVELS: [f32; 12] = [0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];
const WORD_BYTES: usize = 12;
/// A weight a label, and one byte that makes rows easy to find.
const ROW_BYTES: usize = LABELS + 1;

/// The level that a certainty is of.
pub(super) fn level(certainty: f32) -> usize {
    LEVELS.partition_point(|from| *from <= certainty).saturating_sub(1)
}

/// What is learned, as it is written down.
#[cfg(any(test, feature = "train"))]
#[derive(Debug)]
pub(super) struct Content {
    pub steps: [Steps; CONVENTIONS],
    /// Of each level, how often its names were right.
    pub reliability: [f32; LEVELS.len()],
    /// By the hash of the word.
    pub words: Vec<(u64, Entry)>,
    /// A power of two of them for each convention.
    pub rows: [Vec<Row<i8>>; CONVENTIONS],
    /// What one step of a weight stands for.
    pub scale: f32,
    /// Of what it was learned from.
    pub sources: u32,
}

/// A model file that was checked.
pub(super) struct File {
    bytes: Cow<'static, [u8]>,
    pub hash: u64,
    /// Of what the model was learned from.
    #[cfg(any(test, feature = "train"))]
    pub sources: u32,
    slots: u32,
    /// Rows of a convention.
    count: usize,
    pub scale: f32,
    words_at: usize,
    rows_at: usize,
    /// The rows of each convention as they are read, laid out at first use.
    rows: [OnceLock<Vec<Packed>>; CONVENTIONS],
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("bytes", &self.bytes.len()).field("hash", &self.hash).finish()
    }
}

impl File {
    pub(super) fn new(bytes: Cow<'static, [u8]>) -> Result<Self, LinearError> {
        if !bytes.starts_with(MAGIC) {
            return Err(LinearError::NotAModel);
        }
        let found = u32_at(&bytes, 8);
        if found != VERSION {
            return Err(LinearError::WrongVersion { found, expected: VERSION });
        }
        let (slots, rows, labels) = (u32_at(&bytes, 12), u32_at(&bytes, 16), u32_at(&bytes, 20));
        let words_at = HEADER_BYTES + CONVENTIONS * STEPS_BYTES + 4 * LEVELS.len();
        let rows_at = words_at as u64 + u64::from(slots) * WORD_BYTES as u64;
        let expected = rows_at + u64::from(rows) * (CONVENTIONS * ROW_BYTES) as u64;
        if expected != bytes.len() as u64 {
            return Err(LinearError::WrongLength { found: bytes.len(), expected });
        }
        let hash = u64::from(u32_at(&bytes, 32)) | u64::from(u32_at(&bytes, 36)) << 32;
        let found = hashed(&bytes);
        if found != hash {
            return Err(LinearError::WrongHash { found, expected: hash });
        }
        if slots == 0 || !rows.is_power_of_two() {
            return Err(LinearError::Inconsistent("a table has no size that a table can have"));
        }
        if labels as usize != LABELS {
            return Err(LinearError::Inconsistent("its labels are not those of this build"));
        }
        let scale = f32::from_bits(u32_at(&bytes, 24));
        if !(scale.is_finite() && scale > 0.0) {
            return Err(LinearError::Inconsistent("the step of its weights is no positive number"));
        }
        let rows_at = usize::try_from(rows_at).unwrap_or(usize::MAX);
        #[cfg(any(test, feature = "train"))]
        let sources = u32_at(&bytes, 28);
        Ok(Self {
            hash,
            #[cfg(any(test, feature = "train"))]
            sources,
            slots,
            count: rows as usize,
            scale,
            words_at,
            rows_at,
            rows: Default::default(),
            bytes,
        })
    }

    pub(super) fn steps(&self, convention: Convention) -> Steps {
        let at = HEADER_BYTES + convention as usize * STEPS_BYTES;
        let value = |from: usize, to: usize| f32::from_bits(u32_at(&self.bytes, at + 4 * (from * LABELS + to)));
        std::array::from_fn(|from| std::array::from_fn(|to| value(from, to)))
    }

    pub(super) fn reliability(&self) -> [f32; LEVELS.len()] {
        let at = HEADER_BYTES + CONVENTIONS * STEPS_BYTES;
        std::array::from_fn(|level| f32::from_bits(u32_at(&self.bytes, at + 4 * level)))
    }

    /// The weights of a convention.
    pub(super) fn table(&self, convention: Convention) -> Table<'_> {
        let convention = convention as usize;
        let at = self.rows_at + self.count * convention * ROW_BYTES;
        let rows = || self.bytes.get(at..).unwrap_or_default().chunks_exact(ROW_BYTES).take(self.count);
        Table(self.rows[convention].get_or_init(|| rows().map(Packed::new).collect()))
    }
}

impl Lexicon for File {
    fn entry(&self, word: &str) -> Option<Entry> {
        let hash = xxh3_64(word.as_bytes());
        let (mut slot, check) = place(hash, self.slots);
        // A full table would have no end of the probe; the count bounds it.
        for _ in 0..self.slots {
            let at = self.words_at + slot as usize * WORD_BYTES;
            let record = self.bytes.get(at..at + WORD_BYTES)?;
            match u32_at(record, 0) {
                0 => return None,
                found if found == check => return Some(unpacked(record)),
                _ => slot = if slot + 1 == self.slots { 0 } else { slot + 1 },
            }
        }
        None
    }
}

/// First slot of a word, and what tells it from others there; never 0.
#[allow(clippy::cast_possible_truncation)] // both halves are meant
const fn place(hash: u64, slots: u32) -> (u32, u32) {
    (((hash as u32 as u64 * slots as u64) >> 32) as u32, (hash >> 32) as u32 | 1)
}

fn unpacked(record: &[u8]) -> Entry {
    let byte = |at: usize| record.get(at).copied().unwrap_or_default();
    let seen = u16_at(record, 8);
    Entry {
        fine: u16_at(record, 4),
        coarse: byte(6),
        seen: std::array::from_fn(|kind| (seen >> (4 * kind) & 15) as u8),
    }
}

/// Of all that follows the hash, and of the header before it.
fn hashed(bytes: &[u8]) -> u64 {
    let head = xxh3_64(bytes.get(..32).unwrap_or_default());
    head.rotate_left(32) ^ xxh3_64(bytes.get(HEADER_BYTES..).unwrap_or_default())
}

#[cfg(any(test, feature = "train"))]
impl Content {
    pub(super) fn write(&self) -> Vec<u8> {
        let slots = self.words.len() + self.words.len() / 4 + 1;
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        let counts =
            [VERSION, count(slots), count(self.rows[0].len()), count(LABELS), self.scale.to_bits(), self.sources];
        counts.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        out.extend_from_slice(&[0; 8]);
        let steps = self.steps.iter().flatten().flatten();
        steps.chain(&self.reliability).for_each(|value| out.extend_from_slice(&value.to_bits().to_le_bytes()));
        out.extend_from_slice(&self.table(slots));
        for row in self.rows.iter().flatten() {
            out.extend(row.iter().map(|weight| weight.cast_unsigned()));
            out.push(0);
        }
        let hash = hashed(&out).to_le_bytes();
        out.splice(32..40, hash);
        out
    }

    fn table(&self, slots: usize) -> Vec<u8> {
        let mut table = vec![0_u8; slots * WORD_BYTES];
        for (hash, entry) in &self.words {
            let (first, check) = place(*hash, count(slots));
            let mut slot = first as usize;
            loop {
                let at = slot * WORD_BYTES;
                slot = (slot + 1) % slots;
                let Some(record) = table.get_mut(at..at + WORD_BYTES) else { break };
                if u32_at(record, 0) == 0 {
                    let seen = (0..TAKEN).map(|kind| u16::from(entry.seen[kind].min(15)) << (4 * kind)).sum::<u16>();
                    record[..4].copy_from_slice(&check.to_le_bytes());
                    record[4..6].copy_from_slice(&entry.fine.to_le_bytes());
                    record[6] = entry.coarse;
                    record[8..10].copy_from_slice(&seen.to_le_bytes());
                    break;
                }
            }
        }
        table
    }
}

#[cfg(any(test, feature = "train"))]
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::table::Sum;
    use super::*;

    fn content() -> Content {
        let entry = |fine: u16| Entry { fine, coarse: 7, seen: [0, 1, 5, 6] };
        let words = ["دمشق", "بغداد", "نهر"].iter().zip(1..);
        Content {
            steps: std::array::from_fn(|convention| [[convention as f32; LABELS]; LABELS]),
            reliability: [0.5; LEVELS.len()],
            words: words.map(|(word, fine)| (xxh3_64(word.as_bytes()), entry(fine))).collect(),
            rows: [10, 20]
                .map(|times| (0..4).map(|row: i8| std::array::from_fn(|label| row * times - label as i8)).collect()),
            scale: 0.25,
            sources: 77,
        }
    }

    fn file(bytes: Vec<u8>) -> Result<File, LinearError> {
        File::new(bytes.into())
    }

    #[test]
    fn what_was_written_is_read() {
        let file = file(content().write()).unwrap();
        assert_eq!(file.entry("بغداد"), Some(Entry { fine: 2, coarse: 7, seen: [0, 1, 5, 6] }));
        assert_eq!(file.entry("كتاب"), None);
        assert_eq!(file.steps(Convention::Newswire)[3][4].to_bits(), 1.0_f32.to_bits());
        let mut sum = Sum::default();
        file.table(Convention::News).add(2, &mut sum);
        file.table(Convention::Newswire).add(4 + 3, &mut sum);
        let scores = sum.scores(1.0).row();
        assert_eq!((scores[0], scores[10]), (20.0 + 60.0, 10.0 + 50.0));
        assert_eq!(file.reliability(), [0.5; LEVELS.len()]);
        assert_eq!(file.sources, 77);
    }

    #[test]
    fn a_broken_file_is_refused_with_the_reason() {
        let good = content().write();
        let error = |bytes: &[u8]| file(bytes.to_vec()).unwrap_err();
        assert_eq!(error(b""), LinearError::NotAModel);
        assert_eq!(error(b"PK\x03\x04"), LinearError::NotAModel);
        let mut other = good.clone();
        other[8] = 9;
        assert_eq!(error(&other), LinearError::WrongVersion { found: 9, expected: VERSION });
        for cut in [8, HEADER_BYTES, good.len() / 2, good.len() - 1] {
            let error = error(&good[..cut]);
            assert!(
                matches!(error, LinearError::WrongLength { .. } | LinearError::WrongVersion { .. }),
                "cut at {cut}: {error}"
            );
        }
        for at in 20..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 0x10;
            assert!(matches!(error(&flipped), LinearError::WrongHash { .. }), "byte {at}");
        }
    }

    #[test]
    fn a_file_that_promises_too_much_is_refused() {
        let rewritten = |at: usize, value: u32| {
            let mut bytes = content().write();
            bytes.splice(at..at + 4, value.to_le_bytes());
            let hash = hashed(&bytes).to_le_bytes();
            bytes.splice(32..40, hash);
            file(bytes).unwrap_err()
        };
        assert!(matches!(rewritten(16, u32::MAX), LinearError::WrongLength { .. }));
        assert!(rewritten(20, 9).to_string().contains("labels"));
        assert!(rewritten(24, f32::NAN.to_bits()).to_string().contains("positive"));
    }
}
