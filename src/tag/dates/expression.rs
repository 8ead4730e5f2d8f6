//! What a date in a text says, before it is resolved.

use jiff::civil::Date;

use super::words::Turn;
use crate::tag::calendars::Calendar;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum YearOf {
    Open,
    Given(i32),
    /// Two digits.
    Short(u8),
    /// العام الماضي
    Turn(Turn),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MonthOf {
    Open,
    /// 1 to 12.
    Given(u8),
    /// الشهر الجاري
    Turn(Turn),
}

/// One date, as far as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub calendar: Calendar,
    pub year: YearOf,
    pub month: MonthOf,
    /// 1 to 31.
    pub day: Option<u8>,
    /// 1 is Monday, 7 Sunday.
    pub weekday: Option<u8>,
    /// After a weekday or a month: الخميس الماضي, كانون الثاني الحالي.
    pub turn: Option<Turn>,
    /// Days from the publication: أمس is -1.
    pub offset: Option<i8>,
    /// الأسبوع الماضي
    pub week: Option<Turn>,
}

impl Point {
    pub(super) const EMPTY: Self = Self {
        calendar: Calendar::Gregorian,
        year: YearOf::Open,
        month: MonthOf::Open,
        day: None,
        weekday: None,
        turn: None,
        offset: None,
        week: None,
    };

    /// The date, where day, month and year stand in the text.
    pub(super) fn full_date(&self) -> Option<Date> {
        match (self.year, self.month, self.day) {
            (YearOf::Given(year), MonthOf::Given(month), Some(day)) => self.calendar.date(year, month, day),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expression {
    Point(Point),
    /// Both days, months or years belong to it.
    Range(Point, Point),
}

impl Expression {
    pub(super) const fn points(&self) -> (&Point, Option<&Point>) {
        match self {
            Self::Point(point) => (point, None),
            Self::Range(start, end) => (start, Some(end)),
        }
    }
}

/// A time of day beside a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub hour: u8,
    pub minute: u8,
    /// Minutes east of Greenwich, where it is said.
    pub zone: Option<i16>,
}

/// Words before a date that say what it is the date of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    None,
    /// تاريخ النشر
    Publish,
    /// آخر تحديث
    Update,
}

/// A date where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Bytes of the match text.
    pub start: usize,
    pub end: usize,
    pub expression: Expression,
    pub clock: Option<Clock>,
    pub cue: Cue,
    /// A dash follows, as after the dateline of an agency.
    pub dash: bool,
}
