//! Tests on a real Apache Kafka broker: `make test` brings one. Each test has
//! topics and a group of its own, so they run side by side.
//!
//! One file for each promise; `harness` tests what the others rely on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // a test fails by panicking
#![allow(dead_code, unreachable_pub)] // the harness is one whole; not every test needs all of it

#[path = "../support/mod.rs"]
mod support;

mod at_least_once;
mod bad_input;
mod crashes;
mod diff;
mod generate;
mod groups;
mod harness;
mod live_lag;
mod memory;
mod metrics;
mod observed;
mod outage;
mod poison;
mod records;
mod redrive;
#[cfg(feature = "schema-registry")]
mod registry;
mod reload;
mod replay;
mod replay_refusals;
mod restarts;
mod security;
mod shadow;
mod shutdown;
#[cfg(feature = "otel")]
mod tracing;
mod yielding;
