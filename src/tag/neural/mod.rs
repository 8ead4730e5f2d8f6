//! Transformers that label words: the accurate tagger's own, and what a user
//! mounts.
//!
//! A model is handed in as bytes and answers for each word with log
//! probabilities of one set of labels (`tag/labels.rs`). Words are given as they are
//! shown, hamza and ة included, without vowel marks: so was what the accurate
//! tagger was trained on, and of folded words it finds a tenth less.
//!
//! The accurate tagger gives the same bits for the same words on every machine
//! and for any number of threads: products of matrices are sums of whole numbers,
//! everything else is computed in a fixed order without fused operations. A
//! mounted one multiplies in f32: any number of threads, but processors of one
//! kind.

use std::borrow::Cow;
#[cfg(feature = "mount")]
use std::collections::BTreeMap;

use super::labels::Row;
use super::model::Heard;
use super::page::Page;
use super::tokens;
use crate::letters;
use crate::record::Text;
use labels::Labels;
use network::{Network, Sentence};

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

/// A transformer that labels words; built once, shared by all threads.
#[derive(Debug)]
pub struct Neural {
    network: Reader,
    labels: Labels,
    hash: u64,
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
        let labels = Labels::new(network.labels(), labels::usual)
            .map_err(|label| NetworkError::Inconsistent(format!("label {label:?} has no type")))?;
        Ok(Self { network: Reader::Accurate(Box::new(network)), labels, hash })
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
        let labels = mount::labels(mounted.labels(), labels)?;
        Ok(Self { network: Reader::Mounted(Box::new(mounted)), labels, hash })
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
    /// in display form, without vowel marks.
    #[must_use]
    pub fn scores(&self, sentences: &[Vec<&str>]) -> Vec<Vec<Row<f32>>> {
        self.read(sentences, usize::MAX, &mut || false).unwrap_or_default().0
    }

    /// The same for the first sentences, as far as `budget` pieces go; the
    /// others get none. The second is whether there were others. Nothing where
    /// it became late.
    pub(super) fn read<W: AsRef<str>>(
        &self,
        sentences: &[Vec<W>],
        budget: usize,
        late: &mut dyn FnMut() -> bool,
    ) -> Option<(Vec<Vec<Row<f32>>>, bool)> {
        let (mut parts, mut kept) = (Vec::new(), Vec::new());
        let (mut spent, mut cut) = (0_usize, false);
        let mut cutter = Cutter { network: &self.network, scratch: pieces::Scratch::default() };
        for (index, words) in sentences.iter().enumerate() {
            let before = parts.len();
            cutter.push(words, |part, keep| {
                spent = spent.saturating_add(part.pieces.len());
                parts.push(part);
                kept.push((index, keep));
            });
            if spent > budget {
                parts.truncate(before);
                cut = true;
                break;
            }
        }
        let mut scores = vec![Vec::new(); sentences.len()];
        for (logits, (index, keep)) in self.network.logits(&parts, late)?.iter().zip(kept) {
            let words = logits.chunks_exact(self.network.labels().len()).skip(keep.start).take(keep.len());
            if let Some(into) = scores.get_mut(index) {
                Vec::extend(into, words.map(|logits| self.labels.scores(logits)));
            }
        }
        Some((scores, cut))
    }

    /// Reads an article, or of it what `budget` pieces hold.
    pub(super) fn read_words(
        &self,
        page: &Page<'_>,
        words: &Words<'_>,
        budget: usize,
        late: &mut dyn FnMut() -> bool,
    ) -> Option<Heard> {
        let texts: Vec<Vec<&str>> =
            words.sentences.iter().map(|words| words.iter().map(|(_, word)| word.as_ref()).collect()).collect();
        let (scores, cut) = self.read(&texts, budget, late)?;
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
    fn labels(&self) -> &[String] {
        match self {
            Self::Accurate(network) => network.labels(),
            #[cfg(feature = "mount")]
            Self::Mounted(mounted) => mounted.labels(),
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

/// Sentences → what the network reads.
struct Cutter<'a> {
    network: &'a Reader,
    scratch: pieces::Scratch,
}

impl Cutter<'_> {
    /// One part or more, each with its words whose answer counts.
    fn push<W: AsRef<str>>(&mut self, words: &[W], mut take: impl FnMut(Sentence, std::ops::Range<usize>)) {
        let (begin, end) = self.network.marks();
        let room = self.network.longest() - 2;
        let (mut pieces, mut counts) = (Vec::new(), Vec::with_capacity(words.len()));
        let mut starts = Vec::with_capacity(words.len());
        for word in words {
            let start = pieces.len();
            self.network.cut(word.as_ref(), &mut self.scratch, &mut pieces);
            pieces.truncate(start + room);
            starts.push(start);
            counts.push(pieces.len() - start);
        }
        for window in windows::windows(&counts, room) {
            let (Some(from), Some(last)) = (starts.get(window.read.start), window.read.end.checked_sub(1)) else {
                break;
            };
            let to = starts.get(last).zip(counts.get(last)).map_or(*from, |(start, count)| start + count);
            let inner = pieces.get(*from..to).unwrap_or_default();
            let sentence = Sentence {
                pieces: [begin].iter().chain(inner).chain(&[end]).copied().collect(),
                words: starts.iter().skip(window.read.start).take(window.read.len()).map(|at| 1 + at - from).collect(),
            };
            let skipped = window.keep.start - window.read.start;
            take(sentence, skipped..skipped + window.keep.len());
        }
    }
}
