use std::sync::{Mutex, MutexGuard, PoisonError};

use super::mutation::{Mutation, is_on};

/// As which member of the group the worker commits: as the one that it was when the last
/// rebalance callback began, whatever the client is by now.
///
/// librdkafka 2.12.1 may join a group again while a revoke waits to be answered: when the number
/// of the input's partitions changes meanwhile (`rd_kafka_cgrp_metadata_update_check` does not
/// ask whether it waits). From then on the partitions are others', and the client commits as
/// the member it has become; so a drain could commit what others do again. The same where a
/// static member is given a new id. What it was before is refused by the broker.
#[derive(Debug)]
pub struct Membership<M> {
    held: Mutex<Option<M>>,
    /// The member's epoch moves without any callback (KIP-848): held only while one is served.
    moves: bool,
}

impl<M: Clone> Membership<M> {
    #[must_use]
    pub const fn new(moves: bool) -> Self {
        Self { held: Mutex::new(None), moves }
    }

    /// A callback begins.
    pub fn hold(&self, now: Option<M>) {
        *self.lock() = now;
    }

    /// It is over.
    pub fn served(&self) {
        if self.moves {
            *self.lock() = None;
        }
    }

    /// What to commit with. `live` is asked with the lock held, so that what it says is not
    /// newer than a callback that begins meanwhile.
    pub fn get(&self, live: impl FnOnce() -> Option<M>) -> Option<M> {
        let held = self.lock();
        match held.as_ref() {
            Some(held) if !is_on(Mutation::FreshMember) => Some(held.clone()),
            _ => live(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<M>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_true_at_the_last_callback_holds_or_while_it_is_served() {
        for (moves, after) in [(false, 1), (true, 3)] {
            let membership = Membership::new(moves);
            assert_eq!(membership.get(|| Some(0)), Some(0));
            membership.hold(Some(1));
            assert_eq!(membership.get(|| Some(2)), Some(1));
            membership.served();
            assert_eq!(membership.get(|| Some(3)), Some(after));
        }
    }
}
