//! The thread that polls, stamps records and hands them on.
//!
//! [`Intake`] owns the consumer. It does nothing but poll: records get their
//! [`Ticket`](crate::flow::Ticket) and their bytes from the budget and go to the
//! pool; a spent budget pauses the partitions ([`backpressure`]), never the
//! polling. When the group takes partitions away ([`rebalance`]), what was
//! stamped is drained and committed before the callback returns; when they are
//! lost, it is dropped.

use rdkafka::error::KafkaError;

mod assignment;
mod backpressure;
mod batch;
mod intake;
mod options;
mod rebalance;

pub use batch::Work;
pub use intake::{Intake, IntakeError, IntakeParts};
pub use options::{Options, Start};

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
    /// The first record since the partition was assigned: all before it is done.
    fn first(&self, lane: Lane, offset: i64, appended: Option<i64>);
    /// `owned` partitions are ours after the change.
    fn rebalanced(&self, change: Change, lanes: &[Lane], owned: usize);
    fn drain_unanswered(&self, lanes: &[Lane]);
    /// So many partitions are paused now.
    fn paused(&self, partitions: usize);
    /// An error that the consumer goes on from.
    fn poll_error(&self, error: &KafkaError);
}
