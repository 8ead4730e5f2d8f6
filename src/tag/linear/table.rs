//! The weights of features, laid out so that those of one feature are one line
//! of memory and are added by a few instructions.

use std::ops::AddAssign;

use wide::i16x8;

use super::lanes::{LANES, Lanes, OUT};
use crate::tag::labels::Row;

/// The weights of a feature: of the beginnings of names and of outside in the lower
/// bytes, of their insides in the upper ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Packed(i16x8);

impl Packed {
    /// `weights`: of each label.
    pub(super) fn new(weights: &[u8]) -> Self {
        let row = std::array::from_fn(|label| weights.get(label).copied().unwrap_or_default());
        let Lanes { begins, insides } = Lanes::scores(&row);
        let lane = |lane: usize| (u16::from(begins[lane]) | u16::from(insides[lane]) << 8).cast_signed();
        Self(i16x8::new(std::array::from_fn(lane)))
    }
}

/// The sums of the weights of features, of which a token has some 130 and far
/// less than the 256 that fit for certain.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    pub begins: i16x8,
    pub insides: i16x8,
}

impl Sum {
    /// Of a line break: no name goes past it. What the weights of a token add up to
    /// is far less.
    pub(super) const NO_NAME: Self = {
        let mut lanes = Lanes { begins: [i16::MIN / 2; LANES], insides: [i16::MIN / 2; LANES] };
        lanes.begins[OUT] = 0;
        Self::of(&lanes)
    };

    pub(super) fn new(row: &Row<i16>) -> Self {
        Self::of(&Lanes::scores(row))
    }

    pub(super) const fn of(lanes: &Lanes<i16>) -> Self {
        Self { begins: i16x8::new(lanes.begins), insides: i16x8::new(lanes.insides) }
    }

    pub(super) const fn lanes(&self) -> Lanes<i16> {
        Lanes { begins: self.begins.to_array(), insides: self.insides.to_array() }
    }

    #[inline]
    fn add(&mut self, row: Packed) {
        self.begins += row.0 << 8 >> 8;
        self.insides += row.0 >> 8;
    }

    /// The sum of both, held where it would not fit.
    #[inline]
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self { begins: self.begins.saturating_add(other.begins), insides: self.insides.saturating_add(other.insides) }
    }

    /// Of each beginning and inside the greater one.
    #[inline]
    pub(super) fn most(&self) -> i16x8 {
        self.begins.max(self.insides)
    }

    /// What each label is worth, where a weight of one is worth `scale`.
    #[inline]
    pub(super) fn scores(&self, scale: f32) -> Lanes<f32> {
        self.lanes().map(|sum| f32::from(sum) * scale)
    }
}

impl AddAssign<&Self> for Sum {
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        self.begins += other.begins;
        self.insides += other.insides;
    }
}

/// A score in steps of a weight.
#[allow(clippy::cast_possible_truncation)] // clamped
pub(super) fn whole(score: f32, scale: f32) -> i16 {
    // With the sum of the weights it fits for certain.
    const MOST: f32 = 8000.0;
    (score / scale).round().clamp(-MOST, MOST) as i16
}

/// The rows of a convention, a power of two of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a>(pub &'a [Packed]);

impl Table<'_> {
    #[inline]
    fn row(&self, feature: u32) -> Option<&Packed> {
        self.0.get(feature as usize & self.0.len().wrapping_sub(1))
    }

    /// Adds the weights of a feature.
    #[inline]
    pub(super) fn add(&self, feature: u32, sum: &mut Sum) {
        if let Some(row) = self.row(feature) {
            sum.add(*row);
        }
    }

    /// Asks memory for the weights of a feature that are added soon. A hint: where the
    /// compiler has no stable word for it, nothing is asked.
    #[inline]
    pub(super) fn prefetch(&self, feature: u32) {
        #[cfg(target_arch = "x86_64")]
        self.row(feature).into_iter().for_each(safe_arch::prefetch_t0);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = feature;
    }

    /// The sum of the weights of features.
    #[inline]
    pub(super) fn sum(&self, features: impl IntoIterator<Item = u32>) -> Sum {
        let mut sum = Sum::default();
        features.into_iter().for_each(|feature| self.add(feature, &mut sum));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::labels::LABELS;

    #[test]
    fn weights_of_all_labels_are_summed_up() {
        let rows: Vec<[i8; LABELS]> =
            vec![std::array::from_fn(|label| label as i8 - 5), [-128; LABELS], [127; LABELS], [-1; LABELS]];
        let packed: Vec<Packed> = rows.iter().map(|row| Packed::new(&row.map(i8::cast_unsigned))).collect();
        let mut sum = Sum::default();
        // Beyond the last row the first comes again.
        (0..64).for_each(|feature| Table(&packed).add(feature, &mut sum));
        let expected = |label: usize| f32::from(rows.iter().map(|row| i16::from(row[label]) * 16).sum::<i16>()) / 4.0;
        assert_eq!(sum.scores(0.25).row(), std::array::from_fn::<_, LABELS, _>(expected));
        let mut twice = sum;
        twice += &sum;
        assert_eq!(twice.scores(0.25), sum.scores(0.5));
    }
}
