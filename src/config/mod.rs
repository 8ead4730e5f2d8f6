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

#[cfg(test)]
mod reference;

use serde::{Deserialize, Serialize};

pub use self::error::{Error, Problem};
pub use self::log::{LogFormat, LogOptions, log_filter};

use crate::{consume, decode, encode, http, kafka, normalize, produce, registry, tag, trace, worker};

/// The options of all rooms.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub kafka: kafka::Options,
    pub input: consume::Options,
    pub output: produce::OutputOptions,
    pub schema_registry: registry::Options,
    pub delivery: produce::DeliveryOptions,
    pub decode: decode::Options,
    pub normalize: normalize::Options,
    pub tag: tag::Options,
    pub shadow: worker::ShadowOptions,
    pub encode: encode::Options,
    pub enrich: worker::EnrichOptions,
    pub memory: worker::MemoryOptions,
    pub shutdown: worker::ShutdownOptions,
    pub reload: worker::ReloadOptions,
    pub state: worker::StateOptions,
    pub poison: worker::PoisonOptions,
    pub http: http::Options,
    pub log: LogOptions,
    pub otel: trace::Options,
}

impl Config {
    /// The worker whose records the shadow writes; none without `shadow.topic`.
    #[must_use]
    pub fn of_shadow(&self) -> Option<Self> {
        let mut config = self.clone();
        config.output.topic = self.shadow.topic.clone()?;
        config.tag = self.shadow.tag.over(&self.tag);
        config.shadow = worker::ShadowOptions::default();
        Some(config)
    }

    /// 16 hexadecimal digits over the options that shape a record: two workers
    /// with the same hash, version and model write the same bytes. Where a file
    /// lies is left out; what it holds is in the model's hash.
    #[must_use]
    pub fn hash(&self) -> String {
        // Options are plain data with text keys; they always have a JSON form.
        let shaping = serde_json::to_value((&self.decode, &self.normalize, &self.tag, &self.encode));
        let leaves =
            shaping.unwrap_or_default().as_array().into_iter().flatten().flat_map(keys::leaves).collect::<Vec<_>>();
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for leaf in leaves.iter().filter(|leaf| !validate::names_files(leaf)) {
            hash.update(format!("{}={}\n", leaf.dotted(), leaf.default).as_bytes());
        }
        if self.schema_registry.wire_format {
            hash.update(b"schema_registry.wire_format=true\n");
        }
        format!("{:016x}", hash.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_what_shapes_records() {
        let hash = |text: &str| Config::parse("w.toml", text, []).unwrap().hash();
        let plain = hash("");
        assert_eq!(plain.len(), 16);
        assert_eq!(plain, hash("[memory]\nbudget = \"1GiB\"\n[output]\ntopic = \"x\"\n[log]\nlevel = \"debug\"\n"));
        assert_eq!(plain, hash("[tag]\ngazetteer_files = [\"/etc/warraq/names.tsv\"]\n"));
        let others = ["[encode]\nraw_offsets = true\n", "[normalize]\nmax_blocks = 9\n", "[tag]\nmax_mentions = 9\n"];
        assert_eq!(plain, hash("[schema_registry]\nurl = \"http://registry:8081\"\n"));
        assert_ne!(plain, hash("[schema_registry]\nurl = \"http://registry:8081\"\nwire_format = true\n"));
        for other in others {
            assert_ne!(plain, hash(other), "{other}");
        }
        assert_eq!(
            plain,
            hash("[shadow]\ntopic = \"s\"\n[shadow.tag]\nmax_mentions = 9\n"),
            "live records are as before"
        );
    }

    #[test]
    fn the_shadow_writes_what_a_worker_with_its_options_would() {
        let parse = |text: &str, env: &[(&str, &str)]| Config::parse("w.toml", text, env.iter().copied()).unwrap();
        assert!(parse("", &[]).of_shadow().is_none());
        let text = "[tag]\nmax_mentions = 7\n[encode]\nraw_offsets = true\n[shadow]\ntopic = \"s\"\n";
        let same = parse(text, &[]);
        let shadow = same.of_shadow().unwrap();
        assert_eq!((shadow.hash(), shadow.output.topic.as_str()), (same.hash(), "s"));
        assert!(shadow.shadow.topic.is_none(), "a shadow has none");
        let env = [("WARRAQ_SHADOW__TAG__MAX_MENTIONS", "9"), ("WARRAQ_SHADOW__TAG__GAZETTEER_FILES", "a.tsv,b.tsv")];
        let shadow = parse(text, &env).of_shadow().unwrap();
        assert_eq!(shadow.hash(), parse("[tag]\nmax_mentions = 9\n[encode]\nraw_offsets = true\n", &[]).hash());
        assert_eq!(shadow.tag.gazetteer_files.len(), 2);
    }

    #[test]
    fn a_shadow_that_cannot_be_meant_is_refused() {
        let error = |text: &str| Config::parse("w.toml", text, []).unwrap_err().to_string();
        for (topic, key) in [
            ("articles.raw", "input.topics"),
            ("articles.enriched", "output.topic"),
            ("articles.dead", "output.dead_letter_topic"),
        ] {
            let told = error(&format!("[shadow]\ntopic = {topic:?}\n"));
            assert!(told.contains(&format!("w.toml:2:1: shadow.topic = {topic:?}: is {key} too")), "{told}");
        }
        let told =
            error("[shadow]\ntopic = \"s\"\nsample = 1.5\n[shadow.tag]\nmax_mentions = 0\ngazeteer_files = []\n");
        for part in [
            "w.toml:3:1: shadow.sample = 1.5: must be a share from 0 to 1",
            "w.toml:5:1: shadow.tag.max_mentions = 0: no entity could ever be found",
            "did you mean shadow.tag.gazetteer_files?",
        ] {
            assert!(told.contains(part), "{part}\n{told}");
        }
        let told = error("[shadow.tag]\ngazetteer_files = [\"a.tsv\"]\n");
        assert!(told.contains("shadow.topic = (not set): is needed, since [shadow.tag] is set"), "{told}");
    }
}
