//! [`Enriched`] or [`Reject`] to bytes and headers.

use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[encode]` table.
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
