//! Decoding: megabytes of payload a second on one core, by type.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use warraq::decode::{Decoder, Options};
use warraq::record::{Header, Origin, RawRecord};

const SENTENCE: &str =
    "قال مدير الميناء إن الرصيف الجديد سيستقبل السفن الكبيرة ابتداء من الصيف المقبل، وإن العمل يسير وفق الخطة. ";

fn paragraphs(count: usize) -> Vec<String> {
    (0..count).map(|index| SENTENCE.repeat(1 + index % 4)).collect()
}

fn page() -> String {
    let links: String = (0..60).map(|index| format!("<li><a href=\"/s/{index}\">قسم {index}</a></li>")).collect();
    let body: String =
        paragraphs(20).iter().map(|text| format!("<p class=\"t\">{text}&nbsp;<b>نعم</b></p>\n")).collect();
    let card = "<div class=\"item\"><a href=\"/n\"><h3>خبر آخر</h3></a><div><p>مقتطف قصير من خبر آخر.</p></div></div>";
    let script = format!("<script>{}</script>", "var a = \"<p>\"; ".repeat(600));
    format!(
        "<!DOCTYPE html><html lang=\"ar\"><head><title>عنوان</title>{script}</head><body><nav><ul>{links}</ul></nav>\
         <article><h1>عنوان</h1><div class=\"entry-content\">{body}</div></article>{}<footer>حقوق</footer></body></html>",
        card.repeat(40)
    )
}

fn raw(value: Vec<u8>, content_type: &str) -> RawRecord {
    RawRecord {
        origin: Origin { topic: Arc::from("bench"), partition: 0, offset: 0 },
        timestamp: None,
        key: None,
        value_length: value.len(),
        value: Some(value),
        headers: vec![Header { name: "content-type".to_owned(), value: Some(content_type.as_bytes().to_vec()) }],
    }
}

fn decode(criterion: &mut Criterion) {
    let text = paragraphs(20).join("\n");
    let json = serde_json::json!({"url": "https://a.example/1", "title": "عنوان", "text": text}).to_string();
    let (windows_1256, _, _) = encoding_rs::WINDOWS_1256.encode(&text);
    let payloads = [
        ("plain", raw(text.clone().into_bytes(), "text/plain; charset=utf-8")),
        ("plain_windows_1256", raw(windows_1256.into_owned(), "text/plain; charset=windows-1256")),
        ("json", raw(json.into_bytes(), "application/json")),
        ("html", raw(page().into_bytes(), "text/html; charset=utf-8")),
    ];
    let decoder = Decoder::new(&Options::default());
    let mut group = criterion.benchmark_group("decode");
    for (name, payload) in &payloads {
        group.throughput(Throughput::Bytes(payload.value_length as u64));
        group.bench_function(*name, |bencher| bencher.iter(|| decoder.decode(black_box(payload))));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
