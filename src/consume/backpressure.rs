//! When to stop taking records, and when to take them again.

use std::time::Duration;

/// What the intake is to do about its partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    /// Poll on.
    Flow,
    /// The budget is spent, or the rate: take nothing for a moment, but pause
    /// nothing yet.
    Hold,
    /// Pause the partitions; go on polling for events.
    Pause,
    /// Paused: go on polling for events.
    Paused,
    /// Resume the partitions.
    Resume,
}

/// Pausing throws away what was prefetched, so it comes late (a spent budget
/// mostly frees itself within milliseconds) and ends only at half the budget.
/// It must come at all, since a consumer that does not poll is thrown out of
/// its group. No client inside.
#[derive(Debug)]
pub struct Backpressure {
    limit: usize,
    patience: Duration,
    spent_since: Option<Duration>,
    paused: bool,
}

impl Backpressure {
    #[must_use]
    pub const fn new(limit: usize, patience: Duration) -> Self {
        Self { limit, patience, spent_since: None, paused: false }
    }

    /// Below this many bytes a paused intake resumes.
    #[must_use]
    pub const fn resume_below(&self) -> usize {
        self.limit / 2
    }

    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// What to do, with so many bytes in flight, and `held` by a rate or not.
    pub fn decide(&mut self, used: usize, held: bool, now: Duration) -> Pressure {
        if self.paused {
            if used <= self.resume_below() && !held {
                self.paused = false;
                self.spent_since = None;
                return Pressure::Resume;
            }
            return Pressure::Paused;
        }
        if used < self.limit && !held {
            self.spent_since = None;
            return Pressure::Flow;
        }
        let since = *self.spent_since.get_or_insert(now);
        if now.saturating_sub(since) < self.patience {
            return Pressure::Hold;
        }
        self.paused = true;
        Pressure::Pause
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Flow only below the limit and when not held, pause only after patience,
        /// resume only at half, and pause and resume alternate.
        #[test]
        fn it_never_takes_over_the_limit_and_never_flutters(
            steps in proptest::collection::vec((0usize..200, any::<bool>(), 0u64..400), 0..200),
        ) {
            let mut pressure = Backpressure::new(100, Duration::from_millis(500));
            let mut now = Duration::ZERO;
            let mut spent_since = None;
            let mut paused = false;
            for (used, held, wait) in steps {
                now += Duration::from_millis(wait);
                let decision = pressure.decide(used, held, now);
                if (used >= 100 || held) && !paused {
                    spent_since.get_or_insert(now);
                }
                match decision {
                    Pressure::Flow => {
                        prop_assert!(used < 100 && !held && !paused);
                        spent_since = None;
                    }
                    Pressure::Hold => prop_assert!((used >= 100 || held) && !paused),
                    Pressure::Pause => {
                        prop_assert!(!paused && now - spent_since.unwrap() >= Duration::from_millis(500));
                        paused = true;
                    }
                    Pressure::Paused => prop_assert!(paused && (used > 50 || held)),
                    Pressure::Resume => {
                        prop_assert!(paused && used <= 50 && !held);
                        paused = false;
                        spent_since = None;
                    }
                }
            }
        }
    }
}
