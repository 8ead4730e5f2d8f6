//! Clients that ask and read without joining a group.

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};

use crate::kafka::{ClientKind, log};

/// Keeps quiet where a call or a poll tells the same: librdkafka tells every end
/// of a partition as an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(ClientKind::Consumer, level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "a client that only asks");
    }
}

impl ConsumerContext for Quiet {}

pub(super) type Client = BaseConsumer<Quiet>;

/// A client that commits nothing, reads committed records, and is told of the
/// ends of partitions; `group` is joined by none, but its offsets can be asked
/// for.
pub(super) fn client(config: &ClientConfig, group: &str, settings: &[(&str, &str)]) -> KafkaResult<Client> {
    let mut config = config.clone();
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    config.create_with_context(Quiet)
}
