//! The display form of one block: what people read.
//!
//! Most blocks need nothing: one scan over their bytes tells. What does need
//! something is rewritten in one pass, runs in between copied whole; text that
//! is not NFC takes a second pass. Both repeat until nothing changes, so that
//! cleaning a clean text never changes it.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use super::residue;
use crate::letters::{Shown, is_arabic_letter, is_mark, is_space, shown};
use crate::record::{Edits, EditsBuilder};

/// Passes over one block. Two do for all but text made to defeat them, such as
/// an entity that appears only when a zero-width character is dropped.
const MAX_PASSES: usize = 8;

/// The display form and the way to it.
pub(super) fn display(text: &str, keep_joiners: bool) -> (String, Edits) {
    let mut current: Option<(String, Edits)> = None;
    for _ in 0..MAX_PASSES {
        let now = current.as_ref().map_or(text, |(now, _)| now);
        let Some((next, step)) = Pass::new(now, keep_joiners).run().or_else(|| compose(now)) else { break };
        let edits = current.map_or_else(|| step.clone(), |(_, edits)| edits.then(&step));
        current = Some((next, edits));
    }
    current.unwrap_or_else(|| (text.to_owned(), Edits::default()))
}

/// One rewriting of a text.
struct Pass<'a> {
    text: &'a str,
    keep_joiners: bool,
    /// Arabic script throughout, so its quotation marks follow Arabic use.
    mend_quotes: bool,
    /// Only text with a semicolon can hold residue of entities.
    residue: bool,
    output: String,
    edits: EditsBuilder,
    changed: bool,
    /// Bytes not yet written: blanks and what is dropped.
    waiting: usize,
    /// Among them is a blank.
    blank: bool,
    /// A “ or « that is still open.
    open: [bool; 2],
}

impl<'a> Pass<'a> {
    fn new(text: &'a str, keep_joiners: bool) -> Self {
        Self {
            text,
            keep_joiners,
            mend_quotes: mostly_arabic(text),
            residue: memchr::memchr(b';', text.as_bytes()).is_some(),
            output: String::new(),
            edits: EditsBuilder::new(),
            changed: false,
            waiting: 0,
            blank: false,
            open: [false; 2],
        }
    }

    /// `None` where the text is in display form.
    fn run(mut self) -> Option<(String, Edits)> {
        let mut at = 0;
        while at < self.text.len() {
            let plain = self.plain_run(at);
            if plain > 0 {
                self.keep(at, at + plain);
                at += plain;
            }
            let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) else { break };
            at += self.special(at, rest);
        }
        if self.waiting > 0 {
            self.edits.replace(self.waiting, 0);
            self.changed = true;
        }
        self.changed.then(|| (self.output, self.edits.build()))
    }

    /// Bytes from `at` that need no closer look.
    fn plain_run(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at;
        while let Some(&byte) = bytes.get(end) {
            end += match byte {
                b' ' => match bytes.get(end + 1) {
                    Some(b'!'..=b'~' | 0xD8..=0xDB) if end > at || self.waiting == 0 && !self.output.is_empty() => 1,
                    _ => break,
                },
                b'&' | b'q' | b'n' | b'#' | b'a' | b'l' | b'r' if self.residue => break,
                b'!'..=b'~' => 1,
                0xD8 if bytes.get(end + 1) == Some(&0x9C) => break,
                0xD9 if bytes.get(end + 1) == Some(&0x80) => break,
                0xC3..=0xDF => 2,
                _ => break,
            };
        }
        end - at
    }

    /// Deals with what begins at `at`; its length.
    fn special(&mut self, at: usize, rest: &str) -> usize {
        if self.residue
            && let Some((bytes, letter)) = residue::entity(self.output_end(), rest)
        {
            self.replace(bytes, class(letter), letter);
            self.changed = true;
            return bytes;
        }
        let Some(letter) = rest.chars().next() else { return rest.len() };
        let bytes = letter.len_utf8();
        if let ('“' | '”' | '«' | '»', true) = (letter, self.mend_quotes) {
            let next = rest.get(bytes..).and_then(|rest| rest.chars().next());
            let mended = self.mend(letter, next);
            if mended != letter {
                self.flush();
                self.output.push(mended);
                self.edits.keep(bytes);
                self.changed = true;
                return bytes;
            }
        }
        match class(letter) {
            Shown::Keep => self.keep(at, at + bytes),
            Shown::Joiner if self.joins(letter, rest.get(bytes..).unwrap_or_default()) => self.keep(at, at + bytes),
            other => self.replace(bytes, other, letter),
        }
        bytes
    }

    fn replace(&mut self, bytes: usize, with: Shown, letter: char) {
        match with {
            Shown::Space => {
                self.changed |= letter != ' ' || self.blank || self.output.is_empty();
                self.waiting += bytes;
                self.blank = true;
            }
            Shown::Drop | Shown::Joiner => {
                self.waiting += bytes;
                self.changed = true;
            }
            Shown::Keep => self.write(bytes, &[letter]),
            Shown::Letters(letters) => self.write(bytes, letters),
        }
    }

    fn write(&mut self, bytes: usize, letters: &[char]) {
        self.flush();
        let before = self.output.len();
        self.output.extend(letters);
        self.edits.replace(bytes, self.output.len() - before);
        self.changed = true;
    }

    fn keep(&mut self, start: usize, end: usize) {
        self.flush();
        self.output.push_str(self.text.get(start..end).unwrap_or_default());
        self.edits.keep(end - start);
    }

    /// Writes what waits: one blank for all blanks, none at the start.
    fn flush(&mut self) {
        if self.waiting == 0 {
            return;
        }
        if self.blank && !self.output.is_empty() {
            self.output.push(' ');
            self.edits.replace(self.waiting, 1);
        } else {
            self.edits.replace(self.waiting, 0);
        }
        self.waiting = 0;
        self.blank = false;
    }

    /// The last character of the output as it will be.
    fn output_end(&self) -> Option<char> {
        if self.blank { Some(' ') } else { self.output.chars().next_back() }
    }

    /// A joiner is seen between letters of the scripts that use it.
    fn joins(&self, joiner: char, after: &str) -> bool {
        let indic = |letter: char| matches!(letter, '\u{900}'..='\u{DFF}');
        let arabic = |letter: char| is_arabic_letter(letter) || is_mark(letter);
        let (Some(before), Some(after)) = (self.output_end(), after.chars().next()) else { return false };
        (self.keep_joiners && joiner == '\u{200C}' && arabic(before) && arabic(after)) || indic(before)
    }

    /// Behind a word or what ends one; a lone prefix such as ل or وب is none, for
    /// the quotation begins behind it.
    fn stands_behind_word(&self) -> bool {
        let Some(last) = self.output_end().filter(|letter| !is_space(*letter) && !"([{-–—/“«\"".contains(*letter))
        else {
            return false;
        };
        let letters = self.output.chars().rev().take_while(|letter| is_arabic_letter(*letter));
        let prefix = letters.clone().count() <= 2 && letters.clone().all(|letter| "وفبكل".contains(letter));
        !is_arabic_letter(last) || !prefix
    }

    /// The mark that a writer meant: “ and ” are often both typed as one.
    fn mend(&mut self, mark: char, next: Option<char>) -> char {
        let (kind, opening, closing) = if matches!(mark, '“' | '”') { (0, '“', '”') } else { (1, '«', '»') };
        let after_word = self.stands_behind_word();
        let before_word = next.is_some_and(|letter| letter.is_alphanumeric() || is_mark(letter));
        let open = self.open[kind];
        let mended = match (mark == opening, open) {
            (true, true) if after_word || !before_word => closing,
            (false, false) if before_word => opening,
            _ => mark,
        };
        self.open[kind] = mended == opening;
        mended
    }
}

/// As [`shown`]; an ordinary blank may be one too many.
fn class(letter: char) -> Shown {
    if letter == ' ' { Shown::Space } else { shown(letter) }
}

/// Most letters are Arabic; judged by the lead bytes.
fn mostly_arabic(text: &str) -> bool {
    let arabic = text.bytes().filter(|byte| matches!(byte, 0xD8..=0xDB)).count();
    let latin = text.bytes().filter(u8::is_ascii_alphabetic).count();
    arabic > latin
}

/// NFC, with edits only where a cluster of marks changes.
fn compose(text: &str) -> Option<(String, Edits)> {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let (clean, mut rest) = nfc.split_normalized(text);
    if rest.is_empty() {
        return None;
    }
    let mut output = String::with_capacity(text.len());
    let mut edits = EditsBuilder::new();
    output.push_str(clean);
    edits.keep(clean.len());
    while !rest.is_empty() {
        let cluster =
            rest.char_indices().skip(1).find(|(_, letter)| !attaches(*letter)).map_or(rest.len(), |(at, _)| at);
        let (cluster, after) = rest.split_at(cluster);
        let composed = nfc.normalize(cluster);
        output.push_str(&composed);
        if composed == cluster {
            edits.keep(cluster.len());
        } else {
            edits.replace(cluster.len(), composed.len());
        }
        let (clean, left) = nfc.split_normalized(after);
        output.push_str(clean);
        edits.keep(clean.len());
        rest = left;
    }
    Some((output, edits.build()))
}

/// May combine with the letter before it.
fn attaches(letter: char) -> bool {
    if letter.is_ascii() || is_arabic_letter(letter) {
        return false;
    }
    let mark = CodePointMapData::<GeneralCategory>::new().get(letter);
    // Besides marks the vowels and final consonants of Hangul and Kirat Rai.
    GeneralCategoryGroup::Mark.contains(mark)
        || matches!(letter, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{16D40}'..='\u{16D7F}')
}

#[cfg(test)]
#[allow(clippy::string_slice)] // positions are what is tested
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown_as(text: &str) -> String {
        display(text, false).0
    }

    #[test]
    fn what_people_read() {
        for (text, expected) in [
            ("", ""),
            ("  \u{200F}\u{FEFF} ", ""),
            ("  خبر  عاجل\u{A0}\u{A0} اليوم ", "خبر عاجل اليوم"),
            ("العـــراق", "العراق"),
            ("\u{202B}الوزير\u{202C}\u{200B}", "الوزير"),
            ("ﺳﻮﺭﻳﺎ ﻻ ﷺ", "سوريا لا ﷺ"),
            ("نقلته “واع“ أمس", "نقلته “واع” أمس"),
            ("نقلته ”واع” أمس", "نقلته “واع” أمس"),
            ("نقلته ”واع“ أمس", "نقلته “واع” أمس"),
            ("لـ“حزب الله“، و“أمل“.", "ل“حزب الله”، و“أمل”."),
            ("قال لـ”الفجر” أمس", "قال ل“الفجر” أمس"),
            ("“بيان لـ“الفجر” صدر” أمس", "“بيان ل“الفجر” صدر” أمس"),
            ("»الثورة« السورية", "«الثورة» السورية"),
            ("قال “إن “واع” نقلت” ذلك", "قال “إن “واع” نقلت” ذلك"),
            ("“يبدأ هنا ولا ينتهي", "“يبدأ هنا ولا ينتهي"),
            ("sagte „heute“ und »gestern«", "sagte „heute“ und »gestern«"),
            ("بقي quot;دولة الرئيسquot; وحده", "بقي \"دولة الرئيس\" وحده"),
            ("A &amp;quot;B&amp;quot; &nbsp; C&#39;s", "A \"B\" C's"),
            ("&q\u{200B}uot;", "\""),
            ("cafe\u{301}", "café"),
            ("ا\u{653}ب و\u{654}", "آب ؤ"),
            ("محم\u{651}\u{64E}د", "محم\u{64E}\u{651}د"),
            ("می\u{200C}رود", "میرود"),
            ("a\tb\r\nc", "a b c"),
            ("½ ﬁ", "½ ﬁ"),
        ] {
            assert_eq!(shown_as(text), expected, "{text:?}");
        }
    }

    #[test]
    fn joiners_stay_where_they_are_seen() {
        assert_eq!(display("می\u{200C}رود \u{200C}و\u{200C}", true).0, "می\u{200C}رود و");
        assert_eq!(shown_as("क्\u{200D}ष"), "क्\u{200D}ष");
    }

    #[test]
    fn clean_text_costs_no_edit() {
        let (text, edits) = display("أعلنت وزارة الدفاع “واع” 25 من كانون الثاني، و(قسد).", false);
        assert_eq!(text, "أعلنت وزارة الدفاع “واع” 25 من كانون الثاني، و(قسد).");
        assert!(edits.is_identity());
    }

    #[test]
    fn each_word_is_found_again_in_the_source() {
        let source = " \u{200F}قال  &quot;محم\u{651}\u{64E}د&quot; ﻻ شيء\u{A0}";
        let (text, edits) = display(source, false);
        assert_eq!(text, "قال \"محم\u{64E}\u{651}د\" لا شيء");
        for (word, there) in
            [("قال", "قال"), ("\"محم\u{64E}\u{651}د\"", "&quot;محم\u{651}\u{64E}د&quot;"), ("لا", "ﻻ"), ("شيء", "شيء")]
        {
            let start = text.find(word).unwrap();
            let (from, to) = edits.source(start, start + word.len());
            assert_eq!(&source[from..to], there);
            let at = source.find(there).unwrap();
            assert_eq!(edits.output(at, at + there.len()), (start, start + word.len()));
        }
    }

    fn messy() -> impl Strategy<Value = String> {
        prop_oneof![
            "\\PC{0,30}",
            "[ء-ي\u{64B}-\u{655}\u{670}ﺍ-ﻼ“”«» \u{A0}\u{200B}-\u{200F}\u{640}a-c&;0-9.]{0,50}",
            proptest::collection::vec(
                prop_oneof![
                    Just("&amp;"),
                    Just("quot;"),
                    Just("&quot;"),
                    Just("&#39;"),
                    Just("&#x26;"),
                    Just("nbsp;"),
                    Just(" "),
                    Just("و"),
                    Just("x"),
                    Just("&"),
                    Just("\u{200B}"),
                    Just("“"),
                    Just("\u{301}"),
                    Just("e"),
                ],
                0..14
            )
            .prop_map(|parts| parts.concat()),
        ]
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in messy(), joiners in any::<bool>()) {
            let (once, _) = display(&text, joiners);
            let (twice, edits) = display(&once, joiners);
            prop_assert_eq!(&twice, &once);
            prop_assert!(edits.is_identity());
        }

        #[test]
        fn the_result_is_nfc_trimmed_and_on_one_line(text in messy()) {
            let shown = shown_as(&text);
            prop_assert!(ComposingNormalizerBorrowed::new_nfc().is_normalized(&shown));
            prop_assert_eq!(shown.trim(), &shown);
            prop_assert!(!shown.contains("  ") && !shown.contains('\n'));
        }

        #[test]
        fn positions_stay_inside_and_in_order(text in messy()) {
            let (shown, edits) = display(&text, false);
            let mut last = 0;
            for (start, letter) in shown.char_indices() {
                let (from, to) = edits.source(start, start + letter.len_utf8());
                prop_assert!(from <= to && to <= text.len() && from >= last || from == last);
                prop_assert!(text.is_char_boundary(from) && text.is_char_boundary(to));
                last = from;
            }
            prop_assert_eq!(edits.output(0, text.len()).1, shown.len());
        }
    }
}
