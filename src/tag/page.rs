//! What the finders share: the tokens of a text, read against the gazetteer.

use rustc_hash::FxHashMap;

use super::clitics::{Form, Forms};
use super::gazetteer::{Facts, Gazetteer, WordId, flag};
use super::tokens::{Kind, Tokens};
use crate::record::MatchSpan;

/// The tokens of one text and what is known of each.
pub(super) struct Page<'a> {
    pub tokens: Tokens<'a>,
    pub gazetteer: &'a Gazetteer,
    /// Which of the words each token is.
    numbers: Vec<usize>,
    words: Vec<Word>,
    /// Number of each word, by its text.
    known: FxHashMap<&'a str, usize>,
}

/// A word, number or mark of the page read against the gazetteer, once for all
/// tokens that read the same; marks and numbers have no facts.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// The first such token.
    first: usize,
    forms: Option<Forms>,
    facts: Facts,
    /// Marks of any of its readings.
    flags: u16,
    known: bool,
    /// No name begins here: a preposition that is spelled like one.
    closed: bool,
}

/// One reading of a token as part of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub facts: Facts,
    /// Bytes of clitics before the name.
    pub cut: u8,
    pub preposition: bool,
    /// The gazetteer's word list has it.
    pub known: bool,
}

impl<'a> Page<'a> {
    /// `is_ali` says whether a token that reads على or علي is the name.
    pub(super) fn new(tokens: Tokens<'a>, gazetteer: &'a Gazetteer, is_ali: impl Fn(usize, MatchSpan) -> bool) -> Self {
        let mut words = Vec::new();
        let mut numbers = Vec::with_capacity(tokens.len());
        let mut known = FxHashMap::default();
        // The name and the preposition, which read the same.
        let mut ali: [Option<usize>; 2] = [None, None];
        for index in 0..tokens.len() {
            let text = tokens.word(index);
            let named = text == ALI && is_ali(index, tokens.span(index, index, 0));
            let new = || {
                words.push(word(&tokens, gazetteer, index, named));
                words.len() - 1
            };
            let number = if text == ALI {
                *ali[usize::from(named)].get_or_insert_with(new)
            } else {
                *known.entry(text).or_insert_with(new)
            };
            numbers.push(number);
        }
        known.extend(ali.into_iter().flatten().map(|number| (ALI, number)));
        Self { tokens, gazetteer, numbers, words, known }
    }

    fn word(&self, index: usize) -> Option<&Word> {
        self.numbers.get(index).and_then(|number| self.words.get(*number))
    }

    /// Which of the page's words the token is, counted from 0 on.
    pub(super) fn number(&self, index: usize) -> usize {
        self.numbers.get(index).copied().unwrap_or_default()
    }

    /// The first token of each of the page's words.
    pub(super) fn firsts(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().map(|word| word.first)
    }

    /// Some token is just that word.
    pub(super) fn has(&self, text: &str) -> bool {
        self.known.get(text).and_then(|number| self.words.get(*number)).is_some_and(|word| word.forms.is_some())
    }

    pub(super) const fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn facts(&self, index: usize) -> Facts {
        self.word(index).map(|word| word.facts).unwrap_or_default()
    }

    pub(super) fn is(&self, index: usize, flags: u16) -> bool {
        self.facts(index).is(flags)
    }

    pub(super) fn known(&self, index: usize) -> bool {
        self.word(index).is_some_and(|word| word.known)
    }

    /// The token's readings that may begin a name.
    pub(super) fn starts(&self, index: usize) -> impl Iterator<Item = Form> + '_ {
        let word = self.word(index).filter(|word| !word.closed);
        word.and_then(|word| word.forms.as_ref()).into_iter().flat_map(Forms::iter)
    }

    /// The token inside a name: nothing is split off.
    pub(super) fn inner(&self, index: usize) -> Option<WordId> {
        self.word(index).and_then(|word| word.forms.as_ref()).and_then(|forms| forms.whole().word)
    }

    /// The whole token, and then what is left of it without prefixes.
    pub(super) fn readings(&self, index: usize) -> impl Iterator<Item = Reading> + '_ {
        let word = self.word(index).filter(|word| !word.closed && word.forms.is_some());
        let whole = word.map(|word| Reading { facts: word.facts, cut: 0, preposition: false, known: word.known });
        whole.into_iter().chain(self.starts(index).skip(1).filter_map(|form| {
            let facts = self.gazetteer.facts(form.word?);
            Some(Reading { facts, cut: form.cut, preposition: form.preposition, known: true })
        }))
    }

    /// Some reading has one of the flags: cheaper than asking which.
    pub(super) fn may_be(&self, index: usize, flags: u16) -> bool {
        self.word(index).is_some_and(|word| word.flags & flags != 0)
    }

    /// The first reading that has one of the flags.
    pub(super) fn reading(&self, index: usize, flags: u16) -> Option<Reading> {
        if !self.may_be(index, flags) {
            return None;
        }
        self.readings(index).find(|reading| reading.facts.is(flags))
    }

    /// The next token is the next word of the same sentence.
    pub(super) fn word_follows(&self, index: usize) -> bool {
        self.tokens.is_word(index + 1)
    }

    /// Index of the token before, if it is a word of the same sentence.
    pub(super) fn word_before(&self, index: usize) -> Option<usize> {
        index.checked_sub(1).filter(|before| self.tokens.is_word(*before))
    }

    /// With an article, be it after a conjunction or a preposition.
    pub(super) fn definite(&self, index: usize) -> bool {
        is_definite(self.tokens.word(index))
    }

    pub(super) fn is_quote(&self, index: usize) -> bool {
        self.tokens.kind(index) == Kind::Quote
    }

    /// The words inside the quotation marks that open at `index`: first and
    /// last token, if they close within `most` tokens of the same sentence.
    pub(super) fn quoted(&self, index: usize, most: usize) -> Option<(usize, usize)> {
        if !self.is_quote(index) {
            return None;
        }
        let close =
            (index + 1..=index + 1 + most).find(|at| !matches!(self.tokens.kind(*at), Kind::Word | Kind::Number))?;
        (self.is_quote(close) && close > index + 1).then_some((index + 1, close - 1))
    }
}

pub(super) fn is_definite(word: &str) -> bool {
    word.len() > 6 && (word.starts_with("ال") || word.starts_with("لل"))
}

/// على and علي as they are matched.
const ALI: &str = "علي";

/// `named`: where it reads like the preposition, it is the name.
fn word(tokens: &Tokens<'_>, gazetteer: &Gazetteer, first: usize, named: bool) -> Word {
    let nothing = Word { first, forms: None, facts: Facts::default(), flags: 0, known: false, closed: false };
    if tokens.kind(first) != Kind::Word {
        return nothing;
    }
    let text = tokens.word(first);
    let forms = Forms::new(text, gazetteer);
    let known = forms.whole().word;
    let facts = known.map(|word| gazetteer.facts(word)).unwrap_or_default();
    let flags = forms.iter().filter_map(|form| form.word).fold(0, |flags, word| flags | gazetteer.facts(word).flags);
    let word = Word { first, forms: Some(forms), facts, flags, known: known.is_some(), closed: false };
    if text != ALI {
        return word;
    }
    if named {
        let facts = Facts { zipf: 4.5, person: 0.9, given: 13, surname: 10, flags: flag::NAME_TOKEN, ..facts };
        return Word { facts, ..word };
    }
    Word {
        closed: true,
        facts: Facts { person: 0.0, given: 0, surname: 0, flags: flag::STOP | flag::LOCATIVE, ..facts },
        ..word
    }
}
