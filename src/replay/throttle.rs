//! How fast a replay may go: caps that were asked for, and what live traffic
//! leaves over.
//!
//! No client and no clock: time is handed in. The caps are token buckets with a
//! burst of [`BURST`] seconds; [`Yielding`] turns samples of the live group's
//! lag into a rate.

use std::collections::VecDeque;
use std::time::Duration;

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

    /// What may be taken now, or until when to wait before asking again.
    pub fn grant(&mut self, now: Duration) -> Grant {
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
            return Grant::Take { records, bytes };
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

/// Where the lag that is expected [`AHEAD`] seconds from now must lie, as parts
/// of the bound: below the first the rate grows, above the second it falls,
/// above the third it is 0. Between the first two nothing changes.
const CALM: f64 = 0.25;
const HIGH: f64 = 0.5;
const STOP: f64 = 0.8;
/// A cut is felt late: sampling, commits, and the queue that is there.
const AHEAD: f64 = 10.0;
/// The slope is taken over so long: a single commit makes a step of a second.
const TREND: Duration = Duration::from_secs(8);
/// A cut is given so long to show before the next.
const COOLDOWN: Duration = Duration::from_secs(6);
/// Live must have been calm for so long before the rate grows again.
const CONFIRM: Duration = Duration::from_secs(10);
/// What one cut leaves.
const CUT: f64 = 0.6;
/// Growth a second, as an exponent: while nothing has ever been cut, and below
/// what is known to be safe.
const GROW_FIRST: f64 = 0.22;
const GROW_SAFE: f64 = 0.1;
/// Above it, for each second since the last cut, and at most: where the next
/// cut waits to be found, and the further back the last, the further away.
const PROBE: f64 = 0.00005;
const PROBE_MOST: f64 = 0.02;
/// Of the rate that had to be cut, so much is taken to be safe.
const SAFE: f64 = 0.8;
/// Records a second to begin with, after a stop as well; below [`LEAST`] is 0.
const BEGIN: f64 = 20.0;
const LEAST: f64 = 2.0;
/// Without a sample for so long the live group counts as not well.
const STALE: Duration = Duration::from_secs(20);

/// The rate that the live group's lag allows.
///
/// Multiplicative decrease on the lag that is to be expected, slow growth while
/// all is calm, and a memory of the rate that was too much: growth is quick up
/// to a little below it and slow beyond, so the rate settles there and does not
/// swing.
#[derive(Debug)]
struct Yielding {
    bound: f64,
    limit: f64,
    /// A rate known to be borne; infinite until the first cut.
    safe: f64,
    /// Known samples of the last [`TREND`].
    samples: VecDeque<(Duration, f64)>,
    /// When the last known sample came.
    heard: Option<Duration>,
    known: bool,
    cut: Option<Duration>,
    /// Cut, and not grown since.
    falling: bool,
    calm_since: Option<Duration>,
    grown: Duration,
    /// Records taken since `counted`, for the rate that was really reached.
    taken: u64,
    counted: Duration,
    reached: f64,
}

impl Yielding {
    fn new(bound: Duration, now: Duration) -> Self {
        Self {
            bound: bound.as_secs_f64().max(0.1),
            limit: 0.0,
            safe: f64::INFINITY,
            samples: VecDeque::new(),
            heard: None,
            known: false,
            cut: None,
            falling: false,
            calm_since: None,
            grown: now,
            taken: 0,
            counted: now,
            reached: 0.0,
        }
    }

    fn known(&self) -> Option<Duration> {
        let (_, lag) = self.samples.back()?;
        self.known.then(|| Duration::from_secs_f64(*lag))
    }

    fn took(&mut self, records: u64, now: Duration) {
        self.taken += records;
        self.count(now);
    }

    /// The rate reached, over the last second or two.
    fn count(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted).as_secs_f64();
        if passed >= 1.0 {
            #[allow(clippy::cast_precision_loss, reason = "records of a second")]
            {
                self.reached = self.taken as f64 / passed;
            }
            self.taken = 0;
            self.counted = now;
        }
    }

    fn sample(&mut self, sample: Option<Duration>, now: Duration) {
        self.known = sample.is_some();
        let Some(lag) = sample.map(|lag| lag.as_secs_f64()) else { return self.tick(now) };
        if self.heard.is_none_or(|heard| now.saturating_sub(heard) > STALE) {
            self.samples.clear();
            self.calm_since = None;
        }
        self.heard = Some(now);
        self.samples.push_back((now, lag));
        while self.samples.len() > 2 && self.samples.front().is_some_and(|(at, _)| *at + TREND < now) {
            self.samples.pop_front();
        }
        self.decide(lag, now);
    }

    /// Seconds of lag a second, over the last samples.
    fn slope(&self) -> f64 {
        let (Some((from, first)), Some((to, last))) = (self.samples.front(), self.samples.back()) else { return 0.0 };
        let passed = to.saturating_sub(*from).as_secs_f64();
        // Over a second or two a slope is noise.
        if passed < 2.0 { 0.0 } else { (last - first) / passed }
    }

    fn decide(&mut self, lag: f64, now: Duration) {
        let slope = self.slope().clamp(0.0, 1.0);
        let expected = lag + slope * AHEAD;
        if lag >= STOP * self.bound || (slope > 0.0 && lag >= CALM * self.bound && expected >= self.bound) {
            self.reduce(0.0, now);
        } else if lag >= HIGH * self.bound || (slope > 0.05 && expected >= HIGH * self.bound) {
            self.reduce(CUT, now);
        } else if lag < CALM * self.bound && expected < HIGH * self.bound {
            let since = *self.calm_since.get_or_insert(now);
            let confirm = if self.safe.is_finite() { CONFIRM } else { Duration::ZERO };
            if now.saturating_sub(since) >= confirm {
                return self.grow(now);
            }
        } else {
            self.calm_since = None;
        }
        self.grown = now;
    }

    fn reduce(&mut self, factor: f64, now: Duration) {
        self.calm_since = None;
        let cooling = self.cut.is_some_and(|cut| now.saturating_sub(cut) < COOLDOWN);
        if self.limit <= 0.0 || (cooling && factor > 0.0) {
            return;
        }
        self.count(now);
        // What was allowed and not used was not what hurt.
        let used = self.limit.min((self.reached * 1.1).max(LEAST));
        // Further cuts before it grew again speak of the same rate as the first.
        if !self.falling {
            self.safe = SAFE * used;
            self.falling = true;
        }
        self.limit = used * factor;
        if self.limit < LEAST {
            self.limit = 0.0;
        }
        self.cut = Some(now);
    }

    fn grow(&mut self, now: Duration) {
        self.count(now);
        let passed = now.saturating_sub(self.grown).as_secs_f64().min(2.0);
        self.grown = now;
        self.falling = false;
        if self.limit <= 0.0 {
            self.limit = BEGIN.min(self.safe).max(LEAST);
        } else if self.reached >= 0.7 * self.limit {
            // Only a limit that is felt says anything.
            let since = self.cut.map_or(0.0, |cut| now.saturating_sub(cut).as_secs_f64());
            let growth = match self.safe {
                safe if safe.is_infinite() => GROW_FIRST,
                safe if self.limit < safe => GROW_SAFE,
                _ => (PROBE * since).min(PROBE_MOST),
            };
            self.limit *= (growth * passed).exp();
        }
    }

    /// Without news for long the live group counts as not well.
    fn tick(&mut self, now: Duration) {
        if self.heard.is_none_or(|heard| now.saturating_sub(heard) > STALE) {
            self.known = false;
            let cooling = self.cut.is_some_and(|cut| now.saturating_sub(cut) < COOLDOWN);
            if self.limit > 0.0 && !cooling {
                self.limit *= CUT;
                if self.limit < LEAST {
                    self.limit = 0.0;
                }
                self.cut = Some(now);
                self.calm_since = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
