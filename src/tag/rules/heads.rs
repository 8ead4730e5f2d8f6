//! Names that a head word opens: ministries and parties, sites, wars, and
//! whatever stands in quotation marks after the word that says what it is.

use super::super::gazetteer::flag;
use super::super::mentions::Candidate;
use super::super::page::{Page, Reading};
use crate::record::EntityType;

/// Longest name after its head word, in tokens.
const MOST_WORDS: usize = 7;
const MOST_QUOTED: usize = 6;

pub(super) fn find(page: &Page<'_>, found: &mut Vec<Candidate>) {
    for index in 0..page.len() {
        if !page.tokens.is_word(index) {
            continue;
        }
        for reading in page.readings(index) {
            let before = found.len();
            quoted(page, index, reading, found);
            organization(page, index, reading, found);
            site(page, index, reading, found);
            if found.len() > before {
                break;
            }
        }
    }
}

/// صحيفة “…” names an organization, عملية “…” an event, قاعدة “…” a place.
fn quoted(page: &Page<'_>, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    let kind = if facts.is(flag::EVENT) {
        EntityType::Event
    } else if facts.is(flag::MEDIA | flag::HEAD | flag::WEAK_HEAD) {
        EntityType::Organization
    } else if facts.is(flag::PLACE | flag::SITE) {
        EntityType::Place
    } else {
        return;
    };
    if let Some((first, last)) = page.quoted(index + 1, MOST_QUOTED)
        && !sentence(page, first, last)
    {
        found.push(Candidate::rule(first, last, kind, 0.8));
    }
}

/// Words that say something rather than name it.
fn sentence(page: &Page<'_>, first: usize, last: usize) -> bool {
    (first..=last).any(|index| page.is(index, flag::SPEECH)) || first == last && page.is(first, flag::STOP)
}

fn organization(page: &Page<'_>, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    if !facts.is(flag::HEAD | flag::WEAK_HEAD) {
        return;
    }
    let definite = page.definite(index) && reading.cut == 0 || page.tokens.word(index).contains("لل");
    let run = if definite { qualified(page, index) } else { construct(page, index) };
    let Some(Run { last, proper, qualified }) = run else { return };
    let mut score: f32 = if definite { 0.55 } else { 0.6 };
    if proper || qualified {
        score += 0.1;
    }
    if facts.is(flag::WEAK_HEAD) && !proper {
        return;
    }
    let mut candidate = Candidate::rule(index, last, EntityType::Organization, score);
    (candidate.cut, candidate.preposition) = (reading.cut, reading.preposition);
    found.push(candidate);
}

struct Run {
    last: usize,
    /// A name or a nationality is in it.
    proper: bool,
    /// An adjective of organizations is in it.
    qualified: bool,
}

/// المجلس الأعلى للقوات المسلحة: a definite head and its adjectives.
fn qualified(page: &Page<'_>, head: usize) -> Option<Run> {
    let mut run = Run { last: head, proper: false, qualified: false };
    while run.last - head < MOST_WORDS && page.word_follows(run.last) {
        let next = run.last + 1;
        if page.is(next, flag::STOP) {
            break;
        }
        let word = page.tokens.word(next);
        let facts = page.facts(next);
        let adjective = page.definite(next) && (facts.is(flag::NATIONALITY | flag::QUALIFIER) || nisba(word));
        let purpose = word.starts_with("لل") && run.last > head;
        let coordinated = word.starts_with("وال") && run.last > head && page.tokens.word(run.last).starts_with("لل");
        if !adjective && !purpose && !coordinated {
            break;
        }
        run.proper |= facts.is(flag::NATIONALITY);
        run.qualified |= facts.is(flag::QUALIFIER);
        run.last = next;
    }
    (run.proper || run.qualified).then_some(run)
}

/// وزارة الدفاع الأمريكية: a head, what it governs, and adjectives.
fn construct(page: &Page<'_>, head: usize) -> Option<Run> {
    let mut run = Run { last: head, proper: false, qualified: false };
    let mut governed = false;
    while run.last - head < MOST_WORDS && page.word_follows(run.last) {
        let next = run.last + 1;
        let facts = page.facts(next);
        if facts.is(flag::STOP | flag::SPEECH) {
            break;
        }
        let word = page.tokens.word(next);
        let definite = page.definite(next);
        let name = !definite && (facts.place > 0.55 || facts.person > 0.6);
        let adjective = definite && (facts.is(flag::NATIONALITY | flag::QUALIFIER) || governed && nisba(word));
        let inner = facts.is(flag::INNER) && !governed;
        let noun = definite && !governed;
        let coordinated = governed && word.starts_with("وال") && word.len() > 10 && !run.proper;
        let purpose = governed && word.starts_with("لل") && (run.proper || run.qualified);
        if !name && !adjective && !inner && !noun && !coordinated && !purpose {
            break;
        }
        governed |= definite || name;
        run.proper |= name || facts.is(flag::NATIONALITY) || facts.place > 0.6;
        run.qualified |= facts.is(flag::QUALIFIER);
        run.last = next;
    }
    governed.then_some(run)
}

/// Ends like an adjective of relation: السياسي, السياسية.
fn nisba(word: &str) -> bool {
    word.len() > 10 && (word.ends_with("ي") || word.ends_with("يه"))
}

/// ساحة التحرير is a place with its head, مدينة X a place without, حرب X an
/// event.
fn site(page: &Page<'_>, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    if !page.word_follows(index) || !facts.is(flag::SITE | flag::PLACE | flag::EVENT) {
        return;
    }
    let next = index + 1;
    let after = page.facts(next);
    if after.is(flag::STOP | flag::NATIONALITY | flag::SPEECH | flag::QUALIFIER) {
        return;
    }
    let rare = after.zipf < 3.6;
    let proper = after.place > 0.5 || after.person > 0.5;
    let mut candidate = if facts.is(flag::SITE) && (proper || page.definite(next) && !nisba(page.tokens.word(next))) {
        let mut last = next;
        while last < index + 3
            && page.word_follows(last)
            && page.is(last + 1, flag::QUALIFIER)
            && page.definite(last + 1)
        {
            last += 1;
        }
        let score = if proper || last > next { 0.65 } else { 0.52 };
        Candidate::rule(index, last, EntityType::Place, score)
    } else if facts.is(flag::EVENT) && after.place > 0.6 {
        Candidate::rule(index, next, EntityType::Event, 0.55)
    } else if facts.is(flag::PLACE) && rare && (page.definite(next) || !page.known(next) || proper) {
        Candidate::rule(next, next, EntityType::Place, 0.55)
    } else {
        return;
    };
    if candidate.first == index {
        (candidate.cut, candidate.preposition) = (reading.cut, reading.preposition);
    }
    found.push(candidate);
}
