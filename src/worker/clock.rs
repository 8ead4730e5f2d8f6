use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The one reader of time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one reader of time")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Since the worker's start; never goes back.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Since the Unix epoch, by the machine's clock.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one reader of time")]
    pub fn unix() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
