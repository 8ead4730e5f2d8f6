//! The publication date: what is handed in, a dateline, or what the dates of
//! the text tell together.

use jiff::civil::Date;

use super::expression::{Clock, Cue, Expression, Found, MonthOf, Point, YearOf};
use super::finder::find;
use super::frame;
use super::resolve::{LATEST_YEAR, PUBLICATION, Reference};
use crate::letters::fold;
use crate::record::{Block, BlockKind, Evidence, MatchSpan, Precision, Published, Text};
use crate::tag::Hints;
use crate::tag::calendars::Calendar;

/// The publication, and the day from which the other dates are read.
pub(super) fn publication(text: &Text, hints: Hints<'_>, found: &[Found]) -> (Option<Published>, Option<Reference>) {
    let told = hints
        .published
        .cloned()
        .or_else(|| hints.published_text.and_then(|written| read(written, &text.language.tag)))
        .or_else(|| dateline(text, found));
    if let Some(published) = told {
        let reference = reference(&published);
        return (Some(published), reference);
    }
    frame::frame(found).map_or((None, None), |frame| (frame.published, Some(frame.reference)))
}

fn reference(published: &Published) -> Option<Reference> {
    let mut parts = published.date.get(..published.date.len().min(10))?.splitn(3, '-').map(str::parse::<i32>);
    let year = parts.next()?.ok()?;
    let month = parts.next().and_then(Result::ok).and_then(|month| u8::try_from(month).ok());
    let day = parts.next().and_then(Result::ok).and_then(|day| u8::try_from(day).ok());
    let (date, precision) = match (month, day) {
        (Some(month), Some(day)) => (Calendar::Gregorian.date(year, month, day)?, Precision::Day),
        (Some(month), None) => (Calendar::Gregorian.month(year, month)?.1, Precision::Month),
        _ => (Calendar::Gregorian.date(year, 12, 31)?, Precision::Year),
    };
    Some(Reference { date, precision, by: PUBLICATION })
}

/// A publication date as people write it.
fn read(written: &str, language: &str) -> Option<Published> {
    let found = find(&fold(written), language, std::iter::empty());
    // "Published on …, updated on …": the first stands.
    let dated = |found: &&Found| found.cue != Cue::Update;
    let best = found.iter().filter(dated).find_map(day_of).or_else(|| found.iter().find_map(day_of));
    if let Some((date, clock)) = best {
        return Some(published(date, clock, Evidence::Field));
    }
    if let Some(date) = frame::newest_fit(&found) {
        return Some(published(date, found.first().and_then(|found| found.clock), Evidence::Field));
    }
    found.iter().find_map(|found| {
        let (point, None) = found.expression.points() else { return None };
        let (YearOf::Given(year), Calendar::Gregorian) = (point.year, point.calendar) else { return None };
        Some(match point.month {
            MonthOf::Given(month) => Published {
                date: format!("{year:04}-{month:02}"),
                precision: Precision::Month,
                evidence: Evidence::Field,
            },
            _ => Published { date: format!("{year:04}"), precision: Precision::Year, evidence: Evidence::Field },
        })
    })
}

/// Day and time of a date that says its year.
fn day_of(found: &Found) -> Option<(Date, Option<Clock>)> {
    let Expression::Point(point) = found.expression else { return None };
    Some((full_date(&point)?, found.clock))
}

fn full_date(point: &Point) -> Option<Date> {
    match point.year {
        YearOf::Short(year) if 2000 + i16::from(year) <= LATEST_YEAR => {
            Point { year: YearOf::Given(2000 + i32::from(year)), ..*point }.full_date()
        }
        _ => point.full_date(),
    }
}

fn published(date: Date, clock: Option<Clock>, evidence: Evidence) -> Published {
    let Some(clock) = clock else { return Published { date: date.to_string(), precision: Precision::Day, evidence } };
    let zone = clock.zone.map_or(String::new(), |zone| {
        let sign = if zone < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", zone.unsigned_abs() / 60, zone.unsigned_abs() % 60)
    });
    let date = format!("{date}T{:02}:{:02}{zone}", clock.hour, clock.minute);
    Published { date, precision: Precision::Minute, evidence }
}

/// Blocks from the head and from the foot in which a dateline may stand.
const HEAD: usize = 10;
const FOOT: usize = 4;
/// Bytes that a line may have besides its date to be a dateline: with a word
/// that says so or before the dash of an agency, and without.
const BESIDE: usize = 80;
const BESIDE_BARE: usize = 40;

/// When the text was changed, where a line of its head or foot says so.
pub(super) fn modified(text: &Text, found: &[Found]) -> Option<Published> {
    found.iter().filter(|found| found.cue == Cue::Update).find_map(|candidate| {
        let (date, clock) = day_of(candidate)?;
        let span = text.to_display(MatchSpan::new(candidate.start, candidate.end));
        let index = text.block_at(span.start)?;
        let block = text.blocks.get(index)?;
        let near = index < HEAD || index + FOOT >= text.blocks.len();
        let beside = block.span.len().saturating_sub(span.len());
        let dated = block.kind == BlockKind::Credit || beside <= BESIDE;
        (near && dated).then(|| published(date, clock, Evidence::Dateline))
    })
}

fn dateline(text: &Text, found: &[Found]) -> Option<Published> {
    let mut best: Option<(u8, &Found, Date)> = None;
    for candidate in found {
        let Expression::Point(point) = candidate.expression else { continue };
        let Some(date) = full_date(&point).filter(|date| date.year() <= LATEST_YEAR + 1 && date.year() >= 1900) else {
            continue;
        };
        let span = text.to_display(MatchSpan::new(candidate.start, candidate.end));
        let Some(index) = text.block_at(span.start) else { continue };
        let Some(block) = text.blocks.get(index) else { continue };
        let head = index < HEAD;
        if !head && index + FOOT < text.blocks.len() {
            continue;
        }
        let beside = block.span.len().saturating_sub(span.len());
        let rank = rank(block, candidate, point.year, (head, beside, span.start - block.span.start));
        // «26 Ramadan 1443 corresponding to 27 April 2022 - 23:40»: one day, told twice.
        let timed = best.is_some_and(|(most, other, day)| {
            rank == most && day == date && other.clock.is_none() && candidate.clock.is_some()
        });
        if timed || rank > best.map_or(0, |(rank, ..)| rank) {
            best = Some((rank, candidate, date));
        }
    }
    best.map(|(_, found, date)| published(date, found.clock, Evidence::Dateline))
}

/// How sure a date of a block is the publication's; 0 is not at all.
fn rank(block: &Block, found: &Found, year: YearOf, (head, beside, offset): (bool, usize, usize)) -> u8 {
    let credit = block.kind == BlockKind::Credit;
    let lone = beside <= BESIDE && !matches!(block.kind, BlockKind::Title | BlockKind::Subhead | BlockKind::Caption);
    let bare = lone && beside <= BESIDE_BARE;
    let opens = block.kind == BlockKind::Paragraph && found.dash && offset <= BESIDE;
    match (found.cue, head) {
        _ if !credit && !matches!(year, YearOf::Given(_)) => 0,
        (Cue::Publish, true) if credit || lone => 9,
        (Cue::Publish, false) if credit || lone => 8,
        (Cue::Update, _) if credit || lone => 1,
        (Cue::None, true) if credit => 7,
        (Cue::None, true) if bare => 6,
        (_, true) if opens => 5,
        (Cue::None, false) if credit => 4,
        (Cue::None, false) if bare => 2,
        _ => 0,
    }
}
