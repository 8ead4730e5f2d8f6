use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::{Error, GaugeVec, IntGaugeVec};

use super::families::Builder;
use super::{series, whole};

/// How far behind one owned partition is.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionLag {
    pub topic: String,
    pub partition: i32,
    /// Offsets between the committed position and the end.
    pub records: u64,
    /// Age of the oldest record not yet committed; `None` where it is not known.
    pub seconds: Option<f64>,
}

/// The lag series of the owned partitions, and of no other.
#[derive(Debug)]
pub(super) struct Lag {
    records: IntGaugeVec,
    seconds: GaugeVec,
    /// What is shown now, by topic and partition.
    shown: Mutex<Shown>,
}

type Shown = BTreeMap<(String, i32), PartitionLag>;

impl Lag {
    pub(super) fn new(make: &Builder<'_>) -> Result<Self, Error> {
        Ok(Self {
            records: make.gauge_vec(&series::LAG_RECORDS)?,
            seconds: make.gauge_f64_vec(&series::LAG_SECONDS)?,
            shown: Mutex::default(),
        })
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn replace(&self, owned: &[PartitionLag]) {
        let mut shown = self.shown();
        let now: Shown = owned.iter().map(|lag| ((lag.topic.clone(), lag.partition), lag.clone())).collect();
        for (topic, partition) in shown.keys().filter(|key| !now.contains_key(*key)) {
            self.remove(topic, *partition);
        }
        for lag in owned {
            self.set(lag);
        }
        *shown = now;
    }

    pub(super) fn forget(&self, topic: &str, partitions: &[i32]) {
        let mut shown = self.shown();
        for &partition in partitions {
            if shown.remove(&(topic.to_owned(), partition)).is_some() {
                self.remove(topic, partition);
            }
        }
    }

    /// What is shown, by topic and partition.
    pub(super) fn now(&self) -> Vec<PartitionLag> {
        self.shown().values().cloned().collect()
    }

    fn set(&self, lag: &PartitionLag) {
        let partition = lag.partition.to_string();
        let labels = [lag.topic.as_str(), partition.as_str()];
        if let Ok(gauge) = self.records.get_metric_with_label_values(&labels) {
            gauge.set(whole(lag.records));
        }
        match lag.seconds {
            Some(seconds) => {
                if let Ok(gauge) = self.seconds.get_metric_with_label_values(&labels) {
                    gauge.set(seconds);
                }
            }
            // An old figure would stand for a fresh one. Removing what is not
            // there is no error worth a word.
            None => drop(self.seconds.remove_label_values(&labels)),
        }
    }

    fn remove(&self, topic: &str, partition: i32) {
        let partition = partition.to_string();
        let labels = [topic, partition.as_str()];
        drop(self.records.remove_label_values(&labels));
        drop(self.seconds.remove_label_values(&labels));
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::{Metrics, PartitionLag};

    fn lag(topic: &str, partition: i32, records: u64, seconds: Option<f64>) -> PartitionLag {
        PartitionLag { topic: topic.to_owned(), partition, records, seconds }
    }

    fn lines(metrics: &Metrics) -> Vec<String> {
        metrics.render().lines().filter(|line| line.starts_with("warraq_lag_")).map(str::to_owned).collect()
    }

    #[test]
    fn only_owned_partitions_have_series() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        metrics.lag(&[lag("raw", 0, 7, Some(1.5)), lag("raw", 1, 0, Some(0.0)), lag("old", 0, 3, None)]);
        assert_eq!(
            lines(&metrics),
            [
                "warraq_lag_records{partition=\"0\",topic=\"old\"} 3",
                "warraq_lag_records{partition=\"0\",topic=\"raw\"} 7",
                "warraq_lag_records{partition=\"1\",topic=\"raw\"} 0",
                "warraq_lag_seconds{partition=\"0\",topic=\"raw\"} 1.5",
                "warraq_lag_seconds{partition=\"1\",topic=\"raw\"} 0",
            ]
        );
        metrics.lag(&[lag("raw", 1, 2, Some(4.0))]);
        assert_eq!(
            lines(&metrics),
            [
                "warraq_lag_records{partition=\"1\",topic=\"raw\"} 2",
                "warraq_lag_seconds{partition=\"1\",topic=\"raw\"} 4"
            ]
        );
        assert_eq!(metrics.lag_now(), [lag("raw", 1, 2, Some(4.0))]);
        metrics.lag_revoked("raw", &[0, 1]);
        assert!(lines(&metrics).is_empty());
    }

    #[test]
    fn an_unknown_age_is_not_the_old_one() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        metrics.lag(&[lag("raw", 0, 7, Some(1.5))]);
        metrics.lag(&[lag("raw", 0, 8, None)]);
        assert_eq!(lines(&metrics), ["warraq_lag_records{partition=\"0\",topic=\"raw\"} 8"]);
    }
}
