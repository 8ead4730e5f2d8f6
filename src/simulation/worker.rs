//! One process: the real sequencer and the real parts of the intake, their
//! threads turned by hand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::broker::{Broker, Kind, Time, kind, micros};
use super::consumer::{Consumer, Deaf, Passing};
use super::producer::{Producer, Wire};
use crate::consume::{Context, Desk, Queue, Reception, Work};
use crate::encode;
use crate::flow::{Budget, Event, Finished, Membership, Outcome, Ownership};
use crate::produce::{Limits, Sequencer, Silent, Step};
use crate::record::{Destination, Outgoing, Reason, Stage};

/// What a worker is made of.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub exactly_once: bool,
    pub static_members: bool,
    /// The group's protocol, not KIP-848's.
    pub classic: bool,
    pub limits: Limits,
    pub budget: usize,
    pub patience: Duration,
    pub revoke_deadline: Duration,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Crashed,
    Fenced,
    Stopped,
}

/// Stopped as by SIGSTOP, on the world's clock.
#[derive(Debug, Clone, Copy)]
struct Sleep {
    since: Duration,
    until: Duration,
    /// Its clock stands still meanwhile, as that of a machine put to sleep.
    frozen: bool,
}

/// The clock of a process may run ahead of the world's, or fall behind it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    time: Time,
    ahead: Arc<AtomicU64>,
    behind: Arc<AtomicU64>,
}

impl Clock {
    pub fn now(&self) -> Duration {
        let read = |of: &AtomicU64| Duration::from_micros(of.load(Ordering::Relaxed));
        self.time.now() + read(&self.ahead) - read(&self.behind)
    }

    pub fn jump(&self, time: Duration) {
        self.ahead.fetch_add(micros(time), Ordering::Relaxed);
    }

    fn stand_still(&self, time: Duration) {
        self.behind.fetch_add(micros(time), Ordering::Relaxed);
    }
}

pub struct Worker {
    pub slot: usize,
    pub clock: Clock,
    pub stop: Arc<AtomicBool>,
    asleep: Option<Sleep>,
    /// When its last heartbeat was.
    pub beaten: Duration,
    broker: Rc<RefCell<Broker>>,
    consumer: Rc<RefCell<Consumer>>,
    sequencer: Sequencer<Producer, Silent>,
    events: Sender<Event>,
    heard: Receiver<Event>,
    to_do: Receiver<Vec<Work>>,
    pool: Vec<Work>,
    budget: Budget,
    wire: Rc<RefCell<Wire>>,
    crashed: Rc<Cell<bool>>,
    /// The sequencer has nothing to do before, but for events.
    wake: Option<Duration>,
}

impl Worker {
    pub fn start(slot: usize, settings: Settings, broker: &Rc<RefCell<Broker>>) -> Self {
        let clock = Clock { time: broker.borrow().time.clone(), ..Clock::default() };
        let (work, to_do) = unbounded();
        let (events, heard) = unbounded();
        let budget = Budget::new(settings.budget);
        let ownership = Ownership::default();
        let stop = Arc::new(AtomicBool::new(false));
        let now: Arc<dyn Fn() -> Duration + Send + Sync> = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let reception = Reception {
            budget: budget.clone(),
            queue: Queue::default(),
            events: events.clone(),
            clock: Arc::clone(&now),
            watcher: Deaf::watcher(),
            pace: None,
            sieve: Some(Arc::new(Passing)),
        };
        let context = Context {
            desk: Mutex::new(Desk::new(work)),
            topics: vec![Arc::from("in")],
            ownership: ownership.clone(),
            events: events.clone(),
            clock: now,
            revoke_deadline: settings.revoke_deadline,
            shutdown_deadline: settings.revoke_deadline,
            drained_by: OnceLock::new(),
            stop: Arc::clone(&stop),
            listener: Deaf::listener(),
            watcher: Deaf::watcher(),
            bounds: None,
            resets: AtomicU64::new(0),
            new_member: AtomicBool::new(false),
            membership: Membership::new(true),
            skipped: AtomicU32::new(0),
        };
        let instance = settings.static_members.then_some(slot);
        let consumer =
            Consumer::new(context, reception, Rc::clone(broker), instance, settings.patience, settings.classic);
        let consumer = Rc::new(RefCell::new(consumer));
        let wire = Rc::new(RefCell::new(Wire::default()));
        let crashed = Rc::new(Cell::new(false));
        let producer = Producer {
            id: slot,
            transactional: settings.exactly_once,
            broker: Rc::clone(broker),
            consumer: Rc::clone(&consumer),
            ownership,
            wire: Rc::clone(&wire),
            crashed: Rc::clone(&crashed),
        };
        let sequencer = Sequencer::new(producer, Silent, settings.limits, Box::new(encode::refused));
        Self {
            slot,
            clock,
            stop,
            asleep: None,
            beaten: Duration::ZERO,
            broker: Rc::clone(broker),
            consumer,
            sequencer,
            events,
            heard,
            to_do,
            pool: Vec::new(),
            budget,
            wire,
            crashed,
            wake: None,
        }
    }

    /// Whether nothing is in hand.
    pub fn is_idle(&self) -> bool {
        self.budget.used() == 0
    }

    pub fn describe(&self) -> String {
        let (consumer, used) = (self.consumer.borrow(), self.budget.used());
        format!("{consumer:?}, {:?}, {} in the pool, {used} bytes in flight", self.sequencer, self.pool.len())
    }

    /// One thread of it goes on for a moment. Returns whether it did anything.
    pub fn turn(&mut self) -> Result<bool, Ended> {
        let roll = self.broker.borrow_mut().rng.u32(0..100);
        let worked = match roll {
            0..25 => self.consumer.borrow_mut().turn(),
            25..32 => {
                self.beat();
                false
            }
            32..55 => self.enrich(),
            55..65 => self.wire.borrow_mut().step(&mut self.broker.borrow_mut()),
            _ => self.sequence()?,
        };
        if self.consumer.borrow().fenced { Err(Ended::Fenced) } else { Ok(worked) }
    }

    pub fn sleep(&mut self, time: Duration, frozen: bool) {
        let since = self.broker.borrow().now();
        if self.asleep.is_none() {
            self.asleep = Some(Sleep { since, until: since + time, frozen });
        }
    }

    /// Whether it is stopped still.
    pub fn is_asleep(&mut self, now: Duration) -> bool {
        let asleep = self.asleep.is_some_and(|sleep| now < sleep.until);
        if !asleep {
            self.awake(now);
        }
        asleep
    }

    pub fn awake(&mut self, now: Duration) {
        if let Some(sleep) = self.asleep.take().filter(|sleep| sleep.frozen) {
            self.clock.stand_still(now - sleep.since);
        }
    }

    /// librdkafka's own thread has its turn.
    pub fn beat(&mut self) {
        self.beaten = self.broker.borrow().now();
        self.consumer.borrow_mut().heartbeat();
    }

    /// A thread of the pool: whichever record is done first.
    fn enrich(&mut self) -> bool {
        if let Ok(batch) = self.to_do.try_recv() {
            self.pool.extend(batch);
        }
        let mut broker = self.broker.borrow_mut();
        let mut finished = Vec::new();
        for _ in 0..broker.rng.usize(1..8) {
            if self.pool.is_empty() {
                break;
            }
            let index = broker.rng.usize(0..self.pool.len());
            finished.push(enriched(self.pool.swap_remove(index), self.clock.now()));
        }
        let any = !finished.is_empty();
        if any {
            let _ = self.events.send(Event::Finished(finished));
        }
        any
    }

    fn sequence(&mut self) -> Result<bool, Ended> {
        let now = self.clock.now();
        if self.heard.is_empty() && self.wake.is_some_and(|wake| now < wake) {
            return Ok(false);
        }
        self.sequencer.hear(&self.heard);
        let clock = self.clock.clone();
        let step = self.sequencer.step(&|| clock.now());
        if self.crashed.get() {
            return Err(Ended::Crashed);
        }
        match step {
            Step::Again => self.wake = None,
            Step::Wait(until) => self.wake = Some(until.unwrap_or(now + Duration::from_secs(1))),
            Step::Fenced(_) => return Err(Ended::Fenced),
        }
        if self.sequencer.is_stopping() {
            self.sequencer.close();
            return Err(Ended::Stopped);
        }
        Ok(self.wake.is_none())
    }

    /// It is gone; what it had sent may arrive all the same.
    pub fn end(self) {
        self.wire.borrow_mut().cut(&mut self.broker.borrow_mut());
    }
}

fn enriched(work: Work, now: Duration) -> Finished {
    let Work { raw, ticket, mut permit, polled, .. } = work;
    let bad = kind(ticket.lane, ticket.offset) == Kind::Bad;
    let to = if bad { Destination::DeadLetters } else { Destination::Output };
    let outcome = if bad { Outcome::DeadLetter(Stage::Decode, Reason::ALL[0]) } else { Outcome::Output };
    let outgoing = Outgoing { to, key: raw.key, value: raw.value, headers: raw.headers, timestamp: raw.timestamp };
    permit.resize(outgoing.bytes() + 1024);
    Finished { ticket, outgoing: Some(outgoing), outcome, permit, polled, made: now, appended: None }
}
