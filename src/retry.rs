//! How long to wait before a call is made again: the one use of `backoff`.
//!
//! ```
//! use std::time::Duration;
//! use warraq::retry::Backoff;
//!
//! let mut delays = Backoff::new(Duration::from_millis(100), Duration::from_millis(300));
//! assert_eq!(delays.next_delay(), Duration::from_millis(100));
//! assert_eq!(delays.next_delay(), Duration::from_millis(200));
//! assert_eq!(delays.next_delay(), Duration::from_millis(300));
//! delays.reset();
//! assert_eq!(delays.next_delay(), Duration::from_millis(100));
//! ```

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// Delays that double from a first to a longest one, without end.
///
/// Without jitter: a worker retries against its own coordinator and its own
/// transactional id, so there is no herd to spread, and the same run waits the
/// same time.
#[derive(Debug)]
pub struct Backoff {
    backoff: ExponentialBackoff,
    longest: Duration,
}

impl Backoff {
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let mut backoff = ExponentialBackoff {
            initial_interval: first.min(longest),
            max_interval: longest,
            multiplier: 2.0,
            randomization_factor: 0.0,
            // Whoever retries knows its own deadline.
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        backoff.reset();
        Self { backoff, longest }
    }

    /// The next wait, at most the longest.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.backoff.next_backoff().unwrap_or(self.longest);
        // `backoff` adds up to a nanosecond even with its jitter off.
        Duration::from_micros(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)).min(self.longest)
    }

    /// The call went through: begin again with the first delay.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn delays_double_up_to_the_longest(first in 1..2_000_u64, longest in 1..60_000_u64) {
            let mut delays = Backoff::new(Duration::from_millis(first), Duration::from_millis(longest));
            for round in 0..2 {
                let mut expected = first.min(longest);
                for step in 0..20 {
                    let delay = delays.next_delay();
                    prop_assert!(delay.as_micros().abs_diff(u128::from(expected) * 1_000) <= 1, "{} {} {:?}", round, step, delay);
                    prop_assert!(delay <= Duration::from_millis(longest));
                    expected = (expected * 2).min(longest);
                }
                delays.reset();
            }
        }
    }
}
