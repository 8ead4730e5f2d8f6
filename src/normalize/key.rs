//! Keys: what two texts that say the same have in common. Letters and digits of
//! the match form, single blanks between; phrases and lines are compared by them.

use xxhash_rust::xxh3::xxh3_64;

use super::marks::Marks;
use crate::letters::{
    DROPPED, Writer, arabic_folds, arabic_index, fold, is_arabic_letter, is_letter_or_digit, push_folded, write,
};

/// The key of any text.
pub(super) fn of(text: &str) -> String {
    // Most parts of a display form, and most names of metadata, are plain.
    if text.chars().all(is_plain) { of_display(text) } else { of_folded(&fold(text)) }
}

/// A display form, read once.
pub(super) struct Read {
    pub key: String,
    pub marks: Marks,
}

/// The key of a display form.
pub(super) fn of_display(display: &str) -> String {
    read(display).key
}

/// The key of a display form and the marks in it, in one pass.
pub(super) fn read(display: &str) -> Read {
    let bytes = display.as_bytes();
    let mut key = Growing::new(bytes.len());
    let mut marks = Marks::default();
    let mut folded = String::new();
    let mut at = key.run(bytes, 0, &mut marks);
    while let Some(letter) = display.get(at..).and_then(|rest| rest.chars().next()) {
        marks.add_place(Marks::place(letter));
        at += letter.len_utf8();
        folded.clear();
        push_folded(letter, &mut folded);
        folded.chars().for_each(|letter| key.letter(letter, bytes.len() - at));
        at = key.run(bytes, at, &mut marks);
    }
    Read { key: key.finish(), marks }
}

/// The hash of a word of a key: of the same word the same in every build, for the
/// record's fingerprint is made of them.
pub(super) fn hash(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

fn of_folded(folded: &str) -> String {
    let mut key = Growing::new(folded.len());
    let mut left = folded.len();
    for letter in folded.chars() {
        left -= letter.len_utf8();
        key.letter(letter, left);
    }
    key.finish()
}

/// What a character is in a key.
#[derive(Clone, Copy)]
struct One {
    bytes: [u8; 2],
    /// How many of the bytes count.
    length: u8,
    /// 1 for a blank, which stands for all that separates words; 0 for a letter.
    blank: u8,
    /// 1 for what is nothing in a key: a blank before it is still the last.
    dropped: u8,
    /// The place of its mark: see [`Marks`].
    mark: u8,
}

impl One {
    const fn new(bytes: [u8; 2], of: char) -> Self {
        let dropped = (bytes[0] == 0) as u8;
        let length = if dropped == 1 { 0 } else { 1 + (bytes[1] != 0) as u8 };
        Self { bytes, length, blank: (bytes[0] == b' ') as u8, dropped, mark: Marks::place(of) }
    }
}

/// A key as it grows.
struct Growing {
    out: Writer,
    /// 1 where the last byte is a blank, or there is none.
    blank: u8,
}

impl Growing {
    /// Room for the key of so many bytes.
    fn new(bytes: usize) -> Self {
        Self { out: Writer::new(bytes), blank: 1 }
    }

    /// Takes ASCII and the Arabic block; where that ends.
    fn run(&mut self, bytes: &[u8], mut at: usize, marks: &mut Marks) -> usize {
        let (room, end) = self.out.room();
        let (mut length, mut blank, mut seen) = (*end, self.blank, *marks);
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
            write(room, length, one.bytes);
            // Of blanks in a row the first one counts.
            length += usize::from(one.length - (one.blank & blank));
            blank = one.blank | one.dropped & blank;
            if one.mark != 0 {
                seen.add_place(one.mark);
            }
        }
        (*end, self.blank, *marks) = (length, blank, seen);
        at
    }

    /// A letter of any script, already folded; `left` bytes come behind it.
    fn letter(&mut self, letter: char, left: usize) {
        if is_letter_or_digit(letter) {
            self.out.many(letter.encode_utf8(&mut [0; 4]).as_bytes(), left);
            self.blank = 0;
        } else if self.blank == 0 {
            self.out.many(b" ", left);
            self.blank = 1;
        }
    }

    fn finish(self) -> String {
        let mut key = String::with_capacity(self.out.length());
        self.out.finish(usize::from(self.blank), &mut key);
        key
    }
}

/// Neither composed nor dropped nor replaced on the way to the display form, so
/// that a text of these alone is folded as if it were one. Marks are folded away
/// whatever their order; those that compose with a letter are not among these.
const fn is_plain(letter: char) -> bool {
    matches!(letter,
        '\n' | ' '..='~' | '«' | '»' | '\u{606}'..='\u{60F}' | '\u{61B}' | '\u{61D}'..='\u{63F}'
        | '\u{641}'..='\u{652}' | '\u{656}'..='\u{6D5}' | '\u{6EE}'..='\u{6FF}' | '\u{2010}'..='\u{2027}')
}

/// What each character of ASCII is in a key.
static ASCII: [One; 128] = {
    let mut table = [One::new([b' ', 0], ' '); 128];
    let mut code = 0;
    while code < 128_u8 {
        let byte = if code.is_ascii_alphanumeric() { code.to_ascii_lowercase() } else { b' ' };
        table[code as usize] = One::new([byte, 0], code as char);
        code += 1;
    }
    table
};

/// What each of U+0600 to U+06FF is in a key.
static ARABIC: [One; 256] = {
    let folds = arabic_folds();
    let mut table = [One::new(DROPPED, ' '); 256];
    let mut index = 0;
    while index < 256 {
        let [lead, trail] = folds[index];
        table[index] = match char::from_u32(((lead & 0x1F) as u32) << 6 | (trail & 0x3F) as u32) {
            _ if lead == 0 => One::new(DROPPED, ' '),
            _ if trail == 0 => One::new([lead, 0], ' '),
            Some(letter) if is_arabic_letter(letter) => One::new([lead, trail], ' '),
            _ => One::new([b' ', 0], '،'),
        };
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold_display;

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

    proptest! {
        #[test]
        fn keys_are_as_defined(text in "\\PC{0,40}|[ء-ي\u{64B}-\u{65F}ەہےۂ A-Z٠-٩،.İẞ“”\u{200B}-\u{200F}\n]{0,40}") {
            prop_assert_eq!(of_display(&text), of_display_by_definition(&text));
            prop_assert_eq!(of(&text), by_definition(&fold(&text)));
        }
    }
}
