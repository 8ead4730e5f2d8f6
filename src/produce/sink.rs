use std::collections::BTreeMap;

use super::transaction::Position;
use crate::flow::{Lane, Ownership};
use crate::kafka::Fault;
use crate::record::Outgoing;

/// What the sequencer needs of a producer: the seam where tests script faults.
///
/// Each call is made from the sequencer's thread, may block for a few seconds,
/// and is made again after [`Fault::Retry`].
pub trait Sink {
    /// Makes a new producer under the same transactional id, in place of the old
    /// one if there is one.
    ///
    /// # Errors
    /// Where the broker cannot be reached or does not let us.
    fn recreate(&mut self) -> Result<(), Fault>;

    /// The group's committed offsets of these partitions, as far as it has any.
    ///
    /// # Errors
    /// Where the broker cannot be reached or does not let us.
    fn committed(&mut self, lanes: &[Lane]) -> Result<BTreeMap<Lane, i64>, Fault>;

    /// # Errors
    /// See [`Fault`].
    fn begin(&mut self) -> Result<(), Fault>;

    /// Queues a record; `index` names it in delivery reports of this transaction.
    ///
    /// # Errors
    /// See [`Fault`]; the record was then not queued.
    fn send(&mut self, index: usize, outgoing: &Outgoing) -> Result<(), Fault>;

    /// Whether the first `count` records are acknowledged; waits a while for it.
    ///
    /// # Errors
    /// See [`Fault`]: one of the records failed.
    fn await_deliveries(&mut self, count: usize) -> Result<bool, Fault>;

    /// Makes the offsets part of the transaction, provided that the partitions
    /// are still ours.
    ///
    /// # Errors
    /// See [`Fault`].
    fn send_offsets(&mut self, positions: &[Position]) -> Result<(), Fault>;

    /// # Errors
    /// See [`Fault`]. After [`Fault::Retry`] the outcome is not known yet, and
    /// the next call goes on with the same commit.
    fn commit(&mut self) -> Result<(), Fault>;

    /// # Errors
    /// See [`Fault`].
    fn abort(&mut self) -> Result<(), Fault>;
}

/// The group's metadata to commit these positions with, if their partitions are
/// still ours. First the metadata, then the question: see [`Ownership`].
///
/// # Errors
/// An abort, where one of them is not.
pub fn metadata_if_ours<M>(
    ownership: &Ownership,
    positions: &[Position],
    metadata: impl FnOnce() -> M,
) -> Result<M, Fault> {
    let metadata = metadata();
    match positions.iter().find(|position| !ownership.owns(position.lane, position.epoch)) {
        Some(lost) => Err(Fault::Abort(format!("partition {} is no longer ours", lost.lane.partition))),
        None => Ok(metadata),
    }
}
