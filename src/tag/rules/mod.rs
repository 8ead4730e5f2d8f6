//! Patterns of words: titles before a name, head words of organizations, names
//! in quotation marks.

mod heads;
mod persons;

use super::mentions::Candidate;
use super::page::Page;

/// Adds what the rules find.
pub(super) fn find(page: &Page<'_>, found: &mut Vec<Candidate>) {
    persons::find(page, found);
    heads::find(page, found);
}

pub(super) use heads::SAYING;
pub(super) use persons::units;
