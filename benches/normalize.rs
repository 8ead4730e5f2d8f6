//! Normalization of a page, and of its letters alone: bytes of source text a
//! second on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::letters::{fold, fold_display};
use warraq::normalize::{Normalizer, Options};
use warraq::record::{Article, EditsBuilder, Piece, SourceBlock, SourceKind};

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

criterion_group!(benches, normalize, letters);
criterion_main!(benches);
