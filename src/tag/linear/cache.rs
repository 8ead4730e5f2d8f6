//! What words add to the sums around them, kept from page to page: most words
//! of a page were on the one before.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::chain::Wide;
use super::context;
use super::file::File;
use super::table::{Sum, Table};
use super::words::{Profile, Split, Word, mix};
use super::{AROUND, Convention};

/// Words that are kept, of some 170 bytes each: a table of 65,536 places has room
/// for them and for those of a page, 11 MB a thread. When there are more all are
/// dropped: the frequent ones come back at once.
const MOST: usize = 50_000;

/// What a word adds to the tokens around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// To the token two before it first.
    pub rows: [Wide<i16>; AROUND],
    /// To itself where neither lists nor rules see a name near it.
    pub quiet: Wide<i16>,
    pub profile: Profile,
}

#[derive(Debug, Default)]
struct Cache {
    /// Model, lists and convention.
    of: (u64, u64, u32),
    words: FxHashMap<u64, Known>,
}

thread_local! {
    // A sum is the same whether it was kept or not: no order of pages shows.
    static CACHE: RefCell<Cache> = RefCell::new(Cache::default());
}

/// What each of the words adds.
/// `lists`: the hash of the lists that the words were read against.
pub(super) fn known(file: &File, lists: u64, convention: Convention, splits: &[Split<'_>]) -> Vec<Known> {
    let table = file.table(convention);
    CACHE.with_borrow_mut(|cache| {
        let of = (file.hash, lists, convention as u32);
        if cache.of != of || cache.words.len() > MOST {
            (cache.of, cache.words) = (of, FxHashMap::default());
        }
        let mut known =
            |split: &Split<'_>| *cache.words.entry(split.key()).or_insert_with(|| Known::new(table, &split.read(file)));
        splits.iter().map(&mut known).collect()
    })
}

impl Known {
    pub(super) fn new(table: Table<'_>, word: &Word) -> Self {
        let rows = std::array::from_fn(|place| {
            let mut sum = Sum::default();
            seen_from(word, place).for_each(|feature| table.add(feature, &mut sum));
            sum.labels()
        });
        let mut quiet = Sum::default();
        context::quiet(word.profile, |feature| table.add(feature, &mut quiet));
        Self { rows, quiet: quiet.labels(), profile: word.profile }
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
