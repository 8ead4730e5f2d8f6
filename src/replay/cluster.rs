//! What a replay asks of the cluster and writes to its own group, all as no
//! member of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::range::{Edge, Facts, Log, Range};
use super::state::State;
use super::{Bounds, Error};
use crate::retry::Backoff;
use crate::worker::Clock;

/// How long one question may take.
const CALL: Duration = Duration::from_secs(20);
/// How long to wait for the first records of the range.
const FIRST: Duration = Duration::from_secs(10);

/// What the group has committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub offset: i64,
    pub state: State,
}

/// The first records of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct First {
    /// The oldest of their timestamps.
    pub oldest: Option<Timestamp>,
    /// Mean of their sizes.
    pub bytes: u64,
}

/// The cluster, as far as one topic and one group go.
pub struct Cluster {
    consumer: BaseConsumer,
    config: ClientConfig,
    topic: String,
    group: String,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("topic", &self.topic).field("group", &self.group).finish_non_exhaustive()
    }
}

/// How long a coordinator may take to find its place: after a broker's start or
/// move it refuses for a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a call again while the cluster is not ready for it.
fn patiently<T>(mut call: impl FnMut() -> Result<T, KafkaError>) -> Result<T, KafkaError> {
    let clock = Clock::start();
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        match call() {
            Err(error) if is_passing(&error) && clock.now() < PATIENCE => std::thread::sleep(backoff.next_delay()),
            other => return other,
        }
    }
}

fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::NotCoordinator
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::WaitingForCoordinator
                | Code::LeaderNotAvailable
                | Code::NotLeaderForPartition
                | Code::OffsetNotAvailable
                | Code::UnstableOffsetCommit
        )
    )
}

fn kafka(what: impl Into<String>) -> impl FnOnce(KafkaError) -> Error {
    move |error| Error::Kafka { what: what.into(), error }
}

impl Cluster {
    /// `config`: that of any client of the cluster.
    ///
    /// # Errors
    /// Where librdkafka refuses a property.
    pub fn new(config: &ClientConfig, topic: &str, group: &str) -> Result<Self, Error> {
        let mut config = config.clone();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Ends are those for who reads committed records, and an offset that
            // an open transaction holds is waited for.
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false")
            .set("auto.offset.reset", "earliest")
            // Commits as no member go by the classic protocol.
            .set("group.protocol", "classic");
        let mut of_group = config.clone();
        of_group.set("group.id", group);
        let consumer = of_group.create().map_err(kafka("the consumer cannot be made"))?;
        Ok(Self { consumer, config, topic: topic.to_owned(), group: group.to_owned() })
    }

    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// How many partitions a topic has; none: there is no such topic.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub fn partitions(&self, topic: &str) -> Result<Option<Vec<i32>>, Error> {
        let failed = |error| kafka(format!("topic {topic}: the cluster cannot be asked"))(error);
        let metadata = match self.consumer.fetch_metadata(Some(topic), CALL) {
            Err(KafkaError::MetadataFetch(code)) if is_unknown(code) => return Ok(None),
            other => other.map_err(failed)?,
        };
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        match found.and_then(|found| found.error()).map(RDKafkaErrorCode::from) {
            None => {}
            Some(code) if is_unknown(code) => return Ok(None),
            Some(code) => return Err(failed(KafkaError::MetadataFetch(code))),
        }
        let partitions: Vec<i32> =
            found.iter().flat_map(|found| found.partitions()).map(|partition| partition.id()).collect();
        Ok((!partitions.is_empty()).then_some(partitions))
    }

    /// What is needed to resolve a range over the topic.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub fn facts(&self, partitions: &[i32], range: &Range) -> Result<Facts, Error> {
        let mut logs = BTreeMap::new();
        for &partition in partitions {
            let (begin, end) = patiently(|| self.consumer.fetch_watermarks(&self.topic, partition, CALL))
                .map_err(kafka(format!("where partition {partition} of {} ends cannot be asked", self.topic)))?;
            logs.insert(partition, Log { begin, end });
        }
        Ok(Facts { logs, from: self.at(partitions, &range.from)?, to: self.at(partitions, &range.to)? })
    }

    /// Where a time is in each partition; nothing for an edge that is no time.
    fn at(&self, partitions: &[i32], edge: &Edge) -> Result<BTreeMap<i32, Option<i64>>, Error> {
        let Edge::Time(time) = edge else { return Ok(BTreeMap::new()) };
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &partition in partitions {
            // No record is older than the epoch, and the broker knows no such time.
            let millis = time.as_millisecond().max(0);
            list.add_partition_offset(&self.topic, partition, Offset::Offset(millis))
                .map_err(kafka("a time cannot be asked for"))?;
        }
        let found = self.consumer.offsets_for_times(list, CALL);
        let found = found.map_err(kafka(format!("where {time} is in {} cannot be asked", self.topic)))?;
        let mut offsets = BTreeMap::new();
        for element in found.elements() {
            element.error().map_err(kafka(format!("where {time} is in {} cannot be asked", self.topic)))?;
            let offset = match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
            offsets.insert(element.partition(), offset);
        }
        Ok(offsets)
    }

    /// Reads the first record of each range, to know how old and how large the
    /// archive's records are.
    ///
    /// # Errors
    /// Where the topic cannot be read.
    pub fn first(&self, ranges: &BTreeMap<i32, Bounds>) -> Result<First, Error> {
        let failed = || kafka(format!("the first records of {} cannot be read", self.topic));
        let mut config = self.config.clone();
        config
            // Never joined; librdkafka wants a name.
            .set("group.id", "warraq-first")
            .set("enable.partition.eof", "true")
            .set("fetch.message.max.bytes", "65536")
            .set("queued.min.messages", "1")
            .set("queued.max.messages.kbytes", "1024");
        let reader: BaseConsumer = config.create().map_err(failed())?;
        let mut list = TopicPartitionList::new();
        for (&partition, bounds) in ranges.iter().filter(|(_, bounds)| !bounds.is_empty()) {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(bounds.from)).map_err(failed())?;
        }
        reader.assign(&list).map_err(failed())?;
        let mut wanted: Vec<i32> = list.elements().iter().map(|element| element.partition()).collect();
        let (mut first, mut records, mut bytes) = (First::default(), 0u64, 0u64);
        let mut waited = Duration::ZERO;
        let step = Duration::from_millis(100);
        while !wanted.is_empty() && waited < FIRST {
            match reader.poll(step) {
                None => waited += step,
                Some(Ok(message)) if wanted.contains(&message.partition()) => {
                    wanted.retain(|partition| *partition != message.partition());
                    let time = message.timestamp().to_millis().filter(|millis| *millis >= 0);
                    let time = time.and_then(|millis| Timestamp::from_millisecond(millis).ok());
                    first.oldest = first.oldest.into_iter().chain(time).min();
                    records += 1;
                    bytes += message.payload_len() as u64 + message.key_len() as u64;
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => wanted.retain(|wanted| *wanted != partition),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(failed()(error)),
            }
        }
        first.bytes = u64::checked_div(bytes, records).unwrap_or(0);
        Ok(first)
    }

    /// What the group has committed, by partition; those without a committed
    /// offset are left out.
    ///
    /// # Errors
    /// Where the cluster does not answer, or an offset was committed without a
    /// state.
    pub fn committed(&self, partitions: &[i32]) -> Result<BTreeMap<i32, Position>, Error> {
        let failed = || kafka(format!("the committed offsets of group {} cannot be read", self.group));
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &partition in partitions {
            list.add_partition(&self.topic, partition);
        }
        let ask = || {
            let found = self.consumer.committed_offsets(list.clone(), CALL)?;
            found.elements().iter().try_for_each(|element| element.error())?;
            Ok(found)
        };
        let list = patiently(ask).map_err(failed())?;
        let mut positions = BTreeMap::new();
        for element in list.elements() {
            let Offset::Offset(offset) = element.offset() else { continue };
            let state = State::parse(element.metadata()).map_err(|why| Error::Stateless {
                group: self.group.clone(),
                partition: element.partition(),
                why,
            })?;
            positions.insert(element.partition(), Position { offset, state });
        }
        Ok(positions)
    }

    /// Writes the begin down: each partition's first offset and its state. Only
    /// a group without members lets this happen.
    ///
    /// # Errors
    /// [`Error::Live`] where the group has members.
    pub fn begin(&self, states: &BTreeMap<i32, State>) -> Result<(), Error> {
        let failed = || kafka(format!("the begin cannot be committed to group {}", self.group));
        let mut list = TopicPartitionList::with_capacity(states.len());
        for (&partition, state) in states {
            let mut element = list.add_partition(&self.topic, partition);
            element.set_offset(Offset::Offset(state.from)).map_err(failed())?;
            element.set_metadata(state.to_metadata());
        }
        match patiently(|| self.consumer.commit(&list, CommitMode::Sync)) {
            Err(KafkaError::ConsumerCommit(code)) if is_of_members(code) => Err(Error::Live(self.group.clone())),
            other => other.map_err(failed()),
        }
    }

    /// How many members the group has. One of the new protocol
    /// (`kafka.group_protocol = "consumer"`) tells nothing here, and counts as
    /// none; its begin is guarded all the same.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub fn members(&self) -> Result<usize, Error> {
        let groups = patiently(|| self.consumer.client().fetch_group_list(Some(&self.group), CALL));
        let groups = groups.map_err(kafka(format!("the members of group {} cannot be asked", self.group)))?;
        Ok(groups.groups().iter().filter(|group| group.name() == self.group).map(|group| group.members().len()).sum())
    }
}

fn is_unknown(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)
}

/// Answers to a commit by who is no member, of a group that has some.
fn is_of_members(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::StaleMemberEpoch
    )
}
