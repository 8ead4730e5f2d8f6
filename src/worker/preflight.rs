//! What the output topics' own settings will do to our records, asked once at
//! start and told as warnings: a topic can delete or refuse what we write.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, OwnedResourceSpecifier, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

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
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    while !stop.is_requested() {
        match runtime.block_on(ask(config, topics)) {
            Ok(found) => {
                for (topic, settings) in found {
                    // The client hides why: a topic has dozens of settings, or is hidden.
                    if settings.is_empty() {
                        tracing::warn!(
                            topic,
                            "the topic's settings cannot be read, so nothing warns where it deletes or refuses what is \
                             written; it does not exist, or this worker lacks DescribeConfigs on it (docs/security.md)"
                        );
                    }
                    for warning in warnings(&settings, facts) {
                        tracing::warn!(topic, "{warning}");
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

type Settings = HashMap<String, String>;

async fn ask(config: &ClientConfig, topics: &[String]) -> anyhow::Result<Vec<(String, Settings)>> {
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let wanted: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(10)));
    let answers = admin.describe_configs(&wanted, &options).await?;
    let mut found = Vec::new();
    for (topic, answer) in topics.iter().zip(answers) {
        match answer {
            Ok(ConfigResource { specifier: OwnedResourceSpecifier::Topic(topic), entries }) => {
                let settings = entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect();
                found.push((topic, settings));
            }
            Ok(_) => {}
            Err(code) => tracing::warn!(topic, "the topic's settings cannot be read: {code}; does the topic exist?"),
        }
    }
    Ok(found)
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a topic with these settings will do to such records.
fn warnings(settings: &Settings, facts: Facts) -> Vec<String> {
    let number = |name: &str| settings.get(name).and_then(|value| value.parse::<i64>().ok());
    let text = |name: &str| settings.get(name).map_or("", String::as_str);
    let mut warnings = Vec::new();
    if let Some(limit) = number("max.message.bytes")
        && limit < i64::try_from(facts.max_record_bytes).unwrap_or(i64::MAX)
    {
        warnings.push(format!(
            "max.message.bytes = {limit} is less than encode.max_record_bytes = {}: large records will be refused; \
             lower the one or raise the other",
            facts.max_record_bytes
        ));
    }
    if !facts.source_timestamps || text("message.timestamp.type") == "LogAppendTime" {
        return warnings;
    }
    if text("cleanup.policy").contains("delete")
        && let Some(retention) = number("retention.ms").filter(|retention| *retention >= 0)
    {
        warnings.push(format!(
            "retention.ms = {retention} ({} days), and records keep their source's timestamp: older articles are \
             deleted soon after they are written; set retention.ms = -1 or encode.timestamp = \"now\"",
            retention / DAY_MS
        ));
    }
    if let Some(before) = number("message.timestamp.before.max.ms").filter(|before| *before < i64::MAX) {
        warnings.push(format!(
            "message.timestamp.before.max.ms = {before}, and records keep their source's timestamp: older articles \
             will be refused; raise it or set encode.timestamp = \"now\""
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { source_timestamps: true, max_record_bytes: 1_000_000 };

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_topic_that_deletes_or_refuses_old_records_is_told_of() {
        let risky = settings(&[
            ("cleanup.policy", "compact,delete"),
            ("retention.ms", "604800000"),
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", "3600000"),
            ("max.message.bytes", "1048588"),
        ]);
        let found = warnings(&risky, FACTS);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("7 days") && found[1].contains("before.max"), "{found:?}");
        assert!(warnings(&risky, Facts { source_timestamps: false, ..FACTS }).is_empty());
    }

    #[test]
    fn a_topic_that_keeps_everything_is_not() {
        let safe = settings(&[
            ("cleanup.policy", "delete"),
            ("retention.ms", "-1"),
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
        ]);
        assert!(warnings(&safe, FACTS).is_empty());
        let small = settings(&[("max.message.bytes", "500000")]);
        assert_eq!(warnings(&small, FACTS).len(), 1);
    }
}
