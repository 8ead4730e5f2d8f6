//! The thread that sends records and commits them.

mod options;

pub use options::{Compression, DeliveryMode, DeliveryOptions, OutputOptions};
