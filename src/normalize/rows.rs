//! Furniture that no phrase tells: menus, tickers and lists of other articles,
//! seen by their rows, and by words that are not the text's.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::boilerplate::Page;
use super::lines::Line;
use super::markup::MARKED;
use super::phrases::{Cue, class};
use super::subject::Subject;
use super::weights::Sign;
use crate::record::SourceKind;

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
                    furniture.push((index, if headlines { Sign::Ticker } else { Sign::MenuRow }));
                    continue;
                }
            }
            // A ticker stands on top of all, or under menus.
            top &= line.words < 4;
        }
        for (index, sign) in furniture {
            self.add(index, sign);
        }
        self.find_body();
    }

    /// What the paragraphs from `first` on are about.
    fn subject(&self, first: usize) -> Subject {
        Subject::of(self.lines.iter().take(self.body.1).skip(first), self.phrases)
    }

    /// Names in a row, the same again and again, no small words.
    fn is_menu(&self, line: &Line) -> bool {
        if line.words < 8 || line.end_mark || line.says(Cue::Dateline) || line.any_word(class::STOP) {
            return false;
        }
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        for word in line.each_word() {
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
            let Some(line) = self.lines.get(longer).filter(|line| line.words > 4) else { continue };
            if line.dateline || line.mixed_dateline {
                continue;
            }
            let repeats = head.iter().filter_map(|other| self.lines.get(*other)).any(|title| {
                title.words >= 4 && title.words < line.words && line.words <= title.words + 7 && named(line, title)
            });
            if repeats {
                self.add(longer, Sign::WindowTitle);
            }
        }
    }

    /// «Home Politics TITLE»: a breadcrumb whose signs were lost, above the title.
    pub(super) fn crumbs_with_title(&mut self) {
        let head: Vec<usize> =
            (0..self.lines.len().min(self.body.0 + 1)).filter(|index| self.is_kept(*index)).take(20).collect();
        for &crumbs in &head {
            let Some(line) = self.lines.get(crumbs) else { continue };
            let repeats = head.iter().filter(|other| **other > crumbs).any(|&other| {
                let Some(title) = self.lines.get(other) else { return false };
                if title.words < 4 || title.key.len() > line.key.len() {
                    return false;
                }
                let before = line.key.strip_suffix(title.key.as_str()).map(str::trim);
                let starts = before.and_then(|before| before.split(' ').next());
                starts.is_some_and(|first| self.phrases.whole(first, class::GENERIC))
            });
            if repeats {
                self.add(crumbs, Sign::LostCrumbs);
            }
        }
    }

    /// Another article behind this one, as pages have it that load the next one
    /// when they are read to the end: a headline about something else, its own
    /// dateline, its own text. From there on nothing is this article's. In plain
    /// text only: the marks of HTML say better where an article ends.
    pub(super) fn neighbours(&mut self) {
        if self.lines.iter().any(|line| line.kind != SourceKind::Line && line.source.is_some()) {
            return;
        }
        let (first, last) = self.body;
        for index in first + 2..last {
            let Some(line) = self.lines.get(index).filter(|line| line.cut.is_none() && self.is_full_dateline(line))
            else {
                continue;
            };
            let above = (first..index).rev().find(|above| {
                self.lines
                    .get(*above)
                    .is_some_and(|other| other.cut.is_none() && other.words >= 4 && other.key != line.key)
            });
            let Some(headline) = above.filter(|above| *above > first) else { continue };
            let is_headline = self.lines.get(headline).is_some_and(|line| !line.is_paragraph() && line.words <= 30);
            let before = Subject::of(self.lines.iter().take(headline), self.phrases);
            let shares = |from: usize, to: usize| {
                let lines = self.lines.iter().take(to).skip(from).filter(|line| line.cut.is_none());
                let shares: Vec<f32> = lines.map(|line| before.overlap(line, self.phrases).0).collect();
                shares.iter().sum::<f32>() / shares.len().max(1) as f32
            };
            let foreign = !before.is_thin() && shares(headline, headline + 1) < 0.25 && shares(index + 1, last) < 0.3;
            let after = Subject::of(self.lines.iter().take(last).skip(index + 1), self.phrases);
            let heads = self.lines.get(headline).is_some_and(|line| after.overlap(line, self.phrases).0 >= 0.4);
            let signed =
                line.says(Cue::Dateline) || line.any_clock() || line.key.split(' ').any(|word| word == "بواسطه");
            if !is_headline || !foreign || !heads || !signed {
                continue;
            }
            // Its section stands above the headline.
            let above = headline.checked_sub(1).filter(|above| {
                self.lines.get(*above).is_some_and(|line| self.phrases.whole(&line.key, class::SECTION))
            });
            for cut in above.unwrap_or(headline)..self.lines.len() {
                self.add(cut, Sign::NextArticle);
            }
            self.find_body();
            // What was amid the text is now behind it.
            self.weigh_all();
            return;
        }
    }

    /// A day with its year, and words that say that something was published.
    fn is_full_dateline(&self, line: &Line) -> bool {
        let year =
            || line.each_word().any(|word| word.len() == 4 && (word.starts_with("19") || word.starts_with("20")));
        (line.dateline || line.mixed_dateline) && !line.is_paragraph() && year()
    }

    /// Three names of one or two words, and below them furniture: tags.
    fn are_names_above_furniture(&self, from: usize) -> bool {
        let names = self.lines.iter().skip(from).take(3);
        names.clone().count() == 3
            && names.clone().all(|line| (1..=2).contains(&line.words))
            && self.lines.get(from + 3).is_some_and(|line| line.cut.is_some())
    }

    /// A row of scraps or of headlines behind the text is a menu or a list of
    /// other articles, unless the text announces it.
    pub(super) fn rows_below(&mut self) {
        let announced = self.lines.get(self.body.1.wrapping_sub(1)).is_some_and(|line| line.shown.ends_with(':'));
        if announced || self.body.1 >= self.lines.len() {
            return;
        }
        // Nothing of the body is cut here: it is the same whenever it is asked.
        let subject = OnceCell::new();
        let mut from = self.body.1;
        while from < self.lines.len() {
            let body = || subject.get_or_init(|| self.subject(self.body.0));
            let row = |test: &dyn Fn(&Line) -> bool| -> usize {
                self.lines.iter().skip(from).take_while(|line| line.cut.is_none() && test(line)).count()
            };
            let spoken = |line: &Line| {
                line.weight >= MARKED
                    || line.says(Cue::Credit)
                    || line.says(Cue::Byline)
                    || line.says(Cue::Caption)
                    || line.says(Cue::Dateline)
            };
            let scraps = row(&|line| line.is_scrap() && !spoken(line) && !line.any_number());
            let headline = |line: &Line| {
                let short =
                    (4..=22).contains(&line.words) && !line.end_mark && !line.is_bullet() && !line.shown.ends_with(':');
                short && !spoken(line)
            };
            // Fewer are no row, whatever they are about.
            let headlines = if row(&headline) < 3 {
                0
            } else {
                row(&|line| headline(line) && body().overlap(line, self.phrases).0 < 0.25)
            };
            let (length, sign) = match (scraps, headlines) {
                (4.., _) => (scraps, Sign::ScrapRow),
                (3, _) if self.are_names_above_furniture(from) => (scraps, Sign::ScrapRow),
                (_, 3..) if !body().is_thin() => (headlines, Sign::HeadlineRow),
                _ => (0, Sign::ScrapRow),
            };
            for index in from..from + length {
                self.add(index, sign);
            }
            from += length.max(1);
        }
    }
}

/// Too long for a title, and without the marks of running text.
fn is_run_of_headlines(line: &Line) -> bool {
    line.words > 26 && !line.end_mark && !line.shown.ends_with(':') && !line.shown.contains(['،', '؛'])
}
