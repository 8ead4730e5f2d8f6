//! `warraq train`: labelled text in, the built-in model out.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::{sources, text};
use crate::config::Config;
use crate::tag::linear::train::{self, Corpora, Level, Report, WordTable};

/// The table of corpora, and the tables of words, in the folder of sources.
const TABLE: &str = "corpora.tsv";
const CLUSTERS: &str = "clusters.tsv";
const SEEN: &str = "seen.tsv";

/// Learn the model that judges names, byte-identical on every run
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with `corpora.tsv`, what it names, `clusters.tsv` and `seen.tsv`,
    /// each of them plain or gzipped (`.gz`)
    #[arg(long, value_name = "FOLDER", default_value = "models/training")]
    sources: PathBuf,
    /// The model
    #[arg(long, value_name = "FILE", default_value = "models/fast.bin")]
    out: PathBuf,
}

/// # Errors
/// Where a source cannot be read or is broken, or the model not be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let texts = sources::read(&args.sources, "")?;
    let mut files: BTreeMap<_, _> =
        texts.into_iter().map(|(name, text)| (sources::plain(&name).to_owned(), text)).collect();
    let mut take = |name: &str| {
        files.remove(name).with_context(|| format!("{}: no {name} or {name}.gz in it", args.sources.display()))
    };
    let (table, clusters, seen) = (take(TABLE)?, take(CLUSTERS)?, take(SEEN)?);
    let words = WordTable::parse(&clusters, &seen)?;
    let corpora = Corpora::parse(&table, &files)?;
    let (model, report) = train::train(&text::lists_and_rules(&Config::default())?, &corpora, &words);
    fs::write(&args.out, &model).with_context(|| format!("{}: cannot be written", args.out.display()))?;
    text::unless_closed(told(&report, model.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn told(report: &Report, bytes: usize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for (corpus, sentences, tokens) in &report.corpora {
        writeln!(out, "{corpus}: {sentences} sentences, {tokens} tokens")?;
    }
    let (used, rows) = report.rows;
    writeln!(out, "{used} of {rows} rows used, {bytes} bytes")?;
    writeln!(out, "certainty  right  names, in articles not learned from")?;
    for Level { from, to, right, names } in &report.reliability {
        writeln!(out, "{from} to {to}  {right:.3}  {names}")?;
    }
    out.flush()?;
    Ok(())
}
