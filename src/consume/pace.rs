use std::time::Duration;

use crate::flow::Outcome;
use crate::record::{Outgoing, RawRecord};

/// How fast records are taken: the seam for rates and for giving way. Called on
/// the polling thread for each record: must return at once.
pub trait Pace: Send + Sync {
    /// How long to take nothing more from now on, with `held` records taken that
    /// the pool has not finished; zero: take one.
    fn wait(&self, held: usize, now: Duration) -> Duration;
    /// A record of so many bytes was taken.
    fn took(&self, bytes: usize, now: Duration);
}

/// Which records are worked on, and as what: the seam between poll and pool.
/// Called on the polling thread for each record: must return at once.
pub trait Sieve: Send + Sync {
    fn sift(&self, raw: RawRecord) -> Sifted;
}

/// What is to become of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sifted {
    /// Work on it, as it is here.
    Work(RawRecord),
    /// No work is needed. Where nothing is written, its offset is committed all
    /// the same, in its turn.
    Done(Option<Outgoing>, Outcome),
}
