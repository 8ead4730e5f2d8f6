//! `warraq diff`: what differs between two outputs.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bytesize::ByteSize;

use super::{logging, text};
use crate::config::Config;
use crate::kafka;
use crate::replay::diff::{self, Field, Summary, Within};

/// Exit code where something differs.
const DIFFERS: u8 = 2;

/// Compare two enriched topics, record by record
///
/// Records are matched by the position of the input record that they came from.
/// Both topics are read up to where they end now; nothing is written, and no
/// group's offsets move. Exit code 0: nothing differs; 2: something does; 1: it
/// could not be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Topic to compare with: as it was
    #[arg(value_name = "TOPIC-A")]
    a: String,
    /// Topic to compare: as it is now
    #[arg(value_name = "TOPIC-B")]
    b: String,
    /// TOML file; without one, `WARRAQ_CONFIG`, else defaults and environment
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Dead letters that belong to a; needs those of b too
    #[arg(long, value_name = "TOPIC", requires = "dead_letters_b")]
    dead_letters_a: Option<String>,
    /// Dead letters that belong to b
    #[arg(long, value_name = "TOPIC", requires = "dead_letters_a")]
    dead_letters_b: Option<String>,
    /// Fields that do not count as a difference, by commas; `none` for none.
    /// Provenance (build, model, configuration) differs between any two builds
    #[arg(long, value_name = "FIELDS", default_value = "provenance", value_parser = fields)]
    ignore: Ignored,
    /// Compare only what lies between the first and the last offset that this
    /// side has of each input partition, for a replay of a part; `b-sample`: only the
    /// records that b has, for a shadow
    #[arg(long, value_name = "SIDE", value_parser = ["a", "b", "b-sample"])]
    within: Option<String>,
    /// Samples shown of each kind of difference
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    /// Memory for what waits for its twin and for values
    #[arg(long, value_name = "BYTES", default_value_t = ByteSize::b(diff::MEMORY as u64))]
    memory: ByteSize,
    /// Print counts and samples as JSON
    #[arg(long)]
    json: bool,
}

/// So that clap takes one value for the whole list.
#[derive(Debug, Clone)]
struct Ignored(BTreeSet<Field>);

fn fields(text: &str) -> Result<Ignored, String> {
    if text == "none" {
        return Ok(Ignored(BTreeSet::new()));
    }
    text.split(',').map(|field| field.trim().parse()).collect::<Result<_, _>>().map(Ignored)
}

/// # Errors
/// Why the topics cannot be compared.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    logging::start(&config.log)?;
    let client = kafka::plain(&config.kafka).context("a secret cannot be read")?;
    let summary = diff::run(&client, &options(args), &|| false)?;
    text::unless_closed(print(&summary, args.json))?;
    Ok(if summary.differs() { ExitCode::from(DIFFERS) } else { ExitCode::SUCCESS })
}

fn options(args: &Args) -> diff::Options {
    let side = |topic: &String, dead: &Option<String>| std::iter::once(topic).chain(dead).cloned().collect();
    diff::Options {
        a: side(&args.a, &args.dead_letters_a),
        b: side(&args.b, &args.dead_letters_b),
        ignore: args.ignore.0.clone(),
        samples: args.samples,
        memory: usize::try_from(args.memory.as_u64()).unwrap_or(usize::MAX),
        within: match args.within.as_deref() {
            Some("a") => Within::A,
            Some("b") => Within::B,
            Some("b-sample") => Within::SampleB,
            _ => Within::All,
        },
    }
}

fn print(summary: &Summary, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", summary.json()?)?;
    } else {
        writeln!(out, "{}", summary.text())?;
    }
    out.flush()?;
    Ok(())
}
