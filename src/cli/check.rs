//! `warraq check`: is the configuration right, and what is in force.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::config::Config;

/// Check a configuration, without a broker
///
/// Reads the file and the environment as `warraq run` does, looks whether the
/// files that it names can be read, and tells everything that is wrong at once.
/// When all is right, prints the configuration in force as TOML, secrets masked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// TOML file; without one, defaults and environment
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print nothing when all is right
    #[arg(long, short)]
    quiet: bool,
}

/// # Errors
/// Everything that is wrong with the configuration.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    if !args.quiet {
        let text = config.to_toml().context("the configuration cannot be shown")?;
        super::text::unless_closed(write(&text))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
