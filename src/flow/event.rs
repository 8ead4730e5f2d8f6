use std::time::Duration;

use crossbeam_channel::Sender;

use super::{Lane, Permit, Ticket};
use crate::record::{Outgoing, Reason, Stage};

/// A record that the pool is done with.
#[derive(Debug)]
pub struct Finished {
    pub ticket: Ticket,
    /// None: nothing is written, but the position moves on in its turn.
    pub outgoing: Option<Outgoing>,
    pub outcome: Outcome,
    pub permit: Permit,
    /// When it was polled, on the worker's clock.
    pub polled: Duration,
    /// When the pool was done with it, on the worker's clock.
    pub made: Duration,
    /// When it was appended to the input topic, milliseconds since the Unix epoch.
    pub appended: Option<i64>,
}

/// What became of a record, or of offsets that hold none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Output,
    Tombstone,
    DeadLetter(Stage, Reason),
    /// A dead letter that is not tried again; `None` where its reason is of
    /// another version.
    Parked(Option<Reason>),
    /// Passed over on purpose.
    Skipped,
    /// The end of a range behind the last record in it: nothing stands there,
    /// but for so many offsets whose records were deleted before they were read.
    Gap {
        deleted: u64,
    },
}

impl Outcome {
    /// Whether this is the fate of a record, and not a gap.
    #[must_use]
    pub const fn is_record(self) -> bool {
        !matches!(self, Self::Gap { .. })
    }
}

/// What the sequencer hears. All of it comes over one channel, so an assignment
/// is always heard before the first record of it.
#[derive(Debug)]
pub enum Event {
    Assigned {
        lane: Lane,
        epoch: u64,
    },
    Finished(Vec<Finished>),
    Drain(Drain),
    /// The partitions are another member's already: drop what is in hand.
    Lost(Vec<Lane>),
    /// The last event.
    Stop,
}

/// Partitions that are being taken away: finish and commit what was stamped,
/// until the deadline, then let go and answer.
#[derive(Debug)]
pub struct Drain {
    /// Each with the number of records stamped in its epoch.
    pub lanes: Vec<(Lane, u64)>,
    /// On the worker's clock.
    pub deadline: Duration,
    /// Gets one message when nothing of these partitions is in hand any more.
    pub done: Sender<()>,
}
