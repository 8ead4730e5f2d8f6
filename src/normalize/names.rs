//! The strings of the record that the lines tell: section, breadcrumbs, authors
//! and credit.

use super::blocks::Sorter;
use super::key;
use super::lines::Line;
use super::marks::Marks;
use super::phrases::{Cue, Phrases, class};
use crate::letters::fold;
use crate::record::SourceKind;

/// Lines below the title in which the byline is looked for.
const NEAR: usize = 12;

impl Sorter<'_> {
    /// `SITE - NAME` below the title: the author's name, if the first part is the
    /// site's, as it stands in another short line of the page.
    pub(super) fn names_site_and_author(&self, index: usize, line: &Line) -> Option<String> {
        let near = self.title.is_some_and(|title| title < index && index <= title + NEAR);
        const BETWEEN: [char; 5] = ['-', '–', '—', '|', '/'];
        let parted = || line.marks.may_have(const { Marks::of(&BETWEEN) }) && line.shown.contains(BETWEEN);
        if !near || line.words > 16 || line.end_mark || line.says(Cue::Byline) || !parted() {
            return None;
        }
        let told = self.without_date(line);
        let (site, name) = told.split_once(BETWEEN)?;
        let name = name.trim().trim_end_matches(['-', '–', '|']).trim();
        let words = name.split_whitespace().count();
        let plain = (2..=4).contains(&words)
            && name.chars().all(|letter| letter.is_alphabetic() || letter == ' ' || letter == '.');
        if !plain {
            return None;
        }
        let site = key::of(site);
        let found = memchr::memmem::Finder::new(site.as_bytes());
        let names_site = |text: &str| {
            found.find_iter(text.as_bytes()).any(|at| {
                let before = text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(' '));
                before && text.get(at + site.len()..).is_some_and(|after| after.is_empty() || after.starts_with(' '))
            })
        };
        if site.is_empty() {
            return None;
        }
        let known = self.article.site.as_deref().is_some_and(|of| names_site(&key::of(of)))
            || (0..self.lines.len()).any(|other| {
                other != index
                    && Some(other) != self.title
                    && !(self.body.0..self.body.1).contains(&other)
                    && self.lines.get(other).is_some_and(|line| line.words <= 12 && names_site(&line.key))
            });
        known.then(|| name.to_owned())
    }

    /// A name and below it what its bearer is, above the text: an author's box.
    fn name_above_role(&self) -> Option<String> {
        let below_title = self.title.map_or(0, |title| title + 1);
        (below_title..self.body.0).find_map(|index| {
            let line = self.kept(index).filter(|line| (2..=4).contains(&line.words) && !line.any_number())?;
            let role = self.next_kept(index).and_then(|next| self.kept(next)).filter(|role| role.words <= 8)?;
            super::boilerplate::is_role(role).then(|| line.shown.clone())
        })
    }

    pub(super) fn fill_names(&mut self) {
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
        let lost = self.section_of_lost_crumbs().or_else(|| self.section_of_cut_crumbs());
        let mut crumbs = self.names.breadcrumbs.iter().rev();
        let crumb = crumbs.find(|item| !self.phrases.whole(&key::of(item), class::GENERIC)).cloned();
        let told = section.or_else(|| self.names.section.take()).or(lost).or(crumb);
        self.names.section = clean(&self.article.section).or(told);
        let mut byline = clean(&self.article.byline);
        let mut credit = None;
        let mut agency = None;
        for index in 0..self.lines.len() {
            let Some(line) = self.kept(index).filter(|_| self.credits.get(index) == Some(&true)) else { continue };
            if line.says(Cue::Credit) && line.is_labelled() {
                credit = credit.or_else(|| Some(line.behind_label().to_owned()));
            } else if line.says(Cue::Byline) {
                let name = behind_words(line, self.phrases).filter(|name| !super::credits::is_account(name));
                byline = byline.or(name).or_else(|| self.name_below(index, line));
            } else if index <= self.body.0 + 3
                && let Some(name) = self.names_site_and_author(index, line)
            {
                byline = byline.or(Some(name));
            } else if !line.dateline && (self.is_agency(line) || self.is_site(line) || line.mixed_dateline) {
                agency = agency.or_else(|| Some(self.without_date(line)));
            }
        }
        let byline = byline.or_else(|| self.name_above_role()).or_else(|| self.name_beside_date());
        self.names.credit = credit.or(agency).filter(|credit| !credit.is_empty());
        self.names.byline = byline.filter(|byline| !byline.is_empty());
    }

    /// `NAME | … | DATE`, `NAME DATE`: who wrote it, where nothing else says so.
    fn name_beside_date(&self) -> Option<String> {
        let below_title = self.title.map_or(0, |title| title + 1);
        (below_title..self.body.0).find_map(|index| {
            let marked = |line: &&Line| line.kind == SourceKind::Meta || !self.photographers.is_empty();
            let line = self.kept(index).filter(marked)?;
            if !line.mixed_dateline || line.says(Cue::Dateline) || line.dateline {
                return None;
            }
            let told = self.without_date(line);
            let first = told.split(['|', '،']).next().unwrap_or_default().trim();
            let mut words: Vec<&str> = first.split_whitespace().collect();
            while words.last().is_some_and(|word| self.phrases.word(&key::of(word), class::DATE)) {
                words.pop();
            }
            let name = words.join(" ");
            let plain = name.chars().all(|letter| letter.is_alphabetic() || letter == ' ');
            let known = self.is_site(&Line::of(name.clone(), crate::record::Edits::default(), self.phrases));
            ((2..=3).contains(&words.len()) && plain && !known && !self.is_agency_name(&name)).then_some(name)
        })
    }

    fn is_agency_name(&self, name: &str) -> bool {
        let key = key::of(name);
        self.phrases.whole(&key, class::AGENCY | class::SECTION) || !self.phrases.read(&key).phrases.is_empty()
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

    /// The section of a breadcrumb that was cut as furniture: on one line, or as
    /// a numbered list.
    fn section_of_cut_crumbs(&self) -> Option<String> {
        let end = self.title.unwrap_or(self.body.0);
        let cut = |index: usize| self.lines.get(index).filter(|line| line.cut.is_some());
        let generic = |text: &str| self.phrases.whole(&key::of(text), class::GENERIC);
        (0..end).rev().take(12).find_map(|index| {
            let line = cut(index)?;
            if let Some(items) = crumbs(line, self.phrases)
                .filter(|items| !line.shown.contains(" | ") && items.first().is_some_and(|first| generic(first)))
            {
                return items.into_iter().find(|item| !generic(item)).map(str::to_owned);
            }
            let numbered = |line: &Line| line.shown.split_once(". ").map(|(_, item)| item.trim().to_owned());
            let home = line.is_numbered() && numbered(line).is_some_and(|item| generic(&item));
            let next = cut(index + 1).filter(|next| home && next.is_numbered() && next.words <= 4)?;
            numbered(next)
        })
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
                || ["نشر", "تاريخ", "published", "publié"].contains(&key.as_str())
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

/// Items of a breadcrumb: at least two separators, one behind «Home», each item
/// short.
pub(super) fn crumbs<'a>(line: &'a Line, phrases: &Phrases) -> Option<Vec<&'a str>> {
    const SEPARATORS: [(&str, Marks); 7] = [
        (" / ", Marks::of_one('/')),
        (" > ", Marks::of_one('>')),
        (" » ", Marks::of_one('»')),
        (" › ", Marks::of_one('›')),
        (" « ", Marks::of_one('«')),
        (" ‹ ", Marks::of_one('‹')),
        (" | ", Marks::of_one('|')),
    ];
    if line.end_mark || line.words > 20 {
        return None;
    }
    SEPARATORS.into_iter().filter(|(_, mark)| line.marks.may_have(*mark)).find_map(|(separator, _)| {
        line.shown.contains(separator).then_some(())?;
        let items: Vec<&str> = line.shown.split(separator).map(str::trim).collect();
        let short = items.iter().all(|item| !item.is_empty() && item.split_whitespace().count() <= 5);
        // A menu has bars, too.
        let home =
            separator != " | " && items.first().is_some_and(|first| phrases.whole(&key::of(first), class::GENERIC));
        let least = if home { 2 } else { 3 };
        (items.len() >= least && short).then_some(items)
    })
}
