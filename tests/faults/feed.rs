//! A crawler that never stops: numbered, keyed articles, one in twenty bad, with
//! a note of where each landed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};

use crate::support::articles::{self, Article};
use crate::support::checker::{Expected, Fate, Source};
use crate::support::topics::{self, Names, client};

/// Longer than the output topic takes; the input topic takes it.
const LARGE: usize = 300_000;
/// What the output topic takes.
pub const LARGEST_OUTPUT: &str = "100000";

/// Keys, each of which stays on one partition.
const KEYS: usize = 60;

/// What is expected of each record, by where it landed.
type Landed = Mutex<BTreeMap<Source, Expected>>;

#[derive(Debug)]
struct Landings(Arc<Landed>);

impl ClientContext for Landings {}

impl ProducerContext for Landings {
    type DeliveryOpaque = Box<Expected>;

    fn delivery(&self, result: &DeliveryResult<'_>, expected: Self::DeliveryOpaque) {
        let message = result.as_ref().unwrap_or_else(|(error, _)| panic!("the feed was refused: {error}"));
        let source = Source::new(message.topic(), message.partition(), message.offset());
        self.0.lock().unwrap().insert(source, *expected);
    }
}

#[derive(Debug)]
struct Knobs {
    rate: AtomicU64,
    partitions: AtomicI32,
    /// Articles to come that are longer than the output takes.
    large: AtomicUsize,
    stop: AtomicBool,
}

#[derive(Debug)]
pub struct Feed {
    knobs: Arc<Knobs>,
    landed: Arc<Landed>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// So many articles a second.
    pub fn start(names: &Names, seed: u64, rate: u64) -> Self {
        let knobs = Arc::new(Knobs {
            rate: AtomicU64::new(rate),
            partitions: AtomicI32::new(names.partitions),
            large: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let landed = Arc::new(Landed::default());
        let producer = producer(&names.bootstrap, &landed);
        let (topic, shared) = (names.input.clone(), Arc::clone(&knobs));
        let thread = std::thread::spawn(move || run(&producer, &topic, seed, &shared));
        Self { knobs, landed, thread: Some(thread) }
    }

    pub fn set_rate(&self, rate: u64) {
        self.knobs.rate.store(rate, Ordering::Relaxed);
    }

    pub fn set_partitions(&self, partitions: i32) {
        self.knobs.partitions.store(partitions, Ordering::Relaxed);
    }

    pub fn send_large(&self, articles: usize) {
        self.knobs.large.fetch_add(articles, Ordering::Relaxed);
    }

    /// One past the last offset that landed, by partition.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for source in self.landed.lock().unwrap().keys() {
            ends.insert(source.partition, source.offset + 1);
        }
        ends
    }

    /// Everything that was sent has landed when this returns.
    pub fn stop(mut self) -> BTreeMap<Source, Expected> {
        self.knobs.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut *self.landed.lock().unwrap())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.knobs.stop.store(true, Ordering::Relaxed);
    }
}

fn producer(bootstrap: &str, landed: &Arc<Landed>) -> ThreadedProducer<Landings> {
    let mut config: ClientConfig = client(bootstrap);
    config
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        // It waits out every fault: what is sent once lands once.
        .set("message.timeout.ms", "600000")
        .set("message.max.bytes", "4000000");
    config.create_with_context(Landings(Arc::clone(landed))).unwrap()
}

fn run(producer: &ThreadedProducer<Landings>, topic: &str, seed: u64, knobs: &Knobs) {
    let (mut number, mut due, mut last) = (0usize, 0.0, Instant::now());
    while !knobs.stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        #[allow(clippy::cast_precision_loss)] // some hundreds
        let rate = knobs.rate.load(Ordering::Relaxed) as f64;
        due += last.elapsed().as_secs_f64() * rate;
        last = Instant::now();
        while due >= 1.0 {
            due -= 1.0;
            let large =
                knobs.large.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
            let partitions = knobs.partitions.load(Ordering::Relaxed);
            send(producer, topic, &article(number, seed, large), number, partitions);
            number += 1;
        }
    }
    producer.flush(Duration::from_secs(300)).unwrap();
}

fn article(number: usize, seed: u64, large: bool) -> Article {
    let article = match number {
        _ if large => Article { fate: Fate::Dead("refused_by_broker"), ..articles::plain(number, seed, LARGE / 400) },
        number if number % 20 == 13 => articles::bad(number, seed),
        number => articles::plain(number, seed, 1),
    };
    Article { key: Some(format!("key-{}", number % KEYS).into_bytes()), ..article }
}

fn send(producer: &ThreadedProducer<Landings>, topic: &str, article: &Article, number: usize, partitions: i32) {
    let expected = Expected { number, key: article.key.clone(), fate: article.fate, timestamp: None };
    let partition = i32::try_from(number).unwrap() % partitions;
    let mut record: BaseRecord<'_, [u8], [u8], Box<Expected>> =
        BaseRecord::with_opaque_to(topic, Box::new(expected)).partition(partition).headers(topics::headers(article));
    record = record.key(article.key.as_deref().unwrap()).payload(article.value.as_deref().unwrap());
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull | RDKafkaErrorCode::UnknownPartition),
                back,
            )) => {
                record = back;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err((error, _)) => panic!("article {number}: {error}"),
        }
    }
}
