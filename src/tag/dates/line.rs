//! One line of tokens, and the small questions that the grammar asks of it.

use super::tokens::{Kind, Token};
use super::words::{self, Word};
use crate::tag::calendars::{Calendar, Month};

/// A day's number as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayForm {
    Digits,
    /// الخامس: wants من before the month.
    Ordinal,
    /// أول: the month follows at once.
    First,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The whole match text: tokens hold its positions.
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub language: &'a str,
}

impl Line<'_> {
    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    pub(super) fn word(&self, at: usize) -> Option<Word> {
        match self.token(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The word right before.
    pub(super) fn word_before(&self, at: usize) -> Option<Word> {
        self.word(at.checked_sub(1)?)
    }

    pub(super) fn is(&self, at: usize, word: Word) -> bool {
        self.word(at) == Some(word)
    }

    pub(super) fn number(&self, at: usize) -> Option<(u32, u8)> {
        match self.token(at)?.kind {
            Kind::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    pub(super) fn mark(&self, at: usize) -> Option<u8> {
        match self.token(at)?.kind {
            Kind::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    pub(super) fn is_mark(&self, at: usize, mark: u8) -> bool {
        self.mark(at) == Some(mark)
    }

    /// No blank stands before the token.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| !token.spaced)
    }

    pub(super) fn has_lead(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.lead > 0)
    }

    pub(super) fn is_latin(&self, at: usize) -> bool {
        let first = self.token(at).and_then(|token| self.text.as_bytes().get(token.start));
        first.is_some_and(u8::is_ascii_lowercase)
    }

    pub(super) fn written(&self, at: usize) -> &str {
        self.token(at).and_then(|token| self.text.get(token.start..token.end)).unwrap_or_default()
    }

    /// Nothing before the number makes it part of something else: a larger
    /// figure, a path, a type (F-16), a price.
    pub(super) fn begins_free(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).filter(|_| self.is_glued(at)) else { return true };
        // 1350هـ/1931م
        let after_era = before.checked_sub(1).is_some_and(|era| matches!(self.word(era), Some(Word::HijriEra)));
        match self.token(before).map(|token| token.kind) {
            Some(Kind::Mark(b'/')) if after_era => true,
            Some(Kind::Mark(b'/' | b'+' | b'#' | b'$' | b'@' | b'_' | b'=' | b'&' | b'\\' | b'~' | b'*')) => false,
            Some(Kind::Mark(b'.' | b',' | b':' | b'-')) => {
                let joined = before.checked_sub(1).filter(|_| self.is_glued(before));
                !joined
                    .and_then(|at| self.token(at))
                    .is_some_and(|token| matches!(token.kind, Kind::Number { .. } | Kind::Other))
            }
            Some(Kind::Word(Word::Clitic | Word::And | Word::Month(_) | Word::Clock)) => true,
            Some(Kind::Word(Word::Ordinal(..) | Word::Weekday(_) | Word::Day | Word::Offset(_))) => true,
            Some(Kind::Word(_) | Kind::Other | Kind::Number { .. }) => false,
            _ => true,
        }
    }

    /// Nothing after the number makes it part of something else.
    pub(super) fn ends_free(&self, at: usize) -> bool {
        let next = at + 1;
        if self.is_mark(next, b'%') {
            return false;
        }
        if !self.is_glued(next) {
            return true;
        }
        match self.token(next).map(|token| token.kind) {
            Some(Kind::Mark(b'.' | b',' | b':' | b'/' | b'-' | b'+' | b'=' | b'@' | b'_')) => {
                !(self.is_glued(next + 1) && self.number(next + 1).is_some())
            }
            Some(Kind::Word(word)) => matches!(
                word,
                Word::Suffix
                    | Word::Month(_)
                    | Word::MonthHead(_)
                    | Word::Christian
                    | Word::HijriEra
                    | Word::Clock
                    | Word::Of
            ),
            Some(Kind::Other | Kind::Number { .. }) => false,
            _ => true,
        }
    }

    /// The number of a day, and where it ends. A dash or a slash may follow.
    pub(super) fn day(&self, at: usize) -> Option<(u8, DayForm, usize)> {
        (self.number(at).is_none() || self.begins_free(at)).then(|| self.second_day(at))?
    }

    /// Like [`Line::day`], after the first day of a range, to which a dash may
    /// join it.
    pub(super) fn second_day(&self, at: usize) -> Option<(u8, DayForm, usize)> {
        match self.token(at)?.kind {
            Kind::Number { value: value @ 1..=31, digits: 1..=2 } => {
                let mut end = at + 1;
                if self.is(end, Word::Suffix) && self.is_glued(end) {
                    end += 1;
                }
                (matches!(self.mark(end), Some(b'-' | b'/')) || end > at + 1 || self.ends_free(at)).then_some(())?;
                Some((u8::try_from(value).ok()?, DayForm::Digits, end))
            }
            Kind::Word(Word::Ordinal(1, true)) if self.is(at + 1, Word::Teen) => Some((11, DayForm::Ordinal, at + 2)),
            Kind::Word(Word::Ordinal(number, _)) => {
                if let Some(Word::Tens(tens)) = self.word(at + 1).filter(|_| self.has_lead(at + 1)) {
                    let day = tens + number;
                    return (number < 10 && day <= 31).then_some((day, DayForm::Ordinal, at + 2));
                }
                if self.is(at + 1, Word::Teen) {
                    return (number < 10).then_some((10 + number, DayForm::Ordinal, at + 2));
                }
                Some((number, DayForm::Ordinal, at + 1))
            }
            Kind::Word(Word::Tens(tens)) => Some((tens, DayForm::Ordinal, at + 1)),
            Kind::Word(Word::First) => Some((1, DayForm::First, at + 1)),
            _ => None,
        }
    }

    /// A month's name, a double name as one: يناير/ كانون الثاني.
    pub(super) fn month(&self, at: usize) -> Option<(Month, usize)> {
        let (month, end) = self.one_month(at)?;
        let mark = self.mark(end);
        let next = match mark {
            Some(b'/' | b'-' | b'(') => end + 1,
            Some(_) => return Some((month, end)),
            None => end,
        };
        let second = self.one_month(next).filter(|(second, _)| {
            let same = second.number == month.number && second.calendar == month.calendar;
            same && !self.has_lead(next) && self.written(next) != self.written(at)
        });
        let Some((_, second_end)) = second else { return Some((month, end)) };
        let month = Month { standing: crate::tag::calendars::Standing::Sure, ..month };
        match mark {
            Some(b'(') if !self.is_mark(second_end, b')') => Some((month, end)),
            Some(b'(') => Some((month, second_end + 1)),
            _ => Some((month, second_end)),
        }
    }

    fn one_month(&self, at: usize) -> Option<(Month, usize)> {
        let (month, end) = match self.word(at)? {
            Word::Month(month) => (month, at + 1),
            Word::MonthHead(head) => (words::pair(head, self.written(at + 1))?, at + 2),
            _ => return None,
        };
        words::reads(month.calendar, self.language).then_some((month, end))
    }

    /// A year, its era if it has one, and where it ends. Without an era it has
    /// four digits; `calendar` is that of the month before it.
    pub(super) fn year(&self, at: usize, calendar: Calendar) -> Option<(i32, Calendar, usize)> {
        self.begins_free(at).then(|| self.second_year(at, calendar))?
    }

    /// Like [`Line::year`], after what a dash or a slash may join it to.
    pub(super) fn second_year(&self, at: usize, calendar: Calendar) -> Option<(i32, Calendar, usize)> {
        let (value, digits) = self.number(at)?;
        if !(self.ends_free(at) || matches!(self.mark(at + 1), Some(b'-' | b'/'))) {
            return None;
        }
        let year = i32::try_from(value).ok()?;
        let (era, end) = self.era(at + 1);
        match era {
            Some(Calendar::Hijri) if (1..=1600).contains(&year) => return Some((year, Calendar::Hijri, end)),
            Some(Calendar::Gregorian) if (1..=2200).contains(&year) => return Some((year, Calendar::Gregorian, end)),
            Some(_) => return None,
            None => {}
        }
        if self.is(at + 1, Word::Unit) || digits != 4 {
            return None;
        }
        match calendar {
            Calendar::Gregorian if self.language.starts_with("fa") && (1200..=1500).contains(&year) => {
                Some((year, Calendar::Persian, end))
            }
            Calendar::Gregorian => (1000..=2200).contains(&year).then_some((year, Calendar::Gregorian, end)),
            Calendar::Hijri | Calendar::Persian if (1000..=1600).contains(&year) => Some((year, calendar, end)),
            _ => (1900..=2200).contains(&year).then_some((year, Calendar::Gregorian, end)),
        }
    }

    pub(super) fn era(&self, at: usize) -> (Option<Calendar>, usize) {
        match self.word(at) {
            Some(Word::Christian) => (Some(Calendar::Gregorian), at + 1),
            Some(Word::HijriEra) => (Some(Calendar::Hijri), at + 1),
            _ => (None, at),
        }
    }

    /// Before Christ: ق.م after a year.
    pub(super) fn before_christ(&self, at: usize) -> Option<usize> {
        let stop = usize::from(self.is_mark(at + 1, b'.'));
        (self.is(at, Word::Before) && self.is(at + 1 + stop, Word::Christian)).then_some(at + 2 + stop)
    }
}
