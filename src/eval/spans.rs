//! Labels of tokens as names.

use super::{Kind, Part, Tag};

/// A name: its tokens, both ends part of it, and its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub first: usize,
    pub last: usize,
    pub kind: Kind,
}

/// The names of a sentence in its order.
///
/// As conlleval reads them: a name goes on while the type stays the same and
/// nothing says that it ended or that another begins. So any first token of a
/// type opens one, an `I-` too.
#[must_use]
pub fn spans(tags: &[Tag]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut before = Tag::Outside;
    for (index, tag) in tags.iter().enumerate() {
        let Tag::Of(_, kind) = *tag else {
            before = *tag;
            continue;
        };
        match spans.last_mut() {
            Some(open) if continues(before, *tag) => open.last = index,
            _ => spans.push(Span { first: index, last: index, kind }),
        }
        before = *tag;
    }
    spans
}

/// Whether a token belongs to the name of the token before it.
fn continues(before: Tag, tag: Tag) -> bool {
    let (Tag::Of(before, of), Tag::Of(part, kind)) = (before, tag) else { return false };
    of == kind && matches!(before, Part::Begin | Part::Inside) && matches!(part, Part::Inside | Part::End)
}
