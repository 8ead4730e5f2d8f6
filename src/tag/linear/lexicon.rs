//! What unlabelled text tells of words: which are used alike, and what a first
//! model took them for.

/// Ways in which a first model may have taken a word: person, organization,
/// place, anything else.
pub(super) const TAKEN: usize = 4;

/// Shares of a word's occurrences at which [`Entry::seen`] counts one up.
#[cfg(any(test, feature = "train"))]
pub(super) const SHARES: [f32; 6] = [0.004, 0.02, 0.1, 0.3, 0.6, 0.9];

/// A word among others like it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its cluster among 1,024, and among 256.
    pub fine: u16,
    pub coarse: u8,
    /// How often a first model took it for a name: 0 never to 6 nearly always.
    pub seen: [u8; TAKEN],
}

/// The words of a model, be they in its file or still being learned.
pub(super) trait Lexicon {
    fn entry(&self, word: &str) -> Option<Entry>;
}
