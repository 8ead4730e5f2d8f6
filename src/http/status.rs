use std::time::Duration;

use super::Sources;
use super::rates::{Rate, Rates};
use crate::health::Verdict;
use crate::metrics::{Levels, PartitionLag, RecentError, Totals};
use crate::record::{Reason, Stage};

/// What does not change while a worker runs, but for the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub version: String,
    /// Short hash of what shapes records.
    pub config: String,
    /// Short hash of the tagger's files; the page shows the one now in force.
    pub model: String,
    /// `exactly-once` or `at-least-once`.
    pub mode: String,
    pub group: String,
    pub input: Vec<String>,
    pub output: String,
    pub dead_letters: String,
    /// Enrich threads.
    pub threads: usize,
}

/// All that the status page shows, at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    pub about: About,
    /// Since the worker began.
    pub uptime: Duration,
    pub alive: Verdict,
    pub ready: Verdict,
    pub totals: Totals,
    /// Over the last minute.
    pub rate: Rate,
    /// Of the last minutes, the oldest first.
    pub steps: Vec<Rate>,
    pub levels: Levels,
    /// Owned partitions, by topic and number.
    pub partitions: Vec<PartitionLag>,
    pub dead_letters: Vec<(Stage, Reason, u64)>,
    /// The newest first.
    pub errors: Vec<RecentError>,
}

impl Status {
    pub(super) fn read(sources: &Sources, rates: &Rates) -> Self {
        let now = (sources.clock)();
        let totals = sources.metrics.totals();
        Self {
            about: About { model: sources.metrics.model(), ..sources.about.clone() },
            uptime: now,
            alive: sources.health.alive(now),
            ready: sources.health.ready(now),
            totals,
            rate: rates.last_minute(now, totals),
            steps: rates.steps(),
            levels: sources.metrics.levels(),
            partitions: sources.metrics.lag_now(),
            dead_letters: sources.metrics.dead_letters_by_reason(),
            errors: sources.events.recent(),
        }
    }
}
