//! Errors put together by what stands there, so that the frequent ones show.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Kind, Sentence, Span};

/// Tokens of a sentence that are shown before and after an error.
const AROUND: usize = 12;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A gold name where nothing was said.
    Missed,
    /// Something said where no gold name is.
    False,
    /// The right tokens with another type.
    Type,
    /// Other tokens of the same place.
    Boundary,
}

impl What {
    pub const ALL: [Self; 4] = [Self::Missed, Self::False, Self::Type, Self::Boundary];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::False => "false",
            Self::Type => "wrong type",
            Self::Boundary => "wrong boundary",
        }
    }
}

/// One error and how often it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Error {
    pub error: What,
    pub count: usize,
    /// The gold name; where there is none, the said one.
    pub surface: String,
    pub gold: Option<Kind>,
    pub said: Option<Kind>,
    /// The said name, where its tokens are others than the gold name's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_surface: Option<String>,
    /// The first sentence with it, the name between `[` and `]`, cut where it
    /// is long.
    pub context: String,
}

/// An error at its place; one of the two names is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub what: What,
    pub gold: Option<Span>,
    pub said: Option<Span>,
}

type Sort = (What, String, Option<Kind>, Option<Kind>, Option<String>);

#[derive(Debug, Default)]
pub(super) struct Errors(BTreeMap<Sort, (usize, String)>);

impl Errors {
    pub(super) fn add(&mut self, key: Key, sentence: &Sentence<'_>) {
        let Some(span) = key.gold.or(key.said) else { return };
        let other = key.said.filter(|said| (said.first, said.last) != (span.first, span.last));
        let kind = |span: Option<Span>| span.map(|span| span.kind);
        let surface = |span: Span| words(sentence, span.first, span.last + 1);
        let sort = (key.what, surface(span), kind(key.gold), kind(key.said), other.map(surface));
        let (count, _) = self.0.entry(sort).or_insert_with(|| (0, context(sentence, span)));
        *count += 1;
    }

    /// So many of each sort.
    pub(super) fn worst(&self, most: usize) -> Vec<Error> {
        let of = |what: What| {
            let mut errors: Vec<_> = self.0.iter().filter(|((one, ..), _)| *one == what).collect();
            // Stable, so that equal counts stay in the order of their names.
            errors.sort_by_key(|(_, (count, _))| Reverse(*count));
            errors.into_iter().take(most).map(|(sort, (count, context))| {
                let (error, surface, gold, said, said_surface) = sort.clone();
                Error { error, count: *count, surface, gold, said, said_surface, context: context.clone() }
            })
        };
        What::ALL.into_iter().flat_map(of).collect()
    }
}

fn words(sentence: &Sentence<'_>, from: usize, to: usize) -> String {
    sentence.tokens.get(from..to.min(sentence.tokens.len())).unwrap_or_default().join(" ")
}

fn context(sentence: &Sentence<'_>, span: Span) -> String {
    let from = span.first.saturating_sub(AROUND);
    let to = (span.last + 1 + AROUND).min(sentence.tokens.len());
    let before = words(sentence, from, span.first);
    let after = words(sentence, span.last + 1, to);
    let name = format!("[{}]", words(sentence, span.first, span.last + 1));
    let cut = |is_cut: bool| if is_cut { "…" } else { "" }.to_owned();
    let parts = [cut(from > 0), before, name, after, cut(to < sentence.tokens.len())];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}
