//! A record's way through several programs, as W3C's trace context tells it.
//!
//! The input's `traceparent` header rides along like any other. Where traces
//! are exported (feature `otel`, `[otel]`), a record whose header says that it
//! is sampled gets a span `process`, from taking it up until it is made, and a
//! span `send`, until it is durable; its output names `process` as the parent.
//! A record without a header begins a trace of its own, as often as
//! `otel.ratio` says. All identifiers are hashes of where the record came from
//! and who read it: the same record gives the same header again.
//!
//! A header that is no `traceparent`, or stands there twice, is left alone, and
//! so is that of a record that is not sampled: nobody could look its span up.
//! Dead letters keep the header of the input, whatever it is.

mod context;
mod options;
#[cfg(feature = "otel")]
mod otlp;
mod tracer;

pub use context::TraceParent;
pub use options::Options;
#[cfg(feature = "otel")]
pub use otlp::{Error, Exporter};
pub use tracer::{Begun, Kind, Span, Spans, Times, Tracer};

/// The header's name.
pub const HEADER: &str = "traceparent";
