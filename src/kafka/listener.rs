use rdkafka::config::RDKafkaLogLevel as Level;
use rdkafka::error::KafkaError;

use super::ClientFigures;

/// The two clients of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientKind {
    Consumer,
    Producer,
}

impl ClientKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Producer => "producer",
        }
    }
}

/// Who hears what a client tells of itself.
pub trait ClientListener: Send + Sync {
    fn figures(&self, client: ClientKind, figures: ClientFigures);
    /// Trouble that librdkafka goes on to deal with by itself.
    fn error(&self, client: ClientKind, error: &KafkaError, reason: &str);
    /// A call of the producer's failed, on account of this topic if of one.
    fn failed(&self, error: &KafkaError, topic: Option<&str>);
}

/// librdkafka's own log lines, under their own target. What they tell of
/// trouble comes as an error too, which is counted and limited; the lines are
/// for whoever looks closer (`log.level = "info,librdkafka=debug"`).
pub fn log(client: ClientKind, level: Level, facility: &str, text: &str) {
    let client = client.as_str();
    match level {
        Level::Emerg | Level::Alert | Level::Critical => {
            tracing::warn!(target: "librdkafka", client, facility, "{text}");
        }
        _ => tracing::debug!(target: "librdkafka", client, facility, "{text}"),
    }
}
