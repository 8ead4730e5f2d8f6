//! Names that a head word opens: ministries and parties, sites, wars, and
//! whatever stands in quotation marks after the word that says what it is.

use rustc_hash::FxHashMap;

use super::super::gazetteer::flag;
use super::super::mentions::{ACCEPT, Candidate};
use super::super::page::{Page, Reading};
use super::super::tokens::Kind;
use super::persons::open_word;
use crate::record::EntityType;

/// Longest name after its head word, in tokens.
const MOST_WORDS: usize = 7;
const MOST_QUOTED: usize = 6;
/// Adjectives between a head word and the name in quotation marks.
const MOST_ADJECTIVES: usize = 3;
/// Head words that only say what the name is: not part of it.
pub(crate) const SAYING: [&str; 14] = [
    "صحيفه",
    "جريده",
    "مجله",
    "قناه",
    "موقع",
    "اذاعه",
    "شبكه",
    "شركه",
    "نادي",
    "فريق",
    "فضائيه",
    "منصه",
    "بوابه",
    "مجموعه",
];
/// What is named in quotation marks after these is neither person, place,
/// organization nor event.
const WORKS: [&str; 22] = [
    "سفينه",
    "السفينه",
    "ناقله",
    "الناقله",
    "مدمره",
    "المدمره",
    "حامله",
    "فيلم",
    "الفيلم",
    "فيلمه",
    "مسلسل",
    "كتاب",
    "كتابه",
    "كتابها",
    "روايه",
    "روايته",
    "اغنيه",
    "مسرحيه",
    "برنامج",
    "قصيده",
    "البوم",
    "ديوانه",
];
/// Bodies that every company and every assembly has.
const GENERIC: [&str; 5] = ["الاداره", "اداره", "العائله", "الاسره", "المباراه"];

/// Last token of the names that lists know, by first token.
struct Ends(FxHashMap<usize, (usize, bool)>);

impl Ends {
    fn new(found: &[Candidate]) -> Self {
        let mut ends = FxHashMap::default();
        let sure = |one: &&Candidate| one.score >= ACCEPT && matches!(one.kind, EntityType::Place | EntityType::Person);
        for candidate in found.iter().filter(sure) {
            let end = (candidate.last, candidate.kind == EntityType::Place);
            let known = ends.entry(candidate.first).or_insert(end);
            *known = end.max(*known);
        }
        Self(ends)
    }

    fn of(&self, first: usize) -> Option<usize> {
        self.0.get(&first).map(|end| end.0)
    }

    fn is_place(&self, first: usize) -> bool {
        self.0.get(&first).is_some_and(|end| end.1)
    }
}

pub(super) fn find(page: &Page<'_>, found: &mut Vec<Candidate>) {
    let ends = Ends::new(found);
    let opens = flag::HEAD | flag::WEAK_HEAD | flag::MEDIA | flag::EVENT | flag::PLACE | flag::SITE;
    for index in 0..page.len() {
        if !page.may_be(index, opens) {
            continue;
        }
        for reading in page.readings(index) {
            let before = found.len();
            quoted(page, index, reading, found);
            organization(page, &ends, index, reading, found);
            site(page, &ends, index, reading, found);
            if found.len() > before {
                break;
            }
        }
    }
}

/// The token without the clitics that the reading splits off.
fn bare<'a>(page: &Page<'a>, index: usize, reading: Reading) -> &'a str {
    let word = page.tokens.word(index);
    word.get(reading.cut as usize..).unwrap_or(word)
}

/// صحيفة “…” names an organization, عملية “…” an event, قاعدة “…” a place.
fn quoted(page: &Page<'_>, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    let kind = if facts.is(flag::MEDIA) && WORKS.contains(&bare(page, index, reading)) {
        EntityType::Other
    } else if facts.is(flag::EVENT) {
        EntityType::Event
    } else if facts.is(flag::MEDIA | flag::HEAD | flag::WEAK_HEAD) {
        EntityType::Organization
    } else if facts.is(flag::PLACE | flag::SITE) {
        EntityType::Place
    } else {
        return;
    };
    let adjectives =
        (index + 1..=index + MOST_ADJECTIVES).take_while(|at| page.tokens.is_word(*at) && page.definite(*at));
    let open = index + 1 + adjectives.count();
    if let Some((first, last)) = page.quoted(open, MOST_QUOTED)
        && !sentence(page, first, last)
        && (open == index + 1 || facts.is(flag::MEDIA) || kind == EntityType::Other)
    {
        found.push(Candidate::rule(first, last, kind, 0.8));
    }
}

/// Words that say something rather than name it.
fn sentence(page: &Page<'_>, first: usize, last: usize) -> bool {
    (first..=last).any(|index| page.is(index, flag::SPEECH | flag::STOP) || page.tokens.word(index).starts_with("ودون"))
}

fn organization(page: &Page<'_>, ends: &Ends, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    let word = bare(page, index, reading);
    if SAYING.contains(&word) && said(page, index, found) {
        return;
    }
    if !facts.is(flag::HEAD | flag::WEAK_HEAD) {
        return;
    }
    let definite = word.starts_with("ال") || word.starts_with("لل") && reading.preposition;
    let run = if definite { qualified(page, index) } else { construct(page, ends, index) };
    let Some(Run { last, proper, nation, qualified }) = run else { return };
    if facts.is(flag::WEAK_HEAD) && !proper {
        return;
    }
    let score = if definite { 0.55 } else { 0.6 } + if proper || nation || qualified { 0.1 } else { 0.0 };
    let mut candidate = Candidate::rule(index, last, EntityType::Organization, score);
    (candidate.cut, candidate.preposition) = (reading.cut, reading.preposition);
    found.push(candidate);
}

/// شركة نوكيا, نادي الغرافة: the next word is the name.
fn said(page: &Page<'_>, index: usize, found: &mut Vec<Candidate>) -> bool {
    let next = index + 1;
    if !page.tokens.is_word(next)
        || page.is(next, flag::STOP | flag::SPEECH | flag::NATIONALITY | flag::INNER | flag::QUALIFIER | flag::TITLE)
    {
        return false;
    }
    let facts = page.facts(next);
    let word = page.tokens.word(next);
    let named = facts.zipf < 3.4
        && (!page.known(next) || facts.is(flag::NAME_TOKEN) || facts.zipf == 0.0)
        && open_word(word, false);
    if named {
        found.push(Candidate::rule(next, next, EntityType::Organization, 0.56));
    }
    named
}

#[derive(Debug, Clone, Copy)]
struct Run {
    last: usize,
    /// A name is in it.
    proper: bool,
    /// A nationality is in it.
    nation: bool,
    /// An adjective of organizations is in it.
    qualified: bool,
}

impl Run {
    const fn new(head: usize) -> Self {
        Self { last: head, proper: false, nation: false, qualified: false }
    }

    /// The next word of the name; a hyphen between two nationalities is passed.
    fn next(&self, page: &Page<'_>) -> Option<usize> {
        let next = self.last + 1;
        if page.tokens.is_word(next) {
            return Some(next);
        }
        let joined = self.nation && page.tokens.word(next) == "-" && page.is(next + 1, flag::NATIONALITY);
        joined.then_some(next + 1)
    }

    fn add(&mut self, page: &Page<'_>, index: usize) {
        let facts = page.facts(index);
        self.nation |= facts.is(flag::NATIONALITY);
        self.qualified |= facts.is(flag::QUALIFIER) && !page.tokens.word(index).starts_with("العام");
        self.last = index;
    }
}

/// المجلس الأعلى للقوات المسلحة: a definite head and its adjectives.
fn qualified(page: &Page<'_>, head: usize) -> Option<Run> {
    let mut run = Run::new(head);
    while let Some(next) = run.next(page).filter(|next| next - head <= MOST_WORDS) {
        let facts = page.facts(next);
        if facts.is(flag::STOP | flag::TITLE) {
            break;
        }
        let word = page.tokens.word(next);
        let open = !run.nation && !run.qualified;
        let adjective = page.definite(next) && (facts.is(flag::NATIONALITY | flag::QUALIFIER) || open && nisba(word));
        let purpose = purpose(word) && run.last > head;
        let coordinated = word.starts_with("وال") && page.tokens.word(run.last).starts_with("لل");
        if !adjective && !purpose && !coordinated {
            break;
        }
        run.add(page, next);
    }
    (run.nation || run.qualified).then_some(run)
}

/// وزارة الدفاع الأمريكية: a head, what it governs, and adjectives.
fn construct(page: &Page<'_>, ends: &Ends, head: usize) -> Option<Run> {
    let mut run = Run::new(head);
    let mut governed = false;
    while let Some(next) = run.next(page).filter(|next| next - head <= MOST_WORDS) {
        let facts = page.facts(next);
        let word = page.tokens.word(next);
        if facts.is(flag::STOP | flag::SPEECH)
            || GENERIC.contains(&word)
            || facts.is(flag::TITLE) && !facts.is(flag::QUALIFIER)
        {
            break;
        }
        if let Some(end) = ends.of(next).filter(|_| !governed && !word.starts_with('ب')) {
            (run.last, run.proper, governed) = (end, true, true);
            continue;
        }
        let definite = page.definite(next);
        let adjective =
            definite && (facts.is(flag::NATIONALITY | flag::QUALIFIER) || governed && !run.nation && nisba(word));
        let inner = facts.is(flag::INNER) && !governed;
        let noun = definite && !governed;
        let coordinated = governed && word.starts_with("وال") && word.len() > 10 && !run.nation && !run.proper;
        let purpose = governed && purpose(word) && (run.nation || run.qualified || run.proper);
        if !adjective && !inner && !noun && !coordinated && !purpose {
            break;
        }
        governed |= definite;
        run.add(page, next);
    }
    governed.then_some(run)
}

/// للقوات in المجلس الأعلى للقوات المسلحة; not للمرة.
fn purpose(word: &str) -> bool {
    word.starts_with("لل") && word.len() > 8 && !word.starts_with("للمر")
}

/// Ends like an adjective of relation: السياسي, السياسية.
fn nisba(word: &str) -> bool {
    word.len() > 12 && (word.ends_with('ي') || word.ends_with("يه"))
}

/// ساحة التحرير is a place with its head, مدينة X a place without, حرب X an
/// event.
fn site(page: &Page<'_>, ends: &Ends, index: usize, reading: Reading, found: &mut Vec<Candidate>) {
    let facts = reading.facts;
    if !page.word_follows(index) || !facts.is(flag::SITE | flag::PLACE | flag::EVENT) {
        return;
    }
    let next = index + 1;
    let after = page.facts(next);
    let word = page.tokens.word(next);
    let listed = ends.of(next).filter(|_| !word.starts_with('ب') || page.facts(next).is(flag::WHOLE));
    if listed.is_none()
        && (after.is(flag::STOP | flag::NATIONALITY | flag::SPEECH | flag::QUALIFIER) || word.starts_with("لل"))
    {
        return;
    }
    let rare = after.zipf < 3.6;
    let named = facts.is(flag::PLACE) && page.definite(next) && !nisba(word);
    let unknown = rare && !page.known(next) && open_word(word, false);
    let mut candidate = if facts.is(flag::SITE) && (listed.is_some() || named || unknown) {
        let last = adjectives(page, listed.unwrap_or(next));
        let score = if listed.is_some() || last > next { 0.65 } else { 0.52 };
        Candidate::rule(index, last, EntityType::Place, score)
    } else if facts.is(flag::EVENT) && ends.is_place(next) {
        Candidate::rule(index, adjectives(page, listed.unwrap_or(next)), EntityType::Event, 0.6)
    } else if facts.is(flag::PLACE) && listed.is_none() && (unknown || rare && page.definite(next)) {
        Candidate::rule(next, next, EntityType::Place, 0.55)
    } else {
        return;
    };
    if candidate.first == index {
        (candidate.cut, candidate.preposition) = (reading.cut, reading.preposition);
    }
    found.push(candidate);
}

/// مطار بغداد الدولي.
fn adjectives(page: &Page<'_>, mut last: usize) -> usize {
    let most = last + 2;
    while last < most
        && page.tokens.kind(last + 1) == Kind::Word
        && page.is(last + 1, flag::QUALIFIER)
        && page.definite(last + 1)
    {
        last += 1;
    }
    last
}
