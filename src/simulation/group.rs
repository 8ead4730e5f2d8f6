//! The group's coordinator: who owns what, in which epoch of the group.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;

use super::trace::Trace;
use crate::flow::Lane;

/// Partitions move as in both of Kafka's protocols: one is given to a member
/// only when the member before has let go of it, or was thrown out; and a
/// commit counts if its member is known and its epoch is the member's.
#[derive(Debug)]
pub struct Group {
    lanes: Vec<Lane>,
    session: Duration,
    epoch: u32,
    members: BTreeMap<u64, Member>,
    owners: BTreeMap<Lane, u64>,
    named: u64,
    /// Static members whose name another process took.
    replaced: BTreeSet<u64>,
}

#[derive(Debug)]
struct Member {
    epoch: u32,
    target: BTreeSet<Lane>,
    seen: Duration,
    instance: Option<usize>,
}

/// The answer to a heartbeat.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Unknown,
    /// Another process took its name.
    Fenced,
    Fine(u32),
    Revoke(Vec<Lane>),
    Assign(u32, Vec<Lane>),
}

impl Group {
    pub const fn new(lanes: Vec<Lane>, session: Duration) -> Self {
        Self {
            lanes,
            session,
            epoch: 0,
            members: BTreeMap::new(),
            owners: BTreeMap::new(),
            named: 0,
            replaced: BTreeSet::new(),
        }
    }

    /// A static member takes the place of the one of its name before.
    pub fn join(&mut self, instance: Option<usize>, now: Duration, rng: &mut Rng) -> u64 {
        self.named += 1;
        let id = self.named;
        let before = self.members.iter().find(|(_, member)| instance.is_some() && member.instance == instance);
        if let Some(before) = before.map(|(&id, _)| id)
            && let Some(member) = self.members.remove(&before)
        {
            self.replaced.insert(before);
            // It has read nothing yet: what it is to own, it gets anew.
            self.owners.retain(|_, owner| *owner != before);
            self.members.insert(id, Member { epoch: 0, seen: now, ..member });
        } else {
            self.members.insert(id, Member { epoch: 0, target: BTreeSet::new(), seen: now, instance });
            self.rebalance(rng);
        }
        id
    }

    /// What a member says it has, where nobody else does.
    pub fn claim(&mut self, id: u64, owned: &BTreeSet<Lane>) {
        for &lane in owned {
            self.owners.entry(lane).or_insert(id);
        }
    }

    pub fn leave(&mut self, id: u64, rng: &mut Rng) {
        if self.members.remove(&id).is_some() {
            self.owners.retain(|_, owner| *owner != id);
            self.rebalance(rng);
        }
    }

    /// `owned`: what the member has, that which it was just told to let go of
    /// left out once it has.
    pub fn heartbeat(&mut self, id: u64, owned: &BTreeSet<Lane>, now: Duration) -> Answer {
        if self.replaced.contains(&id) {
            return Answer::Fenced;
        }
        let Some(member) = self.members.get_mut(&id) else { return Answer::Unknown };
        member.seen = now;
        self.owners.retain(|lane, owner| *owner != id || owned.contains(lane));
        let surplus: Vec<Lane> = owned.difference(&member.target).copied().collect();
        if !surplus.is_empty() {
            return Answer::Revoke(surplus);
        }
        member.epoch = self.epoch;
        let free: Vec<Lane> =
            member.target.difference(owned).copied().filter(|lane| !self.owners.contains_key(lane)).collect();
        self.owners.extend(free.iter().map(|&lane| (lane, id)));
        if free.is_empty() { Answer::Fine(self.epoch) } else { Answer::Assign(self.epoch, free) }
    }

    /// A member joins again, and no longer has what it has not let go of yet. Its new epoch,
    /// where the group still knows it.
    pub fn rejoin(&mut self, id: u64, owned: &BTreeSet<Lane>, now: Duration) -> Option<u32> {
        let member = self.members.get_mut(&id)?;
        self.epoch += 1;
        (member.epoch, member.seen) = (self.epoch, now);
        self.owners.retain(|lane, owner| *owner != id || owned.contains(lane));
        Some(self.epoch)
    }

    /// A sign of life, and nothing else.
    pub fn greet(&mut self, id: u64, now: Duration) {
        if let Some(member) = self.members.get_mut(&id) {
            member.seen = now;
        }
    }

    pub fn expire(&mut self, now: Duration, rng: &mut Rng, trace: &Trace) {
        let before = self.members.len();
        self.members.retain(|_, member| now.saturating_sub(member.seen) < self.session);
        if self.members.len() < before {
            trace.count("members expired");
            self.owners.retain(|_, owner| self.members.contains_key(owner));
            self.rebalance(rng);
        }
    }

    /// Throws one out, for no reason that it could know.
    pub fn kick(&mut self, rng: &mut Rng) {
        let ids: Vec<u64> = self.members.keys().copied().collect();
        if let Some(id) = rng.choice(ids) {
            self.leave(id, rng);
        }
    }

    pub fn rebalance(&mut self, rng: &mut Rng) {
        self.epoch += 1;
        let mut lanes = self.lanes.clone();
        if rng.bool() {
            rng.shuffle(&mut lanes);
        }
        let ids: Vec<u64> = self.members.keys().copied().collect();
        self.members.values_mut().for_each(|member| member.target.clear());
        for (index, lane) in lanes.into_iter().enumerate() {
            if let Some(member) = ids.get(index % ids.len().max(1)).and_then(|id| self.members.get_mut(id)) {
                member.target.insert(lane);
            }
        }
    }

    pub fn knows(&self, (id, epoch): (u64, u32)) -> bool {
        self.members.get(&id).is_some_and(|member| member.epoch == epoch && epoch > 0)
    }
}
