//! The callbacks of the group: tell, wait, return.
//!
//! librdkafka runs them inside `poll`, on the polling thread. No work is done
//! here: the sequencer is told, and for a revoke its answer is awaited, since
//! returning gives the partitions away.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use super::assignment::Assignment;
use super::batch::{Batch, Work};
use super::bounds::{Bounds, Committed, Reach};
use super::{Change, Watcher};
use crate::flow::mutation::{Mutation, is_on};
use crate::flow::{Drain, Event, Lane, Membership, Ownership};
use crate::kafka::{ClientKind, ClientListener, figures, log};

/// For a drain whose time is up already.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the polling thread and the callbacks on it share. The lock is never
/// contended: both run on one thread.
pub struct Desk {
    pub assignment: Assignment,
    pub batch: Batch,
    /// Partitions came without being asked for: a pause must be said again.
    pub pause_again: bool,
    /// The group knows us as another member: only what it assigns from here on is ours.
    pub join_again: bool,
    /// How far bounded partitions were read.
    pub reach: Reach,
    /// Partitions found to be at their end by the client's own figures.
    pub at_end: Vec<Lane>,
    /// Why the span of a partition cannot be told.
    pub boundless: Option<String>,
}

/// A drain that was asked for.
#[derive(Debug)]
pub struct Asked {
    pub answer: Receiver<()>,
    /// The sequencer still listens.
    pub told: bool,
    pub patience: Duration,
    pub deadline: Duration,
}

/// How long the group's committed offsets may take to be told: well below the
/// time after which a member that does not poll is thrown out.
const COMMITTED: Duration = Duration::from_secs(120);
const COMMITTED_CALL: Duration = Duration::from_secs(10);

/// What librdkafka says when it passes over a rebalance though it is at rest, and after how
/// many of these, each at a heartbeat and no callback in between, it is believed to be stuck.
const PENDING: &str = "(join-state steady) (incremental assignment pending)";
const PASSED_OVER: u32 = 2;

impl Desk {
    /// With nothing on it; records go to `pool`.
    pub fn new(pool: Sender<Vec<Work>>) -> Self {
        Self {
            assignment: Assignment::default(),
            batch: Batch::new(pool),
            pause_again: false,
            join_again: false,
            reach: Reach::default(),
            at_end: Vec::new(),
            boundless: None,
        }
    }

    fn bound(&mut self, bounds: &dyn Bounds, lane: Lane, epoch: u64, found: Option<&TopicPartitionListElem<'_>>) {
        let committed = found.and_then(|found| match found.offset() {
            Offset::Offset(offset) => Some(Committed { offset, metadata: found.metadata() }),
            _ => None,
        });
        match bounds.assigned(lane, epoch, committed) {
            Ok(span) => self.reach.open(lane, span),
            Err(error) => self.boundless = Some(error),
        }
    }
}

pub struct Context {
    pub desk: Mutex<Desk>,
    pub topics: Vec<Arc<str>>,
    pub ownership: Ownership,
    pub events: Sender<Event>,
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// How long a revoke waits for the drain.
    pub revoke_deadline: Duration,
    /// The same at shutdown, where nobody waits for the partitions.
    pub shutdown_deadline: Duration,
    /// When that passes, once there is a shutdown.
    pub drained_by: OnceLock<Duration>,
    pub stop: Arc<AtomicBool>,
    pub listener: Arc<dyn ClientListener>,
    pub watcher: Arc<dyn Watcher>,
    pub bounds: Option<Arc<dyn Bounds>>,
    /// How often librdkafka found an offset gone and went on from elsewhere.
    pub resets: AtomicU64,
    /// The member id changes, or did: see [`Context::heed_new_member`].
    pub new_member: AtomicBool,
    pub membership: Membership<Arc<ConsumerGroupMetadata>>,
    /// How often in a row the client passed over a rebalance: see [`Context::passed_over`].
    pub skipped: AtomicU32,
}

impl Context {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lane(&self, topic: &str, partition: i32) -> Option<Lane> {
        let index = self.topics.iter().position(|name| &**name == topic)?;
        Some(Lane { topic: u16::try_from(index).ok()?, partition })
    }

    /// How long a drain may take now. At shutdown all of them together have the
    /// one deadline, and what is left of it is enough to hear how it ended.
    pub fn patience(&self) -> Duration {
        if !self.stop.load(Ordering::Relaxed) {
            return self.revoke_deadline;
        }
        let now = (self.clock)();
        let until = *self.drained_by.get_or_init(|| now + self.shutdown_deadline);
        until.saturating_sub(now).max(LAST_WORDS)
    }

    fn lanes(&self, list: &TopicPartitionList) -> Vec<Lane> {
        list.elements().iter().filter_map(|element| self.lane(element.topic(), element.partition())).collect()
    }

    /// `committed`: what the group has committed, where that matters.
    pub fn assigned(&self, lanes: &[Lane], committed: Option<&Result<TopicPartitionList, String>>) {
        let committed = self.bounds.as_ref().zip(committed);
        let mut desk = self.desk();
        for &lane in lanes {
            let epoch = desk.assignment.assign(lane);
            self.ownership.own(lane, epoch);
            match committed {
                Some((bounds, Ok(committed))) => {
                    let topic = self.topics.get(usize::from(lane.topic));
                    let found = topic.and_then(|topic| committed.find_partition(topic, lane.partition));
                    desk.bound(bounds.as_ref(), lane, epoch, found.as_ref());
                }
                Some((_, Err(error))) => desk.boundless = Some(error.clone()),
                None => {}
            }
            // Its receiver lives as long as the worker.
            let _ = self.events.send(Event::Assigned { lane, epoch });
        }
        desk.pause_again = true;
        self.watcher.rebalanced(Change::Assigned, lanes, desk.assignment.owned());
    }

    /// What the group has committed for these partitions. Asked again for a
    /// while: a broker that just moved does not know yet.
    fn committed(&self, consumer: &BaseConsumer<Self>, lanes: &[Lane]) -> Result<TopicPartitionList, String> {
        self.watcher.waiting(true);
        let give_up = (self.clock)() + COMMITTED;
        let answer = loop {
            let mut list = TopicPartitionList::with_capacity(lanes.len());
            for lane in lanes {
                if let Some(topic) = self.topics.get(usize::from(lane.topic)) {
                    list.add_partition(topic, lane.partition);
                }
            }
            let asked = consumer.committed_offsets(list, COMMITTED_CALL);
            let answer = asked.and_then(|list| list.elements().iter().try_for_each(|e| e.error()).map(|()| list));
            match answer {
                Ok(list) => break Ok(list),
                Err(error) if (self.clock)() >= give_up || self.stop.load(Ordering::Relaxed) => {
                    break Err(format!("the group's committed offsets cannot be read: {error}"));
                }
                Err(error) => self.watcher.poll_error(&error),
            }
            std::thread::sleep(Duration::from_millis(300));
        };
        self.watcher.waiting(false);
        answer
    }

    fn revoked(&self, lanes: &[Lane]) {
        let asked = self.revoke_asked(lanes);
        self.watcher.waiting(true);
        // The sequencer keeps the deadline; a call of its own may hold it up a
        // while longer. Not answered at all, the partitions go away regardless:
        // what is not committed is refused, since it is disowned below.
        if asked.told && asked.answer.recv_timeout(asked.patience * 2).is_err() {
            self.watcher.drain_unanswered(lanes);
        }
        self.watcher.waiting(false);
        self.revoked_now(lanes);
    }

    /// Stops taking records of these partitions and asks for their drain.
    pub fn revoke_asked(&self, lanes: &[Lane]) -> Asked {
        let mut desk = self.desk();
        desk.batch.flush();
        lanes.iter().for_each(|&lane| desk.reach.close(lane));
        let given = desk.assignment.revoke(lanes);
        self.ask(given)
    }

    /// Asks for a drain of all that was taken, as a member of the group still.
    pub fn drain_asked(&self) -> Asked {
        let mut desk = self.desk();
        desk.batch.flush();
        self.ask(desk.assignment.given())
    }

    fn ask(&self, lanes: Vec<(Lane, u64)>) -> Asked {
        let (done, answer) = bounded(1);
        let patience = self.patience();
        let deadline = (self.clock)() + patience;
        let told = self.events.send(Event::Drain(Drain { lanes, deadline, done })).is_ok();
        Asked { answer, told, patience, deadline }
    }

    /// The drain is over: the partitions are the group's again.
    pub fn revoked_now(&self, lanes: &[Lane]) {
        let left = self.desk().assignment.owned();
        for &lane in lanes {
            self.ownership.disown(lane);
        }
        if let Some(bounds) = &self.bounds {
            bounds.revoked(lanes);
        }
        self.watcher.rebalanced(Change::Revoked, lanes, left);
    }

    pub fn lost(&self, lanes: &[Lane]) {
        let left = {
            let mut desk = self.desk();
            desk.assignment.revoke(lanes);
            lanes.iter().for_each(|&lane| desk.reach.close(lane));
            desk.assignment.owned()
        };
        for &lane in lanes {
            self.ownership.disown(lane);
        }
        let _ = self.events.send(Event::Lost(lanes.to_vec()));
        if let Some(bounds) = &self.bounds {
            bounds.revoked(lanes);
        }
        self.watcher.rebalanced(Change::Lost, lanes, left);
    }

    /// The client's lines come with the next poll: nothing that the old member had is
    /// committed by the new one until then, since [`Membership`] holds the old one.
    fn member_changes(&self) {
        if !is_on(Mutation::NoMemberCheck) {
            self.ownership.disown_all();
            self.new_member.store(true, Ordering::Release);
        }
    }

    /// On the polling thread: where the member id has changed and nobody said that the
    /// partitions are lost, they are.
    ///
    /// librdkafka 2.12.1 takes a new member id and keeps the partitions when a
    /// static member's JoinGroup is answered with `UNKNOWN_MEMBER_ID`: others may have had
    /// them meanwhile. In all other cases it says so, and nothing is left to do here.
    pub fn heed_new_member(&self) {
        if !self.new_member.swap(false, Ordering::Acquire) {
            return;
        }
        let lanes = self.desk().assignment.lanes();
        if !lanes.is_empty() {
            self.lost(&lanes);
            self.desk().join_again = true;
        }
    }

    /// The group rebalances, and the client does not join.
    ///
    /// Having joined again while a revoke waited (see [`Membership`]), librdkafka 2.12.1 takes an
    /// assignment for pending that will never come, and passes over every rebalance from then on:
    /// the whole group waits for `max.poll.interval.ms`. Even to unsubscribe is put off.
    fn passed_over(&self) {
        if self.skipped.fetch_add(1, Ordering::Relaxed) + 1 == PASSED_OVER {
            self.watcher.passes_over();
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        // librdkafka tells of these in no other way. A line is believed to mean
        // "look"; only of a client that is stuck also what it says.
        match facility {
            "OFFSET" => {
                self.resets.fetch_add(1, Ordering::Relaxed);
            }
            "MEMBERID" => self.member_changes(),
            "REBALANCE" if text.contains(PENDING) => self.passed_over(),
            _ => {}
        }
        log(ClientKind::Consumer, level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        let figures = figures(&statistics);
        if self.bounds.is_some() {
            let mut desk = self.desk();
            for partition in &figures.partitions {
                let Some(lane) = self.lane(&partition.topic, partition.partition) else { continue };
                if desk.reach.watch(lane, partition.fetch, partition.queue_bytes == 0) {
                    desk.at_end.push(lane);
                }
            }
        }
        self.listener.figures(ClientKind::Consumer, figures);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(ClientKind::Consumer, &error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.membership.hold(consumer.group_metadata().map(Arc::new));
        self.skipped.store(0, Ordering::Relaxed);
        if !consumer.assignment_lost() {
            self.heed_new_member();
        }
        match rebalance {
            Rebalance::Assign(list) => {
                let lanes = self.lanes(list);
                let bounded = self.bounds.is_some() && !lanes.is_empty();
                let committed = bounded.then(|| self.committed(consumer, &lanes));
                self.assigned(&lanes, committed.as_ref());
            }
            Rebalance::Revoke(list) if consumer.assignment_lost() => self.lost(&self.lanes(list)),
            Rebalance::Revoke(list) => self.revoked(&self.lanes(list)),
            Rebalance::Error(error) => {
                self.listener.error(ClientKind::Consumer, error, "rebalance failed");
                let lanes = self.desk().assignment.lanes();
                self.lost(&lanes);
            }
        }
        self.membership.served();
    }
}
