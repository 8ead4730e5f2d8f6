use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[otel]` table: spans of single records, for a collector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where spans go by OTLP over HTTP, with its path, such as
    /// `http://localhost:4318/v1/traces`. None: nowhere.
    pub endpoint: Option<String>,
    /// Of the records that come without a `traceparent`, this part begins a
    /// trace of its own. Default 0: who wants traces begins them at the crawler.
    pub ratio: f64,
    /// `service.name` of the spans.
    pub service_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { endpoint: None, ratio: 0.0, service_name: "warraq".to_owned() }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        if let Some(endpoint) = &self.endpoint {
            let shown = format!("{endpoint:?}");
            if !(endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
                let message = "must begin with http:// or https://, such as \"http://localhost:4318/v1/traces\"";
                invalid.push(InvalidOption::new("otel.endpoint", shown, message));
            }
        }
        if !(0.0..=1.0).contains(&self.ratio) {
            invalid.push(InvalidOption::new("otel.ratio", self.ratio, "must be between 0 and 1, such as 0.01"));
        }
        invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_told() {
        assert!(Options::default().check().is_empty());
        for ratio in [-0.1, 1.1, f64::NAN] {
            let told = Options { ratio, ..Options::default() }.check();
            assert_eq!(told.len(), 1, "{ratio}");
        }
        let told = Options { endpoint: Some("localhost:4317".to_owned()), ..Options::default() }.check();
        assert_eq!(told.len(), 1);
    }
}
