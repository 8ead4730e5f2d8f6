//! What a first reading of the article tells the second: as what the same word
//! was read elsewhere in it.

use rustc_hash::FxHashMap;

use super::words::{Profile, mix};
use crate::tag::labels::{LABELS, OUTSIDE, Row};

/// The labels of a first reading, by stem.
#[derive(Debug)]
pub(super) struct FirstPass<'a> {
    labels: &'a [usize],
    stems: FxHashMap<u32, Row<u32>>,
}

impl<'a> FirstPass<'a> {
    /// `stems`: of each token that is a word.
    pub(super) fn new(labels: &'a [usize], stems: impl Iterator<Item = Option<u32>>) -> Self {
        let mut counts: FxHashMap<u32, Row<u32>> = FxHashMap::default();
        for (stem, label) in stems.zip(labels) {
            let Some(stem) = stem else { continue };
            if let Some(count) = counts.entry(stem).or_insert([0; LABELS]).get_mut(*label) {
                *count += 1;
            }
        }
        Self { labels, stems: counts }
    }

    pub(super) fn features(&self, index: usize, word: Profile, mut add: impl FnMut(u32)) {
        let Some(counts) = self.stems.get(&word.stem) else { return };
        let others = counts.iter().sum::<u32>().saturating_sub(1);
        if others == 0 {
            return;
        }
        let (mut most, mut often) = (0, OUTSIDE);
        for (label, count) in counts.iter().enumerate() {
            let count = count.saturating_sub(u32::from(self.labels.get(index) == Some(&label)));
            if count == 0 {
                continue;
            }
            add(mix(170, number(label) * 4 + count * 3 / others));
            if label != OUTSIDE && count > most {
                (most, often) = (count, label);
            }
        }
        add(mix(171, number(often) * 8 + others.min(7)));
    }
}

fn number(label: usize) -> u32 {
    u32::try_from(label).unwrap_or_default()
}
