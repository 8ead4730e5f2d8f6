//! Words, numbers and marks of one line of the match text.

use super::words::{Word, word};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of the lexicon.
    Word(Word),
    /// Any other word.
    Other,
    /// A run of digits, leading zeros counted; of ten and more the value is 0.
    Number { value: u32, digits: u8 },
    /// Dashes are `-`, commas `,`, opening quotes and the like 0.
    Mark(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// Bytes of the match text.
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    /// Bytes of proclitic at the start.
    pub lead: u8,
    /// A blank or the line's beginning stands before it.
    pub spaced: bool,
}

/// What a word of Arabic letters alone is in a date: the same wherever it stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::tag) struct Said {
    kind: Kind,
    lead: u8,
}

/// `None` of a word in which other signs are, too: where it ends depends on them.
pub(in crate::tag) fn said(word: &str) -> Option<Said> {
    let is_letter = |pair: &[u8]| matches!(pair, [lead @ 0xD8..=0xDB, next] if is_arabic_letter(*lead, Some(next)));
    word.as_bytes().chunks(2).all(is_letter).then(|| {
        let (kind, lead) = known(word, 0, word.len());
        Said { kind, lead }
    })
}

/// The words that others have read already, each with its bytes and what it is if
/// it is that everywhere; asked for in the order of the text.
#[derive(Debug)]
pub(super) struct Words<I> {
    rest: I,
    next: (usize, usize, Option<Said>),
}

/// After the last word.
const END: (usize, usize, Option<Said>) = (usize::MAX, usize::MAX, None);

impl<I: Iterator<Item = (usize, usize, Option<Said>)>> Words<I> {
    pub(super) fn new(mut rest: I) -> Self {
        Self { next: rest.next().unwrap_or(END), rest }
    }

    /// What the word is that begins at that byte, and where it ends.
    fn at(&mut self, at: usize) -> Option<(usize, Said)> {
        while self.next.0 < at {
            self.next = self.rest.next().unwrap_or(END);
        }
        let (start, end, said) = self.next;
        said.filter(|_| start == at).map(|said| (end, said))
    }
}

/// Cuts the line that begins at byte `from` into tokens, and says where the
/// next line begins. `words`: what is known of them.
pub(super) fn line(
    text: &str,
    from: usize,
    words: &mut Words<impl Iterator<Item = (usize, usize, Option<Said>)>>,
    tokens: &mut Vec<Token>,
) -> usize {
    tokens.clear();
    let bytes = text.as_bytes();
    let (mut at, mut spaced) = (from, true);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let (kind, lead) = match byte {
            b'\n' => return at + 1,
            b' ' | b'\t' | b'\r' => {
                spaced = true;
                at += 1;
                continue;
            }
            b'0'..=b'9' => {
                at = run_end(bytes, at, |byte| byte.is_ascii_digit());
                (number(bytes.get(start..at).unwrap_or_default()), 0)
            }
            b'a'..=b'z' => {
                at = word_end(bytes, at);
                known(text, start, at)
            }
            0..0x80 => {
                at += 1;
                (Kind::Mark(byte), 0)
            }
            _ => match words.at(at).filter(|(end, _)| ends(bytes, *end)) {
                Some((end, said)) => {
                    at = end;
                    (said.kind, said.lead)
                }
                None => match mark(bytes, at) {
                    Some((length, mark)) => {
                        at += length;
                        (Kind::Mark(mark), 0)
                    }
                    None => {
                        at = word_end(bytes, at);
                        known(text, start, at)
                    }
                },
            },
        };
        tokens.push(Token { start, end: at, kind, lead, spaced });
        spaced = false;
    }
    at
}

fn known(text: &str, start: usize, end: usize) -> (Kind, u8) {
    match text.get(start..end).and_then(word) {
        Some((word, lead)) => (Kind::Word(word), lead),
        None => (Kind::Other, 0),
    }
}

fn number(digits: &[u8]) -> Kind {
    let count = u8::try_from(digits.len()).unwrap_or(u8::MAX);
    let value = if count > 9 { 0 } else { digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) };
    Kind::Number { value, digits: count }
}

fn run_end(bytes: &[u8], from: usize, goes_on: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).position(|byte| !goes_on(*byte)).map_or(bytes.len(), |length| from + length)
}

/// Where the word ends that begins at `from`; a word has at least one character.
fn word_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            b'a'..=b'z' => 1,
            0..0x80 => break,
            0xD8..=0xDB if is_arabic_letter(byte, bytes.get(at + 1)) => 2,
            _ if at > from && mark(bytes, at).is_some() => break,
            _ => width(byte),
        };
    }
    at.min(bytes.len())
}

/// No word goes on there.
fn ends(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| match byte {
        b'a'..=b'z' => false,
        0..0x80 => true,
        _ => mark(bytes, at).is_some(),
    })
}

/// None of the [marks](mark) of the Arabic block: told without looking for them one
/// by one.
fn is_arabic_letter(lead: u8, next: Option<&u8>) -> bool {
    const MARKS: [u64; 4] = [1 << 0x0C | 1 << 0x1B | 1 << 0x1F, 0b1111 << 0x2A, 0, 1 << 0x14];
    next.is_some_and(|next| MARKS[usize::from(lead & 3)] >> (next & 0x3F) & 1 == 0)
}

const fn width(lead: u8) -> usize {
    match lead {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    }
}

/// Bytes and class of the punctuation at a place; `None` where a letter stands.
/// Only what news prints is told from letters: a rarer sign passes for a letter
/// of a word that no lexicon has.
fn mark(bytes: &[u8], at: usize) -> Option<(usize, u8)> {
    let lead = *bytes.get(at)?;
    let next = *bytes.get(at + 1)?;
    match (lead, next) {
        (0xD8, 0x8C) => Some((2, b',')),
        (0xD8, 0x9B | 0x9F) | (0xD9, 0xAD) | (0xDB, 0x94) => Some((2, 0)),
        (0xD9, 0xAA) => Some((2, b'%')),
        (0xD9, 0xAB | 0xAC) => Some((2, b'.')),
        (0xC2, _) | (0xC3, 0x97 | 0xB7) => Some((2, 0)),
        (0xE2, 0x80) => match *bytes.get(at + 2)? {
            0x90..=0x95 => Some((3, b'-')),
            _ => Some((3, 0)),
        },
        (0xE2, 0x88) if bytes.get(at + 2) == Some(&0x92) => Some((3, b'-')),
        (0xE2, 0x81..=0xBF) | (0xEF, 0xB4) => Some((3, 0)),
        (0xF0, _) => Some((4, 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tag::dates::tests::words;

    #[test]
    fn words_numbers_and_marks() {
        let text = "والخميس، 25 من\nثم";
        let mut tokens = Vec::new();
        let next = line(text, 0, &mut Words::new(std::iter::empty()), &mut tokens);
        assert_eq!(text.get(next..), Some("ثم"));
        let kinds: Vec<_> = tokens.iter().map(|token| (token.kind, token.lead, token.spaced)).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Word(Word::Weekday(4)), 2, true),
                (Kind::Mark(b','), 0, false),
                (Kind::Number { value: 25, digits: 2 }, 0, true),
                (Kind::Word(Word::Of), 0, true),
            ]
        );
    }

    #[test]
    fn a_letter_is_what_is_no_mark() {
        for letter in '\u{600}'..='\u{6FF}' {
            let mut bytes = [0; 2];
            letter.encode_utf8(&mut bytes);
            assert_eq!(is_arabic_letter(bytes[0], Some(&bytes[1])), mark(&bytes, 0).is_none(), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn tokens_lie_on_characters_and_lines_end(text in "(?s).{0,80}") {
            let (mut at, mut tokens) = (0, Vec::new());
            while at < text.len() {
                let next = line(&text, at, &mut Words::new(std::iter::empty()), &mut tokens);
                prop_assert!(next > at);
                let mut last = at;
                for token in &tokens {
                    prop_assert!(token.start >= last && token.end > token.start && token.end <= next);
                    prop_assert!(text.get(token.start..token.end).is_some());
                    last = token.end;
                }
                at = next;
            }
        }

        #[test]
        fn words_that_others_read_are_those_that_are_read_anew(
            text in "(الخميس|وفي|يناير|عام|من|هـ|[ا-ي]{1,3}|[ \n0-9a-zA-Z.،…‌ة٪\u{64b}😀ﷺ·×-]){0,30}",
        ) {
            let (mut at, mut words) = (0, Words::new(words(&text)));
            let (mut tokens, mut anew) = (Vec::new(), Vec::new());
            while at < text.len() {
                let next = line(&text, at, &mut words, &mut tokens);
                prop_assert_eq!(line(&text, at, &mut Words::new(std::iter::empty()), &mut anew), next);
                prop_assert_eq!(&tokens, &anew);
                at = next;
            }
        }
    }
}
