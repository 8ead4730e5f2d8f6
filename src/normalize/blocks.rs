//! What each kept line is: title, section, lead, sub-head, credit and the rest.

use std::cell::OnceCell;

use super::key;
use super::lines::{Line, body_start};
use super::phrases::{Cue, Phrases, class};
use super::subject::Subject;
use super::weights::{Position, Sign};
use crate::letters::fold;
use crate::record::{Article, BlockKind, RemovedKind, SourceKind};

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
    let kinds = (0..sorter.lines.len()).map(|index| sorter.kind(index)).collect::<Vec<_>>();
    sorter.find_lead(&kinds);
    sorter.fill_names();
    (kinds, sorter.names)
}

pub(super) struct Sorter<'a> {
    pub(super) lines: &'a mut [Line],
    pub(super) phrases: &'a Phrases,
    article: &'a Article,
    /// Index of the first paragraph and behind the last one.
    pub(super) body: (usize, usize),
    pub(super) title: Option<usize>,
    /// Keys of the site's name and of the byline's.
    names_of_site: Vec<String>,
    /// Keys of a breadcrumb's items.
    crumbs: Vec<String>,
    /// The body before anything above the title was cut.
    text: (usize, usize),
    /// What that is about, once it is asked: see [`Sorter::subject`].
    subject: OnceCell<Subject>,
    names: Names,
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
            let Some(items) = crumbs(line) else { continue };
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
        let tail = index >= self.body.1;
        if self.is_credit(line, head, tail) {
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
        if below_title && line.words <= 4 && !line.end_mark && line.kind == SourceKind::Line {
            if self.stood_twice(index, line) {
                return BlockKind::Caption;
            }
            let (share, _) = self.subject().overlap(line, self.phrases);
            let above_text = self.next_kept(index) == Some(self.body.0);
            return if share >= 0.5 && above_text { BlockKind::Subhead } else { BlockKind::Credit };
        }
        if self.is_subhead(index, line) && line.words <= 6 { BlockKind::Subhead } else { BlockKind::Paragraph }
    }

    /// A picture's alternative text, then its caption: one was cut as a repeat.
    fn stood_twice(&self, index: usize, line: &Line) -> bool {
        self.lines.get(index + 1).is_some_and(|next| next.key == line.key && next.cut.is_some())
    }

    fn is_section(&self, index: usize, line: &Line) -> bool {
        let named = self.phrases.whole(&line.key, class::SECTION)
            || self.article.section.as_deref().is_some_and(|section| key::of(section) == line.key);
        let above_title = self.title.is_some_and(|title| index < title);
        named && line.words <= 4 || above_title && line.words <= 2 && !line.any_number() && !line.end_mark
    }

    pub(super) fn is_agency(&self, line: &Line) -> bool {
        let between = |sign: char| matches!(sign, '-' | '–' | '—' | '|' | '/' | '،' | '+' | '(' | ')' | ':');
        let named = || line.shown.split(between).any(|part| self.phrases.whole(&key::of(part), class::AGENCY));
        line.words <= 7 && !line.end_mark && *line.agency.get_or_init(named)
    }

    pub(super) fn is_site(&self, line: &Line) -> bool {
        self.names_of_site.contains(&line.key) || self.crumbs.contains(&line.key)
    }

    fn is_credit(&self, line: &Line, head: bool, tail: bool) -> bool {
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
            || edge && (line.dateline || self.is_agency(line) || self.is_site(line))
            || head && line.mixed_dateline
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
        if below_title && line.key.split(' ').skip(2).any(|word| PHOTO_WORDS.contains(&word)) {
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
        self.is_announced(index, line)
            || line.is_bullet() && line.words < 40 && (beside(index.checked_sub(1)) || beside(Some(index + 1)))
    }

    /// Items below a line that ends in a colon, two or more in a row, whose marks
    /// were lost.
    fn is_announced(&self, index: usize, line: &Line) -> bool {
        let item = |line: &Line| {
            line.kind == SourceKind::Line
                && (2..=20).contains(&line.words)
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
        let text_below = self
            .next_kept(index)
            .and_then(|next| self.kept(next))
            .is_some_and(|next| next.is_paragraph() || next.is_bullet());
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

    fn fill_names(&mut self) {
        if !self.article.breadcrumbs.is_empty() {
            let shown = self.article.breadcrumbs.iter().map(|item| super::unicode::display(item, true).0);
            let title = self.names_title_key();
            // Many end with the article itself.
            self.names.breadcrumbs = shown.filter(|item| !item.is_empty() && key::of(item) != title).collect();
        }
        let title = self.title.and_then(|title| self.kept(title));
        self.names.title = title.map(|line| line.shown.clone());
        let section = (0..self.lines.len()).filter(|index| *index < self.body.0 && self.title != Some(*index));
        let section = section.filter_map(|index| self.kept(index).filter(|line| self.is_section(index, line)));
        let section = section.map(|line| line.shown.clone()).next();
        let clean = |text: &Option<String>| {
            text.as_ref().map(|text| super::unicode::display(text, true).0).filter(|text| !text.is_empty())
        };
        let lost = self.section_of_lost_crumbs();
        let mut crumbs = self.names.breadcrumbs.iter().rev();
        let crumb = crumbs.find(|item| !self.phrases.whole(&key::of(item), class::GENERIC)).cloned();
        let told = section.or_else(|| self.names.section.take()).or(lost).or(crumb);
        self.names.section = clean(&self.article.section).or(told);
        let mut byline = clean(&self.article.byline);
        let mut credit = None;
        let mut agency = None;
        for index in 0..self.lines.len() {
            let Some(line) = self.kept(index).filter(|_| Some(index) != self.title) else { continue };
            let (head, tail) = (index < self.body.0, index >= self.body.1);
            if !self.is_credit(line, head, tail) {
                continue;
            }
            if line.says(Cue::Credit) && line.is_labelled() {
                credit = credit.or_else(|| Some(line.behind_label().to_owned()));
            } else if line.says(Cue::Byline) {
                byline = byline.or_else(|| behind_words(line, self.phrases)).or_else(|| self.name_below(index, line));
            } else if !line.dateline && (self.is_agency(line) || self.is_site(line) || line.mixed_dateline) {
                agency = agency.or_else(|| Some(self.without_date(line)));
            }
        }
        self.names.credit = credit.or(agency).filter(|credit| !credit.is_empty());
        self.names.byline = byline.filter(|byline| !byline.is_empty());
    }

    /// A label alone, and the name in the next line.
    fn name_below(&self, index: usize, line: &Line) -> Option<String> {
        let below = self.next_kept(index).and_then(|next| self.kept(next)).filter(|_| line.is_phrase_alone())?;
        let name =
            (1..=5).contains(&below.words) && !below.end_mark && !below.any_number() && !below.shown.ends_with(':');
        name.then(|| below.shown.clone())
    }

    /// The section of a breadcrumb whose signs were lost: `Home Politics TITLE`.
    fn section_of_lost_crumbs(&self) -> Option<String> {
        let title = self.names_title_key();
        let line = self.lines.iter().take(self.body.0).find(|line| {
            line.cut.is_some() && line.key.len() > title.len() && !title.is_empty() && line.key.ends_with(&title)
        })?;
        let words = line.words - title.split(' ').count();
        let mut before = line.shown.split_whitespace().take(words);
        let first = before.next().filter(|first| self.phrases.whole(&key::of(first), class::GENERIC));
        let section: Vec<&str> = first.map(|_| before.collect())?;
        (1..=3).contains(&section.len()).then(|| section.join(" "))
    }

    fn names_title_key(&self) -> String {
        self.title.and_then(|title| self.kept(title)).map(|line| line.key.clone()).unwrap_or_default()
    }

    /// The words before the date and its label.
    fn without_date(&self, line: &Line) -> String {
        if !line.any_number() || !line.mixed_dateline {
            return line.shown.clone();
        }
        let words: Vec<&str> = line.shown.split_whitespace().collect();
        let date = words.iter().position(|word| {
            let key = key::of(word);
            key.starts_with(|first: char| first.is_ascii_digit())
                || ["نشر", "تاريخ", "published", "publié"].iter().any(|label| fold(label) == key)
        });
        let kept = words.get(..date.unwrap_or(words.len())).unwrap_or_default().join(" ");
        kept.trim_matches([' ', '|', '-', '–', ':', '/']).to_owned()
    }
}

/// The name behind «By» or «بقلم:», without a date that follows it.
fn behind_words(line: &Line, phrases: &Phrases) -> Option<String> {
    let skip = line.words - line.words_behind_phrase();
    let name = if line.is_labelled() {
        line.behind_label().to_owned()
    } else {
        line.shown.split_whitespace().skip(skip).collect::<Vec<_>>().join(" ")
    };
    let words: Vec<&str> = name.split_whitespace().collect();
    let number = |word: &&str| fold(word).starts_with(|first: char| first.is_ascii_digit());
    let end = words.iter().position(number).map_or(words.len(), |number| {
        let date = words.get(..number).unwrap_or_default().iter().rev();
        number
            - date
                .take_while(|word| {
                    let key = key::of(word);
                    key.is_empty() || phrases.word(&key, class::DATE)
                })
                .count()
    });
    let name = words.get(..end).unwrap_or_default().join(" ");
    let name = name.trim_matches([' ', '|', '-', '–', '،', ',', ':', '/']).to_owned();
    (!name.is_empty()).then_some(name)
}

/// Items of a breadcrumb: at least two separators, each item short.
fn crumbs(line: &Line) -> Option<Vec<&str>> {
    if line.end_mark || line.words > 20 || !line.shown.contains(['/', '>', '»', '›', '«', '‹', '|']) {
        return None;
    }
    [" / ", " > ", " » ", " › ", " « ", " ‹ ", " | "].into_iter().find_map(|separator| {
        let items: Vec<&str> = line.shown.split(separator).map(str::trim).collect();
        let short = items.iter().all(|item| !item.is_empty() && item.split_whitespace().count() <= 5);
        (items.len() >= 3 && short).then_some(items)
    })
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
