//! The configuration inside: what the container would see, checked by the real
//! binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use warraq::config::Config;

use super::render::{ALL, Rendered, list, text};

/// What is in force in a pod, and where it would be.
pub struct Effective {
    pub config: Config,
}

impl Effective {
    /// Of every workload in every kustomization.
    pub fn all() -> Vec<(&'static Rendered, &'static Value, Self)> {
        let each = |one: &'static Rendered| one.workloads().map(move |(it, _)| (one, it, Self::of(one, it)));
        let all: Vec<_> = ALL.iter().flat_map(each).collect();
        assert!(all.len() >= 5);
        all
    }

    /// Mounts what the pod mounts below a folder, and runs `warraq check` in the
    /// container's environment.
    pub fn of(one: &Rendered, workload: &Value) -> Self {
        let pod = &workload["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let folder = tempfile::tempdir().unwrap();
        mount(one, pod, container, folder.path());
        let args: Vec<_> = list(&container["args"]).iter().map(text).collect();
        let file =
            args.windows(2).find(|pair| pair[0] == "--config").map(|pair| below(folder.path(), pair[1])).unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_warraq"));
        check.arg("check").arg("--config").arg(&file).env_clear();
        for (name, value) in environment(workload, container) {
            let value = if value.starts_with('/') { below(folder.path(), &value) } else { PathBuf::from(value) };
            check.env(name, value);
        }
        let output = check.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {} is refused:\n{said}", one.name, workload["metadata"]["name"]);
        let config = toml::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
        Self { config }
    }
}

fn below(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.trim_start_matches('/'))
}

/// Every file that a container would find, with the content of the ConfigMaps; a
/// Secret's is made up.
fn mount(one: &Rendered, pod: &Value, container: &Value, folder: &Path) {
    for mount in list(&container["volumeMounts"]) {
        let place = below(folder, text(&mount["mountPath"]));
        std::fs::create_dir_all(&place).unwrap();
        let volume = list(&pod["volumes"]).iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        if let Some(map) = volume.get("configMap") {
            let map = one.named("ConfigMap", text(&map["name"]));
            for (file, content) in map["data"].as_object().unwrap() {
                std::fs::write(place.join(file), text(content)).unwrap();
            }
        }
        for item in list(&volume["secret"]["items"]) {
            std::fs::write(place.join(text(&item["path"])), "made up\n").unwrap();
        }
    }
}

/// Variables as the kubelet would set them, for the first pod.
fn environment(workload: &Value, container: &Value) -> Vec<(String, String)> {
    let mut set: Vec<(String, String)> = Vec::new();
    for env in list(&container["env"]) {
        let value = match (env.get("value"), env["valueFrom"]["fieldRef"]["fieldPath"].as_str()) {
            (Some(value), _) => set
                .iter()
                .fold(text(value).to_owned(), |value, (name, known)| value.replace(&format!("$({name})"), known)),
            (None, Some("metadata.name")) => format!("{}-0", text(&workload["metadata"]["name"])),
            (None, Some("metadata.labels['batch.kubernetes.io/job-completion-index']")) => "0".to_owned(),
            _ => panic!("how is {env} set?"),
        };
        assert!(!value.contains("$("), "{value} refers to what is not set before it");
        set.push((text(&env["name"]).to_owned(), value));
    }
    set
}

/// A replay's pods have `--instance`; see `replay`.
#[test]
fn every_worker_has_a_stable_name_of_its_own() {
    for (one, workload, effective) in Effective::all() {
        let kafka = effective.config.kafka;
        let expected = (workload["kind"] == "StatefulSet").then_some("warraq-0");
        assert_eq!(kafka.instance_id.as_deref(), expected, "{}", one.name);
        // From the instance, so it is the pod's alone too.
        assert_eq!(kafka.transactional_id, None, "{}", one.name);
    }
}

#[test]
fn components_bring_tls_and_a_login() {
    let kafka = |name: &str| {
        let one = super::pods::one_named(name);
        let (workload, _) = one.workloads().next().unwrap();
        Effective::of(one, workload).config.kafka
    };
    assert_eq!(kafka("overlays/dev").security_protocol, "plaintext");
    assert_eq!(kafka("base with tls").security_protocol, "ssl");
    let mtls = kafka("replay/base with mtls");
    assert_eq!(mtls.security_protocol, "ssl");
    assert!(mtls.ssl_certificate_file.is_some() && mtls.ssl_key_file.is_some());
    for name in ["overlays/production", "replay/example"] {
        let scram = kafka(name);
        assert_eq!(scram.security_protocol, "sasl_ssl", "{name}");
        assert_eq!(scram.sasl_mechanism.as_deref(), Some("SCRAM-SHA-512"), "{name}");
        assert!(scram.sasl_password_file.is_some() && scram.sasl_password.is_none(), "{name}");
        assert!(scram.ssl_ca_file.is_some(), "{name}");
    }
}

#[test]
fn lists_of_names_are_swapped_in_place() {
    let one = super::pods::one_named("base with gazetteers");
    let (workload, template) = one.workloads().next().unwrap();
    // A name with a hash would make a change a rolling restart.
    one.named("ConfigMap", "warraq-gazetteers");
    let files = Effective::of(one, workload).config.tag.gazetteer_files;
    let data = &one.named("ConfigMap", "warraq-gazetteers")["data"];
    assert_eq!(files.len(), data.as_object().unwrap().len());
    for file in files {
        assert!(data.get(file.file_name().unwrap().to_str().unwrap()).is_some(), "{}", file.display());
    }
    assert!(list(&template["spec"]["volumes"]).iter().any(|it| it["configMap"]["name"] == "warraq-gazetteers"));
}

#[test]
fn a_new_configuration_is_a_rolling_restart() {
    let name = |one: &str| {
        let maps: Vec<_> = super::pods::one_named(one).of_kind("ConfigMap").map(|it| &it["metadata"]["name"]).collect();
        maps.into_iter().map(text).find(|name| name.starts_with("warraq-") && *name != "warraq-gazetteers").unwrap()
    };
    assert_ne!(name("overlays/dev"), name("base"));
}
