//! The component `monitoring` hands on what `deploy/prometheus` and
//! `deploy/grafana` hold, and nothing else.

use serde_json::{Value, json};

use super::pods::one_named;
use super::render::{ALL, Rendered, kubernetes, list, root, selects, text};

/// In the order in which they build on each other.
const RULES: [&str; 2] = ["warraq.recording.yml", "warraq.alerts.yml"];

const HEAD: &str = "\
# Made from deploy/prometheus/rules by UPDATE_DOCS=1 cargo test --test ops -- prometheus_rule
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: warraq
  labels:
    app.kubernetes.io/name: warraq
    app.kubernetes.io/component: monitoring
spec:
  groups:
";

fn rules(file: &str) -> String {
    std::fs::read_to_string(root().join("deploy/prometheus/rules").join(file)).unwrap()
}

/// kustomize cannot put a file under a key, so the files' lines are moved in, with
/// their comments.
fn made() -> String {
    let bodies = RULES.map(|file| {
        let all = rules(file);
        let (head, body) = all.split_once("groups:\n").unwrap_or_else(|| panic!("{file} has no groups"));
        assert!(head.lines().all(|line| line.is_empty() || line.starts_with('#')), "{file} has more than groups");
        body.lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
            .collect::<String>()
    });
    format!("{HEAD}{}", bodies.concat())
}

#[test]
fn prometheus_rule_holds_the_rules() {
    let path = kubernetes().join("components/monitoring/prometheusrule.yaml");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, made()).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(there == made(), "{} is not what {} makes", path.display(), HEAD.lines().next().unwrap());
    // Moving lines has not changed what they say.
    let mut groups = Vec::new();
    for file in RULES {
        let read: Value = serde_saphyr::from_str(&rules(file)).unwrap();
        groups.extend(list(&read["groups"]).to_vec());
    }
    let rendered = one_named("overlays/production").named("PrometheusRule", "warraq");
    assert_eq!(rendered["spec"]["groups"], json!(groups));
}

#[test]
fn every_file_of_rules_is_in() {
    let there = std::fs::read_dir(root().join("deploy/prometheus/rules")).unwrap();
    let mut there: Vec<_> = there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort_unstable();
    let mut named = RULES.to_vec();
    named.sort_unstable();
    assert_eq!(there, named);
}

#[test]
fn the_dashboard_is_found_by_grafanas_sidecar() {
    let map = one_named("overlays/production").named("ConfigMap", "warraq-dashboard");
    assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    let there = std::fs::read_to_string(root().join("deploy/grafana/warraq.json")).unwrap();
    assert_eq!(map["data"], json!({"warraq.json": there}));
}

/// Live workers and replays are jobs of their own, by the names that rules and
/// dashboard know.
#[test]
fn live_workers_and_replays_are_scraped_apart() {
    let one = one_named("overlays/production");
    let scraped = |pods: &Rendered| {
        let (_, template) = pods.workloads().next().unwrap();
        let labels = &template["metadata"]["labels"];
        let monitors: Vec<_> =
            one.of_kind("PodMonitor").filter(|it| selects(&it["spec"]["selector"], labels)).collect();
        assert_eq!(monitors.len(), 1, "{}", pods.name);
        let spec = &monitors[0]["spec"];
        let endpoint = &spec["podMetricsEndpoints"][0];
        assert_eq!((&endpoint["port"], &endpoint["path"]), (&json!("http"), &json!("/metrics")));
        let replaced = list(&endpoint["relabelings"]).iter().find(|it| it["targetLabel"] == "job");
        let of_label = || text(&labels[text(&spec["jobLabel"])]);
        replaced.map_or_else(of_label, |rule| text(&rule["replacement"])).to_owned()
    };
    assert_eq!(scraped(one), "warraq");
    assert_eq!(scraped(one_named("replay/example")), "warraq-replay");
    let all = RULES.map(rules).concat();
    assert!(all.contains(r#"job="warraq""#) && all.contains(r#"job=~"warraq|warraq-replay""#));
}

/// `kubectl apply` keeps the whole document in an annotation, of which there may be
/// 256 KiB.
#[test]
fn nothing_is_too_large_to_be_applied() {
    for one in ALL.iter() {
        for document in &one.documents {
            let size = document.to_string().len();
            let name = &document["metadata"]["name"];
            assert!(size < 240 * 1024, "{}: {} {name} has {size} bytes", one.name, document["kind"]);
        }
    }
}
