//! `warraq check`: is the configuration right, and what is in force.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::{models, text};
use crate::config::{self, Config};
use crate::kafka;

/// Check a configuration, without a broker
///
/// Reads the file and the environment as `warraq run` does, looks whether the
/// files that it names can be read, and tells everything that is wrong at once.
/// When all is right, prints the configuration in force as TOML, secrets masked,
/// and in a comment above it which model was loaded.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// TOML file; without one, defaults and environment
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print nothing when all is right
    #[arg(long, short)]
    quiet: bool,
}

/// # Errors
/// Everything that is wrong with the configuration.
pub fn run(args: &Args) -> Result<ExitCode> {
    let file = super::config_file(args.config.as_deref());
    let config = Config::load(file.as_deref())?;
    let name = file.map_or_else(|| "defaults".to_owned(), |file| file.display().to_string());
    let wrong = |error: anyhow::Error| config::Error::of_file(name.as_str(), format!("{error:#}"));
    super::features(&config)?;
    clients(&config).map_err(wrong)?;
    #[cfg(feature = "schema-registry")]
    crate::registry::Client::new(&config.schema_registry, &config.output.topic).map_err(|error| wrong(error.into()))?;
    // Kept, so that a model is read once.
    let _tagger = text::tagger(&config).map_err(wrong)?;
    if let Some(shadow) = config.of_shadow() {
        text::tagger(&shadow).context("shadow").map_err(wrong)?;
    }
    if !args.quiet {
        let shown = config.to_toml().context("the configuration cannot be shown")?;
        let model = models::told(&config.tag).map_err(wrong)?;
        let model = model.map(|told| format!("# tag.model: {told}\n\n")).unwrap_or_default();
        text::unless_closed(write(&format!("{model}{shown}")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Hands every property to librdkafka, which knows names and values; nothing is
/// connected.
fn clients(config: &Config) -> Result<()> {
    let budget = usize::try_from(config.memory.budget.as_u64()).unwrap_or(usize::MAX);
    let memory = kafka::Memory::of_budget(budget);
    let (compression, timeout) = (config.output.compression.as_str(), config.delivery.transaction_timeout);
    let consumer = kafka::consumer(&config.kafka, memory, config.input.start.as_str())?;
    let producer = kafka::producer(&config.kafka, memory, compression, timeout, Some("check"))?;
    let shadow = kafka::shadow_producer(&config.kafka, memory, compression)?;
    for client in [consumer, producer, shadow] {
        client.create_native_config().context("kafka.properties")?;
    }
    Ok(())
}

fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
