use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[output]` table that the shell reads: where records go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputOptions {
    /// Topic of enriched records.
    pub topic: String,
    /// Topic of records that could not be enriched.
    pub dead_letter_topic: String,
    /// Topic of dead letters that are not tried again. No key of a file: only
    /// `warraq redrive` parks.
    #[serde(skip)]
    pub parking_topic: Option<String>,
    pub compression: Compression,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            topic: "articles.enriched".to_owned(),
            dead_letter_topic: "articles.dead".to_owned(),
            parking_topic: None,
            compression: Compression::Lz4,
        }
    }
}

impl OutputOptions {
    /// Every topic that is written to.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        [&self.topic, &self.dead_letter_topic].into_iter().chain(&self.parking_topic).cloned().collect()
    }

    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        for (key, value) in [("topic", &self.topic), ("dead_letter_topic", &self.dead_letter_topic)] {
            if value.trim().is_empty() {
                invalid.push(InvalidOption::new(format!("output.{key}"), "\"\"", "must name a topic"));
            }
        }
        if self.topic == self.dead_letter_topic {
            invalid.push(InvalidOption::new(
                "output.dead_letter_topic",
                &self.dead_letter_topic,
                "is the output topic too; give the dead letters a topic of their own",
            ));
        }
        invalid
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Compression {
    /// The value of librdkafka's `compression.type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// Options of the `[delivery]` table: what is promised, and when it is cut.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryOptions {
    pub mode: DeliveryMode,
    /// A transaction (or a commit of offsets) is cut when it is so old,
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub commit_interval: Duration,
    /// holds so many records,
    pub commit_records: usize,
    /// or so many bytes. Sent records are kept until the commit, so this is
    /// also the memory that resending takes, out of `memory.budget`.
    pub commit_bytes: ByteSize,
    /// The broker aborts a transaction that is open for so long: what a dead
    /// worker holds back from readers. In either mode a record that is not
    /// acknowledged after so long is sent again.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub transaction_timeout: Duration,
    /// When partitions are taken away, what is in hand is finished and
    /// committed for so long before it is dropped (and done again elsewhere).
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub revoke_deadline: Duration,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            mode: DeliveryMode::ExactlyOnce,
            commit_interval: Duration::from_millis(150),
            commit_records: 20_000,
            commit_bytes: ByteSize::mib(16),
            transaction_timeout: Duration::from_secs(60),
            revoke_deadline: Duration::from_secs(10),
        }
    }
}

impl DeliveryOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        if self.commit_interval.is_zero() {
            invalid.push(InvalidOption::new("delivery.commit_interval", "0", "must be above zero, such as \"150ms\""));
        }
        if self.commit_records == 0 {
            invalid.push(InvalidOption::new("delivery.commit_records", 0, "must be at least 1"));
        }
        if self.commit_bytes.as_u64() == 0 {
            invalid.push(InvalidOption::new(
                "delivery.commit_bytes",
                0,
                "must be at least one byte, such as \"16MiB\"",
            ));
        }
        if self.transaction_timeout <= self.commit_interval {
            invalid.push(InvalidOption::new(
                "delivery.transaction_timeout",
                format!("{:?}", self.transaction_timeout),
                "must be longer than delivery.commit_interval, or every transaction is aborted",
            ));
        }
        invalid
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMode {
    /// Each input record is in the output or the dead letters once, for readers
    /// with `isolation.level=read_committed`.
    ExactlyOnce,
    /// Nothing is lost; after a crash some records come twice.
    AtLeastOnce,
}
