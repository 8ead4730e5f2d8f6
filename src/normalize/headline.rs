//! Which line is the title where the metadata tells none, and what above it is
//! none of the article's.

use super::blocks::Sorter;
use super::lines::Line;
use super::marks::Marks;
use super::phrases::{Cue, class};
use super::weights::{Position, Sign};
use crate::record::SourceKind;

impl Sorter<'_> {
    /// Among the lines above the text the one that is most about it.
    pub(super) fn choose_title(&self) -> Option<usize> {
        let first_kept = (0..self.lines.len()).find(|index| self.kept(*index).is_some())?;
        self.next_kept(first_kept)?;
        let (first, last) = self.body;
        let may_be = |index: &usize| self.kept(*index).is_some_and(|line| self.may_be_title(line, true));
        let candidates: Vec<usize> = (0..self.lines.len().min(first)).filter(may_be).collect();
        if let [only] = *candidates {
            return Some(only);
        }
        let mut best: Option<(f32, usize)> = None;
        for index in candidates {
            let Some(line) = self.kept(index) else { continue };
            let (share, common) = self.subject().overlap(line, self.phrases);
            #[allow(clippy::cast_precision_loss)] // a line is short
            let mut score = share + 0.15 * common.min(4) as f32;
            score += if line.kind == SourceKind::Heading(1) { 1.0 } else { 0.0 };
            score -= match line.words {
                0..3 => 1.0,
                3..5 => 0.6,
                _ => 0.0,
            };
            let dates = |below: usize| self.kept(below).is_some_and(|line| line.dateline);
            score += if self.next_kept(index).is_some_and(dates) { 0.3 } else { 0.0 };
            // Names beside a date are a byline.
            score -= if line.mixed_dateline { 0.6 } else { 0.0 };
            // The date and the byline stand below the title.
            let dated = |above: &usize| self.kept(*above).is_some_and(|line| line.dateline || line.mixed_dateline);
            let below_date = best.is_some_and(|(_, above)| (above + 1..index).any(|above| dated(&above)));
            score -= if below_date { 0.8 } else { 0.0 };
            if best.is_none_or(|(most, _)| score > most + 0.2) {
                best = Some((score, index));
            }
        }
        if best.is_some() {
            return best.map(|(_, index)| index);
        }
        // Nothing else heads the text: words such as «By» may begin a title.
        let weak =
            |index: &usize| self.kept(*index).is_some_and(|line| line.words >= 3 && self.may_be_title(line, false));
        if let Some(index) = (0..self.lines.len().min(first)).find(weak) {
            return Some(index);
        }
        // A question or an exclamation looks like a sentence, but heads the text.
        let line = self.kept(first_kept)?;
        let asks =
            !line.shown.ends_with(['.', '۔', '”', '"', '»']) && line.words <= 20 && self.may_be_title(line, true);
        (asks && first_kept == first && self.next_kept(first).is_some_and(|next| next < last)).then_some(first_kept)
    }

    /// Above the title stand at most a section, a kicker and a dateline; a row of
    /// scraps is a menu, a row of headlines about else the news of the day.
    pub(super) fn cut_above_title(&mut self) {
        let above: Vec<usize> =
            (0..self.title.unwrap_or_default()).filter(|index| self.kept(*index).is_some()).collect();
        let of = |test: &dyn Fn(&Line) -> bool| -> Vec<usize> {
            above.iter().copied().filter(|index| self.kept(*index).is_some_and(test)).collect()
        };
        let scraps = of(&|line| {
            let scrap = line.is_scrap() && !line.any_number() && !line.says(Cue::Byline) || line.is_entry();
            scrap && !self.is_agency(line)
        });
        let mut headlines = of(&|line| (4..=30).contains(&line.words) && self.may_be_title(line, true));
        if headlines.len() >= 3 {
            let differs = |line: &Line| self.subject().overlap(line, self.phrases).0 < 0.25;
            headlines.retain(|index| self.kept(*index).is_some_and(differs));
        }
        let section = scraps.last().copied().filter(|last| {
            let known = self.kept(*last).is_some_and(|line| self.phrases.whole(&line.key, class::SECTION));
            // The last entry of a menu is none, but one that the menu has, too, is.
            let twice =
                self.lines.iter().take(*last).any(|line| {
                    line.cut.is_some() && self.lines.get(*last).is_some_and(|section| section.key == line.key)
                });
            let entry = self.kept(*last).is_some_and(Line::is_entry);
            known && twice && !entry && above.iter().rev().take(2).any(|near| near == last)
        });
        let mut cut: Vec<(usize, Sign)> = Vec::new();
        // What is above the title and about nothing of the text is a ticker.
        let kicker = above.last().copied();
        const BULLET: Marks = Marks::of(&['•']);
        let ticker = above.iter().copied().filter(|index| {
            self.kept(*index).is_some_and(|line| {
                if line.words < 4 || line.kind != SourceKind::Line || self.subject().is_thin() {
                    return false;
                }
                let ticker =
                    line.says(Cue::RelatedHead) || line.key.split(' ').next().is_some_and(|first| first == "عاجل");
                let about = self.subject().overlap(line, self.phrases).1;
                let starts = ["اخر الاخبار ", "احدث الاخبار ", "شريط الاخبار ", "عاجل "];
                let starts = starts.iter().any(|start| line.key.starts_with(start))
                    || line.marks.may_have(BULLET) && line.shown.contains(" •");
                about == 0 && (ticker || Some(*index) != kicker) || starts && about <= 1
            })
        });
        cut.extend(ticker.map(|index| (index, Sign::AboveTitle)));
        let (dates, dated): (Vec<usize>, bool) = (
            of(&|line| line.dateline),
            (self.title.unwrap_or_default()..self.body.0)
                .any(|index| self.kept(index).is_some_and(|line| line.dateline || line.mixed_dateline)),
        );
        // The masthead's date is today's.
        let others = if dated { dates.len() } else { dates.len().saturating_sub(1) };
        cut.extend(dates.into_iter().take(others).map(|index| (index, Sign::MastheadDate)));
        let beside = of(&|line| line.mixed_dateline && !line.dateline && line.key.split(' ').count() > 5);
        cut.extend(beside.into_iter().filter(|_| dated).map(|index| (index, Sign::MastheadDate)));
        // A breadcrumb in lines: the last of them is the section.
        let section = if scraps.len() >= 4 { section } else { scraps.last().copied() };
        let section = section.filter(|last| !self.kept(*last).is_some_and(Line::is_entry));
        cut.extend(self.above_menu(&above, &scraps).map(|index| (index, Sign::AboveTitle)));
        let menu = scraps.into_iter().filter(|scrap| Some(*scrap) != section);
        cut.extend(menu.map(|index| (index, Sign::AboveTitle)));
        if headlines.len() >= 3 && !self.subject().is_thin() {
            cut.extend(headlines.into_iter().map(|index| (index, Sign::AboveTitle)));
        }
        let (first, last) = self.text;
        if cut.iter().any(|(index, _)| (first..last).contains(index)) {
            // Of the text as it stands, before this is cut.
            self.subject();
        }
        for (index, sign) in cut {
            if let Some(line) = self.lines.get_mut(index) {
                line.add(sign, Position::Head);
            }
        }
    }

    /// What stands above a menu, four scraps or more in a row, is the masthead's.
    fn above_menu<'a>(&'a self, above: &'a [usize], scraps: &[usize]) -> impl Iterator<Item = usize> + 'a {
        let (mut row, mut menu) = (0, None);
        for (place, index) in above.iter().enumerate() {
            row = if scraps.binary_search(index).is_ok() { row + 1 } else { 0 };
            menu = if row >= 4 { Some(place + 1 - row) } else { menu };
        }
        // What stands above the paper's address is, too.
        let address = self
            .lines
            .iter()
            .take(self.title.unwrap_or_default())
            .rposition(|line| line.cut.is_some() && line.signs.has(Sign::Contact));
        let below = address.map_or(0, |address| above.iter().take_while(|index| **index < address).count());
        let masthead = above.get(..menu.unwrap_or_default().max(below)).unwrap_or_default();
        masthead.iter().copied().filter(|index| self.kept(*index).is_some_and(|line| !line.is_paragraph()))
    }

    /// `strict` leaves out what begins as bylines do.
    fn may_be_title(&self, line: &Line, strict: bool) -> bool {
        let plain = !line.shown.ends_with(['.', ':', '۔', '،']) || line.shown.ends_with("..");
        let other = line.is_labelled()
            && [Cue::Caption, Cue::Credit, Cue::Byline].into_iter().any(|cue| line.says(cue))
            || strict && line.says(Cue::Byline) && line.words <= 4
            || line.says(Cue::Dateline) && line.any_number()
            || line.dateline
            || self.is_agency(line)
            || self.is_site(line)
            || line.kind == SourceKind::Meta
            || line.is_bullet() && line.kind != SourceKind::Heading(1)
            || line.words < 3 && self.phrases.whole(&line.key, class::SECTION);
        line.words > 0 && line.words <= 30 && plain && !other
    }
}
