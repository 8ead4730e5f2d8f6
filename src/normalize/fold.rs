//! The match form of a whole display text.

use crate::letters::fold_display;
use crate::record::{Edits, EditsBuilder};

/// Match form and the way to it. Line breaks stay where they are.
pub(super) fn fold(display: &str) -> (String, Edits) {
    let mut matched = String::with_capacity(display.len());
    let mut builder = EditsBuilder::new();
    fold_display(display, &mut matched, |kept, from, to| {
        builder.keep(kept);
        builder.replace(from, to);
    });
    (matched, builder.build())
}

#[cfg(test)]
#[allow(clippy::string_slice)] // positions are what is tested
mod tests {
    use proptest::prelude::*;

    use super::*;

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
