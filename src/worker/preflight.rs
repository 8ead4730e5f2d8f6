//! What the output topics' own settings will do to our records, asked once at
//! start and told as warnings: a topic can delete or refuse what we write.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use super::lifecycle::Stop;
use crate::retry::Backoff;

/// What matters about the records that will be written.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Records keep the timestamps of their source.
    pub source_timestamps: bool,
    /// `encode.max_record_bytes`.
    pub max_record_bytes: usize,
}

/// Asks until it is answered or the worker stops, and logs what it finds.
pub(super) fn run(config: &ClientConfig, topics: &[String], facts: Facts, stop: &Stop) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    while !stop.is_requested() {
        match TopicSettings::ask(config, topics) {
            Ok(found) => {
                for (topic, settings) in found {
                    match settings {
                        // The client hides why: a topic has dozens of settings, or is hidden.
                        Ok(settings) if settings.0.is_empty() => tracing::warn!(
                            topic,
                            "the topic's settings cannot be read, so nothing warns where it deletes or refuses what is \
                             written; it does not exist, or this worker lacks DescribeConfigs on it (docs/security.md)"
                        ),
                        Ok(settings) => {
                            settings.warnings(facts).iter().for_each(|warning| tracing::warn!(topic, "{warning}"));
                        }
                        Err(code) => {
                            tracing::warn!(topic, "the topic's settings cannot be read: {code}; does the topic exist?");
                        }
                    }
                }
                return;
            }
            Err(error) => tracing::debug!(%error, "the topics' settings are not known yet"),
        }
        if stop.wait(backoff.next_delay()) {
            return;
        }
    }
}

/// A topic's own settings, as far as they decide what becomes of a record.
#[derive(Debug, Clone, Default)]
pub struct TopicSettings(HashMap<String, String>);

/// A topic's settings, or why they cannot be read.
pub type Asked = Vec<(String, Result<TopicSettings, RDKafkaErrorCode>)>;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl TopicSettings {
    /// Asks the cluster, once.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn ask(config: &ClientConfig, topics: &[String]) -> anyhow::Result<Asked> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let admin: AdminClient<DefaultClientContext> = config.create()?;
        let wanted: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(10)));
        let answers = runtime.block_on(admin.describe_configs(&wanted, &options))?;
        let settings = |answer: ConfigResource| {
            Self(answer.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
        };
        Ok(topics.iter().cloned().zip(answers.into_iter().map(|answer| answer.map(settings))).collect())
    }

    /// Of these pairs, for tests.
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(|value| value.parse().ok())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether records get the time at which they are appended, whatever they
    /// say themselves.
    #[must_use]
    pub fn stamps_itself(&self) -> bool {
        self.text("message.timestamp.type") == "LogAppendTime"
    }

    /// Older records are deleted; none: never by age.
    #[must_use]
    pub fn retention_ms(&self) -> Option<i64> {
        let deletes = self.text("cleanup.policy").contains("delete");
        self.number("retention.ms").filter(|retention| deletes && *retention >= 0)
    }

    /// Of a larger partition the oldest records are deleted; none: never by size.
    #[must_use]
    pub fn retention_bytes(&self) -> Option<i64> {
        let deletes = self.text("cleanup.policy").contains("delete");
        self.number("retention.bytes").filter(|bytes| deletes && *bytes >= 0)
    }

    /// Older records are refused; none: none is for its age.
    #[must_use]
    pub fn before_max_ms(&self) -> Option<i64> {
        self.number("message.timestamp.before.max.ms").filter(|before| *before < i64::MAX)
    }

    /// What a topic with these settings will do to such records.
    fn warnings(&self, facts: Facts) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(limit) = self.number("max.message.bytes")
            && limit < i64::try_from(facts.max_record_bytes).unwrap_or(i64::MAX)
        {
            warnings.push(format!(
                "max.message.bytes = {limit} is less than encode.max_record_bytes = {}: large records will be refused; \
                 lower the one or raise the other",
                facts.max_record_bytes
            ));
        }
        if !facts.source_timestamps || self.stamps_itself() {
            return warnings;
        }
        if let Some(retention) = self.retention_ms() {
            warnings.push(format!(
                "retention.ms = {retention} ({} days), and records keep their source's timestamp: older articles are \
                 deleted soon after they are written; set retention.ms = -1 or encode.timestamp = \"now\"",
                retention / DAY_MS
            ));
        }
        if let Some(before) = self.before_max_ms() {
            warnings.push(format!(
                "message.timestamp.before.max.ms = {before}, and records keep their source's timestamp: older articles \
                 will be refused; raise it or set encode.timestamp = \"now\""
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { source_timestamps: true, max_record_bytes: 1_000_000 };

    #[test]
    fn a_topic_that_deletes_or_refuses_old_records_is_told_of() {
        let risky = TopicSettings::of(&[
            ("cleanup.policy", "compact,delete"),
            ("retention.ms", "604800000"),
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", "3600000"),
            ("max.message.bytes", "1048588"),
        ]);
        let found = risky.warnings(FACTS);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("7 days") && found[1].contains("before.max"), "{found:?}");
        assert!(risky.warnings(Facts { source_timestamps: false, ..FACTS }).is_empty());
    }

    #[test]
    fn a_topic_that_keeps_everything_is_not() {
        let safe = TopicSettings::of(&[
            ("cleanup.policy", "delete"),
            ("retention.ms", "-1"),
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
        ]);
        assert!(safe.warnings(FACTS).is_empty());
        let small = TopicSettings::of(&[("max.message.bytes", "500000")]);
        assert_eq!(small.warnings(FACTS).len(), 1);
    }
}
