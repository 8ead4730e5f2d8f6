use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Metrics;
use super::labels::{Client, Label, Operation, RebalanceKind, TransactionResult};
use super::limit::Limiter;
use crate::record::{Origin, Reason, Reject};

/// Errors kept for the status page.
const MOST_RECENT: usize = 20;

/// What is worth a log line and a counter: one call writes both, so that they
/// cannot drift apart.
///
/// A cause is logged at once the first time, then at most every 10 seconds with
/// the number of its like in between; [`Events::tick`], called about once a
/// second, tells the last ones. The counters count every single one. No line
/// holds a payload.
#[derive(Clone)]
pub struct Events {
    metrics: Metrics,
    /// Time since the process began.
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    limiter: Limiter,
    recent: VecDeque<RecentError>,
}

/// An error as the status page shows it; its like are one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentError {
    pub cause: String,
    /// The newest one's text.
    pub text: String,
    pub count: u64,
    /// Of the newest one, since the process began.
    pub at: Duration,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}

/// Writes the line, unless its cause was written just now.
macro_rules! line {
    ($events:expr, $level:ident, $cause:expr, $text:expr $(, $($field:tt)*)?) => {{
        let (cause, text): (String, String) = ($cause, $text);
        if let Some(held_back) = $events.worth_a_line(&cause, &text) {
            tracing::$level!(cause = cause.as_str(), held_back, $($($field)*,)? "{text}");
        }
    }};
}

impl Events {
    pub fn new(metrics: Metrics, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { metrics, clock: Arc::new(clock), state: Arc::default() }
    }

    /// Partitions came or went; `topic_partitions` such as `raw/0 raw/3`.
    pub fn rebalance(&self, kind: RebalanceKind, partitions: usize, topic_partitions: &dyn Display) {
        self.metrics.rebalance(kind);
        let text = match kind {
            RebalanceKind::Assign => format!("{partitions} partitions assigned: {topic_partitions}"),
            RebalanceKind::Revoke => format!("{partitions} partitions revoked: {topic_partitions}"),
            RebalanceKind::Lost => {
                format!("{partitions} partitions lost, what was in hand is dropped: {topic_partitions}")
            }
        };
        let cause = format!("rebalance {}", kind.as_str());
        match kind {
            RebalanceKind::Lost => {
                self.remember(&cause, &text);
                line!(self, warn, cause, text);
            }
            RebalanceKind::Assign | RebalanceKind::Revoke => line!(self, info, cause, text),
        }
    }

    /// A record became durable on the dead-letter topic.
    pub fn dead_letter(&self, origin: &Origin, reject: &Reject) {
        self.metrics.dead_lettered(reject.stage, reject.reason, 1);
        let cause = format!("dead letter {} {}", reject.stage.as_str(), reject.reason.as_str());
        let text = format!("{origin}: {}", reject.message);
        self.remember(&cause, &text);
        match reject.reason {
            // A bug of ours, not a bad record.
            Reason::Panic | Reason::KilledWorker => line!(self, error, cause, text),
            _ => line!(self, warn, cause, text),
        }
    }

    /// A call to the broker failed and is made again after `delay`.
    pub fn retry(&self, operation: Operation, error: &dyn Display, delay: Duration) {
        self.metrics.retry(operation);
        let cause = format!("retry {}", operation.as_str());
        let text = format!("{} failed, again in {} ms: {error}", operation.as_str(), delay.as_millis());
        self.remember(&cause, &text);
        line!(self, warn, cause, text);
    }

    /// A transaction was committed. Too frequent for a line.
    pub fn transaction_committed(&self, took: Duration) {
        self.metrics.transaction(TransactionResult::Committed, took);
    }

    /// A transaction was aborted; its records are sent again from memory.
    pub fn transaction_aborted(&self, why: &dyn Display, records: usize, took: Duration) {
        self.metrics.transaction(TransactionResult::Aborted, took);
        let text = format!("transaction of {records} records aborted, they are sent again: {why}");
        self.remember("transaction aborted", &text);
        line!(self, warn, "transaction aborted".to_owned(), text);
    }

    /// Nobody said how a transaction ended; the group's offsets will.
    pub fn transaction_unknown(&self, why: &dyn Display, records: usize, took: Duration) {
        self.metrics.transaction(TransactionResult::Unknown, took);
        let text = format!("end of a transaction of {records} records is unknown, asking the group's offsets: {why}");
        self.remember("transaction unknown", &text);
        line!(self, warn, "transaction unknown".to_owned(), text);
    }

    /// librdkafka reports an error on its own account, such as brokers down.
    pub fn client_error(&self, client: Client, error: &dyn Display) {
        self.metrics.client_error(client);
        let cause = format!("client {}", client.as_str());
        let text = format!("{} client: {error}", client.as_str());
        self.remember(&cause, &text);
        line!(self, warn, cause, text);
    }

    /// The worker ends because of this. Never held back.
    pub fn fatal(&self, error: &dyn Display) {
        let text = format!("{error}");
        self.remember("fatal", &text);
        tracing::error!(cause = "fatal", "{text}");
    }

    /// Tells what was held back and is due.
    pub fn tick(&self) {
        let now = (self.clock)();
        let due = self.state().limiter.due(now);
        for summary in due {
            tracing::warn!(
                cause = summary.cause.as_str(),
                held_back = summary.count,
                "{} more like this, the last: {}",
                summary.count,
                summary.text
            );
        }
    }

    /// The newest first.
    #[must_use]
    pub fn recent(&self) -> Vec<RecentError> {
        self.state().recent.iter().rev().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn worth_a_line(&self, cause: &str, text: &str) -> Option<u64> {
        let now = (self.clock)();
        self.state().limiter.hit(cause, text, now)
    }

    fn remember(&self, cause: &str, text: &str) {
        let at = (self.clock)();
        let mut state = self.state();
        let known = state.recent.iter().position(|error| error.cause == cause);
        let before = known.and_then(|index| state.recent.remove(index)).map_or(0, |error| error.count);
        if state.recent.len() >= MOST_RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(RecentError { cause: cause.to_owned(), text: text.to_owned(), count: before + 1, at });
    }
}
