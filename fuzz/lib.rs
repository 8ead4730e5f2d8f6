//! What the targets share: records from bytes, and what must hold of any.

use std::sync::LazyLock;

use peak_alloc::PeakAlloc;
use warraq::decode::{self, Decoder};
use warraq::encode::{self, Encoder};
use warraq::normalize::{self, Normalizer};
use warraq::pipeline::{Parts, Pipeline};
use warraq::record::{Article, Header, Origin, Provenance, RawRecord, Text};
use warraq::tag::{self, Gazetteer, Tagger};

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

/// Memory may be so many times the input,
const TIMES: usize = 20;
/// and this, which a small input needs for tables and buffers.
const BASE: usize = 2 << 20;

pub static DECODER: LazyLock<Decoder> = LazyLock::new(|| Decoder::new(&decode::Options::default()));
pub static NORMALIZER: LazyLock<Normalizer> = LazyLock::new(|| Normalizer::new(&normalize::Options::default()));

/// All rooms, with the names that the binary carries.
pub static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| {
    let names = Gazetteer::new(include_bytes!("../models/gazetteer.bin").to_vec()).expect("its own file");
    let provenance = Provenance { version: "0".into(), model: "m".into(), config: "c".into() };
    let encode = encode::Options { raw_offsets: true, ..encode::Options::default() };
    Pipeline::new(Parts {
        decoder: Decoder::new(&decode::Options::default()),
        normalizer: Normalizer::new(&normalize::Options::default()),
        tagger: Tagger::new(&tag::Options::default(), names, &[]).expect("the defaults"),
        encoder: Encoder::new(&encode, provenance),
    })
});

/// A record of these bytes, with these headers.
pub fn raw(value: &[u8], headers: &[(&str, &str)]) -> RawRecord {
    let header =
        |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: Some(value.as_bytes().to_vec()) };
    RawRecord {
        origin: Origin { topic: "fuzz".into(), partition: 0, offset: 0 },
        timestamp: Some(1_700_000_000_000),
        key: None,
        value_length: value.len(),
        value: Some(value.to_vec()),
        headers: headers.iter().map(header).collect(),
    }
}

/// Runs the work; panics where it held more memory than the input allows, be it what a packed
/// one may unpack to.
pub fn bounded<T>(input: &[u8], work: impl FnOnce() -> T) -> T {
    let unpacked = decode::Options::default().max_decompressed_bytes;
    let bytes = if is_packed(input) { unpacked } else { input.len() };
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    let done = work();
    let held = PEAK.peak_usage().saturating_sub(before);
    assert!(held <= bytes * TIMES + BASE, "{held} bytes of memory for {bytes} bytes of input");
    done
}

/// Decodes and normalizes; whatever comes out must hold together.
pub fn read(raw: &RawRecord) {
    let Ok(article) = DECODER.decode(raw) else { return };
    traces(&article, raw.value.as_deref().unwrap_or_default());
    normalize(&article);
}

/// Begins as gzip or zstd does.
fn is_packed(payload: &[u8]) -> bool {
    payload.starts_with(&[0x1f, 0x8b]) || payload.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Every way back leads into the payload. A packed payload is longer unpacked.
fn traces(article: &Article, payload: &[u8]) {
    let packed = is_packed(payload);
    let pieces = article.blocks.iter().map(|block| &block.piece).chain(&article.title);
    for piece in pieces {
        let Some(trace) = &piece.trace else { continue };
        let raw = trace.raw(0, piece.text.len());
        assert!(raw.start <= raw.end && (packed || raw.end <= payload.len()), "{raw:?} of {}", payload.len());
    }
}

/// Normalizes; the text that comes out must hold together.
pub fn normalize(article: &Article) {
    let Ok((text, _)) = NORMALIZER.normalize(article) else { return };
    check(&text);
}

fn check(text: &Text) {
    let display = text.display.as_str();
    assert_eq!(display.matches('\n').count(), text.matched.matches('\n').count(), "both forms have the same lines");
    let mut last = 0;
    for block in &text.blocks {
        let span = block.span;
        let shown = display.get(span.start..span.end).expect("a block inside a character or outside of the text");
        assert!(span.start >= last && !shown.is_empty() && !shown.contains('\n'), "{span:?}: {shown:?}");
        last = span.end;
        let mut end = span.start;
        for sentence in &block.sentences {
            assert!(sentence.start >= end && sentence.end > sentence.start && sentence.end <= span.end, "{sentence:?}");
            assert!(display.get(sentence.start..sentence.end).is_some(), "a sentence inside a character");
            let matched = text.to_match(*sentence);
            assert!(text.matched.get(matched.start..matched.end).is_some(), "{matched:?} inside a character");
            let back = text.to_display(matched);
            assert!(matched.is_empty() || back.overlaps(*sentence), "{sentence:?} to {matched:?} to {back:?}");
            end = sentence.end;
        }
    }
}
