//! Text that was UTF-8, read as a one-byte charset, and written as UTF-8 again:
//! `Ø§Ù„` (windows-1252) or `ط§ظ„` (windows-1256) for `ال`.
//!
//! Each character is turned back into the byte it was made of; where the bytes
//! are a whole UTF-8 character that news is written in, it takes their place. A
//! stretch is mended only if nearly all that is not ASCII in it comes out so:
//! such pairs stand in sound text, too, but alone.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, WINDOWS_1252, WINDOWS_1256};

use super::source::Source;
use crate::record::{Edits, EditsBuilder};

/// Of ten characters that are no ASCII at least so many must be mended.
const TENTHS: usize = 9;
/// Fewer mended characters prove nothing by themselves.
const MIN_HITS: usize = 2;

/// The charset that the text had been taken for, `None` where it is sound, and
/// the text mended.
pub(super) fn mend<'a>(source: Source<'a>) -> (Source<'a>, Option<&'static str>) {
    let mut source = source;
    let mut found = None;
    // Twice at most: some archives went through the same hands again.
    for _ in 0..2 {
        let Some((label, text, edits)) = once(&source.text) else { break };
        let length = source.text.len();
        source = source.part(Cow::Owned(text), 0, length, edits);
        found = Some(label);
    }
    (source, found)
}

fn once(text: &str) -> Option<(&'static str, String, Edits)> {
    let (latin, arabic) = suspicions(text);
    for (label, bytes, suspicious) in [("windows-1252", &LATIN, latin), ("windows-1256", &ARABIC, arabic)] {
        if !suspicious {
            continue;
        }
        let verdict = Verdict::of(text, bytes);
        if verdict.any() {
            let (mended, edits) = verdict.apply(text, bytes);
            return Some((label, mended, edits));
        }
    }
    None
}

static LATIN: LazyLock<Bytes> = LazyLock::new(|| Bytes::new(WINDOWS_1252));
static ARABIC: LazyLock<Bytes> = LazyLock::new(|| Bytes::new(WINDOWS_1256));

/// Whether the text may have been read as windows-1252, and as windows-1256.
fn suspicions(text: &str) -> (bool, bool) {
    let bytes = text.as_bytes();
    let (mut latin, mut arabic) = (false, false);
    for at in memchr::memchr3_iter(0xC2, 0xC3, 0xE2, bytes) {
        let behind = |letter: &str| bytes.get(..at).is_some_and(|before| before.ends_with(letter.as_bytes()));
        match bytes.get(at..).unwrap_or_default() {
            // Ø Ù Ú Û (Arabic), Ã Â Ä Å â (Latin, quotation marks), Ð Ñ (Cyrillic), × (Hebrew):
            // Arabic text has none of what begins with this byte.
            [0xC3, 0x98..=0x9B | 0x82..=0x85 | 0xA2 | 0x90 | 0x91 | 0x97, ..] => latin = true,
            // No text of some length lacks an alef (`ط§`) and a lam (`ظ„`).
            [0xC2, 0xA7, ..] => arabic |= behind("ط"),
            [0xE2, 0x80, 0x9E, ..] => arabic |= behind("ظ"),
            _ => {}
        }
    }
    (latin, arabic)
}

/// The byte of each character of a one-byte charset.
struct Bytes {
    /// By character.
    sorted: Vec<(char, u8)>,
    /// The same of those below U+0180, as most are; 0 where there is none.
    low: [u8; 0x180],
}

impl Bytes {
    fn new(encoding: &'static Encoding) -> Self {
        let letter = |byte: u8| {
            let text = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
            text.and_then(|text| text.chars().next())
        };
        let mut sorted: Vec<(char, u8)> = (0x80..=0xFF).filter_map(|byte| Some((letter(byte)?, byte))).collect();
        sorted.sort_unstable();
        let mut low = [0; 0x180];
        for (letter, byte) in &sorted {
            if let Some(place) = low.get_mut(*letter as usize) {
                *place = *byte;
            }
        }
        Self { sorted, low }
    }

    fn of(&self, letter: char) -> Option<u8> {
        match letter as u32 {
            0..=0x7F => None,
            // ISO-8859-1 and decoders that pass on what they do not know.
            code @ 0x80..=0x9F => u8::try_from(code).ok(),
            code @ 0xA0..0x180 => self.low.get(code as usize).copied().filter(|byte| *byte != 0),
            _ => {
                let at = self.sorted.binary_search_by_key(&letter, |(other, _)| *other).ok()?;
                self.sorted.get(at).map(|(_, byte)| *byte)
            }
        }
    }

    /// The character that begins at the head of `text`, and its length there in
    /// bytes and in characters.
    fn character(&self, text: &str) -> Option<(char, usize, usize)> {
        let mut letters = text.chars();
        let first = letters.next()?;
        let lead = self.of(first)?;
        let count = match lead {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return None,
        };
        let mut bytes = [lead, 0, 0, 0];
        let mut length = first.len_utf8();
        for place in bytes.get_mut(1..count)? {
            let letter = letters.next()?;
            *place = self.of(letter).filter(|byte| byte & 0xC0 == 0x80)?;
            length += letter.len_utf8();
        }
        let letter = std::str::from_utf8(bytes.get(..count)?).ok()?.chars().next()?;
        is_of_news(letter).then_some((letter, length, count))
    }
}

/// Scripts and signs that the news is written in: what chance makes of two
/// letters lies elsewhere more often than not.
const fn is_of_news(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{17F}' | '\u{192}' | '\u{2C6}' | '\u{2DC}' | '\u{218}'..='\u{21B}' | '\u{370}'..='\u{52F}' | '\u{5D0}'..='\u{6FF}'
        | '\u{750}'..='\u{77F}' | '\u{2000}'..='\u{2044}' | '\u{2060}'..='\u{2069}' | '\u{20A0}'..='\u{20BF}'
        | '\u{2100}'..='\u{22FF}' | '\u{25A0}'..='\u{27BF}' | '\u{3000}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' | '\u{FB50}'..='\u{FEFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Which stretches of a text are to be mended.
struct Verdict {
    /// Start and end, in order.
    stretches: Vec<(usize, usize)>,
    /// The byte 81 was dropped on the way, so a lone `Ù` was a feh.
    lost_feh: bool,
}

/// Characters that are no ASCII: those that can be mended, and the rest.
#[derive(Default, Clone, Copy)]
struct Tally {
    hits: usize,
    hit_chars: usize,
    misses: usize,
}

impl Tally {
    fn is_broken(self) -> bool {
        self.hits >= MIN_HITS && self.hit_chars * 10 >= (self.hit_chars + self.misses) * TENTHS
    }

    fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.hit_chars += other.hit_chars;
        self.misses += other.misses;
    }
}

impl Verdict {
    /// The whole where the whole is broken, else the lines and elements that are.
    fn of(text: &str, bytes: &Bytes) -> Self {
        let mut all = Tally::default();
        let mut broken = Vec::new();
        let (mut lone, mut kept_controls, mut marks) = (0, false, false);
        for (start, end) in stretches(text) {
            let stretch = text.get(start..end).unwrap_or_default();
            let mut tally = Tally::default();
            walk(stretch, bytes, |_, part, letter| match letter {
                Some((letter, count)) => {
                    tally.hits += 1;
                    tally.hit_chars += count;
                    kept_controls |= part.contains('\u{81}');
                    marks |= matches!(letter, '\u{64B}'..='\u{652}');
                }
                None if is_lone_feh(part) => lone += 1,
                None => tally.misses += usize::from(!part.is_ascii()),
            });
            // A word or two prove nothing beside sound text.
            if tally.is_broken() && tally.hits > 5 {
                broken.push((start, end));
            }
            all.add(tally);
        }
        let stretches = if all.is_broken() { vec![(0, text.len())] } else { broken };
        Self { stretches, lost_feh: lone > 0 && !kept_controls && !marks }
    }

    fn any(&self) -> bool {
        !self.stretches.is_empty()
    }

    fn apply(&self, text: &str, bytes: &Bytes) -> (String, Edits) {
        let mut mended = String::with_capacity(text.len());
        let mut edits = EditsBuilder::new();
        let mut at = 0;
        for &(start, end) in &self.stretches {
            mended.push_str(text.get(at..start).unwrap_or_default());
            edits.keep(start - at);
            let stretch = text.get(start..end).unwrap_or_default();
            walk(stretch, bytes, |behind, part, letter| {
                let letter = letter.map(|(letter, _)| letter).or_else(|| match part {
                    _ if self.lost_feh && is_lone_feh(part) => Some('ف'),
                    // `à`, whose second half looks like a blank and became one.
                    "Ã" if behind.starts_with(' ') => Some('à'),
                    _ => None,
                });
                match letter {
                    Some(letter) => {
                        edits.replace(part.len(), letter.len_utf8());
                        mended.push(letter);
                    }
                    None => {
                        edits.keep(part.len());
                        mended.push_str(part);
                    }
                }
            });
            at = end;
        }
        mended.push_str(text.get(at..).unwrap_or_default());
        edits.keep(text.len() - at);
        (mended, edits.build())
    }
}

/// A lead byte of Arabic without the second, which was dropped or replaced.
fn is_lone_feh(part: &str) -> bool {
    matches!(part, "Ù" | "Ù\u{FFFD}")
}

/// Lines and what stands between tags. The control U+0085 is no line break here:
/// it is half of a meem.
fn stretches(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut start = 0;
    let ends = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'<' | b'>')).map(|(at, _)| at);
    ends.chain(std::iter::once(text.len())).map(move |end| (std::mem::replace(&mut start, end), end))
}

/// Hands over each part of the text: what lies behind it, the part, and the
/// character that it was, with the characters it takes, if it can be mended.
fn walk<'a>(text: &'a str, bytes: &Bytes, mut each: impl FnMut(&'a str, &'a str, Option<(char, usize)>)) {
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (plain, behind) = rest.split_at(ascii);
        if !plain.is_empty() {
            each(behind, plain, None);
        }
        let Some(first) = behind.chars().next() else { return };
        let found = bytes.character(behind);
        let length = found.map_or_else(
            || if behind.starts_with("Ù\u{FFFD}") { "Ù\u{FFFD}".len() } else { first.len_utf8() },
            |(_, length, _)| length,
        );
        let (part, behind) = behind.split_at(length);
        each(behind, part, found.map(|(letter, _, count)| (letter, count)));
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::RawSpan;

    const ARABIC: &str = "أعلنت الوزارة أن الموسم سيبدأ في الأسبوع المقبل، وقال الوزير: “الأسعار مستقرة”.";
    const FRENCH: &str = "Le ministre a déclaré que l’année prochaine serait « décisive » à l’été.";

    /// As UTF-8 looks when it is read in a one-byte charset.
    fn misread(text: &str, encoding: &'static Encoding) -> String {
        let bytes = Bytes::new(encoding);
        let sign =
            |byte: u8| bytes.sorted.iter().find(|(_, other)| *other == byte).map_or(char::from(byte), |(c, _)| *c);
        text.bytes().map(|byte| if byte.is_ascii() { char::from(byte) } else { sign(byte) }).collect()
    }

    fn mended(text: &str) -> (String, Option<&'static str>) {
        let (source, label) = mend(Source::new(Cow::Borrowed(text), RawSpan::new(0, text.len()), Edits::default()));
        (source.text.into_owned(), label)
    }

    #[test]
    fn what_was_read_wrongly_is_read_again() {
        for text in [
            ARABIC,
            FRENCH,
            "Ağustos ayında İstanbul’da",
            "Новости дня: встреча",
            "«سەرۆک» گوتی ئێمە ڕێککەوتین",
            "وزیر گفت: گندم و پسته",
        ] {
            for (label, encoding) in [("windows-1252", WINDOWS_1252), ("windows-1256", WINDOWS_1256)] {
                // A text without alef and lam is not even looked at for windows-1256.
                if label == "windows-1256" && !text.contains("ال") && !text.contains('ا') {
                    continue;
                }
                let broken = misread(text, encoding);
                assert_eq!(mended(&broken), (text.to_owned(), Some(label)), "{broken}");
                let twice = misread(&broken, WINDOWS_1252);
                assert_eq!(mended(&twice).0, text, "twice");
            }
        }
        let latin_1: String = ARABIC.bytes().map(char::from).collect();
        assert_eq!(mended(&latin_1), (ARABIC.to_owned(), Some("windows-1252")));
    }

    #[test]
    fn what_was_lost_on_the_way_is_told_from_what_is_left() {
        let text = "قال فريق من الصحفيين إن الخبر صحيح في كل تفاصيله";
        let dropped = misread(text, WINDOWS_1252).replace('\u{81}', "");
        assert_eq!(mended(&dropped).0, text);
        let replaced = misread(text, WINDOWS_1252).replace('\u{81}', "\u{FFFD}");
        assert_eq!(mended(&replaced).0, text);
        let blank = misread(FRENCH, WINDOWS_1252).replace('\u{A0}', "");
        assert_eq!(mended(&blank).0, FRENCH);
    }

    #[test]
    fn sound_text_stays_as_it_is() {
        for text in [
            ARABIC,
            FRENCH,
            "MAIS VOILÀ\u{A0}» dit-il, « CAFÉ », ÉTÉ, Â",
            "AMANHÃ», disse; AMANHÃ» outra vez, não há ações",
            "كلمة ط، ثم ظ؛ والحرف ط§ في النص كله حرف زائد لا أكثر",
            "Ø er en bogstav, Å også",
            "",
        ] {
            assert_eq!(mended(text), (text.to_owned(), None));
        }
    }

    #[test]
    fn only_the_lines_that_are_broken_change() {
        let broken = misread(ARABIC, WINDOWS_1252);
        let page = format!("<h1>{ARABIC}</h1>\n<p>{broken}</p>\n<p>{ARABIC}</p>");
        assert_eq!(mended(&page).0, format!("<h1>{ARABIC}</h1>\n<p>{ARABIC}</p>\n<p>{ARABIC}</p>"));
    }

    proptest! {
        #[test]
        fn positions_lead_back_to_what_was_read(
            text in "[ء-غف-ي ،.a-z\n«»“é]{0,80}", windows_1252 in any::<bool>()
        ) {
            let encoding = if windows_1252 { WINDOWS_1252 } else { WINDOWS_1256 };
            let broken = misread(&text, encoding);
            let source = Source::new(Cow::Borrowed(broken.as_str()), RawSpan::new(0, broken.len()), Edits::default());
            let (source, label) = mend(source);
            if label.is_some() {
                for (at, letter) in source.text.char_indices() {
                    let raw = source.trace(at, at + letter.len_utf8(), Edits::default()).raw;
                    let behind = broken.get(raw.start..raw.end).unwrap();
                    prop_assert!(behind == letter.to_string() || misread(&letter.to_string(), encoding) == behind);
                }
            }
        }

        #[test]
        fn any_text_is_mended_once_for_all(text in "\\PC{0,60}|[ØÙÃطظ§„…©Ù\u{81} ]{0,40}") {
            let (once, label) = mended(&text);
            if label.is_none() {
                prop_assert_eq!(once, text);
            }
        }
    }
}
