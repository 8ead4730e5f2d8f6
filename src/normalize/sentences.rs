//! Sentence bounds inside one block.
//!
//! A sentence ends with `.`, `؟`, `?`, `!`, `…` or `۔` and what closes after
//! it, but not inside numbers, initials (أ. ف. ب), abbreviations (د. م.), or
//! parentheses.

use super::marks::Marks;
use crate::record::DisplaySpan;

/// Abbreviations of more than one letter that a name or number follows.
const ABBREVIATIONS: &[&str] = &[
    "أ.د", "ا.د", "د", "م", "أ", "ص", "ج", "هـ", "ق.م", "ش.م", "mr", "mrs", "ms", "dr", "prof", "gen", "sen", "rep",
    "gov", "lt", "col", "sgt", "st", "no", "vs", "etc", "e.g", "i.e", "u.s", "u.k", "u.n", "inc", "ltd", "co", "jr",
    "sr", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "mme", "mlle", "art",
];

/// A parenthesis that is not closed within so many bytes is a slip, not a bracket.
const MAX_PARENTHESIS: usize = 600;

/// What may end a sentence, and the bracket inside which nothing does.
const MARKS: [char; 8] = ['.', '!', '?', '؟', '…', '۔', '。', '('];

/// Beside these the straight quotation mark is looked for; of some nearly all texts have
/// none.
const OFTEN: Marks = Marks::of(&['.', '(', '"']);
const SELDOM: Marks = Marks::of(&['!', '?', '؟', '…', '۔', '。']);

/// Last bytes of the marks and of the straight quotation mark.
static MAY_BE_MARK: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    let mut index = 0;
    while index < MARKS.len() {
        let mut bytes = [0; 4];
        let length = MARKS[index].encode_utf8(&mut bytes).len();
        table[bytes[length - 1] as usize] = true;
        index += 1;
    }
    table
};

/// Each sentence of a block that begins at `at` of the display text, and in which these
/// marks stand; blanks between them belong to none.
pub(super) fn sentences(text: &str, marks: Marks, at: usize) -> Vec<DisplaySpan> {
    if !marks.may_have(SELDOM.and(OFTEN)) {
        return if text.is_empty() { Vec::new() } else { vec![DisplaySpan::new(at, at + text.len())] };
    }
    let mut found = Vec::new();
    let mut add = |start: usize, end: usize| found.push(DisplaySpan::new(at + start, at + end));
    let mut walk = Walk { text, marks, straight: false, no_bracket_before: 0 };
    let mut start = 0;
    let mut at = 0;
    while let Some((mark, behind)) = walk.next_mark(at) {
        if mark == '(' {
            at = walk.close_of(behind);
            continue;
        }
        let end = walk.past_closers(behind);
        let after = text.get(end..).unwrap_or_default();
        if after.is_empty() {
            break;
        }
        if ends_here(text.get(start..behind).unwrap_or_default(), mark, after) {
            add(start, end);
            start = end + (after.len() - after.trim_start().len());
        }
        at = end;
    }
    if start < text.len() {
        add(start, text.len());
    }
    found
}

struct Walk<'a> {
    text: &'a str,
    marks: Marks,
    /// A straight quotation mark is open.
    straight: bool,
    /// No bracket that opens before this is closed in time.
    no_bracket_before: usize,
}

impl Walk<'_> {
    /// The next mark or opening bracket from `at`, and the position behind it.
    fn next_mark(&mut self, at: usize) -> Option<(char, usize)> {
        let bytes = self.text.as_bytes();
        let mut at = at;
        loop {
            at += self.candidate(bytes.get(at..)?)?;
            // The last byte of a mark: it begins where the character does.
            let start = (at.saturating_sub(3)..=at).rev().find(|start| self.text.is_char_boundary(*start))?;
            at += 1;
            match self.text.get(start..at).and_then(|letter| letter.chars().next()) {
                Some(mark) if MARKS.contains(&mark) => return Some((mark, at)),
                Some('"') => self.straight = !self.straight,
                _ => {}
            }
        }
    }

    /// Where the last byte of the next mark may be.
    fn candidate(&self, rest: &[u8]) -> Option<usize> {
        if self.marks.may_have(SELDOM) {
            rest.iter().position(|byte| MAY_BE_MARK[usize::from(*byte)])
        } else if self.marks.may_have(OFTEN) {
            memchr::memchr3(b'.', b'(', b'"', rest)
        } else {
            None
        }
    }

    /// Behind the bracket that closes the one that ends at `behind`, or right
    /// behind that one.
    fn close_of(&mut self, behind: usize) -> usize {
        if behind < self.no_bracket_before {
            return behind;
        }
        let mut depth = 1_u32;
        let mut marks = 0;
        for (offset, letter) in self.text.get(behind..).unwrap_or_default().char_indices() {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                '"' => marks += 1,
                _ if offset > MAX_PARENTHESIS => break,
                _ => {}
            }
            if depth == 0 {
                self.straight ^= marks % 2 == 1;
                return behind + offset + 1;
            }
        }
        self.no_bracket_before = behind + MAX_PARENTHESIS;
        behind
    }

    /// Further marks and what closes: `?!`, `..`, quotation marks, brackets.
    fn past_closers(&mut self, mut at: usize) -> usize {
        while let Some(letter) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            let closes = match letter {
                '"' => std::mem::take(&mut self.straight),
                _ => matches!(letter, '.' | '!' | '?' | '؟' | '…' | '”' | '»' | '’' | ')' | ']'),
            };
            if !closes {
                break;
            }
            at += letter.len_utf8();
        }
        at
    }
}

/// `before` runs up to and including the mark, `after` begins behind what closes.
fn ends_here(before: &str, mark: char, after: &str) -> bool {
    let next = after.chars().next().unwrap_or(' ');
    if mark != '.' {
        // «هل…؟» and "What?" he asked: a comma or a small letter goes on.
        return !continues(after) && (next.is_whitespace() || !next.is_ascii_alphanumeric());
    }
    let body = tail(before.strip_suffix('.').unwrap_or(before));
    let word =
        body.rsplit(|letter: char| letter.is_whitespace() || "([\"“«،,".contains(letter)).next().unwrap_or_default();
    if next.is_whitespace() {
        return !is_abbreviation(word) && !continues(after);
    }
    // Glued: only two Arabic words are two sentences (`القاهرة.وأضاف`), no host
    // names, numbers or initials.
    let two =
        |letters: &mut dyn Iterator<Item = char>| letters.take(2).filter(|letter| is_arabic(*letter)).count() == 2;
    two(&mut word.chars().rev()) && two(&mut after.chars())
}

/// The end of a text, as much as any abbreviation needs.
fn tail(text: &str) -> &str {
    (text.len().saturating_sub(64)..=text.len()).find_map(|start| text.get(start..)).unwrap_or_default()
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
    use crate::normalize::key::Reader;
    use crate::normalize::phrases::tests::TABLES;

    fn found(text: &str) -> Vec<DisplaySpan> {
        let marks = Reader::new(text.len(), 1, &TABLES).read(text).marks;
        let every = marks.and(SELDOM);
        let found = sentences(text, marks, 0);
        assert_eq!(found, sentences(text, every, 0), "{text}");
        found
    }

    fn split(text: &str) -> Vec<&str> {
        found(text).into_iter().map(|span| &text[span.start..span.end]).collect()
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
            for DisplaySpan { start, end } in found(text) {
                prop_assert!(start < end || text.is_empty());
                prop_assert!(text[last..start].trim().is_empty());
                last = end;
            }
            prop_assert_eq!(last, text.len());
        }
    }
}
