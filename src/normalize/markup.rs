//! What an HTML page's own marks tell: furniture elements, lists of links, and
//! the stretch of blocks that is the article.

use super::boilerplate::Page;
use super::lines::Line;
use super::phrases::{Cue, class};
use super::weights::Sign;
use crate::record::SourceKind;

/// Bytes of paragraphs (as keys) under a mark from which on it is believed.
const MARKED_TEXT: usize = 400;
/// Weight of what the source itself marks as the article.
pub(super) const MARKED: i8 = 2;

impl Page<'_> {
    /// By the source's own marks: furniture elements, links without text, and
    /// what stands outside the article that they tell.
    pub(super) fn by_markup(&mut self) {
        // A title that only the metadata has is no mark of the page's.
        if self.lines.iter().all(|line| line.kind == SourceKind::Line || line.source.is_none()) {
            return;
        }
        let level = self.article_level();
        let believe = level > 0 || self.most_is_unmarked();
        let article = self.densest(level, believe);
        let (label, heading) = (self.section_above_title(), self.title_line());
        for index in (0..self.lines.len()).filter(|index| Some(*index) != label) {
            let Some(line) = self.lines.get(index) else { break };
            let signed = line.says(Cue::Byline) && (2..=12).contains(&line.words) && line.weight >= 0;
            let links = line.kind != SourceKind::Line
                && line.link_density > 0.6
                && !line.end_mark
                && line.words < 30
                && !signed;
            // The date often stands in a header of its own.
            let date = article.is_some_and(|(first, _)| index < first && index + 8 > first)
                && (line.dateline
                    || line.mixed_dateline
                    || line.kind == SourceKind::Meta && line.says(Cue::Byline) && line.weight > -2);
            let kicker = is_kicker(line) && heading == Some(index + 1);
            if line.weight < 0 && believe && line.kind != SourceKind::Heading(1) && !date && !kicker {
                self.add(index, Sign::FurnitureElement);
            } else if links && !matches!(line.kind, SourceKind::Heading(1) | SourceKind::Meta) {
                let listed = line.kind == SourceKind::ListItem && self.is_tail(index);
                self.add(index, if listed { Sign::LinkList } else { Sign::LinksOnly });
            }
        }
        if let Some((first, last)) = article {
            self.outside_of_article(first, self.end_of_marked(last, level), label);
        }
    }

    /// A page that puts its article into an `<aside>` is believed the other way
    /// round. Menus alone say nothing of that: beside a short article they are most
    /// of the page.
    fn most_is_unmarked(&self) -> bool {
        let sum = |of: &dyn Fn(&Line) -> bool| -> usize {
            let lines = self.lines.iter().filter(|line| line.cut.is_none() && of(line));
            lines.map(|line| line.key.len()).sum()
        };
        let furniture = sum(&|line| line.weight < 0);
        if furniture * 2 < self.kept_length() {
            return true;
        }
        let text = sum(&|line| line.weight >= 0 && line.is_paragraph());
        let furniture_text = sum(&|line| line.weight < 0 && line.is_paragraph());
        let without_links = sum(&|line| line.weight < 0 && line.link_density < 0.5);
        furniture_text < text && without_links < text * 2
    }

    /// Where the page's title stands.
    fn title_line(&self) -> Option<usize> {
        let heading = self.lines.iter().position(|line| line.kind == SourceKind::Heading(1) && line.source.is_some());
        heading.or_else(|| {
            self.lines.iter().position(|line| self.title == Some(line.key.as_str()) && line.source.is_some())
        })
    }

    /// A short link right above the title names its section; one of several in a
    /// row is a menu's.
    fn section_above_title(&self) -> Option<usize> {
        let title = self.title_line()?;
        let short = |index: usize| {
            self.lines.get(index).is_some_and(|line| {
                line.words <= 3
                    && line.words > 0
                    && !line.end_mark
                    && !line.any_number()
                    && line.kind != SourceKind::ListItem
            })
        };
        let near = (title.saturating_sub(3)..title).rev();
        let known =
            |index: usize| self.lines.get(index).is_some_and(|line| self.phrases.whole(&line.key, class::SECTION));
        let label = near.filter(|index| short(*index)).find(|index| {
            let linked = |line: &Line| line.link_density > 0.6 && index + 1 == title && line.weight >= -1;
            known(*index) || self.lines.get(*index).is_some_and(linked)
        })?;
        // A row is of one kind of element: a menu above is not the label's.
        let weight = |index: usize| self.lines.get(index).map(|line| line.weight);
        let beside = |index: usize| short(index) && weight(index) == weight(label);
        (known(label) || label < 2 || !beside(label - 1) || !beside(label - 2)).then_some(label)
    }

    /// The strongest mark under which a whole article's text stands; 0 if none.
    fn article_level(&self) -> i8 {
        let text = |level: i8| -> usize {
            let marked = self.lines.iter().filter(|line| line.weight >= level && line.is_paragraph());
            marked.map(|line| line.key.len()).sum()
        };
        let highest = self.lines.iter().map(|line| line.weight).max().unwrap_or_default();
        (1..=highest).rev().find(|level| text(*level) > MARKED_TEXT).unwrap_or_default()
    }

    /// Behind the last paragraph a marked article may go on: a list, an address,
    /// a last word.
    fn end_of_marked(&self, last: usize, level: i8) -> usize {
        if level < MARKED {
            return last;
        }
        let rest = self.lines.iter().skip(last).take_while(|line| line.weight >= 0);
        let marked = rest.enumerate().filter(|(_, line)| line.weight >= level && line.cut.is_none());
        marked.last().map_or(last, |(index, _)| last + index + 1)
    }

    /// The article is the stretch of blocks with the most running text and the
    /// fewest links; what else the page holds is another's.
    fn outside_of_article(&mut self, first: usize, last: usize, label: Option<usize>) {
        let title = self.lines.iter().take(first).rposition(|line| {
            line.cut.is_none() && (line.kind == SourceKind::Heading(1) || self.title == Some(line.key.as_str()))
        });
        let title = title.map(|title| self.above_lead(title));
        let text = first;
        let first = title.unwrap_or(first);
        let last = self.end_of_signature(last);
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { break };
            let spared = match line.kind {
                _ if Some(index) == label || title == Some(index + 1) && is_kicker(line) => true,
                SourceKind::Heading(1) => title.is_none(),
                SourceKind::Meta => index + 8 > first && index < last + 3,
                _ if index < text && index + 8 > text => line.dateline || line.mixed_dateline,
                _ => line.says(Cue::Credit) && line.is_labelled() && index < last + 3,
            };
            if !(first..last).contains(&index) && !spared {
                self.add(index, Sign::OutsideArticle);
            }
        }
    }

    /// The title's first place, where the page gives it again right above the text: the lead,
    /// which stands nowhere else, is between.
    fn above_lead(&self, title: usize) -> usize {
        const MOST_BETWEEN: usize = 12;
        let key = self.lines.get(title).map(|line| line.key.as_str());
        let once = |lead: &Line| self.lines.iter().filter(|line| line.key == lead.key).count() == 1;
        let heads = |pair: &[Line]| {
            matches!(pair, [upper, lead] if upper.kind == SourceKind::Heading(1) && Some(upper.key.as_str()) == key
                && lead.weight > 0 && lead.end_mark && lead.is_paragraph() && once(lead))
        };
        let first = title.saturating_sub(MOST_BETWEEN);
        let above = self.lines.get(first..title).unwrap_or_default().windows(2).position(heads);
        above.map_or(title, |above| first + above)
    }

    /// Behind the short lines that end a text within its own element: a closing
    /// formula, who signs, where and when.
    fn end_of_signature(&self, last: usize) -> usize {
        const LONGEST: usize = 6;
        let Some(level) = last.checked_sub(1).and_then(|last| self.lines.get(last)).map(|line| line.weight) else {
            return last;
        };
        let signs = |line: &Line| {
            let plain = matches!(line.kind, SourceKind::Paragraph | SourceKind::Meta) && line.cut.is_none();
            let furniture = line.says_anything() && !line.says(Cue::Dateline) && !line.says(Cue::Credit);
            plain && line.weight == level && line.words <= 8 && line.link_density < 0.3 && !furniture
        };
        let length = self.lines.iter().skip(last).take(LONGEST).take_while(|line| signs(line)).count();
        // So many are a list.
        last + if level > 1 && length < LONGEST { length } else { 0 }
    }

    /// The stretch with the largest sum of words of running text, marked text
    /// counting twice, less what links and scraps cost. `None` where that does
    /// not hold most of the page's running text, so that nothing is certain.
    fn densest(&self, level: i8, believe: bool) -> Option<(usize, usize)> {
        let (mut best, mut now) = ((0_i64, 0, 0), (0_i64, 0));
        let (mut all, mut sums) = (0, Vec::with_capacity(self.lines.len()));
        for (index, line) in self.lines.iter().enumerate() {
            let text = line.cut.is_none() && line.is_paragraph() && (line.weight >= 0 || !believe);
            #[allow(clippy::cast_possible_wrap)] // a line is short
            let words = line.words as i64;
            all += if text { words } else { 0 };
            sums.push(all);
            now.0 += match (text, level > 0 && line.weight >= level) {
                (true, true) => words * 2,
                (true, false) if level > 0 => words / 4 - 4,
                (true, false) => words,
                // A last word of five words is the article's, too.
                _ if line.cut.is_none() && line.weight >= level && is_short_sentence(line) => 1,
                (false, true) => -1,
                (false, false) => -4,
            };
            if now.0 <= 0 {
                now = (0, index + 1);
            } else if now.0 > best.0 {
                best = (now.0, now.1, index + 1);
            }
        }
        let (_, first, last) = best;
        let before = first.checked_sub(1).and_then(|before| sums.get(before)).copied().unwrap_or_default();
        let within = last.checked_sub(1).and_then(|last| sums.get(last)).copied().unwrap_or_default() - before;
        (within > 0 && (level > 0 || within * 5 > all * 3)).then_some((first, last))
    }
}

/// A smaller heading or a line of some words, right above the title, that is no
/// link.
fn is_kicker(line: &Line) -> bool {
    let plain = line.kind == SourceKind::Paragraph
        && (4..=12).contains(&line.words)
        && line.weight >= -1
        && !line.end_mark
        && !line.any_number()
        && !line.says_anything();
    (matches!(line.kind, SourceKind::Heading(2..)) && line.words >= 3 || plain) && line.link_density < 0.3
}

/// A sentence too short to tell running text, which says no furniture.
fn is_short_sentence(line: &Line) -> bool {
    let furniture =
        [Cue::CommentHead, Cue::CommentPart, Cue::Share, Cue::RelatedHead, Cue::RelatedLine, Cue::Furniture];
    line.end_mark && line.words >= 3 && line.link_density < 0.5 && !furniture.into_iter().any(|cue| line.says(cue))
}
