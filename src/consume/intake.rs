//! The loop of the polling thread.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Sender, TryRecvError};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, Message, TopicPartitionList};

use super::Watcher;
use super::backpressure::{Backpressure, Pressure};
use super::batch::{BATCH_RECORDS, Queue, Work};
use super::bounds::{Bounds, Gap, Seen};
use super::owners::{self, Owners};
use super::pace::{Pace, Sieve};
use super::rebalance::{Context, Desk};
use super::reception::Reception;
use crate::flow::{Budget, Event, Lane, Membership, Outcome, Ownership};
use crate::kafka::{ClientListener, Group, raw_record};

/// How long a poll waits: the longest time that a stop or a resume goes unseen.
const POLL: Duration = Duration::from_millis(50);
/// How long the budget may be spent before partitions are paused.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a broker may take to tell where a partition begins.
const WATERMARKS: Duration = Duration::from_secs(5);

/// What makes a bounded run of an intake; none of it by default.
#[derive(Clone, Default)]
pub struct Seams {
    pub bounds: Option<Arc<dyn Bounds>>,
    pub pace: Option<Arc<dyn Pace>>,
    pub sieve: Option<Arc<dyn Sieve>>,
}

impl std::fmt::Debug for Seams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seams").field("bounded", &self.bounds.is_some()).finish_non_exhaustive()
    }
}

/// What an [`Intake`] is made of.
pub struct IntakeParts {
    pub config: ClientConfig,
    pub topics: Vec<String>,
    pub pool: Sender<Vec<Work>>,
    pub events: Sender<Event>,
    pub budget: Budget,
    pub ownership: Ownership,
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    pub revoke_deadline: Duration,
    pub shutdown_deadline: Duration,
    /// Of a longer value only so many bytes are kept.
    pub keep_bytes: usize,
    pub listener: Arc<dyn ClientListener>,
    pub watcher: Arc<dyn Watcher>,
    pub seams: Seams,
    /// Set to stop taking records and leave the group.
    pub stop: Arc<AtomicBool>,
}

/// Why the intake cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("the consumer cannot be made: {0}")]
    Client(KafkaError),
    #[error("topics {topics:?} cannot be subscribed to: {error}")]
    Subscribe { topics: Vec<String>, error: KafkaError },
    #[error("the consumer is done for: {0}")]
    Fatal(String),
    #[error("no committed offset, and input.start is \"error\": {0}; set it to \"earliest\" or \"latest\" once")]
    NoOffset(String),
    #[error("which offsets to read is not known: {0}")]
    Boundless(String),
}

pub struct Intake {
    consumer: Arc<BaseConsumer<Context>>,
    topics: Vec<Arc<str>>,
    reception: Reception,
    pressure: Backpressure,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    keep_bytes: usize,
    watcher: Arc<dyn Watcher>,
    bounded: bool,
    /// Of a static member, with its group.
    owners: Option<(Owners, String)>,
    stop: Arc<AtomicBool>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl Intake {
    /// Makes the consumer. It joins its group in [`Intake::run`].
    ///
    /// # Errors
    /// Where librdkafka refuses a property.
    pub fn new(parts: IntakeParts) -> Result<Self, IntakeError> {
        let topics: Vec<Arc<str>> = parts.topics.iter().map(|topic| Arc::from(topic.as_str())).collect();
        let reception = Reception {
            budget: parts.budget.clone(),
            queue: Queue::default(),
            events: parts.events.clone(),
            clock: Arc::clone(&parts.clock),
            watcher: Arc::clone(&parts.watcher),
            pace: parts.seams.pace,
            sieve: parts.seams.sieve,
        };
        let bounded = parts.seams.bounds.is_some();
        let context = Context {
            desk: Mutex::new(Desk::new(parts.pool)),
            topics: topics.clone(),
            ownership: parts.ownership,
            events: parts.events,
            bounds: parts.seams.bounds,
            resets: AtomicU64::new(0),
            new_member: AtomicBool::new(false),
            membership: Membership::new(parts.config.get("group.protocol") == Some("consumer")),
            skipped: AtomicU32::new(0),
            clock: Arc::clone(&parts.clock),
            revoke_deadline: parts.revoke_deadline,
            shutdown_deadline: parts.shutdown_deadline,
            drained_by: OnceLock::new(),
            stop: Arc::clone(&parts.stop),
            listener: parts.listener,
            watcher: Arc::clone(&parts.watcher),
        };
        // Who drains for as long as may be is heard of by then (`Context::revoked`).
        let owners = owners::group(&parts.config).map(|group| (Owners::new(parts.revoke_deadline * 2), group));
        let consumer = parts.config.create_with_context(context).map_err(IntakeError::Client)?;
        Ok(Self {
            consumer: Arc::new(consumer),
            topics,
            pressure: Backpressure::new(parts.budget.limit(), PATIENCE),
            reception,
            clock: parts.clock,
            keep_bytes: parts.keep_bytes,
            watcher: parts.watcher,
            bounded,
            owners,
            stop: parts.stop,
        })
    }

    /// The group, for who commits.
    #[must_use]
    pub fn group(&self) -> Arc<dyn Group> {
        Arc::clone(&self.consumer) as Arc<dyn Group>
    }

    /// Polls until it is told to stop, then leaves the group: the partitions are
    /// revoked, which drains and commits what is in hand.
    ///
    /// # Errors
    /// Where the consumer cannot go on.
    pub fn run(mut self) -> Result<(), IntakeError> {
        self.subscribe()?;
        while !self.stop.load(Ordering::Relaxed) {
            self.watcher.tick();
            let wait = self.reception.pace();
            let budget = &self.reception.budget;
            match self.pressure.decide(budget.used(), !wait.is_zero(), (self.clock)()) {
                Pressure::Hold if !wait.is_zero() => {
                    std::thread::sleep(wait.min(POLL));
                    continue;
                }
                Pressure::Hold => {
                    // Below the limit by a little, so that not each record is waited for.
                    let enough = budget.limit() - budget.limit() / 16;
                    let _ = budget.wait_below(enough, POLL);
                    continue;
                }
                Pressure::Pause => self.pause(),
                Pressure::Resume => self.resume(),
                Pressure::Flow | Pressure::Paused => {}
            }
            self.poll(POLL)?;
            self.look_for_owners()?;
        }
        self.drain()?;
        self.leave()
    }

    fn subscribe(&self) -> Result<(), IntakeError> {
        let topics: Vec<&str> = self.topics.iter().map(|topic| &**topic).collect();
        self.consumer.subscribe(&topics).map_err(|error| IntakeError::Subscribe {
            topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
            error,
        })
    }

    /// One batch: all that is at hand, up to the size of a batch.
    fn poll(&mut self, timeout: Duration) -> Result<(), IntakeError> {
        let mut timeout = timeout;
        for _ in 0..BATCH_RECORDS {
            let consumer = Arc::clone(&self.consumer);
            match consumer.poll(timeout) {
                None => break,
                Some(Ok(message)) => self.take(&message),
                Some(Err(error)) => self.error(&error)?,
            }
            timeout = Duration::ZERO;
            if !self.reception.pace().is_zero() {
                break;
            }
        }
        self.heed_new_member();
        let (pause_again, at_end, boundless, join_again) = {
            let mut desk = self.consumer.context().desk();
            desk.batch.flush();
            (
                std::mem::take(&mut desk.pause_again),
                std::mem::take(&mut desk.at_end),
                desk.boundless.take(),
                std::mem::take(&mut desk.join_again),
            )
        };
        if join_again {
            self.join_again()?;
        }
        if let Some(error) = boundless {
            return Err(IntakeError::Boundless(error));
        }
        for lane in at_end {
            let mut desk = self.consumer.context().desk();
            self.finish(&mut desk, lane);
        }
        if pause_again {
            self.pause_done();
            if self.pressure.is_paused() {
                self.pause();
            }
        }
        Ok(())
    }

    /// Joins again where nobody has some of the partitions.
    fn look_for_owners(&mut self) -> Result<(), IntakeError> {
        let Some((owners, group)) = &mut self.owners else { return Ok(()) };
        let see = || owners::see(&self.consumer, group, &self.topics);
        let Some(unowned) = owners.look((self.clock)(), see) else { return Ok(()) };
        let names: Vec<String> = unowned.iter().map(|(topic, partition)| format!("{topic}/{partition}")).collect();
        self.watcher.unowned(&names);
        self.join_again()
    }

    /// A loss that the client tells of is served as such.
    fn heed_new_member(&self) {
        if !self.consumer.assignment_lost() {
            self.consumer.context().heed_new_member();
        }
    }

    /// Lets go of all partitions and joins with none. Those that it has as an old member would
    /// else be claimed by the new one, and read on from where the old one was.
    fn join_again(&self) -> Result<(), IntakeError> {
        self.consumer.unsubscribe();
        self.subscribe()
    }

    fn take(&self, message: &BorrowedMessage<'_>) {
        let Some(lane) = self.consumer.context().lane(message.topic(), message.partition()) else { return };
        let Some(topic) = self.topics.get(usize::from(lane.topic)) else { return };
        let mut desk = self.consumer.context().desk();
        if self.bounded && !self.within(&mut desk, lane, message.offset()) {
            return;
        }
        self.reception.take(&mut desk, lane, message.offset(), || raw_record(message, topic, self.keep_bytes));
    }

    /// Whether a record is of its partition's span; looks after what the record
    /// tells of the offsets before it.
    fn within(&self, desk: &mut Desk, lane: Lane, offset: i64) -> bool {
        let resets = self.consumer.context().resets.load(Ordering::Relaxed);
        match desk.reach.see(lane, offset, resets) {
            Seen::No => false,
            Seen::Beyond => {
                self.finish(desk, lane);
                false
            }
            Seen::Take(Some(gap)) if gap.suspect => {
                let Some(begin) = self.begin(lane) else { return true };
                let deleted = gap.deleted(begin, true);
                if begin <= gap.to {
                    desk.reach.cleared(lane, resets);
                }
                if deleted > 0 {
                    self.gap(desk, lane, gap, deleted);
                }
                true
            }
            Seen::Take(_) => true,
        }
    }

    /// Nothing more of the partition is to be read: the position goes to the
    /// end of the span, whatever stood there, and the partition is paused.
    fn finish(&self, desk: &mut Desk, lane: Lane) {
        if let Some(gap) = desk.reach.finish(lane) {
            let deleted = self.begin(lane).map_or(0, |begin| gap.deleted(begin, false));
            self.gap(desk, lane, gap, deleted);
        }
        self.watcher.finished(lane);
        self.pause_done_of(desk);
    }

    /// Takes a gap's place in the order, so that its end is committed in turn.
    fn gap(&self, desk: &mut Desk, lane: Lane, gap: Gap, deleted: u64) {
        if let Some(ticket) = desk.assignment.stamp(lane, gap.to - 1) {
            if deleted > 0 {
                self.watcher.deleted(lane, deleted);
            }
            self.watcher.passed();
            self.reception.hand_on(ticket, None, Outcome::Gap { deleted }, None);
        }
    }

    /// Where the partition begins now.
    fn begin(&self, lane: Lane) -> Option<i64> {
        let topic = self.topics.get(usize::from(lane.topic))?;
        match self.consumer.fetch_watermarks(topic, lane.partition, WATERMARKS) {
            Ok((begin, _)) => Some(begin),
            Err(error) => {
                self.watcher.poll_error(&error);
                None
            }
        }
    }

    /// Pauses those read to their end: also after a rebalance, which unpauses.
    fn pause_done(&self) {
        self.pause_done_of(&self.consumer.context().desk());
    }

    fn pause_done_of(&self, desk: &Desk) {
        let list = self.list(desk.reach.done());
        if list.count() > 0
            && let Err(error) = self.consumer.pause(&list)
        {
            self.watcher.poll_error(&error);
        }
    }

    fn error(&self, error: &KafkaError) -> Result<(), IntakeError> {
        match error {
            KafkaError::MessageConsumptionFatal(_) => {
                let fatal = self.consumer.client().fatal_error();
                Err(IntakeError::Fatal(fatal.map_or_else(|| error.to_string(), |(_, text)| text)))
            }
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset) => {
                Err(IntakeError::NoOffset(error.to_string()))
            }
            _ => {
                self.watcher.poll_error(error);
                Ok(())
            }
        }
    }

    /// Owned partitions of which there is more to read.
    fn partitions(&self) -> TopicPartitionList {
        let mut desk = self.consumer.context().desk();
        // What was prefetched is gone, so what librdkafka tells begins anew.
        desk.reach.disturbed();
        let done: Vec<Lane> = desk.reach.done().collect();
        self.list(desk.assignment.lanes().into_iter().filter(|lane| !done.contains(lane)))
    }

    fn list(&self, lanes: impl Iterator<Item = Lane>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for lane in lanes {
            if let Some(topic) = self.topics.get(usize::from(lane.topic)) {
                list.add_partition(topic, lane.partition);
            }
        }
        list
    }

    fn pause(&self) {
        let partitions = self.partitions();
        match self.consumer.pause(&partitions) {
            Ok(()) => self.watcher.paused(partitions.count()),
            Err(error) => self.watcher.poll_error(&error),
        }
    }

    fn resume(&self) {
        match self.consumer.resume(&self.partitions()) {
            Ok(()) => self.watcher.paused(0),
            Err(error) => self.watcher.poll_error(&error),
        }
    }

    /// Waits until what was taken is committed, as a member of the group still.
    ///
    /// A consumer that is being closed sends no heartbeats (librdkafka 2.12), not
    /// even while its last revoke waits: a drain in there that takes longer than
    /// the session would be committed by a member that the group no longer knows.
    fn drain(&self) -> Result<(), IntakeError> {
        let asked = self.consumer.context().drain_asked();
        // What is fetched from now on is not taken.
        if let Err(error) = self.consumer.pause(&self.partitions()) {
            self.watcher.poll_error(&error);
        }
        while asked.told && (self.clock)() < asked.deadline && asked.answer.try_recv() == Err(TryRecvError::Empty) {
            self.watcher.tick();
            if let Some(Err(error)) = self.consumer.poll(POLL) {
                self.error(&error)?;
            }
            self.heed_new_member();
        }
        Ok(())
    }

    /// Closes the consumer and serves the revoke that comes with it.
    ///
    /// To unsubscribe would tell the group that even a static member is gone for
    /// good, and its partitions would move. Closed, it may come back to them; a
    /// dynamic member leaves either way.
    fn leave(&mut self) -> Result<(), IntakeError> {
        if let Err(error) = self.consumer.close_queue() {
            self.watcher.poll_error(&error);
        }
        let give_up = (self.clock)() + self.consumer.context().patience() * 2;
        while !self.consumer.closed() && (self.clock)() < give_up {
            self.watcher.tick();
            // Messages that still come are of partitions on their way out, and
            // would be drained needlessly: they are not taken.
            if let Some(Err(error)) = self.consumer.poll(POLL) {
                self.error(&error)?;
            }
        }
        Ok(())
    }
}

impl Group for BaseConsumer<Context> {
    fn metadata(&self) -> Option<Arc<ConsumerGroupMetadata>> {
        self.context().membership.get(|| self.group_metadata().map(Arc::new))
    }

    fn committed(&self, partitions: TopicPartitionList, timeout: Duration) -> KafkaResult<TopicPartitionList> {
        self.committed_offsets(partitions, timeout)
    }

    fn commit(&self, offsets: &TopicPartitionList) -> KafkaResult<()> {
        Consumer::commit(self, offsets, CommitMode::Sync)
    }
}
