//! Alive and ready, as pure functions of what the threads last said.
//!
//! Alive means making progress or having nothing to do; a worker that is not
//! alive should be restarted. A broker outage is never a reason for that: a
//! restart would not bring the broker back. Ready means that the broker
//! answers, the group has given its assignment (an empty one counts) and no
//! shutdown is under way; it can turn back at any time.
//!
//! Every thread holds a [`Pulse`] and says what it is about:
//!
//! - intake and sequencer [`beat`](Pulse::beat) in each turn of their loop, and
//!   [`protect`](Pulse::protect) a call that may rightly take longer;
//! - an enrich thread is [`busy`](Pulse::busy) with one record at a time and
//!   [`idle`](Pulse::idle) while it waits, be it for work or to hand work on.
//!
//! Time is handed in, as the time since the process began; nothing here reads a
//! clock.
//!
//! ```
//! use std::time::Duration;
//! use warraq::health::{Health, Limits};
//!
//! let health = Health::new(Duration::ZERO, Limits::default(), 2);
//! let now = Duration::from_secs(5);
//! health.intake().beat(now);
//! health.sequencer().beat(now);
//! assert!(health.alive(now).ok);
//! assert!(!health.ready(now).ok, "no broker has answered yet");
//! health.broker(now, true);
//! health.assigned(true);
//! assert!(health.ready(now).ok);
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long each silence may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the intake's and the sequencer's loop outside protected calls.
    pub beat: Duration,
    /// Of one enrich thread over one record: well above `enrich.deadline`.
    pub record: Duration,
    /// Without any record becoming durable, while records wait and the broker
    /// answers: well above a commit and a rebalance.
    pub progress: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { beat: Duration::from_secs(60), record: Duration::from_secs(60), progress: Duration::from_secs(180) }
    }
}

/// An answer, and what it rests on, for the person who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub ok: bool,
    pub reason: String,
}

impl Verdict {
    fn no(reason: String) -> Self {
        Self { ok: false, reason }
    }

    fn yes(reason: &str) -> Self {
        Self { ok: true, reason: reason.to_owned() }
    }
}

/// A moment in milliseconds, kept for other threads; 0 is "never".
#[derive(Debug, Default)]
struct Moment(AtomicU64);

impl Moment {
    fn at(time: Duration) -> Self {
        Self(AtomicU64::new(millis(time)))
    }

    fn set(&self, time: Duration) {
        self.0.store(millis(time), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn get(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Duration::from_millis(millis)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[derive(Debug, Default)]
struct Mark {
    /// The last turn of a loop; of an enrich thread, when its record began.
    beat: Moment,
    /// Silence is allowed until then.
    protected: Moment,
}

/// What all threads of a worker last said; cheap to share.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    limits: Limits,
    intake: Mark,
    sequencer: Mark,
    pool: Vec<Mark>,
    in_flight: AtomicU64,
    /// When the first of the records now in flight came in.
    waiting_since: Moment,
    last_progress: Moment,
    broker_reachable: AtomicBool,
    /// When the broker was last found to answer after it had not.
    reachable_since: Moment,
    /// When somebody last looked.
    broker_seen: Moment,
    assigned: AtomicBool,
    shutting_down: AtomicBool,
}

/// One thread's line to the state.
#[derive(Debug, Clone)]
pub struct Pulse {
    state: Arc<State>,
    thread: Thread,
}

#[derive(Debug, Clone, Copy)]
enum Thread {
    Intake,
    Sequencer,
    Pool(usize),
}

impl Pulse {
    fn mark(&self) -> Option<&Mark> {
        match self.thread {
            Thread::Intake => Some(&self.state.intake),
            Thread::Sequencer => Some(&self.state.sequencer),
            Thread::Pool(index) => self.state.pool.get(index),
        }
    }

    /// The loop has turned; ends a protected stretch.
    pub fn beat(&self, now: Duration) {
        if let Some(mark) = self.mark() {
            mark.beat.set(now);
            mark.protected.clear();
        }
    }

    /// A call begins that may rightly keep the thread until then. The next
    /// [`beat`](Self::beat) ends it.
    pub fn protect(&self, until: Duration) {
        if let Some(mark) = self.mark() {
            mark.protected.set(until);
        }
    }

    /// An enrich thread takes up one record.
    pub fn busy(&self, now: Duration) {
        self.beat(now);
    }

    /// An enrich thread waits: for work, or to hand work on.
    pub fn idle(&self) {
        if let Some(mark) = self.mark() {
            mark.beat.clear();
        }
    }
}

impl Health {
    /// A worker that starts now, with so many enrich threads, all idle.
    #[must_use]
    pub fn new(now: Duration, limits: Limits, pool_threads: usize) -> Self {
        let running = || Mark { beat: Moment::at(now), ..Mark::default() };
        let state = State {
            limits,
            intake: running(),
            sequencer: running(),
            pool: std::iter::repeat_with(Mark::default).take(pool_threads).collect(),
            in_flight: AtomicU64::new(0),
            waiting_since: Moment::default(),
            last_progress: Moment::default(),
            broker_reachable: AtomicBool::new(false),
            reachable_since: Moment::default(),
            broker_seen: Moment::at(now),
            assigned: AtomicBool::new(false),
            shutting_down: AtomicBool::new(false),
        };
        Self { state: Arc::new(state) }
    }

    #[must_use]
    pub fn intake(&self) -> Pulse {
        self.pulse(Thread::Intake)
    }

    #[must_use]
    pub fn sequencer(&self) -> Pulse {
        self.pulse(Thread::Sequencer)
    }

    /// The pulse of one enrich thread, counted from 0.
    #[must_use]
    pub fn pool(&self, thread: usize) -> Pulse {
        self.pulse(Thread::Pool(thread))
    }

    fn pulse(&self, thread: Thread) -> Pulse {
        Pulse { state: Arc::clone(&self.state), thread }
    }

    /// So many records came in.
    pub fn taken(&self, now: Duration, records: u64) {
        if records > 0 && self.state.in_flight.fetch_add(records, Ordering::Relaxed) == 0 {
            self.state.waiting_since.set(now);
        }
    }

    /// So many records became durable.
    pub fn done(&self, now: Duration, records: u64) {
        self.state.last_progress.set(now);
        self.release(records);
    }

    /// So many records were dropped because their partition went: no progress,
    /// but nobody waits for them any more.
    pub fn dropped(&self, records: u64) {
        self.release(records);
    }

    fn release(&self, records: u64) {
        let left = |in_flight: u64| Some(in_flight.saturating_sub(records));
        // The closure always answers, so this cannot fail.
        let _ = self.state.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }

    /// Whether the broker answers, from whoever looks; say it again at least
    /// every few seconds, also when nothing changed.
    pub fn broker(&self, now: Duration, reachable: bool) {
        let before = self.state.broker_reachable.swap(reachable, Ordering::Relaxed);
        if reachable && !before {
            self.state.reachable_since.set(now);
        }
        self.state.broker_seen.set(now);
    }

    /// Whether the group has said which partitions are ours; none is an answer.
    pub fn assigned(&self, known: bool) {
        self.state.assigned.store(known, Ordering::Relaxed);
    }

    /// From now on no new work is taken.
    pub fn shutting_down(&self) {
        self.state.shutting_down.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.state.in_flight.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn is_broker_reachable(&self) -> bool {
        self.state.broker_reachable.load(Ordering::Relaxed)
    }

    /// Making progress, or nothing to do.
    #[must_use]
    pub fn alive(&self, now: Duration) -> Verdict {
        self.state.alive(now)
    }

    /// Taking work.
    #[must_use]
    pub fn ready(&self, now: Duration) -> Verdict {
        self.state.ready(now)
    }
}

impl State {
    fn alive(&self, now: Duration) -> Verdict {
        if let Some(reason) = self.stuck_record(now) {
            return Verdict::no(reason);
        }
        if self.outage(now) {
            return Verdict::yes("waiting for the broker");
        }
        if let Some(reason) = self.silent_loop(now).or_else(|| self.no_progress(now)) {
            return Verdict::no(reason);
        }
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            return Verdict::yes("nothing to do");
        }
        Verdict::yes("making progress")
    }

    fn ready(&self, now: Duration) -> Verdict {
        if self.shutting_down.load(Ordering::Relaxed) {
            return Verdict::no("shutting down".to_owned());
        }
        if !self.broker_reachable.load(Ordering::Relaxed) {
            return Verdict::no("the broker does not answer".to_owned());
        }
        if !self.assigned.load(Ordering::Relaxed) {
            return Verdict::no("the group has not assigned partitions yet".to_owned());
        }
        let alive = self.alive(now);
        if alive.ok { Verdict::yes("taking work") } else { alive }
    }

    /// No broker answers, and somebody still looks. Where nobody has looked for
    /// long, whoever should is stuck, and the outage excuses nothing.
    fn outage(&self, now: Duration) -> bool {
        let watched = self.broker_seen.get().is_some_and(|seen| now.saturating_sub(seen) <= self.limits.beat);
        watched && !self.broker_reachable.load(Ordering::Relaxed)
    }

    /// An enrich thread that has had one record in hand for too long.
    fn stuck_record(&self, now: Duration) -> Option<String> {
        self.pool.iter().enumerate().find_map(|(index, mark)| {
            let silence = now.saturating_sub(mark.beat.get()?);
            (silence > self.limits.record && !mark.is_protected(now))
                .then(|| format!("enrich thread {index} has worked on one record for {} s", silence.as_secs()))
        })
    }

    fn silent_loop(&self, now: Duration) -> Option<String> {
        [("intake", &self.intake), ("sequencer", &self.sequencer)].into_iter().find_map(|(name, mark)| {
            // What the outage held up gets its time again once it is over.
            let since = mark.beat.get()?.max(self.reachable_since.get().unwrap_or_default());
            let silence = now.saturating_sub(since);
            (silence > self.limits.beat && !mark.is_protected(now))
                .then(|| format!("the {name} thread has not turned for {} s", silence.as_secs()))
        })
    }

    fn no_progress(&self, now: Duration) -> Option<String> {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        if in_flight == 0 {
            return None;
        }
        let since = [&self.waiting_since, &self.last_progress, &self.reachable_since]
            .into_iter()
            .filter_map(Moment::get)
            .max()?;
        let silence = now.saturating_sub(since);
        (silence > self.limits.progress)
            .then(|| format!("{in_flight} records wait and none became durable for {} s", silence.as_secs()))
    }
}

impl Mark {
    fn is_protected(&self, now: Duration) -> bool {
        self.protected.get().is_some_and(|until| now <= until)
    }
}
