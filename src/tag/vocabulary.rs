//! Words read against the gazetteer, kept from page to page: most words of a page
//! were on the one before.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::clitics::Forms;
use super::gazetteer::{Facts, Gazetteer, flag};
use super::tokens::Kind;

/// Words that are kept, of some 200 bytes each. When there are more all are
/// dropped: the frequent ones come back at once.
const MOST: usize = 50_000;

/// على and علي as they are matched.
pub(super) const ALI: &str = "علي";
/// The name among the two; the preposition is a word like others.
pub(super) const NAMED_ALI: usize = 0;

/// A word, number or mark read against the gazetteer; marks and numbers have no
/// facts.
#[derive(Debug)]
pub(super) struct Word {
    pub forms: Option<Forms>,
    pub facts: Facts,
    /// Marks of any of its readings.
    pub flags: u16,
    pub known: bool,
    /// Some reading of it is part of persons' names more than by chance, or joins
    /// such parts.
    pub person: bool,
    /// No name begins here: a preposition that is spelled like one.
    pub closed: bool,
}

/// The words of the pages that a thread has read.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Hash of the gazetteer.
    of: u64,
    /// Tells this vocabulary from any other that was or will be.
    pub age: u64,
    ids: FxHashMap<Box<str>, usize>,
    words: Vec<Word>,
    /// The last page that each word was on, and which of that page's words it was.
    pages: Vec<(u32, usize)>,
    page: u32,
}

thread_local! {
    // A word reads the same whether it was kept or not: no order of pages shows.
    static KEPT: RefCell<Vocabulary> = RefCell::new(Vocabulary::default());
}

static AGES: AtomicU64 = AtomicU64::new(1);

impl Vocabulary {
    /// The thread's own, for a new page.
    pub(super) fn taken(gazetteer: &Gazetteer) -> Self {
        let kept = KEPT.take();
        let (of, most) = (gazetteer.hash(), kept.words.len() > MOST || kept.page == u32::MAX);
        if kept.age > 0 && kept.of == of && !most {
            return Self { page: kept.page + 1, ..kept };
        }
        let age = AGES.fetch_add(1, Ordering::Relaxed);
        let ali = word(ALI, Kind::Word, gazetteer);
        let facts = Facts { zipf: 4.5, person: 0.9, given: 13, surname: 10, flags: flag::NAME_TOKEN, ..ali.facts };
        let words = vec![Word { facts, person: true, closed: false, ..ali }];
        Self { of, age, words, pages: vec![(0, 0)], page: 1, ids: FxHashMap::default() }
    }

    /// For the thread's next page.
    pub(super) fn give_back(self) {
        KEPT.set(self);
    }

    pub(super) fn word(&self, id: usize) -> Option<&Word> {
        self.words.get(id)
    }

    pub(super) fn id(&mut self, text: &str, kind: Kind, gazetteer: &Gazetteer) -> usize {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.words.len();
        self.words.push(word(text, kind, gazetteer));
        self.pages.push((0, 0));
        self.ids.insert(text.into(), id);
        id
    }

    /// Which of the page's words it is: `next` if it was not on the page before.
    pub(super) fn number(&mut self, id: usize, next: usize) -> usize {
        let Some(place) = self.pages.get_mut(id) else { return next };
        if place.0 != self.page {
            *place = (self.page, next);
        }
        place.1
    }

    /// Some token of the page is just that word.
    pub(super) fn has(&self, text: &str) -> bool {
        let on_page = |id: usize| self.pages.get(id).is_some_and(|(page, _)| *page == self.page);
        let is_word = |id: usize| self.word(id).is_some_and(|word| word.forms.is_some());
        self.ids.get(text).is_some_and(|id| on_page(*id) && is_word(*id)) || text == ALI && on_page(NAMED_ALI)
    }
}

fn word(text: &str, kind: Kind, gazetteer: &Gazetteer) -> Word {
    if kind != Kind::Word {
        return Word { forms: None, facts: Facts::default(), flags: 0, known: false, person: false, closed: false };
    }
    let forms = Forms::new(text, gazetteer);
    let whole = forms.whole();
    let facts = whole.map(|whole| whole.facts).unwrap_or_default();
    let known = whole.is_some_and(|whole| whole.word.is_some());
    let flags = forms.iter().fold(0, |flags, form| flags | form.facts.flags);
    let person = forms.iter().any(|form| form.facts.person > 0.1 || form.facts.is(flag::JOINT));
    if text == ALI {
        let facts = Facts { person: 0.0, given: 0, surname: 0, flags: flag::STOP | flag::LOCATIVE, ..facts };
        return Word { forms: Some(forms), facts, flags, known, person, closed: true };
    }
    Word { forms: Some(forms), facts, flags, known, person, closed: false }
}
