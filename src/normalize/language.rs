//! Language and direction.
//!
//! In the Arabic script letters and small words decide between Arabic, Persian,
//! Urdu, Sorani Kurdish, Pashto, Uyghur and Sindhi: a foreign name brings a
//! letter or two, never the small words. Scripts with one news language tell it
//! themselves; for the rest a trained classifier is asked.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use whichlang::Lang;

use crate::letters::{arabic_index, is_arabic_letter, is_letter, is_mark};
use crate::record::Language;

/// Letters looked at; a language does not change further down.
const SAMPLE: usize = 6_000;

/// Small words and letters of a language in the Arabic script.
struct Profile {
    tag: &'static str,
    /// Words that no text of some length lacks.
    words: &'static [&'static str],
    /// Letters that the others do not use.
    letters: &'static [char],
}

/// A word counts 3, a letter 1.
const PROFILES: &[Profile] = &[
    Profile {
        tag: "ar",
        words: &[
            "في",
            "من",
            "على",
            "إلى",
            "الى",
            "أن",
            "ان",
            "إن",
            "التي",
            "الذي",
            "هذا",
            "هذه",
            "قال",
            "عن",
            "مع",
            "بعد",
            "كما",
            "ما",
            "لا",
            "أو",
            "ذلك",
            "كان",
            "خلال",
            "بين",
            "قبل",
            "حول",
            "بن",
            "عام",
            "اليوم",
            "وقال",
            "وأضاف",
            "وفي",
            "ومن",
        ],
        letters: &['ة', 'أ', 'إ', 'ى'],
    },
    Profile {
        tag: "fa",
        words: &[
            "از",
            "که",
            "به",
            "را",
            "این",
            "است",
            "در",
            "با",
            "برای",
            "آن",
            "شد",
            "شده",
            "می",
            "های",
            "کرد",
            "خود",
            "اين",
            "بود",
            "گفت",
            "هم",
            "وی",
            "نیز",
            "تا",
            "یک",
            "ایران",
        ],
        letters: &['پ', 'چ', 'ژ', 'گ'],
    },
    Profile {
        tag: "ur",
        words: &[
            "کے", "میں", "ہے", "کی", "کا", "سے", "نے", "اور", "کو", "پر", "ہیں", "کہ", "یہ", "نہیں", "بھی", "گیا",
            "ہو", "تھا",
        ],
        letters: &['ٹ', 'ڈ', 'ڑ', 'ے', 'ں', 'ہ', 'ھ'],
    },
    Profile {
        tag: "ckb",
        words: &[
            "لە",
            "و",
            "بۆ",
            "کە",
            "بە",
            "ئەو",
            "لەگەڵ",
            "دەکات",
            "ئەم",
            "لەسەر",
            "یان",
            "هەر",
            "بوو",
            "لەو",
            "نێوان",
            "هەیە",
        ],
        letters: &['ە', 'ێ', 'ۆ', 'ڕ', 'ڵ', 'ڤ'],
    },
    Profile {
        tag: "ps",
        words: &[
            "د",
            "په",
            "چې",
            "دی",
            "سره",
            "کې",
            "له",
            "او",
            "څخه",
            "یې",
            "ته",
            "نه",
            "دي",
            "شوي",
            "هغه",
            "کړې",
            "وړاندې",
        ],
        letters: &['ټ', 'ډ', 'ړ', 'ږ', 'ښ', 'ځ', 'څ', 'ڼ', 'ۍ', 'ې', 'ګ'],
    },
    Profile {
        tag: "ug",
        words: &["بىلەن", "ۋە", "بۇ", "ئۈچۈن", "بىر", "دەپ", "بولغان", "قىلىش"],
        letters: &['ۇ', 'ۈ', 'ۋ', 'ڭ', 'ې', 'ە', 'ۆ'],
    },
    Profile {
        tag: "sd",
        words: &["جي", "۾", "جو", "۽", "کي", "جا", "آهي", "تي", "سان", "ته"],
        letters: &['ٿ', 'ڀ', 'ٺ', 'ٽ', 'ڏ', 'ڊ', 'ڳ', 'ڱ', 'ڄ', 'ڃ', 'ڦ', 'ڻ', 'ڪ'],
    },
];

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
    let text_is_arabic = PROFILES.iter().any(|profile| profile.tag == of_text);
    // Most blocks have next to no letter of another script: told by their bytes.
    let (latin, arabic) = count_letters(block);
    let plain = if text_is_arabic {
        latin * 4 < arabic && !has_other_letters(block, of_text)
    } else {
        arabic * 4 < latin && latin < 60
    };
    if plain || of_text == "und" {
        return None;
    }
    let words = block.split_whitespace().filter(|word| word.contains(is_letter)).take(BLOCK_WORDS).count();
    let declared = declared.and_then(primary);
    if words < SCRIPT_WORDS {
        return None;
    }
    let count = Count::of(std::iter::once(block));
    let letters = count.letters();
    let block_is_arabic = count.arabic * 2 > letters;
    if text_is_arabic == block_is_arabic
        && (words < BLOCK_WORDS || text_is_arabic && !has_other_letters(block, of_text))
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
    // Nor twice, where its first word is that nothing differs.
    let guess = || tag(whichlang::detect_language(&sample(std::iter::once(block))));
    if !text_is_arabic && !count.tells_script() && guess() == of_text {
        return None;
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

/// A letter that the text's language does not use, and another in the Arabic
/// script does.
fn has_other_letters(block: &str, of_text: &str) -> bool {
    // Of the letters that tell another language from Arabic each text has some
    // from U+0680 on, where Arabic has none.
    if of_text == "ar" && memchr::memchr2(0xDA, 0xDB, block.as_bytes()).is_none() {
        return false;
    }
    let own = PROFILES.iter().position(|profile| profile.tag == of_text).map_or(0, |index| 1 << index);
    block.chars().any(|letter| {
        let known = HITS.letters.get((letter as usize).wrapping_sub(0x600)).copied().unwrap_or_default();
        let profiles = known & !(LETTER | MARK);
        (profiles != 0 || matches!(letter, 'ی' | 'ک')) && profiles & own == 0
    })
}

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
    let hits = &*HITS;
    let mut scores = [0_usize; PROFILES.len()];
    let mut left = SAMPLE;
    for block in blocks {
        let bytes = block.as_bytes();
        let mut word = Word::default();
        let mut at = 0;
        while let Some(&lead) = bytes.get(at) {
            let (known, length) = match (lead, bytes.get(at + 1)) {
                (0..=0x7F, _) => (if lead.is_ascii_alphabetic() { LETTER } else { 0 }, 1),
                (0xD8..=0xDB, Some(trail)) => (hits.letters[arabic_index(lead, *trail)], 2),
                _ => {
                    let Some(letter) = block.get(at..).and_then(|rest| rest.chars().next()) else { break };
                    let goes_on = is_letter(letter) || letter == '\u{200C}';
                    (if goes_on { LETTER } else { 0 }, letter.len_utf8())
                }
            };
            if known == 0 {
                left = left.saturating_sub((at - word.start) / 2);
                word.end(block, at, hits, &mut scores);
                word = Word { start: at + length, ..Word::default() };
            } else {
                word.take(known, &mut scores);
            }
            at += length;
        }
        left = left.saturating_sub((block.len() - word.start) / 2);
        word.end(block, block.len(), hits, &mut scores);
        if left == 0 {
            break;
        }
    }
    for (profile, score) in PROFILES.iter().zip(&mut scores) {
        // A declaration is worth two small words.
        *score += if declared == Some(profile.tag) { 6 } else { 0 };
    }
    let total: usize = scores.iter().sum();
    // In a tie the earlier profile wins, Arabic first.
    let best = PROFILES.iter().zip(scores).rev().max_by_key(|(_, score)| *score);
    let Some((profile, most)) = best.filter(|(_, most)| *most > 0) else { return language("ar", 0.3) };
    let second =
        PROFILES.iter().zip(scores).filter(|(other, _)| other.tag != profile.tag).map(|(_, score)| score).max();
    language(profile.tag, share(most, most + second.unwrap_or_default()) * certainty(total))
}

/// Few hits say little: 0.5 for a single word, near 1 from some ten on.
#[allow(clippy::cast_precision_loss)] // a sample is small
fn certainty(hits: usize) -> f32 {
    1.0 - 1.0 / (1.0 + hits as f32 / 3.0)
}

/// A word as it is read, letter by letter.
#[derive(Default)]
struct Word {
    start: usize,
    letters: usize,
    marked: bool,
}

impl Word {
    /// Scores a letter that few languages use.
    fn take(&mut self, known: u16, scores: &mut [usize; PROFILES.len()]) {
        self.letters += usize::from(known & LETTER != 0);
        self.marked |= known & MARK != 0;
        let mut profiles = known & !(LETTER | MARK);
        while profiles != 0 {
            scores[profiles.trailing_zeros() as usize] += 1;
            profiles &= profiles - 1;
        }
    }

    /// Scores the word if it is one of the small words.
    fn end(&self, block: &str, end: usize, hits: &Hits, scores: &mut [usize; PROFILES.len()]) {
        if self.letters == 0 || self.letters > hits.longest {
            return;
        }
        let word = block.get(self.start..end).unwrap_or_default();
        // A small word's vowel marks do not make it another.
        let profiles = if self.marked {
            hits.words.get(word.chars().filter(|letter| !is_mark(*letter)).collect::<String>().as_str())
        } else {
            hits.words.get(word)
        };
        let Some(profiles) = profiles else { return };
        for (index, score) in scores.iter_mut().enumerate() {
            *score += usize::from(profiles >> index & 1) * 3;
        }
    }
}

/// The profiles turned round.
struct Hits {
    /// Which profiles, as bits, a word speaks for.
    words: FxHashMap<&'static str, u16>,
    /// Letters of the longest word.
    longest: usize,
    /// Which profiles each of U+0600 to U+06FF speaks for, and what it is.
    letters: [u16; 256],
}

const LETTER: u16 = 1 << 14;
const MARK: u16 = 1 << 15;

static HITS: LazyLock<Hits> = LazyLock::new(|| {
    let mut hits = Hits { words: FxHashMap::default(), longest: 0, letters: [0; 256] };
    for (letter, known) in ('\u{600}'..='\u{6FF}').zip(&mut hits.letters) {
        *known = if is_letter(letter) { LETTER } else { 0 } | if is_mark(letter) { MARK } else { 0 };
    }
    for (index, profile) in PROFILES.iter().enumerate() {
        for word in profile.words {
            *hits.words.entry(word).or_default() |= 1 << index;
            hits.longest = hits.longest.max(word.chars().count());
        }
        for letter in profile.letters {
            if let Some(known) = hits.letters.get_mut((*letter as usize).wrapping_sub(0x600)) {
                *known |= 1 << index;
            }
        }
    }
    hits
});

/// As much of the blocks as is looked at.
fn sample<'a>(blocks: impl Iterator<Item = &'a str>) -> String {
    let mut sample = String::new();
    for block in blocks {
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
    let guess = whichlang::detect_language(sample);
    let words = sample.split_whitespace().count();
    let parts: Vec<&str> = thirds(sample);
    let agree = parts.iter().filter(|part| whichlang::detect_language(part) == guess).count();
    let confidence = share(agree, parts.len()) * certainty(words);
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
