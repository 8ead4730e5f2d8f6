//! Megabytes a second of the text work on a folder of pages, `*.txt` and `*.html`, as
//! JSON: what `make bench-text` sets beside other tools. Pages are decoded and
//! normalized as in a worker; nothing is tagged.
//!
//! ```sh
//! cargo run --release --manifest-path tests/support/bench/Cargo.toml --bin speed tests/fixtures/pages
//! ```

#![allow(clippy::print_stdout)] // a figure is what it is for

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use warraq::decode::{self, Decoder};
use warraq::letters::fold;
use warraq::normalize::{self, Normalizer};
use warraq::record::{Header, Origin, RawRecord, Text};
use warraq_bench::passes_a_second;

/// As in the worker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn record(value: Vec<u8>, content_type: &str) -> RawRecord {
    RawRecord {
        origin: Origin { topic: "pages".into(), partition: 0, offset: 0 },
        timestamp: None,
        key: None,
        value_length: value.len(),
        value: Some(value),
        headers: vec![Header { name: "content-type".to_owned(), value: Some(content_type.as_bytes().to_vec()) }],
    }
}

fn pages(folder: &Path, extension: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("no *.{extension} in {}", folder.display()).into());
    }
    Ok(paths.iter().map(std::fs::read).collect::<std::io::Result<_>>()?)
}

/// Megabytes a second of a work over all pages.
fn speed<T>(pages: &[T], size: impl Fn(&T) -> usize, work: impl FnMut(&T)) -> Result<f64, Box<dyn Error>> {
    let bytes: usize = pages.iter().map(size).sum();
    Ok(bytes as f64 * passes_a_second(pages, 16, work)? / 1e6)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: speed FOLDER (of *.txt and *.html)")?;
    let folder = Path::new(&folder);
    let decoder = Decoder::new(&decode::Options::default());
    let normalizer = Normalizer::new(&normalize::Options::default());
    let whole = |raw: &RawRecord| -> Option<Text> {
        let article = decoder.decode(raw).ok()?;
        normalizer.normalize(&article).ok().map(|(text, _)| text)
    };
    let forms = |raw: &RawRecord| -> Option<Text> { Some(normalizer.forms(&decoder.decode(raw).ok()?)) };
    let texts = pages(folder, "txt")?;
    let strings: Vec<String> = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let letters = speed(&strings, String::len, |text| drop(black_box(fold(black_box(text)))))?;
    let run = |records: &[RawRecord], work: &dyn Fn(&RawRecord) -> Option<Text>| {
        speed(records, |raw| raw.value_length, |raw| drop(black_box(work(black_box(raw)))))
    };
    let texts: Vec<RawRecord> = texts.into_iter().map(|text| record(text, "text/plain; charset=utf-8")).collect();
    let html: Vec<RawRecord> =
        pages(folder, "html")?.into_iter().map(|page| record(page, "text/html; charset=utf-8")).collect();
    let (forms, text, html) = (run(&texts, &forms)?, run(&texts, &whole)?, run(&html, &whole)?);
    println!(r#"{{"letters": {letters:.1}, "forms": {forms:.1}, "text": {text:.1}, "html": {html:.1}}}"#);
    Ok(())
}
