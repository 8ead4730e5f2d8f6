//! What words add to the sums around them, kept from page to page: most words
//! of a page were on the one before. Kept as long as the vocabulary is.

use std::cell::RefCell;
use std::num::NonZeroU32;

use rustc_hash::FxHashMap;

use super::chain::Reached;
use super::context::{self, Context, Pair};
use super::file::File;
use super::passes::FirstPass;
use super::paths::Paths;
use super::table::{Sum, Table};
use super::words::{Profile, Split, Word, mix};
use super::{AROUND, Convention};
use crate::tag::page::Page;

/// Ways to split a word: as the gazetteer says, or one or two letters before a word
/// that the page has.
const WAYS: usize = 3;

/// Longest page, in tokens of some 400 bytes each, whose [`Room`] is kept.
const LONGEST: usize = 20_000;

/// What a word adds to the tokens around it.
#[derive(Debug)]
pub(super) struct Known {
    /// To the token two before it first.
    pub rows: [Sum; AROUND],
    /// To itself where neither lists nor rules see a name near it.
    pub quiet: Sum,
    pub profile: Profile,
    /// Bytes that are split off before a name, and whether a preposition is among
    /// them or hidden in the word.
    pub cut: u8,
    pub preposition: bool,
}

/// What a page's tokens take while it is read, kept for the next page: memory that
/// is used again is near the processor.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub stems: FxHashMap<u32, usize>,
    pub context: Context,
    pub pairs: Vec<Pair>,
    pub sums: Vec<Sum>,
    pub passed: FirstPass,
    pub labels: Vec<usize>,
    pub reached: Vec<Reached>,
    pub paths: Paths,
}

#[derive(Debug, Default)]
struct Cache {
    /// Model, convention and vocabulary.
    of: (u64, u32, u64),
    /// By the word's number in the vocabulary, and the way it was split.
    numbers: Vec<[Option<NonZeroU32>; WAYS]>,
    words: Vec<Known>,
    room: Room,
}

thread_local! {
    // A sum is the same whether it was kept or not: no order of pages shows.
    static CACHE: RefCell<Cache> = RefCell::new(Cache::default());
}

/// Calls `then` with what each of the page's words adds.
pub(super) fn with_known<T>(
    file: &File,
    page: &Page<'_>,
    convention: Convention,
    then: impl FnOnce(&[&Known], &mut Room) -> T,
) -> T {
    let of = (file.hash, convention as u32, page.vocabulary.age);
    let mut cache = CACHE.take();
    if cache.of != of {
        cache = Cache { of, room: cache.room, ..Cache::default() };
    }
    let Cache { numbers, words, room, .. } = &mut cache;
    let mut number = |first: &usize| {
        let id = page.id(*first);
        if numbers.len() <= id {
            numbers.resize(id + 1, [None; WAYS]);
        }
        let number = numbers.get_mut(id)?.get_mut(Split::way(page, *first) / 2)?;
        if number.is_none() {
            let split = Split::new(page, *first);
            let known = Known::new(file.table(convention), &split.read(file));
            words.push(Known { cut: split.cut, preposition: split.preposition, ..known });
            *number = u32::try_from(words.len()).ok().and_then(NonZeroU32::new);
        }
        number.map(|number| number.get() as usize - 1)
    };
    let mut numbers: Vec<usize> = Vec::with_capacity(page.firsts().len());
    numbers.extend(page.firsts().iter().filter_map(&mut number));
    let mut known: Vec<&Known> = Vec::with_capacity(numbers.len());
    known.extend(numbers.iter().filter_map(|number| words.get(*number)));
    let result = then(&known, room);
    if page.len() > LONGEST {
        cache.room = Room::default();
    }
    CACHE.set(cache);
    result
}

impl Known {
    /// Of a word that begins with no prefix.
    pub(super) fn new(table: Table<'_>, word: &Word) -> Self {
        let rows = std::array::from_fn(|place| table.sum(seen_from(word, place)));
        let mut quiet = Sum::default();
        context::quiet(word.profile, |feature| table.add(feature, &mut quiet));
        Self { rows, quiet, profile: word.profile, cut: 0, preposition: false }
    }
}

/// The features that a word gives the token `place` steps on from two before it.
pub(super) fn seen_from(word: &Word, place: usize) -> impl Iterator<Item = u32> + '_ {
    let edge = place == 0 || place == AROUND - 1;
    let atoms = word.atoms.iter().take(if edge { word.far } else { usize::MAX });
    // Counted from the token: a word before it is at -1.
    let offset = u32::try_from(AROUND - 1 - place).unwrap_or_default();
    atoms.map(move |atom| mix(100 + offset, *atom))
}
