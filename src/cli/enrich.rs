//! `warraq enrich [FILE…]`: the text half on files or standard input, no broker.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::text;
use crate::config::Config;
use crate::encode::headers;
use crate::normalize::{Explained, Fate as LineFate};
use crate::pipeline::{Fate, NoWatch, Pipeline};
use crate::record::{Header, Origin, RawRecord};

/// Enrich files or standard input, one JSON record a line
///
/// Does what the worker does between its two topics, with the same
/// configuration. Input that cannot be enriched is told on standard error with
/// the stage and the reason that its dead letter would carry, and the exit
/// status is 1 after all the rest is done.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files to read, each one article; standard input where none is given, or for `-`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the input is; `auto` looks at the bytes, as the worker does without a content-type header
    #[arg(long = "type", value_enum, default_value_t = Kind::Auto)]
    kind: Kind,
    /// Each line of the input is an article of its own
    #[arg(long)]
    lines: bool,
    /// Records over several lines, indented
    #[arg(long)]
    pretty: bool,
    /// Instead of the records each line of the page: kept or cut, as what, and why
    ///
    /// A line is cut where its reasons add up to 10: docs/normalization.md.
    #[arg(long, conflicts_with = "pretty")]
    explain: bool,
    /// Configuration; only what concerns the text is used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Json,
    Html,
    Text,
    Auto,
}

impl Kind {
    const fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Html => Some("text/html"),
            Self::Text => Some("text/plain"),
            Self::Auto => None,
        }
    }
}

/// # Errors
/// Where the configuration, an input file or standard output fails. Input that
/// is rejected is no error: it makes the exit status 1.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    let (pipeline, limit) = (text::pipeline(&config)?, config.decode.max_value_bytes);
    let stdout = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut job = Job { args, pipeline, limit, out: stdout, rejected: false };
    text::unless_closed(job.all())?;
    Ok(if job.rejected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Job<'a, W: Write> {
    args: &'a Args,
    pipeline: Pipeline,
    /// Longer input is rejected, so no more of it is kept.
    limit: usize,
    out: W,
    rejected: bool,
}

impl<W: Write> Job<'_, W> {
    fn all(&mut self) -> Result<()> {
        if self.args.files.is_empty() {
            self.input("-", io::stdin().lock())?;
        }
        for file in &self.args.files {
            if file == Path::new("-") {
                self.input("-", io::stdin().lock())?;
                continue;
            }
            let name = file.display().to_string();
            match File::open(file) {
                Ok(open) => self.input(&name, BufReader::new(open))?,
                Err(error) => self.complain(&name, &error)?,
            }
        }
        self.out.flush()?;
        Ok(())
    }

    fn input(&mut self, name: &str, mut input: impl BufRead) -> Result<()> {
        if !self.args.lines {
            let mut value = Vec::new();
            let kept = u64::try_from(self.limit).unwrap_or(u64::MAX).saturating_add(1);
            let read = input.by_ref().take(kept).read_to_end(&mut value);
            return match read.and_then(|read| Ok(read as u64 + io::copy(&mut input, &mut io::sink())?)) {
                Ok(length) => self.article(name, 0, value, length),
                Err(error) => self.complain(name, &error),
            };
        }
        for (offset, line) in (0..).zip(input.split(b'\n')) {
            let line = line.with_context(|| format!("{name} cannot be read"))?;
            if !line.trim_ascii().is_empty() {
                let length = line.len() as u64;
                self.article(name, offset, line, length)?;
            }
        }
        Ok(())
    }

    fn article(&mut self, name: &str, offset: i64, value: Vec<u8>, length: u64) -> Result<()> {
        let content_type = self
            .args
            .kind
            .content_type()
            .map(|value| Header { name: headers::CONTENT_TYPE.to_owned(), value: Some(value.as_bytes().to_vec()) });
        let raw = RawRecord {
            origin: Origin { topic: name.into(), partition: 0, offset },
            timestamp: None,
            key: None,
            value_length: usize::try_from(length).unwrap_or(usize::MAX),
            value: Some(value),
            headers: content_type.into_iter().collect(),
        };
        let name = if self.args.lines { format!("{name}:{}", offset + 1) } else { name.to_owned() };
        if self.args.explain {
            return match self.pipeline.explain(&raw) {
                Ok(lines) => self.explain(&name, &lines),
                Err(reject) => self.complain(&name, &reject),
            };
        }
        let outcome = self.pipeline.enrich(&raw, &mut NoWatch);
        match outcome.summary.fate {
            Fate::Enriched | Fate::Tombstone => self.write(outcome.outgoing.value.as_deref().unwrap_or_default()),
            Fate::Rejected { stage, reason } => {
                let message = outcome.outgoing.header(headers::ERROR_MESSAGE).unwrap_or_default();
                self.complain(&name, &format!("{}: {}: {message}", stage.as_str(), reason.as_str()))
            }
        }
    }

    fn explain(&mut self, name: &str, lines: &[Explained]) -> Result<()> {
        writeln!(self.out, "{name}")?;
        for line in lines {
            let (verdict, kind) = match line.fate {
                LineFate::Kept(kind) => ("keep", kind.as_str()),
                LineFate::Cut(kind) => ("cut", kind.as_str()),
            };
            writeln!(self.out, "{verdict:<5}{kind:<13}{}", line.text)?;
            for reason in &line.reasons {
                writeln!(self.out, "{:17}{:+4} {}", "", reason.weight, reason.what)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, record: &[u8]) -> Result<()> {
        if self.args.pretty {
            let value: serde_json::Value = serde_json::from_slice(record).context("the record is no JSON")?;
            serde_json::to_writer_pretty(&mut self.out, &value).map_err(io::Error::from)?;
        } else {
            self.out.write_all(record)?;
        }
        self.out.write_all(b"\n")?;
        Ok(())
    }

    /// One line on standard error; the rest of the input goes on.
    fn complain(&mut self, name: &str, what: &dyn std::fmt::Display) -> Result<()> {
        self.rejected = true;
        // What is written so far comes first where both go to one terminal.
        self.out.flush()?;
        writeln!(io::stderr(), "{name}: {what}")?;
        Ok(())
    }
}
