//! `deploy/prometheus` and `docs/runbook.md`: Prometheus' own tools take the rules,
//! their tests pass, all that is named exists, and no alert is without its words.

pub mod promql;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use warraq::metrics::series::{self, Kind, Values};

use promql::selectors;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RUNBOOK: &str = "https://github.com/warraq/warraq/blob/main/docs/runbook.md#";

/// What the rules read and warraq does not declare.
const OUTSIDE: &[&str] = &[
    // Prometheus' own.
    "up",
    "ALERTS",
    // The process collector's, named on docs/metrics.md.
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_threads",
    // kube-state-metrics and cAdvisor, where there are any.
    "kube_statefulset_replicas",
    "kube_statefulset_status_replicas_ready",
    "kube_pod_container_resource_limits",
    "kube_job_failed",
    "container_memory_working_set_bytes",
    "container_spec_memory_limit_bytes",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
];

/// Alerts that tell of a state, not of a quantity: their words have no value.
const NO_VALUE: &[&str] = &["WarraqReplayFailed", "WarraqMetricsMissing"];

/// The four questions that a paged person has.
const QUESTIONS: [&str; 4] = ["**What it means.**", "**What to look at.**", "**What to do.**", "**It is over when**"];

pub fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn yaml(path: &str) -> Value {
    // The tests of the rules repeat their series by aliases, more often than the parser trusts.
    let options = serde_saphyr::options! { budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false } };
    serde_saphyr::from_str_with_options(&read(path), options).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.pointer(key).and_then(Value::as_str).unwrap_or_default()
}

pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.pointer(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The rules of a file, in order.
fn rules(path: &str) -> Vec<Value> {
    list(&yaml(path), "/groups").iter().flat_map(|group| list(group, "/rules")).cloned().collect()
}

pub fn recordings() -> Vec<Value> {
    rules("deploy/prometheus/rules/warraq.recording.yml")
}

pub fn alerts() -> Vec<Value> {
    rules("deploy/prometheus/rules/warraq.alerts.yml")
}

fn alert_names() -> BTreeSet<String> {
    alerts().iter().map(|alert| text(alert, "/alert").to_owned()).collect()
}

fn recorded() -> BTreeSet<String> {
    recordings().iter().map(|rule| text(rule, "/record").to_owned()).collect()
}

/// The dashboard's expressions, its variables put aside.
fn dashboard() -> Vec<String> {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(expression) if name == "expr" => found.push(expression.to_owned()),
                        _ => walk(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(&read("deploy/grafana/warraq.json")).unwrap(), &mut found);
    assert!(!found.is_empty());
    found
}

/// The queries of the autoscaler that asks Prometheus.
fn autoscaler() -> Vec<String> {
    let scaled = yaml("deploy/kubernetes/components/keda/scaledobject.yaml");
    let queries: Vec<_> = list(&scaled, "/spec/triggers")
        .iter()
        .filter(|trigger| text(trigger, "/type") == "prometheus")
        .map(|trigger| text(trigger, "/metadata/query").to_owned())
        .collect();
    assert!(!queries.is_empty());
    queries
}

/// The folder with promtool and amtool, which are brought where they are missing.
pub fn tools() -> PathBuf {
    let setup = Command::new(Path::new(ROOT).join("tests/support/setup.sh")).arg("prometheus").output().unwrap();
    assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));
    PathBuf::from(String::from_utf8(setup.stdout).unwrap().trim()).join("bin")
}

fn run(tool: &str, arguments: &[&str]) {
    let done = Command::new(tools().join(tool)).args(arguments).current_dir(ROOT).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{tool} {arguments:?}\n{said}");
}

#[test]
fn prometheus_and_alertmanager_take_the_files() {
    let rules = ["deploy/prometheus/rules/warraq.recording.yml", "deploy/prometheus/rules/warraq.alerts.yml"];
    run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", rules[0], rules[1]]);
    run("amtool", &["check-config", "deploy/prometheus/alertmanager.yml"]);
}

#[test]
fn the_rules_do_what_their_tests_say() {
    run("promtool", &["test", "rules", "deploy/prometheus/tests/warraq.test.yml"]);
}

/// Those of a worker and those of a replay.
fn all() -> impl Iterator<Item = &'static series::Series> {
    series::ALL.iter().chain(series::REPLAY)
}

/// The declared series behind a name, such as that of a histogram's `_count`.
fn declared(name: &str) -> Option<&'static series::Series> {
    all().find(|series| match series.kind {
        Kind::Histogram(_) => {
            ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(series.name))
        }
        _ => series.name == name,
    })
}

#[track_caller]
fn check_expression(place: &str, expression: &str, recorded: &BTreeSet<String>) {
    let found = selectors(expression);
    assert!(!found.is_empty(), "{place} reads nothing: {expression}");
    for selector in found {
        let name = selector.name.as_str();
        let Some(series) = declared(name) else {
            let known = OUTSIDE.contains(&name) || recorded.contains(name);
            assert!(known, "{place}: nobody makes {name}");
            continue;
        };
        for (label, operator, value) in &selector.matchers {
            let Some(info) = series.labels.iter().find(|info| info.name == label) else { continue };
            let Values::Closed(values) = info.values else { continue };
            let picked = value.split('|').filter(|_| operator.starts_with('='));
            for one in picked.filter(|one| one.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
                assert!(values().contains(&one), "{place}: {name} never has {label}={one:?}");
            }
        }
    }
}

#[test]
fn every_series_that_is_read_exists() {
    let recorded = recorded();
    for rule in recordings() {
        check_expression(text(&rule, "/record"), text(&rule, "/expr"), &recorded);
    }
    for rule in alerts() {
        check_expression(text(&rule, "/alert"), text(&rule, "/expr"), &recorded);
    }
    for query in autoscaler() {
        check_expression("the KEDA ScaledObject", &query, &recorded);
    }
    for expression in dashboard() {
        check_expression("the dashboard", &expression, &recorded);
    }
}

/// A label that is compared and that no series has would never match.
#[test]
fn every_label_that_is_matched_exists() {
    // Labels of the target, those of what is recorded, and those of the outside.
    let usual = ["job", "namespace", "instance", "pod", "container", "le", "statefulset", "job_name", "condition"];
    for rule in recordings().iter().chain(&alerts()) {
        for selector in selectors(text(rule, "/expr")) {
            for (label, ..) in &selector.matchers {
                let own = declared(&selector.name).is_some_and(|series| series.labels.iter().any(|l| l.name == label));
                let state = selector.name == "group:warraq_replay_state:max" && label == "state";
                assert!(own || state || usual.contains(&label.as_str()), "{}: {label}", selector.name);
            }
        }
    }
}

#[test]
fn what_is_recorded_is_named_by_the_rule_and_read_by_somebody() {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let rules = recordings().into_iter().chain(alerts());
    let expressions = rules.map(|rule| text(&rule, "/expr").to_owned()).chain(dashboard()).chain(autoscaler());
    for expression in expressions {
        read.extend(selectors(&expression).into_iter().map(|one| one.name));
    }
    let mut seen = BTreeSet::new();
    for name in recordings().iter().map(|rule| text(rule, "/record")) {
        let parts: Vec<_> = name.split(':').collect();
        assert!(
            matches!(parts[..], ["group" | "instance" | "partition", metric, _] if metric.starts_with("warraq_")),
            "{name}"
        );
        assert!(seen.insert(name.to_owned()), "{name} is recorded twice");
        assert!(read.contains(name), "{name} is recorded for nobody");
    }
}

#[test]
fn every_alert_says_what_a_paged_person_needs() {
    let uid = serde_json::from_str::<Value>(&read("deploy/grafana/warraq.json")).unwrap();
    let dashboard = format!("/d/{}?", text(&uid, "/uid"));
    for alert in alerts() {
        let name = text(&alert, "/alert");
        assert!(name.starts_with("Warraq"), "{name}");
        assert!(matches!(text(&alert, "/labels/severity"), "critical" | "warning"), "{name}: severity");
        assert!(!text(&alert, "/for").is_empty(), "{name}: for");
        assert!(!text(&alert, "/annotations/summary").is_empty(), "{name}: summary");
        let description = text(&alert, "/annotations/description");
        assert!(!description.is_empty(), "{name}: description");
        let quantity = !NO_VALUE.contains(&name);
        assert_eq!(description.contains("$value"), quantity, "{name}: the value in its description");
        assert_eq!(text(&alert, "/annotations/runbook_url"), format!("{RUNBOOK}{}", name.to_lowercase()));
        assert!(text(&alert, "/annotations/dashboard").starts_with(&dashboard), "{name}: dashboard");
    }
}

/// Name and `seen_by` of each alert, and whether the tests have its words.
#[test]
fn every_alert_is_seen_firing_with_its_words_and_ending() {
    let tests = yaml("deploy/prometheus/tests/warraq.test.yml");
    let mut words: BTreeMap<(String, String), bool> = BTreeMap::new();
    for test in list(&tests, "/tests") {
        let ends = list(test, "/promql_expr_test").last().is_some_and(|last| list(last, "/exp_samples").is_empty());
        for expected in list(test, "/alert_rule_test") {
            for alert in list(expected, "/exp_alerts") {
                let key = (text(expected, "/alertname").to_owned(), text(alert, "/exp_labels/seen_by").to_owned());
                *words.entry(key).or_default() |= ends;
            }
        }
    }
    for alert in alerts() {
        let key = (text(&alert, "/alert").to_owned(), text(&alert, "/labels/seen_by").to_owned());
        assert_eq!(words.get(&key), Some(&true), "{key:?} is not seen firing and ending");
    }
}

#[test]
fn what_is_inhibited_exists() {
    let config = read("deploy/prometheus/alertmanager.yml");
    let names = alert_names();
    let mut found = 0;
    for word in config.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 6) {
        if word.starts_with("Warraq") {
            assert!(names.contains(word), "{word}");
            found += 1;
        }
    }
    assert!(found > 5);
}

#[test]
fn every_alert_has_its_section_in_the_runbook_and_the_other_way_round() {
    let runbook = read("docs/runbook.md");
    let sections: BTreeMap<&str, &str> = runbook
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .filter(|(title, _)| title.starts_with("Warraq"))
        .collect();
    let titles: BTreeSet<String> = sections.keys().map(|title| (*title).to_owned()).collect();
    assert_eq!(titles, alert_names());
    for (title, section) in sections {
        let mut from = 0;
        for question in QUESTIONS {
            let at = section[from..]
                .find(question)
                .unwrap_or_else(|| panic!("{title}: {question} is missing or out of order"));
            from += at + question.len();
        }
        assert!(section.contains('`'), "{title}: no command");
        for severity in alerts().iter().filter(|alert| text(alert, "/alert") == title) {
            assert!(section.contains(text(severity, "/labels/severity")), "{title}: its severity");
        }
    }
}

#[test]
fn what_the_runbook_names_exists() {
    let runbook = read("docs/runbook.md");
    let recorded = recorded();
    let known = |name: &str| {
        declared(name).is_some()
            || recorded.contains(name)
            || OUTSIDE.contains(&name)
            || all().any(|series| series.name == name)
    };
    let words = runbook.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let mut found = 0;
    for word in words.map(|word| word.trim_matches(':')) {
        let ours = ["warraq_", "group:warraq", "instance:warraq", "partition:warraq"];
        if ours.iter().any(|start| word.starts_with(start)) && !word.ends_with('_') {
            assert!(known(word), "the runbook names {word}, which nobody makes");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
    let anchors: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for link in runbook.split("](#").skip(1).filter_map(|rest| rest.split_once(')')) {
        assert!(anchors.contains(link.0), "#{} leads nowhere", link.0);
    }
    // What it says of the configuration is in the configuration.
    let config = read("docs/configuration.md");
    for key in runbook.split('`').skip(1).step_by(2).filter(|word| is_key(word)) {
        let (_, name) = key.rsplit_once('.').unwrap();
        assert!(
            config.contains(&format!("| `{name}` |")) || config.contains(&format!("[{key}]")),
            "the runbook names {key}, which is no key of the configuration"
        );
    }
}

/// `table.key`, the tables being those of the configuration.
fn is_key(word: &str) -> bool {
    let tables = [
        "kafka",
        "input",
        "output",
        "delivery",
        "decode",
        "normalize",
        "tag",
        "encode",
        "enrich",
        "memory",
        "shutdown",
        "http",
        "log",
    ];
    word.split_once('.').is_some_and(|(table, key)| {
        tables.contains(&table)
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '.')
    })
}
