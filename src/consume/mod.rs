//! The thread that polls, stamps records and hands them on.
//!
//! [`Intake`] owns the consumer. It does nothing but poll: records get their
//! [`Ticket`](crate::flow::Ticket) and their bytes from the budget and go to the
//! pool; a spent budget pauses the partitions ([`backpressure`]), never the
//! polling. When the group takes partitions away ([`rebalance`]), what was
//! stamped is drained and committed before the callback returns; when they are
//! lost, it is dropped.
//!
//! Three seams ([`Seams`]) make a bounded run of it: [`Bounds`] gives each
//! partition an end, behind which it is paused; [`Pace`] says how fast; and
//! [`Sieve`] passes records over or has them worked on as something else.

use rdkafka::error::KafkaError;

mod assignment;
mod backpressure;
mod batch;
mod bounds;
mod intake;
mod options;
mod owners;
mod pace;
mod rebalance;
mod reception;

pub use batch::{Place, Work};
pub use bounds::{Bounds, Committed, Span};
pub use intake::{Intake, IntakeError, IntakeParts, Seams};
pub use options::{Options, Start};
pub use pace::{Pace, Sieve, Sifted};

// For the simulation, which drives all of this but the client.
#[cfg(test)]
pub(crate) use {
    backpressure::{Backpressure, Pressure},
    batch::{BATCH_RECORDS, Queue},
    rebalance::{Asked, Context, Desk},
    reception::Reception,
};

use crate::flow::Lane;

/// A change of the assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    Assigned,
    Revoked,
    /// Taken without asking: the session ran out.
    Lost,
}

/// Who hears of the intake's doings, for metrics, logs and health. Called on
/// the polling thread: must return at once.
pub trait Watcher: Send + Sync {
    /// The loop went round.
    fn tick(&self);
    /// A rebalance callback begins or ends to wait for a drain.
    fn waiting(&self, waiting: bool);
    fn consumed(&self, bytes: usize);
    /// A place in a partition's order was taken without a record.
    fn passed(&self);
    /// The first record since the partition was assigned: all before it is done.
    fn first(&self, lane: Lane, offset: i64, appended: Option<i64>);
    /// `owned` partitions are ours after the change.
    fn rebalanced(&self, change: Change, lanes: &[Lane], owned: usize);
    fn drain_unanswered(&self, lanes: &[Lane]);
    /// The group rebalances, and the client passes over it for good.
    fn passes_over(&self);
    /// Nobody has these though the group is at rest: it is joined again.
    fn unowned(&self, partitions: &[String]);
    /// So many partitions are paused now, those read to their end left out.
    fn paused(&self, partitions: usize);
    /// So many offsets were deleted before they were read.
    fn deleted(&self, lane: Lane, offsets: u64);
    /// A partition was read to the end of its span.
    fn finished(&self, lane: Lane);
    /// An error that the consumer goes on from.
    fn poll_error(&self, error: &KafkaError);
}
