//! `warraq tag --conll`: the tagger on tokens of a foreign set, so that it can
//! be scored there.

use std::io::{self, BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::conll::Document;
use super::text;
use crate::tag::{Hints, Tagger};

/// Marks the begin of a document in CoNLL files.
const DOCUMENT: &str = "-DOCSTART-";

/// Tag tokens that stand one a line
///
/// Reads `token<TAB>…` lines with blank lines between sentences on standard
/// input, and writes `token<TAB>tag` for each, in the same order: IOB2 with the
/// types PER, ORG, LOC and MISC.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The one form of input there is
    #[arg(long, required = true)]
    conll: bool,
    /// Sentences that are tagged together as one article, within -DOCSTART- lines; 0 takes all between two such lines
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    sentences: usize,
    /// Language of the text, BCP 47
    #[arg(long, default_value = "ar", value_name = "TAG")]
    language: String,
    /// Configuration; only the tagger's part is used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// # Errors
/// Where the configuration or standard input or output fails.
pub fn run(args: &Args) -> Result<ExitCode> {
    let tagger = text::tagger(args.config.as_deref())?;
    let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    text::unless_closed(tag(&tagger, args, io::stdin().lock(), out))?;
    Ok(ExitCode::SUCCESS)
}

fn tag(tagger: &Tagger, args: &Args, input: impl BufRead, mut out: impl Write) -> Result<()> {
    let mut document = Document::new(&args.language);
    for line in input.lines() {
        let line = line.context("standard input cannot be read as UTF-8 lines")?;
        let column = if line.contains('\t') { '\t' } else { ' ' };
        let token = line.split(column).next().unwrap_or_default().trim();
        if token == DOCUMENT {
            write(tagger, &mut document, &mut out)?;
            writeln!(out, "{DOCUMENT}\tO")?;
        } else if token.is_empty() {
            document.end_sentence();
            if args.sentences != 0 && document.sentences() >= args.sentences {
                write(tagger, &mut document, &mut out)?;
            }
        } else {
            document.push(token);
        }
    }
    write(tagger, &mut document, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Tags what was collected, writes it and begins anew.
fn write(tagger: &Tagger, document: &mut Document, out: &mut impl Write) -> Result<()> {
    let (tags, _) = tagger.tag(document.text(), Hints::default());
    document.write(&tags, out)?;
    Ok(())
}
