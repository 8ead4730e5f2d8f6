//! The grammar of dates: every expression of a line, the longest first, left
//! to right.

use super::expression::{Cue, Expression, Found, MonthOf, Point, YearOf};
use super::line::{DayForm, Line};
use super::tokens::{self, Kind, Said, Words};
use super::words::{Turn, Word};
use crate::tag::calendars::{Calendar, Month, Standing};

/// Days after the first that a list of days may have.
const LISTED: usize = 4;

/// A stretch of tokens that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// `None` where what was read is no date, as in the name ثورة 25 يناير.
    pub expression: Option<Expression>,
    pub first: usize,
    /// Index of the token after the last.
    pub end: usize,
}

impl Hit {
    pub(super) const fn point(point: Point, first: usize, end: usize) -> Self {
        Self { expression: Some(Expression::Point(point)), first, end }
    }

    pub(super) const fn starting(self, first: usize) -> Self {
        Self { first, ..self }
    }
}

/// Every date of a match text, in order and without overlap. `words`: what is
/// known of its words, each with its bytes.
pub(super) fn find(
    matched: &str,
    language: &str,
    words: impl Iterator<Item = (usize, usize, Option<Said>)>,
) -> Vec<Found> {
    let mut words = Words::new(words);
    let (mut found, mut tokens, mut at) = (Vec::new(), Vec::new(), 0);
    while at < matched.len() {
        at = tokens::line(matched, at, &mut words, &mut tokens);
        Line { text: matched, tokens: &tokens, language }.dates(&mut found);
    }
    found
}

impl Line<'_> {
    fn dates(&self, found: &mut Vec<Found>) {
        let mut at = 0;
        while at < self.tokens.len() {
            let Some(hit) = self.date(at) else {
                at += 1;
                continue;
            };
            at = hit.end.max(at + 1);
            let Some(expression) = hit.expression else { continue };
            let (Some(first), Some(last)) = (self.token(hit.first), self.token(at - 1)) else { continue };
            let day = expression.points().0.day.is_some();
            let clock = day.then(|| self.clock_after(at).or_else(|| self.clock_before(hit.first))).flatten();
            found.push(Found {
                start: first.start + usize::from(first.lead),
                end: last.end,
                expression,
                clock,
                cue: self.cue(hit.first),
                dash: self.is_mark(at, b'-'),
            });
        }
    }

    /// The date that begins at a token.
    fn date(&self, at: usize) -> Option<Hit> {
        match self.token(at)?.kind {
            Kind::Number { .. } => self.figures(at),
            Kind::Word(word) => match word {
                Word::Ordinal(..) | Word::Tens(_) => self.day_first(at, false),
                Word::First | Word::Further => self.relative(at).or_else(|| self.day_first(at, false)),
                Word::Weekday(_) | Word::WeekdayShort(_) => self.weekday(at),
                Word::Offset(_) | Word::OffsetWeak(_) => self.relative(at),
                Word::Day => self.after_day_word(at),
                Word::Month(_) | Word::MonthHead(_) => self.month_first(at, false),
                Word::Month0 => self.month_first(at + 1, true).map(|hit| hit.starting(at)),
                Word::Year | Word::YearThe | Word::YearTwo => self.year_word(at),
                Word::Ago => self.counted(at),
                Word::In if self.written(at).ends_with("منذ") => self.counted(at),
                Word::Decade(tens) => self.decade(at, tens),
                Word::This => self.this(at),
                Word::Week | Word::MonthThe => self.turned(at),
                _ => None,
            },
            _ => None,
        }
    }

    fn figures(&self, at: usize) -> Option<Hit> {
        if let Some((point, end)) = self.numeric(at) {
            return Some(self.through_second(Hit::point(point, at, end), point));
        }
        let dated = matches!(self.word_before(at), Some(Word::In)) && self.begins_with_date_word(at);
        self.day_first(at, false)
            .or_else(|| dated.then(|| self.numeric_without_year(at).map(|(point, end)| Hit::point(point, at, end)))?)
            .or_else(|| self.lone_year(at))
    }

    /// بتاريخ 25/1
    fn begins_with_date_word(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        before.and_then(|token| self.text.get(token.start..token.end)).is_some_and(|word| word.ends_with("تاريخ"))
    }

    /// A second date in figures: `1/5/2024 - 3/5/2024`.
    fn through_second(&self, hit: Hit, start: Point) -> Hit {
        let joined = self.is(hit.end, Word::To)
            || self.is_mark(hit.end, b'-')
            || self.is(hit.end, Word::And) && self.between(hit.first);
        let second = self.numeric(hit.end + 1).filter(|(end, _)| joined && end.calendar == start.calendar);
        match second {
            Some((end, last)) => Hit { expression: Some(Expression::Range(start, end)), end: last, ..hit },
            None => hit,
        }
    }

    fn between(&self, at: usize) -> bool {
        self.word_before(at) == Some(Word::Between)
    }

    /// A date with its day before its month, or a range of days.
    /// `sure`: a weekday or the like stands before it.
    pub(super) fn day_first(&self, at: usize, sure: bool) -> Option<Hit> {
        let (day, form, after) = self.day(at)?;
        if let Some((month, end)) = self.month_of_day(after, form, sure) {
            let point = Point { day: Some(day), ..month };
            if self.is_name(at, &point) && !sure {
                return Some(Hit { expression: None, first: at, end });
            }
            return Some(self.through_other_month(Hit::point(point, at, end), point));
        }
        self.days_of_month(at, day, after)
    }

    /// 3-5 أيار, 3 إلى 5 أيار, between 3 and 5 May; a list of days (3 و4 و5 أيار)
    /// where none is left out.
    fn days_of_month(&self, at: usize, day: u8, after: usize) -> Option<Hit> {
        let (mut last, mut after) = (day, after);
        for _ in 0..LISTED {
            let (next, listed) = match self.token(after)?.kind {
                Kind::Word(Word::To) | Kind::Mark(b'-') => (after + 1, false),
                Kind::Word(Word::And) | Kind::Mark(b'/') => (after + 1, true),
                Kind::Word(Word::Ordinal(..) | Word::Tens(_)) if self.has_lead(after) => (after, true),
                _ => return None,
            };
            let next = next + usize::from(matches!(self.word(next), Some(Word::Weekday(_))));
            let (second, form, end) = self.second_day(next)?;
            if second <= last || listed && second != last + 1 && !self.between(at) {
                return None;
            }
            (last, after) = (second, end);
            if let Some((month, end)) = self.month_of_day(end, form, true) {
                let (start, stop) = (Point { day: Some(day), ..month }, Point { day: Some(last), ..month });
                return Some(Hit { expression: Some(Expression::Range(start, stop)), first: at, end });
            }
        }
        None
    }

    /// The second date of a range over two months: 25 كانون الثاني إلى 3 شباط.
    fn through_other_month(&self, hit: Hit, start: Point) -> Hit {
        let mut next = match self.token(hit.end).map(|token| token.kind) {
            Some(Kind::Word(Word::To) | Kind::Mark(b'-')) => hit.end + 1,
            Some(Kind::Word(Word::And)) if self.between(hit.first) => hit.end + 1,
            _ => return hit,
        };
        next += usize::from(matches!(self.word(next), Some(Word::Weekday(_) | Word::Day)));
        let second = self.second_day(next).and_then(|(day, form, after)| {
            let (month, end) = self.month_of_day(after, form, true)?;
            Some((Point { day: Some(day), ..month }, end))
        });
        let Some((stop, end)) = second.filter(|(stop, _)| stop.calendar == start.calendar) else { return hit };
        Hit { expression: Some(Expression::Range(start, stop)), end, ..hit }
    }

    /// What follows a day: من كانون الثاني 2024, من شهر أيار, من الشهر الجاري.
    fn month_of_day(&self, at: usize, form: DayForm, sure: bool) -> Option<(Point, usize)> {
        let of = self.is(at, Word::Of);
        let mut next = at + usize::from(of);
        let said = self.is(next, Word::Month0);
        next += usize::from(said);
        if form == DayForm::First && (of || said) || form == DayForm::Ordinal && !(of || said) {
            return None;
        }
        if let Some(turned) = self.turned_month(next).filter(|_| form != DayForm::First) {
            return Some(turned);
        }
        // 25 الجاري
        if let Some(Word::Turn(Turn::This)) = self.word(next).filter(|_| form == DayForm::Digits && (of || sure)) {
            return Some((Point { month: MonthOf::Turn(Turn::This), ..Point::EMPTY }, next + 1));
        }
        // 25-Jan-2024, Jan. 25
        let dashed = self.is_mark(next, b'-') && self.is_glued(next) && self.is_latin(next + 1);
        next += usize::from(dashed);
        if self.has_lead(next) {
            return None;
        }
        let (month, end) = self.month(next)?;
        let stop = self.is_latin(next) && self.is_mark(end, b'.') && self.is_glued(end);
        let end =
            end + usize::from(stop && self.number(end + 1).is_some()) + usize::from(dashed && self.is_mark(end, b'-'));
        let (point, end) = self.after_month(month, end);
        let dated = point.year != YearOf::Open || point.turn.is_some();
        (month.standing != Standing::Dated || of || said || sure || dated).then_some((point, end))
    }

    /// الشهر الماضي, هذا الشهر
    pub(super) fn turned_month(&self, at: usize) -> Option<(Point, usize)> {
        let (turn, end) = match (self.word(at)?, self.word(at + 1)) {
            (Word::MonthThe, Some(Word::Turn(turn))) => (turn, at + 2),
            (Word::This, Some(Word::MonthThe)) => (Turn::This, at + 2),
            _ => return None,
        };
        Some((Point { month: MonthOf::Turn(turn), ..Point::EMPTY }, end))
    }

    /// The year or the like after a month's name.
    fn after_month(&self, month: Month, at: usize) -> (Point, usize) {
        let point = Point { calendar: month.calendar, month: MonthOf::Given(month.number), ..Point::EMPTY };
        if let Some(Word::Turn(turn)) = self.word(at) {
            return (Point { turn: Some(turn), ..point }, at + 1);
        }
        let mut next = at;
        next += usize::from(self.is_mark(next, b','));
        next += usize::from(self.is(next, Word::Of));
        next += usize::from(self.is(next, Word::Month0) && self.number(next + 1).is_some());
        match (self.word(next), self.word(next + 1)) {
            (Some(Word::YearThe), Some(Word::Turn(turn))) => {
                return (Point { year: YearOf::Turn(turn), ..point }, next + 2);
            }
            (Some(Word::This), Some(Word::YearThe)) => {
                return (Point { year: YearOf::Turn(Turn::This), ..point }, next + 2);
            }
            (Some(Word::Year | Word::YearThe), _) => next += 1,
            _ => {}
        }
        match self.year(next, month.calendar) {
            Some((year, calendar, end)) => match same_calendar(year, calendar, month) {
                Some(year) => (Point { year: YearOf::Given(year), ..point }, end),
                None => (point, at),
            },
            None => (point, at),
        }
    }

    /// A month alone, with its year, or before its day (January 25, 2024).
    /// `said`: the word شهر stands before it.
    fn month_first(&self, at: usize, said: bool) -> Option<Hit> {
        let (month, end) = self.month(at)?;
        if said && self.has_lead(at) {
            return None;
        }
        if let Some(hit) = self.day_second(at, month, end) {
            return Some(hit);
        }
        let (point, end) = self.after_month(month, end);
        let open = point.year == YearOf::Open;
        if self.is_name(at, &point) {
            return Some(Hit { expression: None, first: at, end });
        }
        if let Some(range) = self.through_month(at, point, end, month.standing == Standing::Sure || !open) {
            return Some(range);
        }
        let (sure, turned) = (month.standing == Standing::Sure, point.turn.is_some());
        let placed = said || self.in_time(at) && (sure || turned) || sure && turned;
        (placed || !open).then(|| Hit::point(point, at, end))
    }

    /// A preposition of time stands before the month, or another month.
    fn in_time(&self, at: usize) -> bool {
        let lead = self.token(at).map_or(0, |token| usize::from(token.lead));
        let start = self.token(at).map_or(0, |token| token.start);
        let joined = self.text.get(start..start + lead).is_some_and(|lead| lead.ends_with(['ب', 'ل']));
        let before = self.word_before(at);
        joined
            || matches!(before, Some(Word::In | Word::To | Word::Of | Word::Between | Word::And))
            || lead > 0 && matches!(before, Some(Word::Month(_) | Word::Ordinal(..) | Word::Turn(_)))
    }

    /// بين يناير ومارس 2024, آذار - أيار 2023
    fn through_month(&self, at: usize, start: Point, end: usize, sure: bool) -> Option<Hit> {
        let next = match self.token(end)?.kind {
            Kind::Word(Word::To) | Kind::Mark(b'-') => end + 1,
            Kind::Word(Word::Month(_)) if self.has_lead(end) && self.between(at) => end,
            Kind::Word(Word::MonthHead(_)) if self.has_lead(end) && self.between(at) => end,
            _ => return None,
        };
        let (month, after) = self.month(next)?;
        let (stop, last) = self.after_month(month, after);
        let dated = sure || stop.year != YearOf::Open;
        (dated && stop.calendar == start.calendar).then_some(Hit {
            expression: Some(Expression::Range(start, stop)),
            first: at,
            end: last,
        })
    }

    /// A day after its month: January 25, 2024.
    pub(super) fn day_second(&self, at: usize, month: Month, end: usize) -> Option<Hit> {
        let end = end + usize::from(self.is_mark(end, b'.') && self.is_glued(end));
        let (day, DayForm::Digits, mut after) = self.day(end)? else { return None };
        let mut last = None;
        if self.is_mark(after, b'-')
            && let Some((second, _, second_end)) = self.second_day(after + 1)
        {
            (last, after) = (Some(second), second_end);
        }
        let (point, end) = self.after_month(month, after);
        // Arabic pages that a template dates so have the year: يناير 25, 2024.
        if !self.is_latin(at) && point.year == YearOf::Open {
            return None;
        }
        let start = Point { day: Some(day), ..point };
        let expression = match last {
            Some(last) => Expression::Range(start, Point { day: Some(last), ..point }),
            None => Expression::Point(start),
        };
        Some(Hit { expression: Some(expression), first: at, end })
    }

    /// Part of a name, such as ثورة 25 يناير: its year is another one.
    fn is_name(&self, at: usize, point: &Point) -> bool {
        matches!(self.word_before(at), Some(Word::Name | Word::Yearly))
            && point.year == YearOf::Open
            && point.turn.is_none()
    }

    /// What the words before a date say of it: those near the line's beginning,
    /// and those right before it, as in "published …, updated …".
    fn cue(&self, first: usize) -> Cue {
        let beginning = self.tokens.get(..first.min(10)).unwrap_or_default();
        let near = self.tokens.get(first.saturating_sub(4).max(beginning.len())..first).unwrap_or_default();
        let before = beginning.iter().chain(near);
        let mut cue = Cue::None;
        for token in before {
            match token.kind {
                Kind::Word(Word::Publish) => cue = Cue::Publish,
                Kind::Word(Word::Update) => cue = Cue::Update,
                _ => {}
            }
        }
        cue
    }
}

/// The year in the month's own calendar: رمضان 2024 is the Ramadan that begins
/// in 2024.
fn same_calendar(year: i32, calendar: Calendar, month: Month) -> Option<i32> {
    if calendar == month.calendar {
        return Some(year);
    }
    if calendar != Calendar::Gregorian {
        return None;
    }
    let (near, ..) = month.calendar.fields(jiff::civil::Date::new(i16::try_from(year).ok()?, 1, 1).ok()?)?;
    (near..=near + 1)
        .find(|own| month.calendar.date(*own, month.number, 1).is_some_and(|first| i32::from(first.year()) == year))
}
