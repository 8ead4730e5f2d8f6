//! Keys: what two texts that say the same have in common. Letters and digits of
//! the match form, single blanks between; phrases and lines are compared by them.

use crate::letters::{DROPPED, arabic_folds, arabic_index, fold, is_arabic_letter, is_letter_or_digit, push_folded};

/// The key of any text.
pub(super) fn of(text: &str) -> String {
    // Most parts of a display form, and most names of metadata, are plain.
    if text.chars().all(is_plain) { of_display(text) } else { of_folded(&fold(text)) }
}

/// The key of a display form, in one pass.
pub(super) fn of_display(display: &str) -> String {
    let bytes = display.as_bytes();
    let mut key = Vec::with_capacity(bytes.len());
    let mut folded = String::new();
    let mut at = 0;
    while let Some(&lead) = bytes.get(at) {
        match (lead, bytes.get(at + 1)) {
            (0..=0x7F, _) => {
                push(&mut key, ASCII[usize::from(lead & 0x7F)]);
                at += 1;
            }
            (0xD8..=0xDB, Some(trail)) => {
                match ARABIC[arabic_index(lead, *trail)] {
                    DROPPED => {}
                    [byte, 0] => push(&mut key, byte),
                    letter => key.extend_from_slice(&letter),
                }
                at += 2;
            }
            _ => {
                let Some(letter) = display.get(at..).and_then(|rest| rest.chars().next()) else { break };
                folded.clear();
                push_folded(letter, &mut folded);
                push_letters(&mut key, &folded);
                at += letter.len_utf8();
            }
        }
    }
    finish(key)
}

fn of_folded(folded: &str) -> String {
    let mut key = Vec::with_capacity(folded.len());
    push_letters(&mut key, folded);
    finish(key)
}

/// A blank stands for all that separates words.
fn push_letters(key: &mut Vec<u8>, folded: &str) {
    for letter in folded.chars() {
        if is_letter_or_digit(letter) {
            key.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            push(key, b' ');
        }
    }
}

fn push(key: &mut Vec<u8>, byte: u8) {
    if byte != b' ' || !matches!(key.last(), None | Some(b' ')) {
        key.push(byte);
    }
}

fn finish(mut key: Vec<u8>) -> String {
    if key.last() == Some(&b' ') {
        key.pop();
    }
    // Whole characters alone were pushed: the lossy arm never runs.
    String::from_utf8(key).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
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
static ASCII: [u8; 128] = {
    let mut table = [b' '; 128];
    let mut code = 0;
    while code < 128_u8 {
        if code.is_ascii_alphanumeric() {
            table[code as usize] = code.to_ascii_lowercase();
        }
        code += 1;
    }
    table
};

/// What each of U+0600 to U+06FF is in a key, as bytes.
static ARABIC: [[u8; 2]; 256] = {
    let mut table = arabic_folds();
    let mut index = 0;
    while index < 256 {
        let [lead, trail] = table[index];
        if trail != 0
            && let Some(fold) = char::from_u32(((lead & 0x1F) as u32) << 6 | (trail & 0x3F) as u32)
            && !is_arabic_letter(fold)
        {
            table[index] = [b' ', 0];
        }
        index += 1;
    }
    table
};

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
