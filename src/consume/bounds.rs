//! Which offsets of each partition are read, where there is an end to it.

use std::collections::BTreeMap;

use crate::flow::Lane;

/// Offsets of one partition that are to be read: from `from` up to `to`, `to`
/// left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

/// What the group has committed for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed<'a> {
    pub offset: i64,
    /// What was committed beside it; may be empty.
    pub metadata: &'a str,
}

/// Who knows the span of a partition: the seam by which a replay ends.
pub trait Bounds: Send + Sync {
    /// A partition became ours in this epoch; nothing of it was read yet. Called
    /// on the polling thread, with what the group has committed now.
    ///
    /// # Errors
    /// In words, where the span cannot be told; the intake ends with them.
    fn assigned(&self, lane: Lane, epoch: u64, committed: Option<Committed<'_>>) -> Result<Span, String>;

    /// These are no longer ours; what was in hand is committed or dropped.
    fn revoked(&self, lanes: &[Lane]);
}

/// How far each bounded partition was read. No client inside.
#[derive(Debug, Default)]
pub struct Reach {
    lanes: BTreeMap<Lane, State>,
}

#[derive(Debug)]
struct State {
    /// All before it was read, or is not there.
    next: i64,
    to: i64,
    done: bool,
    /// Which of the client's resets of offsets a gap was last looked at for;
    /// None: nothing was read since the partition became ours.
    resets: Option<u64>,
    /// `next` when the client was last seen with nothing more of the span.
    quiet: Option<i64>,
}

/// What a record's offset means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// To be read.
    Take(Option<Gap>),
    /// At or behind the end: the partition is read to its end.
    Beyond,
    /// Before the span, of no span, or behind an end that was seen before.
    No,
}

/// Offsets that were not there: from `from` up to `to`, `to` left out. A gap is
/// nothing special: transactions leave control records, compaction takes
/// records out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub from: i64,
    pub to: i64,
    /// It may be retention's doing: the first gap since the partition became
    /// ours, or since the client found an offset of some partition gone.
    pub suspect: bool,
}

impl Gap {
    /// Offsets of the gap that lie before the begin of the partition as it is
    /// now. `followed`: by a record at `to`, so a begin behind that has moved
    /// since, and the gap is one of another kind.
    #[must_use]
    pub fn deleted(self, begin: i64, followed: bool) -> u64 {
        let deleted = if followed && begin > self.to { 0 } else { begin.min(self.to) - self.from };
        u64::try_from(deleted).unwrap_or(0)
    }
}

impl Reach {
    /// A partition became ours.
    pub fn open(&mut self, lane: Lane, span: Span) {
        let done = span.from >= span.to;
        self.lanes.insert(lane, State { next: span.from, to: span.to, done, resets: None, quiet: None });
    }

    pub fn close(&mut self, lane: Lane) {
        self.lanes.remove(&lane);
    }

    /// A record of that offset was polled; `resets` counts how often the client
    /// has found an offset gone.
    pub fn see(&mut self, lane: Lane, offset: i64, resets: u64) -> Seen {
        let Some(state) = self.lanes.get_mut(&lane) else { return Seen::No };
        if state.done || offset < state.next {
            return Seen::No;
        }
        if offset >= state.to {
            return Seen::Beyond;
        }
        let suspect = state.resets != Some(resets);
        let gap = (offset > state.next).then_some(Gap { from: state.next, to: offset, suspect });
        state.next = offset + 1;
        if state.resets.is_none() {
            state.resets = Some(resets);
        }
        Seen::Take(gap)
    }

    /// A suspect gap was looked at: the next is none until the next reset.
    pub fn cleared(&mut self, lane: Lane, resets: u64) {
        if let Some(state) = self.lanes.get_mut(&lane) {
            state.resets = Some(resets);
        }
    }

    /// The client will fetch `fetch` next; `empty`: it holds nothing that was
    /// fetched. Returns whether the partition is at its end: seen twice so with
    /// nothing read in between, since what was just fetched is counted before
    /// it is held.
    pub fn watch(&mut self, lane: Lane, fetch: i64, empty: bool) -> bool {
        let Some(state) = self.lanes.get_mut(&lane).filter(|state| !state.done) else { return false };
        let before = state.quiet.take();
        if empty && fetch >= state.to {
            state.quiet = Some(state.next);
        }
        before.is_some() && state.quiet == before
    }

    /// What was fetched is thrown away, and fetched again later.
    pub fn disturbed(&mut self) {
        self.lanes.values_mut().for_each(|state| state.quiet = None);
    }

    /// Nothing more comes before the end: the partition is done. Returns what
    /// was not there before the end, if anything.
    pub fn finish(&mut self, lane: Lane) -> Option<Gap> {
        let state = self.lanes.get_mut(&lane)?;
        if state.done {
            return None;
        }
        state.done = true;
        (state.next < state.to).then_some(Gap { from: state.next, to: state.to, suspect: true })
    }

    /// Partitions of which nothing more is to be read.
    pub fn done(&self) -> impl Iterator<Item = Lane> {
        self.lanes.iter().filter(|(_, state)| state.done).map(|(&lane, _)| lane)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANE: Lane = Lane { topic: 0, partition: 0 };

    fn reach(from: i64, to: i64) -> Reach {
        let mut reach = Reach::default();
        reach.open(LANE, Span { from, to });
        reach
    }

    #[test]
    fn what_retention_took_is_told_from_other_gaps() {
        let gap = Gap { from: 10, to: 20, suspect: true };
        assert_eq!(gap.deleted(5, true), 0, "the begin lies before: control records, or compaction");
        assert_eq!(gap.deleted(10, true), 0);
        assert_eq!(gap.deleted(13, true), 3, "deleted up to the begin; the rest is a gap of another kind");
        assert_eq!(gap.deleted(20, true), 10);
        assert_eq!(gap.deleted(21, true), 0, "what followed was read before the begin moved past it");
        assert_eq!(gap.deleted(99, false), 10, "nothing followed");
    }

    #[test]
    fn a_gap_is_suspect_when_it_is_the_first_or_after_a_reset() {
        let mut reach = reach(0, 100);
        let suspect = |seen| matches!(seen, Seen::Take(Some(Gap { suspect: true, .. })));
        assert!(suspect(reach.see(LANE, 5, 0)));
        assert!(!suspect(reach.see(LANE, 7, 0)));
        assert!(suspect(reach.see(LANE, 9, 1)));
        assert!(suspect(reach.see(LANE, 11, 1)), "until it is cleared");
        reach.cleared(LANE, 1);
        assert!(!suspect(reach.see(LANE, 13, 1)));
    }

    #[test]
    fn a_partition_without_a_span_is_not_read() {
        assert_eq!(Reach::default().see(LANE, 3, 0), Seen::No);
        let mut empty = reach(7, 7);
        assert_eq!((empty.see(LANE, 7, 0), empty.finish(LANE)), (Seen::No, None));
        assert_eq!(empty.done().collect::<Vec<_>>(), [LANE]);
    }

    #[test]
    fn the_end_is_believed_when_it_is_seen_twice_undisturbed() {
        let mut reach = reach(0, 10);
        assert_eq!(reach.see(LANE, 8, 0), Seen::Take(Some(Gap { from: 0, to: 8, suspect: true })));
        assert!(!reach.watch(LANE, 10, true));
        assert!(reach.watch(LANE, 10, true));
        let mut reach = self::reach(0, 10);
        for (fetch, empty) in [(10, true), (10, false), (10, true), (9, true), (10, true)] {
            assert!(!reach.watch(LANE, fetch, empty));
        }
        assert_eq!(reach.see(LANE, 3, 0), Seen::Take(Some(Gap { from: 0, to: 3, suspect: true })));
        assert!(!reach.watch(LANE, 10, true), "something was read in between");
        reach.disturbed();
        assert!(!reach.watch(LANE, 12, true));
        assert!(reach.watch(LANE, 12, true));
        reach.finish(LANE);
        assert!(!reach.watch(LANE, 12, true));
    }

    proptest! {
        /// Of a log with gaps exactly the records of the span are taken, whatever
        /// is polled twice; and records, gaps and the tail cover the span.
        #[test]
        fn exactly_the_span_is_taken(
            log in proptest::collection::btree_set(0i64..60, 0..40),
            from in 0i64..60,
            length in 0i64..60,
            again in proptest::collection::vec(0usize..40, 0..6),
        ) {
            let span = Span { from, to: from + length };
            let mut polled: Vec<i64> = log.iter().copied().collect();
            for at in again {
                let at = at.min(polled.len());
                let earlier: Vec<i64> = polled[..at].iter().rev().take(3).rev().copied().collect();
                polled.splice(at..at, earlier);
            }
            let mut reach = reach(span.from, span.to);
            let (mut taken, mut covered) = (Vec::new(), 0);
            for offset in polled {
                match reach.see(LANE, offset, 0) {
                    Seen::Take(gap) => {
                        covered += gap.map_or(0, |gap| gap.to - gap.from) + 1;
                        taken.push(offset);
                    }
                    Seen::Beyond => covered += reach.finish(LANE).map_or(0, |gap| gap.to - gap.from),
                    Seen::No => {}
                }
            }
            covered += reach.finish(LANE).map_or(0, |gap| gap.to - gap.from);
            let expected: Vec<i64> = log.range(span.from..span.to).copied().collect();
            prop_assert_eq!(taken, expected);
            prop_assert_eq!(covered, length);
            prop_assert_eq!(reach.done().count(), 1);
            prop_assert_eq!(reach.finish(LANE), None);
        }
    }
}
