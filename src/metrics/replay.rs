use std::time::Duration;

use prometheus::{Counter, Error, Gauge, IntCounter, IntGauge, IntGaugeVec};

use super::families::{Builder, By};
use super::labels::{Label as _, Redriven, ReplayState, ThrottledBy};
use super::{series, whole};

/// The series of a replay; they are there only where one runs.
#[derive(Debug)]
pub struct ReplayMetrics {
    position: IntGaugeVec,
    end: IntGaugeVec,
    range: IntGauge,
    done: IntGauge,
    eta: Gauge,
    limit: Gauge,
    live_lag: Gauge,
    throttled: By<ThrottledBy, Counter>,
    lost: IntCounter,
    state: By<ReplayState, IntGauge>,
}

/// One owned partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPartition {
    pub partition: i32,
    pub position: i64,
    pub end: i64,
}

/// How a replay stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayStanding<'a> {
    pub topic: &'a str,
    /// The owned ones, all of them: the series of others go.
    pub partitions: &'a [ReplayPartition],
    pub range_offsets: u64,
    pub done_offsets: u64,
    pub eta: Option<Duration>,
    /// Records a second; infinite without a limit.
    pub limit: f64,
    pub live_lag: Option<Duration>,
    /// Since the process began.
    pub waited_for_rate: Duration,
    pub waited_for_live: Duration,
    /// Offsets lost, since the process began.
    pub lost: u64,
    pub state: ReplayState,
}

impl ReplayMetrics {
    pub(super) fn new(make: &Builder<'_>) -> Result<Self, Error> {
        let metrics = Self {
            position: make.gauge_vec(&series::REPLAY_POSITION)?,
            end: make.gauge_vec(&series::REPLAY_END)?,
            range: make.gauge(&series::REPLAY_RANGE_OFFSETS)?,
            done: make.gauge(&series::REPLAY_DONE_OFFSETS)?,
            eta: make.gauge_f64(&series::REPLAY_ETA_SECONDS)?,
            limit: make.gauge_f64(&series::REPLAY_LIMIT)?,
            live_lag: make.gauge_f64(&series::REPLAY_LIVE_LAG_SECONDS)?,
            throttled: make.counters_f64(&series::REPLAY_THROTTLED_SECONDS)?,
            lost: make.counter(&series::REPLAY_LOST)?,
            state: make.gauges(&series::REPLAY_STATE)?,
        };
        metrics.limit.set(f64::INFINITY);
        metrics.state(ReplayState::Running);
        Ok(metrics)
    }

    pub fn set(&self, standing: &ReplayStanding<'_>) {
        self.position.reset();
        self.end.reset();
        for partition in standing.partitions {
            let name = partition.partition.to_string();
            let labels = [standing.topic, name.as_str()];
            for (family, value) in [(&self.position, partition.position), (&self.end, partition.end)] {
                if let Ok(gauge) = family.get_metric_with_label_values(&labels) {
                    gauge.set(value);
                }
            }
        }
        self.range.set(whole(standing.range_offsets));
        self.done.set(whole(standing.done_offsets));
        self.eta.set(standing.eta.unwrap_or_default().as_secs_f64());
        self.limit.set(standing.limit);
        self.live_lag.set(standing.live_lag.unwrap_or_default().as_secs_f64());
        for (by, waited) in
            [(ThrottledBy::Rate, standing.waited_for_rate), (ThrottledBy::Yield, standing.waited_for_live)]
        {
            if let Some(counter) = self.throttled.get(by) {
                counter.inc_by((waited.as_secs_f64() - counter.get()).max(0.0));
            }
        }
        self.lost.inc_by(standing.lost.saturating_sub(self.lost.get()));
        self.state(standing.state);
    }

    pub fn state(&self, now: ReplayState) {
        for &state in ReplayState::all() {
            self.state.set(state, i64::from(state == now));
        }
    }
}

/// The series of a redrive; they are there only where one runs.
#[derive(Debug)]
pub struct RedriveMetrics {
    redriven: By<Redriven, IntCounter>,
}

impl RedriveMetrics {
    pub(super) fn new(make: &Builder<'_>) -> Result<Self, Error> {
        Ok(Self { redriven: make.counters(&series::REDRIVEN)? })
    }

    /// This became of one dead letter.
    pub fn redriven(&self, outcome: Redriven) {
        self.redriven.add(outcome, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn every_series_of_a_replay_is_read_back() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        assert!(!metrics.render().contains("warraq_replay_"), "a live worker shows none of it");
        let replay = metrics.replay().unwrap();
        let mut standing = ReplayStanding {
            topic: "raw",
            partitions: &[ReplayPartition { partition: 3, position: 40, end: 90 }],
            range_offsets: 80,
            done_offsets: 30,
            eta: Some(Duration::from_millis(2500)),
            limit: 7.5,
            live_lag: Some(Duration::from_secs(4)),
            waited_for_rate: Duration::from_secs(1),
            waited_for_live: Duration::from_secs(2),
            lost: 5,
            state: ReplayState::Yielding,
        };
        replay.set(&standing);
        // Counters tell what came together, not how often they were told.
        replay.set(&standing);
        let text = metrics.render();
        for line in [
            "warraq_replay_position{partition=\"3\",topic=\"raw\"} 40",
            "warraq_replay_end{partition=\"3\",topic=\"raw\"} 90",
            "warraq_replay_range_offsets 80",
            "warraq_replay_done_offsets 30",
            "warraq_replay_eta_seconds 2.5",
            "warraq_replay_limit_records_per_second 7.5",
            "warraq_replay_live_lag_seconds 4",
            "warraq_replay_throttled_seconds_total{by=\"rate\"} 1",
            "warraq_replay_throttled_seconds_total{by=\"yield\"} 2",
            "warraq_replay_lost_to_retention_total 5",
            "warraq_replay_state{state=\"running\"} 0",
            "warraq_replay_state{state=\"yielding\"} 1",
            "warraq_replay_state{state=\"complete\"} 0",
            "warraq_replay_state{state=\"failed\"} 0",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        for series in series::REPLAY {
            assert!(text.contains(&format!("# TYPE {} {}\n", series.name, series.kind.as_str())), "{}", series.name);
        }
        standing.partitions = &[];
        replay.set(&standing);
        assert!(!metrics.render().contains("warraq_replay_position{"));
    }

    #[test]
    fn every_series_of_a_redrive_is_read_back() {
        let metrics = Metrics::new("1", "c", "m").unwrap();
        assert!(!metrics.render().contains("warraq_redriven_"), "a replay shows none of it");
        let redrive = metrics.redrive().unwrap();
        redrive.redriven(Redriven::Parked);
        redrive.redriven(Redriven::Parked);
        let text = metrics.render();
        for (outcome, count) in [("output", 0), ("dead_letter", 0), ("parked", 2), ("skipped", 0)] {
            let line = format!("warraq_redriven_records_total{{outcome=\"{outcome}\"}} {count}");
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        for series in series::REDRIVE {
            assert!(text.contains(&format!("# TYPE {} {}\n", series.name, series.kind.as_str())), "{}", series.name);
        }
    }
}
