//! How far a replay is, how fast, and how long it still takes; no clock inside.

use std::collections::VecDeque;
use std::time::Duration;

use super::figures;
use super::throttle::Figures;

/// The rate is taken over so long: commits come in steps.
const WINDOW: Duration = Duration::from_secs(15);
/// Before so much of it has passed, a rate says nothing.
const LEAST: Duration = Duration::from_secs(2);

/// How far a replay is.
#[derive(Debug)]
pub struct Progress {
    /// Offsets of the frozen range.
    whole: u64,
    /// Offsets and records committed, over the last [`WINDOW`].
    window: VecDeque<Mark>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    at: Duration,
    offsets: u64,
    records: u64,
}

impl Progress {
    /// `whole` is the number of offsets in the frozen range.
    #[must_use]
    pub const fn new(whole: u64) -> Self {
        Self { whole, window: VecDeque::new() }
    }

    /// The range that this process works on has another size: partitions came
    /// or went. What was measured before says nothing of it.
    pub fn resize(&mut self, whole: u64) {
        if whole != self.whole {
            self.whole = whole;
            self.window.clear();
        }
    }

    /// What is committed now: offsets of the range, and records, those of
    /// earlier runs of this replay included.
    pub fn update(&mut self, offsets: u64, records: u64, now: Duration) {
        self.window.push_back(Mark { at: now, offsets, records });
        while self.window.len() > 2 && self.window.get(1).is_some_and(|mark| mark.at + WINDOW <= now) {
            self.window.pop_front();
        }
    }

    fn last(&self) -> Mark {
        self.window.back().copied().unwrap_or_default()
    }

    /// Growth a second of a figure.
    #[allow(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    fn growth(&self, of: impl Fn(&Mark) -> u64) -> Option<f64> {
        let (first, last) = (self.window.front()?, self.window.back()?);
        let passed = last.at.saturating_sub(first.at);
        (passed >= LEAST).then(|| of(last).saturating_sub(of(first)) as f64 / passed.as_secs_f64())
    }

    /// Records a second, once that can be told.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.growth(|mark| mark.records)
    }

    /// Of the range, in per cent.
    #[must_use]
    pub fn per_cent(&self) -> f64 {
        figures::per_cent(self.last().offsets, self.whole)
    }

    /// Time left at the present rate; nothing is left of what is done, and it
    /// cannot be told while nothing moves.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn eta(&self) -> Option<Duration> {
        let left = self.whole.saturating_sub(self.last().offsets);
        if left == 0 {
            return Some(Duration::ZERO);
        }
        let rate = self.growth(|mark| mark.offsets).filter(|rate| *rate > 0.0)?;
        // A hundred years are as good as never, and fit every clock.
        Some(Duration::from_secs_f64((left as f64 / rate).min(3.2e9)))
    }

    /// One line, for a terminal and for the log alike.
    #[must_use]
    pub fn line(&self, throttle: &Figures) -> String {
        let rate = self.rate().map_or_else(|| "–".to_owned(), figures::rate);
        let left = self.eta().map_or_else(|| "unknown".to_owned(), figures::time);
        let records = figures::count(self.last().records);
        let mut line = format!("{records} records, {rate}/s, {:.1} %, left {left}", self.per_cent());
        if throttle.yielding {
            let lag = throttle.live_lag.map_or_else(|| "unknown".to_owned(), figures::time);
            let limit =
                if throttle.limit > 0.0 { format!("{}/s", figures::rate(throttle.limit)) } else { "0".to_owned() };
            line.push_str(&format!(", yields to live (its lag {lag}, limit {limit})"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn free() -> Figures {
        Figures {
            limit: f64::INFINITY,
            yielding: false,
            live_lag: None,
            waited_for_rate: Duration::ZERO,
            waited_for_live: Duration::ZERO,
        }
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let mut progress = Progress::new(1_000_000);
        insta::assert_snapshot!(progress.line(&free()), @"0 records, –/s, 0.0 %, left unknown");
        progress.update(100_000, 98_000, s(0));
        insta::assert_snapshot!(progress.line(&free()), @"98,000 records, –/s, 10.0 %, left unknown");
        progress.update(150_000, 147_000, s(10));
        insta::assert_snapshot!(progress.line(&free()), @"147,000 records, 4,900/s, 15.0 %, left 2 min 50 s");
        let yielding = Figures { limit: 1200.0, yielding: true, live_lag: Some(s(12)), ..free() };
        insta::assert_snapshot!(
            progress.line(&yielding),
            @"147,000 records, 4,900/s, 15.0 %, left 2 min 50 s, yields to live (its lag 12 s, limit 1,200/s)"
        );
        progress.update(1_000_000, 980_000, s(20));
        assert!(progress.line(&free()).ends_with("100.0 %, left 0 s"));
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds_and_a_stop_has_no_eta() {
        let mut progress = Progress::new(1000);
        for second in 0..10 {
            progress.update(second * 10, second * 10, s(second));
        }
        assert_eq!(progress.rate(), Some(10.0));
        for second in 10..60 {
            progress.update(90, 90, s(second));
        }
        assert_eq!((progress.rate(), progress.eta()), (Some(0.0), None));
        progress.resize(90);
        assert_eq!(progress.rate(), None);
    }

    #[test]
    fn an_empty_range_is_done() {
        let progress = Progress::new(0);
        assert_eq!((progress.per_cent(), progress.eta()), (100.0, Some(Duration::ZERO)));
    }
}
