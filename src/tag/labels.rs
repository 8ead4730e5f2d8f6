//! Labels of tokens: outside, and begin and inside of each type. All models
//! answer in these.

use crate::record::EntityType;

/// Outside, then two for each type.
pub const LABELS: usize = 1 + 2 * EntityType::ALL.len();
/// The token is in no name.
pub(super) const OUTSIDE: usize = 0;

/// A chance or a score for each label.
pub type Row<T> = [T; LABELS];

pub(super) const fn begin(kind: EntityType) -> usize {
    1 + 2 * kind as usize
}

pub(super) const fn inside(kind: EntityType) -> usize {
    2 + 2 * kind as usize
}

/// The type of a label that is not [`OUTSIDE`].
pub(super) fn kind(label: usize) -> Option<EntityType> {
    label.checked_sub(1).and_then(|index| EntityType::ALL.get(index / 2)).copied()
}

pub(super) const fn begins(label: usize) -> bool {
    label % 2 == 1
}

/// A name goes on only where one of its type began.
pub(super) const fn may_follow(before: usize, label: usize) -> bool {
    label == OUTSIDE || begins(label) || before == label || before + 1 == label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_two_labels() {
        for one in EntityType::ALL {
            assert_eq!((kind(begin(one)), kind(inside(one))), (Some(one), Some(one)));
            assert!(begins(begin(one)) && !begins(inside(one)));
            for other in EntityType::ALL {
                assert_eq!(may_follow(begin(other), inside(one)), one == other);
                assert_eq!(may_follow(inside(other), inside(one)), one == other);
                assert!(may_follow(inside(other), begin(one)));
            }
            assert!(!may_follow(OUTSIDE, inside(one)));
        }
        assert_eq!(kind(OUTSIDE), None);
    }
}
