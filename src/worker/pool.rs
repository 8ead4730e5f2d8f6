//! The threads that enrich; a panic is one record's, and what kills the process is
//! written down before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::clock::Clock;
use super::panics;
use super::poison::{self, Hand, Trial};
use super::reload::Live;
use super::shadow::Tap;
use crate::consume::Work;
use crate::flow::{self, Event, Finished};
use crate::health::Pulse;
use crate::metrics::{self, PoolMetrics, RecordSummary};
use crate::pipeline::{Fate, Outcome, Pipeline, Summary, Watch};
use crate::record::{Destination, RawRecord, Reason, Reject, Stage};
use crate::trace::{Times, Tracer};

/// What a record costs besides its bytes until it is committed.
const OVERHEAD: usize = 1024;

/// What is finished waits so long for the rest of its batch.
const HOLD: Duration = Duration::from_millis(10);

/// One thread of the pool.
#[derive(Debug)]
pub struct Enricher {
    pub pipeline: Live,
    pub work: Receiver<Vec<Work>>,
    pub events: Sender<Event>,
    pub metrics: PoolMetrics,
    pub clock: Clock,
    /// The last resort against a slow record.
    pub deadline: Duration,
    pub pulse: Pulse,
    /// Where what is in hand is written down.
    pub hand: Hand,
    /// Where traces are exported.
    pub tracer: Option<Tracer>,
    /// What a second tagger gets its sample by, where there is one.
    pub shadow: Option<Tap>,
}

impl Enricher {
    /// Works until no more work can come.
    pub fn run(mut self) {
        for batch in &self.work.clone() {
            let mut finished = Vec::with_capacity(batch.len());
            let mut since = self.clock.now();
            for work in batch {
                finished.push(self.enrich(work));
                // A slow record does not hold back those before it.
                let now = self.clock.now();
                if now.saturating_sub(since) >= HOLD && !self.hand_on(&mut finished) {
                    return;
                }
                since = if finished.is_empty() { now } else { since };
            }
            self.hand.rest();
            self.metrics.flush();
            if !finished.is_empty() && !self.hand_on(&mut finished) {
                return;
            }
        }
    }

    /// Whether anybody still takes it.
    fn hand_on(&self, finished: &mut Vec<Finished>) -> bool {
        self.events.send(Event::Finished(std::mem::take(finished))).is_ok()
    }

    fn enrich(&mut self, work: Work) -> Finished {
        let Work { mut raw, ticket, mut permit, place, polled } = work;
        let begun = self.tracer.as_ref().and_then(|tracer| tracer.begin(&mut raw));
        // One for the whole record, whatever is swapped meanwhile.
        let pipeline = self.pipeline.now();
        let trial = self.hand.take(&raw);
        let start = self.clock.now();
        self.pulse.busy(start);
        let mut watch = Stopwatch {
            clock: self.clock,
            metrics: &mut self.metrics,
            begun: start,
            expires: start + self.deadline,
            stage: Stage::Decode,
        };
        let caught = catch_unwind(AssertUnwindSafe(|| {
            if let Trial::Convicted(deaths) = trial {
                return pipeline.reject(&raw, &poison::convicted(deaths));
            }
            #[cfg(any(feature = "faults", debug_assertions))]
            super::faults::inject(&raw);
            pipeline.enrich(&raw, &mut watch)
        }));
        let stage = watch.stage;
        let mut outcome = caught.unwrap_or_else(|_| panicked(&pipeline, &raw, stage));
        let convicted = matches!(trial, Trial::Convicted(_));
        self.hand.survived(trial);
        self.pulse.idle();
        self.metrics.record(&summary(&outcome.summary));
        let made = self.clock.now();
        if let (Some(tracer), Some(begun)) = (&self.tracer, begun) {
            let reason = match outcome.summary.fate {
                Fate::Rejected { reason, .. } => Some(reason),
                Fate::Enriched | Fate::Tombstone => None,
            };
            tracer.processed(begun, &raw, &mut outcome.outgoing, reason, span_times(start, made));
        }
        permit.resize(outcome.outgoing.bytes() + OVERHEAD);
        drop(place);
        let fate = match outcome.summary.fate {
            Fate::Rejected { reason, .. } if outcome.outgoing.to == Destination::Parking => {
                flow::Outcome::Parked(Some(reason))
            }
            Fate::Rejected { stage, reason } => flow::Outcome::DeadLetter(stage, reason),
            Fate::Enriched => flow::Outcome::Output,
            Fate::Tombstone => flow::Outcome::Tombstone,
        };
        let outgoing = Some(outcome.outgoing);
        let appended = raw.timestamp;
        // What kills here would kill there.
        if let Some(tap) = self.shadow.as_ref().filter(|_| !convicted) {
            tap.offer(raw);
        }
        Finished { ticket, outgoing, outcome: fate, permit, polled, made, appended }
    }
}

/// The message of a panic may quote the payload, so only its place is told.
fn panicked(pipeline: &Pipeline, raw: &RawRecord, stage: Stage) -> Outcome {
    let place = panics::last_place();
    let message = format!("a bug in warraq: panic at {place}; the record is kept here, please report it");
    pipeline.reject(raw, &Reject::new(stage, Reason::Panic, message))
}

/// A stretch that ends now, as the world counts time.
pub(super) fn span_times(start: Duration, end: Duration) -> Times {
    let now = Clock::unix();
    Times { start: now.saturating_sub(end.saturating_sub(start)), end: now }
}

fn summary(summary: &Summary) -> RecordSummary<'_> {
    RecordSummary {
        outcome: match summary.fate {
            Fate::Enriched => metrics::Outcome::Enriched,
            Fate::Tombstone => metrics::Outcome::Tombstone,
            Fate::Rejected { .. } => metrics::Outcome::Rejected,
        },
        language: summary.language.as_deref().unwrap_or_default(),
        entities: summary.entities.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        degraded: &summary.degraded,
    }
}

/// Times stages and knows when a record has had enough.
struct Stopwatch<'a> {
    clock: Clock,
    metrics: &'a mut PoolMetrics,
    begun: Duration,
    expires: Duration,
    stage: Stage,
}

impl Watch for Stopwatch<'_> {
    fn begin(&mut self, stage: Stage) {
        self.stage = stage;
        self.begun = self.clock.now();
    }

    fn end(&mut self, stage: Stage) {
        self.metrics.stage(stage, self.clock.now().saturating_sub(self.begun));
    }

    fn expired(&mut self) -> bool {
        self.clock.now() >= self.expires
    }
}
