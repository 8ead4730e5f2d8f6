//! What each kept line is: title, section, lead, sub-head, credit and the rest.

use std::cell::OnceCell;

use super::key;
use super::lines::{Line, body_start};
use super::marks::Marks;
use super::names::crumbs;
use super::phrases::{Cue, Phrases, class};
use super::subject::Subject;
use super::weights::{Position, Sign};
use crate::record::{Article, BlockKind, RemovedKind, SourceKind};

/// Labels of a photographer within brackets.
const PHOTO_LABELS: &[&str] = &["ت", "تصوير", "عدسة", "الصورة", "photo", "ph"];

/// Words that credit a picture, folded; behind them stands a name.
const PHOTO_WORDS: &[&str] = &[
    "photo",
    "photos",
    "photograph",
    "photographie",
    "fotograf",
    "تصوير",
    "عدسه",
    "عکس",
    "وێنه",
    "وێنە",
    "فوٹو",
    "انځور",
];

/// Heads of a summary in points, folded.
const KEY_POINTS: &[&str] = &[
    "ابرز التطورات",
    "ابرز النقاط",
    "اهم النقاط",
    "اهم التطورات",
    "ابرز ما جاء",
    "نقاط رئيسيه",
    "النقاط الرئيسيه",
    "ملخص",
    "الملخص",
    "في هذا المقال",
    "key points",
    "highlights",
    "at a glance",
    "summary",
];

/// Last words of a picture's caption, folded: it is of the archive, or a symbol.
const FILE_WORDS: &[&str] = &[" ارشيفيه", " ارشيف", " تعبيريه", " archives"];

/// Strings of the record that the lines tell.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub title: Option<String>,
    pub section: Option<String>,
    pub breadcrumbs: Vec<String>,
    pub lead: Option<String>,
    pub byline: Option<String>,
    pub credit: Option<String>,
}

/// Kinds of the lines, index by index; those of cut lines mean nothing.
pub(super) fn kinds(
    lines: &mut [Line],
    article: &Article,
    phrases: &Phrases,
    title: Option<usize>,
) -> (Vec<BlockKind>, Names) {
    let mut sorter = Sorter {
        lines,
        phrases,
        article,
        body: (0, 0),
        text: (0, 0),
        title,
        names_of_site: [&article.site, &article.byline].into_iter().flatten().map(|name| key::of(name)).collect(),
        crumbs: Vec::new(),
        photographers: Vec::new(),
        credits: Vec::new(),
        subject: OnceCell::new(),
        names: Names::default(),
    };
    sorter.find_body();
    sorter.read_crumbs();
    sorter.text = sorter.body;
    if sorter.title.is_none() {
        sorter.title = sorter.choose_title();
    }
    sorter.cut_above_title();
    sorter.find_body();
    sorter.find_photographers();
    sorter.find_credits();
    let kinds = (0..sorter.lines.len()).map(|index| sorter.kind(index)).collect::<Vec<_>>();
    sorter.find_lead(&kinds);
    sorter.fill_names();
    (kinds, sorter.names)
}

pub(super) struct Sorter<'a> {
    pub(super) lines: &'a mut [Line],
    pub(super) phrases: &'a Phrases,
    pub(super) article: &'a Article,
    /// Index of the first paragraph and behind the last one.
    pub(super) body: (usize, usize),
    pub(super) title: Option<usize>,
    /// Keys of the site's name and of the byline's.
    names_of_site: Vec<String>,
    /// Keys of a breadcrumb's items.
    pub(super) crumbs: Vec<String>,
    /// Keys of names that stand behind «photography:».
    pub(super) photographers: Vec<String>,
    /// Which lines are credits.
    pub(super) credits: Vec<bool>,
    /// The body before anything above the title was cut.
    pub(super) text: (usize, usize),
    /// What that is about, once it is asked: see [`Sorter::subject`].
    subject: OnceCell<Subject>,
    pub(super) names: Names,
}

impl Sorter<'_> {
    fn find_body(&mut self) {
        let title = self.title;
        let is_body =
            |(index, line): &(usize, &Line)| line.cut.is_none() && line.is_paragraph() && Some(*index) != title;
        let mut body = self.lines.iter().enumerate().filter(is_body).map(|(index, _)| index);
        let first = body.next();
        let last = body.next_back().or(first);
        self.body = match (first, last) {
            (Some(first), Some(last)) => (body_start(self.lines, first, title), last + 1),
            _ => (self.lines.len(), self.lines.len()),
        };
    }

    /// `NAME | تصوير: NAME | DATE` above the text.
    fn find_photographers(&mut self) {
        const COLON: Marks = Marks::of(&[':']);
        let head = self.lines.iter().take(self.body.0);
        let labelled = head.filter(|line| line.cut.is_none() && line.marks.may_have(COLON));
        let parts = labelled.flat_map(|line| line.shown.split(['|', '-', '–', '/', '،']));
        let named =
            parts.filter_map(|part| part.split_once(':')).filter(|(label, _)| PHOTO_LABELS.contains(&label.trim()));
        self.photographers = named.map(|(_, name)| key::of(name)).take(4).collect();
    }

    /// What the text is about.
    pub(super) fn subject(&self) -> &Subject {
        let (first, last) = self.text;
        self.subject.get_or_init(|| Subject::of(self.lines.iter().take(last).skip(first), self.phrases))
    }

    pub(super) fn kept(&self, index: usize) -> Option<&Line> {
        self.lines.get(index).filter(|line| line.cut.is_none())
    }

    pub(super) fn next_kept(&self, index: usize) -> Option<usize> {
        (index + 1..self.lines.len()).find(|index| self.kept(*index).is_some())
    }

    /// `News / Economy / Some site` above the text: cut, its section kept.
    fn read_crumbs(&mut self) {
        for index in 0..self.body.0.min(12) {
            let Some(line) = self.kept(index) else { continue };
            if line.dateline || line.mixed_dateline {
                continue;
            }
            let Some(items) = crumbs(line, self.phrases) else { continue };
            let keys: Vec<String> = items.iter().map(|item| key::of(item)).collect();
            let section = keys.iter().zip(&items).find(|(key, _)| !self.phrases.whole(key, class::GENERIC));
            let section = section.map(|(_, item)| (*item).to_owned());
            self.names.breadcrumbs = items.into_iter().map(str::to_owned).collect();
            self.names.section = section;
            self.crumbs = keys;
            if let Some(line) = self.lines.get_mut(index) {
                line.add(Sign::Crumbs, Position::Head);
            }
            return;
        }
    }

    fn kind(&self, index: usize) -> BlockKind {
        let Some(line) = self.kept(index) else { return BlockKind::Paragraph };
        if self.title == Some(index) {
            return BlockKind::Title;
        }
        let head = index < self.body.0;
        if self.credits.get(index) == Some(&true) {
            return BlockKind::Credit;
        }
        if line.kind == SourceKind::Caption || self.is_caption(index, line, head) {
            return BlockKind::Caption;
        }
        match line.kind {
            SourceKind::Quote => return BlockKind::Quote,
            SourceKind::ListItem | SourceKind::TableRow => return BlockKind::List,
            SourceKind::Heading(_) if head && self.is_section(index, line) => return BlockKind::Section,
            SourceKind::Heading(_) => return BlockKind::Subhead,
            _ => {}
        }
        if head {
            return self.head_kind(index, line);
        }
        if self.is_list(index, line) {
            BlockKind::List
        } else if is_quote(line) {
            BlockKind::Quote
        } else if self.is_subhead(index, line) {
            BlockKind::Subhead
        } else {
            BlockKind::Paragraph
        }
    }

    fn head_kind(&self, index: usize, line: &Line) -> BlockKind {
        if self.is_section(index, line) {
            return BlockKind::Section;
        }
        let below_title = self.title.is_some_and(|title| title < index);
        if self.title.is_some() && !below_title && !line.is_paragraph() {
            // A kicker.
            return BlockKind::Subhead;
        }
        if below_title && KEY_POINTS.contains(&line.key.as_str()) {
            return BlockKind::Subhead;
        }
        let name = matches!(line.kind, SourceKind::Paragraph) && line.words >= 2 && !line.any_number() && {
            self.next_kept(index) == Some(self.body.0) && self.subject().overlap(line, self.phrases).1 == 0
        };
        if below_title && line.words <= 4 && !line.end_mark && (line.kind == SourceKind::Line || name) {
            if self.stood_twice(index, line) {
                return BlockKind::Caption;
            }
            let (share, _) = self.subject().overlap(line, self.phrases);
            let above_text = self.next_kept(index) == Some(self.body.0);
            return if share >= 0.5 && above_text { BlockKind::Subhead } else { BlockKind::Credit };
        }
        let short = below_title && line.words <= 5 && !line.end_mark;
        if short || self.is_subhead(index, line) && line.words <= 6 { BlockKind::Subhead } else { BlockKind::Paragraph }
    }

    /// A picture's alternative text, then its caption: one was cut as a repeat.
    fn stood_twice(&self, index: usize, line: &Line) -> bool {
        self.lines.get(index + 1).is_some_and(|next| next.key == line.key && next.cut.is_some())
    }

    pub(super) fn is_section(&self, index: usize, line: &Line) -> bool {
        let named = self.phrases.whole(&line.key, class::SECTION)
            || self.article.section.as_deref().is_some_and(|section| key::of(section) == line.key);
        let above_title = self.title.is_some_and(|title| index < title);
        !line.is_entry()
            && (named && line.words <= 4 || above_title && line.words <= 2 && !line.any_number() && !line.end_mark)
    }

    pub(super) fn is_agency(&self, line: &Line) -> bool {
        const BETWEEN: [char; 10] = ['-', '–', '—', '|', '/', '،', '+', '(', ')', ':'];
        let agency = |key: &str| self.phrases.whole(key, class::AGENCY);
        let named = || {
            if line.marks.may_have(const { Marks::of(&BETWEEN) }) {
                line.shown.split(BETWEEN).any(|part| agency(&key::of(part)))
            } else {
                agency(&line.key)
            }
        };
        line.agency_word && line.words <= 7 && !line.end_mark && *line.agency.get_or_init(named)
    }

    pub(super) fn is_site(&self, line: &Line) -> bool {
        self.names_of_site.contains(&line.key) || self.crumbs.contains(&line.key)
    }

    fn find_credits(&mut self) {
        let is_credit = |index: usize| {
            let (head, tail) = (index < self.body.0, index >= self.body.1);
            self.kept(index).is_some_and(|line| self.title != Some(index) && self.is_credit(index, line, head, tail))
        };
        self.credits = (0..self.lines.len()).map(is_credit).collect();
    }

    fn is_credit(&self, index: usize, line: &Line, head: bool, tail: bool) -> bool {
        if line.is_paragraph() && !line.is_labelled() && line.words > 9 {
            return false;
        }
        let named = line.says(Cue::Credit) || line.says(Cue::Byline);
        let edge = head || tail;
        line.kind == SourceKind::Meta && line.words <= 16 && !line.end_mark
            || named && line.is_labelled()
            || edge && named && !line.end_mark && line.words <= 5
            || head
                && line.says(Cue::Byline)
                && !line.end_mark
                && line.words <= 9
                && line.kind != SourceKind::Heading(1)
            || line.is_clock()
            // Within the quotation it is a part of that.
            || line.kind != SourceKind::Quote
                && (is_post_signature(line)
                    || line.dateline && self.kept_before(index).is_some_and(is_post_signature))
            || edge && line.says(Cue::Byline) && line.any_clock() && !line.end_mark && line.words <= 9
            || edge && (line.dateline || self.is_agency(line) || self.is_site(line))
            || head && line.mixed_dateline
            || index <= self.body.0 + 3 && self.names_site_and_author(index, line).is_some()
    }

    fn kept_before(&self, index: usize) -> Option<&Line> {
        (0..index).rev().find_map(|before| self.kept(before))
    }

    fn is_caption(&self, index: usize, line: &Line, head: bool) -> bool {
        // `صور -` before a sentence is a dateline: Tyre is spelled like "pictures".
        let labelled = line.is_labelled() && (!line.is_paragraph() || line.is_colon_label());
        if line.says(Cue::Caption) && labelled && line.words <= 30 {
            return true;
        }
        if line.end_mark || line.words > 30 {
            return false;
        }
        let below_title = head && self.title.is_some_and(|title| title < index);
        if below_title && line.each_word().skip(2).any(|word| PHOTO_WORDS.contains(&word)) {
            return true;
        }
        if line.is_paragraph() {
            return false;
        }
        line.says(Cue::Caption) && (line.is_labelled() || head && line.words <= 12)
            || line.words <= 20 && FILE_WORDS.iter().any(|word| line.key.ends_with(word))
            || self.is_credited(line, below_title)
    }

    /// A credit in brackets or behind a dash at the end: an agency's, or between
    /// title and text anybody's.
    fn is_credited(&self, line: &Line, below_title: bool) -> bool {
        let bracket = line.shown.strip_suffix(')').and_then(|inner| inner.rsplit_once('(')).map(|(_, inner)| inner);
        if let Some(inner) = bracket {
            let short = line.words >= 4 && (1..=4).contains(&inner.split_whitespace().count());
            let photographed = inner.split_once(':').is_some_and(|(label, _)| PHOTO_LABELS.contains(&label.trim()));
            let named = (2..=3).contains(&inner.split_whitespace().count())
                && inner.chars().all(|letter| letter.is_alphabetic() || letter == ' ')
                && self.photographers.contains(&key::of(inner));
            if photographed || named {
                return true;
            }
            return below_title && short || self.phrases.whole(&key::of(inner), class::AGENCY);
        }
        let behind_dash = || line.shown.rsplit_once(['-', '–', '—', '|']).map(|(_, last)| last.trim_start());
        below_title && line.words >= 4 && behind_dash().is_some_and(|last| last.starts_with("خاص"))
    }

    /// Items in a row, all with one mark; in an interview questions and answers
    /// have each their own.
    fn is_list(&self, index: usize, line: &Line) -> bool {
        let mark = line.shown.chars().next();
        let beside = |at: Option<usize>| {
            at.and_then(|at| self.kept(at)).is_some_and(|other| other.is_bullet() && other.shown.chars().next() == mark)
        };
        let numbered = |at: Option<usize>| at.and_then(|at| self.kept(at)).is_some_and(Line::is_numbered);
        self.is_announced(index, line)
            || line.is_numbered() && line.words < 40 && (numbered(index.checked_sub(1)) || numbered(Some(index + 1)))
            || line.is_bullet() && line.words < 40 && (beside(index.checked_sub(1)) || beside(Some(index + 1)))
    }

    /// Items below a line that ends in a colon, two or more in a row, whose marks
    /// were lost.
    fn is_announced(&self, index: usize, line: &Line) -> bool {
        let item = |line: &Line| {
            // In HTML a list without marks is short lines.
            let most = if line.kind == SourceKind::Line { 20 } else { 6 };
            matches!(line.kind, SourceKind::Line | SourceKind::Paragraph)
                && (2..=most).contains(&line.words)
                && !line.end_mark
                && !line.shown.ends_with(':')
        };
        if !item(line) {
            return false;
        }
        let kept = |step: &dyn Fn(usize) -> Option<usize>| -> usize {
            let mut at = step(index);
            let mut count = 0;
            while let Some(line) = at.and_then(|at| self.kept(at)).filter(|line| item(line)) {
                count += usize::from(line.words > 0);
                at = at.and_then(step);
            }
            count
        };
        let before = |at: usize| (0..at).rev().find(|at| self.kept(*at).is_some());
        let (above, below) = (kept(&before), kept(&|at| self.next_kept(at)));
        let mut head = before(index);
        for _ in 0..above {
            head = head.and_then(before);
        }
        let announces =
            head.and_then(|head| self.kept(head)).is_some_and(|line| line.shown.ends_with(':') && line.words >= 4);
        announces && above + below >= 1
    }

    fn is_subhead(&self, index: usize, line: &Line) -> bool {
        let runs_on = line.shown.ends_with([':', '،', ',', '؛']) && line.words > 3;
        let text_below = self.next_kept(index).and_then(|next| self.kept(next)).is_some_and(|next| {
            next.is_paragraph() || next.is_bullet() || line.words <= 4 && next.end_mark && next.words >= 3
        });
        let closed = line.end_mark && !line.shown.ends_with(['؟', '?', '!']);
        line.words > 0 && line.words <= 14 && !closed && !runs_on && !line.is_bullet() && text_below
    }

    /// A standfirst: what stands between title and text, or was given twice.
    fn find_lead(&mut self, kinds: &[BlockKind]) {
        let after_title = self.title.map_or(0, |title| title + 1);
        let between = (after_title..self.body.0).find(|index| {
            let kind = kinds.get(*index);
            self.kept(*index).is_some_and(|line| {
                // Some mark it as a heading of the second rank.
                let heading = kind == Some(&BlockKind::Subhead) && line.end_mark && line.words >= 8;
                line.words >= 6 && kind == Some(&BlockKind::Paragraph) || heading
            })
        });
        let first = self.kept(self.body.0).map(|line| line.key.clone());
        let repeated = first.filter(|first| {
            self.lines
                .iter()
                .skip(self.body.0 + 1)
                .any(|line| line.cut == Some(RemovedKind::Boilerplate) && line.key == *first)
        });
        let lead = between.or_else(|| repeated.map(|_| self.body.0));
        self.names.lead = lead.and_then(|lead| self.kept(lead)).map(|line| line.shown.clone());
        if self.names.lead.is_none() {
            let text = self.kept(self.body.0).map(|line| line.key.as_str()).unwrap_or_default();
            let lead = self.article.lead.as_ref().map(|lead| super::unicode::display(lead, true));
            let lead = lead.map(|(lead, edits)| Line::of(lead, edits, self.phrases)).filter(|lead| {
                // A description may be the byline, or the site's for all its pages.
                let differs = !lead.key.is_empty() && !text.starts_with(&lead.key) && !lead.key.starts_with(text);
                differs && lead.words >= 4 && !lead.is_labelled() && self.subject().overlap(lead, self.phrases).0 >= 0.3
            });
            self.names.lead = lead.map(|lead| lead.shown);
        }
    }
}

/// `— NAME (@account) DATE`: who wrote a post that is shown in the text.
fn is_post_signature(line: &Line) -> bool {
    line.words <= 16 && line.shown.starts_with(['—', '–', '-']) && line.shown.contains("(@")
}

/// One quotation from end to end.
fn is_quote(line: &Line) -> bool {
    let pairs = [('“', '”'), ('«', '»'), ('"', '"')];
    line.words >= 6
        && pairs.iter().any(|(open, close)| {
            let inner =
                line.shown.strip_prefix(*open).and_then(|rest| rest.trim_end_matches(['.', '،']).strip_suffix(*close));
            inner.is_some_and(|inner| !inner.contains(*open) && !inner.contains(*close))
        })
}
