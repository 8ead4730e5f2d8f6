//! Sample messages of every kind that a crawler or a mishap drops on a topic,
//! for `warraq demo`. Credits of the articles: `samples/README.md`.

use std::io::{self, Read, Write};

use serde_json::json;

use crate::record::{Header, Reason};

/// One message, as a producer would send it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// For people, such as `JSON of trafilatura`.
    pub kind: &'static str,
    pub key: Option<Vec<u8>>,
    pub headers: Vec<Header>,
    /// None: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Why it must end on the dead-letter topic; None: it must not.
    pub dead_letter: Option<Reason>,
}

/// What the bomb unpacks to: more than any sensible `decode.max_decompressed_bytes`.
const BOMB_BYTES: u64 = 256 << 20;

const WIKINEWS: &[u8] = include_bytes!("samples/wikinews-ar.txt.gz");
const PAGE: &str = include_str!("samples/page.html");
const SCRAPY: &str = include_str!("samples/scrapy.html");
const ARCHIVE: &str = include_str!("samples/archive.html");
const PLAIN: &str = include_str!("samples/plain.txt");
const ENGLISH: &str = include_str!("samples/english.txt");

/// All samples, in the same order with the same bytes each time.
///
/// # Errors
/// Unpacking or packing a sample failed; it does not with the samples as shipped.
pub fn samples() -> io::Result<Vec<Sample>> {
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(WIKINEWS).read_to_string(&mut unpacked)?;
    let news: Vec<Wikinews<'_>> = unpacked.split("\n\n").filter_map(Wikinews::new).collect();
    let mut samples = Vec::new();
    for (number, article) in news.iter().enumerate() {
        samples.push(match number % 5 {
            0 => article.trafilatura(),
            1 => article.news_please(),
            2 => article.newspaper(),
            3 => article.plain(),
            _ => article.trafilatura().gzip("JSON, gzip")?,
        });
        // The others are strewn among them, as on a real topic.
        match number {
            1 => samples.push(Sample::new("HTML with JSON-LD", "tripoli-souk", PAGE).typed("text/html")),
            3 => samples.push(scrapy()),
            5 => samples.push(broken()),
            7 => samples.push(archive()),
            9 => samples.push(bomb()?),
            11 => samples.push(Sample::new("plain text", "basra-port", PLAIN).typed("text/plain; charset=utf-8")),
            13 => samples.push(Sample { value: None, ..Sample::new("tombstone", "withdrawn", "") }),
            15 => samples.push(wrong_type()),
            17 => {
                samples.push(Sample::new("English text", "larnaca-ferry", ENGLISH).typed("text/plain; charset=utf-8"));
            }
            19 => samples.push(Sample::new("empty value", "empty", "").rejected(Reason::EmptyValue)),
            _ => {}
        }
    }
    Ok(samples)
}

impl Sample {
    fn new(kind: &'static str, key: &str, value: impl Into<Vec<u8>>) -> Self {
        let (key, value) = (Some(key.as_bytes().to_vec()), Some(value.into()));
        Self { kind, key, headers: Vec::new(), value, dead_letter: None }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: Some(value.as_bytes().to_vec()) });
        self
    }

    fn typed(self, content_type: &str) -> Self {
        self.header("content-type", content_type)
    }

    fn rejected(self, reason: Reason) -> Self {
        Self { dead_letter: Some(reason), ..self }
    }

    fn gzip(self, kind: &'static str) -> io::Result<Self> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(self.value.as_deref().unwrap_or_default())?;
        let value = Some(packer.finish()?);
        Ok(Self { kind, value, ..self }.header("content-encoding", "gzip"))
    }
}

/// An article of the Arabic Wikinews: its headline, then its paragraphs.
struct Wikinews<'a> {
    title: &'a str,
    text: &'a str,
    url: String,
}

impl<'a> Wikinews<'a> {
    fn new(block: &'a str) -> Option<Self> {
        let (title, text) = block.trim().split_once('\n')?;
        let url = format!("https://ar.wikinews.org/wiki/{}", title.replace(' ', "_"));
        Some(Self { title, text, url })
    }

    fn trafilatura(&self) -> Sample {
        let value = json!({
            "title": self.title, "author": null, "hostname": "ar.wikinews.org", "date": null,
            "fingerprint": null, "id": null, "license": "CC BY 2.5", "comments": "", "raw_text": null,
            "text": self.text, "language": "ar", "image": null, "pagetype": "article",
            "source": self.url, "source-hostname": "ويكي الأخبار", "excerpt": null, "categories": "", "tags": "",
        });
        Sample::new("JSON of trafilatura", &self.url, value.to_string()).typed("application/json")
    }

    fn news_please(&self) -> Sample {
        let value = json!({
            "authors": [], "date_download": "2024-05-08 06:00:00", "date_modify": null, "date_publish": null,
            "description": null, "filename": "wikinews.json", "image_url": null, "language": "ar",
            "localpath": null, "maintext": self.text, "source_domain": "ar.wikinews.org",
            "title": self.title, "title_page": null, "title_rss": null, "url": self.url,
        });
        Sample::new("JSON of news-please", &self.url, value.to_string()).typed("application/json")
    }

    fn newspaper(&self) -> Sample {
        let value = json!({
            "url": self.url, "title": self.title, "text": self.text, "authors": [], "publish_date": null,
            "top_image": "", "movies": [], "keywords": [], "summary": "",
        });
        // Without a content-type, as many producers send it: the worker looks at the bytes.
        Sample::new("JSON of newspaper", &self.url, value.to_string())
    }

    fn plain(&self) -> Sample {
        let value = format!("{}\n{}\n", self.title, self.text);
        Sample::new("plain text", &self.url, value).typed("text/plain; charset=utf-8")
    }
}

fn scrapy() -> Sample {
    let value = json!({ "url": "https://news.example/transport/443", "status": 200, "html": SCRAPY });
    Sample::new("JSON of a spider, with a page", "transport-443", value.to_string()).typed("application/json")
}

fn archive() -> Sample {
    let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(ARCHIVE);
    // Declared in the page alone, as archives do.
    Sample::new("HTML in windows-1256", "carthage-2006", bytes).typed("text/html")
}

fn broken() -> Sample {
    let value = r#"{"url": "https://news.example/1", "title": "خبر انقطع في منتصفه", "text": "قال المتحدث إن"#;
    Sample::new("broken JSON", "cut-short", value).typed("application/json").rejected(Reason::InvalidJson)
}

fn wrong_type() -> Sample {
    let value = r#"{"url": "https://news.example/2", "title": "عنوان", "text": {"ar": 4711}}"#;
    Sample::new("JSON of wrong types", "wrong-types", value).typed("application/json").rejected(Reason::WrongType)
}

/// A quarter of a megabyte that unpacks to a quarter of a gigabyte.
fn bomb() -> io::Result<Sample> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut io::repeat(b' ').take(BOMB_BYTES), &mut packer)?;
    let bomb = Sample::new("gzip bomb", "bomb", packer.finish()?).typed("text/plain; charset=utf-8");
    Ok(bomb.header("content-encoding", "gzip").rejected(Reason::DecompressedTooLarge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_there_with_the_same_bytes_each_time() {
        let (first, second) = (samples().unwrap(), samples().unwrap());
        assert_eq!(first.len(), 34);
        for (a, b) in first.iter().zip(&second) {
            assert_eq!((&a.key, &a.headers, &a.value), (&b.key, &b.headers, &b.value), "{}", a.kind);
        }
        let mut kinds: Vec<_> = first.iter().map(|sample| sample.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 14, "{kinds:?}");
        assert_eq!(first.iter().filter(|sample| sample.dead_letter.is_some()).count(), 4);
        assert_eq!(first.iter().filter(|sample| sample.value.is_none()).count(), 1);
    }

    #[test]
    fn the_bomb_is_small_and_the_archive_is_not_utf8() {
        let samples = samples().unwrap();
        let value = |kind: &str| samples.iter().find(|sample| sample.kind == kind).unwrap().value.clone().unwrap();
        assert!(value("gzip bomb").len() < 2 << 20, "{}", value("gzip bomb").len());
        assert!(String::from_utf8(value("HTML in windows-1256")).is_err());
    }
}
