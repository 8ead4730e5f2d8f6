//! The sink that is a real producer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult};
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
/// So long after its time nobody waits for a call any more. librdkafka's own timeouts do
/// not always hold: where the group's coordinator has left the cluster `send_offsets_to_transaction`
/// may never return (confluentinc/librdkafka #5456, #5511; seen with 2.12.1 when a broker
/// is stopped), and it waits by the time of day, which may be set back.
const GRACE: Duration = CALL;
/// Whose answer begins and ends transactions.
const COORDINATOR: &str = "the transaction's coordinator";
/// How long to wait for acknowledgements at a time.
const DELIVERY: Duration = Duration::from_millis(200);
/// How long for the other reports of a batch that failed.
const REST_OF_BATCH: Duration = Duration::from_millis(100);

/// What a [`KafkaSink`] is made of.
pub struct SinkParts {
    pub config: ClientConfig,
    /// Exactly once; otherwise a commit is a commit of offsets.
    pub transactional: bool,
    /// After so long the client itself gives a record up.
    pub patience: Duration,
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

    /// A call that waits for a broker, in time or not at all: a producer that does not
    /// answer is left to itself. The next one has its transactional id, which fences
    /// it, and the group says what was done.
    fn in_time(
        &mut self,
        whose: &str,
        time: Duration,
        call: impl FnOnce(&ThreadedProducer<Context>, Duration) -> KafkaResult<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let producer = Arc::clone(self.producer()?);
        let result = beside(time + GRACE, move || {
            let result = call(&producer, time);
            // Before the answer: the client must end with this sink's hold on it.
            drop(producer);
            result
        });
        match result {
            Some(result) => result.map_err(|error| self.fault(&error, 0)),
            None => {
                self.producer = None;
                Err(Fault::Recreate(format!("no answer in {:?} from {whose}", time + GRACE)))
            }
        }
    }

    /// To end it may take long.
    fn leave_behind(&mut self) {
        if let Some(producer) = self.producer.take() {
            beside(GRACE, move || drop(producer));
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
        self.leave_behind();
        self.deliveries = Arc::default();
        let context = Context { deliveries: Arc::clone(&self.deliveries), listener: Arc::clone(&self.parts.listener) };
        let producer: ThreadedProducer<Context> =
            self.parts.config.create_with_context(context).map_err(|error| Fault::Retry(error.to_string()))?;
        self.producer = Some(Arc::new(producer));
        if self.parts.transactional {
            let result = self.in_time(COORDINATOR, CALL * 2, Producer::init_transactions);
            // Whatever goes wrong here, a new producer is the next try anyway.
            result.inspect_err(|_| self.producer = None).map_err(|fault| Fault::Retry(fault.to_string()))?;
        }
        Ok(())
    }

    fn committed(&mut self, lanes: &[Lane]) -> Result<BTreeMap<Lane, i64>, Fault> {
        let mut list = TopicPartitionList::with_capacity(lanes.len());
        for lane in lanes {
            list.add_partition(self.topic(*lane)?, lane.partition);
        }
        let group = Arc::clone(&self.parts.group);
        let answer = beside(CALL + GRACE, move || group.committed(list, CALL));
        let answer = answer.ok_or_else(|| Fault::Retry("no answer from the group's coordinator".to_owned()))?;
        let committed = answer.map_err(|error| self.retry(&error))?;
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
        let Err((error, _)) = self.producer()?.send(record) else {
            self.deliveries.sent();
            return Ok(());
        };
        match self.record_fault(&error, index, topic) {
            // A transaction in which a record failed takes no more, and says no more
            // than that. What failed is why, and a refused one would fail for ever.
            Fault::Abort(text) => Err(self.failed_before(index).unwrap_or(Fault::Abort(text))),
            fault => Err(fault),
        }
    }

    fn await_deliveries(&mut self, count: usize) -> Result<bool, Fault> {
        match self.deliveries.wait(count, DELIVERY, REST_OF_BATCH) {
            // The client's thread sleeps by the time of day as well.
            Ok(false) if self.deliveries.silence() >= self.parts.patience + GRACE => {
                self.leave_behind();
                Err(Fault::Recreate(format!("no acknowledgement in {:?}", self.parts.patience + GRACE)))
            }
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
        self.in_time("the group's coordinator", CALL, move |producer, time| {
            producer.send_offsets_to_transaction(&offsets, &metadata, time)
        })
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if self.parts.transactional {
            self.in_time(COORDINATOR, CALL, Producer::commit_transaction)?;
        }
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Fault> {
        if !self.parts.transactional {
            return Ok(());
        }
        self.deliveries.all_heard().inspect_err(|_| self.leave_behind())?;
        self.in_time(COORDINATOR, CALL, Producer::abort_transaction)
    }
}

/// What the call returned, unless it takes longer than anybody waits.
fn beside<T: Send + 'static>(limit: Duration, call: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (answer, answered) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new().name("call".to_owned());
    // Nobody may be there to hear the answer.
    thread.spawn(move || drop(answer.send(call()))).ok()?;
    answered.recv_timeout(limit).ok()
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
