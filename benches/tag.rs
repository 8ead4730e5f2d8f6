//! Tagging: megabytes of match text a second on one core, and what it costs to
//! open the gazetteer.

#![allow(clippy::expect_used)] // a benchmark that cannot start should say why

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::letters;
use warraq::record::{Block, DisplaySpan, EditsBuilder, Language, Text};
use warraq::tag::linear::Linear;
use warraq::tag::{Gazetteer, Hints, Options, Tagger};

const GAZETTEER: &[u8] = include_bytes!("../models/gazetteer.bin");
const MODEL: &[u8] = include_bytes!("../models/fast.bin");

/// A page of plain news prose, written for this project.
const PARAGRAPHS: [&str; 5] = [
    "قال وزير الزراعة التونسي، هيثم القرعاوي، الخميس إن بلاده تبحث مع الأمم المتحدة ومنظمة الصحة العالمية خطة جديدة لدعم صغار المزارعين في ولايات الجنوب.",
    "وأضاف القرعاوي أن الحكومة ستخصص ثلاثة ملايين دينار للعام المقبل، وأن وفدا من البنك الدولي يصل إلى تونس قريبا للاطلاع على سير العمل في المشاريع.",
    "ونقلت صحيفة “الضحى الجديد” عن مصدر في وزارة المالية أن القرض يمتد على عشر سنوات، في حين نفت حركة الشباب الحر (حشح) وجود أي اتفاق نهائي.",
    "وفي دمشق وبغداد وبيروت تابع مراقبون المحادثات التي جرت على هامش اجتماع جامعة الدول العربية، وسط آمال بأن تشمل الخطة سوريا والعراق ولبنان.",
    "وكانت الأمطار قد تأخرت هذا الموسم عدة أسابيع، ما دفع كثيرا من الأسر إلى بيع ماشيتها بأسعار زهيدة قبل أن تتحسن الأحوال في بداية الشهر الجاري.",
];

fn page(paragraphs: usize) -> Text {
    let (mut display, mut blocks) = (String::new(), Vec::new());
    for paragraph in PARAGRAPHS.iter().cycle().take(paragraphs) {
        if !display.is_empty() {
            display.push('\n');
        }
        let start = display.len();
        display.push_str(paragraph);
        blocks.push(Block { span: DisplaySpan::new(start, display.len()), ..Block::default() });
    }
    let (mut edits, mut matched) = (EditsBuilder::new(), String::new());
    letters::fold_display(&display, &mut matched, |kept, from, to| {
        edits.keep(kept);
        edits.replace(from, to);
    });
    let language = Language { tag: "ar".to_owned(), confidence: 1.0, right_to_left: true };
    Text { display, matched, edits: edits.build(), blocks, language, ..Text::default() }
}

fn tagging(criterion: &mut Criterion) {
    let gazetteer = Gazetteer::new(GAZETTEER).expect("the shipped gazetteer opens");
    let model = Linear::new(MODEL).expect("the shipped model opens");
    let tagger = Tagger::new(&Options::default(), gazetteer, &[]).expect("the defaults work").with_linear(model);
    let mut group = criterion.benchmark_group("tag");
    for paragraphs in [5, 50, 500] {
        let text = page(paragraphs);
        group.throughput(Throughput::Bytes(text.matched.len() as u64));
        group.bench_function(format!("{paragraphs} paragraphs"), |bencher| {
            bencher.iter(|| tagger.tag(black_box(&text), Hints::default()));
        });
    }
    group.finish();
    criterion.bench_function("open gazetteer", |bencher| {
        bencher.iter(|| Gazetteer::new(black_box(GAZETTEER)).map(|gazetteer| gazetteer.len()));
    });
}

criterion_group!(benches, tagging);
criterion_main!(benches);
