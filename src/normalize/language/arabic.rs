//! Which language a text in the Arabic script is in, by its letters and small
//! words.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{SAMPLE, certainty, share};
use crate::letters::{arabic_index, is_letter, is_mark};

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

/// Whether the language is written in the Arabic script.
pub(super) fn writes(language: &str) -> bool {
    PROFILES.iter().any(|profile| profile.tag == language)
}

/// The language, and how sure that is. `declared` is worth two small words.
pub(super) fn detect<'a>(blocks: impl Iterator<Item = &'a str>, declared: Option<&str>) -> (&'static str, f32) {
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
        *score += if declared == Some(profile.tag) { 6 } else { 0 };
    }
    let total: usize = scores.iter().sum();
    // In a tie the earlier profile wins, Arabic first.
    let best = PROFILES.iter().zip(scores).rev().max_by_key(|(_, score)| *score);
    let Some((profile, most)) = best.filter(|(_, most)| *most > 0) else { return ("ar", 0.3) };
    let second =
        PROFILES.iter().zip(scores).filter(|(other, _)| other.tag != profile.tag).map(|(_, score)| score).max();
    (profile.tag, share(most, most + second.unwrap_or_default()) * certainty(total))
}

/// A letter that the text's language does not use, and another in the Arabic
/// script does.
pub(super) fn has_other_letters(block: &str, of_text: &str) -> bool {
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
