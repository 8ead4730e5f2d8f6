//! The room as a whole: every reason, every type, positions.

use std::sync::Arc;

use super::*;
use crate::record::{Header, Origin};

fn raw(value: &[u8], headers: &[(&str, &str)]) -> RawRecord {
    RawRecord {
        origin: Origin { topic: Arc::from("articles"), partition: 0, offset: 1 },
        timestamp: None,
        key: None,
        value_length: value.len(),
        value: Some(value.to_vec()),
        headers: headers
            .iter()
            .map(|(name, value)| Header { name: (*name).to_owned(), value: Some(value.as_bytes().to_vec()) })
            .collect(),
    }
}

fn decode_with(options: &Options, value: &[u8], headers: &[(&str, &str)]) -> Result<Article, Reject> {
    Decoder::new(options).decode(&raw(value, headers))
}

fn article(value: &[u8]) -> Article {
    decode_with(&Options::default(), value, &[]).unwrap()
}

fn reason(value: &[u8], content_type: &str) -> Reason {
    let reject = decode_with(&Options::default(), value, &[("content-type", content_type)]).unwrap_err();
    assert_eq!(reject.stage, Stage::Decode);
    reject.reason
}

fn texts(article: &Article) -> Vec<&str> {
    article.blocks.iter().map(|block| block.piece.text.as_str()).collect()
}

#[test]
fn every_reason_is_given() {
    const JSON: &str = "application/json";
    assert_eq!(reason(b"", JSON), Reason::EmptyValue);
    assert_eq!(reason(b"{\"title\": ", JSON), Reason::InvalidJson);
    assert_eq!(reason(b"{\"title\": {}, \"text\": \"a\"}", JSON), Reason::WrongType);
    assert_eq!(reason(b"[1]", JSON), Reason::WrongType);
    assert_eq!(reason(b"{\"text\": \"\xC3\x28\"}", JSON), Reason::InvalidEncoding);
    assert_eq!(reason(b" \n \t\r\n", "text/plain"), Reason::NoText);
    assert_eq!(reason(b"{\"a\": 1}", JSON), Reason::NoText);
    assert_eq!(reason(b"<p> <script>a</script>", "text/html"), Reason::NoText);
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    assert_eq!(reason(deep.as_bytes(), JSON), Reason::JsonTooDeep);
    assert_eq!(reason("{\"a\":".repeat(100_000).as_bytes(), JSON), Reason::JsonTooDeep);
    assert_eq!(reason("<b>".repeat(1_000_000).as_bytes(), "text/html"), Reason::HtmlTooComplex);
    assert_eq!(reason("<div>".repeat(200_000).as_bytes(), "text/html"), Reason::HtmlTooComplex);
    let large = RawRecord { value_length: 17 << 20, ..raw(b"abc", &[]) };
    let reject = Decoder::new(&Options::default()).decode(&large).unwrap_err();
    assert_eq!(reject.reason, Reason::ValueTooLarge);
    let headers = [("content-encoding", "br")];
    let reject = decode_with(&Options::default(), b"abc", &headers).unwrap_err();
    assert_eq!(reject.reason, Reason::UnsupportedCompression);
}

#[test]
fn header_before_configuration_before_sniffing() {
    let value = b"{\"text\": \"a <b>b</b>\"}";
    assert_eq!(texts(&article(value)), ["a b"]);
    let options = Options { kind: Type::Text, ..Options::default() };
    assert_eq!(texts(&decode_with(&options, value, &[]).unwrap()), ["{\"text\": \"a <b>b</b>\"}"]);
    let html = [("content-type", "text/html")];
    assert_eq!(texts(&decode_with(&options, value, &html).unwrap()), ["{\"text\": \"a b\"}"]);
}

/// Every block's way back gives its text again, once the payload's stretch is
/// read as its form is read.
fn check_traces(article: &Article, bytes: &[u8], read: impl Fn(&[u8]) -> String) {
    for block in &article.blocks {
        let text = &block.piece.text;
        let trace = block.piece.trace.as_ref().unwrap();
        let raw = trace.raw(0, text.len());
        assert_eq!(read(&bytes[raw.start..raw.end]).split_whitespace().collect::<Vec<_>>().join(" "), *text);
    }
}

mod positions {
    use encoding_rs::WINDOWS_1256;
    use proptest::prelude::*;

    use super::*;

    fn utf8(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn json(bytes: &[u8]) -> String {
        serde_json::from_str(&format!("\"{}\"", utf8(bytes))).unwrap()
    }

    /// As JSON with every character of one class escaped.
    fn escaped(text: &str, escapes: impl Fn(char) -> bool) -> String {
        let mut out = String::new();
        for c in text.chars() {
            if escapes(c) || c.is_control() || matches!(c, '"' | '\\') {
                let mut units = [0; 2];
                out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            } else {
                out.push(c);
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn plain_text_leads_back(lines in proptest::collection::vec("[ء-غف-ي،؟a-z]{1,8}( [ء-غف-ي0-9.]{1,6}){0,9}", 1..8)) {
            let text = lines.join("\r\n \n");
            let article = article(text.as_bytes());
            prop_assert_eq!(&texts(&article), &lines);
            check_traces(&article, text.as_bytes(), utf8);
            let bytes = WINDOWS_1256.encode(&text).0;
            let headers = [("content-type", "text/plain; charset=windows-1256")];
            let article = decode_with(&Options::default(), &bytes, &headers).unwrap();
            prop_assert_eq!(texts(&article), lines);
            check_traces(&article, &bytes, |bytes| WINDOWS_1256.decode(bytes).0.into_owned());
        }

        #[test]
        fn json_strings_lead_back(lines in proptest::collection::vec("[ء-غف-ي\"\\\\/a-z😀-😂\u{10FFFF}]{1,20}", 1..6), every in 1u32..4) {
            let text = lines.join("\n");
            let value = format!("{{\"url\": \"x\", \"text\" : \"{}\"}}", escaped(&text, |c| u32::from(c) % every == 0));
            let article = article(value.as_bytes());
            prop_assert_eq!(texts(&article), lines);
            check_traces(&article, value.as_bytes(), json);
        }

        #[test]
        fn pages_lead_back(lines in proptest::collection::vec("[ء-غف-يa-z]{1,8}( [ء-غف-ي&<😀]{1,6}){0,9}", 1..8), charset: bool) {
            let escape = |line: &String| line.replace('&', "&amp;").replace('<', "&#60;").replace(' ', " \n<b></b> ");
            let page: String = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
            let bytes = if charset { WINDOWS_1256.encode(&page).0.into_owned() } else { page.into_bytes() };
            let headers = [("content-type", if charset { "text/html; charset=windows-1256" } else { "text/html" })];
            let article = decode_with(&Options::default(), &bytes, &headers).unwrap();
            prop_assert_eq!(texts(&article), lines);
            let read = |bytes: &[u8]| {
                let text = if charset { WINDOWS_1256.decode(bytes).0.into_owned() } else { utf8(bytes) };
                let text = text.replace("<b></b>", "").replace("&amp;", "&").replace("&#60;", "<");
                // windows-1256 has no emoji: the encoder wrote character references.
                text.replace("&#128512;", "😀")
            };
            check_traces(&article, &bytes, read);
        }

        /// HTML inside JSON inside windows-1256: three layers, one way back.
        #[test]
        fn layers_lead_back(lines in proptest::collection::vec("[ء-غف-ي]{1,8}( [ء-غف-ي\"]{1,6}){0,5}", 1..6)) {
            let page: String = lines.iter().map(|line| format!("<p>{line}</p>")).collect();
            let value = format!("{{\"html\": \"{}\"}}", escaped(&page, |c| c == 'ب'));
            let bytes = WINDOWS_1256.encode(&value).0;
            let headers = [("content-type", "application/json; charset=windows-1256")];
            let article = decode_with(&Options::default(), &bytes, &headers).unwrap();
            prop_assert_eq!(texts(&article), lines);
            check_traces(&article, &bytes, |bytes| json(WINDOWS_1256.decode(bytes).0.as_bytes()));
        }
    }
}

mod never_panics {
    use proptest::prelude::*;

    use super::*;

    const TYPES: &[&str] = &["application/json", "text/html", "text/plain", "", "text/html; charset=gbk"];

    fn run(bytes: &[u8]) -> Result<(), TestCaseError> {
        for content_type in TYPES {
            let options = Options { keep_extra: true, ..Options::default() };
            if let Ok(article) = decode_with(&options, bytes, &[("content-type", content_type)]) {
                for block in &article.blocks {
                    prop_assert!(!block.piece.text.contains('\n'));
                    let Some(trace) = &block.piece.trace else { continue };
                    prop_assert!(trace.raw.end <= bytes.len());
                    for (at, c) in block.piece.text.char_indices() {
                        let raw = trace.raw(at, at + c.len_utf8());
                        prop_assert!(trace.raw.contains(raw));
                    }
                }
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            run(&bytes)?;
        }

        #[test]
        fn on_broken_markup(page in "(<(/)?(p|div|a href=x|li|ul|td|tr|table|h1|b|svg|select|button|title|script|br|article|time|pre)( class=share)?/?>|[ء-غف-ي. &;<>]{1,9}){0,60}") {
            run(page.as_bytes())?;
        }

        #[test]
        fn on_broken_json(text in "([{}\\[\\],:\"\\\\ ]|\"(text|html|title|url|date)\":|\"[ء-غف-يa\\\\un0-9<>/p]{0,9}\"|null|1e9|true){0,40}") {
            run(format!("{{{text}}}").as_bytes())?;
            run(text.as_bytes())?;
        }
    }
}
