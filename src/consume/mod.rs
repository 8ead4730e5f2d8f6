//! The thread that polls, stamps records and hands them on.

mod options;

pub use options::{Options, Start};
