use serde::{Deserialize, Serialize};

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
        match tracing_subscriber::EnvFilter::builder().parse(&self.level) {
            Ok(_) => Vec::new(),
            Err(error) => vec![InvalidOption::new(
                "log.level",
                format!("{:?}", self.level),
                format!("{error}; use a level such as \"info\", or \"info,warraq::consume=debug\""),
            )],
        }
    }
}
