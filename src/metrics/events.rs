use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Metrics;
use super::labels::{Client, Label, Operation, RebalanceKind, ReloadResult, Reloaded, TransactionResult};
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

/// What clients are lost to that are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    FromBrokers,
    FromGroup,
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

    /// The broker refuses what `key` names, and will until a person acts.
    pub fn refused(&self, client: Client, key: &str, text: &str) {
        self.metrics.client_error(client);
        let cause = format!("refused {key}");
        self.remember(&cause, text);
        line!(self, error, cause, text.to_owned());
    }

    /// The clients will not recover by themselves.
    pub fn stranded(&self, stray: Stray) {
        self.metrics.stranded();
        let text = match stray {
            Stray::FromBrokers => {
                "the clients have lost every broker and do not find the cluster again, though it answers others; \
                 new clients are made"
            }
            Stray::FromGroup => {
                "the consumer passes over the rebalances of its group, which waits for it; new clients are made"
            }
        };
        self.remember("stranded", text);
        line!(self, warn, "stranded".to_owned(), text.to_owned());
    }

    /// Nobody has these partitions though the group is at rest.
    pub fn unowned(&self, partitions: &[String]) {
        let text = format!(
            "no member of the group has {}, though it is at rest: a rebalance was cut short; it is joined again",
            partitions.join(" ")
        );
        self.remember("unowned partitions", &text);
        line!(self, warn, "unowned partitions".to_owned(), text);
    }

    /// A change of mounted files was taken at `unix`; `text` says what is in
    /// force now.
    pub fn reloaded(&self, what: Reloaded, text: &dyn Display, unix: Duration) {
        self.metrics.reload(what, ReloadResult::Applied);
        self.metrics.last_reload(what, unix);
        let text = format!("{} reloaded: {text}", what.as_str());
        line!(self, info, format!("reload {} applied", what.as_str()), text);
    }

    /// A change of mounted files cannot be used; the old stays in force.
    pub fn reload_refused(&self, what: Reloaded, why: &dyn Display) {
        self.metrics.reload(what, ReloadResult::Refused);
        let cause = format!("reload {} refused", what.as_str());
        let text = format!("{} not reloaded, the old ones stay in force: {why}", what.as_str());
        self.remember(&cause, &text);
        line!(self, error, cause, text);
    }

    /// The shadow is in trouble, which what is live does not feel; its records
    /// are counted where they are.
    pub fn shadow(&self, cause: &str, text: &dyn Display) {
        let cause = format!("shadow {cause}");
        let text = format!("shadow: {text}");
        self.remember(&cause, &text);
        line!(self, warn, cause, text);
    }

    /// The schema registry is asked again after `delay`.
    pub fn registry_away(&self, error: &dyn Display, delay: Duration) {
        let text = format!("not begun yet, asking again in {} ms: {error}", delay.as_millis());
        self.remember("schema registry", &text);
        line!(self, warn, "schema registry".to_owned(), text);
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::record::Stage;

    /// Log lines, kept.
    #[derive(Debug, Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    struct Rig {
        metrics: Metrics,
        events: Events,
        seconds: Arc<AtomicU64>,
    }

    impl Rig {
        fn new() -> Self {
            let metrics = Metrics::new("1", "c", "m").unwrap();
            let seconds = Arc::new(AtomicU64::new(100));
            let now = Arc::clone(&seconds);
            let events = Events::new(metrics.clone(), move || Duration::from_secs(now.load(Ordering::Relaxed)));
            Self { metrics, events, seconds }
        }

        /// What is logged meanwhile, by line: level, then the rest.
        fn logged(&self, work: impl FnOnce(&Events)) -> Vec<String> {
            let lines = Lines::default();
            let log = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).without_time();
            tracing::subscriber::with_default(log.with_target(false).finish(), || work(&self.events));
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            text.lines().map(|line| line.trim().to_owned()).collect()
        }

        fn counts(&self, line: &str) -> bool {
            self.metrics.render().lines().any(|one| one == line)
        }
    }

    fn reject(reason: Reason) -> Reject {
        Reject::new(Stage::Decode, reason, "the value is not JSON: at byte 0")
    }

    fn origin(offset: i64) -> Origin {
        Origin { topic: "raw".into(), partition: 2, offset }
    }

    #[test]
    fn every_event_is_counted_and_few_are_logged() {
        let rig = Rig::new();
        let lines = rig.logged(|events| {
            for offset in 0..1_000 {
                events.dead_letter(&origin(offset), &reject(Reason::InvalidJson));
            }
            events.dead_letter(&origin(7), &reject(Reason::Panic));
        });
        assert!(rig.counts("warraq_dead_lettered_records_total{reason=\"invalid_json\",stage=\"decode\"} 1000"));
        assert!(rig.counts("warraq_dead_lettered_records_total{reason=\"panic\",stage=\"decode\"} 1"));
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].starts_with("WARN raw/2/0: the value is not JSON"), "{}", lines[0]);
        assert!(lines[1].starts_with("ERROR raw/2/7: "), "a bug is an error: {}", lines[1]);

        rig.seconds.store(109, Ordering::Relaxed);
        assert!(rig.logged(Events::tick).is_empty());
        rig.seconds.store(110, Ordering::Relaxed);
        let lines = rig.logged(Events::tick);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].starts_with("WARN 999 more like this, the last: raw/2/999: "), "{}", lines[0]);
        assert!(rig.logged(Events::tick).is_empty());
    }

    #[test]
    fn each_event_has_its_line_and_its_counter() {
        let rig = Rig::new();
        let second = Duration::from_secs(1);
        let lines = rig.logged(|events| {
            events.rebalance(RebalanceKind::Assign, 2, &"raw/0 raw/1");
            events.rebalance(RebalanceKind::Revoke, 1, &"raw/1");
            events.rebalance(RebalanceKind::Lost, 1, &"raw/0");
            events.retry(Operation::Commit, &"timed out", Duration::from_millis(200));
            events.transaction_committed(second);
            events.transaction_aborted(&"member epoch", 9, second);
            events.transaction_unknown(&"no answer", 9, second);
            events.client_error(Client::Producer, &"all brokers down");
            events.reloaded(Reloaded::Gazetteers, &"3 names, model beef", second);
            events.reload_refused(Reloaded::Gazetteers, &"desk.tsv, line 2, column 2: type");
            events.shadow("failed", &"7 records not written");
            events.fatal(&"fenced by another instance");
        });
        let expected = [
            "INFO 2 partitions assigned: raw/0 raw/1",
            "INFO 1 partitions revoked: raw/1",
            "WARN 1 partitions lost, what was in hand is dropped: raw/0",
            "WARN commit failed, again in 200 ms: timed out",
            "WARN transaction of 9 records aborted, they are sent again: member epoch",
            "WARN end of a transaction of 9 records is unknown",
            "WARN producer client: all brokers down",
            "INFO gazetteers reloaded: 3 names, model beef",
            "ERROR gazetteers not reloaded, the old ones stay in force: desk.tsv, line 2, column 2: type",
            "WARN shadow: 7 records not written",
            "ERROR fenced by another instance",
        ];
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{line}");
        }
        for line in [
            "warraq_rebalances_total{kind=\"assign\"} 1",
            "warraq_rebalances_total{kind=\"revoke\"} 1",
            "warraq_rebalances_total{kind=\"lost\"} 1",
            "warraq_retries_total{operation=\"commit\"} 1",
            "warraq_transactions_total{result=\"committed\"} 1",
            "warraq_transactions_total{result=\"aborted\"} 1",
            "warraq_transactions_total{result=\"unknown\"} 1",
            "warraq_transaction_seconds_count{result=\"aborted\"} 1",
            "warraq_client_errors_total{client=\"producer\"} 1",
            "warraq_reloads_total{result=\"applied\",what=\"gazetteers\"} 1",
            "warraq_reloads_total{result=\"refused\",what=\"gazetteers\"} 1",
            "warraq_last_reload_timestamp_seconds{what=\"gazetteers\"} 1",
        ] {
            assert!(rig.counts(line), "{line}");
        }
    }

    #[test]
    fn the_last_errors_are_kept_one_for_each_cause() {
        let rig = Rig::new();
        rig.logged(|events| {
            events.retry(Operation::Commit, &"first", Duration::ZERO);
            events.client_error(Client::Consumer, &"down");
            rig.seconds.store(150, Ordering::Relaxed);
            events.retry(Operation::Commit, &"second", Duration::ZERO);
            events.rebalance(RebalanceKind::Assign, 1, &"raw/0");
        });
        let recent = rig.events.recent();
        let seen: Vec<_> = recent.iter().map(|error| (error.cause.as_str(), error.count, error.at.as_secs())).collect();
        assert_eq!(seen, [("retry commit", 2, 150), ("client consumer", 1, 100)]);
        assert!(recent[0].text.ends_with("second"));
    }

    #[test]
    fn only_so_many_errors_are_kept() {
        let rig = Rig::new();
        rig.logged(|events| {
            for &reason in Reason::ALL {
                for stage in Stage::ALL {
                    events.dead_letter(&origin(0), &Reject::new(stage, reason, "x"));
                }
            }
        });
        assert_eq!(rig.events.recent().len(), MOST_RECENT);
    }
}
