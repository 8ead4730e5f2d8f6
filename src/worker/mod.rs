//! Joins the rooms: channels, threads, order of start and stop.

mod options;

pub use options::{EnrichOptions, MemoryOptions, ShutdownOptions};
