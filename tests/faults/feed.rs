//! A crawler that never stops: numbered, keyed articles, one in twenty bad, with
//! a note of where each landed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};

use crate::support::articles::{self, Article};
use crate::support::checker::{Expected, Fate, Found, Source};
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names, client};
use crate::support::wait_for;

/// Longer than the output topic takes; the input topic takes it.
const LARGE: usize = 300_000;
/// What the output topic takes.
pub const LARGEST_OUTPUT: &str = "100000";

/// Keys, each of which stays on one partition.
const KEYS: usize = 60;

/// Which article a record of the input is, however it came there.
const NUMBER: &str = "article";

/// What is known to have landed.
#[derive(Debug, Default)]
struct Landed {
    articles: usize,
    /// One past the last offset, by partition.
    ends: BTreeMap<i32, i64>,
}

#[derive(Debug)]
struct Landings(Arc<Mutex<Landed>>);

impl ClientContext for Landings {}

impl ProducerContext for Landings {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): Self::DeliveryOpaque) {
        let message = result.as_ref().unwrap_or_else(|(error, _)| panic!("the feed was refused: {error}"));
        let mut landed = self.0.lock().unwrap();
        landed.articles += 1;
        // Negative where it landed unheard: it was sent again, and the broker had it.
        let end = landed.ends.entry(message.partition()).or_default();
        *end = (*end).max(message.offset() + 1);
    }
}

/// What is expected of each record of the input. Which article lies where, the topic
/// alone knows: a feed that is cut off hears of some too late, and where a leader
/// changes it may leave some there twice.
fn expectations(input: Vec<Found>, sent: &[Expected]) -> BTreeMap<Source, Expected> {
    let mut missing: BTreeSet<usize> = (0..sent.len()).collect();
    let placed = input
        .into_iter()
        .map(|found| {
            let number: usize = found.header(NUMBER).unwrap().parse().unwrap();
            missing.remove(&number);
            (Source::new(&found.topic, found.partition, found.offset), sent[number].clone())
        })
        .collect();
    assert!(missing.is_empty(), "the feed lost articles {missing:?}");
    placed
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
    /// Articles a second.
    rate: u64,
    knobs: Arc<Knobs>,
    names: Names,
    landed: Arc<Mutex<Landed>>,
    thread: Option<JoinHandle<Vec<Expected>>>,
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
        Self { rate, knobs, names: names.clone(), landed, thread: Some(thread) }
    }

    /// Sends again after [`Self::pause`].
    pub fn resume(&self) {
        self.knobs.rate.store(self.rate, Ordering::Relaxed);
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
        self.knobs.rate.store(0, Ordering::Relaxed);
        let counts = || (self.knobs.begun.load(Ordering::Relaxed), self.landed.lock().unwrap().articles);
        wait_for("all articles have landed", Duration::from_secs(120), || {
            let (begun, landed) = counts();
            // Who was about to begin has begun.
            std::thread::sleep(Duration::from_millis(200));
            (begun == landed && counts() == (begun, landed)).then_some(())
        });
    }

    /// One past the last offset that landed, by partition.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        self.landed.lock().unwrap().ends.clone()
    }

    /// Everything that was sent has landed when this returns.
    pub fn stop(mut self) -> BTreeMap<Source, Expected> {
        self.knobs.stop.store(true, Ordering::Relaxed);
        let sent = self.thread.take().unwrap().join().unwrap();
        expectations(read::all(&self.names.bootstrap, &self.names.input, Isolation::Uncommitted), &sent)
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

fn run(producer: &ThreadedProducer<Landings>, topic: &str, seed: u64, knobs: &Knobs) -> Vec<Expected> {
    let (mut sent, mut due, mut last) = (Vec::new(), 0.0, Instant::now());
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
            let article = article(sent.len(), seed, large);
            send(producer, topic, &article, sent.len(), partitions);
            sent.push(Expected { number: sent.len(), key: article.key, fate: article.fate, timestamp: None });
        }
    }
    producer.flush(Duration::from_secs(300)).unwrap();
    sent
}

fn article(number: usize, seed: u64, large: bool) -> Article {
    let article = match number {
        _ if large => Article { fate: Fate::Dead("refused_by_broker"), ..articles::plain(number, seed, LARGE / 400) },
        number if number % 20 == 13 => articles::bad(number, seed),
        number => articles::plain(number, seed, 1),
    };
    Article { key: Some(format!("key-{}", number % KEYS).into_bytes()), ..article }.header(NUMBER, &number.to_string())
}

fn send(producer: &ThreadedProducer<Landings>, topic: &str, article: &Article, number: usize, partitions: i32) {
    let partition = i32::try_from(number).unwrap() % partitions;
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(topic).partition(partition).headers(topics::headers(article));
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
fn an_article_that_landed_twice_is_expected_twice() {
    let sent: Vec<Expected> =
        (0..3).map(|number| Expected { number, key: None, fate: Fate::Output, timestamp: None }).collect();
    let found = |offset: i64, number: usize| Found {
        topic: "in".to_owned(),
        partition: 3,
        offset,
        key: None,
        value: None,
        headers: vec![(NUMBER.to_owned(), Some(number.to_string().into_bytes()))],
        timestamp: None,
    };
    let input = [(0, 0), (1, 1), (2, 0), (3, 2)].map(|(offset, number)| found(offset, number));
    let placed = expectations(input.to_vec(), &sent);
    let numbers: Vec<(i64, usize)> = placed.iter().map(|(source, expected)| (source.offset, expected.number)).collect();
    assert_eq!(numbers, [(0, 0), (1, 1), (2, 0), (3, 2)]);
    assert!(std::panic::catch_unwind(|| expectations(input[..3].to_vec(), &sent)).is_err());
}
