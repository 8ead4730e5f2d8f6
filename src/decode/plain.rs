//! Plain text: lines to blocks, blank lines dropped.

use super::source::Source;
use super::wrapped::{self, Line};
use crate::record::{SourceBlock, SourceKind};

/// One block a line, or a paragraph where all were [broken at a width](wrapped); line
/// ends are LF, CR LF, CR, VT, FF, NEL and the Unicode line and paragraph separators.
pub(super) fn blocks(source: &Source<'_>) -> Vec<SourceBlock> {
    let block = |line: Line| SourceBlock {
        kind: SourceKind::Line,
        piece: source.piece(line.start, line.end),
        link_density: 0.0,
        weight: SourceBlock::NEUTRAL,
        language: None,
    };
    let mut lines = Lines { text: &source.text, lines: Vec::new(), apart: false };
    lines.read();
    wrapped::join(lines.text, lines.lines).into_iter().map(block).collect()
}

/// Those that say something.
struct Lines<'a> {
    text: &'a str,
    lines: Vec<Line>,
    /// Blank lines stand before the next one.
    apart: bool,
}

impl Lines<'_> {
    fn read(&mut self) {
        let bytes = self.text.as_bytes();
        // Most texts have none at all.
        let rare_ends = has_rare_end(bytes);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len())) {
            let within = bytes.get(start..end).unwrap_or_default();
            if rare_ends && has_rare_end(within.strip_suffix(b"\r").unwrap_or(within)) {
                self.add_by_rare_ends(start, end);
            } else {
                self.add(start, end);
            }
            start = end + 1;
        }
    }

    /// What stands between two LF, where other line ends are.
    fn add_by_rare_ends(&mut self, mut start: usize, end: usize) {
        let from = start;
        let text = self.text.get(start..end).unwrap_or_default();
        for (at, sign) in text.char_indices().filter(|(_, sign)| is_line_end(*sign)) {
            self.add(start, from + at);
            start = from + at + sign.len_utf8();
        }
        self.add(start, end);
    }

    fn add(&mut self, start: usize, end: usize) {
        let text = self.text.get(start..end).unwrap_or_default();
        let (start, trimmed) = if has_no_blank_at_its_ends(text.as_bytes()) {
            (start, text)
        } else {
            let trimmed = text.trim_start();
            (start + (text.len() - trimmed.len()), trimmed.trim_end())
        };
        if trimmed.is_empty() {
            self.apart = true;
            return;
        }
        self.lines.push(Line { start, end: start + trimmed.len(), apart: std::mem::take(&mut self.apart) });
    }
}

/// As most lines; told by ASCII and what begins with the bytes of Arabic letters.
const fn has_no_blank_at_its_ends(line: &[u8]) -> bool {
    matches!(line, [b'!'..=b'~' | 0xD8..=0xDB, ..]) && matches!(line, [.., b'!'..=b'~'] | [.., 0xD8..=0xDB, _])
}

fn has_rare_end(line: &[u8]) -> bool {
    let end = |at: usize| match line.get(at..).unwrap_or_default() {
        [0xC2, second, ..] => *second == 0x85,
        [0xE2, 0x80, third, ..] => matches!(third, 0xA8 | 0xA9),
        _ => false,
    };
    memchr::memchr3(b'\r', 0x0B, 0x0C, line).is_some() || memchr::memchr2_iter(0xC2, 0xE2, line).any(end)
}

const fn is_line_end(sign: char) -> bool {
    matches!(sign, '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
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
