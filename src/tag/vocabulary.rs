//! Words read against the gazetteer, kept from page to page: most words of a page
//! were on the one before.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::aliases::Ending;
use super::clitics::Forms;
use super::dates::{self, Said};
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
    /// Marks of those readings of it that may begin a name.
    pub read: u16,
    /// Some reading of it begins names of lists.
    pub roots: bool,
    /// Prefixes are split off where what is left stands alone on the page: lists
    /// know neither the word nor what is left of it.
    pub parts: bool,
    /// What it is in a date.
    pub said: Option<Said>,
    pub ending: Ending,
}

impl Word {
    /// A number or a mark.
    const fn sign(ending: Ending) -> Self {
        let facts = Facts { zipf: 0.0, person: 0.0, place: 0.0, given: 0, surname: 0, flags: 0 };
        Self {
            forms: None,
            facts,
            flags: 0,
            known: false,
            person: false,
            closed: false,
            read: 0,
            roots: false,
            parts: false,
            said: None,
            ending,
        }
    }
}

/// The words of the pages that a thread has read.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Hash of the gazetteer.
    of: u64,
    /// Tells this vocabulary from any other that was or will be.
    pub age: u64,
    ids: Ids,
    words: Vec<Word>,
    /// The last page that each word was on, and which of that page's words it was.
    pages: Vec<(u32, usize)>,
    page: u32,
}

/// Numbers of words by their spelling.
#[derive(Debug, Default)]
struct Ids {
    /// Nearly all are short: they lie in the table itself, and are told from each
    /// other in three steps.
    short: FxHashMap<Short, usize>,
    long: FxHashMap<Box<str>, usize>,
}

/// Less than 24 bytes, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Short(u64, u64, u64);

/// The bits of three numbers in which a text of that many bytes lies.
const KEPT_BITS: [[u64; 3]; 24] = {
    let mut kept = [[0; 3]; 24];
    let mut at = 0;
    while at < 24 * 23 {
        let (length, byte) = (at / 23, at % 23);
        if byte < length {
            kept[length][byte / 8] |= 0xFF << (8 * (byte % 8));
        }
        at += 1;
    }
    kept
};

impl Short {
    /// `rest` begins with the text: what is after it, if enough is, spares a copy.
    fn new(text: &str, rest: &[u8]) -> Option<Self> {
        let length = text.len();
        if length >= 24 {
            return None;
        }
        let bytes = rest.first_chunk::<24>().copied().unwrap_or_else(|| {
            let mut bytes = [0; 24];
            bytes.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
            bytes
        });
        let (&[one, two, three], _) = bytes.as_chunks::<8>() else { return None };
        let [one, two, three] = [one, two, three].map(u64::from_le_bytes);
        let [first, second, third] = KEPT_BITS.get(length)?;
        Some(Self(one & first, two & second, three & third | (length as u64) << 56))
    }
}

impl Ids {
    fn get(&self, text: &str, rest: &[u8]) -> Option<usize> {
        Short::new(text, rest).map_or_else(|| self.long.get(text), |short| self.short.get(&short)).copied()
    }

    fn insert(&mut self, text: &str, id: usize) {
        match Short::new(text, text.as_bytes()) {
            Some(short) => self.short.insert(short, id),
            None => self.long.insert(text.into(), id),
        };
    }
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
        let named = Word { facts, person: true, closed: false, ..ali };
        let words = vec![Word { read: read(&named), ..named }];
        Self { of, age, words, pages: vec![(0, 0)], page: 1, ids: Ids::default() }
    }

    /// For the thread's next page.
    pub(super) fn give_back(self) {
        KEPT.set(self);
    }

    pub(super) fn word(&self, id: usize) -> Option<&Word> {
        self.words.get(id)
    }

    /// `rest`: the page from the word on.
    pub(super) fn id(&mut self, text: &str, rest: &[u8], kind: Kind, gazetteer: &Gazetteer) -> usize {
        if let Some(id) = self.ids.get(text, rest) {
            return id;
        }
        let id = self.words.len();
        self.words.push(word(text, kind, gazetteer));
        self.pages.push((0, 0));
        self.ids.insert(text, id);
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
        self.ids.get(text, text.as_bytes()).is_some_and(|id| on_page(id) && is_word(id))
            || text == ALI && on_page(NAMED_ALI)
    }
}

/// Marks of the readings of a word that may begin a name.
fn read(word: &Word) -> u16 {
    let Some(forms) = word.forms.as_ref().filter(|_| !word.closed) else { return 0 };
    let others = forms.iter().skip(1).filter(|form| form.word.is_some());
    word.flags & others.fold(word.facts.flags, |flags, form| flags | form.facts.flags)
}

fn word(text: &str, kind: Kind, gazetteer: &Gazetteer) -> Word {
    let sign = Word::sign(Ending::new(text));
    if kind != Kind::Word {
        return sign;
    }
    let forms = Forms::new(text, gazetteer);
    let whole = forms.whole();
    let facts = whole.map(|whole| whole.facts).unwrap_or_default();
    let known = whole.is_some_and(|whole| whole.word.is_some());
    let flags = forms.iter().fold(0, |flags, form| flags | form.facts.flags);
    let person = forms.iter().any(|form| form.facts.person > 0.1 || form.facts.is(flag::JOINT));
    let roots = forms.iter().any(|form| form.root.is_some());
    let split = forms.iter().skip(1).any(|form| form.word.is_some() && (form.cut > 0 || form.preposition));
    let said = dates::said(text);
    let closed = text == ALI;
    let facts = if closed {
        Facts { person: 0.0, given: 0, surname: 0, flags: flag::STOP | flag::LOCATIVE, ..facts }
    } else {
        facts
    };
    let parts = !known && !split;
    let word = Word { forms: Some(forms), facts, flags, known, person, closed, roots, parts, said, ..sign };
    Word { read: read(&word), ..word }
}
