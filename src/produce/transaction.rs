//! When to begin, send, commit, abort and start over: events in, actions out.
//!
//! No client inside: [`Transaction::next`] says what to do, the caller does it
//! and reports the [`Outcome`]. Everything that was sent is kept until the
//! commit that covers it has succeeded, so an abort is followed by sending
//! again from memory, never by rewinding the consumer.
//!
//! At-least-once runs through the same machine: there a "transaction" is a
//! batch, its commit is the commit of offsets, and aborting costs nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::entry::{Entry, blame, is_apart};
use crate::flow::mutation::{Mutation, is_on};
use crate::flow::{Lane, Ticket};
use crate::kafka::Fault;

/// When a transaction is cut.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub interval: Duration,
    pub records: usize,
    pub bytes: usize,
    /// After so long the broker aborts a transaction by itself, and then takes us
    /// for a producer of the past: no twin is needed for that.
    pub timeout: Duration,
}

/// What the caller is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make a new producer; its `init_transactions` ends what the last one left
    /// open, one way or the other.
    Recreate,
    /// Ask which offsets the group has committed: they were part of the
    /// transaction whose outcome is unknown, so they alone decide.
    AskCommitted(Vec<Lane>),
    Begin,
    /// Hand the entry of this index to the producer.
    Send(usize),
    /// Wait until the first so many entries are acknowledged: before the offsets,
    /// and before an entry that must not be in one batch with them.
    AwaitDeliveries(usize),
    SendOffsets(Vec<Position>),
    Commit,
    Abort,
    /// Nothing to do before that time or the next event.
    Wait(Option<Duration>),
    /// Another producer took our transactional id: nothing may be sent again.
    Exit(String),
}

/// The offset to continue from: one past the last record done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub lane: Lane,
    pub epoch: u64,
    pub offset: i64,
    /// Committed beside the offset, as its metadata.
    pub note: Option<String>,
}

/// What the caller owes after a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Go,
    /// Wait a growing while before the next action.
    BackOff,
    /// Wait a moment: the producer's queue must drain.
    Breathe,
}

/// What the group's offsets say is done, though no commit of ours was answered.
#[derive(Debug)]
pub struct Recovered<T> {
    /// Sent by us, in a transaction of unknown end.
    pub ours: Vec<Entry<T>>,
    /// Never sent by us: whoever has the partition now has done them.
    pub of_others: Vec<Entry<T>>,
}

/// A client that fails so often in a row is replaced: it may hold on to what is no
/// longer so, such as the leaders of a topic that was deleted and made again.
const ABORTS: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NoProducer,
    Asking,
    Closed,
    Open,
    /// What is next is not to share a batch with what was sent.
    Parting,
    Flushing,
    Offsets,
    /// `asked`: a commit was called and its outcome is not known.
    Committing {
        asked: bool,
    },
    Aborting,
    Fenced,
}

#[derive(Debug)]
pub struct Transaction<T> {
    limits: Limits,
    state: State,
    /// Sent ones first.
    entries: VecDeque<Entry<T>>,
    sent: usize,
    sent_bytes: usize,
    /// How many of those sent are known to be acknowledged.
    acknowledged: usize,
    /// How often in a row nothing was committed.
    aborts: u32,
    /// Since the first record of the open transaction was sent.
    since: Duration,
    /// Cut as soon as all that is here was sent.
    urgent: bool,
    hold_until: Option<Duration>,
    /// A call that may have committed something was not answered.
    unknown: bool,
    /// Lost with records in the open transaction: it must not be committed.
    lost: BTreeSet<(Lane, u64)>,
    /// Records that were dropped since [`Transaction::take_dropped`].
    dropped: usize,
    fenced: String,
}

impl<T> Transaction<T> {
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::NoProducer,
            entries: VecDeque::new(),
            sent: 0,
            sent_bytes: 0,
            acknowledged: 0,
            aborts: 0,
            since: Duration::ZERO,
            urgent: false,
            hold_until: None,
            unknown: false,
            lost: BTreeSet::new(),
            dropped: 0,
            fenced: String::new(),
        }
    }

    /// A record whose turn it is.
    pub fn push(&mut self, ticket: Ticket, item: T, bytes: usize) {
        self.entries.push_back(Entry::new(ticket, item, bytes));
    }

    #[must_use]
    pub fn entry(&self, index: usize) -> Option<&Entry<T>> {
        self.entries.get(index)
    }

    pub fn entry_mut(&mut self, index: usize) -> Option<&mut Entry<T>> {
        self.entries.get_mut(index)
    }

    /// The records of the open transaction that were sent so far.
    pub fn in_transaction(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter().take(self.sent)
    }

    /// Records that are not committed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the broker has, or may have, a transaction of ours open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.sent > 0 && !matches!(self.state, State::NoProducer | State::Asking | State::Closed | State::Fenced)
    }

    /// Whether a record of the partition is not committed yet.
    #[must_use]
    pub fn holds(&self, lane: Lane) -> bool {
        self.entries.iter().any(|entry| entry.ticket.lane == lane)
    }

    /// Whether to cut as soon as all that is here was sent, whatever its age.
    pub const fn set_urgent(&mut self, urgent: bool) {
        self.urgent = urgent;
    }

    /// No action before that time.
    pub const fn hold_until(&mut self, time: Duration) {
        self.hold_until = Some(time);
    }

    /// Drops the records of a partition that is no longer ours. If the open
    /// transaction holds some, it will be aborted and the others sent again;
    /// if its commit was already asked for, the commit's outcome stands.
    pub fn lose(&mut self, lane: Lane) {
        let keep = match self.state {
            State::NoProducer | State::Asking | State::Closed | State::Fenced => 0,
            _ => self.sent,
        };
        let mut index = 0;
        self.drop_unless(|entry| {
            index += 1;
            index <= keep || entry.ticket.lane != lane
        });
        if keep == 0 {
            self.sent = 0;
            self.sent_bytes = 0;
            self.acknowledged = 0;
        }
        let in_transaction = self.entries.iter().take(keep).map(|entry| entry.ticket).filter(|t| t.lane == lane);
        self.lost.extend(in_transaction.map(|t| (lane, t.epoch)));
    }

    fn drop_unless(&mut self, keep: impl FnMut(&Entry<T>) -> bool) {
        let before = self.entries.len();
        self.entries.retain(keep);
        self.dropped += before - self.entries.len();
    }

    /// How many records were dropped since this was asked last, each once, however often
    /// its partition was lost before it went.
    pub const fn take_dropped(&mut self) -> usize {
        std::mem::replace(&mut self.dropped, 0)
    }

    /// What to do now.
    pub fn next(&mut self, now: Duration) -> Action {
        if let Some(time) = self.hold_until {
            if now < time && self.state != State::Fenced {
                return Action::Wait(Some(time));
            }
            self.hold_until = None;
        }
        match self.state {
            State::NoProducer => Action::Recreate,
            State::Asking => Action::AskCommitted(self.lanes()),
            State::Closed if self.entries.is_empty() => Action::Wait(None),
            State::Closed => Action::Begin,
            State::Aborting => Action::Abort,
            State::Committing { asked: true } => Action::Commit,
            State::Fenced => Action::Exit(self.fenced.clone()),
            _ if !self.lost.is_empty() => {
                self.state = State::Aborting;
                Action::Abort
            }
            State::Open => self.fill(now),
            State::Parting | State::Flushing => Action::AwaitDeliveries(self.sent),
            State::Offsets => Action::SendOffsets(self.positions()),
            State::Committing { asked: false } => {
                self.state = State::Committing { asked: true };
                Action::Commit
            }
        }
    }

    /// Sends while there is something to send, until the transaction is cut.
    fn fill(&mut self, now: Duration) -> Action {
        let full = self.sent >= self.limits.records || self.sent_bytes >= self.limits.bytes;
        let all_sent = self.sent == self.entries.len();
        let old = self.sent > 0 && now.saturating_sub(self.since) >= self.limits.interval;
        if full || old || (self.urgent && all_sent && self.sent > 0) {
            self.state = State::Flushing;
            return Action::AwaitDeliveries(self.sent);
        }
        if !all_sent {
            if self.acknowledged < self.sent && is_apart(&self.entries, self.sent) {
                self.state = State::Parting;
                return Action::AwaitDeliveries(self.sent);
            }
            if self.sent == 0 {
                self.since = now;
            }
            return Action::Send(self.sent);
        }
        Action::Wait((self.sent > 0).then(|| self.since + self.limits.interval))
    }

    fn lanes(&self) -> Vec<Lane> {
        let lanes: BTreeSet<Lane> = self.entries.iter().map(|entry| entry.ticket.lane).collect();
        lanes.into_iter().collect()
    }

    fn positions(&self) -> Vec<Position> {
        let mut positions: BTreeMap<Lane, Position> = BTreeMap::new();
        let covered = if is_on(Mutation::OffsetBeforeRecord) { self.entries.len() } else { self.sent };
        for Entry { ticket, .. } in self.entries.iter().take(covered) {
            let position = Position { lane: ticket.lane, epoch: ticket.epoch, offset: ticket.offset + 1, note: None };
            positions.insert(ticket.lane, position);
        }
        positions.into_values().collect()
    }

    /// The action [`Action::Send`] went well.
    pub fn sent(&mut self) {
        if let Some(entry) = self.entries.get_mut(self.sent) {
            entry.tried = true;
            self.sent_bytes += entry.bytes;
            self.sent += 1;
        }
    }

    /// Any other action but [`Action::Commit`] and [`Action::AskCommitted`]
    /// went well.
    pub fn done(&mut self) {
        self.state = match self.state {
            State::NoProducer => State::Asking,
            State::Closed => State::Open,
            State::Parting => {
                self.acknowledged = self.sent;
                State::Open
            }
            State::Flushing => State::Offsets,
            State::Offsets => State::Committing { asked: false },
            State::Aborting => {
                self.start_over();
                if self.aborts >= ABORTS {
                    self.aborts = 0;
                    State::NoProducer
                } else if self.unknown {
                    State::Asking
                } else {
                    State::Closed
                }
            }
            state => state,
        };
    }

    /// The commit went well: the records it covers, released.
    pub fn committed(&mut self) -> Vec<Entry<T>> {
        let released = self.entries.drain(..self.sent).collect();
        self.unknown = false;
        self.start_over();
        self.aborts = 0;
        self.state = State::Closed;
        released
    }

    /// The group's committed offsets, where it has one: what lies before them
    /// is done and is released; the rest is sent again.
    pub fn recovered(&mut self, committed: &BTreeMap<Lane, i64>) -> Recovered<T> {
        let entries = std::mem::take(&mut self.entries);
        let is_done = |entry: &Entry<T>| {
            let of_lane = committed.get(&entry.ticket.lane).filter(|_| !is_on(Mutation::ResendAfterCommit));
            of_lane.is_some_and(|&offset| entry.ticket.offset < offset)
        };
        let (done, rest): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_done);
        self.entries = rest.into();
        self.unknown = false;
        self.start_over();
        self.state = State::Closed;
        let (ours, of_others) = done.into_iter().partition(|entry| entry.tried);
        Recovered { ours, of_others }
    }

    /// Nothing of what is here counts as sent.
    fn start_over(&mut self) {
        self.sent = 0;
        self.sent_bytes = 0;
        self.acknowledged = 0;
        let lost = std::mem::take(&mut self.lost);
        if !lost.is_empty() {
            self.drop_unless(|entry| !lost.contains(&(entry.ticket.lane, entry.ticket.epoch)));
        }
        if !self.unknown {
            self.entries.iter_mut().for_each(|entry| entry.tried = false);
        }
    }

    /// Of the entries that were refused, those that are themselves why.
    pub fn convict(&mut self, refused: &[usize]) -> Vec<usize> {
        blame(&mut self.entries, self.sent, refused)
    }

    /// An action went wrong.
    pub fn failed(&mut self, fault: &Fault, now: Duration) -> Next {
        match fault {
            Fault::QueueFull => Next::Breathe,
            Fault::Retry(_)
                if self.state == (State::Committing { asked: true }) && is_on(Mutation::ResendAfterCommit) =>
            {
                self.state = State::NoProducer;
                Next::BackOff
            }
            Fault::Retry(_) => {
                // Done or not: if it is not asked for again, the group must be.
                self.unknown |= matches!(self.state, State::Offsets | State::Committing { asked: true });
                Next::BackOff
            }
            Fault::Refused(indices, _) => {
                // Told before anything was sent, the record is simply replaced.
                if indices.iter().any(|&index| index < self.sent) {
                    self.state = State::Aborting;
                }
                Next::Go
            }
            Fault::Abort(_) if matches!(self.state, State::NoProducer | State::Asking) => Next::BackOff,
            Fault::Abort(_) if self.state == State::Aborting => {
                self.state = State::NoProducer;
                Next::BackOff
            }
            Fault::Abort(_) => {
                self.aborts += 1;
                self.state = State::Aborting;
                Next::BackOff
            }
            Fault::Recreate(_) => {
                if self.state != State::Asking {
                    self.state = State::NoProducer;
                }
                Next::BackOff
            }
            Fault::Fenced(_) if self.sent > 0 && now.saturating_sub(self.since) >= self.limits.timeout => {
                self.state = State::NoProducer;
                Next::BackOff
            }
            Fault::Fenced(reason) => {
                self.fenced.clone_from(reason);
                self.state = State::Fenced;
                Next::Go
            }
        }
    }
}

#[cfg(test)]
mod tests;
