use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[input]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Topics of raw articles.
    pub topics: Vec<String>,
    /// Where a group without a committed offset begins: `earliest`, `latest`,
    /// or `error`, which exits instead of guessing.
    pub start: Start,
}

impl Default for Options {
    fn default() -> Self {
        Self { topics: vec!["articles.raw".to_owned()], start: Start::Earliest }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    Earliest,
    Latest,
    Error,
}

impl Start {
    /// The value of librdkafka's `auto.offset.reset`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Earliest => "earliest",
            Self::Latest => "latest",
            Self::Error => "error",
        }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.topics.is_empty() || self.topics.iter().any(|topic| topic.trim().is_empty()) {
            return vec![InvalidOption::new(
                "input.topics",
                format!("{:?}", self.topics),
                "name at least one topic to read, and no empty name",
            )];
        }
        Vec::new()
    }
}
