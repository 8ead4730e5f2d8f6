//! Running text that was broken at a width, as mail, wires and terminals break it:
//! its lines are joined again, for a sentence does not end where a line was full.

use crate::letters::is_space;

/// Letters of a line: columns of a paper have some forty, nobody sets more than this.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=130;
/// Lines longer than the width, such as a title that was left whole.
const MOST_LONGER: usize = 3;
/// Full lines that tell a width.
const LEAST_FULL: usize = 6;
/// What a printer breaks by letters of different widths is full at seven eighths.
const PRINTED: (usize, usize) = (7, 8);

/// A line that says something, without the blanks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub start: usize,
    pub end: usize,
    /// Blank lines stand before it.
    pub apart: bool,
}

/// The lines of a text that was broken at a width become its paragraphs; others stay.
pub(super) fn join(text: &str, lines: Vec<Line>) -> Vec<Line> {
    let lines = Lines { text, lines };
    let Some((full, measures)) = lines.measured() else { return lines.lines };
    let mut joined: Vec<Line> = Vec::with_capacity(lines.lines.len());
    let mut before: Option<(Line, Measure<'_>)> = None;
    for (line, measure) in lines.lines.iter().copied().zip(measures) {
        let goes_on = before.is_some_and(|(_, last)| {
            !line.apart && full.has_no_room(last, measure) && is_running(last.said) && !has_ended(last.said)
        });
        match joined.last_mut().filter(|_| goes_on) {
            Some(paragraph) => paragraph.end = line.end,
            None => joined.push(line),
        }
        before = Some((line, measure));
    }
    joined
}

/// How long a line is, in letters: most texts are seen to be none that was broken by that
/// alone, and their lines are not read.
#[derive(Debug, Clone, Copy)]
struct Measure<'a> {
    said: &'a str,
    letters: usize,
}

impl<'a> Measure<'a> {
    fn of(said: &'a str) -> Self {
        Self { said, letters: said.chars().count() }
    }

    /// Letters of the first word.
    fn first(self) -> usize {
        self.said.chars().position(is_space).unwrap_or(self.letters)
    }
}

/// From how many letters on a line is full.
#[derive(Debug, Clone, Copy)]
struct Full {
    width: usize,
    least: usize,
}

impl Full {
    /// The next line's first word had no room on this one.
    fn has_no_room(self, line: Measure<'_>, next: Measure<'_>) -> bool {
        line.letters <= self.width
            && line.letters + 1 + next.letters > self.least
            && (line.letters + 1 > self.least || line.letters + 1 + next.first() > self.least)
    }
}

/// More than one word, and no row of a table.
fn is_running(line: &str) -> bool {
    let bytes = line.as_bytes();
    // Of the blanks but the ordinary one each begins with one of these.
    let mut leads = memchr::memchr3_iter(b'\t', 0xC2, 0xE3, bytes).chain(memchr::memchr2_iter(0xE1, 0xE2, bytes));
    let plain = !leads.any(|at| line.get(at..).is_some_and(|rest| rest.starts_with(is_space)));
    if plain && memchr::memmem::find(bytes, b"   ").is_none() {
        return memchr::memchr(b' ', bytes).is_some();
    }
    let mut blanks = 0;
    let row = line.chars().any(|letter| {
        blanks = if is_space(letter) { blanks + 1 } else { 0 };
        blanks > 2
    });
    !row && line.contains(is_space)
}

/// As a sentence ends, or what announces one. That the next line goes on could be told by the
/// width alone: better two paragraphs then than a wrong one.
fn has_ended(line: &str) -> bool {
    let closes = |letter: char| matches!(letter, '"' | '”' | '“' | '»' | '\'' | '’' | ')' | ']');
    line.trim_end_matches(closes).ends_with(['.', '؟', '?', '!', '…', '۔', ':', '؛'])
}

/// A sentence or a clause ends within it, as few headlines have it.
fn has_clauses(line: &str) -> bool {
    line.contains("، ") || line.contains(", ") || line.contains(". ") && !line.contains(".. ")
}

/// The lines of one text.
struct Lines<'a> {
    text: &'a str,
    lines: Vec<Line>,
}

impl<'a> Lines<'a> {
    fn said(&self, line: Line) -> &'a str {
        self.text.get(line.start..line.end).unwrap_or_default()
    }

    /// From where on a line of the text is full, if it was broken at a width, and the measures
    /// of its lines.
    fn measured(&self) -> Option<(Full, Vec<Measure<'a>>)> {
        let most_bytes = WIDTHS.end() * 4;
        let long = self.lines.iter().filter(|line| line.end - line.start > most_bytes).count();
        let beside = self.lines.iter().skip(1).filter(|line| !line.apart).count();
        if beside < LEAST_FULL || long > MOST_LONGER {
            return None;
        }
        let measures: Vec<Measure<'a>> = self.lines.iter().map(|line| Measure::of(self.said(*line))).collect();
        let mut longest: Vec<_> = measures.iter().filter(|line| line.letters >= *WIDTHS.start()).collect();
        longest.sort_unstable_by_key(|line| std::cmp::Reverse(line.letters));
        let running = longest.into_iter().filter(|line| is_running(line.said));
        let mut widths: Vec<usize> = running.map(|line| line.letters).take(MOST_LONGER + 1).collect();
        widths.dedup();
        let (part, whole) = PRINTED;
        let widths = || widths.iter().copied().filter(|width| WIDTHS.contains(width));
        let by_letters = widths().map(|width| (Full { width, least: width }, false));
        let printed = widths().map(|width| (Full { width, least: width * part / whole }, true));
        let (full, _) = by_letters.chain(printed).find(|(full, printed)| self.is_broken(*full, *printed, &measures))?;
        Some((full, measures))
    }

    /// Most lines are as full as their words allow, and do not end as sentences do. Headlines
    /// may be of one length, so clauses end within some of them, too, and within more where
    /// that is seen roughly.
    fn is_broken(&self, at: Full, printed: bool, measures: &[Measure<'_>]) -> bool {
        let lines = self.lines.iter().skip(1).zip(measures.windows(2));
        let pairs = lines.filter_map(|(line, pair)| match *pair {
            [last, next] if !line.apart && last.letters <= at.width => Some((last, next)),
            _ => None,
        });
        let may_be_full = pairs.clone().filter(|(last, next)| at.has_no_room(*last, *next));
        if may_be_full.count() < LEAST_FULL {
            return false;
        }
        let (mut full, mut loose, mut ended, mut clauses) = (0, 0, 0, 0);
        for (last, next) in pairs {
            let said = last.said;
            if at.has_no_room(last, next) && is_running(said) {
                full += 1;
                ended += usize::from(has_ended(said));
                clauses += usize::from(has_clauses(said));
            } else if last.letters > at.width / 2 && !has_ended(said) {
                loose += 1;
            }
        }
        let seen = if printed {
            clauses * 5 >= full * 2 && loose * 3 <= full
        } else {
            clauses * 8 >= full && loose * 8 <= full
        };
        full >= LEAST_FULL && full >= ended * 3 && seen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        let (mut lines, mut apart, mut start) = (Vec::new(), false, 0);
        for line in text.split('\n') {
            if line.is_empty() {
                apart = true;
            } else {
                lines.push(Line { start, end: start + line.len(), apart });
                apart = false;
            }
            start += line.len() + 1;
        }
        lines
    }

    fn joined(text: &str) -> Vec<String> {
        let lines = join(text, lines(text));
        lines.iter().map(|line| text[line.start..line.end].replace('\n', " ")).collect()
    }

    fn broken_at(width: usize, paragraph: &str) -> String {
        let mut lines = vec![String::new()];
        for word in paragraph.split(' ') {
            let last = lines.last_mut().unwrap();
            if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
                lines.push(word.to_owned());
            } else {
                *last += if last.is_empty() { "" } else { " " };
                *last += word;
            }
        }
        lines.join("\n")
    }

    const PARAGRAPH: &str = "قال المحلل سالم الحارثي إن زيارة الوفد إلى العاصمة هذا الأسبوع تفتح بابا جديدا \
        للتعاون بين البلدين، وإن المشروعات المشتركة ستكون في مقدمة ما سيبحثه الجانبان خلال الأيام المقبلة، ومنها \
        خط السكة الحديد والمنطقة الصناعية وغير ذلك من الاتفاقيات التي يزمع البلدان توقيعها، وأضاف أن السلطان هيثم بن \
        طارق والملك بحثا قبل ذلك سبل تعزيز العلاقات بين البلدين، وأن الطريق البري زاد من حركة التجارة.";

    #[test]
    fn a_title_stays_apart_from_what_was_broken_below_it() {
        for width in [45, 60, 72, 95] {
            let text =
                format!("الوفد يزور العاصمة\n{}\n\n{}", broken_at(width, PARAGRAPH), broken_at(width, PARAGRAPH));
            assert_eq!(joined(&text), ["الوفد يزور العاصمة", PARAGRAPH, PARAGRAPH], "{width}");
        }
    }

    #[test]
    fn a_title_longer_than_the_lines_does_not_hide_their_width() {
        let title = "محلل: زيارة الوفد إلى العاصمة هذا الأسبوع تفتح بابا جديدا للتعاون بين البلدين في السنوات المقبلة";
        let text = format!("{title}\n{}", broken_at(60, PARAGRAPH));
        assert_eq!(joined(&text), [title, PARAGRAPH]);
    }

    #[test]
    fn paragraphs_headlines_and_rows_stay_what_they_are() {
        let headlines = "الوزير يفتتح المعرض الدولي للكتاب\nمقتل ثلاثة في حادث سير على الطريق الصحراوي جنوب المدينة\n\
            المنتخب يتعادل مع ضيفه في افتتاح التصفيات\nأسعار النفط تواصل ارتفاعها للأسبوع الثالث على التوالي\n\
            انقطاع الكهرباء عن أحياء واسعة\nالجامعة تعلن نتائج القبول للعام الدراسي الجديد\nأمطار غزيرة على الساحل";
        let alike = ["الوزير يفتتح المعرض الدولي للكتاب في قصر المعارض مساء اليوم"; 9].join("\n");
        let sentences = ["وصل الوفد إلى المدينة صباح اليوم بعد رحلة طويلة عبر الصحراء."; 9].join("\n");
        let rows = ["الدولار الأمريكي      سعر الشراء 3.750      سعر البيع 3.760"; 9].join("\n");
        let paragraphs = [PARAGRAPH; 9].join("\n");
        for text in [headlines, &alike, &sentences, &rows, &paragraphs] {
            assert_eq!(joined(text), text.split('\n').collect::<Vec<_>>());
        }
    }

    #[test]
    fn lines_that_were_printed_are_joined_but_where_a_sentence_ends() {
        let lines = [
            "قال المحلل السياسي سالم الحارثي إن زيارة الوفد العماني إلى العاصمة السعودية هذا الأسبوع",
            "تفتح بابا جديدا للتعاون بين البلدين، وإن المشروعات المشتركة الكبيرة ستكون في",
            "مقدمة ما سيبحثه الجانبان خلال الأيام المقبلة، ومنها خط السكة الحديد والمنطقة",
            "الصناعية وغير ذلك من الاتفاقيات. وأضاف في حوار مع صحيفة محلية أن السلطان هيثم بن",
            "طارق والملك سلمان بحثا قبل ذلك سبل تعزيز العلاقات، وأن الطريق البري الذي افتتح",
            "قبل عامين زاد من حركة التجارة بنسبة كبيرة، حيث بلغت قيمة البضائع المنقولة",
            "أكثر من مليار دولار في السنة الماضية وحدها، وأن ذلك كله حدث في وقت قصير جدا.",
            "واتفق الجانبان على تشكيل لجنة مشتركة تجتمع كل ثلاثة أشهر لمتابعة ما تم الاتفاق",
            "عليه، ولتذليل العقبات.",
        ];
        assert_eq!(joined(&lines.join("\n")), [lines[..7].join(" "), lines[7..].join(" ")]);
    }

    proptest! {
        #[test]
        fn what_was_broken_at_a_width_is_whole_again(
            paragraphs in proptest::collection::vec(proptest::collection::vec("([ا-ي]{2,9} ){6}[ا-ي]{2,9}،", 9..14), 4..6),
            width in 40_usize..120,
        ) {
            let paragraphs: Vec<String> = paragraphs.iter().map(|words| words.join(" ")).collect();
            let broken: Vec<String> = paragraphs.iter().map(|paragraph| broken_at(width, paragraph)).collect();
            prop_assert_eq!(joined(&broken.join("\n\n")), paragraphs);
        }

        #[test]
        fn nothing_is_lost_or_reordered(text in "([ا-ي]{1,9}[ .\n]{0,3}){0,80}") {
            let before = lines(&text);
            let after = join(&text, before.clone());
            let ends: Vec<usize> = before.iter().map(|line| line.end).collect();
            prop_assert!(after.iter().all(|line| ends.contains(&line.end) && line.start < line.end));
            prop_assert!(after.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert_eq!(after.first().map(|line| line.start), before.first().map(|line| line.start));
            prop_assert_eq!(after.last().map(|line| line.end), before.last().map(|line| line.end));
        }
    }
}
