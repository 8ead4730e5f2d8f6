//! A real Prometheus of a test's own, with the rules of `deploy/prometheus`, on which
//! the clock runs faster, and what Alertmanager would make of its alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::wait_for;
use super::worker::free_port;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A vector's sample: labels and value.
pub type Sample = (BTreeMap<String, String>, f64);

/// Labels of an alert.
pub type Labels = BTreeMap<String, String>;

/// It ends with this value.
#[derive(Debug)]
pub struct Prometheus {
    /// `host:port`.
    pub address: String,
    process: Child,
    dir: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes the targets (`host:port`) each second as job `warraq`, and takes the
    /// rules `faster` times as fast.
    pub fn start(targets: &[&str], faster: u64) -> Self {
        let dir = tempfile::Builder::new().prefix("warraq-prometheus.").tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        for name in ["warraq.recording.yml", "warraq.alerts.yml"] {
            let rules = std::fs::read_to_string(Path::new(ROOT).join("deploy/prometheus/rules").join(name)).unwrap();
            std::fs::write(dir.path().join(name), sped_up(&rules, faster)).unwrap();
        }
        std::fs::write(dir.path().join("prometheus.yml"), configuration(targets)).unwrap();
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let process = Command::new(tools().join("prometheus"))
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let prometheus = Self { address, process, dir };
        wait_for("Prometheus is ready", Duration::from_secs(60), || {
            super::scrape::get(&prometheus.address, "/-/ready").filter(|(status, _)| *status == 200)
        });
        prometheus
    }

    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let mut ask = ureq::get(format!("http://{}/api/v1/{path}", self.address));
        for (name, value) in parameters {
            ask = ask.query(name, value);
        }
        let text =
            ask.call().unwrap_or_else(|error| panic!("{path} {parameters:?}: {error}")).body_mut().read_to_string();
        serde_json::from_str::<Value>(&text.unwrap()).unwrap()["data"].take()
    }

    /// An expression's vector, now.
    pub fn query(&self, expression: &str) -> Vec<Sample> {
        let data = self.get("query", &[("query", expression)]);
        let sample = |one: &Value| {
            let labels = serde_json::from_value(one["metric"].clone()).unwrap();
            (labels, one["value"][1].as_str().unwrap().parse().unwrap())
        };
        data["result"].as_array().unwrap().iter().map(sample).collect()
    }

    /// The alerts that fire: labels and description.
    pub fn firing(&self) -> Vec<(Labels, String)> {
        let data = self.get("alerts", &[]);
        let firing = data["alerts"].as_array().unwrap().iter().filter(|alert| alert["state"] == "firing");
        firing
            .map(|alert| {
                let labels = serde_json::from_value(alert["labels"].clone()).unwrap();
                (labels, alert["annotations"]["description"].as_str().unwrap_or_default().to_owned())
            })
            .collect()
    }

    pub fn firing_names(&self) -> BTreeSet<String> {
        self.firing().into_iter().map(|(labels, _)| labels["alertname"].clone()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().filter(|line| !line.contains("level=info")).collect();
            eprintln!("--- last words of Prometheus ---\n{}", lines[lines.len().saturating_sub(20)..].join("\n"));
        }
    }
}

/// The alerts that `deploy/prometheus/alertmanager.yml` tells people of: not those
/// that another one inhibits. By the rules of Alertmanager: an alert that matches the
/// source silences one that matches the target and has the same `equal` labels, but
/// one that matches both sides is not silenced by another such.
pub fn told(alerts: &[Labels]) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("deploy/prometheus/alertmanager.yml")).unwrap();
    let config: Value = serde_saphyr::from_str(&text).unwrap();
    let rules = config["inhibit_rules"].as_array().unwrap();
    let silenced = |alert: &Labels| {
        rules.iter().any(|rule| {
            let (source, target) = (&rule["source_matchers"], &rule["target_matchers"]);
            let equal: Vec<&str> =
                rule["equal"].as_array().unwrap().iter().map(|label| label.as_str().unwrap()).collect();
            let same = |other: &Labels| equal.iter().all(|label| alert.get(*label) == other.get(*label));
            let by = |other: &Labels| {
                all_match(source, other) && same(other) && !(all_match(target, other) && all_match(source, alert))
            };
            all_match(target, alert) && alerts.iter().any(by)
        })
    };
    alerts.iter().filter(|alert| !silenced(alert)).map(|alert| alert["alertname"].clone()).collect()
}

fn all_match(matchers: &Value, alert: &Labels) -> bool {
    matchers.as_array().unwrap().iter().all(|matcher| {
        let parts: Vec<&str> = matcher.as_str().unwrap().splitn(3, ' ').collect();
        let value = alert.get(parts[0]).map_or("", String::as_str);
        let pattern = parts[2].trim_matches('"');
        match parts[1] {
            "=" => value == pattern,
            "!=" => value != pattern,
            // Of regular expressions only these: names, with or without an open end.
            "=~" => pattern
                .split('|')
                .any(|one| one.strip_suffix(".*").map_or(value == one, |start| value.starts_with(start))),
            other => panic!("{other}"),
        }
    })
}

/// The folder of the programs, which are brought where they are missing.
fn tools() -> PathBuf {
    let setup = Command::new(Path::new(ROOT).join("tests/support/setup.sh")).arg("prometheus").output().unwrap();
    assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));
    PathBuf::from(String::from_utf8(setup.stdout).unwrap().trim()).join("bin")
}

fn configuration(targets: &[&str]) -> String {
    let mut text = String::from(
        "global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }\n\
         rule_files: [warraq.recording.yml, warraq.alerts.yml]\n\
         scrape_configs:\n  - job_name: warraq\n    static_configs:\n",
    );
    for (number, target) in targets.iter().enumerate() {
        let labels = format!("{{ namespace: news, pod: warraq-{number}, container: warraq, endpoint: http }}");
        text.push_str(&format!("      - {{ targets: [{target:?}], labels: {labels} }}\n"));
    }
    text
}

/// Rules for a clock that runs so many times as fast: windows and `for` shrink, and
/// with them the thresholds in seconds. The 60 s of the freshness objective become
/// the nearest bucket that there is.
pub fn sped_up(rules: &str, faster: u64) -> String {
    let mut out = String::with_capacity(rules.len());
    for line in rules.lines() {
        let mut rest = line;
        if let Some((before, duration)) = line.split_once("for: ").filter(|(before, _)| before.trim().is_empty()) {
            out.push_str(before);
            out.push_str("for: ");
            out.push_str(&shorter(duration, faster));
            rest = "";
        }
        while let Some((before, after)) = rest.split_once('[') {
            out.push_str(before);
            out.push('[');
            let (duration, after) = after.split_once(']').map_or((after, ""), |(duration, after)| (duration, after));
            out.push_str(&shorter(duration, faster));
            out.push(']');
            rest = after;
        }
        out.push_str(rest);
        out.push('\n');
    }
    for seconds in [300, 60] {
        for end in ["\n", ")"] {
            out = out.replace(&format!("> {seconds}{end}"), &format!("> {}{end}", seconds / faster));
        }
    }
    let buckets = [0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
    let bucket = buckets.iter().find(|bucket| **bucket * faster as f64 >= 60.0).unwrap();
    out.replace("le=~\"60(.0)?\"", &format!("le=\"{bucket}\""))
}

fn shorter(duration: &str, faster: u64) -> String {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let seconds: u64 = match unit {
        "m" => 60,
        "h" => 3600,
        _ => panic!("{duration}: minutes or hours"),
    };
    format!("{}ms", number.parse::<u64>().unwrap() * seconds * 1000 / faster)
}

mod tests {
    use super::{Labels, told};

    fn alert(name: &str, severity: &str, group: &str) -> Labels {
        [("alertname", name), ("severity", severity), ("group", group), ("job", "warraq"), ("namespace", "news")]
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn one_outage_is_told_once_and_another_groups_as_well() {
        let mut alerts = vec![
            alert("WarraqProduceFailing", "critical", "desk"),
            alert("WarraqCommitsFailing", "critical", "desk"),
            alert("WarraqConsumerStalled", "critical", "desk"),
            alert("WarraqLagGrowing", "warning", "desk"),
            alert("WarraqReplayStalled", "warning", "warraq-replay-2019"),
        ];
        assert_eq!(told(&alerts).into_iter().collect::<Vec<_>>(), ["WarraqProduceFailing", "WarraqReplayStalled"]);
        let mut down = alert("WarraqDown", "critical", "desk");
        down.remove("group");
        down.insert("seen_by".to_owned(), "scrape".to_owned());
        alerts.push(down);
        assert_eq!(told(&alerts).into_iter().collect::<Vec<_>>(), ["WarraqDown"]);
        let only = [alert("WarraqFreshnessSLOBreached", "critical", "desk")];
        assert_eq!(told(&only).len(), 1);
    }

    #[test]
    fn rules_are_sped_up() {
        let rules = "rate(a{le=~\"60(.0)?\"}[5m]) / rate(b[1h])\nx > 300\n(y > 300)\nz > 60\nfor: 3m\n";
        let faster = "rate(a{le=\"2.5\"}[10000ms]) / rate(b[120000ms])\nx > 10\n(y > 10)\nz > 2\nfor: 6000ms\n";
        assert_eq!(super::sped_up(rules, 30), faster);
    }
}
