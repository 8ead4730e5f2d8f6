use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::throttle::{Caps, Figures, Grant, Throttle};
use crate::consume::Pace;

/// The throttle as the intake asks for it, shared with who hears of live lag.
#[derive(Debug)]
pub struct Pacing {
    throttle: Mutex<Throttle>,
}

impl Pacing {
    /// See [`Throttle::new`]; all times are of one clock.
    #[must_use]
    pub fn new(caps: Caps, yield_below: Option<Duration>, now: Duration) -> Self {
        Self { throttle: Mutex::new(Throttle::new(caps, yield_below, now)) }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live group's lag; `None` where it cannot be told.
    pub fn lag(&self, sample: Option<Duration>, now: Duration) {
        self.throttle().lag(sample, now);
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        self.throttle().figures()
    }
}

impl Pace for Pacing {
    fn wait(&self, held: usize, now: Duration) -> Duration {
        match self.throttle().grant(held, now) {
            Grant::Take { .. } => Duration::ZERO,
            Grant::Wait(until) => until.saturating_sub(now),
        }
    }

    fn took(&self, bytes: usize, now: Duration) {
        self.throttle().took(1, bytes as u64, now);
    }
}
