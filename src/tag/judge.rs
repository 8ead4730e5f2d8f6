//! Lists and rules propose, the model judges: what it says of their names and
//! which it adds.

use super::linear::{Found, Reading};
use super::mentions::{ACCEPT, Candidate, beginning};
use super::page::Page;
use crate::record::{EntityType, How};

/// Least certainty of the model at which a name that lists or rules see, and it
/// does not, is one.
const DOUBT: f32 = 0.05;
/// Least certainty of a name that only the model sees.
const ALONE: f32 = 0.7;
/// Least certainty at which the model knows better where a name ends, or what
/// type it is of, than lists and rules do.
const BETTER: f32 = 0.9;

/// The names of the model, and those of lists and rules that it does not
/// reject. Users' names stand above both. `said` and `listed` are in the order
/// of their first tokens, `said` without overlaps.
pub(super) fn settle(page: &Page<'_>, said: &[Candidate], listed: &[Candidate], reading: &Reading) -> Vec<Candidate> {
    let mut settled = Settled { taken: vec![false; page.len()], names: Vec::new() };
    for name in said.iter().filter(|name| name.is_user()) {
        settled.take(*name);
    }
    // Most corpora that the model learns from mark no events.
    let judged = |name: &Candidate| name.kind != EntityType::Event;
    let doubted = |name: &Candidate| judged(name) && reading.chance(name.first, name.last, name.kind) < DOUBT;
    for found in &reading.found {
        let proposed = known(found, said);
        let near = overlapping(found, said);
        let contested = || near.iter().any(|name| !doubted(name));
        let several = || near.iter().any(|name| follows(name, found) && !doubted(name));
        let sure = found.certainty >= BETTER && !several();
        let trusted = proposed.is_some() || found.certainty >= ALONE && (sure || !contested());
        if trusted {
            let name = proposed.or_else(|| known(found, listed)).unwrap_or_else(|| unknown(found, listed));
            settled.take(Candidate { score: found.chance.max(ACCEPT), ..name });
        }
    }
    for name in said.iter().filter(|name| !name.is_user() && !doubted(name)) {
        settled.take(*name);
    }
    settled.names.sort_by_key(|name| name.first);
    settled.names
}

/// The names of a model of the user's own; its word is the last. Lists give
/// identifiers to them, rules add events, and `rest` are the names of what it did
/// not read. Users' names stand above all.
pub(super) fn follow(
    page: &Page<'_>,
    said: &[Candidate],
    listed: &[Candidate],
    reading: &Reading,
    rest: &[Candidate],
) -> Vec<Candidate> {
    let mut settled = Settled { taken: vec![false; page.len()], names: Vec::new() };
    for name in said.iter().filter(|name| name.is_user()) {
        settled.take(*name);
    }
    for found in &reading.found {
        let name = known(found, said).or_else(|| known(found, listed)).unwrap_or_else(|| unknown(found, listed));
        settled.take(Candidate { score: found.chance, ..name });
    }
    for name in said.iter().filter(|name| name.kind == EntityType::Event).chain(rest) {
        settled.take(*name);
    }
    settled.names.sort_by_key(|name| name.first);
    settled.names
}

struct Settled {
    /// By token.
    taken: Vec<bool>,
    names: Vec<Candidate>,
}

impl Settled {
    /// Unless another has some of its tokens.
    fn take(&mut self, name: Candidate) {
        let Some(range) = self.taken.get_mut(name.first..=name.last) else { return };
        if !range.iter().any(|taken| *taken) {
            range.fill(true);
            self.names.push(name);
        }
    }
}

/// مروان وأنطوان are two: the name begins within the other, after a conjunction.
fn follows(name: &Candidate, found: &Found) -> bool {
    name.first > found.first && name.first <= found.last && name.kind == found.kind && name.cut > 0 && !name.preposition
}

/// Those of `said` that have a token of the name.
fn overlapping<'a>(found: &Found, said: &'a [Candidate]) -> &'a [Candidate] {
    let from = said.partition_point(|name| name.last < found.first);
    let to = said.partition_point(|name| name.first <= found.last);
    said.get(from..to).unwrap_or_default()
}

fn known(found: &Found, names: &[Candidate]) -> Option<Candidate> {
    let same = |name: &&Candidate| name.last == found.last && name.kind == found.kind;
    beginning(found.first, names).iter().find(same).copied()
}

/// What lists hold as a whole word begins with no clitic: بترا.
fn unknown(found: &Found, listed: &[Candidate]) -> Candidate {
    let whole = beginning(found.first, listed).iter().any(|name| name.cut == 0 && !name.preposition);
    let name = Candidate::rule(found.first, found.last, found.kind, found.chance);
    let (cut, preposition) = if whole { (0, false) } else { (found.cut, found.preposition) };
    Candidate { cut, preposition, how: How::Model, ..name }
}
