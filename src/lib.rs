//! warraq reads raw news articles, cleans them, and marks the people,
//! organizations, places, events and dates in them.
//!
//! ```text
//! Kafka ─► consume ─► decode ─► normalize ─► tag ─► encode ─► produce ─► Kafka
//!          thread     └───────── enrich pool ─────────┘        thread
//! ```
//!
//! The text half (`record` to `pipeline`) knows no Kafka, no async, no clock
//! and no file: bytes in, a record or a typed [`record::Reject`] out. The shell
//! (feature `worker`, on by default) knows no text.

// In a test a panic is a failure, and says where.
#![cfg_attr(test, allow(clippy::string_slice))]

// The text half, in flow order.
pub mod letters;
pub mod record;

pub mod decode;
pub mod normalize;
pub mod tag;

pub mod encode;
pub mod pipeline;

// How well it does.
pub mod eval;

// The shell, in flow order.
#[cfg(feature = "worker")]
pub mod flow;
#[cfg(feature = "worker")]
pub mod kafka;

#[cfg(feature = "worker")]
pub mod consume;
#[cfg(feature = "worker")]
pub mod produce;

#[cfg(feature = "worker")]
pub mod health;
#[cfg(feature = "worker")]
pub mod http;
#[cfg(feature = "worker")]
pub mod metrics;
#[cfg(feature = "worker")]
pub mod registry;
#[cfg(feature = "worker")]
pub mod retry;

#[cfg(feature = "worker")]
pub mod trace;

#[cfg(feature = "worker")]
pub mod worker;

#[cfg(all(test, feature = "worker"))]
mod simulation;

#[cfg(feature = "worker")]
pub mod replay;

#[cfg(feature = "worker")]
pub mod cli;
#[cfg(feature = "worker")]
pub mod config;
