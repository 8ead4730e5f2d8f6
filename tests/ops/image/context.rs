//! `.dockerignore` lets through what the build reads, and no more.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifests::render::root;

/// The patterns: `*`, then what is taken back by `!`.
fn allowed() -> Vec<PathBuf> {
    let text = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "everything is left out but for what is named");
    let paths = lines.map(|line| PathBuf::from(line.strip_prefix('!').unwrap_or_else(|| panic!("{line}: not a !"))));
    paths.collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

/// A target that `Cargo.toml` names and that has no file stops the build;
/// `cargo metadata` leaves it out without a word.
fn targets_are_found(context: &Path) {
    let mut read = Command::new(env!("CARGO"));
    read.args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]).current_dir(context);
    let output = read.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = metadata["packages"][0]["targets"].as_array().unwrap();
    let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let mut named = 0;
    for kind in ["bin", "test", "bench"] {
        for target in manifest[kind].as_array().unwrap() {
            let name = target["name"].as_str().unwrap();
            let is_it = |it: &serde_json::Value| it["name"] == name && it["kind"][0] == kind;
            assert!(found.iter().any(is_it), "Cargo.toml names the {kind} {name}, which .dockerignore leaves out");
            named += 1;
        }
    }
    assert!(named >= 7, "{named}");
}

/// Every file that is compiled in is there, and cargo finds every target that
/// `Cargo.toml` names.
#[test]
fn the_context_has_what_the_build_reads() {
    let folder = tempfile::tempdir().unwrap();
    for path in allowed() {
        assert!(root().join(&path).exists(), ".dockerignore names {}, which is not there", path.display());
        copy(&root().join(&path), &folder.path().join(&path));
    }
    targets_are_found(folder.path());

    let mut sources = vec![folder.path().join("src")];
    let mut compiled_in = 0;
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // What stands behind the tests' mark is not compiled in a build.
        let built = text.split("#[cfg(test)]").next().unwrap();
        for part in built.split("include_str!(\"").chain(built.split("include_bytes!(\"")).skip(1) {
            let Some((name, _)) = part.split_once("\")") else { continue };
            if name.contains(['\n', ' ']) {
                continue;
            }
            let file = path.parent().unwrap().join(name);
            let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
            assert!(is_test || file.is_file(), "{} reads {name}, which .dockerignore leaves out", path.display());
            compiled_in += 1;
        }
    }
    assert!(compiled_in >= 8, "{compiled_in}");
}

#[test]
fn what_changes_often_or_is_secret_stays_outside() {
    for path in ["target", ".git", ".env", "deploy", "docs", "tests/ops"] {
        let inside = allowed().iter().any(|allowed| Path::new(path).starts_with(allowed) || allowed == Path::new(path));
        assert!(!inside, "{path}");
    }
}
