//! Words → pieces of a unigram vocabulary: the cut whose pieces are likeliest.

use rustc_hash::FxHashMap;

/// Stands for the blank before a word.
const BLANK: char = '▁';
/// Letters of one word that are looked at; what is longer is no word.
const LONGEST_WORD: usize = 100;

/// A vocabulary of pieces with their log probabilities.
#[derive(Debug)]
pub(super) struct Pieces {
    ids: FxHashMap<String, (u32, f32)>,
    letters: FxHashMap<char, String>,
    /// Letters of the longest piece.
    longest: usize,
    unknown: u32,
    unknown_score: f32,
}

/// Buffers of a run, used again from word to word.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    text: String,
    /// Byte position of each letter of `text`, and its end.
    bounds: Vec<usize>,
    /// Score of the best cut up to each letter, the piece that ends there and
    /// the letter where that piece begins.
    best: Vec<(f32, u32, usize)>,
}

impl Pieces {
    /// Ids are positions in `pieces`; the first `marks` are no text.
    pub(super) fn new(
        pieces: Vec<(String, f32)>,
        marks: usize,
        letters: FxHashMap<char, String>,
        unknown: u32,
        unknown_score: f32,
    ) -> Self {
        let longest = pieces.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
        let ids = pieces.into_iter().zip(0..).skip(marks).map(|((text, score), id)| (text, (id, score))).collect();
        Self { ids, letters, longest, unknown, unknown_score }
    }

    /// Adds the word's pieces to `into`: at least one.
    pub(super) fn push(&self, word: &str, scratch: &mut Scratch, into: &mut Vec<u32>) {
        self.prepare(word, scratch);
        self.cut(scratch);
        let first = into.len();
        let mut at = scratch.bounds.len() - 1;
        while let Some((_, id, from)) = scratch.best.get(at).copied().filter(|_| at > 0) {
            // Letters that no piece has are one unknown piece together.
            if id != self.unknown || into.len() == first || into.last() != Some(&id) {
                into.push(id);
            }
            at = from;
        }
        if into.len() == first {
            into.push(self.unknown);
        }
        if let Some(added) = into.get_mut(first..) {
            added.reverse();
        }
    }

    /// The word as the vocabulary spells it, a blank before each of its parts.
    fn prepare(&self, word: &str, scratch: &mut Scratch) {
        let Scratch { text, bounds, .. } = scratch;
        text.clear();
        text.push(BLANK);
        for letter in word.chars().take(LONGEST_WORD) {
            let shown = self.letters.get(&letter);
            let one = letter.encode_utf8(&mut [0; 4]).to_owned();
            for letter in shown.unwrap_or(&one).chars() {
                if !letter.is_whitespace() {
                    text.push(letter);
                } else if !text.ends_with(BLANK) {
                    text.push(BLANK);
                }
            }
        }
        if text.ends_with(BLANK) {
            text.pop();
        }
        bounds.clear();
        bounds.extend(text.char_indices().map(|(at, _)| at).chain([text.len()]));
    }

    fn cut(&self, scratch: &mut Scratch) {
        let Scratch { text, bounds, best } = scratch;
        let letters = bounds.len() - 1;
        best.clear();
        best.resize(letters + 1, (f32::NEG_INFINITY, self.unknown, 0));
        best[0].0 = 0.0;
        for from in 0..letters {
            let before = best[from].0;
            let mut take = |to: usize, id: u32, score: f32| {
                if before + score > best[to].0 {
                    best[to] = (before + score, id, from);
                }
            };
            let mut single = false;
            for to in from + 1..=letters.min(from + self.longest) {
                let piece = text.get(bounds[from]..bounds[to]).unwrap_or_default();
                if let Some((id, score)) = self.ids.get(piece) {
                    single |= to == from + 1;
                    take(to, *id, *score);
                }
            }
            if !single {
                take(from + 1, self.unknown, self.unknown_score);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(word: &str) -> Vec<u32> {
        let listed = [("<s>", 0.0), ("▁", -3.0), ("▁ab", -4.0), ("a", -2.0), ("b", -2.5), ("abc", -6.0), ("c", -9.0)];
        let listed = listed.map(|(text, score)| (text.to_owned(), score)).to_vec();
        let letters = [('ß', "b b".to_owned()), ('\u{200d}', String::new())].into_iter().collect();
        let mut found = Vec::new();
        Pieces::new(listed, 1, letters, 0, -20.0).push(word, &mut Scratch::default(), &mut found);
        found
    }

    #[test]
    fn the_likeliest_cut_wins() {
        assert_eq!(pieces("ab"), [2]);
        // ▁ + abc = -9 beats ▁ab + c = -13.
        assert_eq!(pieces("abc"), [1, 5]);
        assert_eq!(pieces("ba"), [1, 4, 3]);
    }

    #[test]
    fn letters_nobody_knows_are_one_piece() {
        assert_eq!(pieces("aXYb"), [1, 3, 0, 4]);
        assert_eq!(pieces("X"), [1, 0]);
    }

    #[test]
    fn letters_are_spelled_as_the_vocabulary_does() {
        assert_eq!(pieces("aß"), [2, 1, 4]);
        assert_eq!(pieces("\u{200d}"), [0]);
        assert_eq!(pieces(""), [0]);
    }

    #[test]
    fn a_word_without_end_is_cut_short() {
        assert!(pieces(&"ba".repeat(1 << 20)).len() <= LONGEST_WORD + 1);
    }
}
