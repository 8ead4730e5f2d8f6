//! [`Enriched`] or [`Reject`] to bytes and headers.
//!
//! Every input record leaves this room as exactly one [`Outgoing`]: an enriched
//! record, a tombstone, or a dead letter. Whatever comes out fits
//! `encode.max_record_bytes`, so that the broker has no reason to refuse it:
//! an enriched record by the oversize policy, a dead letter because its value
//! (then its input headers, then its key) is cut and a header says so.
//!
//! Bytes are stable: fields in the order of [`Enriched`], no clock, no random
//! ids. Same record, same options, same bytes.

mod again;
mod dead_letter;
pub mod headers;
mod json;
mod options;
mod oversize;
pub mod wire;

pub use again::DeadLetter;
pub use dead_letter::refused;
pub use options::{Options, Oversize, Timestamp};

use crate::record::{Degraded, Destination, Enriched, Outgoing, Provenance, RawRecord, Reject};

/// What Kafka adds to a record besides its own bytes, at most: the record's
/// varints and its share of the batch header.
const RECORD_OVERHEAD: usize = 128;
/// The two lengths of a header, as librdkafka counts them.
const HEADER_OVERHEAD: usize = 20;

/// Turns what the pipeline made into what Kafka takes.
#[derive(Debug, Clone)]
pub struct Encoder {
    options: Options,
    provenance: Provenance,
    schema_id: Option<u32>,
    max_attempts: Option<u32>,
}

impl Encoder {
    /// `provenance` says which build, model and configuration made the records;
    /// its version is the `warraq-version` header.
    #[must_use]
    pub fn new(options: &Options, provenance: Provenance) -> Self {
        Self { options: options.clone(), provenance, schema_id: None, max_attempts: None }
    }

    /// From now on each record's value begins with a schema registry's header
    /// ([`wire`]), its schema being known there by this identifier.
    #[must_use]
    pub const fn with_schema_id(mut self, id: Option<u32>) -> Self {
        self.schema_id = id;
        self
    }

    /// From now on the dead letter of a record that was tried so often is parked.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: Option<u32>) -> Self {
        self.max_attempts = attempts;
        self
    }

    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether mentions and dates carry their place in the payload.
    #[must_use]
    pub const fn raw_offsets(&self) -> bool {
        self.options.raw_offsets
    }

    /// The enriched record, for the output topic, and what was cut so that it
    /// fits.
    ///
    /// # Errors
    /// [`crate::record::Reason::OutputTooLarge`], where the record is longer
    /// than `encode.max_record_bytes` and the policy is `dead-letter`, or where
    /// even its first words do not fit.
    pub fn record(&self, raw: &RawRecord, enriched: Enriched) -> Result<(Outgoing, Vec<Degraded>), Reject> {
        let mut outgoing = Outgoing {
            to: Destination::Output,
            key: raw.key.clone(),
            value: None,
            headers: headers::of_record(raw, &self.provenance.version),
            timestamp: self.timestamp(raw),
        };
        let framed = self.schema_id.map(wire::header);
        if framed.is_some() {
            // With five bytes before it, it is JSON no more.
            outgoing.headers.retain(|header| header.name != headers::CONTENT_TYPE);
        }
        let before = framed.map_or(0, |header| header.len());
        let room = self.options.max_record_bytes.saturating_sub(wire_bytes(&outgoing) + before);
        let (mut value, cut) = oversize::fit(enriched, room, &self.options)?;
        value.splice(0..0, framed.into_iter().flatten());
        outgoing.value = Some(value);
        Ok((outgoing, cut))
    }

    /// A record without a value passes with its key: the reader's compaction
    /// and deletes keep working.
    #[must_use]
    pub fn tombstone(&self, raw: &RawRecord) -> Outgoing {
        Outgoing {
            to: Destination::Output,
            key: raw.key.clone(),
            value: None,
            headers: headers::of_tombstone(raw, &self.provenance.version),
            timestamp: self.timestamp(raw),
        }
    }

    /// The input untouched, and why it was not enriched. `attempts` counts this
    /// one: see [`headers::attempts`].
    #[must_use]
    pub fn dead_letter(&self, raw: &RawRecord, reject: &Reject, attempts: u32) -> Outgoing {
        let letter = dead_letter::Letter { raw, reject, attempts, version: &self.provenance.version };
        let mut letter = letter.write(self.timestamp(raw), self.options.max_record_bytes);
        if self.max_attempts.is_some_and(|max| attempts >= max) {
            letter.to = Destination::Parking;
        }
        letter
    }

    fn timestamp(&self, raw: &RawRecord) -> Option<i64> {
        match self.options.timestamp {
            Timestamp::Source => raw.timestamp,
            Timestamp::Now => None,
        }
    }
}

/// Bytes of a record as the producer counts them against its limit, rounded up.
fn wire_bytes(outgoing: &Outgoing) -> usize {
    RECORD_OVERHEAD + outgoing.bytes() + outgoing.headers.len() * HEADER_OVERHEAD
}

#[cfg(test)]
mod tests_support;

#[cfg(test)]
mod tests {
    use super::tests_support::{encoder, enriched, raw};
    use super::*;

    #[test]
    fn the_timestamp_is_the_sources_or_the_producers() {
        let mut raw = raw(b"{}");
        let sent = |options: &Options, raw: &RawRecord| {
            let encoder = encoder(options.clone());
            let (record, cut) = encoder.record(raw, enriched(&["نص."])).unwrap();
            assert!(cut.is_empty());
            assert_eq!((record.to, &record.key), (Destination::Output, &raw.key));
            [record.timestamp, encoder.tombstone(raw).timestamp]
        };
        assert_eq!(sent(&Options::default(), &raw), [raw.timestamp; 2]);
        let now = Options { timestamp: Timestamp::Now, ..Options::default() };
        assert_eq!(sent(&now, &raw), [None; 2]);
        raw.timestamp = None;
        assert_eq!(sent(&Options::default(), &raw), [None; 2]);
    }

    #[test]
    fn a_schema_identifier_goes_before_records_alone() {
        let raw = raw(b"{}");
        let limit = Options { max_record_bytes: 16 * 1024, ..Options::default() };
        let long = "جملة في بيروت. ".repeat(3_000);
        for options in [Options::default(), limit] {
            let plain = encoder(options.clone());
            let framed = encoder(options.clone()).with_schema_id(Some(0x0102_0304));
            let (record, _) = framed.record(&raw, Enriched { title: None, ..enriched(&[long.as_str()]) }).unwrap();
            let value = record.value.as_deref().unwrap();
            assert_eq!(value[..5], [0, 1, 2, 3, 4]);
            assert!(serde_json::from_slice::<serde_json::Value>(&value[5..]).is_ok());
            assert_eq!(record.header(headers::CONTENT_TYPE), None);
            assert!(wire_bytes(&record) <= options.max_record_bytes);
            assert_eq!(framed.tombstone(&raw), plain.tombstone(&raw));
            let reject = Reject::new(crate::record::Stage::Tag, crate::record::Reason::Panic, "x");
            assert_eq!(framed.dead_letter(&raw, &reject, 1), plain.dead_letter(&raw, &reject, 1));
        }
    }

    #[test]
    fn the_limit_counts_key_and_headers_too() {
        let options = Options { max_record_bytes: 16 * 1024, ..Options::default() };
        let mut raw = raw(b"{}");
        raw.headers = vec![headers::header("x", &"y".repeat(9000))];
        let record = enriched(&["جملة في بيروت. ".repeat(300).as_str()]);
        let (sent, cut) = encoder(options.clone()).record(&raw, Enriched { title: None, ..record.clone() }).unwrap();
        assert_eq!(cut.len(), 1);
        assert!(wire_bytes(&sent) <= options.max_record_bytes && wire_bytes(&sent) > options.max_record_bytes - 200);
        raw.headers = vec![headers::header("x", &"y".repeat(17_000))];
        let reject = encoder(options).record(&raw, record).unwrap_err();
        assert_eq!(reject.reason, crate::record::Reason::OutputTooLarge);
    }
}
