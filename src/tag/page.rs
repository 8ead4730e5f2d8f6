//! What the finders share: the tokens of a text, read against the gazetteer.

use super::clitics::{Form, Forms};
use super::gazetteer::{Facts, Gazetteer, WordId, flag};
use super::tokens::{Kind, Tokens};
use crate::record::MatchSpan;

/// The tokens of one text and what is known of each.
pub(super) struct Page<'a> {
    pub tokens: Tokens<'a>,
    pub gazetteer: &'a Gazetteer,
    words: Vec<Word>,
}

/// A token read against the gazetteer; marks and numbers have no facts.
#[derive(Debug, Clone, Copy)]
struct Word {
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
        let words = (0..tokens.len()).map(|index| word(&tokens, gazetteer, index, &is_ali)).collect();
        Self { tokens, gazetteer, words }
    }

    pub(super) const fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn facts(&self, index: usize) -> Facts {
        self.words.get(index).map(|word| word.facts).unwrap_or_default()
    }

    pub(super) fn is(&self, index: usize, flags: u16) -> bool {
        self.facts(index).is(flags)
    }

    pub(super) fn known(&self, index: usize) -> bool {
        self.words.get(index).is_some_and(|word| word.known)
    }

    /// The token's readings that may begin a name.
    pub(super) fn starts(&self, index: usize) -> impl Iterator<Item = Form> + '_ {
        let word = self.words.get(index).filter(|word| !word.closed);
        word.and_then(|word| word.forms.as_ref()).into_iter().flat_map(Forms::iter)
    }

    /// The token inside a name: nothing is split off.
    pub(super) fn inner(&self, index: usize) -> Option<WordId> {
        self.words.get(index).and_then(|word| word.forms.as_ref()).and_then(|forms| forms.whole().word)
    }

    /// The whole token, and then what is left of it without prefixes.
    pub(super) fn readings(&self, index: usize) -> impl Iterator<Item = Reading> + '_ {
        let word = self.words.get(index).filter(|word| !word.closed && word.forms.is_some());
        let whole = word.map(|word| Reading { facts: word.facts, cut: 0, preposition: false, known: word.known });
        whole.into_iter().chain(self.starts(index).skip(1).filter_map(|form| {
            let facts = self.gazetteer.facts(form.word?);
            Some(Reading { facts, cut: form.cut, preposition: form.preposition, known: true })
        }))
    }

    /// Some reading has one of the flags: cheaper than asking which.
    pub(super) fn may_be(&self, index: usize, flags: u16) -> bool {
        self.words.get(index).is_some_and(|word| word.flags & flags != 0)
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

fn word(tokens: &Tokens<'_>, gazetteer: &Gazetteer, index: usize, is_ali: &impl Fn(usize, MatchSpan) -> bool) -> Word {
    let nothing = Word { forms: None, facts: Facts::default(), flags: 0, known: false, closed: false };
    if tokens.kind(index) != Kind::Word {
        return nothing;
    }
    let text = tokens.word(index);
    let forms = Forms::new(text, gazetteer);
    let known = forms.whole().word;
    let facts = known.map(|word| gazetteer.facts(word)).unwrap_or_default();
    let flags = forms.iter().filter_map(|form| form.word).fold(0, |flags, word| flags | gazetteer.facts(word).flags);
    let word = Word { forms: Some(forms), facts, flags, known: known.is_some(), closed: false };
    if text != "علي" {
        return word;
    }
    if is_ali(index, tokens.span(index, index, 0)) {
        let facts = Facts { zipf: 4.5, person: 0.9, given: 13, surname: 10, flags: flag::NAME_TOKEN, ..facts };
        return Word { facts, ..word };
    }
    Word {
        closed: true,
        facts: Facts { person: 0.0, given: 0, surname: 0, flags: flag::STOP | flag::LOCATIVE, ..facts },
        ..word
    }
}
