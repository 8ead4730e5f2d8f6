//! The choice of what reads the text, and what a transformer answers.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::labels::Row;
#[cfg(feature = "mount")]
use crate::record::EntityType;

/// What reads the text besides lists and rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Model {
    /// The linear model.
    #[default]
    Fast,
    /// A small transformer as well, part of the build with the feature `neural`.
    Accurate,
    /// A token classifier of the user's own, in this directory; with the feature
    /// `mount`.
    Mounted(PathBuf),
}

impl FromStr for Model {
    type Err = String;

    /// A directory is known by a `/`, so that a slip in a name is none.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "fast" => Ok(Self::Fast),
            "accurate" => Ok(Self::Accurate),
            path if path.contains('/') => Ok(Self::Mounted(path.into())),
            other => Err(format!(
                "{other:?} is neither \"fast\" nor \"accurate\"; a directory is written with a /, as in \"./{other}\""
            )),
        }
    }
}

impl TryFrom<String> for Model {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        match model {
            Model::Fast => "fast".to_owned(),
            Model::Accurate => "accurate".to_owned(),
            Model::Mounted(path) => path.display().to_string(),
        }
    }
}

/// What a label of a mounted model means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    Person,
    Organization,
    Place,
    Event,
    Other,
    /// No name at all.
    None,
}

impl Meaning {
    /// The type of a name, if it is one.
    #[cfg(feature = "mount")]
    pub(super) const fn kind(self) -> Option<EntityType> {
        Some(match self {
            Self::Person => EntityType::Person,
            Self::Organization => EntityType::Organization,
            Self::Place => EntityType::Place,
            Self::Event => EntityType::Event,
            Self::Other => EntityType::Other,
            Self::None => return None,
        })
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
    /// The user's own model: its labels are the names.
    pub decides: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_written_as_it_is_read() {
        for (text, model) in [
            ("fast", Model::Fast),
            ("accurate", Model::Accurate),
            ("/models/ner", Model::Mounted("/models/ner".into())),
            ("./fast", Model::Mounted("./fast".into())),
        ] {
            assert_eq!(text.parse(), Ok(model.clone()));
            assert_eq!(serde_json::to_value(&model).unwrap(), text);
            assert_eq!(serde_json::from_value::<Model>(text.into()).unwrap(), model);
        }
        let told = "acurate".parse::<Model>().unwrap_err();
        assert_eq!(
            told,
            "\"acurate\" is neither \"fast\" nor \"accurate\"; a directory is written with a /, as in \"./acurate\""
        );
    }
}
