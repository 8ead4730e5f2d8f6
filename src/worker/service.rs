//! A worker, and the next one in its place when its credentials change, or its
//! clients have lost the cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::reload::{Credentials, look};
use super::stranded::Stranded;
use super::{Clock, Facts, Journal, Live, Parts, Settings, Shadow, Stop, Telemetry, Worker, WorkerError};
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
    /// Why the worker was asked to make room, if it was not for new credentials.
    stranded: Arc<AtomicBool>,
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
    journal: Journal,
}

impl Service {
    /// Starts a worker, and looks at its credentials every `interval`; zero never
    /// does. A bounded run keeps its clients: its account counts on the epochs of
    /// one consumer. It ends where they are stranded, and goes on when run again.
    ///
    /// # Errors
    /// Those of [`Worker::start`].
    pub fn start(parts: Parts, stop: Stop, interval: Duration) -> Result<Self, WorkerError> {
        let (options, topic) = (parts.settings.kafka.clone(), parts.settings.output.topic.clone());
        let blueprint = parts.notes.is_none().then(|| Blueprint {
            settings: parts.settings.clone(),
            pipeline: parts.pipeline.clone(),
            shadow: parts.shadow.as_ref().map(|shadow| shadow.pipeline.clone()),
            metrics: parts.metrics.clone(),
            tracer: parts.tracer.clone(),
            keep_bytes: parts.keep_bytes,
            facts: parts.facts,
            journal: parts.journal.clone(),
        });
        let in_force = look(&options.credentials());
        let worker = Worker::start(parts, stop.child())?;
        let telemetry = worker.telemetry();
        if blueprint.is_some() {
            let events = telemetry.events.clone();
            let (options, topic, stop) = (options.clone(), topic.clone(), stop.clone());
            Credentials { options, topic, interval, events, stop, in_force }.watch().map_err(WorkerError::Thread)?;
        }
        let stranded = Arc::new(AtomicBool::new(false));
        let (told, asked) = (Arc::clone(&stranded), stop.clone());
        let give_up = move || {
            told.store(true, Ordering::Relaxed);
            asked.request_child();
        };
        Stranded { options, topic, telemetry, stop: stop.clone() }.watch(give_up).map_err(WorkerError::Thread)?;
        Ok(Self { blueprint, worker, stop, stranded })
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
        let Self { blueprint, mut worker, stop, stranded } = self;
        loop {
            let telemetry = worker.telemetry();
            // The lists of names are watched on.
            let reload = std::mem::take(&mut worker.reload);
            worker.join_before(|| blueprint.is_some() && !stop.is_requested())?;
            let stranded = stranded.swap(false, Ordering::Relaxed);
            if stop.is_requested() {
                return Ok(());
            }
            // Asked by nobody else, it was asked to make room for the next.
            let Some(blueprint) = &blueprint else {
                return if stranded { Err(WorkerError::Stranded) } else { Ok(()) };
            };
            telemetry.renewed();
            worker = Worker::start(blueprint.parts(Arc::clone(&telemetry)), stop.child())?;
            worker.reload = reload;
            if !stranded {
                let text = "logged in and was let in, all was committed before; new clients begin";
                telemetry.events.reloaded(Reloaded::Credentials, &text, Clock::unix());
            }
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
            journal: self.journal.clone(),
            seams: Seams::default(),
            notes: None,
            telemetry: Some(telemetry),
        }
    }
}
