//! Dates in figures, years, and times of day.

use super::expression::{Clock, Expression, MonthOf, Point, YearOf};
use super::finder::Hit;
use super::line::Line;
use super::tokens::Kind;
use super::words::{Turn, Word};
use crate::tag::calendars::Calendar;

impl Line<'_> {
    /// `25/1/2024`, `2024-01-25`, `25-1-24`; day first but for `en-US`.
    pub(super) fn numeric(&self, at: usize) -> Option<(Point, usize)> {
        let (a, a_digits) = self.number(at)?;
        let separator = self.mark(at + 1).filter(|mark| matches!(mark, b'/' | b'-' | b'.'))?;
        let (b, b_digits) = self.number(at + 2)?;
        if !self.is_mark(at + 3, separator) || b_digits > 2 || !self.begins_free(at) {
            return None;
        }
        let (c, c_digits) = self.number(at + 4)?;
        let glued = (1..5).all(|step| self.is_glued(at + step));
        let full = matches!((a_digits, c_digits), (4, 1..=2) | (1..=2, 4));
        if !(glued || full && separator != b'.') || !self.ends_numeric(at + 4) {
            return None;
        }
        let (era, end) = self.era(at + 5);
        let (year, month, day) = match (a_digits, c_digits) {
            (4, 1..=2) if b > 12 => (a, c, b),
            (4, 1..=2) => (a, b, c),
            (1..=2, 2 | 4) if b > 12 || a <= 12 && self.language == "en-US" => (c, a, b),
            (1..=2, 2 | 4) => (c, b, a),
            _ => return None,
        };
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let year = i32::try_from(year).ok()?;
        let point = Point { month: MonthOf::Given(month), day: Some(day), ..Point::EMPTY };
        if c_digits == 2 && a_digits <= 2 {
            let year = u8::try_from(year).ok()?;
            let dotted = separator == b'.' && !matches!(self.word_before(at), Some(Word::Weekday(_)));
            let valid = !dotted && Calendar::Gregorian.date(2000 + i32::from(year), month, day).is_some();
            return valid.then_some((Point { year: YearOf::Short(year), ..point }, end));
        }
        let calendar = era.unwrap_or(match year {
            1200..=1500 if self.language.starts_with("fa") => Calendar::Persian,
            1300..=1500 => Calendar::Hijri,
            _ => Calendar::Gregorian,
        });
        calendar.date(year, month, day).filter(|_| (1..=2200).contains(&year))?;
        Some((Point { calendar, year: YearOf::Given(year), ..point }, end))
    }

    /// What follows the last figure does not make it an address or a version.
    fn ends_numeric(&self, last: usize) -> bool {
        self.ends_free(last) && !(self.is_mark(last + 1, b'/') && self.is_glued(last + 1))
    }

    /// `25/1`, which is a date only where a weekday or the like says so.
    pub(super) fn numeric_without_year(&self, at: usize) -> Option<(Point, usize)> {
        let (day, day_digits) = self.number(at)?;
        let separator = self.mark(at + 1).filter(|mark| matches!(mark, b'/' | b'-'))?;
        let (month, month_digits) = self.number(at + 2)?;
        let glued = self.is_glued(at + 1) && self.is_glued(at + 2);
        let free = self.begins_free(at) && self.ends_free(at + 2) && !self.is_mark(at + 3, separator);
        if !(glued && free) || day_digits > 2 || month_digits > 2 {
            return None;
        }
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        Calendar::Gregorian.date(2000, month, day)?;
        Some((Point { month: MonthOf::Given(month), day: Some(day), ..Point::EMPTY }, at + 3))
    }

    /// A year that its era, a word before it, or a second year tells from a figure.
    pub(super) fn lone_year(&self, at: usize) -> Option<Hit> {
        if let Some(range) = self.year_range(at) {
            return Some(range);
        }
        let (value, digits) = self.number(at)?;
        let before = self.word_before(at).filter(|_| !self.is_glued(at));
        let part = before == Some(Word::Of) && matches!(self.word_before(at - 1), Some(Word::Ordinal(..)));
        let timed = part
            || matches!(before, Some(Word::In | Word::Further | Word::MonthHead(_) | Word::Yearly))
            || at.checked_sub(1).is_some_and(|open| self.is_mark(open, b'(')) && self.is_mark(at + 1, b')');
        let (year, calendar, end) = self.year(at, Calendar::Gregorian)?;
        let era = end > at + 1;
        let sure = match calendar {
            Calendar::Hijri => digits == 4 || digits == 3 && timed,
            // 1500 م is a distance.
            _ if era => digits == 4 && (1900..=2100).contains(&year) && (timed || value % 100 != 0),
            _ => timed && (1900..=2100).contains(&year),
        };
        if !sure || self.is_mark(end, b'-') && self.is_glued(end) && self.number(end + 1).is_some() {
            return None;
        }
        let point = Point { calendar, year: YearOf::Given(year), ..Point::EMPTY };
        Some(Hit::point(point, at, end))
    }

    /// `2011-2020`, `من 2011 إلى 2020`.
    fn year_range(&self, at: usize) -> Option<Hit> {
        let ((first, 4), (second, 4)) = (self.number(at)?, self.number(at + 2)?) else { return None };
        let joined = match self.token(at + 1)?.kind {
            Kind::Mark(b'-' | b'/') => self.is_glued(at + 1) == self.is_glued(at + 2),
            Kind::Word(Word::To) => matches!(self.word_before(at), Some(Word::Of | Word::In)),
            Kind::Word(Word::And) => matches!(self.word_before(at), Some(Word::Between)),
            _ => false,
        };
        // Seasons are also printed from right to left: 2024/2023.
        let (first, second) =
            if self.is_mark(at + 1, b'/') && first == second + 1 { (second, first) } else { (first, second) };
        let years = (1900..=2100).contains(&first) && (1900..=2100).contains(&second);
        let free = self.begins_free(at) && self.ends_numeric(at + 2) && !self.is(at + 3, Word::Unit);
        if !(joined && free && years && first < second && second - first <= 100) {
            return None;
        }
        let (_, end) = self.era(at + 3);
        let year = |value: u32| Some(Point { year: YearOf::Given(i32::try_from(value).ok()?), ..Point::EMPTY });
        Some(Hit { expression: Some(Expression::Range(year(first)?, year(second)?)), first: at, end })
    }

    /// `عام 2024`, `سنة 1445 هـ`, `عام 300 ق.م`, `العام الماضي`, `عامي 2011 و2015`.
    pub(super) fn year_word(&self, at: usize) -> Option<Hit> {
        let word = self.word(at)?;
        if let (Word::YearThe, Some(Word::Turn(turn))) = (word, self.word(at + 1)) {
            // الأمين العام الحالي is a man; no one says الأمين العام الماضي.
            if turn != Turn::Last && self.word_before(at) == Some(Word::General) {
                return None;
            }
            return Some(Hit::point(Point { year: YearOf::Turn(turn), ..Point::EMPTY }, at, at + 2));
        }
        let (value, _) = self.number(at + 1)?;
        if let Some(end) = self.before_christ(at + 2) {
            // ISO 8601 has a year 0: 1 BC.
            let year = 1 - i32::try_from(value).ok().filter(|year| (1..=9999).contains(year))?;
            return Some(Hit::point(Point { year: YearOf::Given(year), ..Point::EMPTY }, at, end));
        }
        let (year, calendar, end) = self.year(at + 1, Calendar::Gregorian)?;
        let point = Point { calendar, year: YearOf::Given(year), ..Point::EMPTY };
        if let Some((second, second_end)) = self.through_year(at, end, (year, calendar)) {
            let second = Point { calendar, year: YearOf::Given(second), ..Point::EMPTY };
            return Some(Hit { expression: Some(Expression::Range(point, second)), first: at, end: second_end });
        }
        (word != Word::YearTwo).then(|| Hit::point(point, at, end))
    }

    fn through_year(&self, word: usize, at: usize, (first, calendar): (i32, Calendar)) -> Option<(i32, usize)> {
        let pair = self.is(word, Word::YearTwo);
        let between = self.word_before(word) == Some(Word::Between);
        let next = match self.token(at)?.kind {
            Kind::Mark(b'-' | b'/') => at + 1,
            Kind::Word(Word::To) => at + 1 + usize::from(matches!(self.word(at + 1), Some(Word::Year | Word::YearThe))),
            Kind::Word(Word::And) if pair || between => at + 1,
            _ => return None,
        };
        // 1350هـ/1931م is one year told twice.
        let (second, _, end) =
            self.second_year(next, Calendar::Gregorian).filter(|(_, second, _)| *second == calendar)?;
        let range = self.is(at, Word::And) && !between && second != first + 1;
        (second > first && !range).then_some((second, end))
    }

    /// The time of day that begins at a token, after the marks and words that
    /// may part it from a date.
    pub(super) fn clock_after(&self, mut at: usize) -> Option<Clock> {
        // «على الساعة 14:05»
        let on = self.token(at).and_then(|token| self.text.get(token.start..token.end)) == Some("علي");
        at += usize::from(on && self.is(at + 1, Word::Clock));
        for _ in 0..3 {
            match self.token(at)?.kind {
                Kind::Mark(b'-' | b',' | b'|' | b'(' | b':' | 0) | Kind::Word(Word::Clock | Word::In | Word::Same) => {
                    at += 1;
                }
                _ => break,
            }
        }
        self.clock(at)
    }

    fn clock(&self, at: usize) -> Option<Clock> {
        let (hour, 1..=2) = self.number(at)? else { return None };
        if !self.is_mark(at + 1, b':') {
            return self.full_hour(at, u8::try_from(hour).ok()?);
        }
        let (minute, 2) = self.number(at + 2)? else { return None };
        let (mut hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
        let mut end = at + 3;
        if self.is_mark(end, b':') && self.number(end + 1).is_some_and(|(_, digits)| digits == 2) {
            end += 2;
            // A fraction of a second.
            if self.is_mark(end, b'.') && self.is_glued(end) && self.number(end + 1).is_some() {
                end += 2;
            }
        }
        match self.word(end) {
            Some(Word::Morning) => {
                hour = if hour == 12 { 0 } else { hour };
                end += 1;
            }
            Some(Word::Evening | Word::Christian) => {
                hour = if hour < 12 { hour + 12 } else { hour };
                end += 1;
            }
            _ => {}
        }
        (hour < 24 && minute < 60).then(|| Clock { hour, minute, zone: self.zone(end) })
    }

    /// `الساعة 01 مساءً`
    fn full_hour(&self, at: usize, hour: u8) -> Option<Clock> {
        let named = at.checked_sub(1).is_some_and(|before| self.is(before, Word::Clock));
        let hour = match self.word(at + 1)? {
            Word::Morning if hour == 12 => 0,
            Word::Evening if hour < 12 => hour + 12,
            Word::Morning | Word::Evening => hour,
            _ => return None,
        };
        (named && hour < 24).then(|| Clock { hour, minute: 0, zone: self.zone(at + 2) })
    }

    fn zone(&self, at: usize) -> Option<i16> {
        if self.is(at, Word::Utc) {
            return Some(0);
        }
        let sign = match self.mark(at)? {
            b'+' => 1,
            b'-' if self.is_glued(at) || self.number(at + 1).is_some_and(|(_, digits)| digits == 4) => -1,
            _ => return None,
        };
        let (value, digits) = self.number(at + 1).filter(|_| self.is_glued(at + 1))?;
        let value = i16::try_from(value).ok()?;
        let (hours, minutes) = match digits {
            4 => (value / 100, value % 100),
            2 if self.is_mark(at + 2, b':') => (value, i16::try_from(self.number(at + 3)?.0).ok()?),
            2 => (value, 0),
            _ => return None,
        };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }

    /// The time of day that ends right before a date.
    pub(super) fn clock_before(&self, date: usize) -> Option<Clock> {
        let marks = (0..date).rev().take_while(|at| matches!(self.mark(*at), Some(b'-' | b',' | b'|' | 0))).count();
        let end = date.checked_sub(marks)?;
        let half = end
            .checked_sub(1)
            .filter(|at| matches!(self.word(*at), Some(Word::Morning | Word::Evening | Word::Christian)));
        self.clock(half.unwrap_or(end).checked_sub(3)?)
    }
}
