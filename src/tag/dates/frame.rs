//! The time of a text that no field and no dateline dates, from its own dates.
//!
//! A weekday beside a day and a month fits only some years: Thursday, 25 January
//! was in 2024, 2018, 2007. The rule, without a clock:
//!
//! 1. Years after [`LATEST_YEAR`] are none.
//! 2. Years before the newest year that the text says are none, as long as one
//!    is left: who writes knows no later year than his own.
//! 3. The time at which most of the weekdays fit wins.
//! 4. Then the time nearest to the newest full date of the text, if it lies within
//!    half a year of it: news stands near the news it cites.
//! 5. Then the newest.
//!
//! It is a reference for the text's other dates. It becomes a publication date
//! only where the text itself says so: to the day by "اليوم الخميس 25 كانون
//! الثاني" or "أمس", to the month by "كانون الثاني الحالي".

use jiff::civil::Date;

use super::expression::{Found, MonthOf, Point, YearOf};
use super::resolve::{CONTEXT, LATEST_YEAR, Reference, days, plus_days};
use super::words::Turn;
use crate::record::{Evidence, Precision, Published};
use crate::tag::calendars::Calendar;

pub(super) struct Frame {
    pub reference: Reference,
    pub published: Option<Published>,
}

/// Days within which an article's dates lie, more or less.
const NEAR: i32 = 200;
/// Weekdays that are weighed; more do not tell more.
const WEIGHED: usize = 16;
/// The years in which a calendar's weekdays repeat.
const CYCLE: i32 = 28;

pub(super) fn frame(found: &[Found]) -> Option<Frame> {
    if let Some(day) = found.iter().find_map(full_today) {
        return Some(on_day(day));
    }
    let fits = fits(found);
    let best = choose(&fits, found)?;
    let near = |dates: &[Date]| {
        dates.iter().copied().filter(|date| days(best, *date).abs() <= NEAR).min_by_key(|date| days(best, *date).abs())
    };
    let told = fits.iter().find_map(|(point, dates)| {
        let date = near(dates)?;
        plus_days(date, -i32::from(point.offset?))
    });
    if let Some(day) = told {
        return Some(on_day(day));
    }
    let last = fits.iter().filter_map(|(_, dates)| near(dates)).max()?;
    let month = found.iter().find_map(|found| this_month(found, last));
    let date = month.map_or(last, |month| month.last_of_month());
    let published = month.map(|month| Published {
        date: format!("{:04}-{:02}", month.year(), month.month()),
        precision: Precision::Month,
        evidence: Evidence::Text,
    });
    Some(Frame { reference: Reference { date, precision: Precision::Month, by: CONTEXT }, published })
}

/// The newest day that a lone weekday with day and month can be.
pub(super) fn newest_fit(found: &[Found]) -> Option<Date> {
    choose(&fits(found), found)
}

fn on_day(day: Date) -> Frame {
    let published = Published { date: day.to_string(), precision: Precision::Day, evidence: Evidence::Text };
    Frame { reference: Reference { date: day, precision: Precision::Day, by: CONTEXT }, published: Some(published) }
}

/// اليوم الخميس 25 يناير 2024
fn full_today(found: &Found) -> Option<Date> {
    let (point, None) = found.expression.points() else { return None };
    plus_days(point.full_date()?, -i32::from(point.offset?))
}

/// The month of كانون الثاني الحالي, if it lies near the text's weekdays.
fn this_month(found: &Found, last: Date) -> Option<Date> {
    let (point, _) = found.expression.points();
    let (MonthOf::Given(month), Some(Turn::This), Calendar::Gregorian) = (point.month, point.turn, point.calendar)
    else {
        return None;
    };
    let year = i32::from(last.year());
    let months = (year - 1..=year + 1).filter_map(|year| Calendar::Gregorian.date(year, month, 15));
    months.min_by_key(|middle| days(*middle, last).abs()).filter(|middle| days(*middle, last).abs() <= 75)
}

/// Each weekday with day and month but no year, and the dates that it fits.
fn fits(found: &[Found]) -> Vec<(Point, Vec<Date>)> {
    let points = found.iter().map(|found| *found.expression.points().0);
    let anchors = points.filter(|point| point.weekday.is_some() && point.day.is_some() && point.year == YearOf::Open);
    anchors.filter_map(|point| Some((point, dates_of(&point)?))).take(WEIGHED).collect()
}

fn dates_of(point: &Point) -> Option<Vec<Date>> {
    let (MonthOf::Given(month), Some(day)) = (point.month, point.day) else { return None };
    let (newest, ..) = point.calendar.fields(Date::new(LATEST_YEAR, 12, 31).ok()?)?;
    let years = newest - CYCLE..=newest;
    let dates = years.filter_map(|year| point.calendar.date(year, month, day));
    let fits = dates.filter(|date| point.weekday == u8::try_from(date.weekday().to_monday_one_offset()).ok());
    Some(fits.collect())
}

fn choose(fits: &[(Point, Vec<Date>)], found: &[Found]) -> Option<Date> {
    let points = || {
        found.iter().flat_map(|found| {
            let (start, end) = found.expression.points();
            [Some(*start), end.copied()].into_iter().flatten()
        })
    };
    let years = points().filter(|point| point.calendar == Calendar::Gregorian).filter_map(|point| match point.year {
        YearOf::Given(year) if year <= i32::from(LATEST_YEAR) => Some(year),
        _ => None,
    });
    let newest = years.max();
    let cited = points().filter_map(|point| point.full_date()).filter(|date| date.year() <= LATEST_YEAR).max();
    let all = || fits.iter().flat_map(|(_, dates)| dates.iter().copied());
    let known = |date: &Date| newest.is_none_or(|year| i32::from(date.year()) >= year);
    let any_known = all().any(|date| known(&date));
    all().filter(|date| !any_known || known(date)).max_by_key(|date| {
        let near = |dates: &[Date]| dates.iter().any(|other| days(*date, *other).abs() <= NEAR);
        let support = fits.iter().filter(|(_, dates)| near(dates)).count();
        let from_cited = cited.map(|cited| days(cited, *date).abs()).filter(|days| *days <= NEAR);
        (support, from_cited.map(|days| -days), *date)
    })
}
