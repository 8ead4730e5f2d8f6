//! [`Text`] to entities and dates; built once, shared by all cores.

use serde::{Deserialize, Serialize};

use crate::record::{Degraded, InvalidOption, Published, Tags, Text};

mod calendars;
mod dates;

/// Options of the `[tag]` table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        Vec::new()
    }
}

/// What is known of an article besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    pub published: Option<&'a Published>,
    /// A publication date as people write it, still to be read.
    pub published_text: Option<&'a str>,
    pub url: Option<&'a str>,
    pub site: Option<&'a str>,
}

/// Bytes of a compiled gazetteer and of the users' lists on top of it.
#[derive(Debug)]
pub struct Tagger {}

impl Tagger {
    /// Finds entities and dates. Never fails: what is cut short is said.
    #[must_use]
    pub fn tag(&self, _text: &Text, _hints: Hints<'_>) -> (Tags, Vec<Degraded>) {
        (Tags::default(), Vec::new())
    }
}
