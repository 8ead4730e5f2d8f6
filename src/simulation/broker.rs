//! The brokers: logs, transaction coordinators, and one group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::checks::Checks;
use super::group::Group;
use super::trace::Trace;
use crate::flow::Lane;
use crate::record::{Destination, Outgoing};

/// Partitions of the output topic; the dead letters have one more.
pub const OUTPUTS: usize = 3;

/// The one time of the world, in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(micros(time), Ordering::Relaxed);
    }
}

/// A duration as the clocks here count it.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap()
}

/// What becomes of an input record, told by its place alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Good,
    /// A dead letter already when it leaves the pool.
    Bad,
    /// The broker refuses its result.
    TooLarge,
    /// Passed over: its offset is committed, nothing is written.
    Silent,
}

pub const fn kind(lane: Lane, offset: i64) -> Kind {
    match (offset * 7 + lane.partition as i64 * 3) % 19 {
        3 | 11 => Kind::Silent,
        5 => Kind::Bad,
        9 => Kind::TooLarge,
        _ => Kind::Good,
    }
}

/// One input partition: its offsets, with gaps, and how many are there by now.
#[derive(Debug)]
pub struct Input {
    pub offsets: Vec<i64>,
    pub appended: usize,
}

impl Input {
    /// The first record at or behind that offset.
    pub fn at(&self, offset: i64) -> Option<i64> {
        let there = self.offsets.get(..self.appended)?;
        there.get(there.partition_point(|&at| at < offset)).copied()
    }

    /// What is committed when all was done.
    pub fn end(&self) -> i64 {
        self.offsets.last().map_or(0, |last| last + 1)
    }
}

/// A record of the output or the dead letters.
#[derive(Debug)]
pub struct Appended {
    pub lane: Lane,
    pub offset: i64,
    /// None without transactions.
    pub transaction: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Open,
    Committed,
    Aborted,
}

#[derive(Debug, Default)]
struct Coordinator {
    epoch: u32,
    open: Option<Open>,
    /// How the last transaction of this epoch ended.
    last: Option<bool>,
    /// The next sequence number of this epoch, by partition.
    sequences: [u64; OUTPUTS + 1],
}

#[derive(Debug)]
struct Open {
    number: usize,
    since: Duration,
    records: Vec<(usize, Lane, i64)>,
    offsets: BTreeMap<Lane, i64>,
    /// The end is written down; the markers are not.
    decided: Option<bool>,
}

impl Coordinator {
    fn next_epoch(&mut self) {
        *self = Self { epoch: self.epoch + 1, open: self.open.take(), ..Self::default() };
    }
}

/// Why a coordinator says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// The producer's epoch is not the newest.
    OldEpoch,
    /// The member is unknown, or of another epoch.
    Stale,
    /// The last transaction's markers are being written: ask again.
    Concurrent,
    /// An abort of what is committed, or a commit of what is not there.
    WrongState,
    TooLarge,
}

#[derive(Debug)]
pub struct Broker {
    pub time: Time,
    pub rng: Rng,
    /// Of so many calls in a thousand something goes wrong.
    pub trouble: u32,
    pub trace: Trace,
    pub inputs: BTreeMap<Lane, Input>,
    pub log: Vec<Vec<Appended>>,
    pub fates: Vec<Fate>,
    pub offsets: BTreeMap<Lane, i64>,
    pub group: Group,
    pub checks: Checks,
    pub transaction_timeout: Duration,
    coordinators: BTreeMap<usize, Coordinator>,
}

impl Broker {
    pub fn new(rng: Rng, trace: Trace, inputs: BTreeMap<Lane, Input>, session: Duration, timeout: Duration) -> Self {
        Self {
            time: Time::default(),
            rng,
            trouble: 0,
            trace,
            log: (0..=OUTPUTS).map(|_| Vec::new()).collect(),
            fates: Vec::new(),
            offsets: BTreeMap::new(),
            group: Group::new(inputs.keys().copied().collect(), session),
            checks: Checks::default(),
            transaction_timeout: timeout,
            coordinators: BTreeMap::new(),
            inputs,
        }
    }

    pub fn now(&self) -> Duration {
        self.time.now()
    }

    pub fn one_in(&mut self, times: u32) -> bool {
        self.rng.u32(0..times) == 0
    }

    /// A new producer of that id: what the last one left is ended first.
    pub fn init(&mut self, id: usize) -> Result<u32, No> {
        match self.coordinators.entry(id).or_default().open.as_ref().map(|open| open.decided) {
            Some(Some(_)) if self.one_in(2) => return Err(No::Concurrent),
            Some(None) => self.decide(id, false),
            _ => {}
        }
        self.complete(id);
        let coordinator = self.coordinators.entry(id).or_default();
        coordinator.next_epoch();
        let epoch = coordinator.epoch;
        self.trace.line(|| format!("broker: producer {id} has epoch {epoch}"));
        Ok(epoch)
    }

    /// The open transaction of a producer with the right epoch; begun if need be.
    fn open(&mut self, id: usize, epoch: u32) -> Result<&mut Open, No> {
        let now = self.now();
        let coordinator = self.coordinators.entry(id).or_default();
        if coordinator.epoch != epoch {
            return Err(No::OldEpoch);
        }
        if coordinator.open.as_ref().is_some_and(|open| open.decided.is_some()) {
            return Err(No::Concurrent);
        }
        Ok(coordinator.open.get_or_insert_with(|| {
            self.fates.push(Fate::Open);
            let number = self.fates.len() - 1;
            Open { number, since: now, records: Vec::new(), offsets: BTreeMap::new(), decided: None }
        }))
    }

    /// Appends a record, in a transaction if its producer has an epoch. In one, what comes with
    /// a number that was there is taken for the same record again.
    pub fn produce(
        &mut self,
        producer: (usize, Option<u32>),
        (partition, sequence): (usize, u64),
        record: &Outgoing,
    ) -> Result<(), No> {
        let (lane, offset) = place(record);
        if record.to == Destination::Output && kind(lane, offset) == Kind::TooLarge {
            return Err(No::TooLarge);
        }
        let transaction = match producer {
            (id, Some(epoch)) => {
                self.open(id, epoch)?;
                let coordinator = self.coordinators.entry(id).or_default();
                if sequence < coordinator.sequences[partition] {
                    self.trace.count("records taken for repetitions");
                    return Ok(());
                }
                coordinator.sequences[partition] = sequence + 1;
                let open = self.open(id, epoch)?;
                open.records.push((partition, lane, offset));
                Some(open.number)
            }
            (_, None) => None,
        };
        self.checks.written(lane, offset, record);
        self.log[partition].push(Appended { lane, offset, transaction });
        Ok(())
    }

    pub fn add_offsets(
        &mut self,
        (id, epoch): (usize, u32),
        member: (u64, u32),
        offsets: &[(Lane, i64)],
    ) -> Result<(), No> {
        let known = self.group.knows(member);
        let open = self.open(id, epoch)?;
        if !known {
            return Err(No::Stale);
        }
        open.offsets.extend(offsets.iter().copied());
        Ok(())
    }

    /// Offsets outside of a transaction.
    pub fn commit_offsets(&mut self, member: (u64, u32), offsets: &[(Lane, i64)]) -> Result<(), No> {
        if !self.group.knows(member) {
            return Err(No::Stale);
        }
        self.trace.count("commits of offsets");
        self.trace.line(|| format!("broker: {member:?} commits {offsets:?}"));
        for &(lane, offset) in offsets {
            let before = self.offsets.insert(lane, offset).unwrap_or(0);
            self.checks.commit_of_offset(lane, before, offset, &self.inputs[&lane]);
        }
        Ok(())
    }

    pub fn end(&mut self, id: usize, epoch: u32, commit: bool) -> Result<(), No> {
        let coordinator = self.coordinators.entry(id).or_default();
        if coordinator.epoch != epoch {
            return Err(No::OldEpoch);
        }
        match coordinator.open.as_ref().map(|open| open.decided) {
            Some(None) => {
                self.decide(id, commit);
                Ok(())
            }
            // The same end, asked for again.
            Some(Some(decided)) if decided == commit => Ok(()),
            None if coordinator.last == Some(commit) => Ok(()),
            _ => Err(No::WrongState),
        }
    }

    /// Written down: from here on it is certain how the transaction ends.
    fn decide(&mut self, id: usize, commit: bool) {
        let Some(open) = self.coordinators.get_mut(&id).and_then(|coordinator| coordinator.open.as_mut()) else {
            return;
        };
        open.decided = Some(commit);
        self.fates[open.number] = if commit { Fate::Committed } else { Fate::Aborted };
        self.trace.count(if commit { "transactions committed" } else { "transactions aborted" });
        self.trace.line(|| format!("broker: transaction of {id} decided, commit {commit}: {open:?}"));
        if commit {
            self.checks.transaction(&open.records, &open.offsets, &self.inputs);
        }
    }

    /// The markers are written: offsets count, readers go on.
    pub fn complete(&mut self, id: usize) {
        let Some(coordinator) = self.coordinators.get_mut(&id) else { return };
        let Some(open) = coordinator.open.take_if(|open| open.decided.is_some()) else { return };
        coordinator.last = open.decided;
        if open.decided == Some(true) {
            self.offsets.extend(open.offsets);
        }
    }

    /// What the brokers do by themselves.
    pub fn tick(&mut self) {
        let now = self.now();
        let ids: Vec<usize> = self.coordinators.keys().copied().collect();
        for id in ids {
            let Some(open) = self.coordinators.get(&id).and_then(|coordinator| coordinator.open.as_ref()) else {
                continue;
            };
            if open.decided.is_some() {
                self.complete(id);
            } else if now.saturating_sub(open.since) >= self.transaction_timeout {
                self.trace.count("transactions timed out");
                self.decide(id, false);
                self.complete(id);
                if let Some(coordinator) = self.coordinators.get_mut(&id) {
                    coordinator.next_epoch();
                }
            }
        }
        self.group.expire(now, &mut self.rng, &self.trace);
    }

    /// The committed offset, 0 if there is none; not told while a transaction
    /// holds one.
    pub fn committed(&self, lane: Lane) -> Option<i64> {
        let open = self.coordinators.values().filter_map(|coordinator| coordinator.open.as_ref());
        let held = open.filter(|open| open.decided != Some(false)).any(|open| open.offsets.contains_key(&lane));
        (!held).then(|| self.offsets.get(&lane).copied().unwrap_or(0))
    }

    /// Nothing is left to do.
    pub fn is_done(&self) -> bool {
        let open = self.coordinators.values().any(|coordinator| coordinator.open.is_some());
        !open && self.inputs.iter().all(|(lane, input)| self.offsets.get(lane).copied().unwrap_or(0) == input.end())
    }
}

/// The source of a record, which is its key.
pub fn place(record: &Outgoing) -> (Lane, i64) {
    let key = record.key.as_deref().unwrap();
    let partition = i32::from_be_bytes(key[..4].try_into().unwrap());
    (Lane { topic: 0, partition }, i64::from_be_bytes(key[4..12].try_into().unwrap()))
}

pub fn key(lane: Lane, offset: i64) -> Vec<u8> {
    [&lane.partition.to_be_bytes()[..], &offset.to_be_bytes()[..]].concat()
}
