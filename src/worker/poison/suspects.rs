//! Who was in hand when the process died; no file inside.

use std::collections::{BTreeMap, BTreeSet};

use super::slot::{Mark, Slot};

/// Suspects that are kept. Each death adds at most one for each thread, and what is
/// tried leaves again, so only a machine with more threads comes near.
pub const MOST: usize = 256;

/// A suspect: how often, and where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspect {
    pub deaths: u32,
    /// Its slot in the journal's table, from 0, below [`MOST`].
    pub slot: usize,
}

/// The suspects by their marks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Suspects {
    by_mark: BTreeMap<Mark, Suspect>,
}

impl Suspects {
    /// Those of a process that died and left these slots: what it had in hand is
    /// one death more. Also how many found no room: those with the fewest deaths go
    /// first, and are processed as if nothing had been.
    pub fn after_death(slots: impl IntoIterator<Item = Slot>) -> (Self, usize) {
        let (mut deaths, mut in_hand) = (BTreeMap::new(), BTreeSet::new());
        for slot in slots {
            match slot {
                // The same twice: taken as the worse, as the other was to be cleared.
                Slot::Suspect(mark, count) => {
                    let known = deaths.entry(mark).or_insert(count);
                    *known = count.max(*known);
                }
                Slot::InHand(mark) => drop(in_hand.insert(mark)),
            }
        }
        for mark in in_hand {
            let count: &mut u32 = deaths.entry(mark).or_default();
            *count = count.saturating_add(1);
        }
        let mut worst: Vec<(Mark, u32)> = deaths.into_iter().collect();
        worst.sort_by_key(|(mark, deaths)| (std::cmp::Reverse(*deaths), *mark));
        let left_out = worst.len().saturating_sub(MOST);
        let kept = worst.into_iter().take(MOST).enumerate();
        let by_mark = kept.map(|(slot, (mark, deaths))| (mark, Suspect { deaths, slot })).collect();
        (Self { by_mark }, left_out)
    }

    pub fn get(&self, mark: &Mark) -> Option<Suspect> {
        self.by_mark.get(mark).copied()
    }

    pub fn remove(&mut self, mark: &Mark) -> Option<Suspect> {
        self.by_mark.remove(mark)
    }

    /// Lets go of those up to `offset`: all before it is done for good. The slots
    /// that are free now.
    pub fn settled(&mut self, topic: u64, partition: i32, offset: i64) -> Vec<usize> {
        let done = |mark: &Mark| mark.topic == topic && mark.partition == partition && mark.offset <= offset;
        let gone: Vec<Mark> = self.by_mark.keys().filter(|mark| done(mark)).copied().collect();
        gone.iter().filter_map(|mark| self.by_mark.remove(mark)).map(|suspect| suspect.slot).collect()
    }

    pub fn len(&self) -> usize {
        self.by_mark.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Mark, Suspect)> + '_ {
        self.by_mark.iter().map(|(mark, suspect)| (*mark, *suspect))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::slot::tests::slot;
    use super::*;

    fn mark(offset: i64) -> Mark {
        Mark { topic: 1, partition: 2, offset, timestamp: 3, length: 4 }
    }

    #[test]
    fn each_death_is_counted_once_for_each_record_in_hand() {
        let slots = [
            Slot::InHand(mark(1)),
            Slot::InHand(mark(2)),
            Slot::InHand(mark(2)),
            Slot::Suspect(mark(2), 1),
            Slot::Suspect(mark(3), 2),
        ];
        let (mut suspects, left_out) = Suspects::after_death(slots);
        assert_eq!((suspects.len(), left_out), (3, 0));
        let deaths = [1, 2, 3, 4].map(|offset| suspects.get(&mark(offset)).map(|suspect| suspect.deaths));
        assert_eq!(deaths, [Some(1), Some(2), Some(2), None]);
        // Another partition, another topic, an offset before all of them: nobody.
        for (topic, partition, offset) in [(1, 3, 9), (2, 2, 9), (1, 2, 0)] {
            assert_eq!(suspects.settled(topic, partition, offset), Vec::<usize>::new());
        }
        assert_eq!(suspects.settled(1, 2, 2).len(), 2);
        assert_eq!(suspects.iter().map(|(mark, _)| mark.offset).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn where_there_is_no_room_the_worst_are_kept() {
        let many = 1 + i64::try_from(MOST).unwrap();
        let innocent = (1..=many).map(|offset| Slot::InHand(mark(offset)));
        let (suspects, left_out) = Suspects::after_death(innocent.chain([Slot::Suspect(mark(many + 1), 2)]));
        assert_eq!((suspects.len(), left_out), (MOST, 2));
        assert_eq!(suspects.get(&mark(many + 1)).unwrap().deaths, 2);
    }

    proptest! {
        /// Each has a slot of its own within the table, and the next process finds
        /// the same ones if nothing dies.
        #[test]
        fn what_is_kept_is_found_again(slots in prop::collection::vec(slot(), 0..300)) {
            let (suspects, _) = Suspects::after_death(slots);
            let places: BTreeSet<usize> = suspects.iter().map(|(_, suspect)| suspect.slot).collect();
            prop_assert_eq!(places.len(), suspects.len());
            prop_assert!(places.iter().all(|place| *place < MOST));
            let kept = suspects.iter().map(|(mark, suspect)| Slot::Suspect(mark, suspect.deaths));
            prop_assert_eq!(Suspects::after_death(kept), (suspects, 0));
        }
    }
}
