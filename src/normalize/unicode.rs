//! The display form of one block: what people read.
//!
//! Most blocks need nothing: who reads them for their keys is told so, letter by
//! letter ([`stays`]). What may need something is rewritten in one pass, which
//! writes nothing before the first change, and copies runs in between whole; text that is not certainly NFC takes a second
//! pass. Both repeat until nothing changes, so that cleaning a clean text never
//! changes it.

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
        let mut pass = Pass::new(now, keep_joiners);
        let next = pass.run().or_else(|| if pass.composed { None } else { compose(now) });
        let Some((next, step)) = next else { break };
        let edits = current.map_or_else(|| step.clone(), |(_, edits)| edits.then(&step));
        current = Some((next, edits));
    }
    current.unwrap_or_else(|| (text.to_owned(), Edits::default()))
}

/// What stays as it is, whatever stands beside it; but a blank may be one too
/// many, and of two vowel marks in a row the order may change. Not all that stays
/// is among these.
pub(super) const fn stays(letter: char) -> bool {
    matches!(letter,
        ' '..=':' | '<'..='~' | '\u{A1}'..='\u{AA}' | '\u{AC}' | '\u{AE}'..='\u{BA}' | '\u{BC}'..='\u{2FF}'
        | '\u{606}'..='\u{60F}' | '\u{61B}' | '\u{61D}'..='\u{63F}' | '\u{641}'..='\u{652}' | '\u{660}'..='\u{66F}'
        | '\u{671}'..='\u{6D5}' | '\u{6EE}'..='\u{6FF}' | '\u{2010}'..='\u{201B}' | '\u{201E}'..='\u{2027}')
}

/// One rewriting of a text.
struct Pass<'a> {
    text: &'a str,
    keep_joiners: bool,
    /// Arabic script throughout, so its quotation marks follow Arabic use; asked
    /// at the first mark.
    mend_quotes: Option<bool>,
    /// Only text with a semicolon can hold residue of entities.
    residue: bool,
    /// Of inert characters alone so far, so certainly NFC.
    composed: bool,
    /// Bytes of the text that are the output, while nothing has changed.
    kept: usize,
    /// From the first change on.
    changed: Option<(String, EditsBuilder)>,
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
            mend_quotes: None,
            residue: memchr::memchr(b';', text.as_bytes()).is_some(),
            composed: true,
            kept: 0,
            changed: None,
            waiting: 0,
            blank: false,
            open: [false; 2],
        }
    }

    /// `None` where the text is in display form, but for NFC.
    fn run(&mut self) -> Option<(String, Edits)> {
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
            let waiting = self.waiting;
            self.change().1.replace(waiting, 0);
        }
        self.changed.take().map(|(output, edits)| (output, edits.build()))
    }

    /// Bytes from `at` that need no closer look.
    fn plain_run(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                // Letters first, for they are most of a text.
                0xC3..=0xDF => {
                    let trail = bytes.get(end + 1).copied().unwrap_or_default();
                    if INERT[usize::from(byte & 0x1F)] >> (trail & 0x3F) & 1 == 0 {
                        if matches!((byte, trail), (0xD8, 0x9C) | (0xD9, 0x80)) {
                            break;
                        }
                        self.composed &= is_lone_mark(bytes.get(..end + 2).unwrap_or_default());
                    }
                    end += 2;
                }
                b' ' if matches!(bytes.get(end + 1), Some(b'!'..=b'~' | 0xD8..=0xDB))
                    && (end > at || self.waiting == 0 && !self.written().is_empty()) =>
                {
                    end += 1;
                }
                b'&' | b'q' | b'n' | b'#' | b'a' | b'l' | b'r' if self.residue => break,
                b'!'..=b'~' => end += 1,
                _ => break,
            }
        }
        end - at
    }

    /// The output so far.
    fn written(&self) -> &str {
        match &self.changed {
            Some((output, _)) => output,
            None => self.text.get(..self.kept).unwrap_or_default(),
        }
    }

    /// The output from the first change on.
    fn change(&mut self) -> &mut (String, EditsBuilder) {
        let (text, kept) = (self.text, self.kept);
        self.changed.get_or_insert_with(|| {
            let mut output = String::with_capacity(text.len());
            output.push_str(text.get(..kept).unwrap_or_default());
            let mut edits = EditsBuilder::new();
            edits.keep(kept);
            (output, edits)
        })
    }

    /// Deals with what begins at `at`; its length.
    fn special(&mut self, at: usize, rest: &str) -> usize {
        if self.residue
            && let Some((bytes, letter)) = residue::entity(self.output_end(), rest)
        {
            self.change();
            self.replace(bytes, class(letter), letter);
            return bytes;
        }
        let Some(letter) = rest.chars().next() else { return rest.len() };
        let bytes = letter.len_utf8();
        if matches!(letter, '“' | '”' | '«' | '»') && self.mends_quotes() {
            let next = rest.get(bytes..).and_then(|rest| rest.chars().next());
            let mended = self.mend(letter, next);
            if mended != letter {
                self.flush();
                let (output, edits) = self.change();
                output.push(mended);
                edits.keep(bytes);
                return bytes;
            }
        }
        match class(letter) {
            Shown::Keep => self.keep_one(letter, at),
            Shown::Joiner if self.joins(letter, rest.get(bytes..).unwrap_or_default()) => self.keep_one(letter, at),
            other => self.replace(bytes, other, letter),
        }
        bytes
    }

    fn mends_quotes(&mut self) -> bool {
        *self.mend_quotes.get_or_insert_with(|| mostly_arabic(self.text))
    }

    fn replace(&mut self, bytes: usize, with: Shown, letter: char) {
        match with {
            Shown::Space => {
                if letter != ' ' || self.blank || self.written().is_empty() {
                    self.change();
                }
                self.waiting += bytes;
                self.blank = true;
            }
            Shown::Drop | Shown::Joiner => {
                self.change();
                self.waiting += bytes;
            }
            Shown::Keep => self.write(bytes, &[letter]),
            Shown::Letters(letters) => self.write(bytes, letters),
        }
    }

    fn write(&mut self, bytes: usize, letters: &[char]) {
        self.flush();
        let (output, edits) = self.change();
        let before = output.len();
        output.extend(letters);
        edits.replace(bytes, output.len() - before);
    }

    fn keep_one(&mut self, letter: char, at: usize) {
        self.composed &= is_inert(letter);
        self.keep(at, at + letter.len_utf8());
    }

    fn keep(&mut self, start: usize, end: usize) {
        self.flush();
        match &mut self.changed {
            Some((output, edits)) => {
                output.push_str(self.text.get(start..end).unwrap_or_default());
                edits.keep(end - start);
            }
            None => self.kept = end,
        }
    }

    /// Writes what waits: one blank for all blanks, none at the start.
    fn flush(&mut self) {
        if self.waiting == 0 {
            return;
        }
        match &mut self.changed {
            Some((output, edits)) if self.blank && !output.is_empty() => {
                output.push(' ');
                edits.replace(self.waiting, 1);
            }
            Some((_, edits)) => edits.replace(self.waiting, 0),
            // One ordinary blank: anything else were a change.
            None => self.kept += self.waiting,
        }
        self.waiting = 0;
        self.blank = false;
    }

    /// The last character of the output as it will be.
    fn output_end(&self) -> Option<char> {
        if self.blank { Some(' ') } else { self.written().chars().next_back() }
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
        let letters = self.written().chars().rev().take_while(|letter| is_arabic_letter(*letter));
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

/// Composes with nothing and comes of nothing composed, so that a text of such
/// characters is NFC. Of the scripts that news is written in those that matter;
/// the others are asked for.
const fn is_inert(letter: char) -> bool {
    matches!(letter,
        '\0'..='\u{2FF}' | '\u{400}'..='\u{482}' | '\u{48A}'..='\u{52F}' | '\u{5D0}'..='\u{5EA}'
        | '\u{606}'..='\u{60F}' | '\u{61B}'..='\u{64A}' | '\u{660}'..='\u{66F}' | '\u{671}'..='\u{6D5}'
        | '\u{6DD}' | '\u{6DE}' | '\u{6E5}' | '\u{6E6}' | '\u{6E9}' | '\u{6EE}'..='\u{6FF}'
        | '\u{200C}' | '\u{200D}' | '\u{2010}'..='\u{2027}' | '\u{20A0}'..='\u{20BF}')
}

/// [`is_inert`] of the two-byte characters that need no closer look: a bit for
/// each last byte, by the first.
static INERT: [u64; 32] = inert();

const fn inert() -> [u64; 32] {
    let mut table = [0; 32];
    let mut code = 0xC0;
    while code < 0x800 {
        if let Some(letter) = char::from_u32(code)
            && is_inert(letter)
            && !matches!(letter, '\u{61C}' | '\u{640}')
        {
            table[(code >> 6) as usize] |= 1 << (code & 0x3F);
        }
        code += 1;
    }
    table
}

/// The text ends in a vowel mark that composes with no letter, and another mark
/// does not stand before it, with which it might have to change places.
const fn is_lone_mark(text: &[u8]) -> bool {
    match text {
        [.., 0xD9, 0x8B..=0x92, 0xD9, 0x8B..=0x92] => false,
        [.., 0xD9, 0x8B..=0x92] => true,
        _ => false,
    }
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
    use crate::normalize::key::Reader;
    use crate::normalize::phrases::tests::TABLES;

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

    #[test]
    fn inert_is_what_the_standard_says_is_composed_in_any_company() {
        use icu_properties::props::CanonicalCombiningClass;
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        let class = CodePointMapData::<CanonicalCombiningClass>::new();
        let inert: Vec<char> = ('\0'..='\u{FFFF}').filter(|letter| is_inert(*letter)).collect();
        for letter in &inert {
            assert!(nfc.is_normalized(&letter.to_string()), "{letter:?}");
            assert_eq!(class.get(*letter), CanonicalCombiningClass::NotReordered, "{letter:?}");
            // Behind no letter that is changed by it.
            assert!(
                "aاوυ\u{9C7}가".chars().all(|before| nfc.is_normalized(&format!("{before}{letter}"))),
                "{letter:?}"
            );
        }
    }

    #[test]
    fn what_is_read_as_plain_changes_nothing() {
        let is_plain = |text: &str| Reader::new(0, 1, &TABLES).read(text).plain;
        let clean = |text: &str| {
            let mut pass = Pass::new(text, false);
            pass.run().is_none() && pass.composed
        };
        for letter in ('\0'..='\u{FFFF}').chain(['😀']) {
            for text in [format!("a{letter}b"), format!("{letter}ب"), format!("و{letter}"), format!(" {letter} ")] {
                assert!(!is_plain(&text) || clean(&text), "{text:?}");
            }
        }
        for pair in ('\u{64B}'..='\u{65F}').flat_map(|first| ('\u{64B}'..='\u{65F}').map(move |next| [first, next])) {
            assert!(!is_plain(&format!("ب{}{}", pair[0], pair[1])), "{pair:?}");
        }
        assert!(is_plain("وصل الوزير، أحمد - 3: ٢٠٢٤؟ Yes! أيضاً شدّ — café…"));
        assert!([" a", "a ", "a  b", "a;b", "«a»"].iter().all(|text| !is_plain(text)));
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
