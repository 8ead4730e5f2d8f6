//! Who may talk to whom: exactly what the configuration needs.

use serde_json::{Value, json};

use super::config::Effective;
use super::render::{Rendered, list, selects};

fn policy<'a>(one: &'a Rendered, workload: &Value) -> &'a Value {
    let labels = &workload["spec"]["template"]["metadata"]["labels"];
    let policies: Vec<_> =
        one.of_kind("NetworkPolicy").filter(|it| selects(&it["spec"]["podSelector"], labels)).collect();
    assert_eq!(policies.len(), 1, "{}", one.name);
    &policies[0]["spec"]
}

#[test]
fn a_worker_reaches_names_and_kafka_and_nothing_else() {
    for (one, workload, effective) in Effective::all() {
        let policy = policy(one, workload);
        assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]), "{}", one.name);
        let mut ports: Vec<_> = list(&policy["egress"]).iter().flat_map(|rule| list(&rule["ports"])).collect();
        assert!(list(&policy["egress"]).iter().all(|rule| !list(&rule["ports"]).is_empty()), "{}: any port", one.name);
        ports.retain(|port| port["port"] != 53);
        let servers = effective.config.kafka.bootstrap_servers.split(',');
        let wanted: Vec<_> = servers.map(|server| server.rsplit_once(':').unwrap().1.parse::<u16>().unwrap()).collect();
        for port in &ports {
            assert!(wanted.iter().any(|wanted| port["port"] == *wanted), "{}: {port} is no broker's", one.name);
        }
        for wanted in wanted {
            assert!(ports.iter().any(|port| port["port"] == wanted), "{}: {wanted} is not let through", one.name);
        }
    }
}

#[test]
fn whoever_scrapes_reaches_the_workers_port_and_nothing_else() {
    for (one, workload, effective) in Effective::all() {
        let container = &workload["spec"]["template"]["spec"]["containers"][0];
        let port = effective.config.http.listen.port();
        assert!(effective.config.http.listen.ip().is_unspecified(), "{}: probes come from outside", one.name);
        assert_eq!(container["ports"], json!([{"name": "http", "containerPort": port, "protocol": "TCP"}]));
        let rules = list(&policy(one, workload)["ingress"]);
        assert_eq!(rules.len(), 1, "{}", one.name);
        assert!(!list(&rules[0]["from"]).is_empty(), "{}: from everywhere", one.name);
        assert_eq!(rules[0]["ports"], json!([{"port": "http", "protocol": "TCP"}]), "{}", one.name);
        for service in one.of_kind("Service") {
            let ports = &service["spec"]["ports"];
            assert_eq!(ports[0]["port"], port, "{}", one.name);
            assert_eq!(ports[0]["targetPort"], "http", "{}", one.name);
        }
    }
}
