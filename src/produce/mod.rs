//! The thread that sends records and commits them.
//!
//! [`Sequencer`] hears of finished records in any order, restores each
//! partition's order ([`order`]), and drives transactions ([`transaction`])
//! over a [`Sink`]. How exactly-once follows: a record and the offset behind it
//! are in one transaction, so both are visible or neither is; what was sent is
//! kept until its commit, so an abort is followed by the same records in the
//! same order; and where a commit's outcome is unknown, the group's committed
//! offset, which was part of that commit, tells what is done.

mod deliveries;
mod entry;
mod notes;
mod options;
mod order;
mod producer;
mod sequencer;
mod sink;
mod transaction;

pub use entry::Entry;
pub use notes::{NoNotes, Notes};
pub use options::{Compression, DeliveryMode, DeliveryOptions, OutputOptions};
pub use producer::{KafkaSink, SinkParts};
pub use sequencer::{Fenced, Observer, Operation, Refuse, Sequencer};
pub use sink::Sink;
pub use transaction::{Limits, Position};

// For the simulation, which drives all of this but the client.
#[cfg(test)]
pub(crate) use {
    deliveries::{Deliveries, delivery_fault},
    sequencer::{Step, tests::Silent},
    sink::metadata_if_ours,
};
