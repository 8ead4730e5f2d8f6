//! What the rooms that touch Kafka share: client properties, errors sorted by
//! what is to be done, messages to records and back.

mod options;

pub use options::{GroupProtocol, Options, Secret};
