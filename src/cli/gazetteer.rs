//! `warraq gazetteer build`: reads the lists, writes the compiled file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};

use super::sources;
use crate::tag;

/// Work on the list of names that is part of the binary
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Compile a folder of lists into one file, byte-identical on every run
    Build {
        /// Folder of `*.tsv` and `*.tsv.gz`
        #[arg(long, value_name = "FOLDER", default_value = "models/sources")]
        sources: PathBuf,
        /// The compiled file
        #[arg(long, value_name = "FILE", default_value = "models/gazetteer.bin")]
        out: PathBuf,
    },
}

/// # Errors
/// Where a list cannot be read or is broken, or the file not be written.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Build { sources, out } = command;
    build(sources, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Compiles the lists of a folder (`*.tsv`, `*.tsv.gz`) into one gazetteer.
pub fn build(folder: &Path, out: &Path) -> anyhow::Result<()> {
    let lists = sources::read(folder, ".tsv")?;
    ensure!(!lists.is_empty(), "{}: no *.tsv or *.tsv.gz in this folder", folder.display());
    let bytes = tag::build(&lists)?;
    fs::write(out, bytes).with_context(|| format!("{}: cannot be written", out.display()))
}
