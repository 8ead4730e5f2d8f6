//! The sequencer against a scripted broker: random arrivals, completions in any
//! order, revokes, losses and faults at every call; and an account that is
//! committed beside the offsets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use crossbeam_channel::bounded;
use proptest::prelude::*;

use super::*;
use crate::flow::{Budget, Ticket};
use crate::produce::transaction::Position;
use crate::record::Destination;

/// What a broker knows: visible records, committed offsets, the open transaction.
#[derive(Debug, Default)]
struct Broker {
    visible: Vec<Sent>,
    committed: BTreeMap<Lane, i64>,
    notes: BTreeMap<Lane, Account>,
    /// What a note said that is not true.
    untrue: Option<String>,
    /// Owned by our member of the group, as the group coordinator sees it.
    owned: BTreeMap<Lane, u64>,
    open: Option<Open>,
    /// One number a call decides what goes wrong; 0 is nothing.
    script: Vec<u8>,
    calls: usize,
    went_back: bool,
}

/// A record that was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    lane: Lane,
    offset: i64,
    dead: bool,
    /// Its name in delivery reports.
    index: usize,
}

/// What is counted of a partition; committed as text beside its offset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Account {
    output: usize,
    dead: usize,
    silent: usize,
}

impl Account {
    fn count(&mut self, record: &Finished) {
        match record.outcome {
            Outcome::Output => self.output += 1,
            Outcome::DeadLetter(..) => self.dead += 1,
            _ => self.silent += 1,
        }
    }

    fn text(self) -> String {
        format!("{} {} {}", self.output, self.dead, self.silent)
    }

    fn parse(text: &str) -> Self {
        let counts: Vec<usize> = text.split(' ').map(|count| count.parse().unwrap()).collect();
        Self { output: counts[0], dead: counts[1], silent: counts[2] }
    }
}

/// The accounts of the partitions that are ours, each of one epoch.
#[derive(Debug, Clone, Default)]
struct Accounts(Arc<Mutex<BTreeMap<Lane, (u64, Account)>>>);

impl Notes for Accounts {
    fn note(
        &self,
        lane: Lane,
        epoch: u64,
        records: &mut dyn Iterator<Item = &Finished>,
    ) -> Result<Option<String>, String> {
        let accounts = self.0.lock().unwrap();
        let account = accounts.get(&lane).filter(|(of, _)| *of == epoch).ok_or("no account")?;
        let mut account = account.1;
        records.for_each(|record| account.count(record));
        Ok(Some(account.text()))
    }

    fn durable(&mut self, records: &[Entry<Finished>]) {
        let mut accounts = self.0.lock().unwrap();
        for Entry { ticket, item, .. } in records {
            if let Some((epoch, account)) = accounts.get_mut(&ticket.lane)
                && *epoch == ticket.epoch
            {
                account.count(item);
            }
        }
    }
}

#[derive(Debug, Default, Clone)]
struct Open {
    records: Vec<Sent>,
    offsets: Vec<Position>,
    /// A commit that happened although its caller was told "timed out".
    committed: bool,
}

impl Broker {
    fn roll(&mut self) -> u8 {
        let roll = self.script.get(self.calls).copied().unwrap_or(0);
        self.calls += 1;
        roll
    }

    fn end(&mut self, commit: bool) {
        let Some(open) = self.open.take() else { return };
        if !commit || open.committed {
            return;
        }
        self.apply(&open);
    }

    /// What is visible of a partition up to that offset.
    fn account(&self, lane: Lane, committed: i64) -> Account {
        let sent = self.visible.iter().filter(|sent| sent.lane == lane && sent.offset < committed);
        let (dead, output): (Vec<&Sent>, Vec<&Sent>) = sent.partition(|sent| sent.dead);
        let silent = (0..committed).filter(|offset| is_silent(*offset)).count();
        Account { output: output.len(), dead: dead.len(), silent }
    }

    fn apply(&mut self, open: &Open) {
        self.visible.extend(&open.records);
        for position in &open.offsets {
            let before = self.committed.insert(position.lane, position.offset);
            self.went_back |= before.is_some_and(|before| before > position.offset);
            let note = Account::parse(position.note.as_ref().unwrap());
            self.notes.insert(position.lane, note);
            let true_one = self.account(position.lane, position.offset);
            if note != true_one {
                self.untrue = Some(format!("{position:?} at {true_one:?}"));
            }
        }
    }
}

fn retry() -> Fault {
    Fault::Retry("timed out".to_owned())
}

fn abort() -> Fault {
    Fault::Abort("stale".to_owned())
}

fn recreate() -> Fault {
    Fault::Recreate("fatal".to_owned())
}

#[derive(Debug, Clone)]
struct Scripted(Rc<RefCell<Broker>>);

impl Scripted {
    fn lane_of(outgoing: &Outgoing) -> (Lane, i64) {
        let key = String::from_utf8(outgoing.key.clone().unwrap()).unwrap();
        let (partition, offset) = key.split_once('/').unwrap();
        (Lane { topic: 0, partition: partition.parse().unwrap() }, offset.parse().unwrap())
    }
}

impl Sink for Scripted {
    fn recreate(&mut self) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        if broker.roll() == 1 {
            return Err(retry());
        }
        broker.end(false);
        Ok(())
    }

    fn committed(&mut self, lanes: &[Lane]) -> Result<BTreeMap<Lane, i64>, Fault> {
        let mut broker = self.0.borrow_mut();
        if broker.roll() == 1 {
            return Err(retry());
        }
        Ok(lanes.iter().filter_map(|lane| broker.committed.get(lane).map(|&offset| (*lane, offset))).collect())
    }

    fn begin(&mut self) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        match broker.roll() {
            1 => Err(retry()),
            2 => Err(recreate()),
            _ => {
                assert!(broker.open.is_none(), "begin inside a transaction");
                broker.open = Some(Open::default());
                Ok(())
            }
        }
    }

    fn send(&mut self, index: usize, outgoing: &Outgoing) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        match broker.roll() {
            1 => return Err(Fault::QueueFull),
            2 => return Err(abort()),
            3 => return Err(recreate()),
            _ => {}
        }
        let (lane, offset) = Self::lane_of(outgoing);
        let record = Sent { lane, offset, dead: outgoing.to == Destination::DeadLetters, index };
        broker.open.as_mut().expect("send outside a transaction").records.push(record);
        Ok(())
    }

    fn await_deliveries(&mut self, count: usize) -> Result<bool, Fault> {
        let mut broker = self.0.borrow_mut();
        match broker.roll() {
            1 => Ok(false),
            2 => Err(abort()),
            3 if count > 0 => {
                let last = broker.open.as_ref().and_then(|open| open.records.last()).map(|sent| sent.index);
                Err(Fault::Refused(vec![last.unwrap()], "too large".to_owned()))
            }
            _ => {
                assert_eq!(broker.open.as_ref().map(|open| open.records.len()), Some(count));
                Ok(true)
            }
        }
    }

    fn send_offsets(&mut self, positions: &[Position]) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        let ours = positions.iter().all(|p| broker.owned.get(&p.lane) == Some(&p.epoch));
        match broker.roll() {
            1 => return Err(retry()),
            2 => return Err(abort()),
            3 => return Err(recreate()),
            _ if !ours => return Err(abort()),
            _ => {}
        }
        broker.open.as_mut().expect("offsets outside a transaction").offsets = positions.to_vec();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        if broker.open.as_ref().is_some_and(|open| open.committed) {
            broker.open = None;
            return Ok(());
        }
        let roll = broker.roll();
        match roll {
            1 => Err(retry()),
            2 => Err(abort()),
            // Done, but the answer was lost: the same call later finds it done.
            3 => {
                let mut open = broker.open.take().expect("commit outside a transaction");
                broker.apply(&open);
                open.committed = true;
                broker.open = Some(open);
                Err(retry())
            }
            // Outcome unknown, producer gone: done in one case, not in the other.
            4 | 5 => {
                broker.end(roll == 4);
                Err(recreate())
            }
            _ => {
                broker.end(true);
                Ok(())
            }
        }
    }

    fn abort(&mut self) -> Result<(), Fault> {
        let mut broker = self.0.borrow_mut();
        match broker.roll() {
            1 => Err(retry()),
            2 => Err(recreate()),
            _ => {
                broker.end(false);
                Ok(())
            }
        }
    }
}

/// Nobody looks on.
#[derive(Debug, Default)]
pub(crate) struct Silent;

impl Observer for Silent {
    fn calling(&mut self, _: Operation) {}
    fn called(&mut self, _: Operation) {}
    fn failed(&mut self, _: Operation, _: &Fault, _: Duration) {}
    fn durable(&mut self, _: &[Entry<Finished>], _: Duration) {}
    fn unconfirmed(&mut self, _: usize) {}
    fn dropped(&mut self, _: usize) {}
    fn refused(&mut self, _: &Finished, _: &str) {}
}

/// How many records were told of as durable, and as dropped.
#[derive(Debug, Default, Clone)]
struct Told(Rc<RefCell<(usize, usize)>>);

impl Observer for Told {
    fn calling(&mut self, _: Operation) {}
    fn called(&mut self, _: Operation) {}
    fn failed(&mut self, _: Operation, _: &Fault, _: Duration) {}
    fn durable(&mut self, records: &[Entry<Finished>], _: Duration) {
        self.0.borrow_mut().0 += records.len();
    }
    fn unconfirmed(&mut self, _: usize) {}
    fn dropped(&mut self, records: usize) {
        self.0.borrow_mut().1 += records;
    }
    fn refused(&mut self, _: &Finished, _: &str) {}
}

/// The consuming side, as far as the sequencer can tell.
#[derive(Debug, Default)]
struct Member {
    lanes: BTreeMap<Lane, Owned>,
    in_pool: Vec<Finished>,
    epochs: u64,
}

#[derive(Debug)]
struct Owned {
    epoch: u64,
    next_offset: i64,
    stamped: u64,
}

const LANES: i32 = 3;
const RECORDS: i64 = 12;

/// Passed over: its offset is committed, and nothing is written.
const fn is_silent(offset: i64) -> bool {
    offset % 4 == 1
}

#[derive(Debug, Clone)]
enum Act {
    Assign(i32),
    Poll(i32),
    Finish(usize),
    Step(u8),
    Revoke(i32),
    Lose(i32),
    Wait,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => (0..LANES).prop_map(Act::Assign),
        6 => (0..LANES).prop_map(Act::Poll),
        6 => any::<usize>().prop_map(Act::Finish),
        8 => (1u8..12).prop_map(Act::Step),
        1 => (0..LANES).prop_map(Act::Revoke),
        1 => (0..LANES).prop_map(Act::Lose),
        2 => Just(Act::Wait),
    ];
    proptest::collection::vec(act, 0..160)
}

struct World {
    broker: Rc<RefCell<Broker>>,
    sequencer: Sequencer<Scripted, Told>,
    told: Told,
    /// Records that the sequencer was given.
    finished: usize,
    member: Member,
    accounts: Accounts,
    budget: Budget,
    now: std::cell::Cell<Duration>,
}

impl World {
    fn new(script: Vec<u8>) -> Self {
        let broker = Rc::new(RefCell::new(Broker { script, ..Broker::default() }));
        let limits = Limits {
            interval: Duration::from_millis(100),
            records: 5,
            bytes: usize::MAX,
            timeout: Duration::from_secs(60),
        };
        let refuse: Refuse =
            Box::new(|outgoing, _| Outgoing { to: Destination::DeadLetters, value: None, ..outgoing.clone() });
        let (accounts, told) = (Accounts::default(), Told::default());
        let sequencer = Sequencer::new(Scripted(Rc::clone(&broker)), told.clone(), limits, refuse)
            .with_notes(Box::new(accounts.clone()));
        let now = std::cell::Cell::new(Duration::ZERO);
        let (member, budget) = (Member::default(), Budget::new(1000));
        Self { broker, sequencer, told, finished: 0, member, accounts, budget, now }
    }

    fn assign(&mut self, lane: Lane) {
        if self.member.lanes.contains_key(&lane) {
            return;
        }
        // A broker gives out committed offsets only once no transaction holds them.
        let pending = self
            .broker
            .borrow()
            .open
            .as_ref()
            .is_some_and(|open| !open.committed && open.offsets.iter().any(|position| position.lane == lane));
        if pending {
            return;
        }
        self.member.epochs += 1;
        let epoch = self.member.epochs;
        let next_offset = self.broker.borrow().committed.get(&lane).copied().unwrap_or(0);
        self.member.lanes.insert(lane, Owned { epoch, next_offset, stamped: 0 });
        let account = self.broker.borrow().notes.get(&lane).copied().unwrap_or_default();
        self.accounts.0.lock().unwrap().insert(lane, (epoch, account));
        self.broker.borrow_mut().owned.insert(lane, epoch);
        self.sequencer.handle(Event::Assigned { lane, epoch });
    }

    fn poll(&mut self, lane: Lane) {
        let Some(owned) = self.member.lanes.get_mut(&lane) else { return };
        if owned.next_offset >= RECORDS {
            return;
        }
        let ticket = Ticket { lane, epoch: owned.epoch, sequence: owned.stamped, offset: owned.next_offset };
        owned.next_offset += 1;
        owned.stamped += 1;
        let outgoing = Outgoing {
            to: Destination::Output,
            key: Some(format!("{}/{}", lane.partition, ticket.offset).into_bytes()),
            value: None,
            headers: Vec::new(),
            timestamp: None,
        };
        let permit = self.budget.take(1);
        let silent = is_silent(ticket.offset);
        let outcome = match ticket.offset % 8 {
            1 => Outcome::Skipped,
            5 => Outcome::Gap { deleted: 3 },
            _ => Outcome::Output,
        };
        self.member.in_pool.push(Finished {
            ticket,
            outgoing: (!silent).then_some(outgoing),
            outcome,
            permit,
            polled: Duration::ZERO,
            made: Duration::ZERO,
            appended: None,
        });
    }

    fn finish(&mut self, pick: usize) {
        if self.member.in_pool.is_empty() {
            return;
        }
        let index = pick % self.member.in_pool.len();
        let record = self.member.in_pool.swap_remove(index);
        self.finished += 1;
        self.sequencer.handle(Event::Finished(vec![record]));
    }

    fn step(&mut self) -> bool {
        let clock = || self.now.get();
        match self.sequencer.step(&clock) {
            Step::Again => true,
            Step::Wait(Some(until)) => {
                self.now.set(self.now.get().max(until));
                true
            }
            Step::Wait(None) => false,
            Step::Fenced(fenced) => panic!("{fenced}"),
        }
    }

    /// As the rebalance callback does it: stop stamping, ask for a drain, finish
    /// what the pool has, wait for the answer, only then let the group know.
    fn revoke(&mut self, lane: Lane, patience: Duration) {
        let Some(owned) = self.member.lanes.remove(&lane) else { return };
        let (done, answer) = bounded(1);
        let deadline = self.now.get() + patience;
        self.sequencer.handle(Event::Drain(Drain { lanes: vec![(lane, owned.stamped)], deadline, done }));
        for _ in 0..10_000 {
            if answer.try_recv().is_ok() {
                self.broker.borrow_mut().owned.remove(&lane);
                return;
            }
            self.finish(0);
            if !self.step() {
                self.now.set(self.now.get() + Duration::from_millis(10));
            }
        }
        panic!("a drain was never answered");
    }

    fn lose(&mut self, lane: Lane) {
        if self.member.lanes.remove(&lane).is_some() {
            self.broker.borrow_mut().owned.remove(&lane);
            self.sequencer.handle(Event::Lost(vec![lane]));
        }
    }

    /// The partition goes and comes back while the sequencer is in a call of its
    /// own: whoever asked for its drain did not wait for the answer.
    fn come_back_undrained(&mut self, lane: Lane) {
        let Some(owned) = self.member.lanes.remove(&lane) else { return };
        let (done, _) = bounded(1);
        let deadline = self.now.get() + Duration::from_millis(50);
        self.sequencer.handle(Event::Drain(Drain { lanes: vec![(lane, owned.stamped)], deadline, done }));
        self.now.set(self.now.get() + Duration::from_millis(100));
        self.broker.borrow_mut().owned.remove(&lane);
        self.assign(lane);
    }

    /// No more faults: read all, finish all, commit all.
    fn end(&mut self) {
        self.broker.borrow_mut().script.clear();
        for _ in 0..4_000 {
            for partition in 0..LANES {
                let lane = Lane { topic: 0, partition };
                self.assign(lane);
                self.poll(lane);
            }
            self.finish(0);
            self.step();
            let done = |lane: &i64| *lane == RECORDS;
            let broker = self.broker.borrow();
            if broker.committed.len() == LANES as usize && broker.committed.values().all(done) {
                return;
            }
        }
        panic!("not all was committed: {:?}", self.broker.borrow().committed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_swapped_whatever_fails(
        acts in acts(),
        script in proptest::collection::vec(prop_oneof![5 => Just(0u8), 2 => 1u8..6], 0..250),
    ) {
        let mut world = World::new(script);
        let lane = |partition| Lane { topic: 0, partition };
        for act in acts {
            match act {
                Act::Assign(partition) => world.assign(lane(partition)),
                Act::Poll(partition) => world.poll(lane(partition)),
                Act::Finish(pick) => world.finish(pick),
                Act::Step(times) => { for _ in 0..times { world.step(); } }
                Act::Revoke(partition) => {
                    world.revoke(lane(partition), Duration::from_millis(u64::from(partition.unsigned_abs()) * 400));
                }
                Act::Lose(partition) => world.lose(lane(partition)),
                Act::Wait => world.now.set(world.now.get() + Duration::from_millis(60)),
            }
            // The committed position is never past the first record that is not visible.
            let broker = world.broker.borrow();
            let visible: BTreeSet<(Lane, i64)> = broker.visible.iter().map(|sent| (sent.lane, sent.offset)).collect();
            for (&lane, &committed) in &broker.committed {
                prop_assert!((0..committed).all(|offset| is_silent(offset) || visible.contains(&(lane, offset))));
            }
            // And what is committed beside it counts just what is visible.
            prop_assert_eq!(&broker.untrue, &None);
        }
        world.end();
        let broker = world.broker.borrow();
        prop_assert!(!broker.went_back, "a committed offset went back");
        for partition in 0..LANES {
            let of_lane = broker.visible.iter().filter(|sent| sent.lane.partition == partition);
            let got: Vec<i64> = of_lane.map(|sent| sent.offset).collect();
            prop_assert_eq!(got, (0..RECORDS).filter(|offset| !is_silent(*offset)).collect::<Vec<_>>());
        }
        let held: usize = world.member.in_pool.iter().map(|record| record.permit.bytes()).sum();
        prop_assert_eq!(world.budget.used(), held + world.sequencer.transaction.len(), "permits were given back");
        let (durable, dropped) = *world.told.0.borrow();
        prop_assert_eq!(world.finished, durable + dropped + world.sequencer.transaction.len(), "each is told of once");
    }
}

/// Found by the simulation: the drain that was not waited for dropped the
/// records of the next epoch, and none of the partition was taken any more; and
/// records in hand from before were sent with those that were read again.
#[test]
fn a_partition_that_comes_back_before_its_drain_is_answered_is_read_on() {
    for sent in [0, 3] {
        let mut world = World::new(Vec::new());
        let lane = Lane { topic: 0, partition: 0 };
        world.assign(lane);
        for _ in 0..3 {
            world.poll(lane);
            world.finish(0);
        }
        // A producer, and a transaction with some of it.
        for _ in 0..3 + sent {
            world.step();
        }
        world.come_back_undrained(lane);
        for _ in 0..2 {
            world.poll(lane);
            world.finish(0);
        }
        world.end();
        let got: Vec<i64> =
            world.broker.borrow().visible.iter().filter(|sent| sent.lane == lane).map(|sent| sent.offset).collect();
        assert_eq!(got, (0..RECORDS).filter(|offset| !is_silent(*offset)).collect::<Vec<_>>());
    }
}
