//! What a text is about, and whether a line is about the same.

use rustc_hash::FxHashSet;

use super::key::{first_bytes, hash, head};
use super::lines::{Line, is_number};
use super::phrases::Phrases;

/// A text of fewer content words is too thin to judge others by.
const THIN: usize = 20;

/// Letters of a stem; endings differ: مزارعو, مزارعون, المزارعين.
const LONGEST: usize = 5;

/// What a text is about: the stems of its paragraphs without what every text
/// has, as numbers.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// Small words of the language among them: no line asks for those.
    stems: FxHashSet<u64>,
    thin: bool,
}

impl Subject {
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Line> + Clone, phrases: &Phrases) -> Self {
        let lines = lines.filter(|line| line.cut.is_none());
        let most = lines.clone().map(|line| line.words).sum();
        let mut stems = FxHashSet::with_capacity_and_hasher(most, rustc_hash::FxBuildHasher);
        lines.for_each(|line| stems.extend(stems_of(line)));
        let content = stems.iter().filter(|stem| !phrases.is_stop_word(**stem));
        let thin = content.take(THIN).count() < THIN;
        Self { stems, thin }
    }

    /// Share of the line's content words that the text has, and how many.
    #[allow(clippy::cast_precision_loss)] // a line is short
    pub(super) fn overlap(&self, line: &Line, phrases: &Phrases) -> (f32, usize) {
        let (mut all, mut common) = (0, 0);
        for stem in stems_of(line).filter(|stem| !phrases.is_stop_word(*stem)) {
            all += 1;
            common += usize::from(self.stems.contains(&stem));
        }
        (common as f32 / all.max(1) as f32, common)
    }

    /// Too few words to judge others by.
    pub(super) const fn is_thin(&self) -> bool {
        self.thin
    }
}

/// Stems of the words that may say what the line is about.
fn stems_of(line: &Line) -> impl Iterator<Item = u64> {
    let key = line.key.as_str();
    line.bounds().filter_map(|(start, end)| match arabic_word(key.as_bytes(), start, end) {
        Some((_, 0..3)) => None,
        Some((word, letters)) => Some(packed(arabic_stem(word, letters))),
        None => number(stem(key.get(start..end).unwrap_or_default())),
    })
}

/// The number of a stem that may say something: neither a number nor shorter than
/// three letters. Two stems have one number only if they are the same.
pub(super) fn number(stem: &str) -> Option<u64> {
    if !has_three_letters(stem) || is_number(stem) {
        return None;
    }
    let short = arabic_word(stem.as_bytes(), 0, stem.len()).filter(|(_, letters)| *letters <= LONGEST);
    Some(short.map_or_else(|| hash(stem), |(word, _)| packed(word)))
}

/// The bytes of up to five letters: eight bits of each letter are always the same, and those
/// of the first make room for the other eight of the fifth.
#[allow(clippy::cast_possible_truncation)] // what is left of it is taken
const fn packed(word: u128) -> u64 {
    let fifth = (word >> 64) as u64;
    word as u64 ^ (fifth >> 8 & 0x3F) << 2 ^ (fifth & 3) << 14
}

/// A word of up to eight two-byte Arabic letters alone, as most are: its bytes as a
/// number, the first one lowest, and how many letters it has.
fn arabic_word(key: &[u8], start: usize, end: usize) -> Option<(u128, usize)> {
    /// The first byte of such a letter, but for its last two bits.
    const LEADS: u128 = u128::from_le_bytes([0xFC, 0, 0xFC, 0, 0xFC, 0, 0xFC, 0, 0xFC, 0, 0xFC, 0, 0xFC, 0, 0xFC, 0]);
    const ARABIC: u128 = u128::from_le_bytes([0xD8, 0, 0xD8, 0, 0xD8, 0, 0xD8, 0, 0xD8, 0, 0xD8, 0, 0xD8, 0, 0xD8, 0]);
    let length = end - start;
    let word = head(key.get(start..)?, length);
    let mask = first_bytes(length);
    (length <= 16 && word & LEADS == ARABIC & mask).then_some((word, length / 2))
}

const fn pair(letter: char) -> u128 {
    (0xC0 | letter as u128 >> 6) | (0x80 | letter as u128 & 0x3F) << 8
}

/// [`stem`] of Arabic letters.
const fn arabic_stem(word: u128, letters: usize) -> u128 {
    const WAW: u128 = pair('و');
    const FA: u128 = pair('ف');
    const BA: u128 = pair('ب');
    const KAF: u128 = pair('ك');
    const LAM: u128 = pair('ل');
    const ALEF_LAM: u128 = pair('ا') | LAM << 16;
    const LAM_LAM: u128 = LAM | LAM << 16;
    let (mut word, mut left) = (word, letters);
    if matches!(word & 0xFFFF, WAW | FA) && left >= 4 {
        (word, left) = (word >> 16, left - 1);
    }
    if word & 0xFFFF_FFFF == LAM_LAM && left >= 5 {
        (word, left) = (word >> 32, left - 2);
    } else if matches!(word & 0xFFFF, BA | KAF | LAM) && word >> 16 & 0xFFFF_FFFF == ALEF_LAM && left >= 6 {
        (word, left) = (word >> 48, left - 3);
    }
    if word & 0xFFFF_FFFF == ALEF_LAM && left >= 5 {
        word >>= 32;
    }
    word & first_bytes(LONGEST * 2)
}

fn has_three_letters(word: &str) -> bool {
    // No character has more than four bytes.
    word.len() > 8 || word.chars().nth(2).is_some()
}

/// Without the conjunction, the preposition and the article, where a word of
/// three letters is left. Good enough to see whether two lines share a subject.
fn stem(word: &str) -> &str {
    if word.is_ascii() {
        return word;
    }
    let keep = |rest: &&str| has_three_letters(rest);
    let word = word.strip_prefix(['و', 'ف']).filter(keep).unwrap_or(word);
    let word = word
        .strip_prefix("لل")
        .or_else(|| word.strip_prefix(['ب', 'ك', 'ل'])?.strip_prefix("ال"))
        .filter(keep)
        .unwrap_or(word);
    let word = word.strip_prefix("ال").filter(keep).unwrap_or(word);
    let end = (word.len() > LONGEST).then(|| word.char_indices().nth(LONGEST)).flatten();
    end.filter(|_| !word.is_ascii()).and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stems_have_numbers_of_their_own(one in "[ء-يپچگ]{3,5}", other in "[ء-يپچگ]{3,5}") {
            prop_assert_eq!(number(&one) == number(&other), one == other);
        }

        #[test]
        fn arabic_words_have_the_stem_of_any_word(
            word in "[وف]?(لل|[بكل]?ال)?[ء-يپچگ]{1,8}|[وفبكلاء-ي]{1,8}", behind in " [ء-ي ]{0,16}"
        ) {
            let key = format!("{word}{behind}");
            if let Some((bytes, letters)) = arabic_word(key.as_bytes(), 0, word.len()) {
                prop_assert_eq!(letters, word.chars().count());
                let expected = stem(&word).bytes().rev().fold(0, |number, byte| number << 8 | u128::from(byte));
                prop_assert_eq!(arabic_stem(bytes, letters), if letters < 3 { bytes } else { expected });
                let short = stem(&word);
                prop_assert!(letters < 3 || number(short) == Some(packed(expected)), "{}", short);
            } else {
                prop_assert!(word.len() > 16);
            }
        }
    }
}
