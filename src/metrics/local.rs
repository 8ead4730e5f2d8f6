use std::time::Duration;

use prometheus::local::LocalHistogram;

use super::Metrics;
use super::families::By;
use super::labels::{CountedLanguage, Label};
use crate::record::{Degraded, Enriched, EntityType, Stage};

/// What the counters need to know of one finished record.
#[derive(Debug, Clone, Copy)]
pub struct RecordSummary<'a> {
    pub outcome: Outcome,
    /// BCP 47; read only where the record was enriched.
    pub language: &'a str,
    /// Entities by type, in the order of [`EntityType::ALL`].
    pub entities: [u32; EntityType::ALL.len()],
    pub degraded: &'a [Degraded],
}

/// What became of a record in the text half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Enriched,
    Rejected,
    Tombstone,
}

impl<'a> From<&'a Enriched> for RecordSummary<'a> {
    fn from(record: &'a Enriched) -> Self {
        let mut entities = [0; EntityType::ALL.len()];
        for entity in &record.entities {
            if let Some(n) = entities.get_mut(entity.kind.index()) {
                *n += 1;
            }
        }
        Self { outcome: Outcome::Enriched, language: &record.language.tag, entities, degraded: &record.degraded }
    }
}

impl RecordSummary<'_> {
    #[must_use]
    pub const fn rejected() -> Self {
        Self { outcome: Outcome::Rejected, language: "", entities: [0; EntityType::ALL.len()], degraded: &[] }
    }

    #[must_use]
    pub const fn tombstone() -> Self {
        Self { outcome: Outcome::Tombstone, language: "", entities: [0; EntityType::ALL.len()], degraded: &[] }
    }
}

/// Counts of one label set, added up without atomics.
#[derive(Debug)]
struct Local<L>(Vec<u64>, std::marker::PhantomData<fn(L)>);

impl<L: Label> Local<L> {
    fn new() -> Self {
        Self(vec![0; L::all().len()], std::marker::PhantomData)
    }

    fn add(&mut self, label: L, n: u64) {
        if let Some(count) = self.0.get_mut(label.index()) {
            *count += n;
        }
    }

    fn flush(&mut self, into: &By<L, prometheus::IntCounter>) {
        for (label, count) in L::all().iter().zip(&mut self.0) {
            let n = std::mem::take(count);
            if n > 0 {
                into.add(*label, n);
            }
        }
    }
}

/// The figures of one enrich thread, added up without a shared cache line.
/// Nothing is seen outside before [`PoolMetrics::flush`], once a batch; a drop
/// flushes too.
#[derive(Debug)]
pub struct PoolMetrics {
    metrics: Metrics,
    /// In the order of [`Stage::ALL`].
    stages: Vec<LocalHistogram>,
    articles: Local<CountedLanguage>,
    entities: Local<EntityType>,
    degraded: Local<Stage>,
    tombstones: u64,
}

impl PoolMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let histograms = &metrics.inner.stage_seconds;
        Self {
            metrics: metrics.clone(),
            stages: Stage::ALL.iter().filter_map(|&stage| histograms.get(stage)).map(|one| one.local()).collect(),
            articles: Local::new(),
            entities: Local::new(),
            degraded: Local::new(),
            tombstones: 0,
        }
    }

    /// What one stage took for one record.
    pub fn stage(&mut self, stage: Stage, took: Duration) {
        if let Some(histogram) = self.stages.get(stage.index()) {
            histogram.observe(took.as_secs_f64());
        }
    }

    pub fn record(&mut self, record: &RecordSummary<'_>) {
        match record.outcome {
            Outcome::Enriched => self.articles.add(CountedLanguage::of(record.language), 1),
            Outcome::Tombstone => self.tombstones += 1,
            Outcome::Rejected => {}
        }
        for (&kind, &n) in EntityType::ALL.iter().zip(&record.entities) {
            self.entities.add(kind, u64::from(n));
        }
        for stage in Stage::ALL {
            // Two cuts in one stage are one degraded article.
            if record.degraded.iter().any(|cut| cut.stage == stage) {
                self.degraded.add(stage, 1);
            }
        }
    }

    pub fn flush(&mut self) {
        for histogram in &self.stages {
            histogram.flush();
        }
        self.articles.flush(&self.metrics.inner.articles);
        self.entities.flush(&self.metrics.inner.entities);
        self.degraded.flush(&self.metrics.inner.degraded);
        self.metrics.inner.tombstones.inc_by(std::mem::take(&mut self.tombstones));
    }
}

impl Drop for PoolMetrics {
    fn drop(&mut self) {
        self.flush();
    }
}

/// How long records took to become durable, added up over one commit.
#[derive(Debug)]
pub struct DurableMetrics {
    record_seconds: LocalHistogram,
    article_age_seconds: LocalHistogram,
}

impl DurableMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            record_seconds: metrics.inner.record_seconds.local(),
            article_age_seconds: metrics.inner.article_age_seconds.local(),
        }
    }

    /// `since_poll` is the time from the record's poll until it was durable,
    /// `since_append` that from its append to the input topic, where the record
    /// has a timestamp. A timestamp in the future counts as 0.
    pub fn observe(&mut self, since_poll: Duration, since_append: Option<Duration>) {
        self.record_seconds.observe(since_poll.as_secs_f64());
        if let Some(age) = since_append {
            self.article_age_seconds.observe(age.as_secs_f64());
        }
    }

    pub fn flush(&mut self) {
        self.record_seconds.flush();
        self.article_age_seconds.flush();
    }
}

impl Drop for DurableMetrics {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(metrics: &Metrics, line: &str) -> Option<String> {
        let text = metrics.render();
        text.lines().find_map(|one| one.strip_prefix(line)).map(|rest| rest.trim().to_owned())
    }

    #[test]
    fn nothing_is_seen_before_the_flush() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        let mut pool = metrics.pool();
        pool.stage(Stage::Tag, Duration::from_micros(300));
        pool.record(&RecordSummary::tombstone());
        assert_eq!(value(&metrics, "warraq_stage_seconds_count{stage=\"tag\"}").unwrap(), "0");
        assert_eq!(metrics.totals().tombstones, 0);
        pool.flush();
        assert_eq!(value(&metrics, "warraq_stage_seconds_count{stage=\"tag\"}").unwrap(), "1");
        assert_eq!(metrics.totals().tombstones, 1);
        pool.flush();
        assert_eq!(metrics.totals().tombstones, 1, "a second flush adds nothing");
    }

    #[test]
    fn a_drop_flushes() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        let mut durable = metrics.durable();
        durable.observe(Duration::from_millis(120), Some(Duration::from_secs(3)));
        durable.observe(Duration::from_millis(120), None);
        assert_eq!(value(&metrics, "warraq_record_seconds_count").unwrap(), "0");
        drop(durable);
        assert_eq!(value(&metrics, "warraq_record_seconds_count").unwrap(), "2");
        assert_eq!(value(&metrics, "warraq_article_age_seconds_count").unwrap(), "1");
        assert_eq!(value(&metrics, "warraq_article_age_seconds_sum").unwrap(), "3");
    }

    #[test]
    fn a_record_is_counted_once_for_each_thing() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        let mut pool = metrics.pool();
        let cut = |stage, why| Degraded { stage, why };
        let degraded =
            [cut(Stage::Tag, "too_many_mentions"), cut(Stage::Tag, "deadline"), cut(Stage::Normalize, "too_long")];
        let mut summary = RecordSummary {
            outcome: Outcome::Enriched,
            language: "ar-EG",
            entities: [3, 0, 2, 0, 0],
            degraded: &degraded,
        };
        pool.record(&summary);
        summary.language = "de";
        summary.degraded = &[];
        pool.record(&summary);
        pool.record(&RecordSummary::rejected());
        pool.flush();
        assert_eq!(value(&metrics, "warraq_articles_total{language=\"ar\"}").unwrap(), "1");
        assert_eq!(value(&metrics, "warraq_articles_total{language=\"other\"}").unwrap(), "1");
        assert_eq!(value(&metrics, "warraq_articles_total{language=\"und\"}").unwrap(), "0");
        assert_eq!(value(&metrics, "warraq_entities_total{type=\"person\"}").unwrap(), "6");
        assert_eq!(value(&metrics, "warraq_entities_total{type=\"place\"}").unwrap(), "4");
        assert_eq!(value(&metrics, "warraq_degraded_articles_total{stage=\"tag\"}").unwrap(), "1");
        assert_eq!(value(&metrics, "warraq_degraded_articles_total{stage=\"normalize\"}").unwrap(), "1");
        assert_eq!(value(&metrics, "warraq_degraded_articles_total{stage=\"decode\"}").unwrap(), "0");
    }
}
