//! [`Article`] to [`Text`]: what is article, in which blocks, in clean letters.

use serde::{Deserialize, Serialize};

use crate::record::{Article, Degraded, InvalidOption, Reason, Reject, Stage, Text};

mod fingerprint;
mod fold;
mod language;
mod residue;
mod sentences;
mod unicode;

/// Options of the `[normalize]` table.
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

#[derive(Debug)]
pub struct Normalizer {}

impl Normalizer {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self {}
    }

    /// # Errors
    /// Where nothing is left to be called an article's text.
    pub fn normalize(&self, _article: &Article) -> Result<(Text, Vec<Degraded>), Reject> {
        Err(Reject::new(Stage::Normalize, Reason::NoText, "not built yet"))
    }
}
