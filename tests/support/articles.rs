//! Numbered, keyed articles of every kind, and where each must end. The same
//! number and seed give the same bytes.

use std::fmt::Write as _;
use std::io::Write as _;

use super::Chance;
use super::checker::Fate;

/// An input record and its fate.
#[derive(Debug, Clone)]
pub struct Article {
    pub key: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub value: Option<Vec<u8>>,
    pub fate: Fate,
    /// Milliseconds since the epoch; None: when it is sent.
    pub timestamp: Option<i64>,
}

impl Article {
    pub fn new(number: usize, value: impl Into<Vec<u8>>, fate: Fate) -> Self {
        Self {
            key: Some(format!("article-{number}").into_bytes()),
            headers: Vec::new(),
            value: Some(value.into()),
            fate,
            timestamp: None,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Some(value.as_bytes().to_vec())));
        self
    }
}

const SECTIONS: &[&str] = &["أخبار محلية", "سياسة", "اقتصاد", "رياضة", "العالم"];

const PLACES: &[&str] = &["بيروت", "دمشق", "بغداد", "القاهرة", "الرباط", "عمّان", "طرابلس", "صنعاء", "الخرطوم", "تونس"];

const PEOPLE: &[&str] = &["سمير الحداد", "ليلى منصور", "عبد الرحمن القاضي", "نادية بو زيد", "هاني الشامي", "ريم العلي"];

const MONTHS: &[&str] = &["كانون الثاني", "شباط", "مارس", "أبريل", "أيار", "يونيو", "تموز", "غشت", "أيلول", "أكتوبر"];

/// Sentences written for these tests; {p} a place, {n} a person, {d} a date, {k} a number.
const SENTENCES: &[&str] = &[
    "أعلنت بلدية {p} يوم {d} بدء أعمال صيانة الطريق الساحلي، على أن تنتهي خلال {k} أسبوعا.",
    "وقال المهندس {n} في مؤتمر صحافي إن المشروع سيخدم أكثر من {k} ألف شخص في {p} وجوارها.",
    "وأضاف أن الكلفة الإجمالية لن تتجاوز {k} مليون دولار، وأن التمويل تأمّن بالكامل.",
    "من جهتها، رأت {n} أن القرار جاء متأخرا، مطالبة بإشراك سكان {p} في النقاش.",
    "ويأتي ذلك بعد {k} يوما من اجتماع عقد في {p} برئاسة {n} وحضور ممثلين عن النقابات.",
    "وكانت السلطات قد أوقفت العمل في {d} بسبب الأمطار الغزيرة التي قطعت عددا من الطرق.",
    "وبحسب بيان صدر أمس، ارتفع عدد المستفيدين إلى {k} في نهاية {d}، وفق ما أوضح {n}.",
    "في المقابل، شدد اتحاد التجار في {p} على ضرورة تخفيض الرسوم قبل حلول {d}.",
    "وفاز الفريق المضيف على ضيفه القادم من {p} بنتيجة ثلاثة أهداف لهدف، سجل {n} اثنين منها.",
    "يُذكر أن {p} استضافت الدورة السابقة التي شارك فيها {k} متسابقا من تسع دول.",
    "وأكد {n} أن نسبة الإنجاز بلغت {k} في المئة، متوقعا تسليم المرحلة الأولى في {d}.",
    "ودعا المجلس المواطنين إلى ترشيد استهلاك المياه، لا سيما في {p} والقرى المحيطة بها.",
];

/// Text that `number` and `seed` decide, of about `paragraphs` × 300 bytes.
pub fn paragraphs(number: usize, seed: u64, paragraphs: usize) -> Vec<String> {
    let mut chance = Chance::new(seed ^ (number as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut pick = |list: &[&'static str]| list[usize::try_from(chance.below(list.len() as u64)).unwrap()];
    (0..paragraphs)
        .map(|_| {
            let mut text = String::new();
            for _ in 0..2 {
                let day = number % 28 + 1;
                let filled = pick(SENTENCES)
                    .replace("{p}", pick(PLACES))
                    .replace("{n}", pick(PEOPLE))
                    .replace("{d}", &format!("{day} {}", pick(MONTHS)))
                    .replace("{k}", &(number % 97 + 2).to_string());
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&filled);
            }
            text
        })
        .collect()
}

pub fn title(number: usize) -> String {
    let (place, person) = (PLACES[number % PLACES.len()], PEOPLE[number / 7 % PEOPLE.len()]);
    format!("{person} من {place}: الخبر رقم {number} في سلسلة الاختبار")
}

/// A mixed stream: JSON as three crawlers write it, HTML, plain text,
/// windows-1256, gzip; of each 20 one is bad, for one of six reasons in turn.
pub fn mixed(count: usize, seed: u64) -> impl Iterator<Item = Article> {
    (0..count).map(move |number| if number % 20 == 13 { bad(number, seed) } else { good(number, seed) })
}

pub fn good(number: usize, seed: u64) -> Article {
    let size = 2 + number % 5;
    match number % 8 {
        0 => trafilatura(number, seed, size),
        1 => news_please(number, seed, size),
        2 => newspaper(number, seed, size),
        3 => html(number, seed, size),
        4 => plain(number, seed, size),
        5 => windows_1256(number, seed, size),
        6 => gzip(trafilatura(number, seed, size)),
        _ => keyless(news_please(number, seed, size)),
    }
}

/// Bad for one of six reasons.
pub fn bad(number: usize, seed: u64) -> Article {
    let whole = trafilatura(number, seed, 2);
    let value = whole.value.clone().unwrap();
    match number / 20 % 6 {
        0 => {
            // Between two letters: half of one would be broken text first of all.
            let text = std::str::from_utf8(&value).unwrap();
            let middle = (value.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
            Article { value: Some(value[..middle].to_vec()), fate: Fate::Dead("invalid_json"), ..whole }
        }
        1 => Article::new(number, r#"{"title": "عنوان", "text": 4711}"#, Fate::Dead("wrong_type")).json(),
        2 => {
            // Two bytes in the middle that are UTF-8 nowhere.
            let mut broken = value;
            let middle = broken.len() / 2;
            broken.splice(middle..middle, [0xff, 0xfe, 0xff, 0xc0]);
            Article::new(number, broken, Fate::Dead("invalid_encoding"))
                .header("content-type", "application/json; charset=utf-8")
        }
        3 => Article::new(number, "", Fate::Dead("empty_value")).json(),
        4 => {
            let packed = gzip(whole);
            let mut value = packed.value.clone().unwrap();
            value.truncate(value.len() / 2);
            Article { value: Some(value), fate: Fate::Dead("broken_compression"), ..packed }
        }
        _ => Article { fate: Fate::Dead("unsupported_compression"), ..whole }.header("content-encoding", "br"),
    }
}

impl Article {
    fn json(self) -> Self {
        self.header("content-type", "application/json")
    }
}

pub fn trafilatura(number: usize, seed: u64, size: usize) -> Article {
    let value = serde_json::json!({
        "title": title(number), "author": PEOPLE[number % PEOPLE.len()],
        "hostname": "example.com", "date": format!("2024-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        "categories": SECTIONS[number % SECTIONS.len()], "fingerprint": format!("{number:016x}"),
        "id": null, "license": null, "raw_text": null,
        "source": format!("https://example.com/news/{number}"),
        "source-hostname": "المثال", "excerpt": null, "tags": "",
        "text": paragraphs(number, seed, size).join("\n"),
    });
    Article::new(number, value.to_string(), Fate::Output).json()
}

pub fn news_please(number: usize, seed: u64, size: usize) -> Article {
    let value = serde_json::json!({
        "authors": [PEOPLE[number % PEOPLE.len()]], "date_download": "2024-05-04 10:00:00",
        "date_publish": format!("2024-{:02}-{:02} 08:30:00", number % 12 + 1, number % 28 + 1),
        "description": null, "filename": format!("{number}.json"), "language": "ar",
        "maintext": paragraphs(number, seed, size).join("\n"), "source_domain": "example.org",
        "title": title(number), "title_page": null, "url": format!("https://example.org/{number}"),
    });
    Article::new(number, value.to_string(), Fate::Output).json()
}

pub fn newspaper(number: usize, seed: u64, size: usize) -> Article {
    let value = serde_json::json!({
        "url": format!("https://example.net/a/{number}"), "title": title(number),
        "text": paragraphs(number, seed, size).join("\n\n"), "authors": [],
        "publish_date": format!("2024-{:02}-{:02}T00:00:00", number % 12 + 1, number % 28 + 1),
        "top_image": "", "movies": [], "summary": "",
    });
    // No content-type header: sniffed.
    Article::new(number, value.to_string(), Fate::Output)
}

pub fn page(number: usize, seed: u64, size: usize) -> String {
    let title = title(number);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"ar\" dir=\"rtl\"><head><meta charset=\"utf-8\"><title>{title} | المثال</title>\
         <meta property=\"og:title\" content=\"{title}\"><link rel=\"canonical\" href=\"https://example.com/p/{number}\">\
         <meta property=\"article:published_time\" content=\"2024-05-04T09:00:00+03:00\"></head>\n<body>\
         <nav><ul><li><a href=\"/\">الرئيسية</a></li><li><a href=\"/s\">رياضة</a></li></ul></nav>\n<article><h1>{title}</h1>\n"
    );
    for paragraph in paragraphs(number, seed, size) {
        writeln!(page, "<p>{paragraph}</p>").unwrap();
    }
    page.push_str("</article>\n<footer><p>جميع الحقوق محفوظة</p></footer></body></html>");
    page
}

pub fn html(number: usize, seed: u64, size: usize) -> Article {
    Article::new(number, page(number, seed, size), Fate::Output).header("content-type", "text/html; charset=utf-8")
}

pub fn plain(number: usize, seed: u64, size: usize) -> Article {
    let lines = paragraphs(number, seed, size).join("\n");
    let value = format!("{}\n{}\n{lines}\n", SECTIONS[number % SECTIONS.len()], title(number));
    Article::new(number, value, Fate::Output).header("content-type", "text/plain; charset=utf-8")
}

pub fn windows_1256(number: usize, seed: u64, size: usize) -> Article {
    let page = page(number, seed, size).replace("<meta charset=\"utf-8\">", "<meta charset=\"windows-1256\">");
    let (value, _, lossy) = encoding_rs::WINDOWS_1256.encode(&page);
    assert!(!lossy, "a letter that windows-1256 lacks");
    Article::new(number, value, Fate::Output).header("content-type", "text/html; charset=windows-1256")
}

pub fn gzip(article: Article) -> Article {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(article.value.as_deref().unwrap()).unwrap();
    Article { value: Some(packer.finish().unwrap()), ..article }.header("content-encoding", "gzip")
}

pub fn keyless(article: Article) -> Article {
    Article { key: None, ..article }
}

pub fn tombstone(number: usize) -> Article {
    Article { value: None, fate: Fate::Tombstone, ..Article::new(number, "", Fate::Tombstone) }
}
