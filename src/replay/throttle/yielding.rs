use std::collections::VecDeque;
use std::time::Duration;

/// Where the live group's lag must lie, as parts of the bound: below the first
/// the rate grows, above the second it is cut, above the third it is 0. The
/// first two are no more than so many seconds, since a longer lag makes no
/// replay faster.
const CALM: (f64, f64) = (0.2, 5.0);
const HIGH: (f64, f64) = (0.35, 8.0);
const STOP: f64 = 0.6;
/// It counts as it will be so many seconds from now: what is done is felt late,
/// by commits, by looks, and by what was taken before.
const AHEAD: f64 = 6.0;
/// The slope is taken over so long.
const TREND: Duration = Duration::from_secs(8);
/// A cut is given so long to show before the next.
const COOLDOWN: Duration = Duration::from_secs(5);
/// What was felt now was done so long ago.
const LATE: Duration = Duration::from_secs(5);
/// Live must have been calm for so long before the rate grows again.
const CONFIRM: Duration = Duration::from_secs(4);
/// What a cut leaves where lag just stands; for each second of lag a second it
/// leaves so much less; and no less than the last.
const CUT: f64 = 0.85;
const CUT_BY_SLOPE: f64 = 0.6;
const CUT_MOST: f64 = 0.4;
/// What a further cut leaves.
const CUT_AGAIN: f64 = 0.75;
/// Cuts that leave so little of the rate do not help: it is 0 until live is calm.
const GIVE_UP: f64 = 0.25;
/// Of the rate that had to be cut, so much is taken to be safe; and of that, so
/// much is begun with after a stop.
const SAFE: f64 = 0.9;
const RESUME: f64 = 0.5;
/// Growth a second, as an exponent: while nothing has ever been cut, and towards
/// what is known to be safe, for each of the exponents that are missing.
const GROW_FIRST: f64 = 0.15;
const GROW_SAFE: f64 = 0.15;
/// Beyond it, for each second of growth since the last cut, and at most: where
/// the next cut waits to be found, and the further back the last, the further
/// away.
const PROBE: f64 = 0.0002;
const PROBE_MOST: f64 = 0.02;
/// Each time the same rate is found to be too much again it is looked for half
/// as fast, down to this; until the rate is so much above what was borne.
const PROBE_LEAST: f64 = 0.00002;
const NEAR: f64 = 1.3;
/// Far below the greatest rate that was ever borne, for each of the exponents in
/// between, until the same rate was too much twice: what live suffers may be
/// another's doing.
const GROW_FAR: f64 = 0.02;
/// A limit of which less is used says nothing, and does not grow.
const FELT: f64 = 0.8;
/// Records a second to begin with; below [`LEAST`] is 0.
const BEGIN: f64 = 20.0;
const LEAST: f64 = 2.0;
/// So much of the limit, and no less than so many records, may be in hand and
/// not worked on: a replay that is told to stop has done so soon.
const HELD: f64 = 0.5;
const HELD_LEAST: f64 = 16.0;
/// Without a sample for so long the live group counts as not well.
const STALE: Duration = Duration::from_secs(20);

/// The rate that the live group's lag allows.
///
/// All that is heard of lag is late, and all that is done about it is felt late.
/// So the rate is cut by how fast lag grows, and the rate that was too much is
/// remembered: growth is quick up to a little below it and slow beyond, slower
/// than what is late can hide.
#[derive(Debug)]
pub(super) struct Yielding {
    bound: f64,
    pub(super) limit: f64,
    /// A rate known to be borne; infinite until the first cut.
    safe: f64,
    /// The rate that was too much last, the greatest of them, and how fast it is
    /// looked for.
    ceiling: f64,
    record: f64,
    probe: f64,
    /// Known samples of the last [`TREND`].
    samples: VecDeque<(Duration, f64)>,
    /// When the last known sample came.
    heard: Option<Duration>,
    known: bool,
    cut: Option<Duration>,
    /// Cut, and not grown since.
    falling: bool,
    /// The worst lag since the last cut.
    worst: f64,
    /// The rate when it began to fall.
    fell_from: f64,
    calm_since: Option<Duration>,
    /// When it first grew after the last cut, and when it grew last.
    rising: Duration,
    grown: Duration,
    /// Records taken since `counted`, for the rates that were really reached.
    taken: u64,
    counted: Duration,
    reached: VecDeque<(Duration, f64)>,
}

impl Yielding {
    pub(super) fn new(bound: Duration, now: Duration) -> Self {
        Self {
            bound: bound.as_secs_f64().max(0.1),
            limit: 0.0,
            safe: f64::INFINITY,
            ceiling: f64::INFINITY,
            record: 0.0,
            probe: PROBE,
            samples: VecDeque::new(),
            heard: None,
            known: false,
            cut: None,
            falling: false,
            worst: 0.0,
            fell_from: 0.0,
            calm_since: None,
            rising: now,
            grown: now,
            taken: 0,
            counted: now,
            reached: VecDeque::new(),
        }
    }

    pub(super) fn known(&self) -> Option<Duration> {
        let (_, lag) = self.samples.back()?;
        self.known.then(|| Duration::from_secs_f64(*lag))
    }

    pub(super) fn took(&mut self, records: u64, now: Duration) {
        self.taken += records;
        self.count(now);
    }

    /// How many more may be in hand than `held` of them.
    pub(super) fn room(&self, held: usize) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
        let most = (self.limit * HELD).max(HELD_LEAST) as u64;
        most.saturating_sub(held as u64)
    }

    /// The rates reached, each over a second or two.
    fn count(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted).as_secs_f64();
        if passed < 1.0 {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "records of a second")]
        self.reached.push_back((now, self.taken as f64 / passed));
        // The last that is old enough stays.
        while self.reached.get(1).is_some_and(|(at, _)| *at + LATE <= now) {
            self.reached.pop_front();
        }
        self.taken = 0;
        self.counted = now;
    }

    fn reached_now(&self) -> f64 {
        self.reached.back().map_or(0.0, |(_, reached)| *reached)
    }

    /// What was reached when that was done which is felt now.
    fn reached_then(&self) -> f64 {
        self.reached.front().map_or(0.0, |(_, reached)| *reached)
    }

    pub(super) fn sample(&mut self, sample: Option<Duration>, now: Duration) {
        self.known = sample.is_some();
        let Some(lag) = sample.map(|lag| lag.as_secs_f64()) else { return self.tick(now) };
        if self.is_stale(now) {
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

    fn is_stale(&self, now: Duration) -> bool {
        self.heard.is_none_or(|heard| now.saturating_sub(heard) > STALE)
    }

    /// Seconds of lag a second: between the worst of the last samples and the
    /// worst of those before, since between two commits lag is a sawtooth.
    fn slope(&self, now: Duration) -> f64 {
        let half = TREND / 2;
        let worst = |recent: bool| {
            let samples = self.samples.iter().filter(|(at, _)| (*at + half > now) == recent);
            samples.map(|(_, lag)| *lag).reduce(f64::max)
        };
        match (worst(false), worst(true)) {
            // Lag ages no faster than time.
            (Some(before), Some(lately)) => ((lately - before) / half.as_secs_f64()).min(1.0),
            _ => 0.0,
        }
    }

    fn part(&self, (part, most): (f64, f64)) -> f64 {
        (part * self.bound).min(most)
    }

    fn decide(&mut self, lag: f64, now: Duration) {
        let slope = self.slope(now);
        let expected = lag + slope.max(0.0) * AHEAD;
        let (calm, high) = (self.part(CALM), self.part(HIGH));
        if lag >= STOP * self.bound || (lag >= calm && expected >= 0.9 * self.bound) {
            self.reduce(0.0, now);
        } else if lag >= high || (lag >= calm && expected >= high) {
            if self.falling {
                self.reduce_again(lag, slope, now);
            } else {
                self.reduce((CUT - CUT_BY_SLOPE * slope.max(0.0)).max(CUT_MOST), now);
            }
        } else if lag < calm {
            let since = *self.calm_since.get_or_insert(now);
            let confirm = if self.safe.is_finite() { CONFIRM } else { Duration::ZERO };
            if expected < calm && now.saturating_sub(since) >= confirm {
                return self.grow(1.0 - expected / calm, now);
            }
        } else {
            self.calm_since = None;
        }
        self.grown = now;
    }

    /// A cut that does not help is followed by another. The slope is of before
    /// the cut for a while, so at first only the lag itself counts.
    fn reduce_again(&mut self, lag: f64, slope: f64, now: Duration) {
        let since = self.cut.map_or(Duration::ZERO, |cut| now.saturating_sub(cut));
        let rises = since >= COOLDOWN && lag >= self.worst;
        if rises || (since >= COOLDOWN + TREND && slope >= 0.0) {
            self.reduce(CUT_AGAIN, now);
        } else {
            self.worst = self.worst.max(lag);
        }
    }

    /// Leaves `factor` of the rate that was really used, or less.
    fn reduce(&mut self, factor: f64, now: Duration) {
        self.calm_since = None;
        let cooling = self.cut.is_some_and(|cut| now.saturating_sub(cut) < COOLDOWN);
        if self.limit <= 0.0 || (cooling && factor > 0.0) {
            return;
        }
        self.count(now);
        // What was allowed and not used was not what hurt; where next to nothing
        // was used, little is learned.
        let least = GIVE_UP * self.limit;
        let used = self.limit.min((self.reached_now() * 1.1).max(least));
        let then = used.min(self.reached_then()).max(least);
        // Above what is known to be borne, it is its own growth that is felt.
        let grown = self.limit > self.safe || self.safe.is_infinite();
        if !self.falling {
            self.fell_from = used;
            let again = grown && self.limit > 2.0 * LEAST && (1.0 / NEAR..NEAR).contains(&(then / self.ceiling));
            self.probe = if again { (self.probe / 2.0).max(PROBE_LEAST) } else { PROBE };
            self.ceiling = then;
            self.record = self.record.max(then);
            self.safe = SAFE * then;
        } else if !cooling {
            // What the first cut left was too much as well.
            self.safe = self.safe.min(SAFE * used);
        }
        let left = if grown && factor > 0.0 { CUT * then } else { factor * used };
        self.limit = left.min(self.safe);
        self.falling = true;
        self.worst = 0.0;
        if self.limit < LEAST.max(GIVE_UP * self.fell_from) {
            self.limit = 0.0;
        }
        self.cut = Some(now);
    }

    /// The nearer the lag that is expected is to what is calm, the slower.
    fn grow(&mut self, margin: f64, now: Duration) {
        self.count(now);
        let passed = now.saturating_sub(self.grown).as_secs_f64().min(2.0);
        self.grown = now;
        if self.falling || self.limit <= 0.0 {
            self.falling = false;
            self.rising = now;
        }
        if self.limit <= 0.0 {
            self.limit = if self.safe.is_finite() { (RESUME * self.safe).max(LEAST) } else { BEGIN };
            // That nothing was reached while nothing was allowed tells nothing.
            self.reached.clear();
        } else if self.reached_now() >= FELT * self.limit {
            // Only a limit that is felt says anything.
            let since = now.saturating_sub(self.rising).as_secs_f64();
            let growth = if self.safe.is_finite() {
                let missing = (self.safe / self.limit).ln();
                let probe = if self.limit > NEAR * self.ceiling { PROBE } else { self.probe };
                let far = if self.probe < PROBE { 0.0 } else { GROW_FAR * (self.record / self.limit).ln() };
                (GROW_SAFE * missing).max((probe * since).min(PROBE_MOST)).max(far)
            } else {
                GROW_FIRST
            };
            self.limit *= (growth * margin * passed).exp();
        }
    }

    /// Without news for long the live group counts as not well.
    pub(super) fn tick(&mut self, now: Duration) {
        if self.is_stale(now) {
            self.known = false;
            self.reduce(CUT_MOST, now);
        }
    }
}
