//! Bytes to [`Article`]: type by header, configuration or sniffing.

use serde::{Deserialize, Serialize};

use crate::record::{Article, InvalidOption, RawRecord, Reason, Reject, Stage};

/// Options of the `[decode]` table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub max_value_bytes: usize,
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        Vec::new()
    }
}

#[derive(Debug)]
pub struct Decoder {}

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self {}
    }

    /// # Errors
    /// The record's own fault, with its reason; the next record is not touched.
    pub fn decode(&self, _raw: &RawRecord) -> Result<Article, Reject> {
        Err(Reject::new(Stage::Decode, Reason::NoText, "not built yet"))
    }
}
