//! The loop of the producing thread: events in, calls to the sink out.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::entry::Entry;
use super::notes::{NoNotes, Notes};
use super::order::Order;
use super::sink::Sink;
use super::transaction::{Action, Limits, Next, Position, Recovered, Transaction};
use crate::flow::mutation::{Mutation, is_on};
use crate::flow::{Drain, Event, Finished, Lane, Outcome};
use crate::kafka::Fault;
use crate::record::{Outgoing, Reason, Stage};
use crate::retry::Backoff;

/// A pause while the producer's queue is full: it drains in a few milliseconds.
const BREATH: Duration = Duration::from_millis(2);

/// What the sequencer tells of its doings, for metrics, logs and health.
pub trait Observer {
    /// About to make a call that may block.
    fn calling(&mut self, operation: Operation);
    /// A call came back well.
    fn called(&mut self, operation: Operation);
    /// A call went wrong; what follows, follows after `delay`.
    fn failed(&mut self, operation: Operation, fault: &Fault, delay: Duration);
    /// These records are durable: visible and never done again.
    fn durable(&mut self, records: &[Entry<Finished>], now: Duration);
    /// Of the durable ones, those of a transaction whose end was not told: the group's
    /// offsets say that they are done. Where another worker had the partition
    /// meanwhile, it may have been that one, which counts them too.
    fn unconfirmed(&mut self, records: usize);
    /// Records dropped because their partitions are no longer ours.
    fn dropped(&mut self, records: usize);
    /// The broker refused a record, which becomes a dead letter.
    fn refused(&mut self, record: &Finished, message: &str);
}

/// The calls to the broker, as metrics and logs name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    Recreate,
    AskCommitted,
    Begin,
    Send,
    Deliver,
    SendOffsets,
    Commit,
    Abort,
}

impl Operation {
    pub const ALL: [Self; 8] = [
        Self::Recreate,
        Self::AskCommitted,
        Self::Begin,
        Self::Send,
        Self::Deliver,
        Self::SendOffsets,
        Self::Commit,
        Self::Abort,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recreate => "recreate",
            Self::AskCommitted => "ask_committed",
            Self::Begin => "begin",
            Self::Send => "send",
            Self::Deliver => "deliver",
            Self::SendOffsets => "send_offsets",
            Self::Commit => "commit",
            Self::Abort => "abort",
        }
    }
}

/// Another producer has our transactional id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "another producer took the transactional id of this worker, so it stops: {0}; \
     give each worker an id of its own (kafka.transactional_id or kafka.instance_id)"
)]
pub struct Fenced(pub String);

/// Makes a dead letter of a record that the broker refused, with its message.
pub type Refuse = Box<dyn Fn(&Outgoing, &str) -> Outgoing + Send>;

/// Order restored, transactions driven; generic over the sink, so that the same
/// code runs against a broker and against a script of faults.
pub struct Sequencer<S, O> {
    sink: S,
    observer: O,
    refuse: Refuse,
    notes: Box<dyn Notes>,
    order: Order<Finished>,
    transaction: Transaction<Finished>,
    drains: Vec<Drain>,
    backoff: Backoff,
    /// Something changed since the drains were last looked at.
    unsettled: bool,
    /// Records that were dropped and are not told yet.
    dropped: usize,
    stopping: bool,
}

impl<S: std::fmt::Debug, O> std::fmt::Debug for Sequencer<S, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequencer").field("sink", &self.sink).field("transaction", &self.transaction.len()).finish()
    }
}

/// What to do after a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Again,
    /// Nothing before that time or the next event.
    Wait(Option<Duration>),
    Fenced(Fenced),
}

impl<S: Sink, O: Observer> Sequencer<S, O> {
    pub fn new(sink: S, observer: O, limits: Limits, refuse: Refuse) -> Self {
        Self {
            sink,
            observer,
            refuse,
            notes: Box::new(NoNotes),
            order: Order::default(),
            transaction: Transaction::new(limits),
            drains: Vec::new(),
            backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(5)),
            unsettled: false,
            dropped: 0,
            stopping: false,
        }
    }

    /// With an account committed beside the offsets.
    #[must_use]
    pub fn with_notes(self, notes: Box<dyn Notes>) -> Self {
        Self { notes, ..self }
    }

    /// Runs until [`Event::Stop`], or until every sender of events is gone.
    ///
    /// # Errors
    /// Where another producer took our transactional id.
    pub fn run(mut self, events: &Receiver<Event>, clock: impl Fn() -> Duration) -> Result<(), Fenced> {
        let ended = self.serve(events, &clock);
        if ended.is_ok() {
            self.close();
        }
        ended
    }

    /// Nothing is sent any more.
    pub(crate) fn close(&mut self) {
        if self.transaction.is_open() {
            // Left open, it would hold back readers until the broker's timeout.
            // Where this fails, that timeout is all that is left.
            let _ = self.sink.abort();
        }
    }

    fn serve(&mut self, events: &Receiver<Event>, clock: &impl Fn() -> Duration) -> Result<(), Fenced> {
        while !self.stopping {
            self.hear(events);
            match self.step(clock) {
                Step::Again => {}
                Step::Fenced(fenced) => return Err(fenced),
                Step::Wait(until) => match until.map(|until| events.recv_timeout(until.saturating_sub(clock()))) {
                    Some(Ok(event)) => self.handle(event),
                    Some(Err(RecvTimeoutError::Timeout)) => {}
                    Some(Err(RecvTimeoutError::Disconnected)) => return Ok(()),
                    None => match events.recv_timeout(Duration::from_secs(1)) {
                        Ok(event) => self.handle(event),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return Ok(()),
                    },
                },
            }
        }
        Ok(())
    }

    /// What there is to hear, but not so much that no step is made for long.
    pub(crate) fn hear(&mut self, events: &Receiver<Event>) {
        for event in events.try_iter().take(256) {
            self.handle(event);
        }
    }

    #[cfg(test)]
    pub(crate) const fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(crate) fn handle(&mut self, event: Event) {
        self.unsettled = true;
        match event {
            Event::Assigned { lane, epoch } => self.assigned(lane, epoch),
            Event::Finished(records) => self.finished(records),
            Event::Drain(drain) => self.drains.push(drain),
            Event::Lost(_) if is_on(Mutation::NoEpochCheck) => {}
            Event::Lost(lanes) => lanes.iter().for_each(|&lane| self.let_go(lane)),
            Event::Stop => self.stopping = true,
        }
        self.tell_dropped();
    }

    /// What is in hand of an older epoch of the partition must not be sent any
    /// more. There is some where its drain was not waited for to the end: a call
    /// took longer than whoever asked had patience. That drain is over too, as
    /// far as this partition goes, for it would drop what comes now.
    fn assigned(&mut self, lane: Lane, epoch: u64) {
        self.let_go(lane);
        for drain in &mut self.drains {
            drain.lanes.retain(|&(of, _)| of != lane);
        }
        self.order.open(lane, epoch);
    }

    fn finished(&mut self, records: Vec<Finished>) {
        for record in records {
            self.dropped += usize::from(self.order.complete(record.ticket, record).is_err());
        }
        while let Some((ticket, record)) = self.order.pop() {
            let bytes = record.permit.bytes();
            self.transaction.push(ticket, record, bytes);
        }
    }

    fn let_go(&mut self, lane: Lane) {
        self.dropped += self.order.close(lane);
        self.transaction.lose(lane);
    }

    fn tell_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped) + self.transaction.take_dropped();
        if dropped > 0 {
            self.observer.dropped(dropped);
        }
    }

    /// Answers the drains that are through, or whose time is up.
    fn settle_drains(&mut self, now: Duration) {
        for drain in std::mem::take(&mut self.drains) {
            let through = drain
                .lanes
                .iter()
                .all(|&(lane, stamped)| self.order.is_through(lane, stamped) && !self.transaction.holds(lane));
            if !through && now < drain.deadline {
                self.drains.push(drain);
                continue;
            }
            drain.lanes.iter().for_each(|&(lane, _)| self.let_go(lane));
            // Who asked may have given up waiting; then nobody needs the answer.
            let _ = drain.done.send(());
        }
        self.transaction.set_urgent(!self.drains.is_empty());
    }

    /// One call to the sink, or none where there is nothing to do yet.
    pub(crate) fn step(&mut self, clock: &impl Fn() -> Duration) -> Step {
        let step = self.take_step(clock);
        self.tell_dropped();
        step
    }

    fn take_step(&mut self, clock: &impl Fn() -> Duration) -> Step {
        let now = clock();
        if self.unsettled || self.drains.iter().any(|drain| now >= drain.deadline) {
            self.unsettled = false;
            self.settle_drains(now);
        }
        let action = self.transaction.next(now);
        match action {
            Action::Wait(until) => {
                let deadlines = self.drains.iter().map(|drain| drain.deadline);
                return Step::Wait(deadlines.chain(until).min());
            }
            Action::Exit(reason) => return Step::Fenced(Fenced(reason)),
            _ => {}
        }
        let operation = operation(&action);
        self.observer.calling(operation);
        let result = self.perform(action);
        let after = clock();
        if result.is_ok() {
            self.observer.called(operation);
        }
        match result {
            Ok(Done::Released(released)) => {
                self.backoff.reset();
                self.unsettled = true;
                self.notes.durable(&released);
                self.observer.durable(&released, after);
            }
            Ok(Done::Recovered(Recovered { ours, of_others })) => {
                self.backoff.reset();
                self.unsettled = true;
                self.notes.durable(&of_others);
                self.notes.durable(&ours);
                self.dropped += of_others.len();
                self.observer.unconfirmed(ours.len());
                self.observer.durable(&ours, after);
            }
            Ok(Done::Progress | Done::Waiting) => {}
            Err(fault) => self.fault(operation, &fault, after),
        }
        Step::Again
    }

    fn perform(&mut self, action: Action) -> Result<Done, Fault> {
        match action {
            Action::Recreate => self.sink.recreate()?,
            Action::AskCommitted(lanes) => {
                let committed = if lanes.is_empty() { Default::default() } else { self.sink.committed(&lanes)? };
                return Ok(Done::Recovered(self.transaction.recovered(&committed)));
            }
            Action::Begin => self.sink.begin()?,
            Action::Send(index) => {
                if is_on(Mutation::DropOnRevoke) {
                    self.pass_over_if_drained(index);
                }
                let outgoing = self.transaction.entry(index).and_then(|entry| entry.item.outgoing.as_ref());
                if let Some(outgoing) = outgoing {
                    self.sink.send(index, outgoing)?;
                }
                self.transaction.sent();
                return Ok(Done::Progress);
            }
            Action::AwaitDeliveries(_) => {
                // Of those sent, some write nothing and are never acknowledged.
                let count = self.transaction.in_transaction().filter(|entry| entry.item.outgoing.is_some()).count();
                if !self.sink.await_deliveries(count)? {
                    return Ok(Done::Waiting);
                }
            }
            Action::SendOffsets(mut positions) => {
                for position in &mut positions {
                    position.note = self.note(position).map_err(Fault::Abort)?;
                }
                self.sink.send_offsets(&positions)?;
            }
            Action::Commit => {
                self.sink.commit()?;
                return Ok(Done::Released(self.transaction.committed()));
            }
            Action::Abort => self.sink.abort()?,
            Action::Wait(_) | Action::Exit(_) => return Ok(Done::Waiting),
        }
        self.transaction.done();
        Ok(Done::Progress)
    }

    /// See [`Mutation::DropOnRevoke`].
    fn pass_over_if_drained(&mut self, index: usize) {
        let mut lanes = self.drains.iter().flat_map(|drain| &drain.lanes).map(|&(lane, _)| lane);
        if let Some(entry) = self.transaction.entry_mut(index)
            && lanes.any(|lane| lane == entry.ticket.lane)
        {
            entry.item.outgoing = None;
        }
    }

    fn note(&self, position: &Position) -> Result<Option<String>, String> {
        let of_lane = |entry: &&Entry<Finished>| entry.ticket.lane == position.lane;
        let mut records = self.transaction.in_transaction().filter(of_lane).map(|entry| &entry.item);
        self.notes.note(position.lane, position.epoch, &mut records)
    }

    fn fault(&mut self, operation: Operation, fault: &Fault, now: Duration) {
        if let Fault::Refused(indices, message) = fault {
            for index in self.transaction.convict(indices) {
                let Some(entry) = self.transaction.entry_mut(index) else { continue };
                self.observer.refused(&entry.item, message);
                entry.item.outgoing = entry.item.outgoing.as_ref().map(|outgoing| (self.refuse)(outgoing, message));
                entry.item.outcome = Outcome::DeadLetter(Stage::Produce, Reason::RefusedByBroker);
            }
        }
        let delay = match self.transaction.failed(fault, now) {
            Next::Go => Duration::ZERO,
            Next::Breathe => BREATH,
            Next::BackOff => self.backoff.next_delay(),
        };
        self.transaction.hold_until(now + delay);
        self.observer.failed(operation, fault, delay);
    }
}

enum Done {
    Progress,
    Waiting,
    Released(Vec<Entry<Finished>>),
    Recovered(Recovered<Finished>),
}

const fn operation(action: &Action) -> Operation {
    match action {
        Action::Recreate => Operation::Recreate,
        Action::AskCommitted(_) => Operation::AskCommitted,
        Action::Begin => Operation::Begin,
        Action::Send(_) => Operation::Send,
        Action::SendOffsets(_) => Operation::SendOffsets,
        Action::Commit => Operation::Commit,
        Action::Abort => Operation::Abort,
        Action::AwaitDeliveries(_) | Action::Wait(_) | Action::Exit(_) => Operation::Deliver,
    }
}

#[cfg(test)]
pub(crate) mod tests;
