//! What `make bench-tag` asks of warraq: how fast its taggers are, and how well a set of
//! labels agrees with another.
//!
//! ```sh
//! taggers speed CORPUS MODELS             # both taggers on it, as JSON
//! taggers label MODEL MODELS CONVENTION   # a fast model's labels, from input to output
//! taggers score                           # F1 of `token<TAB>gold<TAB>said`, as JSON
//! ```
//!
//! CORPUS and input are `token<TAB>label` lines with blank ones between sentences and
//! `-DOCSTART-` before a document; MODELS is the folder of the shipped files.

#![allow(clippy::print_stdout)] // a figure is what it is for

use std::error::Error;
use std::hint::black_box;
use std::io::{Read as _, stdin};
use std::path::Path;
use std::sync::Arc;

use warraq::eval::{Labels, Sentence, Tag, Tally};
use warraq::letters;
use warraq::record::{Block, DisplaySpan, EditsBuilder, Language, Text};
use warraq::tag::linear::{Convention, Linear};
use warraq::tag::{Gazetteer, Hints, Neural, Options, Tagger};
use warraq_bench::passes_a_second;

/// As in the worker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Documents of sentences of rows, of columns.
type Corpus<'a> = Vec<Vec<Vec<Vec<&'a str>>>>;

fn corpus(text: &str) -> Corpus<'_> {
    let mut corpus = vec![vec![vec![]]];
    for line in text.lines() {
        let row: Vec<&str> = line.split('\t').collect();
        match row.first() {
            Some(&"-DOCSTART-") => corpus.push(vec![vec![]]),
            Some(&"") | None => corpus.last_mut().into_iter().for_each(|document| document.push(vec![])),
            _ => corpus.last_mut().and_then(|document| document.last_mut()).into_iter().for_each(|sentence| {
                sentence.push(row.clone());
            }),
        }
    }
    corpus.iter_mut().for_each(|document| document.retain(|sentence| !sentence.is_empty()));
    corpus.retain(|document| !document.is_empty());
    corpus
}

/// An article as a worker has it once it is normalized: a paragraph for each sentence.
fn article(sentences: &[Vec<Vec<&str>>]) -> Text {
    let (mut display, mut blocks) = (String::new(), Vec::new());
    for sentence in sentences {
        if !display.is_empty() {
            display.push('\n');
        }
        let start = display.len();
        for word in sentence.iter().filter_map(|row| row.first()) {
            if display.len() > start && word.contains(char::is_alphanumeric) {
                display.push(' ');
            }
            display.push_str(word);
        }
        blocks.push(Block { span: DisplaySpan::new(start, display.len()), ..Block::default() });
    }
    let (mut edits, mut matched) = (EditsBuilder::new(), String::new());
    letters::fold_display(&display, &mut matched, |kept, from, to| {
        edits.keep(kept);
        edits.replace(from, to);
    });
    let language = Language { tag: "ar".to_owned(), confidence: 1.0, right_to_left: true };
    Text { display, matched, edits: edits.build(), blocks, language, ..Text::default() }
}

fn tagger(models: &Path, model: &Path) -> Result<Tagger, Box<dyn Error>> {
    let gazetteer = Gazetteer::new(std::fs::read(models.join("gazetteer.bin"))?)?;
    let linear = Linear::new(std::fs::read(model)?)?;
    let tagger = Tagger::new(&Options::default(), gazetteer, &[]);
    Ok(tagger.map_err(|invalid| format!("{invalid:?}"))?.with_linear(linear))
}

fn speed(file: &Path, models: &Path) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let articles: Vec<Text> = corpus(&text).iter().map(|document| article(document)).collect();
    let bytes: usize = articles.iter().map(|text| text.matched.len()).sum();
    let words: usize = articles.iter().map(|text| text.matched.split_whitespace().count()).sum();
    let fast = tagger(models, &models.join("fast.bin"))?;
    let passes = passes_a_second(&articles, 16, |text| drop(black_box(fast.tag(text, Hints::default()))))?;
    let network = Arc::new(Neural::accurate(std::fs::read(models.join("accurate.bin"))?)?);
    let accurate = tagger(models, &models.join("fast.bin"))?.with_neural(network);
    let slow = passes_a_second(&articles, 1, |text| drop(black_box(accurate.tag(text, Hints::default()))))?;
    println!(
        r#"{{"words": {words}, "bytes": {bytes}, "fast": {:.0}, "accurate": {:.0}}}"#,
        passes * words as f64,
        slow * words as f64
    );
    Ok(())
}

fn input() -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn label(model: &Path, models: &Path, convention: Convention) -> Result<(), Box<dyn Error>> {
    let tagger = tagger(models, model)?;
    for document in corpus(&input()?) {
        let sentences: Vec<Vec<&str>> =
            document.iter().map(|sentence| sentence.iter().filter_map(|row| row.first().copied()).collect()).collect();
        for (sentence, said) in document.iter().zip(tagger.conll(&sentences, convention)) {
            sentence.iter().zip(said).for_each(|(row, said)| println!("{}\t{said}", row.join("\t")));
            println!();
        }
    }
    Ok(())
}

fn score() -> Result<(), Box<dyn Error>> {
    let (labels, mut tally) = (Labels::default(), Tally::default());
    let text = input()?;
    for sentence in corpus(&text).iter().flatten() {
        let column = |at: usize| sentence.iter().map(move |row| row.get(at).copied().unwrap_or_default());
        let tags = |at: usize| column(at).map(|tag| labels.read(tag)).collect::<Result<Vec<Tag>, _>>();
        let tokens: Vec<&str> = column(0).collect();
        tally.add(&Sentence { tokens: &tokens, gold: &tags(1)?, said: &tags(2)? });
    }
    println!("{:.1}", 100.0 * tally.report(0).all.f1);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["speed", corpus, models] => speed(Path::new(corpus), Path::new(models)),
        ["label", model, models, convention] => label(Path::new(model), Path::new(models), convention.parse()?),
        ["score"] => score(),
        _ => Err("usage: taggers speed CORPUS MODELS | label MODEL MODELS CONVENTION | score".into()),
    }
}
