//! Which containers hold furniture: what their marks say, what they hold in a
//! row, and what stands before them.

use super::{ARTICLE, BODY, CERTAIN, MAX_META, Region, TEASER, ancestors, is_good};
use crate::decode::html::drafts::Draft;
use crate::decode::html::hints::{self, COMMENTS, CONSENT, NEXT_ARTICLE, RELATED};
use crate::decode::html::tags::Tag;
use crate::record::SourceKind;

/// Fewer cards in a row may be part of the article.
const MIN_CARDS: u32 = 3;

/// Marks furniture; bylines and the like on the way.
pub(super) fn mark(regions: &mut [Region], drafts: &mut [Draft], title: Option<&str>) {
    mark_meta(regions, drafts);
    mark_cards(regions);
    let told = told(regions, drafts, title);
    mark_next_articles(regions, drafts, title);
    mark_furniture(regions, drafts, title, &told);
}

/// A container named `date` or `author` is one only if it holds little: some
/// pages give such a name to all they have.
fn mark_meta(regions: &mut [Region], drafts: &mut [Draft]) {
    for index in 1..regions.len() {
        let above = regions.get(index).and_then(|region| regions.get(region.parent)).is_some_and(|above| above.meta);
        if let Some(region) = regions.get_mut(index) {
            region.meta = above || region.meta && region.chars as usize <= MAX_META;
        }
    }
    for draft in drafts {
        let named = regions.get(draft.region).is_some_and(|region| region.meta);
        if named && matches!(draft.kind, SourceKind::Paragraph | SourceKind::ListItem) {
            draft.kind = SourceKind::Meta;
        }
    }
}

/// A linked headline with a teaser, over and over: other articles. Not where
/// such cards are much of the page, which may then be a digest of short news, nor
/// where they have headings that lead nowhere within what the source names as the
/// article's text: the entries of a live page, with a link in each.
fn mark_cards(regions: &mut [Region]) {
    let total = regions.first().map_or(0, |root| u64::from(root.good));
    let mut in_text = vec![false; regions.len()];
    for (index, region) in regions.iter().enumerate().skip(1) {
        let above = in_text.get(region.parent).copied().unwrap_or_default();
        if let Some(place) = in_text.get_mut(index) {
            *place = above || region.hint == BODY;
        }
    }
    let is_card = |(region, in_text): (&Region, bool)| {
        region.linked > 0
            && region.all_paragraphs == 1
            && region.good as usize <= TEASER
            && region.hint < ARTICLE
            && !(in_text && region.headings > 0)
    };
    let mut cards = vec![(0u32, 0u64); regions.len()];
    let in_text = || in_text.iter().copied();
    for (region, _) in regions.iter().zip(in_text()).skip(1).filter(|found| is_card(*found)) {
        if let Some((count, good)) = cards.get_mut(region.parent) {
            *count += 1;
            *good += u64::from(region.good);
        }
    }
    for (region, in_text) in regions.iter_mut().zip(in_text()).skip(1) {
        let (count, good) = cards.get(region.parent).copied().unwrap_or_default();
        if count >= MIN_CARDS && good * 5 <= total * 2 && is_card((region, in_text)) {
            region.hint = hints::FURNITURE;
        }
    }
}

/// Articles behind the page's own that have titles of their own, as pages have
/// them that load the next one when they are read to the end.
fn mark_next_articles(regions: &mut [Region], drafts: &[Draft], title: Option<&str>) {
    let is_article = |index: &usize| regions.get(*index).is_some_and(|region| region.hint == ARTICLE);
    let article = |draft: &Draft| ancestors(regions, draft.region).find(is_article);
    let mut titles = drafts.iter().filter(|draft| draft.kind == SourceKind::Heading(1));
    let mut own = titles.clone();
    let Some(own) = own.find(|draft| Some(draft.text()) == title).or_else(|| titles.clone().next()) else { return };
    let Some(home) = article(own) else { return };
    if regions.get(home).is_none_or(|region| region.good < CERTAIN) {
        return;
    }
    let text = own.text();
    let behind = titles.by_ref().skip_while(|draft| draft.text() != text).filter(|draft| draft.text() != text);
    let next = behind.filter_map(article).filter(|next| {
        !ancestors(regions, *next).any(|above| above == home) && !ancestors(regions, home).any(|above| above == *next)
    });
    for next in next.collect::<Vec<_>>() {
        if let Some(region) = regions.get_mut(next) {
            region.hint = NEXT_ARTICLE;
        }
    }
}

/// Running text outside of what is named furniture, from the title to before
/// each block; nothing where no title is known, or no comments stand below it.
fn told(regions: &[Region], drafts: &[Draft], title: Option<&str>) -> Vec<u32> {
    let total = regions.first().map_or(0, |root| u64::from(root.good));
    let is_long_aside = |region: &Region| region.is_aside() && u64::from(region.good) * 5 > total * 2;
    if regions.iter().all(|region| region.hint != COMMENTS && !is_long_aside(region)) {
        return Vec::new();
    }
    let mut headings = drafts.iter().enumerate().filter(|(_, draft)| draft.kind == SourceKind::Heading(1));
    let named = headings.clone().find(|(_, draft)| Some(draft.text()) == title);
    let only = headings.next().filter(|_| headings.next().is_none());
    let Some((title, _)) = named.or(only) else { return Vec::new() };
    let mut furniture = vec![false; regions.len()];
    for (index, region) in regions.iter().enumerate().skip(1) {
        let above = furniture.get(region.parent).copied().unwrap_or_default();
        if let Some(place) = furniture.get_mut(index) {
            *place = above || region.hint < 0;
        }
    }
    let text = |(index, draft): (usize, &Draft)| {
        let outside = furniture.get(draft.region).is_some_and(|furniture| !furniture);
        if index > title && outside && is_good(draft) { draft.chars } else { 0 }
    };
    let mut sum = 0_u32;
    let sums = drafts.iter().enumerate().map(text).map(|chars| {
        let before = sum;
        sum = sum.saturating_add(u32::try_from(chars).unwrap_or(u32::MAX));
        before
    });
    sums.collect()
}

/// What is named furniture is, unless it holds much of the page's text and no
/// article stands before it: comments are often longer than what they are about.
fn mark_furniture(regions: &mut [Region], drafts: &[Draft], title: Option<&str>, told: &[u32]) {
    let total = regions.first().map_or(0, |root| root.good);
    let named = |draft: &&Draft| draft.kind == SourceKind::Heading(1) && Some(draft.text()) == title;
    let titled = drafts.iter().find(named).map(|draft| ancestors(regions, draft.region).collect());
    let titled: Vec<usize> = titled.unwrap_or_default();
    // What stands below a heading that names other articles.
    let mut headed = vec![false; regions.len()];
    for index in 1..regions.len() {
        let above = regions
            .get(index)
            .and_then(|region| regions.get(region.parent))
            .map(|above| (above.furniture, above.hint >= ARTICLE));
        let (above, in_article) = above.unwrap_or_default();
        let heads = is_head_of_article(regions, index, in_article, &titled);
        let Some(region) = regions.get_mut(index) else { continue };
        let before = told.get(region.start).copied().unwrap_or_default();
        let related = headed.get(region.parent).copied().unwrap_or_default();
        let believed = (region.hint < 0 || related)
            && (u64::from(region.good) * 5 <= u64::from(total) * 2
                || matches!(region.hint, CONSENT | NEXT_ARTICLE)
                || region.is_aside() && before > 0
                || region.hint == COMMENTS && before >= 2 * CERTAIN)
            && !heads;
        region.furniture = above || believed;
        if region.furniture
            && region.hint == RELATED
            && region.tag.heading().is_some()
            && let Some(headed) = headed.get_mut(region.parent)
        {
            *headed = true;
        }
    }
}

/// The head of an article is no furniture: what stands in it, has its title, or
/// somewhere within it a heading. By its element; by a name that somebody chose
/// only where it has the page's own title.
fn is_head_of_article(regions: &[Region], index: usize, in_article: bool, titled: &[usize]) -> bool {
    let is_article = |above: usize| regions.get(above).is_some_and(|region| region.hint >= ARTICLE);
    let within = || ancestors(regions, index).any(is_article);
    regions.get(index).is_some_and(|region| match region.tag {
        Tag::Header => in_article || region.titles > 0 || region.headings > 0 && within(),
        Tag::Aside => region.is_info_box() && within(),
        _ if region.hint == hints::WIDGET_TITLE => within(),
        _ => {
            let mostly_links = region.link_chars * 3 > region.chars;
            region.hint == hints::FURNITURE
                && !region.is_aside()
                && !mostly_links
                && titled.contains(&index)
                && within()
        }
    })
}
