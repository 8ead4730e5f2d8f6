//! Plain text: lines to blocks, blank lines dropped.

use super::source::Source;
use crate::record::{SourceBlock, SourceKind};

/// One block a line; line ends are LF, CR LF, CR and the Unicode line and
/// paragraph separators.
pub(super) fn blocks(source: &Source<'_>) -> Vec<SourceBlock> {
    let mut blocks = Vec::new();
    let mut start = 0;
    for (at, sign) in source.text.char_indices().filter(|(_, c)| is_line_end(*c)) {
        line(source, start, at, &mut blocks);
        start = at + sign.len_utf8();
    }
    line(source, start, source.text.len(), &mut blocks);
    blocks
}

const fn is_line_end(sign: char) -> bool {
    matches!(sign, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn line(source: &Source<'_>, start: usize, end: usize, blocks: &mut Vec<SourceBlock>) {
    let text = source.text.get(start..end).unwrap_or_default();
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return;
    }
    let start = start + (text.len() - text.trim_start().len());
    blocks.push(SourceBlock {
        kind: SourceKind::Line,
        piece: source.piece(start, start + trimmed.len()),
        link_density: 0.0,
        weight: SourceBlock::NEUTRAL,
        language: None,
    });
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::record::{Edits, RawSpan};

    #[test]
    fn every_line_that_says_something_is_a_block() {
        let text = "عنوان الخبر\r\n\r\n  \u{A0}\n\tسطر أول \rسطر ثان\u{2028}آخر";
        let source = Source::new(Cow::Borrowed(text), RawSpan::new(0, text.len()), Edits::default());
        let blocks = blocks(&source);
        let texts: Vec<&str> = blocks.iter().map(|block| block.piece.text.as_str()).collect();
        assert_eq!(texts, ["عنوان الخبر", "سطر أول", "سطر ثان", "آخر"]);
        for block in &blocks {
            let raw = block.piece.trace.as_ref().unwrap().raw(0, block.piece.text.len());
            assert_eq!(text.get(raw.start..raw.end), Some(block.piece.text.as_str()));
        }
    }
}
