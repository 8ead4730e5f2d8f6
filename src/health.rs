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

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// What somebody outside refuses, and why, by its key.
    refused: Mutex<BTreeMap<&'static str, String>>,
    /// Whether that holds anything: asked for each record.
    is_refused: AtomicBool,
    /// What is waited for before any thread runs.
    starting: Option<String>,
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
            refused: Mutex::default(),
            is_refused: AtomicBool::new(false),
            starting: None,
        };
        Self { state: Arc::new(state) }
    }

    /// A worker that has not begun and waits for something outside: alive, and
    /// not ready because of `what`.
    #[must_use]
    pub fn starting(what: &str) -> Self {
        let mut health = Self::new(Duration::ZERO, Limits::default(), 0);
        if let Some(state) = Arc::get_mut(&mut health.state) {
            state.starting = Some(what.to_owned());
        }
        health
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

    /// Something that is needed is refused, until a person acts outside: a grant is
    /// missing, a login fails. A restart would not mend it.
    pub fn refused(&self, key: &'static str, reason: String) {
        self.state.refusals().insert(key, reason);
        self.state.is_refused.store(true, Ordering::Relaxed);
    }

    /// Whether this is refused as far as we know.
    #[must_use]
    pub fn is_refused(&self, key: &str) -> bool {
        self.state.refusals().contains_key(key)
    }

    /// It is not, or no longer; returns whether it was. Cheap where nothing is.
    pub fn allowed(&self, key: &str) -> bool {
        if !self.state.is_refused.load(Ordering::Relaxed) {
            return false;
        }
        let mut refusals = self.state.refusals();
        let was = refusals.remove(key).is_some();
        self.state.is_refused.store(!refusals.is_empty(), Ordering::Relaxed);
        was
    }

    /// All threads ended well and begin again: nothing of what they said holds.
    pub fn begin_again(&self) {
        let state = &self.state;
        state.shutting_down.store(false, Ordering::Relaxed);
        state.assigned.store(false, Ordering::Relaxed);
        state.in_flight.store(0, Ordering::Relaxed);
        state.refusals().clear();
        state.is_refused.store(false, Ordering::Relaxed);
    }

    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.state.in_flight.load(Ordering::Relaxed)
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
        if let Some(what) = &self.starting {
            return Verdict::yes(what);
        }
        if let Some(reason) = self.stuck_record(now) {
            return Verdict::no(reason);
        }
        if self.outage(now) {
            return Verdict::yes("waiting for the broker");
        }
        if let Some(reason) = self.silent_loop(now) {
            return Verdict::no(reason);
        }
        if self.refusal().is_some() {
            return Verdict::yes("waiting for what is refused; see /readyz");
        }
        if let Some(reason) = self.no_progress(now) {
            return Verdict::no(reason);
        }
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            return Verdict::yes("nothing to do");
        }
        Verdict::yes("making progress")
    }

    fn ready(&self, now: Duration) -> Verdict {
        if let Some(what) = &self.starting {
            return Verdict::no(what.clone());
        }
        if self.shutting_down.load(Ordering::Relaxed) {
            return Verdict::no("shutting down".to_owned());
        }
        if let Some(reason) = self.refusal() {
            return Verdict::no(reason);
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

    fn refusals(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that is refused, in one line.
    fn refusal(&self) -> Option<String> {
        let refusals = self.refusals();
        let all: Vec<&str> = refusals.values().map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits =
        Limits { beat: Duration::from_secs(60), record: Duration::from_secs(90), progress: Duration::from_secs(180) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn beat(health: &Health, now: Duration) {
        health.intake().beat(now);
        health.sequencer().beat(now);
    }

    /// A worker that has joined its group at 1 s.
    fn joined() -> Health {
        let health = Health::new(at(1), LIMITS, 2);
        health.broker(at(1), true);
        health.assigned(true);
        health
    }

    #[test]
    fn who_waits_before_the_start_is_alive_and_not_ready() {
        let health = Health::starting("waiting for the registry");
        let days = Duration::from_secs(1_000_000);
        assert_eq!(health.alive(days), Verdict::yes("waiting for the registry"));
        assert_eq!(health.ready(days), Verdict::no("waiting for the registry".to_owned()));
    }

    #[test]
    fn nothing_to_do_is_alive_for_ever() {
        let health = joined();
        for hour in 1..100 {
            let now = at(hour * 3_600);
            beat(&health, now);
            health.broker(now, true);
            assert_eq!(health.alive(now), Verdict::yes("nothing to do"));
            assert_eq!(health.ready(now), Verdict::yes("taking work"));
        }
    }

    #[test]
    fn what_is_refused_is_waited_for_and_no_reason_to_restart() {
        let health = joined();
        health.taken(at(2), 1);
        health.refused("output.topic", "lacks Write on out".to_owned());
        health.refused("kafka.group_id", "lacks Read on g".to_owned());
        let later = at(600);
        beat(&health, later);
        health.broker(later, true);
        assert!(health.alive(later).ok, "without the refusal this is no progress for ten minutes");
        assert_eq!(health.ready(later), Verdict::no("lacks Read on g; lacks Write on out".to_owned()));
        assert!(health.allowed("kafka.group_id") && !health.allowed("kafka.group_id"));
        assert!(!health.ready(later).ok && health.is_refused("output.topic"));
        assert!(health.allowed("output.topic"));
        assert!(!health.alive(later).ok, "now it is");
    }

    #[test]
    fn a_refusal_excuses_no_loop_that_stands_still() {
        let health = joined();
        health.refused("output.topic", "lacks Write on out".to_owned());
        health.broker(at(100), true);
        assert!(!health.alive(at(100)).ok);
    }

    #[test]
    fn who_begins_again_owes_nothing() {
        let health = joined();
        health.taken(at(2), 3);
        health.refused("output.topic", "lacks Write on out".to_owned());
        health.shutting_down();
        health.begin_again();
        beat(&health, at(3));
        assert_eq!((health.in_flight(), health.is_refused("output.topic")), (0, false));
        assert_eq!(health.ready(at(3)), Verdict::no("the group has not assigned partitions yet".to_owned()));
        health.assigned(true);
        assert_eq!(health.ready(at(3)), Verdict::yes("taking work"));
    }

    #[test]
    fn a_loop_that_stands_still_is_dead_and_comes_back() {
        let health = joined();
        health.broker(at(62), true);
        health.intake().beat(at(62));
        let dead = health.alive(at(62));
        assert_eq!(dead, Verdict::no("the sequencer thread has not turned for 61 s".to_owned()));
        assert!(!health.ready(at(62)).ok, "what is not alive is not ready");
        health.sequencer().beat(at(63));
        assert!(health.alive(at(63)).ok && health.ready(at(63)).ok);
    }

    #[test]
    fn a_protected_call_may_be_long_but_not_for_ever() {
        let health = joined();
        let intake = health.intake();
        intake.protect(at(300));
        health.sequencer().beat(at(300));
        health.broker(at(300), true);
        assert!(health.alive(at(300)).ok);
        health.sequencer().beat(at(301));
        assert!(!health.alive(at(301)).ok);
        intake.beat(at(302));
        health.broker(at(400), true);
        health.sequencer().beat(at(400));
        assert!(!health.alive(at(400)).ok, "a beat ends the protection");
    }

    #[test]
    fn one_record_may_not_keep_a_thread_for_ever() {
        let health = joined();
        let pulse = health.pool(1);
        pulse.busy(at(10));
        beat(&health, at(100));
        assert!(health.alive(at(100)).ok);
        beat(&health, at(101));
        assert_eq!(health.alive(at(101)).reason, "enrich thread 1 has worked on one record for 91 s");
        pulse.idle();
        assert!(health.alive(at(101)).ok, "a thread that waits does no harm");
    }

    #[test]
    fn records_that_wait_while_the_broker_answers_are_a_reason() {
        let health = joined();
        let run = |now: u64| {
            beat(&health, at(now));
            health.broker(at(now), true);
            health.alive(at(now))
        };
        assert!(run(1_000).ok);
        health.taken(at(1_000), 5);
        assert_eq!(run(1_180), Verdict::yes("making progress"), "the wait begins with the first record");
        assert_eq!(run(1_181).reason, "5 records wait and none became durable for 181 s");
        health.done(at(1_182), 2);
        assert!(run(1_200).ok);
        health.taken(at(1_300), 1);
        assert!(!run(1_363).ok, "a new record does not make old ones young");
        health.dropped(4);
        assert_eq!(run(1_363), Verdict::yes("nothing to do"));
        assert_eq!(health.in_flight(), 0);
    }

    #[test]
    fn an_outage_is_no_reason_but_one_that_nobody_watches_is() {
        let health = joined();
        health.taken(at(2), 5);
        for now in (2..4_000).step_by(10) {
            health.broker(at(now), false);
            assert_eq!(health.alive(at(now)), Verdict::yes("waiting for the broker"));
            assert_eq!(health.ready(at(now)).reason, "the broker does not answer");
        }
        // It comes back: everyone gets the time to turn again.
        health.broker(at(4_000), true);
        assert!(health.alive(at(4_060)).ok && health.ready(at(4_000)).ok);
        assert!(!health.alive(at(4_061)).ok);
        // Nobody looks any more: the outage is hearsay.
        health.broker(at(5_000), false);
        assert!(health.alive(at(5_060)).ok);
        assert!(!health.alive(at(5_061)).ok);
    }

    #[test]
    fn ready_turns_and_turns_back() {
        let health = Health::new(at(1), LIMITS, 1);
        let reason = || health.ready(at(2)).reason;
        assert_eq!(reason(), "the broker does not answer");
        health.broker(at(2), true);
        assert_eq!(reason(), "the group has not assigned partitions yet");
        health.assigned(true);
        assert!(health.ready(at(2)).ok);
        health.assigned(false);
        assert!(!health.ready(at(2)).ok);
        health.assigned(true);
        health.shutting_down();
        assert_eq!(reason(), "shutting down");
        assert!(health.alive(at(2)).ok);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Broker(bool),
        Beat,
        Protect(u64),
        Taken(u64),
        Done(u64),
        Dropped(u64),
        Busy(usize),
        Idle(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..50_u64).prop_map(Step::Wait),
            any::<bool>().prop_map(Step::Broker),
            Just(Step::Beat),
            (0..300_u64).prop_map(Step::Protect),
            (0..9_u64).prop_map(Step::Taken),
            (0..9_u64).prop_map(Step::Done),
            (0..9_u64).prop_map(Step::Dropped),
            (0..3_usize).prop_map(Step::Busy),
            (0..3_usize).prop_map(Step::Idle),
        ];
        prop::collection::vec(step, 0..80)
    }

    fn drive(health: &Health, steps: &[Step]) -> Duration {
        let mut now = at(1);
        for step in steps {
            match *step {
                Step::Wait(seconds) => now += at(seconds),
                Step::Broker(reachable) => health.broker(now, reachable),
                Step::Beat => beat(health, now),
                Step::Protect(seconds) => health.sequencer().protect(now + at(seconds)),
                Step::Taken(records) => health.taken(now, records),
                Step::Done(records) => health.done(now, records),
                Step::Dropped(records) => health.dropped(records),
                Step::Busy(thread) => health.pool(thread).busy(now),
                Step::Idle(thread) => health.pool(thread).idle(),
            }
        }
        now
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn whatever_came_before_an_outage_that_is_watched_kills_nobody(steps in steps(), later in 0..10_000_u64) {
            let health = Health::new(at(1), LIMITS, 2);
            let now = drive(&health, &steps) + at(later);
            health.pool(0).idle();
            health.pool(1).idle();
            health.broker(now, false);
            prop_assert!(health.alive(now).ok, "{:?}", health.alive(now));
            prop_assert!(!health.ready(now).ok);
        }

        #[test]
        fn whatever_came_before_a_worker_that_works_is_alive(steps in steps(), later in 0..10_000_u64) {
            let health = Health::new(at(1), LIMITS, 2);
            let now = drive(&health, &steps) + at(later);
            beat(&health, now);
            health.pool(0).busy(now);
            health.pool(1).idle();
            health.done(now, 1);
            prop_assert!(health.alive(now).ok, "{:?}", health.alive(now));
        }

        #[test]
        fn whatever_came_before_a_standstill_is_found(steps in steps()) {
            let health = Health::new(at(1), LIMITS, 2);
            let now = drive(&health, &steps);
            health.broker(now, true);
            health.taken(now, 1);
            // Past every limit and every protection.
            let later = now + at(1_000);
            prop_assert!(!health.alive(later).ok);
            beat(&health, later);
            prop_assert!(!health.alive(later).ok, "turning loops alone are no progress");
        }
    }
}
