//! Labels side by side, as a processor works on them: the beginnings of names of
//! all types, with outside after them, and the insides in the same order.

use crate::record::EntityType;
use crate::tag::labels::{OUTSIDE, Row};

/// Labels of one sort, and room beyond them.
pub(super) const LANES: usize = 8;
/// Where outside is among the beginnings.
pub(super) const OUT: usize = EntityType::ALL.len();

const _: () = assert!(OUT < LANES);

/// A value for each label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(16))]
pub(super) struct Lanes<T> {
    pub begins: [T; LANES],
    pub insides: [T; LANES],
}

/// The lane of a label that is not outside.
const fn lane(label: usize) -> (bool, usize) {
    (label % 2 == 1, (label - 1) / 2)
}

impl<T: Copy> Lanes<T> {
    /// `beyond`: of lanes that no label has.
    pub(super) fn new(row: &Row<T>, beyond: T) -> Self {
        let mut lanes = Self { begins: [beyond; LANES], insides: [beyond; LANES] };
        for (label, value) in row.iter().enumerate() {
            *lanes.slot(label) = *value;
        }
        lanes
    }

    /// Of scores: the lanes beyond repeat outside, so that they are neither the greatest
    /// nor unusual.
    pub(super) fn scores(row: &Row<T>) -> Self {
        Self::new(row, row[OUTSIDE])
    }

    fn slot(&mut self, label: usize) -> &mut T {
        if label == OUTSIDE {
            return &mut self.begins[OUT];
        }
        match lane(label) {
            (true, lane) => &mut self.begins[lane],
            (false, lane) => &mut self.insides[lane],
        }
    }

    #[inline]
    pub(super) fn of(&self, label: usize) -> T {
        if label == OUTSIDE {
            return self.begins[OUT];
        }
        match lane(label) {
            (true, lane) => self.begins[lane],
            (false, lane) => self.insides[lane],
        }
    }

    pub(super) fn row(&self) -> Row<T> {
        std::array::from_fn(|label| self.of(label))
    }

    #[inline(always)]
    pub(super) fn map<U: Copy>(&self, value: impl Fn(T) -> U) -> Lanes<U> {
        Lanes {
            begins: std::array::from_fn(|lane| value(self.begins[lane])),
            insides: std::array::from_fn(|lane| value(self.insides[lane])),
        }
    }

    /// Lane by lane.
    #[inline(always)]
    pub(super) fn with<U: Copy, V>(&self, other: &Lanes<U>, join: impl Fn(T, U) -> V) -> Lanes<V> {
        Lanes {
            begins: std::array::from_fn(|lane| join(self.begins[lane], other.begins[lane])),
            insides: std::array::from_fn(|lane| join(self.insides[lane], other.insides[lane])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_has_a_lane() {
        let row: Row<i16> = std::array::from_fn(|label| label as i16);
        let lanes = Lanes::new(&row, -1);
        assert_eq!(lanes.row(), row);
        assert_eq!(lanes.begins, [1, 3, 5, 7, 9, 0, -1, -1]);
        assert_eq!(lanes.insides, [2, 4, 6, 8, 10, -1, -1, -1]);
    }
}
