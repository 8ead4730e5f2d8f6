//! What the threads tell, turned into metrics, health and log lines.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::clock::Clock;
use crate::consume::{Change, Watcher};
use crate::flow::{Budget, Lane};
use crate::health::{Health, Pulse};
use crate::kafka::{Access, ClientFigures, ClientKind, ClientListener, refused};
use crate::metrics::{Client, ClientStatistics, Events, Metrics, PartitionLag, RebalanceKind};

/// How far one partition is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The offset to continue from.
    pub next: i64,
    /// When the last durable record was appended, milliseconds since the epoch.
    pub appended: Option<i64>,
}

/// What a [`Telemetry`] is made of.
pub struct Parts {
    pub metrics: Metrics,
    pub events: Events,
    pub health: Health,
    pub clock: Clock,
    pub budget: Budget,
    /// Names of the input topics, by [`Lane::topic`].
    pub topics: Vec<String>,
    pub access: Access,
    /// A rebalance callback may wait for so long.
    pub patience: Duration,
}

/// Shared by the intake's and the sequencer's side: both tell, one registry hears.
pub struct Telemetry {
    pub metrics: Metrics,
    pub events: Events,
    pub health: Health,
    pub clock: Clock,
    pub budget: Budget,
    pub topics: Vec<String>,
    access: Access,
    intake: Pulse,
    /// A rebalance callback may wait for so long.
    patience: Duration,
    progress: Mutex<BTreeMap<Lane, Progress>>,
    transmit_errors: [AtomicU64; 2],
    /// Since when a client has no broker, in milliseconds of the clock; 0 while it
    /// has one.
    without_broker: [AtomicU64; 2],
    /// The consumer passes over what its group does.
    passes_over: AtomicBool,
}

impl Telemetry {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { metrics, events, health, clock, budget, topics, access, patience } = parts;
        let intake = health.intake();
        Self {
            metrics,
            events,
            health,
            clock,
            budget,
            topics,
            access,
            intake,
            patience,
            progress: Mutex::default(),
            transmit_errors: Default::default(),
            without_broker: Default::default(),
            passes_over: AtomicBool::new(false),
        }
    }

    /// Since when the first of the clients that have none is without a broker.
    pub(super) fn without_broker_since(&self) -> Option<Duration> {
        let since = self.without_broker.iter().map(|since| since.load(Ordering::Relaxed));
        since.filter(|since| *since > 0).min().map(Duration::from_millis)
    }

    /// Whether the consumer was found to pass over the group's rebalances since it was asked last.
    pub(super) fn has_passed_over(&self) -> bool {
        self.passes_over.swap(false, Ordering::Relaxed)
    }

    fn connected(&self, client: ClientKind, connected: bool) {
        let Some(since) = self.without_broker.get(client as usize) else { return };
        if connected {
            since.store(0, Ordering::Relaxed);
        } else {
            let now = u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX).max(1);
            let _ = since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The clients were closed, and others take their place.
    pub(super) fn renewed(&self) {
        self.health.begin_again();
        self.metrics.paused(0);
        for counter in self.transmit_errors.iter().chain(&self.without_broker) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    fn progress(&self) -> MutexGuard<'_, BTreeMap<Lane, Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sequencer's news: these positions are committed.
    pub fn durable(&self, positions: &BTreeMap<Lane, Progress>) {
        self.progress().extend(positions.iter().map(|(lane, progress)| (*lane, *progress)));
    }

    /// Whether the error is a refusal: then it is told as one.
    fn refusal(&self, client: ClientKind, error: &KafkaError, detail: &str) -> bool {
        let refusal = error.rdkafka_error_code().and_then(|code| self.access.refusal(client, code, detail));
        let Some(refusal) = refusal else { return false };
        // The consumer tells most twice, the second time without the details.
        if detail.is_empty() && self.health.is_refused(refusal.key) {
            return true;
        }
        self.events.refused(label(client), refusal.key, &refusal.text);
        self.health.refused(refusal.key, refusal.text);
        true
    }

    /// What proves that these are not refused.
    pub(super) fn allowed(&self, keys: &[&'static str]) {
        for key in keys {
            if self.health.allowed(key) {
                tracing::info!(key, "no longer refused");
            }
        }
    }

    pub(super) fn topic(&self, lane: Lane) -> &str {
        self.topics.get(usize::from(lane.topic)).map_or("", String::as_str)
    }

    /// Called with each statistics of the consumer, so the series are as fresh
    /// as those. Between a commit and the end of a topic can stand records
    /// without content (a transaction's markers): where all that can be fetched
    /// was fetched and nothing is in flight, the lag is none.
    fn update_lag(&self, figures: &ClientFigures) {
        let idle = self.budget.used() == 0;
        let now = i64::try_from(Clock::unix().as_millis()).unwrap_or(i64::MAX);
        let progress = self.progress().clone();
        let mut owned = Vec::new();
        for partition in &figures.partitions {
            let Some(index) = self.topics.iter().position(|topic| *topic == partition.topic) else { continue };
            let lane = Lane { topic: u16::try_from(index).unwrap_or(u16::MAX), partition: partition.partition };
            let done = progress.get(&lane).copied();
            let drained = idle && partition.queue_bytes == 0 && partition.fetch >= partition.end;
            let next = done.map_or(partition.fetch, |done| done.next);
            let records = if drained { 0 } else { u64::try_from(partition.end - next).unwrap_or(0) };
            let seconds = match (records, done.and_then(|done| done.appended)) {
                (0, _) => Some(0.0),
                #[allow(clippy::cast_precision_loss, reason = "milliseconds of an age, far below 2^52")]
                (_, Some(appended)) => Some((now - appended).max(0) as f64 / 1e3),
                (_, None) => None,
            };
            owned.push(PartitionLag {
                topic: partition.topic.clone(),
                partition: partition.partition,
                records,
                seconds,
            });
        }
        self.metrics.lag(&owned);
    }
}

impl Watcher for Telemetry {
    fn passes_over(&self) {
        self.passes_over.store(true, Ordering::Relaxed);
    }

    fn unowned(&self, partitions: &[String]) {
        self.events.unowned(partitions);
    }

    fn tick(&self) {
        self.intake.beat(self.clock.now());
        self.metrics.in_flight(self.health.in_flight(), self.budget.used() as u64);
    }

    fn waiting(&self, waiting: bool) {
        let now = self.clock.now();
        if waiting { self.intake.protect(now + self.patience) } else { self.intake.beat(now) }
    }

    /// Until something is committed, the lag begins here.
    fn first(&self, lane: Lane, offset: i64, appended: Option<i64>) {
        self.progress().insert(lane, Progress { next: offset, appended });
    }

    fn consumed(&self, bytes: usize) {
        self.metrics.consumed(1, bytes as u64);
        self.health.taken(self.clock.now(), 1);
        self.allowed(&[refused::INPUT]);
    }

    fn passed(&self) {
        self.health.taken(self.clock.now(), 1);
    }

    fn deleted(&self, lane: Lane, offsets: u64) {
        tracing::warn!(
            topic = self.topic(lane),
            partition = lane.partition,
            offsets,
            "records were deleted from the input topic before they were read"
        );
    }

    fn finished(&self, lane: Lane) {
        tracing::debug!(topic = self.topic(lane), partition = lane.partition, "read to the end of the range");
    }

    fn rebalanced(&self, change: Change, lanes: &[Lane], owned: usize) {
        let kind = match change {
            Change::Assigned => RebalanceKind::Assign,
            Change::Revoked => RebalanceKind::Revoke,
            Change::Lost => RebalanceKind::Lost,
        };
        let names: Vec<String> = lanes.iter().map(|&lane| format!("{}/{}", self.topic(lane), lane.partition)).collect();
        self.events.rebalance(kind, lanes.len(), &names.join(" "));
        self.metrics.assigned(owned);
        if change == Change::Assigned {
            self.health.assigned(true);
            self.allowed(&[refused::GROUP]);
            if !lanes.is_empty() {
                self.allowed(&[refused::INPUT]);
            }
            return;
        }
        let mut progress = self.progress();
        for &lane in lanes {
            progress.remove(&lane);
            self.metrics.lag_revoked(self.topic(lane), &[lane.partition]);
        }
    }

    fn drain_unanswered(&self, lanes: &[Lane]) {
        let partitions: Vec<i32> = lanes.iter().map(|lane| lane.partition).collect();
        tracing::warn!(
            ?partitions,
            "partitions were given away before all of theirs was committed; it is done again elsewhere"
        );
    }

    fn paused(&self, partitions: usize) {
        self.metrics.paused(partitions);
        let in_flight_bytes = self.budget.used();
        match partitions {
            0 => tracing::debug!(in_flight_bytes, "intake resumed"),
            _ => tracing::debug!(partitions, in_flight_bytes, "intake paused by the memory budget"),
        }
    }

    fn poll_error(&self, error: &KafkaError) {
        self.error(ClientKind::Consumer, error, "");
    }
}

impl ClientListener for Telemetry {
    fn figures(&self, client: ClientKind, figures: ClientFigures) {
        let before = self
            .transmit_errors
            .get(client as usize)
            .map(|counter| counter.swap(figures.send_errors, Ordering::Relaxed));
        self.metrics.client_statistics(
            label(client),
            &ClientStatistics {
                queue_messages: figures.queue_messages,
                queue_bytes: figures.queue_bytes + figures.partitions.iter().map(|p| p.queue_bytes).sum::<u64>(),
                rtt: (figures.round_trip_seconds > 0.0).then(|| Duration::from_secs_f64(figures.round_trip_seconds)),
                transmit_errors: figures.send_errors.saturating_sub(before.unwrap_or(0)),
            },
        );
        self.connected(client, figures.connected);
        if figures.connected {
            self.allowed(&refused::LOGIN[client as usize..=client as usize]);
        }
        if client == ClientKind::Consumer {
            self.health.broker(self.clock.now(), figures.connected);
            // Only an answer to a fetch tells where a partition ends.
            if !figures.partitions.is_empty() && figures.partitions.iter().all(|partition| partition.end >= 0) {
                self.allowed(&[refused::INPUT]);
            }
            self.update_lag(&figures);
            self.events.tick();
        }
    }

    fn error(&self, client: ClientKind, error: &KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.health.broker(self.clock.now(), false);
        }
        if self.refusal(client, error, reason) {
            return;
        }
        if reason.is_empty() {
            self.events.client_error(label(client), error);
        } else {
            self.events.client_error(label(client), &format_args!("{error}: {reason}"));
        }
    }

    fn failed(&self, error: &KafkaError, topic: Option<&str>) {
        self.refusal(ClientKind::Producer, error, topic.unwrap_or_default());
    }
}

const fn label(client: ClientKind) -> Client {
    match client {
        ClientKind::Consumer => Client::Consumer,
        ClientKind::Producer => Client::Producer,
    }
}
