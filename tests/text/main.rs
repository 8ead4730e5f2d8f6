//! The text half as a whole, without a broker: bytes of a record in, bytes of a
//! record out. One file for each property.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)] // a test fails by panicking

mod bad_input;
mod charsets;
#[cfg(feature = "worker")]
mod check;
#[cfg(feature = "worker")]
mod command;
mod golden;
mod html5lib;
mod oversize;
mod pages;
mod positions;
mod presets;
mod record_page;
mod seeds;
mod suites;
mod support;
mod threads;
mod watch;
