use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Below this the headers of a dead letter would leave no room for its value.
const SMALLEST_RECORD: usize = 16 * 1024;

/// Options of the `[encode]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Adds `raw: [start, end]` to each mention and date: its bytes in the
    /// payload (after decompression), where the way back is known. Off, because
    /// few readers have the payload at hand, and it costs bytes.
    pub raw_offsets: bool,
    /// The timestamp of what is sent: the source record's, so that a replay
    /// keeps the time order of the archive, or the time of sending.
    pub timestamp: Timestamp,
    /// The longest record that may be sent, key and headers included, before
    /// compression. The default is what librdkafka sends as it comes
    /// (`message.max.bytes` = 1,000,000); the broker's own default is a little
    /// higher (1,048,588). Raise it together with `message.max.bytes` in
    /// `[kafka.properties]` and `max.message.bytes` of both topics.
    pub max_record_bytes: usize,
    /// What happens to a record that is longer.
    pub oversize: Oversize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timestamp {
    Source,
    Now,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oversize {
    /// Extra fields go first, then the end of the text; `degraded` says so.
    TruncateText,
    /// The input goes to the dead letters with `output_too_large`.
    DeadLetter,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            raw_offsets: false,
            timestamp: Timestamp::Source,
            max_record_bytes: 1_000_000,
            oversize: Oversize::TruncateText,
        }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.max_record_bytes < SMALLEST_RECORD {
            return vec![InvalidOption::new(
                "encode.max_record_bytes",
                self.max_record_bytes,
                format!("leaves no room for a record; give at least {SMALLEST_RECORD}"),
            )];
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_are_written_as_the_documentation_has_them() {
        let options: Options =
            serde_json::from_str(r#"{"timestamp": "now", "oversize": "dead-letter", "raw_offsets": true}"#).unwrap();
        assert_eq!((options.timestamp, options.oversize), (Timestamp::Now, Oversize::DeadLetter));
        assert_eq!(options.max_record_bytes, Options::default().max_record_bytes);
        assert!(serde_json::from_str::<Options>(r#"{"oversize": "cut"}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"max_bytes": 1}"#).is_err());
    }

    #[test]
    fn a_limit_that_no_record_meets_is_refused() {
        assert!(Options::default().check().is_empty());
        let small = Options { max_record_bytes: 1000, ..Options::default() };
        let told = small.check().first().unwrap().to_string();
        assert!(told.contains("encode.max_record_bytes = 1000"), "{told}");
    }
}
