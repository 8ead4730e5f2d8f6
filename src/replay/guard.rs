//! What a replay refuses before anything is read. No client inside: facts in, a
//! refusal out.

use std::time::Duration;

use super::range::RangeError;
use crate::worker::{Facts, TopicSettings};

/// Why a replay is not begun: what was asked for cannot work, or would harm
/// what is live. Asked again the same way it is refused again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Range(#[from] RangeError),
    #[error("--name {0:?} is no name: use letters, digits, dots, dashes and underscores, 100 at most")]
    Name(String),
    #[error("--name {name} gives the group {group}, which is the live worker's (kafka.group_id); give another name")]
    LiveGroup { name: String, group: String },
    #[error("topic {topic} does not exist; {way_out}")]
    NoTopic { topic: String, way_out: &'static str },
    #[error("--input {0} is an input topic of the live worker (input.topics), and holds no dead letters")]
    LiveInput(String),
    #[error("--parking {0} has records of another kind: it is an input or output topic; name a topic of its own")]
    NoParking(String),
    #[error(
        "dead letters can go back to one input topic at a time, and there are several ({0}); name one with --source"
    )]
    WhichSource(String),
    #[error("{flag} {value:?}: {expected}")]
    Argument { flag: &'static str, value: String, expected: String },
    #[error("{flag} {topic} is the input topic, which is read; name a topic of its own")]
    IsInput { flag: &'static str, topic: String },
    #[error("--output and --dead-letters are both {0}; give the dead letters a topic of their own")]
    SameTopic(String),
    #[error(
        "{flag} {topic} is what the live worker writes to ({key}), and its readers would see the archive again; \
         name a topic of its own, or insist with --into-live-output"
    )]
    LiveOutput { flag: &'static str, topic: String, key: &'static str },
    #[error("several input topics are configured ({0}); name the one to replay with --input")]
    WhichInput(String),
    #[error(
        "topic {topic} would delete what is written: retention.ms = {retention} ({} days), and the oldest record of \
         the range is {} days old, a timestamp that its result keeps; set retention.ms = -1 on the topic, or give \
         --timestamp now", days(*retention), days(*age)
    )]
    Retention { topic: String, retention: i64, age: i64 },
    #[error(
        "topic {topic} would delete what is written: retention.bytes = {limit} a partition, and the range holds about \
         {bytes} bytes over {partitions} partitions; set retention.bytes = -1 on the topic"
    )]
    RetentionBytes { topic: String, limit: i64, bytes: u64, partitions: usize },
    #[error(
        "topic {topic} would refuse what is written: message.timestamp.before.max.ms = {before}, and the oldest \
         record of the range is {} days old, a timestamp that its result keeps; set message.timestamp.before.max.ms \
         = 9223372036854775807 on the topic, or give --timestamp now", days(*age)
    )]
    Before { topic: String, before: i64, age: i64 },
    #[error(
        "this replay began as {begun:?} and cannot go on as {asked:?}; ask for the same again, give another --name, \
         or begin anew with --restart"
    )]
    Other { begun: String, asked: String },
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

const fn days(millis: i64) -> i64 {
    millis / DAY_MS
}

/// The topics and the group of a replay, and those of the live worker.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub name: &'a str,
    pub group: &'a str,
    pub input: &'a str,
    pub output: &'a str,
    pub dead_letters: &'a str,
    pub live_group: &'a str,
    pub live_inputs: &'a [String],
    pub live_output: &'a str,
    pub live_dead_letters: &'a str,
}

fn identity(names: &Names<'_>) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if names.name.is_empty() || names.name.len() > 100 || !names.name.chars().all(allowed) {
        return Err(Refusal::Name(names.name.to_owned()));
    }
    if names.group == names.live_group {
        return Err(Refusal::LiveGroup { name: names.name.to_owned(), group: names.group.to_owned() });
    }
    Ok(())
}

/// Whether the names of a redrive can be meant: its output is the live one.
///
/// # Errors
/// Where records would go round in a circle, or two kinds of them to one topic.
pub fn redrive(names: &Names<'_>, parking: &str) -> Result<(), Refusal> {
    identity(names)?;
    if names.live_inputs.iter().any(|input| input == names.input) {
        return Err(Refusal::LiveInput(names.input.to_owned()));
    }
    for (flag, topic) in [("--output", names.output), ("--parking", parking)] {
        if topic == names.input {
            return Err(Refusal::IsInput { flag, topic: topic.to_owned() });
        }
    }
    let others = [names.output, names.live_output, names.live_dead_letters];
    if others.contains(&parking) || names.live_inputs.iter().any(|input| input == parking) {
        return Err(Refusal::NoParking(parking.to_owned()));
    }
    Ok(())
}

/// Whether the names of a replay can be meant.
///
/// # Errors
/// Where one of them is the input's or the live worker's.
pub fn replay(names: &Names<'_>, into_live_output: bool) -> Result<(), Refusal> {
    identity(names)?;
    for (flag, topic) in [("--output", names.output), ("--dead-letters", names.dead_letters)] {
        let topic = topic.to_owned();
        if topic == names.input {
            return Err(Refusal::IsInput { flag, topic });
        }
        if into_live_output {
            continue;
        }
        if topic == names.live_output {
            return Err(Refusal::LiveOutput { flag, topic, key: "output.topic" });
        }
        if topic == names.live_dead_letters {
            return Err(Refusal::LiveOutput { flag, topic, key: "output.dead_letter_topic" });
        }
    }
    if names.output == names.dead_letters {
        return Err(Refusal::SameTopic(names.output.to_owned()));
    }
    Ok(())
}

/// What is known of the archive before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// Of its oldest record, as far as the first records of the range tell.
    pub age: Option<Duration>,
    /// Estimated from the first records.
    pub bytes: u64,
}

/// Whether a topic keeps what a replay will write to it.
///
/// # Errors
/// Where it would delete or refuse it.
pub fn keeps(
    topic: &str,
    partitions: usize,
    settings: &TopicSettings,
    facts: Facts,
    archive: Archive,
) -> Result<(), Refusal> {
    let topic = topic.to_owned();
    if let Some(limit) = settings.retention_bytes()
        && archive.bytes / (partitions.max(1) as u64) > limit.unsigned_abs()
    {
        return Err(Refusal::RetentionBytes { topic, limit, bytes: archive.bytes, partitions });
    }
    let age = archive.age.filter(|_| facts.source_timestamps && !settings.stamps_itself());
    let Some(age) = age.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX)) else { return Ok(()) };
    if let Some(before) = settings.before_max_ms().filter(|before| *before < age) {
        return Err(Refusal::Before { topic, before, age });
    }
    if let Some(retention) = settings.retention_ms().filter(|retention| *retention < age) {
        return Err(Refusal::Retention { topic, retention, age });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'_> = Names {
        name: "v2",
        group: "warraq-replay-v2",
        input: "raw",
        output: "enriched.v2",
        dead_letters: "enriched.v2.dead",
        live_group: "warraq",
        live_inputs: &[],
        live_output: "enriched",
        live_dead_letters: "dead",
    };

    #[test]
    fn names_of_what_is_live_are_refused() {
        assert_eq!(replay(&NAMES, false), Ok(()));
        let told = |changed: Names<'_>| replay(&changed, false).unwrap_err().to_string();
        assert!(told(Names { name: "a b", ..NAMES }).contains("letters, digits"));
        assert!(told(Names { name: "", ..NAMES }).contains("no name"));
        assert!(told(Names { live_group: "warraq-replay-v2", ..NAMES }).contains("kafka.group_id"));
        assert!(told(Names { output: "raw", ..NAMES }).starts_with("--output raw is the input topic"));
        assert!(told(Names { dead_letters: "raw", ..NAMES }).starts_with("--dead-letters raw is the input topic"));
        assert!(told(Names { output: "enriched", ..NAMES }).contains("(output.topic)"));
        assert!(told(Names { output: "dead", ..NAMES }).contains("(output.dead_letter_topic)"));
        assert!(told(Names { dead_letters: "dead", ..NAMES }).contains("--into-live-output"));
        assert!(told(Names { dead_letters: "enriched.v2", ..NAMES }).contains("both enriched.v2"));
        let insisted = Names { output: "enriched", dead_letters: "dead", ..NAMES };
        assert_eq!(replay(&insisted, true), Ok(()));
        assert!(replay(&Names { output: "raw", ..insisted }, true).unwrap_err().to_string().contains("input topic"));
    }

    #[test]
    fn a_redrive_goes_in_no_circle() {
        let inputs = ["raw".to_owned(), "wires".to_owned()];
        let names = Names { input: "dead", output: "enriched", dead_letters: "dead", live_inputs: &inputs, ..NAMES };
        let told = |changed: &Names<'_>, parking| redrive(changed, parking).unwrap_err().to_string();
        assert_eq!(redrive(&names, "dead.parked"), Ok(()));
        assert_eq!(redrive(&Names { output: "wires", ..names }, "dead.parked"), Ok(()));
        assert!(told(&Names { input: "raw", ..names }, "p").contains("holds no dead letters"));
        assert!(told(&Names { output: "dead", ..names }, "p").starts_with("--output dead is the input topic"));
        assert!(told(&names, "dead").starts_with("--parking dead is the input topic"));
        for parking in ["enriched", "raw"] {
            assert!(told(&names, parking).contains("another kind"));
        }
        assert!(told(&Names { name: "a b", ..names }, "p").contains("letters, digits"));
        assert!(told(&Names { live_group: "warraq-replay-v2", ..names }, "p").contains("kafka.group_id"));
    }

    #[test]
    fn a_topic_that_swallows_the_archive_is_refused_with_the_way_out() {
        const FACTS: Facts = Facts { source_timestamps: true, max_record_bytes: 1_000_000 };
        let year = Archive { age: Some(Duration::from_secs(365 * 86_400)), bytes: 1_000_000 };
        let keeps = |pairs: &[(&str, &str)], facts, archive| {
            super::keeps("out", 2, &TopicSettings::of(pairs), facts, archive).map_err(|refusal| refusal.to_string())
        };
        let week = [("cleanup.policy", "delete"), ("retention.ms", "604800000")];
        let told = keeps(&week, FACTS, year).unwrap_err();
        assert!(told.contains("7 days") && told.contains("365 days") && told.contains("--timestamp now"), "{told}");
        assert_eq!(keeps(&week, Facts { source_timestamps: false, ..FACTS }, year), Ok(()));
        assert_eq!(keeps(&week, FACTS, Archive { age: Some(Duration::from_secs(86_400)), ..year }), Ok(()));
        assert_eq!(keeps(&[("cleanup.policy", "compact"), ("retention.ms", "604800000")], FACTS, year), Ok(()));
        assert_eq!(keeps(&[("cleanup.policy", "delete"), ("retention.ms", "-1")], FACTS, year), Ok(()));
        let stamped = [week[0], week[1], ("message.timestamp.type", "LogAppendTime")];
        assert_eq!(keeps(&stamped, FACTS, year), Ok(()));
        let told = keeps(&[("message.timestamp.before.max.ms", "3600000")], FACTS, year).unwrap_err();
        assert!(told.contains("would refuse") && told.contains("--timestamp now"), "{told}");
        let small = [("cleanup.policy", "delete"), ("retention.bytes", "400000")];
        let told = keeps(&small, Facts { source_timestamps: false, ..FACTS }, year).unwrap_err();
        assert!(told.contains("retention.bytes = 400000"), "{told}");
        assert_eq!(keeps(&small, FACTS, Archive { age: None, bytes: 700_000 }), Ok(()));
    }
}
