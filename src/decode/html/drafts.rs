//! Blocks as they were read, and what of several of them makes one.

use crate::decode::source::{Growing, Source};
use crate::record::{Piece, SourceKind};

/// A row of a table is one block if it is no longer, in code points: longer
/// rows are a page's layout.
const MAX_ROW: usize = 400;
/// A longer text beside an image is no caption, in code points.
const MAX_CAPTION: usize = 400;
/// What stands between two cells of a row.
const CELL_SEPARATOR: &str = " | ";

/// A block as it was read.
#[derive(Debug)]
pub(super) struct Draft {
    pub growing: Growing,
    pub kind: SourceKind,
    pub region: usize,
    pub language: Option<usize>,
    /// The table cell that it stands in.
    pub cell: usize,
    /// Code points: all, in links, in bylines and the like.
    pub chars: usize,
    pub link_chars: usize,
    pub meta_chars: usize,
    /// Microdata calls it the article's headline.
    pub headline: bool,
    /// Made of an attribute, whose place in the page is not known.
    pub placeless: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            growing: Growing::default(),
            kind: SourceKind::Paragraph,
            region: 0,
            language: None,
            cell: 0,
            chars: 0,
            link_chars: 0,
            meta_chars: 0,
            headline: false,
            placeless: false,
        }
    }
}

impl Draft {
    pub(super) fn text(&self) -> &str {
        &self.growing.text
    }

    /// Whether the kicker of a heading ends where another element begins with this word: they
    /// stand in two lines by the style sheet alone.
    pub(super) fn ends_kicker(&self, word: &str) -> bool {
        const SHORTEST_WORD: usize = 4;
        let ends = |last: char| last.is_lowercase() || matches!(last, '.' | ':' | '?' | '!');
        matches!(self.kind, SourceKind::Heading(_))
            && word.chars().next().is_some_and(char::is_uppercase)
            && self.text().chars().next_back().is_some_and(ends)
            // Not within a name: `e<span>Bay`.
            && self.text().rsplit(' ').next().is_some_and(|last| last.len() >= SHORTEST_WORD)
    }

    /// A caption that stands in an attribute, where the page is read now.
    pub(super) fn caption(now: Self, text: String) -> Self {
        let mut caption = Self { kind: SourceKind::Caption, chars: text.chars().count(), placeless: true, ..now };
        caption.growing.text = text;
        caption
    }

    pub(super) fn piece(mut self, source: &Source<'_>) -> Piece {
        if self.placeless {
            return Piece { text: self.growing.text, trace: None };
        }
        self.growing.take(source)
    }

    pub(super) fn link_density(&self) -> f32 {
        self.link_chars as f32 / self.chars.max(1) as f32
    }
}

/// Of a page without a heading of the first rank, the one heading that
/// microdata calls the headline is that.
pub(super) fn mark_headline(drafts: &mut [Draft]) {
    if drafts.iter().any(|draft| draft.kind == SourceKind::Heading(1)) {
        return;
    }
    let mut headlines = drafts.iter_mut().filter(|draft| draft.headline);
    if let (Some(headline), None) = (headlines.next(), headlines.next()) {
        headline.kind = SourceKind::Heading(1);
    }
}

/// What alone stands beside an image in an element that is named as one.
pub(super) fn mark_caption(drafts: &mut [Draft], first: usize) {
    if let Some([only]) = drafts.get_mut(first..)
        && only.kind == SourceKind::Paragraph
        && only.chars <= MAX_CAPTION
    {
        only.kind = SourceKind::Caption;
    }
}

/// Of a frame with a caption of its own the image's is the same in other words.
pub(super) fn drop_second_caption(drafts: &mut Vec<Draft>, first: usize) {
    let frame = drafts.get(first..).unwrap_or_default();
    let captions =
        |placeless: bool| frame.iter().any(|draft| draft.placeless == placeless && draft.kind == SourceKind::Caption);
    if captions(true) && captions(false) {
        let mut index = 0;
        drafts.retain(|draft| {
            index += 1;
            index <= first || !draft.placeless
        });
    }
}

/// The cells of one row to one block, if they are a table's and not a layout's.
pub(super) fn join_row(drafts: &mut Vec<Draft>, first: usize) {
    let Some(row) = drafts.get(first..).filter(|row| row.len() > 1) else { return };
    let apart = row.windows(2).all(|pair| matches!(pair, [a, b] if a.cell < b.cell));
    let plain = row.iter().all(|draft| matches!(draft.kind, SourceKind::Paragraph | SourceKind::Meta));
    if !apart || !plain || row.iter().map(|draft| draft.chars).sum::<usize>() > MAX_ROW {
        return;
    }
    let mut cells = drafts.drain(first..);
    let Some(mut joined) = cells.next() else { return };
    for cell in cells {
        joined.growing.append(CELL_SEPARATOR, cell.growing);
        joined.chars += cell.chars + CELL_SEPARATOR.len();
        joined.link_chars += cell.link_chars;
    }
    joined.kind = SourceKind::TableRow;
    drafts.push(joined);
}
