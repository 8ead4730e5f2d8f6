//! From what is asked for to a range that is frozen and watched until it is
//! done.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rdkafka::ClientConfig;

use super::cluster::{Cluster, Position};
use super::guard::{self, Archive, Names, Refusal};
use super::range::{Edge, Range, RangeError, Resolved};
use super::state::{self, Shared, State, Tally};
use super::{Bounds, Counts, Error};
use crate::worker::{Clock, Facts, Stop, TopicSettings};

/// A dead member is missed after the session timeout, and a little.
const GRACE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(500);

/// What a replay is asked to do.
#[derive(Debug, Clone)]
pub struct Asked {
    pub name: String,
    pub input: String,
    pub output: String,
    pub dead_letters: String,
    pub range: Range,
    /// The range's edges as they were written, by which a later run knows them.
    pub from: String,
    pub to: String,
    /// One of several processes of this replay: others may be there.
    pub shared: bool,
    /// Forget what was done under this name.
    pub restart: bool,
    pub kind: Kind,
}

/// What is done with the range.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An archive once more, to topics of its own.
    Replay { into_live_output: bool },
    /// Dead letters once more. A finished one goes on with what came since.
    Redrive {
        /// Topic of those that are not tried again.
        parking: String,
        /// Which ones and how, in one line.
        what: String,
    },
}

impl Asked {
    /// As the command is called.
    #[must_use]
    pub const fn command(&self) -> &'static str {
        match self.kind {
            Kind::Replay { .. } => "replay",
            Kind::Redrive { .. } => "redrive",
        }
    }

    /// The consumer group.
    #[must_use]
    pub fn group(&self) -> String {
        format!("warraq-{}-{}", self.command(), self.name)
    }

    /// The topics that are written to, each with the way out where it is not there.
    fn written(&self) -> Vec<(&String, &'static str)> {
        let dead_letters = (&self.dead_letters, "create it, or name another with --dead-letters");
        match &self.kind {
            Kind::Replay { .. } => vec![
                (&self.output, "create it, with the settings of an archive, or name another with --output"),
                dead_letters,
            ],
            Kind::Redrive { parking, .. } => vec![
                (&self.output, "create it, or name another with --output"),
                (parking, "create it, with retention.ms = -1, or name another with --parking"),
            ],
        }
    }

    fn guard(&self, parts: JobParts<'_>) -> Result<(), Refusal> {
        let names = Names {
            name: &self.name,
            group: &self.group(),
            input: &self.input,
            output: &self.output,
            dead_letters: &self.dead_letters,
            live_group: parts.live_group,
            live_inputs: parts.live_inputs,
            live_output: parts.live_output,
            live_dead_letters: parts.live_dead_letters,
        };
        match &self.kind {
            Kind::Replay { into_live_output } => guard::replay(&names, *into_live_output),
            Kind::Redrive { parking, .. } => guard::redrive(&names, parking),
        }
    }

    /// In one line: by this a later run knows that it asks for the same.
    fn text(&self) -> String {
        let partitions = self.range.partitions.as_ref().map_or_else(String::new, |partitions| {
            let list: Vec<String> = partitions.iter().map(ToString::to_string).collect();
            format!(", partitions {}", list.join(","))
        });
        let Self { input, from, to, output, dead_letters, .. } = self;
        state::asked(match &self.kind {
            Kind::Replay { .. } => {
                format!("{input} from {from} to {to}{partitions}; output {output}, dead letters {dead_letters}")
            }
            Kind::Redrive { parking, what } => format!("{input}{partitions}: {what}; to {output}, parking {parking}"),
        })
    }
}

/// What a [`Job`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct JobParts<'a> {
    pub asked: &'a Asked,
    /// Of any client of the cluster.
    pub config: &'a ClientConfig,
    pub live_group: &'a str,
    pub live_inputs: &'a [String],
    pub live_output: &'a str,
    pub live_dead_letters: &'a str,
    pub facts: Facts,
    /// Version, model and configuration that make the records.
    pub build: &'a str,
    /// After so long without a word a member is taken for dead.
    pub session_timeout: Duration,
    pub stop: &'a Stop,
}

/// A replay whose range is frozen.
#[derive(Debug)]
pub struct Job {
    cluster: Cluster,
    partitions: Vec<i32>,
    tally: Shared,
    /// What is true of the whole replay.
    first: State,
}

/// How far the whole replay is, all processes together.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub positions: BTreeMap<i32, Position>,
}

impl Standing {
    /// Whether every partition is done to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.positions.is_empty() && self.positions.values().all(|position| position.offset >= position.state.to)
    }

    /// Offsets of the range, and those of them that are done; of these
    /// partitions alone where some are named.
    #[must_use]
    pub fn offsets(&self, only: Option<&[i32]>) -> (u64, u64) {
        let mine = self.positions.iter().filter(|(partition, _)| only.is_none_or(|only| only.contains(partition)));
        mine.fold((0, 0), |(range, done), (_, position)| {
            let bounds = position.state.bounds();
            let reached = Bounds { to: position.offset.min(bounds.to), ..bounds };
            (range + bounds.offsets(), done + reached.offsets())
        })
    }

    /// What became of all records so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.positions.values().for_each(|position| counts.add(&position.state.counts()));
        counts
    }

    /// Whether builds that make different records worked on it.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.positions.values().any(|position| position.state.mixed)
    }
}

impl Job {
    /// Checks what is asked for, and finds the range: the one that was frozen
    /// when this replay began, or else a new one, frozen now. A redrive that is
    /// done goes on behind its last range, if anything is there. Nothing is read
    /// or written but for the begin.
    ///
    /// # Errors
    /// Where it is refused, or the cluster does not answer.
    pub fn prepare(parts: JobParts<'_>) -> Result<Self, Error> {
        let Found { cluster, partitions, positions } = Found::new(parts)?;
        let group = parts.asked.group();
        same(&positions, parts.asked)?;
        if !positions.is_empty() && !parts.asked.shared {
            until_alone(&cluster, &group, parts)?;
        }
        let positions = match next_range(&cluster, &partitions, &positions, parts.asked)? {
            Some(resolved) => begin(&cluster, &partitions, resolved, parts)?,
            None => positions,
        };
        // Of a begin that another process made just now, too.
        same(&positions, parts.asked)?;
        let first = positions.into_values().next().ok_or(Error::Live(group))?;
        let tally = Shared::new(Tally::new(parts.build));
        Ok(Self { cluster, partitions, tally, first: first.state })
    }

    /// Checks the same and tells the range that would be read: what is left of
    /// it where this replay has begun. Writes nothing.
    ///
    /// # Errors
    /// Where it is refused, or the cluster does not answer.
    pub fn plan(parts: JobParts<'_>) -> Result<BTreeMap<i32, Bounds>, Error> {
        let Found { cluster, partitions, positions } = Found::new(parts)?;
        same(&positions, parts.asked)?;
        if let Some(resolved) = next_range(&cluster, &partitions, &positions, parts.asked)? {
            outputs_keep(&cluster, &resolved, parts)?;
            return Ok(resolved.into_iter().map(|(partition, found)| (partition, found.bounds)).collect());
        }
        let left = |position: Position| Bounds { from: position.offset.min(position.state.to), to: position.state.to };
        Ok(positions.into_iter().map(|(partition, position)| (partition, left(position))).collect())
    }

    /// The accounts: what gives the worker its bounds and keeps its counts.
    #[must_use]
    pub fn tally(&self) -> Shared {
        self.tally.clone()
    }

    /// The input topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.cluster.topic()
    }

    /// When the replay began, milliseconds since the Unix epoch.
    #[must_use]
    pub const fn begun(&self) -> i64 {
        self.first.begun
    }

    /// Version, model and configuration that the replay began with.
    #[must_use]
    pub fn begun_with(&self) -> &str {
        &self.first.build
    }

    /// Whether the input topic is still there.
    ///
    /// # Errors
    /// [`Error::Gone`] where it is not; or where the cluster does not answer.
    pub fn input_is_there(&self) -> Result<(), Error> {
        let topic = self.cluster.topic();
        self.cluster.partitions(topic)?.map(|_| ()).ok_or_else(|| Error::Gone(topic.to_owned()))
    }

    /// What is committed now.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub fn standing(&self) -> Result<Standing, Error> {
        Ok(Standing { positions: self.cluster.committed(&self.partitions)? })
    }
}

/// What is there before a replay begins or goes on.
struct Found {
    cluster: Cluster,
    partitions: Vec<i32>,
    /// What an earlier run of this replay has committed, if there was one.
    positions: BTreeMap<i32, Position>,
}

impl Found {
    fn new(parts: JobParts<'_>) -> Result<Self, Error> {
        let JobParts { asked, config, .. } = parts;
        let group = asked.group();
        asked.guard(parts)?;
        asked.range.check().map_err(Refusal::from)?;
        let cluster = Cluster::new(config, &asked.input, &group)?;
        let partitions = topics(&cluster, asked)?;
        let positions = if asked.restart { BTreeMap::new() } else { cluster.committed(&partitions)? };
        Ok(Self { cluster, partitions, positions })
    }
}

/// Whether the replay that began is the one that is asked for.
fn same(positions: &BTreeMap<i32, Position>, asked: &Asked) -> Result<(), Error> {
    let text = asked.text();
    match positions.values().find(|position| position.state.asked != text) {
        Some(other) => Err(Refusal::Other { begun: other.state.asked.clone(), asked: text }.into()),
        None => Ok(()),
    }
}

/// The input's partitions; all topics must be there.
fn topics(cluster: &Cluster, asked: &Asked) -> Result<Vec<i32>, Error> {
    let way_out = "name the topic to replay with --input, or in input.topics";
    let partitions = cluster.partitions(&asked.input)?;
    let partitions = partitions.ok_or_else(|| Refusal::NoTopic { topic: asked.input.clone(), way_out })?;
    for (topic, way_out) in asked.written() {
        if cluster.partitions(topic)?.is_none() {
            return Err(Refusal::NoTopic { topic: topic.clone(), way_out }.into());
        }
    }
    Ok(partitions)
}

/// The range to begin with, where there is one to begin: none where the one that
/// was begun is to be gone on with.
fn next_range(
    cluster: &Cluster,
    partitions: &[i32],
    positions: &BTreeMap<i32, Position>,
    asked: &Asked,
) -> Result<Option<BTreeMap<i32, Resolved>>, Error> {
    let resolve = |range: &Range| {
        let facts = cluster.facts(partitions, range)?;
        Ok(range.resolve(&asked.input, &facts).map_err(Refusal::from)?)
    };
    if positions.is_empty() {
        return resolve(&asked.range).map(Some);
    }
    let done = positions.values().all(|position| position.offset >= position.state.to);
    if !done || !matches!(asked.kind, Kind::Redrive { .. }) {
        return Ok(None);
    }
    // One that was added to the topic meanwhile is read from its first offset.
    let at = |partition: &i32| (*partition, positions.get(partition).map_or(0, |position| position.offset));
    let range = Range { from: Edge::Offsets(partitions.iter().map(at).collect()), ..asked.range.clone() };
    match resolve(&range) {
        Err(Error::Refused(Refusal::Range(RangeError::Empty { .. }))) => Ok(None),
        other => other.map(Some),
    }
}

/// Freezes the range and writes it down. Another process of this replay may do
/// the same just now: then its begin is taken.
fn begin(
    cluster: &Cluster,
    partitions: &[i32],
    resolved: BTreeMap<i32, Resolved>,
    parts: JobParts<'_>,
) -> Result<BTreeMap<i32, Position>, Error> {
    let asked = parts.asked;
    let group = asked.group();
    outputs_keep(cluster, &resolved, parts)?;
    if asked.restart {
        until_alone(cluster, &group, parts)?;
    }
    let text = asked.text();
    let begun = i64::try_from(Clock::unix().as_millis()).unwrap_or(i64::MAX);
    let states = resolved
        .into_iter()
        .map(|(partition, Resolved { bounds, lost })| (partition, State::new(bounds, &text, begun, parts.build, lost)));
    match cluster.begin(&states.collect()) {
        Err(Error::Live(_)) if asked.shared => {}
        other => other?,
    }
    cluster.committed(partitions)
}

/// Whether the topics that are written to keep records as old as the range's.
fn outputs_keep(cluster: &Cluster, resolved: &BTreeMap<i32, Resolved>, parts: JobParts<'_>) -> Result<(), Error> {
    let bounds = resolved.iter().map(|(&partition, resolved)| (partition, resolved.bounds)).collect();
    let first = cluster.first(&bounds)?;
    let offsets: u64 = bounds.values().map(|bounds| bounds.offsets()).sum();
    let now = Timestamp::from_millisecond(i64::try_from(Clock::unix().as_millis()).unwrap_or(i64::MAX));
    let age = now.ok().zip(first.oldest).map(|(now, oldest)| now.duration_since(oldest));
    let age = age.map(|age| Duration::try_from(age).unwrap_or_default());
    let topics: Vec<String> = parts.asked.written().into_iter().map(|(topic, _)| topic.clone()).collect();
    let failed = |why: String| Error::Settings { topics: topics.join(", "), why };
    let settings = TopicSettings::ask(parts.config, &topics).map_err(|error| failed(format!("{error:#}")))?;
    for (number, (topic, settings)) in settings.into_iter().enumerate() {
        let settings = settings.map_err(|code| failed(code.to_string()))?;
        let partitions = cluster.partitions(&topic)?.map_or(1, |partitions| partitions.len());
        // Dead letters are few: their size is no matter.
        let bytes = if number == 0 { offsets.saturating_mul(first.bytes) } else { 0 };
        guard::keeps(&topic, partitions, &settings, parts.facts, Archive { age, bytes })?;
    }
    Ok(())
}

/// Waits until the group has no members. One that was killed is missed only
/// after its session timeout; one that lives stays.
fn until_alone(cluster: &Cluster, group: &str, parts: JobParts<'_>) -> Result<(), Error> {
    let clock = Clock::start();
    let mut told = false;
    while cluster.members()? > 0 {
        if clock.now() >= parts.session_timeout + GRACE {
            return Err(Error::Live(group.to_owned()));
        }
        if !told {
            told = true;
            let seconds = (parts.session_timeout + GRACE).as_secs();
            tracing::info!(group, "the group still has a member; one that was killed is missed within {seconds} s");
        }
        if parts.stop.wait(LOOK) {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Outcome;

    fn position(offset: i64, from: i64, to: i64) -> Position {
        let mut state = State::new(Bounds { from, to }, "a", 0, "b", 1);
        state.count(Outcome::Output);
        Position { offset, state }
    }

    #[test]
    fn a_standing_adds_up_over_partitions() {
        let mut standing = Standing::default();
        assert!(!standing.is_complete(), "nothing is known");
        standing.positions.insert(0, position(15, 5, 25));
        standing.positions.insert(1, position(7, 7, 7));
        assert!(!standing.is_complete());
        assert_eq!(standing.offsets(None), (20, 10));
        assert_eq!(standing.offsets(Some(&[1])), (0, 0));
        assert_eq!((standing.counts().output, standing.counts().lost), (2, 2));
        standing.positions.insert(0, position(25, 5, 25));
        assert!(standing.is_complete());
        assert!(!standing.is_mixed());
    }
}
