use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Lane;
use super::mutation::{Mutation, is_on};

/// Which partitions are ours, and in which epoch: one truth for the thread that
/// polls and the thread that commits.
///
/// The rebalance callback changes it before the group may give a partition to
/// another member. Who commits reads the group's metadata first ([`super::Membership`])
/// and asks here second: a partition lost before the question is seen here, one lost
/// after it has made the metadata stale, which the broker refuses. Asked the other way
/// round, a loss in between would slip through.
#[derive(Debug, Clone, Default)]
pub struct Ownership {
    lanes: Arc<Mutex<BTreeMap<Lane, u64>>>,
}

impl Ownership {
    pub fn own(&self, lane: Lane, epoch: u64) {
        self.lock().insert(lane, epoch);
    }

    pub fn disown(&self, lane: Lane) {
        self.lock().remove(&lane);
    }

    /// None is ours any more: the group knows us as another member.
    pub fn disown_all(&self) {
        self.lock().clear();
    }

    #[must_use]
    pub fn owns(&self, lane: Lane, epoch: u64) -> bool {
        self.lock().get(&lane) == Some(&epoch) || is_on(Mutation::NoEpochCheck)
    }

    #[must_use]
    pub fn lanes(&self) -> Vec<Lane> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Lane, u64>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
