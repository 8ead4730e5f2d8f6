//! Positions on random articles: `text[start:end]` is the mention, blocks and
//! sentences are ordered, and raw positions lead back to the same words.

use proptest::prelude::*;
use serde_json::Value;
use warraq::encode::{self, headers};
use warraq::letters;
use warraq::pipeline::{Fate, NoWatch, Pipeline};
use warraq::record::{RawRecord, Reason};

use crate::support::{Options, gzip, items, number, pipeline, raw, record};

/// Words that make the rooms work: names, months, numbers, signs, and letters
/// in every disguise.
const WORDS: &[&str] = &[
    "بيروت",
    "والعراق",
    "للبنان",
    "الأمم المتحدة",
    "وزير",
    "الرئيس",
    "كريم الحداد",
    "الحداد",
    "(واع)",
    "وكالة الأنباء العراقية",
    "25 كانون الثاني 2024",
    "يوم الخميس",
    "أمس",
    "٣ شعبان ١٤٤٥ هـ",
    "من 3 إلى 5 أيار",
    "12/03/2020",
    "جانفي",
    "آب",
    "قال",
    "إنّ",
    "مُحَمَّد",
    "العـــراق",
    "\u{FEED}\u{FE8E}\u{FEDF}\u{FE94}",
    "\u{202B}الدوحة\u{202C}",
    "ﷺ",
    "Paris",
    "U.N.",
    "É",
    "e\u{301}",
    "😀",
    "1,234.5",
    "د. سمير",
    "«نعم»",
    "“واع“",
    "اقرأ أيضاً",
    "المصدر: وكالات",
    ".",
    "؟",
    "!",
    "،",
    ":",
    "\u{A0}",
    "\u{200F}",
    "صحيفة \"الصباح\"",
];

fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        12 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[a-zء-ي ]{1,8}",
        1 => any::<char>().prop_filter("no line break", |c| !c.is_control()).prop_map(String::from),
    ];
    proptest::collection::vec(word, 1..25).prop_map(|words| words.join(" "))
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Gzip,
    Windows1256,
    Html,
    Json,
}

fn payload(lines: &[String], form: Form) -> RawRecord {
    let text = lines.join("\n");
    let plain =
        |value, charset: &str| raw(Some(value), &[(headers::CONTENT_TYPE, &format!("text/plain; charset={charset}"))]);
    match form {
        Form::Text => plain(text.into_bytes(), "utf-8"),
        Form::Gzip => {
            let headers = [(headers::CONTENT_TYPE, "text/plain; charset=utf-8"), (headers::CONTENT_ENCODING, "gzip")];
            raw(Some(gzip(text.as_bytes())), &headers)
        }
        Form::Windows1256 => {
            let has = |letter: &char| !encoding_rs::WINDOWS_1256.encode(letter.encode_utf8(&mut [0; 4])).2;
            let text: String = text.chars().filter(has).collect();
            plain(encoding_rs::WINDOWS_1256.encode(&text).0.into_owned(), "windows-1256")
        }
        Form::Html => {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let body: String = escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect();
            let page = format!("<html><body><article><h1>عنوان</h1>{body}</article></body></html>");
            raw(Some(page.into_bytes()), &[(headers::CONTENT_TYPE, "text/html; charset=utf-8")])
        }
        Form::Json => {
            let value = serde_json::json!({"title": "عنوان الخبر", "text": text, "url": "https://x.example/a/1"});
            raw(Some(value.to_string().into_bytes()), &[(headers::CONTENT_TYPE, "application/json")])
        }
    }
}

fn forms() -> impl Strategy<Value = Form> {
    proptest::sample::select(vec![Form::Text, Form::Gzip, Form::Windows1256, Form::Html, Form::Json])
}

fn with_raw_offsets() -> Pipeline {
    let encode = encode::Options { raw_offsets: true, ..encode::Options::default() };
    pipeline(&Options { encode, ..Options::default() })
}

/// The words at a raw position, in match form.
fn at(payload: &[u8], raw: &Value, form: Form) -> String {
    let bytes = &payload[number(&raw[0])..number(&raw[1])];
    let text = match form {
        Form::Windows1256 => encoding_rs::WINDOWS_1256.decode(bytes).0.into_owned(),
        _ => String::from_utf8(bytes.to_vec()).expect("a raw position inside a character"),
    };
    let text = match form {
        Form::Html => text.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&"),
        Form::Json => serde_json::from_str(&format!("\"{text}\"")).expect("a raw position inside an escape"),
        _ => text,
    };
    words(&text)
}

/// Match form without what the clean-up changes on purpose: runs of blanks and
/// the shape of quotes.
fn words(text: &str) -> String {
    letters::fold(text).chars().filter(|c| !c.is_whitespace() && !"\"“”«»„‟".contains(*c)).collect()
}

fn places(record: &Value) -> Vec<&Value> {
    let mentions = items(&record["entities"]).iter().flat_map(|entity| items(&entity["mentions"]));
    mentions.chain(items(&record["dates"])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn hold_on_any_article(lines in proptest::collection::vec(line(), 1..12), form in forms()) {
        let pipeline = &*PIPELINE;
        let input = payload(&lines, form);
        let outcome = pipeline.enrich(&input, &mut NoWatch);
        if let Fate::Rejected { reason, .. } = outcome.summary.fate {
            // A text that windows-1256 cannot spell leaves no byte.
            let empty = input.value.as_ref().is_some_and(Vec::is_empty);
            let expected = if empty { Reason::EmptyValue } else { Reason::NoText };
            prop_assert_eq!(reason, expected, "{:?}", outcome.outgoing.header(headers::ERROR_MESSAGE));
            return Ok(());
        }
        let record = record(&outcome.outgoing);
        let text = lines.join("\n");
        let payload = if matches!(form, Form::Gzip) { text.as_bytes() } else { input.value.as_deref().unwrap() };
        for place in places(&record) {
            if let Some(raw) = place.get("raw") {
                prop_assert_eq!(at(payload, raw, form), words(place["text"].as_str().unwrap()), "{}", place);
            }
        }
    }
}

static PIPELINE: std::sync::LazyLock<Pipeline> = std::sync::LazyLock::new(with_raw_offsets);

/// The property above would hold of a record without mentions, too.
#[test]
fn raw_positions_are_given_where_the_way_back_is_known() {
    for form in [Form::Text, Form::Gzip, Form::Windows1256, Form::Html, Form::Json] {
        let lines = ["عنوان الخبر".to_owned(), "وصل الوفد إلى بيروت من العـــراق يوم 25 كانون الثاني 2024.".to_owned()];
        let record = record(&PIPELINE.enrich(&payload(&lines, form), &mut NoWatch).outgoing);
        let places = places(&record);
        assert!(places.len() >= 3, "{form:?}: {record:#}");
        assert!(places.iter().all(|place| place.get("raw").is_some()), "{form:?}: {record:#}");
    }
}
