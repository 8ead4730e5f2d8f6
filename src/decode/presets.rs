//! Which fields crawlers write.
//!
//! Taken from the tools themselves: trafilatura's JSON output
//! (`trafilatura/xml.py`, `build_json_output`), news-please's `NewsArticle`
//! dictionary, newspaper3k's and newspaper4k's article attributes, the item a
//! Scrapy spider commonly yields, and the header names of Common Crawl's WET
//! files. A crawl date (`WARC-Date`, `date_download`, `filedate`) is no date of
//! publication and is never read as one.

use super::options::Preset;
use super::pointers::Field;

type Pointers = &'static [(Field, &'static [&'static str])];

impl Preset {
    /// The pointers of each field, in the order they are tried.
    pub(super) const fn pointers(self) -> Pointers {
        match self {
            Self::Trafilatura => TRAFILATURA,
            Self::NewsPlease => NEWS_PLEASE,
            Self::Newspaper => NEWSPAPER,
            Self::Scrapy => SCRAPY,
            Self::Wet => WET,
            Self::Auto => ANY,
            Self::None => &[],
        }
    }

    /// The crawler that writes such keys; `Auto` where none is known to.
    pub(super) fn of(has: impl Fn(&str) -> bool) -> Self {
        let marks: [(Self, &[&str]); 5] = [
            (Self::Trafilatura, &["raw_text", "source-hostname", "filedate", "pagetype"]),
            (Self::NewsPlease, &["maintext", "date_publish", "date_download"]),
            (Self::Newspaper, &["publish_date", "meta_lang", "top_image", "canonical_link"]),
            (Self::Wet, &["WARC-Target-URI", "WARC-Date", "warc_date"]),
            (Self::Scrapy, &["html", "body", "raw_html"]),
        ];
        let found = marks.into_iter().find(|(_, keys)| keys.iter().any(|key| has(key)));
        found.map_or(Self::Auto, |(preset, _)| preset)
    }
}

const TRAFILATURA: Pointers = &[
    (Field::Id, &["/id"]),
    (Field::Url, &["/source", "/url"]),
    (Field::Site, &["/source-hostname", "/sitename", "/hostname"]),
    (Field::Title, &["/title"]),
    (Field::Section, &["/categories"]),
    (Field::Lead, &["/excerpt", "/description"]),
    (Field::Byline, &["/author"]),
    (Field::Published, &["/date"]),
    (Field::Language, &["/language"]),
    (Field::Text, &["/text", "/raw_text"]),
];

const NEWS_PLEASE: Pointers = &[
    (Field::Url, &["/url"]),
    (Field::Site, &["/source_domain"]),
    (Field::Title, &["/title", "/title_page", "/title_rss"]),
    (Field::Lead, &["/description"]),
    (Field::Byline, &["/authors"]),
    (Field::Published, &["/date_publish"]),
    (Field::Modified, &["/date_modify"]),
    (Field::Language, &["/language"]),
    (Field::Text, &["/maintext", "/text"]),
    (Field::Html, &["/html"]),
];

const NEWSPAPER: Pointers = &[
    (Field::Url, &["/url"]),
    (Field::CanonicalUrl, &["/canonical_link"]),
    (Field::Site, &["/meta_site_name"]),
    (Field::Title, &["/title"]),
    (Field::Lead, &["/meta_description"]),
    (Field::Byline, &["/authors"]),
    (Field::Published, &["/publish_date"]),
    (Field::Language, &["/meta_lang", "/language"]),
    (Field::Text, &["/text"]),
    (Field::Html, &["/html", "/article_html"]),
];

const SCRAPY: Pointers = &[
    (Field::Id, &["/id"]),
    (Field::Url, &["/url", "/link"]),
    (Field::Title, &["/title", "/headline"]),
    (Field::Section, &["/section", "/category"]),
    (Field::Byline, &["/author", "/authors"]),
    (Field::Published, &["/published", "/published_at", "/date"]),
    (Field::Modified, &["/modified", "/modified_at", "/updated", "/updated_at"]),
    (Field::Language, &["/language", "/lang"]),
    (Field::Text, &["/text"]),
    (Field::Html, &["/html", "/body", "/raw_html"]),
];

const WET: Pointers =
    &[(Field::Url, &["/WARC-Target-URI", "/url"]), (Field::Title, &["/title"]), (Field::Text, &["/text", "/content"])];

/// What is tried where no crawler is recognized, and after its own fields.
const ANY: Pointers = &[
    (Field::Id, &["/id", "/guid"]),
    (Field::Url, &["/url", "/link", "/source_url"]),
    (Field::CanonicalUrl, &["/canonical_url", "/canonical_link"]),
    (Field::Site, &["/site", "/site_name", "/sitename", "/hostname", "/source_domain"]),
    (Field::Title, &["/title", "/headline"]),
    (Field::Section, &["/section", "/category"]),
    (Field::Lead, &["/lead", "/description", "/excerpt", "/summary"]),
    (Field::Byline, &["/byline", "/author", "/authors"]),
    (
        Field::Published,
        &[
            "/published",
            "/published_at",
            "/publish_date",
            "/date_publish",
            "/date_published",
            "/datePublished",
            "/date",
        ],
    ),
    (
        Field::Modified,
        &["/modified", "/modified_at", "/date_modify", "/date_modified", "/dateModified", "/updated", "/updated_at"],
    ),
    (Field::Language, &["/language", "/lang"]),
    (Field::Text, &["/text", "/maintext", "/content", "/article_body", "/articleBody", "/raw_text"]),
    (Field::Html, &["/html", "/body", "/raw_html"]),
];
