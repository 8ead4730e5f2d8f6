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
use crate::support::wait_for;

/// Longer than the output topic takes; the input topic takes it.
const LARGE: usize = 300_000;
/// What the output topic takes.
pub const LARGEST_OUTPUT: &str = "100000";

/// Keys, each of which stays on one partition.
const KEYS: usize = 60;

/// Where articles landed.
#[derive(Debug, Default)]
struct Landed {
    /// What is expected of each record.
    placed: BTreeMap<Source, Expected>,
    /// By partition, in order: those that landed before their producer heard of it,
    /// which sent them again and was told that they are there, but not where.
    unplaced: BTreeMap<i32, Vec<Expected>>,
}

impl Landed {
    fn len(&self) -> usize {
        self.placed.len() + self.unplaced.values().map(Vec::len).sum::<usize>()
    }

    /// The unplaced lie where nothing else does.
    fn complete(mut self, topic: &str) -> BTreeMap<Source, Expected> {
        for (partition, unplaced) in self.unplaced {
            let mut unplaced = unplaced.into_iter().peekable();
            for offset in 0.. {
                let source = Source::new(topic, partition, offset);
                if unplaced.peek().is_none() {
                    break;
                }
                self.placed.entry(source).or_insert_with(|| unplaced.next().unwrap());
            }
        }
        self.placed
    }
}

#[derive(Debug)]
struct Landings(Arc<Mutex<Landed>>);

impl ClientContext for Landings {}

impl ProducerContext for Landings {
    type DeliveryOpaque = Box<Expected>;

    fn delivery(&self, result: &DeliveryResult<'_>, expected: Self::DeliveryOpaque) {
        let message = result.as_ref().unwrap_or_else(|(error, _)| panic!("the feed was refused: {error}"));
        let source = Source::new(message.topic(), message.partition(), message.offset());
        let mut landed = self.0.lock().unwrap();
        if source.offset < 0 {
            landed.unplaced.entry(source.partition).or_default().push(*expected);
        } else {
            landed.placed.insert(source, *expected);
        }
    }
}

#[derive(Debug)]
struct Knobs {
    rate: AtomicU64,
    partitions: AtomicI32,
    /// Articles to come that are longer than the output takes.
    large: AtomicUsize,
    /// Articles that were begun with: each of them lands once.
    begun: AtomicUsize,
    stop: AtomicBool,
}

#[derive(Debug)]
pub struct Feed {
    knobs: Arc<Knobs>,
    topic: String,
    landed: Arc<Mutex<Landed>>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// So many articles a second.
    pub fn start(names: &Names, seed: u64, rate: u64) -> Self {
        let knobs = Arc::new(Knobs {
            rate: AtomicU64::new(rate),
            partitions: AtomicI32::new(names.partitions),
            large: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let landed = Arc::<Mutex<Landed>>::default();
        let producer = producer(&names.bootstrap, &landed);
        let (topic, shared) = (names.input.clone(), Arc::clone(&knobs));
        let thread = std::thread::spawn(move || run(&producer, &topic, seed, &shared));
        Self { knobs, topic: names.input.clone(), landed, thread: Some(thread) }
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

    /// Sends no more; what was begun with has landed when this returns. An article may
    /// wait for seconds, such as for a partition that is new.
    pub fn pause(&self) {
        self.set_rate(0);
        let counts = || (self.knobs.begun.load(Ordering::Relaxed), self.landed.lock().unwrap().len());
        wait_for("all articles have landed", Duration::from_secs(120), || {
            let (begun, landed) = counts();
            // Who was about to begin has begun.
            std::thread::sleep(Duration::from_millis(200));
            (begun == landed && counts() == (begun, landed)).then_some(())
        });
    }

    /// One past the last offset that landed, by partition.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for source in self.landed.lock().unwrap().placed.keys() {
            ends.insert(source.partition, source.offset + 1);
        }
        ends
    }

    /// Everything that was sent has landed when this returns.
    pub fn stop(mut self) -> BTreeMap<Source, Expected> {
        self.knobs.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut *self.landed.lock().unwrap()).complete(&self.topic)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.knobs.stop.store(true, Ordering::Relaxed);
    }
}

fn producer(bootstrap: &str, landed: &Arc<Mutex<Landed>>) -> ThreadedProducer<Landings> {
    let mut config: ClientConfig = client(bootstrap);
    config
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        // It waits out every fault: what is sent once lands once.
        .set("message.timeout.ms", "600000")
        // A partition that is new is soon known.
        .set("topic.metadata.refresh.interval.ms", "1000")
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
            knobs.begun.fetch_add(1, Ordering::Relaxed);
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

#[test]
fn who_landed_unheard_lies_where_nobody_else_does() {
    let expected = |number| Expected { number, key: None, fate: Fate::Output, timestamp: None };
    let mut landed = Landed::default();
    for (offset, number) in [(0, 10), (2, 12), (5, 15)] {
        landed.placed.insert(Source::new("in", 3, offset), expected(number));
    }
    landed.unplaced.insert(3, [11, 13, 14].map(expected).to_vec());
    assert_eq!(landed.len(), 6);
    let placed = landed.complete("in");
    let numbers: Vec<usize> = placed.values().map(|expected| expected.number).collect();
    assert_eq!(numbers, [10, 11, 12, 13, 14, 15]);
}
