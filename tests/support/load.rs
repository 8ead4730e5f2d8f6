//! A stream of articles that goes on until it is told otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use super::articles::{self, Article};
use super::topics::{self, Names, client};

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Articles of a few kilobytes, all of them good; one in two hundred is heavy.
    Good,
    /// Every second one bad.
    Flood,
    /// Pages of some 20 kB.
    Heavy,
}

/// A producer on a thread of its own. It waits out a broker that is away, as a
/// crawler would; its records are as old as that by then.
#[derive(Debug)]
pub struct Load {
    rate: Arc<AtomicU64>,
    kind: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// So many records a second.
    pub fn start(names: &Names, rate: u64) -> Self {
        let [rate, kind] = [rate, Kind::Good as u64].map(|value| Arc::new(AtomicU64::new(value)));
        let stop = Arc::new(AtomicBool::new(false));
        let (names, shared) = (names.clone(), (rate.clone(), kind.clone(), stop.clone()));
        let thread = std::thread::spawn(move || run(&names, &shared.0, &shared.1, &shared.2));
        Self { rate, kind, stop, thread: Some(thread) }
    }

    pub fn set(&self, kind: Kind, rate: u64) {
        self.kind.store(kind as u64, Ordering::Relaxed);
        self.rate.store(rate, Ordering::Relaxed);
    }

    /// Everything is on the topic when this returns.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(names: &Names, rate: &AtomicU64, kind: &AtomicU64, stop: &AtomicBool) {
    let producer: ThreadedProducer<DefaultProducerContext> =
        client(&names.bootstrap).set("linger.ms", "5").set("compression.type", "lz4").create().unwrap();
    let heavy: Vec<Article> = (0..8).map(|number| articles::html(number, 6, 60)).collect();
    let (mut number, mut due, mut last) = (0usize, 0.0, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        #[allow(clippy::cast_precision_loss)] // some thousands
        let rate = rate.load(Ordering::Relaxed) as f64;
        due += last.elapsed().as_secs_f64() * rate;
        last = Instant::now();
        while due >= 1.0 && !stop.load(Ordering::Relaxed) {
            let article = match kind.load(Ordering::Relaxed) {
                kind if kind == Kind::Heavy as u64 => heavy[number % heavy.len()].clone(),
                kind if kind == Kind::Flood as u64 && number.is_multiple_of(2) => articles::bad(number, 7),
                _ if number % 200 == 100 => heavy[number % heavy.len()].clone(),
                _ => articles::good(number, 7),
            };
            send(&producer, names, number, &article, stop);
            number += 1;
            due -= 1.0;
        }
    }
    producer.flush(Duration::from_secs(120)).unwrap();
}

fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    names: &Names,
    number: usize,
    article: &Article,
    stop: &AtomicBool,
) {
    let partition = i32::try_from(number).unwrap() % names.partitions;
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(&names.input).partition(partition).headers(topics::headers(article));
    record = record.payload(article.value.as_deref().unwrap());
    if let Some(key) = &article.key {
        record = record.key(key);
    }
    while !stop.load(Ordering::Relaxed) {
        match producer.send(record) {
            Ok(()) => return,
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err((error, _)) => panic!("article {number}: {error}"),
        }
    }
}
