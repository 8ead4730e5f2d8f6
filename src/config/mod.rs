//! One configuration, composed of each room's own options.
//!
//! A TOML file, each of its keys overridable by a variable: the key
//! `kafka.group_id` is `WARRAQ_KAFKA__GROUP_ID`, two underscores for the dot,
//! so that no name can be read in two ways. Unknown keys are refused in both.
//! All errors are told at once, each with its key, its value and where it
//! stands.
//!
//! ```
//! use warraq::config::Config;
//!
//! let text = "[input]\ntopics = [\"news\"]\n";
//! let config = Config::parse("w.toml", text, [("WARRAQ_MEMORY__BUDGET", "1GiB")])?;
//! assert_eq!(config.input.topics, ["news"]);
//! assert_eq!(config.memory.budget.to_string(), "1.0 GiB");
//!
//! let error = Config::parse("w.toml", "[input]\ntopic = [\"news\"]\n", []).unwrap_err();
//! assert!(error.to_string().contains("w.toml:2:1: input.topic = [\"news\"]: unknown key, did you mean input.topics?"));
//! # Ok::<(), warraq::config::Error>(())
//! ```

mod environment;
mod error;
mod keys;
mod load;
mod log;
mod show;
mod validate;

use serde::{Deserialize, Serialize};

pub use self::error::{Error, Problem};
pub use self::log::{LogFormat, LogOptions};

use crate::{consume, decode, encode, http, kafka, normalize, produce, tag, worker};

/// The options of all rooms.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub kafka: kafka::Options,
    pub input: consume::Options,
    pub output: produce::OutputOptions,
    pub delivery: produce::DeliveryOptions,
    pub decode: decode::Options,
    pub normalize: normalize::Options,
    pub tag: tag::Options,
    pub encode: encode::Options,
    pub enrich: worker::EnrichOptions,
    pub memory: worker::MemoryOptions,
    pub shutdown: worker::ShutdownOptions,
    pub http: http::Options,
    pub log: LogOptions,
}

impl Config {
    /// 16 hexadecimal digits over the options that shape a record: two workers
    /// with the same hash, version and model write the same bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        let shaping = (&self.decode, &self.normalize, &self.tag, &self.encode);
        // Options are plain data with text keys; they always have a JSON form.
        let text = serde_json::to_string(&shaping).unwrap_or_default();
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
    }
}
