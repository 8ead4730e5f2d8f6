use serde::{Deserialize, Serialize};

use super::charset::for_label;
use super::pointers::Pointer;
use crate::record::InvalidOption;

/// Options of the `[decode]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What the values are, where no `content-type` header tells. `auto` looks
    /// at the first bytes: crawlers often mix kinds on one topic.
    #[serde(rename = "type")]
    pub kind: Type,
    /// WHATWG label of the values' charset, where no header tells; `detect` reads
    /// marks, declarations and the bytes themselves, since archives mix charsets.
    pub charset: String,
    /// Largest value, as it is on the topic. 16 MiB: the largest real article
    /// pages have a few, and a broker takes 1 MiB by default.
    pub max_value_bytes: usize,
    /// Largest value after unpacking. 32 MiB: HTML shrinks five- to tenfold, a
    /// bomb a thousandfold.
    pub max_decompressed_bytes: usize,
    /// Deepest nesting of JSON. 64: crawlers' records have three levels or four.
    pub max_json_depth: usize,
    /// Most elements of a page. 200,000: heavy news pages have 10,000.
    pub max_html_nodes: usize,
    /// Deepest nesting of elements. 512: browsers flatten what lies deeper.
    pub max_html_depth: usize,
    /// Where the fields of a JSON value stand. `auto` tells the crawler by the
    /// fields it writes.
    pub preset: Preset,
    /// JSON Pointers, tried before those of the preset. Empty: the presets know
    /// the common crawlers.
    pub fields: Fields,
    /// Whether the fields of a JSON value that no pointer names ride along as
    /// `source.extra`. Off: they may be as large as the article.
    pub keep_extra: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Type::Auto,
            charset: DETECT.to_owned(),
            max_value_bytes: 16 << 20,
            max_decompressed_bytes: 32 << 20,
            max_json_depth: 64,
            max_html_nodes: 200_000,
            max_html_depth: 512,
            preset: Preset::Auto,
            fields: Fields::default(),
            keep_extra: false,
        }
    }
}

pub(super) const DETECT: &str = "detect";
/// Positions are 32 bits wide.
const MAX_BYTES: usize = 1 << 30;

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        if self.charset != DETECT && for_label(&self.charset).is_none() {
            let message = "is no charset of the WHATWG list; write `detect` or a label such as `windows-1256`";
            invalid.push(InvalidOption::new("decode.charset", &self.charset, message));
        }
        let sizes = [
            ("max_value_bytes", self.max_value_bytes, MAX_BYTES),
            ("max_decompressed_bytes", self.max_decompressed_bytes, MAX_BYTES),
            ("max_json_depth", self.max_json_depth, 1_000_000),
            ("max_html_nodes", self.max_html_nodes, 10_000_000),
            ("max_html_depth", self.max_html_depth, 10_000),
        ];
        for (key, value, most) in sizes {
            if value == 0 || value > most {
                invalid.push(InvalidOption::new(format!("decode.{key}"), value, format!("must be 1 to {most}")));
            }
        }
        for (name, pointers) in self.fields.lists() {
            for pointer in pointers.iter().filter(|pointer| Pointer::parse(pointer).is_none()) {
                let message = "is no JSON Pointer; begin it with `/`, as in `/article/title` (RFC 6901)";
                invalid.push(InvalidOption::new(format!("decode.fields.{name}"), pointer, message));
            }
        }
        if self.preset == Preset::None && self.fields.text.is_empty() && self.fields.html.is_empty() {
            let message = "leaves no field for the text; name one in decode.fields.text or decode.fields.html";
            invalid.push(InvalidOption::new("decode.preset", "none", message));
        }
        invalid
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Auto,
    Json,
    Html,
    Text,
}

/// The crawler whose JSON is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Told by the fields that are there; then every preset's fields in turn.
    Auto,
    Trafilatura,
    NewsPlease,
    /// newspaper3k and newspaper4k.
    Newspaper,
    /// A page as a spider yields it: `url` and `html` or `body`.
    Scrapy,
    /// Plain text with the names of Common Crawl's WET headers.
    Wet,
    /// Only `decode.fields`.
    None,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// JSON Pointers by field; the first that holds something wins.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Fields {
            $($(#[$doc])* pub $name: Vec<String>,)*
        }

        impl Fields {
            /// Every list with its name, in the order of [`Field`](super::pointers::Field).
            pub(super) fn lists(&self) -> [(&'static str, &[String]); FIELDS] {
                [$((stringify!($name), self.$name.as_slice())),*]
            }
        }

        const FIELDS: usize = [$(stringify!($name)),*].len();
    };
}

fields! {
    /// The article's identifier: a string or a number.
    id,
    url,
    canonical_url,
    /// Name of the site.
    site,
    title,
    section,
    lead,
    /// Authors: a string or a list of strings.
    byline,
    /// Publication date: ISO 8601, RFC 2822, Unix seconds or milliseconds.
    published,
    /// Date of the last change, as above.
    modified,
    /// BCP 47.
    language,
    /// The article's text, a line a paragraph.
    text,
    /// The whole page; read where no text is given.
    html,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Options::default().check(), []);
    }

    #[test]
    fn every_bad_option_is_named() {
        let options = Options {
            charset: "cp-none".to_owned(),
            max_value_bytes: 0,
            max_html_depth: 1 << 40,
            preset: Preset::None,
            fields: Fields {
                title: vec!["/ok".to_owned(), "title".to_owned(), "/a~2".to_owned()],
                ..Fields::default()
            },
            ..Options::default()
        };
        let keys: Vec<String> = options.check().into_iter().map(|invalid| invalid.key).collect();
        assert_eq!(
            keys,
            [
                "decode.charset",
                "decode.max_value_bytes",
                "decode.max_html_depth",
                "decode.fields.title",
                "decode.fields.title",
                "decode.preset"
            ]
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        let text = r#"{"type": "json", "preset": "news-please", "fields": {"text": ["/a/b"]}}"#;
        let options: Options = serde_json::from_str(text).unwrap();
        assert_eq!((options.kind, options.preset), (Type::Json, Preset::NewsPlease));
        assert_eq!(options.fields.text, ["/a/b"]);
        assert!(serde_json::from_str::<Options>(r#"{"tpye": "json"}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"fields": {"body": []}}"#).is_err());
    }
}
