use std::collections::VecDeque;
use std::time::Duration;

use crate::metrics::Totals;

/// Samples kept: five minutes at one in five seconds.
const SAMPLES: usize = 61;
/// A rate is the mean over so long.
const WINDOW: Duration = Duration::from_secs(60);

/// The counters of the last minutes, for rates. No clock inside.
#[derive(Debug, Default)]
pub(super) struct Rates {
    samples: VecDeque<(Duration, Totals)>,
}

/// Records a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    pub consumed: f64,
    pub produced: f64,
    pub dead_lettered: f64,
}

impl Rates {
    pub(super) fn add(&mut self, now: Duration, totals: Totals) {
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((now, totals));
    }

    /// The mean over the last minute, or since the start where that is less.
    pub(super) fn last_minute(&self, now: Duration, totals: Totals) -> Rate {
        let from = now.saturating_sub(WINDOW);
        let begin = self.samples.iter().find(|(at, _)| *at >= from);
        begin.map_or_else(Rate::default, |&begin| between(begin, (now, totals)))
    }

    /// The rates between one sample and the next, the oldest first.
    pub(super) fn steps(&self) -> Vec<Rate> {
        self.samples.iter().zip(self.samples.iter().skip(1)).map(|(&before, &after)| between(before, after)).collect()
    }
}

fn between(before: (Duration, Totals), after: (Duration, Totals)) -> Rate {
    let seconds = after.0.saturating_sub(before.0).as_secs_f64();
    if seconds <= 0.0 {
        return Rate::default();
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of a few minutes, for a person's eye")]
    let rate = |before: u64, after: u64| after.saturating_sub(before) as f64 / seconds;
    Rate {
        consumed: rate(before.1.consumed, after.1.consumed),
        produced: rate(before.1.produced, after.1.produced),
        dead_lettered: rate(before.1.dead_lettered, after.1.dead_lettered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(consumed: u64) -> Totals {
        Totals { consumed, produced: consumed / 2, ..Totals::default() }
    }

    #[test]
    fn a_rate_is_the_mean_over_the_last_minute() {
        let mut rates = Rates::default();
        assert_eq!(rates.last_minute(Duration::ZERO, totals(0)), Rate::default());
        for step in 0..=30_u64 {
            // 100 a second for the first minute, then 10.
            let n = if step <= 12 { step * 500 } else { 6_000 + (step - 12) * 50 };
            rates.add(Duration::from_secs(step * 5), totals(n));
        }
        let rate = rates.last_minute(Duration::from_secs(150), totals(6_900));
        assert!((rate.consumed - 10.0).abs() < 1e-9 && (rate.produced - 5.0).abs() < 1e-9, "{rate:?}");
        let steps = rates.steps();
        assert_eq!(steps.len(), 30);
        assert!((steps[0].consumed - 100.0).abs() < 1e-9 && (steps[29].consumed - 10.0).abs() < 1e-9);
    }

    #[test]
    fn only_the_last_minutes_are_kept() {
        let mut rates = Rates::default();
        for step in 0..1_000 {
            rates.add(Duration::from_secs(step), totals(step));
        }
        assert_eq!(rates.samples.len(), SAMPLES);
    }
}
