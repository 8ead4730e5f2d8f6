//! The replay Job: what each exit code means to Kubernetes, and that its
//! arguments are the command's.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use super::config::Effective;
use super::pods::one_named;
use super::render::{Rendered, list, text};

const JOBS: [&str; 2] = ["replay/base", "replay/example"];

fn job(one: &Rendered) -> &Value {
    one.of_kind("Job").next().unwrap()
}

/// What the first rule that fits does with a pod that ended with a code.
fn action(job: &Value, code: u64, disrupted: bool) -> &str {
    let fits = |rule: &&Value| match rule.get("onExitCodes") {
        Some(codes) => {
            assert_eq!(codes["operator"], "In");
            list(&codes["values"]).iter().any(|value| value.as_u64() == Some(code))
        }
        None => disrupted && list(&rule["onPodConditions"]).iter().any(|it| it["type"] == "DisruptionTarget"),
    };
    let rules = list(&job["spec"]["podFailurePolicy"]["rules"]);
    rules.iter().find(fits).map_or("Count", |rule| text(&rule["action"]))
}

#[test]
fn each_exit_code_has_its_answer() {
    for name in JOBS {
        let job = job(one_named(name));
        assert_eq!(action(job, 1, false), "Count");
        assert_eq!(action(job, 137, false), "Count", "out of memory is counted");
        assert_eq!(action(job, 137, true), "Ignore", "an eviction is not");
        assert_eq!(action(job, 4, false), "Ignore", "interrupted and resumable");
        assert_eq!(action(job, 3, false), "FailIndex", "once more would change nothing");
        assert_eq!(action(job, 64, false), "FailJob", "every pod has the same arguments");
    }
}

#[test]
fn its_pods_share_the_work_and_none_runs_twice() {
    for name in JOBS {
        let spec = &job(one_named(name))["spec"];
        assert_eq!(spec["completionMode"], "Indexed", "{name}");
        assert_eq!(spec["completions"], spec["parallelism"], "{name}: those that start late find nothing to do");
        // What podFailurePolicy and a transactional id for each index ask for.
        assert_eq!(spec["podReplacementPolicy"], "Failed", "{name}");
        assert_eq!(spec["template"]["spec"]["restartPolicy"], "Never", "{name}");
        assert!(spec["backoffLimitPerIndex"].as_u64() >= Some(1), "{name}");
        assert!(spec.get("activeDeadlineSeconds").is_none(), "{name}: an archive takes as long as it takes");
    }
}

/// The container's arguments as the kubelet would write them, for the first pod.
fn arguments(one: &Rendered) -> Vec<String> {
    let container = &job(one)["spec"]["template"]["spec"]["containers"][0];
    let index = list(&container["env"]).iter().find(|env| env["name"] == "REPLAY_INDEX").unwrap();
    assert_eq!(
        index["valueFrom"]["fieldRef"]["fieldPath"],
        "metadata.labels['batch.kubernetes.io/job-completion-index']"
    );
    let mut known = parameters(one).as_object().unwrap().clone();
    known.insert("REPLAY_INDEX".to_owned(), json!("0"));
    let mut used = BTreeSet::new();
    let expanded = list(&container["args"]).iter().map(|arg| {
        let Some((flag, name)) = text(arg).split_once("$(") else { return text(arg).to_owned() };
        let name = name.strip_suffix(')').unwrap();
        used.insert(name.to_owned());
        format!("{flag}{}", text(known.get(name).unwrap_or_else(|| panic!("{name} is not given"))))
    });
    let expanded = expanded.collect();
    assert_eq!(used, known.keys().cloned().collect(), "{}: given and not used", one.name);
    // A variable that begins with WARRAQ_ would be taken for a key.
    assert!(known.keys().all(|key| key.starts_with("REPLAY_")), "{}", one.name);
    expanded
}

fn parameters(one: &Rendered) -> &Value {
    let from = &job(one)["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"];
    &one.named("ConfigMap", text(from))["data"]
}

/// Each flag and its value are read before the help is printed.
#[test]
fn the_command_takes_the_arguments() {
    let ask = |arguments: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
        command.args(arguments).arg("--help").env_clear().output().unwrap()
    };
    for name in JOBS {
        let arguments = arguments(one_named(name));
        let output = ask(&arguments);
        assert!(output.status.success(), "{name}: {arguments:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    for wrong in ["--max-dead-ratio=7", "--yield=warraq:articles.raw"] {
        assert_eq!(ask(&["replay".to_owned(), wrong.to_owned()]).status.code(), Some(64), "{wrong} passes");
    }
}

#[test]
fn a_replay_reads_what_is_live_and_writes_elsewhere() {
    let one = one_named("replay/example");
    let config = Effective::of(one, job(one)).config;
    let live = one_named("overlays/production");
    let production = Effective::of(live, live.workloads().next().unwrap().0).config;
    assert_eq!(config.input.topics, production.input.topics);
    assert_eq!(config.output.topic, production.output.topic);
    assert_eq!(config.hash(), production.hash(), "records as the live worker would make them");
    let parameters = parameters(one);
    // What the replay compares with, so that it can refuse to touch it.
    assert_eq!(config.kafka.group_id, production.kafka.group_id);
    assert_eq!(config.output.dead_letter_topic, production.output.dead_letter_topic);
    assert_ne!(parameters["REPLAY_OUTPUT"], production.output.topic.as_str());
    let yields = format!("{}:{}", production.kafka.group_id, production.input.topics[0]);
    assert_eq!(parameters["REPLAY_YIELD_TO"], json!(yields));
}
