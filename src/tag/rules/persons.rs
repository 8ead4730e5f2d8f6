//! Persons: a given name and what follows it, or a title and a name.

use super::super::gazetteer::flag;
use super::super::mentions::Candidate;
use super::super::page::{Page, Reading, is_definite};
use crate::record::EntityType;

/// Parts of a name: عبد الله is one, بن صالح is one.
const MOST_UNITS: usize = 5;
/// Words between a title and the name it announces.
const MOST_MODIFIERS: usize = 6;

pub(super) fn find(page: &Page<'_>, found: &mut Vec<Candidate>) {
    let mut index = 0;
    let mut title: Option<Title> = None;
    while index < page.len() {
        if !page.tokens.is_word(index) {
            title = title.and_then(|title| title.past_mark(page, index));
            index += 1;
            continue;
        }
        let name = page.may_begin_person(index).then(|| parse(page, index, title)).flatten();
        if let Some(candidate) = name {
            index = candidate.last + 1;
            found.push(candidate);
            title = None;
            continue;
        }
        title = announces(page, index)
            .then(|| Title::new(index))
            .or_else(|| title.and_then(|title| title.past_word(page, index)));
        index += 1;
    }
}

fn announces(page: &Page<'_>, index: usize) -> bool {
    page.may_be(index, flag::TITLE)
}

/// A title was read; a name may follow.
#[derive(Debug, Clone, Copy)]
struct Title {
    at: usize,
    modifiers: usize,
    /// A comma came between.
    apart: bool,
}

impl Title {
    const fn new(at: usize) -> Self {
        Self { at, modifiers: 0, apart: false }
    }

    /// The Defence of the Minister of Defence.
    fn past_word(self, page: &Page<'_>, index: usize) -> Option<Self> {
        let modifies = page.definite(index)
            || page.is(index, flag::INNER | flag::NATIONALITY)
            || page.facts(index).place > 0.6
            || page.tokens.word(index) == "باسم";
        let more = self.modifiers < MOST_MODIFIERS && !self.apart && modifies && !page.is(index, flag::STOP);
        more.then_some(Self { modifiers: self.modifiers + 1, ..self })
    }

    fn past_mark(self, page: &Page<'_>, index: usize) -> Option<Self> {
        let mark = page.tokens.word(index);
        match mark {
            "،" | "," | ":" | "-" | "/" if !self.apart => Some(Self { apart: true, ..self }),
            "." if index == self.at + 1 => Some(self),
            _ => None,
        }
    }

    /// Right before the name, nothing between.
    const fn adjoins(self, index: usize) -> bool {
        self.at + 1 == index && !self.apart
    }
}

/// A person's name that begins at the token.
fn parse(page: &Page<'_>, index: usize, title: Option<Title>) -> Option<Candidate> {
    let mut readings = page.readings(index).filter(|reading| !(reading.cut == 0 && joins(page, index)));
    let (first, start) = readings.find_map(|reading| Some((reading, first_unit(page, index, reading, title)?)))?;
    let (mut scores, mut count) = ([start; MOST_UNITS], 1);
    let mut last = joined(page, index)?;
    while count < MOST_UNITS && page.word_follows(last) {
        let Some((end, score)) = next_unit(page, last + 1, &scores[..count], title.is_some()) else { break };
        scores[count] = score;
        count += 1;
        last = end;
    }
    let score = score(&scores[..count], last - index + 1, title, index, first)?;
    let mut candidate = Candidate::rule(index, last, EntityType::Person, score);
    (candidate.cut, candidate.preposition) = (first.cut, first.preposition);
    Some(candidate)
}

/// A conjunction and a name: what is left is a name more often than the whole.
fn joins(page: &Page<'_>, index: usize) -> bool {
    if !page.tokens.word(index).starts_with('و') {
        return false;
    }
    let whole = page.facts(index);
    let stem = page.readings(index).find(|reading| reading.cut == 2 && !reading.preposition);
    stem.is_some_and(|stem| {
        let (one, other) = (stem.facts.given.max(stem.facts.surname), whole.given.max(whole.surname));
        let name = stem.facts.person >= 0.4 && one > other + 1 || stem.facts.person >= 0.6 && other == 0;
        name || stem.facts.is(flag::TITLE) && other < 4
    })
}

/// How sure the word is to begin a name, if it may: none that is
/// [no part](super::super::vocabulary::Word::person) of persons' names.
fn first_unit(page: &Page<'_>, index: usize, reading: Reading, title: Option<Title>) -> Option<f32> {
    let facts = reading.facts;
    let barred = flag::STOP | flag::TITLE | flag::HEAD | flag::SPEECH | flag::PLACE;
    let word = page.tokens.word(index);
    if word == "علي" && page.facts(index + 1).person < 0.5 || SECOND_HALVES.contains(&word) {
        return None;
    }
    if facts.is(flag::JOINT) && reading.cut == 0 {
        let next = page.facts(index + 1);
        let person = (next.given + next.surname > 0 || next.person > 0.4 || page.definite(index + 1))
            && page.word_follows(index);
        return (person && !next.is(flag::STOP)).then_some(0.6);
    }
    if !reading.known && title.is_none() {
        return stranger(page, index).then_some(0.5);
    }
    if facts.is(barred) && facts.person < 0.6 {
        return None;
    }
    // لصالح is no Salih.
    if reading.preposition && page.facts(index).zipf >= 2.5 {
        return None;
    }
    let definite = is_definite(page.tokens.word(index));
    if facts.is(flag::NATIONALITY) || definite && reading.cut == 0 && facts.person < 0.5 {
        return None;
    }
    let listed = facts.given > 0 || facts.is(flag::NAME_TOKEN);
    let enough = match title {
        Some(title) if title.adjoins(index) => facts.person >= 0.3 || facts.given > 0 && facts.person > 0.12,
        Some(_) => facts.person >= 0.4,
        None if reading.cut > 0 => facts.given > 3 && facts.person >= 0.7,
        None => listed && facts.person >= 0.45 || facts.person >= 0.75,
    };
    enough.then_some(facts.person)
}

/// A word that no list has, before a sure surname.
fn stranger(page: &Page<'_>, index: usize) -> bool {
    let next = page.facts(index + 1);
    let surname = next.person >= 0.75 && !next.is(flag::STOP | flag::TITLE) && next.surname + 4 > next.given;
    page.word_follows(index) && surname && open_word(page.tokens.word(index), false)
}

/// Last token of the unit that begins with the token: عبد, أبو and the like
/// take the next word with them.
fn joined(page: &Page<'_>, index: usize) -> Option<usize> {
    if !page.is(index, flag::JOINT) {
        return Some(index);
    }
    page.word_follows(index).then_some(index + 1)
}

/// Last token and score of a unit that goes on with a name.
fn next_unit(page: &Page<'_>, index: usize, before: &[f32], titled: bool) -> Option<(usize, f32)> {
    let facts = page.facts(index);
    if facts.is(flag::JOINT) {
        let next = page.facts(index + 1);
        let house = page.tokens.word(index) == "ال";
        let fits = page.word_follows(index) && (house || !next.is(flag::STOP | flag::SPEECH));
        // بن صالح, آل نهيان; three words in بن عبد الله.
        let end = if page.is(index + 1, flag::JOINT) { index + 2 } else { index + 1 };
        return (fits && page.tokens.is_word(end)).then_some((end, 0.8));
    }
    let closed = flag::STOP | flag::SPEECH | flag::HEAD;
    let titled_next = facts.is(flag::TITLE) && (page.definite(index) || page.definite(index + 1));
    if facts.is(closed) && facts.person < 0.6 || titled_next || joins(page, index) {
        return None;
    }
    let listed = facts.given + facts.surname > 0 || facts.is(flag::NAME_TOKEN);
    if facts.is(flag::NATIONALITY) {
        return (listed && before.len() == 1 && facts.surname > 2 && facts.person > 0.35)
            .then_some((index, facts.person));
    }
    if listed && facts.person >= 0.25 || facts.person >= 0.5 {
        return Some((index, facts.person));
    }
    let rare_surname = facts.surname > 1 && facts.person > 0.08 && facts.zipf < 5.0 && facts.place < 0.5;
    let after_title =
        titled && before.len() == 1 && facts.given.max(facts.surname) > 2 && facts.zipf < 5.5 && !facts.is(flag::TITLE);
    if rare_surname || after_title {
        return Some((index, 0.35));
    }
    let open = before.len() < 3 && !page.known(index) && open_word(page.tokens.word(index), titled);
    (open && before.first().is_some_and(|first| *first >= 0.5)).then_some((index, 0.5))
}

/// A word that no list has and that does not look inflected.
pub(super) fn open_word(word: &str, titled: bool) -> bool {
    let inflected = ['و', 'ف', 'ب', 'ل', 'ك', 'س', 'ي', 'ت'];
    let joined = ["و", "بال", "كال", "فال", "لل"];
    let endings = ["ها", "هم", "ين", "ون", "ات", "وا", "ته", "نا"];
    let bound = joined.iter().any(|start| word.starts_with(start)) || endings.iter().any(|end| word.ends_with(end));
    word.chars().count() > 2 && !bound && (titled || !word.starts_with(inflected))
}

fn score(units: &[f32], words: usize, title: Option<Title>, index: usize, first: Reading) -> Option<f32> {
    #[allow(clippy::cast_precision_loss)] // at most five
    let mean = units.iter().sum::<f32>() / units.len() as f32;
    let adjoins = title.is_some_and(|title| title.adjoins(index));
    if units.len() == 1 && words == 1 {
        // One word after a title: the president Mubarak.
        let sure = first.facts.person >= 0.55 && first.facts.place < 0.4 && !first.facts.is(flag::TITLE);
        return (adjoins && sure).then_some(0.45 + 0.2 * mean);
    }
    let bonus = if title.is_some() { 0.2 } else { 0.0 };
    let score = 0.35 + 0.45 * mean + bonus;
    Some(score.min(0.97))
}

/// Takes the next word along: بن علي, فان دايك.
const JOINTS: [&str; 22] = [
    "بن", "ابن", "بنت", "ال", "ابو", "ابي", "ابا", "ام", "عبد", "ذو", "ذي", "ذا", "دي", "ديل", "دو", "دا", "دوس",
    "دير", "فان", "فون", "ماك", "لا",
];
/// Names nobody by itself, but with the word before it: صلاح الدين, مجيب الرحمن.
const SECOND_HALVES: [&str; 5] = ["الدين", "الله", "الاسلام", "الرحمن", "الحق"];

/// The units of a person's name, as ranges of words: عبد الله, بن علي, صلاح الدين.
pub(crate) fn units(words: &[&str]) -> Vec<(usize, usize)> {
    let goes_on = |index: usize| {
        words.get(index + 1).is_some_and(|next| SECOND_HALVES.contains(next) || JOINTS.contains(&words[index]))
    };
    let mut units = Vec::new();
    let mut start = 0;
    for index in (0..words.len()).filter(|index| !goes_on(*index)) {
        units.push((start, index));
        start = index + 1;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_takes_the_next_word_with_it() {
        assert_eq!(units(&["محمد", "عبد", "الله", "صالح"]), [(0, 0), (1, 2), (3, 3)]);
        assert_eq!(units(&["سلمان", "بن", "عبد", "العزيز", "ال", "سعود"]), [(0, 0), (1, 3), (4, 5)]);
        assert_eq!(units(&["حسين", "عبد"]), [(0, 0), (1, 1)]);
        assert_eq!(units(&["محمد", "صلاح", "الدين", "كمال"]), [(0, 0), (1, 2), (3, 3)]);
        assert_eq!(units(&["ذو", "الفقار", "علي", "بوتو"]), [(0, 1), (2, 2), (3, 3)]);
    }
}
