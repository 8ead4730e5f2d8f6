//! `warraq generate`: sample articles onto a topic, at a steady rate.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};

use super::logging;
use super::samples::{Sample, samples};
use crate::config::Config;
use crate::kafka;
use crate::worker::Stop;

/// Send sample articles to a topic at a steady rate, until stopped
///
/// For trying out a cluster, a dashboard or an alert: articles of every kind
/// that the demo has, over and over, each with a key of its own, and a bad one
/// now and then. The same number always gives the same record. The cluster and
/// the login are those of the configuration; the topic must be named, so that
/// nothing goes to the worker's own by mistake.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// TOML file, of which [kafka], [output] compression and [log] are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The topic, which must exist
    #[arg(long)]
    topic: String,
    /// Records a second
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: u32,
    /// Stop by itself after so many records
    #[arg(long)]
    count: Option<u64>,
    /// Every so-manieth record is a bad one; 0: none
    #[arg(long, default_value_t = 100)]
    bad_every: u64,
}

/// What is sent when stopped has so long to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether records are due.
const TICK: Duration = Duration::from_millis(50);
/// What is made up for at most after a stall: not hours of a laptop's sleep at once.
const STALL: Duration = Duration::from_secs(2);
/// How often the log tells how it goes.
const NEWS: Duration = Duration::from_secs(30);

/// # Errors
/// Where the configuration is wrong, the topic does not exist, or records did
/// not arrive.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    logging::start(&config.log)?;
    let articles = Articles::new(samples().context("the samples cannot be unpacked")?, args.bad_every)?;
    let stop = Stop::default();
    stop.on_signals().context("signal handlers cannot be installed")?;
    let producer = producer(&config)?;
    wait_for_topic(&producer, &args.topic, &stop)?;
    tracing::info!(topic = args.topic, rate = args.rate, "generating sample articles");
    send(&producer, &articles, args, &stop)?;
    // A broker that is away is told by the count below.
    let _ = producer.flush(PATIENCE);
    let Outcome { arrived, refused } = &producer.context().outcome;
    let (arrived, refused) = (arrived.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
    let left = producer.in_flight_count();
    tracing::info!(arrived, "stopped");
    if refused > 0 || left > 0 {
        bail!("{arrived} records arrived, but {refused} were refused and {left} did not arrive within {PATIENCE:?}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The records to send, by number.
struct Articles {
    good: Vec<Sample>,
    bad: Vec<Sample>,
    bad_every: u64,
}

impl Articles {
    fn new(samples: Vec<Sample>, bad_every: u64) -> Result<Self> {
        let (bad, good): (Vec<_>, Vec<_>) = samples.into_iter().partition(|sample| sample.dead_letter.is_some());
        if bad.is_empty() || good.is_empty() {
            bail!("the samples lack good or bad ones: this is a bug in warraq");
        }
        Ok(Self { good, bad, bad_every })
    }

    /// The sample of this number, from 0 on, and its key: its own with the number,
    /// so that every partition gets its share and no two records have one key.
    fn get(&self, number: u64) -> (Option<&Sample>, Vec<u8>) {
        let bad_before = number.checked_div(self.bad_every).unwrap_or(0);
        let is_bad = number.checked_rem(self.bad_every).is_some_and(|place| place + 1 == self.bad_every);
        let sample = if is_bad { nth(&self.bad, bad_before) } else { nth(&self.good, number - bad_before) };
        let mut key = sample.and_then(|sample| sample.key.clone()).unwrap_or_default();
        key.extend_from_slice(format!("#{number}").as_bytes());
        (sample, key)
    }
}

/// Round and round.
fn nth(samples: &[Sample], number: u64) -> Option<&Sample> {
    let place = number.checked_rem(samples.len() as u64)?;
    samples.get(usize::try_from(place).ok()?)
}

/// Records that are due when so much time is over; a pace that forgives stalls.
struct Pace {
    rate: f64,
    /// Records that were due by `last`, with the part of the next one.
    due: f64,
    last: Duration,
}

impl Pace {
    fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate), due: 0.0, last: Duration::ZERO }
    }

    /// How many to send at `now`, which never goes back.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole, from 0 to 2 s of the highest rate
    fn take(&mut self, now: Duration) -> u64 {
        let passed = now.saturating_sub(self.last).min(STALL);
        self.last = now;
        self.due += passed.as_secs_f64() * self.rate;
        let whole = self.due.floor();
        self.due -= whole;
        whole as u64
    }
}

fn send(producer: &ThreadedProducer<Client>, articles: &Articles, args: &Args, stop: &Stop) -> Result<()> {
    let start = Instant::now();
    let mut pace = Pace::new(args.rate);
    let mut told = Duration::ZERO;
    let mut number = 0;
    let all = args.count.unwrap_or(u64::MAX);
    while number < all && !stop.wait(TICK) {
        let now = start.elapsed();
        let until = all.min(number.saturating_add(pace.take(now)));
        while number < until {
            if !send_one(producer, &args.topic, articles, number, stop)? {
                return Ok(());
            }
            number += 1;
        }
        if now - told >= NEWS {
            told = now;
            let arrived = producer.context().outcome.arrived.load(Ordering::Relaxed);
            tracing::info!(sent = number, arrived, "generating");
        }
    }
    Ok(())
}

/// Returns whether it was sent: a full queue is waited for, a stop ends that.
fn send_one(
    producer: &ThreadedProducer<Client>,
    topic: &str,
    articles: &Articles,
    number: u64,
    stop: &Stop,
) -> Result<bool> {
    let (Some(sample), key) = articles.get(number) else { return Ok(true) };
    let mut record = BaseRecord::to(topic).key(key.as_slice()).headers(kafka::headers(&sample.headers));
    if let Some(value) = &sample.value {
        record = record.payload(value.as_slice());
    }
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(true),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                if stop.wait(TICK) {
                    return Ok(false);
                }
                record = back;
            }
            Err((error, _)) => return Err(error).with_context(|| format!("record {number} cannot be sent to {topic}")),
        }
    }
}

#[derive(Default)]
struct Outcome {
    arrived: AtomicU64,
    refused: AtomicU64,
}

/// Counts what arrived; tells what did not.
#[derive(Default)]
struct Client {
    outcome: Outcome,
}

impl ClientContext for Client {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        kafka::log(kafka::ClientKind::Producer, level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(error = %error, reason, "the client library reports trouble");
    }
}

impl ProducerContext for Client {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {
                self.outcome.arrived.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, _)) => {
                // The first says why; thousands more would say the same.
                if self.outcome.refused.fetch_add(1, Ordering::Relaxed) == 0 {
                    tracing::error!(error = %error, "a record did not arrive");
                }
            }
        }
    }
}

fn producer(config: &Config) -> Result<ThreadedProducer<Client>> {
    let mut client: ClientConfig = kafka::plain(&config.kafka)?;
    client
        .set("client.id", format!("{}-generate", config.kafka.client_id))
        .set("enable.idempotence", "true")
        .set("linger.ms", "20")
        .set("compression.type", config.output.compression.as_str())
        .set("partitioner", "murmur2_random")
        // The bomb is small until it is unpacked.
        .set("message.max.bytes", "10000000")
        .set("queue.buffering.max.kbytes", "32768");
    client.create_with_context(Client::default()).context("a producer cannot be made")
}

/// Started together with its broker, it waits for it; a topic that is not there
/// is an error, not a thing to make.
fn wait_for_topic(producer: &ThreadedProducer<Client>, topic: &str, stop: &Stop) -> Result<()> {
    let once = Duration::from_secs(2);
    while !stop.is_requested() {
        match producer.client().fetch_metadata(Some(topic), once) {
            Ok(metadata) => match metadata.topics().first().and_then(|found| found.error()).map(RDKafkaErrorCode::from)
            {
                None => return Ok(()),
                Some(RDKafkaErrorCode::LeaderNotAvailable) => {}
                Some(error) => bail!("topic {topic} cannot be written to: {error}"),
            },
            Err(error) => tracing::warn!(error = %error, "the cluster does not answer; asking again"),
        }
        stop.wait(once);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn articles(bad_every: u64) -> Articles {
        Articles::new(samples().unwrap(), bad_every).unwrap()
    }

    #[test]
    fn the_same_number_is_the_same_record_and_every_kind_comes() {
        let (one, other) = (articles(10), articles(10));
        let mut kinds = std::collections::BTreeSet::new();
        for number in 0..400 {
            let ((a, key), (b, again)) = (one.get(number), other.get(number));
            let (a, b) = (a.unwrap(), b.unwrap());
            assert_eq!((&key, &a.value, &a.headers), (&again, &b.value, &b.headers));
            assert!(key.ends_with(format!("#{number}").as_bytes()), "no two records have one key");
            assert_eq!(a.dead_letter.is_some(), number % 10 == 9, "{number}");
            kinds.insert(a.kind);
        }
        assert_eq!(kinds.len(), 14, "{kinds:?}");
    }

    #[test]
    fn without_bad_ones_all_are_good() {
        let articles = articles(0);
        assert!((0..100).all(|number| articles.get(number).0.unwrap().dead_letter.is_none()));
    }

    proptest! {
        /// However the looks at the clock fall, the rate is kept to the record.
        #[test]
        fn the_pace_is_kept(rate in 1_u32..20_000, steps in prop::collection::vec(1_u64..500, 1..100)) {
            let mut pace = Pace::new(rate);
            let (mut now, mut sent) = (0, 0);
            for step in steps {
                now += step;
                sent += pace.take(Duration::from_millis(now));
                let due = now as f64 * f64::from(rate) / 1000.0;
                prop_assert!((sent as f64 - due).abs() <= 1.001, "{sent} sent, {due} due");
            }
        }
    }

    #[test]
    fn a_stall_is_not_made_up_for() {
        let mut pace = Pace::new(100);
        assert_eq!(pace.take(Duration::from_secs(1)), 100);
        assert_eq!(pace.take(Duration::from_secs(3600)), 200);
    }
}
