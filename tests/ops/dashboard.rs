//! deploy/grafana/warraq.json: what it shows exists, can be read, and says what
//! the alerts say.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use warraq::metrics::series::{self, Kind, Series};

use crate::rules::promql::{Selector, selectors};
use crate::rules::{alerts, list, read, recordings, text, tools, yaml};

/// What the dashboard asks for and warraq does not declare: name → labels, besides
/// those of the target.
const OUTSIDE: &[(&str, &[&str])] = &[
    // Prometheus' own.
    ("up", &[]),
    ("ALERTS", &["alertname", "alertstate", "severity"]),
    // The process collector's, named on docs/metrics.md.
    ("process_cpu_seconds_total", &[]),
    ("process_resident_memory_bytes", &[]),
    ("process_open_fds", &[]),
    ("process_max_fds", &[]),
    ("process_threads", &[]),
    ("process_start_time_seconds", &[]),
    // cAdvisor's: Kubernetes only.
    ("container_spec_memory_limit_bytes", &["container"]),
    ("container_cpu_cfs_periods_total", &["container"]),
    ("container_cpu_cfs_throttled_periods_total", &["container"]),
];

/// Labels that scraping gives to every series.
const TARGET: &[&str] = &["job", "namespace", "instance", "pod"];

/// Declared series that no panel shows, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("warraq_tombstones_total", "rare, passed through, and part of what is produced"),
    ("warraq_unconfirmed_records_total", "for who adds up what all workers counted; part of what is produced"),
    ("warraq_client_queue_messages", "the same queues are shown in bytes, which is what the budget counts"),
    ("warraq_last_reload_timestamp_seconds", "each reload is marked on every panel"),
    ("warraq_poison_journal", "what state.dir says; where it fails, the log says so once"),
    (
        "warraq_poison_suspects",
        "of seconds after a death, which is marked; what they come to is a dead letter or nothing",
    ),
    ("warraq_alive", "what /livez says; a pod that is not alive is restarted, and its start is marked"),
];

/// Grafana's names of units that this dashboard uses.
const UNITS: &[&str] =
    &["none", "short", "s", "dtdurations", "percentunit", "bytes", "binBps", "recps", "ops", "cps", "cpm"];

fn dashboard() -> Value {
    serde_json::from_str(&read("deploy/grafana/warraq.json")).unwrap()
}

fn whole(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no whole number at {pointer}"))
}

/// All panels but the rows.
fn panels(dashboard: &Value) -> Vec<&Value> {
    list(dashboard, "/panels").iter().filter(|panel| text(panel, "/type") != "row").collect()
}

fn variables(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(dashboard, "/templating/list").iter()
}

/// Each expression with where it stands: panels, annotations, variables.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in panels(dashboard) {
        for target in list(panel, "/targets") {
            let place = format!("panel {} {:?}", whole(panel, "/id"), text(panel, "/title"));
            found.push((place, text(target, "/expr").to_owned()));
        }
    }
    for annotation in list(dashboard, "/annotations/list").iter().filter(|one| one.get("builtIn").is_none()) {
        found.push((format!("annotation {}", text(annotation, "/name")), text(annotation, "/expr").to_owned()));
    }
    for variable in variables(dashboard).filter(|one| text(one, "/type") == "query") {
        let definition = text(variable, "/definition");
        assert_eq!(definition, text(variable, "/query/query"), "variable {}", text(variable, "/name"));
        let inner = definition.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (selector, label) = inner.rsplit_once(", ").unwrap();
        found.push((format!("variable {}", text(variable, "/name")), format!("count by ({label}) ({selector})")));
    }
    found
}

/// As Grafana fills it in when all is shown.
fn filled(expression: &str) -> String {
    let filled = expression
        .replace("$__rate_interval", "1m")
        .replace("$job", ".+")
        .replace("$namespace", ".*")
        .replace("$group", "articles")
        .replace("$instance", "warraq-0|warraq-1")
        .replace("$topic", ".*");
    assert!(!filled.contains('$'), "an unknown variable in {expression}");
    filled
}

/// Labels by which an expression groups or joins.
fn grouped(expression: &str) -> BTreeSet<&str> {
    let before = ["by (", "on (", "ignoring (", "group_left (", "without ("];
    let lists = before.iter().flat_map(|word| expression.split(word).skip(1)).filter_map(|rest| rest.split_once(')'));
    lists.flat_map(|(labels, _)| labels.split(',').map(str::trim)).filter(|label| !label.is_empty()).collect()
}

fn has(selector: &Selector, label: &str) -> bool {
    selector.matchers.iter().any(|(name, ..)| name == label)
}

/// Every series of a live worker, of a replay or of a redrive.
fn declared() -> impl Iterator<Item = &'static Series> {
    series::ALL.iter().chain(series::REPLAY).chain(series::REDRIVE)
}

/// Every series that may be asked for, with its labels.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let mut known = BTreeMap::new();
    let mut add = |name: String, labels: Vec<&str>| {
        known.insert(name, labels.into_iter().chain(TARGET.iter().copied()).map(str::to_owned).collect());
    };
    for series in declared() {
        let labels: Vec<_> = series.labels.iter().map(|label| label.name).collect();
        if let Kind::Histogram(_) = series.kind {
            for suffix in ["_sum", "_count"] {
                add(format!("{}{suffix}", series.name), labels.clone());
            }
            add(format!("{}_bucket", series.name), labels.iter().copied().chain(["le"]).collect());
        } else {
            add(series.name.to_owned(), labels);
        }
    }
    for (name, labels) in OUTSIDE {
        add((*name).to_owned(), labels.to_vec());
    }
    for rule in recordings() {
        add(text(&rule, "/record").to_owned(), grouped(text(&rule, "/expr")).into_iter().collect());
    }
    known
}

#[test]
fn labels_are_read_out_of_expressions() {
    let labels = grouped("sum by (le, stage) (a) / ignoring (x) group_left () sum(b) * on (y) c");
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["le", "stage", "x", "y"]);
}

#[test]
fn every_panel_says_what_it_shows() {
    let dashboard = dashboard();
    let mut titles = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in list(&dashboard, "/panels") {
        assert!(ids.insert(whole(panel, "/id")), "two panels have the id {}", whole(panel, "/id"));
        assert!(titles.insert(text(panel, "/title")), "two panels are called {:?}", text(panel, "/title"));
    }
    for panel in panels(&dashboard) {
        let title = text(panel, "/title");
        let description = text(panel, "/description");
        assert!(description.contains("\n\nNormal: "), "{title}: the description does not say what is normal");
        let unit = text(panel, "/fieldConfig/defaults/unit");
        assert!(UNITS.contains(&unit), "{title}: unit {unit:?}");
        assert_eq!(text(panel, "/datasource/uid"), "${datasource}", "{title}");
        assert!(!list(panel, "/targets").is_empty(), "{title} asks nothing");
        let mut references = BTreeSet::new();
        for target in list(panel, "/targets") {
            assert!(references.insert(text(target, "/refId")), "{title}: refId {} twice", text(target, "/refId"));
            assert!(!text(target, "/legendFormat").is_empty(), "{title}: a query without a legend");
            assert!(target.get("datasource").is_none(), "{title}: a query with a data source of its own");
        }
        if text(panel, "/type") == "timeseries" {
            assert!(panel.pointer("/fieldConfig/defaults/min").is_some(), "{title}: an axis that does not begin at 0");
        }
    }
}

#[test]
fn the_data_source_is_chosen_once() {
    let dashboard = dashboard();
    assert_eq!(text(&dashboard, "/uid"), "warraq");
    let names: Vec<_> = variables(&dashboard).map(|variable| text(variable, "/name")).collect();
    assert_eq!(names, ["datasource", "namespace", "job", "group", "instance", "topic"]);
    let annotations = list(&dashboard, "/annotations/list").iter().filter(|one| one.get("builtIn").is_none());
    for one in annotations.chain(variables(&dashboard).skip(1)) {
        assert_eq!(text(one, "/datasource/uid"), "${datasource}", "{}", text(one, "/name"));
    }
}

#[test]
fn panels_fill_the_grid_without_overlap() {
    let dashboard = dashboard();
    let mut taken = BTreeMap::new();
    for panel in list(&dashboard, "/panels") {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| whole(panel, &format!("/gridPos/{side}")));
        for row in y..y + h {
            for column in x..x + w {
                let other = taken.insert((row, column), text(panel, "/title"));
                assert_eq!(other, None, "{:?} lies on it at row {row}, column {column}", text(panel, "/title"));
            }
        }
    }
    let height = taken.keys().map(|(row, _)| row + 1).max().unwrap();
    for row in 0..height {
        let width = (0..24).filter(|column| taken.contains_key(&(row, *column))).count();
        assert_eq!(width, 24, "a hole in row {row} of the grid");
    }
    assert_eq!(u64::try_from(taken.len()).unwrap(), height * 24, "a panel is wider than the grid");
}

#[test]
fn every_series_and_label_exists() {
    let dashboard = dashboard();
    let known = known();
    for (place, expression) in expressions(&dashboard) {
        let found = selectors(&expression);
        assert!(!found.is_empty(), "{place}: no series in {expression}");
        let mut labels: BTreeSet<&str> = TARGET.iter().copied().collect();
        for selector in &found {
            let name = &selector.name;
            let Some(of_series) = known.get(name) else { panic!("{place}: there is no series {name}") };
            for (label, ..) in &selector.matchers {
                assert!(of_series.contains(label), "{place}: {name} has no label {label}");
            }
            labels.extend(of_series.iter().map(String::as_str));
        }
        for label in grouped(&expression) {
            assert!(labels.contains(label), "{place}: no series of {expression} has the label {label}");
        }
    }
}

#[test]
fn legends_show_labels_that_the_query_keeps() {
    let dashboard = dashboard();
    for panel in panels(&dashboard) {
        for target in list(panel, "/targets") {
            let kept = grouped(text(target, "/expr"));
            for part in text(target, "/legendFormat").split("{{").skip(1) {
                let label = part.split_once("}}").unwrap().0;
                assert!(kept.contains(label), "{}: {label} is summed away", text(panel, "/title"));
            }
        }
    }
}

/// Workers are told apart by the variables everywhere; replays are jobs of their own
/// and are shown whatever worker is chosen.
#[test]
fn every_query_follows_the_variables() {
    let dashboard = dashboard();
    for (place, expression) in expressions(&dashboard) {
        for selector in selectors(&expression) {
            let name = selector.name.as_str();
            let wanted: &[&str] = match name {
                _ if place.starts_with("variable") => &[],
                _ if name == "ALERTS" || place.starts_with("panel 6") => &["namespace"],
                _ if name.starts_with("container_") => &["namespace", "pod"],
                _ if name.starts_with("group:") || name.starts_with("partition:") => &["job", "namespace", "group"],
                _ => &["job", "namespace", "instance"],
            };
            for label in wanted {
                assert!(has(&selector, label), "{place}: {name} is not narrowed by {label}");
            }
            let counts = ["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end));
            // What is lost once and for all, and what a run of minutes did, is shown as it stands.
            let whole = ["warraq_replay_lost_to_retention_total", "warraq_redriven_records_total"].contains(&name);
            let rated = ["rate(", "increase("].iter().any(|call| expression.contains(&format!("{call}{name}")));
            assert!(!counts || whole || rated, "{place}: {name} is a counter, and no rate of it is taken");
        }
    }
}

#[test]
fn every_declared_series_is_shown_or_excused() {
    let dashboard = dashboard();
    let recordings = recordings();
    let behind =
        |name: &str| recordings.iter().find(|rule| text(rule, "/record") == name).map(|rule| text(rule, "/expr"));
    let mut shown = BTreeSet::new();
    let mut left: Vec<String> = expressions(&dashboard).into_iter().map(|(_, expression)| expression).collect();
    while let Some(expression) = left.pop() {
        for selector in selectors(&expression) {
            if shown.insert(selector.name.clone()) {
                left.extend(behind(&selector.name).map(str::to_owned));
            }
        }
    }
    let is_shown =
        |name: &str| ["", "_bucket", "_sum", "_count"].iter().any(|end| shown.contains(&format!("{name}{end}")));
    for series in declared() {
        let excused = NOT_SHOWN.iter().any(|(name, _)| *name == series.name);
        assert_ne!(is_shown(series.name), excused, "{}: neither on the dashboard nor excused, or both", series.name);
    }
    for (name, _) in NOT_SHOWN {
        assert!(declared().any(|series| series.name == *name), "{name} is excused and not declared");
    }
}

/// The alerts that a panel is about, by its links to the runbook.
fn alerts_of(panel: &Value) -> Vec<&str> {
    list(panel, "/links").iter().filter_map(|link| text(link, "/title").strip_prefix("Runbook: ")).collect()
}

/// The numbers that an alert compares with: `> 14.4 * 0.01` is 0.144.
fn limits(alert: &Value) -> Vec<f64> {
    let sides = text(alert, "/expr").split(['>', '<']).skip(1);
    sides
        .filter_map(|side| {
            let mut factors =
                side.split('*').map(|factor| factor.trim().split([' ', ')', '\n']).next()?.parse::<f64>().ok());
            let first = factors.next()??;
            Some(factors.map_while(|factor| factor).fold(first, |product, factor| product * factor))
        })
        .collect()
}

#[test]
fn a_line_is_drawn_where_an_alert_compares() {
    let dashboard = dashboard();
    let alerts = alerts();
    for panel in panels(&dashboard) {
        let title = text(panel, "/title");
        let about: Vec<&Value> =
            alerts.iter().filter(|alert| alerts_of(panel).contains(&text(alert, "/alert"))).collect();
        // Colours of a count or of a state are no limits.
        let counted = text(panel, "/fieldConfig/defaults/unit") == "none" && text(panel, "/type") != "timeseries";
        let steps = list(panel, "/fieldConfig/defaults/thresholds/steps");
        let drawn: Vec<f64> = steps.iter().filter_map(|step| step["value"].as_f64()).filter(|_| !counted).collect();
        // The freshness objective itself, which the alert multiplies.
        let mut known: Vec<f64> = about.iter().flat_map(|alert| limits(alert)).collect();
        if about.iter().any(|alert| text(alert, "/alert") == "WarraqFreshnessSLOBreached") {
            known.push(0.01);
        }
        for line in &drawn {
            let alert = known.iter().any(|limit| (limit - line).abs() < 1e-9);
            assert!(alert, "{title}: {line} is no limit of {:?}: {known:?}", alerts_of(panel));
        }
    }
    // The other way round: alerts on a quantity, and where the line is.
    for (alert, panel, line) in [
        ("WarraqConsumerStalled", 106, 300.0),
        ("WarraqFreshnessSLOBreached", 104, 0.144),
        ("WarraqLagGrowing", 108, 300.0),
        ("WarraqDeadLetterRatioHigh", 105, 0.05),
        ("WarraqRebalanceStorm", 301, 12.0),
        ("WarraqRetriesHigh", 303, 30.0),
        ("WarraqPartitionSkew", 309, 300.0),
    ] {
        let compared = alerts.iter().any(|one| {
            text(one, "/alert") == alert && limits(one).iter().any(|limit: &f64| (limit - line).abs() < 1e-9)
        });
        assert!(compared, "{alert} does not compare with {line}");
        let panel = panels(&dashboard).into_iter().find(|one| whole(one, "/id") == panel).unwrap();
        let steps = list(panel, "/fieldConfig/defaults/thresholds/steps");
        assert!(steps.iter().any(|step| step["value"].as_f64() == Some(line)), "{alert}: no line at {line}");
    }
    // Memory's limit moves with the budget, so it is a series.
    let memory = panels(&dashboard).into_iter().find(|one| whole(one, "/id") == 501).unwrap();
    assert!(list(memory, "/targets").iter().any(|target| text(target, "/expr").starts_with("0.95 * ")));
    let near = alerts.iter().find(|alert| text(alert, "/expr").contains("instance:warraq_memory:ratio")).unwrap();
    assert_eq!(limits(near), [0.95]);
}

#[test]
fn every_alert_has_a_panel_that_leads_to_its_section_of_the_runbook() {
    let dashboard = dashboard();
    let shown: BTreeSet<&str> = panels(&dashboard).into_iter().flat_map(alerts_of).collect();
    let alerts = alerts();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| text(alert, "/alert")).collect();
    assert_eq!(shown, names);
    for panel in panels(&dashboard) {
        for link in list(panel, "/links") {
            let name = text(link, "/title").strip_prefix("Runbook: ").unwrap();
            let wanted = format!("https://github.com/warraq/warraq/blob/main/docs/runbook.md#{}", name.to_lowercase());
            assert_eq!(text(link, "/url"), wanted, "{}", text(panel, "/title"));
        }
    }
    assert_eq!(text(&dashboard, "/links/0/url"), "https://github.com/warraq/warraq/blob/main/docs/runbook.md");
}

/// The variable Pod and the legends are the label `instance`: with a pod's name in it
/// a restart is one line, and what cAdvisor says of the pod is found by it.
#[test]
fn in_kubernetes_an_instance_is_a_pod() {
    for file in ["podmonitor.yaml", "podmonitor-replay.yaml"] {
        let monitor = yaml(&format!("deploy/kubernetes/components/monitoring/{file}"));
        let relabelings = list(&monitor, "/spec/podMetricsEndpoints/0/relabelings");
        let named = relabelings.iter().any(|one| {
            text(one, "/targetLabel") == "instance" && text(one, "/sourceLabels/0") == "__meta_kubernetes_pod_name"
        });
        assert!(named, "{file}: instance is an address");
    }
}

/// Prometheus' own parser reads every expression, all at once.
#[test]
fn prometheus_parses_every_expression() {
    let dashboard = dashboard();
    let rules: Vec<_> = expressions(&dashboard)
        .iter()
        .enumerate()
        .map(
            |(number, (_, expression))| serde_json::json!({"record": format!("n{number}"), "expr": filled(expression)}),
        )
        .collect();
    // YAML holds JSON.
    let file = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    std::fs::write(file.path(), serde_json::json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string())
        .unwrap();
    let output = Command::new(tools().join("promtool")).args(["check", "rules"]).arg(file.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
