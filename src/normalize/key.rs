//! Keys: what two texts that say the same have in common. Letters and digits of
//! the match form, single blanks between; phrases and lines are compared by them.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::marks::Marks;
use super::unicode::stays;
use crate::letters::{
    DROPPED, Writer, arabic_folds, arabic_index, fold, is_arabic_letter, is_letter_or_digit, push_folded, write,
};

/// The key of any text.
pub(super) fn of(text: &str) -> String {
    // Most parts of a display form, and most names of metadata, are plain.
    if text.chars().all(is_plain) { of_display(text) } else { of_folded(&fold(text)) }
}

/// The key of a display form.
pub(super) fn of_display(display: &str) -> String {
    let mut reader = Reader::new(display.len());
    reader.read(display);
    reader.finish().text
}

/// The hash of a word of a key: of the same word the same in every build, for the
/// record's fingerprint is made of them.
pub(super) fn hash(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// A word of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// By which it is looked up: see [`code`].
    pub code: u64,
    /// Behind its last byte.
    pub end: usize,
}

/// What a word is looked up by, quick to tell letter by letter; words that differ
/// may have one code.
pub(super) fn code(word: &str) -> u64 {
    word.chars().fold(0, add_letter)
}

fn add_letter(code: u64, letter: char) -> u64 {
    let mut bytes = [0; 4];
    letter.encode_utf8(&mut bytes);
    add_bytes(code, u32::from_le_bytes(bytes))
}

const fn add_bytes(code: u64, letter: u32) -> u64 {
    (code ^ letter as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The words of a key.
pub(super) fn words_of(key: &str) -> Vec<Word> {
    let starts = |word: &str| word.as_ptr() as usize - key.as_ptr() as usize;
    let words = key.split(' ').filter(|word| !word.is_empty());
    words.map(|word| Word { code: code(word), end: starts(word) + word.len() }).collect()
}

fn of_folded(folded: &str) -> String {
    let mut reader = Reader::new(folded.len());
    reader.letters(folded.chars(), folded.len());
    reader.finish().text
}

/// The keys of many texts, one behind the other.
pub(super) struct Keys {
    text: String,
    words: Vec<Word>,
}

impl Keys {
    pub(super) fn key(&self, read: &Read) -> &str {
        self.text.get(read.key.clone()).unwrap_or_default()
    }

    pub(super) fn words(&self, read: &Read) -> &[Word] {
        self.words.get(read.words.clone()).unwrap_or_default()
    }
}

/// What was read of a text.
#[derive(Debug)]
pub(super) struct Read {
    key: Range<usize>,
    words: Range<usize>,
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
        Self { bytes: folded, length, separates: !is_letter && !dropped, marks }
    }
}

/// Reads texts, each letter once: their keys, the words of these, and which marks
/// are in them.
pub(super) struct Reader {
    out: Writer,
    words: Vec<Word>,
    /// Where in the output the key begins that is read now, and its last word.
    start: usize,
    word_start: usize,
    /// Of that word.
    code: u64,
}

impl Reader {
    /// Room for the keys of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self { out: Writer::new(bytes), words: Vec::with_capacity(bytes / 8), start: 0, word_start: 0, code: 0 }
    }

    /// Reads a display form, or what may be one.
    pub(super) fn read(&mut self, text: &str) -> Read {
        let bytes = text.as_bytes();
        let words = self.words.len();
        let mut marks = Marks::default();
        self.out.reserve(bytes.len());
        let mut at = self.run(bytes, 0, &mut marks);
        let mut folded = String::new();
        while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
            marks = marks.and(Marks::of_one(letter)).and(if stays(letter) { Marks::of(&[]) } else { Marks::CHANGES });
            at += letter.len_utf8();
            folded.clear();
            push_folded(letter, &mut folded);
            self.letters(folded.chars(), bytes.len() - at);
            at = self.run(bytes, at, &mut marks);
        }
        let blank = |byte: Option<&u8>| byte == Some(&b' ');
        let plain = !marks.may_have(Marks::CHANGES) && !blank(bytes.first()) && !blank(bytes.last());
        Read { key: self.end_key(), words: words..self.words.len(), marks, plain }
    }

    /// Forgets what was read last.
    pub(super) fn undo(&mut self, read: &Read) {
        self.words.truncate(read.words.start);
        self.out.truncate(read.key.start);
        (self.start, self.word_start) = (read.key.start, read.key.start);
    }

    pub(super) fn finish(mut self) -> Keys {
        self.end_key();
        Keys { text: self.out.finish(), words: self.words }
    }

    /// Takes ASCII and the Arabic block; where that ends.
    fn run(&mut self, bytes: &[u8], mut at: usize, marks: &mut Marks) -> usize {
        let (room, end) = self.out.room();
        let (mut length, mut code, mut word_start, mut seen) = (*end, self.code, self.word_start, *marks);
        while let Some(&lead) = bytes.get(at) {
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
            if one.length > 0 {
                write(room, length, one.bytes);
                length += usize::from(one.length);
                code = add_bytes(code, u16::from_le_bytes(one.bytes).into());
            } else if one.separates {
                if lead == b' ' && bytes.get(at) == Some(&b' ') {
                    seen = seen.and(Marks::CHANGES);
                }
                if length > word_start {
                    self.words.push(Word { code, end: length - self.start });
                    write(room, length, [b' ', 0]);
                    length += 1;
                    (word_start, code) = (length, 0);
                }
            } else if matches!(bytes.get(..at), Some([.., 0xD9, 0x8B..=0x92, 0xD9, 0x8B..=0x92])) {
                // Two vowel marks in a row.
                seen = seen.and(Marks::CHANGES);
            }
        }
        (*end, self.code, self.word_start, *marks) = (length, code, word_start, seen);
        at
    }

    /// Letters of any script, already folded; `left` bytes come behind them.
    fn letters(&mut self, letters: impl Iterator<Item = char>, left: usize) {
        for letter in letters {
            if is_letter_or_digit(letter) {
                self.out.many(letter.encode_utf8(&mut [0; 4]).as_bytes(), left);
                self.code = add_letter(self.code, letter);
            } else if self.end_word() {
                self.out.many(b" ", left);
                self.word_start = self.out.length();
            }
        }
    }

    /// Whether there was a word that could end.
    fn end_word(&mut self) -> bool {
        let end = self.out.length();
        if end == self.word_start {
            return false;
        }
        self.words.push(Word { code: self.code, end: end - self.start });
        (self.word_start, self.code) = (end, 0);
        true
    }

    /// Where the key stands that ends here; the next one begins behind it.
    fn end_key(&mut self) -> Range<usize> {
        let end = self.out.length();
        if !self.end_word() && end > self.start {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold_display;
    use crate::normalize::unicode::display;

    fn by_definition(folded: &str) -> String {
        let words = folded.split(|letter: char| !is_letter_or_digit(letter)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    fn of_display_by_definition(display: &str) -> String {
        let mut folded = String::new();
        fold_display(display, &mut folded, |_, _, _| ());
        by_definition(&folded)
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
        let mut reader = Reader::new(0);
        let reads = texts.map(|text| {
            let first = reader.read(text);
            reader.undo(&first);
            reader.read(text)
        });
        let keys = reader.finish();
        for (read, text) in reads.iter().zip(texts) {
            assert_eq!(keys.key(read), of_display(text), "{text}");
            assert_eq!(keys.words(read), words_of(keys.key(read)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_as_defined(text in "\\PC{0,40}|[ء-ي\u{64B}-\u{65F}ەہےۂ A-Z٠-٩،.İẞ“”\u{200B}-\u{200F}\n]{0,40}") {
            prop_assert_eq!(of_display(&text), of_display_by_definition(&text));
            prop_assert_eq!(of(&text), by_definition(&fold(&text)));
            let mut reader = Reader::new(0);
            let read = reader.read(&text);
            let keys = reader.finish();
            prop_assert_eq!(keys.words(&read), words_of(keys.key(&read)));
            prop_assert!(!read.plain || display(&text, false).0 == text);
        }
    }
}
