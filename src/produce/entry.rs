//! Records on their way, and who is to blame where a broker refuses some.

use std::collections::VecDeque;

use crate::flow::Ticket;

/// A record on its way: kept from its turn until its commit.
#[derive(Debug)]
pub struct Entry<T> {
    pub ticket: Ticket,
    pub item: T,
    pub bytes: usize,
    /// Not to be in one batch with what was sent before it.
    pub apart: bool,
    /// Sent in a transaction that may have been committed.
    pub tried: bool,
}

impl<T> Entry<T> {
    pub const fn new(ticket: Ticket, item: T, bytes: usize) -> Self {
        Self { ticket, item, bytes, apart: false, tried: false }
    }
}

/// Whether this entry must not be in one batch with those before it.
pub fn is_apart<T>(entries: &VecDeque<Entry<T>>, index: usize) -> bool {
    entries.get(index).is_some_and(|entry| entry.apart)
}

/// Of the entries that were refused, those that are themselves why: refused
/// before they were sent, or alone in their batch. A broker refuses a whole batch,
/// also for one record in it or for the length of it all (`max.message.bytes`):
/// the others are sent in smaller ones until it shows who it was. The largest is
/// the first to be tried alone; halves are for refusals of another kind.
pub fn blame<T>(entries: &mut VecDeque<Entry<T>>, sent: usize, refused: &[usize]) -> Vec<usize> {
    let is_alone = |&index: &usize| {
        index >= sent || is_apart(entries, index) && (index + 1 == sent || is_apart(entries, index + 1))
    };
    let (blamed, mut shared): (Vec<usize>, Vec<usize>) = refused.iter().copied().partition(is_alone);
    shared.sort_unstable();
    let largest = shared.iter().copied().max_by_key(|&index| entries.get(index).map(|entry| entry.bytes));
    let middle = shared.get(shared.len() / 2).copied();
    for index in [largest, largest.map(|index| index + 1), middle].into_iter().flatten() {
        if let Some(entry) = entries.get_mut(index) {
            entry.apart = true;
        }
    }
    blamed
}
