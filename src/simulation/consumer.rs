//! The consuming side of a worker: the real intake's parts, turned by hand, over
//! a client that knows how librdkafka serves rebalances.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::TryRecvError;
use rdkafka::ClientContext as _;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::broker::{Broker, key};
use super::group::Answer;
use crate::consume::{
    Asked, BATCH_RECORDS, Backpressure, Change, Context, Pressure, Reception, Sieve, Sifted, Watcher,
};
use crate::flow::{Event, Lane, Membership, Outcome};
use crate::kafka::{ClientFigures, ClientKind, ClientListener};
use crate::record::{Origin, RawRecord};

/// What a poll is to serve before any message.
#[derive(Debug)]
enum Callback {
    Assign(Vec<Lane>),
    Revoke(Vec<Lane>),
    Lost,
}

/// What the polling thread is at.
#[derive(Debug)]
enum At {
    Polling,
    /// In the callback of a revoke; `then` it goes on.
    Revoking {
        asked: Asked,
        lanes: Vec<Lane>,
        until: Duration,
        then: Then,
        /// The client has joined again meanwhile, without these.
        without: bool,
    },
    /// Told to stop: waits for all in hand, as a member still.
    Draining(Asked),
    Leaving,
    Left,
}

/// What comes after a revoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Poll,
    JoinAgain,
    Leave,
}

pub struct Consumer {
    pub context: Context,
    pub reception: Reception,
    pub broker: Rc<RefCell<Broker>>,
    pub instance: Option<usize>,
    pressure: Backpressure,
    at: At,
    member: Option<(u64, u32)>,
    membership: Membership<(u64, u32)>,
    /// Heartbeats go on while the polling thread waits, but not once it leaves.
    owned: BTreeSet<Lane>,
    /// The epoch changes with a rebalance callback, be it for nothing; else without any.
    classic: bool,
    callbacks: VecDeque<Callback>,
    /// None until the group's offset was told.
    positions: BTreeMap<Lane, Option<i64>>,
    paused: BTreeSet<Lane>,
    /// Its name in the group was taken by another process.
    pub fenced: bool,
    /// Bytes above its limit that the budget may be: one poll's.
    slack: usize,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, member, owned, callbacks, positions, paused, .. } = self;
        write!(f, "{at:?} {member:?} owns {owned:?} at {positions:?}, paused {paused:?}, to serve {callbacks:?}")
    }
}

impl Consumer {
    pub fn new(
        context: Context,
        reception: Reception,
        broker: Rc<RefCell<Broker>>,
        instance: Option<usize>,
        patience: Duration,
        classic: bool,
    ) -> Self {
        let pressure = Backpressure::new(reception.budget.limit(), patience);
        let slack = BATCH_RECORDS * 2048;
        Self {
            context,
            reception,
            broker,
            instance,
            pressure,
            at: At::Polling,
            member: None,
            membership: Membership::new(!classic),
            owned: BTreeSet::new(),
            classic,
            callbacks: VecDeque::new(),
            positions: BTreeMap::new(),
            paused: BTreeSet::new(),
            fenced: false,
            slack,
        }
    }

    /// What goes into a transaction beside the offsets.
    pub fn metadata(&self) -> Option<(u64, u32)> {
        self.membership.get(|| self.member)
    }

    /// librdkafka's own thread: it joins, and hears what the group wants.
    pub fn heartbeat(&mut self) {
        if matches!(self.at, At::Leaving | At::Left) || self.fenced {
            return;
        }
        let mut broker = self.broker.borrow_mut();
        let broker = &mut *broker;
        let now = broker.now();
        let Some((id, epoch)) = self.member else {
            if self.callbacks.is_empty() && self.owned.is_empty() && matches!(self.at, At::Polling) {
                let id = broker.group.join(self.instance, now, &mut broker.rng);
                self.member = Some((id, 0));
            }
            return;
        };
        // The number of partitions changes while a revoke waits: the client joins again, and
        // what it was to let go of is free.
        if let At::Revoking { lanes, then: Then::Poll, without, .. } = &mut self.at {
            if *without {
                broker.group.greet(id, now);
                return;
            }
            if broker.trouble > 0 && broker.one_in(6) {
                let owned = self.owned.iter().copied().filter(|lane| !lanes.contains(lane)).collect();
                if let Some(epoch) = broker.group.rejoin(id, &owned, now) {
                    broker.trace.count("members that joined again in a revoke");
                    broker.trace.line(|| format!("member {id} joins again as of {epoch}, without {lanes:?}"));
                    self.member = Some((id, epoch));
                    *without = true;
                    return;
                }
            }
        }
        match broker.group.heartbeat(id, &self.owned, now) {
            Answer::Unknown if self.joins_unheard(broker.rng.bool()) => {
                // Really it comes with the next poll, and the membership holds the old id until then.
                self.context.log(RDKafkaLogLevel::Debug, "MEMBERID", "");
                let id = broker.group.join(self.instance, now, &mut broker.rng);
                broker.group.claim(id, &self.owned);
                broker.trace.count("members renamed");
                broker.trace.line(|| format!("{:?} is {id} from now on, and keeps {:?}", self.member, self.owned));
                self.member = Some((id, 0));
            }
            Answer::Unknown => {
                broker.trace.count("assignments lost");
                broker.trace.line(|| format!("member {id} was thrown out, it had {:?}", self.owned));
                self.member = None;
                self.callbacks.clear();
                self.callbacks.push_back(Callback::Lost);
            }
            Answer::Fenced => self.fenced = true,
            Answer::Fine(now) => {
                self.member = Some((id, now));
                if self.classic && now != epoch {
                    self.callbacks.push_back(Callback::Assign(Vec::new()));
                }
            }
            Answer::Revoke(lanes) => {
                self.member = Some((id, epoch));
                let waits = matches!(self.at, At::Revoking { .. })
                    || self.callbacks.iter().any(|callback| matches!(callback, Callback::Revoke(_)));
                if !waits {
                    self.callbacks.push_back(Callback::Revoke(lanes));
                }
            }
            Answer::Assign(epoch, lanes) => {
                self.member = Some((id, epoch));
                self.owned.extend(&lanes);
                self.callbacks.push_back(Callback::Assign(lanes));
            }
        }
    }

    /// A static member that first learns of its end when it joins takes a new id, and
    /// librdkafka tells nobody that the partitions are lost.
    fn joins_unheard(&self, joining: bool) -> bool {
        joining && self.instance.is_some() && self.callbacks.is_empty() && matches!(self.at, At::Polling)
    }

    /// What waits to be served is of a member that goes; what it was assigned as the
    /// one it is now is drained.
    fn join_again(&mut self) {
        self.callbacks.clear();
        let lanes = self.owned.iter().copied().collect();
        self.revoke(lanes, Then::JoinAgain);
    }

    /// What it was assigned meanwhile it has not heard of.
    fn out_of_group(&mut self) {
        self.callbacks.clear();
        self.owned.clear();
        let mut broker = self.broker.borrow_mut();
        let broker = &mut *broker;
        if let Some((id, _)) = self.member.take() {
            broker.group.leave(id, &mut broker.rng);
        }
    }

    /// Once round the loop of the polling thread. Returns whether anything was
    /// done.
    pub fn turn(&mut self) -> bool {
        match &self.at {
            At::Left => false,
            At::Revoking { asked, until, .. } => {
                let now = (self.context.clock)();
                if asked.answer.try_recv() == Err(TryRecvError::Empty) && now < *until {
                    return false;
                }
                self.revoked();
                true
            }
            At::Draining(asked) => {
                let over =
                    asked.answer.try_recv() != Err(TryRecvError::Empty) || (self.context.clock)() >= asked.deadline;
                if over {
                    self.at = At::Leaving;
                    return true;
                }
                self.serve()
            }
            At::Leaving => self.leave(),
            At::Polling if self.context.stop.load(Ordering::Relaxed) => {
                self.broker.borrow().trace.count("graceful stops");
                self.at = At::Draining(self.context.drain_asked());
                self.paused.clone_from(&self.owned);
                true
            }
            At::Polling => self.poll(),
        }
    }

    fn poll(&mut self) -> bool {
        let budget = &self.reception.budget;
        if budget.used() > budget.limit() + self.slack {
            let (used, limit) = (budget.used(), budget.limit());
            self.broker.borrow_mut().checks.breached("I8 memory", || format!("{used} of {limit} bytes"));
        }
        match self.pressure.decide(budget.used(), false, (self.context.clock)()) {
            Pressure::Hold => return false,
            Pressure::Pause => self.pause(),
            Pressure::Resume => self.paused.clear(),
            Pressure::Flow | Pressure::Paused => {}
        }
        if self.serve() {
            return true;
        }
        let took = self.fetch();
        self.context.heed_new_member();
        let join_again = {
            let mut desk = self.context.desk();
            desk.batch.flush();
            std::mem::take(&mut desk.join_again)
        };
        if join_again {
            self.join_again();
        }
        took
    }

    fn pause(&mut self) {
        self.broker.borrow().trace.count("pauses");
        self.paused.clone_from(&self.owned);
    }

    /// One callback, if one waits.
    fn serve(&mut self) -> bool {
        let Some(callback) = self.callbacks.pop_front() else { return false };
        self.broker.borrow().trace.line(|| format!("{:?} is served {callback:?}", self.member));
        if !matches!(callback, Callback::Lost) {
            self.context.heed_new_member();
        }
        self.membership.hold(self.member);
        match callback {
            Callback::Assign(lanes) => {
                self.context.assigned(&lanes, None);
                self.positions.extend(lanes.iter().map(|&lane| (lane, None)));
                if std::mem::take(&mut self.context.desk().pause_again) && self.pressure.is_paused() {
                    self.paused.extend(lanes);
                }
            }
            Callback::Revoke(lanes) => {
                self.revoke(lanes, Then::Poll);
                return true;
            }
            Callback::Lost => {
                let lanes: Vec<Lane> = std::mem::take(&mut self.owned).into_iter().collect();
                self.positions.clear();
                self.paused.clear();
                self.context.lost(&lanes);
            }
        }
        self.membership.served();
        true
    }

    fn revoke(&mut self, lanes: Vec<Lane>, then: Then) {
        self.broker.borrow().trace.count("drains");
        lanes.iter().for_each(|lane| {
            self.positions.remove(lane);
            self.paused.remove(lane);
        });
        self.membership.hold(self.member);
        let asked = self.context.revoke_asked(&lanes);
        let until = (self.context.clock)() + asked.patience * 2;
        self.at = At::Revoking { asked, lanes, until, then, without: false };
    }

    /// The callback of a revoke returns.
    fn revoked(&mut self) {
        let At::Revoking { lanes, then, without, .. } = std::mem::replace(&mut self.at, At::Polling) else { return };
        self.context.revoked_now(&lanes);
        self.membership.served();
        lanes.iter().for_each(|lane| {
            self.owned.remove(lane);
        });
        match then {
            // librdkafka passes over every rebalance from then on, until the worker finds out
            // and makes new clients.
            Then::Poll if without && self.classic => {
                let lanes: Vec<Lane> = self.owned.iter().copied().collect();
                self.positions.clear();
                self.paused.clear();
                self.context.lost(&lanes);
                self.out_of_group();
            }
            Then::Poll => {}
            Then::JoinAgain => self.out_of_group(),
            Then::Leave => self.gone(),
        }
    }

    fn leave(&mut self) -> bool {
        // What waits to be served is of a member that goes.
        self.callbacks.clear();
        let lanes: Vec<Lane> = self.owned.iter().copied().collect();
        if lanes.is_empty() {
            self.gone();
        } else if self.member.is_none() {
            self.owned.clear();
            self.context.lost(&lanes);
            self.gone();
        } else {
            self.revoke(lanes, Then::Leave);
        }
        true
    }

    fn gone(&mut self) {
        let mut broker = self.broker.borrow_mut();
        let broker = &mut *broker;
        // A static member stays, until its session ends or it comes back.
        if let Some((id, _)) = self.member.take().filter(|_| self.instance.is_none()) {
            broker.group.leave(id, &mut broker.rng);
        }
        let _ = self.context.events.send(Event::Stop);
        self.at = At::Left;
    }

    /// Some messages of a partition that has some.
    fn fetch(&mut self) -> bool {
        let mut broker = self.broker.borrow_mut();
        let ready: Vec<Lane> = self.positions.keys().copied().filter(|lane| !self.paused.contains(lane)).collect();
        let Some(lane) = broker.rng.choice(ready) else { return false };
        let Some(position) = self.positions.get_mut(&lane) else { return false };
        let mut from = match *position {
            Some(from) => from,
            None => match broker.committed(lane) {
                Some(from) => from,
                None => return false,
            },
        };
        *position = Some(from);
        if broker.trouble > 0 && broker.one_in(50) {
            // Fetched twice, as after a pause.
            from = broker.committed(lane).unwrap_or(from).min(from);
        }
        let mut took = false;
        let begun = from;
        for _ in 0..broker.rng.usize(1..6) {
            let Some(offset) = broker.inputs[&lane].at(from) else { break };
            from = offset + 1;
            self.reception.take(&mut self.context.desk(), lane, offset, || raw(lane, offset));
            took = true;
        }
        if took {
            broker.trace.line(|| format!("{:?} polls {lane:?} from {begun} up to {from}", self.member));
        }
        *position = (*position).max(Some(from));
        took
    }
}

fn raw(lane: Lane, offset: i64) -> RawRecord {
    let value = vec![b'a'; usize::try_from(offset % 300).unwrap()];
    RawRecord {
        origin: Origin { topic: "in".into(), partition: lane.partition, offset },
        timestamp: None,
        key: Some(key(lane, offset)),
        value_length: value.len(),
        value: Some(value),
        headers: Vec::new(),
    }
}

/// Passes over what is to be passed over.
#[derive(Debug)]
pub struct Passing;

impl Sieve for Passing {
    fn sift(&self, raw: RawRecord) -> Sifted {
        let lane = Lane { topic: 0, partition: raw.origin.partition };
        match super::broker::kind(lane, raw.origin.offset) {
            super::broker::Kind::Silent => Sifted::Done(None, Outcome::Skipped),
            _ => Sifted::Work(raw),
        }
    }
}

/// Hears nothing.
#[derive(Debug)]
pub struct Deaf;

impl Deaf {
    pub fn listener() -> Arc<dyn ClientListener> {
        Arc::new(Self)
    }

    pub fn watcher() -> Arc<dyn Watcher> {
        Arc::new(Self)
    }
}

impl ClientListener for Deaf {
    fn figures(&self, _: ClientKind, _: ClientFigures) {}
    fn error(&self, _: ClientKind, _: &KafkaError, _: &str) {}
    fn failed(&self, _: &KafkaError, _: Option<&str>) {}
}

impl Watcher for Deaf {
    fn tick(&self) {}
    fn waiting(&self, _: bool) {}
    fn consumed(&self, _: usize) {}
    fn passed(&self) {}
    fn first(&self, _: Lane, _: i64, _: Option<i64>) {}
    fn rebalanced(&self, _: Change, _: &[Lane], _: usize) {}
    fn drain_unanswered(&self, _: &[Lane]) {}
    fn passes_over(&self) {}
    fn unowned(&self, _: &[String]) {}
    fn paused(&self, _: usize) {}
    fn deleted(&self, _: Lane, _: u64) {}
    fn finished(&self, _: Lane) {}
    fn poll_error(&self, _: &KafkaError) {}
}
