//! Which partitions are ours, in which epoch, and how far they were read.

use std::collections::BTreeMap;

use crate::flow::{Lane, Ticket};

/// Gives each record its ticket. No client inside.
#[derive(Debug, Default)]
pub struct Assignment {
    lanes: BTreeMap<Lane, Owned>,
    epochs: u64,
}

#[derive(Debug, Clone, Copy)]
struct Owned {
    epoch: u64,
    stamped: u64,
    last_offset: i64,
}

impl Assignment {
    /// A partition became ours. Returns its new epoch; a partition that is ours
    /// already starts a new one, since its position may have moved.
    pub fn assign(&mut self, lane: Lane) -> u64 {
        self.epochs += 1;
        self.lanes.insert(lane, Owned { epoch: self.epochs, stamped: 0, last_offset: i64::MIN });
        self.epochs
    }

    /// The ticket of the record at that offset. `None` where the partition is
    /// not ours, or the record was given one in this epoch already: a message
    /// of before that was still in a queue, or one that was fetched twice.
    pub fn stamp(&mut self, lane: Lane, offset: i64) -> Option<Ticket> {
        let owned = self.lanes.get_mut(&lane)?;
        if offset <= owned.last_offset {
            return None;
        }
        let ticket = Ticket { lane, epoch: owned.epoch, sequence: owned.stamped, offset };
        owned.stamped += 1;
        owned.last_offset = offset;
        Some(ticket)
    }

    /// No more tickets for these partitions. Returns, for those that were ours,
    /// how many were given out: that is what is to be drained.
    pub fn revoke(&mut self, lanes: &[Lane]) -> Vec<(Lane, u64)> {
        lanes.iter().filter_map(|lane| Some((*lane, self.lanes.remove(lane)?.stamped))).collect()
    }

    /// Our partitions, and how many tickets each has given out.
    #[must_use]
    pub fn given(&self) -> Vec<(Lane, u64)> {
        self.lanes.iter().map(|(lane, owned)| (*lane, owned.stamped)).collect()
    }

    #[must_use]
    pub fn lanes(&self) -> Vec<Lane> {
        self.lanes.keys().copied().collect()
    }

    /// How many partitions are ours.
    #[must_use]
    pub fn owned(&self) -> usize {
        self.lanes.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Act {
        Assign(i32),
        Revoke(i32),
        Poll(i32, i64),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            1 => (0i32..3).prop_map(Act::Assign),
            1 => (0i32..3).prop_map(Act::Revoke),
            8 => (0i32..3, -2i64..5).prop_map(|(lane, jump)| Act::Poll(lane, jump)),
        ];
        proptest::collection::vec(act, 0..200)
    }

    proptest! {
        /// Tickets are dense in each epoch, offsets only grow, epochs are never
        /// used twice, and a revoke tells how many tickets were given out.
        #[test]
        fn tickets_are_dense_and_never_given_twice(acts in acts()) {
            let mut assignment = Assignment::default();
            let mut given: BTreeMap<(Lane, u64), Vec<i64>> = BTreeMap::new();
            let mut epochs = BTreeSet::new();
            let mut at = [0i64; 3];
            for act in acts {
                match act {
                    Act::Assign(partition) => {
                        let epoch = assignment.assign(Lane { topic: 0, partition });
                        prop_assert!(epochs.insert(epoch));
                        at[usize::try_from(partition).unwrap()] = 0;
                    }
                    Act::Revoke(partition) => {
                        let lane = Lane { topic: 0, partition };
                        for (lane, stamped) in assignment.revoke(&[lane]) {
                            let newest = given.range((lane, 0)..=(lane, u64::MAX)).next_back();
                            let in_epoch = newest.map_or(0, |(_, offsets)| offsets.len() as u64);
                            prop_assert!(stamped == in_epoch || stamped == 0);
                        }
                        prop_assert_eq!(assignment.stamp(lane, 1_000), None);
                    }
                    Act::Poll(partition, jump) => {
                        let at = &mut at[usize::try_from(partition).unwrap()];
                        *at += jump;
                        let Some(ticket) = assignment.stamp(Lane { topic: 0, partition }, *at) else { continue };
                        let offsets = given.entry((ticket.lane, ticket.epoch)).or_default();
                        prop_assert_eq!(ticket.sequence, offsets.len() as u64);
                        prop_assert!(offsets.last().is_none_or(|last| *last < ticket.offset));
                        offsets.push(ticket.offset);
                    }
                }
            }
        }
    }
}
