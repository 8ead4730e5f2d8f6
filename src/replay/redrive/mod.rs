//! Dead letters back in: which of them, where to, and how often.
//!
//! A redrive is a replay of a dead-letter topic. Its sieve takes each dead
//! letter apart: one that was not asked for is passed over; one that was tried
//! often enough, or that does not hold all of its input, is parked as it is; the
//! rest goes through the pipeline as the input record that it was, or back to
//! the input topic. What is still bad is a dead letter once more, one attempt
//! older, and the next redrive of that name meets it. No client inside.

mod trial;

use std::fmt;

use jiff::Timestamp;

pub use trial::{Trial, read};

use super::state::Shared;
use crate::consume::{Sieve, Sifted};
use crate::encode::DeadLetter;
use crate::flow::{Finished, Lane, Outcome};
use crate::produce::{Entry, Notes};
use crate::record::{Origin, Outgoing, RawRecord, Reason, Stage};

/// Where input records came from: a topic, a partition of it, or one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub topic: String,
    pub partition: Option<i32>,
    pub offset: Option<i64>,
}

impl Source {
    /// Reads `TOPIC`, `TOPIC/PARTITION` or `TOPIC/PARTITION/OFFSET`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let topic = parts.next().filter(|topic| !topic.is_empty())?.to_owned();
        let partition = parts.next().map(str::parse).transpose().ok()?;
        let offset = parts.next().map(str::parse).transpose().ok()?;
        parts.next().is_none().then_some(Self { topic, partition, offset })
    }

    fn holds(&self, source: &Origin) -> bool {
        *self.topic == *source.topic
            && self.partition.is_none_or(|partition| partition == source.partition)
            && self.offset.is_none_or(|offset| offset == source.offset)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.topic)?;
        self.partition.map_or(Ok(()), |partition| write!(f, "/{partition}"))?;
        self.offset.map_or(Ok(()), |offset| write!(f, "/{offset}"))
    }
}

/// Which dead letters are meant: those that pass every test. An empty list
/// passes all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub reasons: Vec<Reason>,
    pub stages: Vec<Stage>,
    /// Versions of warraq that gave the records up, without their builds.
    pub versions: Vec<String>,
    pub sources: Vec<Source>,
    /// By the dead letter's own timestamp: from this one on,
    pub since: Option<Timestamp>,
    /// and before this one. A dead letter without a timestamp passes neither.
    pub until: Option<Timestamp>,
}

impl Filter {
    #[must_use]
    pub fn passes(&self, letter: &DeadLetter, timestamp: Option<i64>) -> bool {
        let among = |list: bool, found: bool| !list || found;
        let in_time = |edge: Option<Timestamp>, test: fn(i64, i64) -> bool| {
            edge.is_none_or(|edge| timestamp.is_some_and(|timestamp| test(timestamp, edge.as_millisecond())))
        };
        among(!self.reasons.is_empty(), letter.reason.is_some_and(|reason| self.reasons.contains(&reason)))
            && among(!self.stages.is_empty(), letter.stage.is_some_and(|stage| self.stages.contains(&stage)))
            && among(!self.versions.is_empty(), self.versions.iter().any(|version| is_of(version, &letter.version)))
            && among(!self.sources.is_empty(), self.sources.iter().any(|source| source.holds(&letter.source)))
            && in_time(self.since, |timestamp, edge| timestamp >= edge)
            && in_time(self.until, |timestamp, edge| timestamp < edge)
    }
}

/// `0.1.0 (build)` is of 0.1.0.
fn is_of(version: &str, found: &str) -> bool {
    found.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |name: &str, values: Vec<String>| (!values.is_empty()).then(|| format!("{name} {}", values.join(",")));
        let tests = [
            list("reason", self.reasons.iter().map(|reason| reason.as_str().to_owned()).collect()),
            list("stage", self.stages.iter().map(|stage| stage.as_str().to_owned()).collect()),
            list("made by", self.versions.clone()),
            list("source", self.sources.iter().map(ToString::to_string).collect()),
            list("since", self.since.iter().map(ToString::to_string).collect()),
            list("until", self.until.iter().map(ToString::to_string).collect()),
        ];
        let tests: Vec<String> = tests.into_iter().flatten().collect();
        f.write_str(&if tests.is_empty() { "all".to_owned() } else { tests.join(", ") })
    }
}

/// Where dead letters go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Through the pipeline, to the output topic.
    Output,
    /// As they came, to the input topic.
    Input,
}

impl Way {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input => "input",
        }
    }
}

/// What a redrive does with a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is none of warraq's.
    Foreign,
    /// The filter leaves it out.
    NotAsked,
    /// It was tried often enough.
    Exhausted,
    /// It does not hold all of its input, so it cannot be tried again.
    Incomplete,
    Again,
}

/// How dead letters are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub filter: Filter,
    pub way: Way,
    /// A record that was tried so often, the first time included, is parked.
    pub max_attempts: u32,
    /// What is sent on untouched keeps its timestamp.
    pub keep_timestamps: bool,
}

impl Rules {
    /// What is to become of this record of a dead-letter topic.
    #[must_use]
    pub fn judge(&self, raw: &RawRecord) -> (Verdict, Option<DeadLetter>) {
        let Some(letter) = DeadLetter::read(raw) else { return (Verdict::Foreign, None) };
        let verdict = match () {
            () if !self.filter.passes(&letter, raw.timestamp) => Verdict::NotAsked,
            () if letter.attempts >= self.max_attempts => Verdict::Exhausted,
            () if !letter.whole => Verdict::Incomplete,
            () => Verdict::Again,
        };
        (verdict, Some(letter))
    }

    fn sent_on(&self, outgoing: Outgoing) -> Option<Outgoing> {
        let timestamp = outgoing.timestamp.filter(|_| self.keep_timestamps);
        Some(Outgoing { timestamp, ..outgoing })
    }
}

impl Sieve for Rules {
    fn sift(&self, raw: RawRecord) -> Sifted {
        match (self.judge(&raw), self.way) {
            ((Verdict::Again, Some(letter)), Way::Output) => Sifted::Work(letter.input(raw)),
            ((Verdict::Again, Some(letter)), Way::Input) => {
                Sifted::Done(self.sent_on(letter.send_back(raw)), Outcome::Output)
            }
            ((Verdict::Exhausted | Verdict::Incomplete, Some(letter)), _) => {
                Sifted::Done(self.sent_on(DeadLetter::park(raw)), Outcome::Parked(letter.reason))
            }
            _ => Sifted::Done(None, Outcome::Skipped),
        }
    }
}

/// The account of a redrive, which tells each outcome once it is durable.
#[derive(Debug)]
pub struct Counted<F> {
    pub tally: Shared,
    pub tell: F,
}

impl<F: FnMut(Outcome) + Send> Notes for Counted<F> {
    fn note(
        &self,
        lane: Lane,
        epoch: u64,
        records: &mut dyn Iterator<Item = &Finished>,
    ) -> Result<Option<String>, String> {
        self.tally.note(lane, epoch, records)
    }

    fn durable(&mut self, records: &[Entry<Finished>]) {
        self.tally.durable(records);
        records.iter().for_each(|entry| (self.tell)(entry.item.outcome));
    }
}

#[cfg(test)]
mod tests;
