//! `warraq gazetteer build`: reads the lists, writes the compiled file.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use flate2::read::GzDecoder;

use crate::tag::{self, Sources};

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
pub fn build(sources: &Path, out: &Path) -> anyhow::Result<()> {
    let lists = read(sources)?;
    ensure!(!lists.is_empty(), "{}: no *.tsv or *.tsv.gz in this folder", sources.display());
    let bytes = tag::build(&lists)?;
    fs::write(out, bytes).with_context(|| format!("{}: cannot be written", out.display()))
}

/// The lists of a folder by file name.
pub fn read(sources: &Path) -> anyhow::Result<Sources> {
    let mut lists = Sources::new();
    let entries = fs::read_dir(sources).with_context(|| format!("{}: cannot be listed", sources.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(OsStr::to_str) else { continue };
        let file = || File::open(&path);
        let mut text = String::new();
        let read = if name.ends_with(".tsv") {
            file().and_then(|mut file| file.read_to_string(&mut text))
        } else if name.ends_with(".tsv.gz") {
            file().and_then(|file| GzDecoder::new(file).read_to_string(&mut text))
        } else {
            continue;
        };
        read.with_context(|| format!("{}: cannot be read", path.display()))?;
        lists.insert(name.to_owned(), text);
    }
    Ok(lists)
}
