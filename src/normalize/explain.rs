//! Why a line stayed or was cut, for people.

use super::lines::Line;
use crate::record::{BlockKind, RemovedKind};

/// A line of the page, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// In display form.
    pub text: String,
    pub fate: Fate,
    /// What was seen of it that speaks for or against cutting it.
    pub reasons: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept(BlockKind),
    Cut(RemovedKind),
}

/// One sign of a line; a line is cut from a sum of 10 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub what: &'static str,
    pub weight: i16,
}

pub(super) fn explain(line: Line, kind: BlockKind) -> Explained {
    let reasons = line.signs.weights().map(|row| Seen { what: row.seen, weight: row.at(line.position) });
    Explained {
        reasons: reasons.filter(|reason| reason.weight != 0).collect(),
        fate: line.cut.map_or(Fate::Kept(kind), Fate::Cut),
        text: line.shown,
    }
}
