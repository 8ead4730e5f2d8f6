//! What a text is about, and whether a line is about the same.

use rustc_hash::FxHashSet;

use super::key::hash;
use super::lines::{Line, is_number};
use super::phrases::Phrases;
use crate::letters::arabic_index;

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
    line.each_word().filter_map(|word| match arabic_letters(word) {
        Some(letters) if letters.len() < 3 => None,
        Some(letters) => Some(packed(arabic_stem(letters))),
        None => number(stem(word)),
    })
}

/// The number of a stem that may say something: neither a number nor shorter than
/// three letters. Two stems have one number only if they are the same.
pub(super) fn number(stem: &str) -> Option<u64> {
    if !has_three_letters(stem) || is_number(stem) {
        return None;
    }
    let short = arabic_letters(stem).filter(|letters| letters.len() <= LONGEST);
    Some(short.map_or_else(|| hash(stem), packed))
}

/// The letters of a word of two-byte Arabic letters alone, as most are.
fn arabic_letters(word: &str) -> Option<&[[u8; 2]]> {
    let (letters, rest) = word.as_bytes().as_chunks();
    (rest.is_empty() && letters.iter().all(|[lead, _]| matches!(lead, 0xD8..=0xDB))).then_some(letters)
}

/// A byte for each letter.
fn packed(letters: &[[u8; 2]]) -> u64 {
    letters.iter().fold(0, |number, [lead, trail]| number << 8 | arabic_index(*lead, *trail) as u64)
}

const fn pair(letter: char) -> [u8; 2] {
    [0xC0 | (letter as u32 >> 6) as u8, 0x80 | (letter as u32 & 0x3F) as u8]
}

/// [`stem`] of Arabic letters.
fn arabic_stem(letters: &[[u8; 2]]) -> &[[u8; 2]] {
    const WAW: [u8; 2] = pair('و');
    const FA: [u8; 2] = pair('ف');
    const BA: [u8; 2] = pair('ب');
    const KAF: [u8; 2] = pair('ك');
    const LAM: [u8; 2] = pair('ل');
    const ALEF: [u8; 2] = pair('ا');
    let mut left = letters;
    if let [WAW | FA, rest @ ..] = left
        && rest.len() >= 3
    {
        left = rest;
    }
    if let [LAM, LAM, rest @ ..] | [BA | KAF | LAM, ALEF, LAM, rest @ ..] = left
        && rest.len() >= 3
    {
        left = rest;
    }
    if let [ALEF, LAM, rest @ ..] = left
        && rest.len() >= 3
    {
        left = rest;
    }
    left.get(..LONGEST).unwrap_or(left)
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
        fn arabic_words_have_the_stem_of_any_word(word in "[وف]?(لل|[بكل]?ال)?[ء-يپچگ]{1,8}|[وفبكلاء-ي]{1,8}") {
            let by_pairs = arabic_letters(&word).map(arabic_stem).map(<[[u8; 2]]>::as_flattened);
            prop_assert_eq!(by_pairs, Some(stem(&word).as_bytes()));
        }
    }
}
