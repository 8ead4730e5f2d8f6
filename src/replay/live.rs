//! How far behind a live group is, in seconds, asked from outside: no member
//! joins, no partition moves.
//!
//! The group's committed offsets say where it is; the age of the first record
//! behind such an offset is the lag of that partition. Two clocks are asked for
//! that age, and the younger answer is taken: the record's own timestamp, which
//! is there from the first moment but tells nothing where old articles are
//! written with old timestamps; and the ends of the topic as they were seen
//! before, which is right for any timestamps but only reaches back to the start
//! of the watch.

use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde::Serialize;

use super::client::{Client, client};
use crate::worker::Clock;

/// How often the group is asked, and the least pause between two questions.
pub const INTERVAL: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);
/// How long one question may take.
const CALL: Duration = Duration::from_secs(5);
/// How long to wait for the first records of lagging partitions.
const READ: Duration = Duration::from_secs(2);
/// Ends are remembered for so long at most.
const MEMORY: Duration = Duration::from_secs(3600);
/// A failure is told again after so many in a row.
const TOLD_EVERY: u32 = 30;

/// Whose lag a replay yields to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveGroup {
    pub group: String,
    pub topic: String,
}

impl FromStr for LiveGroup {
    type Err = String;

    /// `GROUP:TOPIC`; a topic's name holds no colon, a group's may.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once(':') {
            Some((group, topic)) if !group.is_empty() && !topic.is_empty() => {
                Ok(Self { group: group.to_owned(), topic: topic.to_owned() })
            }
            _ => Err(format!("{text:?} is not GROUP:TOPIC, such as warraq:articles.raw")),
        }
    }
}

impl std::fmt::Display for LiveGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.group, self.topic)
    }
}

/// Why a live group's lag cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error("{live}: the client cannot be made: {error}")]
    Client { live: String, error: String },
    #[error("{live}: {what}: {error}")]
    Ask { live: String, what: &'static str, error: String },
    #[error("{0}: there is no such topic")]
    NoTopic(String),
    #[error(
        "{0}: this group has committed no offset on this topic, so its lag cannot be told; is the name right, and \
         has it run?"
    )]
    NoOffsets(String),
    #[error("{live}: the thread that watches it cannot be started: {error}")]
    Thread { live: String, error: std::io::Error },
}

/// Asks again and again on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct LiveLag {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LiveLag {
    /// Asks once, so that a wrong name is told before anything is read, then
    /// starts the thread. `config` is that of any client of the cluster;
    /// `heard` gets each answer, `None` where there is none.
    ///
    /// # Errors
    /// Where the first question fails.
    pub fn start(
        config: &ClientConfig,
        live: &LiveGroup,
        heard: impl Fn(Option<Duration>) + Send + 'static,
    ) -> Result<Self, LiveError> {
        let mut sampler = Sampler::new(config, live)?;
        heard(Some(sampler.sample()?));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("live-lag".to_owned())
            .spawn(move || watch(&mut sampler, &stopped, heard))
            .map_err(|error| LiveError::Thread { live: live.to_string(), error })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for LiveLag {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of that thread has been told by the panic hook.
            let _ = thread.join();
        }
    }
}

fn watch(sampler: &mut Sampler, stop: &AtomicBool, heard: impl Fn(Option<Duration>)) {
    let mut failures = 0;
    let mut took = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(INTERVAL.saturating_sub(took).max(PAUSE));
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let start = sampler.clock.now();
        let sample = sampler.sample();
        took = sampler.clock.now().saturating_sub(start);
        match sample {
            Ok(lag) => {
                tracing::debug!(lag = lag.as_secs_f64(), took = took.as_secs_f64(), "the live group's lag");
                if failures > 0 {
                    tracing::info!(live = %sampler.live, "the live group's lag is known again");
                }
                failures = 0;
                heard(Some(lag));
            }
            Err(error) => {
                if failures % TOLD_EVERY == 0 {
                    tracing::warn!(%error, "the live group's lag is unknown; the replay goes no faster, and stops if it stays so");
                }
                failures += 1;
                heard(None);
            }
        }
    }
}

/// The clients that ask: one as the group, without joining it, and one that
/// reads single records.
struct Sampler {
    live: LiveGroup,
    group: Client,
    reader: Client,
    clock: Clock,
    ages: Ages,
}

impl Sampler {
    fn new(config: &ClientConfig, live: &LiveGroup) -> Result<Self, LiveError> {
        let client = |group: &str| {
            // What is committed is asked as it is: else the answer waits for the end
            // of each transaction that commits more, the longer the more live lags.
            let isolation = if group == live.group { "read_uncommitted" } else { "read_committed" };
            let settings = [
                ("isolation.level", isolation),
                // One record of each partition is wanted, not what follows it.
                ("fetch.message.max.bytes", "65536"),
                ("queued.min.messages", "1"),
                ("queued.max.messages.kbytes", "1024"),
            ];
            client(config, group, &settings)
                .map_err(|error| LiveError::Client { live: live.to_string(), error: error.to_string() })
        };
        Ok(Self {
            live: live.clone(),
            group: client(&live.group)?,
            reader: client("warraq-live-lag")?,
            clock: Clock::start(),
            ages: Ages::default(),
        })
    }

    fn failed(&self, what: &'static str) -> impl Fn(KafkaError) -> LiveError + '_ {
        move |error| LiveError::Ask { live: self.live.to_string(), what, error: error.to_string() }
    }

    /// The lag of the partition that is furthest behind.
    fn sample(&mut self) -> Result<Duration, LiveError> {
        let committed = self.committed()?;
        // What is told of is this moment: later, more may be committed.
        let (now, unix) = (self.clock.now(), i64::try_from(Clock::unix().as_millis()).unwrap_or(i64::MAX));
        let mut lagging = Vec::new();
        for (partition, committed) in committed {
            let (_, end) = self
                .reader
                .fetch_watermarks(&self.live.topic, partition, CALL)
                .map_err(self.failed("the topic's end cannot be read"))?;
            if let Some(next) = self.ages.seen(partition, committed, end, now) {
                lagging.push((partition, next));
            }
        }
        self.read(&lagging)?;
        Ok(self.ages.oldest(now, unix))
    }

    fn committed(&self) -> Result<Vec<(i32, Option<i64>)>, LiveError> {
        let metadata = self
            .group
            .fetch_metadata(Some(&self.live.topic), CALL)
            .map_err(self.failed("the topic cannot be looked up"))?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.live.topic);
        let partitions: Vec<i32> = topic.map_or(&[][..], |topic| topic.partitions()).iter().map(|p| p.id()).collect();
        if partitions.is_empty() {
            return Err(LiveError::NoTopic(self.live.to_string()));
        }
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in &partitions {
            list.add_partition(&self.live.topic, *partition);
        }
        let list = self
            .group
            .committed_offsets(list, CALL)
            .map_err(self.failed("the group's committed offsets cannot be read"))?;
        let mut committed = Vec::with_capacity(partitions.len());
        for element in list.elements() {
            element.error().map_err(self.failed("the group's committed offsets cannot be read"))?;
            let offset = match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
            committed.push((element.partition(), offset));
        }
        if committed.iter().all(|(_, offset)| offset.is_none()) {
            return Err(LiveError::NoOffsets(self.live.to_string()));
        }
        Ok(committed)
    }

    /// The timestamps of the first records behind these offsets.
    fn read(&mut self, lagging: &[(i32, i64)]) -> Result<(), LiveError> {
        if lagging.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(lagging.len());
        for (partition, offset) in lagging {
            list.add_partition_offset(&self.live.topic, *partition, Offset::Offset(*offset))
                .map_err(self.failed("a record cannot be read"))?;
        }
        self.reader.assign(&list).map_err(self.failed("a record cannot be read"))?;
        let until = self.clock.now() + READ;
        let mut open: BTreeMap<i32, i64> = lagging.iter().copied().collect();
        while !open.is_empty() && self.clock.now() < until {
            match self.reader.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    if let Some(offset) = open.remove(&message.partition()) {
                        self.ages.read(message.partition(), offset, message.timestamp().to_millis());
                    }
                }
                // Only a transaction's markers are left there.
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if let Some(offset) = open.remove(&partition) {
                        self.ages.nothing(partition, offset);
                    }
                }
                Some(Err(error)) => tracing::debug!(%error, "a record of the live topic cannot be read"),
                None => {}
            }
        }
        // What was not read in time is aged by the ends that were seen.
        self.reader.unassign().map_err(self.failed("a record cannot be read"))
    }
}

/// The ages of the first records not committed, by partition.
#[derive(Debug, Default)]
struct Ages {
    partitions: BTreeMap<i32, Age>,
}

#[derive(Debug, Default)]
struct Age {
    /// Ends of the topic as they were seen, rising.
    ends: VecDeque<End>,
    /// The offset the group continues from, and the end, as seen last.
    next: i64,
    end: i64,
    /// What is known of the first record at or after `next`.
    first: First,
}

/// An end of a partition, and when it was seen first and last.
#[derive(Debug, Clone, Copy)]
struct End {
    offset: i64,
    first: Duration,
    last: Duration,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum First {
    #[default]
    Unread,
    /// Milliseconds since the epoch, where it has a timestamp.
    At(Option<i64>),
    /// There is none.
    Nothing,
}

impl Ages {
    /// What a partition was found at. Returns the offset whose record is to be
    /// read, if its age is not known yet.
    fn seen(&mut self, partition: i32, committed: Option<i64>, end: i64, now: Duration) -> Option<i64> {
        let new = !self.partitions.contains_key(&partition);
        let age = self.partitions.entry(partition).or_default();
        // Where nothing was committed yet, what was there before the watch is
        // not known to be the group's at all (it may have begun at the end).
        let next = committed.unwrap_or(if new { end } else { age.next });
        if next != age.next || (age.first == First::Nothing && end != age.end) {
            age.first = First::Unread;
        }
        (age.next, age.end) = (next, end);
        match age.ends.back_mut() {
            Some(last) if last.offset >= end => last.last = now,
            _ => age.ends.push_back(End { offset: end, first: now, last: now }),
        }
        // One end at or before the committed offset must stay, to say that what
        // follows came after it.
        while age.ends.get(1).is_some_and(|end| end.offset <= next || end.last + MEMORY < now) {
            age.ends.pop_front();
        }
        (next < end && age.first == First::Unread).then_some(next)
    }

    fn read(&mut self, partition: i32, offset: i64, timestamp: Option<i64>) {
        self.tell(partition, offset, First::At(timestamp));
    }

    fn nothing(&mut self, partition: i32, offset: i64) {
        self.tell(partition, offset, First::Nothing);
    }

    fn tell(&mut self, partition: i32, offset: i64, first: First) {
        if let Some(age) = self.partitions.get_mut(&partition)
            && age.next == offset
        {
            age.first = first;
        }
    }

    fn oldest(&self, now: Duration, unix: i64) -> Duration {
        self.partitions.values().map(|age| age.of(now, unix)).max().unwrap_or_default()
    }
}

impl Age {
    fn of(&self, now: Duration, unix: i64) -> Duration {
        if self.next >= self.end || self.first == First::Nothing {
            return Duration::ZERO;
        }
        let by_timestamp = match self.first {
            First::At(Some(at)) => Some(Duration::from_millis(u64::try_from(unix - at).unwrap_or(0))),
            _ => None,
        };
        // The end passed `next` between two looks; it is taken to be right after
        // the first of them.
        let before = self.ends.iter().take_while(|end| end.offset <= self.next).last();
        let by_watch = before.map(|end| now.saturating_sub(end.last));
        match (by_timestamp, by_watch) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b).unwrap_or_else(|| self.since_start(now)),
        }
    }

    /// Neither clock knows: at least as old as the watch.
    fn since_start(&self, now: Duration) -> Duration {
        self.ends.front().map_or(Duration::ZERO, |end| now.saturating_sub(end.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_group_and_a_topic_are_read() {
        let live: LiveGroup = "my:group:articles.raw".parse().unwrap();
        assert_eq!((live.group.as_str(), live.topic.as_str()), ("my:group", "articles.raw"));
        assert_eq!(live.to_string(), "my:group:articles.raw");
        for wrong in ["", "articles", ":articles", "group:"] {
            assert!(wrong.parse::<LiveGroup>().unwrap_err().contains("GROUP:TOPIC"), "{wrong}");
        }
    }

    #[test]
    fn the_lag_is_the_age_of_the_oldest_record_not_committed() {
        let mut ages = Ages::default();
        assert_eq!(ages.seen(0, Some(5), 5, s(1)), None);
        assert_eq!(ages.seen(1, Some(3), 9, s(1)), Some(3));
        ages.read(1, 3, Some(90_000));
        assert_eq!(ages.oldest(s(1), 100_000), s(10));
        assert_eq!(ages.seen(1, Some(3), 9, s(2)), None, "read once");
        assert_eq!(ages.oldest(s(2), 101_000), s(11));
        assert_eq!(ages.seen(1, Some(9), 9, s(3)), None);
        assert_eq!(ages.oldest(s(3), 102_000), s(0));
    }

    #[test]
    fn old_timestamps_of_fresh_records_are_not_a_lag() {
        let mut ages = Ages::default();
        ages.seen(0, Some(5), 5, s(1));
        assert_eq!(ages.seen(0, Some(5), 5, s(3)), None);
        assert_eq!(ages.seen(0, Some(5), 8, s(4)), Some(5));
        ages.read(0, 5, Some(0));
        assert_eq!(ages.oldest(s(6), 1_700_000_000_000), s(3), "came after the third second");
        // Further on in what came then, and something newer behind it.
        assert_eq!(ages.seen(0, Some(7), 20, s(8)), Some(7));
        ages.read(0, 7, Some(0));
        assert_eq!(ages.oldest(s(8), 1_700_000_000_000), s(5));
        assert_eq!(ages.seen(0, Some(8), 20, s(9)), Some(8));
        ages.read(0, 8, Some(0));
        assert_eq!(ages.oldest(s(9), 1_700_000_000_000), s(5), "after the fourth, in which the end was 8");
    }

    #[test]
    fn markers_behind_the_last_record_are_no_lag_until_more_comes() {
        let mut ages = Ages::default();
        assert_eq!(ages.seen(0, Some(5), 6, s(1)), Some(5));
        ages.nothing(0, 5);
        assert_eq!(ages.oldest(s(50), 50_000), s(0));
        assert_eq!(ages.seen(0, Some(5), 6, s(2)), None);
        assert_eq!(ages.seen(0, Some(5), 9, s(3)), Some(5), "looked at again");
    }

    #[test]
    fn what_neither_clock_knows_is_as_old_as_the_watch() {
        let mut ages = Ages::default();
        ages.seen(0, Some(5), 9, s(1));
        assert_eq!(ages.oldest(s(21), 0), s(20));
    }

    #[test]
    fn a_partition_without_a_commit_counts_from_the_start_of_the_watch() {
        let mut ages = Ages::default();
        assert_eq!(ages.seen(0, None, 900, s(1)), None);
        assert_eq!(ages.seen(0, None, 905, s(5)), Some(900));
        ages.read(0, 900, None);
        assert_eq!(ages.oldest(s(9), 0), s(8), "came after the first second");
    }

    #[test]
    fn the_memory_of_ends_is_bounded() {
        let mut ages = Ages::default();
        for second in 0..20_000 {
            let end = i64::try_from(second).unwrap();
            ages.seen(0, Some(end - 10), end, s(second));
        }
        assert!(ages.partitions[&0].ends.len() < 20);
        for second in 20_000..40_000 {
            ages.seen(0, Some(19_990), i64::try_from(second).unwrap(), s(second));
        }
        assert!(ages.partitions[&0].ends.len() <= 3602);
    }
}
