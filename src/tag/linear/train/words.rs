//! The table of words: clusters, and what a first model took them for.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::super::lexicon::{Entry, Lexicon, SHARES, TAKEN};

/// Cluster of a word that is in none.
const UNCLUSTERED: (u16, u8) = (2000, 255);

/// What is known of words from unlabelled text.
#[derive(Debug, Default)]
pub struct WordTable(BTreeMap<String, Entry>);

/// What is wrong with a table of words, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {text:?} is not {expected}")]
pub struct WordTableError {
    pub file: &'static str,
    pub line: usize,
    pub text: String,
    pub expected: &'static str,
}

impl WordTable {
    /// `clusters`: word, cluster of 1,024, cluster of 256. `seen`: word, how
    /// often it occurs, and how often as person, organization, place, other.
    pub fn parse(clusters: &str, seen: &str) -> Result<Self, WordTableError> {
        let mut words = BTreeMap::new();
        for (index, text) in clusters.lines().enumerate().skip(1) {
            let mut fields = text.split('\t');
            let entry = (|| {
                let word = fields.next()?;
                let (fine, coarse) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
                Some((word.to_owned(), Entry { fine, coarse, seen: [0; TAKEN] }))
            })();
            let expected = "a word and its two clusters, separated by tabs";
            let error = || WordTableError { file: "clusters.tsv", line: index + 1, text: text.to_owned(), expected };
            let (word, entry) = entry.ok_or_else(error)?;
            words.insert(word, entry);
        }
        for (index, text) in seen.lines().enumerate().skip(1) {
            let fields: Vec<&str> = text.split('\t').collect();
            let counts: Vec<f32> = fields.iter().skip(1).filter_map(|field| field.parse().ok()).collect();
            let (Some(word), [times, taken @ ..]) = (fields.first(), counts.as_slice()) else {
                let expected = "a word and five counts, separated by tabs";
                return Err(WordTableError { file: "seen.tsv", line: index + 1, text: text.to_owned(), expected });
            };
            let shares = |kind: usize| taken.get(kind).map_or(0.0, |count| count / times.max(1.0));
            let seen = std::array::from_fn(|kind| {
                u8::try_from(SHARES.iter().filter(|least| shares(kind) > **least).count()).unwrap_or_default()
            });
            // A word that is in no cluster and was never taken for a name is like
            // one that was never seen.
            if seen == [0; TAKEN] {
                continue;
            }
            let (fine, coarse) = UNCLUSTERED;
            words.entry((*word).to_owned()).or_insert(Entry { fine, coarse, seen }).seen = seen;
        }
        Ok(Self(words))
    }

    pub(super) fn entries(&self) -> Vec<(u64, Entry)> {
        self.0.iter().map(|(word, entry)| (xxh3_64(word.as_bytes()), *entry)).collect()
    }
}

impl Lexicon for WordTable {
    fn entry(&self, word: &str) -> Option<Entry> {
        self.0.get(word).copied()
    }
}
