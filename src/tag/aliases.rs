//! Names of the article's own: LONG (SHORT) in both directions, and parts of a
//! person's full name.

use rustc_hash::FxHashMap;

use super::clitics;
use super::gazetteer::flag;
use super::gloss;
use super::mentions::Candidate;
use super::page::Page;
use super::rules;
use super::tokens::Kind;
use crate::record::{EntityType, How};

/// Words of a SHORT.
const MOST_SHORT: usize = 4;
/// Tokens before a bracket that may be the LONG.
const MOST_LONG: usize = 9;

/// Another name for a mention.
#[derive(Debug, Clone)]
struct Alias<'a> {
    words: Vec<&'a str>,
    kind: EntityType,
    how: How,
    /// First token of the full mention.
    of: usize,
    /// An ordinary word: a mention only where something says so.
    ordinary: bool,
    /// Full mentions of the same name.
    support: usize,
}

/// Every place where the article uses a name that it gave in full.
pub(super) fn find(page: &Page<'_>, mentions: &mut Vec<Candidate>) -> Vec<Candidate> {
    let mut aliases = Vec::new();
    brackets(page, mentions, &mut aliases);
    ministries(page, mentions, &mut aliases);
    persons(page, mentions, &mut aliases);
    occurrences(page, &aliases)
}

/// LONG (SHORT), SHORT (LONG), and a name (the same in other letters).
fn brackets<'a>(page: &Page<'a>, mentions: &mut Vec<Candidate>, aliases: &mut Vec<Alias<'a>>) {
    let mut found = Vec::new();
    for open in page.brackets().iter().copied().filter(|open| *open > 0) {
        let Some(close) = (open + 2..=open + 2 + MOST_LONG).find(|at| page.tokens.word(*at) == ")") else { continue };
        let inside = trim(page, open + 1, close - 1);
        let outside = if page.is_quote(open - 1) { open.checked_sub(2) } else { Some(open - 1) };
        let (Some(inside), Some(outside)) = (inside, outside) else { continue };
        let long = mentions
            .iter()
            .chain(&found)
            .rfind(|mention: &&Candidate| {
                mention.last + 1 >= open - usize::from(page.is_quote(open - 1))
                    && mention.first < open
                    && mention.last < open
            })
            .copied();
        let full = mentions
            .iter()
            .find(|mention| mention.first == inside.0 && mention.last >= inside.1 && takes_short(mention))
            .copied();
        let glossed =
            |named: &Candidate| named.last == outside && gloss::may_be(page, inside, named.kind, &words(page, named));
        if let Some(named) = long.filter(glossed) {
            // A name of few letters may be short for it besides.
            let short = takes_short(&named) && is_short(page, inside);
            let how = if short { How::Acronym } else { How::Alias };
            aliases.push(Alias { how, ..acronym(page, inside, &named) });
            continue;
        }
        // وكالة الأنباء الأردنية (بترا): an agency may bear a place's name.
        let media = long.is_some_and(|long| page.may_be(long.first, flag::MEDIA)) && inside.0 == inside.1;
        if full.is_none() && (media || is_short(page, inside)) {
            let Some(long) = long.filter(takes_short).or_else(|| unseen_long(page, outside, inside)) else { continue };
            if !mentions.iter().any(|mention| mention.first == long.first) {
                found.push(long);
            }
            aliases.push(acronym(page, inside, &long));
            continue;
        }
        let Some(full) = full else { continue };
        // ذباب الخيل (Stomoxys calcitrans) is a translation of more than its last word.
        let short = (outside, outside);
        let translated = gloss::is_latin(page.tokens.word(inside.0)) && !gloss::is_latin(page.tokens.word(outside));
        if !translated
            && is_short(page, short)
            && long.is_none_or(|long| long.first == outside && long.kind == full.kind)
        {
            aliases.push(acronym(page, short, &full));
        }
    }
    for long in found {
        mentions.retain(|mention| mention.last < long.first || mention.first > long.last);
        mentions.push(long);
    }
    mentions.sort_by_key(|mention| mention.first);
}

fn takes_short(mention: &Candidate) -> bool {
    matches!(mention.kind, EntityType::Organization | EntityType::Event | EntityType::Other) && mention.words() > 1
}

fn acronym<'a>(page: &Page<'a>, (first, last): (usize, usize), long: &Candidate) -> Alias<'a> {
    let words: Vec<&str> = (first..=last).map(|index| page.tokens.word(index)).collect();
    let ordinary = first == last && page.facts(first).zipf > 4.3;
    Alias { words, kind: long.kind, how: How::Acronym, of: long.first, ordinary, support: usize::MAX }
}

/// Without quotation marks at the ends.
fn trim(page: &Page<'_>, mut first: usize, mut last: usize) -> Option<(usize, usize)> {
    while first <= last && page.is_quote(first) {
        first += 1;
    }
    while last > first && page.is_quote(last) {
        last -= 1;
    }
    (first <= last).then_some((first, last))
}

/// Few words, none of them one that only joins others.
fn is_short(page: &Page<'_>, (first, last): (usize, usize)) -> bool {
    let words = last + 1 - first;
    let letters: usize = (first..=last).map(|index| page.tokens.word(index).chars().count()).sum();
    let nations = words == 1 && (page.is(first, flag::NATIONALITY) || page.facts(first).place > 0.6);
    // نائب الرئيس (شيعي), حزب الوئام (المعارضة المعتدلة): what it is like, not what it is called.
    let attribute = page.facts(last).zipf > 3.0
        && if words == 1 { !page.definite(last) && is_relation(page, last) } else { is_described(page, first, last) };
    // نادي الوحدة (لقب واحد), مجلس الشعب (البرلمان): what it has or is.
    let ordinary = if words == 1 { page.definite(first) } else { !page.definite(first) }
        && page.facts(first).zipf > 4.2
        && !first.checked_sub(1).is_some_and(|before| page.is_quote(before));
    words <= MOST_SHORT
        && (2..=20).contains(&letters)
        && !nations
        && !attribute
        && !ordinary
        && (first..=last).all(|index| {
            page.tokens.is_word(index) && !page.is(index, flag::SPEECH) && (letters < 9 || !page.is(index, flag::STOP))
        })
}

/// شيعي: an adjective by its ending.
fn is_relation(page: &Page<'_>, index: usize) -> bool {
    let word = page.tokens.word(index);
    word.chars().count() > 3 && word.ends_with('ي')
}

/// A noun and its adjective, both in common use and both with articles: المعارضة المعتدلة.
fn is_described(page: &Page<'_>, first: usize, last: usize) -> bool {
    let feminine = |index: usize| page.tokens.word(index).ends_with('ه');
    last == first + 1
        && page.definite(first)
        && page.definite(last)
        && feminine(first) == feminine(last)
        && page.facts(first).zipf > 4.0
}

/// An organization that no other rule saw, up to the bracket: from a head word
/// on, if the SHORT is no ordinary word.
fn unseen_long(page: &Page<'_>, last: usize, short: (usize, usize)) -> Option<Candidate> {
    if short.0 != short.1 || page.facts(short.0).zipf > 4.6 {
        return None;
    }
    let mut head = None;
    for index in (last.saturating_sub(MOST_LONG)..=last).rev() {
        if !page.tokens.is_word(index) || page.is(index, flag::SPEECH) {
            break;
        }
        if let Some(reading) = page.reading(index, flag::HEAD | flag::WEAK_HEAD) {
            head = Some((index, reading));
        }
    }
    let (first, reading) = head.filter(|(first, _)| *first < last)?;
    let mut long = Candidate::rule(first, last, EntityType::Organization, 0.7);
    (long.cut, long.preposition) = (reading.cut, reading.preposition);
    Some(long)
}

/// What is left of a ministry's name without the word itself: الخارجية الروسية.
fn ministries<'a>(page: &Page<'a>, mentions: &[Candidate], aliases: &mut Vec<Alias<'a>>) {
    let organizations = mentions.iter().filter(|mention| mention.kind == EntityType::Organization);
    for mention in organizations.filter(|mention| mention.words() > 2) {
        let words = words(page, mention);
        if let Some((&"وزاره", rest)) = words.split_first() {
            let (kind, of) = (mention.kind, mention.first);
            aliases.push(Alias { words: rest.to_vec(), kind, how: How::Alias, of, ordinary: false, support: 1 });
        }
    }
}

/// The last part of a full name, and what is left without the first or last.
fn persons<'a>(page: &Page<'a>, mentions: &[Candidate], aliases: &mut Vec<Alias<'a>>) {
    let mut full: FxHashMap<Vec<&str>, (usize, usize)> = FxHashMap::default();
    for mention in mentions.iter().filter(|mention| mention.kind == EntityType::Person && mention.words() > 1) {
        let words = words(page, mention);
        full.entry(words).or_insert((mention.first, 0)).1 += 1;
    }
    let mut order: Vec<(Vec<&str>, (usize, usize))> = full.into_iter().collect();
    order.sort_by_key(|(_, (first, _))| *first);
    for (words, (of, support)) in order {
        let units = rules::units(&words);
        if units.len() < 2 {
            continue;
        }
        let mut add = |first: usize, last: usize| {
            let Some(part) = words.get(first..=last).filter(|part| *part != ["علي"]) else { return };
            let index = of + first;
            let facts = page.facts(index);
            let common = facts.zipf > 4.2 && facts.person < 0.45 || facts.place > 0.6;
            let ordinary = first == last && common;
            aliases.push(Alias {
                words: part.to_vec(),
                kind: EntityType::Person,
                how: How::Alias,
                of,
                ordinary,
                support,
            });
        };
        for (index, (start, end)) in units.iter().enumerate() {
            let is_last = index + 1 == units.len();
            if index > 0 {
                add(*start, words.len() - 1);
            }
            if !is_last && (index > 0 || words.contains(&"بن")) && end + 1 < words.len() {
                add(0, *end);
            }
        }
    }
}

fn words<'a>(page: &Page<'a>, mention: &Candidate) -> Vec<&'a str> {
    let word = |index: usize| page.tokens.word(index);
    let first = word(mention.first);
    let first = first.get(mention.cut as usize..).unwrap_or(first);
    std::iter::once(first).chain((mention.first + 1..=mention.last).map(word)).collect()
}

fn occurrences(page: &Page<'_>, aliases: &[Alias<'_>]) -> Vec<Candidate> {
    let mut found = Vec::new();
    if aliases.is_empty() {
        return found;
    }
    let mut by_first: FxHashMap<&str, Vec<&Alias<'_>>> = FxHashMap::default();
    let mut endings = Endings::default();
    for alias in aliases {
        if let Some(first) = alias.words.first() {
            by_first.entry(first).or_default().push(alias);
            endings.add(Ending::new(first));
        }
    }
    // The aliases that each of the page's words begins, and what is split off.
    let starting = |first: &usize| {
        if !endings.may_hold(page.ending(*first)) || page.tokens.kind(*first) != Kind::Word {
            return None;
        }
        let word = page.tokens.word(*first);
        let bare = || clitics::bare(word, |rest| by_first.contains_key(rest));
        let (stem, cut) = by_first.contains_key(word).then_some((word, 0)).or_else(bare)?;
        Some((by_first.get(stem)?, cut))
    };
    let starting: Vec<_> = page.firsts().iter().map(starting).collect();
    for (index, number) in page.numbers().iter().enumerate() {
        let Some((starting, cut)) = starting.get(*number).copied().flatten() else { continue };
        let fits = |alias: &&&Alias<'_>| {
            (1..alias.words.len()).all(|at| alias.words.get(at) == Some(&page.tokens.word(index + at)))
        };
        let best = starting
            .iter()
            .filter(fits)
            .max_by_key(|alias| (alias.words.len(), alias.support, std::cmp::Reverse(alias.of)));
        let Some(alias) = best else { continue };
        let alone = alias.words.len() == 1;
        // الرئيس المصري is of Egypt and الشيخ محمد is a sheikh, whoever else on the page is
        // called المصري or الشيخ.
        let of_nation = alone && page.may_be(index, flag::NATIONALITY) && !announced(page, index, flag::SPEECH);
        let title = alone && page.may_be(index, flag::TITLE) && page.may_begin_person(index + 1);
        if of_nation || title || alias.ordinary && !announced(page, index, flag::SPEECH | flag::TITLE) {
            continue;
        }
        let last = index + alias.words.len() - 1;
        let mut candidate = Candidate::rule(index, last, alias.kind, 0.75);
        (candidate.cut, candidate.how, candidate.of) = (cut, alias.how, Some(alias.of));
        candidate.preposition = cut > 2;
        found.push(candidate);
    }
    found
}

/// How a word ends, as one of a thousand numbers: by its last two letters, for no
/// stem has less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ending(u16);

impl Ending {
    #[allow(clippy::cast_possible_truncation)] // ten bits are left
    pub(super) fn new(word: &str) -> Self {
        let bytes = word.as_bytes();
        let shorter = || bytes.iter().fold(0, |last, byte| last << 8 | u32::from(*byte));
        let last = bytes.last_chunk().map_or_else(shorter, |last| u32::from_le_bytes(*last));
        Self((last.wrapping_mul(0x9E37_79B9) >> 22) as u16)
    }

    const fn place(self) -> (usize, u64) {
        (self.0 as usize >> 6 & 15, 1 << (self.0 & 63))
    }
}

/// How some words end, a bit each: it tells most other words from them without a
/// look-up, whatever is split off before.
#[derive(Debug, Default)]
struct Endings([u64; 16]);

impl Endings {
    fn add(&mut self, ending: Ending) {
        let (at, bit) = ending.place();
        self.0[at] |= bit;
    }

    const fn may_hold(&self, ending: Ending) -> bool {
        let (at, bit) = ending.place();
        self.0[at] & bit != 0
    }
}

/// A word of these kinds before it says that a name follows, or marks hold it.
fn announced(page: &Page<'_>, index: usize, kinds: u16) -> bool {
    let Some(before) = index.checked_sub(1) else { return false };
    page.is_quote(before) || page.tokens.word(before) == "(" || page.reading(before, kinds).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_hold_their_words_whatever_is_split_off_and_few_others() {
        let mut endings = Endings::default();
        ["القرعاوي", "حشح", "x"].iter().for_each(|word| endings.add(Ending::new(word)));
        for word in ["القرعاوي", "والقرعاوي", "حشح", "وبحشح", "x"] {
            assert!(endings.may_hold(Ending::new(word)), "{word}");
        }
        let others = ["في", "من", "قال", "الحكومه", "دمشق", "ولايات", "y", ""];
        assert!(others.iter().filter(|word| endings.may_hold(Ending::new(word))).count() < 2);
    }
}
