//! What the worker says over HTTP: metrics, liveness, readiness.

use std::collections::BTreeMap;
use std::time::Duration;

/// Every sample of a Prometheus text exposition: `name{labels}` → value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples(pub BTreeMap<String, f64>);

impl Samples {
    pub fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
        });
        Self(samples.collect())
    }

    /// Sum over all label sets of a series; None where there is no such series.
    pub fn sum(&self, series: &str) -> Option<f64> {
        self.sum_where(series, "")
    }

    /// Sum over the label sets that hold `label`, such as `reason="panic"`.
    pub fn sum_where(&self, series: &str, label: &str) -> Option<f64> {
        let mut samples = self
            .0
            .iter()
            .filter(|(name, _)| name.split('{').next() == Some(series) && name.contains(label))
            .map(|(_, value)| *value)
            .peekable();
        samples.peek()?;
        Some(samples.sum())
    }

    /// The largest of all label sets of a series; None where there is none.
    pub fn max(&self, series: &str) -> Option<f64> {
        let samples = self.0.iter().filter(|(name, _)| name.split('{').next() == Some(series));
        samples.map(|(_, value)| *value).reduce(f64::max)
    }

    /// Names without labels.
    pub fn series(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.keys().map(|name| name.split('{').next().unwrap_or(name).to_owned()).collect();
        names.dedup();
        names
    }
}

/// Status and body; None where nobody answers.
pub fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent.get(format!("http://{address}{path}")).call().ok()?;
    let status = response.status().as_u16();
    Some((status, response.body_mut().read_to_string().ok()?))
}

mod tests {
    use super::*;

    #[test]
    fn samples_are_read_and_added_up() {
        let samples = Samples::parse(
            "# HELP a_total b\n# TYPE a_total counter\na_total{x=\"1\",y=\"a b\"} 2\na_total{x=\"2\",y=\"c\"} 3.5\nb 1e3\n",
        );
        assert_eq!(samples.sum("a_total"), Some(5.5));
        assert_eq!(samples.sum_where("a_total", "x=\"2\""), Some(3.5));
        assert_eq!(samples.sum("b"), Some(1000.0));
        assert_eq!(samples.sum("a"), None);
        assert_eq!(samples.series(), ["a_total", "b"]);
    }
}
