//! A second tagger on a sample of the live traffic, to a topic of its own: what
//! another gazetteer or model would do, seen before it is rolled out.
//!
//! ```text
//! pool ──offer──► queue (bounded, never waits) ──► shadow thread ──► shadow topic
//! ```
//!
//! The live path gives a record away once it is done with it, and hears nothing
//! back. The shadow has a thread and a producer of its own, at the lowest
//! priority; where it does not keep up, or its topic is not there, it drops and
//! counts. Each record of the sample ends as one of four: written, rejected (the
//! live path has its dead letter), dropped, failed.
//!
//! The producer is idempotent and not transactional, so a record may be written
//! twice, and for a live transaction that was aborted: positions tell them apart.

mod options;
mod queue;
mod sample;
mod tally;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

pub use self::options::ShadowOptions;
use self::queue::{Entry, queue};
use self::sample::Sample;
use self::tally::Tally;
use self::writer::{Connection, Writer};
use super::clock::Clock;
use super::poison::Journal;
use super::reload::{Gazetteers, Live};
use super::{Settings, WorkerError, spawn};
use crate::kafka::{self, Memory};
use crate::metrics::{Events, Metrics};
use crate::record::RawRecord;

/// Its thread's name.
pub(super) const THREAD: &str = "shadow";

/// Records that wait, at most.
const RECORDS: usize = 1024;
/// Bytes that wait and that are in hand, at most.
const BYTES: usize = 8 << 20;

/// What is left at the end gets so long.
const PATIENCE: Duration = Duration::from_secs(2);
/// Closing a producer takes up to half a second.
const CLOSING: Duration = Duration::from_secs(1);

/// What the shadow makes its records by.
#[derive(Debug)]
pub struct Shadow {
    pub pipeline: Live,
    /// Files that the pipeline is made of, to be watched.
    pub gazetteers: Option<Gazetteers>,
}

/// Where the live threads leave a record.
#[derive(Debug, Clone)]
pub(super) struct Tap {
    sample: Sample,
    entry: Entry,
    tally: Tally,
}

impl Tap {
    /// Never waits; a record that finds no room is dropped and counted.
    pub fn offer(&self, raw: RawRecord) {
        if self.sample.takes(&raw.origin) {
            self.tally.taken();
            if !self.entry.offer(raw) {
                self.tally.dropped(1);
            }
        }
    }
}

/// When the shadow has to be done; cheap to clone.
#[derive(Debug, Clone, Default)]
struct Ending(Arc<OnceLock<Duration>>);

impl Ending {
    fn ask(&self, by: Duration) {
        // Asked twice, the first counts.
        let _ = self.0.set(by);
    }

    fn is_asked(&self) -> bool {
        self.0.get().is_some()
    }

    fn is_over(&self, now: Duration) -> bool {
        self.0.get().is_some_and(|by| now >= *by)
    }

    /// When; a while from now where nobody asked.
    fn by(&self, now: Duration) -> Duration {
        *self.0.get_or_init(|| now + PATIENCE)
    }
}

/// A shadow whose thread runs; dropped, it ends by itself within a while.
#[derive(Debug)]
pub(super) struct Running {
    ending: Ending,
    ended: Receiver<()>,
    clock: Clock,
}

impl Running {
    /// Lets it finish what it has, until `latest` and not for long; waits for it.
    pub fn end(self, latest: Duration) {
        let now = self.clock.now();
        self.ending.ask(latest.min(now + PATIENCE));
        let patience = latest.saturating_sub(now).min(PATIENCE + CLOSING);
        let _ = self.ended.recv_timeout(patience);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ending.ask(self.clock.now() + PATIENCE);
    }
}

/// What the shadow may take of `memory.budget`: its queue and its producer's.
pub(super) fn reserve(settings: &Settings, memory: Memory) -> usize {
    settings.shadow.topic.as_ref().map_or(0, |_| BYTES + memory.producer_queue)
}

/// Starts the shadow, where the settings name its topic.
///
/// # Errors
/// Where a secret cannot be read, or the thread not be started.
pub(super) fn start(
    settings: &Settings,
    memory: Memory,
    pipeline: Live,
    metrics: &Metrics,
    events: &Events,
    clock: Clock,
    journal: Journal,
) -> Result<Option<(Tap, Running)>, WorkerError> {
    let Some(topic) = settings.shadow.topic.clone() else { return Ok(None) };
    let config = kafka::shadow_producer(&settings.kafka, memory, settings.output.compression.as_str())
        .map_err(WorkerError::Secret)?;
    let provenance = pipeline.now().provenance().clone();
    tracing::info!(
        topic,
        sample = settings.shadow.sample,
        config = provenance.config,
        model = provenance.model,
        "shadow started"
    );
    let (entry, exit) = queue(RECORDS, BYTES);
    let (tally, ending) = (Tally::new(metrics.clone()), Ending::default());
    let writer = Writer {
        exit,
        pipeline,
        topic,
        config,
        tally: tally.clone(),
        events: events.clone(),
        clock,
        journal,
        deadline: settings.enrich.deadline,
        ending: ending.clone(),
        connection: Connection::default(),
    };
    let (end, ended) = bounded(1);
    // Not joined: whatever it waits for, the live path does not.
    drop(spawn(THREAD.to_owned(), move || {
        // A panic here is a bug, told by the hook; the tap drops and counts from then on.
        let _ = catch_unwind(AssertUnwindSafe(|| writer.run()));
        let _ = end.send(());
    })?);
    let tap = Tap { sample: Sample::new(settings.shadow.sample), entry, tally };
    Ok(Some((tap, Running { ending, ended, clock })))
}
