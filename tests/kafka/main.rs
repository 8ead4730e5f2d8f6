//! Tests on a real Apache Kafka broker: `make test` brings one. Each test has
//! topics and a group of its own, so they run side by side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // a test fails by panicking
#![allow(dead_code, unreachable_pub)] // the harness is one whole; not every test needs all of it

#[path = "../support/mod.rs"]
mod support;

mod harness;
