//! Client properties from options: what was measured to be best, what the
//! promises need, and what the user adds.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use super::options::{GroupProtocol, Options, read_secret};

/// Bytes that librdkafka's own queues may take, out of `memory.budget`.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub consumer_queue: usize,
    pub producer_queue: usize,
}

impl Memory {
    /// For the consumer an eighth of the budget, between 8 and 32 MiB, since 8
    /// was as fast as 64; for the producer always 8, since a longer queue makes
    /// commits longer.
    #[must_use]
    pub fn of_budget(budget: usize) -> Self {
        const MIB: usize = 1 << 20;
        Self { consumer_queue: (budget / 8).clamp(8 * MIB, 32 * MIB), producer_queue: 8 * MIB }
    }

    #[must_use]
    pub const fn total(self) -> usize {
        self.consumer_queue + self.producer_queue
    }
}

/// Properties of any client: cluster and security, then the user's own.
///
/// # Errors
/// Where a file with a secret cannot be read.
pub fn plain(options: &Options) -> Result<ClientConfig, std::io::Error> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.bootstrap_servers)
        .set("client.id", &options.client_id)
        .set("security.protocol", &options.security_protocol)
        // librdkafka's own lines come through the log callback, sorted there.
        .set("log.connection.close", "false");
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let texts = [
        ("sasl.mechanism", options.sasl_mechanism.clone()),
        ("sasl.username", options.sasl_username.clone()),
        ("sasl.password", read_secret(options.sasl_password.as_ref(), options.sasl_password_file.as_deref())?),
        ("sasl.oauthbearer.token.endpoint.url", options.oauth_token_endpoint.clone()),
        ("sasl.oauthbearer.client.id", options.oauth_client_id.clone()),
        (
            "sasl.oauthbearer.client.secret",
            read_secret(options.oauth_client_secret.as_ref(), options.oauth_client_secret_file.as_deref())?,
        ),
        ("sasl.oauthbearer.scope", options.oauth_scope.clone()),
        ("https.ca.location", path(&options.oauth_ca_file)),
        ("ssl.ca.location", path(&options.ssl_ca_file)),
        ("ssl.certificate.location", path(&options.ssl_certificate_file)),
        ("ssl.key.location", path(&options.ssl_key_file)),
        ("ssl.key.password", read_secret(None, options.ssl_key_password_file.as_deref())?),
    ];
    if options.oauth_token_endpoint.is_some() {
        config.set("sasl.oauthbearer.method", "oidc");
    }
    for (key, value) in texts {
        if let Some(value) = value {
            config.set(key, value);
        }
    }
    Ok(with_user_properties(config, options))
}

/// Again after each client's own, since the user's word goes before ours.
fn with_user_properties(mut config: ClientConfig, options: &Options) -> ClientConfig {
    for (key, value) in &options.properties {
        config.set(key, value);
    }
    config
}

/// Properties of the consumer. Offsets are never committed by librdkafka itself.
///
/// # Errors
/// Where a file with a secret cannot be read.
pub fn consumer(options: &Options, memory: Memory, start: &str) -> Result<ClientConfig, std::io::Error> {
    let mut config = plain(options)?;
    config
        .set("group.id", &options.group_id)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", start)
        // What an input's own transactional producer has aborted is not read; also
        // makes the broker hold back offsets that a transaction has not settled.
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "false")
        .set("statistics.interval.ms", "1000")
        // New topics and partitions are seen after so long, not after 5 minutes.
        .set("topic.metadata.refresh.interval.ms", "30000")
        .set("fetch.queue.backoff.ms", "10")
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", (memory.consumer_queue / 1024).to_string())
        // A limit of sanity, not of memory: a record larger than it would close
        // the connection again and again.
        .set("receive.message.max.bytes", "1000000000")
        // Counted as it is sent: unpacked it may be many times as much.
        .set("fetch.max.bytes", (memory.consumer_queue / 4).to_string())
        .set("reconnect.backoff.max.ms", "2000");
    match options.group_protocol {
        GroupProtocol::Classic => {
            config
                .set("partition.assignment.strategy", "cooperative-sticky")
                .set("session.timeout.ms", options.session_timeout.as_millis().to_string());
        }
        GroupProtocol::Consumer => {
            config.set("group.protocol", "consumer");
        }
    }
    if let Some(instance) = &options.instance_id {
        config.set("group.instance.id", instance);
    }
    Ok(with_log_of_group(with_user_properties(config, options)))
}

/// A new member id is told by a line of the client's debug log and by nothing else, and
/// what is ours hangs on it. Told is what concerns the group: some lines for each commit.
fn with_log_of_group(mut config: ClientConfig) -> ClientConfig {
    let debug = match config.get("debug") {
        None | Some("") => "cgrp".to_owned(),
        Some(others) => format!("{others},cgrp"),
    };
    config.set("debug", debug).set_log_level(RDKafkaLogLevel::Debug);
    config
}

/// Properties of the producer; with a transactional id for exactly-once. A record
/// that is not acknowledged within `timeout` has failed: a topic that was made again
/// keeps a producer that knew the old one waiting for that long.
///
/// # Errors
/// Where a file with a secret cannot be read.
pub fn producer(
    options: &Options,
    memory: Memory,
    compression: &str,
    timeout: Duration,
    transactional_id: Option<&str>,
) -> Result<ClientConfig, std::io::Error> {
    let timeout = timeout.as_millis().to_string();
    let mut config = plain(options)?;
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", compression)
        .set("linger.ms", "5")
        .set("batch.size", "524288")
        .set("queue.buffering.max.kbytes", (memory.producer_queue / 1024).to_string())
        // Java's own partitioner: records join with what other producers write.
        .set("partitioner", "murmur2_random")
        // Size is decided before sending (`encode.max_record_bytes`).
        .set("message.max.bytes", "1000000000")
        .set("statistics.interval.ms", "1000")
        .set("reconnect.backoff.max.ms", "2000");
    match transactional_id {
        // What a record may take then follows from it.
        Some(id) => config.set("transactional.id", id).set("transaction.timeout.ms", timeout),
        None => config.set("message.timeout.ms", timeout),
    };
    Ok(with_user_properties(config, options))
}

const SHADOW_PATIENCE: Duration = Duration::from_secs(30);

/// Properties of the shadow's producer: known to the broker by a name of its own,
/// without a transaction, and soon sure of what fails.
///
/// # Errors
/// Where a file with a secret cannot be read.
pub fn shadow_producer(options: &Options, memory: Memory, compression: &str) -> Result<ClientConfig, std::io::Error> {
    let options = Options { client_id: format!("{}-shadow", options.client_id), ..options.clone() };
    let mut config = producer(&options, memory, compression, SHADOW_PATIENCE, None)?;
    config
        // A topic that is not there is told after so long, and one that came is
        // seen after so long.
        .set("topic.metadata.propagation.max.ms", "5000")
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("statistics.interval.ms", "0");
    Ok(with_user_properties(config, &options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_queue_gets_its_share_within_bounds() {
        assert_eq!(Memory::of_budget(64 << 20).consumer_queue, 8 << 20);
        assert_eq!(Memory::of_budget(128 << 20).consumer_queue, 16 << 20);
        assert_eq!(Memory::of_budget(4 << 30).consumer_queue, 32 << 20);
    }

    #[test]
    fn the_consumer_tells_of_its_group_whatever_else_it_is_to_tell() {
        let debug = |given: Option<&str>| {
            let properties = given.map(|given| ("debug".to_owned(), given.to_owned()));
            let options = Options { properties: properties.into_iter().collect(), ..Options::default() };
            let config = consumer(&options, Memory::of_budget(64 << 20), "earliest").unwrap();
            assert!(matches!(config.log_level, RDKafkaLogLevel::Debug));
            config.get("debug").unwrap().to_owned()
        };
        assert_eq!(debug(None), "cgrp");
        assert_eq!(debug(Some("broker,fetch")), "broker,fetch,cgrp");
    }

    #[test]
    fn librdkafka_takes_what_is_set() {
        let options = Options { instance_id: Some("a-0".to_owned()), ..Options::default() };
        let memory = Memory::of_budget(256 << 20);
        for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
            let options = Options { group_protocol: protocol, ..options.clone() };
            let config = consumer(&options, memory, "earliest").unwrap();
            let _: rdkafka::consumer::BaseConsumer = config.create().unwrap();
        }
        for id in [Some("w-0"), None] {
            let config = producer(&options, memory, "lz4", Duration::from_secs(60), id).unwrap();
            let native = config.create_native_config().unwrap();
            let waits = if id.is_some() { "transaction.timeout.ms" } else { "message.timeout.ms" };
            assert_eq!(native.get(waits).unwrap(), "60000");
            let _: rdkafka::producer::BaseProducer = config.create().unwrap();
        }
        let config = shadow_producer(&options, memory, "lz4").unwrap();
        assert_eq!((config.get("client.id"), config.get("transactional.id")), (Some("warraq-shadow"), None));
        let _: rdkafka::producer::BaseProducer = config.create().unwrap();
    }
}
