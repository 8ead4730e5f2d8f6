//! The accurate tagger's network: words a second on one core, and what it costs
//! to open its file. With the feature `mount` also a network of BERT-base's size.

#![allow(clippy::expect_used)] // a benchmark that cannot start should say why

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::tag::Neural;
use warraq::tag::linear::Convention;

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
            bencher.iter(|| neural.scores(black_box(&sentences), Convention::News));
        });
    }
    group
        .bench_function("open", |bencher| bencher.iter(|| Neural::accurate(black_box(ACCURATE)).map(|one| one.hash())));
    group.finish();
}

/// A directory in memory: 12 layers of 768, of random numbers. The vocabulary is
/// small, which changes no time.
#[cfg(feature = "mount")]
mod mounted {
    use std::collections::BTreeMap;

    use safetensors::tensor::{Dtype, TensorView};
    use warraq::tag::Folder;

    pub struct Base(BTreeMap<&'static str, Vec<u8>>);

    impl Folder for Base {
        fn has(&self, name: &str) -> bool {
            self.0.contains_key(name)
        }

        fn read(&self, name: &str) -> Result<Vec<u8>, String> {
            self.0.get(name).cloned().ok_or_else(|| "is missing".to_owned())
        }
    }

    const CONFIG: &str = r#"{"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512, "vocab_size": 1000,
        "type_vocab_size": 2, "id2label": {"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-LOC", "4": "I-LOC"}}"#;

    pub fn base() -> Base {
        let mut shapes = vec![
            ("bert.embeddings.word_embeddings.weight".to_owned(), vec![1000, 768]),
            ("bert.embeddings.position_embeddings.weight".to_owned(), vec![512, 768]),
            ("bert.embeddings.token_type_embeddings.weight".to_owned(), vec![2, 768]),
            ("classifier.weight".to_owned(), vec![5, 768]),
            ("classifier.bias".to_owned(), vec![5]),
        ];
        let mut both = |name: String, shape: Vec<usize>| {
            shapes.push((format!("{name}.bias"), shape[..1].to_vec()));
            shapes.push((format!("{name}.weight"), shape));
        };
        both("bert.embeddings.LayerNorm".to_owned(), vec![768]);
        for layer in 0..12 {
            let of = |name: &str| format!("bert.encoder.layer.{layer}.{name}");
            for name in ["self.query", "self.key", "self.value", "output.dense"] {
                both(of(&format!("attention.{name}")), vec![768, 768]);
            }
            both(of("attention.output.LayerNorm"), vec![768]);
            both(of("intermediate.dense"), vec![3072, 768]);
            both(of("output.dense"), vec![768, 3072]);
            both(of("output.LayerNorm"), vec![768]);
        }
        let mut state = 1_u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / 16_777_216.0 - 0.5) * 0.1
        };
        let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
            .into_iter()
            .map(|(name, shape)| {
                let bytes = (0..shape.iter().product()).flat_map(|_: usize| number().to_le_bytes()).collect();
                (name, shape, bytes)
            })
            .collect();
        let views = tensors.iter().filter_map(|(name, shape, bytes)| {
            Some((name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).ok()?))
        });
        let weights = safetensors::serialize(views, None).unwrap_or_default();
        // Letters, and the halves of the words: two pieces each.
        let letters: Vec<char> = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىة،.“”".chars().collect();
        let mut vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n".to_owned();
        for one in &letters {
            vocabulary.push_str(&format!("{one}\n##{one}\n"));
        }
        for word in super::SENTENCES.iter().flat_map(|sentence| sentence.split_whitespace()) {
            let half: String = word.chars().take(word.chars().count() / 2 + 1).collect();
            let rest: String = word.chars().skip(half.chars().count()).collect();
            vocabulary.push_str(&format!("{half}\n##{rest}\n"));
        }
        Base([("config.json", CONFIG.into()), ("model.safetensors", weights), ("vocab.txt", vocabulary.into())].into())
    }
}

#[cfg(feature = "mount")]
fn mounted(criterion: &mut Criterion) {
    let base = mounted::base();
    let mut group = criterion.benchmark_group("mounted");
    group.sample_size(10);
    for together in [1, 8, 32] {
        let neural = Neural::mounted(&base, &std::collections::BTreeMap::new(), together).expect("the network opens");
        let sentences: Vec<Vec<&str>> =
            SENTENCES.iter().cycle().take(20).map(|sentence| sentence.split_whitespace().collect()).collect();
        group.throughput(Throughput::Elements(sentences.iter().map(|words| words.len() as u64).sum()));
        group.bench_function(format!("words of 20 sentences, {together} together"), |bencher| {
            bencher.iter(|| neural.scores(black_box(&sentences), Convention::News));
        });
    }
    group.finish();
}

#[cfg(not(feature = "mount"))]
fn mounted(_: &mut Criterion) {}

criterion_group!(benches, reading, mounted);
criterion_main!(benches);
