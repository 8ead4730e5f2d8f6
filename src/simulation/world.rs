//! Workers that share brokers, and what befalls them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fastrand::Rng;

use super::broker::{Broker, Input};
use super::checks::{Breach, Checks};
use super::trace::Trace;
use super::worker::{Ended, Settings, Worker};
use crate::flow::Lane;
use crate::produce::Limits;

/// Steps of an episode in which things go wrong, and of the calm after it.
const ROUGH: u32 = 4_000;
const CALM: u64 = 400_000;

pub struct World {
    broker: Rc<RefCell<Broker>>,
    settings: Settings,
    workers: Vec<Worker>,
    /// Processes that come back: slot and time.
    due: Vec<(usize, Duration)>,
    trace: Trace,
    /// Once there was a twin, or a clock that stood still, a worker may be
    /// told that another took its id.
    may_be_fenced: bool,
    rough: bool,
    idle: u32,
    steps: u64,
    /// Steps in which something was done.
    worked: u64,
    session: Duration,
}

/// How an episode went.
#[derive(Debug)]
pub struct Report {
    /// Those in which something was done.
    pub steps: u64,
    /// From the last fault until all was done, on the world's clock.
    pub recovery: Duration,
    pub breach: Option<Breach>,
}

/// All of it follows from the seed.
pub fn episode(seed: u64, trace: &Trace) -> Report {
    let mut world = World::new(seed, trace.clone());
    world.storm();
    let recovery = world.calm();
    if world.breach().is_none() {
        Checks::end(&mut world.broker.borrow_mut(), world.settings.exactly_once);
    }
    Report { steps: world.worked, recovery, breach: world.breach() }
}

impl World {
    fn new(seed: u64, trace: Trace) -> Self {
        let mut rng = Rng::with_seed(seed);
        let workers = rng.usize(1..=3);
        let transaction_timeout = Duration::from_secs(rng.u64(15..60));
        let settings = Settings {
            exactly_once: rng.u32(0..4) > 0,
            static_members: rng.bool(),
            classic: rng.u32(0..3) == 0,
            limits: Limits {
                interval: Duration::from_millis(rng.u64(20..400)),
                records: rng.usize(3..24),
                bytes: if rng.bool() { 10_000 } else { usize::MAX },
                timeout: transaction_timeout,
            },
            budget: rng.usize(4..64) << 10,
            patience: Duration::from_millis(rng.u64(50..2_000)),
            revoke_deadline: Duration::from_millis(rng.u64(100..10_000)),
        };
        let inputs = (0..rng.i32(1..=4)).map(|partition| (Lane { topic: 0, partition }, input(&mut rng))).collect();
        let session = Duration::from_secs(rng.u64(6..30));
        trace.line(|| format!("seed {seed}: {workers} workers, session {session:?}, {settings:?}"));
        let broker = Broker::new(rng, trace.clone(), inputs, session, transaction_timeout);
        let due = (0..workers).map(|slot| (slot, Duration::ZERO)).collect();
        Self {
            broker: Rc::new(RefCell::new(broker)),
            settings,
            workers: Vec::new(),
            due,
            trace,
            may_be_fenced: false,
            rough: true,
            idle: 0,
            steps: 0,
            worked: 0,
            session,
        }
    }

    fn breach(&self) -> Option<Breach> {
        self.broker.borrow().checks.breach.clone()
    }

    fn roll(&self, below: u32) -> u32 {
        self.broker.borrow_mut().rng.u32(0..below)
    }

    fn now(&self) -> Duration {
        self.broker.borrow().now()
    }

    /// Things go wrong.
    fn storm(&mut self) {
        let length = self.steps + u64::from(self.roll(ROUGH));
        while self.steps < length && self.breach().is_none() {
            if self.roll(300) == 0 {
                self.befall();
            }
            if self.roll(400) == 0 {
                let trouble = [0, 5, 20, 60, 200][self.roll(5) as usize];
                self.broker.borrow_mut().trouble = trouble;
            }
            self.step();
        }
    }

    /// Nothing goes wrong any more: all must be done within a bounded time.
    fn calm(&mut self) -> Duration {
        self.rough = false;
        {
            let mut broker = self.broker.borrow_mut();
            broker.trouble = 0;
            broker.inputs.values_mut().for_each(|input| input.appended = input.offsets.len());
        }
        let since = self.now();
        self.workers.iter_mut().for_each(|worker| worker.awake(since));
        let broker_side = self.broker.borrow().transaction_timeout + Duration::from_secs(30);
        let bound = broker_side + self.settings.revoke_deadline * 4 + Duration::from_secs(60);
        let last = self.steps + CALM;
        while self.breach().is_none() {
            let idle = self.workers.iter().all(Worker::is_idle);
            if idle && self.broker.borrow().is_done() {
                break;
            }
            if self.now() > since + bound || self.steps > last {
                let workers: Vec<String> = self.workers.iter().map(Worker::describe).collect();
                let (after, offsets) = (self.now() - since, self.broker.borrow().offsets.clone());
                let text = format!("not done after {after:?}, {} steps: {workers:#?}, {offsets:?}", self.steps);
                self.broker.borrow_mut().checks.breached("I7 progress", || text);
            }
            self.step();
        }
        self.now() - since
    }

    fn step(&mut self) {
        self.steps += 1;
        self.start_due();
        let roll = self.roll(100);
        let worked = match roll {
            0..3 => {
                self.broker.borrow_mut().tick();
                false
            }
            3..8 => self.append(),
            _ => self.work(),
        };
        self.idle = if worked { 0 } else { self.idle + 1 };
        self.worked += u64::from(worked);
        self.beat();
        // Where nothing is to be done, time flies, and the broker sees it pass.
        let micros = match self.idle {
            0..12 => 200,
            idle => {
                self.broker.borrow_mut().tick();
                1_000 << (idle / 12).min(8)
            }
        };
        self.broker.borrow().time.pass(Duration::from_micros(micros));
    }

    /// librdkafka's own threads run, however long nothing else does.
    fn beat(&mut self) {
        let now = self.now();
        for worker in &mut self.workers {
            if now >= worker.beaten + self.session / 5 && !worker.is_asleep(now) {
                worker.beat();
            }
        }
    }

    fn append(&self) -> bool {
        let mut broker = self.broker.borrow_mut();
        let lanes: Vec<Lane> = broker.inputs.keys().copied().collect();
        let Some(lane) = broker.rng.choice(lanes) else { return false };
        let more = broker.rng.usize(1..4);
        let Some(input) = broker.inputs.get_mut(&lane) else { return false };
        let before = input.appended;
        input.appended = (before + more).min(input.offsets.len());
        input.appended > before
    }

    fn work(&mut self) -> bool {
        if self.workers.is_empty() {
            return false;
        }
        let index = self.roll(u32::try_from(self.workers.len()).unwrap()) as usize;
        let now = self.now();
        let worker = &mut self.workers[index];
        if worker.is_asleep(now) {
            return false;
        }
        match worker.turn() {
            Ok(worked) => worked,
            Err(ended) => {
                self.end(index, ended);
                true
            }
        }
    }

    fn end(&mut self, index: usize, ended: Ended) {
        let worker = self.workers.swap_remove(index);
        let slot = worker.slot;
        self.trace.line(|| format!("worker {slot} ended: {ended:?}"));
        self.trace.count(match ended {
            Ended::Crashed => "workers crashed",
            Ended::Fenced => "workers fenced",
            Ended::Stopped => "workers stopped",
        });
        if ended == Ended::Stopped && !worker.is_idle() {
            self.trace.count("stops with records in hand");
        }
        if ended == Ended::Fenced && !self.may_be_fenced {
            self.broker.borrow_mut().checks.breached("I7 progress", || format!("worker {slot} fenced by nobody"));
        }
        worker.end();
        let back = if self.rough { u64::from(self.roll(20_000)) } else { 0 };
        self.due.push((slot, self.now() + Duration::from_millis(back)));
    }

    /// A process is started again, unless its place is taken.
    fn start_due(&mut self) {
        let now = self.now();
        let Some(index) = self.due.iter().position(|&(_, at)| at <= now) else { return };
        let (slot, _) = self.due.swap_remove(index);
        if self.workers.iter().all(|worker| worker.slot != slot) {
            self.start(slot);
        }
    }

    fn start(&mut self, slot: usize) {
        self.trace.line(|| format!("worker {slot} starts"));
        self.workers.push(Worker::start(slot, self.settings, &self.broker));
    }

    /// One fault, of one process or of the group.
    fn befall(&mut self) {
        let roll = self.roll(100);
        let count = u32::try_from(self.workers.len()).unwrap();
        let seconds = u64::from(self.roll(80_000));
        let pause = Duration::from_millis(seconds);
        match roll {
            0..8 => {
                self.trace.count("kicks");
                let mut broker = self.broker.borrow_mut();
                let broker = &mut *broker;
                broker.group.kick(&mut broker.rng);
                return;
            }
            8..30 => {
                self.trace.count("rebalances");
                let mut broker = self.broker.borrow_mut();
                let broker = &mut *broker;
                broker.group.rebalance(&mut broker.rng);
                return;
            }
            _ if count == 0 => return,
            _ => {}
        }
        let index = self.roll(count) as usize;
        let slot = self.workers[index].slot;
        let alone = self.workers.iter().filter(|other| other.slot == slot).count() == 1;
        let worker = &mut self.workers[index];
        self.trace.line(|| format!("worker {slot}: fault {roll}, {pause:?}"));
        match roll {
            30..50 => self.end(index, Ended::Crashed),
            50..72 => {
                self.trace.count("pauses of a process");
                worker.sleep(pause, false);
            }
            72..77 => {
                self.trace.count("pauses with the clock");
                self.may_be_fenced = true;
                worker.sleep(pause, true);
            }
            77..85 => {
                self.trace.count("clock jumps");
                worker.clock.jump(Duration::from_secs(600));
            }
            85..90 if alone => {
                self.trace.count("twins");
                self.may_be_fenced = true;
                self.start(slot);
            }
            _ => worker.stop.store(true, Ordering::Relaxed),
        }
    }
}

fn input(rng: &mut Rng) -> Input {
    let mut offset = 0;
    let offsets = (0..rng.usize(0..120)).map(|_| {
        offset += if rng.u32(0..5) == 0 { rng.i64(1..4) } else { 1 };
        offset - 1
    });
    Input { offsets: offsets.collect(), appended: 0 }
}

/// How often what happened, over all episodes.
pub fn add(total: &mut BTreeMap<&'static str, u64>, counts: BTreeMap<&'static str, u64>) {
    for (what, times) in counts {
        *total.entry(what).or_default() += times;
    }
}
