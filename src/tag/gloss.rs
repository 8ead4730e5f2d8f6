//! A name once more in Latin letters, in brackets behind it: كريستوفر لاش
//! (Christopher Lasch). What stands there is another spelling, whatever a model that
//! knows Arabic makes of it; a source or an agency may stand there as well.

use super::page::Page;
use super::tokens::Kind;
use crate::record::EntityType;

/// What the first letter of a Latin word may be in Arabic; one that is not here may be
/// anything.
const FIRST_LETTERS: [(char, &str); 26] = [
    ('a', "اعويه"),
    ('b', "ب"),
    ('c', "كسشتق"),
    ('d', "دضذ"),
    ('e', "اعويه"),
    ('f', "ف"),
    ('g', "غجكق"),
    ('h', "هحخا"),
    ('i', "اعويه"),
    ('j', "جيخهغ"),
    ('k', "كقخن"),
    ('l', "ل"),
    ('m', "م"),
    ('n', "ن"),
    ('o', "اعويه"),
    ('p', "بف"),
    ('q', "قكت"),
    ('r', "ر"),
    ('s', "سصش"),
    ('t', "تطثذ"),
    ('u', "اعويه"),
    ('v', "فو"),
    ('w', "وفر"),
    ('x', "كزسش"),
    ('y', "ياع"),
    ('z', "زذظتس"),
];

/// The tokens from `first` to `last` may be a name of the kind, of these words, in Latin
/// letters. The words of an organization may be translated; persons and places are
/// spelled, and sound the same.
pub(super) fn may_be(page: &Page<'_>, (first, last): (usize, usize), kind: EntityType, words: &[&str]) -> bool {
    let latin = |index: usize| page.tokens.kind(index) != Kind::Word || is_latin(page.tokens.word(index));
    let other_script =
        page.tokens.is_word(first) && (first..=last).all(latin) && !words.iter().any(|word| is_latin(word));
    let translated = !matches!(kind, EntityType::Person | EntityType::Place);
    other_script && (translated || sounds_alike(page.tokens.word(first), words))
}

/// The word begins with a Latin letter.
pub(super) fn is_latin(word: &str) -> bool {
    word.starts_with(|letter: char| matches!(letter, 'a'..='z' | '\u{DF}'..='\u{24F}'))
}

/// One of the words begins as the Latin one does.
fn sounds_alike(latin: &str, words: &[&str]) -> bool {
    let first = latin.chars().next();
    let letters = FIRST_LETTERS.iter().find(|(letter, _)| Some(*letter) == first);
    letters.is_none_or(|(_, letters)| {
        words.iter().any(|word| {
            let word = word.strip_prefix("ال").filter(|rest| !rest.is_empty()).unwrap_or(word);
            word.starts_with(|letter| letters.contains(letter))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_alike_in_both_scripts() {
        for (latin, words) in [
            ("christopher", &["كريستوفر", "لاش"][..]),
            ("james", &["جيمس"]),
            ("jorge", &["خورخي"]),
            ("ford", &["فورد"]),
            ("knight", &["نايت"]),
            ("ørsted", &["اورستد"]),
            ("khartoum", &["الخرطوم"]),
        ] {
            assert!(sounds_alike(latin, words), "{latin}");
        }
        for (latin, words) in [("getty", &["محمد", "صلاح"][..]), ("reuters", &["علي", "حسن"]), ("afp", &["دمشق"])]
        {
            assert!(!sounds_alike(latin, words), "{latin}");
        }
    }
}
