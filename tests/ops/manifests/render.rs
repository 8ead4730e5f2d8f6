//! Kustomizations as the documents that `kubectl apply -k` would send.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// What an operator may apply as it is.
pub const WHOLE: &[&str] =
    &["namespace", "base", "overlays/dev", "overlays/production", "replay/base", "replay/example"];

/// What is in no overlay, on top of what it can be put on.
const PUT_ON: &[(&str, &str)] = &[
    ("base", "hpa"),
    ("base", "keda"),
    ("base", "tls"),
    ("base", "mtls"),
    ("base", "sasl-scram"),
    ("base", "monitoring"),
    ("base", "gazetteers"),
    ("replay/base", "mtls"),
    ("replay/base", "gazetteers"),
];

/// One kustomization, rendered.
pub struct Rendered {
    pub name: String,
    pub documents: Vec<Value>,
}

/// All of them, rendered once for all tests.
pub static ALL: LazyLock<Vec<Rendered>> = LazyLock::new(|| {
    let whole = WHOLE.iter().map(|name| render((*name).to_owned(), &kubernetes().join(name)));
    whole.chain(PUT_ON.iter().map(|(below, component)| put_on(below, component))).collect()
});

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn kubernetes() -> PathBuf {
    root().join("deploy/kubernetes")
}

/// A tool that `setup.sh ops` brought.
pub fn tool(name: &str) -> Command {
    static BIN: LazyLock<PathBuf> = LazyLock::new(|| {
        let asked = Command::new(root().join("tests/support/setup.sh")).arg("ops-dir").output().unwrap();
        let dir = PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim_end());
        assert!(dir.join("whole").exists(), "the tools are missing: run tests/support/setup.sh ops");
        dir.join("bin")
    });
    Command::new(BIN.join(name))
}

fn render(name: String, folder: &Path) -> Rendered {
    let output = tool("kubectl").arg("kustomize").arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} does not build:\n{said}");
    // kustomize warns of what it will drop.
    assert!(said.is_empty(), "{name} builds with warnings:\n{said}");
    let documents = serde_saphyr::from_multiple(&String::from_utf8(output.stdout).unwrap()).unwrap();
    Rendered { name, documents }
}

/// kustomize takes relative paths only.
fn put_on(below: &str, component: &str) -> Rendered {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let here = folder.path().canonicalize().unwrap();
    let up = "../".repeat(here.components().count() - 1);
    let target = format!("{up}{}", kubernetes().canonicalize().unwrap().display().to_string().trim_start_matches('/'));
    let text =
        format!("namespace: warraq\nresources:\n- {target}/{below}\ncomponents:\n- {target}/components/{component}\n");
    std::fs::write(here.join("kustomization.yaml"), text).unwrap();
    render(format!("{below} with {component}"), &here)
}

impl Rendered {
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> + use<'_> {
        let kind = kind.to_owned();
        self.documents.iter().filter(move |document| document["kind"] == kind.as_str())
    }

    /// What makes pods, with the template of each.
    pub fn workloads(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let makers = ["StatefulSet", "Job"];
        let made = self.documents.iter().filter(move |document| makers.iter().any(|kind| document["kind"] == *kind));
        made.map(|document| (document, &document["spec"]["template"]))
    }

    pub fn named(&self, kind: &str, name: &str) -> &Value {
        let found = self.of_kind(kind).find(|document| document["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{}: no {kind} {name}", self.name))
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
}

/// Whether labels hold all that a selector asks for. An empty selector takes all.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    assert!(selector.get("matchExpressions").is_none(), "not read here: {selector}");
    let wanted = selector.get("matchLabels").unwrap_or(selector);
    wanted.as_object().is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

#[test]
fn every_component_is_rendered_in_some_test() {
    let folder = std::fs::read_dir(kubernetes().join("components")).unwrap();
    for entry in folder {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(PUT_ON.iter().any(|(_, component)| *component == name), "component {name} is put on nothing");
    }
    assert!(ALL.iter().all(|one| !one.documents.is_empty()));
}
