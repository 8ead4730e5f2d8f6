use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        for (key, value) in [("bootstrap_servers", &self.bootstrap_servers), ("group_id", &self.group_id)] {
            if value.trim().is_empty() {
                invalid.push(InvalidOption::new(format!("kafka.{key}"), "\"\"", "must not be empty"));
            }
        }
        invalid
    }
}
