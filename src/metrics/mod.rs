//! Every series that warraq shows, declared once in one table.
//!
//! [`Metrics`] is a cheap clone over a registry of its own (there is no global
//! one). It is told of batches, not of records: a thread that works record by
//! record adds up in a [`PoolMetrics`] or [`DurableMetrics`] of its own and
//! flushes once a batch. What belongs in a log line too goes through
//! [`Events`], which writes both together.
//!
//! ```
//! use warraq::metrics::Metrics;
//!
//! let metrics = Metrics::new("0.1.0", "c0ffee", "beef")?;
//! metrics.consumed(3, 4_096);
//! assert_eq!(metrics.totals().consumed, 3);
//! assert!(metrics.render().contains("warraq_consumed_records_total 3"));
//! # Ok::<(), warraq::metrics::Error>(())
//! ```
//!
//! No label carries an offset, an identifier or a URL. `partition` is the one
//! label that is no closed list; it is closed by the size of the topic, and the
//! series of a partition go when the partition goes.

mod build;
mod events;
mod families;
mod labels;
mod lag;
mod limit;
mod local;
#[cfg(test)]
mod reference;
mod replay;
pub mod series;

use std::sync::Arc;
use std::time::Duration;

use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder as _, Gauge, Histogram, IntCounter, IntGauge, IntGaugeVec, Registry, TextEncoder};

pub use self::events::{Events, RecentError, Stray};
pub use self::labels::{
    Client, CountedLanguage, Label, Operation, RebalanceKind, Redriven, ReloadResult, Reloaded, ReplayState,
    ShadowResult, ThrottledBy, TransactionResult,
};
pub use self::lag::PartitionLag;
pub use self::local::{DurableMetrics, Outcome, PoolMetrics, RecordSummary};
pub use self::replay::{RedriveMetrics, ReplayMetrics, ReplayPartition, ReplayStanding};
pub use prometheus::Error;

use self::build::Build;
use self::families::{Builder, By};
use self::lag::Lag;
use crate::record::{Destination, EntityType, Reason, Stage};

/// All series of one worker.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    consumed_records: IntCounter,
    consumed_bytes: IntCounter,
    produced_records: By<Destination, IntCounter>,
    produced_bytes: By<Destination, IntCounter>,
    dead_lettered: By<Stage, By<Reason, IntCounter>>,
    unconfirmed_records: IntCounter,
    dropped_records: IntCounter,
    tombstones: IntCounter,
    stage_seconds: By<Stage, Histogram>,
    record_seconds: Histogram,
    article_age_seconds: Histogram,
    articles: By<CountedLanguage, IntCounter>,
    entities: By<EntityType, IntCounter>,
    degraded: By<Stage, IntCounter>,
    lag: Lag,
    assigned: IntGauge,
    input_partitions: IntGaugeVec,
    paused: IntGauge,
    rebalances: By<RebalanceKind, IntCounter>,
    transactions: By<TransactionResult, IntCounter>,
    transaction_seconds: By<TransactionResult, Histogram>,
    retries: By<Operation, IntCounter>,
    in_flight_records: IntGauge,
    in_flight_bytes: IntGauge,
    budget_bytes: IntGauge,
    client_queue_messages: By<Client, IntGauge>,
    client_queue_bytes: By<Client, IntGauge>,
    client_rtt: By<Client, Gauge>,
    client_transmit_errors: By<Client, IntCounter>,
    client_errors: By<Client, IntCounter>,
    stranded: IntCounter,
    last_progress: Gauge,
    alive: IntGauge,
    ready: IntGauge,
    worker_info: IntGaugeVec,
    reloads: By<Reloaded, By<ReloadResult, IntCounter>>,
    last_reload: By<Reloaded, Gauge>,
    shadow_records: By<ShadowResult, IntCounter>,
    shadow_waiting: IntGauge,
    poison_journal: IntGauge,
    poison_suspects: IntGauge,
    build: Build,
}

/// For whom a worker works.
#[derive(Debug, Clone, Copy)]
pub struct WorkerInfo<'a> {
    pub group: &'a str,
    pub input: &'a [String],
    pub output: &'a str,
    pub dead_letters: &'a str,
}

/// What the counters say so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub consumed: u64,
    /// Durable on the output topic, tombstones among them.
    pub produced: u64,
    pub dead_lettered: u64,
    pub tombstones: u64,
}

/// What the gauges say now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Partitions owned.
    pub assigned: u64,
    /// Partitions paused by the memory budget.
    pub paused: u64,
    pub in_flight_records: u64,
    pub in_flight_bytes: u64,
    pub budget_bytes: u64,
}

/// librdkafka's own figures of one client, from its statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClientStatistics {
    pub queue_messages: u64,
    pub queue_bytes: u64,
    /// Of the slowest broker; `None` while no request was answered.
    pub rtt: Option<Duration>,
    /// Errors since the last statistics, not since the client began.
    pub transmit_errors: u64,
}

impl Metrics {
    /// `config_hash` is that of what shapes records, `model_hash` that of the
    /// tagger's files: the same two as in each record's `provenance`.
    ///
    /// # Errors
    /// Only where the table of series is broken, which a test rules out.
    pub fn new(version: &str, config_hash: &str, model_hash: &str) -> Result<Self, Error> {
        let registry = Registry::new();
        let inner = Inner::new(&Builder(&registry), [version, config_hash, model_hash])?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self { registry, inner: Arc::new(inner) })
    }

    /// Every series in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = Vec::new();
        let _whole = self.inner.build.hold();
        // Writing to memory fails only for a family without children, and a
        // family is dropped from `gather` when it has none.
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut out) {
            tracing::error!(%error, "metrics could not be written");
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// Records polled, and their bytes.
    pub fn consumed(&self, records: u64, bytes: u64) {
        self.inner.consumed_records.inc_by(records);
        self.inner.consumed_bytes.inc_by(bytes);
    }

    /// Records that became durable. Not before: one that is resent would count
    /// twice.
    pub fn produced(&self, to: Destination, records: u64, bytes: u64) {
        self.inner.produced_records.add(to, records);
        self.inner.produced_bytes.add(to, bytes);
    }

    /// Of the records that became durable, those that only the group's offsets tell of.
    pub fn unconfirmed(&self, records: u64) {
        self.inner.unconfirmed_records.inc_by(records);
    }

    /// Records polled that were given up with their partition.
    pub fn dropped(&self, records: u64) {
        self.inner.dropped_records.inc_by(records);
    }

    /// Of the records that became durable on the dead-letter topic, why.
    pub fn dead_lettered(&self, stage: Stage, reason: Reason, n: u64) {
        if let Some(reasons) = self.inner.dead_lettered.get(stage) {
            reasons.add(reason, n);
        }
    }

    /// Partitions owned now.
    pub fn assigned(&self, partitions: usize) {
        self.inner.assigned.set(whole(partitions as u64));
    }

    /// Partitions of an input topic, whoever owns them.
    pub fn input_partitions(&self, topic: &str, partitions: usize) {
        if let Ok(gauge) = self.inner.input_partitions.get_metric_with_label_values(&[topic]) {
            gauge.set(whole(partitions as u64));
        }
    }

    /// Partitions paused now.
    pub fn paused(&self, partitions: usize) {
        self.inner.paused.set(whole(partitions as u64));
    }

    pub fn rebalance(&self, kind: RebalanceKind) {
        self.inner.rebalances.add(kind, 1);
    }

    /// A transaction's end, and how long it was from its begin.
    pub fn transaction(&self, result: TransactionResult, took: Duration) {
        self.inner.transactions.add(result, 1);
        if let Some(histogram) = self.inner.transaction_seconds.get(result) {
            histogram.observe(took.as_secs_f64());
        }
    }

    pub fn retry(&self, operation: Operation) {
        self.inner.retries.add(operation, 1);
    }

    pub fn client_error(&self, client: Client) {
        self.inner.client_errors.add(client, 1);
    }

    /// What the memory budget holds now.
    pub fn in_flight(&self, records: u64, bytes: u64) {
        self.inner.in_flight_records.set(whole(records));
        self.inner.in_flight_bytes.set(whole(bytes));
    }

    pub fn budget(&self, bytes: u64) {
        self.inner.budget_bytes.set(whole(bytes));
    }

    /// The lag of the owned partitions, all of them: the series of a partition
    /// that is not named go.
    pub fn lag(&self, owned: &[PartitionLag]) {
        self.inner.lag.replace(owned);
    }

    /// Partitions given away or lost: their series go at once.
    pub fn lag_revoked(&self, topic: &str, partitions: &[i32]) {
        self.inner.lag.forget(topic, partitions);
    }

    /// The lag last told, by topic and partition.
    #[must_use]
    pub fn lag_now(&self) -> Vec<PartitionLag> {
        self.inner.lag.now()
    }

    pub fn client_statistics(&self, client: Client, statistics: &ClientStatistics) {
        self.inner.client_queue_messages.set(client, whole(statistics.queue_messages));
        self.inner.client_queue_bytes.set(client, whole(statistics.queue_bytes));
        self.inner.client_transmit_errors.add(client, statistics.transmit_errors);
        if let (Some(gauge), Some(rtt)) = (self.inner.client_rtt.get(client), statistics.rtt) {
            gauge.set(rtt.as_secs_f64());
        }
    }

    /// The clients would not have recovered by themselves.
    pub fn stranded(&self) {
        self.inner.stranded.inc();
    }

    /// Unix time at which a record last became durable.
    pub fn last_progress(&self, unix: Duration) {
        self.inner.last_progress.set(unix.as_secs_f64());
    }

    /// What the health endpoints would answer now.
    pub fn health(&self, alive: bool, ready: bool) {
        self.inner.alive.set(i64::from(alive));
        self.inner.ready.set(i64::from(ready));
    }

    /// For whom this worker works; told once.
    pub fn worker(&self, info: &WorkerInfo<'_>) {
        let labels = [info.group, &info.input.join(","), info.output, info.dead_letters];
        if let Ok(gauge) = self.inner.worker_info.get_metric_with_label_values(&labels) {
            gauge.set(1);
        }
    }

    /// A mounted file changed, and this became of it.
    pub fn reload(&self, what: Reloaded, result: ReloadResult) {
        if let Some(results) = self.inner.reloads.get(what) {
            results.add(result, 1);
        }
    }

    /// Unix time at which a change was last taken.
    pub fn last_reload(&self, what: Reloaded, unix: Duration) {
        if let Some(gauge) = self.inner.last_reload.get(what) {
            gauge.set(unix.as_secs_f64());
        }
    }

    /// Whether records are written down before they are processed.
    pub fn poison_journal(&self, on: bool) {
        self.inner.poison_journal.set(i64::from(on));
    }

    /// Records that were in hand when the process died, and are so many still.
    pub fn poison_suspects(&self, records: usize) {
        self.inner.poison_suspects.set(whole(records as u64));
    }

    /// A record is in the shadow's sample.
    pub fn shadow_taken(&self) {
        self.inner.shadow_waiting.inc();
    }

    /// What became of records that were taken.
    pub fn shadow_done(&self, result: ShadowResult, records: u64) {
        self.inner.shadow_records.add(result, records);
        self.inner.shadow_waiting.sub(whole(records));
    }

    /// How many of the shadow's sample became this.
    #[must_use]
    pub fn shadow_count(&self, result: ShadowResult) -> u64 {
        self.inner.shadow_records.get(result).map_or(0, IntCounter::get)
    }

    /// Records are made by another model from now on: the build info of the old
    /// one goes.
    pub fn model_changed(&self, model_hash: &str) {
        self.inner.build.model_changed(model_hash);
    }

    /// Short hash of the model that records are made by now.
    #[must_use]
    pub fn model(&self) -> String {
        self.inner.build.model()
    }

    /// The buffer of one enrich thread.
    #[must_use]
    pub fn pool(&self) -> PoolMetrics {
        PoolMetrics::new(self)
    }

    /// The buffer of the thread that learns what is durable.
    #[must_use]
    pub fn durable(&self) -> DurableMetrics {
        DurableMetrics::new(self)
    }

    /// The series of a replay, in the same exposition.
    ///
    /// # Errors
    /// Where they are there already.
    pub fn replay(&self) -> Result<ReplayMetrics, Error> {
        ReplayMetrics::new(&Builder(&self.registry))
    }

    /// The series of a redrive, in the same exposition.
    ///
    /// # Errors
    /// Where they are there already.
    pub fn redrive(&self) -> Result<RedriveMetrics, Error> {
        RedriveMetrics::new(&Builder(&self.registry))
    }

    /// The counters, read back.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let produced = |to| self.inner.produced_records.get(to).map_or(0, IntCounter::get);
        Totals {
            consumed: self.inner.consumed_records.get(),
            produced: produced(Destination::Output),
            dead_lettered: produced(Destination::DeadLetters),
            tombstones: self.inner.tombstones.get(),
        }
    }

    /// The gauges, read back.
    #[must_use]
    pub fn levels(&self) -> Levels {
        let inner = &self.inner;
        let level = |gauge: &IntGauge| u64::try_from(gauge.get()).unwrap_or(0);
        Levels {
            assigned: level(&inner.assigned),
            paused: level(&inner.paused),
            in_flight_records: level(&inner.in_flight_records),
            in_flight_bytes: level(&inner.in_flight_bytes),
            budget_bytes: level(&inner.budget_bytes),
        }
    }

    /// How many dead letters each reason has, in the order of [`Reason::ALL`];
    /// reasons without any are left out.
    #[must_use]
    pub fn dead_letters_by_reason(&self) -> Vec<(Stage, Reason, u64)> {
        let mut counts = Vec::new();
        for &reason in Reason::ALL {
            for stage in Stage::ALL {
                let counter = self.inner.dead_lettered.get(stage).and_then(|reasons| reasons.get(reason));
                let n = counter.map_or(0, IntCounter::get);
                if n > 0 {
                    counts.push((stage, reason, n));
                }
            }
        }
        counts
    }
}

impl Inner {
    /// `build`: version, configuration and model.
    fn new(make: &Builder<'_>, build: [&str; 3]) -> Result<Self, Error> {
        Ok(Self {
            consumed_records: make.counter(&series::CONSUMED_RECORDS)?,
            consumed_bytes: make.counter(&series::CONSUMED_BYTES)?,
            produced_records: make.counters(&series::PRODUCED_RECORDS)?,
            produced_bytes: make.counters(&series::PRODUCED_BYTES)?,
            dead_lettered: make.counters_2(&series::DEAD_LETTERED_RECORDS)?,
            unconfirmed_records: make.counter(&series::UNCONFIRMED_RECORDS)?,
            dropped_records: make.counter(&series::DROPPED_RECORDS)?,
            tombstones: make.counter(&series::TOMBSTONES)?,
            stage_seconds: make.histograms(&series::STAGE_SECONDS)?,
            record_seconds: make.histogram(&series::RECORD_SECONDS)?,
            article_age_seconds: make.histogram(&series::ARTICLE_AGE_SECONDS)?,
            articles: make.counters(&series::ARTICLES)?,
            entities: make.counters(&series::ENTITIES)?,
            degraded: make.counters(&series::DEGRADED_ARTICLES)?,
            lag: Lag::new(make)?,
            assigned: make.gauge(&series::ASSIGNED_PARTITIONS)?,
            input_partitions: make.gauge_vec(&series::INPUT_PARTITIONS)?,
            paused: make.gauge(&series::PAUSED_PARTITIONS)?,
            rebalances: make.counters(&series::REBALANCES)?,
            transactions: make.counters(&series::TRANSACTIONS)?,
            transaction_seconds: make.histograms(&series::TRANSACTION_SECONDS)?,
            retries: make.counters(&series::RETRIES)?,
            in_flight_records: make.gauge(&series::IN_FLIGHT_RECORDS)?,
            in_flight_bytes: make.gauge(&series::IN_FLIGHT_BYTES)?,
            budget_bytes: make.gauge(&series::BUDGET_BYTES)?,
            client_queue_messages: make.gauges(&series::CLIENT_QUEUE_MESSAGES)?,
            client_queue_bytes: make.gauges(&series::CLIENT_QUEUE_BYTES)?,
            client_rtt: make.gauges_f64(&series::CLIENT_RTT_SECONDS)?,
            client_transmit_errors: make.counters(&series::CLIENT_TRANSMIT_ERRORS)?,
            client_errors: make.counters(&series::CLIENT_ERRORS)?,
            stranded: make.counter(&series::STRANDED)?,
            last_progress: make.gauge_f64(&series::LAST_PROGRESS)?,
            alive: make.gauge(&series::ALIVE)?,
            ready: make.gauge(&series::READY)?,
            worker_info: make.gauge_vec(&series::WORKER_INFO)?,
            reloads: make.counters_2(&series::RELOADS)?,
            last_reload: make.gauges_f64(&series::LAST_RELOAD)?,
            shadow_records: make.counters(&series::SHADOW_RECORDS)?,
            shadow_waiting: make.gauge(&series::SHADOW_WAITING)?,
            poison_journal: make.gauge(&series::POISON_JOURNAL)?,
            poison_suspects: make.gauge(&series::POISON_SUSPECTS)?,
            build: Build::new(make, build)?,
        })
    }
}

/// A gauge's whole number; what does not fit is the largest that does.
fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::series::{ALL, Kind, Values};
    use super::*;
    use crate::record::Degraded;

    fn metrics() -> Metrics {
        Metrics::new("1.2.3", "c0ffee", "beef").unwrap()
    }

    /// Moves every series once, through the calls the worker makes.
    fn move_everything(metrics: &Metrics) {
        metrics.consumed(1, 1);
        metrics.unconfirmed(1);
        metrics.dropped(1);
        metrics.assigned(1);
        metrics.input_partitions("raw", 1);
        metrics.health(true, true);
        metrics.worker(&WorkerInfo { group: "news", input: &["raw".to_owned()], output: "out", dead_letters: "dead" });
        metrics.paused(1);
        metrics.in_flight(1, 1);
        metrics.budget(1);
        metrics.last_progress(Duration::from_secs(1));
        metrics.stranded();
        metrics.poison_journal(true);
        metrics.poison_suspects(1);
        metrics.lag(&[PartitionLag { topic: "raw".to_owned(), partition: 0, records: 1, seconds: Some(1.0) }]);
        for &to in Destination::all() {
            metrics.produced(to, 1, 1);
        }
        for &reason in Reason::all() {
            for &stage in Stage::all() {
                metrics.dead_lettered(stage, reason, 1);
            }
        }
        for &kind in RebalanceKind::all() {
            metrics.rebalance(kind);
        }
        for &result in TransactionResult::all() {
            metrics.transaction(result, Duration::from_secs(1));
        }
        for &operation in Operation::all() {
            metrics.retry(operation);
        }
        for &client in Client::all() {
            let rtt = Some(Duration::from_secs(1));
            metrics.client_statistics(
                client,
                &ClientStatistics { queue_messages: 1, queue_bytes: 1, rtt, transmit_errors: 1 },
            );
            metrics.client_error(client);
        }
        for &what in Reloaded::all() {
            metrics.last_reload(what, Duration::from_secs(1));
            for &result in ReloadResult::all() {
                metrics.reload(what, result);
            }
        }
        for &result in ShadowResult::all() {
            metrics.shadow_taken();
            metrics.shadow_done(result, 1);
        }
        metrics.shadow_taken();
        let mut pool = metrics.pool();
        pool.record(&RecordSummary::tombstone());
        for &stage in Stage::all() {
            pool.stage(stage, Duration::from_secs(1));
        }
        let degraded = Stage::ALL.map(|stage| Degraded { stage, why: "deadline" });
        let mut summary =
            RecordSummary { outcome: Outcome::Enriched, language: "", entities: [1; 5], degraded: &degraded };
        for language in ["ar", "fa", "ur", "ckb", "ps", "en", "fr", "tr", "sw", "und"] {
            summary.language = language;
            pool.record(&summary);
        }
        metrics.durable().observe(Duration::from_secs(1), Some(Duration::from_secs(1)));
    }

    /// `name{labels}` of each sample with its value; label names are sorted.
    fn samples(text: &str) -> Vec<(String, f64)> {
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
    }

    /// The samples that a series must show, by the table alone.
    fn expected(series: &series::Series) -> Vec<String> {
        let mut sets: Vec<Vec<String>> = vec![Vec::new()];
        for label in series.labels {
            let values = match label.values {
                Values::Closed(values) => values(),
                Values::Open(_) => vec![match label.name {
                    "topic" => "raw",
                    "partition" => "0",
                    "version" => "1.2.3",
                    "config" => "c0ffee",
                    "model" => "beef",
                    "group" => "news",
                    "input" => "raw",
                    "output" => "out",
                    "dead_letters" => "dead",
                    other => panic!("no value for {other}"),
                }],
            };
            sets = sets
                .iter()
                .flat_map(|set| {
                    values.iter().map(|value| {
                        let mut set = set.clone();
                        set.push(format!("{}=\"{value}\"", label.name));
                        set
                    })
                })
                .collect();
        }
        let suffix = if matches!(series.kind, Kind::Histogram(_)) { "_count" } else { "" };
        sets.into_iter()
            .map(|mut labels| {
                labels.sort();
                let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                format!("{}{suffix}{labels}", series.name)
            })
            .collect()
    }

    #[test]
    fn every_series_is_read_back_with_every_label() {
        let metrics = metrics();
        move_everything(&metrics);
        let text = metrics.render();
        let shown = samples(&text);
        for series in ALL {
            assert!(text.contains(&format!("# HELP {} {}", series.name, series.help)), "{}", series.name);
            assert!(text.contains(&format!("# TYPE {} {}", series.name, series.kind.as_str())), "{}", series.name);
            for name in expected(series) {
                let value = shown.iter().find(|(shown, _)| *shown == name).map(|(_, value)| *value);
                assert!(value.is_some_and(|value| value > 0.0), "{name} is {value:?}");
            }
        }
    }

    #[test]
    fn nothing_is_shown_that_the_table_lacks() {
        let metrics = metrics();
        move_everything(&metrics);
        let text = metrics.render();
        let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let unknown: Vec<_> = families
            .filter(|name| !name.starts_with("process_") && !ALL.iter().any(|series| series.name == *name))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let known: BTreeSet<_> = ALL.iter().flat_map(expected).collect();
        for (name, _) in samples(&text) {
            let plain = !["_bucket", "_sum"].iter().any(|part| name.split('{').next().unwrap().ends_with(part));
            assert!(!plain || name.starts_with("process_") || known.contains(&name), "{name}");
        }
    }

    #[test]
    fn closed_series_stand_at_zero_from_the_start() {
        let shown = samples(&metrics().render());
        for series in
            ALL.iter().filter(|series| series.labels.iter().all(|label| matches!(label.values, Values::Closed(_))))
        {
            for name in expected(series) {
                assert!(shown.contains(&(name.clone(), 0.0)), "{name}");
            }
        }
    }

    #[test]
    fn the_process_is_measured() {
        let text = metrics().render();
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
        }
    }

    #[test]
    fn totals_are_what_the_counters_say() {
        let metrics = metrics();
        metrics.consumed(10, 100);
        metrics.produced(Destination::Output, 7, 70);
        metrics.produced(Destination::DeadLetters, 3, 30);
        metrics.dead_lettered(Stage::Decode, Reason::NoText, 1);
        metrics.dead_lettered(Stage::Decode, Reason::InvalidJson, 2);
        metrics.pool().record(&RecordSummary::tombstone());
        assert_eq!(metrics.totals(), Totals { consumed: 10, produced: 7, dead_lettered: 3, tombstones: 1 });
        assert_eq!(
            metrics.dead_letters_by_reason(),
            [(Stage::Decode, Reason::InvalidJson, 2), (Stage::Decode, Reason::NoText, 1)]
        );
    }

    #[test]
    fn levels_are_what_the_gauges_say() {
        let metrics = metrics();
        metrics.assigned(6);
        metrics.paused(2);
        metrics.in_flight(30, 400);
        metrics.budget(5_000);
        let expected =
            Levels { assigned: 6, paused: 2, in_flight_records: 30, in_flight_bytes: 400, budget_bytes: 5_000 };
        assert_eq!(metrics.levels(), expected);
    }

    #[test]
    fn two_workers_in_one_process_do_not_share_series() {
        let (one, two) = (metrics(), metrics());
        let clone = one.clone();
        one.consumed(1, 1);
        assert_eq!(two.totals().consumed, 0);
        assert_eq!(clone.totals().consumed, 1, "a clone is the same worker's");
    }
}
