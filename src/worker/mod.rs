//! Joins the rooms: channels, threads, order of start and stop.
//!
//! ```text
//! intake ──work──► pool ──finished──► sequencer
//!   └──assigned, drain, lost, stop───────►┘
//! ```
//!
//! Everything comes from outside ([`Parts`], [`Stop`]), so a test and the demo
//! call what production calls.
//!
//! Order of stop: the intake leaves its group, which drains and commits; then
//! the sequencer stops; with it goes the last hold on the consumer, and with
//! that the channel of work, which ends the pool.

mod census;
mod clock;
#[cfg(any(feature = "faults", debug_assertions))]
mod faults;
mod files;
mod ledger;
mod lifecycle;
mod options;
mod panics;
mod poison;
mod pool;
mod preflight;
mod reload;
mod service;
mod shadow;
mod stranded;
mod telemetry;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use clock::Clock;
pub use files::{FileError, TextFile, read as read_files};
pub use lifecycle::Stop;
pub use options::{EnrichOptions, MemoryOptions, ReloadOptions, ShutdownOptions};
pub use panics::install_hook;
pub use poison::{Journal, PoisonOptions, StateOptions};
pub use preflight::{Facts, TopicSettings};
pub use reload::{Built, Gazetteers, Live};
pub use service::Service;
pub use shadow::{Shadow, ShadowOptions};
pub use telemetry::Telemetry;

use crate::consume::{self, Intake, IntakeError, IntakeParts};
use crate::encode;
use crate::flow::{Budget, Event, Ownership};
use crate::health::{Health, Limits as HealthLimits};
use crate::kafka::{self, Memory};
use crate::metrics::{Events, Metrics, WorkerInfo};
use crate::produce::{
    DeliveryMode, DeliveryOptions, Fenced, KafkaSink, Limits, NoNotes, Notes, OutputOptions, Refuse, Sequencer,
    SinkParts,
};
use crate::trace::Tracer;

use ledger::Ledger;
use pool::Enricher;
use reload::Reload;
use shadow::Running;

/// The options of all rooms that a worker joins.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub kafka: kafka::Options,
    pub input: consume::Options,
    pub output: OutputOptions,
    pub delivery: DeliveryOptions,
    pub enrich: EnrichOptions,
    pub memory: MemoryOptions,
    pub shutdown: ShutdownOptions,
    pub shadow: ShadowOptions,
}

impl Settings {
    /// Threads of the pool.
    #[must_use]
    pub fn threads(&self) -> usize {
        match self.enrich.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        }
    }

    fn transactional_id(&self) -> String {
        self.kafka.transactional_id(&hostname())
    }

    fn telemetry(&self, metrics: &Metrics, memory: Memory, clock: Clock) -> Telemetry {
        metrics.budget(self.memory.budget.as_u64());
        metrics.worker(&WorkerInfo {
            group: &self.kafka.group_id,
            input: &self.input.topics,
            output: &self.output.topic,
            dead_letters: &self.output.dead_letter_topic,
        });
        Telemetry::new(telemetry::Parts {
            events: Events::new(metrics.clone(), move || clock.now()),
            metrics: metrics.clone(),
            health: Health::new(clock.now(), health_limits(self), self.threads()),
            clock,
            budget: Budget::new(in_flight_limit(self, memory)),
            topics: self.input.topics.clone(),
            access: self.access(),
            patience: self.delivery.revoke_deadline.max(self.last_drain()) * 2,
        })
    }

    fn access(&self) -> kafka::Access {
        let output = &self.output;
        let id = self.transactional_id();
        let access = kafka::Access::new(&self.kafka, &id, &self.input.topics, &output.topic, &output.dead_letter_topic);
        kafka::Access { parking: output.parking_topic.clone(), ..access }
    }

    /// How long the drain at shutdown may take: what is left is for leaving the
    /// group and for the last commit.
    fn last_drain(&self) -> Duration {
        self.shutdown.deadline * 4 / 5
    }
}

/// What a worker is made of.
pub struct Parts {
    pub settings: Settings,
    pub pipeline: Live,
    /// Files that the pipeline is made of, to be watched.
    pub gazetteers: Option<Gazetteers>,
    /// The second tagger, where `shadow.topic` is set.
    pub shadow: Option<Shadow>,
    pub metrics: Metrics,
    /// Where traces are exported.
    pub tracer: Option<Tracer>,
    /// Of a longer input value only so many bytes are kept.
    pub keep_bytes: usize,
    pub facts: Facts,
    /// What all times of this worker count from.
    pub clock: Clock,
    /// Where what is in hand is written down; the same for all workers of a process.
    pub journal: Journal,
    /// What makes a bounded run of it; nothing by default.
    pub seams: consume::Seams,
    /// The account that is committed beside the offsets, where one is kept.
    pub notes: Option<Box<dyn Notes>>,
    /// Of the worker whose place this one takes, in the same process.
    pub telemetry: Option<Arc<Telemetry>>,
}

/// Why a worker ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Fenced(#[from] Fenced),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("a secret cannot be read: {0}")]
    Secret(std::io::Error),
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
    #[error("the thread {0} ended by a panic, which is a bug in warraq")]
    Panicked(&'static str),
    #[error(
        "shutdown.deadline of {0:?} passed before all was committed; what is not committed is done again \
         (make the deadline longer if this happens often)"
    )]
    Deadline(Duration),
    #[error(
        "the Kafka clients have lost every broker and do not find the cluster again, though it answers others \
         (librdkafka issue 5301), or pass over the rebalances of their group; what is not committed is done again \
         by the next process"
    )]
    Stranded,
}

/// A worker whose threads run.
pub struct Worker {
    telemetry: Arc<Telemetry>,
    stop: Stop,
    deadline: Duration,
    events: Sender<Event>,
    ended: Receiver<Ended>,
    threads: Vec<JoinHandle<()>>,
    reload: [Reload; 2],
    shadow: Option<Running>,
}

/// A thread's last word.
enum Ended {
    Intake(Result<(), WorkerError>),
    Sequencer(Result<(), WorkerError>),
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Worker {
    /// Starts all threads. The broker need not be there yet.
    ///
    /// # Errors
    /// Where a client cannot be made of the options, or a thread not be started.
    pub fn start(parts: Parts, stop: Stop) -> Result<Self, WorkerError> {
        install_hook();
        #[cfg(feature = "faults")]
        tracing::warn!("this build makes faults on purpose: it is for tests alone");
        let Parts {
            settings,
            pipeline,
            gazetteers,
            shadow,
            metrics,
            tracer,
            keep_bytes,
            facts,
            clock,
            journal,
            seams,
            notes,
            telemetry,
        } = parts;
        let threads = settings.threads();
        let memory = Memory::of_budget(usize::try_from(settings.memory.budget.as_u64()).unwrap_or(usize::MAX));
        let telemetry = telemetry.unwrap_or_else(|| Arc::new(settings.telemetry(&metrics, memory, clock)));
        let (clock, budget, health) = (telemetry.clock, telemetry.budget.clone(), telemetry.health.clone());
        let transactional = settings.delivery.mode == DeliveryMode::ExactlyOnce;
        let (work, to_do) = unbounded();
        let (events, heard) = unbounded();
        let (end, ended) = bounded(2);
        let ownership = Ownership::default();
        let now: Arc<dyn Fn() -> Duration + Send + Sync> = Arc::new(move || clock.now());

        let mut shadow_reload = Reload::default();
        let mut tap = None;
        let mut running = None;
        if let Some(Shadow { pipeline, gazetteers }) = shadow {
            let started = shadow::start(
                &settings,
                memory,
                pipeline.clone(),
                &metrics,
                &telemetry.events,
                clock,
                journal.clone(),
            )?;
            (tap, running) = started.unzip();
            shadow_reload = Reload::start(gazetteers, pipeline, metrics.clone(), telemetry.events.clone())
                .map_err(WorkerError::Thread)?;
        }
        let intake = Intake::new(IntakeParts {
            config: kafka::consumer(&settings.kafka, memory, settings.input.start.as_str())
                .map_err(WorkerError::Secret)?,
            topics: settings.input.topics.clone(),
            pool: work,
            events: events.clone(),
            budget,
            ownership: ownership.clone(),
            clock: Arc::clone(&now),
            revoke_deadline: settings.delivery.revoke_deadline,
            shutdown_deadline: settings.last_drain(),
            keep_bytes,
            listener: Arc::clone(&telemetry) as _,
            watcher: Arc::clone(&telemetry) as _,
            seams,
            stop: stop.flag(),
        })?;
        let id = settings.transactional_id();
        let (compression, timeout) = (settings.output.compression.as_str(), settings.delivery.transaction_timeout);
        let id = transactional.then_some(id.as_str());
        let sink = KafkaSink::new(SinkParts {
            config: kafka::producer(&settings.kafka, memory, compression, timeout, id).map_err(WorkerError::Secret)?,
            transactional,
            patience: timeout,
            output: settings.output.topic.clone(),
            dead_letters: settings.output.dead_letter_topic.clone(),
            parking: settings.output.parking_topic.clone(),
            inputs: settings.input.topics.clone(),
            group: intake.group(),
            ownership,
            listener: Arc::clone(&telemetry) as _,
        });
        let ledger = Ledger::new(Arc::clone(&telemetry), transactional, tracer.clone(), journal.clone());
        let refuse: Refuse = Box::new(encode::refused);
        let sequencer = Sequencer::new(sink, ledger, limits(&settings.delivery), refuse)
            .with_notes(notes.unwrap_or_else(|| Box::new(NoNotes)));

        let mut handles = Vec::with_capacity(threads + 2);
        for index in 0..threads {
            let enricher = Enricher {
                pipeline: pipeline.clone(),
                work: to_do.clone(),
                events: events.clone(),
                metrics: metrics.pool(),
                clock,
                deadline: settings.enrich.deadline,
                pulse: health.pool(index),
                hand: journal.hand(index),
                tracer: tracer.clone(),
                shadow: tap.clone(),
            };
            handles.push(spawn(format!("enrich-{index}"), move || enricher.run())?);
        }
        let last_word = end.clone();
        handles.push(spawn("sequencer".to_owned(), move || {
            // Ended before its last word is heard: the producer is gone by then.
            let result = guarded("sequencer", move || sequencer.run(&heard, move || now()));
            let _ = last_word.send(Ended::Sequencer(result));
        })?);
        handles.push(spawn("intake".to_owned(), move || {
            let _ = end.send(Ended::Intake(guarded("intake", move || intake.run())));
        })?);
        // The last taps are the enrich threads': with them the shadow's queue ends.
        drop(tap);
        let outputs: Vec<String> = settings.output.topics().into_iter().chain(settings.shadow.topic.clone()).collect();
        let admin = kafka::plain(&settings.kafka).map_err(WorkerError::Secret)?;
        let (asking, inputs, stopping) = (admin.clone(), settings.input.topics.clone(), stop.clone());
        let counted = metrics.clone();
        // Neither is joined: they may wait for a broker, and hold nothing.
        drop(spawn("census".to_owned(), move || census::run(&asking, &inputs, &counted, &stopping))?);
        let stopping = stop.clone();
        drop(spawn("preflight".to_owned(), move || preflight::run(&admin, &outputs, facts, &stopping))?);
        let reload =
            Reload::start(gazetteers, pipeline, metrics, telemetry.events.clone()).map_err(WorkerError::Thread)?;
        tracing::info!(
            group = settings.kafka.group_id,
            input = ?settings.input.topics,
            output = settings.output.topic,
            transactional,
            threads,
            "worker started"
        );
        Ok(Self {
            telemetry,
            stop,
            deadline: settings.shutdown.deadline,
            events,
            ended,
            threads: handles,
            reload: [reload, shadow_reload],
            shadow: running,
        })
    }

    /// What the worker tells of itself.
    #[must_use]
    pub fn telemetry(&self) -> Arc<Telemetry> {
        Arc::clone(&self.telemetry)
    }

    /// Runs until it is asked to stop or cannot go on; all is drained, committed
    /// and left when this returns well.
    ///
    /// # Errors
    /// Why it could not go on, or that the deadline passed.
    pub fn join(self) -> Result<(), WorkerError> {
        self.join_before(|| false)
    }

    /// The same; where another worker follows at once, the shadow is not waited
    /// for, which would hold up what is live: it ends beside it.
    fn join_before(self, another: impl FnOnce() -> bool) -> Result<(), WorkerError> {
        let first = crossbeam_channel::select! {
            recv(self.stop.woken()) -> _ => None,
            recv(self.ended) -> ended => ended.ok(),
        };
        self.telemetry.health.shutting_down();
        self.stop.request();
        let deadline = self.telemetry.clock.now() + self.deadline;
        let mut result = Ok(());
        let mut ended = first;
        for _ in 0..2 {
            let Some(word) = ended.take().or_else(|| self.last_word(deadline)) else {
                return result.and(Err(WorkerError::Deadline(self.deadline)));
            };
            match word {
                Ended::Intake(intake) => {
                    // Sent after the drain, so nothing of ours can follow it.
                    let _ = self.events.send(Event::Stop);
                    result = result.and(intake);
                }
                Ended::Sequencer(sequencer) => result = sequencer.and(result),
            }
        }
        for thread in self.threads {
            if thread.join().is_err() {
                result = result.and(Err(WorkerError::Panicked("enrich")));
            }
        }
        match self.shadow {
            Some(shadow) if !another() => shadow.end(deadline),
            // Dropped, it ends by itself.
            _ => {}
        }
        let totals = self.telemetry.metrics.totals();
        tracing::info!(
            consumed = totals.consumed,
            produced = totals.produced,
            dead_lettered = totals.dead_lettered,
            in_flight = self.telemetry.health.in_flight(),
            "worker stopped"
        );
        result
    }

    /// The next thread's last word; none by the deadline.
    fn last_word(&self, deadline: Duration) -> Option<Ended> {
        self.ended.recv_timeout(deadline.saturating_sub(self.telemetry.clock.now())).ok()
    }
}

/// A panic is a last word, too: without one the other threads would wait for
/// ever on a channel that nobody reads.
fn guarded<E: Into<WorkerError>>(name: &'static str, run: impl FnOnce() -> Result<(), E>) -> Result<(), WorkerError> {
    catch_unwind(AssertUnwindSafe(run)).map_or(Err(WorkerError::Panicked(name)), |result| result.map_err(Into::into))
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, WorkerError> {
    std::thread::Builder::new().name(name).spawn(run).map_err(WorkerError::Thread)
}

/// What librdkafka's queues and the shadow leave of the budget. A record in flight is held up
/// to twice at its turn (the payload beside what was made of it), and what was
/// sent is kept beside librdkafka's copy, so only half of that is given out.
fn in_flight_limit(settings: &Settings, memory: Memory) -> usize {
    let budget = usize::try_from(settings.memory.budget.as_u64()).unwrap_or(usize::MAX);
    (budget.saturating_sub(memory.total() + shadow::reserve(settings, memory)) / 2).max(8 << 20)
}

fn limits(delivery: &DeliveryOptions) -> Limits {
    Limits {
        interval: delivery.commit_interval,
        records: delivery.commit_records,
        bytes: usize::try_from(delivery.commit_bytes.as_u64()).unwrap_or(usize::MAX),
        timeout: delivery.transaction_timeout,
    }
}

fn health_limits(settings: &Settings) -> HealthLimits {
    let default = HealthLimits::default();
    HealthLimits { record: default.record.max(settings.enrich.deadline * 3), ..default }
}

/// The machine's name; in a pod it is the pod's, and a StatefulSet keeps it.
fn hostname() -> String {
    hostname::get().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_thread_is_its_last_word() {
        let panicked = guarded("intake", || -> Result<(), IntakeError> { panic!("on purpose") });
        assert!(matches!(panicked, Err(WorkerError::Panicked("intake"))));
        assert!(guarded("intake", || Ok::<(), IntakeError>(())).is_ok());
        let fenced = guarded("sequencer", || Err(Fenced("a twin".to_owned())));
        assert!(matches!(fenced, Err(WorkerError::Fenced(_))));
    }
}
