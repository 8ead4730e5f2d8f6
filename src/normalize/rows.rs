//! Furniture that no phrase tells: menus, tickers and lists of other articles,
//! seen by their rows, and by words that are not the text's.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::boilerplate::Page;
use super::lines::{Line, Subject};
use super::phrases::{Cue, class};
use crate::record::RemovedKind;

impl Page<'_> {
    /// Menus, tickers and mastheads: above the text, and about something else.
    pub(super) fn head(&mut self) {
        let mut furniture = Vec::new();
        let mut top = true;
        let body = OnceCell::new();
        for (index, line) in self.lines.iter().enumerate().take(self.body.0 + 1) {
            if line.cut.is_some() {
                continue;
            }
            let headlines = top && is_run_of_headlines(line);
            if headlines || self.is_menu(line) {
                // The first paragraph is not to be compared with itself.
                let rest = (index == self.body.0).then(|| self.subject(index + 1));
                let subject = rest.as_ref().unwrap_or_else(|| body.get_or_init(|| self.subject(self.body.0)));
                let (share, common) = subject.overlap(line, self.phrases);
                if !subject.is_thin() && if headlines { share < 0.25 } else { common <= 1 } {
                    furniture.push(index);
                    continue;
                }
            }
            // A ticker stands on top of all, or under menus.
            top &= line.words < 4;
        }
        for index in furniture {
            self.cut(index, RemovedKind::Boilerplate);
        }
        self.find_body();
    }

    /// What the paragraphs from `first` on are about.
    fn subject(&self, first: usize) -> Subject {
        Subject::of(self.lines.iter().take(self.body.1).skip(first), self.phrases)
    }

    /// Names in a row, the same again and again, no small words.
    fn is_menu(&self, line: &Line) -> bool {
        if line.words < 8 || line.end_mark || line.any_word(self.phrases, class::STOP) {
            return false;
        }
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        for word in line.key.split(' ') {
            *counts.entry(word).or_default() += 1;
        }
        counts.len() * 4 <= line.words * 3
    }

    /// The title with the site's name, as the window shows it, above the title.
    pub(super) fn window_title(&mut self) {
        let head: Vec<usize> =
            (0..self.lines.len().min(self.body.0 + 1)).filter(|index| self.is_kept(*index)).take(20).collect();
        for &longer in &head {
            let named = |line: &Line, title: &Line| {
                let rest = line.shown.strip_prefix(title.shown.as_str()).map(str::trim_start);
                let rest = rest.or_else(|| line.shown.strip_suffix(title.shown.as_str()).map(str::trim_end));
                let marks = ['-', '–', '—', '|', '»', '«', ':', '/'];
                rest.is_some_and(|rest| !rest.is_empty() && (rest.starts_with(marks) || rest.ends_with(marks)))
            };
            let repeats = head.iter().any(|&other| {
                let (Some(line), Some(title)) = (self.lines.get(longer), self.lines.get(other)) else { return false };
                title.words >= 4 && title.words < line.words && line.words <= title.words + 7 && named(line, title)
            });
            if repeats {
                self.cut(longer, RemovedKind::Boilerplate);
            }
        }
    }

    /// A row of scraps or of headlines behind the text is a menu or a list of
    /// other articles, unless the text announces it.
    pub(super) fn rows_below(&mut self) {
        let announced = self.lines.get(self.body.1.wrapping_sub(1)).is_some_and(|line| line.shown.ends_with(':'));
        if announced || self.body.1 >= self.lines.len() {
            return;
        }
        let body = self.subject(self.body.0);
        let mut from = self.body.1;
        while from < self.lines.len() {
            let row = |test: &dyn Fn(&Line) -> bool| -> usize {
                self.lines.iter().skip(from).take_while(|line| line.cut.is_none() && test(line)).count()
            };
            let spoken = |line: &Line| {
                line.says(Cue::Credit) || line.says(Cue::Byline) || line.says(Cue::Caption) || line.says(Cue::Dateline)
            };
            let scraps = row(&|line| line.is_scrap() && !spoken(line) && !line.any_number());
            let headlines = row(&|line| {
                let headline =
                    (4..=22).contains(&line.words) && !line.end_mark && !line.is_bullet() && !line.shown.ends_with(':');
                headline && !spoken(line) && body.overlap(line, self.phrases).0 < 0.25
            });
            let (length, kind) = match (scraps, headlines) {
                (4.., _) => (scraps, RemovedKind::Boilerplate),
                (_, 3..) if !body.is_thin() => (headlines, RemovedKind::Related),
                _ => (0, RemovedKind::Boilerplate),
            };
            for index in from..from + length {
                self.cut(index, kind);
            }
            from += length.max(1);
        }
    }
}

/// Too long for a title, and without the marks of running text.
fn is_run_of_headlines(line: &Line) -> bool {
    line.words > 26 && !line.end_mark && !line.shown.ends_with(':') && !line.shown.contains(['،', '؛'])
}
