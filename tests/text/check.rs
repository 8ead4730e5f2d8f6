//! `warraq check` and the command line itself, as a person runs them.

use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/warraq.toml");

/// Without what the environment of the test may say.
fn warraq(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WARRAQ_"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    for (name, _) in ours {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn written(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_right_configuration_is_shown_as_it_is_in_force() {
    let shown = warraq(&["check", "--config", CONFIG], &[("WARRAQ_KAFKA__SASL_PASSWORD", "hunter2")]);
    assert_eq!((shown.status.code(), err(&shown)), (Some(0), ""));
    assert!(out(&shown).contains("sasl_password = \"********\"") && !out(&shown).contains("hunter2"));
    let table: toml::Table = out(&shown).parse().unwrap();
    assert_eq!(table["input"]["topics"][0].as_str(), Some("articles.raw"));

    let quiet = warraq(&["check", "--quiet", "--config", CONFIG], &[]);
    assert_eq!((quiet.status.code(), out(&quiet), err(&quiet)), (Some(0), "", ""));
}

#[test]
fn without_a_file_the_environment_and_the_defaults_are_in_force() {
    let named = warraq(&["check"], &[("WARRAQ_CONFIG", CONFIG), ("WARRAQ_INPUT__TOPICS", "a,b")]);
    let table: toml::Table = out(&named).parse().unwrap();
    assert_eq!(table["input"]["topics"].as_array().map(Vec::len), Some(2));
    let nothing = warraq(&["check"], &[]);
    assert_eq!(nothing.status.code(), Some(0), "{}", err(&nothing));
}

#[test]
fn a_wrong_configuration_exits_with_64_and_tells_all() {
    let (_folder, path) = written("[kafka]\nbootstrap_server = \"x\"\n[enrich]\nthreads = \"many\"\n");
    for command in ["check", "run", "enrich"] {
        let output = warraq(&[command, "--config", &path], &[("WARRAQ_MEMORY__BUGET", "1GiB")]);
        assert_eq!(output.status.code(), Some(64), "{command}: {}", err(&output));
        for part in [
            "3 errors",
            "environment variable WARRAQ_MEMORY__BUGET: memory.buget = \"1GiB\": unknown key, did you mean WARRAQ_MEMORY__BUDGET?",
            "w.toml:2:1: kafka.bootstrap_server = \"x\": unknown key, did you mean kafka.bootstrap_servers?",
            "w.toml:4:1: enrich.threads = \"many\": invalid type",
        ] {
            assert!(err(&output).contains(part), "{command}: {part}\n{}", err(&output));
        }
        assert_eq!(out(&output), "");
    }
}

#[test]
fn what_librdkafka_or_a_gazetteer_refuses_is_wrong_too() {
    let (_folder, path) = written("[kafka.properties]\n\"fetch.min.bites\" = \"1\"\n");
    let output = warraq(&["check", "--config", &path], &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("kafka.properties") && err(&output).contains("fetch.min.bites"), "{}", err(&output));

    let (folder, _) = written("");
    let names = folder.path().join("names.tsv");
    std::fs::write(&names, "شركة المثال\tshop\n").unwrap();
    let files = [("WARRAQ_TAG__GAZETTEER_FILES", names.to_str().unwrap())];
    let output = warraq(&["check"], &files);
    assert_eq!(output.status.code(), Some(64), "{}", err(&output));
    assert!(err(&output).contains("names.tsv") && err(&output).contains("shop"), "{}", err(&output));
    std::fs::write(&names, "شركة المثال\torganization\n").unwrap();
    assert_eq!(warraq(&["check"], &files).status.code(), Some(0));
}

#[test]
fn wrong_arguments_exit_with_64_and_help_with_0() {
    for arguments in [&["chekc"][..], &["run", "--port", "1"], &[]] {
        let output = warraq(arguments, &[]);
        assert_eq!((output.status.code(), out(&output)), (Some(64), ""), "{arguments:?}");
        assert!(err(&output).contains("Usage: warraq"), "{}", err(&output));
    }
    let version = warraq(&["--version"], &[]);
    assert_eq!(version.status.code(), Some(0));
    assert!(out(&version).starts_with(concat!("warraq ", env!("CARGO_PKG_VERSION"))));
    let help = warraq(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["run", "demo", "check", "enrich", "tag", "gazetteer"] {
        assert!(out(&help).contains(&format!("\n  {command}")), "{command}\n{}", out(&help));
    }
}

#[test]
fn the_files_of_the_project_are_right() {
    for file in ["config/warraq.toml", "config/demo.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let output = warraq(&["check", "--quiet", "--config", path.to_str().unwrap()], &[]);
        assert_eq!(output.status.code(), Some(0), "{file}: {}", err(&output));
    }
}
