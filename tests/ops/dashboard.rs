//! deploy/grafana/warraq.json: what it shows exists, can be read, and says what
//! the alerts say.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use warraq::metrics::series::{self, Kind};

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
    // kube-state-metrics and cAdvisor: Kubernetes only.
    ("kube_pod_container_resource_limits", &["container", "resource"]),
    ("container_cpu_cfs_periods_total", &["container"]),
    ("container_cpu_cfs_throttled_periods_total", &["container"]),
];

/// Labels that scraping gives to every series.
const TARGET: &[&str] = &["job", "namespace", "instance", "pod"];

/// Declared series that no panel shows, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("warraq_tombstones_total", "rare, passed through, and part of what is produced"),
    ("warraq_client_queue_messages", "the same queues are shown in bytes, which is what the budget counts"),
    ("warraq_alive", "what /livez says; a pod that is not alive is restarted, and its start is marked"),
];

/// Grafana's names of units that this dashboard uses.
const UNITS: &[&str] =
    &["none", "short", "s", "dtdurations", "percentunit", "bytes", "binBps", "recps", "ops", "cps", "cpm"];

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../../deploy/grafana/warraq.json")).unwrap()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
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

/// The names in a PromQL expression: of series with the labels of their selectors,
/// and of labels that are grouped or joined by. Enough for expressions that
/// Prometheus itself has parsed.
#[derive(Debug, Default, PartialEq)]
struct Names {
    series: Vec<(String, Vec<String>)>,
    grouped: Vec<String>,
}

impl Names {
    fn of(expression: &str) -> Self {
        let mut names = Self::default();
        let mut rest = expression;
        while let Some(first) = rest.chars().next() {
            let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_:".contains(*c)).collect();
            if first == '"' {
                rest = rest[1..].split_once('"').expect("a string without an end").1;
            } else if first == '[' {
                rest = rest.split_once(']').expect("a range without an end").1;
            } else if first.is_ascii_digit() || word.is_empty() {
                rest = &rest[word.len().max(first.len_utf8())..];
            } else {
                rest = names.word(&word, rest[word.len()..].trim_start());
            }
        }
        names
    }

    /// Takes a word and what belongs to it; returns what follows.
    fn word<'a>(&mut self, word: &str, rest: &'a str) -> &'a str {
        match word {
            "by" | "without" | "on" | "ignoring" | "group_left" | "group_right" => {
                let (labels, rest) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).unwrap();
                let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
                self.grouped.extend(labels.map(str::to_owned));
                rest
            }
            "and" | "or" | "unless" | "bool" | "offset" | "Inf" => rest,
            // With their labels before the brackets.
            "sum" | "max" | "min" | "avg" | "count" => rest,
            _ if rest.starts_with('(') => rest,
            _ => {
                let mut labels = Vec::new();
                let mut after = rest;
                if let Some(mut inside) = rest.strip_prefix('{') {
                    while !inside.starts_with('}') {
                        let (label, behind) = inside.split_once('"').expect("a matcher without a value");
                        labels.push(label.trim_matches([',', ' ', '=', '!', '~']).to_owned());
                        inside = behind.split_once('"').expect("a string without an end").1;
                    }
                    after = &inside[1..];
                }
                self.series.push((word.to_owned(), labels));
                after
            }
        }
    }
}

/// Every series that may be asked for, with its labels.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let mut known = BTreeMap::new();
    let mut add = |name: String, labels: Vec<&str>| {
        known.insert(name, labels.into_iter().chain(TARGET.iter().copied()).map(str::to_owned).collect());
    };
    for series in series::ALL {
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
    known
}

#[test]
fn names_are_read_out_of_expressions() {
    let names = Names::of(
        r#"sum by (le, stage) (rate(a_bucket{job=~"$job",x!="y{}"}[5m])) / ignoring (stage) group_left () sum(b) > 0.5 unless c offset 2m"#,
    );
    let series =
        |name: &str, labels: &[&str]| (name.to_owned(), labels.iter().map(|&label| label.to_owned()).collect());
    let wanted = [series("a_bucket", &["job", "x"]), series("b", &[]), series("c", &[])];
    assert_eq!(names.series, wanted);
    assert_eq!(names.grouped, ["le", "stage", "stage"]);
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
        let names = Names::of(&expression);
        assert!(!names.series.is_empty(), "{place}: no series in {expression}");
        let mut labels: BTreeSet<&str> = TARGET.iter().copied().collect();
        for (name, filters) in &names.series {
            let Some(of_series) = known.get(name) else { panic!("{place}: there is no series {name}") };
            for label in filters {
                assert!(of_series.contains(label), "{place}: {name} has no label {label}");
            }
            labels.extend(of_series.iter().map(String::as_str));
        }
        for label in &names.grouped {
            assert!(labels.contains(label.as_str()), "{place}: no series of {expression} has the label {label}");
        }
    }
}

#[test]
fn legends_show_labels_that_the_query_keeps() {
    let dashboard = dashboard();
    for panel in panels(&dashboard) {
        for target in list(panel, "/targets") {
            let kept = Names::of(text(target, "/expr")).grouped;
            for part in text(target, "/legendFormat").split("{{").skip(1) {
                let label = part.split_once("}}").unwrap().0;
                assert!(kept.iter().any(|one| one == label), "{}: {label} is summed away", text(panel, "/title"));
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
        for (name, filters) in Names::of(&expression).series {
            let replay = place.contains("panel 6");
            let wanted: &[&str] = match name.as_str() {
                _ if place.starts_with("variable") => &[],
                "ALERTS" => &["namespace"],
                _ if name.starts_with("kube_") || name.starts_with("container_") => &["namespace", "pod"],
                _ if replay => &["namespace"],
                _ => &["job", "namespace", "instance"],
            };
            for label in wanted {
                assert!(filters.iter().any(|one| one == label), "{place}: {name} is not narrowed by {label}");
            }
            let counts = name.ends_with("_total") || name.ends_with("_bucket") || name.ends_with("_sum");
            let rated = ["rate(", "increase("].iter().any(|call| expression.contains(&format!("{call}{name}")));
            assert!(!counts || rated, "{place}: {name} is a counter, and no rate of it is taken");
        }
    }
}

#[test]
fn every_declared_series_is_shown_or_excused() {
    let dashboard = dashboard();
    let shown: BTreeSet<String> = expressions(&dashboard)
        .iter()
        .flat_map(|(_, expression)| Names::of(expression).series.into_iter().map(|(name, _)| name))
        .collect();
    let is_shown =
        |name: &str| ["", "_bucket", "_sum", "_count"].iter().any(|end| shown.contains(&format!("{name}{end}")));
    for series in series::ALL {
        let excused = NOT_SHOWN.iter().any(|(name, _)| *name == series.name);
        assert_ne!(is_shown(series.name), excused, "{}: neither on the dashboard nor excused, or both", series.name);
    }
    for (name, _) in NOT_SHOWN {
        assert!(series::ALL.iter().any(|series| series.name == *name), "{name} is excused and not declared");
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
    let output = Command::new("promtool").args(["check", "rules"]).arg(file.path()).output();
    let output = output.expect("promtool is missing; `tests/support/setup.sh ops` brings it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
