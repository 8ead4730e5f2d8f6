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

/// Every file that is compiled in is there, and cargo finds every target that
/// `Cargo.toml` names.
#[test]
fn the_context_has_what_the_build_reads() {
    let folder = tempfile::tempdir().unwrap();
    for path in allowed() {
        assert!(root().join(&path).exists(), ".dockerignore names {}, which is not there", path.display());
        copy(&root().join(&path), &folder.path().join(&path));
    }
    let mut read = Command::new(env!("CARGO"));
    read.args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]).current_dir(folder.path());
    let output = read.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

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
