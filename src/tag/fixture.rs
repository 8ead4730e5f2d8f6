//! Texts and a tagger for the tests of this room.

use std::sync::LazyLock;

use super::linear::Linear;
use super::{Gazetteer, Hints, Options, Tagger};
use crate::letters;
use crate::record::{Block, BlockKind, DisplaySpan, EditsBuilder, Entity, EntityType, Language, Text};

/// The shipped gazetteer.
pub(super) static SHIPPED: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/gazetteer.bin")).unwrap());

/// Lists and rules alone.
pub(super) static TAGGER: LazyLock<Tagger> = LazyLock::new(|| {
    let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
    Tagger::new(&Options::default(), gazetteer, &[]).unwrap()
});

/// As it is shipped: with the model that judges.
pub(super) static JUDGED: LazyLock<Tagger> = LazyLock::new(|| {
    let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
    Tagger::new(&Options::default(), gazetteer, &[]).unwrap().with_linear(linear())
});

/// The shipped model.
pub(super) fn linear() -> Linear {
    Linear::new(std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/fast.bin")).unwrap()).unwrap()
}

/// A page whose first line is its title.
pub(super) fn text(lines: &[&str]) -> Text {
    let display = lines.join("\n");
    let mut blocks = Vec::new();
    let mut start = 0;
    for (index, line) in lines.iter().enumerate() {
        let kind = if index == 0 && lines.len() > 1 { BlockKind::Title } else { BlockKind::Paragraph };
        let span = DisplaySpan::new(start, start + line.len());
        blocks.push(Block { kind, span, sentences: vec![span], ..Block::default() });
        start = span.end + 1;
    }
    let mut edits = EditsBuilder::new();
    let mut matched = String::new();
    letters::fold_display(&display, &mut matched, |kept, from, to| {
        edits.keep(kept);
        edits.replace(from, to);
    });
    let language = Language { tag: "ar".to_owned(), confidence: 1.0, right_to_left: true };
    Text { display, matched, edits: edits.build(), blocks, language, ..Text::default() }
}

pub(super) fn entities(lines: &[&str]) -> Vec<Entity> {
    TAGGER.tag(&text(lines), Hints::default()).0.entities
}

/// Type and name of each entity of a sentence.
pub(super) fn names(line: &str) -> Vec<(EntityType, String)> {
    entities(&[line]).into_iter().map(|entity| (entity.kind, entity.name)).collect()
}

/// What each mention of the page reads, by entity.
pub(super) fn mentions(lines: &[&str]) -> Vec<Vec<String>> {
    let text = text(lines);
    let (tags, _) = TAGGER.tag(&text, Hints::default());
    let shown = |entity: &Entity| entity.mentions.iter().map(|mention| text.shown(mention.span).to_owned()).collect();
    tags.entities.iter().map(shown).collect()
}
