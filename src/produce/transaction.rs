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
    /// and before and after an entry that is sent alone.
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

/// A record on its way: kept from its turn until its commit.
#[derive(Debug)]
pub struct Entry<T> {
    pub ticket: Ticket,
    pub item: T,
    pub bytes: usize,
    /// To be sent in a batch of its own: a broker refuses a whole batch, also for
    /// one record in it or for the length of it all (`max.message.bytes`).
    alone: bool,
}

impl<T> Entry<T> {
    pub const fn new(ticket: Ticket, item: T, bytes: usize) -> Self {
        Self { ticket, item, bytes, alone: false }
    }
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
    /// Something is sent alone, here or next.
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
    /// Returns how many were dropped at once or will be.
    pub fn lose(&mut self, lane: Lane) -> usize {
        let before = self.entries.len();
        let keep = match self.state {
            State::NoProducer | State::Asking | State::Closed | State::Fenced => 0,
            _ => self.sent,
        };
        let mut index = 0;
        self.entries.retain(|entry| {
            index += 1;
            index <= keep || entry.ticket.lane != lane
        });
        if keep == 0 {
            self.sent = 0;
            self.sent_bytes = 0;
            self.acknowledged = 0;
        }
        let in_transaction: Vec<u64> = self
            .entries
            .iter()
            .take(keep)
            .map(|entry| entry.ticket)
            .filter(|t| t.lane == lane)
            .map(|t| t.epoch)
            .collect();
        self.lost.extend(in_transaction.iter().map(|&epoch| (lane, epoch)));
        before - self.entries.len() + in_transaction.len()
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
            if self.acknowledged < self.sent && self.parts() {
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

    /// Whether the next entry must not share a batch with the last one.
    fn parts(&self) -> bool {
        self.entries.range(self.sent.saturating_sub(1)..).take(2).any(|entry| entry.alone)
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
        if let Some(entry) = self.entries.get(self.sent) {
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
        self.start_over();
        self.unknown = false;
        self.aborts = 0;
        self.state = State::Closed;
        released
    }

    /// The group's committed offsets, where it has one: what lies before them
    /// is done and is released; the rest is sent again.
    pub fn recovered(&mut self, committed: &BTreeMap<Lane, i64>) -> Vec<Entry<T>> {
        let entries = std::mem::take(&mut self.entries);
        let is_done = |entry: &Entry<T>| {
            let of_lane = committed.get(&entry.ticket.lane).filter(|_| !is_on(Mutation::ResendAfterCommit));
            of_lane.is_some_and(|&offset| entry.ticket.offset < offset)
        };
        let (released, rest): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_done);
        self.entries = rest.into();
        self.start_over();
        self.unknown = false;
        self.state = State::Closed;
        released
    }

    /// Nothing of what is here counts as sent.
    fn start_over(&mut self) {
        self.sent = 0;
        self.sent_bytes = 0;
        self.acknowledged = 0;
        let lost = std::mem::take(&mut self.lost);
        if !lost.is_empty() {
            self.entries.retain(|entry| !lost.contains(&(entry.ticket.lane, entry.ticket.epoch)));
        }
    }

    /// Of the entries that were refused, those that are themselves why: refused
    /// before they were sent, or alone. The others may only have shared a batch, and
    /// are sent alone from now on.
    pub fn convict(&mut self, refused: &[usize]) -> Vec<usize> {
        let mut convicted = Vec::new();
        for &index in refused {
            let Some(entry) = self.entries.get_mut(index) else { continue };
            if index >= self.sent || entry.alone {
                convicted.push(index);
            }
            entry.alone = true;
        }
        convicted
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
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { interval: Duration::from_millis(100), records: 3, bytes: 1000, timeout: Duration::from_secs(60) };

    fn transaction(entries: i64) -> Transaction<i64> {
        let mut transaction = Transaction::new(LIMITS);
        assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
        transaction.done();
        assert_eq!(transaction.next(Duration::ZERO), Action::AskCommitted(Vec::new()));
        transaction.recovered(&BTreeMap::new());
        for offset in 0..entries {
            let lane = Lane { topic: 0, partition: i32::try_from(offset % 2).unwrap() };
            let sequence = u64::try_from(offset / 2).unwrap();
            transaction.push(Ticket { lane, epoch: 1, sequence, offset }, offset, 10);
        }
        transaction
    }

    fn send_all(transaction: &mut Transaction<i64>) -> Vec<usize> {
        let mut sent = Vec::new();
        while let Action::Send(index) = transaction.next(Duration::ZERO) {
            sent.push(index);
            transaction.sent();
        }
        sent
    }

    #[test]
    fn a_transaction_is_cut_by_count_and_commits_the_positions_it_holds() {
        let mut transaction = transaction(5);
        assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
        transaction.done();
        assert_eq!(send_all(&mut transaction), [0, 1, 2]);
        assert_eq!(transaction.next(Duration::ZERO), Action::AwaitDeliveries(3));
        transaction.done();
        let Action::SendOffsets(positions) = transaction.next(Duration::ZERO) else { panic!("no offsets") };
        let offsets: Vec<_> = positions.iter().map(|p| (p.lane.partition, p.offset)).collect();
        assert_eq!(offsets, [(0, 3), (1, 2)]);
        transaction.done();
        assert_eq!(transaction.next(Duration::ZERO), Action::Commit);
        assert_eq!(transaction.committed().len(), 3);
        assert_eq!(transaction.len(), 2);
    }

    #[test]
    fn it_is_cut_by_age_and_waits_no_longer() {
        let mut transaction = transaction(1);
        assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
        transaction.done();
        let start = Duration::from_secs(9);
        assert_eq!(transaction.next(start), Action::Send(0));
        transaction.sent();
        assert_eq!(transaction.next(start), Action::Wait(Some(start + LIMITS.interval)));
        assert_eq!(transaction.next(start + LIMITS.interval), Action::AwaitDeliveries(1));
    }

    #[test]
    fn an_abort_sends_the_same_records_again() {
        let mut transaction = transaction(3);
        transaction.next(Duration::ZERO);
        transaction.done();
        send_all(&mut transaction);
        assert_eq!(transaction.failed(&Fault::Abort("stale".to_owned()), Duration::ZERO), Next::BackOff);
        assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
        transaction.done();
        assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
        transaction.done();
        assert_eq!(send_all(&mut transaction), [0, 1, 2]);
    }

    #[test]
    fn a_client_that_commits_nothing_is_replaced() {
        let mut transaction = transaction(1);
        for _ in 0..ABORTS {
            assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
            transaction.done();
            send_all(&mut transaction);
            transaction.failed(&Fault::Abort("timed out".to_owned()), Duration::ZERO);
            assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
            transaction.done();
        }
        assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
    }

    #[test]
    fn who_shared_a_refused_batch_is_sent_alone_before_it_is_blamed() {
        let mut transaction = transaction(3);
        transaction.next(Duration::ZERO);
        transaction.done();
        send_all(&mut transaction);
        let refused = Fault::Refused(vec![1, 2], "too large".to_owned());
        assert_eq!(transaction.convict(&[1, 2]), [0; 0]);
        assert_eq!(transaction.failed(&refused, Duration::ZERO), Next::Go);
        assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
        transaction.done();
        assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
        transaction.done();
        for index in 0..3 {
            assert_eq!(send_all(&mut transaction), [index]);
            assert_eq!(transaction.next(Duration::ZERO), Action::AwaitDeliveries(index + 1));
            if index == 2 {
                assert_eq!(transaction.convict(&[2]), [2]);
            } else {
                transaction.done();
            }
        }
    }

    #[test]
    fn after_an_unknown_commit_the_committed_offsets_decide() {
        let mut transaction = transaction(3);
        transaction.next(Duration::ZERO);
        transaction.done();
        send_all(&mut transaction);
        transaction.failed(&Fault::Recreate("broken".to_owned()), Duration::ZERO);
        assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
        transaction.done();
        let Action::AskCommitted(lanes) = transaction.next(Duration::ZERO) else { panic!("not asked") };
        assert_eq!(lanes.len(), 2);
        let committed = BTreeMap::from([(lanes[0], 3)]);
        let released: Vec<i64> = transaction.recovered(&committed).iter().map(|entry| entry.item).collect();
        assert_eq!(released, [0, 2]);
        assert_eq!(transaction.len(), 1);
    }

    #[test]
    fn a_loss_aborts_a_transaction_that_holds_its_records_but_not_one_being_committed() {
        let lane = Lane { topic: 0, partition: 1 };
        let mut open = transaction(3);
        open.next(Duration::ZERO);
        open.done();
        send_all(&mut open);
        assert_eq!(open.lose(lane), 1);
        assert_eq!(open.next(Duration::ZERO), Action::Abort);
        open.done();
        assert!(!open.holds(lane));
        assert_eq!(open.len(), 2);

        let mut committing = transaction(3);
        committing.next(Duration::ZERO);
        committing.done();
        send_all(&mut committing);
        for _ in 0..2 {
            committing.next(Duration::ZERO);
            committing.done();
        }
        assert_eq!(committing.next(Duration::ZERO), Action::Commit);
        committing.lose(lane);
        assert_eq!(committing.failed(&Fault::Retry("timed out".to_owned()), Duration::ZERO), Next::BackOff);
        assert_eq!(committing.next(Duration::ZERO), Action::Commit);
        assert_eq!(committing.committed().len(), 3);
    }

    #[test]
    fn an_abort_after_a_commit_without_an_answer_asks_the_group() {
        // Without a transaction the offsets may be committed all the same: sent
        // again in another cut, a lower offset would follow a higher one.
        let retry = Fault::Retry("timed out".to_owned());
        let mut transaction = transaction(3);
        transaction.next(Duration::ZERO);
        transaction.done();
        send_all(&mut transaction);
        transaction.done();
        assert!(matches!(transaction.next(Duration::ZERO), Action::SendOffsets(_)));
        transaction.failed(&retry, Duration::ZERO);
        let lane = |partition| Lane { topic: 0, partition };
        transaction.lose(lane(1));
        assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
        transaction.done();
        assert_eq!(transaction.next(Duration::ZERO), Action::AskCommitted(vec![lane(0)]));
        let released = transaction.recovered(&BTreeMap::from([(lane(0), 3)]));
        assert_eq!(released.iter().map(|entry| entry.item).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(transaction.next(Duration::ZERO), Action::Wait(None));
    }

    #[test]
    fn a_fenced_producer_never_sends_again() {
        let mut transaction = transaction(2);
        transaction.next(Duration::ZERO);
        transaction.failed(&Fault::Fenced("a newer instance".to_owned()), Duration::ZERO);
        transaction.hold_until(Duration::from_secs(9));
        assert_eq!(transaction.next(Duration::ZERO), Action::Exit("a newer instance".to_owned()));
    }

    #[test]
    fn a_transaction_that_timed_out_is_no_twin() {
        let mut transaction = transaction(1);
        transaction.next(Duration::ZERO);
        transaction.done();
        send_all(&mut transaction);
        transaction.failed(&Fault::Fenced("invalid epoch".to_owned()), LIMITS.timeout);
        assert_eq!(transaction.next(LIMITS.timeout), Action::Recreate);
    }
}
