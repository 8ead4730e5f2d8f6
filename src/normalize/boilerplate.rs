//! What is cut and why: one classifier for plain lines and for HTML blocks.
//!
//! A line falls by what it says (`signs`), by where it stands, by the share of
//! links in it and the source's own marks (`markup`), or by its neighbours (here,
//! in `rows` and in `lists`); only where the weights of all that together make it certain
//! (`weights`). Whatever falls is counted by kind.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::lines::{Line, body_start};
use super::markup::MARKED;
use super::phrases::{Cue, Phrases, Zone};
use super::signs;
use super::weights::{Position, Sign};
use crate::record::{RemovedKind, SourceKind};

/// A page that says it is behind a wall and shows fewer words shows a stub.
const STUB: usize = 120;

/// What an author box calls its author, folded.
const ROLES: &[&str] = &[
    "writer",
    "reporter",
    "journalist",
    "correspondent",
    "editor",
    "columnist",
    "journaliste",
    "شاعر",
    "شاعره",
    "كاتب",
    "كاتبه",
    "صحفي",
    "صحفيه",
    "صحافي",
    "صحافيه",
    "مراسل",
    "مراسله",
    "محرر",
    "محرره",
    "باحث",
    "باحثه",
    "نویسنده",
    "روزنامه",
];

/// Lines of one page and where its body stands among them.
pub(super) struct Page<'a> {
    pub lines: &'a mut [Line],
    pub phrases: &'a Phrases,
    /// Key of the title, if the metadata tells it.
    pub title: Option<&'a str>,
    /// Index of the first paragraph and behind the last one.
    pub(super) body: (usize, usize),
}

impl<'a> Page<'a> {
    pub(super) fn new(lines: &'a mut [Line], phrases: &'a Phrases, title: Option<&'a str>) -> Self {
        for line in lines.iter_mut() {
            line.signs = signs::of(line, phrases);
            line.signs.add_if(title == Some(line.key.as_str()), Sign::Title);
        }
        let mut page = Self { lines, phrases, title, body: (0, 0) };
        page.find_body();
        page
    }

    /// Marks every line that is certainly no part of the article.
    pub(super) fn cut_furniture(&mut self) {
        self.by_markup();
        self.find_body();
        self.comments_to_the_end();
        self.continued();
        self.pager();
        self.weigh_all();
        self.teasers();
        self.widget_heads();
        self.find_body();
        self.related_lists();
        self.staff();
        self.share_neighbours();
        self.head();
        self.window_title();
        self.author_box();
        self.role_below_name();
        self.crumbs_with_title();
        self.neighbours();
        self.tail();
        self.repeats();
        self.rows_below();
    }

    /// Gives a line one more sign, which may be what was missing to cut it.
    pub(super) fn add(&mut self, index: usize, sign: Sign) {
        let position = self.position(index);
        if let Some(line) = self.lines.get_mut(index) {
            line.add(sign, position);
        }
    }

    pub(super) fn weigh_all(&mut self) {
        for index in 0..self.lines.len() {
            let position = self.position(index);
            if let Some(line) = self.lines.get_mut(index) {
                line.weigh(position);
            }
        }
    }

    const fn position(&self, index: usize) -> Position {
        match index {
            _ if self.is_head(index) => Position::Head,
            _ if self.is_tail(index) => Position::Tail,
            _ => Position::Body,
        }
    }

    /// First and last paragraph among what is not cut and says no furniture.
    pub(super) fn find_body(&mut self) {
        let is_body = |line: &Line| {
            line.cut.is_none()
                && line.is_paragraph()
                && !line.is_notice()
                && !line.signs.has(Sign::Contact)
                && ![Cue::CommentPart, Cue::Share, Cue::Furniture, Cue::RelatedLine, Cue::Paywall]
                    .into_iter()
                    .any(|cue| line.has(cue, Zone::Anywhere))
        };
        let first = self.lines.iter().position(is_body);
        let last = self.lines.iter().rposition(is_body);
        let title = self.title.and_then(|title| self.lines.iter().position(|line| line.key == title));
        self.body = match (first, last) {
            (Some(first), Some(last)) => (body_start(self.lines, first, title), last + 1),
            _ => (self.lines.len(), self.lines.len()),
        };
    }

    pub(super) const fn is_head(&self, index: usize) -> bool {
        index < self.body.0
    }

    pub(super) const fn is_tail(&self, index: usize) -> bool {
        index >= self.body.1
    }

    pub(super) fn is_edge(&self, index: usize) -> bool {
        self.is_head(index) || self.is_tail(index)
    }

    pub(super) fn kept_length(&self) -> usize {
        self.lines.iter().filter(|line| line.cut.is_none()).map(|line| line.key.len()).sum()
    }

    /// A name alone, and below it behind the text what its bearer is.
    fn role_below_name(&mut self) {
        let from = self.body.0 + 2;
        for index in from.max(self.lines.len().saturating_sub(30))..self.lines.len() {
            let name = self.lines.get(index).is_some_and(|line| {
                line.cut.is_none()
                    && (2..=4).contains(&line.words)
                    && !line.end_mark
                    && !line.any_number()
                    && !line.is_labelled()
            });
            let last = self.body.1.saturating_sub(1);
            let role =
                || index + 1 >= last && self.lines.get(index + 1).is_some_and(|line| line.words <= 45 && is_role(line));
            if name && role() && self.is_kept(index + 1) {
                self.add(index, Sign::AuthorBox);
                self.add(index + 1, Sign::AuthorBox);
                self.find_body();
            }
        }
    }

    /// «Read more» where the text breaks off.
    fn continued(&mut self) {
        if self.breaks_off() {
            for line in self.lines.iter_mut().filter(|line| line.has(Cue::Continue, Zone::Tail)) {
                line.signs.add(Sign::Continues);
            }
        }
    }

    /// The last paragraph ends in dots.
    pub(super) fn breaks_off(&self) -> bool {
        let last = self.body.1.checked_sub(1).and_then(|last| self.lines.get(last));
        last.is_some_and(|line| {
            let shown = line.shown.trim_end_matches([']', ')', ' ']);
            shown.ends_with('…') || shown.ends_with("...")
        })
    }

    /// Whether the article goes on behind a wall, or on another page. `paywalled`
    /// is the page's own word, which many put on pages that hold all the text.
    pub(super) fn is_partial(&self, paywalled: bool) -> bool {
        let words: usize = self.lines.iter().filter(|line| line.cut.is_none()).map(|line| line.words).sum();
        paywalled && (words < STUB || self.breaks_off())
            || self.lines.iter().any(|line| {
                let paged = line.cut.is_some() && line.signs.has(Sign::Pager);
                paged && signs::parts(line).is_some_and(|parts| parts > 1)
            })
            || self.lines.iter().enumerate().any(|(index, line)| {
                line.cut.is_some()
                    && self.is_tail(index)
                    && (line.has(Cue::Paywall, Zone::Anywhere)
                        || line.has(Cue::Continue, Zone::Tail) && self.breaks_off())
            })
    }

    /// «Editor-in-chief» and the name under it.
    fn staff(&mut self) {
        for index in 0..self.lines.len() {
            let labels = self.lines.get(index).is_some_and(|line| line.has(Cue::Staff, Zone::Edge));
            if !labels || !self.is_edge(index) {
                continue;
            }
            self.add(index, Sign::Staff);
            if self.lines.get(index + 1).is_some_and(|line| line.words <= 5 && !line.end_mark)
                && self.is_edge(index + 1)
            {
                self.add(index + 1, Sign::Staff);
            }
        }
    }

    /// A number or a network's name alone, beside a share bar.
    fn share_neighbours(&mut self) {
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { break };
            if line.words != 1 {
                continue;
            }
            let short = || line.any_number() && line.key.len() < 7 || signs::is_networks(line, self.phrases);
            let beside = |at: Option<usize>| {
                at.and_then(|at| self.lines.get(at)).is_some_and(|line| line.cut == Some(RemovedKind::ShareBar))
            };
            if (beside(index.checked_sub(1)) || beside(Some(index + 1))) && short() {
                self.add(index, Sign::BesideShare);
            }
        }
    }

    /// «NAME is a staff writer at …» behind the text, NAME being the byline's.
    fn author_box(&mut self) {
        let named = self.lines.iter().take(self.body.0).find(|line| line.says(Cue::Byline) && line.words <= 9);
        let Some(name) = named.map(Line::key_behind_phrase).filter(|name| name.contains(' ')) else { return };
        let name = name.split(" and ").next().unwrap_or_default().to_owned();
        let total = self.kept_length();
        let mut below = 0;
        for index in (self.body.0 + 2..self.lines.len()).rev() {
            let Some(line) = self.lines.get(index).filter(|line| line.cut.is_none()) else { continue };
            below += line.key.len();
            let rest = line.key.strip_prefix(name.as_str());
            let told = rest.is_some_and(|rest| rest.split(' ').take(8).any(|word| ROLES.contains(&word)));
            if told && line.words <= 45 && below * 4 < total {
                // Nothing of the text comes behind it.
                for cut in (index..self.lines.len())
                    .filter(|at| self.lines.get(*at).is_some_and(|line| !line.is_labelled()))
                    .collect::<Vec<_>>()
                {
                    self.add(cut, Sign::AuthorBox);
                }
                self.find_body();
                return;
            }
        }
    }

    pub(super) fn is_kept(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|line| line.cut.is_none())
    }

    /// The same line again: a lead given twice, a title above and below.
    fn repeats(&mut self) {
        let told_again = self.told_again();
        let mut seen: FxHashMap<u64, usize> =
            FxHashMap::with_capacity_and_hasher(self.lines.len(), rustc_hash::FxBuildHasher);
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { break };
            if line.cut.is_some() || line.key.is_empty() {
                continue;
            }
            let long = (line.words >= 4 || self.is_edge(index)) && !told_again.contains(&index);
            let hash = xxh3_64(line.key.as_bytes());
            match seen.get(&hash) {
                Some(&before) if long || before + 1 == index => {
                    // Of a menu's entry and the section above the title the menu's goes.
                    let in_menu = self.is_head(index)
                        && before + 1 != index
                        && self.lines.get(index).is_some_and(|line| line.words < 4);
                    if in_menu {
                        seen.insert(hash, index);
                    }
                    let within = self.is_of_text(before, index);
                    self.add(if in_menu || within { before } else { index }, Sign::Repeat);
                }
                Some(_) => {}
                None => {
                    seen.insert(hash, index);
                }
            }
        }
    }

    /// Lines that say again, below a heading of their own, what stood below another: a plan
    /// that has for each day much of what it had for the day before. An article that the page
    /// shows twice has its headings twice, too.
    fn told_again(&self) -> FxHashSet<usize> {
        const FEWEST: usize = 4;
        let hash = |line: &Line| xxh3_64(line.key.as_bytes());
        let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
        let of_text = |line: &Line| line.cut.is_none() && line.weight >= MARKED && line.words > 0;
        let (first, last) = self.body;
        let text = || self.lines.iter().enumerate().take(last).skip(first).filter(|(_, line)| of_text(line));
        for (_, line) in text() {
            *counts.entry(hash(line)).or_default() += 1;
        }
        let is_new = |line: &Line| {
            matches!(line.kind, SourceKind::Heading(_)) && line.words >= 4 && counts.get(&hash(line)) == Some(&1)
        };
        let mut told = FxHashSet::default();
        let mut seen = FxHashSet::default();
        let (mut headings, mut again) = (0, Vec::new());
        for (index, line) in text() {
            if is_new(line) {
                if again.len() >= FEWEST {
                    told.extend(again.drain(..));
                }
                again.clear();
                headings += 1;
            } else if headings > 1 && line.link_density < 0.5 && seen.contains(&hash(line)) {
                again.push(index);
            }
            seen.insert(hash(line));
        }
        if again.len() >= FEWEST {
            told.extend(again);
        }
        told
    }

    /// Of a line in the midst of the text and its copy in a caption or a summary
    /// the copy goes: without the line the text would have a gap.
    fn is_of_text(&self, copy: usize, index: usize) -> bool {
        let (Some(copy), Some(line)) = (self.lines.get(copy), self.lines.get(index)) else { return false };
        let caption = copy.kind == SourceKind::Caption && line.weight > 0;
        let summary = copy.weight < MARKED && line.weight >= MARKED && index > self.body.0;
        line.kind == SourceKind::Paragraph && (caption || summary)
    }
}

/// Begins by saying what somebody is: «A journalist who …».
pub(super) fn is_role(line: &Line) -> bool {
    line.key.split(' ').next().is_some_and(|first| ROLES.contains(&first))
}
