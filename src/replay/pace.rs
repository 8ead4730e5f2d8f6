use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::throttle::{Caps, Figures, Grant, Throttle};
use crate::consume::Pace;

/// A [`Throttle`] for the threads that need it: the one that polls takes, the
/// one that watches the live group tells its lag, and one shows the figures.
#[derive(Debug, Clone)]
pub struct Governor(Arc<Mutex<Throttle>>);

impl Governor {
    /// With a bound, nothing is taken before the first [`Governor::lag`]. Times
    /// are on the worker's clock.
    #[must_use]
    pub fn new(caps: Caps, yield_below: Option<Duration>, now: Duration) -> Self {
        Self(Arc::new(Mutex::new(Throttle::new(caps, yield_below, now))))
    }

    /// The live group's lag; `None` where it cannot be told.
    pub fn lag(&self, sample: Option<Duration>, now: Duration) {
        self.lock().lag(sample, now);
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().figures()
    }

    fn lock(&self) -> MutexGuard<'_, Throttle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace for Governor {
    fn wait(&self, now: Duration) -> Duration {
        match self.lock().grant(now) {
            Grant::Take { .. } => Duration::ZERO,
            Grant::Wait(until) => until.saturating_sub(now),
        }
    }

    fn took(&self, bytes: usize, now: Duration) {
        self.lock().took(1, bytes as u64, now);
    }
}
