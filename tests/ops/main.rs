//! What an operator is handed: image, compose stack, manifests, rules, dashboard.
//! Each file here checks one of them; `make ops` runs them with the tools that they
//! need.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)] // a test fails by panicking

mod compose;
mod dashboard;
mod image;
mod manifests;
mod rules;
