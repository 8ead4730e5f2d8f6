//! Autoscaling: it scales what is there, by what the worker tells and reads.

use serde_json::{Value, json};

use super::config::Effective;
use super::pods::one_named;
use super::render::{ALL, Rendered, list, root, text};

fn scalers(one: &Rendered) -> Vec<&Value> {
    one.of_kind("ScaledObject").chain(one.of_kind("HorizontalPodAutoscaler")).collect()
}

#[test]
fn what_is_scaled_has_no_number_of_its_own() {
    for one in ALL.iter() {
        let scalers = scalers(one);
        assert!(scalers.len() <= 1, "{}: two scalers fight", one.name);
        for (workload, _) in one.workloads().filter(|(it, _)| it["kind"] == "StatefulSet") {
            // Else each apply would set it back.
            assert_eq!(workload["spec"].get("replicas").is_none(), scalers.len() == 1, "{}", one.name);
            for scaler in &scalers {
                let target =
                    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": workload["metadata"]["name"]});
                assert_eq!(scaler["spec"]["scaleTargetRef"], target, "{}", one.name);
            }
        }
    }
    assert_eq!(scalers(one_named("overlays/production")).len(), 1);
}

#[test]
fn the_two_ways_to_scale_agree() {
    let keda = &scalers(one_named("base with keda"))[0]["spec"];
    let hpa = &scalers(one_named("base with hpa"))[0]["spec"];
    assert_eq!(keda["minReplicaCount"], hpa["minReplicas"]);
    assert_eq!(keda["maxReplicaCount"], hpa["maxReplicas"]);
    assert_eq!(keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"], hpa["behavior"]);
    let trigger = |name: &str| list(&keda["triggers"]).iter().find(|it| it["name"] == name).unwrap();
    let metric = |kind: &str| list(&hpa["metrics"]).iter().find(|it| it["type"] == kind).unwrap();
    let lag = &metric("External")["external"];
    assert_eq!(trigger("lag-seconds")["metadata"]["threshold"], lag["target"]["value"]);
    assert!(text(&trigger("lag-seconds")["metadata"]["query"]).contains(text(&lag["metric"]["name"])));
    let cpu = metric("ContainerResource")["containerResource"]["target"]["averageUtilization"].to_string();
    assert_eq!(trigger("cpu")["metadata"]["value"], cpu.as_str());
}

#[test]
fn a_worker_too_many_is_taken_away_slowly() {
    for one in ALL.iter().filter(|one| one.of_kind("StatefulSet").next().is_some() && !scalers(one).is_empty()) {
        let (workload, _) = one.workloads().next().unwrap();
        let session = Effective::of(one, workload).config.kafka.session_timeout.as_secs();
        let spec = &scalers(one)[0]["spec"];
        let behavior = spec.get("behavior").unwrap_or(&spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]);
        let down = &behavior["scaleDown"];
        assert!(down["stabilizationWindowSeconds"].as_u64() >= Some(10 * session), "{}", one.name);
        let [policy] = list(&down["policies"]) else { panic!("{}: {down}", one.name) };
        // Its partitions stand still for a session timeout; the next goes well after it.
        assert_eq!(policy["value"], 1, "{}", one.name);
        assert!(policy["periodSeconds"].as_u64() >= Some(3 * session), "{}", one.name);
    }
}

#[test]
fn keda_asks_what_the_worker_tells_and_reads() {
    let metrics = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    for one in ALL.iter() {
        for scaler in one.of_kind("ScaledObject") {
            let (workload, _) = one.workloads().next().unwrap();
            let config = Effective::of(one, workload).config;
            for trigger in list(&scaler["spec"]["triggers"]) {
                let metadata = &trigger["metadata"];
                match text(&trigger["type"]) {
                    "prometheus" => {
                        let query = text(&metadata["query"]);
                        let series = query.split(['(', '{']).find(|part| part.starts_with("warraq_")).unwrap();
                        assert!(metrics.contains(&format!("`{series}`")), "{}: {series}", one.name);
                        if let Some(namespace) = workload["metadata"]["namespace"].as_str() {
                            assert!(query.contains(&format!("namespace=\"{namespace}\"")), "{}: {query}", one.name);
                        }
                    }
                    "kafka" => kafka(one, &config, trigger),
                    "cpu" => assert_eq!(metadata["containerName"], "warraq"),
                    other => panic!("{}: what does a trigger {other} ask?", one.name),
                }
            }
        }
    }
}

fn kafka(one: &Rendered, config: &warraq::config::Config, trigger: &Value) {
    let metadata = &trigger["metadata"];
    assert_eq!(metadata["consumerGroup"], config.kafka.group_id.as_str(), "{}", one.name);
    assert_eq!(json!([metadata["topic"]]), json!(config.input.topics), "{}", one.name);
    assert_eq!(metadata["offsetResetPolicy"], config.input.start.as_str(), "{}", one.name);
    if one.name.starts_with("overlays/") {
        assert_eq!(metadata["bootstrapServers"], config.kafka.bootstrap_servers.as_str(), "{}", one.name);
    }
    let login = trigger["authenticationRef"]["name"].as_str();
    assert_eq!(login.is_some(), config.kafka.security_protocol == "sasl_ssl" && one.name != "base with keda");
    let Some(login) = login else { return };
    assert_eq!((&metadata["tls"], &metadata["sasl"]), (&json!("enable"), &json!("scram_sha512")), "{}", one.name);
    // The same Secrets and keys as the pod mounts.
    let (_, template) = one.workloads().next().unwrap();
    let mounted: Vec<_> = list(&template["spec"]["volumes"]).iter().filter_map(|it| it.get("secret")).collect();
    for secret in list(&one.named("TriggerAuthentication", login)["spec"]["secretTargetRef"]) {
        let held = |it: &&&Value| {
            it["secretName"] == secret["name"] && list(&it["items"]).iter().any(|item| item["key"] == secret["key"])
        };
        assert!(mounted.iter().find(held).is_some(), "{}: {secret}", one.name);
    }
    for variable in list(&one.named("TriggerAuthentication", login)["spec"]["env"]) {
        let env = list(&template["spec"]["containers"][0]["env"]);
        assert!(env.iter().any(|it| it["name"] == variable["name"]), "{}: {variable}", one.name);
    }
}
