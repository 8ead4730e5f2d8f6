//! Keys: what two texts that say the same have in common. Letters and digits of
//! the match form, single blanks between; phrases and lines are compared by them.

use crate::letters::{DROPPED, arabic_folds, digit, fold, is_arabic_letter, is_letter_or_digit, push_folded};

/// The key of any text.
pub(super) fn of(text: &str) -> String {
    // Most parts of a display form, and most names of metadata, are plain.
    if text.chars().all(is_plain) { of_display(text) } else { of_folded(&fold(text)) }
}

/// The key of a display form, in one pass.
pub(super) fn of_display(display: &str) -> String {
    let mut key = String::with_capacity(display.len());
    let mut folded = String::new();
    for letter in display.chars() {
        match letter {
            '\0'..='\u{7F}' => push(&mut key, ASCII[letter as usize & 0x7F]),
            '\u{600}'..='\u{6FF}' => match ARABIC[letter as usize & 0xFF] {
                DROPPED => {}
                fold => push(&mut key, fold),
            },
            _ => {
                folded.clear();
                push_folded(letter, &mut folded);
                folded.chars().for_each(|letter| push(&mut key, part_of_key(letter)));
            }
        }
    }
    without_last_blank(key)
}

fn of_folded(folded: &str) -> String {
    let mut key = String::with_capacity(folded.len());
    folded.chars().for_each(|letter| push(&mut key, part_of_key(letter)));
    without_last_blank(key)
}

/// A blank stands for all that separates words.
fn part_of_key(letter: char) -> char {
    if is_letter_or_digit(letter) { letter } else { ' ' }
}

fn push(key: &mut String, letter: char) {
    if letter != ' ' || !matches!(key.as_bytes().last(), None | Some(b' ')) {
        key.push(letter);
    }
}

fn without_last_blank(mut key: String) -> String {
    if key.ends_with(' ') {
        key.pop();
    }
    key
}

/// Neither composed nor dropped nor replaced on the way to the display form, so
/// that a text of these alone is folded as if it were one. Marks are folded away
/// whatever their order; those that compose with a letter are not among these.
const fn is_plain(letter: char) -> bool {
    matches!(letter,
        '\n' | ' '..='~' | '«' | '»' | '\u{606}'..='\u{60F}' | '\u{61B}' | '\u{61D}'..='\u{63F}'
        | '\u{641}'..='\u{652}' | '\u{656}'..='\u{6D5}' | '\u{6EE}'..='\u{6FF}' | '\u{2010}'..='\u{2027}')
}

/// What each character of ASCII is in a key.
static ASCII: [char; 128] = ascii();

const fn ascii() -> [char; 128] {
    let mut table = [' '; 128];
    let mut code = 0;
    while code < 128_u8 {
        if code.is_ascii_alphanumeric() {
            table[code as usize] = code.to_ascii_lowercase() as char;
        }
        code += 1;
    }
    table
}

/// What each of U+0600 to U+06FF is in a key.
static ARABIC: [char; 256] = arabic();

const fn arabic() -> [char; 256] {
    let mut table = arabic_folds();
    let mut index = 0;
    while index < 256 {
        let fold = table[index];
        if fold != DROPPED && !is_arabic_letter(fold) && digit(fold).is_none() {
            table[index] = ' ';
        }
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold_display;

    fn by_definition(folded: &str) -> String {
        let words = folded.split(|letter: char| !is_letter_or_digit(letter)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    fn of_display_by_definition(display: &str) -> String {
        let mut folded = String::new();
        fold_display(display, &mut folded, |_, _, _| ());
        by_definition(&folded)
    }

    #[test]
    fn the_key_of_each_character_is_as_defined() {
        for letter in ('\0'..='\u{FFFF}').chain(['😀', '𝟘', '𐐀']) {
            let text = format!("a{letter}b");
            assert_eq!(of_display(&text), of_display_by_definition(&text), "{letter:?}");
            assert_eq!(of(&text), by_definition(&fold(&text)), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_as_defined(text in "\\PC{0,40}|[ء-ي\u{64B}-\u{65F}ەہےۂ A-Z٠-٩،.İẞ“”\u{200B}-\u{200F}\n]{0,40}") {
            prop_assert_eq!(of_display(&text), of_display_by_definition(&text));
            prop_assert_eq!(of(&text), by_definition(&fold(&text)));
        }
    }
}
