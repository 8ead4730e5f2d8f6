//! Dates found in a text, then resolved against its publication.

use super::Hints;
use crate::record::{DateMention, Published, Text};

/// What the dates of a text tell.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// In the order of the text, without overlap.
    pub mentions: Vec<DateMention>,
    /// The publication date: handed in, or told by a dateline or the text.
    pub published: Option<Published>,
}

/// Finds and resolves every date of the text.
pub(super) fn dates(_text: &Text, _hints: Hints<'_>) -> Dates {
    Dates::default()
}
