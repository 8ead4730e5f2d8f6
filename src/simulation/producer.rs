//! The producer of a worker: a client over the scripted broker, with trouble at
//! every call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::broker::{Broker, Kind, No, OUTPUTS, kind, place};
use super::consumer::Consumer;
use crate::flow::{Lane, Ownership};
use crate::kafka::{Fault, fault};
use crate::produce::{Deliveries, Position, Sink, delivery_fault, metadata_if_ours};
use crate::record::{Destination, Outgoing};

/// How long a call may block, as the real sink has it.
const CALL: Duration = Duration::from_secs(5);

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Crash,
    TimedOut,
    Fatal,
    Abortable,
    Full,
}

use Trouble::{Abortable, Crash, Fatal, Full, TimedOut};

/// Records between the client and the broker. It outlives its producer: what
/// was sent before a crash may arrive after it.
#[derive(Debug, Default)]
pub struct Wire {
    producer: (usize, Option<u32>),
    queues: [VecDeque<(usize, u64, Outgoing)>; OUTPUTS + 1],
    /// The next sequence number, by partition.
    sequences: [u64; OUTPUTS + 1],
    reports: [VecDeque<(usize, Option<KafkaError>)>; OUTPUTS + 1],
    deliveries: Arc<Deliveries>,
    /// Until it is aborted, the transaction takes nothing any more.
    abortable: bool,
    /// The broker may have heard of the open transaction.
    registered: bool,
    /// A record failed: the numbers have a gap, and begin anew with a new epoch.
    gap: bool,
    fatal: Option<Code>,
}

impl Wire {
    /// One record arrives or one report does. Returns whether anything did.
    pub fn step(&mut self, broker: &mut Broker) -> bool {
        let partition = broker.rng.usize(0..=OUTPUTS);
        if broker.rng.bool() && self.report(partition) {
            return true;
        }
        let Some((opaque, sequence, record)) = self.queues[partition].pop_front() else {
            return self.report(partition);
        };
        self.registered = true;
        let lost = broker.rng.u32(0..4000) < broker.trouble;
        let answer =
            if lost { Err(None) } else { broker.produce(self.producer, (partition, sequence), &record).map_err(Some) };
        let error = match answer {
            Ok(()) => None,
            Err(Some(No::Concurrent)) => {
                self.queues[partition].push_front((opaque, sequence, record));
                return false;
            }
            Err(Some(No::TooLarge)) => Some(Code::MessageSizeTooLarge),
            Err(Some(_)) => Some(Code::InvalidProducerEpoch),
            // Written or not, nobody was told of it.
            Err(None) => {
                if broker.rng.bool() {
                    let _ = broker.produce(self.producer, (partition, sequence), &record);
                }
                Some(Code::MessageTimedOut)
            }
        };
        self.abortable |= error.is_some() && self.producer.1.is_some();
        self.gap |= error.is_some();
        self.reports[partition].push_back((opaque, error.map(KafkaError::MessageProduction)));
        true
    }

    fn report(&mut self, partition: usize) -> bool {
        let Some((opaque, error)) = self.reports[partition].pop_front() else { return false };
        self.deliveries.report(opaque, error.map(|error| (error, "out")));
        true
    }

    fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }

    /// As librdkafka aborts: the numbers of what is not heard of are given to what comes next,
    /// be it with the broker or not.
    fn purge(&mut self) {
        for partition in 0..=OUTPUTS {
            let queued = self.queues[partition].drain(..).map(|(opaque, ..)| opaque);
            let unheard = self.reports[partition].drain(..).map(|(opaque, _)| opaque);
            for opaque in unheard.chain(queued) {
                self.sequences[partition] -= 1;
                self.deliveries.report(opaque, Some((KafkaError::MessageProduction(Code::PurgeQueue), "out")));
            }
        }
    }

    /// Its process is gone; some of it arrives all the same.
    pub fn cut(&mut self, broker: &mut Broker) {
        for _ in 0..broker.rng.usize(0..6) {
            self.step(broker);
        }
        self.queues.iter_mut().for_each(VecDeque::clear);
    }
}

pub struct Producer {
    pub id: usize,
    pub transactional: bool,
    pub broker: Rc<RefCell<Broker>>,
    pub consumer: Rc<RefCell<Consumer>>,
    pub ownership: Ownership,
    pub wire: Rc<RefCell<Wire>>,
    /// The process ends here, in the middle of a call.
    pub crashed: Rc<Cell<bool>>,
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "producer {} {:?}", self.id, self.wire.borrow().producer)
    }
}

impl Producer {
    /// A call: time passes, others act, and something may go wrong before it is
    /// done, or after, when only the answer is lost.
    fn call<T>(
        &self,
        name: &'static str,
        before: &[Trouble],
        after: &[Trouble],
        act: impl FnOnce(&Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.pass_time();
        let result = self.stumble(before).and_then(|()| act(self)).and_then(|done| {
            self.stumble(after)?;
            Ok(done)
        });
        let told = result.as_ref().err().map(ToString::to_string);
        self.broker
            .borrow()
            .trace
            .line(|| format!("producer {}: {name}: {}", self.id, told.as_deref().unwrap_or("ok")));
        result
    }

    fn stumble(&self, troubles: &[Trouble]) -> Result<(), Fault> {
        let mut broker = self.broker.borrow_mut();
        if broker.rng.u32(0..1000) >= broker.trouble {
            return Ok(());
        }
        let Some(trouble) = broker.rng.choice(troubles.iter().copied()) else { return Ok(()) };
        let mut wire = self.wire.borrow_mut();
        match trouble {
            Crash if broker.one_in(4) => {
                self.crashed.set(true);
                Err(Fault::Retry("crash".to_owned()))
            }
            Crash => Ok(()),
            TimedOut => {
                broker.trace.count("calls timed out");
                broker.time.pass(CALL);
                Err(Fault::Retry("timed out".to_owned()))
            }
            Fatal => {
                broker.trace.count("fatal errors");
                wire.fatal = Some(Code::Fatal);
                Err(Fault::Recreate("fatal".to_owned()))
            }
            Abortable => {
                broker.trace.count("abortable errors");
                wire.abortable = self.transactional;
                Err(Fault::Abort("abortable".to_owned()))
            }
            Full => Err(Fault::QueueFull),
        }
    }

    /// Meanwhile the polling thread goes on, and librdkafka's.
    fn pass_time(&self) {
        let turns = {
            let mut broker = self.broker.borrow_mut();
            let millis = match broker.rng.u32(0..200) {
                0 if broker.trouble > 0 => broker.rng.u64(0..8_000),
                1..5 => broker.rng.u64(0..200),
                _ => broker.rng.u64(0..2),
            };
            broker.time.pass(Duration::from_millis(millis));
            if broker.one_in(8) {
                broker.tick();
            }
            if broker.one_in(12) { broker.rng.usize(1..5) } else { 0 }
        };
        for _ in 0..turns {
            self.meanwhile();
        }
    }

    fn meanwhile(&self) {
        let mut consumer = self.consumer.borrow_mut();
        let roll = self.broker.borrow_mut().rng.u32(0..5);
        match roll {
            0 | 1 => consumer.heartbeat(),
            2 | 3 => drop(consumer.turn()),
            _ => drop(self.wire.borrow_mut().step(&mut self.broker.borrow_mut())),
        }
    }

    fn epoch(&self) -> Result<u32, Fault> {
        let wire = self.wire.borrow();
        match wire.fatal {
            Some(code) => Err(fault(&KafkaError::MessageProduction(code), 0)),
            None => wire.producer.1.ok_or_else(|| Fault::Recreate("there is no producer".to_owned())),
        }
    }

    fn is_abortable(&self) -> Result<(), Fault> {
        if self.wire.borrow().abortable { Err(Fault::Abort("needs an abort".to_owned())) } else { Ok(()) }
    }

    /// A coordinator's no, as librdkafka tells it.
    fn refusal(&self, no: No) -> Fault {
        match no {
            No::OldEpoch => {
                self.wire.borrow_mut().fatal = Some(Code::Fenced);
                Fault::Fenced("an old epoch".to_owned())
            }
            No::Stale | No::TooLarge => {
                self.wire.borrow_mut().abortable = true;
                Fault::Abort("a stale member".to_owned())
            }
            No::Concurrent => Fault::Retry("concurrent transactions".to_owned()),
            No::WrongState => {
                self.wire.borrow_mut().fatal = Some(Code::Fatal);
                Fault::Recreate("invalid transaction state".to_owned())
            }
        }
    }
}

const fn partition(lane: Lane, offset: i64, to: Destination) -> usize {
    match to {
        Destination::Output => (lane.partition as i64 + offset / 3).rem_euclid(OUTPUTS as i64) as usize,
        _ => OUTPUTS,
    }
}

impl Sink for Producer {
    fn recreate(&mut self) -> Result<(), Fault> {
        {
            let mut wire = self.wire.borrow_mut();
            wire.cut(&mut self.broker.borrow_mut());
            *wire = Wire { producer: (self.id, None), ..Wire::default() };
        }
        self.broker.borrow().trace.count("producers made");
        self.call("init", &[Crash, TimedOut], &[Crash, TimedOut], |this| {
            let epoch = if this.transactional {
                // Whatever goes wrong here, a new producer is the next try anyway.
                Some(this.broker.borrow_mut().init(this.id).map_err(|_| Fault::Retry("concurrent".to_owned()))?)
            } else {
                None
            };
            this.wire.borrow_mut().producer = (this.id, epoch);
            Ok(())
        })
    }

    fn committed(&mut self, lanes: &[Lane]) -> Result<BTreeMap<Lane, i64>, Fault> {
        self.call("committed", &[Crash, TimedOut], &[], |this| {
            let broker = this.broker.borrow();
            let told = lanes.iter().map(|&lane| Some((lane, broker.committed(lane)?)));
            let told: Option<BTreeMap<Lane, i64>> = told.collect();
            told.ok_or_else(|| Fault::Retry("unstable offsets".to_owned()))
        })
    }

    fn begin(&mut self) -> Result<(), Fault> {
        let deliveries = Arc::clone(&self.wire.borrow().deliveries);
        deliveries.start();
        if !self.transactional {
            return Ok(());
        }
        self.call("begin", &[Crash, Fatal], &[Crash], |this| {
            this.epoch()?;
            this.wire.borrow_mut().registered = false;
            Ok(())
        })
    }

    fn send(&mut self, index: usize, outgoing: &Outgoing) -> Result<(), Fault> {
        self.call("send", &[Crash, Full, Full, Abortable, Fatal], &[Crash], |this| {
            if this.transactional {
                this.epoch()?;
                this.is_abortable()?;
            }
            let (lane, offset) = place(outgoing);
            let too_large = outgoing.to == Destination::Output && kind(lane, offset) == Kind::TooLarge;
            if too_large && this.broker.borrow_mut().rng.bool() {
                // The client itself sees it, before anything is queued.
                return Err(fault(&KafkaError::MessageProduction(Code::MessageSizeTooLarge), index));
            }
            let mut wire = this.wire.borrow_mut();
            let opaque = wire.deliveries.opaque(index);
            let partition = partition(lane, offset, outgoing.to);
            let sequence = wire.sequences[partition];
            wire.sequences[partition] += 1;
            wire.queues[partition].push_back((opaque, sequence, outgoing.clone()));
            wire.deliveries.sent();
            Ok(())
        })
    }

    fn await_deliveries(&mut self, count: usize) -> Result<bool, Fault> {
        self.call("await", &[Crash], &[], |this| {
            let deliveries = Arc::clone(&this.wire.borrow().deliveries);
            let steps = this.broker.borrow_mut().rng.usize(0..40);
            for _ in 0..steps {
                this.wire.borrow_mut().step(&mut this.broker.borrow_mut());
            }
            match deliveries.wait(count, Duration::ZERO, Duration::ZERO) {
                Ok(all) => {
                    if this.transactional {
                        this.epoch()?;
                    }
                    if !all {
                        this.broker.borrow().time.pass(Duration::from_millis(2));
                    }
                    Ok(all)
                }
                Err(failed) => Err(delivery_fault(&failed, |failed| fault(&failed.error, failed.index))),
            }
        })
    }

    fn send_offsets(&mut self, positions: &[Position]) -> Result<(), Fault> {
        // Outside of a transaction the real sink knows no other answer.
        let troubles: &[Trouble] =
            if self.transactional { &[Crash, TimedOut, Abortable, Fatal] } else { &[Crash, TimedOut] };
        self.call("offsets", troubles, troubles, |this| {
            let metadata = metadata_if_ours(&this.ownership, positions, || {
                let metadata = this.consumer.borrow().metadata();
                // A loss that comes now is seen by the question that follows.
                this.meanwhile();
                metadata
            })?;
            let offsets: Vec<(Lane, i64)> = positions.iter().map(|p| (p.lane, p.offset)).collect();
            if !this.transactional {
                let metadata = metadata.ok_or_else(|| Fault::Retry("no member".to_owned()))?;
                let committed = this.broker.borrow_mut().commit_offsets(metadata, &offsets);
                // As the real sink does: a commit outside of a transaction is tried again.
                return committed.map_err(|_| Fault::Retry("a stale member".to_owned()));
            }
            // One that comes now has made the metadata stale.
            this.meanwhile();
            let Some(metadata) = metadata else { return Err(Fault::Abort("no metadata".to_owned())) };
            let epoch = this.epoch()?;
            this.is_abortable()?;
            this.wire.borrow_mut().registered = true;
            let added = this.broker.borrow_mut().add_offsets((this.id, epoch), metadata, &offsets);
            added.map_err(|no| this.refusal(no))
        })
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if !self.transactional {
            return Ok(());
        }
        self.call(
            "commit",
            &[Crash, TimedOut, Abortable, Fatal],
            &[Crash, TimedOut, TimedOut, Fatal, Abortable],
            |this| {
                let epoch = this.epoch()?;
                // librdkafka flushes before it commits.
                for _ in 0..400 {
                    if !this.wire.borrow().is_empty() {
                        this.wire.borrow_mut().step(&mut this.broker.borrow_mut());
                    }
                }
                this.is_abortable()?;
                let ended = this.broker.borrow_mut().end(this.id, epoch, true);
                ended.map_err(|no| this.refusal(no))
            },
        )
    }

    fn abort(&mut self) -> Result<(), Fault> {
        if !self.transactional {
            return Ok(());
        }
        let deliveries = Arc::clone(&self.wire.borrow().deliveries);
        deliveries.all_heard()?;
        self.call("abort", &[Crash, TimedOut, Abortable, Fatal], &[Crash, TimedOut, Fatal], |this| {
            let epoch = this.epoch()?;
            this.wire.borrow_mut().purge();
            // What the broker never heard of is ended here.
            if !this.wire.borrow().registered {
                this.wire.borrow_mut().abortable = false;
                return Ok(());
            }
            let ended = this.broker.borrow_mut().end(this.id, epoch, false);
            ended.map_err(|no| this.refusal(no))?;
            if this.wire.borrow().gap {
                let epoch = this.broker.borrow_mut().init(this.id).map_err(|no| this.refusal(no))?;
                let mut wire = this.wire.borrow_mut();
                (wire.producer.1, wire.sequences, wire.gap) = (Some(epoch), [0; OUTPUTS + 1], false);
            }
            this.wire.borrow_mut().abortable = false;
            Ok(())
        })
    }
}
