//! The image: its Dockerfile linted, what the build would read, and its runtime
//! stage built by buildah from that Dockerfile around the binary of these tests,
//! run by runc as Kubernetes runs the pod: user 65532, read-only root, no
//! capability, nothing writable, and as process 1.
//!
//! What is not the real thing: the base is not pulled but unpacked from the same
//! Debian packages (`tests/support/image.sh`), and the binary is the one of these
//! tests, or that of `WARRAQ_IMAGE_BINARY` (`make image-check`).

mod container;
mod context;

use std::io::Write as _;

use container::{Container, Image};

use crate::manifests::render::{root, text, tool};

/// What the build and its answer say where something is left out. Past the capture
/// of the test harness: a test that was not done must not look like one that was.
fn image() -> Option<&'static Image> {
    match container::image() {
        Ok(image) => Some(image),
        Err(why) => {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            let _ = writeln!(std::io::stderr(), "{test}: {why}");
            None
        }
    }
}

#[test]
fn hadolint_finds_nothing_in_the_dockerfile() {
    let output = tool("hadolint").arg(root().join("Dockerfile")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Faults on purpose are for tests: neither the default nor what the image is built
/// with has them.
#[test]
fn a_release_makes_no_faults_on_purpose() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let default = manifest["features"]["default"].as_array().unwrap();
    assert!(
        manifest["features"].get("faults").is_some() && !default.iter().any(|name| name.as_str() == Some("faults"))
    );
    let image = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
    assert!(!image.contains("faults") && !image.contains("--all-features"), "{image}");
    assert!(image.contains("build --release"), "a debug build has them");
}

#[test]
fn the_configuration_of_the_image_is_that_of_a_pod() {
    let Some(image) = image() else { return };
    let config = &image.config;
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/warraq"]), "no shell between, so warraq is process 1");
    assert_eq!(config["Cmd"], serde_json::json!(["run", "--config", "/etc/warraq/warraq.toml"]));
    assert!(config["ExposedPorts"].get("9464/tcp").is_some());
    for label in ["title", "description", "source", "documentation", "licenses", "version", "revision", "created"] {
        let value = text(&config["Labels"][format!("org.opencontainers.image.{label}")]);
        assert!(!value.is_empty() && !value.contains('$'), "{label}: {value:?}");
    }
    assert_eq!(config["Labels"]["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn one_program_is_in_the_image_and_no_shell() {
    let Some(image) = image() else { return };
    assert_eq!(image.programs(), ["warraq"]);
    for file in ["etc/warraq/warraq.toml", "etc/ssl/certs/ca-certificates.crt", "usr/share/doc/warraq/LICENSE"] {
        assert!(image.root.join(file).is_file(), "{file}");
    }
    let shipped = std::fs::read(image.root.join("etc/warraq/warraq.toml")).unwrap();
    assert!(shipped == std::fs::read(root().join("config/warraq.toml")).unwrap());
}

#[test]
fn the_shipped_configuration_is_right() {
    let Some(image) = image() else { return };
    let output = Container::new(image, &["check", "--config", "/etc/warraq/warraq.toml"]).output(b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("group_id = \"warraq\""));
}

#[test]
fn an_article_is_enriched() {
    let Some(image) = image() else { return };
    let article = std::fs::read(root().join("tests/fixtures/gulf-trafilatura.json")).unwrap();
    let output = Container::new(image, &["enrich"]).output(&article);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["schema"], "warraq.article.v1");
    assert!(!record["entities"].as_array().unwrap().is_empty(), "the lists of names are in the binary");
}

/// That nothing can be written is not believed but tried.
#[test]
fn the_root_is_read_only() {
    let Some(image) = image() else { return };
    let mut container = Container::new(image, &["gazetteer", "build", "--sources", "/mnt", "--out", "/tmp/gazetteer"]);
    container.mount(&root().join("models/sources"), "/mnt");
    let output = container.output(b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("Read-only file system"), "{said}");
}

/// Broker, worker, producer and reader in one process that may write nowhere.
#[test]
fn the_demo_runs_and_adds_up() {
    let Some(image) = image() else { return };
    let output = Container::new(image, &["demo"]).output(b"");
    let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{said}");
    assert!(out.contains("34 = 30 + 4"), "{out}");
}

/// The kernel keeps from process 1 every signal that it has no handler for.
#[test]
fn process_1_ends_by_sigterm_with_everything_done() {
    let Some(image) = image() else { return };
    let mut running = Container::new(image, &["demo", "--keep", "--rate", "200"]).start();
    running.wait_for_line("kept running");
    running.terminate();
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(0), "{said}");
}
