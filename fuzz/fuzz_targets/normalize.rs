//! Any blocks as a decoded page: the first letter of a line says what the source
//! says of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warraq::record::{Article, Piece, SourceBlock, SourceKind};

fn block(line: &str) -> SourceBlock {
    let (mark, text) = line.char_indices().nth(1).map_or((line, ""), |(at, _)| line.split_at(at));
    let code = mark.chars().next().map_or(0, u32::from);
    let kind = match code % 9 {
        0 => SourceKind::Line,
        1 => SourceKind::Heading(1),
        2 => SourceKind::Heading(3),
        3 => SourceKind::Paragraph,
        4 => SourceKind::Quote,
        5 => SourceKind::Caption,
        6 => SourceKind::ListItem,
        7 => SourceKind::TableRow,
        _ => SourceKind::Meta,
    };
    SourceBlock {
        kind,
        piece: Piece { text: text.to_owned(), trace: None },
        link_density: (code / 9 % 5) as f32 / 4.0,
        weight: (code / 45 % 3) as i8 - 1,
        language: None,
    }
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']);
    let title = lines.next().filter(|line| !line.is_empty());
    let article = Article {
        title: title.map(|text| Piece { text: text.to_owned(), trace: None }),
        blocks: lines.map(block).collect(),
        charset: "utf-8",
        ..Article::default()
    };
    warraq_fuzz::bounded(data, || warraq_fuzz::normalize(&article));
});
