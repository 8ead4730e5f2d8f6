//! Folds many bytes at a time. Nearly all text is of some fifty letters, each of which
//! folds to as many bytes as it has: those need no decision one by one. What may be
//! something else is told by a bit, and is for the tables to say.

use std::ops::Range;

use multiversion::multiversion;

/// Bytes of a step; the processor takes 16 or 32 at once.
pub(crate) const STEP: usize = 32;

/// Texts folded byte by byte, each from a multiple of [`STEP`] on.
#[derive(Debug, Default)]
pub(crate) struct Wide {
    bytes: Vec<u8>,
    /// A bit for each byte: it is of one of the letters and digits that are folded rightly.
    words: Vec<u32>,
}

impl Wide {
    /// Room for texts of so many bytes, this many of them.
    pub(crate) fn new(bytes: usize, texts: usize) -> Self {
        let steps = bytes / STEP + texts + 1;
        Self { bytes: Vec::with_capacity(steps * STEP), words: Vec::with_capacity(steps) }
    }

    /// Folds a text; where it begins.
    pub(crate) fn push(&mut self, text: &[u8]) -> usize {
        let start = self.bytes.len();
        self.bytes.resize(start + text.len().next_multiple_of(STEP), 0);
        let (places, _) = self.bytes.get_mut(start..).unwrap_or_default().as_chunks_mut();
        fold(text, places, &mut self.words);
        start
    }

    /// Forgets what begins there and all behind it.
    pub(crate) fn truncate(&mut self, start: usize) {
        self.bytes.truncate(start);
        self.words.truncate(start / STEP);
    }

    /// The folds of the text that begins at `start`.
    pub(crate) fn folded(&self, start: usize, length: usize) -> &[u8] {
        self.bytes.get(start..start + length).unwrap_or_default()
    }

    /// The same, and its bits.
    pub(crate) fn text_mut(&mut self, start: usize) -> TextMut<'_> {
        TextMut {
            bytes: self.bytes.get_mut(start..).unwrap_or_default(),
            words: self.words.get(start / STEP..).unwrap_or_default(),
        }
    }
}

/// One of the texts, the last one.
pub(crate) struct TextMut<'a> {
    bytes: &'a mut [u8],
    words: &'a [u32],
}

impl TextMut<'_> {
    /// What stands at `at` is folded to this.
    pub(crate) fn correct(&mut self, at: usize, folded: &[u8]) {
        if let Some(places) = self.bytes.get_mut(at..at + folded.len()) {
            places.copy_from_slice(folded);
        }
    }

    /// The words from `at` on that have one blank between, and nothing else: where the last one
    /// begins, which may go on behind the letters that are known here, and where these end.
    /// Each but the last is handed over: its bytes and what follows, its length, and its end.
    #[inline(always)]
    pub(crate) fn words(&self, at: usize, mut word: impl FnMut(&[u8], usize, usize)) -> (usize, usize) {
        let mut start = at;
        loop {
            let end = end_of_run(self.words, start);
            if end == start || self.bytes.get(end) != Some(&b' ') || !is_in_run(self.words, end + 1) {
                return (start, end);
            }
            word(self.bytes.get(start..).unwrap_or_default(), end - start, end);
            start = end + 1;
        }
    }

    /// Writes the folds of a stretch.
    pub(crate) fn copy(&self, stretch: Range<usize>, places: &mut [u8]) {
        let folded = self.bytes.get(stretch).unwrap_or_default();
        if let Some(places) = places.get_mut(..folded.len()) {
            places.copy_from_slice(folded);
        }
    }

    /// Writes the folds of the letters and digits that stand at `at`; how many bytes that are.
    #[inline(always)]
    pub(crate) fn copy_word(&self, at: usize, places: &mut [u8]) -> usize {
        let length = end_of_run(self.words, at) - at;
        let word = self.bytes.get(at..).unwrap_or_default();
        if length <= SHORT
            && let (Some(word), Some(places)) = (word.first_chunk::<SHORT>(), places.first_chunk_mut::<SHORT>())
        {
            // More than the word is copied, for that is quicker, and what follows is written over it.
            *places = *word;
            return length;
        }
        let length = length.min(places.len()).min(word.len());
        places[..length].copy_from_slice(&word[..length]);
        length
    }
}

/// Bytes of nearly all words.
const SHORT: usize = 16;

#[inline(always)]
fn is_in_run(bits: &[u32], at: usize) -> bool {
    bits.get(at / STEP).is_some_and(|bits| bits >> (at % STEP) & 1 == 1)
}

/// The place of the next bit from `at` that is not set.
#[inline(always)]
fn end_of_run(bits: &[u32], at: usize) -> usize {
    let mut step = at / STEP;
    let Some(first) = bits.get(step) else { return at };
    // Zeros come in from above, so that a run to the end of a step has its length.
    let mut length = (first >> (at % STEP)).trailing_ones() as usize;
    let mut end = at + length;
    while end == (step + 1) * STEP {
        step += 1;
        length = bits.get(step).map_or(0, |bits| bits.trailing_ones() as usize);
        end += length;
        if length == 0 {
            break;
        }
    }
    end
}

/// Folds a text into so many places, and pushes a bit for each of its bytes.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn fold(text: &[u8], places: &mut [[u8; STEP]], words: &mut Vec<u32>) {
    for (index, place) in places.iter_mut().enumerate() {
        let at = index * STEP;
        let window = at.checked_sub(1).and_then(|before| text.get(before..)).and_then(<[u8]>::first_chunk);
        let step = match window {
            Some(window) => Step::of(window),
            None => Step::of(&edge(text, at)),
        };
        *place = step.bytes;
        words.push(step.words);
    }
}

/// The step's bytes with the one before and the one behind, zeros around the text.
fn edge(text: &[u8], at: usize) -> [u8; STEP + 2] {
    let mut window = [0; STEP + 2];
    let before = text.get(at.saturating_sub(1)..).unwrap_or_default();
    let (_, places) = window.split_at_mut(usize::from(at == 0));
    let length = before.len().min(places.len());
    places[..length].copy_from_slice(&before[..length]);
    window
}

struct Step {
    bytes: [u8; STEP],
    words: u32,
}

impl Step {
    /// Of each byte by those beside it; no branch, so that many are taken at once.
    #[inline(always)]
    fn of(window: &[u8; STEP + 2]) -> Self {
        let (mut bytes, mut words) = ([0; STEP], [0; STEP]);
        for index in 0..STEP {
            let [before, byte, behind] = [window[index], window[index + 1], window[index + 2]];
            bytes[index] = byte ^ change(before, byte, behind);
            words[index] = u8::from(is_of_word(before, byte, behind));
        }
        Self { bytes, words: bits(&words) }
    }
}

/// The bits in which a byte and its fold differ.
#[inline(always)]
const fn change(before: u8, byte: u8, behind: u8) -> u8 {
    const fn if_so(so: bool, change: u8) -> u8 {
        if so { change } else { 0 }
    }
    let upper = if_so(byte.wrapping_sub(b'A') <= b'Z' - b'A', b'a' ^ b'A');
    // آ أ إ become ا, and ة becomes ه, whose first byte is another.
    let low = if_so(byte == 0xA2, 0xA2 ^ 0xA7)
        | if_so(byte == 0xA3, 0xA3 ^ 0xA7)
        | if_so(byte == 0xA5, 0xA5 ^ 0xA7)
        | if_so(byte == 0xA9, 0xA9 ^ 0x87);
    let begins = if_so(byte == 0xD8 && behind == 0xA9, 0xD8 ^ 0xD9);
    // ى becomes ي.
    let high = if_so(before == 0xD9 && byte == 0x89, 0x89 ^ 0x8A);
    upper | if_so(before == 0xD8, low) | begins | high
}

/// Of a letter or a digit of ASCII, or of U+0620 to U+063F and U+0641 to U+064A.
#[inline(always)]
const fn is_of_word(before: u8, byte: u8, behind: u8) -> bool {
    const fn is_high(trail: u8) -> bool {
        trail.wrapping_sub(0x81) <= 0x8A - 0x81
    }
    let ends = before == 0xD8 && byte >= 0xA0 || before == 0xD9 && is_high(byte);
    let begins = byte == 0xD8 && behind >= 0xA0 || byte == 0xD9 && is_high(behind);
    let latin = (byte | 0x20).wrapping_sub(b'a') <= b'z' - b'a';
    ends | begins | latin | (byte.wrapping_sub(b'0') <= 9)
}

/// The lowest bit of each byte.
#[inline(always)]
fn bits(bytes: &[u8; STEP]) -> u32 {
    let (eights, _) = bytes.as_chunks::<8>();
    let eight = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    eights.iter().rev().fold(0, |bits, bytes| bits << 8 | eight(bytes) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::{fold_display, is_letter_or_digit};

    /// Where each run of letters that are known here begins and ends, and its folds.
    fn runs(text: &str) -> Vec<(usize, usize, Vec<u8>)> {
        let mut wide = Wide::new(0, 0);
        wide.push("وصل".as_bytes());
        let start = wide.push(text.as_bytes());
        let text_mut = wide.text_mut(start);
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let mut places = vec![0; text.len() - at];
            let length = text_mut.copy_word(at, &mut places);
            places.truncate(length);
            if length > 0 {
                found.push((at, at + length, places));
            }
            at += length.max(1);
        }
        found
    }

    fn folded(text: &str) -> Vec<u8> {
        let mut folded = String::new();
        fold_display(text, &mut folded, |_, _, _| ());
        folded.into_bytes()
    }

    #[test]
    fn letters_at_the_border_of_a_step_are_whole() {
        for blanks in 0..STEP * 2 + 2 {
            let text = format!("{}أدىةAb1", " ".repeat(blanks));
            assert_eq!(runs(&text), [(blanks, text.len(), "اديهab1".into())], "{blanks}");
        }
    }

    #[test]
    fn each_character_that_is_known_is_folded_rightly() {
        for letter in '\0'..='\u{FFFF}' {
            let text = format!("a{letter}b");
            for (start, end, folds) in runs(&text) {
                assert_eq!(folds, folded(&text[start..end]), "{letter:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_of_letters_and_folded_rightly(text in "[ء-يA-Za-z0-9 ]{0,90}|[ء-ۿ a-c٠-٩،.“”é]{0,90}") {
            for (start, end, folds) in runs(&text) {
                let run = text.get(start..end).unwrap();
                prop_assert!(run.chars().all(is_letter_or_digit));
                prop_assert_eq!(folds, folded(run));
            }
            let mut wide = Wide::new(0, 0);
            let start = wide.push(text.as_bytes());
            let mut words = Vec::new();
            let (last, end) = wide.text_mut(start).words(0, |rest, length, _| words.push(rest[..length].to_vec()));
            words.push(wide.folded(last, end - last).to_vec());
            prop_assert_eq!(words.join(&b' '), folded(&text[..end]));
        }
    }
}
