//! The weights of features, laid out so that those of one feature are one line
//! of memory and are added by a few instructions.

use super::chain::{WIDTH, Wide};
use crate::tag::labels::LABELS;

/// Labels of half a row.
const HALF: usize = 8;

/// The weights of a feature: of the first labels in the lower bytes, of the
/// others in the upper ones.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(16))]
pub(super) struct Packed([i16; HALF]);

impl Packed {
    /// `weights`: of each label.
    pub(super) fn new(weights: &[u8]) -> Self {
        let byte = |label: usize| u16::from(weights.get(label).copied().unwrap_or_default());
        let upper = |lane: usize| if lane + HALF < LABELS { byte(lane + HALF) } else { 0 };
        Self(std::array::from_fn(|lane| (byte(lane) | upper(lane) << 8).cast_signed()))
    }
}

/// The sums of the weights of features, of which a token has far less than the
/// 256 that fit for certain.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    lower: [i16; HALF],
    upper: [i16; HALF],
}

impl Sum {
    #[inline]
    fn add(&mut self, row: &Packed) {
        for (sum, weights) in self.lower.iter_mut().zip(row.0) {
            *sum += weights << 8 >> 8;
        }
        for (sum, weights) in self.upper.iter_mut().zip(row.0) {
            *sum += weights >> 8;
        }
    }

    pub(super) fn labels(&self) -> Wide<i16> {
        std::array::from_fn(|label| if label < HALF { self.lower[label] } else { self.upper[label - HALF] })
    }
}

/// The rows of a convention, a power of two of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a>(pub &'a [Packed]);

impl Table<'_> {
    /// Adds the weights of a feature.
    #[inline]
    pub(super) fn add(&self, feature: u32, sum: &mut Sum) {
        if let Some(row) = self.0.get(feature as usize & self.0.len().wrapping_sub(1)) {
            sum.add(row);
        }
    }
}

/// Adds what was summed up before.
pub(super) fn add(sum: &mut Wide<i32>, row: &Wide<i16>) {
    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += i32::from(*value));
}

const _: () = assert!(LABELS <= 2 * HALF && WIDTH <= 2 * HALF);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_all_labels_are_summed_up() {
        let rows: Vec<[i8; LABELS]> =
            vec![std::array::from_fn(|label| label as i8 - 5), [-128; LABELS], [127; LABELS], [-1; LABELS]];
        let packed: Vec<Packed> = rows.iter().map(|row| Packed::new(&row.map(i8::cast_unsigned))).collect();
        let mut sum = Sum::default();
        // Beyond the last row the first comes again.
        (0..64).for_each(|feature| Table(&packed).add(feature, &mut sum));
        let expected = |label: usize| rows.iter().map(|row| i16::from(row[label]) * 16).sum::<i16>();
        assert_eq!(sum.labels()[..LABELS], std::array::from_fn::<_, LABELS, _>(expected));
        assert_eq!(sum.labels()[LABELS..], [0; WIDTH - LABELS]);
    }
}
