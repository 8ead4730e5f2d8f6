//! What can go wrong, and when it does: a schedule from a seed.

use std::time::Duration;

use crate::network::{
    ADD_OFFSETS_TO_TXN, END_TXN, HEARTBEAT, JOIN_GROUP, PRODUCE, SYNC_GROUP, TXN_OFFSET_COMMIT, Trouble,
};
use crate::support::Chance;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// SIGKILL, restarted after a while.
    WorkerKill,
    /// SIGTERM, restarted after a while.
    WorkerTerm,
    /// SIGSTOP for less than a session, SIGCONT.
    WorkerPause,
    /// SIGSTOP for longer than session and transaction, SIGCONT.
    Zombie,
    /// A second process with the same transactional id.
    Twin,
    /// A member of the group that joins and leaves every two seconds.
    RebalanceStorm,
    /// A worker whose log cannot be written.
    LogDiskFull,
    /// The time of day jumps by ten minutes and back.
    ClockJump,
    BrokerKill,
    /// A clean stop.
    BrokerStop,
    /// SIGSTOP for longer than the broker's lease.
    BrokerFreeze,
    /// Every write to a log fails: the broker gives itself up.
    BrokerDiskFull,
    /// All three, one after the other.
    RollingRestart,
    /// The coordinator of the group is stopped.
    GroupCoordinatorMoved,
    /// The coordinator of a worker's transactions is killed.
    TransactionCoordinatorMoved,
    NetworkCut,
    NetworkHalfOpen,
    DelayedRequests,
    DelayedAnswers,
    ResetMidFrame,
    InputPartitionsAdded,
    OutputPartitionsAdded,
    OutputDenied,
    GroupDenied,
    TransactionalIdDenied,
    /// Records longer than the output topic takes.
    TooLarge,
    /// A reader of the output that reads next to nothing.
    SlowReader,
    /// The output topic is deleted and made again.
    OutputRemade,
}

impl Kind {
    pub const ALL: &[Self] = &[
        Self::WorkerKill,
        Self::WorkerTerm,
        Self::WorkerPause,
        Self::Zombie,
        Self::Twin,
        Self::RebalanceStorm,
        Self::LogDiskFull,
        Self::ClockJump,
        Self::BrokerKill,
        Self::BrokerStop,
        Self::BrokerFreeze,
        Self::BrokerDiskFull,
        Self::RollingRestart,
        Self::GroupCoordinatorMoved,
        Self::TransactionCoordinatorMoved,
        Self::NetworkCut,
        Self::NetworkHalfOpen,
        Self::DelayedRequests,
        Self::DelayedAnswers,
        Self::ResetMidFrame,
        Self::InputPartitionsAdded,
        Self::OutputPartitionsAdded,
        Self::OutputDenied,
        Self::GroupDenied,
        Self::TransactionalIdDenied,
        Self::TooLarge,
        Self::SlowReader,
        Self::OutputRemade,
    ];

    /// Whether the two cannot happen at once.
    fn excludes(self, other: Self) -> bool {
        // Asked to take a grant back, a frozen controller may do so later than it is
        // given again.
        let late = |one: Self, two: Self| one == Self::BrokerFreeze && two.is_denial();
        self == other || (self.is_of_brokers() && other.is_of_brokers()) || late(self, other) || late(other, self)
    }

    const fn is_denial(self) -> bool {
        matches!(self, Self::OutputDenied | Self::GroupDenied | Self::TransactionalIdDenied)
    }

    /// What cannot stand beside another of its kind. Two brokers of three away at once, or a
    /// topic away, is an outage that others test.
    const fn is_of_brokers(self) -> bool {
        matches!(
            self,
            Self::BrokerKill
                | Self::BrokerStop
                | Self::BrokerFreeze
                | Self::BrokerDiskFull
                | Self::RollingRestart
                | Self::GroupCoordinatorMoved
                | Self::TransactionCoordinatorMoved
                | Self::InputPartitionsAdded
                | Self::OutputPartitionsAdded
                | Self::OutputRemade
        )
    }
}

/// One fault, with all that chance has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// Which worker or node, where one is meant.
    pub target: usize,
    pub lasts: Duration,
    /// Of the network's faults: the request, and whether all workers are meant.
    pub trouble: Trouble,
    pub everybody: bool,
}

/// Faults that happen at the same time.
pub type Step = Vec<Fault>;

const TARGETS: u64 = 3;

/// Those that the network holds up or cuts in two.
const REQUESTS: [i16; 7] = [END_TXN, ADD_OFFSETS_TO_TXN, TXN_OFFSET_COMMIT, PRODUCE, HEARTBEAT, JOIN_GROUP, SYNC_GROUP];

pub fn fault(kind: Kind, chance: &mut Chance) -> Fault {
    let mut between = |from: u64, to: u64| chance.between(Duration::from_millis(from), Duration::from_millis(to));
    let lasts = match kind {
        Kind::WorkerKill | Kind::WorkerTerm => between(0, 2500),
        Kind::WorkerPause => between(500, 3000),
        // Session 4 s, transaction 8 s.
        Kind::Zombie => between(9000, 12_000),
        Kind::BrokerFreeze => between(7000, 10_000),
        Kind::Twin | Kind::LogDiskFull | Kind::ClockJump => between(1500, 3000),
        Kind::RebalanceStorm => between(4500, 9000),
        Kind::BrokerKill | Kind::BrokerStop | Kind::BrokerDiskFull => between(500, 6000),
        Kind::GroupCoordinatorMoved | Kind::TransactionCoordinatorMoved => between(500, 4000),
        Kind::NetworkCut | Kind::NetworkHalfOpen => between(1000, 8000),
        Kind::DelayedRequests | Kind::DelayedAnswers => between(3000, 10_000),
        Kind::ResetMidFrame => between(200, 1500),
        _ => between(1000, 4000),
    };
    let api = REQUESTS[usize::try_from(chance.below(REQUESTS.len() as u64)).unwrap()];
    // Mostly 1 to 8 seconds, at times 30: longer than any session.
    let long = chance.below(8) == 0;
    let delay = chance.between(Duration::from_secs(1), Duration::from_secs(if long { 30 } else { 8 }));
    let at_answer = chance.below(2) == 0;
    let trouble = match kind {
        Kind::NetworkCut if at_answer => Trouble::CutAtAnswer(PRODUCE),
        Kind::NetworkHalfOpen => Trouble::HalfOpen,
        Kind::DelayedRequests => Trouble::DelayRequest(api, delay),
        Kind::DelayedAnswers => Trouble::DelayAnswer(api, delay),
        Kind::ResetMidFrame => Trouble::ResetMidFrame(api),
        _ => Trouble::Cut,
    };
    let target = usize::try_from(chance.below(TARGETS)).unwrap();
    Fault { kind, target, lasts, trouble, everybody: chance.below(4) == 0 }
}

fn of_one(kind: Kind, target: usize, seconds: u64, trouble: Trouble) -> Fault {
    Fault { kind, target, lasts: Duration::from_secs(seconds), trouble, everybody: false }
}

/// Three times: the static member is to join again, and its request to do so is held up for
/// longer than its session: when the group hears it, it knows no such member.
pub fn late_joins() -> Vec<Step> {
    let held = Trouble::DelayRequest(JOIN_GROUP, Duration::from_secs(7));
    let step = vec![of_one(Kind::DelayedRequests, 0, 9, held), of_one(Kind::RebalanceStorm, 0, 5, Trouble::Cut)];
    vec![step; 3]
}

/// Three times: partitions are added to the input while revokes wait, for what is in hand is
/// long on its way.
pub fn partitions_in_revokes() -> Vec<Step> {
    let held = Trouble::DelayRequest(PRODUCE, Duration::from_secs(3));
    let mut step = vec![
        Fault { everybody: true, ..of_one(Kind::DelayedRequests, 0, 12, held) },
        of_one(Kind::RebalanceStorm, 0, 9, Trouble::Cut),
    ];
    step.extend([3, 5, 7].map(|seconds| of_one(Kind::InputPartitionsAdded, 0, seconds, Trouble::Cut)));
    vec![step; 3]
}

/// Three times: a worker's records are written, their answer is lost with the connection, and it
/// is away for longer than its session. Then it has time to take part again.
pub fn lost_answers() -> Vec<Step> {
    let lost = of_one(Kind::NetworkCut, 1, 7, Trouble::CutAtAnswer(PRODUCE));
    let quiet = of_one(Kind::SlowReader, 1, 8, Trouble::Cut);
    (0..3).flat_map(|_| [vec![lost.clone()], vec![quiet.clone()]]).collect()
}

/// So many faults of these kinds, each kind about as often as any other, in steps
/// of one to three at once.
pub fn schedule(seed: u64, kinds: &[Kind], faults: usize) -> Vec<Step> {
    let mut chance = Chance::new(seed);
    let (mut steps, mut deck, mut count) = (Vec::new(), Vec::new(), 0);
    while count < faults {
        let size = usize::try_from(chance.below(3)).unwrap() + 1;
        let mut step: Step = Vec::new();
        for _ in 0..size.min(faults - count) {
            if deck.is_empty() {
                deck = shuffled(kinds, &mut chance);
            }
            let next: Kind = deck[deck.len() - 1];
            if next == Kind::OutputRemade && !step.is_empty() || step.iter().any(|fault| fault.kind.excludes(next)) {
                break;
            }
            deck.pop();
            step.push(fault(next, &mut chance));
            if next == Kind::OutputRemade {
                break;
            }
        }
        count += step.len();
        steps.push(step);
    }
    steps
}

fn shuffled(kinds: &[Kind], chance: &mut Chance) -> Vec<Kind> {
    let mut deck = kinds.to_vec();
    for left in (1..deck.len()).rev() {
        deck.swap(left, usize::try_from(chance.below(left as u64 + 1)).unwrap());
    }
    deck
}

#[test]
fn a_schedule_is_its_seeds_and_has_every_kind() {
    let steps = schedule(7, Kind::ALL, 100);
    assert_eq!(steps, schedule(7, Kind::ALL, 100));
    assert_ne!(steps, schedule(8, Kind::ALL, 100));
    let faults: Vec<&Fault> = steps.iter().flatten().collect();
    assert_eq!(faults.len(), 100);
    for kind in Kind::ALL {
        let count = faults.iter().filter(|fault| fault.kind == *kind).count();
        assert!((3..=4).contains(&count), "{kind:?}: {count}");
    }
    for step in &steps {
        assert!(step.iter().filter(|fault| fault.kind.is_of_brokers()).count() <= 1, "{step:?}");
    }
}
