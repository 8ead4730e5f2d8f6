//! What the finders share: the tokens of a text, read against the gazetteer.

use super::aliases::Ending;
use super::clitics::{Form, Forms};
use super::dates::Said;
use super::gazetteer::{Facts, Gazetteer, WordId};
use super::tokens::{Kind, Tokens};
use super::vocabulary::{self, ALI, Vocabulary, Word};
use crate::record::MatchSpan;

/// The tokens of one text and what is known of each.
pub(super) struct Page<'a> {
    pub tokens: Tokens<'a>,
    pub gazetteer: &'a Gazetteer,
    pub vocabulary: Vocabulary,
    /// Number of each token's word in the vocabulary.
    ids: Vec<usize>,
    /// Which of the page's words each token is.
    numbers: Vec<usize>,
    /// The first token of each of the page's words.
    firsts: Vec<usize>,
    /// Opening brackets, and quotation marks.
    brackets: Vec<usize>,
    quotes: Vec<usize>,
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
        let mut vocabulary = Vocabulary::taken(gazetteer);
        let mut ids = Vec::with_capacity(tokens.len());
        let mut numbers = Vec::with_capacity(tokens.len());
        let mut firsts = Vec::with_capacity(tokens.len());
        let (mut brackets, mut quotes) = (Vec::new(), Vec::new());
        for index in 0..tokens.len() {
            let (text, kind) = (tokens.word(index), tokens.kind(index));
            let id = match text {
                ALI if is_ali(index, tokens.span(index, index, 0)) => vocabulary::NAMED_ALI,
                _ => vocabulary.id(text, tokens.from(index), kind, gazetteer),
            };
            match kind {
                Kind::Mark if text == "(" => brackets.push(index),
                Kind::Quote => quotes.push(index),
                _ => {}
            }
            let number = vocabulary.number(id, firsts.len());
            if number == firsts.len() {
                firsts.push(index);
            }
            ids.push(id);
            numbers.push(number);
        }
        Self { tokens, gazetteer, vocabulary, ids, numbers, firsts, brackets, quotes }
    }

    fn word(&self, index: usize) -> Option<&Word> {
        self.ids.get(index).and_then(|id| self.vocabulary.word(*id))
    }

    /// The number of the token's word in the vocabulary.
    pub(super) fn id(&self, index: usize) -> usize {
        self.ids.get(index).copied().unwrap_or_default()
    }

    /// Which of the page's words each token is, counted from 0 on.
    pub(super) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// The first token of each of the page's words.
    pub(super) fn firsts(&self) -> &[usize] {
        &self.firsts
    }

    /// Where brackets open.
    pub(super) fn brackets(&self) -> &[usize] {
        &self.brackets
    }

    /// Where quotation marks stand.
    pub(super) fn quotes(&self) -> &[usize] {
        &self.quotes
    }

    /// Some token is just that word.
    pub(super) fn has(&self, text: &str) -> bool {
        self.vocabulary.has(text)
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
    pub(super) fn starts(&self, index: usize) -> impl Iterator<Item = &Form> + '_ {
        let word = self.word(index).filter(|word| !word.closed);
        word.and_then(|word| word.forms.as_ref()).into_iter().flat_map(Forms::iter)
    }

    /// The token inside a name: nothing is split off.
    pub(super) fn inner(&self, index: usize) -> Option<WordId> {
        self.word(index).and_then(|word| word.forms.as_ref()?.whole()?.word)
    }

    /// The whole token, and then what is left of it without prefixes.
    pub(super) fn readings(&self, index: usize) -> impl Iterator<Item = Reading> + '_ {
        let word = self.word(index).filter(|word| !word.closed && word.forms.is_some());
        let whole = word.map(|word| Reading { facts: word.facts, cut: 0, preposition: false, known: word.known });
        whole.into_iter().chain(self.starts(index).skip(1).filter_map(|form| {
            form.word?;
            Some(Reading { facts: form.facts, cut: form.cut, preposition: form.preposition, known: true })
        }))
    }

    /// The word is part of persons' names, or nobody knows.
    pub(super) fn may_begin_person(&self, index: usize) -> bool {
        self.word(index).is_some_and(|word| word.person || !word.known)
    }

    /// Some reading of the token begins names of lists.
    pub(super) fn has_root(&self, index: usize) -> bool {
        self.word(index).is_some_and(|word| word.roots)
    }

    /// Prefixes of the token may be split off by what else stands on the page.
    pub(super) fn parts(&self, index: usize) -> bool {
        self.word(index).is_some_and(|word| word.parts)
    }

    /// The bytes of each token, and what it is in a date where it is that everywhere.
    pub(super) fn said(&self) -> impl Iterator<Item = (usize, usize, Option<Said>)> + '_ {
        (0..self.len()).filter_map(|index| {
            let token = self.tokens.get(index)?;
            Some((token.start as usize, token.end as usize, self.word(index).and_then(|word| word.said)))
        })
    }

    pub(super) fn ending(&self, index: usize) -> Ending {
        self.word(index).map(|word| word.ending).unwrap_or_default()
    }

    /// Marks of the whole token, of any of its readings, and of those that may
    /// begin a name.
    pub(super) fn marks(&self, index: usize) -> (u16, u16, u16) {
        self.word(index).map_or((0, 0, 0), |word| (word.facts.flags, word.flags, word.read))
    }

    /// Marks of any of its readings.
    pub(super) fn flags(&self, index: usize) -> u16 {
        self.word(index).map_or(0, |word| word.flags)
    }

    /// Some reading has one of the flags: cheaper than asking which.
    pub(super) fn may_be(&self, index: usize, flags: u16) -> bool {
        self.flags(index) & flags != 0
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

impl Drop for Page<'_> {
    fn drop(&mut self) {
        std::mem::take(&mut self.vocabulary).give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::SHIPPED;
    use super::*;

    fn read<T>(text: &str, then: impl FnOnce(&Page<'_>) -> T) -> T {
        let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
        then(&Page::new(Tokens::new(text), &gazetteer, |index, _| index == 0))
    }

    #[test]
    fn a_page_has_its_own_words_alone() {
        read("دمشق", |page| assert!(page.has("دمشق") && !page.has("بغداد")));
        read("بغداد و 7", |page| assert!(page.has("بغداد") && !page.has("دمشق") && !page.has("7")));
        read("علي", |page| assert!(page.has("علي")));
        read(".", |page| assert!(!page.has("علي")));
    }

    #[test]
    fn words_are_counted_as_they_come() {
        read("علي في دمشق علي في دمشق", |page| {
            assert_eq!((page.numbers(), page.firsts()), ([0, 1, 2, 3, 1, 2].as_slice(), [0, 1, 2, 3].as_slice()));
            let closed = |index: usize| page.starts(index).count() == 0;
            assert!(!closed(0) && closed(3), "the name and the preposition");
        });
    }

    #[test]
    fn a_page_within_a_page_is_another() {
        read("دمشق وبغداد", |outer| {
            let one = outer.facts(0);
            read("بغداد", |inner| assert!(!inner.has("دمشق")));
            assert!(outer.has("دمشق") && outer.facts(0) == one);
        });
    }
}
