//! What the model sees of a word by itself.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::lexicon::{Lexicon, TAKEN};
use crate::tag::clitics;
use crate::tag::gazetteer::{Facts, flag};
use crate::tag::page::{Page, is_definite};
use crate::tag::tokens::Kind;

/// Longest prefix and suffix, in letters.
const AFFIX: usize = 4;
/// What a word says at the most: itself, its marks, what it was taken for, its
/// affixes and numbers.
const MOST_ATOMS: usize = 4 + 16 + TAKEN + 2 * AFFIX + 9;

/// A token and how it was split, before anything is looked up.
#[derive(Debug)]
pub(super) struct Split<'a> {
    pub surface: &'a str,
    kind: Kind,
    /// Without clitics; the article that `لل` swallowed is written out.
    pub stem: std::borrow::Cow<'a, str>,
    /// Bytes before the name, for the span of a mention.
    pub cut: u8,
    pub preposition: bool,
    split: bool,
    whole: Facts,
    facts: Facts,
}

/// What a word says, apart from where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Hashes of all it says; the first `far` are what a token two words away
    /// takes from it.
    pub atoms: Vec<u32>,
    pub far: usize,
    pub profile: Profile,
}

/// The part of it that is combined with other words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub stem: u32,
    /// Cluster of 1,024, or the like.
    pub fine: u32,
    /// Cluster of 256, or the shape of a word that is in none.
    pub coarse: u32,
    pub flags: u16,
}

/// Spreads a kind of feature and its value over 32 bits.
pub(super) const fn mix(kind: u32, value: u32) -> u32 {
    let key = (kind as u64) << 32 | value as u64;
    high((key ^ key >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

#[allow(clippy::cast_possible_truncation)] // the upper half is meant
const fn high(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn text(word: &str) -> u32 {
    high(xxh3_64(word.as_bytes()))
}

/// Steps of `1 / steps`, from 0 on.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small and positive
pub(super) fn bin(value: f32, steps: f32) -> u32 {
    (value * steps) as u32
}

impl<'a> Split<'a> {
    pub(super) fn new(page: &Page<'a>, index: usize) -> Self {
        let surface = page.tokens.word(index);
        let kind = page.tokens.kind(index);
        let whole = page.facts(index);
        let mut one =
            Self { surface, kind, stem: surface.into(), cut: 0, preposition: false, split: false, whole, facts: whole };
        if kind != Kind::Word {
            return one;
        }
        let reading = page.readings(index).skip(1).find(|reading| reading.cut > 0 || reading.preposition);
        if let Some(reading) = reading {
            one.stem = unjoined(surface, reading.cut, reading.preposition);
            (one.cut, one.preposition, one.split) = (reading.cut, reading.preposition, true);
            one.facts = reading.facts;
        } else if let Some((rest, cut)) = by_page(page, index) {
            (one.stem, one.cut, one.split) = (rest.into(), cut, true);
            one.facts = Facts::default();
        }
        one
    }

    #[cfg(any(test, feature = "train"))]
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    /// What decides, with the word, all that a split says: how many bytes the rest of
    /// the page split off.
    pub(super) fn way(page: &Page<'_>, index: usize) -> usize {
        by_page(page, index).map_or(0, |(_, cut)| usize::from(cut))
    }

    pub(super) fn read(&self, lexicon: &impl Lexicon) -> Word {
        match self.kind {
            Kind::Word => self.word(lexicon),
            Kind::Number => Word::mark(mix(3, digits(self.surface))),
            Kind::Quote => Word::mark(4),
            Kind::Break | Kind::Mark => Word::mark(mix(2, text(self.surface))),
        }
    }

    fn word(&self, lexicon: &impl Lexicon) -> Word {
        let flags = self.whole.flags | self.facts.flags;
        let entry = lexicon.entry(&self.stem).or_else(|| lexicon.entry(self.surface));
        let stem = text(&self.stem);
        let shape = shape(&self.stem);
        let fine = entry.map_or(mix(9, 0), |entry| mix(9, u32::from(entry.fine) + 1));
        let coarse = entry.map_or(mix(10, shape), |entry| mix(11, u32::from(entry.coarse) + 1));
        let mut atoms = Vec::with_capacity(MOST_ATOMS);
        atoms.extend([mix(5, text(self.surface)), mix(6, stem), fine, coarse]);
        atoms.extend((0..u16::BITS).filter(|bit| flags & 1 << bit != 0).map(|bit| mix(12, bit)));
        if let Some(entry) = entry {
            let seen = (50..).zip(entry.seen).filter(|(_, seen)| *seen > 0);
            atoms.extend(seen.map(|(kind, seen)| mix(kind, u32::from(seen))));
        }
        let far = atoms.len();
        let letters = self.stem.chars().count();
        let mut heads = self.stem.char_indices().skip(1).map(|(at, _)| self.stem.get(..at));
        let mut tails = self.stem.char_indices().rev().map(|(at, _)| self.stem.get(at..));
        for count in 1..=AFFIX.min(letters.saturating_sub(1)) {
            let head = heads.next().flatten().unwrap_or_default();
            let tail = tails.next().flatten().unwrap_or_default();
            let kind = u32::from(u8::try_from(count).unwrap_or_default());
            atoms.extend([mix(20 + kind, text(head)), mix(25 + kind, text(tail))]);
        }
        let Facts { given, surname, person, place, .. } = self.facts;
        atoms.extend([
            mix(30, bin(self.facts.zipf.max(self.whole.zipf), 1.0)),
            mix(31, u32::from(given)),
            mix(32, u32::from(surname)),
            mix(33, bin(person, 6.0)),
            mix(34, bin(place, 6.0)),
            mix(35, u32::from(is_definite(self.surface)) << 1 | u32::from(self.split)),
            mix(36, u32::from(u8::try_from(letters.min(9)).unwrap_or_default())),
            mix(37, shape),
        ]);
        if self.split {
            atoms.push(mix(38, text(self.surface.get(..2).unwrap_or_default())));
        }
        Word { atoms, far, profile: Profile { stem, fine, coarse, flags } }
    }
}

impl Word {
    fn mark(value: u32) -> Self {
        let hash = mix(2, value);
        Self { atoms: vec![hash], far: 1, profile: Profile { stem: hash, fine: hash, coarse: hash, flags: 0 } }
    }

    /// What stands before the first token and after the last.
    pub(super) fn outside() -> Self {
        Self { atoms: vec![mix(1, 0)], far: 1, profile: Profile::default() }
    }
}

/// A word that lists do not know, as what else the page has splits it.
fn by_page<'a>(page: &Page<'a>, index: usize) -> Option<(&'a str, u8)> {
    let word = page.parts(index).then(|| page.tokens.word(index))?;
    clitics::bare(word, |rest| page.has(rest))
}

fn unjoined(surface: &str, cut: u8, preposition: bool) -> std::borrow::Cow<'_, str> {
    let rest = surface.get(cut as usize..).unwrap_or(surface);
    match rest.strip_prefix("لل").filter(|_| preposition) {
        Some(rest) => format!("ال{rest}").into(),
        None => rest.into(),
    }
}

/// How many digits, and whether marks part them.
fn digits(number: &str) -> u32 {
    let count = number.chars().filter(|digit| digit.is_ascii_digit()).count().min(255);
    u32::from(u8::try_from(count).unwrap_or_default()) | u32::from(number.contains(['.', ',', '/'])) << 8
}

/// Script, digits, and two endings of many nouns and adjectives.
fn shape(word: &str) -> u32 {
    let latin = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digit = word.bytes().any(|byte| byte.is_ascii_digit());
    u32::from(latin) | u32::from(digit) << 1 | u32::from(word.ends_with('ه')) << 2 | u32::from(word.ends_with('ي')) << 3
}

/// Kinds of head words that the token may be, one bit each.
pub(super) fn heads(page: &Page<'_>, index: usize) -> u32 {
    heads_of(page.flags(index))
}

/// The same of a word by its marks.
pub(super) fn heads_of(marks: u16) -> u32 {
    const KINDS: [u16; 6] = [flag::HEAD, flag::WEAK_HEAD, flag::MEDIA, flag::EVENT, flag::PLACE, flag::SITE];
    const ANY: u16 = KINDS[0] | KINDS[1] | KINDS[2] | KINDS[3] | KINDS[4] | KINDS[5];
    if marks & ANY == 0 {
        return 0;
    }
    KINDS.iter().enumerate().map(|(bit, kind)| u32::from(marks & kind != 0) << bit).sum()
}

/// Numbers of stems from 0 on, the same for the same stem. `numbers`: room for them.
pub(super) fn numbered(stems: impl Iterator<Item = u32>, numbers: &mut FxHashMap<u32, usize>) -> Vec<usize> {
    numbers.clear();
    numbers.reserve(stems.size_hint().0);
    stems
        .map(|stem| {
            let next = numbers.len();
            *numbers.entry(stem).or_insert(next)
        })
        .collect()
}
