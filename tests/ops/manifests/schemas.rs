//! Strictly by the schemas: an unknown field is an error, as it is for
//! `kubectl apply --validate=strict`.

use std::io::Write as _;

use serde_json::Value;

use super::render::{ALL, list, root, text, tool};

/// The oldest and the newest Kubernetes that the manifests are for.
const VERSIONS: [&str; 2] = ["1.29", "1.37"];

/// Schemas of custom resources; `tests/support/ops/crds.sh` makes them.
const CUSTOM: &[(&str, &str)] = &[
    ("PodMonitor", "monitoring.coreos.com_podmonitors"),
    ("PrometheusRule", "monitoring.coreos.com_prometheusrules"),
    ("ScaledObject", "keda.sh_scaledobjects"),
    ("TriggerAuthentication", "keda.sh_triggerauthentications"),
];

fn custom(document: &Value) -> Option<Vec<String>> {
    let (_, file) = CUSTOM.iter().find(|(kind, _)| document["kind"] == *kind)?;
    let path = root().join(format!("tests/support/ops/schemas/{file}.json"));
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    Some(validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect())
}

/// What kubernetes-validate has against documents, an error or an unknown kind a
/// line. JSON is YAML, so what is asked about is what was read.
fn builtin<'a>(documents: impl IntoIterator<Item = &'a Value>) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for document in documents {
        writeln!(file, "---\n{document}").unwrap();
    }
    let mut asked = tool("kubernetes-validate");
    for version in VERSIONS {
        asked.args(["-k", version]);
    }
    let output = asked.args(["--strict", "--quiet"]).arg(file.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let broken = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), !said.contains("ERROR"), "{said}{broken}");
    said
}

#[test]
fn every_document_is_what_kubernetes_and_the_operators_take() {
    for one in ALL.iter() {
        let (theirs, ours): (Vec<_>, Vec<_>) =
            one.documents.iter().partition(|document| CUSTOM.iter().any(|(kind, _)| document["kind"] == *kind));
        let said = builtin(ours);
        assert!(said.is_empty(), "{}:\n{said}", one.name);
        for document in theirs {
            let wrong = custom(document).unwrap();
            assert!(
                wrong.is_empty(),
                "{}: {} {}: {wrong:#?}",
                one.name,
                document["kind"],
                document["metadata"]["name"]
            );
        }
    }
}

/// Or else the test above would pass whatever it is given.
#[test]
fn an_unknown_field_is_found() {
    let one = ALL.iter().find(|one| one.name == "overlays/production").unwrap();
    for document in &one.documents {
        let mut wrong = document.clone();
        // A ConfigMap has no spec.
        let place = if wrong.get("spec").is_some() { &mut wrong["spec"] } else { &mut wrong };
        place["tpyo"] = Value::Bool(true);
        let said = custom(&wrong).map_or_else(|| builtin([&wrong]), |wrong| wrong.join("\n"));
        assert!(said.contains("tpyo"), "{} with an unknown field passes: {said:?}", text(&document["kind"]));
    }
}

#[test]
fn nothing_is_there_twice() {
    for one in ALL.iter() {
        let mut ids: Vec<_> =
            one.documents.iter().map(|it| (text(&it["kind"]), text(&it["metadata"]["name"]))).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{}: {ids:?}", one.name);
        for (_, template) in one.workloads() {
            for container in list(&template["spec"]["containers"]) {
                let mut names: Vec<_> = list(&container["env"]).iter().map(|env| text(&env["name"])).collect();
                names.sort_unstable();
                assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: {names:?}", one.name);
            }
        }
    }
}

/// With the Secrets, under the namespace's standard for pods, never in `default`.
#[test]
fn everything_is_in_the_namespace_that_restricts_pods() {
    let namespace = super::pods::one_named("namespace").of_kind("Namespace").next().unwrap();
    for mode in ["enforce", "audit", "warn"] {
        assert_eq!(namespace["metadata"]["labels"][format!("pod-security.kubernetes.io/{mode}")], "restricted");
    }
    for one in ALL.iter().filter(|one| one.name != "namespace") {
        for document in &one.documents {
            let name = &document["metadata"]["name"];
            assert_eq!(document["metadata"]["namespace"], namespace["metadata"]["name"], "{}: {name}", one.name);
        }
    }
}
