//! The scripts' tables: folds, marks, digits, look-alikes; for normalize and
//! tag alike.
//!
//! Two forms of a text follow from them. The **display form** is what people
//! read: presentation forms are letters again, what nobody sees is gone. The
//! **match form** is for look-up only: [`fold`] makes it of any string, and
//! folding a display form gives exactly the match form that normalize keeps
//! beside it.

use std::sync::LazyLock;

use ::wide::i16x8;
use icu_normalizer::ComposingNormalizerBorrowed;

mod wide;
mod writer;

pub(crate) use wide::{TextMut as WideTextMut, Wide};
pub(crate) use writer::{Writer, write};

/// What a character becomes in the display form, before NFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Keep,
    Drop,
    Space,
    /// A zero-width joiner or non-joiner: whether it stays is for its
    /// neighbours and the language to say.
    Joiner,
    /// The letters that a presentation form stands for.
    Letters(&'static [char]),
}

/// The display form of one character.
#[must_use]
pub fn shown(letter: char) -> Shown {
    match letter {
        // Nearly all there is.
        ' '..='~' | '\u{621}'..='\u{63F}' | '\u{641}'..='\u{6FF}' => Shown::Keep,
        '\u{200C}' | '\u{200D}' => Shown::Joiner,
        _ if is_space(letter) => Shown::Space,
        _ if is_unseen(letter) => Shown::Drop,
        '\u{FB50}'..='\u{FDEF}' | '\u{FE70}'..='\u{FEFC}' => presentation(letter),
        _ => Shown::Keep,
    }
}

/// Any blank, a line break included.
#[must_use]
pub const fn is_space(letter: char) -> bool {
    matches!(
        letter,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}'
            | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Controls, bidi marks, zero-width characters, soft hyphens, tatweel: what a
/// reader does not see, or sees as mere stretching. Joiners are not among them.
#[must_use]
pub const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{AD}' | '\u{61C}'
            | TATWEEL | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFC}' | '\u{FDD0}'..='\u{FDEF}'
    )
}

pub const TATWEEL: char = '\u{640}';

/// Marks that the match form drops: the vowel signs of ordinary print.
#[must_use]
pub const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{64B}'..='\u{65F}' | '\u{670}')
}

/// A letter of the Arabic script in any of its languages; no mark, no digit.
#[must_use]
pub const fn is_arabic_letter(letter: char) -> bool {
    matches!(
        letter,
        '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}' | '\u{66E}' | '\u{66F}' | '\u{671}'..='\u{6D3}' | '\u{6D5}'
            | '\u{6EE}' | '\u{6EF}' | '\u{6FA}'..='\u{6FC}' | '\u{6FF}' | '\u{750}'..='\u{77F}'
            | '\u{870}'..='\u{887}' | '\u{889}'..='\u{88E}' | '\u{8A0}'..='\u{8C9}' | '\u{FB50}'..='\u{FBB1}'
            | '\u{FBD3}'..='\u{FD3D}' | '\u{FD50}'..='\u{FDFB}' | '\u{FE80}'..='\u{FEFC}'
    )
}

/// A letter of any script. As `char::is_alphabetic`, but quick for Arabic, and
/// its vowel marks are none.
#[must_use]
pub fn is_letter(letter: char) -> bool {
    match letter {
        '\0'..='\u{7F}' => letter.is_ascii_alphabetic(),
        '\u{600}'..='\u{6FF}' => ARABIC_CLASSES[letter as usize & 0xFF] & LETTER != 0,
        _ => letter.is_alphabetic(),
    }
}

/// A letter or a digit of any script; see [`is_letter`].
#[must_use]
pub fn is_letter_or_digit(letter: char) -> bool {
    match letter {
        '\0'..='\u{7F}' => letter.is_ascii_alphanumeric(),
        '\u{600}'..='\u{6FF}' => ARABIC_CLASSES[letter as usize & 0xFF] != 0,
        // As below, but quick: Latin letters, and the marks of all scripts.
        '\u{C0}'..='\u{24F}' => !matches!(letter, '×' | '÷'),
        '\u{2000}'..='\u{206F}' => false,
        _ => letter.is_alphanumeric(),
    }
}

/// Where the letters and digits of the Arabic block end that begin at `at`.
pub(crate) fn arabic_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some([lead @ 0xD8..=0xDB, trail]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        if ARABIC_CLASSES[arabic_index(*lead, *trail)] == 0 {
            break;
        }
        at += 2;
    }
    at
}

/// The same of letters alone.
#[inline]
pub(crate) fn arabic_letters(bytes: &[u8], mut at: usize) -> usize {
    at += bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |next| 2 * common_letters(next));
    while let Some([lead @ 0xD8..=0xDB, trail]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        if ARABIC_CLASSES[arabic_index(*lead, *trail)] != LETTER {
            break;
        }
        at += 2;
    }
    at
}

/// How many of the letters that nearly all words are of, in two bytes each, come first.
#[inline]
fn common_letters(bytes: &[u8; 32]) -> usize {
    let (halves, _) = bytes.as_chunks::<16>();
    let are_letters = |half: &[u8; 16]| {
        let letters = i16x8::new(std::array::from_fn(|at| i16::from_be_bytes([half[2 * at], half[2 * at + 1]])));
        // Whether they are among so many from the first on: there is no order but with sign.
        let among = |first: char, last: char| {
            let [first, last] = [first, last].map(two_bytes);
            let places = letters - i16x8::splat(first.wrapping_sub(i16::MIN));
            places.simd_le(i16x8::splat(last.wrapping_sub(first).wrapping_add(i16::MIN)))
        };
        (among('ء', 'ؿ') | among('ف', 'ي')).to_bitmask()
    };
    let [one, other] = [&halves[0], &halves[1]].map(are_letters);
    (one | other << 8).trailing_ones() as usize
}

/// The UTF-8 of a character of two bytes, as a number.
const fn two_bytes(letter: char) -> i16 {
    let mut bytes = [0; 2];
    letter.encode_utf8(&mut bytes);
    i16::from_be_bytes(bytes)
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;

/// What each of U+0600 to U+06FF is, if it is a letter or a digit.
static ARABIC_CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        if let Some(letter) = char::from_u32(0x600 + index as u32) {
            let digit = if digit(letter).is_some() { DIGIT } else { 0 };
            table[index] = if is_arabic_letter(letter) { LETTER } else { digit };
        }
        index += 1;
    }
    table
};

/// The value of a digit: European, Arabic-Indic or its Persian forms.
#[must_use]
pub const fn digit(letter: char) -> Option<u8> {
    let zero = match letter {
        '0'..='9' => '0',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        _ => return None,
    };
    #[allow(clippy::cast_possible_truncation)] // 0 to 9
    Some((letter as u32 - zero as u32) as u8)
}

/// The Arabic letter that a letter of another language's keyboard stands for
/// when it is typed in Arabic text (ک for ك), and what folds to a plain letter.
#[must_use]
pub const fn look_alike(letter: char) -> Option<char> {
    Some(match letter {
        'أ' | 'إ' | 'آ' | 'ٱ' | '\u{672}' | '\u{673}' | '\u{675}' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' | 'ہ' | 'ھ' | 'ە' | '\u{6C0}' | '\u{6C2}' | '\u{6C3}' => 'ه',
        'ک' | 'ڪ' => 'ك',
        _ => return None,
    })
}

/// NFC; borrowed where the text is in it already, which a quick check tells.
#[must_use]
pub fn compose(text: &str) -> std::borrow::Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The match form of any string: letters of presentation forms, what is unseen
/// and vowel marks dropped, alefs, yas, ta marbuta and look-alikes folded,
/// digits European, case lower. Line breaks and runs of blanks stay.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text.chars().all(|letter| matches!(shown(letter), Shown::Keep) || letter == '\n');
    let mut folded = String::new();
    if plain {
        fold_display(&compose(text), &mut folded, |_, _, _| ());
        return folded;
    }
    let mut letters = String::with_capacity(text.len());
    for letter in text.chars() {
        match shown(letter) {
            Shown::Keep => letters.push(letter),
            Shown::Space if letter == '\n' => letters.push(letter),
            Shown::Space => letters.push(' '),
            Shown::Drop | Shown::Joiner => {}
            Shown::Letters(many) => letters.extend(many),
        }
    }
    fold_display(&compose(&letters), &mut folded, |_, _, _| ());
    folded
}

/// Folds a display form onto the end of `folded`, and tells `edit(kept, from,
/// to)` of each change of length: after `kept` bytes of equal length, `from`
/// bytes became `to` bytes.
pub fn fold_display(text: &str, folded: &mut String, mut edit: impl FnMut(usize, usize, usize)) {
    let mut out = Writer::new(text.len());
    let (mut at, mut kept_from) = (0, 0);
    let mut letters = String::new();
    loop {
        at += out.run(text.as_bytes().get(at..).unwrap_or_default(), &FOLDS);
        let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        letters.clear();
        fold_letter(letter, &mut letters);
        let (from, to) = (letter.len_utf8(), letters.len());
        out.many(letters.as_bytes(), text.len() - at - from);
        if to != from {
            edit(at - kept_from, from, to);
            kept_from = at + from;
        }
        at += from;
    }
    out.finish_behind(folded);
}

/// Folds a letter of a display form.
pub(crate) fn fold_letter(letter: char, folded: &mut String) {
    match letter {
        // The tables' word for nothing.
        '\0' => folded.push(letter),
        '\u{600}'..='\u{6FF}' => folded.extend(ARABIC_FOLDS[letter as usize & 0xFF]),
        _ => push_folded(letter, folded),
    }
}

/// Tables of what characters become, if that is as long as they are: of the Arabic block by
/// their bytes less [`FIRST_PAIR`], and of ASCII; 0 where there is more to say.
pub(crate) struct Folds {
    pub pairs: [[u8; 2]; 0x340],
    pub ascii: [u8; 128],
}

/// The bytes of U+0600 as a number.
const FIRST_PAIR: u16 = 0xD880;

impl Folds {
    pub(crate) const NONE: Self = Self { pairs: [DROPPED; 0x340], ascii: [0; 128] };

    /// Where the table of pairs has the character with this place in the Arabic block.
    pub(crate) const fn pair(place: usize) -> usize {
        // Of each 256 pairs with one first byte the last 64 are characters.
        (place >> 6) << 8 | place & 0x3F
    }

    /// Writes what the tables have for the characters at the head of the text, as long as they
    /// have something; how many bytes that are.
    #[inline(always)]
    pub(crate) fn run(&self, text: &[u8], places: &mut [u8]) -> usize {
        // Both as long, so that one bound holds for both.
        let end = text.len().min(places.len());
        let (text, places) = (&text[..end], &mut places[..end]);
        let mut at = 0;
        while at < end {
            let first = text[at];
            if first < 0x80 {
                let folded = self.ascii[usize::from(first)];
                if folded == 0 {
                    break;
                }
                places[at] = folded;
                at += 1;
                continue;
            }
            let next = at + 1;
            if next >= end {
                break;
            }
            let pair = u16::from_be_bytes([first, text[next]]).wrapping_sub(FIRST_PAIR);
            match self.pairs.get(usize::from(pair)) {
                None | Some(&DROPPED) => break,
                Some(folded) => [places[at], places[next]] = *folded,
            }
            at += 2;
        }
        at
    }
}

/// Folds a letter of any script.
pub(crate) fn push_folded(letter: char, folded: &mut String) {
    if is_unseen(letter) || matches!(letter, '\u{200C}' | '\u{200D}') {
        return;
    }
    if matches!(letter, 'A'..='Z' | '«' | '»' | '\u{2010}'..='\u{2027}') {
        // As below, but quick.
        return folded.push(letter.to_ascii_lowercase());
    }
    if letter == 'İ' {
        // Its small letter is a plain i; Unicode's has a second dot on top.
        return folded.push('i');
    }
    folded.extend(letter.to_lowercase());
}

/// Stands in a table for a letter whose fold is nothing.
pub(crate) const DROPPED: [u8; 2] = [0, 0];

/// Where a table of U+0600 to U+06FF has the character of two bytes.
pub(crate) const fn arabic_index(lead: u8, trail: u8) -> usize {
    ((lead & 3) as usize) << 6 | (trail & 0x3F) as usize
}

/// What each of U+0600 to U+06FF is folded to.
static ARABIC_FOLDS: [Option<char>; 256] = {
    let folds = arabic_folds();
    let mut table = [None; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = match folds[index] {
            DROPPED => None,
            [digit, 0] => Some(digit as char),
            [lead, trail] => char::from_u32(((lead & 0x1F) as u32) << 6 | (trail & 0x3F) as u32),
        };
        index += 1;
    }
    table
};

/// The match form of what is as long as that.
static FOLDS: Folds = {
    let folds = arabic_folds();
    let mut table = Folds::NONE;
    let mut place = 0;
    while place < 256 {
        if folds[place][1] != 0 {
            table.pairs[Folds::pair(place)] = folds[place];
        }
        place += 1;
    }
    let mut byte = 1_u8;
    while byte < 128 {
        table.ascii[byte as usize] = byte.to_ascii_lowercase();
        byte += 1;
    }
    table
};

/// For each of U+0600 to U+06FF the bytes of its fold; a second byte of 0 means
/// one byte (a digit).
pub(crate) const fn arabic_folds() -> [[u8; 2]; 256] {
    let mut table = [DROPPED; 256];
    let mut index = 0;
    while index < 256 {
        if let Some(letter) = char::from_u32(0x600 + index as u32) {
            table[index] = arabic_fold(letter);
        }
        index += 1;
    }
    table
}

const fn arabic_fold(letter: char) -> [u8; 2] {
    if is_mark(letter) || is_unseen(letter) {
        return DROPPED;
    }
    if let Some(value) = digit(letter) {
        return [b'0' + value, 0];
    }
    let letter = match look_alike(letter) {
        Some(plain) => plain as u32,
        None => letter as u32,
    };
    [0xC0 | (letter >> 6) as u8, 0x80 | (letter & 0x3F) as u8]
}

fn presentation(letter: char) -> Shown {
    let letters = PRESENTATION_FORMS.get((letter as u32 - 0xFB50) as usize);
    match letters {
        Some(letters) if !letters.is_empty() => Shown::Letters(letters),
        _ => Shown::Keep,
    }
}

/// Letters of U+FB50 to U+FEFC, by Unicode's own compatibility mappings; empty
/// where the character stays: ligatures of whole words and phrases (FDF0 to
/// FDFF) and what has no mapping.
static PRESENTATION_FORMS: LazyLock<Vec<Box<[char]>>> = LazyLock::new(|| {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    (0xFB50..=0xFEFC)
        .map(|code| {
            let Some(form) = char::from_u32(code) else { return Box::default() };
            if matches!(form, '\u{FDF0}'..='\u{FE6F}') {
                return Box::default();
            }
            // Forms of lone marks are mapped to a blank or a tatweel with the mark.
            let letters = nfkc.normalize_iter(std::iter::once(form)).filter(|letter| !matches!(letter, ' ' | &TATWEEL));
            let letters: Box<[char]> = letters.collect();
            if letters.first() == Some(&form) { Box::default() } else { letters }
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_and_digits_are_those_of_unicode() {
        for letter in ('\0'..='\u{5FF}').chain('\u{700}'..=char::MAX) {
            assert_eq!(is_letter_or_digit(letter), letter.is_alphanumeric(), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn letters_are_counted_in_one_step_as_one_by_one(text in "[ا-يء-غپچگ0-9۱ـ\u{64b}،. a-zé]{0,40}") {
            for (at, _) in text.char_indices() {
                let letters = text.get(at..).unwrap().chars().take_while(|letter| is_arabic_letter(*letter));
                let end = at + letters.map(char::len_utf8).sum::<usize>();
                prop_assert_eq!(arabic_letters(text.as_bytes(), at), end);
            }
        }
    }

    #[test]
    fn folds_by_the_table() {
        for (text, folded) in [
            ("أَحْمَدُ إلى آخرِ ٱلمدينة", "احمد الي اخر المدينه"),
            ("مسؤول بيئي، ماء", "مسؤول بيئي، ماء"),
            ("٢٠٢٤ و۱۴۰۳ و2024", "2024 و1403 و2024"),
            ("Élysée LONDON Straße İzmir", "élysée london straße izmir"),
            ("کتاب ایران", "كتاب ايران"),
            ("العـــراق", "العراق"),
            ("ﻻ إله ﷺ ﺳﻮﺭﻳﺎ", "لا اله ﷺ سوريا"),
            ("می\u{200C}رود", "ميرود"),
            ("\u{FEFF}a\u{200F}b\u{A0}c\nd", "ab c\nd"),
            ("cafe\u{301} و\u{654}", "café ؤ"),
            ("ا\u{200B}\u{653}", "ا"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn presentation_forms_are_letters_and_whole_phrases_stay() {
        assert_eq!(shown('ﷺ'), Shown::Keep);
        assert_eq!(shown('ﷲ'), Shown::Keep);
        assert_eq!(shown('\u{FD3E}'), Shown::Keep);
        assert_eq!(shown('ﻼ'), Shown::Letters(&['ل', 'ا']));
        assert_eq!(shown('\u{FC60}'), Shown::Letters(&['\u{64E}', '\u{651}']));
        assert_eq!(shown('\u{FE71}'), Shown::Letters(&['\u{64B}']));
        assert_eq!(shown('ﭖ'), Shown::Letters(&['پ']));
        for code in (0xFB50..=0xFDCF).chain(0xFE70..=0xFEFC) {
            let form = char::from_u32(code).unwrap();
            if let Shown::Letters(letters) = shown(form) {
                assert!(
                    letters.iter().all(|letter| is_arabic_letter(*letter) || is_mark(*letter)),
                    "{form:?} {letters:?}"
                );
            }
        }
    }

    #[test]
    fn every_fold_of_the_block_is_the_fold_by_hand() {
        for code in 0x600..=0x6FF_u32 {
            let letter = char::from_u32(code).unwrap();
            let by_hand = if is_mark(letter) || is_unseen(letter) {
                String::new()
            } else if let Some(value) = digit(letter) {
                value.to_string()
            } else {
                look_alike(letter).unwrap_or(letter).to_string()
            };
            let mut folded = String::new();
            fold_display(&letter.to_string(), &mut folded, |_, _, _| ());
            assert_eq!(folded, by_hand, "U+{code:04X}");
        }
    }

    #[test]
    fn letters_are_those_of_the_standard_but_for_marks_and_koranic_signs() {
        for code in 0..0x3000_u32 {
            let Some(letter) = char::from_u32(code) else { continue };
            if !matches!(letter, '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}')
            {
                assert_eq!(is_letter(letter), letter.is_alphabetic(), "U+{code:04X}");
                assert_eq!(is_letter_or_digit(letter), letter.is_alphanumeric(), "U+{code:04X}");
            }
        }
    }

    proptest! {

        #[test]
        fn folding_a_fold_changes_nothing(text in "\\PC{0,40}|[ء-ي\u{64B}-\u{65F} A-Z٠-٩ﺍ-ﻼ\u{200B}-\u{200F}\n]{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn edits_add_up_to_both_lengths(text in "[ء-ي\u{64B}-\u{65F} A-Z٠-٩İẞȺ😀\n]{0,60}") {
            let mut folded = String::new();
            let (mut source, mut output) = (0, 0);
            fold_display(&text, &mut folded, |kept, from, to| {
                source += kept + from;
                output += kept + to;
            });
            prop_assert_eq!(text.len() - source, folded.len() - output);
        }
    }
}
