//! Weekdays, and words such as أمس or الأسبوع الماضي, with the date beside them.

use super::expression::{Expression, MonthOf, Point, YearOf};
use super::finder::Hit;
use super::line::Line;
use super::tokens::Kind;
use super::words::{Turn, Word};

impl Line<'_> {
    pub(super) fn weekday(&self, at: usize) -> Option<Hit> {
        let (weekday, short) = match self.word(at)? {
            Word::Weekday(day) => (day, false),
            Word::WeekdayShort(day) => (day, true),
            _ => return None,
        };
        let turn = match self.word(at + 1) {
            Some(Word::Turn(turn)) => Some(turn),
            _ => None,
        };
        let end = at + 1 + usize::from(turn.is_some());
        if let Some((expression, end)) = self.date_beside(end, weekday) {
            return Some(Hit { expression: Some(expression), first: at, end });
        }
        let other = matches!(self.word_before(at), Some(Word::Friday | Word::Name | Word::Yearly))
            || self.is(end, Word::NamedDay);
        (!short && !other).then(|| Hit::point(Point { weekday: Some(weekday), turn, ..Point::EMPTY }, at, end))
    }

    /// The date after a weekday or a word such as اليوم.
    fn date_beside(&self, at: usize, weekday: u8) -> Option<(Expression, usize)> {
        let weekday = (weekday > 0).then_some(weekday);
        let (mut next, mut open) = (at, false);
        for _ in 0..3 {
            match self.token(next)?.kind {
                Kind::Mark(b'(') => open = true,
                Kind::Mark(b',' | b'-' | b'.') | Kind::Word(Word::Same | Word::Day) => {}
                _ => break,
            }
            next += 1;
        }
        let (expression, mut end) = if let Some((point, end)) = self.numeric(next) {
            (Expression::Point(Point { weekday, ..month_first(point, weekday) }), end)
        } else if let Some(hit) = self.day_first(next, true).or_else(|| self.month_then_day(next)) {
            // In "the Sunday and Monday 21 and 22" the weekday is the last one's.
            let listed = matches!(self.word_before(at.saturating_sub(1)), Some(Word::Weekday(_)));
            let expression = match hit.expression? {
                range @ Expression::Range(..) if listed => range,
                Expression::Point(point) => Expression::Point(Point { weekday, ..point }),
                Expression::Range(start, end) => Expression::Range(Point { weekday, ..start }, end),
            };
            (expression, hit.end)
        } else {
            let (point, end) = self.numeric_without_year(next)?;
            (Expression::Point(Point { weekday, ..point }), end)
        };
        end += usize::from(open && self.is_mark(end, b')'));
        Some((expression, end))
    }

    fn month_then_day(&self, at: usize) -> Option<Hit> {
        let (month, end) = self.month(at)?;
        self.day_second(at, month, end)
    }

    /// يوم الخميس, يوم 25 يناير, يوم أمس
    pub(super) fn after_day_word(&self, at: usize) -> Option<Hit> {
        let next = at + 1;
        let hit = match self.token(next)?.kind {
            Kind::Word(Word::Weekday(_) | Word::WeekdayShort(_)) => self.weekday(next),
            Kind::Word(Word::Offset(_) | Word::OffsetWeak(_) | Word::First | Word::Further) => {
                self.relative(next).or_else(|| self.day_first(next, true))
            }
            _ => {
                self.date_beside(next, 0).map(|(expression, end)| Hit { expression: Some(expression), first: at, end })
            }
        };
        hit.map(|hit| hit.starting(at))
    }

    /// أمس, أول من أمس, بعد غد, اليوم الخميس 25 يناير
    pub(super) fn relative(&self, at: usize) -> Option<Hit> {
        let (days, mut end) = match (self.word(at)?, self.word(at + 1)) {
            (Word::Offset(0), _) if !self.is_today(at) => return None,
            (Word::Offset(-1), Some(Word::Ordinal(1, false))) => (-2, at + 2),
            (Word::Offset(days) | Word::OffsetWeak(days), _) => (days, at + 1),
            (Word::First, Some(Word::Offset(-1))) => (-2, at + 2),
            (Word::First, Some(Word::Of)) if self.is(at + 2, Word::Offset(-1)) => (-2, at + 3),
            (Word::Further, Some(Word::Offset(1) | Word::OffsetWeak(1))) => (2, at + 2),
            _ => return None,
        };
        let weak = matches!(self.word(at), Some(Word::OffsetWeak(_)));
        let mut sure = !weak || self.word_before(at) == Some(Word::Day) || days < 0 && self.has_lead(at);
        let mut point = Point { offset: Some(days), ..Point::EMPTY };
        let open = self.is_mark(end, b'(');
        let next = end + usize::from(open || self.is_mark(end, b','));
        if matches!(self.word(next), Some(Word::Weekday(_) | Word::WeekdayShort(_)))
            && let Some(hit) = self.weekday(next)
            && let Some(Expression::Point(day)) = hit.expression
            && (!open || self.is_mark(hit.end, b')'))
        {
            point = Point { offset: Some(days), ..day };
            end = hit.end + usize::from(open);
            sure = true;
        } else if let Some((Expression::Point(day), after)) = self.date_beside(end, 0) {
            point = Point { offset: Some(days), ..day };
            end = after;
        }
        sure.then(|| Hit::point(point, at, end))
    }

    /// اليوم is today, not المصري اليوم, صحيفة اليوم, اليوم العالمي or في اليوم التالي.
    fn is_today(&self, at: usize) -> bool {
        let before = self.word_before(at).filter(|_| !self.has_lead(at));
        let paper = at.checked_sub(1).is_some_and(|before| matches!(self.written(before), "صحيفه" | "جريده"));
        before != Some(Word::Today)
            && (!paper || self.has_lead(at))
            && !matches!(self.word(at + 1), Some(Word::NotToday | Word::Ordinal(..)))
    }

    /// هذا الأسبوع, هذا العام, هذا اليوم
    pub(super) fn this(&self, at: usize) -> Option<Hit> {
        let point = match self.word(at + 1)? {
            Word::Week => Point { week: Some(Turn::This), ..Point::EMPTY },
            Word::MonthThe => Point { month: MonthOf::Turn(Turn::This), ..Point::EMPTY },
            Word::YearThe => Point { year: YearOf::Turn(Turn::This), ..Point::EMPTY },
            Word::Offset(0) => Point { offset: Some(0), ..Point::EMPTY },
            _ => return None,
        };
        Some(Hit::point(point, at, at + 2))
    }

    /// الأسبوع الماضي, الشهر المقبل
    pub(super) fn turned(&self, at: usize) -> Option<Hit> {
        if let Some((point, end)) = self.turned_month(at) {
            return Some(Hit::point(point, at, end));
        }
        match (self.word(at)?, self.word(at + 1)?) {
            (Word::Week, Word::Turn(turn)) => Some(Hit::point(Point { week: Some(turn), ..Point::EMPTY }, at, at + 2)),
            _ => None,
        }
    }
}

/// `الأحد 03/10/2024`: day and month the other way round, where only that fits
/// the weekday.
fn month_first(point: Point, weekday: Option<u8>) -> Point {
    let (YearOf::Given(year), MonthOf::Given(month), Some(day)) = (point.year, point.month, point.day) else {
        return point;
    };
    let falls_on = |month: u8, day: u8| {
        let date = point.calendar.date(year, month, day)?;
        u8::try_from(date.weekday().to_monday_one_offset()).ok()
    };
    let turned = day <= 12 && weekday.is_some() && falls_on(month, day) != weekday && falls_on(day, month) == weekday;
    if turned { Point { month: MonthOf::Given(day), day: Some(month), ..point } } else { point }
}
