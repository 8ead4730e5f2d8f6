//! Which container holds the article.
//!
//! Each block of running text gives points to its container, fewer to the
//! container's parents. The container with the most points is the article; an
//! element that holds much of the page's text is believed to be the article's
//! even where its name says furniture (pages that are one `<form>`, a wrapper
//! named `with-sidebar`).

mod furniture;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::drafts::Draft;
use super::hints::{ARTICLE, BODY};
use super::tags::Tag;
use crate::record::{SourceBlock, SourceKind};

/// Marked as the article by the source, and chosen.
const MARKED: i8 = 2;
/// Chosen by its text.
const CHOSEN: i8 = 1;
/// Outside of the chosen part.
const OUTSIDE: i8 = -1;
/// Inside of what the source marks as furniture.
pub(super) const FURNITURE: i8 = -2;

/// Running text that makes a choice certain, in code points.
const CERTAIN: u32 = 250;
/// A paragraph that stands alone in its container is a card's teaser rather than
/// the article's, unless it is longer than this.
const TEASER: usize = 240;
/// Fewer headings with text are no live page.
const MIN_ENTRIES: u32 = 4;
/// How far above the chosen part its text may go on, in containers.
const CLIMB: usize = 3;
/// Blocks from the title to the article; more are not its head.
const LONGEST_HEAD: usize = 40;
/// Words in a row that a block must share with the article's text in JSON-LD.
const SHINGLE: usize = 4;

/// A byline or dateline, with its container, is no longer, in code points.
pub(super) const MAX_META: usize = 250;

/// A container element.
#[derive(Debug)]
pub(super) struct Region {
    parent: usize,
    hint: i8,
    tag: Tag,
    /// Named as a byline, a dateline or the like, or inside of one.
    meta: bool,
    /// Blocks that were there before it.
    start: usize,
    /// Code points of its own and all regions inside: all, in links, running text.
    chars: u32,
    link_chars: u32,
    good: u32,
    /// Blocks of running text directly inside, and all inside.
    paragraphs: u32,
    all_paragraphs: u32,
    /// Blocks inside that are links, and headings that are none.
    linked: u32,
    headings: u32,
    /// Headings of the first rank inside.
    titles: u32,
    furniture: bool,
    /// The way through the site's sections.
    pub(super) crumbs: bool,
    score: f32,
}

impl Region {
    pub(super) const fn root() -> Self {
        Self::new(0, 0, Tag::Body, false, 0)
    }

    pub(super) const fn new(parent: usize, hint: i8, tag: Tag, meta: bool, start: usize) -> Self {
        Self {
            parent,
            hint,
            tag,
            meta,
            start,
            chars: 0,
            link_chars: 0,
            good: 0,
            paragraphs: 0,
            all_paragraphs: 0,
            linked: 0,
            headings: 0,
            titles: 0,
            furniture: false,
            crumbs: false,
            score: 0.0,
        }
    }

    /// By its element, not by a name that somebody chose.
    const fn is_aside(&self) -> bool {
        matches!(self.tag, Tag::Aside | Tag::Footer)
    }

    /// What an editor adds to an article: paragraphs, and no link.
    const fn is_info_box(&self) -> bool {
        self.all_paragraphs > 1
            && self.link_chars == 0
            && self.linked == 0
            && self.good > 400
            && self.good as u64 * 10 >= self.chars as u64 * 8
    }

    /// Whether it may be the rest of an article: nearly all of it is running
    /// text, and it is no card with a linked headline, nor a list of such cards.
    const fn goes_on(&self) -> bool {
        let (good, chars, links) = (self.good as u64, self.chars as u64, self.link_chars as u64);
        let text = good > 0 && good * 10 >= chars * 6 && links * 5 <= chars;
        text && match self.paragraphs {
            // A section with its sub-head may have links within its sentences.
            0 => good > 600 && links * if self.headings > 0 && self.linked == 0 { 8 } else { 20 } <= chars,
            1 => links == 0 || good > TEASER as u64,
            _ => true,
        } || self.are_entries()
    }

    /// The entries of a live page: headings with text below, as in a list of other
    /// articles, but the headings lead nowhere.
    const fn are_entries(&self) -> bool {
        let (good, chars, links) = (self.good as u64, self.chars as u64, self.link_chars as u64);
        self.headings >= MIN_ENTRIES
            && self.linked * 2 <= self.headings
            && good > 600
            && good * 10 >= chars * 3
            && links * 4 <= chars
    }
}

/// The items of the page's first breadcrumb.
pub(super) fn breadcrumbs(regions: &[Region], drafts: &[Draft]) -> Vec<String> {
    let is_crumb = |draft: &&Draft| regions.get(draft.region).is_some_and(|region| region.crumbs);
    let blocks = drafts.iter().skip_while(|draft| !is_crumb(draft)).take_while(is_crumb);
    let items = blocks.flat_map(|draft| draft.text().split(['/', '>', '»', '›', '«', '‹', '|', '\\']));
    // The label that only readers of the screen are to hear.
    let label = |item: &str| {
        ["breadcrumb", "breadcrumbs", "you are here"].iter().any(|label| item.eq_ignore_ascii_case(label))
            || matches!(item, "مسار التنقل" | "أنت هنا" | "أنت هنا:")
    };
    let items = items.map(str::trim).filter(|item| !item.is_empty() && item.chars().count() <= 80 && !label(item));
    items.take(10).map(str::to_owned).collect()
}

/// Running text: long enough, or a sentence, and few links.
fn is_good(draft: &Draft) -> bool {
    let kind = matches!(
        draft.kind,
        SourceKind::Paragraph | SourceKind::Quote | SourceKind::Line | SourceKind::ListItem | SourceKind::TableRow
    );
    let text = draft.text().trim_end_matches(['"', '”', '»', '’', ')', ' ', '\u{A0}']);
    let sentence = text.ends_with(['.', '؟', '?', '!', '…', '۔', ':', '،']);
    // In a list a link with some words is another article's headline and teaser.
    let links = if draft.kind == SourceKind::ListItem { 0.15 } else { 0.4 };
    kind && draft.link_density() < links && (draft.chars >= 90 || draft.chars >= 40 && sentence)
}

/// A weight for each block; bylines and the like are marked on the way.
/// `title` and `body` are what the metadata says they are.
pub(super) fn weigh(regions: &mut [Region], drafts: &mut [Draft], title: Option<&str>, body: Option<&str>) -> Vec<i8> {
    sum(regions, drafts);
    furniture::mark(regions, drafts, title);
    score(regions, drafts);
    let known = body.map(Shingles::new);
    let main = choose(regions);
    let Some(main) = main else {
        let plain = |draft: &Draft| match regions.get(draft.region) {
            Some(region) if region.furniture && draft.kind != SourceKind::Heading(1) => FURNITURE,
            _ => SourceBlock::NEUTRAL,
        };
        return drafts.iter().map(plain).collect();
    };
    let main = whole(regions, drafts, main);
    let inside = included(regions, drafts, main);
    let marked = is_marked(regions, main);
    let mut weights: Vec<i8> = drafts.iter().map(|draft| weight(draft, regions, &inside, marked)).collect();
    if let Some(known) = known {
        for (draft, weight) in drafts.iter().zip(&mut weights) {
            if known.hold(draft.text()) {
                *weight = MARKED;
            }
        }
    }
    spare_the_head(drafts, regions, title, &mut weights);
    drop_foreign_headings(drafts, regions, &mut weights);
    weights
}

/// Sums from the inside out: a region comes after its parent.
fn sum(regions: &mut [Region], drafts: &[Draft]) {
    let short = |chars: usize| u32::try_from(chars).unwrap_or(u32::MAX);
    for draft in drafts {
        let Some(region) = regions.get_mut(draft.region) else { continue };
        region.chars = region.chars.saturating_add(short(draft.chars));
        region.link_chars = region.link_chars.saturating_add(short(draft.link_chars));
        if is_good(draft) {
            region.good = region.good.saturating_add(short(draft.chars));
            region.paragraphs += 1;
            region.all_paragraphs += 1;
        }
        region.linked += u32::from(draft.link_density() > 0.6);
        region.headings += u32::from(matches!(draft.kind, SourceKind::Heading(_)) && draft.link_density() < 0.4);
        region.titles += u32::from(draft.kind == SourceKind::Heading(1));
    }
    for index in (1..regions.len()).rev() {
        let of =
            |r: &Region| (r.parent, (r.chars, r.link_chars, r.good, r.all_paragraphs, r.linked, r.headings, r.titles));
        let Some((parent, sums)) = regions.get(index).map(of) else { continue };
        let Some(parent) = regions.get_mut(parent) else { continue };
        parent.chars = parent.chars.saturating_add(sums.0);
        parent.link_chars = parent.link_chars.saturating_add(sums.1);
        parent.good = parent.good.saturating_add(sums.2);
        parent.all_paragraphs += sums.3;
        parent.linked += sums.4;
        parent.headings += sums.5;
        parent.titles += sums.6;
    }
}

fn score(regions: &mut [Region], drafts: &[Draft]) {
    for draft in drafts.iter().filter(|draft| is_good(draft)) {
        let Some(region) = regions.get(draft.region).filter(|region| !region.furniture) else { continue };
        let alone = region.paragraphs == 1 && draft.chars <= TEASER && region.hint < BODY;
        let mut points = draft.chars as f32 * if alone { 0.3 } else { 1.0 };
        let mut index = draft.region;
        for share in [1.0, 0.7, 0.6] {
            points *= share;
            let Some(region) = regions.get_mut(index) else { break };
            region.score += points;
            if index == 0 {
                break;
            }
            index = region.parent;
        }
    }
}

fn choose(regions: &[Region]) -> Option<usize> {
    let points = |region: &Region| {
        region.score
            * match region.hint {
                BODY.. => 1.6,
                ARTICLE => 1.3,
                1 => 1.1,
                _ => 1.0,
            }
    };
    let best = regions.iter().enumerate().filter(|(_, region)| !region.furniture && region.good > 0);
    // Of equals the first: the order of the page decides, nothing else.
    let (best, _) = best.fold(None, |best: Option<(usize, f32)>, (index, region)| match best {
        Some((_, most)) if most >= points(region) => best,
        _ => Some((index, points(region))),
    })?;
    regions.get(best).filter(|region| region.good >= CERTAIN).map(|_| best)
}

/// The chosen region lies in, or is, what the source marks as the article.
fn is_marked(regions: &[Region], main: usize) -> bool {
    ancestors(regions, main).any(|index| regions.get(index).is_some_and(|region| region.hint >= ARTICLE))
}

/// The region itself and what it stands in, from the inside out, without the root.
fn ancestors(regions: &[Region], from: usize) -> impl Iterator<Item = usize> + '_ {
    let mut next = from;
    std::iter::from_fn(move || {
        let index = next;
        if index == 0 {
            return None;
        }
        next = regions.get(index)?.parent;
        Some(index)
    })
}

/// The container of which the chosen one is but a part: some pages put each part of an article
/// into containers of its own. Up to what the source calls an article or the main part, what
/// holds more text, and next to nothing else, is the article.
fn whole(regions: &[Region], drafts: &[Draft], main: usize) -> usize {
    let named = |index: usize| regions.get(index).is_some_and(|region| region.hint > 0);
    let sums = Sum::of(regions, drafts);
    let sum = |index: usize| sums.get(index).copied().unwrap_or_default();
    let mut best = main;
    for (index, within) in ancestors(regions, main).skip(1).zip(ancestors(regions, main)) {
        if named(within) {
            break;
        }
        if sum(index).good * 10 > sum(best).good * 11 && sum(index).is_text(named(index)) {
            best = index;
        }
    }
    best
}

/// What a region holds without its furniture, in code points.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    chars: usize,
    link_chars: usize,
    good: usize,
}

impl Sum {
    fn of(regions: &[Region], drafts: &[Draft]) -> Vec<Self> {
        let mut sums = vec![Self::default(); regions.len()];
        let shown = |draft: &&Draft| regions.get(draft.region).is_some_and(|region| !region.furniture);
        for draft in drafts.iter().filter(shown) {
            if let Some(sum) = sums.get_mut(draft.region) {
                let good = if is_good(draft) { draft.chars } else { 0 };
                sum.add(Self { chars: draft.chars, link_chars: draft.link_chars, good });
            }
        }
        // From the inside out: a region comes after its parent.
        for (index, region) in regions.iter().enumerate().skip(1).rev() {
            let inner = sums.get(index).copied().unwrap_or_default();
            if let Some(sum) = sums.get_mut(region.parent) {
                sum.add(inner);
            }
        }
        sums
    }

    const fn add(&mut self, other: Self) {
        self.chars += other.chars;
        self.link_chars += other.link_chars;
        self.good += other.good;
    }

    /// Less is asked of what the source names: a live blog has many headings.
    const fn is_text(self, named: bool) -> bool {
        self.good * 10 >= self.chars * if named { 6 } else { 8 } && self.link_chars * 10 <= self.chars
    }
}

/// The regions of the article: the chosen one with all inside it, beside it what is
/// running text, too (an article cut in two by an advertisement), and what the source
/// names as it does the chosen one.
fn included(regions: &[Region], drafts: &[Draft], main: usize) -> Vec<bool> {
    let marked = |indexes: Vec<usize>| {
        let mut marks = vec![false; regions.len()];
        for index in indexes {
            if let Some(mark) = marks.get_mut(index) {
                *mark = true;
            }
        }
        marks
    };
    let (path, parts) = (marked(path(regions, main)), marked(parts(regions, drafts, main)));
    let is = |marks: &[bool], index: usize| marks.get(index).copied().unwrap_or_default();
    let mut inside = vec![false; regions.len()];
    for (index, region) in regions.iter().enumerate() {
        let above = index != 0 && is(&inside, region.parent);
        let beside = index != 0 && is(&path, region.parent) && !is(&path, index) && region.goes_on();
        if let Some(place) = inside.get_mut(index) {
            *place = !region.furniture && (index == main || above || beside || is(&parts, index));
        }
    }
    inside
}

/// What the chosen region stands in, as far as its text may go on there. What
/// holds no more running text than what is inside it is only a wrapper.
fn path(regions: &[Region], main: usize) -> Vec<usize> {
    let good = |index: usize| regions.get(index).map_or(0, |region| region.good);
    let (mut path, mut levels, mut held) = (Vec::new(), 0, good(main));
    for index in ancestors(regions, main).skip(1).chain([0]) {
        levels += usize::from(good(index) > held);
        if levels > CLIMB {
            break;
        }
        held = good(index);
        path.push(index);
    }
    path
}

/// Other containers that the source names as the article's text, as pages do that
/// put an advertisement between its parts: of the same article, with no headline
/// in between.
fn parts(regions: &[Region], drafts: &[Draft], main: usize) -> Vec<usize> {
    let Some(chosen) = regions.get(main).filter(|region| region.hint == BODY) else { return Vec::new() };
    let article = |index: usize| {
        ancestors(regions, index).find(|above| regions.get(*above).is_some_and(|region| region.hint == ARTICLE))
    };
    let is_text = |index: usize| regions.get(index).is_some_and(|region| region.hint == BODY);
    let is_headline = |draft: &Draft| {
        let shown = regions.get(draft.region).is_some_and(|region| !region.furniture);
        // Within such a container the second rank is a sub-head's.
        let headline = match draft.kind {
            SourceKind::Heading(1) => true,
            SourceKind::Heading(2) => !ancestors(regions, draft.region).any(is_text),
            _ => false,
        };
        shown && headline
    };
    // How many headlines outside of the chosen region stand before each draft: asked for every
    // container, and a page may have as many of these as it has drafts.
    let outside = |draft: &Draft| is_headline(draft) && !ancestors(regions, draft.region).any(|at| at == main);
    let mut before = Vec::with_capacity(drafts.len() + 1);
    before.push(0_usize);
    before.extend(drafts.iter().scan(0, |count, draft| {
        *count += usize::from(outside(draft));
        Some(*count)
    }));
    let apart = |start: usize, end: usize| before.get(start) != before.get(end);
    let own = article(main);
    let is_part = |(index, region): &(usize, &Region)| {
        let text = region.good * 10 >= region.chars * 6 && region.link_chars * 5 <= region.chars;
        region.hint == BODY
            && *index != main
            && !region.furniture
            && text
            && (region.all_paragraphs > 1 || region.linked == 0)
            && article(*index) == own
            && !apart(chosen.start, region.start)
    };
    regions.iter().enumerate().filter(is_part).map(|(index, _)| index).collect()
}

fn weight(draft: &Draft, regions: &[Region], inside: &[bool], marked: bool) -> i8 {
    let furniture = regions.get(draft.region).is_some_and(|region| region.furniture);
    let heading = matches!(draft.kind, SourceKind::Heading(1));
    if inside.get(draft.region).copied().unwrap_or_default() {
        return match () {
            () if draft.link_density() > 0.6 => SourceBlock::NEUTRAL,
            () if marked => MARKED,
            () => CHOSEN,
        };
    }
    match () {
        () if heading => SourceBlock::NEUTRAL,
        () if furniture => FURNITURE,
        () => OUTSIDE,
    }
}

/// Between the title and the article stand the lead, the byline, the date and
/// the picture's caption, often in containers of their own.
fn spare_the_head(drafts: &[Draft], regions: &[Region], named: Option<&str>, weights: &mut [i8]) {
    // A kicker that the text has, too, may stand above the title.
    let text = weights.iter().zip(drafts).position(|(weight, draft)| *weight > 0 && is_good(draft));
    let Some(first) = text.or_else(|| weights.iter().position(|weight| *weight > 0)) else { return };
    let is_title = |draft: &Draft| draft.kind == SourceKind::Heading(1) || Some(draft.text()) == named;
    let above = drafts.get(first.saturating_sub(LONGEST_HEAD)..=first).unwrap_or_default();
    let skipped = first + 1 - above.len();
    let title = above.iter().rposition(is_title).and_then(|title| {
        // Given twice, the upper one heads the lead.
        let text = above.get(title)?.text();
        let heads =
            |pair: &[Draft]| matches!(pair, [upper, lead] if is_title(upper) && upper.text() == text && is_good(lead));
        Some(above.windows(2).position(heads).unwrap_or(title))
    });
    // A page that has it in other words, or a smaller heading in its place.
    let heading = || {
        above.iter().rposition(|draft| {
            let shown = regions.get(draft.region).is_some_and(|region| !region.furniture);
            shown && draft.kind == SourceKind::Heading(2) && draft.link_density() < 0.4
        })
    };
    let title = title.or_else(heading).map(|title| title + skipped);
    for index in title.unwrap_or(first)..first {
        let Some(draft) = drafts.get(index) else { break };
        let furniture = regions.get(draft.region).is_some_and(|region| region.furniture);
        if let Some(weight) = weights.get_mut(index).filter(|_| !furniture && draft.link_density() < 0.6) {
            let text = is_good(draft) || draft.kind == SourceKind::Caption;
            *weight = (*weight).max(if text { CHOSEN } else { SourceBlock::NEUTRAL });
        }
    }
}

/// A heading of the first rank in furniture is a title only above the article:
/// behind it, it heads a box.
fn drop_foreign_headings(drafts: &[Draft], regions: &[Region], weights: &mut [i8]) {
    let Some(first) = weights.iter().position(|weight| *weight > 0) else { return };
    for (draft, weight) in drafts.iter().zip(weights).skip(first) {
        let furniture = regions.get(draft.region).is_some_and(|region| region.furniture);
        if furniture && draft.kind == SourceKind::Heading(1) {
            *weight = FURNITURE;
        }
    }
}

/// The word sequences of a text.
struct Shingles(FxHashSet<u64>);

impl Shingles {
    fn new(text: &str) -> Self {
        Self(Self::of(text).collect())
    }

    fn of(text: &str) -> impl Iterator<Item = u64> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let hashes: Vec<u64> = words.map(|word| xxh3_64(word.as_bytes())).collect();
        (0..(hashes.len() + 1).saturating_sub(SHINGLE)).map(move |at| {
            let window = hashes.get(at..at + SHINGLE).unwrap_or_default();
            window.iter().fold(0u64, |hash, word| hash.rotate_left(21).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ word)
        })
    }

    /// Most of the text stands in the known one.
    fn hold(&self, text: &str) -> bool {
        let (mut all, mut held) = (0, 0);
        for shingle in Self::of(text) {
            all += 1;
            held += usize::from(self.0.contains(&shingle));
        }
        all > 0 && held * 3 >= all * 2
    }
}

#[cfg(test)]
mod tests;
