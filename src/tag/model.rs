use serde::{Deserialize, Serialize};

/// What reads the text besides lists and rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Nothing more.
    #[default]
    Fast,
    /// A small transformer, part of the build with the feature `neural`.
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

/// What a build without transformers has in place of what one says.
#[cfg(not(feature = "neural"))]
pub(super) struct NoReading {
    pub cut: bool,
}

#[cfg(not(feature = "neural"))]
impl NoReading {
    #[allow(clippy::unused_self, clippy::ptr_arg)] // as the one it stands for
    pub(super) fn join(self, _: &mut Vec<super::mentions::Candidate>) {}
}
