//! The registry in which readers find the output's JSON Schema.
//!
//! Asked once, at the start: a schema that the subject lacks is registered, or
//! looked for where `register` is off. What comes back is a number; the rooms
//! that make records are handed it and know no HTTP.
//!
//! A registry that is away is waited for ([`Error::Away`]); one that says no
//! ([`Error::Refused`]) ends the start, for asking again would not help.

#[cfg(feature = "schema-registry")]
mod client;
mod options;

#[cfg(feature = "schema-registry")]
pub use client::Client;
pub use options::Options;

/// Why there is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not now: no answer, or the registry's own trouble.
    #[error("the schema registry does not answer for subject {subject:?}: {why}")]
    Away { subject: String, why: String },
    /// Never: an incompatible schema, no right to write, a wrong password.
    #[error("the schema registry refuses subject {subject:?}: {why}")]
    Refused { subject: String, why: String },
    #[error("schema_registry.{key}: {why}")]
    Setting { key: &'static str, why: String },
}
