//! The title that the metadata tells: cleaned of the site's name and found
//! again among the lines.

use super::Joiners;
use super::key;
use super::lines::Line;
use super::phrases::Phrases;
use super::unicode::display;
use crate::record::{Article, EditsBuilder, SourceKind};

/// Between a title and the site's name.
const SEPARATORS: &[&str] = &[" | ", " - ", " – ", " — ", " :: ", " « ", " » ", " • ", " / "];

/// Puts the metadata's title first where no line is it. The key of the title.
pub(super) fn place_title(
    lines: &mut Vec<Line>,
    article: &Article,
    joiners: &Joiners<'_>,
    phrases: &Phrases,
) -> Option<String> {
    let piece = article.title.as_ref()?;
    let (shown, edits) = display(&piece.text, joiners.stay(&piece.text));
    let whole = Line::of(shown, edits, phrases);
    if whole.words == 0 || is_site(article, &whole.key) {
        return None;
    }
    if let Some(line) = headline_of_topic(lines, &whole) {
        return Some(line.key.clone());
    }
    if let Some(line) = lines.iter().find(|line| is_within(line, &whole)) {
        return Some(line.key.clone());
    }
    let bare = without_site(&whole, article, lines);
    let mut title = match bare {
        Some((start, end)) if (start, end) != (0, whole.shown.len()) => cut_out(&whole, start, end, phrases),
        _ => whole,
    };
    if let Some(line) = lines.iter().find(|line| line.key == title.key || is_heading_of(line, &title)) {
        return Some(line.key.clone());
    }
    let key = title.key.clone();
    title.kind = SourceKind::Heading(1);
    lines.insert(0, title);
    Some(key)
}

fn is_site(article: &Article, key_of: &str) -> bool {
    article.site.as_deref().is_some_and(|site| key::of(site) == key_of)
}

/// The headline of the article that a page of a topic holds in full: a heading
/// with the topic's name in it, right above running text.
fn headline_of_topic<'a>(lines: &'a [Line], topic: &Line) -> Option<&'a Line> {
    if topic.words > 2 {
        return None;
    }
    let named = format!(" {} ", topic.key);
    let headline = |line: &Line| {
        matches!(line.kind, SourceKind::Heading(_))
            && line.words >= 5
            && line.weight >= 0
            && format!(" {} ", line.key).contains(&named)
    };
    let first = lines.iter().position(headline)?;
    let text =
        lines.iter().skip(first + 1).take(4).any(|line| line.is_paragraph() && line.end_mark && line.words >= 12);
    lines.get(first).filter(|_| text)
}

/// A line that the window's title holds with the site's name before or behind
/// it, whatever stands between them.
fn is_within(line: &Line, title: &Line) -> bool {
    let beside = title.words.saturating_sub(line.words);
    let around = |rest: Option<&str>, end: bool| {
        rest.is_some_and(|rest| if end { rest.starts_with(' ') } else { rest.ends_with(' ') })
    };
    line.words >= 5
        && (1..=5).contains(&beside)
        && beside < line.words
        && line.link_density < 0.5
        && (around(title.key.strip_prefix(line.key.as_str()), true)
            || around(title.key.strip_suffix(line.key.as_str()), false))
}

/// A first heading that says the same in other words: pages shorten the title
/// that goes to search engines.
fn is_heading_of(line: &Line, title: &Line) -> bool {
    if !is_shown_heading(line) || line.words < 3 {
        return false;
    }
    let common = line.key.split(' ').filter(|word| title.key.split(' ').any(|other| other == *word)).count();
    common * 2 > line.words.min(title.words)
}

fn is_shown_heading(line: &Line) -> bool {
    line.kind == SourceKind::Heading(1) && line.weight >= 0
}

/// The stretch of the shown title that is the title proper.
fn without_site(title: &Line, article: &Article, lines: &[Line]) -> Option<(usize, usize)> {
    let shown = title.shown.as_str();
    if lines.iter().any(|line| line.key == title.key) {
        return None;
    }
    let cuts = SEPARATORS.iter().flat_map(|separator| shown.match_indices(separator));
    let mut cuts: Vec<(usize, usize, &str)> = cuts.map(|(at, found)| (at, at + found.len(), found)).collect();
    cuts.sort_unstable();
    for &(at, behind, separator) in &cuts {
        let (before, after) = (shown.get(..at)?, shown.get(behind..)?);
        for (kept, dropped, span) in [(before, after, (0, at)), (after, before, (behind, shown.len()))] {
            let (kept_key, dropped_key) = (key::of(kept), key::of(dropped));
            let words = |text: &str| text.split(' ').count();
            let stands = |key: &str| lines.iter().any(|line| line.key == key);
            // A word that stands there, too, may be the site's name or a section's, unless
            // it is the page's heading.
            let heads = || lines.iter().any(|line| is_shown_heading(line) && line.key == kept_key);
            let longer = words(&kept_key) >= 3 || words(&kept_key) >= words(&dropped_key) || heads();
            let named = words(&dropped_key) <= 3 && words(&kept_key) >= 3 && stands(&dropped_key);
            let stands = stands(&kept_key) && longer || named;
            let barred = separator == " | " && words(&dropped_key) <= 4 && words(&kept_key) >= 4;
            if stands || is_site(article, &dropped_key) || barred {
                return Some(span);
            }
        }
    }
    None
}

fn cut_out(title: &Line, start: usize, end: usize, phrases: &Phrases) -> Line {
    let mut builder = EditsBuilder::new();
    builder.replace(start, 0);
    builder.keep(end - start);
    builder.replace(title.shown.len() - end, 0);
    let shown = title.shown.get(start..end).unwrap_or_default().to_owned();
    Line::of(shown, title.edits.then(&builder.build()), phrases)
}
