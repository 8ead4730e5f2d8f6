use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::security;
use crate::record::InvalidOption;

/// Options of the `[kafka]` table: the cluster, the consumer group, security.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Brokers to ask first, `host:port`, separated by commas.
    pub bootstrap_servers: String,
    /// Name of this client in the broker's logs and quotas.
    pub client_id: String,
    /// Consumer group: workers of one group share the partitions.
    pub group_id: String,
    /// `classic` (cooperative-sticky) or `consumer` (KIP-848).
    pub group_protocol: GroupProtocol,
    /// Static membership: a name that is this pod's alone and stays the same
    /// over restarts, so that a restart moves no partition. None: dynamic.
    pub instance_id: Option<String>,
    /// Fences the zombies of this pod; must be this pod's alone.
    /// Default: `GROUP-INSTANCE`, or `GROUP-HOSTNAME` without an instance id.
    pub transactional_id: Option<String>,
    /// Without a heartbeat for so long, a member's partitions go to others.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub session_timeout: std::time::Duration,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    pub security_protocol: String,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`.
    pub sasl_mechanism: Option<String>,
    pub sasl_username: Option<String>,
    pub sasl_password: Option<Secret>,
    /// A file that holds the password, such as a mounted secret.
    pub sasl_password_file: Option<PathBuf>,
    /// Where tokens are fetched for `OAUTHBEARER` (OIDC, client credentials).
    pub oauth_token_endpoint: Option<String>,
    pub oauth_client_id: Option<String>,
    pub oauth_client_secret: Option<Secret>,
    /// A file that holds the client's secret, such as a mounted secret.
    pub oauth_client_secret_file: Option<PathBuf>,
    pub oauth_scope: Option<String>,
    /// Who signed the token endpoint's certificate. None: the system's.
    pub oauth_ca_file: Option<PathBuf>,
    pub ssl_ca_file: Option<PathBuf>,
    pub ssl_certificate_file: Option<PathBuf>,
    pub ssl_key_file: Option<PathBuf>,
    pub ssl_key_password_file: Option<PathBuf>,
    /// Any librdkafka property, for consumer, producer and admin client alike.
    /// What would break a promise is refused, with the reason.
    pub properties: BTreeMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bootstrap_servers: "localhost:9092".to_owned(),
            client_id: "warraq".to_owned(),
            group_id: "warraq".to_owned(),
            group_protocol: GroupProtocol::Classic,
            instance_id: None,
            transactional_id: None,
            session_timeout: std::time::Duration::from_secs(45),
            security_protocol: "plaintext".to_owned(),
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
            sasl_password_file: None,
            oauth_token_endpoint: None,
            oauth_client_id: None,
            oauth_client_secret: None,
            oauth_client_secret_file: None,
            oauth_scope: None,
            oauth_ca_file: None,
            ssl_ca_file: None,
            ssl_certificate_file: None,
            ssl_key_file: None,
            ssl_key_password_file: None,
            properties: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupProtocol {
    Classic,
    Consumer,
}

/// A value that is never shown: `Debug` and `Serialize` mask it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("********")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("********")
    }
}

/// The secret itself, or what its file holds without the line's end.
///
/// # Errors
/// Where the file cannot be read.
pub fn read_secret(inline: Option<&Secret>, file: Option<&Path>) -> Result<Option<String>, std::io::Error> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        return Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()));
    }
    Ok(inline.map(|secret| secret.expose().to_owned()))
}

/// Properties that would break a promise or that an option of its own sets, and
/// what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("bootstrap.servers", "set kafka.bootstrap_servers"),
    ("metadata.broker.list", "set kafka.bootstrap_servers"),
    ("client.id", "set kafka.client_id"),
    ("group.id", "set kafka.group_id"),
    ("group.protocol", "set kafka.group_protocol"),
    ("group.instance.id", "set kafka.instance_id"),
    ("transactional.id", "set kafka.transactional_id"),
    ("transaction.timeout.ms", "set delivery.transaction_timeout"),
    ("session.timeout.ms", "set kafka.session_timeout"),
    ("auto.offset.reset", "set input.start"),
    ("compression.type", "set output.compression"),
    ("compression.codec", "set output.compression"),
    ("security.protocol", "set kafka.security_protocol"),
    ("sasl.password", "set kafka.sasl_password_file, so that it is masked"),
    ("sasl.oauthbearer.client.secret", "set kafka.oauth_client_secret_file, so that it is masked"),
    ("enable.auto.commit", "offsets are committed with the records they cover, never before"),
    ("enable.auto.offset.store", "offsets are committed with the records they cover, never before"),
    ("enable.idempotence", "without it a retry doubles and swaps records"),
    ("acks", "less than all loses records when a broker dies"),
    ("request.required.acks", "less than all loses records when a broker dies"),
    ("isolation.level", "uncommitted input may be aborted after it was processed"),
    ("message.timeout.ms", "follows delivery.transaction_timeout"),
    ("delivery.timeout.ms", "follows delivery.transaction_timeout"),
    ("queue.buffering.max.kbytes", "follows memory.budget"),
    ("queue.buffering.max.messages", "follows memory.budget"),
    ("queued.max.messages.kbytes", "follows memory.budget"),
    ("max.in.flight", "idempotence sets it"),
    ("max.in.flight.requests.per.connection", "idempotence sets it"),
];

impl Options {
    /// The transactional id in force; `hostname` stands in where the options
    /// name neither an id nor an instance.
    #[must_use]
    pub fn transactional_id(&self, hostname: &str) -> String {
        let instance = self.instance_id.as_deref().unwrap_or(hostname);
        self.transactional_id.clone().unwrap_or_else(|| format!("{}-{instance}", self.group_id))
    }

    /// The files that hold credentials: secrets, certificates, authorities.
    #[must_use]
    pub fn credentials(&self) -> Vec<PathBuf> {
        let files = [
            &self.sasl_password_file,
            &self.oauth_client_secret_file,
            &self.oauth_ca_file,
            &self.ssl_ca_file,
            &self.ssl_certificate_file,
            &self.ssl_key_file,
            &self.ssl_key_password_file,
        ];
        files.into_iter().flatten().cloned().collect()
    }

    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        for (key, value) in [("bootstrap_servers", &self.bootstrap_servers), ("group_id", &self.group_id)] {
            if value.trim().is_empty() {
                invalid.push(InvalidOption::new(format!("kafka.{key}"), "\"\"", "must not be empty"));
            }
        }
        invalid.extend(security::check(self));
        invalid.extend(self.properties.iter().filter_map(|(key, value)| {
            let (_, instead) = REFUSED.iter().find(|(refused, _)| refused == key)?;
            Some(InvalidOption::new(format!("kafka.properties.\"{key}\""), value, format!("refused: {instead}")))
        }));
        invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_breaks_a_promise_is_refused_with_the_reason() {
        let properties = [("acks", "1"), ("socket.keepalive.enable", "true")];
        let properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let invalid = Options { properties, ..Options::default() }.check();
        assert_eq!(invalid.len(), 1);
        assert_eq!(
            invalid[0].to_string(),
            "kafka.properties.\"acks\" = 1: refused: less than all loses records when a broker dies"
        );
    }

    #[test]
    fn a_secret_is_read_from_its_file_and_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        assert_eq!(read_secret(None, Some(file.path())).unwrap().as_deref(), Some("s3cret"));
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?} {}", serde_json::to_string(&secret).unwrap()), "******** \"********\"");
    }

    #[test]
    fn the_transactional_id_follows_the_pod() {
        let mut options = Options::default();
        assert_eq!(options.transactional_id("host"), "warraq-host");
        options.instance_id = Some("warraq-0".to_owned());
        assert_eq!(options.transactional_id("host"), "warraq-warraq-0");
        options.transactional_id = Some("mine".to_owned());
        assert_eq!(options.transactional_id("host"), "mine");
    }
}
