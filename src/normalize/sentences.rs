//! Sentence bounds inside one block.
//!
//! A sentence ends with `.`, `؟`, `?`, `!`, `…` or `۔` and what closes after
//! it, but not inside numbers, initials (أ. ف. ب), abbreviations (د. م.), or
//! parentheses.

/// Abbreviations of more than one letter that a name or number follows.
const ABBREVIATIONS: &[&str] = &[
    "أ.د", "ا.د", "د", "م", "أ", "ص", "ج", "هـ", "ق.م", "ش.م", "mr", "mrs", "ms", "dr", "prof", "gen", "sen", "rep",
    "gov", "lt", "col", "sgt", "st", "no", "vs", "etc", "e.g", "i.e", "u.s", "u.k", "u.n", "inc", "ltd", "co", "jr",
    "sr", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "mme", "mlle", "art",
];

/// A parenthesis that is not closed within so many bytes is a slip, not a bracket.
const MAX_PARENTHESIS: usize = 600;

/// Start and end of each sentence of a block, in bytes; blanks between them
/// belong to none.
pub(super) fn sentences(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some((mark, length)) = next_mark(text, at) {
        if mark == '(' {
            at = close_of(text, at, length);
            continue;
        }
        let end = past_closers(text, length);
        let after = text.get(end..).unwrap_or_default();
        if after.is_empty() {
            break;
        }
        if ends_here(text.get(start..length).unwrap_or_default(), mark, after) {
            found.push((start, end));
            start = end + (after.len() - after.trim_start().len());
        }
        at = end.max(length);
    }
    if start < text.len() {
        found.push((start, text.len()));
    }
    found
}

/// The next mark or opening bracket from `at`, and the position behind it.
fn next_mark(text: &str, at: usize) -> Option<(char, usize)> {
    let rest = text.get(at..)?;
    let found =
        rest.char_indices().find(|(_, letter)| matches!(letter, '.' | '!' | '?' | '؟' | '…' | '۔' | '。' | '('))?;
    Some((found.1, at + found.0 + found.1.len_utf8()))
}

/// Behind the bracket that closes the one at `at`, or behind that one itself.
fn close_of(text: &str, at: usize, behind: usize) -> usize {
    let mut depth = 0_u32;
    let rest = text.get(at..).unwrap_or_default();
    for (offset, letter) in rest.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + offset + 1;
                }
            }
            _ if offset > behind - at + MAX_PARENTHESIS => break,
            _ => {}
        }
    }
    behind
}

/// Further marks and what closes: `?!`, `..`, quotation marks, brackets.
fn past_closers(text: &str, mut at: usize) -> usize {
    let mut straight = text.get(..at).unwrap_or_default().matches('"').count() % 2 == 1;
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let closes = match letter {
            '"' => std::mem::take(&mut straight),
            _ => matches!(letter, '.' | '!' | '?' | '؟' | '…' | '”' | '»' | '’' | ')' | ']'),
        };
        if !closes {
            break;
        }
        at += letter.len_utf8();
    }
    at
}

/// `before` runs up to and including the mark, `after` begins behind what closes.
fn ends_here(before: &str, mark: char, after: &str) -> bool {
    let next = after.chars().next().unwrap_or(' ');
    if mark != '.' {
        // «هل…؟» and "What?" he asked: a comma or a small letter goes on.
        return !continues(after) && (next.is_whitespace() || !next.is_ascii_alphanumeric());
    }
    let body = before.strip_suffix('.').unwrap_or(before);
    let word =
        body.rsplit(|letter: char| letter.is_whitespace() || "([\"“«،,".contains(letter)).next().unwrap_or_default();
    if next.is_whitespace() {
        return !is_abbreviation(word) && !continues(after);
    }
    // Glued: only two Arabic words are two sentences (`القاهرة.وأضاف`), no host
    // names, numbers or initials.
    let letters = word.chars().rev().take_while(|letter| is_arabic(*letter)).count();
    let behind = after.chars().take_while(|letter| is_arabic(*letter)).count();
    letters >= 2 && behind >= 2
}

fn is_arabic(letter: char) -> bool {
    crate::letters::is_arabic_letter(letter) || crate::letters::is_mark(letter)
}

/// What follows belongs to the same sentence.
fn continues(after: &str) -> bool {
    match after.trim_start().chars().next() {
        Some(letter) => letter.is_lowercase() || matches!(letter, ',' | '،' | ';' | '؛' | ':'),
        None => true,
    }
}

/// An initial (one letter, also with a prefix and dots between), a known
/// abbreviation, or a list number.
fn is_abbreviation(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let mut letters = word.chars().filter(|letter| !crate::letters::is_mark(*letter));
    let Some(first) = letters.next() else { return false };
    match letters.next() {
        None => first.is_alphabetic(),
        Some('.') => word.split('.').all(|part| part.chars().count() <= 2),
        Some(_) => {
            let bare = word.strip_prefix('و').unwrap_or(word);
            let lower = bare.to_lowercase();
            ABBREVIATIONS.contains(&lower.as_str())
        }
    }
}

#[cfg(test)]
#[allow(clippy::string_slice)] // positions are what is tested
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn sentences_by_example() {
        for (text, expected) in [
            ("وصل الوزير. ثم غادر.", vec!["وصل الوزير.", "ثم غادر."]),
            ("هل وصل؟ نعم! ربما… لا", vec!["هل وصل؟", "نعم!", "ربما…", "لا"]),
            ("بلغ 3.5 مليون. وارتفع", vec!["بلغ 3.5 مليون.", "وارتفع"]),
            ("قالت أ. ف. ب إن الأمر انتهى. وأضافت", vec!["قالت أ. ف. ب إن الأمر انتهى.", "وأضافت"]),
            ("التقى د. سمير وأ.د. هدى ود. علي. وانصرفوا.", vec!["التقى د. سمير وأ.د. هدى ود. علي.", "وانصرفوا."]),
            ("قال “انتهى الأمر.” ثم مضى", vec!["قال “انتهى الأمر.”", "ثم مضى"]),
            ("قال \"انتهى.\" وخرج", vec!["قال \"انتهى.\"", "وخرج"]),
            ("تحدث (وهو يبتسم. كعادته) طويلا. وانتهى", vec!["تحدث (وهو يبتسم. كعادته) طويلا.", "وانتهى"]),
            ("في بيروت.وأضاف الوزير", vec!["في بيروت.", "وأضاف الوزير"]),
            ("موقع www.example.com ووكالة و.م.ع المغربية", vec!["موقع www.example.com ووكالة و.م.ع المغربية"]),
            ("Mr. Smith met Dr. Jones. They talked.", vec!["Mr. Smith met Dr. Jones.", "They talked."]),
            ("\"Why?\" he asked. Nobody knew.", vec!["\"Why?\" he asked.", "Nobody knew."]),
            ("قالوا: لماذا؟، ولم يجب أحد.", vec!["قالوا: لماذا؟، ولم يجب أحد."]),
            ("انتهى.. وبدأ", vec!["انتهى..", "وبدأ"]),
            ("(مفتوح ولا يغلق. وبعد", vec!["(مفتوح ولا يغلق.", "وبعد"]),
            ("", vec![]),
            (".", vec!["."]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_blanks_lie_between(text in "[ء-ي a-c.!؟?…()\"“”0-9،]{0,60}|\\PC{0,40}") {
            let text = text.trim();
            let mut last = 0;
            for (start, end) in sentences(text) {
                prop_assert!(start < end || text.is_empty());
                prop_assert!(text[last..start].trim().is_empty());
                last = end;
            }
            prop_assert_eq!(last, text.len());
        }
    }
}
