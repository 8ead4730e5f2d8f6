//! Per-partition order, restored after work that finishes in any order.

use std::collections::{BTreeMap, VecDeque};

use crate::flow::mutation::{Mutation, is_on};
use crate::flow::{Lane, Ticket};

/// Takes finished items in any order and gives them back in the order of their
/// tickets, partition by partition. No client inside.
#[derive(Debug)]
pub struct Order<T> {
    lanes: BTreeMap<Lane, InLane<T>>,
    ready: VecDeque<(Ticket, T)>,
}

#[derive(Debug)]
struct InLane<T> {
    epoch: u64,
    next: u64,
    early: BTreeMap<u64, (Ticket, T)>,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self { lanes: BTreeMap::new(), ready: VecDeque::new() }
    }
}

impl<T> Order<T> {
    /// A partition became ours. What was still waited for from an older epoch
    /// of it is dropped.
    pub fn open(&mut self, lane: Lane, epoch: u64) {
        self.close(lane);
        self.lanes.insert(lane, InLane { epoch, next: 0, early: BTreeMap::new() });
    }

    /// A partition is no longer ours: its items are dropped, those that come
    /// later are stale. Returns how many were dropped.
    pub fn close(&mut self, lane: Lane) -> usize {
        let Some(closed) = self.lanes.remove(&lane) else { return 0 };
        let before = self.ready.len();
        self.ready.retain(|(ticket, _)| ticket.lane != lane);
        closed.early.len() + before - self.ready.len()
    }

    /// A finished item. Gives it back if its partition is no longer ours, or
    /// was ours in another epoch.
    ///
    /// # Errors
    /// The item itself, when it is stale.
    pub fn complete(&mut self, ticket: Ticket, item: T) -> Result<(), T> {
        let Some(lane) = self.lanes.get_mut(&ticket.lane) else { return Err(item) };
        if is_on(Mutation::NoSort) {
            self.ready.push_back((ticket, item));
            lane.next += 1;
            return Ok(());
        }
        if (lane.epoch != ticket.epoch && !is_on(Mutation::NoEpochCheck)) || ticket.sequence < lane.next {
            return Err(item);
        }
        if ticket.sequence > lane.next {
            lane.early.insert(ticket.sequence, (ticket, item));
            return Ok(());
        }
        self.ready.push_back((ticket, item));
        lane.next += 1;
        while let Some(entry) = lane.early.remove(&lane.next) {
            self.ready.push_back(entry);
            lane.next += 1;
        }
        Ok(())
    }

    /// The next item whose turn it is.
    pub fn pop(&mut self) -> Option<(Ticket, T)> {
        self.ready.pop_front()
    }

    /// Whether the first `stamped` items of the partition have all been popped
    /// or dropped.
    #[must_use]
    pub fn is_through(&self, lane: Lane, stamped: u64) -> bool {
        self.lanes.get(&lane).is_none_or(|in_lane| in_lane.next >= stamped)
            && !self.ready.iter().any(|(ticket, _)| ticket.lane == lane)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lane(partition: i32) -> Lane {
        Lane { topic: 0, partition }
    }

    fn ticket(partition: i32, epoch: u64, sequence: u64) -> Ticket {
        let offset = i64::try_from(sequence).unwrap() * 2 + 10;
        Ticket { lane: lane(partition), epoch, sequence, offset }
    }

    fn waiting<T>(order: &Order<T>) -> usize {
        order.lanes.values().map(|lane| lane.early.len()).sum()
    }

    #[test]
    fn an_item_of_another_epoch_is_stale() {
        let mut order = Order::default();
        order.open(lane(0), 1);
        order.complete(ticket(0, 1, 1), "early").unwrap();
        order.open(lane(0), 2);
        assert_eq!(order.complete(ticket(0, 1, 0), "late"), Err("late"));
        order.complete(ticket(0, 2, 0), "new").unwrap();
        assert_eq!(order.pop().map(|(_, item)| item), Some("new"));
        assert_eq!(order.pop(), None);
        assert_eq!(waiting(&order), 0);
    }

    proptest! {
        /// Items of three partitions, finished in any order, come out in each
        /// partition's order, each once, whatever is closed in between.
        #[test]
        fn order_is_kept_and_nothing_is_lost_or_doubled(
            items in proptest::collection::vec(0i32..3, 1..120).prop_flat_map(|lanes| {
                let indices: Vec<usize> = (0..lanes.len()).collect();
                (Just(lanes), Just(indices).prop_shuffle())
            }),
            close_at in proptest::option::of(0usize..120),
        ) {
            let (lanes, arrival) = items;
            let mut order = Order::default();
            for partition in 0..3 {
                order.open(lane(partition), 7);
            }
            let mut stamped = [0u64; 3];
            let tickets: Vec<Ticket> = lanes.iter().map(|&partition| {
                let sequence = &mut stamped[usize::try_from(partition).unwrap()];
                *sequence += 1;
                ticket(partition, 7, *sequence - 1)
            }).collect();
            let mut out: Vec<Ticket> = Vec::new();
            let mut closed = false;
            for (step, &index) in arrival.iter().enumerate() {
                if close_at == Some(step) {
                    order.close(lane(1));
                    closed = true;
                }
                let stale = order.complete(tickets[index], index).is_err();
                prop_assert_eq!(stale, closed && tickets[index].lane.partition == 1);
                while let Some((ticket, item)) = order.pop() {
                    prop_assert_eq!(ticket, tickets[item]);
                    out.push(ticket);
                }
            }
            for partition in 0..3i32 {
                let got: Vec<u64> = out.iter().filter(|t| t.lane == lane(partition)).map(|t| t.sequence).collect();
                let expected: Vec<u64> = (0..got.len() as u64).collect();
                prop_assert_eq!(&got, &expected);
                if !(closed && partition == 1) {
                    prop_assert_eq!(got.len() as u64, stamped[usize::try_from(partition).unwrap()]);
                    prop_assert!(order.is_through(lane(partition), stamped[usize::try_from(partition).unwrap()]));
                }
            }
            prop_assert_eq!(waiting(&order), 0);
        }
    }
}
