//! A worker, and the next one in its place when its credentials change.

use std::sync::Arc;
use std::time::Duration;

use super::reload::{Credentials, look};
use super::{Clock, Facts, Live, Parts, Settings, Shadow, Stop, Telemetry, Worker, WorkerError};
use crate::consume::Seams;
use crate::metrics::{Metrics, Reloaded};
use crate::trace::Tracer;

/// One worker after the other in one process, with one telemetry: whoever
/// watches sees counters go on.
#[derive(Debug)]
pub struct Service {
    /// None where the clients are kept.
    blueprint: Option<Blueprint>,
    worker: Worker,
    stop: Stop,
}

/// What a worker can be made of once more.
#[derive(Debug)]
struct Blueprint {
    settings: Settings,
    pipeline: Live,
    shadow: Option<Live>,
    metrics: Metrics,
    tracer: Option<Tracer>,
    keep_bytes: usize,
    facts: Facts,
}

impl Service {
    /// Starts a worker, and looks at its credentials every `interval`; zero never
    /// does. A bounded run keeps its clients: its account counts on the epochs of
    /// one consumer.
    ///
    /// # Errors
    /// Those of [`Worker::start`].
    pub fn start(parts: Parts, stop: Stop, interval: Duration) -> Result<Self, WorkerError> {
        if interval.is_zero() || parts.notes.is_some() {
            let worker = Worker::start(parts, stop.child())?;
            return Ok(Self { blueprint: None, worker, stop });
        }
        let blueprint = Blueprint {
            settings: parts.settings.clone(),
            pipeline: parts.pipeline.clone(),
            shadow: parts.shadow.as_ref().map(|shadow| shadow.pipeline.clone()),
            metrics: parts.metrics.clone(),
            tracer: parts.tracer.clone(),
            keep_bytes: parts.keep_bytes,
            facts: parts.facts,
        };
        let in_force = look(&blueprint.settings.kafka.credentials());
        let worker = Worker::start(parts, stop.child())?;
        let credentials = Credentials {
            options: blueprint.settings.kafka.clone(),
            topic: blueprint.settings.output.topic.clone(),
            interval,
            events: worker.telemetry().events.clone(),
            stop: stop.clone(),
            in_force,
        };
        credentials.watch().map_err(WorkerError::Thread)?;
        Ok(Self { blueprint: Some(blueprint), worker, stop })
    }

    /// What the worker tells of itself; the same for all that follow.
    #[must_use]
    pub fn telemetry(&self) -> Arc<Telemetry> {
        self.worker.telemetry()
    }

    /// Runs until it is asked to stop or cannot go on.
    ///
    /// # Errors
    /// Those of [`Worker::join`].
    pub fn join(self) -> Result<(), WorkerError> {
        let Self { blueprint, mut worker, stop } = self;
        loop {
            let telemetry = worker.telemetry();
            // The lists of names are watched on.
            let reload = std::mem::take(&mut worker.reload);
            worker.join_before(|| blueprint.is_some() && !stop.is_requested())?;
            // Asked by nobody else, it was asked to make room for the next.
            let Some(blueprint) = blueprint.as_ref().filter(|_| !stop.is_requested()) else {
                return Ok(());
            };
            telemetry.renewed();
            worker = Worker::start(blueprint.parts(Arc::clone(&telemetry)), stop.child())?;
            worker.reload = reload;
            let text = "logged in and was let in, all was committed before; new clients begin";
            telemetry.events.reloaded(Reloaded::Credentials, &text, Clock::unix());
        }
    }
}

impl Blueprint {
    fn parts(&self, telemetry: Arc<Telemetry>) -> Parts {
        Parts {
            settings: self.settings.clone(),
            pipeline: self.pipeline.clone(),
            gazetteers: None,
            shadow: self.shadow.clone().map(|pipeline| Shadow { pipeline, gazetteers: None }),
            metrics: self.metrics.clone(),
            tracer: self.tracer.clone(),
            keep_bytes: self.keep_bytes,
            facts: self.facts,
            clock: telemetry.clock,
            seams: Seams::default(),
            notes: None,
            telemetry: Some(telemetry),
        }
    }
}
