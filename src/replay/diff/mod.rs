//! Two outputs compared, record by record, by where each record came from.
//!
//! Byte for byte first: each record is hashed, and what has the same hashes on
//! both sides is identical. What differs is compared field by field
//! ([`compare`]). Who made a record (`provenance`, and the header
//! `warraq-version`) differs between any two builds; it is a field of its own,
//! and by default does not count.
//!
//! Nothing is taken from the order of the topics ([`join`]), so a and b may have
//! other partition counts, keys or none. Memory is bounded: half of it is for
//! what waits for its twin, half keeps values, so that most of what differs need
//! not be read again; what was pushed out is read by its place.

mod compare;
mod join;
mod reader;
mod record;
mod summary;
mod tally;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rdkafka::ClientConfig;
use rustc_hash::FxHashMap;

pub use compare::{Change, Field, Kind, compare};
pub use reader::DiffError;
pub use record::Record;
pub use summary::{Sample, SideSummary, Summary};

use super::Bounds;
use crate::encode::{headers, wire};
use join::{Join, Met, Pace, SHARES, Side, share_of};
use reader::{Fetcher, Frozen, Reader};
use record::{Place, Source, Topics};
use tally::{Found, Tally};

/// Bytes that a comparison may hold, unless told otherwise.
pub const MEMORY: usize = 256 << 20;
/// Records read from one side before the sides are weighed again.
const BATCH: usize = 256;
/// Pairs that are fetched at a time.
const PAIRS: usize = 256;
const POLL: Duration = Duration::from_millis(50);
/// A line of progress for each so many records.
const TOLD_EVERY: u64 = 500_000;

/// What to compare.
#[derive(Debug, Clone)]
pub struct Options {
    /// Topics of side a: an output topic, and if wanted its dead letters.
    pub a: Vec<String>,
    pub b: Vec<String>,
    /// Fields that do not count as a difference.
    pub ignore: BTreeSet<Field>,
    /// Samples kept of each kind of difference.
    pub samples: usize,
    /// Bytes held at most.
    pub memory: usize,
    pub within: Within,
}

/// Which sources are compared. Where one topic holds more than the other was
/// meant to, the rest is not missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Within {
    #[default]
    All,
    /// From the first to the last offset that side a, or b, has of each source
    /// partition.
    A,
    B,
    /// What side b has: a sample, as a shadow writes.
    SampleB,
    /// These offsets of this source topic.
    Range {
        topic: String,
        bounds: BTreeMap<i32, Bounds>,
    },
}

/// Fields that differ between builds by nature.
#[must_use]
pub fn ignored_by_default() -> BTreeSet<Field> {
    BTreeSet::from([Field::Provenance])
}

/// Compares; both sides up to where they end now.
///
/// # Errors
/// Where a topic cannot be read, or `stop` said so.
pub fn run(config: &ClientConfig, options: &Options, stop: &dyn Fn() -> bool) -> Result<Summary, DiffError> {
    let freeze =
        |topics: &[String]| topics.iter().map(|topic| Frozen::new(config, topic)).collect::<Result<Vec<_>, _>>();
    let frozen = [freeze(&options.a)?, freeze(&options.b)?];
    let offsets: u64 = frozen.iter().flatten().map(Frozen::offsets).sum();
    tracing::info!(a = ?options.a, b = ?options.b, offsets, "comparing");
    let mut whole = Tally::default();
    let mut topics = Topics::default();
    let mut without_source = [0; 2];
    let mut from = 0;
    while from < SHARES {
        let mut pass = Pass::new(config, options, &frozen, &mut topics, from)?;
        pass.read(stop)?;
        from = pass.join.share().end;
        if pass.first {
            without_source = pass.without_source;
        }
        for tally in pass.finish()? {
            whole.add(tally, options.samples);
        }
        if from < SHARES {
            tracing::info!(share = from, of = SHARES, "memory was not enough for all at once: a further pass");
        }
    }
    Ok(summary(options, &topics, whole, without_source))
}

fn summary(options: &Options, topics: &Topics, tally: Tally, without_source: [u64; 2]) -> Summary {
    let ([records_a, records_b], [twice_a, twice_b], [nameless_a, nameless_b]) =
        (tally.records, tally.twice, without_source);
    let samples = tally.samples.by_kind.into_iter().map(|(kind, found)| {
        let shown = |(source, found): (Source, Found)| Sample {
            source: topics.show(source),
            title: found.title,
            changes: found.changes,
        };
        (kind, found.into_iter().map(shown).collect())
    });
    Summary {
        a: SideSummary { topics: options.a.clone(), records: records_a, twice: twice_a, without_source: nameless_a },
        b: SideSummary { topics: options.b.clone(), records: records_b, twice: twice_b, without_source: nameless_b },
        identical: tally.identical,
        alike: tally.alike,
        changed: tally.changed,
        missing: tally.missing,
        extra: tally.extra,
        outside: tally.outside,
        ignored: options.ignore.iter().map(compare::name).collect(),
        fields: tally.fields,
        samples: samples.collect(),
    }
}

/// Two places of one source whose records differ.
type Pair = (Source, Place, Place);

/// One reading of both sides.
struct Pass<'a> {
    options: &'a Options,
    topics: &'a mut Topics,
    readers: [Vec<Reader>; 2],
    fetchers: [Vec<Fetcher>; 2],
    join: Join,
    pace: Pace,
    kept: Kept,
    /// By share.
    tallies: BTreeMap<u16, Tally>,
    pairs: Vec<Pair>,
    without_source: [u64; 2],
    first: bool,
}

const fn index(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

impl<'a> Pass<'a> {
    fn new(
        config: &ClientConfig,
        options: &'a Options,
        frozen: &[Vec<Frozen>; 2],
        topics: &'a mut Topics,
        from: u16,
    ) -> Result<Self, DiffError> {
        let read = |side: &[Frozen]| {
            let numbered = side.iter().zip(0_u8..);
            numbered.map(|(frozen, number)| Reader::new(config, frozen, number)).collect::<Result<Vec<_>, _>>()
        };
        let fetch =
            |side: &[Frozen]| side.iter().map(|frozen| Fetcher::new(config, frozen)).collect::<Result<Vec<_>, _>>();
        let [a, b] = frozen;
        Ok(Self {
            options,
            topics,
            readers: [read(a)?, read(b)?],
            fetchers: [fetch(a)?, fetch(b)?],
            join: Join::new(from..SHARES, options.memory / 2),
            pace: Pace::default(),
            kept: Kept::new(options.memory / 2),
            tallies: BTreeMap::new(),
            pairs: Vec::new(),
            without_source: [0; 2],
            first: from == 0,
        })
    }

    /// Reads both sides to their ends.
    fn read(&mut self, stop: &dyn Fn() -> bool) -> Result<(), DiffError> {
        let mut read = 0;
        loop {
            let open = |readers: &[Reader]| readers.iter().any(|reader| !reader.is_done());
            let [a, b] = &self.readers;
            let side = match (open(a), open(b)) {
                (false, false) => break,
                (true, false) => Side::A,
                (false, true) => Side::B,
                (true, true) => self.pace.next(),
            };
            if stop() {
                return Err(DiffError::Stopped);
            }
            let before = read / TOLD_EVERY;
            read += self.batch(side)?;
            if read / TOLD_EVERY > before {
                tracing::info!(records = read, "comparing");
            }
            if let Some(given_up) = self.join.fit() {
                self.tallies.retain(|share, _| !given_up.contains(share));
                self.pairs.retain(|(source, ..)| !given_up.contains(&share_of(*source)));
            }
            if self.join.is_over() {
                return Err(DiffError::Memory(self.options.memory));
            }
            if self.pairs.len() >= PAIRS {
                self.compare_pairs()?;
            }
        }
        self.compare_pairs()
    }

    /// Some records of a side: all that is at hand, up to [`BATCH`].
    fn batch(&mut self, side: Side) -> Result<u64, DiffError> {
        let mut count = 0;
        for number in 0..self.readers[index(side)].len() {
            for at in 0..BATCH {
                let Some(reader) = self.readers[index(side)].get_mut(number) else { break };
                let timeout = if at == 0 { POLL } else { Duration::ZERO };
                let Some((place, record)) = reader.poll(timeout)? else { break };
                self.take(side, place, record);
                count += 1;
            }
        }
        Ok(count)
    }

    fn take(&mut self, side: Side, place: Place, record: Record) {
        let Some(source) = record.header(headers::SOURCE).and_then(|source| self.topics.source(source)) else {
            self.without_source[index(side)] += 1;
            return;
        };
        let outside = self.is_outside(source);
        let share = share_of(source);
        if !outside {
            self.pace.saw(side, source);
        }
        if !self.join.share().contains(&share) {
            return;
        }
        let tally = self.tallies.entry(share).or_default();
        tally.records[index(side)] += 1;
        if outside {
            tally.outside += 1;
            return;
        }
        let ignore = &self.options.ignore;
        let twin = match self.join.meet(side, source, record.print(), place) {
            Met::Elsewhere => return,
            Met::Waits => return self.kept.keep(source, record),
            Met::Twice => {
                tally.twice[index(side)] += 1;
                return;
            }
            Met::Same => {
                tally.identical += 1;
                drop(self.kept.take(source));
                return;
            }
            Met::SameButProvenance(_) if ignore.contains(&Field::Provenance) => {
                tally.alike += 1;
                drop(self.kept.take(source));
                return;
            }
            Met::SameButProvenance(twin) | Met::Differs(twin) => twin,
        };
        match (self.kept.take(source), side) {
            (Some(other), Side::A) => {
                tally.differ(source, title(&other).as_deref(), &compare(&record, &other), ignore, self.options.samples);
            }
            (Some(other), Side::B) => {
                tally.differ(
                    source,
                    title(&record).as_deref(),
                    &compare(&other, &record),
                    ignore,
                    self.options.samples,
                );
            }
            (None, Side::A) => self.pairs.push((source, place, twin)),
            (None, Side::B) => self.pairs.push((source, twin, place)),
        }
    }

    fn is_outside(&self, source: Source) -> bool {
        match &self.options.within {
            Within::Range { topic, bounds } => {
                let bounds = bounds.get(&source.partition).filter(|_| topic == self.topics.name(source.topic));
                bounds.is_none_or(|bounds| source.offset < bounds.from || source.offset >= bounds.to)
            }
            _ => false,
        }
    }

    /// Reads again what was not kept, and compares it.
    fn compare_pairs(&mut self) -> Result<(), DiffError> {
        let pairs = std::mem::take(&mut self.pairs);
        let a = self.fetch(Side::A, pairs.iter().map(|(_, a, _)| *a))?;
        let b = self.fetch(Side::B, pairs.iter().map(|(_, _, b)| *b))?;
        for (source, from, to) in pairs {
            let (Some(from), Some(to)) = (a.get(&from), b.get(&to)) else { continue };
            let tally = self.tallies.entry(share_of(source)).or_default();
            tally.differ(source, title(to).as_deref(), &compare(from, to), &self.options.ignore, self.options.samples);
        }
        Ok(())
    }

    fn fetch(&self, side: Side, places: impl Iterator<Item = Place>) -> Result<BTreeMap<Place, Record>, DiffError> {
        let mut by_topic: BTreeMap<u8, BTreeSet<Place>> = BTreeMap::new();
        for place in places {
            by_topic.entry(place.topic).or_default().insert(place);
        }
        let mut found = BTreeMap::new();
        for (topic, places) in by_topic {
            if let Some(fetcher) = self.fetchers[index(side)].get(usize::from(topic)) {
                found.extend(fetcher.fetch(&places)?);
            }
        }
        Ok(found)
    }

    /// Counts what stands alone, and looks up the titles of the samples.
    fn finish(mut self) -> Result<impl Iterator<Item = Tally>, DiffError> {
        let join = std::mem::replace(&mut self.join, Join::new(0..0, 0));
        let most = self.options.samples;
        let mut places = BTreeMap::new();
        for (side, source, place) in join.alone() {
            let beyond = self.is_beyond(side, source);
            let tally = self.tallies.entry(share_of(source)).or_default();
            if beyond {
                tally.outside += 1;
                continue;
            }
            let kind = match side {
                Side::A => {
                    tally.missing += 1;
                    "missing"
                }
                Side::B => {
                    tally.extra += 1;
                    "extra"
                }
            };
            tally.samples.keep(kind, source, most, || {
                places.insert(source, (side, place));
                Found::default()
            });
        }
        let mut tallies = std::mem::take(&mut self.tallies);
        for kind in ["missing", "extra"] {
            let found = tallies.values_mut().filter_map(|tally| tally.samples.by_kind.get_mut(kind));
            for (source, found) in found.flatten() {
                let Some((side, place)) = places.get(source) else { continue };
                let record = self.fetch(*side, std::iter::once(*place))?;
                found.title = record.get(place).and_then(title);
            }
        }
        Ok(tallies.into_values())
    }

    /// Whether the other side was not meant to have it.
    fn is_beyond(&self, side: Side, source: Source) -> bool {
        let other = match (&self.options.within, side) {
            (Within::A, Side::B) => 0,
            (Within::B, Side::A) => 1,
            (Within::SampleB, Side::A) => return true,
            _ => return false,
        };
        let spans = self.pace.spans(source);
        spans[other].is_none_or(|(first, last)| source.offset < first || source.offset > last)
    }
}

/// The title of a record, or why it is a dead letter.
fn title(record: &Record) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Titled {
        title: Option<String>,
    }
    if let Some(reason) = record.reason() {
        return Some(format!("dead letter: {reason}"));
    }
    serde_json::from_slice::<Titled>(wire::split(record.value.as_deref()?).1).ok()?.title
}

/// Values of records that wait for their twin, as many as fit; the oldest go
/// first.
struct Kept {
    limit: usize,
    bytes: usize,
    records: FxHashMap<Source, Record>,
    order: VecDeque<Source>,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, records: FxHashMap::default(), order: VecDeque::new() }
    }

    fn keep(&mut self, source: Source, record: Record) {
        self.bytes += record.bytes();
        self.records.insert(source, record);
        self.order.push_back(source);
        while self.bytes > self.limit {
            let Some(oldest) = self.order.pop_front() else { break };
            drop(self.take(oldest));
        }
        // Most are taken, not pushed out: their places in the order go at times.
        if self.order.len() > 2 * self.records.len() + 1024 {
            self.order.retain(|source| self.records.contains_key(source));
        }
    }

    fn take(&mut self, source: Source) -> Option<Record> {
        let record = self.records.remove(&source)?;
        self.bytes -= record.bytes();
        Some(record)
    }
}
