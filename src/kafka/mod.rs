//! What the rooms that touch Kafka share: client properties, errors sorted by
//! what is to be done, messages to records and back.

mod client;
mod convert;
mod fault;
mod group;
mod listener;
mod options;
mod probe;
mod refusal;
mod security;
mod statistics;

pub use client::{Memory, consumer, plain, producer, shadow_producer};
pub use convert::{base_record, headers, raw_record};
pub use fault::{Fault, fault, is_fenced};
pub use group::Group;
pub use listener::{ClientKind, ClientListener, log};
pub use options::{GroupProtocol, Options, Secret, read_secret};
pub use probe::probe;
pub use refusal::{Access, Refusal};

/// What can be refused, by the key of the configuration that names it.
pub mod refused {
    pub use super::refusal::{DEAD_LETTERS, GROUP, INPUT, LOGIN, OUTPUT, PARKING, TRANSACTIONAL_ID};
}
pub use statistics::{ClientFigures, PartitionFigures, figures};
