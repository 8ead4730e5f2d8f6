use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Meaning, Model, Options};

/// A second tagger's options, told by what differs: a key that is not set is as
/// in [`Options`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    pub gazetteer_files: Option<Vec<PathBuf>>,
    pub max_mentions: Option<usize>,
    pub model: Option<Model>,
    pub labels: Option<BTreeMap<String, Meaning>>,
    pub batch: Option<usize>,
    pub max_model_pieces: Option<usize>,
}

impl Changes {
    /// Those of the second tagger.
    #[must_use]
    pub fn over(&self, options: &Options) -> Options {
        // Named one by one, so that none of them can be forgotten here.
        let Options { gazetteer_files, max_mentions, model, labels, batch, max_model_pieces } = options.clone();
        Options {
            gazetteer_files: self.gazetteer_files.clone().unwrap_or(gazetteer_files),
            max_mentions: self.max_mentions.unwrap_or(max_mentions),
            model: self.model.clone().unwrap_or(model),
            labels: self.labels.clone().unwrap_or(labels),
            batch: self.batch.unwrap_or(batch),
            max_model_pieces: self.max_model_pieces.unwrap_or(max_model_pieces),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_can_be_changed_and_stays_else() {
        let options = Options {
            gazetteer_files: vec!["a.tsv".into()],
            max_mentions: 7,
            model: Model::Accurate,
            labels: BTreeMap::new(),
            batch: 3,
            max_model_pieces: 8,
        };
        let value = |options: &Options| serde_json::to_value(options).unwrap();
        assert_eq!(value(&Changes::default().over(&options)), value(&options));
        let other = Options {
            gazetteer_files: vec!["b.tsv".into(), "c.tsv".into()],
            max_mentions: 9,
            model: Model::Fast,
            labels: BTreeMap::from([("PERS".to_owned(), Meaning::Person)]),
            batch: 4,
            max_model_pieces: 10,
        };
        // The same keys: what is one's options in full are the other's changes.
        let changes: Changes = serde_json::from_value(value(&other)).unwrap();
        assert!(!changes.is_empty() && Changes::default().is_empty());
        assert_eq!(value(&changes.over(&options)), value(&other));
    }
}
