//! The weights of features, laid out so that those of one feature are one line
//! of memory and are added by a few instructions.

use std::ops::AddAssign;

use super::chain::{WIDTH, Wide};
use crate::tag::labels::{LABELS, OUTSIDE};

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

/// The sums of the weights of features, of which a token has some 130 and far
/// less than the 256 that fit for certain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(16))]
pub(super) struct Sum {
    lower: [i16; HALF],
    upper: [i16; HALF],
}

impl Sum {
    /// Of a line break: no name goes past it. What the weights of a token add up to
    /// is far less.
    pub(super) const NO_NAME: Self = {
        let mut lower = [i16::MIN / 2; HALF];
        lower[OUTSIDE] = 0;
        Self { lower, upper: [i16::MIN / 2; HALF] }
    };

    #[inline]
    fn add(&mut self, row: &Packed) {
        for (sum, weights) in self.lower.iter_mut().zip(row.0) {
            *sum += weights << 8 >> 8;
        }
        for (sum, weights) in self.upper.iter_mut().zip(row.0) {
            *sum += weights >> 8;
        }
    }

    /// What each label is worth, where a weight of one is worth `scale`.
    pub(super) fn scores(&self, scale: f32) -> Wide<f32> {
        let mut row = [0.0; WIDTH];
        row.iter_mut().zip(self.lower).for_each(|(score, sum)| *score = f32::from(sum) * scale);
        row.iter_mut().skip(HALF).zip(self.upper).for_each(|(score, sum)| *score = f32::from(sum) * scale);
        row
    }
}

impl AddAssign<&Self> for Sum {
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        self.lower.iter_mut().zip(other.lower).for_each(|(sum, other)| *sum += other);
        self.upper.iter_mut().zip(other.upper).for_each(|(sum, other)| *sum += other);
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

    /// The sum of the weights of features.
    #[inline]
    pub(super) fn sum(&self, features: impl IntoIterator<Item = u32>) -> Sum {
        let mut sum = Sum::default();
        features.into_iter().for_each(|feature| self.add(feature, &mut sum));
        sum
    }
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
        let expected = |label: usize| f32::from(rows.iter().map(|row| i16::from(row[label]) * 16).sum::<i16>()) / 4.0;
        assert_eq!(sum.scores(0.25)[..LABELS], std::array::from_fn::<_, LABELS, _>(expected));
        assert_eq!(sum.scores(0.25)[LABELS..], [0.0; WIDTH - LABELS]);
        let mut twice = sum;
        twice += &sum;
        assert_eq!(twice.scores(0.25), sum.scores(0.5));
    }
}
