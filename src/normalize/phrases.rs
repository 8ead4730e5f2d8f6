//! What furniture says: phrases of comment forms, share bars, related lists and
//! the rest, in the languages of the news that is read most.
//!
//! Written as people write them; compared by [`key`]: folded, letters and digits
//! only. A phrase names where it is certain, and no more is cut than that.

use rustc_hash::FxHashMap;

use super::tables::{
    AGENCIES, COUNTER_WORDS, DATE_WORDS, GENERIC_CRUMBS, LONGEST, PHRASES, SECTIONS, SHARE_WORDS, STOP_WORDS,
    SWITCH_WORDS, WIDGET_WORDS,
};
use crate::letters::{fold, is_letter_or_digit};

/// What a line is by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// Head of a comment form or of the comments.
    CommentHead,
    /// A part of a comment form.
    CommentPart,
    Share,
    /// Head of a list of other articles.
    RelatedHead,
    /// «Read also: …» with the other article's title on the same line.
    RelatedLine,
    /// Skip links, cookie bars, copyright, newsletter, tools.
    Furniture,
    /// Head of a list of tags.
    Tags,
    /// A line of the masthead whose next line is a name.
    Staff,
    /// Head of an author box at the end.
    AuthorBox,
    /// Names the outlet the text comes from.
    Credit,
    /// Names who wrote it.
    Byline,
    /// A photo's.
    Caption,
    /// The page was published or changed at.
    Dateline,
    /// The rest is for subscribers.
    Paywall,
    /// The text goes on elsewhere: only behind a text that breaks off.
    Continue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Whole,
    Start,
    Inside,
}

/// The part of the page where the phrase is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Anywhere,
    /// Before the first paragraph or after the last one.
    Edge,
    /// After the last paragraph.
    Tail,
}

pub(super) struct Phrase {
    pub cue: Cue,
    pub at: At,
    pub zone: Zone,
    /// A longer line is a sentence that happens to hold the phrase.
    pub max_words: usize,
    pub texts: &'static [&'static str],
}

/// Letters and digits of the folded text, single blanks between.
pub(super) fn key(folded: &str) -> String {
    let mut key = String::with_capacity(folded.len());
    for letter in folded.chars() {
        if is_letter_or_digit(letter) {
            key.push(letter);
        } else if !key.is_empty() && !key.ends_with(' ') {
            key.push(' ');
        }
    }
    key.truncate(key.trim_end().len());
    key
}

/// The tables, folded once and ready to be asked.
#[derive(Debug)]
pub(super) struct Phrases {
    /// By the first word of the phrase: its key, and its index in the table.
    by_first_word: FxHashMap<String, Vec<(String, usize)>>,
    words: FxHashMap<String, u8>,
    whole: FxHashMap<String, u8>,
}

/// Classes of single words and of whole keys, as bits.
pub(super) mod class {
    pub(in super::super) const SHARE: u8 = 1;
    pub(in super::super) const COUNTER: u8 = 2;
    pub(in super::super) const SWITCH: u8 = 4;
    pub(in super::super) const DATE: u8 = 8;
    pub(in super::super) const STOP: u8 = 16;
    /// Of single words; the same bit is an agency of whole keys.
    pub(in super::super) const WIDGET: u8 = 32;
    pub(in super::super) const AGENCY: u8 = 32;
    pub(in super::super) const SECTION: u8 = 64;
    pub(in super::super) const GENERIC: u8 = 128;
}

impl Phrases {
    pub(super) fn new() -> Self {
        let mut by_first_word: FxHashMap<String, Vec<(String, usize)>> = FxHashMap::default();
        for (index, phrase) in PHRASES.iter().enumerate() {
            for text in phrase.texts {
                let key = key(&fold(text));
                let first = key.split(' ').next().unwrap_or_default().to_owned();
                by_first_word.entry(first).or_default().push((key, index));
            }
        }
        let mut words = FxHashMap::default();
        let mut whole = FxHashMap::default();
        mark(&mut words, class::SHARE, SHARE_WORDS);
        mark(&mut words, class::COUNTER, COUNTER_WORDS);
        mark(&mut words, class::SWITCH, SWITCH_WORDS);
        mark(&mut words, class::DATE, DATE_WORDS);
        mark(&mut words, class::STOP, STOP_WORDS);
        mark(&mut words, class::WIDGET, WIDGET_WORDS);
        mark(&mut whole, class::AGENCY, AGENCIES);
        mark(&mut whole, class::SECTION, SECTIONS);
        mark(&mut whole, class::GENERIC, GENERIC_CRUMBS);
        Self { by_first_word, words, whole }
    }

    /// Every phrase that the key of a line has, and the length of its key.
    pub(super) fn of<'a>(&'a self, key: &'a str, words: usize) -> impl Iterator<Item = (&'static Phrase, usize)> + 'a {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b' ', key.as_bytes()).map(|blank| blank + 1));
        // A longer line is beyond the limit of every phrase.
        starts.take(if words > LONGEST { 0 } else { words }).flat_map(move |start| self.at(key, start, words))
    }

    /// The phrases that begin at a word of the key.
    fn at<'a>(
        &'a self,
        key: &'a str,
        start: usize,
        words: usize,
    ) -> impl Iterator<Item = (&'static Phrase, usize)> + 'a {
        let rest = key.get(start..).unwrap_or_default();
        let first = rest.split(' ').next().unwrap_or_default();
        self.by_first_word.get(first).into_iter().flatten().filter_map(move |(text, index)| {
            let phrase = PHRASES.get(*index)?;
            let after = rest.strip_prefix(text.as_str())?;
            let fits = match phrase.at {
                At::Whole => start == 0 && after.is_empty(),
                At::Start => start == 0 && (after.is_empty() || after.starts_with(' ')),
                At::Inside => true,
            };
            (fits && words <= phrase.max_words).then_some((phrase, if start == 0 { text.len() } else { 0 }))
        })
    }

    /// Whether the key is sections of a site in a row, three or more, and hardly
    /// anything else.
    pub(super) fn is_menu(&self, key: &str) -> bool {
        let (mut rest, mut items, mut other, mut words) = (key, 0, 0, 0);
        while !rest.is_empty() {
            let ends =
                memchr::memchr_iter(b' ', rest.as_bytes()).chain(std::iter::once(rest.len())).take(4).enumerate();
            let (mut first, mut item) = (rest.len(), None);
            for (count, end) in ends {
                first = if count == 0 { end } else { first };
                let known = rest.get(..end).is_some_and(|item| self.whole(item, class::SECTION | class::GENERIC));
                item = if known { Some((count + 1, end)) } else { item };
            }
            let (count, end) = item.unwrap_or((1, first));
            items += usize::from(item.is_some());
            other += usize::from(item.is_none());
            words += count;
            rest = rest.get(end..).unwrap_or_default().trim_start();
            // Most lines are no menu, and that is seen soon.
            if other > 3 && items == 0 {
                return false;
            }
        }
        items >= 3 && other * 4 <= words
    }

    pub(super) fn word(&self, word: &str, class: u8) -> bool {
        self.words.get(word).is_some_and(|classes| classes & class != 0)
    }

    pub(super) fn whole(&self, key: &str, class: u8) -> bool {
        self.whole.get(key).is_some_and(|classes| classes & class != 0)
    }
}

fn mark(table: &mut FxHashMap<String, u8>, class: u8, texts: &[&str]) {
    for text in texts {
        *table.entry(key(&fold(text))).or_default() |= class;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_finds_itself_and_fits_its_own_limit() {
        let phrases = Phrases::new();
        for phrase in PHRASES {
            for text in phrase.texts {
                let key = key(&fold(text));
                let words = key.split(' ').count();
                assert!(words <= phrase.max_words && phrase.max_words <= LONGEST, "{text}");
                assert!(phrases.of(&key, words).any(|(found, _)| found.cue == phrase.cue), "{text}");
            }
        }
    }

    #[test]
    fn a_phrase_ends_where_a_word_ends() {
        let phrases = Phrases::new();
        let cues = |text: &str| {
            let key = key(&fold(text));
            phrases.of(&key, key.split(' ').count()).map(|(phrase, _)| phrase.cue).collect::<Vec<_>>()
        };
        assert!(cues("اترك تعليقاً").contains(&Cue::CommentHead));
        assert!(cues("إقرأ أيضاً: ارتفاع الأسعار").contains(&Cue::RelatedLine));
        assert!(!cues("إقرأ أيضاً: ارتفاع الأسعار").contains(&Cue::RelatedHead));
        assert!(cues("تحريرية").is_empty());
        assert!(cues("المصدر: جريدة الضفة").contains(&Cue::Credit));
    }
}
