//! The callbacks of the group: tell, wait, return.
//!
//! librdkafka runs them inside `poll`, on the polling thread. No work is done
//! here: the sequencer is told, and for a revoke its answer is awaited, since
//! returning gives the partitions away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Statistics, TopicPartitionList};

use super::assignment::Assignment;
use super::batch::Batch;
use super::{Change, Watcher};
use crate::flow::{Drain, Event, Lane, Ownership};
use crate::kafka::{ClientKind, ClientListener, figures, log};

/// What the polling thread and the callbacks on it share. The lock is never
/// contended: both run on one thread.
pub struct Desk {
    pub assignment: Assignment,
    pub batch: Batch,
    /// Partitions came without being asked for: a pause must be said again.
    pub pause_again: bool,
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
    pub stop: Arc<AtomicBool>,
    pub listener: Arc<dyn ClientListener>,
    pub watcher: Arc<dyn Watcher>,
}

impl Context {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lane(&self, topic: &str, partition: i32) -> Option<Lane> {
        let index = self.topics.iter().position(|name| &**name == topic)?;
        Some(Lane { topic: u16::try_from(index).ok()?, partition })
    }

    /// How long a drain may take now.
    pub fn patience(&self) -> Duration {
        if self.stop.load(Ordering::Relaxed) { self.shutdown_deadline } else { self.revoke_deadline }
    }

    fn lanes(&self, list: &TopicPartitionList) -> Vec<Lane> {
        list.elements().iter().filter_map(|element| self.lane(element.topic(), element.partition())).collect()
    }

    fn assigned(&self, lanes: &[Lane]) {
        let mut desk = self.desk();
        for &lane in lanes {
            let epoch = desk.assignment.assign(lane);
            self.ownership.own(lane, epoch);
            // Its receiver lives as long as the worker.
            let _ = self.events.send(Event::Assigned { lane, epoch });
        }
        desk.pause_again = true;
        self.watcher.rebalanced(Change::Assigned, lanes, desk.assignment.owned());
    }

    fn revoked(&self, lanes: &[Lane]) {
        let (drain, left) = {
            let mut desk = self.desk();
            desk.batch.flush();
            (desk.assignment.revoke(lanes), desk.assignment.owned())
        };
        let (done, answer) = bounded(1);
        let patience = self.patience();
        let deadline = (self.clock)() + patience;
        self.watcher.waiting(true);
        let told = self.events.send(Event::Drain(Drain { lanes: drain, deadline, done })).is_ok();
        // The sequencer keeps the deadline; a call of its own may hold it up a
        // while longer. Not answered at all, the partitions go away regardless:
        // what is not committed is refused, since it is disowned below.
        if told && answer.recv_timeout(patience * 2).is_err() {
            self.watcher.drain_unanswered(lanes);
        }
        self.watcher.waiting(false);
        for &lane in lanes {
            self.ownership.disown(lane);
        }
        self.watcher.rebalanced(Change::Revoked, lanes, left);
    }

    fn lost(&self, lanes: &[Lane]) {
        let left = {
            let mut desk = self.desk();
            desk.assignment.revoke(lanes);
            desk.assignment.owned()
        };
        for &lane in lanes {
            self.ownership.disown(lane);
        }
        let _ = self.events.send(Event::Lost(lanes.to_vec()));
        self.watcher.rebalanced(Change::Lost, lanes, left);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(ClientKind::Consumer, level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.listener.figures(ClientKind::Consumer, figures(&statistics));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(ClientKind::Consumer, &error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => self.assigned(&self.lanes(list)),
            Rebalance::Revoke(list) if consumer.assignment_lost() => self.lost(&self.lanes(list)),
            Rebalance::Revoke(list) => self.revoked(&self.lanes(list)),
            Rebalance::Error(error) => {
                self.listener.error(ClientKind::Consumer, error, "rebalance failed");
                let lanes = self.desk().assignment.lanes();
                self.lost(&lanes);
            }
        }
    }
}
