//! The commands in docs/deployment.md fit the manifests.

use std::collections::BTreeSet;

use super::pods::one_named;
use super::render::{ALL, list, root, text};

fn page() -> String {
    std::fs::read_to_string(root().join("docs/deployment.md")).unwrap()
}

#[test]
fn what_is_applied_is_there() {
    let page = page();
    let applied: BTreeSet<_> =
        page.split("-k deploy/").skip(1).filter_map(|it| it.split(['\n', '`', ' ']).next()).collect();
    assert!(applied.len() >= 4, "{applied:?}");
    for path in applied {
        assert!(root().join("deploy").join(path).join("kustomization.yaml").exists(), "{path}");
    }
    let job = text(&one_named("replay/example").of_kind("Job").next().unwrap()["metadata"]["name"]);
    for named in page.split("job ").skip(1).filter_map(|it| it.split(' ').next()?.split('\n').next()) {
        assert!(!named.starts_with("warraq-replay") || named == job, "{named}");
    }
    assert!(page.contains(job));
}

/// Each Secret that a pod of the given overlays mounts, with its keys.
#[test]
fn the_secrets_that_pods_mount_are_made() {
    let page = page();
    for one in ALL.iter().filter(|one| one.name.starts_with("overlays/")) {
        for (_, template) in one.workloads() {
            for secret in list(&template["spec"]["volumes"]).iter().filter_map(|volume| volume.get("secret")) {
                let name = text(&secret["secretName"]);
                let made = format!("create secret generic {name} ");
                let line =
                    page.lines().find(|line| line.contains(&made)).unwrap_or_else(|| panic!("{name} is not made"));
                for item in list(&secret["items"]) {
                    assert!(line.contains(&format!("--from-file={}=", text(&item["key"]))), "{name}: {item}: {line}");
                }
            }
        }
    }
}
