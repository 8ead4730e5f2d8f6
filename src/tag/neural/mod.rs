//! Transformers that label words: the accurate tagger's own, and what a user
//! mounts.
//!
//! A model is handed in as bytes and answers for each word with log
//! probabilities of one set of labels (`tag/labels.rs`). Words are given as they are
//! shown, hamza and ة included, without vowel marks: so was what the accurate
//! tagger was trained on. It reads the sentences of an article in passages, a
//! mounted model one by one.
//!
//! The accurate tagger gives the same bits for the same words on every machine
//! and for any number of threads: products of matrices are sums of whole numbers,
//! everything else is computed in a fixed order without fused operations. A
//! mounted one multiplies in f32: any number of threads, but processors of one
//! kind.

use std::borrow::Cow;
#[cfg(feature = "mount")]
use std::collections::BTreeMap;
use std::ops::Range;

use super::labels::Row;
use super::linear::{CONVENTIONS, Convention};
use super::model::Heard;
use super::page::Page;
use super::tokens;
use crate::letters;
use crate::record::Text;
use labels::Labels;
use network::{Network, Sentence};

mod attention;
mod file;
mod labels;
mod math;
#[cfg(feature = "mount")]
mod mount;
mod network;
mod pieces;
#[cfg(test)]
mod tests;
mod windows;

pub use file::NetworkError;
#[cfg(feature = "mount")]
pub use mount::{Folder, MountError};

/// Pieces of the passages that the accurate tagger was trained on.
const PASSAGE: usize = 158;

/// A transformer that labels words; built once, shared by all threads.
#[derive(Debug)]
pub struct Neural {
    network: Reader,
    /// By convention.
    heads: [Head; CONVENTIONS],
    hash: u64,
}

/// The numbers that answer by one convention.
#[derive(Debug, Clone)]
struct Head {
    /// Of those that the network gives for a word.
    columns: Range<usize>,
    labels: Labels,
}

/// What answers for words.
#[derive(Debug)]
enum Reader {
    Accurate(Box<Network>),
    #[cfg(feature = "mount")]
    Mounted(Box<mount::Mounted>),
}

/// The words of an article as a model reads them, a sentence each.
#[derive(Debug, Default)]
pub(super) struct Words<'a> {
    /// Token and word.
    sentences: Vec<Vec<(usize, Cow<'a, str>)>>,
}

impl Neural {
    /// The accurate tagger, of the bytes of `models/accurate.bin`.
    ///
    /// # Errors
    /// Where they are damaged or of another version.
    pub fn accurate(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, NetworkError> {
        let bytes = bytes.into();
        let hash = xxhash_rust::xxh3::xxh3_64(&bytes);
        let network = Network::new(bytes)?;
        let [news, newswire] = network.labels();
        let head = |start: usize, names: &[String]| {
            let labels = Labels::new(names, labels::usual)
                .map_err(|label| NetworkError::Inconsistent(format!("label {label:?} has no type")))?;
            Ok(Head { columns: start..start + names.len(), labels })
        };
        let heads = [head(0, news)?, head(news.len(), newswire)?];
        Ok(Self { network: Reader::Accurate(Box::new(network)), heads, hash })
    }

    /// A token classifier of the user's own, from a directory that transformers
    /// wrote. `labels` says what its labels mean, where their names do not;
    /// `together` windows are read at once.
    ///
    /// # Errors
    /// The first file that is missing, broken, or does not fit the others.
    #[cfg(feature = "mount")]
    pub fn mounted(
        folder: &dyn Folder,
        labels: &BTreeMap<String, super::Meaning>,
        together: usize,
    ) -> Result<Self, MountError> {
        let (mounted, hash) = mount::Mounted::open(folder, together)?;
        let head = Head { columns: 0..mounted.labels().len(), labels: mount::labels(mounted.labels(), labels)? };
        Ok(Self { network: Reader::Mounted(Box::new(mounted)), heads: [head.clone(), head], hash })
    }

    /// What it is, in a line.
    #[must_use]
    pub fn told(&self) -> String {
        let what = match &self.network {
            Reader::Accurate(_) => "the accurate tagger of this build".to_owned(),
            #[cfg(feature = "mount")]
            Reader::Mounted(mounted) => mounted.told(),
        };
        format!("{what}; content {:016x}", self.hash)
    }

    /// Whether its labels are the names, rather than one voice among several.
    pub(super) const fn decides(&self) -> bool {
        !matches!(self.network, Reader::Accurate(_))
    }

    /// Hash of the model's content, for provenance.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// Log probabilities of the labels of each word of each sentence. Words are
    /// in display form, without vowel marks; sentences follow each other in the
    /// text.
    #[must_use]
    pub fn scores(&self, sentences: &[Vec<&str>], convention: Convention) -> Vec<Vec<Row<f32>>> {
        self.read(sentences, convention, usize::MAX, &mut || false).unwrap_or_default().0
    }

    /// The same for the first sentences, as far as `budget` pieces go; the
    /// others get none. The second is whether there were others. Nothing where
    /// it became late.
    pub(super) fn read<W: AsRef<str>>(
        &self,
        sentences: &[Vec<W>],
        convention: Convention,
        budget: usize,
        late: &mut dyn FnMut() -> bool,
    ) -> Option<(Vec<Vec<Row<f32>>>, bool)> {
        let mut passages = Passages::new(&self.network);
        let fits = sentences.iter().take_while(|words| passages.push(words, budget)).count();
        let (parts, kept) = passages.windows();
        let logits = self.network.logits(&parts, late)?;
        let Head { columns, labels } = &self.heads[convention as usize];
        let each_word = |(logits, keep): (&Vec<f32>, Range<usize>)| {
            let words = logits.chunks_exact(self.network.columns()).skip(keep.start).take(keep.len());
            words.map(|logits| labels.scores(logits.get(columns.clone()).unwrap_or_default())).collect::<Vec<_>>()
        };
        let mut words = logits.iter().zip(kept).flat_map(each_word);
        let mut scores: Vec<Vec<Row<f32>>> =
            sentences.iter().take(fits).map(|sentence| words.by_ref().take(sentence.len()).collect()).collect();
        scores.resize(sentences.len(), Vec::new());
        Some((scores, fits < sentences.len()))
    }

    /// Reads an article, or of it what `budget` pieces hold.
    pub(super) fn read_words(
        &self,
        page: &Page<'_>,
        words: &Words<'_>,
        convention: Convention,
        budget: usize,
        late: &mut dyn FnMut() -> bool,
    ) -> Option<Heard> {
        let texts: Vec<Vec<&str>> =
            words.sentences.iter().map(|words| words.iter().map(|(_, word)| word.as_ref()).collect()).collect();
        let (scores, cut) = self.read(&texts, convention, budget, late)?;
        let mut heard = Heard { scores: vec![None; page.len()], cut, decides: self.decides() };
        for (sentence, scores) in words.sentences.iter().zip(scores) {
            for ((token, _), scores) in sentence.iter().zip(scores) {
                if let Some(slot) = heard.scores.get_mut(*token) {
                    *slot = Some(scores);
                }
            }
        }
        Some(heard)
    }
}

impl Reader {
    /// Numbers that it gives for a word.
    fn columns(&self) -> usize {
        match self {
            Self::Accurate(network) => network.columns(),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.labels().len(),
        }
    }

    /// Pieces of sentences that are read as one passage, marks left out.
    const fn together(&self) -> usize {
        match self {
            Self::Accurate(_) => PASSAGE,
            #[cfg(feature = "mount")]
            Self::Mounted(_) => 0,
        }
    }

    /// Pieces of a sentence that can be read at once, marks included.
    fn longest(&self) -> usize {
        match self {
            Self::Accurate(network) => network.longest(),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.longest(),
        }
    }

    const fn marks(&self) -> (u32, u32) {
        match self {
            Self::Accurate(network) => network.marks(),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.marks(),
        }
    }

    fn cut(&self, word: &str, scratch: &mut pieces::Scratch, into: &mut Vec<u32>) {
        match self {
            Self::Accurate(network) => network.cut(word, scratch, into),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.cut(word, into),
        }
    }

    fn logits(&self, sentences: &[Sentence], late: &mut dyn FnMut() -> bool) -> Option<Vec<Vec<f32>>> {
        match self {
            Self::Accurate(network) => network.logits(sentences, late),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.logits(sentences, late),
        }
    }
}

impl<'a> Words<'a> {
    /// The words of a text. A line ends a sentence, and so does what the
    /// normalizer says.
    pub(super) fn of_text(text: &'a Text, page: &Page<'_>) -> Self {
        let mut ends = text.blocks.iter().flat_map(|block| &block.sentences).map(|sentence| sentence.end).peekable();
        let mut words = Self::default();
        words.sentences.push(Vec::new());
        for index in 0..page.len() {
            let span = tokens::shown(text, page.tokens.span(index, index, 0));
            let mut over = false;
            while ends.next_if(|end| *end <= span.start).is_some() {
                over = true;
            }
            if over || page.tokens.word(index) == "\n" {
                words.sentences.push(Vec::new());
            }
            words.push(index, text.shown(span));
        }
        words
    }

    /// Sentences that somebody else cut; `shown` has one word for each token,
    /// an empty one between two sentences.
    pub(super) fn given(shown: &[&'a str]) -> Self {
        let mut words = Self::default();
        words.sentences.push(Vec::new());
        for (index, word) in shown.iter().enumerate() {
            if word.is_empty() {
                words.sentences.push(Vec::new());
            }
            words.push(index, word);
        }
        words
    }

    fn push(&mut self, index: usize, word: &'a str) {
        let word = unmarked(word);
        if let Some(sentence) = self.sentences.last_mut().filter(|_| !word.trim().is_empty()) {
            sentence.push((index, word));
        }
    }
}

fn unmarked(word: &str) -> Cow<'_, str> {
    if word.contains(letters::is_mark) {
        return Cow::Owned(word.chars().filter(|letter| !letters::is_mark(*letter)).collect());
    }
    Cow::Borrowed(word)
}

/// Sentences → what the network reads: as many as fit together, one after the
/// other.
struct Passages<'a> {
    network: &'a Reader,
    passages: Vec<Passage>,
    scratch: pieces::Scratch,
    pieces: usize,
}

/// Words in a row, as pieces.
#[derive(Debug, Default)]
struct Passage {
    pieces: Vec<u32>,
    /// Of each word.
    counts: Vec<usize>,
}

impl<'a> Passages<'a> {
    fn new(network: &'a Reader) -> Self {
        Self { network, passages: Vec::new(), scratch: pieces::Scratch::default(), pieces: 0 }
    }

    /// Adds a sentence, unless all of it would be more than `budget` pieces.
    fn push<W: AsRef<str>>(&mut self, words: &[W], budget: usize) -> bool {
        let mut sentence = Passage::default();
        for word in words {
            let start = sentence.pieces.len();
            self.network.cut(word.as_ref(), &mut self.scratch, &mut sentence.pieces);
            sentence.pieces.truncate(start + self.room());
            sentence.counts.push(sentence.pieces.len() - start);
        }
        self.pieces = self.pieces.saturating_add(sentence.pieces.len());
        if self.pieces > budget {
            return false;
        }
        match self.passages.last_mut() {
            Some(last) if last.pieces.len() + sentence.pieces.len() <= self.network.together() => {
                last.pieces.append(&mut sentence.pieces);
                last.counts.append(&mut sentence.counts);
            }
            _ => self.passages.push(sentence),
        }
        true
    }

    fn room(&self) -> usize {
        self.network.longest() - 2
    }

    /// What is read at once, and the words of each whose answer counts.
    fn windows(&self) -> (Vec<Sentence>, Vec<Range<usize>>) {
        let (begin, end) = self.network.marks();
        let (mut parts, mut kept) = (Vec::new(), Vec::new());
        for Passage { pieces, counts } in &self.passages {
            let starts: Vec<usize> = counts
                .iter()
                .scan(0, |next, count| {
                    *next += count;
                    Some(*next - count)
                })
                .collect();
            for window in windows::windows(counts, self.room()) {
                let from = starts.get(window.read.start).copied().unwrap_or_default();
                let to = starts.get(window.read.end).copied().unwrap_or(pieces.len());
                let inner = pieces.get(from..to).unwrap_or_default();
                parts.push(Sentence {
                    pieces: [begin].iter().chain(inner).chain(&[end]).copied().collect(),
                    words: starts
                        .iter()
                        .skip(window.read.start)
                        .take(window.read.len())
                        .map(|at| 1 + at - from)
                        .collect(),
                });
                kept.push(window.keep.start - window.read.start..window.keep.end - window.read.start);
            }
        }
        (parts, kept)
    }
}
