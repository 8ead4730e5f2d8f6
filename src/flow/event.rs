use std::time::Duration;

use crossbeam_channel::Sender;

use super::{Lane, Permit, Ticket};
use crate::record::{Outgoing, Reason, Stage};

/// A record that the pool is done with.
#[derive(Debug)]
pub struct Finished {
    pub ticket: Ticket,
    pub outgoing: Outgoing,
    /// Why it is a dead letter, if it is one.
    pub rejected: Option<(Stage, Reason)>,
    pub permit: Permit,
    /// When it was polled, on the worker's clock.
    pub polled: Duration,
    /// When the pool was done with it, on the worker's clock.
    pub made: Duration,
    /// When it was appended to the input topic, milliseconds since the Unix epoch.
    pub appended: Option<i64>,
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
    /// Gets one message when nothing of these partitions is in hand any more:
    /// the number of records that had to be dropped.
    pub done: Sender<usize>,
}
