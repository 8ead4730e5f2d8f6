//! Words, numbers and punctuation of the match text, in one pass.

use crate::letters;
use crate::record::{DisplaySpan, MatchSpan, Text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A quotation mark of any shape.
    Quote,
    /// A line break, or a mark that ends a sentence.
    Break,
    /// Any other single mark.
    Mark,
}

/// Bytes of the match text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
}

/// The tokens of a text, and the text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Tokens<'a> {
    /// Texts are far below 4 GiB; what lies beyond is not read.
    pub(super) fn new(text: &'a str) -> Self {
        let mut tokens = Vec::with_capacity(text.len() / 8);
        let mut at = 0;
        let bytes = text.as_bytes();
        loop {
            // Most of a text is words of Arabic letters with blanks between them.
            while bytes.get(at) == Some(&b' ') {
                at += 1;
            }
            let start = at;
            let kind = match plain_word(bytes, start) {
                Some(end) => {
                    at = end;
                    Kind::Word
                }
                None => {
                    let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                    at += letter.len_utf8();
                    if letters::is_mark(letter) {
                        continue;
                    }
                    let kind = kind(letter);
                    if matches!(kind, Kind::Word | Kind::Number) {
                        at = run(text, start, kind);
                    }
                    kind
                }
            };
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(at)) else { break };
            tokens.push(Token { kind, start, end });
        }
        Self { text, tokens }
    }

    /// Tokens given one by one, as a scored corpus has them.
    pub(super) fn given(text: &'a str, spans: &[MatchSpan]) -> Self {
        let token = |span: &MatchSpan| {
            let word = text.get(span.start..span.end).unwrap_or_default();
            let first = word.chars().next().map_or(Kind::Mark, kind);
            Token { kind: first, start: narrow(span.start), end: narrow(span.end) }
        };
        Self { text, tokens: spans.iter().map(token).collect() }
    }

    pub(super) const fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<Token> {
        self.tokens.get(index).copied()
    }

    pub(super) fn kind(&self, index: usize) -> Kind {
        self.tokens.get(index).map_or(Kind::Break, |token| token.kind)
    }

    pub(super) fn is_word(&self, index: usize) -> bool {
        self.kind(index) == Kind::Word
    }

    /// The match form; empty past the end.
    pub(super) fn word(&self, index: usize) -> &'a str {
        self.get(index).and_then(|token| self.text.get(token.start as usize..token.end as usize)).unwrap_or_default()
    }

    /// The text from the token on.
    pub(super) fn from(&self, index: usize) -> &'a [u8] {
        let start = self.get(index).map(|token| token.start as usize);
        start.and_then(|start| self.text.as_bytes().get(start..)).unwrap_or_default()
    }

    /// The match text from one token to another, the first without its
    /// leading `cut` bytes.
    pub(super) fn span(&self, first: usize, last: usize, cut: usize) -> MatchSpan {
        let start = self.get(first).map_or(0, |token| token.start as usize + cut);
        MatchSpan::new(start, self.get(last).map_or(start, |token| token.end as usize))
    }

    /// Nothing but blanks stands between a token and the one before it.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }
}

/// The display span of a match span, with the vowel marks on its last letter.
pub(super) fn shown(text: &Text, span: MatchSpan) -> DisplaySpan {
    let mut span = text.to_display(span);
    let marks = text.display.get(span.end..).unwrap_or_default().chars();
    span.end += marks.take_while(|letter| letters::is_mark(*letter)).map(char::len_utf8).sum::<usize>();
    span
}

fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn kind(letter: char) -> Kind {
    match letter {
        '\u{600}'..='\u{6FF}' if letters::is_letter(letter) => Kind::Word,
        '\n' | '.' | '!' | '?' | '؟' | '…' | '۔' => Kind::Break,
        '،' | '؛' => Kind::Mark,
        '"' | '“' | '”' | '„' | '«' | '»' | '‹' | '›' | '‟' => Kind::Quote,
        _ if letters::is_letter(letter) || is_letter(letter) => Kind::Word,
        _ if letter.is_numeric() => Kind::Number,
        _ => Kind::Mark,
    }
}

/// The standard library's answer, its table spared for the common scripts.
fn is_letter(letter: char) -> bool {
    match letter {
        '\0'..='\u{7F}' => letter.is_ascii_alphabetic(),
        _ => letters::is_arabic_letter(letter) || letter.is_alphabetic(),
    }
}

/// The standard library's answer, its tables spared for Arabic.
pub(super) fn is_alphanumeric(letter: char) -> bool {
    letters::is_arabic_letter(letter) || letter.is_alphanumeric()
}

/// The end of the word that begins at `start`, if it is of Arabic letters and a
/// blank, a common mark or nothing is after it.
fn plain_word(bytes: &[u8], start: usize) -> Option<usize> {
    let end = letters::arabic_letters(bytes, start);
    let ends = match bytes.get(end..).unwrap_or_default() {
        [] | [0xD8, 0x8C, ..] => true,
        [byte, ..] => byte.is_ascii() && !byte.is_ascii_alphanumeric(),
    };
    (end > start && ends).then_some(end)
}

/// The end of the word or number that begins at `start`.
fn run(text: &str, start: usize, kind: Kind) -> usize {
    // Most are letters of common scripts, which a small table tells.
    let mut end = letters::arabic_run(text.as_bytes(), start);
    let mut letters = text.get(end..).unwrap_or_default().chars();
    while let Some(letter) = letters.next() {
        if !letters::is_letter_or_digit(letter) && !goes_on(letter) {
            let separator = matches!(letter, '.' | ',' | ':' | '/' | '٫' | '٬');
            let between = || letters.clone().next().is_some_and(char::is_numeric);
            if kind != Kind::Number || !separator || !between() {
                break;
            }
        }
        end += letter.len_utf8();
    }
    end
}

/// Whether a word goes on with a sign that is no plain letter or digit.
fn goes_on(letter: char) -> bool {
    letter != ' ' && (is_letter(letter) || letter.is_numeric() || letters::is_mark(letter) || letter == '\u{200C}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<(&str, Kind)> {
        let tokens = Tokens::new(text);
        (0..tokens.len()).map(|index| (tokens.word(index), tokens.kind(index))).collect()
    }

    #[test]
    fn words_numbers_and_marks() {
        let found = tokens("قال: “كش24” في 1,250.5، ثم 25/1/2024.\nانتهى");
        let expected = [
            ("قال", Kind::Word),
            (":", Kind::Mark),
            ("“", Kind::Quote),
            ("كش24", Kind::Word),
            ("”", Kind::Quote),
            ("في", Kind::Word),
            ("1,250.5", Kind::Number),
            ("،", Kind::Mark),
            ("ثم", Kind::Word),
            ("25/1/2024", Kind::Number),
            (".", Kind::Break),
            ("\n", Kind::Break),
            ("انتهى", Kind::Word),
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn tokens_are_in_order_and_leave_out_blanks_only(text in "[ا-يa-z0-9 .,\n\u{64b}()“😀-]{0,60}") {
            let tokens = Tokens::new(&text);
            let mut end = 0;
            for index in 0..tokens.len() {
                let token = tokens.get(index).unwrap();
                let between = text.get(end..token.start as usize).unwrap();
                prop_assert!(between.chars().all(|letter| letter == ' ' || letters::is_mark(letter)));
                prop_assert!(token.end > token.start && !tokens.word(index).is_empty());
                end = token.end as usize;
            }
            prop_assert!(text.get(end..).unwrap().chars().all(|letter| letter == ' ' || letters::is_mark(letter)));
        }
    }
}
