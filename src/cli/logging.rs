use std::io::IsTerminal as _;

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogOptions};

/// The variable that goes before `log.level`.
const VARIABLE: &str = "WARRAQ_LOG";

/// A consumer that was closed on purpose is closed once more when it is dropped,
/// and the client library calls that an error.
const CLOSED_TWICE: &str = "rdkafka::consumer::base_consumer=off";

/// Starts logging to standard error: pretty on a terminal, JSON elsewhere, or
/// as the options say. Standard output stays free for what a command prints.
///
/// # Errors
/// Where the filter cannot be read, or logging was started before.
pub(super) fn start(options: &LogOptions) -> Result<()> {
    let filter = match std::env::var(VARIABLE) {
        Ok(filter) if !filter.is_empty() => EnvFilter::builder()
            .parse(&filter)
            .map_err(|error| anyhow!("environment variable {VARIABLE} = {filter:?}: {error}"))?,
        _ => EnvFilter::builder()
            .parse(&options.level)
            .map_err(|error| anyhow!("log.level = {:?}: {error}", options.level))?,
    };
    let filter = filter.add_directive(CLOSED_TWICE.parse()?);
    let terminal = std::io::stderr().is_terminal();
    let pretty = match options.format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if pretty {
        log.with_ansi(terminal).with_target(false).try_init()
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    started.map_err(|error| anyhow!("logging cannot be started: {error}"))
}
