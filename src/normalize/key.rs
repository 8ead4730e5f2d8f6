//! Keys: what two texts that say the same have in common. Letters and digits of
//! the match form, single blanks between; phrases and lines are compared by them.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::fold::Matched;
use super::marks::Marks;
use super::phrases::{Found, Known, Line, Phrases, Words};
use super::unicode::stays;
use crate::letters::{
    DROPPED, Folds, Wide, WideTextMut, Writer, arabic_folds, arabic_index, fold, is_arabic_letter, is_letter_or_digit,
    push_folded, write,
};

/// The key of any text.
pub(super) fn of(text: &str) -> String {
    // Most parts of a display form, and most names of metadata, are plain.
    if text.chars().all(is_plain) { of_display(text) } else { of_folded(&fold(text)) }
}

/// The key of a display form.
pub(super) fn of_display(display: &str) -> String {
    let mut writing = Writing::new(display.len());
    writing.read(display, &mut Alone(display.as_bytes()), &mut |_, _, _| ());
    writing.out.finish()
}

/// The first bytes of a word, so many, as a number, the first one lowest; at most 16. Others
/// may stand behind it.
#[inline]
pub(super) fn head(word: &[u8], length: usize) -> u128 {
    let bytes = word.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(word).for_each(|(place, byte)| *place = *byte);
        bytes
    });
    u128::from_le_bytes(bytes) & first_bytes(length)
}

/// The first bytes of a number of 16, so many.
#[inline]
pub(super) const fn first_bytes(length: usize) -> u128 {
    FIRST[if length < 16 { length } else { 16 }]
}

static FIRST: [u128; 17] = {
    let mut masks = [u128::MAX; 17];
    let mut length = 0;
    while length < 16 {
        masks[length] = (1 << (length * 8)) - 1;
        length += 1;
    }
    masks
};

/// The hash of a word of a key: of the same word the same in every build, for the
/// record's fingerprint is made of them.
pub(super) fn hash(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

fn of_folded(folded: &str) -> String {
    let mut writing = Writing::new(folded.len());
    writing.letters(folded.chars(), folded.len(), &mut |_, _, _| ());
    writing.end_key(&mut |_, _, _| ());
    writing.out.finish()
}

/// The keys of many texts, one behind the other.
pub(super) struct Keys<'p> {
    text: String,
    words: Found<'p>,
}

/// The folds of many texts, as far as each byte has its own.
#[derive(Debug, Default)]
pub(super) struct Folded {
    wide: Wide,
    /// Stretches of the texts that are not folded so.
    others: Vec<Range<usize>>,
}

impl Folded {
    /// Writes the match form of a text that was read.
    pub(super) fn push(&self, text: &str, read: &Fold, matched: &mut Matched) {
        let wide = self.wide.folded(read.start, text.len());
        let folded = |range: Range<usize>| wide.get(range).unwrap_or_default();
        let mut at = 0;
        for other in self.others.get(read.others.clone()).unwrap_or_default() {
            matched.keep(folded(at..other.start));
            matched.fold(text.get(other.clone()).unwrap_or_default());
            at = other.end;
        }
        matched.keep(folded(at..text.len()));
    }
}

/// Where the fold of a text is.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    start: usize,
    others: Range<usize>,
}

impl Keys<'_> {
    pub(super) fn key(&self, read: &Read) -> &str {
        self.text.get(read.key.clone()).unwrap_or_default()
    }

    /// What the tables know of a key and its words.
    pub(super) fn known(&self, read: &Read) -> Known {
        self.words.known(self.key(read), &read.words)
    }
}

/// What was read of a text.
#[derive(Debug)]
pub(super) struct Read {
    pub fold: Fold,
    key: Range<usize>,
    words: Line,
    pub marks: Marks,
    /// It is in display form, as told by its letters alone; what is not may be, too.
    pub plain: bool,
}

/// What a character is in a key.
#[derive(Clone, Copy)]
struct One {
    bytes: [u8; 2],
    /// How many of the bytes count: none of what separates words or is dropped.
    length: u8,
    separates: bool,
    /// Its mark, and whether it may change on the way to the display form.
    marks: Marks,
    /// The match form has something else for it.
    folds: bool,
}

impl One {
    const fn new(letter: char, folded: [u8; 2]) -> Self {
        let [lead, trail] = folded;
        let is_letter = match char::from_u32(((lead & 0x1F) as u32) << 6 | (trail & 0x3F) as u32) {
            _ if trail == 0 => lead.is_ascii_alphanumeric(),
            Some(letter) => is_arabic_letter(letter),
            None => false,
        };
        let dropped = lead == 0;
        let length = if is_letter { 1 + (trail != 0) as u8 } else { 0 };
        let marks = if is_letter || dropped { Marks::of(&[]) } else { Marks::of_one(letter) };
        let marks = if stays(letter) { marks } else { marks.and(Marks::CHANGES) };
        let mut bytes = [0; 2];
        let folds = if letter.is_ascii() {
            false
        } else {
            letter.encode_utf8(&mut bytes);
            bytes[0] != lead || bytes[1] != trail
        };
        Self { bytes: folded, length, separates: !is_letter && !dropped, marks, folds }
    }
}

/// Reads texts, each letter once: their keys, what is known of the words of these, and
/// which marks are in them.
pub(super) struct Reader<'p> {
    writing: Writing,
    words: Words<'p>,
    folded: Folded,
}

impl<'p> Reader<'p> {
    /// Room for the keys of so many bytes in so many texts.
    pub(super) fn new(bytes: usize, texts: usize, phrases: &'p Phrases) -> Self {
        let folded = Folded { wide: Wide::new(bytes, texts), others: Vec::new() };
        Self { writing: Writing::new(bytes), words: Words::new(bytes / 8, phrases), folded }
    }

    /// Reads a display form, or what may be one.
    pub(super) fn read(&mut self, text: &str) -> Read {
        let Self { writing, words, folded: Folded { wide, others } } = self;
        let bytes = text.as_bytes();
        let (start, first) = (wide.push(bytes), others.len());
        let mut source = OfPage { bytes, wide: wide.text_mut(start), others, first };
        let (key, marks) = writing.read(text, &mut source, &mut |word, length, end| words.add(word, length, end));
        let blank = |byte: Option<&u8>| byte == Some(&b' ');
        let plain = !marks.may_have(Marks::CHANGES) && !blank(bytes.first()) && !blank(bytes.last());
        let fold = Fold { start, others: first..others.len() };
        Read { fold, key, words: words.end_line(), marks, plain }
    }

    /// Forgets what was read last.
    pub(super) fn undo(&mut self, read: &Read) {
        self.words.undo(&read.words);
        self.writing.undo(&read.key);
        self.folded.wide.truncate(read.fold.start);
        self.folded.others.truncate(read.fold.others.start);
    }

    pub(super) fn finish(self) -> (Keys<'p>, Folded) {
        (Keys { text: self.writing.out.finish(), words: self.words.finish() }, self.folded)
    }
}

/// Where the folds of a text's letters come from.
trait Letters {
    /// Writes as many words from `at` on as have one blank between and nothing else, and hands
    /// over each but the last: its bytes and what follows, its length, and its end. Where the
    /// last one begins, and where it ends so far.
    fn words(&mut self, at: usize, places: &mut [u8], word: impl FnMut(&[u8], usize, usize)) -> (usize, usize);

    /// Writes the folds of the letters at `at` that are as long as they are; how many bytes.
    fn write(&mut self, at: usize, places: &mut [u8]) -> usize;

    /// Of this stretch the match form is not as long, or not known.
    fn other(&mut self, stretch: Range<usize>);
}

/// A text for its key alone, letter by letter.
struct Alone<'a>(&'a [u8]);

impl Letters for Alone<'_> {
    #[inline(always)]
    fn words(&mut self, at: usize, places: &mut [u8], _: impl FnMut(&[u8], usize, usize)) -> (usize, usize) {
        (at, at + self.write(at, places))
    }

    #[inline(always)]
    fn write(&mut self, at: usize, places: &mut [u8]) -> usize {
        FOLDS.run(self.0.get(at..).unwrap_or_default(), places)
    }

    fn other(&mut self, _: Range<usize>) {}
}

/// A text of a page, whose most frequent letters were folded many at a time.
struct OfPage<'a> {
    bytes: &'a [u8],
    wide: WideTextMut<'a>,
    /// Of the page; those of this text from the `first` on.
    others: &'a mut Vec<Range<usize>>,
    first: usize,
}

impl OfPage<'_> {
    /// Other languages than Arabic have other letters: as [`Letters::write`], one by one.
    #[inline(always)]
    fn others_letters(&mut self, at: usize, places: &mut [u8]) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        if !matches!(rest.first(), Some(0xD9..=0xDB)) {
            return 0;
        }
        let letters = FOLDS.run(rest, places);
        self.wide.correct(at, places.get(..letters).unwrap_or_default());
        letters
    }
}

impl Letters for OfPage<'_> {
    #[inline(always)]
    fn words(&mut self, at: usize, places: &mut [u8], word: impl FnMut(&[u8], usize, usize)) -> (usize, usize) {
        let (last, end) = self.wide.words(at, word);
        self.wide.copy(at..end, places);
        (last, end + self.others_letters(end, places.get_mut(end - at..).unwrap_or_default()))
    }

    #[inline(always)]
    fn write(&mut self, at: usize, places: &mut [u8]) -> usize {
        let word = self.wide.copy_word(at, places);
        word + self.others_letters(at + word, places.get_mut(word..).unwrap_or_default())
    }

    fn other(&mut self, stretch: Range<usize>) {
        match self.others.get_mut(self.first..).and_then(<[_]>::last_mut) {
            Some(last) if last.end == stretch.start => last.end = stretch.end,
            _ => self.others.push(stretch),
        }
    }
}

/// Writes keys, one behind the other, and hands over each word as it ends, and where
/// in its key it does.
struct Writing {
    out: Writer,
    /// Where in the output the key begins that is written now, and its last word.
    start: usize,
    word_start: usize,
}

impl Writing {
    /// Room for the keys of so many bytes.
    fn new(bytes: usize) -> Self {
        Self { out: Writer::new(bytes), start: 0, word_start: 0 }
    }

    /// Where the key of a display form stands, or of what may be one, and the text's marks.
    fn read(
        &mut self,
        text: &str,
        source: &mut impl Letters,
        word: &mut impl FnMut(&[u8], usize, usize),
    ) -> (Range<usize>, Marks) {
        let bytes = text.as_bytes();
        let mut marks = Marks::default();
        self.out.reserve(bytes.len());
        let mut at = self.run(bytes, 0, &mut marks, source, word);
        let mut folded = String::new();
        while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
            marks = marks.and(Marks::of_one(letter)).and(if stays(letter) { Marks::of(&[]) } else { Marks::CHANGES });
            let start = at;
            at += letter.len_utf8();
            folded.clear();
            push_folded(letter, &mut folded);
            if !folded.chars().eq([letter]) {
                source.other(start..at);
            }
            self.letters(folded.chars(), bytes.len() - at, word);
            at = self.run(bytes, at, &mut marks, source, word);
        }
        (self.end_key(word), marks)
    }

    fn undo(&mut self, key: &Range<usize>) {
        self.out.truncate(key.start);
        (self.start, self.word_start) = (key.start, key.start);
    }

    /// Takes ASCII and the Arabic block; where that ends.
    fn run(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        marks: &mut Marks,
        source: &mut impl Letters,
        word: &mut impl FnMut(&[u8], usize, usize),
    ) -> usize {
        let (room, end) = self.out.room();
        let (mut length, mut word_start, mut seen) = (*end, self.word_start, *marks);
        loop {
            // Most of a text are letters that mean no change but their fold's, and blanks.
            let places = room.get_mut(length..).unwrap_or_default();
            if length == word_start {
                let key = length - self.start;
                let (last, end) = source.words(at, places, |rest, letters, end| word(rest, letters, key + end - at));
                (word_start, length, at) = (length + last - at, length + end - at, end);
            } else {
                let run = source.write(at, places);
                (at, length) = (at + run, length + run);
            }
            let Some(&lead) = bytes.get(at) else { break };
            if lead == b' ' && length > word_start && bytes.get(at + 1) != Some(&b' ') {
                // As below, but quick.
                word(room.get(word_start..).unwrap_or_default(), length - word_start, length - self.start);
                write(room, length, [b' ', 0]);
                (at, length) = (at + 1, length + 1);
                word_start = length;
                continue;
            }
            let one = match (lead, bytes.get(at + 1)) {
                (0..=0x7F, _) => {
                    at += 1;
                    &ASCII[usize::from(lead & 0x7F)]
                }
                (0xD8..=0xDB, Some(trail)) => {
                    at += 2;
                    &ARABIC[arabic_index(lead, *trail)]
                }
                _ => break,
            };
            seen = seen.and(one.marks);
            if one.folds {
                source.other(at - 2..at);
            }
            if one.length > 0 {
                write(room, length, one.bytes);
                length += usize::from(one.length);
            } else if one.separates {
                if lead == b' ' && bytes.get(at) == Some(&b' ') {
                    seen = seen.and(Marks::CHANGES);
                }
                if lead != b' ' && matches!(bytes.get(at..), Some([b' ', next, ..]) if *next != b' ') {
                    // The blank behind a mark.
                    at += 1;
                }
                if length > word_start {
                    word(room.get(word_start..).unwrap_or_default(), length - word_start, length - self.start);
                    write(room, length, [b' ', 0]);
                    length += 1;
                    word_start = length;
                }
            } else if matches!(bytes.get(..at), Some([.., 0xD9, 0x8B..=0x92, 0xD9, 0x8B..=0x92])) {
                // Two vowel marks in a row.
                seen = seen.and(Marks::CHANGES);
            }
        }
        (*end, self.word_start, *marks) = (length, word_start, seen);
        at
    }

    /// Letters of any script, already folded; `left` bytes come behind them.
    fn letters(
        &mut self,
        letters: impl Iterator<Item = char>,
        left: usize,
        word: &mut impl FnMut(&[u8], usize, usize),
    ) {
        for letter in letters {
            if is_letter_or_digit(letter) {
                self.out.many(letter.encode_utf8(&mut [0; 4]).as_bytes(), left);
            } else if self.end_word(word) {
                self.out.many(b" ", left);
                self.word_start = self.out.length();
            }
        }
    }

    /// Whether there was a word that could end.
    fn end_word(&mut self, word: &mut impl FnMut(&[u8], usize, usize)) -> bool {
        let end = self.out.length();
        if end == self.word_start {
            return false;
        }
        word(self.out.from(self.word_start), end - self.word_start, end - self.start);
        self.word_start = end;
        true
    }

    /// Where the key stands that ends here; the next one begins behind it.
    fn end_key(&mut self, word: &mut impl FnMut(&[u8], usize, usize)) -> Range<usize> {
        let end = self.out.length();
        if !self.end_word(word) && end > self.start {
            // A blank that no word follows.
            self.out.truncate(end - 1);
        }
        let key = self.start..self.out.length();
        (self.start, self.word_start) = (key.end, key.end);
        key
    }
}

/// Neither composed nor dropped nor replaced on the way to the display form, so
/// that a text of these alone is folded as if it were one. Marks are folded away
/// whatever their order; those that compose with a letter are not among these.
const fn is_plain(letter: char) -> bool {
    matches!(letter,
        '\n' | ' '..='~' | '\u{A1}'..='\u{AC}' | '\u{AE}'..='\u{2FF}' | '\u{606}'..='\u{60F}' | '\u{61B}' | '\u{61D}'..='\u{63F}'
        | '\u{641}'..='\u{652}' | '\u{656}'..='\u{6D5}' | '\u{6EE}'..='\u{6FF}' | '\u{2010}'..='\u{2027}')
}

/// What each character of ASCII is in a key.
static ASCII: [One; 128] = {
    let mut table = [One::new(' ', [b' ', 0]); 128];
    let mut code = 0;
    while code < 128_u8 {
        let byte = if code.is_ascii_alphanumeric() { code.to_ascii_lowercase() } else { b' ' };
        table[code as usize] = One::new(code as char, [byte, 0]);
        code += 1;
    }
    table
};

/// What each of U+0600 to U+06FF is in a key.
static ARABIC: [One; 256] = {
    let folds = arabic_folds();
    let mut table = [One::new(' ', DROPPED); 256];
    let mut index = 0;
    while index < 256 {
        if let Some(letter) = char::from_u32(0x600 + index as u32) {
            table[index] = One::new(letter, folds[index]);
        }
        index += 1;
    }
    table
};

/// The folds of the letters and digits that stay as they are in the display form.
static FOLDS: Folds = {
    let mut table = Folds::NONE;
    let mut place = 0;
    while place < 256 {
        let one = &ARABIC[place];
        if one.length == 2 && !one.marks.may_have(Marks::CHANGES) {
            table.pairs[Folds::pair(place)] = one.bytes;
        }
        place += 1;
    }
    let mut byte = 0;
    while byte < 128 {
        if ASCII[byte].length == 1 {
            table.ascii[byte] = ASCII[byte].bytes[0];
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold_display;
    use crate::normalize::phrases::spelled;
    use crate::normalize::phrases::tests::TABLES;
    use crate::normalize::unicode::display;
    use crate::record::EditsBuilder;

    fn by_definition(folded: &str) -> String {
        let words = folded.split(|letter: char| !is_letter_or_digit(letter)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    fn of_display_by_definition(display: &str) -> String {
        let mut folded = String::new();
        fold_display(display, &mut folded, |_, _, _| ());
        by_definition(&folded)
    }

    fn words_of(keys: &Keys<'_>, read: &Read) -> Vec<String> {
        spelled(keys.key(read), &keys.known(read).words).map(|(word, _)| word.to_owned()).collect()
    }

    fn words_by_definition(key: &str) -> Vec<&str> {
        key.split(' ').filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn the_key_of_each_character_is_as_defined() {
        for letter in ('\0'..='\u{FFFF}').chain(['😀', '𝟘', '𐐀']) {
            let text = format!("a{letter}b");
            assert_eq!(of_display(&text), of_display_by_definition(&text), "{letter:?}");
            assert_eq!(of(&text), by_definition(&fold(&text)), "{letter:?}");
        }
    }

    #[test]
    fn keys_of_many_texts_are_those_of_each() {
        let texts = ["وصل، ", "", " a  b", "ـ", "«كتاب»", "é 12", "İ", "x"];
        let mut reader = Reader::new(0, 1, &TABLES);
        let reads = texts.map(|text| {
            let first = reader.read(text);
            reader.undo(&first);
            reader.read(text)
        });
        let (keys, _) = reader.finish();
        for (read, text) in reads.iter().zip(texts) {
            assert_eq!(keys.key(read), of_display(text), "{text}");
            assert_eq!(words_of(&keys, read), words_by_definition(keys.key(read)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_as_defined(text in "\\PC{0,40}|[ء-ي\u{64B}-\u{65F}ەہےۂ A-Z٠-٩،.İẞ“”\u{200B}-\u{200F}\n]{0,40}") {
            prop_assert_eq!(of_display(&text), of_display_by_definition(&text));
            prop_assert_eq!(of(&text), by_definition(&fold(&text)));
            let mut reader = Reader::new(0, 1, &TABLES);
            let read = reader.read(&text);
            let (keys, _) = reader.finish();
            prop_assert_eq!(words_of(&keys, &read), words_by_definition(keys.key(&read)));
            prop_assert!(!read.plain || display(&text, false).0 == text);
        }

        #[test]
        fn match_forms_of_many_texts_are_those_of_the_whole(
            texts in proptest::collection::vec("\\PC{0,20}|[ء-ي\u{64B}-\u{65F}ەہےۂ A-Z٠-٩،.İẞ“”]{0,40}", 0..5),
        ) {
            let mut reader = Reader::new(0, 0, &TABLES);
            let reads: Vec<Read> = texts.iter().map(|text| reader.read(text)).collect();
            let (_, folded) = reader.finish();
            let mut matched = Matched::new(0);
            for (text, read) in texts.iter().zip(&reads) {
                folded.push(text, &read.fold, &mut matched);
                matched.keep(b"\n");
            }
            let (mut expected, mut edits) = (String::new(), EditsBuilder::new());
            let whole = texts.iter().map(|text| format!("{text}\n")).collect::<String>();
            fold_display(&whole, &mut expected, |kept, from, to| {
                edits.keep(kept);
                edits.replace(from, to);
            });
            prop_assert_eq!(matched.build(), (expected, edits.build()));
        }
    }
}
