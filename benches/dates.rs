//! Dates in news-like Arabic text, MB/s of display text on one core.
//!
//! The room's door opens on all of tagging, so the module is compiled in here
//! by its path: what is measured is the very source of the library.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::record::{Block, BlockKind, DisplaySpan, EditsBuilder, Language, Text};
use warraq::{letters, record};

// Compiled apart from its tests' harness, some of it has no caller here.
#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "../src/tag"]
mod tag {
    pub use warraq::tag::Hints;

    mod calendars;
    mod dates;

    pub fn mentions(text: &crate::record::Text) -> usize {
        let dates = dates::dates(text, std::iter::empty(), Hints::default());
        dates.mentions.len() + usize::from(dates.published.is_some())
    }
}

const PARAGRAPHS: [&str; 6] = [
    "قال الناطق باسم الوزارة في مؤتمر صحفي، الخميس 25 من كانون الثاني، إن اللجنة المشتركة ستبدأ أعمالها في الأيام المقبلة بحضور ممثلين عن الجانبين.",
    "وأضاف أن الخطة التي أعلنت في 3 أيار/ مايو 2023 بلغت كلفتها 1,250 مليون دولار، أي بزيادة نسبتها 12.5% عن العام الماضي.",
    "ولم يكشف المسؤول الذي طلب عدم ذكر اسمه عن تفاصيل أخرى، مكتفيا بالقول إن النقاشات جرت في أجواء إيجابية وإن الطرفين اتفقا على مواصلتها.",
    "ويعود الخلاف إلى عام 2011 حين رفض المجلس مشروع القانون، ثم تجدد بين عامي 2015 و2018 بعد تغيير الحكومة وتعيين وزير جديد للمالية.",
    "من جانبه، دعا رئيس الاتحاد إلى الإسراع في تنفيذ القرار، محذرا من أن التأخير سيزيد من معاناة السكان في المناطق الريفية البعيدة عن المراكز.",
    "وكان الفريق قد فاز على ضيفه بنتيجة 3-2 أمس الأربعاء، في المباراة التي حضرها نحو 24 ألف متفرج في ملعب المدينة الرياضية.",
];

/// A text of about so many bytes, display and match form.
fn text(bytes: usize) -> Text {
    let mut text = Text { language: Language { tag: "ar".to_owned(), ..Language::default() }, ..Text::default() };
    for paragraph in PARAGRAPHS.iter().cycle() {
        if text.display.len() >= bytes {
            break;
        }
        if !text.display.is_empty() {
            text.display.push('\n');
        }
        let start = text.display.len();
        text.display.push_str(paragraph);
        let span = DisplaySpan::new(start, text.display.len());
        text.blocks.push(Block { kind: BlockKind::Paragraph, span, ..Block::default() });
    }
    let mut builder = EditsBuilder::new();
    letters::fold_display(&text.display, &mut text.matched, |kept, from, to| {
        builder.keep(kept);
        builder.replace(from, to);
    });
    text.edits = builder.build();
    text
}

fn dates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dates");
    for (name, bytes) in [("article of 6 KB", 6 << 10), ("1 MB", 1 << 20)] {
        let text = text(bytes);
        group.throughput(Throughput::Bytes(text.display.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| tag::mentions(black_box(&text))));
    }
    group.finish();
}

criterion_group!(benches, dates);
criterion_main!(benches);
