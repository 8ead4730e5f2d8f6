//! Periods counted back (قبل ثلاثة أيام, منذ شهرين) and decades of a century
//! (ثمانينيات القرن الماضي).

use super::expression::{Expression, MonthOf, Point, YearOf};
use super::finder::Hit;
use super::line::Line;
use super::tokens::Kind;
use super::words::{Turn, Word};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

/// How many of a period a word says by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Two,
    /// Wants a number before it.
    Many,
}

/// Folded.
fn period(word: &str) -> Option<(Period, Form)> {
    Some(match word {
        "يومين" => (Period::Day, Form::Two),
        "ايام" | "يوما" => (Period::Day, Form::Many),
        "اسبوع" => (Period::Week, Form::One),
        "اسبوعين" => (Period::Week, Form::Two),
        "اسابيع" | "اسبوعا" => (Period::Week, Form::Many),
        "شهر" => (Period::Month, Form::One),
        "شهرين" => (Period::Month, Form::Two),
        "اشهر" | "شهور" | "شهرا" => (Period::Month, Form::Many),
        "عام" | "سنه" => (Period::Year, Form::One),
        "عامين" | "سنتين" => (Period::Year, Form::Two),
        "اعوام" | "سنوات" | "سنين" | "عاما" => (Period::Year, Form::Many),
        _ => return None,
    })
}

/// The numbers whose noun is a plural. Folded.
fn few(word: &str) -> Option<u8> {
    Some(match word {
        "ثلاثه" | "ثلاث" => 3,
        "اربعه" | "اربع" => 4,
        "خمسه" | "خمس" => 5,
        "سته" | "ست" => 6,
        "سبعه" | "سبع" => 7,
        "ثمانيه" | "ثماني" | "ثمان" => 8,
        "تسعه" | "تسع" => 9,
        "عشره" | "عشر" => 10,
        _ => return None,
    })
}

impl Line<'_> {
    /// قبل ثلاثة أيام, منذ عامين: what it was that many days, weeks, months or
    /// years before the publication.
    pub(super) fn counted(&self, at: usize) -> Option<Hit> {
        let next = at + 1;
        let number = match self.token(next)?.kind {
            Kind::Number { value: value @ 3..=99, digits: 1..=2 } => u8::try_from(value).ok(),
            _ => few(self.written(next)),
        };
        let noun = next + usize::from(number.is_some());
        let (period, form) = period(self.written(noun))?;
        let end = noun + 1;
        let count = match (number, form) {
            (Some(number), Form::Many) => number,
            // With figures the noun may be singular: 11 سنة.
            (Some(number), Form::One) if number > 10 => number,
            (None, Form::Two) => 2,
            // قبل عام 2011, قبل شهر رمضان, قبل عام الهزيمة say another thing.
            (None, Form::One) if self.ends_a_period(end) => 1,
            _ => return None,
        };
        // قبل ثلاثة أيام من الانتخابات is counted from them.
        if self.is(end, Word::Of) || self.written(end) == "علي" {
            return None;
        }
        let back = Turn::Back(count);
        let point = match period {
            Period::Day => Point { offset: Some(-i8::try_from(count).ok()?), ..Point::EMPTY },
            Period::Week => Point { week: Some(back), ..Point::EMPTY },
            Period::Month => Point { month: MonthOf::Turn(back), ..Point::EMPTY },
            Period::Year => Point { year: YearOf::Turn(back), ..Point::EMPTY },
        };
        Some(Hit::point(point, at, end))
    }

    /// Nothing that says which one follows the name of a period.
    fn ends_a_period(&self, at: usize) -> bool {
        match self.token(at).map(|token| token.kind) {
            None | Some(Kind::Mark(_)) => true,
            Some(Kind::Other) => !self.written(at).starts_with("ال"),
            Some(Kind::Word(_)) => self.has_lead(at),
            Some(Kind::Number { .. }) => false,
        }
    }

    /// ثمانينيات القرن الماضي, as its ten years. Without its century the word
    /// may be an age.
    pub(super) fn decade(&self, at: usize, tens: u8) -> Option<Hit> {
        let century = at + 1 + usize::from(self.is(at + 1, Word::Of));
        if self.written(century) != "القرن" {
            return None;
        }
        let (first, end) = match (self.word(century + 1)?, self.word(century + 2)) {
            // Of what is written today.
            (Word::Turn(Turn::Last), _) | (Word::Tens(20), _) => (1900, century + 2),
            (Word::Turn(Turn::This), _) => (2000, century + 2),
            (Word::Ordinal(1, true), Some(Word::Tens(20))) => (2000, century + 3),
            (Word::Ordinal(number @ 5..=9, _), Some(Word::Teen)) => (900 + 100 * i32::from(number), century + 3),
            _ => return None,
        };
        let year = |year: i32| Point { year: YearOf::Given(year), ..Point::EMPTY };
        let start = first + i32::from(tens);
        Some(Hit { expression: Some(Expression::Range(year(start), year(start + 9))), first: at, end })
    }
}
