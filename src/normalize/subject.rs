//! What a text is about, and whether a line is about the same.

use rustc_hash::FxHashSet;

use super::key::hash;
use super::lines::{Line, is_number};
use super::phrases::{Phrases, class, words};

/// A text of fewer content words is too thin to judge others by.
const THIN: usize = 20;

/// What a text is about: the words of its paragraphs without what every text
/// has, as hashes.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// Small words of the language among them: no line asks for those.
    words: FxHashSet<u64>,
    thin: bool,
}

impl Subject {
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Line> + Clone, phrases: &Phrases) -> Self {
        let lines = lines.filter(|line| line.cut.is_none());
        let most = lines.clone().map(|line| line.words).sum();
        let mut words = FxHashSet::with_capacity_and_hasher(most, rustc_hash::FxBuildHasher);
        lines.for_each(|line| words.extend(stems(line).map(hash)));
        let stops = phrases.stop_words();
        // All stop words there are leave enough of so many words.
        let thin = words.len() < THIN + stops.len()
            && words.len() - stops.iter().filter(|stop| words.contains(&hash(stop))).count() < THIN;
        Self { words, thin }
    }

    /// Share of the line's content words that the text has, and how many.
    #[allow(clippy::cast_precision_loss)] // a line is short
    pub(super) fn overlap(&self, line: &Line, phrases: &Phrases) -> (f32, usize) {
        let (mut all, mut common) = (0, 0);
        for word in stems(line).filter(|word| !phrases.word(word, class::STOP)) {
            all += 1;
            common += usize::from(self.words.contains(&hash(word)));
        }
        (common as f32 / all.max(1) as f32, common)
    }

    /// Too few words to judge others by.
    pub(super) const fn is_thin(&self) -> bool {
        self.thin
    }
}

/// Words that may say what the line is about.
fn stems(line: &Line) -> impl Iterator<Item = &str> {
    words(&line.key).map(stem).filter(|word| may_say_something(word))
}

/// Neither a number nor shorter than three letters.
pub(super) fn may_say_something(stem: &str) -> bool {
    has_three_letters(stem) && !is_number(stem)
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
    // Endings differ: مزارعو, مزارعون, المزارعين. Ten bytes may be five letters.
    let end = (word.len() > 5).then(|| word.char_indices().nth(5)).flatten();
    end.filter(|_| !word.is_ascii()).and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}
