//! Tokens of a CoNLL file as a text that the tagger takes, and its entities
//! back on the tokens.

use std::io::{self, Write};

use crate::letters::{self, Shown};
use crate::record::{Block, DisplaySpan, EditsBuilder, EntityType, Language, Tags, Text};

/// Signs that stand close to the word before them in running text.
const CLOSING: &str = ".,،؛;:؟?!…%)]}»”";
/// Signs that stand close to the word after them.
const OPENING: &str = "([{«“";

/// Sentences that are tagged together.
///
/// Tokens are joined as a writer would set them, so that rules which look at
/// the text (brackets, sentence ends) meet what they meet in an article. Each
/// token keeps its span, also where its display form is shorter or empty.
pub(super) struct Document {
    text: Text,
    language: Language,
    /// The lines as they were: a token as written and its span, or a blank line.
    lines: Vec<Option<(String, DisplaySpan)>>,
    /// Where the sentence in hand begins, and where its last token stood.
    sentence: Option<usize>,
    close: bool,
    finished: usize,
}

impl Document {
    pub(super) fn new(language: &str) -> Self {
        let right_to_left = matches!(language.split('-').next(), Some("ar" | "fa" | "ur" | "ckb" | "he"));
        let language = Language { tag: language.to_owned(), confidence: 1.0, right_to_left };
        let text = Text { language: language.clone(), ..Text::default() };
        Self { text, language, lines: Vec::new(), sentence: None, close: true, finished: 0 }
    }

    /// Sentences that have ended.
    pub(super) const fn sentences(&self) -> usize {
        self.finished
    }

    pub(super) fn push(&mut self, token: &str) {
        let shown = display(token);
        let text = &mut self.text.display;
        if self.sentence.is_none() {
            if !text.is_empty() {
                text.push('\n');
            }
            self.sentence = Some(text.len());
            self.close = true;
        }
        let first = shown.chars().next();
        if !self.close && first.is_some_and(|sign| !CLOSING.contains(sign)) {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&shown);
        if first.is_some() {
            self.close = shown.chars().all(|sign| OPENING.contains(sign));
        }
        self.lines.push(Some((token.to_owned(), DisplaySpan::new(start, text.len()))));
    }

    pub(super) fn end_sentence(&mut self) {
        self.close_block();
        self.lines.push(None);
    }

    fn close_block(&mut self) {
        let Some(start) = self.sentence.take() else { return };
        self.finished += 1;
        let span = DisplaySpan::new(start, self.text.display.len());
        self.text.blocks.push(Block { span, sentences: vec![span], ..Block::default() });
    }

    /// What was collected, as a text.
    pub(super) fn text(&mut self) -> &Text {
        self.close_block();
        let mut edits = EditsBuilder::new();
        self.text.matched.clear();
        letters::fold_display(&self.text.display, &mut self.text.matched, |kept, from, to| {
            edits.keep(kept);
            edits.replace(from, to);
        });
        self.text.edits = edits.build();
        &self.text
    }

    /// Writes each line with its tag, and begins anew.
    pub(super) fn write(&mut self, tags: &Tags, out: &mut impl Write) -> io::Result<()> {
        let mut found: Vec<(DisplaySpan, EntityType)> = tags
            .entities
            .iter()
            .flat_map(|entity| entity.mentions.iter().map(|mention| (mention.span, entity.kind)))
            .collect();
        found.sort_unstable();
        let mut inside = None;
        for line in &self.lines {
            let Some((token, span)) = line else {
                writeln!(out)?;
                continue;
            };
            let after = found.partition_point(|(mention, _)| mention.end <= span.start);
            let hit = found.get(after).filter(|(mention, _)| mention.overlaps(*span));
            match hit {
                Some((mention, kind)) if inside == Some(mention.start) => writeln!(out, "{token}\tI-{}", label(*kind))?,
                Some((_, kind)) => writeln!(out, "{token}\tB-{}", label(*kind))?,
                None => writeln!(out, "{token}\tO")?,
            }
            inside = hit.map(|(mention, _)| mention.start);
        }
        let tag = std::mem::take(&mut self.language.tag);
        *self = Self::new(&tag);
        Ok(())
    }
}

/// The display form of one token; it may be empty.
fn display(token: &str) -> String {
    let mut letters = String::with_capacity(token.len());
    for letter in token.chars() {
        match letters::shown(letter) {
            Shown::Keep => letters.push(letter),
            Shown::Letters(many) => letters.extend(many),
            Shown::Drop | Shown::Space | Shown::Joiner => {}
        }
    }
    letters::compose(&letters).into_owned()
}

const fn label(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Person => "PER",
        EntityType::Organization => "ORG",
        EntityType::Place => "LOC",
        EntityType::Event | EntityType::Other => "MISC",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Entity, How, Mention};

    fn document(tokens: &[&str]) -> Document {
        let mut document = Document::new("ar");
        for token in tokens {
            if token.is_empty() { document.end_sentence() } else { document.push(token) }
        }
        document
    }

    fn tags(text: &str, found: &[(&str, EntityType)]) -> Tags {
        let entities = found.iter().map(|(words, kind)| {
            let start = text.find(words).unwrap();
            let span = DisplaySpan::new(start, start + words.len());
            Entity {
                kind: *kind,
                name: (*words).to_owned(),
                user_id: None,
                qid: None,
                geonames: None,
                country: None,
                salience: 0.0,
                confidence: 0.0,
                mentions: vec![Mention { span, how: How::Gazetteer }],
            }
        });
        Tags { entities: entities.collect(), ..Tags::default() }
    }

    fn written(document: &mut Document, tags: &Tags) -> String {
        let mut out = Vec::new();
        document.write(tags, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tokens_become_running_text_and_their_spans_hold() {
        let mut document = document(&["قال", "المكتـب", "(", "واع", ")", ":", "نعم", ".", "", "", "ـــ", "ثم"]);
        let text = document.text();
        assert_eq!(text.display, "قال المكتب (واع): نعم.\nثم");
        assert_eq!(text.matched, letters::fold(&text.display));
        assert_eq!(text.blocks.len(), 2);
        assert_eq!(
            text.blocks.iter().map(|block| text.shown(block.span)).collect::<Vec<_>>(),
            ["قال المكتب (واع): نعم.", "ثم"]
        );
        assert_eq!(text.shown(text.to_display(text.to_match(text.blocks[1].span))), "ثم");
    }

    #[test]
    fn every_line_comes_back_with_its_tag() {
        let mut document = document(&["زار", "محمد", "ـ", "علي", "والعراق", "لبنان", "", "في", "مهرجان", "قرطاج"]);
        let text = document.text().display.clone();
        assert_eq!(text, "زار محمد علي والعراق لبنان\nفي مهرجان قرطاج");
        let found = [
            ("محمد علي", EntityType::Person),
            ("العراق", EntityType::Place),
            ("لبنان", EntityType::Place),
            ("مهرجان قرطاج", EntityType::Event),
        ];
        let tags = tags(&text, &found);
        assert_eq!(
            written(&mut document, &tags),
            "زار\tO\nمحمد\tB-PER\nـ\tI-PER\nعلي\tI-PER\nوالعراق\tB-LOC\nلبنان\tB-LOC\n\nفي\tO\nمهرجان\tB-MISC\nقرطاج\tI-MISC\n"
        );
        assert_eq!(written(&mut document, &Tags::default()), "", "and the next document begins anew");
        assert_eq!(document.text().display, "");
    }
}
