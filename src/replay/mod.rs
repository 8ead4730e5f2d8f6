//! A worker with a frozen end: an archive through the pipeline once more,
//! without touching what is live.
//!
//! A replay is a worker of a consumer group of its own. When it begins, the
//! range is resolved to fixed offsets per partition and written into the
//! metadata of the group's committed offsets ([`state`]); each later commit
//! carries the bounds and the counts on, in the same transaction as the records
//! that it counts. So a restart, or another pod, finds the same range and the
//! true counts there, however often processes die, and no other topic is
//! needed. Who begins commits without being a member, which a broker allows
//! only while the group has no members: late beginners are refused, and every
//! pod reads the bounds after its partitions were assigned.

mod client;
pub mod cluster;
pub mod diff;
mod figures;
pub mod guard;
mod job;
pub mod live;
mod pacing;
pub mod plan;
pub mod progress;
pub mod range;
pub mod redrive;
pub mod report;
pub mod state;
pub mod throttle;

use std::collections::BTreeMap;

use rdkafka::error::KafkaError;

pub use guard::Refusal;
pub use job::{Asked, Job, JobParts, Kind, Standing};
pub use pacing::Pacing;

/// Why a replay does not begin, or its state cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{what}: {error}")]
    Kafka { what: String, error: KafkaError },
    #[error("the settings of topics {topics} cannot be read: {why}")]
    Settings { topics: String, why: String },
    #[error(
        "group {0} has members: a replay of this name is running; wait for it, give another --name, or join it with \
         --shared"
    )]
    Live(String),
    #[error(
        "group {group} has a committed offset for partition {partition} and no state of a replay beside it ({why}): \
         were its offsets reset by hand? give another --name, or begin anew with --restart"
    )]
    Stateless { group: String, partition: i32, why: String },
    #[error("topic {0} was deleted while it was replayed; what was done before is in the output")]
    Gone(String),
    #[error("stopped before it began")]
    Stopped,
}

/// The frozen range of one partition: offsets from `from` up to `to`, `to` left
/// out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    pub from: i64,
    pub to: i64,
}

impl Bounds {
    /// Offsets in the range; records are at most so many, since a topic may
    /// have gaps.
    #[must_use]
    pub fn offsets(self) -> u64 {
        u64::try_from(self.to.saturating_sub(self.from)).unwrap_or(0)
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.to <= self.from
    }
}

/// What became of the records of one partition's range, or of several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records on the output topic, tombstones left out.
    pub output: u64,
    pub tombstones: u64,
    /// Dead letters by reason, as the `warraq-error-reason` header has it.
    pub dead: BTreeMap<String, u64>,
    /// Dead letters that are not tried again, by reason.
    pub parked: BTreeMap<String, u64>,
    /// Records passed over on purpose.
    pub skipped: u64,
    /// Offsets that retention deleted before they were read.
    pub lost: u64,
}

impl Counts {
    /// Dead letters for whatever reason.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.dead.values().sum()
    }

    /// Parked for whatever reason.
    #[must_use]
    pub fn parked(&self) -> u64 {
        self.parked.values().sum()
    }

    /// Records read: each is in the output, a tombstone, dead, parked or skipped.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.output + self.tombstones + self.skipped + self.dead_letters() + self.parked()
    }

    /// The share of dead letters, parked ones included, among the records that
    /// were not skipped; 0 where there are none.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of records, far below 2^52")]
    pub fn dead_ratio(&self) -> f64 {
        (self.dead_letters() + self.parked()) as f64 / ((self.records() - self.skipped).max(1)) as f64
    }

    /// Adds another's counts to these.
    pub fn add(&mut self, other: &Self) {
        self.output += other.output;
        self.tombstones += other.tombstones;
        self.skipped += other.skipped;
        self.lost += other.lost;
        for (to, from) in [(&mut self.dead, &other.dead), (&mut self.parked, &other.parked)] {
            for (reason, count) in from {
                *to.entry(reason.clone()).or_default() += count;
            }
        }
    }
}
