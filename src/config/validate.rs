use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;

use super::Config;
use super::keys::{self, Known};
use crate::record::InvalidOption;

/// Below half of `max.poll.interval.ms`.
const LONGEST_DRAIN: Duration = Duration::from_secs(120);

impl Config {
    /// Every option whose value cannot work: what each room finds in its own,
    /// then what only the whole can tell. Reads no file and asks no broker.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let rooms = [
            self.kafka.check(),
            self.input.check(),
            self.output.check(),
            self.schema_registry.check(),
            self.delivery.check(),
            self.decode.check(),
            self.normalize.check(),
            self.tag.check(),
            self.shadow.check(),
            self.encode.check(),
            self.memory.check(),
            self.reload.check(),
            self.poison.check(),
            self.log.check(),
            self.otel.check(),
        ];
        let mut invalid: Vec<InvalidOption> = rooms.into_iter().flatten().collect();
        invalid.extend(self.loops());
        invalid.extend(self.shadows());
        invalid.extend(self.memory_of_a_commit());
        invalid.extend(self.deadlines());
        invalid
    }

    /// A topic that is read and written would feed itself for ever.
    fn loops(&self) -> Vec<InvalidOption> {
        let written =
            [("output.topic", &self.output.topic), ("output.dead_letter_topic", &self.output.dead_letter_topic)];
        written
            .into_iter()
            .filter(|(_, topic)| self.input.topics.contains(topic))
            .map(|(key, topic)| {
                InvalidOption::new(
                    key,
                    format!("{topic:?}"),
                    "is in input.topics too; what is written would be read again",
                )
            })
            .collect()
    }

    /// Its topic is nobody else's, and its tagger can be made.
    fn shadows(&self) -> Vec<InvalidOption> {
        let Some(topic) = &self.shadow.topic else { return Vec::new() };
        let others = [
            ("input.topics", self.input.topics.contains(topic)),
            ("output.topic", self.output.topic == *topic),
            ("output.dead_letter_topic", self.output.dead_letter_topic == *topic),
        ];
        let taken = others.into_iter().filter(|(_, taken)| *taken).map(|(key, _)| {
            let message = format!("is {key} too; give the shadow a topic of its own");
            InvalidOption::new("shadow.topic", format!("{topic:?}"), message)
        });
        let tag = self.shadow.tag.over(&self.tag).check();
        let own = tag.into_iter().filter(|_| !self.shadow.tag.is_empty());
        taken.chain(own.map(|invalid| InvalidOption { key: format!("shadow.{}", invalid.key), ..invalid })).collect()
    }

    /// What was sent is kept until the commit, so it must fit in the budget with
    /// room for what comes in meanwhile.
    fn memory_of_a_commit(&self) -> Option<InvalidOption> {
        let most = ByteSize::b(self.memory.budget.as_u64() / 2);
        (self.delivery.commit_bytes > most).then(|| {
            InvalidOption::new(
                "delivery.commit_bytes",
                self.delivery.commit_bytes,
                format!("is more than half of memory.budget ({}); give at most {most}", self.memory.budget),
            )
        })
    }

    fn deadlines(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        for (key, value) in [("shutdown.deadline", self.shutdown.deadline), ("enrich.deadline", self.enrich.deadline)] {
            if value.is_zero() {
                invalid.push(InvalidOption::new(key, "\"0s\"", "must be above zero, such as \"20s\""));
            }
        }
        // While a drain is waited for, librdkafka's own thread goes on sending
        // heartbeats, so the session is in no danger; the poll interval is.
        if self.delivery.revoke_deadline > LONGEST_DRAIN {
            invalid.push(InvalidOption::new(
                "delivery.revoke_deadline",
                format!("{:?}", self.delivery.revoke_deadline),
                "must be at most \"2m\": a consumer that does not poll for 5 minutes is thrown out of its group",
            ));
        }
        invalid
    }
}

/// Files that options name and that cannot be read: key, path and why.
pub(super) fn files(config: &Config) -> Vec<(String, PathBuf, io::Error)> {
    let options = serde_json::to_value(config).unwrap_or_default();
    let named = keys::leaves(&options).into_iter().filter(names_files).flat_map(|key| {
        let paths: Vec<PathBuf> = match &key.default {
            serde_json::Value::String(path) => vec![PathBuf::from(path)],
            serde_json::Value::Array(paths) => {
                paths.iter().filter_map(|path| path.as_str()).map(PathBuf::from).collect()
            }
            _ => Vec::new(),
        };
        paths.into_iter().map(move |path| (key.dotted(), path))
    });
    named.filter_map(|(key, path)| readable(&path).err().map(|error| (key, path, error))).collect()
}

/// By name, so that an option of any room is looked at without asking it: what
/// names files is called so.
pub(super) fn names_files(key: &Known) -> bool {
    key.path.last().is_some_and(|name| name.ends_with("_file") || name.ends_with("_files"))
}

fn readable(path: &Path) -> io::Result<()> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let mut config: Config = toml::from_str(text).unwrap();
        config.kafka.client_id = "x".to_owned();
        config.check().into_iter().map(|invalid| invalid.key).collect()
    }

    #[test]
    fn the_defaults_are_right() {
        assert_eq!(Config::default().check(), []);
    }

    #[test]
    fn what_only_the_whole_can_tell_is_told() {
        assert_eq!(keys("[output]\ntopic = \"articles.raw\"\n"), ["output.topic"]);
        assert_eq!(keys("[input]\ntopics = [\"a\", \"articles.dead\"]\n"), ["output.dead_letter_topic"]);
        assert_eq!(keys("[delivery]\ncommit_bytes = \"129MiB\"\n"), ["delivery.commit_bytes"]);
        assert_eq!(keys("[delivery]\nrevoke_deadline = \"3m\"\n"), ["delivery.revoke_deadline"]);
        assert_eq!(keys("[shutdown]\ndeadline = \"0s\"\n"), ["shutdown.deadline"]);
    }
}
