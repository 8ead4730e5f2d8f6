use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[enrich]` table: the pool that does the text work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrichOptions {
    /// Threads; 0 takes one for each core.
    pub threads: usize,
    /// The last resort against a slow record, behind the budgets of work that
    /// each stage has: later stages are left out, and `degraded` says so.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub deadline: Duration,
}

impl Default for EnrichOptions {
    fn default() -> Self {
        Self { threads: 0, deadline: Duration::from_secs(20) }
    }
}

/// Options of the `[memory]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryOptions {
    /// Covers librdkafka's queues and every record in flight. A backlog of any
    /// size never takes more; the process itself needs up to 150 MiB besides.
    pub budget: ByteSize,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self { budget: ByteSize::mib(256) }
    }
}

impl MemoryOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.budget < ByteSize::mib(64) {
            return vec![InvalidOption::new(
                "memory.budget",
                self.budget,
                "is too small for Kafka's own queues; give at least \"64MiB\"",
            )];
        }
        Vec::new()
    }
}

/// Options of the `[shutdown]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShutdownOptions {
    /// After SIGTERM, what is in hand is finished and committed for so long.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub deadline: Duration,
}

impl Default for ShutdownOptions {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(25) }
    }
}

/// Options of the `[reload]` table: mounted files that are read again while the
/// worker runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReloadOptions {
    /// How often the content of `tag.gazetteer_files` is looked at, and of the files
    /// that hold `kafka`'s passwords, keys and certificates; a change is taken when
    /// a second look finds the same. `0s` never looks. Default 10 s:
    /// a mounted ConfigMap itself is up to a minute late.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
}

/// Reading all lists more often would be the main work of an idle worker.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

impl Default for ReloadOptions {
    fn default() -> Self {
        Self { interval: Duration::from_secs(10) }
    }
}

impl ReloadOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.interval.is_zero() || self.interval >= SHORTEST_INTERVAL {
            return Vec::new();
        }
        let value = format!("\"{}ms\"", self.interval.as_millis());
        vec![InvalidOption::new("reload.interval", value, "must be \"0s\", which never looks, or at least \"100ms\"")]
    }
}
