//! What checkov finds is fixed, or excused in the manifest with the reason.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::render::{ALL, Rendered, list, text, tool};

/// What is excused everywhere, and nothing else anywhere.
const EXCUSED: [&str; 3] = ["CKV_K8S_11", "CKV_K8S_15", "CKV_K8S_43"];

/// checkov's view of a folder of manifests.
fn look(folder: &Path) -> Value {
    let mut asked = tool("checkov");
    asked.args(["--framework", "kubernetes", "--skip-download", "--compact", "--output", "json", "--directory", "."]);
    let output = asked.current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let broken = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{broken}"))
}

fn write(folder: &Path, name: &str, documents: &[Value]) {
    let text: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
    std::fs::write(folder.join(name), text).unwrap();
}

fn found<'a>(report: &'a Value, result: &str) -> Vec<(&'a str, &'a str, String)> {
    let found = list(&report["results"][result]).iter();
    found.map(|it| (text(&it["check_id"]), text(&it["file_path"]), it["resource"].to_string())).collect()
}

/// Runs as root, with a token, a writable root and all capabilities.
fn careless(one: &Rendered) -> Value {
    let mut workload = one.of_kind("StatefulSet").next().unwrap().clone();
    let pod = &mut workload["spec"]["template"]["spec"];
    pod["securityContext"] = json!({});
    pod["automountServiceAccountToken"] = json!(true);
    pod["containers"][0]["securityContext"] = json!({});
    workload
}

#[test]
fn checkov_finds_nothing_that_is_not_excused() {
    // It passes over folders whose names begin with a dot, as those made by default do.
    let folder = tempfile::Builder::new().prefix("manifests").tempdir().unwrap();
    for (index, one) in ALL.iter().enumerate() {
        write(folder.path(), &format!("{index}.yaml"), &one.documents);
    }
    write(folder.path(), "careless.yaml", &[careless(&ALL[1])]);
    let report = look(folder.path());
    assert!(list(&report["results"]["parsing_errors"]).is_empty(), "{}", report["results"]["parsing_errors"]);
    let (careless, failed): (Vec<_>, Vec<_>) =
        found(&report, "failed_checks").into_iter().partition(|(_, file, _)| *file == "/careless.yaml");
    let failed: Vec<_> = failed
        .iter()
        .map(|(id, file, resource)| {
            let index: usize = file.trim_start_matches('/').trim_end_matches(".yaml").parse().unwrap();
            format!("{}: {id} {resource}", ALL[index].name)
        })
        .collect();
    assert!(failed.is_empty(), "fix or excuse with the reason:\n{}", failed.join("\n"));
    // Or else it would look at nothing.
    for id in ["CKV_K8S_22", "CKV_K8S_37", "CKV_K8S_38", "CKV_K8S_40"] {
        assert!(careless.iter().any(|(found, ..)| *found == id), "{id} is not found where it is: {careless:?}");
    }
    let skipped: BTreeSet<_> = found(&report, "skipped_checks").iter().map(|(id, ..)| *id).collect();
    assert_eq!(skipped, EXCUSED.into_iter().collect());
}

#[test]
fn every_excuse_has_its_reason() {
    for one in ALL.iter() {
        for (workload, _) in one.workloads() {
            let annotations = workload["metadata"]["annotations"].as_object().unwrap();
            let excuses = annotations.iter().filter(|(key, _)| key.starts_with("checkov.io/skip"));
            let ids: BTreeSet<_> = excuses
                .map(|(_, value)| {
                    let (id, reason) = text(value).split_once('=').unwrap();
                    assert!(reason.len() > 40, "{}: {id} is excused by {reason:?}", one.name);
                    id
                })
                .collect();
            assert_eq!(ids, EXCUSED.into_iter().collect(), "{}", one.name);
        }
    }
}
