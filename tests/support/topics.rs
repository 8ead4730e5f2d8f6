//! Topics and groups of a test's own, committed offsets, a producer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::articles::Article;
use super::checker::{self, Expected, Found, Source, Verdict};
use super::read::{self, Isolation};
use super::wait_for;

const SOON: Duration = Duration::from_secs(30);
/// For one client: one that asks in the moment in which a broker comes back may be
/// told of no brokers, and never finds one again (see `worker/stranded.rs`).
const ONE_TRY: Duration = Duration::from_secs(6);

/// Three topics and a group that no other test and no other run has.
#[derive(Debug, Clone)]
pub struct Names {
    pub bootstrap: String,
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
    pub partitions: i32,
}

impl Names {
    /// Creates the three topics, with `partitions` each.
    pub fn create(bootstrap: &str, test: &str, partitions: i32) -> Self {
        Self::create_with(bootstrap, test, partitions, &[])
    }

    /// The same, with settings such as `max.message.bytes` on the input topic.
    pub fn create_with(bootstrap: &str, test: &str, partitions: i32, settings: &[(&str, &str)]) -> Self {
        let unique = unique(test);
        let names = Self {
            bootstrap: bootstrap.to_owned(),
            input: format!("{unique}.in"),
            output: format!("{unique}.out"),
            dead: format!("{unique}.dead"),
            group: unique,
            partitions,
        };
        create_topic(bootstrap, &names.input, partitions, settings);
        create_topic(bootstrap, &names.output, partitions, &[]);
        create_topic(bootstrap, &names.dead, partitions, &[]);
        names
    }

    /// What the group has committed on the input topic, by partition; None where nothing.
    pub fn committed(&self) -> BTreeMap<i32, Option<i64>> {
        wait_for("the group's coordinator answers", SOON, || self.try_committed().ok())
    }

    /// A coordinator that has just started refuses for a moment.
    fn try_committed(&self) -> Result<BTreeMap<i32, Option<i64>>, KafkaError> {
        let consumer: BaseConsumer = client(&self.bootstrap).set("group.id", &self.group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&self.input, 0, self.partitions - 1);
        let list = consumer.committed_offsets(list, ONE_TRY)?;
        let committed = list
            .elements()
            .iter()
            .map(|element| {
                let offset = match element.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
                (element.partition(), offset)
            })
            .collect();
        Ok(committed)
    }

    /// Records on the input topic that the group has not committed yet.
    pub fn lag(&self) -> i64 {
        let committed = self.committed();
        let lag = |partition| {
            let (first, end) = wait_for("the end of the input is known", SOON, || {
                let consumer: BaseConsumer = client(&self.bootstrap).create().unwrap();
                consumer.fetch_watermarks(&self.input, partition, ONE_TRY).ok()
            });
            end - committed[&partition].unwrap_or(first)
        };
        (0..self.partitions).map(lag).sum()
    }

    /// What readers of the output and the dead letters see, under this isolation.
    pub fn results(&self, isolation: Isolation) -> (Vec<Found>, Vec<Found>) {
        (read::all(&self.bootstrap, &self.output, isolation), read::all(&self.bootstrap, &self.dead, isolation))
    }

    /// The verdict on what `read_committed` readers see.
    pub fn check(&self, expected: &BTreeMap<Source, Expected>) -> Verdict {
        let (output, dead) = self.results(Isolation::Committed);
        checker::check(expected, &output, &dead)
    }

    /// Waits until the group has committed every record of the input topic.
    pub fn wait_until_done(&self, within: Duration) {
        wait_for(&format!("{} is done with all of {}", self.group, self.input), within, || {
            let lag = self.lag();
            if lag > 0 {
                std::thread::sleep(Duration::from_millis(150));
            }
            (lag == 0).then_some(())
        });
    }
}

/// `test` with a number that no other process has now and no other test here.
pub fn unique(test: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    #[allow(clippy::disallowed_methods)] // only a name
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{test}-{:x}-{:x}-{}", now.as_millis(), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A client's configuration without surprises: errors are said soon.
pub fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("client.id", "warraq-tests")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "500")
        .set("allow.auto.create.topics", "false");
    config
}

pub fn create_topic(bootstrap: &str, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create().unwrap();
    // -1: as often as the cluster does by default.
    let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(-1));
    for (name, value) in settings {
        new = new.set(name, value);
    }
    let options = AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON));
    // A topic of that name that is being deleted refuses for a moment.
    wait_for(&format!("topic {topic} is created"), SOON, || {
        let results = block_on(admin.create_topics([&new], &options)).unwrap();
        match results.into_iter().next().unwrap() {
            Ok(_) => Some(()),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {
                std::thread::sleep(Duration::from_millis(150));
                None
            }
            Err((topic, error)) => panic!("{topic}: {error}"),
        }
    });
    // Created on the controller is not yet known to every reader of metadata.
    wait_for(&format!("topic {topic} is known"), SOON, || {
        let metadata = admin.inner().fetch_metadata(Some(topic), SOON).ok()?;
        let known = metadata.topics().first().is_some_and(|found| {
            found.partitions().len() == usize::try_from(partitions).unwrap()
                && found.partitions().iter().all(|partition| partition.leader() >= 0)
        });
        known.then_some(())
    });
}

pub fn delete_topic(bootstrap: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create().unwrap();
    let options = AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON));
    for result in block_on(admin.delete_topics(&[topic], &options)).unwrap() {
        result.unwrap();
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Those of an article, as the client has them.
pub fn headers(article: &Article) -> OwnedHeaders {
    article.headers.iter().fold(OwnedHeaders::new(), |headers, (name, value)| {
        headers.insert(Header { key: name, value: value.as_deref() })
    })
}

/// Notes where each record landed.
#[derive(Debug, Default)]
struct Landings(Mutex<Vec<(usize, Result<Source, KafkaError>)>>);

impl ClientContext for Landings {}

impl ProducerContext for Landings {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Self::DeliveryOpaque) {
        let landed = match result {
            Ok(message) => Ok(Source::new(message.topic(), message.partition(), message.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        self.0.lock().unwrap().push((*number, landed));
    }
}

/// Sends the articles in their order, each to the partition of its number, and
/// returns what is expected of each: by the place where it landed.
pub fn produce(names: &Names, articles: impl IntoIterator<Item = Article>) -> BTreeMap<Source, Expected> {
    produce_with(names, articles, &[])
}

/// The same, with producer settings such as `compression.type`.
pub fn produce_with(
    names: &Names,
    articles: impl IntoIterator<Item = Article>,
    settings: &[(&str, &str)],
) -> BTreeMap<Source, Expected> {
    let mut config = client(&names.bootstrap);
    config
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("queue.buffering.max.kbytes", "131072");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    let producer: ThreadedProducer<Landings> = config.create_with_context(Landings::default()).unwrap();
    let mut sent = Vec::new();
    for (number, article) in articles.into_iter().enumerate() {
        let partition = i32::try_from(number).unwrap() % names.partitions;
        let mut record: BaseRecord<'_, [u8], [u8], Box<usize>> =
            BaseRecord::with_opaque_to(&names.input, Box::new(number)).partition(partition).headers(headers(&article));
        if let Some(key) = &article.key {
            record = record.key(key);
        }
        if let Some(value) = &article.value {
            record = record.payload(value);
        }
        if let Some(timestamp) = article.timestamp {
            record = record.timestamp(timestamp);
        }
        loop {
            match producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err((error, _)) => panic!("article {number}: {error}"),
            }
        }
        sent.push(Expected { number, key: article.key, fate: article.fate, timestamp: article.timestamp });
    }
    producer.flush(Duration::from_secs(120)).unwrap();
    let landed = std::mem::take(&mut *producer.context().0.lock().unwrap());
    assert_eq!(landed.len(), sent.len(), "some records have no answer");
    landed
        .into_iter()
        .map(|(number, landed)| {
            let source = landed.unwrap_or_else(|error| panic!("article {number} was refused: {error}"));
            (source, sent[number].clone())
        })
        .collect()
}
