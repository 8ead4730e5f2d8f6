use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::record::InvalidOption;

/// Options of the `[log]` table. Logs go to standard error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogOptions {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter by part such as
    /// `info,warraq::consume=debug`. The variable `WARRAQ_LOG` goes before it.
    pub level: String,
    pub format: LogFormat,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    Pretty,
    Json,
}

impl LogOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        match log_filter(&self.level) {
            Ok(_) => Vec::new(),
            Err(error) => vec![InvalidOption::new("log.level", format!("{:?}", self.level), error)],
        }
    }
}

/// A filter of log lines as people write it.
///
/// # Errors
/// What is wrong with it. A lone word that is no level is refused, which the
/// filter's own language takes for the name of a part: a slip such as `debgu`
/// would silence everything.
pub fn log_filter(text: &str) -> Result<EnvFilter, String> {
    const EXAMPLE: &str = "use a level such as \"info\", or \"info,warraq::consume=debug\"";
    let is_word = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':');
    let lone = text.split(',').map(str::trim).filter(is_word).find(|word| word.parse::<LevelFilter>().is_err());
    if let Some(word) = lone {
        return Err(format!("{word:?} is no level; {EXAMPLE}"));
    }
    EnvFilter::builder().parse(text).map_err(|error| format!("{error}; {EXAMPLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_no_filter() {
        for right in ["info", "DEBUG", "off", "3", "info,warraq::consume=debug", "[span{x=1}]=info"] {
            assert!(log_filter(right).is_ok(), "{right}");
        }
        for wrong in ["debgu", "info,warraq", "warraq::consume", "warraq=loud", "info,=x=y"] {
            let told = log_filter(wrong).unwrap_err();
            assert!(told.contains("use a level such as"), "{wrong}: {told}");
        }
    }
}
