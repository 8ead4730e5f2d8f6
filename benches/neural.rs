//! The accurate tagger's network: words a second on one core, and what it costs
//! to open its file.

#![allow(clippy::expect_used)] // a benchmark that cannot start should say why

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::tag::Neural;

const ACCURATE: &[u8] = include_bytes!("../models/accurate.bin");

/// Plain news prose, written for this project.
const SENTENCES: [&str; 5] = [
    "قال وزير الزراعة التونسي ، هيثم القرعاوي ، الخميس إن بلاده تبحث مع الأمم المتحدة ومنظمة الصحة العالمية خطة جديدة لدعم صغار المزارعين في ولايات الجنوب .",
    "وأضاف القرعاوي أن الحكومة ستخصص ثلاثة ملايين دينار للعام المقبل ، وأن وفدا من البنك الدولي يصل إلى تونس قريبا للاطلاع على سير العمل في المشاريع .",
    "ونقلت صحيفة “ الضحى الجديد ” عن مصدر في وزارة المالية أن القرض يمتد على عشر سنوات ، في حين نفت حركة الشباب الحر وجود أي اتفاق نهائي .",
    "وفي دمشق وبغداد وبيروت تابع مراقبون المحادثات التي جرت على هامش اجتماع جامعة الدول العربية ، وسط آمال بأن تشمل الخطة سوريا والعراق ولبنان .",
    "وكانت الأمطار قد تأخرت هذا الموسم عدة أسابيع ، ما دفع كثيرا من الأسر إلى بيع ماشيتها بأسعار زهيدة قبل أن تتحسن الأحوال في بداية الشهر الجاري .",
];

fn reading(criterion: &mut Criterion) {
    let neural = Neural::accurate(ACCURATE).expect("the shipped network opens");
    let mut group = criterion.benchmark_group("neural");
    group.sample_size(10);
    for count in [1, 20, 100] {
        let sentences: Vec<Vec<&str>> =
            SENTENCES.iter().cycle().take(count).map(|sentence| sentence.split_whitespace().collect()).collect();
        group.throughput(Throughput::Elements(sentences.iter().map(|words| words.len() as u64).sum()));
        group.bench_function(format!("words of {count} sentences"), |bencher| {
            bencher.iter(|| neural.scores(black_box(&sentences)));
        });
    }
    group
        .bench_function("open", |bencher| bencher.iter(|| Neural::accurate(black_box(ACCURATE)).map(|one| one.hash())));
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
