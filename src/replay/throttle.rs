//! How fast a replay may go: caps that were asked for, and what live traffic
//! leaves over.
//!
//! No client and no clock: time is handed in. The caps are token buckets with a
//! burst of [`BURST`] seconds; [`Yielding`] turns samples of the live group's
//! lag into a rate, and bounds what is in hand.

use std::time::Duration;

mod yielding;

use yielding::Yielding;

/// Seconds of a cap that may be taken at once.
pub const BURST: f64 = 0.5;
/// A replay that waited for live within this time is yielding.
const JUST_NOW: Duration = Duration::from_secs(2);
/// The longest wait that is handed out at a time: a sample may change the rate.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Limits that were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Caps {
    pub records_per_second: Option<f64>,
    pub bytes_per_second: Option<f64>,
}

/// The wait while what was taken is not worked on.
const BREATH: Duration = Duration::from_millis(5);

/// What may be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// So many records, and of them no further one once so many bytes are
    /// taken; `u64::MAX` is no limit.
    Take { records: u64, bytes: u64 },
    /// Nothing before that time.
    Wait(Duration),
}

/// What holds a replay back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Rate,
    Yield,
}

/// For metrics and progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Records a second; infinite where nothing limits them, 0 while stopped.
    pub limit: f64,
    /// Held back for the live group's sake, just now.
    pub yielding: bool,
    /// The live group's lag; `None` without one, or while it is not known.
    pub live_lag: Option<Duration>,
    /// Time spent waiting, by what was waited for.
    pub waited_for_rate: Duration,
    pub waited_for_live: Duration,
}

/// Caps and the live group's lag in one.
#[derive(Debug)]
pub struct Throttle {
    caps: Caps,
    records: Bucket,
    bytes: Bucket,
    yielding: Option<Yielding>,
    waiting: Option<(Duration, By)>,
    waited_for_rate: Duration,
    waited_for_live: Duration,
    /// When it was asked last, and when last it held back for live.
    asked: Duration,
    yielded: Option<Duration>,
}

impl Throttle {
    /// With a bound, the live group's lag is to stay below it; nothing may be
    /// taken until its first sample is there.
    #[must_use]
    pub fn new(caps: Caps, yield_below: Option<Duration>, now: Duration) -> Self {
        Self {
            caps,
            records: Bucket::new(now),
            bytes: Bucket::new(now),
            yielding: yield_below.map(|bound| Yielding::new(bound, now)),
            waiting: None,
            waited_for_rate: Duration::ZERO,
            waited_for_live: Duration::ZERO,
            asked: now,
            yielded: None,
        }
    }

    /// What may be taken now, or until when to wait before asking again, with
    /// `held` records taken and not yet worked on.
    pub fn grant(&mut self, held: usize, now: Duration) -> Grant {
        self.asked = now;
        if let Some((since, by)) = self.waiting.take() {
            let waited = now.saturating_sub(since);
            match by {
                By::Rate => self.waited_for_rate += waited,
                By::Yield => self.waited_for_live += waited,
            }
        }
        if let Some(yielding) = &mut self.yielding {
            yielding.tick(now);
        }
        let (rate, by) = self.rate();
        self.records.refill(rate, now);
        self.bytes.refill(self.caps.bytes_per_second.unwrap_or(f64::INFINITY), now);
        let (records, bytes) = (self.records.whole(1.0), self.bytes.whole(f64::MIN_POSITIVE));
        if records > 0 && bytes > 0 {
            return match self.yielding.as_ref().map_or(u64::MAX, |yielding| yielding.room(held)) {
                // Its own threads are behind: nobody holds it back.
                0 => Grant::Wait(now + BREATH),
                room => Grant::Take { records: records.min(room), bytes },
            };
        }
        let (wait, by) = if records == 0 { (self.records.wait(1.0), by) } else { (self.bytes.wait(1.0), By::Rate) };
        self.waiting = Some((now, by));
        if by == By::Yield {
            self.yielded = Some(now);
        }
        Grant::Wait(now + wait.clamp(Duration::from_millis(1), LOOK_AGAIN))
    }

    /// The rate in force and what set it.
    fn rate(&self) -> (f64, By) {
        let cap = self.caps.records_per_second.unwrap_or(f64::INFINITY);
        match &self.yielding {
            Some(yielding) if yielding.limit < cap => (yielding.limit, By::Yield),
            _ => (cap, By::Rate),
        }
    }

    /// So much was taken. More than was granted is a debt that is paid first.
    pub fn took(&mut self, records: u64, bytes: u64, now: Duration) {
        self.records.take(records);
        self.bytes.take(bytes);
        if let Some(yielding) = &mut self.yielding {
            yielding.took(records, now);
        }
    }

    /// The live group's lag; `None` where it cannot be told.
    pub fn lag(&mut self, sample: Option<Duration>, now: Duration) {
        if let Some(yielding) = &mut self.yielding {
            yielding.sample(sample, now);
        }
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        let (limit, _) = self.rate();
        Figures {
            limit,
            yielding: self.yielded.is_some_and(|yielded| yielded + JUST_NOW >= self.asked),
            live_lag: self.yielding.as_ref().and_then(Yielding::known),
            waited_for_rate: self.waited_for_rate,
            waited_for_live: self.waited_for_live,
        }
    }
}

/// A token bucket that may be overdrawn: a record is taken whole or not at all.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    tokens: f64,
    at: Duration,
}

impl Bucket {
    const fn new(at: Duration) -> Self {
        Self { rate: f64::INFINITY, tokens: 0.0, at }
    }

    fn refill(&mut self, rate: f64, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        // What a faster rate had saved up is not spent at a slower one.
        self.rate = rate;
        if rate.is_finite() {
            self.tokens = (self.tokens + rate * passed).min((rate * BURST).max(1.0));
        } else {
            self.tokens = 0.0;
        }
    }

    /// Whole tokens at hand, if there are at least `least`.
    fn whole(&self, least: f64) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
        match () {
            () if self.rate.is_infinite() => u64::MAX,
            () if self.rate <= 0.0 || self.tokens < least => 0,
            () => (self.tokens as u64).max(1),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "records and bytes of one batch")]
    fn take(&mut self, count: u64) {
        if self.rate.is_finite() {
            self.tokens -= count as f64;
        }
    }

    fn wait(&self, least: f64) -> Duration {
        let seconds = (least - self.tokens) / self.rate;
        if seconds.is_finite() { Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)) } else { LOOK_AGAIN }
    }
}

#[cfg(test)]
mod tests;
