//! A sentence that is too long to be read at once, in windows that overlap.

use std::ops::Range;

/// Words that are read together, and those of them whose answer counts: nearer
/// to the middle of this window than to that of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub read: Range<usize>,
    pub keep: Range<usize>,
}

/// Windows over words of so many pieces each, `room` pieces at most in one, a
/// quarter of them read before. A word that is longer stands alone.
pub(super) fn windows(pieces: &[usize], room: usize) -> Vec<Window> {
    let mut found: Vec<Window> = Vec::new();
    let mut start = 0;
    while start < pieces.len() {
        let end = reach(pieces, start, room).max(start + 1);
        let from = found.last().map_or(0, |before| before.keep.end);
        if end == pieces.len() {
            found.push(Window { read: start..end, keep: from..end });
            break;
        }
        let next = back(pieces, start, end, room / 4);
        found.push(Window { read: start..end, keep: from..next + (end - next) / 2 });
        start = next;
    }
    found
}

/// End of the words from `start` on that fit.
fn reach(pieces: &[usize], start: usize, room: usize) -> usize {
    let mut sum = 0;
    let fits = pieces.iter().skip(start).take_while(|count| {
        sum += **count;
        sum <= room
    });
    start + fits.count()
}

/// Begin of the last words before `end` that hold `overlap` pieces; behind
/// `start`, so that every window goes on.
fn back(pieces: &[usize], start: usize, end: usize, overlap: usize) -> usize {
    let (mut sum, mut next) = (0, end);
    while next > start + 1 {
        sum += pieces.get(next - 1).copied().unwrap_or_default();
        if sum > overlap {
            break;
        }
        next -= 1;
    }
    next
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_is_one_window() {
        assert_eq!(windows(&[1, 2, 3], 6), [Window { read: 0..3, keep: 0..3 }]);
        assert_eq!(windows(&[], 6), []);
    }

    #[test]
    fn windows_overlap_and_each_answers_for_its_middle() {
        let found = windows(&[1; 20], 8);
        let expected = [(0..8, 0..7), (6..14, 7..13), (12..20, 13..20)];
        assert_eq!(found, expected.map(|(read, keep)| Window { read, keep }));
    }

    proptest! {
        #[test]
        fn every_word_is_answered_for_once(pieces in proptest::collection::vec(1_usize..30, 0..200), room in 1_usize..50) {
            let mut next = 0;
            for window in windows(&pieces, room) {
                prop_assert_eq!(window.keep.start, next);
                prop_assert!(window.read.start <= window.keep.start && window.keep.end <= window.read.end);
                prop_assert!(window.read.len() == 1 || pieces[window.read.clone()].iter().sum::<usize>() <= room);
                next = window.keep.end;
            }
            prop_assert_eq!(next, pieces.len());
        }
    }
}
