//! A block of the source in display form, with what the classifier asks of it.

use std::cell::OnceCell;

use super::Joiners;
use super::key::{self, Fold, Keys, Read, Reader};
use super::marks::Marks;
use super::phrases::{Classes, Cue, Known, Phrases, SpelledWords, Zone, class, spelled};
use super::unicode::display;
use super::weights::{Position, Sign, Signs, verdict};
use crate::letters::is_arabic_letter;
use crate::record::{Edits, RemovedKind, SourceBlock, SourceKind};

#[derive(Debug)]
pub(super) struct Line {
    /// Index of the source block; `None` for a title that only the metadata has.
    pub source: Option<usize>,
    pub kind: SourceKind,
    pub shown: String,
    pub edits: Edits,
    /// Folded letters and digits, single blanks between: see [`key`].
    pub key: String,
    /// Of the shown text.
    pub marks: Marks,
    /// Where the page has the match form of it; `None` where the line is none of the page's.
    pub fold: Option<Fold>,
    pub words: usize,
    /// Of the key.
    spelled: SpelledWords,
    /// Of its words.
    classes: Classes,
    /// Words that a section's name begins with.
    pub section_words: usize,
    /// Some word begins an agency's name.
    pub agency_word: bool,
    /// Whether it names an agency, once that was asked.
    pub agency: OnceCell<bool>,
    pub end_mark: bool,
    pub link_density: f32,
    pub weight: i8,
    /// Cues by the zone where they are certain: see [`Cue`].
    cues: [u16; 3],
    /// Bytes of the key that the longest cue at its start takes.
    cue_length: usize,
    labelled: bool,
    /// Numbers and the words that stand with dates, or a label that says so.
    pub dateline: bool,
    /// A full date and not much else, parts set off by bars or dashes.
    pub mixed_dateline: bool,
    /// What speaks for and against cutting it.
    pub signs: Signs,
    /// Where it stood when that was last weighed.
    pub position: Position,
    pub cut: Option<RemovedKind>,
}

/// The key of a line, and where its words end.
pub(super) struct Key {
    text: String,
    words: SpelledWords,
}

impl Key {
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        spelled(&self.text, &self.words).map(|(word, _)| word)
    }
}

/// A line as it is first read.
#[derive(Debug)]
pub(super) struct Draft {
    source: usize,
    shown: String,
    edits: Edits,
    read: Read,
}

impl Draft {
    /// `None` where nothing is left of the block.
    pub(super) fn new(source: usize, text: &str, joiners: &Joiners<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let read = reader.read(text);
        if read.plain {
            let shown = text.to_owned();
            return (!text.is_empty()).then(|| Self { source, shown, edits: Edits::default(), read });
        }
        let (shown, edits) = display(text, joiners.stay(text));
        if shown == text {
            return Some(Self { source, shown, edits, read });
        }
        reader.undo(&read);
        if shown.is_empty() {
            return None;
        }
        let read = reader.read(&shown);
        Some(Self { source, shown, edits, read })
    }
}

/// A line with a date and nothing else is no longer.
const MOST_DATE_WORDS: usize = 26;

/// What sets a label off: `المصدر: …`, `كتب/ …`, `Source – …`.
const LABEL_MARKS: [char; 7] = [':', '：', '|', '-', '–', '—', '/'];

const fn bit(cue: Cue) -> u16 {
    1 << cue as u16
}

impl Line {
    pub(super) fn new(draft: Draft, block: &SourceBlock, keys: &Keys<'_>) -> Self {
        let mut line = Self::read(draft.shown, draft.edits, &draft.read, keys);
        line.fold = Some(draft.read.fold);
        line.source = Some(draft.source);
        line.kind = block.kind;
        line.link_density = block.link_density;
        line.weight = block.weight;
        line
    }

    /// A line by its text alone.
    pub(super) fn of(shown: String, edits: Edits, phrases: &Phrases) -> Self {
        let mut reader = Reader::new(shown.len(), 1, phrases);
        let read = reader.read(&shown);
        let (keys, _) = reader.finish();
        Self::read(shown, edits, &read, &keys)
    }

    fn read(shown: String, edits: Edits, read: &Read, keys: &Keys<'_>) -> Self {
        let key = keys.key(read);
        let Known { words: spelled, classes, section_words, agency_word, phrases: said } = keys.known(read);
        let words = with_letters(key, spelled.len());
        let mut cues = [0; 3];
        let mut cue_length = 0;
        for (phrase, length) in said {
            cues[phrase.zone as usize] |= bit(phrase.cue);
            cue_length = cue_length.max(length);
        }
        let labelled = cue_length > 0 && is_labelled(&shown, key.get(..cue_length).unwrap_or_default());
        let end_mark = ends_as_sentence(&shown);
        let mut line = Self {
            source: None,
            kind: SourceKind::Line,
            shown,
            edits,
            key: key.to_owned(),
            marks: read.marks,
            fold: None,
            words,
            spelled,
            classes,
            section_words,
            agency_word,
            agency: OnceCell::new(),
            end_mark,
            link_density: 0.0,
            weight: SourceBlock::NEUTRAL,
            cues,
            cue_length,
            labelled,
            dateline: false,
            mixed_dateline: false,
            signs: Signs::default(),
            position: Position::default(),
            cut: None,
        };
        // Running text has no date that matters here, and is most of a page.
        if words <= MOST_DATE_WORDS && line.any_number() {
            // The last stop may be that of «a.m.» and «Min.».
            line.end_mark &= !ends_as_time(&line.shown);
            line.dateline = line.tells_date();
            line.mixed_dateline = line.tells_mixed_date();
            line.end_mark = end_mark && !line.dateline && !line.mixed_dateline;
        }
        line
    }

    /// What is asked of a line whose text was taken.
    pub(super) fn keyed(&mut self) -> Key {
        Key { text: std::mem::take(&mut self.key), words: self.spelled.clone() }
    }

    /// The words of the key.
    pub(super) fn each_word(&self) -> impl Iterator<Item = &str> + Clone {
        self.spelled().map(|(word, _)| word)
    }

    /// Where each word of the key begins and ends there.
    pub(super) fn bounds(&self) -> impl Iterator<Item = (usize, usize)> + Clone {
        let mut start = 0;
        self.spelled.iter().map(move |word| (std::mem::replace(&mut start, word.end() + 1), word.end()))
    }

    /// The words of the key, and their classes.
    pub(super) fn spelled(&self) -> impl Iterator<Item = (&str, u8)> + Clone {
        spelled(&self.key, &self.spelled)
    }

    pub(super) fn has(&self, cue: Cue, zone: Zone) -> bool {
        self.cues[zone as usize] & bit(cue) != 0
    }

    /// The cue in any zone.
    pub(super) fn says(&self, cue: Cue) -> bool {
        self.cues.iter().any(|cues| cues & bit(cue) != 0)
    }

    pub(super) fn says_anything(&self) -> bool {
        self.cues != [0; 3]
    }

    /// One sign more, and what follows from it.
    pub(super) fn add(&mut self, sign: Sign, position: Position) {
        self.signs.add(sign);
        self.weigh(position);
    }

    /// Cuts the line if its signs make that certain. What is cut stays cut.
    pub(super) fn weigh(&mut self, position: Position) {
        if self.cut.is_none() {
            self.position = position;
            self.cut = verdict(self.signs, position);
        }
    }

    /// The phrase is all there is.
    pub(super) fn is_phrase_alone(&self) -> bool {
        self.cue_length == self.key.len()
    }

    /// Words besides the phrase.
    pub(super) fn words_behind_phrase(&self) -> usize {
        self.spelled.iter().filter(|word| word.end() > self.cue_length).count()
    }

    /// A colon, bar or dash comes right behind the phrase: `المصدر: …`, `Day: …`.
    pub(super) fn is_labelled(&self) -> bool {
        self.labelled
    }

    /// The label's mark is a colon, which no dateline has.
    pub(super) fn is_colon_label(&self) -> bool {
        self.labelled
            && self
                .shown
                .find(LABEL_MARKS)
                .and_then(|at| self.shown.get(at..))
                .is_some_and(|rest| rest.starts_with(':'))
    }

    /// What follows the label's mark, without what surrounds it.
    pub(super) fn behind_label(&self) -> &str {
        self.shown.split_once(LABEL_MARKS).map_or("", |(_, rest)| rest).trim()
    }

    /// Running text: a full sentence, or so long that it cannot be else.
    pub(super) fn is_paragraph(&self) -> bool {
        let marked = matches!(self.kind, SourceKind::Paragraph | SourceKind::Quote)
            && self.words >= 12
            && (self.end_mark || !self.dateline && !self.mixed_dateline);
        let ends = self.end_mark || self.shown.ends_with(':');
        self.link_density < 0.5 && (marked || ends && self.words >= 8 || self.words >= 26)
    }

    /// «© NAME. Terms. Privacy.», «Follow NAME on …»: ends as a sentence does, and
    /// is none.
    pub(super) fn is_notice(&self) -> bool {
        let follow = || {
            self.key.starts_with("follow ")
                && self.each_word().any(|word| matches!(word, "facebook" | "twitter" | "instagram" | "youtube"))
        };
        self.words <= 26 && (self.shown.starts_with('©') || self.words <= 18 && follow())
    }

    pub(super) fn is_bullet(&self) -> bool {
        self.kind == SourceKind::ListItem
            || self.shown.starts_with(['-', '–', '—', '•', '*', '●', '▪', '◄', '»', '›', '·', '○'])
    }

    /// `1. …`, `٢) …`, `3- …`: an item of a list with numbers.
    pub(super) fn is_numbered(&self) -> bool {
        if self.shown.starts_with(is_arabic_letter) {
            // As most lines do, and quicker to tell.
            return false;
        }
        let number = self.shown.chars().take_while(|letter| letter.is_numeric()).count();
        let mut rest = self.shown.chars().skip(number);
        (1..=2).contains(&number)
            && rest.next().is_some_and(|mark| matches!(mark, '.' | ')' | '-'))
            && rest.next() == Some(' ')
    }

    /// An entry of a menu, with the mark or the number of its list before it.
    pub(super) fn is_entry(&self) -> bool {
        let listed = self.is_bullet() || self.is_numbered();
        listed && self.words <= 4 && !self.end_mark && !self.shown.ends_with(':')
    }

    /// Short, and no sentence: as a menu has them, or a list of names.
    pub(super) fn is_scrap(&self) -> bool {
        self.words <= 3 && !self.end_mark && !self.shown.ends_with(':') && !self.is_bullet()
    }

    /// Nothing but numbers and words of these classes.
    pub(super) fn all_words(&self, classes: u8) -> bool {
        self.words > 0 && self.classes.all(classes)
    }

    /// As [`Line::all_words`], of the words behind the phrase.
    pub(super) fn all_words_behind(&self, phrases: &Phrases, classes: u8) -> bool {
        self.key_behind_phrase().split(' ').all(|word| is_number(word) || phrases.word(word, classes))
    }

    pub(super) fn key_behind_phrase(&self) -> &str {
        self.key.get(self.cue_length..).unwrap_or_default().trim_start()
    }

    pub(super) const fn any_word(&self, classes: u8) -> bool {
        self.classes.any(classes)
    }

    pub(super) const fn any_number(&self) -> bool {
        self.classes.any_number()
    }

    /// Numbers and the words that stand with dates, or a label that says so.
    fn tells_date(&self) -> bool {
        if self.words > 24 || !self.any_number() || self.is_paragraph() && self.words > 12 {
            return false;
        }
        let numbers = self.each_word().filter(|word| is_number(word)).count();
        let named = self.spelled().any(is_date_name);
        self.is_clock()
            || self.is_ago()
            || self.says(Cue::Dateline) && (named || numbers >= 2)
            || self.all_words(class::DATE) && (named || numbers >= 3)
    }

    /// «2 hours ago», «NAME | Published 2 hours ago».
    fn is_ago(&self) -> bool {
        const MOST_WORDS: usize = 9;
        let words = self.spelled.len();
        let alone = words == 3 || words <= MOST_WORDS && self.shown.contains('|');
        let mut last = self.each_word().skip(words.saturating_sub(3));
        alone && last.next().is_some_and(is_number) && last.nth(1) == Some("ago")
    }

    /// A full date and not much else, parts set off by bars or dashes.
    fn tells_mixed_date(&self) -> bool {
        if self.end_mark || self.words > MOST_DATE_WORDS {
            return false;
        }
        let words = || self.each_word();
        let year = |word: &str| {
            word.len() == 4 && (word.starts_with("19") || word.starts_with("20") || word.starts_with("14"))
        };
        let named = || self.spelled().any(is_date_name);
        let other = |(word, classes): &(&str, u8)| !is_number(word) && classes & (class::DATE | class::COUNTER) == 0;
        let others = || self.spelled().filter(other).count();
        // «13 March 2022 by NAME», «PLACE, 17 Rabi I 1446 corresponding to …».
        let opens = || {
            let first = self.spelled().next();
            first.is_some_and(|first| is_number(first.0) || is_date_name(first)) && others() <= 3
        };
        let marked = || {
            self.shown.contains([':', '|', '-', '–', '/'])
                || self.says(Cue::Byline)
                || words().any(|word| word == "الموافق")
                || opens()
        };
        words().any(|word| year(word) || is_east_asian_date(word))
            && marked()
            && (named() || others() <= 4 && self.shown.split_whitespace().any(is_numeric_date))
            && others() <= 6
    }

    /// Who wrote it, or when it was published.
    pub(super) fn is_signature(&self) -> bool {
        self.says(Cue::Byline) && self.words <= 9
            || self.kind == SourceKind::Meta && self.words <= 12
            || !self.is_clock() && (self.dateline || self.mixed_dateline)
    }

    /// A time of day: `18:40`.
    pub(super) fn any_clock(&self) -> bool {
        const COLON: Marks = Marks::of(&[':']);
        self.marks.may_have(COLON)
            && self.shown.split_whitespace().any(|word| {
                let two = |part: &str| (1..=2).contains(&part.chars().count()) && part.chars().all(char::is_numeric);
                word.split_once(':').is_some_and(|(hour, minute)| two(hour) && two(minute))
            })
    }

    /// `18:40`, `09:15 ص`: when an entry of a live page was written.
    pub(super) fn is_clock(&self) -> bool {
        let mut words = self.each_word();
        let number = |word: Option<&str>, below: u8| {
            word.filter(|word| word.len() <= 2)
                .and_then(|word| word.parse::<u8>().ok())
                .is_some_and(|number| number < below)
        };
        number(words.next(), 24)
            && number(words.next(), 60)
            && words.all(|word| matches!(word, "ص" | "م" | "ت" | "am" | "pm" | "gmt"))
            && self.shown.contains([':', '.', '٫'])
    }
}

/// Where the text begins. A standfirst is a sentence, too: what stands above the
/// byline and the date is none of the text.
pub(super) fn body_start(lines: &[Line], first: usize, title: Option<usize>) -> usize {
    let kept = |index: &usize| lines.get(*index).is_some_and(|line| line.cut.is_none());
    let headed = title.map_or_else(|| (0..first).any(|index| kept(&index)), |title| title < first);
    if !headed {
        return first;
    }
    let near: Vec<usize> = (first + 1..lines.len()).filter(kept).take(5).collect();
    let credit = near.iter().position(|index| {
        lines.get(*index).is_some_and(|line| !line.is_paragraph() && !line.end_mark && line.is_signature())
    });
    let Some(credit) = credit else { return first };
    // Two paragraphs above it are the text's, which a signature ends.
    let texts = near.iter().take(credit).filter(|index| lines.get(**index).is_some_and(Line::is_paragraph)).count();
    let below = near.get(credit).copied().unwrap_or(first);
    let next = (below + 1..lines.len()).filter(kept).find(|index| lines.get(*index).is_some_and(Line::is_paragraph));
    match next {
        Some(next) if texts == 0 && lines.get(first).is_some_and(|line| line.words <= 60) => next,
        _ => first,
    }
}

/// A word of three letters or more that stands with dates: a month, a weekday.
fn is_date_name((word, classes): (&str, u8)) -> bool {
    classes & class::DATE != 0 && word.chars().nth(2).is_some()
}

/// Behind what closes, one of the marks of a sentence's end.
fn ends_as_sentence(shown: &str) -> bool {
    let closes = |letter: &char| matches!(letter, '"' | '”' | '»' | '’' | '\'' | ')' | ']' | ' ');
    let last = shown.chars().rev().find(|letter| !closes(letter));
    last.is_some_and(|letter| matches!(letter, '.' | '؟' | '?' | '!' | '…' | '۔' | '。'))
}

fn is_labelled(shown: &str, phrase: &str) -> bool {
    let label = shown.find(LABEL_MARKS).and_then(|at| shown.get(..at));
    label.is_some_and(|label| key::of(label) == phrase)
}

/// The words of a key by its blanks, and more where it is Chinese or Japanese,
/// which have none: two letters count as a word.
fn with_letters(key: &str, words: usize) -> usize {
    if key.len() < words * LONG_WORD {
        return words;
    }
    // What begins the letters from U+3000 to U+9FFF.
    let letters = key.bytes().filter(|byte| (0xE3..=0xE9).contains(byte)).count();
    words + letters / 2
}

/// Words of other scripts are shorter on average, in bytes.
const LONG_WORD: usize = 20;

/// `06-02-2024`, `2024/2/6`, `6.2.2024,`.
fn is_numeric_date(word: &str) -> bool {
    if is_east_asian_date(word) {
        return true;
    }
    let parts: Vec<&str> = word.trim_end_matches(',').split(['-', '/', '.']).collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=4).contains(&part.chars().count()) && part.chars().all(char::is_numeric))
}

/// `2024年4月24日`, and a time of day behind it without a blank.
fn is_east_asian_date(word: &str) -> bool {
    let mut rest = word;
    let dated = ['年', '月', '日'].iter().all(|mark| {
        let Some((number, behind)) = rest.split_once(*mark) else { return false };
        rest = behind;
        (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    dated && rest.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, ':' | '時' | '时' | '分'))
}

/// «11:08 a.m.», «3 Min.», «20:56h.»: the stop is an abbreviation's.
fn ends_as_time(shown: &str) -> bool {
    const LAST: &[&str] = &["a.m.", "p.m.", "h.", "hrs.", "min.", "uhr."];
    let last = shown.rsplit(' ').next().unwrap_or_default();
    let letters = last.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ':');
    LAST.iter().any(|end| letters.eq_ignore_ascii_case(end))
}

pub(super) fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}
