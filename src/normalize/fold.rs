//! The match form of a whole display text, line by line.

use crate::letters::fold_letter;
use crate::record::{Edits, EditsBuilder};

/// A match form as it grows, and the way to it.
pub(super) struct Matched {
    folded: Vec<u8>,
    edits: EditsBuilder,
    /// Of the letter that is folded now.
    letters: String,
}

impl Matched {
    /// Room for the match form of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self { folded: Vec::with_capacity(bytes), edits: EditsBuilder::new(), letters: String::new() }
    }

    /// What follows is known already, and as long as what it was made of.
    pub(super) fn keep(&mut self, folded: &[u8]) {
        self.folded.extend_from_slice(folded);
        self.edits.keep(folded.len());
    }

    /// Folds what follows.
    pub(super) fn fold(&mut self, display: &str) {
        for letter in display.chars() {
            self.letters.clear();
            fold_letter(letter, &mut self.letters);
            self.folded.extend_from_slice(self.letters.as_bytes());
            match (letter.len_utf8(), self.letters.len()) {
                (from, to) if from == to => self.edits.keep(from),
                (from, to) => self.edits.replace(from, to),
            }
        }
    }

    pub(super) fn build(self) -> (String, Edits) {
        let folded = match simdutf8::basic::from_utf8(&self.folded) {
            Ok(folded) => folded.to_owned(),
            // Not reached: whole characters alone were written.
            Err(_) => String::from_utf8_lossy(&self.folded).into_owned(),
        };
        (folded, self.edits.build())
    }
}

/// Match form and the way to it. Line breaks stay where they are.
#[cfg(test)]
fn fold(display: &str) -> (String, Edits) {
    let mut matched = Matched::new(display.len());
    matched.fold(display);
    matched.build()
}

#[cfg(test)]
#[allow(clippy::string_slice)] // positions are what is tested
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold_display;

    #[test]
    fn a_mark_belongs_to_no_match_letter() {
        let (matched, edits) = fold("أَحمد ٢٠٢٤");
        assert_eq!(matched, "احمد 2024");
        // The year: four match bytes, eight display bytes.
        let start = matched.find("2024").unwrap();
        assert_eq!(edits.source(start, start + 4), ("أَحمد ".len(), "أَحمد ٢٠٢٤".len()));
        assert_eq!(edits.output("أَحمد ".len(), "أَحمد ٢٠٢٤".len()), (start, start + 4));
        assert_eq!(edits.source(0, "ا".len()), (0, "أ".len()));
    }

    proptest! {
        #[test]
        fn positions_survive_both_ways(text in "[ء-ي\u{64B}-\u{65F}A-Za-z٠-٩۰-۹ .“”İẞ😀\n]{0,80}") {
            let (matched, edits) = fold(&text);
            for (start, letter) in text.char_indices() {
                let end = start + letter.len_utf8();
                let (from, to) = edits.output(start, end);
                let mut alone = String::new();
                fold_display(&letter.to_string(), &mut alone, |_, _, _| ());
                prop_assert_eq!(&matched[from..to], alone);
                if from < to {
                    prop_assert_eq!(edits.source(from, to), (start, end));
                }
            }
            prop_assert_eq!(matched.matches('\n').count(), text.matches('\n').count());
        }
    }
}
