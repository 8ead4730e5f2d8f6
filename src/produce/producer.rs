//! The sink that is a real producer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{Message, Offset, Statistics, TopicPartitionList};

use super::deliveries::{Deliveries, Failed, delivery_fault};
use super::sink::{Sink, metadata_if_ours};
use super::transaction::Position;
use crate::flow::{Lane, Ownership};
use crate::kafka::{ClientKind, ClientListener, Fault, Group, base_record, fault, figures, is_fenced, log};
use crate::record::{Destination, Outgoing};

/// How long one call may block before its caller looks around: a drain may have
/// been asked for meanwhile, and the same call can go on afterwards.
const CALL: Duration = Duration::from_secs(5);
/// How long to wait for acknowledgements at a time.
const DELIVERY: Duration = Duration::from_millis(200);
/// How long for the other reports of a batch that failed.
const REST_OF_BATCH: Duration = Duration::from_millis(100);

/// What a [`KafkaSink`] is made of.
pub struct SinkParts {
    pub config: ClientConfig,
    /// Exactly once; otherwise a commit is a commit of offsets.
    pub transactional: bool,
    pub output: String,
    pub dead_letters: String,
    /// Where parked dead letters go; none where nothing is parked.
    pub parking: Option<String>,
    /// Names of the input topics, by [`Lane::topic`].
    pub inputs: Vec<String>,
    pub group: Arc<dyn Group>,
    pub ownership: Ownership,
    pub listener: Arc<dyn ClientListener>,
}

pub struct KafkaSink {
    parts: SinkParts,
    producer: Option<Arc<ThreadedProducer<Context>>>,
    deliveries: Arc<Deliveries>,
}

impl std::fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSink").field("output", &self.parts.output).finish_non_exhaustive()
    }
}

impl KafkaSink {
    #[must_use]
    pub fn new(parts: SinkParts) -> Self {
        Self { parts, producer: None, deliveries: Arc::default() }
    }

    fn producer(&self) -> Result<&Arc<ThreadedProducer<Context>>, Fault> {
        self.producer.as_ref().ok_or_else(|| Fault::Recreate("there is no producer".to_owned()))
    }

    /// librdkafka's own timeout of this call does not hold: where the group's
    /// coordinator has left the cluster it may never return (confluentinc/librdkafka
    /// #5456, #5511; seen with 2.12.1 when a broker is stopped). So it runs beside this
    /// thread, and a producer that does not answer is left to itself: the next one
    /// has its transactional id, which fences it, and the group says what was done.
    fn send_offsets_in_time(
        &mut self,
        offsets: TopicPartitionList,
        metadata: ConsumerGroupMetadata,
    ) -> Result<(), Fault> {
        let producer = Arc::clone(self.producer()?);
        let (answer, answered) = crossbeam_channel::bounded(1);
        let call = move || {
            let result = producer.send_offsets_to_transaction(&offsets, &metadata, CALL);
            // Before the answer: the client must end with this sink's hold on it.
            drop(producer);
            let _ = answer.send(result);
        };
        std::thread::Builder::new()
            .name("offsets".to_owned())
            .spawn(call)
            .map_err(|error| Fault::Retry(format!("a thread cannot be started: {error}")))?;
        match answered.recv_timeout(CALL * 2) {
            Ok(result) => result.map_err(|error| self.fault(&error, 0)),
            Err(_) => {
                self.producer = None;
                Err(Fault::Recreate(format!("no answer in {:?} from the group's coordinator", CALL * 2)))
            }
        }
    }

    /// The fault of a call; a producer that is done for tells why itself.
    fn fault(&self, error: &KafkaError, index: usize) -> Fault {
        self.parts.listener.failed(error, None);
        self.sorted(error, index)
    }

    /// The fault of a record on its way to a topic.
    fn record_fault(&self, error: &KafkaError, index: usize, topic: &str) -> Fault {
        self.parts.listener.failed(error, Some(topic));
        self.sorted(error, index)
    }

    fn delivery_fault(&self, failed: &[Failed]) -> Fault {
        delivery_fault(failed, |failed| self.record_fault(&failed.error, failed.index, &failed.topic))
    }

    /// What is known to have failed of the first `count` records.
    fn failed_before(&self, count: usize) -> Option<Fault> {
        let failed = self.deliveries.wait(count, REST_OF_BATCH, REST_OF_BATCH).err()?;
        Some(self.delivery_fault(&failed))
    }

    fn retry(&self, error: &KafkaError) -> Fault {
        self.parts.listener.failed(error, None);
        Fault::Retry(error.to_string())
    }

    fn sorted(&self, error: &KafkaError, index: usize) -> Fault {
        let fatal = self.producer.as_ref().and_then(|producer| producer.client().fatal_error());
        match (fatal, fault(error, index)) {
            (Some((code, text)), _) if is_fenced(code) => Fault::Fenced(text),
            (Some((_, text)), _) => Fault::Recreate(text),
            (None, fault) => fault,
        }
    }

    fn offsets(&self, positions: &[Position]) -> Result<TopicPartitionList, Fault> {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for position in positions {
            let topic = self.topic(position.lane)?;
            let mut element = list.add_partition(topic, position.lane.partition);
            element.set_offset(Offset::Offset(position.offset)).map_err(|error| Fault::Abort(error.to_string()))?;
            if let Some(note) = &position.note {
                element.set_metadata(note);
            }
        }
        Ok(list)
    }

    fn topic(&self, lane: Lane) -> Result<&str, Fault> {
        let topic = self.parts.inputs.get(usize::from(lane.topic)).map(String::as_str);
        topic.ok_or_else(|| Fault::Abort(format!("no input topic has the number {}", lane.topic)))
    }
}

impl Sink for KafkaSink {
    fn recreate(&mut self) -> Result<(), Fault> {
        // The old one first: two of the same id fence each other.
        self.producer = None;
        self.deliveries = Arc::default();
        let context = Context { deliveries: Arc::clone(&self.deliveries), listener: Arc::clone(&self.parts.listener) };
        let producer: ThreadedProducer<Context> =
            self.parts.config.create_with_context(context).map_err(|error| Fault::Retry(error.to_string()))?;
        if self.parts.transactional {
            // Whatever goes wrong here, a new producer is the next try anyway.
            producer.init_transactions(CALL * 2).map_err(|error| self.retry(&error))?;
        }
        self.producer = Some(Arc::new(producer));
        Ok(())
    }

    fn committed(&mut self, lanes: &[Lane]) -> Result<BTreeMap<Lane, i64>, Fault> {
        let mut list = TopicPartitionList::with_capacity(lanes.len());
        for lane in lanes {
            list.add_partition(self.topic(*lane)?, lane.partition);
        }
        let committed = self.parts.group.committed(list, CALL).map_err(|error| self.retry(&error))?;
        let mut offsets = BTreeMap::new();
        for lane in lanes {
            let element = committed.find_partition(self.topic(*lane)?, lane.partition);
            let Some(element) = element else { continue };
            element.error().map_err(|error| self.retry(&error))?;
            if let Offset::Offset(offset) = element.offset() {
                offsets.insert(*lane, offset);
            }
        }
        Ok(offsets)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.deliveries.start();
        if self.parts.transactional {
            self.producer()?.begin_transaction().map_err(|error| self.fault(&error, 0))?;
        }
        Ok(())
    }

    fn send(&mut self, index: usize, outgoing: &Outgoing) -> Result<(), Fault> {
        let topic = match outgoing.to {
            Destination::Output => &self.parts.output,
            Destination::DeadLetters => &self.parts.dead_letters,
            Destination::Parking => self.parts.parking.as_ref().unwrap_or(&self.parts.dead_letters),
        };
        let record = base_record(topic, outgoing, self.deliveries.opaque(index));
        let Err((error, _)) = self.producer()?.send(record) else { return Ok(()) };
        match self.record_fault(&error, index, topic) {
            // A transaction in which a record failed takes no more, and says no more
            // than that. What failed is why, and a refused one would fail for ever.
            Fault::Abort(text) => Err(self.failed_before(index).unwrap_or(Fault::Abort(text))),
            fault => Err(fault),
        }
    }

    fn await_deliveries(&mut self, count: usize) -> Result<bool, Fault> {
        match self.deliveries.wait(count, DELIVERY, REST_OF_BATCH) {
            Ok(all) => {
                // A fatal error purges the queue only later; do not wait for it.
                let fatal = self.producer()?.client().fatal_error();
                fatal.map_or(Ok(all), |(code, _)| Err(self.fault(&KafkaError::MessageProduction(code), 0)))
            }
            Err(failed) => Err(self.delivery_fault(&failed)),
        }
    }

    fn send_offsets(&mut self, positions: &[Position]) -> Result<(), Fault> {
        let offsets = self.offsets(positions)?;
        let metadata = metadata_if_ours(&self.parts.ownership, positions, || self.parts.group.metadata())?;
        if !self.parts.transactional {
            return self.parts.group.commit(&offsets).map_err(|error| self.retry(&error));
        }
        let Some(metadata) = metadata else {
            return Err(Fault::Abort("the consumer has no group metadata".to_owned()));
        };
        self.send_offsets_in_time(offsets, metadata)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if self.parts.transactional {
            self.producer()?.commit_transaction(CALL).map_err(|error| self.fault(&error, 0))?;
        }
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Fault> {
        if self.parts.transactional {
            self.producer()?.abort_transaction(CALL).map_err(|error| self.fault(&error, 0))?;
        }
        Ok(())
    }
}

struct Context {
    deliveries: Arc<Deliveries>,
    listener: Arc<dyn ClientListener>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(ClientKind::Producer, level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.listener.figures(ClientKind::Producer, figures(&statistics));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(ClientKind::Producer, &error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let failed = result.as_ref().err().map(|(error, message)| (error.clone(), message.topic()));
        self.deliveries.report(opaque, failed);
    }
}
