//! What travels between the rooms: plain data and the questions it answers.
//!
//! A [`RawRecord`] becomes an [`Article`] (decode), a [`Text`] (normalize),
//! [`Tags`] (tag) and at last an [`Enriched`] record, or on the way a
//! [`Reject`]. Nothing here does work of its own, so every room may use it and
//! no room needs another.

mod article;
mod edits;
mod enriched;
mod invalid_option;
mod outgoing;
mod raw;
mod reject;
mod tags;
mod text;

pub use article::{Article, CharsetFrom, Evidence, Piece, Precision, Published, SourceBlock, SourceKind, Trace};
pub use edits::{Edits, EditsBuilder};
pub use enriched::{
    Direction, Enriched, EnrichedBlock, EnrichedDate, EnrichedEntity, EnrichedMention, LanguageOut, Provenance, SCHEMA,
    Source,
};
pub use invalid_option::InvalidOption;
pub use outgoing::{Destination, Outgoing};
pub use raw::{Header, Origin, RawRecord};
pub use reject::{Degraded, Reason, Reject, Stage};
pub use tags::{DateMention, Entity, EntityType, How, Mention, Tagged, Tags};
pub use text::{
    Block, BlockKind, CharIndex, CharSpan, DisplaySpan, Language, MatchSpan, RawSpan, Removed, RemovedKind, Text,
};
