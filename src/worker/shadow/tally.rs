use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::{Events, Metrics, ShadowResult};

/// Counts every record of the sample once, and keeps what is to be told of them
/// until the shadow's own thread tells it: a log line may wait for a lock.
#[derive(Debug, Clone)]
pub struct Tally {
    metrics: Metrics,
    untold: Arc<Untold>,
}

#[derive(Debug, Default)]
struct Untold {
    dropped: AtomicU64,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    failed: u64,
    why: String,
}

impl Tally {
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, untold: Arc::default() }
    }

    /// A record is in the sample.
    pub fn taken(&self) {
        self.metrics.shadow_taken();
    }

    pub fn written(&self) {
        self.metrics.shadow_done(ShadowResult::Written, 1);
    }

    pub fn rejected(&self) {
        self.metrics.shadow_done(ShadowResult::Rejected, 1);
    }

    pub fn dropped(&self, records: u64) {
        self.metrics.shadow_done(ShadowResult::Dropped, records);
        self.untold.dropped.fetch_add(records, Ordering::Relaxed);
    }

    pub fn failed(&self, records: u64, why: &dyn std::fmt::Display) {
        self.metrics.shadow_done(ShadowResult::Failed, records);
        let mut trouble = self.untold.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.failed += records;
        trouble.why = why.to_string();
    }

    /// Trouble that may yet pass, and is no record's.
    pub fn trouble(&self, why: &dyn std::fmt::Display) {
        self.untold.trouble.lock().unwrap_or_else(PoisonError::into_inner).why = why.to_string();
    }

    /// The last word, with all that was counted.
    pub fn close(&self) {
        let count = |result| self.metrics.shadow_count(result);
        tracing::info!(
            written = count(ShadowResult::Written),
            rejected = count(ShadowResult::Rejected),
            dropped = count(ShadowResult::Dropped),
            failed = count(ShadowResult::Failed),
            "shadow stopped"
        );
    }

    /// Tells what came together since the last time.
    pub fn tell(&self, events: &Events) {
        let dropped = self.untold.dropped.swap(0, Ordering::Relaxed);
        let Trouble { failed, why } =
            std::mem::take(&mut *self.untold.trouble.lock().unwrap_or_else(PoisonError::into_inner));
        if dropped > 0 {
            events.shadow("dropped", &format_args!("{dropped} records of the sample dropped: it is behind"));
        }
        if failed > 0 {
            events.shadow("failed", &format_args!("{failed} records of the sample not written, the last: {why}"));
        } else if !why.is_empty() {
            events.shadow("trouble", &why);
        }
    }
}
