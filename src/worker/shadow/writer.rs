//! The shadow's own thread: its pipeline and its producer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer as _, ProducerContext};

use super::queue::{Exit, Taken};
use super::{Ending, Tally};
use crate::kafka::{self, ClientKind};
use crate::metrics::Events;
use crate::pipeline::{Fate, Outcome, Watch};
use crate::record::{Outgoing, RawRecord, Stage};
use crate::worker::clock::Clock;
use crate::worker::panics;
use crate::worker::poison::Journal;
use crate::worker::reload::Live;

/// How long one look for a record, a place in the producer's queue or an
/// acknowledgement takes.
const LOOK: Duration = Duration::from_millis(100);
/// How often what was counted is told, and how soon a producer that is done for
/// is followed by the next.
const PAUSE: Duration = Duration::from_secs(1);
/// The lowest priority that there is among threads.
#[cfg(target_os = "linux")]
const NICE: i32 = 19;

pub(super) struct Writer {
    pub exit: Exit,
    pub pipeline: Live,
    pub topic: String,
    pub config: ClientConfig,
    pub tally: Tally,
    pub events: Events,
    pub clock: Clock,
    /// Whose suspects are tried alone.
    pub journal: Journal,
    /// The last resort against a slow record.
    pub deadline: Duration,
    pub ending: Ending,
    pub connection: Connection,
}

/// The producer of the moment.
#[derive(Default)]
pub(super) struct Connection {
    producer: Option<BaseProducer<Context>>,
    /// Sent, and nothing heard of it yet.
    open: Arc<AtomicU64>,
    /// No other is made before.
    not_before: Duration,
    told: Duration,
}

impl Writer {
    pub fn run(mut self) {
        give_way();
        while !self.over() {
            match self.exit.take(LOOK) {
                Taken::Record(held) => self.write(&held.raw),
                Taken::Nothing => {}
                Taken::Closed => break,
            }
            self.look_around();
        }
        self.end();
    }

    fn over(&self) -> bool {
        self.ending.is_over(self.clock.now())
    }

    fn write(&mut self, raw: &RawRecord) {
        let mut watch = Deadline { clock: self.clock, expires: self.clock.now() + self.deadline };
        let not_now = self.journal.beside();
        let made = catch_unwind(AssertUnwindSafe(|| {
            inject(raw);
            self.pipeline.now().enrich(raw, &mut watch)
        }));
        drop(not_now);
        match made {
            Ok(Outcome { summary, .. }) if matches!(summary.fate, Fate::Rejected { .. }) => self.tally.rejected(),
            Ok(outcome) => self.send(&outcome.outgoing),
            Err(_) => {
                let why = format!("a bug in warraq: panic at {}; please report it", panics::last_place());
                self.tally.failed(1, &format_args!("{}: {why}", raw.origin));
            }
        }
    }

    fn send(&mut self, outgoing: &Outgoing) {
        let topic = self.topic.clone();
        let mut record = kafka::base_record(&topic, outgoing, ());
        loop {
            let Some(producer) = self.producer() else { return self.tally.failed(1, &"there is no producer") };
            let error = match producer.send(record) {
                Ok(()) => {
                    self.connection.open.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Err((error, again)) => {
                    record = again;
                    error
                }
            };
            let full = error.rdkafka_error_code() == Some(Code::QueueFull);
            // One that an empty queue has no room for never gets one.
            if !full || self.connection.open.load(Ordering::Relaxed) == 0 {
                return self.tally.failed(1, &why(&error, &self.topic));
            }
            if self.over() {
                return self.tally.dropped(1);
            }
            self.poll(LOOK);
            self.look_around();
        }
    }

    /// The producer; a new one where the last was done for.
    fn producer(&mut self) -> Option<&BaseProducer<Context>> {
        if self.connection.producer.is_none() && self.clock.now() >= self.connection.not_before {
            self.connection.not_before = self.clock.now() + PAUSE;
            let context = Context {
                tally: self.tally.clone(),
                ending: self.ending.clone(),
                open: Arc::clone(&self.connection.open),
                topic: self.topic.clone(),
            };
            match self.config.create_with_context(context) {
                Ok(producer) => self.connection.producer = Some(producer),
                Err(error) => self.tally.trouble(&error),
            }
        }
        self.connection.producer.as_ref()
    }

    /// Hears what became of the records sent.
    fn poll(&self, patience: Duration) {
        if let Some(producer) = &self.connection.producer {
            producer.poll(patience);
        }
    }

    fn look_around(&mut self) {
        self.poll(Duration::ZERO);
        let fatal = self.connection.producer.as_ref().and_then(|producer| producer.client().fatal_error());
        if let Some((_, text)) = fatal {
            self.tally.trouble(&format_args!("the producer is done for, another follows: {text}"));
            self.connection.not_before = self.clock.now() + PAUSE;
            self.close();
        }
        let now = self.clock.now();
        if now.saturating_sub(self.connection.told) >= PAUSE {
            self.connection.told = now;
            self.tally.tell(&self.events);
        }
    }

    /// Closes the producer; what it still held is accounted for.
    fn close(&mut self) {
        // Reports on all that it purges come before this returns, as a rule.
        drop(self.connection.producer.take());
        let silent = self.connection.open.swap(0, Ordering::Relaxed);
        if silent > 0 {
            self.tally.failed(silent, &"nothing was heard of what was sent");
        }
    }

    /// Waits for acknowledgements as long as it may; the rest is dropped.
    fn end(&mut self) {
        let by = self.ending.by(self.clock.now());
        while self.connection.open.load(Ordering::Relaxed) > 0 && self.clock.now() < by {
            self.poll(LOOK);
        }
        self.close();
        while let Taken::Record(_) = self.exit.take(Duration::ZERO) {
            self.tally.dropped(1);
        }
        self.tally.tell(&self.events);
        self.tally.close();
    }
}

/// Live threads go first, wherever they want the same core. The producer's own
/// threads come of this one, and inherit it.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "the shadow keeps its priority");
    }
}

/// An error in the words of who can mend it.
fn why(error: &KafkaError, topic: &str) -> String {
    match error.rdkafka_error_code() {
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => {
            format!("topic {topic:?} (shadow.topic) does not exist: create it")
        }
        Some(Code::TopicAuthorizationFailed) => {
            format!("this worker's user lacks Write on topic {topic:?} (shadow.topic): docs/security.md")
        }
        Some(Code::MessageTimedOut) => format!("topic {topic:?} (shadow.topic): no broker took it in time"),
        _ => format!("topic {topic:?} (shadow.topic): {error}"),
    }
}

struct Deadline {
    clock: Clock,
    expires: Duration,
}

impl Watch for Deadline {
    fn begin(&mut self, _: Stage) {}

    fn end(&mut self, _: Stage) {}

    fn expired(&mut self) -> bool {
        self.clock.now() >= self.expires
    }
}

struct Context {
    tally: Tally,
    ending: Ending,
    open: Arc<AtomicU64>,
    topic: String,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        kafka::log(ClientKind::Producer, level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.tally.trouble(&format_args!("{error}: {reason}"));
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let Err((error, _)) = result else { return self.tally.written() };
        let purged = matches!(error.rdkafka_error_code(), Some(Code::PurgeQueue | Code::PurgeInflight));
        if purged && self.ending.is_asked() {
            self.tally.dropped(1);
        } else {
            self.tally.failed(1, &why(error, &self.topic));
        }
    }
}

/// In builds with debug assertions, which are what tests run: panics on a record
/// that holds the text named by `WARRAQ_TEST_SHADOW_PANIC_ON`, and takes as many
/// milliseconds for each as `WARRAQ_TEST_SHADOW_SLOW` says.
fn inject(raw: &RawRecord) {
    #[cfg(debug_assertions)]
    {
        static NEEDLE: std::sync::LazyLock<Option<String>> =
            std::sync::LazyLock::new(|| std::env::var("WARRAQ_TEST_SHADOW_PANIC_ON").ok());
        static SLOW: std::sync::LazyLock<Option<u64>> =
            std::sync::LazyLock::new(|| std::env::var("WARRAQ_TEST_SHADOW_SLOW").ok()?.parse().ok());
        if let Some(slow) = *SLOW {
            std::thread::sleep(Duration::from_millis(slow));
        }
        let Some(needle) = NEEDLE.as_deref() else { return };
        let value = raw.value.as_deref().unwrap_or_default();
        assert!(memchr::memmem::find(value, needle.as_bytes()).is_none(), "injected");
    }
    #[cfg(not(debug_assertions))]
    let _ = raw;
}
