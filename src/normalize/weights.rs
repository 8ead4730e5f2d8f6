//! What speaks for cutting a line, and how much: the classifier's table.
//!
//! Each [`Sign`] is something seen of a line: what it says (`signs`), how its
//! neighbours or the page's marks see it (`boilerplate`, `rows`, `markup`,
//! `headline`). A line is cut where its weights add up to [`CERTAIN`]. A weight
//! may differ with the part of the page: words that head a comment form behind
//! the text may begin a title above it.

use crate::record::RemovedKind::{self, Boilerplate, CommentForm, Related, ShareBar};

/// The sum at which a line is cut. Below it is kept: what is cut wrongly is
/// lost, what is kept wrongly can still be left out by who reads the record.
pub(super) const CERTAIN: i16 = 10;

/// Where a line stands: above the first paragraph, among the paragraphs, or
/// behind the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Position {
    Head,
    #[default]
    Body,
    Tail,
}

/// Something seen of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Title,
    EndMark,
    PhraseNearlyAlone,
    NoWord,
    CommentText,
    CommentHead,
    CommentField,
    BelowComments,
    ShareOffer,
    ShareWord,
    Networks,
    Network,
    Counter,
    LoneNumber,
    BesideShare,
    RelatedLine,
    RelatedWord,
    ListHead,
    Listed,
    LinkList,
    HeadlineRow,
    NextArticle,
    Furniture,
    FurnitureAtEdge,
    Paywall,
    Continues,
    TagsHead,
    TagList,
    BelowTags,
    BelowEnd,
    Switch,
    LetterSize,
    Widget,
    Contact,
    Pager,
    Sections,
    Staff,
    AuthorBox,
    MenuRow,
    Ticker,
    ScrapRow,
    WindowTitle,
    LostCrumbs,
    Crumbs,
    AboveTitle,
    MastheadDate,
    Repeat,
    FurnitureElement,
    LinksOnly,
    OutsideArticle,
}

/// The signs of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs(u64);

impl Signs {
    pub(super) const fn add(&mut self, sign: Sign) {
        self.0 |= 1 << sign as u64;
    }

    pub(super) const fn add_if(&mut self, seen: bool, sign: Sign) {
        self.0 |= (seen as u64) << sign as u64;
    }

    pub(super) const fn has(self, sign: Sign) -> bool {
        self.0 & (1 << sign as u64) != 0
    }

    /// Some sign speaks for cutting the line.
    const fn any_for_cutting(self) -> bool {
        self.0 & FOR_CUTTING != 0
    }

    /// In the order of the table.
    pub(super) fn weights(self) -> impl Iterator<Item = &'static Weight> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            WEIGHTS.get(next)
        })
    }
}

/// A row of the table.
pub(super) struct Weight {
    #[cfg_attr(not(test), allow(dead_code))] // its place in the table tells as much
    pub sign: Sign,
    /// What the line then is; `None` speaks for or against cutting it at all.
    pub kind: Option<RemovedKind>,
    /// Above the text, within it, behind it.
    pub weights: [i16; 3],
    /// For people: see `explain`, and the table of docs/normalization.md.
    pub seen: &'static str,
}

impl Weight {
    pub(super) fn at(&self, position: Position) -> i16 {
        self.weights.get(position as usize).copied().unwrap_or_default()
    }
}

const fn row(sign: Sign, kind: Option<RemovedKind>, weights: [i16; 3], seen: &'static str) -> Weight {
    Weight { sign, kind, weights, seen }
}

const COMMENT: Option<RemovedKind> = Some(CommentForm);
const SHARE: Option<RemovedKind> = Some(ShareBar);
const RELATED: Option<RemovedKind> = Some(Related);
const FURNITURE: Option<RemovedKind> = Some(Boilerplate);

/// In the order of [`Sign`]. 15 and more: only the title outweighs it.
#[rustfmt::skip] // a table is read by its columns
pub(super) const WEIGHTS: &[Weight] = &[
    row(Sign::Title,             None,      [-50, -50, -50], "it is the page's title"),
    row(Sign::EndMark,           None,      [-2,  0,   0  ], "ends as a sentence does"),
    row(Sign::PhraseNearlyAlone, None,      [2,   2,   2  ], "a phrase of the tables, and at most one word or a label's mark behind it"),
    row(Sign::NoWord,            FURNITURE, [15,  15,  15 ], "no letter or digit"),
    row(Sign::CommentText,       COMMENT,   [15,  15,  15 ], "words that only a comment form has: «your email address will not be published»"),
    row(Sign::CommentHead,       COMMENT,   [8,   5,   10 ], "heads a comment form: «leave a reply»"),
    row(Sign::CommentField,      COMMENT,   [2,   2,   10 ], "a field or a heading of the comments and nothing else: «Name», «Comments»"),
    row(Sign::BelowComments,     COMMENT,   [15,  15,  15 ], "below the head of the comments, where the smaller part of the page is"),
    row(Sign::ShareOffer,        SHARE,     [12,  10,  10 ], "offers to share, print or copy, and says nothing else"),
    row(Sign::ShareWord,         SHARE,     [4,   4,   4  ], "begins by offering to share"),
    row(Sign::Networks,          SHARE,     [15,  15,  15 ], "names of networks and numbers alone, two words or more"),
    row(Sign::Network,           SHARE,     [12,  7,   12 ], "the name of a network alone"),
    row(Sign::Counter,           SHARE,     [12,  7,   12 ], "a number of shares, readers or comments alone"),
    row(Sign::LoneNumber,        SHARE,     [12,  7,   10 ], "a number alone"),
    row(Sign::BesideShare,       SHARE,     [3,   3,   3  ], "one number or network beside a line of a share bar"),
    row(Sign::RelatedLine,       RELATED,   [12,  10,  10 ], "«read also» and another article's title: behind a mark, as a headline, or as a link"),
    row(Sign::RelatedWord,       RELATED,   [4,   4,   4  ], "speaks of other articles"),
    row(Sign::ListHead,          RELATED,   [15,  15,  15 ], "heads a list of other articles: «most read»"),
    row(Sign::Listed,            RELATED,   [15,  15,  15 ], "stands in such a list: bullets, links or headlines below its head"),
    row(Sign::LinkList,          RELATED,   [15,  15,  15 ], "an item of a list behind the text that is nothing but a link"),
    row(Sign::HeadlineRow,       RELATED,   [15,  15,  15 ], "one of three headlines or more behind the text, about something else"),
    row(Sign::NextArticle,       RELATED,   [15,  15,  15 ], "belongs to another article below this one, with a headline and a dateline of its own"),
    row(Sign::Furniture,         FURNITURE, [15,  15,  15 ], "a skip link, a cookie bar, a copyright line, a tool of the page"),
    row(Sign::FurnitureAtEdge,   FURNITURE, [8,   5,   10 ], "begins as lines of a header or a footer do: «follow us»"),
    row(Sign::Paywall,           FURNITURE, [4,   4,   10 ], "the rest is for subscribers"),
    row(Sign::Continues,         FURNITURE, [0,   0,   10 ], "«read more» behind a text that breaks off, or «page 1 of 3»"),
    row(Sign::TagsHead,          FURNITURE, [12,  5,   10 ], "«Tags» alone, or with its mark"),
    row(Sign::TagList,           FURNITURE, [15,  15,  15 ], "behind the text, short names with commas or number signs between"),
    row(Sign::BelowTags,         FURNITURE, [15,  15,  15 ], "a short line below the head of tags or below a paywall"),
    row(Sign::BelowEnd,          FURNITURE, [15,  15,  15 ], "below the word that ends a wire story: «// انتهى //»"),
    row(Sign::Switch,            FURNITURE, [12,  0,   10 ], "names of languages alone"),
    row(Sign::LetterSize,        FURNITURE, [12,  0,   10 ], "«A+ A-»: the size of the letters"),
    row(Sign::Widget,            FURNITURE, [12,  0,   0  ], "prayer times, exchange rates or the weather, and hardly anything else"),
    row(Sign::Contact,           FURNITURE, [15,  0,   12 ], "the paper's offices and address: two of telephone, box, e-mail, editor"),
    row(Sign::Pager,             FURNITURE, [15,  15,  15 ], "«page 1 of 3»"),
    row(Sign::Sections,          FURNITURE, [10,  0,   10 ], "three names of sections or more, and hardly anything else"),
    row(Sign::Staff,             FURNITURE, [15,  15,  15 ], "an office of the masthead, or the name below it"),
    row(Sign::AuthorBox,         FURNITURE, [15,  15,  15 ], "tells behind the text who its author is, or stands beside that"),
    row(Sign::MenuRow,           FURNITURE, [15,  15,  15 ], "names in a row, the same again and again, about something else than the text"),
    row(Sign::Ticker,            FURNITURE, [15,  15,  15 ], "headlines in a row on top of all, about something else than the text"),
    row(Sign::ScrapRow,          FURNITURE, [15,  15,  15 ], "one of four scraps or more in a row behind the text"),
    row(Sign::WindowTitle,       FURNITURE, [15,  15,  15 ], "the title with the site's name, as the window shows it, where the title follows"),
    row(Sign::LostCrumbs,        FURNITURE, [70,  70,  70 ], "«Home» and a section before the title, where the title follows"),
    row(Sign::Crumbs,            FURNITURE, [15,  15,  15 ], "a breadcrumb; its items are kept in the record"),
    row(Sign::AboveTitle,        FURNITURE, [15,  15,  15 ], "a scrap of a menu or a piece of other news above the title"),
    row(Sign::MastheadDate,      FURNITURE, [15,  15,  15 ], "today's date above the title, where the article has one of its own"),
    row(Sign::Repeat,            FURNITURE, [70,  70,  70 ], "stood there before, word for word"),
    row(Sign::FurnitureElement,  None,      [15,  15,  15 ], "within an element or class of the page's furniture: `nav`, `aside`, `share-bar`"),
    row(Sign::LinksOnly,         None,      [15,  15,  15 ], "most of it is a link, and it is no sentence, title or byline"),
    row(Sign::OutsideArticle,    None,      [15,  15,  15 ], "outside the stretch of the page with the most running text and the fewest links"),
];

/// The signs that speak for cutting a line somewhere.
const FOR_CUTTING: u64 = {
    let (mut signs, mut index) = (0, 0);
    while index < WEIGHTS.len() {
        let [head, body, tail] = WEIGHTS[index].weights;
        if head > 0 || body > 0 || tail > 0 {
            signs |= 1 << index;
        }
        index += 1;
    }
    signs
};

/// The kind as which a line with these signs is cut; `None` where it stays.
pub(super) fn verdict(signs: Signs, position: Position) -> Option<RemovedKind> {
    if !signs.any_for_cutting() {
        return None;
    }
    let (mut any, mut sums) = (0, [0; 4]);
    for row in signs.weights() {
        let weight = row.at(position);
        match row.kind {
            None => any += weight,
            Some(CommentForm) => sums[0] += weight,
            Some(ShareBar) => sums[1] += weight,
            Some(Related) => sums[2] += weight,
            Some(Boilerplate) => sums[3] += weight,
        }
    }
    // The strongest kind; the first of two that are equal, furniture without any.
    let kinds = [CommentForm, ShareBar, Related, Boilerplate];
    let strongest = sums.into_iter().zip(kinds).rev().max_by_key(|(sum, _)| *sum);
    let (sum, kind) = strongest.filter(|(sum, _)| *sum > 0).unwrap_or((0, Boilerplate));
    (any + sum >= CERTAIN).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/normalization.md");

    fn signs(seen: &[Sign]) -> Signs {
        let mut signs = Signs::default();
        seen.iter().for_each(|sign| signs.add(*sign));
        signs
    }

    #[test]
    fn the_table_is_in_the_order_of_the_signs() {
        for (index, row) in WEIGHTS.iter().enumerate() {
            assert_eq!(row.sign as usize, index, "{:?}", row.sign);
        }
        assert_eq!(WEIGHTS.len(), Sign::OutsideArticle as usize + 1);
        assert!(WEIGHTS.len() <= 64);
    }

    #[test]
    fn a_phrase_is_certain_where_it_belongs() {
        use Position::{Body, Head, Tail};
        for (seen, position, kind) in [
            (&[Sign::CommentHead][..], Tail, Some(CommentForm)),
            (&[Sign::CommentHead], Head, None),
            (&[Sign::CommentHead, Sign::PhraseNearlyAlone], Head, Some(CommentForm)),
            (&[Sign::CommentHead, Sign::PhraseNearlyAlone], Body, None),
            (&[Sign::FurnitureAtEdge, Sign::PhraseNearlyAlone], Head, Some(Boilerplate)),
            (&[Sign::FurnitureAtEdge, Sign::PhraseNearlyAlone, Sign::EndMark], Head, None),
            (&[Sign::Network], Body, None),
            (&[Sign::Network, Sign::BesideShare], Body, Some(ShareBar)),
            (&[], Tail, None),
        ] {
            assert_eq!(verdict(signs(seen), position), kind, "{seen:?} {position:?}");
        }
    }

    #[test]
    fn what_a_line_says_names_what_it_is_cut_as() {
        assert_eq!(verdict(signs(&[Sign::OutsideArticle]), Position::Body), Some(Boilerplate));
        assert_eq!(verdict(signs(&[Sign::OutsideArticle, Sign::RelatedWord]), Position::Body), Some(Related));
        assert_eq!(verdict(signs(&[Sign::LinksOnly, Sign::CommentHead]), Position::Head), Some(CommentForm));
    }

    #[test]
    fn the_reference_has_the_table() {
        let row = |row: &Weight| {
            let [head, body, tail] = row.weights;
            let kind = row.kind.map_or("", RemovedKind::as_str);
            let kind = if kind.is_empty() { "any".to_owned() } else { format!("`{kind}`") };
            format!("| {} | {kind} | {head} | {body} | {tail} |\n", row.seen)
        };
        let table: String = WEIGHTS.iter().map(row).collect();
        let head = "| seen of a line | cut as | above the text | within | behind |\n|---|---|---:|---:|---:|\n";
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once("<!-- weights -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end weights -->").unwrap();
        let written = format!("{before}<!-- weights -->\n{head}{table}<!-- end weights -->{after}");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(PAGE, &written).unwrap();
            return;
        }
        assert!(written == page, "docs/normalization.md is old: UPDATE_DOCS=1 cargo test --lib reference");
    }

    #[test]
    fn the_title_stays() {
        assert_eq!(verdict(signs(&[Sign::Title, Sign::Furniture, Sign::OutsideArticle]), Position::Head), None);
        assert_eq!(verdict(signs(&[Sign::Title, Sign::Repeat]), Position::Head), Some(Boilerplate));
    }
}
