//! What was found, made into ISO 8601 against the publication.

use std::fmt;

use jiff::{Span, civil::Date};

use super::expression::{Expression, MonthOf, Point, YearOf};
use super::words::Turn;
use crate::record::Precision;
use crate::tag::calendars::Calendar;

/// What decided a value: the closed list of `DateMention::resolved_by`.
pub(super) const EXPLICIT: &str = "explicit";
pub(super) const PUBLICATION: &str = "publication";
pub(super) const WEEKDAY: &str = "weekday";
pub(super) const CONTEXT: &str = "context";
pub(super) const NONE: &str = "none";

/// The newest year that this build knows: without a clock, the newest year in
/// which a text without any year may have been written. Raise it with a release.
pub(super) const LATEST_YEAR: i16 = 2026;

/// The day from which dates without a year are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    /// The last day of the known year or month.
    pub date: Date,
    pub precision: Precision,
    /// [`PUBLICATION`] or [`CONTEXT`].
    pub by: &'static str,
}

impl Reference {
    fn day(&self) -> Option<Date> {
        matches!(self.precision, Precision::Day | Precision::Minute).then_some(self.date)
    }
}

/// A resolved date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Day(Date),
    /// Any day of it.
    Month(Date),
    Year(i32),
    /// A period of another calendar, or a week.
    Days(Date, Date),
    /// A day whose year nothing tells.
    Open(u8, u8),
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(out, "{date}"),
            Self::Month(date) => write!(out, "{:04}-{:02}", date.year(), date.month()),
            Self::Year(year) if *year < 0 => write!(out, "-{:04}", year.unsigned_abs()),
            Self::Year(year) => write!(out, "{year:04}"),
            Self::Days(first, last) => write!(out, "{first}/{last}"),
            Self::Open(month, day) => write!(out, "XXXX-{month:02}-{day:02}"),
        }
    }
}

impl When {
    fn first(self) -> Option<Date> {
        Some(match self {
            Self::Day(date) | Self::Days(date, _) => date,
            Self::Month(date) => date.first_of_month(),
            Self::Year(year) => Calendar::Gregorian.date(year, 1, 1)?,
            Self::Open(..) => return None,
        })
    }

    fn last(self) -> Option<Date> {
        Some(match self {
            Self::Day(date) | Self::Days(_, date) => date,
            Self::Month(date) => date.last_of_month(),
            Self::Year(year) => Calendar::Gregorian.date(year, 12, 31)?,
            Self::Open(..) => return None,
        })
    }
}

/// The value of an expression, and what decided; `None` where nothing is known
/// that would be worth a mark.
pub(super) fn resolve(expression: &Expression, reference: Option<&Reference>) -> Option<(String, &'static str)> {
    let (start, end) = match expression {
        Expression::Point(point) => return point_value(point, reference).map(|(when, by)| (when.to_string(), by)),
        Expression::Range(start, end) => (start, end),
    };
    // A weekday stands before the first day, a year after the last.
    let (start, end, by) = if start.weekday.is_some() && end.year == YearOf::Open {
        let (from, by) = point_value(start, reference)?;
        (from, beside(end, from, true).or_else(|| point_value(end, reference).map(|(when, _)| when))?, by)
    } else {
        let (to, by) = point_value(end, reference)?;
        let from = if start.year == YearOf::Open && start.turn.is_none() { beside(start, to, false) } else { None };
        (from.or_else(|| point_value(start, reference).map(|(when, _)| when))?, to, by)
    };
    let value = match (start, end) {
        (When::Days(first, _), When::Days(_, last)) => format!("{first}/{last}"),
        (When::Days(first, _), end) => format!("{first}/{end}"),
        (start, When::Days(_, last)) => format!("{start}/{last}"),
        _ => format!("{start}/{end}"),
    };
    let ordered = start.first().zip(end.last()).is_none_or(|(first, last)| first <= last);
    ordered.then_some((value, by))
}

/// The last date before the other end of a range, or the first after it, that
/// has the day and month of the point.
fn beside(point: &Point, other: When, after: bool) -> Option<When> {
    let other = if after { other.first()? } else { other.last()? };
    let (year, ..) = point.calendar.fields(other)?;
    let mut years = if after { [year, year + 1] } else { [year, year - 1] }.into_iter();
    years.find_map(|year| {
        let when = in_year(point, year)?;
        let fits = if after { when.first()? >= other } else { when.first()? <= other };
        fits.then_some(when)
    })
}

fn point_value(point: &Point, reference: Option<&Reference>) -> Option<(When, &'static str)> {
    match (point.year, point.month) {
        (YearOf::Given(year), MonthOf::Given(_)) => Some((in_year(point, year)?, EXPLICIT)),
        (YearOf::Given(year), _) => Some((whole_year(point.calendar, year)?, EXPLICIT)),
        (YearOf::Short(year), _) => short_year(point, year, reference),
        (YearOf::Turn(turn), month) => {
            let reference = reference?;
            let year = i32::from(reference.date.year()) + step(turn);
            let when = if month == MonthOf::Open { When::Year(year) } else { in_year(point, year)? };
            Some((when, reference.by))
        }
        (YearOf::Open, MonthOf::Turn(turn)) => turned_month(point, turn, reference?),
        (YearOf::Open, MonthOf::Given(_)) => without_year(point, reference),
        (YearOf::Open, MonthOf::Open) => relative(point, reference?),
    }
}

fn step(turn: Turn) -> i32 {
    match turn {
        Turn::Last => -1,
        Turn::This => 0,
        Turn::Next => 1,
        Turn::Back(count) => -i32::from(count),
    }
}

fn whole_year(calendar: Calendar, year: i32) -> Option<When> {
    if calendar == Calendar::Gregorian {
        return Some(When::Year(year));
    }
    calendar.year(year).map(|(first, last)| When::Days(first, last))
}

/// The point's day or month in a year of its calendar.
fn in_year(point: &Point, year: i32) -> Option<When> {
    let MonthOf::Given(month) = point.month else { return None };
    if let Some(day) = point.day {
        return point.calendar.date(year, month, day).map(When::Day);
    }
    let (first, last) = point.calendar.month(year, month)?;
    Some(if point.calendar == Calendar::Gregorian { When::Month(first) } else { When::Days(first, last) })
}

/// A year of two digits is sure where it is the publication's or one beside it,
/// or where the weekday fits.
fn short_year(point: &Point, year: u8, reference: Option<&Reference>) -> Option<(When, &'static str)> {
    let year = 2000 + i32::from(year);
    let when = in_year(point, year)?;
    let near = reference.is_some_and(|reference| (i32::from(reference.date.year()) - year).abs() <= 1);
    let fits = point.weekday.is_some() && fits(point, when) && year <= i32::from(LATEST_YEAR) + 1;
    (near || fits).then_some((when, EXPLICIT))
}

/// الشهر الماضي, 25 من الشهر الجاري
fn turned_month(point: &Point, turn: Turn, reference: &Reference) -> Option<(When, &'static str)> {
    if reference.precision == Precision::Year {
        return None;
    }
    let months = Span::new().months(step(turn));
    let month = reference.date.first_of_month().checked_add(months).ok()?;
    let when = match point.day {
        Some(day) => When::Day(month.with().day(i8::try_from(day).ok()?).build().ok()?),
        None => When::Month(month),
    };
    Some((when, reference.by))
}

/// A day or month without a year.
///
/// It is the nearest to the publication, the past preferred: a coming date is
/// taken only where it is less than half as far away as the past one. الماضي and
/// المقبل force a side. A weekday decides between the years around the
/// publication; where it fits none of them, it counts for a slip of the pen.
fn without_year(point: &Point, reference: Option<&Reference>) -> Option<(When, &'static str)> {
    let Some(reference) = reference else {
        let (Some(day), MonthOf::Given(month), Calendar::Gregorian) = (point.day, point.month, point.calendar) else {
            return None;
        };
        return Calendar::Gregorian.date(2000, month, day).map(|_| (When::Open(month, day), NONE));
    };
    let (base, ..) = point.calendar.fields(reference.date)?;
    let around = |years: std::ops::RangeInclusive<i32>, weekday: bool| {
        let all = years.filter_map(|year| in_year(point, year)).filter(|when| !weekday || fits(point, *when));
        nearest(all, point.turn, reference)
    };
    if point.weekday.is_some()
        && let Some(when) = around(base - 2..=base + 1, true)
    {
        return Some((when, WEEKDAY));
    }
    let years = match reference.precision {
        Precision::Year if point.turn.is_none() => base..=base,
        _ => base - 1..=base + 1,
    };
    // 29 February may lie further off.
    let when = around(years, false).or_else(|| around(base - 8..=base + 4, false))?;
    Some((when, reference.by))
}

fn fits(point: &Point, when: When) -> bool {
    let When::Day(date) = when else { return false };
    point.weekday == u8::try_from(date.weekday().to_monday_one_offset()).ok()
}

fn nearest(all: impl Iterator<Item = When>, turn: Option<Turn>, reference: &Reference) -> Option<When> {
    let distance = |when: &When| -> Option<i32> {
        let (first, last) = (when.first()?, when.last()?);
        let past = days(last, reference.date);
        let future = days(reference.date, first);
        match turn {
            Some(Turn::Last) => (past > 0).then_some(past),
            Some(Turn::Next) => (future > 0).then_some(future),
            _ => Some(past.max(2 * future).max(0)),
        }
    };
    all.filter_map(|when| Some((distance(&when)?, when))).min_by_key(|(distance, _)| *distance).map(|(_, when)| when)
}

/// Days from one date to another, negative if the other is earlier.
pub(super) fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

pub(super) fn plus_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().days(days)).ok()
}

/// Days, weeks and weekdays seen from the day of publication.
fn relative(point: &Point, reference: &Reference) -> Option<(When, &'static str)> {
    let today = reference.day()?;
    let today_is = i32::from(today.weekday().to_monday_one_offset());
    if let Some(turn) = point.week {
        // A week from Monday to Sunday, as ISO 8601 counts.
        let monday = plus_days(today, 1 - today_is + 7 * step(turn))?;
        return Some((When::Days(monday, plus_days(monday, 6)?), reference.by));
    }
    if let Some(offset) = point.offset {
        let date = plus_days(today, i32::from(offset))?;
        // A publication noted in another time zone is a day off: the weekday knows.
        let beside = [0, -1, 1, -2, 2].into_iter().filter_map(|off| plus_days(date, off));
        let meant = point.weekday.and_then(|_| beside.into_iter().find(|date| fits(point, When::Day(*date))));
        return Some(match meant {
            Some(meant) if meant != date => (When::Day(meant), WEEKDAY),
            _ => (When::Day(date), reference.by),
        });
    }
    let back = (today_is - i32::from(point.weekday?)).rem_euclid(7);
    let offset = match point.turn {
        Some(Turn::Last) if back == 0 => -7,
        Some(Turn::Next) => 7 - back,
        _ => -back,
    };
    Some((When::Day(plus_days(today, offset)?), reference.by))
}
