//! What must hold of the whole of normalization, whatever page comes in.

use icu_normalizer::ComposingNormalizerBorrowed;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::tables::PHRASES;
use super::{Joiners, Normalizer, Options, unicode};
use crate::letters::{fold, fold_display};
use crate::record::{
    Article, BlockKind, DisplaySpan, Edits, MatchSpan, Piece, RawSpan, Reason, Reject, SourceBlock, SourceKind, Text,
    Trace,
};

/// Letters in every disguise, and what the display form drops or mends.
const PIECES: &[&str] = &[
    "quot;",
    "&quot;",
    "&amp;",
    "&amp;quot;",
    "&#39;",
    "nbsp;",
    "&#x200F;",
    "\u{200C}",
    "\u{200D}",
    "\u{200F}",
    "\u{202B}",
    "\u{202C}",
    "\u{2067}",
    "\u{2069}",
    "\u{FEFF}",
    "\u{AD}",
    "\u{A0}",
    "\u{2003}",
    "\u{640}",
    "“",
    "”",
    "«",
    "»",
    "\"",
    "(",
    ")",
    "ﷺ",
    "ﻻ",
    "\u{FEED}\u{FE8E}\u{FEDF}\u{FE94}",
    "مُحَمَّد",
    "محم\u{651}\u{64E}د",
    "ا\u{653}ب",
    "می\u{200C}رود",
    "هەڵبژاردن",
    "ٹھیک",
    "ښوونځی",
    "e\u{301}",
    "ﬁ",
    "½",
    "İ",
    "ẞ",
    "क्\u{200D}ष",
    "각",
    "\u{1112}\u{1161}\u{11AB}",
    "日本語",
    "😀",
    "👩\u{200D}🚀",
    "٢٠٢٤",
    "۱۴۰۳",
    "12,500.5",
    "أ. ف. ب",
    "د. سمير",
    "U.N.",
    "وقال!",
    "؟",
    "…",
    ".",
    "،",
    "؛",
    ":",
    " | ",
    " - ",
    "/",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ء-ي]{1,8}",
        2 => "[a-zA-Zéçşğ]{1,8}",
        3 => select(PIECES).prop_map(str::to_owned),
        1 => "\\PC{1,4}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    let phrases: Vec<&'static str> = PHRASES.iter().flat_map(|phrase| phrase.texts.iter().copied()).collect();
    let words = |most| proptest::collection::vec(piece(), 1..most).prop_map(|pieces| pieces.join(" "));
    prop_oneof![
        3 => words(40),
        1 => proptest::collection::vec(piece(), 1..6).prop_map(|pieces| pieces.concat()),
        2 => select(phrases.clone()).prop_map(str::to_owned),
        1 => (select(phrases), words(10)).prop_map(|(phrase, rest)| format!("{phrase}: {rest}")),
        2 => select(vec![
            "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة.",
            "وقال رئيس المجلس إن “الأعمال“ ستبدأ الشهر المقبل، وإن السوق سيبقى مفتوحا أمام الزوار والباعة.",
            "The harbour authority reopened its eastern pier on Friday, three days after a storm tore it away.",
            "رئیس شورا گفت بازسازی بازار قدیمی از ماه آینده آغاز می\u{200C}شود و بازار باز خواهد ماند.",
            "12 يناير 2024 - 10:30",
            "سياسة",
        ]).prop_map(str::to_owned),
    ]
}

fn kind() -> impl Strategy<Value = SourceKind> {
    use SourceKind::{Caption, Heading, Line, ListItem, Meta, Paragraph, Quote, TableRow};
    select(vec![Line, Line, Heading(1), Heading(3), Paragraph, Paragraph, Quote, Caption, ListItem, TableRow, Meta])
}

/// A page of lines, or of marked blocks; each block knows its place in the payload.
fn page() -> impl Strategy<Value = (Article, String)> {
    let blocks = proptest::collection::vec((line(), kind(), -2i8..3, 0.0f32..1.0), 1..16);
    let language = proptest::option::of(select(vec!["ar", "fa", "en", "ckb"]));
    (blocks, any::<bool>(), language).prop_map(|(lines, marked, language)| {
        let mut payload = String::new();
        let mut blocks = Vec::new();
        for (text, kind, weight, link_density) in lines {
            let raw = RawSpan::new(payload.len(), payload.len() + text.len());
            payload.push_str(&text);
            payload.push('\n');
            let piece = Piece { text, trace: Some(Trace { raw, edits: Edits::default() }) };
            blocks.push(if marked {
                SourceBlock { kind, piece, link_density, weight, language: None }
            } else {
                let weight = SourceBlock::NEUTRAL;
                SourceBlock { kind: SourceKind::Line, piece, link_density: 0.0, weight, language: None }
            });
        }
        (Article { blocks, language: language.map(str::to_owned), ..Article::default() }, payload)
    })
}

fn normalize(article: &Article) -> Result<Text, Reject> {
    Normalizer::new(&Options::default()).normalize(article).map(|(text, _)| text)
}

/// The display form of each source block.
fn shown(article: &Article) -> Vec<String> {
    let texts: Vec<&str> = article.blocks.iter().map(|block| block.piece.text.as_str()).collect();
    // Of the page, whether a line has one or not.
    let keep_joiners = Joiners::new(&texts, article.language.as_deref()).stay("\u{200C}");
    texts.iter().map(|text| unicode::display(text, keep_joiners).0).collect()
}

/// Some span of a text that begins and ends at letters.
fn some_span(text: &str, from: Index, to: Index) -> (usize, usize) {
    let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bounds.push(text.len());
    let (a, b) = (*from.get(&bounds), *to.get(&bounds));
    (a.min(b), a.max(b))
}

/// Letters and digits in match form: what no cleaning changes.
fn letters(text: &str) -> String {
    fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Each letter that came in is shown, or counted in `removed`, or of those that
    /// the display form drops; a page of which nothing is left says how much it was.
    #[test]
    fn nothing_is_lost_uncounted((article, _) in page()) {
        let shown = shown(&article);
        let chars = |text: &str| text.chars().count();
        let all: usize = shown.iter().map(|text| chars(text)).sum();
        match normalize(&article) {
            Ok(text) => {
                let removed: usize = text.removed.iter().map(|removed| removed.chars).sum();
                let kept: usize = text.blocks.iter().map(|block| chars(text.shown(block.span))).sum();
                prop_assert_eq!(kept + removed, all, "{:?}", text.display);
                // And what is shown is the source block's display form, whole, in order.
                let mut sources = article.blocks.iter().zip(&shown);
                for block in &text.blocks {
                    let raw = block.trace.as_ref().unwrap().raw;
                    let source = sources.find(|(source, _)| source.piece.trace.as_ref().unwrap().raw == raw);
                    prop_assert_eq!(source.map(|(_, shown)| shown.as_str()), Some(text.shown(block.span)));
                }
            }
            Err(reject) => {
                prop_assert_eq!(reject.reason, Reason::NoText);
                let says = format!("{} blocks, none of them article text ({all} characters", article.blocks.len());
                prop_assert!(reject.message.starts_with(&says), "{} of {} characters", reject.message, all);
            }
        }
    }

    /// Cleaning the clean text again changes no letter. Lines that the page's marks
    /// had vouched for may be cut then. Whether a zero-width non-joiner is spelling
    /// depends on the page's language, which is told anew from what is left.
    #[test]
    fn a_clean_text_stays_as_it_is((article, _) in page()) {
        let Ok(first) = normalize(&article) else { return Ok(()) };
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        prop_assert!(nfc.is_normalized(&first.display));
        let blocks = first.display.split('\n').map(|line| SourceBlock {
            kind: SourceKind::Line,
            piece: Piece { text: line.to_owned(), trace: None },
            link_density: 0.0,
            weight: SourceBlock::NEUTRAL,
            language: None,
        });
        let language = Some(first.language.tag.clone());
        let Ok(second) = normalize(&Article { blocks: blocks.collect(), language, ..Article::default() }) else {
            return Ok(());
        };
        let spelled = |text: &str| text.replace('\u{200C}', "");
        let (first, again) = (spelled(&first.display), spelled(&second.display));
        let mut lines = first.split('\n');
        for line in again.split('\n') {
            prop_assert!(lines.any(|other| other == line), "{:?} is no line of {:?}", line, first);
        }
        prop_assert!(nfc.is_normalized(&second.display));
    }

    /// Display to match and back, of any span.
    #[test]
    fn any_span_is_found_in_the_other_form((article, _) in page(), from: Index, to: Index) {
        let Ok(text) = normalize(&article) else { return Ok(()) };
        let folded = |text: &str| {
            let mut folded = String::new();
            fold_display(text, &mut folded, |_, _, _| ());
            folded
        };
        let (start, end) = some_span(&text.display, from, to);
        let span = DisplaySpan::new(start, end);
        let matched = text.to_match(span);
        let wanted = folded(text.shown(span));
        prop_assert_eq!(text.matched.get(matched.start..matched.end), Some(wanted.as_str()));
        let (start, end) = some_span(&text.matched, from, to);
        let span = MatchSpan::new(start, end);
        let back = text.to_display(span);
        let there = text.display.get(back.start..back.end).map(folded);
        let wanted = text.matched.get(start..end).unwrap();
        prop_assert!(there.as_deref().is_some_and(|there| there.contains(wanted)), "{:?} for {:?}", there, wanted);
        let again = text.to_match(back);
        prop_assert!(span.is_empty() || again.start <= span.start && span.end <= again.end, "{:?} {:?}", span, again);
    }

    /// Display to the payload's bytes and back, of any span of a block.
    #[test]
    fn any_span_is_found_in_the_payload((article, payload) in page(), block: Index, from: Index, to: Index) {
        let Ok(text) = normalize(&article) else { return Ok(()) };
        let block = block.get(&text.blocks);
        let (start, end) = some_span(text.shown(block.span), from, to);
        let wanted = text.shown(block.span).get(start..end).unwrap();
        let (from, to) = block.edits.source(start, end);
        let raw = block.trace.as_ref().unwrap().raw(from, to);
        let there = payload.get(raw.start..raw.end);
        prop_assert!(there.is_some(), "{:?} begins or ends inside a code point", raw);
        // Both alone: `nbsp;` behind a letter is text, and by itself a blank.
        let [there, wanted] = [there.unwrap(), wanted].map(|text| unicode::display(text, true).0);
        prop_assert!(letters(&there).contains(&letters(&wanted)), "{:?} for {:?}", there, wanted);
        let (first, last) = block.edits.output(from, to);
        prop_assert!(start >= end || first <= start && end <= last, "{start}..{end} came back as {first}..{last}");
    }

    /// Blocks and, within them, sentences are the whole display text.
    #[test]
    fn blocks_and_sentences_cover_the_text((article, _) in page()) {
        let Ok(text) = normalize(&article) else { return Ok(()) };
        let mut at = 0;
        for block in &text.blocks {
            prop_assert_eq!(text.display.get(at..block.span.start), Some(if at == 0 { "" } else { "\n" }));
            at = block.span.start;
            for sentence in &block.sentences {
                let between = text.display.get(at..sentence.start).unwrap();
                prop_assert!(between.trim().is_empty() && !text.shown(*sentence).is_empty(), "{:?}", between);
                at = sentence.end;
            }
            prop_assert_eq!(at, block.span.end);
        }
        prop_assert_eq!(at, text.display.len());
        let titles = text.blocks.iter().filter(|block| block.kind == BlockKind::Title).count();
        prop_assert_eq!(titles, usize::from(text.title.is_some()));
    }
}
