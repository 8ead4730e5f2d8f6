use std::time::Duration;

use crate::record::RawRecord;

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
    /// The record as it is to be worked on; `None` passes over it: nothing is
    /// written, but its offset is committed in its turn.
    fn sift(&self, raw: RawRecord) -> Option<RawRecord>;
}
