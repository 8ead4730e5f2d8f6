use serde::Serialize;

use super::{Edits, Trace};

macro_rules! span {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            pub start: usize,
            pub end: usize,
        }

        impl $name {
            #[must_use]
            pub const fn new(start: usize, end: usize) -> Self {
                Self { start, end }
            }

            #[must_use]
            pub const fn len(self) -> usize {
                self.end.saturating_sub(self.start)
            }

            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.end <= self.start
            }

            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.start <= other.start && other.end <= self.end
            }

            #[must_use]
            pub const fn overlaps(self, other: Self) -> bool {
                self.start < other.end && other.start < self.end
            }
        }
    };
}

span!(
    /// Bytes of the payload (after decompression).
    RawSpan
);
span!(
    /// Bytes of the display text.
    DisplaySpan
);
span!(
    /// Bytes of the match text.
    MatchSpan
);
span!(
    /// Unicode code points of the display text: what a record holds.
    CharSpan
);

/// A cleaned article: display form, match form and the way between them.
///
/// Display is what people read and what positions refer to. Match is for
/// look-up and features only: marks dropped, letter variants folded.
/// Both have the same lines.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub display: String,
    pub matched: String,
    /// From display to match.
    pub edits: Edits,
    /// In order, without overlap; between two stands one line break.
    pub blocks: Vec<Block>,
    pub language: Language,
    pub title: Option<String>,
    pub section: Option<String>,
    pub breadcrumbs: Vec<String>,
    pub lead: Option<String>,
    pub byline: Option<String>,
    /// The byline's names, one by one.
    pub authors: Vec<String>,
    pub credit: Option<String>,
    /// Agencies that the credit, the byline or the first lines name.
    pub agencies: Vec<String>,
    /// Only the beginning of the article is here: the rest is for subscribers.
    pub partial: bool,
    /// Similarity hash of the match text.
    pub fingerprint: u64,
    pub removed: Vec<Removed>,
}

impl Text {
    #[must_use]
    pub fn to_match(&self, span: DisplaySpan) -> MatchSpan {
        let (start, end) = self.edits.output(span.start, span.end);
        MatchSpan::new(start, end)
    }

    #[must_use]
    pub fn to_display(&self, span: MatchSpan) -> DisplaySpan {
        let (start, end) = self.edits.source(span.start, span.end);
        DisplaySpan::new(start, end)
    }

    /// The display text of a span; empty where the span is none of the text's.
    #[must_use]
    pub fn shown(&self, span: DisplaySpan) -> &str {
        self.display.get(span.start..span.end).unwrap_or_default()
    }

    /// Index of the block that holds the byte position.
    #[must_use]
    pub fn block_at(&self, position: usize) -> Option<usize> {
        let index = self.blocks.partition_point(|block| block.span.end <= position);
        self.blocks.get(index).filter(|block| block.span.start <= position).map(|_| index)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Block {
    pub kind: BlockKind,
    pub span: DisplaySpan,
    /// Without gaps other than white space; the last ends where the block ends.
    pub sentences: Vec<DisplaySpan>,
    /// BCP 47, where it is certainly another than the article's.
    pub language: Option<String>,
    /// From the source block's text to the display text of this block
    /// (positions relative to `span.start`).
    pub edits: Edits,
    /// From the payload's bytes to the source block's text.
    pub trace: Option<Trace>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Title,
    Section,
    Subhead,
    #[default]
    Paragraph,
    Quote,
    Caption,
    List,
    Credit,
}

impl BlockKind {
    /// As the record has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Section => "section",
            Self::Subhead => "subhead",
            Self::Paragraph => "paragraph",
            Self::Quote => "quote",
            Self::Caption => "caption",
            Self::List => "list",
            Self::Credit => "credit",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Language {
    /// BCP 47; `und` where it cannot be told.
    pub tag: String,
    /// 0 to 1.
    pub confidence: f32,
    pub right_to_left: bool,
}

impl Default for Language {
    fn default() -> Self {
        Self { tag: "und".to_owned(), confidence: 0.0, right_to_left: false }
    }
}

/// What the cleaner cut, by kind, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Removed {
    pub kind: RemovedKind,
    /// Unicode code points.
    pub chars: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedKind {
    CommentForm,
    ShareBar,
    Related,
    Boilerplate,
}

impl RemovedKind {
    /// As the record has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommentForm => "comment_form",
            Self::ShareBar => "share_bar",
            Self::Related => "related",
            Self::Boilerplate => "boilerplate",
        }
    }
}

/// Byte positions of a text as code points, without an index per character.
#[derive(Debug)]
pub struct CharIndex<'a> {
    text: &'a str,
    /// Code points before byte `STRIDE * i`, rounded down to a character.
    marks: Vec<usize>,
}

const STRIDE: usize = 256;

impl<'a> CharIndex<'a> {
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut chars = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            marks.push(chars);
            chars += chunk.iter().filter(|byte| is_char_start(**byte)).count();
        }
        marks.push(chars);
        Self { text, marks }
    }

    /// Code points before the byte position, which must be a boundary.
    #[must_use]
    pub fn chars(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let chunk = byte / STRIDE;
        let rest = &self.text.as_bytes()[chunk * STRIDE..byte];
        self.marks[chunk.min(self.marks.len() - 1)] + rest.iter().filter(|byte| is_char_start(**byte)).count()
    }

    #[must_use]
    pub fn span(&self, span: DisplaySpan) -> CharSpan {
        CharSpan::new(self.chars(span.start), self.chars(span.end))
    }
}

const fn is_char_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn code_points_before_every_boundary(text in "[a-zا-ي😀\u{64b}]{0,900}") {
            let index = CharIndex::new(&text);
            for (chars, (byte, _)) in text.char_indices().enumerate() {
                prop_assert_eq!(index.chars(byte), chars);
            }
            prop_assert_eq!(index.chars(text.len()), text.chars().count());
        }
    }

    #[test]
    fn a_position_finds_its_block() {
        let block = |start, end| Block { span: DisplaySpan::new(start, end), ..Block::default() };
        let text = Text { blocks: vec![block(0, 3), block(4, 9)], ..Text::default() };
        assert_eq!(text.block_at(2), Some(0));
        assert_eq!(text.block_at(3), None);
        assert_eq!(text.block_at(4), Some(1));
        assert_eq!(text.block_at(9), None);
    }
}
