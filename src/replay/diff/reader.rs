//! Reads topics from their beginnings up to ends that were frozen before, and
//! single records by their places.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::record::{Place, Record};
use crate::replay::client::{self, Client};

const CALL: Duration = Duration::from_secs(10);
/// A record that was there before must come again within this time.
const READ: Duration = Duration::from_secs(30);
/// Up to so many offsets are read over rather than jumped over: a jump is a
/// round trip, and throws away what was fetched.
const JUMP: i64 = 500;

/// Why a topic cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    #[error("topic {0:?}: there is no such topic")]
    NoTopic(String),
    #[error("topic {topic:?}: {what}: {error}")]
    Kafka { topic: String, what: &'static str, error: KafkaError },
    #[error(
        "topic {topic:?}: partition {partition}, offset {offset} was there and can no longer be read; does retention \
         or compaction run?"
    )]
    Gone { topic: String, partition: i32, offset: i64 },
    #[error("one share of the sources does not fit into {0} bytes; give more with --memory")]
    Memory(usize),
    #[error("stopped before the end")]
    Stopped,
}

/// A topic and where it ended when the comparison began.
#[derive(Debug, Clone)]
pub(super) struct Frozen {
    pub(super) topic: String,
    /// First offset and end, by partition, of those that hold anything.
    ends: BTreeMap<i32, (i64, i64)>,
}

fn client(config: &ClientConfig, topic: &str) -> Result<Client, DiffError> {
    let fast = [
        ("fetch.queue.backoff.ms", "10"),
        ("queued.max.messages.kbytes", "16384"),
        ("fetch.message.max.bytes", "524288"),
        ("receive.message.max.bytes", "1000000000"),
    ];
    client::client(config, "warraq-diff", &fast).map_err(failed(topic, "the client cannot be made"))
}

fn failed<'a>(topic: &'a str, what: &'static str) -> impl FnOnce(KafkaError) -> DiffError + 'a {
    move |error| DiffError::Kafka { topic: topic.to_owned(), what, error }
}

impl Frozen {
    pub(super) fn new(config: &ClientConfig, topic: &str) -> Result<Self, DiffError> {
        let consumer = client(config, topic)?;
        let metadata = consumer.fetch_metadata(Some(topic), CALL).map_err(failed(topic, "cannot be looked up"))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let partitions = found.map_or(&[][..], |found| found.partitions());
        if partitions.is_empty() {
            return Err(DiffError::NoTopic(topic.to_owned()));
        }
        let mut ends = BTreeMap::new();
        for partition in partitions {
            let bounds = consumer.fetch_watermarks(topic, partition.id(), CALL);
            let (first, end) = bounds.map_err(failed(topic, "its end cannot be read"))?;
            if first < end {
                ends.insert(partition.id(), (first, end));
            }
        }
        Ok(Self { topic: topic.to_owned(), ends })
    }

    /// Offsets, of which records are at most so many.
    pub(super) fn offsets(&self) -> u64 {
        self.ends.values().map(|(first, end)| u64::try_from(end - first).unwrap_or(0)).sum()
    }
}

/// Reads a frozen topic once.
pub(super) struct Reader {
    frozen: Frozen,
    number: u8,
    consumer: Client,
    open: BTreeSet<i32>,
}

impl Reader {
    /// `number` is what its records' places call the topic.
    pub(super) fn new(config: &ClientConfig, frozen: &Frozen, number: u8) -> Result<Self, DiffError> {
        let consumer = client(config, &frozen.topic)?;
        let mut list = TopicPartitionList::with_capacity(frozen.ends.len());
        for (partition, (first, _)) in &frozen.ends {
            list.add_partition_offset(&frozen.topic, *partition, Offset::Offset(*first))
                .map_err(failed(&frozen.topic, "cannot be assigned"))?;
        }
        consumer.assign(&list).map_err(failed(&frozen.topic, "cannot be assigned"))?;
        Ok(Self { open: frozen.ends.keys().copied().collect(), frozen: frozen.clone(), number, consumer })
    }

    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// The next record; `None` where none came in time.
    pub(super) fn poll(&mut self, timeout: Duration) -> Result<Option<(Place, Record)>, DiffError> {
        if self.is_done() {
            return Ok(None);
        }
        match self.consumer.poll(timeout) {
            None => Ok(None),
            Some(Ok(message)) => {
                let (partition, offset) = (message.partition(), message.offset());
                if !self.open.contains(&partition) {
                    return Ok(None);
                }
                let end = self.frozen.ends.get(&partition).map_or(0, |(_, end)| *end);
                if offset + 1 >= end {
                    self.open.remove(&partition);
                }
                let place = Place { topic: self.number, partition, offset };
                Ok((offset < end).then(|| (place, record(&message))))
            }
            // The ends of what is committed: nothing more was there when the
            // ends were frozen.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.open.remove(&partition);
                Ok(None)
            }
            Some(Err(error)) if is_lasting(&error) => Err(failed(&self.frozen.topic, "cannot be read")(error)),
            Some(Err(error)) => {
                tracing::debug!(%error, topic = self.frozen.topic, "a read failed and is tried again");
                Ok(None)
            }
        }
    }
}

/// What librdkafka will not get over by itself.
fn is_lasting(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || matches!(
            error.rdkafka_error_code(),
            Some(
                Code::UnknownTopicOrPartition
                    | Code::UnknownTopic
                    | Code::UnknownPartition
                    | Code::TopicAuthorizationFailed
                    | Code::Authentication
                    | Code::AutoOffsetReset
            )
        )
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Record { key: message.key().map(<[u8]>::to_vec), headers, value: message.payload().map(<[u8]>::to_vec) }
}

/// Reads single records of one topic.
pub(super) struct Fetcher {
    topic: String,
    consumer: Client,
}

impl Fetcher {
    pub(super) fn new(config: &ClientConfig, frozen: &Frozen) -> Result<Self, DiffError> {
        Ok(Self { topic: frozen.topic.clone(), consumer: client(config, &frozen.topic)? })
    }

    /// The records at these places, which are of this topic.
    pub(super) fn fetch(&self, places: &BTreeSet<Place>) -> Result<BTreeMap<Place, Record>, DiffError> {
        let mut found = BTreeMap::new();
        let mut at: Option<(i32, i64)> = None;
        for place in places {
            let near = at.is_some_and(|(partition, next)| {
                partition == place.partition && (next..next + JUMP).contains(&place.offset)
            });
            if !near {
                self.go_to(*place)?;
            }
            found.insert(*place, self.read(*place)?);
            at = Some((place.partition, place.offset + 1));
        }
        self.consumer.unassign().map_err(failed(&self.topic, "cannot be read"))?;
        Ok(found)
    }

    fn go_to(&self, place: Place) -> Result<(), DiffError> {
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(&self.topic, place.partition, Offset::Offset(place.offset))
            .and_then(|()| self.consumer.assign(&list))
            .map_err(failed(&self.topic, "cannot be read"))
    }

    fn read(&self, place: Place) -> Result<Record, DiffError> {
        let gone = || DiffError::Gone { topic: self.topic.clone(), partition: place.partition, offset: place.offset };
        let step = Duration::from_millis(200);
        let mut waited = Duration::ZERO;
        while waited < READ {
            match self.consumer.poll(step) {
                Some(Ok(message)) if message.partition() != place.partition || message.offset() < place.offset => {}
                Some(Ok(message)) if message.offset() == place.offset => return Ok(record(&message)),
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Err(gone()),
                Some(Err(error)) if is_lasting(&error) => return Err(failed(&self.topic, "cannot be read")(error)),
                Some(Err(_)) | None => waited += step,
            }
        }
        Err(gone())
    }
}
