//! What a first reading of the article tells the second: as what the same word
//! was read elsewhere in it.

use super::words::mix;
use crate::tag::labels::{LABELS, OUTSIDE, Row};

/// More occurrences are as many.
pub(super) const MOST: u32 = 7;

/// The labels of a first reading, by stem.
#[derive(Debug, Default)]
pub(super) struct FirstPass {
    /// Of each token.
    pub labels: Vec<usize>,
    counts: Vec<Row<u32>>,
    /// Stems that are in a name somewhere.
    named: Vec<bool>,
}

impl FirstPass {
    /// `stems`: the number of each token's stem; `is_word` of the token.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn new(labels: &[usize], stems: &[usize], is_word: impl Fn(usize) -> bool) -> Self {
        let mut passed = Self { labels: labels.to_vec(), ..Self::default() };
        passed.count(stems, stems.iter().max().map_or(0, |most| most + 1), is_word);
        passed
    }

    /// Counts the labels of each stem, of which there are `all`.
    pub(super) fn count(&mut self, stems: &[usize], all: usize, is_word: impl Fn(usize) -> bool) {
        let Self { labels, counts, named } = self;
        counts.clear();
        counts.resize(all, [0; LABELS]);
        named.clear();
        named.resize(all, false);
        for (index, (stem, label)) in stems.iter().zip(labels.iter()).enumerate() {
            if let Some(count) = counts.get_mut(*stem).and_then(|row: &mut Row<u32>| row.get_mut(*label))
                && is_word(index)
            {
                *count += 1;
                if let Some(named) = named.get_mut(*stem).filter(|_| *label != OUTSIDE) {
                    *named = true;
                }
            }
        }
    }

    /// Calls `add` with each feature of the token, which has the stem of that number.
    pub(super) fn features(&self, index: usize, stem: usize, mut add: impl FnMut(u32)) {
        let Some(counts) = self.counts.get(stem) else { return };
        let others = counts.iter().sum::<u32>().saturating_sub(1);
        if others == 0 {
            return;
        }
        let own = self.labels.get(index).copied().unwrap_or(OUTSIDE);
        let (mut most, mut often) = (0, OUTSIDE);
        for (label, count) in counts.iter().enumerate() {
            let count = count.saturating_sub(u32::from(own == label));
            if count == 0 {
                continue;
            }
            add(mix(170, number(label) * 4 + count * 3 / others));
            if label != OUTSIDE && count > most {
                (most, often) = (count, label);
            }
        }
        add(mix(171, number(often) * 8 + others.min(MOST)));
    }

    /// How often the word stands elsewhere, [`MOST`] at the most, where that is in
    /// no name anywhere, as with most words.
    pub(super) fn plain(&self, index: usize, stem: usize) -> Option<usize> {
        let counts = self.counts.get(stem)?;
        let named = *self.named.get(stem)? || self.labels.get(index) != Some(&OUTSIDE);
        (!named).then(|| counts[OUTSIDE].saturating_sub(1).min(MOST) as usize)
    }
}

/// The [features](FirstPass::features) of a word that stands so often elsewhere,
/// never in a name.
pub(super) fn plain(others: u32, mut add: impl FnMut(u32)) {
    if others > 0 {
        add(mix(170, 3));
        add(mix(171, others));
    }
}

fn number(label: usize) -> u32 {
    u32::try_from(label).unwrap_or_default()
}
