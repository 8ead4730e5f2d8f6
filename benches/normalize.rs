//! Normalization of a page, of its letters alone, and of the golden pages from
//! their bytes on: bytes of source a second on one core.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::decode::{self, Decoder};
use warraq::letters::{fold, fold_display};
use warraq::normalize::{Normalizer, Options};
use warraq::record::{Article, EditsBuilder, Header, Origin, Piece, RawRecord, SourceBlock, SourceKind};

/// Paragraphs as news has them: clean; with marks, blanks and broken quotation
/// marks; without vowel marks but with digits.
const PARAGRAPHS: [&str; 4] = [
    "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة، وقال رئيس المجلس إن الأعمال ستبدأ الشهر المقبل وإن السوق سيبقى مفتوحا أمام الزوار والباعة.",
    "وأضافَ  الوزيرُ أنَّ “الخطة“ ستُعرَض على اللجنة\u{A0}المختصة، وأنّها ستراعي ملاحظات أصحاب المحـال، فيما أكّدت مديرةُ الآثار أنّ المبنى مسجّل منذ عام ١٩٧٤.",
    "وكانت عاصفة قوية ضربت الساحل مطلع الأسبوع وأدت إلى إغلاق المدارس وقطع التيار الكهربائي عن نحو 12,500 منزل بين يومي 3 و5 كانون الثاني 2024.",
    "The harbour authority reopened its eastern pier on Friday, three days after a storm tore away part of the quay; losses are put at $2.5 million.",
];

fn page(paragraphs: usize) -> Article {
    let block = |kind, text: String| SourceBlock {
        kind,
        piece: Piece { text, trace: None },
        link_density: 0.0,
        weight: SourceBlock::NEUTRAL,
        language: None,
    };
    let mut blocks = vec![block(SourceKind::Line, "مجلس البلدية يقر خطة لترميم السوق القديم".to_owned())];
    for number in 0..paragraphs {
        // Numbered, for a paragraph given twice is cut.
        let text = PARAGRAPHS.get(number % PARAGRAPHS.len()).copied().unwrap_or_default();
        blocks.push(block(SourceKind::Line, format!("{number} {text}")));
    }
    blocks.push(block(SourceKind::Line, "اترك تعليقاً".to_owned()));
    Article { blocks, ..Article::default() }
}

fn bytes(article: &Article) -> u64 {
    article.blocks.iter().map(|block| block.piece.text.len() as u64).sum()
}

fn normalize(criterion: &mut Criterion) {
    let normalizer = Normalizer::new(&Options::default());
    let mut group = criterion.benchmark_group("normalize");
    for (name, paragraphs) in [("page of 20 paragraphs", 20), ("page of 400 paragraphs", 400)] {
        let article = page(paragraphs);
        group.throughput(Throughput::Bytes(bytes(&article)));
        group.bench_function(name, |bencher| bencher.iter(|| normalizer.normalize(black_box(&article))));
    }
    group.finish();
}

fn letters(criterion: &mut Criterion) {
    let display = [PARAGRAPHS[0], PARAGRAPHS[2]].join("\n").repeat(200);
    let mut group = criterion.benchmark_group("letters");
    group.throughput(Throughput::Bytes(display.len() as u64));
    group.bench_function("match form with edits", |bencher| {
        bencher.iter(|| {
            let mut matched = String::with_capacity(display.len());
            let mut edits = EditsBuilder::new();
            fold_display(black_box(&display), &mut matched, |kept, from, to| {
                edits.keep(kept);
                edits.replace(from, to);
            });
            (matched, edits.build())
        });
    });
    group.bench_function("fold of any string", |bencher| bencher.iter(|| fold(black_box(&display))));
    group.finish();
}

/// The golden pages of a type, as records.
fn golden(extension: &str, content_type: &str) -> Vec<RawRecord> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let files = [fixtures.join("pages"), fixtures].into_iter().filter_map(|folder| folder.read_dir().ok()).flatten();
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort_unstable();
    let values = paths.iter().filter_map(|path| std::fs::read(path).ok());
    let header = Header { name: "content-type".to_owned(), value: Some(content_type.as_bytes().to_vec()) };
    values
        .map(|value| RawRecord {
            origin: Origin { topic: Arc::from("bench"), partition: 0, offset: 0 },
            timestamp: None,
            key: None,
            value_length: value.len(),
            value: Some(value),
            headers: vec![header.clone()],
        })
        .collect()
}

/// All golden pages in a row, each from its bytes on as the worker takes it.
fn pages(criterion: &mut Criterion) {
    let normalizer = Normalizer::new(&Options::default());
    let decoder = Decoder::new(&decode::Options::default());
    let mut group = criterion.benchmark_group("golden pages");
    let size = |pages: &[RawRecord]| Throughput::Bytes(pages.iter().map(|page| page.value_length as u64).sum());
    for (extension, content_type) in [("txt", "text/plain"), ("html", "text/html")] {
        let pages = golden(extension, content_type);
        group.throughput(size(&pages));
        group.bench_function(format!("{extension}, decoded and normalized"), |bencher| {
            bencher.iter(|| {
                for page in black_box(&pages) {
                    let text = decoder.decode(page).and_then(|article| normalizer.normalize(&article));
                    let _ = black_box(text);
                }
            });
        });
        let articles: Vec<Article> = pages.iter().filter_map(|page| decoder.decode(page).ok()).collect();
        group.bench_function(format!("{extension}, normalized"), |bencher| {
            bencher.iter(|| {
                for article in black_box(&articles) {
                    let _ = black_box(normalizer.normalize(article));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, normalize, letters, pages);
criterion_main!(benches);
