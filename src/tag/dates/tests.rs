use super::*;
use crate::letters::fold_display;
use crate::record::{Block, BlockKind, DisplaySpan, EditsBuilder, Evidence, Language, Precision};

/// A text of these blocks in display form.
pub(super) fn text_of(blocks: &[(BlockKind, &str)], language: &str) -> Text {
    let mut text = Text { language: Language { tag: language.to_owned(), ..Language::default() }, ..Text::default() };
    for (kind, line) in blocks {
        if !text.display.is_empty() {
            text.display.push('\n');
        }
        let start = text.display.len();
        text.display.push_str(line);
        let span = DisplaySpan::new(start, text.display.len());
        text.blocks.push(Block { kind: *kind, span, ..Block::default() });
    }
    let mut builder = EditsBuilder::new();
    fold_display(&text.display, &mut text.matched, |kept, from, to| {
        builder.keep(kept);
        builder.replace(from, to);
    });
    text.edits = builder.build();
    text
}

fn day(date: &str) -> Published {
    Published { date: date.to_owned(), precision: Precision::Day, evidence: Evidence::Field }
}

/// Mentions of one paragraph, as "span = value".
fn read(line: &str, published: Option<&str>, language: &str) -> Vec<String> {
    let text = text_of(&[(BlockKind::Paragraph, line)], language);
    let published = published.map(day);
    let hints = Hints { published: published.as_ref(), ..Hints::default() };
    let dates = dates(&text, hints);
    dates.mentions.iter().map(|mention| format!("{} = {}", text.shown(mention.span), mention.value)).collect()
}

/// The table: `[publication language]` holds for the cases below it, a case is
/// a line and, indented below it, its dates in order.
#[test]
fn cases() {
    let (mut published, mut language) = (None, "ar");
    let mut cases: Vec<(usize, &str, Option<&str>, &str, Vec<&str>)> = Vec::new();
    for (number, line) in (1..).zip(include_str!("cases.txt").lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let mut words = head.split(' ');
            published = words.next().filter(|word| *word != "none");
            language = words.next().unwrap_or("ar");
        } else if let Some(expected) = line.strip_prefix("    ") {
            cases.last_mut().unwrap().4.push(expected);
        } else {
            cases.push((number, line, published, language, Vec::new()));
        }
    }
    let mut wrong = Vec::new();
    for (number, line, published, language, expected) in &cases {
        let got = read(line, *published, language);
        if got != *expected {
            wrong.push(format!("line {number}: {line}\n  expected {expected:?}\n  got      {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
