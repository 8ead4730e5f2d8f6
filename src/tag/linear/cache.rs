//! What words add to the sums around them, kept from page to page: most words
//! of a page were on the one before.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::file::File;
use super::words::{Profile, Split, Word, mix};
use super::{AROUND, Convention, REACH};
use crate::tag::labels::{LABELS, Row};

/// Words that are kept, of some 140 bytes each. When there are more all are
/// dropped: the frequent ones come back at once.
const MOST: usize = 60_000;

/// What a word adds to the tokens around it, the last one first.
#[derive(Debug, Clone, Copy)]
struct Known {
    rows: [Row<i16>; AROUND],
    profile: Profile,
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

/// The profile of each token, and what it and its neighbours say.
/// `lists`: the hash of the lists that the words were read against.
pub(super) fn sums(
    file: &File,
    lists: u64,
    convention: Convention,
    splits: &[Split<'_>],
) -> (Vec<Profile>, Vec<Row<i32>>) {
    let mut profiles = Vec::with_capacity(splits.len());
    let mut sums = vec![[0; LABELS]; splits.len()];
    CACHE.with_borrow_mut(|cache| {
        let of = (file.hash, lists, convention as u32);
        if cache.of != of || cache.words.len() > MOST {
            (cache.of, cache.words) = (of, FxHashMap::default());
        }
        for (index, split) in splits.iter().enumerate() {
            let make = || known(file, convention, &split.read(file));
            let known = cache.words.entry(split.key()).or_insert_with(make);
            profiles.push(known.profile);
            spread(&known.rows, index, &mut sums);
        }
    });
    let outside = known(file, convention, &Word::outside());
    for beyond in 0..REACH {
        // Two tokens before the first and two after the last.
        let before = outside.rows.iter().skip(REACH + 1 + beyond);
        sums.iter_mut().zip(before).for_each(|(sum, row)| add(sum, row));
        let after = outside.rows.iter().rev().skip(REACH + 1 + beyond);
        sums.iter_mut().rev().zip(after).for_each(|(sum, row)| add(sum, row));
    }
    (profiles, sums)
}

/// Adds a word's rows to the tokens from two before it to two after it.
fn spread(rows: &[Row<i16>; AROUND], index: usize, sums: &mut [Row<i32>]) {
    let skipped = REACH.saturating_sub(index);
    let first = index.saturating_sub(REACH);
    for (sum, row) in sums.iter_mut().skip(first).zip(rows.iter().skip(skipped)) {
        add(sum, row);
    }
}

fn add(sum: &mut Row<i32>, row: &Row<i16>) {
    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += i32::from(*value));
}

fn known(file: &File, convention: Convention, word: &Word) -> Known {
    let rows = std::array::from_fn(|place| {
        let mut sums = [0; LABELS];
        for atom in seen_from(word, place) {
            file.add(convention, atom, &mut sums);
        }
        sums.map(|sum: i32| i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX }))
    });
    Known { rows, profile: word.profile }
}

/// The features that a word gives the token `place` steps on from two before it.
pub(super) fn seen_from(word: &Word, place: usize) -> impl Iterator<Item = u32> + '_ {
    let edge = place == 0 || place == AROUND - 1;
    let atoms = word.atoms.iter().take(if edge { word.far } else { usize::MAX });
    // Counted from the token: a word before it is at -1.
    let offset = u32::try_from(AROUND - 1 - place).unwrap_or_default();
    atoms.map(move |atom| mix(100 + offset, *atom))
}
