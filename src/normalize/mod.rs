//! [`Article`] to [`Text`]: what is article, in which blocks, in clean letters.
//!
//! Each block of the source becomes a line in display form; one classifier says
//! which lines are furniture, whether they come from plain text or from HTML;
//! what is left gets its kind. The match form is folded from the whole.
//!
//! ```
//! use warraq::normalize::{Normalizer, Options};
//! use warraq::record::{Article, Piece, SourceBlock, SourceKind};
//!
//! let line = |text: &str| SourceBlock {
//!     kind: SourceKind::Line,
//!     piece: Piece { text: text.to_owned(), trace: None },
//!     link_density: 0.0,
//!     weight: SourceBlock::NEUTRAL,
//!     language: None,
//! };
//! let article = Article {
//!     blocks: vec![line("وصلت السفينة إلى المرفأ صباح اليوم بعد رحلة دامت أسبوعين."), line("اترك تعليقاً")],
//!     ..Article::default()
//! };
//! let (text, degraded) = Normalizer::new(&Options::default()).normalize(&article)?;
//! assert_eq!(text.display, "وصلت السفينة إلى المرفأ صباح اليوم بعد رحلة دامت أسبوعين.");
//! assert_eq!(text.language.tag, "ar");
//! assert!(degraded.is_empty());
//! # Ok::<(), warraq::record::Reject>(())
//! ```

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use crate::record::{
    Article, Block, BlockKind, Degraded, DisplaySpan, InvalidOption, Reason, Reject, Removed, RemovedKind, Stage, Text,
};

mod blocks;
mod boilerplate;
mod credits;
mod explain;
mod fingerprint;
mod fold;
mod headline;
mod key;
mod language;
mod lines;
mod lists;
mod marks;
mod markup;
mod names;
mod phrases;
#[cfg(test)]
mod properties;
mod residue;
mod rows;
mod sentences;
mod signs;
mod subject;
mod tables;
#[cfg(test)]
mod tests;
mod title;
mod unicode;
mod weights;

use blocks::Names;
use boilerplate::Page;
pub use explain::{Explained, Fate, Seen};
use fold::Matched;
use key::{Folded, Reader};
use lines::{Draft, Key, Line};
use phrases::Phrases;

/// Options of the `[normalize]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Blocks of a page that are looked at; the rest is cut off and the record
    /// says `too_many_blocks`. Default 10000: a long read has some hundreds, a
    /// live blog some thousands.
    pub max_blocks: usize,
    /// Bytes of text that are looked at, as decoded; the rest is cut off and the
    /// record says `too_long`. Default 2 MiB: a book of 200,000 words.
    pub max_text_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_blocks: 10_000, max_text_bytes: 2 << 20 }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        for (key, value) in [("max_blocks", self.max_blocks), ("max_text_bytes", self.max_text_bytes)] {
            if value == 0 {
                let message = "no text would ever be left; use 1 or more";
                invalid.push(InvalidOption::new(format!("normalize.{key}"), value, message));
            }
        }
        invalid
    }
}

/// Cleans articles; built once, shared by all cores.
#[derive(Debug)]
pub struct Normalizer {
    options: Options,
    phrases: Phrases,
}

impl Normalizer {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { options: options.clone(), phrases: Phrases::new() }
    }

    /// # Errors
    /// [`Reason::NoText`] where nothing is left to be called an article's text.
    pub fn normalize(&self, article: &Article) -> Result<(Text, Vec<Degraded>), Reject> {
        let mut degraded = Vec::new();
        let Assembled { mut text, sources, keys } = self.assembled(article, &mut degraded);
        if text.blocks.is_empty() {
            return Err(no_text(article, &text.removed));
        }
        text.fingerprint = fingerprint_of(&text, &keys);
        name_languages(article, &mut text, &sources);
        self.name_sources(article, &mut text);
        Ok((text, degraded))
    }

    /// The text's two forms, its blocks and their sentences alone, without its
    /// language, its fingerprint and who wrote it: to be measured by itself.
    #[must_use]
    pub fn forms(&self, article: &Article) -> Text {
        self.assembled(article, &mut Vec::new()).text
    }

    fn assembled(&self, article: &Article, degraded: &mut Vec<Degraded>) -> Assembled {
        let Judged { lines, folded, kinds, names, partial } = self.judge(article, degraded);
        let mut assembled = assemble(article, lines, &folded, &kinds, names);
        assembled.text.partial = partial;
        assembled
    }

    /// What became of each line of the page, and why.
    #[must_use]
    pub fn explain(&self, article: &Article) -> Vec<Explained> {
        let Judged { lines, kinds, .. } = self.judge(article, &mut Vec::new());
        lines.into_iter().zip(kinds).map(|(line, kind)| explain::explain(line, kind)).collect()
    }

    /// Each line of the page, whether it is cut, and what it is.
    fn judge(&self, article: &Article, degraded: &mut Vec<Degraded>) -> Judged {
        let texts = self.capped(article, degraded);
        let joiners = Joiners::new(&texts, article.language.as_deref());
        let (mut lines, folded) = self.lines(article, &texts, &joiners);
        let title = title::place_title(&mut lines, article, &joiners, &self.phrases);
        let mut page = Page::new(&mut lines, &self.phrases, title.as_deref());
        page.cut_furniture();
        let partial = article.parted || page.is_partial(article.paywalled);
        let title = title.and_then(|title| lines.iter().position(|line| line.cut.is_none() && line.key == title));
        let (kinds, names) = blocks::kinds(&mut lines, article, &self.phrases, title);
        Judged { lines, folded, kinds, names, partial }
    }

    /// The lines of the page: first all are read, then each is looked up.
    fn lines(&self, article: &Article, texts: &[&str], joiners: &Joiners<'_>) -> (Vec<Line>, Folded) {
        let mut reader = Reader::new(texts.iter().map(|text| text.len()).sum(), texts.len(), &self.phrases);
        let mut drafts = Vec::with_capacity(texts.len());
        drafts.extend(
            article
                .blocks
                .iter()
                .zip(texts)
                .enumerate()
                .filter_map(|(index, (block, text))| Some((block, Draft::new(index, text, joiners, &mut reader)?))),
        );
        let (keys, folded) = reader.finish();
        (drafts.into_iter().map(|(block, draft)| Line::new(draft, block, &keys)).collect(), folded)
    }

    /// Authors and agencies one by one.
    fn name_sources(&self, article: &Article, text: &mut Text) {
        let byline = text.byline.as_deref().unwrap_or_default();
        let (authors, mut agencies) = credits::byline(byline, article.site.as_deref(), &self.phrases);
        if let Some(credit) = text.credit.as_deref() {
            credits::credit(credit, &self.phrases, &mut agencies);
        }
        if let Some(first) = text.blocks.iter().find(|block| block.kind == BlockKind::Paragraph) {
            credits::dateline(text.shown(first.span), &self.phrases, &mut agencies);
        }
        (text.authors, text.agencies) = (authors, agencies);
    }

    /// The blocks' texts as far as the caps allow.
    fn capped<'a>(&self, article: &'a Article, degraded: &mut Vec<Degraded>) -> Vec<&'a str> {
        if article.blocks.len() > self.options.max_blocks {
            degraded.push(Degraded { stage: Stage::Normalize, why: "too_many_blocks" });
        }
        let mut left = self.options.max_text_bytes;
        let mut texts = Vec::with_capacity(article.blocks.len().min(self.options.max_blocks));
        for block in article.blocks.iter().take(self.options.max_blocks) {
            let text = block.piece.text.as_str();
            if text.len() > left {
                degraded.push(Degraded { stage: Stage::Normalize, why: "too_long" });
                texts.push(at_blank(text, left));
                break;
            }
            left -= text.len();
            texts.push(text);
        }
        texts
    }
}

/// The lines of a page, those that are cut among them.
struct Judged {
    lines: Vec<Line>,
    /// Their match forms.
    folded: Folded,
    /// Line by line; those of cut lines mean nothing.
    kinds: Vec<BlockKind>,
    names: Names,
    partial: bool,
}

/// A text in its two forms and blocks, and what is asked of its lines later on.
struct Assembled {
    text: Text,
    /// Of each block the index of the source's.
    sources: Vec<Option<usize>>,
    /// Of each block its own.
    keys: Vec<Key>,
}

/// At most `most` bytes, up to the last blank within them.
fn at_blank(text: &str, most: usize) -> &str {
    let start = (0..=most.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    start.rfind(' ').and_then(|blank| start.get(..blank)).unwrap_or(start)
}

/// Whether a zero-width non-joiner is spelling: in Persian, Kurdish, Urdu and
/// Pashto, not in Arabic. Asked where one stands, for most pages have none.
struct Joiners<'a> {
    texts: &'a [&'a str],
    declared: Option<&'a str>,
    keep: OnceCell<bool>,
}

impl<'a> Joiners<'a> {
    const fn new(texts: &'a [&'a str], declared: Option<&'a str>) -> Self {
        Self { texts, declared, keep: OnceCell::new() }
    }

    /// Whether those of a line stay, or of its title, which alone does not tell.
    fn stay(&self, text: &str) -> bool {
        const JOINER: char = '\u{200C}';
        let spelled = |tag: &str| matches!(tag, "fa" | "ckb" | "ur" | "ps" | "ku");
        let texts = || self.texts.iter().copied();
        text.contains(JOINER)
            && *self.keep.get_or_init(|| {
                texts().any(|text| text.contains(JOINER)) && spelled(&language::detect(texts(), self.declared).tag)
            })
    }
}

fn assemble(article: &Article, lines: Vec<Line>, folded: &Folded, kinds: &[BlockKind], names: Names) -> Assembled {
    let mut text = Text {
        title: names.title,
        section: names.section,
        breadcrumbs: names.breadcrumbs,
        lead: names.lead,
        byline: names.byline,
        credit: names.credit,
        ..Text::default()
    };
    let (mut sources, mut keys) = (Vec::new(), Vec::new());
    let most = lines.iter().map(|line| line.shown.len() + 1).sum();
    text.display.reserve(most);
    let mut matched = Matched::new(most);
    let mut removed = std::collections::BTreeMap::<RemovedKind, usize>::new();
    for (mut line, kind) in lines.into_iter().zip(kinds) {
        if let Some(kind) = line.cut {
            *removed.entry(kind).or_default() += line.shown.chars().count();
            continue;
        }
        if !text.blocks.is_empty() {
            text.display.push('\n');
            matched.keep(b"\n");
        }
        let start = text.display.len();
        sources.push(line.source);
        text.display.push_str(&line.shown);
        match &line.fold {
            Some(fold) => folded.push(&line.shown, fold, &mut matched),
            None => matched.fold(&line.shown),
        }
        let sentences = sentences::sentences(&line.shown, line.marks, start);
        keys.push(line.keyed());
        let piece = match line.source {
            Some(source) => article.blocks.get(source).map(|block| &block.piece),
            None => article.title.as_ref(),
        };
        text.blocks.push(Block {
            kind: *kind,
            span: DisplaySpan::new(start, text.display.len()),
            sentences,
            language: None,
            edits: std::mem::take(&mut line.edits),
            trace: piece.and_then(|piece| piece.trace.clone()),
        });
    }
    text.removed = removed.into_iter().map(|(kind, chars)| Removed { kind, chars }).collect();
    (text.matched, text.edits) = matched.build();
    Assembled { text, sources, keys }
}

/// By the words of the running text.
fn fingerprint_of(text: &Text, keys: &[Key]) -> u64 {
    let body = body(text);
    let blocks = text.blocks.iter().zip(keys).filter(|(block, _)| body(block));
    fingerprint::fingerprint(blocks.flat_map(|(_, key)| key.words()))
}

/// The language of the article, and of blocks that are certainly in another.
fn name_languages(article: &Article, text: &mut Text, sources: &[Option<usize>]) {
    let body = body(text);
    let shown = text.blocks.iter().filter(|block| body(block)).map(|block| text.shown(block.span));
    text.language = language::detect(shown, article.language.as_deref());
    if text.language.tag == "und" {
        text.language.right_to_left = article.right_to_left.unwrap_or(text.language.right_to_left);
    }
    for index in 0..text.blocks.len() {
        let Some(block) = text.blocks.get(index) else { break };
        let declared = sources.get(index).copied().flatten().and_then(|source| article.blocks.get(source));
        let declared = declared.and_then(|block| block.language.as_deref());
        let language = language::of_block(text.shown(block.span), &text.language.tag, declared);
        if let Some(block) = text.blocks.get_mut(index) {
            block.language = language;
        }
    }
}

/// Whether a block is of the running text; each is where there is none.
fn body(text: &Text) -> impl Fn(&Block) -> bool + use<> {
    let runs = |kind: BlockKind| matches!(kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::List);
    let any = text.blocks.iter().any(|block| runs(block.kind));
    move |block| !any || runs(block.kind)
}

fn no_text(article: &Article, removed: &[Removed]) -> Reject {
    let message = if article.blocks.is_empty() {
        "the payload has no block of text; name the field that holds it in decode.fields".to_owned()
    } else {
        let chars: usize = removed.iter().map(|removed| removed.chars).sum();
        format!("{} blocks, none of them article text ({chars} characters of furniture)", article.blocks.len())
    };
    Reject::new(Stage::Normalize, Reason::NoText, message)
}
