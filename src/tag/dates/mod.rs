//! Dates found in a text, then resolved against its publication.
//!
//! A date is read in four steps: each line is cut into tokens (`tokens`), known
//! words are looked up (`words`, with the month names of `calendars`), a grammar
//! joins them (`finder`), and what was found is made into ISO 8601 (`resolve`)
//! from the day on which the article was published (`publication`, `frame`).
//!
//! What a value means:
//!
//! - `2024-01-25`, `2024-01`, `2024`: as far as the text says it.
//! - `start/end`: a range, both ends part of it. A week (Monday to Sunday), and a
//!   month or year of another calendar than the Gregorian, are ranges of days.
//! - `XXXX-01-25`: a day whose year nothing tells, as EDTF (ISO 8601-2) writes it.
//!   Weekdays, months and words such as أمس that nothing resolves are no mentions.
//! - Years before 1 are written as ISO 8601 counts: 300 BC is `-0299`.
//!
//! A span holds the date and what belongs to it (weekday, عام, شهر, يوم, era),
//! without the preposition or conjunction before it.

mod counted;
mod expression;
mod finder;
mod frame;
mod line;
mod numeric;
mod publication;
mod relative;
mod resolve;
mod tokens;
mod words;

pub(super) use tokens::{Said, said};

use super::Hints;
use crate::record::{DateMention, MatchSpan, Published, Text};

/// What the dates of a text tell.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// In the order of the text, without overlap.
    pub mentions: Vec<DateMention>,
    /// The publication date: handed in, or told by a dateline or the text.
    pub published: Option<Published>,
    pub modified: Option<Published>,
}

/// Finds and resolves every date of the text. `words`: those of the match text, or
/// some of them, each with its bytes and what it is in a date if somebody knows.
pub(super) fn dates(text: &Text, words: impl Iterator<Item = (usize, usize, Option<Said>)>, hints: Hints<'_>) -> Dates {
    let found = finder::find(&text.matched, &text.language.tag, words);
    let (published, reference) = publication::publication(text, hints, &found);
    let mentions = found.iter().filter_map(|found| {
        let (value, resolved_by) = resolve::resolve(&found.expression, reference.as_ref())?;
        let span = text.to_display(MatchSpan::new(found.start, found.end));
        let calendar = found.expression.points().0.calendar.as_str();
        Some(DateMention { span, value, calendar, resolved_by })
    });
    let modified = publication::modified(text, &found);
    Dates { mentions: mentions.collect(), published, modified }
}

#[cfg(test)]
mod tests;
