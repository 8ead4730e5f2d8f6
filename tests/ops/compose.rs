//! `deploy/compose`: by the schema of the Compose specification, by what no schema
//! says, and by the programs that read the files which it mounts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::manifests::render::{list, root, text, tool};

static COMPOSE: LazyLock<Value> = LazyLock::new(|| yaml("compose.yaml"));

fn folder() -> PathBuf {
    root().join("deploy/compose")
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

fn services() -> impl Iterator<Item = (&'static String, &'static Value)> {
    COMPOSE["services"].as_object().unwrap().iter()
}

fn service(name: &str) -> &'static Value {
    &COMPOSE["services"][name]
}

/// Whether the schema takes the file, and what it says.
fn validate(file: &Path) -> (bool, String) {
    let output = tool("check-jsonschema").args(["--builtin-schema", "vendor.compose-spec"]).arg(file).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_compose_specification_takes_the_file_and_no_wrong_key() {
    let file = folder().join("compose.yaml");
    let (taken, said) = validate(&file);
    assert!(taken, "{said}");
    let right = std::fs::read_to_string(&file).unwrap();
    for (from, to) in [("read_only: true", "readonly: true"), ("interval: 2s", "intervall: 2s")] {
        let wrong = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        assert!(right.contains(from));
        std::fs::write(wrong.path(), right.replace(from, to)).unwrap();
        let (taken, said) = validate(wrong.path());
        assert!(!taken, "{to} is taken: {said}");
    }
}

/// Bind mounts as `(source, target)`.
fn mounts(service: &Value) -> Vec<(PathBuf, String)> {
    let split = |mount: &Value| {
        let (source, rest) = text(mount).split_once(':').unwrap();
        let (target, mode) = rest.split_once(':').unwrap_or_else(|| panic!("{mount} is not read-only"));
        assert_eq!(mode, "ro", "{mount}");
        (folder().join(source), target.to_owned())
    };
    list(&service["volumes"]).iter().map(split).collect()
}

#[test]
fn what_is_named_is_there() {
    for (name, service) in services() {
        let waited_for: Vec<&str> = match &service["depends_on"] {
            Value::Object(names) => names.keys().map(String::as_str).collect(),
            names => list(names).iter().map(text).collect(),
        };
        for other in waited_for {
            assert!(COMPOSE["services"].get(other).is_some(), "{name} waits for {other}, which is no service");
        }
        for (source, _) in mounts(service) {
            assert!(source.exists(), "{name}: {} is not there", source.display());
        }
        let (_, tag) = text(&service["image"]).rsplit_once(':').unwrap();
        assert_ne!(tag, "latest", "{name}");
        for port in list(&service["ports"]) {
            assert!(text(port).starts_with("127.0.0.1:"), "{name}: {port} is open to the network");
        }
    }
    assert!(folder().join(text(&service("warraq")["build"]["context"])).join("Dockerfile").is_file());
}

#[test]
fn nothing_runs_with_more_than_it_needs() {
    for (name, service) in services() {
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{name}");
        assert!(service.get("privileged").is_none() && service.get("cap_add").is_none(), "{name}");
    }
    for name in ["warraq", "generate"] {
        assert_eq!(service(name)["read_only"], true, "{name}");
        assert_eq!(service(name)["user"], "65532:65532", "{name}");
    }
}

/// The configuration as the container sees it, read by the worker itself.
#[test]
fn worker_generator_and_topics_agree() {
    let (file, target) = mounts(service("warraq")).remove(0);
    assert_eq!(target, "/etc/warraq/warraq.toml", "the image's command reads it there");
    let check = Command::new(env!("CARGO_BIN_EXE_warraq")).arg("check").arg("--config").arg(&file).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let config: warraq::config::Config = toml::from_str(&String::from_utf8(check.stdout).unwrap()).unwrap();

    let made = text(&service("topics")["command"][0]);
    let (_, names) = made.split_once("for topic in ").unwrap();
    let made: BTreeSet<_> = names.split_once(';').unwrap().0.split(' ').collect();
    let mut wanted: BTreeSet<_> = config.input.topics.iter().map(String::as_str).collect();
    wanted.extend([config.output.topic.as_str(), config.output.dead_letter_topic.as_str()]);
    assert_eq!(made, wanted);

    let arguments: Vec<_> =
        list(&service("generate")["command"]).iter().map(|it| text(it).replace("${RATE:-50}", "50")).collect();
    let topic = arguments.windows(2).find(|pair| pair[0] == "--topic").unwrap();
    assert!(config.input.topics.contains(&topic[1]));
    // clap reads from the left: what is wrong is said before help is given.
    let read = Command::new(env!("CARGO_BIN_EXE_warraq")).args(&arguments).arg("--help").output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));

    let bootstrap = &config.kafka.bootstrap_servers;
    let advertised = text(&service("kafka")["environment"]["KAFKA_ADVERTISED_LISTENERS"]);
    assert!(advertised.contains(&format!("PLAINTEXT://{bootstrap}")), "{advertised}");
    let grace = text(&service("warraq")["stop_grace_period"]).trim_end_matches('s').parse().unwrap();
    assert!(config.shutdown.deadline < std::time::Duration::from_secs(grace));
}

/// promtool reads what is mounted, with each place of the container put where it is here.
#[test]
fn prometheus_takes_its_configuration_with_the_rules() {
    let mut config = String::new();
    let mut places = Vec::new();
    for (source, target) in mounts(service("prometheus")) {
        if source.is_file() {
            config = std::fs::read_to_string(source).unwrap();
        } else {
            places.push((target, source));
        }
    }
    for (target, source) in &places {
        assert!(config.contains(target.as_str()), "{target} is mounted and not read");
        config = config.replace(target.as_str(), source.to_str().unwrap());
    }
    let file = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let setup = Command::new(root().join("tests/support/setup.sh")).arg("prometheus").output().unwrap();
    assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));
    let bin = PathBuf::from(String::from_utf8(setup.stdout).unwrap().trim()).join("bin");
    let output = Command::new(bin.join("promtool")).args(["check", "config"]).arg(file.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let rules = std::fs::read_dir(root().join("deploy/prometheus/rules")).unwrap().count();
    assert!(rules > 0);
    assert_eq!(said.matches("rules found").count(), rules, "not all rules are loaded:\n{said}");
}

#[test]
fn grafana_finds_prometheus_and_the_dashboard() {
    let grafana = service("grafana");
    let mounted = mounts(grafana);
    let below = |folder: &str| mounted.iter().any(|(_, target)| Path::new(target).parent() == Some(Path::new(folder)));
    let provider = yaml("grafana/dashboards/warraq.yaml");
    let path = text(&provider["providers"][0]["options"]["path"]);
    assert!(below(path), "no dashboard is mounted below {path}");
    let home = text(&grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]);
    let (dashboard, _) = mounted.iter().find(|(_, target)| target == home).unwrap();
    let dashboard: Value = serde_json::from_slice(&std::fs::read(dashboard).unwrap()).unwrap();
    assert!(!list(&dashboard["panels"]).is_empty());
    let source = &yaml("grafana/datasources/prometheus.yaml")["datasources"][0];
    assert_eq!(source["url"], "http://prometheus:9090", "the name of the service");
    assert_eq!(source["isDefault"], true);
    assert_eq!(source["jsonData"]["timeInterval"], yaml("prometheus.yml")["global"]["scrape_interval"]);
}
