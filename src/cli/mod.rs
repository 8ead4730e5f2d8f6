//! One file per command, and what `main` needs of them.

mod bounded;
pub mod check;
pub mod demo;
pub mod diff;
pub mod enrich;
pub mod eval;
pub mod gazetteer;
pub mod generate;
mod logging;
mod models;
pub mod redrive;
mod registry;
pub mod replay;
pub mod run;
pub mod samples;
mod sources;
pub mod tag;
mod text;
#[cfg(feature = "train")]
pub mod train;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config;
use crate::tag::Model;

/// `EX_USAGE` of sysexits: wrong arguments or a wrong configuration. A restart
/// will not help.
const USAGE: u8 = 64;

/// News articles from Kafka in, clean tagged records out, exactly once
#[derive(Debug, Parser)]
#[command(name = "warraq", disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Replay(replay::Args),
    Redrive(redrive::Args),
    Demo(demo::Args),
    Diff(diff::Args),
    Check(check::Args),
    Enrich(enrich::Args),
    Tag(tag::Args),
    Eval(eval::Args),
    #[command(subcommand)]
    Gazetteer(gazetteer::Command),
    #[cfg(feature = "train")]
    Train(train::Args),
    Generate(generate::Args),
}

impl Cli {
    /// Reads the arguments.
    ///
    /// # Errors
    /// The exit code, where there is nothing more to do: help and version were
    /// printed (0), or the arguments are wrong and it was said how (64).
    pub fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        let command = Self::command().version(version());
        let parsed = command.try_get_matches_from(arguments).and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| {
            // Where not even that can be printed, the code still tells.
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
        })
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Why it failed; [`report`] prints it.
    pub fn run(&self) -> Result<ExitCode> {
        match &self.command {
            Command::Run(args) => run::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Redrive(args) => redrive::run(args),
            Command::Demo(args) => demo::run(args),
            Command::Diff(args) => diff::run(args),
            Command::Check(args) => check::run(args),
            Command::Enrich(args) => enrich::run(args),
            Command::Tag(args) => tag::run(args),
            Command::Eval(args) => eval::run(args),
            Command::Gazetteer(command) => gazetteer::run(command),
            #[cfg(feature = "train")]
            Command::Train(args) => train::run(args),
            Command::Generate(args) => generate::run(args),
        }
    }
}

/// Prints an error with all its causes, once, and says how to exit.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Nothing is left to be done where standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "warraq: {error:#}");
    if error.chain().any(|cause| cause.is::<config::Error>() || bounded::is_refusal(cause)) {
        ExitCode::from(USAGE)
    } else {
        ExitCode::FAILURE
    }
}

/// Version, with the build's hash where whoever built it handed one in as
/// `WARRAQ_BUILD`.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let version = env!("CARGO_PKG_VERSION");
        match option_env!("WARRAQ_BUILD") {
            Some(build) if !build.is_empty() => format!("{version} ({build})"),
            _ => version.to_owned(),
        }
    });
    &VERSION
}

/// What a configuration asks for that this build was made without.
fn features(config: &config::Config) -> Result<(), config::Error> {
    let asked = [
        (cfg!(feature = "otel"), config.otel.endpoint.is_some(), "otel.endpoint", "otel"),
        (
            cfg!(feature = "schema-registry"),
            config.schema_registry.url.is_some(),
            "schema_registry.url",
            "schema-registry",
        ),
        (cfg!(feature = "neural"), config.tag.model == Model::Accurate, "tag.model", "neural"),
        (cfg!(feature = "mount"), matches!(config.tag.model, Model::Mounted(_)), "tag.model", "mount"),
    ];
    match asked.into_iter().find(|(built, set, ..)| *set && !built) {
        Some((.., key, feature)) => {
            Err(config::Error::of_file(key, format!("is set, and this build is without the feature {feature}")))
        }
        None => Ok(()),
    }
}

/// The file of `--config`, else that of `WARRAQ_CONFIG`, else none.
fn config_file(argument: Option<&Path>) -> Option<PathBuf> {
    argument.map(PathBuf::from).or_else(|| {
        let named = std::env::var_os("WARRAQ_CONFIG")?;
        (!named.is_empty()).then(|| PathBuf::from(named))
    })
}
