//! Language and direction.
//!
//! In the Arabic script letters and small words decide between Arabic, Persian,
//! Urdu, Sorani Kurdish, Pashto, Uyghur and Sindhi: a foreign name brings a
//! letter or two, never the small words. Scripts with one news language tell it
//! themselves; for the rest a trained classifier is asked.

mod arabic;

use whichlang::Lang;

use crate::letters::{is_arabic_letter, is_letter};
use crate::record::Language;

/// Letters looked at; a language does not change further down.
const SAMPLE: usize = 6_000;

/// Scripts that one language of the news uses.
const SCRIPTS: &[(std::ops::RangeInclusive<char>, &str)] = &[
    ('\u{370}'..='\u{3FF}', "el"),
    ('\u{530}'..='\u{58F}', "hy"),
    ('\u{5D0}'..='\u{5EA}', "he"),
    ('\u{700}'..='\u{74F}', "syr"),
    ('\u{780}'..='\u{7BF}', "dv"),
    ('\u{980}'..='\u{9FF}', "bn"),
    ('\u{B80}'..='\u{BFF}', "ta"),
    ('\u{E00}'..='\u{E7F}', "th"),
    ('\u{10A0}'..='\u{10FF}', "ka"),
    ('\u{1200}'..='\u{137F}', "am"),
];

const RIGHT_TO_LEFT: &[&str] = &["ar", "fa", "ur", "ckb", "ps", "ug", "sd", "he", "yi", "syr", "dv"];

/// What of the letters stands in which script.
#[derive(Default)]
struct Count {
    arabic: usize,
    other: usize,
    scripts: [usize; SCRIPTS.len()],
}

/// The language of the blocks taken together. `declared` breaks a tie and
/// stands in where there is nothing to judge by.
pub(super) fn detect<'a>(blocks: impl Iterator<Item = &'a str> + Clone, declared: Option<&str>) -> Language {
    let declared = declared.and_then(primary);
    if is_surely_arabic(blocks.clone()) {
        return arabic_script(blocks, declared.as_deref());
    }
    judge(&Count::of(blocks.clone()), blocks, declared.as_deref())
}

/// More than half of the letters are Arabic, as their bytes tell without reading
/// them. A longer text is not asked, for its end would not count.
fn is_surely_arabic<'a>(blocks: impl Iterator<Item = &'a str> + Clone) -> bool {
    if blocks.clone().map(str::len).sum::<usize>() > SAMPLE {
        return false;
    }
    // Fewer than there are: no letter of U+0641 and above but those up to U+064A.
    let arabic: usize = blocks.clone().map(|block| count_pairs(block.as_bytes())).sum();
    let most_others = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0xC2 && !matches!(byte, 0xD8..=0xDB);
    arabic > blocks.map(|block| count_bytes(block, most_others)).sum()
}

/// The letters U+0620 to U+063F and U+0641 to U+064A.
fn count_pairs(bytes: &[u8]) -> usize {
    let second = bytes.get(1..).unwrap_or_default().chunks(usize::from(u8::MAX));
    let chunks = bytes.chunks(usize::from(u8::MAX)).zip(second);
    let letter = |(lead, trail): (&u8, &u8)| {
        u8::from(*lead == 0xD8 && *trail >= 0xA0 || *lead == 0xD9 && matches!(trail, 0x81..=0x8A))
    };
    chunks.map(|(lead, trail)| usize::from(lead.iter().zip(trail).map(letter).sum::<u8>())).sum()
}

fn judge<'a>(count: &Count, blocks: impl Iterator<Item = &'a str>, declared: Option<&str>) -> Language {
    let letters = count.letters();
    if letters == 0 {
        return declared.map_or_else(Language::default, |tag| language(tag, 0.3));
    }
    let script = count.scripts.iter().zip(SCRIPTS).max_by_key(|(count, _)| **count);
    if let Some((most, (_, tag))) = script
        && most * 2 > letters
    {
        return language(tag, share(*most, letters));
    }
    if count.arabic * 2 > letters { arabic_script(blocks, declared) } else { trained(&sample(blocks), declared) }
}

/// Fewer words say too little of a block's language, and fewer still where the
/// script alone decides.
const BLOCK_WORDS: usize = 6;
const SCRIPT_WORDS: usize = 3;

/// The language of a block where it is certainly another than the text's.
/// `declared` is the block's own `lang`.
pub(super) fn of_block(block: &str, of_text: &str, declared: Option<&str>) -> Option<String> {
    let text_is_arabic = arabic::writes(of_text);
    // Most blocks have next to no letter of another script: told by their bytes.
    let (latin, arabic) = count_letters(block);
    let plain = if text_is_arabic {
        latin * 4 < arabic && !arabic::has_other_letters(block, of_text)
    } else {
        arabic * 4 < latin && latin < 60
    };
    if plain || of_text == "und" {
        return None;
    }
    let words = block.split_whitespace().filter(|word| word.contains(is_letter)).take(BLOCK_WORDS).count();
    let declared = declared.and_then(primary);
    let count = Count::of(std::iter::once(block));
    let letters = count.letters();
    let block_is_arabic = count.arabic * 2 > letters;
    // A head of one word in another script is a name, unless the page says its language.
    let marked = declared.is_some() && text_is_arabic != block_is_arabic;
    if words < SCRIPT_WORDS && !marked {
        return None;
    }
    if text_is_arabic == block_is_arabic
        && (words < BLOCK_WORDS || text_is_arabic && !arabic::has_other_letters(block, of_text))
    {
        return None;
    }
    // Names in another script stand in every text: a block must be nearly all of it.
    if text_is_arabic != block_is_arabic && count.arabic * 5 > letters && !block_is_arabic {
        return None;
    }
    let long = text_is_arabic || block.split_whitespace().take(LATIN_WORDS).count() == LATIN_WORDS;
    // The classifier is slow: it is not asked what would not be believed.
    if text_is_arabic == block_is_arabic && !long && declared.is_none() {
        return None;
    }
    // Nor of all, where its first third tells that nothing differs: thirds that do
    // not agree are not believed.
    if !text_is_arabic && !count.tells_script() {
        let sample = sample(std::iter::once(block));
        let first = thirds(&sample).first().copied().filter(|_| declared.is_none());
        if tag(whichlang::detect_language(first.unwrap_or(&sample))) == of_text {
            return None;
        }
    }
    let found = judge(&count, std::iter::once(block), declared.as_deref());
    let told = declared.as_deref() == Some(found.tag.as_str());
    let sure = text_is_arabic != block_is_arabic || (long || told) && found.confidence >= SURE;
    (sure && found.tag != of_text && found.tag != "und").then_some(found.tag)
}

/// Latin letters of ASCII, and characters of the Arabic blocks, in one walk: most
/// blocks are too short for anything that takes many bytes at a time.
fn count_letters(block: &str) -> (usize, usize) {
    const ARABIC: u64 = 1 << 32;
    static COUNTS: [u64; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < table.len() {
            table[byte] = match byte {
                0xD8..=0xDB => ARABIC,
                0x41..=0x5A | 0x61..=0x7A => 1,
                _ => 0,
            };
            byte += 1;
        }
        table
    };
    let sum: u64 = block.bytes().map(|byte| COUNTS[usize::from(byte)]).sum();
    #[allow(clippy::cast_possible_truncation)] // both are halves of the sum; a block is below 4 GiB
    ((sum % ARABIC) as usize, (sum / ARABIC) as usize)
}

/// Bytes of a kind; summed in bytes, which the processor does many at a time.
fn count_bytes(text: &str, is: impl Fn(u8) -> bool) -> usize {
    let chunks = text.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(is(*byte))).sum::<u8>())).sum()
}

/// The classifier is sure of two languages in one script only from so many words on.
const LATIN_WORDS: usize = 16;

/// Of blocks in the text's own script; in an Arabic text a Persian name brings
/// a letter or two.
const SURE: f32 = 0.75;

/// The first subtag, lower case: `ar` of `ar_EG`, `ckb` of `ckb-IQ`.
fn primary(tag: &str) -> Option<String> {
    let first = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let known = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase()) && first != "und";
    known.then_some(first)
}

fn language(tag: &str, confidence: f32) -> Language {
    Language { tag: tag.to_owned(), confidence, right_to_left: RIGHT_TO_LEFT.contains(&tag) }
}

#[allow(clippy::cast_precision_loss)] // a sample is small
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

impl Count {
    fn of<'a>(blocks: impl Iterator<Item = &'a str>) -> Self {
        let mut count = Self::default();
        let mut left = SAMPLE;
        for block in blocks {
            for letter in block.chars() {
                match letter {
                    'a'..='z' | 'A'..='Z' => count.other += 1,
                    '\0'..='\u{7F}' => continue,
                    '\u{600}'..='\u{6FF}' if is_arabic_letter(letter) => count.arabic += 1,
                    _ if !is_letter(letter) => continue,
                    _ if is_arabic_letter(letter) => count.arabic += 1,
                    _ => match SCRIPTS.iter().position(|(range, _)| range.contains(&letter)) {
                        Some(script) => count.scripts[script] += 1,
                        None => count.other += 1,
                    },
                }
                left -= 1;
                if left == 0 {
                    return count;
                }
            }
        }
        count
    }

    /// Most letters are of a script whose languages need no classifier.
    fn tells_script(&self) -> bool {
        let most = self.scripts.iter().max().copied().unwrap_or_default().max(self.arabic);
        most * 2 > self.letters()
    }

    fn letters(&self) -> usize {
        self.arabic + self.other + self.scripts.iter().sum::<usize>()
    }
}

fn arabic_script<'a>(blocks: impl Iterator<Item = &'a str>, declared: Option<&str>) -> Language {
    let (tag, confidence) = arabic::detect(blocks, declared);
    language(tag, confidence)
}

/// Few hits say little: 0.5 for a single word, near 1 from some ten on.
#[allow(clippy::cast_precision_loss)] // a sample is small
fn certainty(hits: usize) -> f32 {
    1.0 - 1.0 / (1.0 + hits as f32 / 3.0)
}

/// As much of the blocks as is looked at.
fn sample<'a>(blocks: impl Iterator<Item = &'a str>) -> String {
    let mut sample = String::new();
    for block in blocks {
        // The classifier takes a quarter of Arabic for all: a summary in it is not
        // what the text is in.
        if count_letters(block).1 * 4 > block.len() {
            continue;
        }
        sample.push_str(block);
        sample.push(' ');
        if sample.len() > SAMPLE {
            break;
        }
    }
    sample
}

/// Latin, Cyrillic, Han and the rest: the classifier on up to three stretches,
/// which must agree to be trusted.
fn trained(sample: &str, declared: Option<&str>) -> Language {
    let guesses: Vec<Lang> = thirds(sample).into_iter().map(whichlang::detect_language).collect();
    // What all parts are in the whole is in, too.
    let first = guesses.first().copied().filter(|first| guesses.iter().all(|guess| guess == first));
    let guess = first.unwrap_or_else(|| whichlang::detect_language(sample));
    let agree = guesses.iter().filter(|part| **part == guess).count();
    let words = sample.split_whitespace().count();
    let confidence = share(agree, guesses.len()) * certainty(words);
    let tag = tag(guess);
    match declared {
        // The classifier knows sixteen languages; on anything else it guesses.
        Some(declared) if declared != tag && (confidence < 0.6 || !KNOWN.contains(&declared)) => {
            language(declared, 0.5)
        }
        Some(declared) if declared == tag => language(tag, confidence.max(0.8)),
        _ => language(tag, confidence),
    }
}

fn thirds(text: &str) -> Vec<&str> {
    if text.len() < 300 {
        return vec![text];
    }
    let cut = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at += 1;
        }
        at
    };
    let (first, second) = (cut(text.len() / 3), cut(text.len() / 3 * 2));
    [text.get(..first), text.get(first..second), text.get(second..)].into_iter().flatten().collect()
}

/// What the classifier can tell.
const KNOWN: &[&str] =
    &["ar", "zh", "de", "en", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "es", "sv", "tr", "vi"];

const fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(text: &str, declared: Option<&str>) -> Language {
        detect(std::iter::once(text), declared)
    }

    #[test]
    fn languages_by_example() {
        for (text, expected) in [
            ("أعلنت الوزارة أن الاجتماع سيعقد في العاصمة بعد غد", "ar"),
            ("وصل پیمان چیان گلپایگانی إلى بغداد في زيارة من يومين", "ar"),
            ("رئیس جمهور گفت که این برنامه در سال آینده اجرا می‌شود", "fa"),
            ("وزیر اعظم نے کہا ہے کہ حکومت عوام کے مسائل حل کرے گی", "ur"),
            ("سەرۆکی هەرێم لەگەڵ شاندێکی بیانی کۆبووەوە و باسی دۆخی ناوچەکەیان کرد", "ckb"),
            ("د افغانستان د پوهنې وزارت وايي چې ښوونځي به په راتلونکې اوونۍ کې پرانیستل شي", "ps"),
            ("The minister said on Monday that talks would go on for another week.", "en"),
            ("Le ministre a déclaré lundi que les discussions se poursuivraient.", "fr"),
            ("Bakan pazartesi günü görüşmelerin bir hafta daha süreceğini söyledi.", "tr"),
            ("Министр заявил в понедельник, что переговоры продолжатся.", "ru"),
            ("השר אמר ביום שני כי השיחות יימשכו שבוע נוסף", "he"),
            ("Ο υπουργός δήλωσε ότι οι συνομιλίες θα συνεχιστούν", "el"),
        ] {
            assert_eq!(tell(text, None).tag, expected, "{text}");
        }
    }

    #[test]
    fn a_declaration_stands_in_and_breaks_ties() {
        assert_eq!(tell("123", Some("ar-EG")).tag, "ar");
        assert_eq!(tell("123", Some("x-klingon")).tag, "und");
        assert_eq!(tell("", None), Language::default());
        assert_eq!(tell("تهران", Some("fa")).tag, "fa");
        assert_eq!(tell("تهران", None).tag, "ar");
        // Wrongly declared by a template.
        assert_eq!(tell("أعلنت الوزارة أن الاجتماع سيعقد في العاصمة بعد غد", Some("en")).tag, "ar");
        // A language that the classifier does not know.
        assert_eq!(tell("Serokwezîr got ku civîn wê sibê li paytextê were lidarxistin", Some("ku")).tag, "ku");
    }

    #[test]
    fn letters_are_counted_by_their_bytes() {
        assert_eq!(count_letters("ab Z@[`{ ابت، é 12 ۀ"), (3, 5));
        assert_eq!(count_letters(""), (0, 0));
    }

    #[test]
    fn what_is_surely_arabic_has_more_arabic_letters_than_others() {
        let arabic = "أعلنت الوزارة أن الاجتماع سيعقد في العاصمة بعد غد. ".repeat(20);
        assert!(is_surely_arabic(std::iter::once(arabic.as_str())));
        for latin in (0..arabic.len()).step_by(97) {
            let text = format!("{arabic}{}{}", "x".repeat(latin), "é".repeat(latin / 3));
            let count = Count::of(std::iter::once(text.as_str()));
            let sure = is_surely_arabic(text.split('.'));
            assert!(!sure || count.arabic * 2 > count.letters(), "{latin}");
        }
    }

    #[test]
    fn direction_and_confidence() {
        let arabic = tell("أعلنت الوزارة أن الاجتماع سيعقد في العاصمة بعد غد، وقال الوزير إن التي", None);
        assert!(arabic.right_to_left && arabic.confidence > 0.8, "{arabic:?}");
        let english = tell("The minister said that the talks would go on for another week in the capital.", None);
        assert!(!english.right_to_left && english.confidence > 0.8, "{english:?}");
        assert!(tell("كلام", None).confidence < 0.5);
    }
}
