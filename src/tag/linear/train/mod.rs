//! Labelled articles in, the bytes of a model out: the same on each run.
//!
//! A conditional random field over hashed features, learned by gradient steps
//! (Adagrad) with features left out at random. Each feature has a weight that
//! all corpora share and one for each corpus, so that what they agree on is
//! learned from all and what they do not from each. The second reading is
//! learned on what models saw that were trained without the article.

mod corpora;
mod learn;
mod words;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::chain::Chain;
use super::context::{self, Context};
use super::file::{self, Content, LEVELS};
use super::passes::FirstPass;
use super::paths::{Factors, Paths};
use super::words::{Split, Word, numbered};
use super::{AROUND, CONVENTIONS, Convention, REACH, around, cache, certainty, sequences, spans};
use crate::tag::Tagger;
use crate::tag::labels::{OUTSIDE, Row};
use corpora::{Article, Corpus};
pub use corpora::{Corpora, CorpusError};
use learn::{Example, Settings, Weights};
pub use words::{WordTable, WordTableError};

/// Parts of the articles; each is read by a model that learned from the others.
const PARTS: usize = 4;
/// What a first reading counts beside a second.
const FIRST: f32 = 0.2;
/// A row of weights that are all smaller is dropped.
const LEAST: f32 = 0.1;
/// What one step of a written weight stands for.
const SCALE: f32 = 0.02;

/// What a model was made of, for the one who made it.
#[derive(Debug)]
pub struct Report {
    /// Sentences and tokens of each corpus.
    pub corpora: Vec<(String, usize, usize)>,
    /// Rows with a weight, of all rows.
    pub rows: (usize, usize),
    /// Of each level of certainty from the lowest.
    pub reliability: Vec<Level>,
}

/// How sure, and how often right in articles that the model had not seen.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub from: f32,
    pub to: f32,
    /// Chance that a name is right.
    pub right: f32,
    pub names: usize,
}

/// Learns a model. `tagger` must not have one: its lists and rules are what the
/// model learns to trust.
#[must_use]
pub fn train(tagger: &Tagger, corpora: &Corpora, words: &WordTable) -> (Vec<u8>, Report) {
    let examples = examples(tagger, corpora, words);
    let settings = Settings::default();
    let count = corpora.corpora.len().max(CONVENTIONS);
    let first = learn::in_parts(&examples, PARTS, count, settings);
    let mut second: Vec<Example> = Vec::with_capacity(2 * examples.len());
    for (example, labels) in examples.iter().zip(&first) {
        second.push(example.read_again(labels));
    }
    let reliability = reliability(&second, count, settings);
    second.extend(examples.into_iter().map(|example| example.weighing(FIRST)));
    let weights = learn::learn(&second.iter().collect::<Vec<_>>(), count, settings);
    let content = Content {
        sources: digest(tagger, corpora, words),
        steps: std::array::from_fn(|convention| weights.steps_of(convention)),
        reliability: reliability.map(|level| level.right),
        words: words.entries(),
        rows: std::array::from_fn(|convention| weights.rows_of(convention, LEAST).iter().map(written).collect()),
        scale: SCALE,
    };
    let sizes = |corpus: &Corpus| {
        let sentences = corpus.articles.iter().flatten();
        (corpus.name.clone(), sentences.clone().count(), sentences.map(Vec::len).sum())
    };
    let kept = content.rows[0].iter().filter(|row| row.iter().any(|weight| *weight != 0)).count();
    let report = Report {
        corpora: corpora.corpora.iter().map(sizes).collect(),
        rows: (kept, content.rows[0].len()),
        reliability: reliability.to_vec(),
    };
    (content.write(), report)
}

/// Short hash of all that a model is learned from.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // half a hash tells as well
pub fn digest(tagger: &Tagger, corpora: &Corpora, words: &WordTable) -> u32 {
    let mut hash = Xxh3::new();
    hash.update(&tagger.gazetteer.hash().to_le_bytes());
    for corpus in &corpora.corpora {
        hash.update(corpus.name.as_bytes());
        hash.update(&corpus.weight.to_bits().to_le_bytes());
        for (token, label) in corpus.articles.iter().flatten().flatten() {
            hash.update(token.as_bytes());
            hash.update(&label.to_le_bytes());
        }
    }
    for (word, entry) in words.entries() {
        hash.update(&word.to_le_bytes());
        hash.update(&[entry.fine.to_le_bytes().as_slice(), &[entry.coarse], &entry.seen].concat());
    }
    hash.digest() as u32
}

#[allow(clippy::cast_possible_truncation)] // clamped
fn written(row: &Row<f32>) -> Row<i8> {
    row.map(|weight| (weight / SCALE).round().clamp(-127.0, 127.0) as i8)
}

fn examples(tagger: &Tagger, corpora: &Corpora, words: &WordTable) -> Vec<Example> {
    let mut examples = Vec::new();
    for (number, corpus) in corpora.corpora.iter().enumerate() {
        for article in &corpus.articles {
            examples.push(example(tagger, article, words, number, corpus.weight));
        }
    }
    examples
}

fn example(tagger: &Tagger, article: &Article, words: &WordTable, corpus: usize, weight: f32) -> Example {
    let tokens: Vec<Vec<&str>> =
        article.iter().map(|sentence| sentence.iter().map(|(token, _)| token.as_str()).collect()).collect();
    let mut gold = Vec::new();
    for sentence in article {
        gold.extend(sentence.iter().map(|(_, label)| *label));
        gold.push(OUTSIDE);
    }
    tagger.on_page(&tokens, |page, _| {
        let said = tagger.proposals(page);
        let splits: Vec<Split<'_>> = (0..page.len()).map(|index| Split::new(page, index)).collect();
        let read: Vec<Word> = splits.iter().map(|split| split.read(words)).collect();
        let profiles: Vec<_> = read.iter().map(|word| word.profile).collect();
        let stems = numbered(profiles.iter().map(|profile| profile.stem), &mut FxHashMap::default());
        let context = Context::new(page, &stems, &said.mentions, &said.candidates);
        let outside = Word::outside();
        let mut example = Example::new(corpus, weight, sequences(page), gold);
        for index in 0..page.len() {
            let mut features = Vec::new();
            for place in 0..AROUND {
                let at = (index + REACH).checked_sub(place);
                let word = at.and_then(|at| read.get(at)).unwrap_or(&outside);
                features.extend(cache::seen_from(word, place));
            }
            features.extend(context::beside(&around(&profiles, index)));
            context.features(index, profiles[index], false, |feature| features.push(feature));
            example.push(&features, splits.get(index).is_some_and(Split::is_word), profiles[index]);
        }
        example
    })
}

/// How often names of each level of certainty are right in articles that the
/// model did not learn from: in this project's own, for it is articles that are
/// told a confidence; in all where there are none.
fn reliability(examples: &[Example], corpora: usize, settings: Settings) -> [Level; LEVELS.len()] {
    let mut counts = [(0_usize, 0_usize); LEVELS.len()];
    let all: Vec<&Example> = examples.iter().collect();
    let news = Convention::News as usize;
    let own = all.iter().any(|example| example.corpus == news);
    learn::each_part(&all, PARTS, corpora, settings, |weights, example| {
        let mut names = Vec::new();
        if own && example.corpus != news {
            return names;
        }
        let steps = weights.steps_of(example.corpus);
        let (chain, factors) = (Chain::new(&steps, SCALE), Factors::new(&steps, SCALE));
        for &(first, last) in &example.sequences {
            let scores = weights.scores(example, (first, last));
            let mut labels = Vec::new();
            learn::best(&chain, &scores, &mut labels);
            let chances: Vec<Row<f32>> = Paths::new(&scores, &factors).chances().collect();
            let gold = spans(example.gold.get(first..last).unwrap_or_default());
            for (from, to, kind) in spans(&labels) {
                names.push((certainty(chances[from..=to].iter(), kind), gold.contains(&(from, to, kind))));
            }
        }
        names
    })
    .into_iter()
    .flatten()
    .for_each(|(certainty, right)| {
        let (known, names) = &mut counts[file::level(certainty)];
        *known += usize::from(right);
        *names += 1;
    });
    std::array::from_fn(|level| {
        let (from, to) = (LEVELS[level], LEVELS.get(level + 1).copied().unwrap_or(1.0));
        let (right, names) = counts[level];
        // Of a level with few names little is known but its own certainty.
        #[allow(clippy::cast_precision_loss)] // counts of names
        let right = (right as f32 + 2.0 * f32::midpoint(from, to)) / (names as f32 + 2.0);
        Level { from, to, right, names }
    })
}

impl Example {
    /// The same tokens with what a first reading made of the article.
    fn read_again(&self, labels: &[usize]) -> Self {
        let stems = numbered(self.profiles.iter().map(|(_, profile)| profile.stem), &mut FxHashMap::default());
        let is_word = |index: usize| self.profiles.get(index).is_some_and(|(is_word, _)| *is_word);
        let passed = FirstPass::new(labels, &stems, is_word);
        let mut again = Self::new(self.corpus, self.weight, self.sequences.clone(), self.gold.clone());
        for (index, (is_word, profile)) in self.profiles.iter().enumerate() {
            let mut features = self.features(index).to_vec();
            passed.features(index, stems.get(index).copied().unwrap_or_default(), |feature| features.push(feature));
            again.push(&features, *is_word, *profile);
        }
        again
    }
}

impl Weights {
    fn scores(&self, example: &Example, (first, last): (usize, usize)) -> Vec<Row<f32>> {
        (first..last).map(|index| self.score(example.features(index), example.corpus)).collect()
    }
}

#[cfg(test)]
mod reliability;
#[cfg(test)]
mod tests;
