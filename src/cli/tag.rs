//! `warraq tag --conll`: the tagger on tokens of a foreign set, so that it can
//! be scored there.

use std::io::{self, BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::text;
use crate::config::Config;
use crate::tag::linear::Convention;
use crate::tag::{Model, Tagger};

/// Marks the begin of a document in CoNLL files.
pub(super) const DOCUMENT: &str = "-DOCSTART-";
/// Sentences that are read before any is written: many articles' worth, so that
/// the tagger sees whole ones, and little memory.
pub(super) const BATCH: usize = 2400;

/// Tag tokens that stand one a line
///
/// Reads `token<TAB>…` lines with blank lines between sentences on standard
/// input, and writes `token<TAB>tag` for each, in the same order: IOB2 with the
/// types PER, ORG, LOC and MISC. A line `-DOCSTART-` begins a new document.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The one form of input there is
    #[arg(long, required = true)]
    conll: bool,
    #[command(flatten)]
    with: With,
}

/// The tagger that tokens are given to.
#[derive(Debug, clap::Args)]
pub(super) struct With {
    /// Configuration; only the tagger's part is used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What reads the text, in place of the configuration's tag.model
    #[arg(long, value_name = "fast|accurate|DIRECTORY")]
    model: Option<Model>,
    /// Whose idea of a name: this project's own (news), in which articles are
    /// tagged, or ANERcorp's (newswire)
    #[arg(long, value_name = "newswire|news", default_value = "newswire")]
    convention: Convention,
}

impl With {
    pub(super) fn labeller(&self) -> Result<Labeller> {
        let mut config = Config::load(super::config_file(self.config.as_deref()).as_deref())?;
        if let Some(model) = &self.model {
            config.tag.model = model.clone();
        }
        super::features(&config)?;
        Ok(Labeller { tagger: text::tagger(&config)?, convention: self.convention })
    }
}

/// A tagger and the convention it is to answer in.
pub(super) struct Labeller {
    tagger: Tagger,
    convention: Convention,
}

impl Labeller {
    pub(super) fn tags(&self, sentences: &[Vec<&str>]) -> Vec<Vec<&'static str>> {
        self.tagger.conll(sentences, self.convention)
    }
}

/// # Errors
/// Where the configuration or standard input or output fails.
pub fn run(args: &Args) -> Result<ExitCode> {
    let labeller = args.with.labeller()?;
    let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    text::unless_closed(tag(&labeller, io::stdin().lock(), out))?;
    Ok(ExitCode::SUCCESS)
}

fn tag(labeller: &Labeller, input: impl BufRead, mut out: impl Write) -> Result<()> {
    let mut batch = Batch::default();
    for line in input.lines() {
        let line = line.context("standard input cannot be read as UTF-8 lines")?;
        let column = if line.contains('\t') { '\t' } else { ' ' };
        let token = line.split(column).next().unwrap_or_default().trim();
        if token == DOCUMENT {
            batch.write(labeller, &mut out)?;
            writeln!(out, "{DOCUMENT}\tO")?;
            continue;
        }
        batch.push(token);
        if token.is_empty() && batch.sentences.len() > BATCH {
            batch.write(labeller, &mut out)?;
        }
    }
    batch.write(labeller, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Lines that are tagged together.
#[derive(Default)]
struct Batch {
    /// Tokens; an empty one is a blank line.
    lines: Vec<String>,
    /// Where each sentence begins in `lines`, and how many tokens it has.
    sentences: Vec<(usize, usize)>,
}

impl Batch {
    fn push(&mut self, token: &str) {
        let open = self.lines.last().is_some_and(|line| !line.is_empty());
        self.lines.push(token.to_owned());
        if token.is_empty() {
            return;
        }
        match self.sentences.last_mut().filter(|_| open) {
            Some((_, tokens)) => *tokens += 1,
            None => self.sentences.push((self.lines.len() - 1, 1)),
        }
    }

    /// Writes each line with its tag, and begins anew.
    fn write(&mut self, labeller: &Labeller, out: &mut impl Write) -> Result<()> {
        let tokens = |(start, count): &(usize, usize)| -> Vec<&str> {
            self.lines.iter().skip(*start).take(*count).map(String::as_str).collect()
        };
        let sentences: Vec<Vec<&str>> = self.sentences.iter().map(tokens).collect();
        let mut tags = labeller.tags(&sentences).into_iter().flatten();
        for line in &self.lines {
            if line.is_empty() {
                writeln!(out)?;
            } else {
                writeln!(out, "{line}\t{}", tags.next().unwrap_or("O"))?;
            }
        }
        *self = Self::default();
        Ok(())
    }
}
