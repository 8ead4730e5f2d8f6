//! How well a tagger does on a set that somebody labelled: counts, confusion
//! and the errors themselves.
//!
//! A name counts as right where first token, last token and type are those of
//! the gold labels. Names are read off the labels as conlleval does, and
//! seqeval in its default mode: an `I-` that continues nothing opens a name.
//! So the figures are those that papers print.
//!
//! ```
//! use warraq::eval::{Labels, Sentence, Tally};
//!
//! let labels = Labels::default();
//! let read = |tags: &[&str]| tags.iter().map(|tag| labels.read(tag)).collect::<Result<Vec<_>, _>>();
//! let mut tally = Tally::default();
//! tally.add(&Sentence {
//!     tokens: &["زار", "كريم", "حداد", "دمشق"],
//!     gold: &read(&["O", "B-PERS", "I-PERS", "B-GPE"]).unwrap(),
//!     said: &read(&["O", "B-PER", "I-PER", "O"]).unwrap(),
//! });
//! let report = tally.report(10);
//! assert_eq!((report.all.precision, report.all.recall), (1.0, 0.5));
//! assert_eq!(report.errors[0].surface, "دمشق");
//! ```

mod errors;
mod labels;
mod report;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

pub use errors::{Error, What};
use errors::{Errors, Key};
pub use labels::{Kind, LabelError, Labels, Part, Tag};
pub use spans::{Span, spans};

/// One sentence: as many gold and said tags as there are tokens.
#[derive(Debug, Clone, Copy)]
pub struct Sentence<'a> {
    pub tokens: &'a [&'a str],
    pub gold: &'a [Tag],
    pub said: &'a [Tag],
}

/// Counts of all sentences so far.
#[derive(Debug, Default)]
pub struct Tally {
    sentences: usize,
    tokens: usize,
    rows: [Row; 4],
    columns: [Column; 4],
    errors: Errors,
}

/// What became of the gold names of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    /// Said with just these tokens, by the said type.
    exact: [usize; 4],
    /// Something was said that overlaps it, but no name of these tokens.
    boundary: usize,
    /// Nothing was said there.
    missed: usize,
}

/// What the said names of one type were that are no gold name's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Column {
    boundary: usize,
    /// There is no gold name at all.
    false_alarm: usize,
}

/// Counts and the shares made of them, 0 to 1; 0 where there is nothing to
/// divide by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Names of the gold labels.
    pub gold: usize,
    /// Names that were said.
    pub said: usize,
    /// Names of both, with the same type.
    pub right: usize,
}

/// What became of the gold names of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Said with just these tokens, by the said type.
    pub said_as: BTreeMap<Kind, usize>,
    /// Something was said that overlaps it, but no name of these tokens.
    pub boundary: usize,
    /// Nothing was said there.
    pub missed: usize,
}

/// What the said names of one type were that are no gold name's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Surplus {
    /// They overlap a gold name.
    pub boundary: usize,
    /// There is no gold name at all.
    #[serde(rename = "false")]
    pub false_alarm: usize,
}

/// How well it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub sentences: usize,
    pub tokens: usize,
    pub types: BTreeMap<Kind, Score>,
    /// Of all types together (micro average).
    pub all: Score,
    /// Of persons, organizations and places.
    pub without_misc: Score,
    /// By gold type.
    pub confusion: BTreeMap<Kind, Confusion>,
    /// By said type.
    pub surplus: BTreeMap<Kind, Surplus>,
    /// The most frequent of each sort first, the sorts in the order of [`What`].
    pub errors: Vec<Error>,
}

impl Tally {
    /// Counts one sentence.
    pub fn add(&mut self, sentence: &Sentence<'_>) {
        self.sentences += 1;
        self.tokens += sentence.tokens.len();
        let (gold, said) = (spans(sentence.gold), spans(sentence.said));
        // Both in the order of the sentence, so what may overlap the next lies ahead.
        let mut ahead = said.as_slice();
        for one in &gold {
            while let Some((_, rest)) = ahead.split_first().filter(|(other, _)| other.last < one.first) {
                ahead = rest;
            }
            self.gold(sentence, *one, ahead.first().copied().filter(|other| other.first <= one.last));
        }
        let mut ahead = gold.as_slice();
        for one in &said {
            while let Some((_, rest)) = ahead.split_first().filter(|(other, _)| other.last < one.first) {
                ahead = rest;
            }
            self.said(sentence, *one, ahead.first().copied().filter(|other| other.first <= one.last));
        }
    }

    /// `said` is the first said name that overlaps the gold one.
    fn gold(&mut self, sentence: &Sentence<'_>, gold: Span, said: Option<Span>) {
        let row = &mut self.rows[gold.kind as usize];
        let Some(said) = said else {
            row.missed += 1;
            return self.errors.add(Key { what: What::Missed, gold: Some(gold), said: None }, sentence);
        };
        if (gold.first, gold.last) != (said.first, said.last) {
            row.boundary += 1;
            return self.errors.add(Key { what: What::Boundary, gold: Some(gold), said: Some(said) }, sentence);
        }
        row.exact[said.kind as usize] += 1;
        if gold.kind != said.kind {
            self.errors.add(Key { what: What::Type, gold: Some(gold), said: Some(said) }, sentence);
        }
    }

    fn said(&mut self, sentence: &Sentence<'_>, said: Span, gold: Option<Span>) {
        let column = &mut self.columns[said.kind as usize];
        match gold {
            Some(gold) if (gold.first, gold.last) == (said.first, said.last) => {}
            Some(_) => column.boundary += 1,
            None => {
                column.false_alarm += 1;
                self.errors.add(Key { what: What::False, gold: None, said: Some(said) }, sentence);
            }
        }
    }

    /// The counts as shares, with so many errors of each sort.
    #[must_use]
    pub fn report(&self, errors: usize) -> Report {
        let kinds = Kind::ALL;
        let of = |kind: Kind| {
            let (row, column) = (self.rows[kind as usize], self.columns[kind as usize]);
            let exact: usize = self.rows.iter().map(|row| row.exact[kind as usize]).sum();
            Counts {
                gold: row.exact.iter().sum::<usize>() + row.boundary + row.missed,
                said: exact + column.boundary + column.false_alarm,
                right: row.exact[kind as usize],
            }
        };
        let sum = |kinds: &[Kind]| {
            kinds.iter().map(|kind| of(*kind)).fold(Counts::default(), |sum, one| Counts {
                gold: sum.gold + one.gold,
                said: sum.said + one.said,
                right: sum.right + one.right,
            })
        };
        let confusion = |kind: Kind| {
            let Row { exact, boundary, missed } = self.rows[kind as usize];
            let said_as = kinds.iter().map(|said| (*said, exact[*said as usize])).collect();
            Confusion { said_as, boundary, missed }
        };
        let surplus = |kind: Kind| {
            let Column { boundary, false_alarm } = self.columns[kind as usize];
            Surplus { boundary, false_alarm }
        };
        Report {
            sentences: self.sentences,
            tokens: self.tokens,
            types: kinds.map(|kind| (kind, of(kind).score())).into(),
            all: sum(&kinds).score(),
            without_misc: sum(&[Kind::Person, Kind::Organization, Kind::Place]).score(),
            confusion: kinds.map(|kind| (kind, confusion(kind))).into(),
            surplus: kinds.map(|kind| (kind, surplus(kind))).into(),
            errors: self.errors.worst(errors),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    gold: usize,
    said: usize,
    right: usize,
}

impl Counts {
    fn score(self) -> Score {
        let Self { gold, said, right } = self;
        let (precision, recall) = (share(right, said), share(right, gold));
        Score { precision, recall, f1: share(2 * right, gold + said), gold, said, right }
    }
}

#[allow(clippy::cast_precision_loss)] // no corpus has so many names
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
