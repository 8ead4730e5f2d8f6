//! The choice of what reads the text, and what a transformer answers.

use serde::{Deserialize, Serialize};

use super::labels::Row;

/// What reads the text besides lists and rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The linear model.
    #[default]
    Fast,
    /// A small transformer as well, part of the build with the feature `neural`.
    Accurate,
}

impl std::str::FromStr for Model {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "fast" => Ok(Self::Fast),
            "accurate" => Ok(Self::Accurate),
            other => Err(format!("{other:?} is neither \"fast\" nor \"accurate\"")),
        }
    }
}

/// What a transformer says of an article.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Log probabilities of the labels of each token; none of those that it did
    /// not read.
    pub scores: Vec<Option<Row<f32>>>,
    /// The budget was too small for all.
    pub cut: bool,
}
