//! What furniture says: phrases of comment forms, share bars, related lists and
//! the rest, in the languages of the news that is read most.
//!
//! Written as people write them; compared by [`key`]: folded, letters and digits
//! only. A phrase names where it is certain, and no more is cut than that.

use std::ops::{Deref, Range};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::key;
use super::subject;
use super::tables::{
    AGENCIES, CONTACT_WORDS, COUNTER_WORDS, DATE_WORDS, GENERIC_CRUMBS, LONGEST, PHRASES, SECTIONS, SHARE_WORDS,
    STOP_WORDS, SWITCH_WORDS, WIDGET_WORDS,
};

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

/// The tables, folded once and ready to be asked.
#[derive(Debug)]
pub(super) struct Phrases {
    words: Vec<Word>,
    /// One more than the place of a word among these, from where its code points to; 0 is
    /// for none, as most words find.
    slots: Box<[u16; SLOTS]>,
    whole: FxHashMap<String, u8>,
    /// Small words that every text has, as the numbers of stems: see [`subject`].
    stop_words: FxHashSet<u64>,
    /// Names of networks and what else shares, three letters and more, by their
    /// first letter; the longest first.
    shares: FxHashMap<char, Vec<String>>,
}

/// What the tables know of a word.
#[derive(Debug, Default)]
struct Word {
    text: String,
    /// The first bytes of it: see [`key::head`].
    head: u128,
    classes: u8,
    /// A section's name or a crumb's begins with it.
    begins_section: bool,
    /// An agency's name does.
    begins_agency: bool,
    /// Phrases that begin with it: the key, and the index in the table.
    phrases: Vec<(String, usize)>,
}

/// What the tables know of a line.
pub(super) struct Known {
    pub words: SpelledWords,
    pub classes: Classes,
    /// Words that a section's name or a crumb's begins with.
    pub section_words: usize,
    /// Some word begins an agency's name.
    pub agency_word: bool,
    /// Each phrase that the line has; where it begins the line, the length of its key.
    pub phrases: Vec<(&'static Phrase, usize)>,
}

/// The words of lines as they are read, and what the tables know of them.
#[derive(Debug)]
pub(super) struct Words<'p> {
    phrases: &'p Phrases,
    spelled: Vec<Spelled>,
    /// Words with which phrases begin, and where they begin themselves in their keys.
    openings: Vec<(usize, &'p Word)>,
    /// Of the line that is read now.
    line: Line,
}

/// What is known of the words of one line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    words: Range<usize>,
    openings: Range<usize>,
    classes: Classes,
    section_words: usize,
    agency_word: bool,
}

impl<'p> Words<'p> {
    /// Room for so many words.
    pub(super) fn new(words: usize, phrases: &'p Phrases) -> Self {
        Self {
            phrases,
            spelled: Vec::with_capacity(words),
            openings: Vec::with_capacity(words / 8),
            line: Line::default(),
        }
    }

    /// The next word of a line's key, which has so many of these bytes, and where it ends
    /// there.
    pub(super) fn add(&mut self, word: &[u8], length: usize, end: usize) {
        let found = self.phrases.find(word, length);
        let classes = found.map_or(0, |found| found.classes);
        self.line.classes.add(classes, word.first().is_some_and(u8::is_ascii_digit));
        // A text of 4 GiB is beyond every cap.
        self.spelled.push(Spelled { end: u32::try_from(end).unwrap_or(u32::MAX), classes });
        if let Some(found) = found {
            self.line.section_words += usize::from(found.begins_section);
            self.line.agency_word |= found.begins_agency;
            if !found.phrases.is_empty() {
                self.openings.push((end - length, found));
            }
        }
    }

    pub(super) fn end_line(&mut self) -> Line {
        let line = std::mem::take(&mut self.line);
        let (words, openings) = (self.spelled.len(), self.openings.len());
        self.line = Line { words: words..words, openings: openings..openings, ..Line::default() };
        Line { words: line.words.start..words, openings: line.openings.start..openings, ..line }
    }

    /// Forgets the line that was read last.
    pub(super) fn undo(&mut self, line: &Line) {
        self.spelled.truncate(line.words.start);
        self.openings.truncate(line.openings.start);
        self.end_line();
    }

    pub(super) fn finish(self) -> Found<'p> {
        Found { spelled: Rc::from(self.spelled), openings: self.openings }
    }
}

/// The words of all lines, once they are read.
#[derive(Debug)]
pub(super) struct Found<'p> {
    spelled: Rc<[Spelled]>,
    openings: Vec<(usize, &'p Word)>,
}

impl Found<'_> {
    /// All that is known of a line by its key.
    pub(super) fn known(&self, key: &str, line: &Line) -> Known {
        let words = SpelledWords { all: Rc::clone(&self.spelled), range: line.words.clone() };
        let mut phrases = Vec::new();
        // A longer line is beyond the limit of every phrase.
        if words.len() <= LONGEST {
            for (start, word) in self.openings.get(line.openings.clone()).unwrap_or_default() {
                phrases.extend(word.phrases_at(key, *start, words.len()));
            }
        }
        Known {
            words,
            classes: line.classes,
            section_words: line.section_words,
            agency_word: line.agency_word,
            phrases,
        }
    }
}

/// A word of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelled {
    /// Behind its last byte in the key.
    end: u32,
    pub classes: u8,
}

impl Spelled {
    pub(super) const fn end(self) -> usize {
        self.end as usize
    }
}

/// The words of one line, among those of all.
#[derive(Debug, Clone)]
pub(super) struct SpelledWords {
    all: Rc<[Spelled]>,
    range: Range<usize>,
}

impl Deref for SpelledWords {
    type Target = [Spelled];

    fn deref(&self) -> &[Spelled] {
        self.all.get(self.range.clone()).unwrap_or_default()
    }
}

/// The words of a key, and what is known of each.
pub(super) fn spelled<'a>(key: &'a str, words: &'a [Spelled]) -> impl Iterator<Item = (&'a str, u8)> + Clone {
    let mut start = 0;
    words.iter().filter_map(move |word| {
        let end = word.end();
        let text = key.get(std::mem::replace(&mut start, end + 1)..end)?;
        Some((text, word.classes))
    })
}

/// Which classes the words of a line are of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Classes {
    /// Bit n is set where a word has the classes n, which are bits themselves.
    words: u32,
    /// The same of numbers, which are of few classes but go with any.
    numbers: u32,
    /// Classes that some word is of.
    some: u8,
}

impl Classes {
    const fn add(&mut self, classes: u8, number: bool) {
        let of = if number { &mut self.numbers } else { &mut self.words };
        *of |= 1 << (classes & (class::OF_WORDS - 1));
        self.some |= classes;
    }

    /// Some word is of one of these classes.
    pub(super) const fn any(self, classes: u8) -> bool {
        self.some & classes != 0
    }

    /// Every word that is no number is of one of these classes.
    pub(super) const fn all(self, classes: u8) -> bool {
        self.words & without(classes) == 0
    }

    pub(super) const fn any_number(self) -> bool {
        self.numbers != 0
    }
}

/// The sets of classes that have none of these, as [`Classes`] has them.
const fn without(classes: u8) -> u32 {
    WITHOUT[(classes & (class::OF_WORDS - 1)) as usize]
}

static WITHOUT: [u32; class::OF_WORDS as usize] = {
    let mut table = [0; class::OF_WORDS as usize];
    let mut classes = 0;
    while classes < table.len() {
        let mut set = 0;
        while set < table.len() {
            if set & classes == 0 {
                table[classes] |= 1 << set;
            }
            set += 1;
        }
        classes += 1;
    }
    table
};

/// The words of a key.
pub(super) fn words(key: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(key);
    std::iter::from_fn(move || {
        let key = rest.take()?;
        // Words are short: a loop over their bytes is quicker than a search.
        let Some(end) = key.bytes().position(|byte| byte == b' ') else { return Some(key) };
        rest = key.get(end + 1..);
        key.get(..end)
    })
}

/// Classes of single words and of whole keys, as bits.
pub(super) mod class {
    pub(in super::super) const SHARE: u8 = 1;
    pub(in super::super) const COUNTER: u8 = 2;
    pub(in super::super) const SWITCH: u8 = 4;
    pub(in super::super) const DATE: u8 = 8;
    pub(in super::super) const STOP: u8 = 16;
    /// Of single words, asked one by one: the sets of [`Classes`] are without it.
    pub(in super::super) const WIDGET: u8 = AGENCY;
    pub(in super::super) const CONTACT: u8 = SECTION;
    /// Begins the name of an office of the masthead.
    pub(in super::super) const OFFICE: u8 = GENERIC;
    /// The other classes of words are below this one.
    pub(in super::super) const OF_WORDS: u8 = AGENCY;
    pub(in super::super) const AGENCY: u8 = 32;
    pub(in super::super) const SECTION: u8 = 64;
    pub(in super::super) const GENERIC: u8 = 128;
}

impl Phrases {
    pub(super) fn new() -> Self {
        let mut words: FxHashMap<String, Word> = FxHashMap::default();
        for (index, phrase) in PHRASES.iter().enumerate() {
            for text in phrase.texts {
                let key = key::of(text);
                let first = entry(&mut words, key.split(' ').next().unwrap_or_default());
                first.classes |= if phrase.cue == Cue::Staff { class::OFFICE } else { 0 };
                first.phrases.push((key, index));
            }
        }
        for (class, texts) in [
            (class::SHARE, SHARE_WORDS),
            (class::COUNTER, COUNTER_WORDS),
            (class::SWITCH, SWITCH_WORDS),
            (class::DATE, DATE_WORDS),
            (class::STOP, STOP_WORDS),
            (class::WIDGET, WIDGET_WORDS),
            (class::CONTACT, CONTACT_WORDS),
        ] {
            texts.iter().for_each(|text| entry(&mut words, &key::of(text)).classes |= class);
        }
        let mut whole: FxHashMap<String, u8> = FxHashMap::default();
        for (class, texts) in [(class::AGENCY, AGENCIES), (class::SECTION, SECTIONS), (class::GENERIC, GENERIC_CRUMBS)]
        {
            texts.iter().for_each(|text| *whole.entry(key::of(text)).or_default() |= class);
        }
        for text in SECTIONS.iter().chain(GENERIC_CRUMBS) {
            let key = key::of(text);
            entry(&mut words, key.split(' ').next().unwrap_or_default()).begins_section = true;
        }
        for text in AGENCIES {
            let key = key::of(text);
            entry(&mut words, key.split(' ').next().unwrap_or_default()).begins_agency = true;
        }
        let stop_words = STOP_WORDS.iter().filter_map(|text| subject::number(&key::of(text))).collect();
        let words: Vec<Word> = words.into_values().collect();
        let mut slots = Box::new([0; SLOTS]);
        for (place, word) in (1..).zip(&words) {
            let free = slots_of(word.head, word.text.as_bytes(), word.text.len()).find(|slot| slots[*slot] == 0);
            slots[free.unwrap_or_default()] = place;
        }
        Self { words, slots, whole, stop_words, shares: by_first_letter(SHARE_WORDS) }
    }

    /// Looks each word of a key up.
    pub(super) fn read(&self, key: &str) -> Known {
        let mut found = Words::new(key.len() / 8, self);
        let starts = |word: &str| word.as_ptr() as usize - key.as_ptr() as usize;
        for word in words(key).filter(|word| !word.is_empty()) {
            found.add(word.as_bytes(), word.len(), starts(word) + word.len());
        }
        let line = found.end_line();
        found.finish().known(key, &line)
    }

    /// What is known of the word that the first bytes are, so many.
    #[inline(always)]
    fn find(&self, word: &[u8], length: usize) -> Option<&Word> {
        let head = key::head(word, length);
        for slot in slots_of(head, word, length) {
            let known = self.words.get(usize::from(self.slots[slot]).checked_sub(1)?)?;
            let same = known.head == head && known.text.len() == length;
            if same && (length <= HEAD || word.get(..length) == Some(known.text.as_bytes())) {
                return Some(known);
            }
        }
        None
    }

    /// The longest of the names of networks, and of what else shares, that the text
    /// begins with.
    pub(super) fn share_at(&self, text: &str) -> Option<&str> {
        let names = self.shares.get(&text.chars().next()?)?;
        names.iter().map(String::as_str).find(|name| text.starts_with(name))
    }

    /// Whether a stem is one of the small words that every text has.
    pub(super) fn is_stop_word(&self, stem: u64) -> bool {
        self.stop_words.contains(&stem)
    }

    /// Whether the key is sections of a site in a row, three or more, and hardly
    /// anything else. Not worth asking with fewer than three section words.
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
        self.find(word.as_bytes(), word.len()).is_some_and(|found| found.classes & class != 0)
    }

    pub(super) fn whole(&self, key: &str, class: u8) -> bool {
        self.whole.get(key).is_some_and(|classes| classes & class != 0)
    }
}

/// Places in [`Phrases::slots`]: more than four for each word, so that most that are none of
/// these find an empty one at once.
const SLOTS: usize = 8192;

/// Bytes that [`key::head`] has at most.
const HEAD: usize = 16;

/// The slots where a word may be found, in turn, as its first 16 bytes and its last tell.
#[inline]
fn slots_of(head: u128, word: &[u8], length: usize) -> impl Iterator<Item = usize> {
    const MIX: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F];
    #[allow(clippy::cast_possible_truncation)] // halves of it are taken
    let mix = |bytes: u128| {
        let product = u128::from(bytes as u64 ^ MIX[0]) * u128::from((bytes >> 64) as u64 ^ MIX[1]);
        product as u64 ^ (product >> 64) as u64
    };
    let mut code = mix(head);
    if length > HEAD {
        let last = word.get(length - HEAD..).map_or(0, |last| key::head(last, HEAD));
        code = code.rotate_left(23) ^ mix(last);
    }
    #[allow(clippy::cast_possible_truncation)] // so is the code
    let first = code as usize;
    (0..SLOTS).map(move |step| first.wrapping_add(step) % SLOTS)
}

fn by_first_letter(texts: &[&str]) -> FxHashMap<char, Vec<String>> {
    let mut names: FxHashMap<char, Vec<String>> = FxHashMap::default();
    for name in texts.iter().map(|text| key::of(text)).filter(|name| name.chars().nth(2).is_some()) {
        names.entry(name.chars().next().unwrap_or_default()).or_default().push(name);
    }
    names.values_mut().for_each(|names| names.sort_by_key(|name| std::cmp::Reverse(name.len())));
    names
}

fn entry<'a>(words: &'a mut FxHashMap<String, Word>, word: &str) -> &'a mut Word {
    let head = key::head(word.as_bytes(), word.len());
    words.entry(word.to_owned()).or_insert_with(|| Word { text: word.to_owned(), head, ..Word::default() })
}

impl Word {
    /// The phrases that begin at a word of the key, which is this one.
    fn phrases_at<'a>(
        &'a self,
        key: &'a str,
        start: usize,
        words: usize,
    ) -> impl Iterator<Item = (&'static Phrase, usize)> + 'a {
        let rest = key.get(start..).unwrap_or_default();
        self.phrases.iter().filter_map(move |(text, index)| {
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
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::normalize::lines::is_number;

    /// For tests that ask for them again and again.
    pub(in crate::normalize) static TABLES: LazyLock<Phrases> = LazyLock::new(Phrases::new);

    #[test]
    fn there_is_room_for_every_word() {
        assert!(TABLES.words.len() * 4 < SLOTS && TABLES.words.len() < usize::from(u16::MAX));
        for word in &TABLES.words {
            let found = TABLES.find(word.text.as_bytes(), word.text.len());
            assert!(found.is_some_and(|found| found.text == word.text), "{}", word.text);
        }
    }

    #[test]
    fn every_phrase_finds_itself_and_fits_its_own_limit() {
        let phrases = Phrases::new();
        for phrase in PHRASES {
            for text in phrase.texts {
                let key = key::of(text);
                let words = key.split(' ').count();
                assert!(words <= phrase.max_words && phrase.max_words <= LONGEST, "{text}");
                assert!(phrases.read(&key).phrases.iter().any(|(found, _)| found.cue == phrase.cue), "{text}");
            }
        }
    }

    #[test]
    fn classes_of_a_line_are_those_of_its_words() {
        let phrases = Phrases::new();
        let all = [class::SHARE, class::COUNTER, class::SWITCH, class::DATE, class::STOP];
        for line in ["فيسبوك تويتر", "5 مشاهدات", "في 5 يناير 2024", "english عربي", "شارك على فيسبوك", "the 3 pm", ""]
        {
            let key = key::of(line);
            let classes = phrases.read(&key).classes;
            let sets = all.iter().flat_map(|one| all.map(|other| one | other));
            for set in sets {
                let of = |word: &str| phrases.word(word, set);
                assert_eq!(classes.any(set), words(&key).any(of), "{line} {set}");
                let every = words(&key).all(|word| word.is_empty() || is_number(word) || of(word));
                assert_eq!(classes.all(set), every, "{line} {set}");
            }
            assert_eq!(classes.any_number(), words(&key).any(is_number), "{line}");
        }
    }

    #[test]
    fn a_phrase_ends_where_a_word_ends() {
        let phrases = Phrases::new();
        let cues = |text: &str| {
            let key = key::of(text);
            phrases.read(&key).phrases.into_iter().map(|(phrase, _)| phrase.cue).collect::<Vec<_>>()
        };
        assert!(cues("اترك تعليقاً").contains(&Cue::CommentHead));
        assert!(cues("إقرأ أيضاً: ارتفاع الأسعار").contains(&Cue::RelatedLine));
        assert!(!cues("إقرأ أيضاً: ارتفاع الأسعار").contains(&Cue::RelatedHead));
        assert!(cues("تحريرية").is_empty());
        assert!(cues("المصدر: جريدة الضفة").contains(&Cue::Credit));
    }
}
