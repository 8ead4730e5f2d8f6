//! Every pod is restricted, and asks for what its configuration needs.

use serde_json::{Value, json};

use super::config::Effective;
use super::render::{ALL, Rendered, list, selects, text};

const USER: u64 = 65532;
const MIB: u64 = 1 << 20;

fn each_pod(check: impl Fn(&str, &Value)) {
    let mut pods = 0;
    for one in ALL.iter() {
        for (workload, template) in one.workloads() {
            check(&format!("{}, {} {}", one.name, workload["kind"], workload["metadata"]["name"]), &template["spec"]);
            pods += 1;
        }
    }
    assert!(pods >= 5, "only {pods} pods were looked at");
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|kind| list(&pod[kind]))
}

#[test]
fn every_pod_fits_the_restricted_standard_and_more() {
    each_pod(|name, pod| {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        for id in ["runAsUser", "runAsGroup", "fsGroup"] {
            assert_eq!(pod["securityContext"][id], USER, "{name}: {id}");
        }
        assert_eq!(pod["securityContext"]["seccompProfile"], json!({"type": "RuntimeDefault"}), "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        assert_eq!(pod["enableServiceLinks"], false, "{name}: a Service named warraq-… would add WARRAQ_ variables");
        for host in ["hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"] {
            assert!(pod.get(host).is_none(), "{name}: {host}");
        }
        for container in containers(pod) {
            let context = container["securityContext"].as_object().unwrap();
            let expected = json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            });
            assert_eq!(json!(context), expected, "{name}: container {}", container["name"]);
            assert!(list(&container["ports"]).iter().all(|port| port.get("hostPort").is_none()), "{name}");
        }
        for volume in list(&pod["volumes"]) {
            let kinds = ["configMap", "secret", "emptyDir", "projected"];
            assert!(kinds.iter().any(|kind| volume.get(*kind).is_some()), "{name}: {volume}");
        }
    });
}

/// A worker's journal outlives the container: its directory is an `emptyDir`, and
/// goes with the pod, not with the file that an overlay brings.
#[test]
fn a_worker_has_a_place_for_its_state() {
    for one in ALL.iter() {
        for (workload, template) in one.workloads() {
            let pod = &template["spec"];
            let state = list(&pod["volumes"]).iter().find(|volume| volume["name"] == "state");
            if workload["kind"] != "StatefulSet" {
                // A Job's pods are new ones each time, and so would be their state.
                assert!(state.is_none(), "{}", one.name);
                continue;
            }
            let expected = json!({"medium": "Memory", "sizeLimit": "1Mi"});
            assert_eq!(state.map(|volume| &volume["emptyDir"]), Some(&expected), "{}", one.name);
            for container in containers(pod) {
                let mount = list(&container["volumeMounts"]).iter().find(|mount| mount["name"] == "state").unwrap();
                let variable = list(&container["env"]).iter().find(|one| one["name"] == "WARRAQ_STATE__DIR").unwrap();
                assert_eq!(variable["value"], mount["mountPath"], "{}", one.name);
            }
        }
    }
}

#[test]
fn the_account_has_no_token_and_is_there() {
    for one in ALL.iter() {
        for (_, template) in one.workloads() {
            let account = one.named("ServiceAccount", text(&template["spec"]["serviceAccountName"]));
            assert_eq!(account["automountServiceAccountToken"], false, "{}", one.name);
        }
    }
}

#[test]
fn the_image_is_one_and_its_tag_says_which() {
    each_pod(|name, pod| {
        for container in containers(pod) {
            let image = text(&container["image"]);
            let tag = image.strip_prefix("ghcr.io/warraq/warraq:");
            assert_eq!(tag, Some(env!("CARGO_PKG_VERSION")), "{name}: {image}");
        }
    });
}

#[test]
fn what_is_mounted_is_there_apart_and_can_change() {
    for one in ALL.iter() {
        for (_, template) in one.workloads() {
            let pod = &template["spec"];
            let volumes = list(&pod["volumes"]);
            for container in containers(pod) {
                let mounts = list(&container["volumeMounts"]);
                for mount in mounts {
                    let path = text(&mount["mountPath"]);
                    assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{}: {path}", one.name);
                    // The state alone is written, and nothing else is there to be.
                    let is_state = mount["name"] == "state";
                    assert_eq!(mount.get("readOnly").is_some(), !is_state, "{}: {path}", one.name);
                    assert!(is_state || mount["readOnly"] == true, "{}: {path}", one.name);
                    // A mounted file is never replaced, a folder's content is.
                    assert!(mount.get("subPath").is_none(), "{}: {path}", one.name);
                    // There is no place for it inside a mount that is read-only.
                    let inside = |other: &Value| path.starts_with(&format!("{}/", text(&other["mountPath"])));
                    assert!(!mounts.iter().any(inside), "{}: {path} is inside another mount", one.name);
                }
            }
            for volume in volumes.iter().filter_map(|volume| volume.get("configMap")) {
                one.named("ConfigMap", text(&volume["name"]));
            }
            for volume in volumes.iter().filter_map(|volume| volume.get("secret")) {
                assert_eq!(volume["defaultMode"], 0o440, "{}: {volume}", one.name);
            }
        }
    }
}

#[test]
fn the_grace_is_longer_than_the_drain() {
    for (one, workload, effective) in Effective::all() {
        let grace = workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap();
        let deadline = effective.config.shutdown.deadline.as_secs();
        // Five seconds for the kubelet and for what follows the drain.
        assert!(grace >= deadline + 5, "{}: a grace of {grace} s for a drain of {deadline} s", one.name);
        assert!(grace <= deadline + 30, "{}: a grace of {grace} s holds up a drain of {deadline} s", one.name);
    }
}

#[test]
fn the_memory_limit_follows_the_budget() {
    for (one, workload, effective) in Effective::all() {
        let resources = &workload["spec"]["template"]["spec"]["containers"][0]["resources"];
        let limit = bytes(text(&resources["limits"]["memory"]));
        let budget = effective.config.memory.budget.as_u64();
        let needed = budget + 150 * MIB;
        let margin = limit.checked_sub(needed);
        let said = format!("{}: a limit of {} MiB for a budget of {} MiB", one.name, limit / MIB, budget / MIB);
        assert!(margin.is_some_and(|margin| margin >= 64 * MIB), "{said} leaves no margin");
        assert!(margin.is_some_and(|margin| margin <= 256 * MIB), "{said} wastes memory");
        assert_eq!(bytes(text(&resources["requests"]["memory"])), limit, "{}", one.name);
    }
}

#[test]
fn threads_follow_the_request_as_there_is_no_cpu_limit() {
    for (one, workload, effective) in Effective::all() {
        let resources = &workload["spec"]["template"]["spec"]["containers"][0]["resources"];
        assert!(resources["limits"].get("cpu").is_none(), "{}: throttled", one.name);
        let requested = cores(text(&resources["requests"]["cpu"]));
        // 0 would be the cores of the whole node.
        let threads = f64::from(u32::try_from(effective.config.enrich.threads).unwrap());
        assert!(threads >= requested, "{}: {threads} threads cannot use {requested} cores", one.name);
        assert!(threads <= 4.0 * requested.ceil(), "{}: {threads} threads on {requested} cores", one.name);
    }
}

#[test]
fn probes_ask_the_workers_port_and_give_it_time() {
    each_pod(|name, pod| {
        let container = &pod["containers"][0];
        for (probe, path) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            let Some(probe) = container.get(probe) else {
                assert_eq!(pod["restartPolicy"], "Never", "{name}: no {probe}");
                continue;
            };
            assert_eq!(probe["httpGet"], json!({"path": path, "port": "http"}), "{name}");
            assert!(probe["timeoutSeconds"].as_u64() >= Some(2), "{name}: one second is a hiccup: {probe}");
            assert!(probe["failureThreshold"].as_u64() >= Some(2), "{name}: {probe}");
        }
    });
}

#[test]
fn selectors_find_their_own_pods_and_no_others() {
    for one in ALL.iter() {
        for (workload, template) in one.workloads() {
            let labels = &template["metadata"]["labels"];
            if workload["kind"] == "StatefulSet" {
                assert!(selects(&workload["spec"]["selector"], labels), "{}", one.name);
                assert!(one.of_kind("Service").any(|it| it["metadata"]["name"] == workload["spec"]["serviceName"]));
                budget_lets_go(one, workload, labels);
            }
            for spread in list(&template["spec"]["topologySpreadConstraints"]) {
                assert!(selects(&spread["labelSelector"], labels), "{}: {spread}", one.name);
            }
        }
    }
    // A replay in the same namespace is neither the live worker's to evict nor to name.
    let replay = one_named("replay/example").of_kind("Job").next().unwrap();
    let labels = &replay["spec"]["template"]["metadata"]["labels"];
    let live = one_named("overlays/production");
    for selector in live.of_kind("Service").map(|it| &it["spec"]["selector"]) {
        assert!(!selects(selector, labels));
    }
    for kind in ["StatefulSet", "PodDisruptionBudget"] {
        assert!(live.of_kind(kind).all(|it| !selects(&it["spec"]["selector"], labels)), "{kind}");
    }
}

/// A node can be drained whatever the number of replicas, even of one.
fn budget_lets_go(one: &Rendered, workload: &Value, labels: &Value) {
    let budgets: Vec<_> =
        one.of_kind("PodDisruptionBudget").filter(|it| selects(&it["spec"]["selector"], labels)).collect();
    assert_eq!(budgets.len(), 1, "{}", one.name);
    let spec = &budgets[0]["spec"];
    assert!(spec.get("minAvailable").is_none(), "{}: with few replicas nothing could be evicted", one.name);
    let most = spec["maxUnavailable"].as_u64().unwrap();
    let replicas = workload["spec"]["replicas"].as_u64();
    assert!(most >= 1 && replicas.is_none_or(|replicas| most <= replicas), "{}: {most} of {replicas:?}", one.name);
}

pub fn one_named(name: &str) -> &'static Rendered {
    ALL.iter().find(|one| one.name == name).unwrap()
}

/// A quantity of memory in bytes.
fn bytes(quantity: &str) -> u64 {
    let number = quantity.strip_suffix("Mi").unwrap_or_else(|| panic!("{quantity} is not in Mi"));
    number.parse::<u64>().unwrap() * MIB
}

/// A quantity of CPU in cores.
fn cores(quantity: &str) -> f64 {
    quantity.strip_suffix('m').map_or_else(|| quantity.parse().unwrap(), |milli| milli.parse::<f64>().unwrap() / 1000.0)
}
