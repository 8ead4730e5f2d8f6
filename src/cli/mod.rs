//! cli

pub mod samples;
