//! `warraq eval --conll`: how well the tagger does on a labelled set.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};

use super::tag::{BATCH, DOCUMENT, Labeller, With};
use super::text;
use crate::eval::{Kind, Labels, Report, Sentence, Tag, Tally};

/// Score the tagger on labelled tokens
///
/// Reads lines with the token in the first column and its gold label in the
/// last (`token<TAB>B-PER`; spaces where there is no tab), blank lines between
/// sentences, `-DOCSTART-` before a document. The tagger sees the tokens as
/// `warraq tag --conll` does. Prints precision, recall and F1 by type, with and
/// without MISC (events and other names), counted as conlleval and seqeval
/// count; which types were taken for which; and the most frequent errors.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The labelled set; `-` for standard input
    #[arg(long, value_name = "FILE")]
    conll: PathBuf,
    #[command(flatten)]
    with: With,
    /// What a type of the file stands for: PER, ORG, LOC, MISC, or O for no
    /// name. May be repeated; PERS, GPE and others are known without
    #[arg(long, value_name = "NAME=TYPE", value_parser = mapping)]
    map: Vec<(String, Option<Kind>)>,
    /// Errors shown of each sort
    #[arg(long, value_name = "N", default_value_t = 10)]
    errors: usize,
    /// Print all of it as JSON
    #[arg(long)]
    json: bool,
}

fn mapping(text: &str) -> Result<(String, Option<Kind>), String> {
    let (name, kind) = text.split_once('=').ok_or("written NAME=TYPE")?;
    let found = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
    if name.is_empty() || (found.is_none() && kind != "O") {
        return Err("TYPE is one of PER, ORG, LOC, MISC, O".to_owned());
    }
    Ok((name.to_owned(), found))
}

/// # Errors
/// Where the configuration or the set cannot be read, or a label is unknown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let labeller = args.with.labeller()?;
    let mut labels = Labels::default();
    for (name, kind) in &args.map {
        labels.set(name, *kind);
    }
    let tally = if args.conll == Path::new("-") {
        score(&labeller, &labels, io::stdin().lock())
    } else {
        File::open(&args.conll).map_err(Into::into).and_then(|file| score(&labeller, &labels, BufReader::new(file)))
    };
    let report = tally.with_context(|| args.conll.display().to_string())?.report(args.errors);
    text::unless_closed(print(&report, args.json))?;
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report, json: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    out.flush()?;
    Ok(())
}

fn score(labeller: &Labeller, labels: &Labels, input: impl BufRead) -> Result<Tally> {
    let (mut tally, mut batch) = (Tally::default(), Batch::default());
    for (number, line) in (1..).zip(input.lines()) {
        let line = line.with_context(|| format!("line {number} cannot be read as UTF-8"))?;
        let row = row(&line, labels).with_context(|| format!("line {number}"))?;
        match row {
            Row::Document => batch.score(labeller, &mut tally)?,
            Row::Blank => {
                batch.open = false;
                if batch.sentences.len() > BATCH {
                    batch.score(labeller, &mut tally)?;
                }
            }
            Row::Token(token, tag) => batch.push(token, tag),
        }
    }
    batch.score(labeller, &mut tally)?;
    if tally.report(0).tokens == 0 {
        bail!("holds no token");
    }
    Ok(tally)
}

enum Row<'a> {
    Document,
    Blank,
    Token(&'a str, Tag),
}

fn row<'a>(line: &'a str, labels: &Labels) -> Result<Row<'a>> {
    let column = if line.contains('\t') { '\t' } else { ' ' };
    let mut columns = line.split(column).map(str::trim);
    let token = columns.next().unwrap_or_default();
    if token.is_empty() {
        return Ok(Row::Blank);
    }
    if token == DOCUMENT {
        return Ok(Row::Document);
    }
    let Some(label) = columns.rfind(|column| !column.is_empty()) else {
        bail!("one column, where a token and its label are read");
    };
    let tag = labels.read(label).map_err(|error| anyhow!("{error}; --map NAME=TYPE says what a type is"))?;
    Ok(Row::Token(token, tag))
}

/// Sentences that are tagged together, as [`super::tag`] takes them together.
#[derive(Default)]
struct Batch {
    sentences: Vec<(Vec<String>, Vec<Tag>)>,
    /// The last of them goes on.
    open: bool,
}

impl Batch {
    fn push(&mut self, token: &str, tag: Tag) {
        if !self.open {
            self.sentences.push(Default::default());
            self.open = true;
        }
        if let Some((tokens, tags)) = self.sentences.last_mut() {
            tokens.push(token.to_owned());
            tags.push(tag);
        }
    }

    /// Tags the sentences, counts them, and begins anew.
    fn score(&mut self, labeller: &Labeller, tally: &mut Tally) -> Result<()> {
        // Our own labels, which no mapping of the file's changes.
        let own = Labels::default();
        let tokens: Vec<Vec<&str>> =
            self.sentences.iter().map(|(tokens, _)| tokens.iter().map(String::as_str).collect()).collect();
        let said = labeller.tags(&tokens);
        for ((tokens, (_, gold)), said) in tokens.iter().zip(&self.sentences).zip(&said) {
            let said = said.iter().map(|label| own.read(label)).collect::<Result<Vec<_>, _>>()?;
            tally.add(&Sentence { tokens, gold, said: &said });
        }
        *self = Self::default();
        Ok(())
    }
}
