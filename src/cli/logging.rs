use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Result, anyhow};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::config::{LogFormat, LogOptions, log_filter};
use crate::http::LogLevel;

/// The variable that goes before `log.level`.
const VARIABLE: &str = "WARRAQ_LOG";

/// A consumer that was closed on purpose is closed once more when it is dropped,
/// and the client library calls that an error.
const CLOSED_TWICE: &str = "rdkafka::consumer::base_consumer=off";

/// As there is one log in a process, there is one level.
static LEVEL: OnceLock<Arc<Level>> = OnceLock::new();

/// Starts logging to standard error: pretty on a terminal, JSON elsewhere, or
/// as the options say. Standard output stays free for what a command prints.
///
/// # Errors
/// Where the filter cannot be read, or logging was started before.
pub(super) fn start(options: &LogOptions) -> Result<()> {
    let text = match std::env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => {
            log_filter(&text).map_err(|error| anyhow!("environment variable {VARIABLE} = {text:?}: {error}"))?;
            text
        }
        _ => options.level.clone(),
    };
    let (layer, level) = Level::new(&text).map_err(|error| anyhow!("log.level = {text:?}: {error}"))?;
    let terminal = std::io::stderr().is_terminal();
    let pretty = match options.format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if pretty {
        lines.with_ansi(terminal).with_target(false).boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    };
    let started = tracing_subscriber::registry().with(layer).with(lines).try_init();
    started.map_err(|error| anyhow!("logging cannot be started: {error}"))?;
    // Logging is started once, so nothing was set before.
    let _ = LEVEL.set(Arc::new(level));
    Ok(())
}

/// The level of this process' log, to be changed while it runs; none before
/// logging is started.
pub(super) fn level() -> Option<Arc<dyn LogLevel>> {
    LEVEL.get().map(|level| Arc::clone(level) as _)
}

struct Level {
    initial: String,
    current: Mutex<String>,
    handle: reload::Handle<EnvFilter, Registry>,
}

impl Level {
    /// The filter as a layer, and what changes it.
    fn new(text: &str) -> Result<(reload::Layer<EnvFilter, Registry>, Self), String> {
        let (layer, handle) = reload::Layer::new(whole(text)?);
        Ok((layer, Self { initial: text.to_owned(), current: Mutex::new(text.to_owned()), handle }))
    }
}

fn whole(text: &str) -> Result<EnvFilter, String> {
    let known = CLOSED_TWICE.parse().map_err(|error| format!("{error}"))?;
    Ok(log_filter(text)?.add_directive(known))
}

impl LogLevel for Level {
    fn initial(&self) -> String {
        self.initial.clone()
    }

    fn current(&self) -> String {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, filter: &str) -> Result<(), String> {
        let new = whole(filter)?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        self.handle.reload(new).map_err(|error| error.to_string())?;
        filter.clone_into(&mut current);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
