//! What the page says about itself: `<meta>`, `<link>`, `<time>`, `<title>`,
//! JSON-LD, and which of them is believed.

use super::drafts::Draft;
use super::json_ld::{self, JsonLd};
use super::parts;
use super::tags::Tag;
use super::tokens::Attributes;
use super::{plain_text, regions};
use crate::decode::published;
use crate::decode::source::Source;
use crate::record::{Article, Evidence, Piece, SourceBlock, SourceKind};

/// JSON-LD of one page, in bytes.
const MAX_JSON_LD: usize = 4 << 20;

/// An article's body in JSON-LD is taken in place of a page that shows less
/// than this part of it.
const SHOWN_PART: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capture {
    Title,
    JsonLd,
}

#[derive(Debug, Default)]
pub(super) struct Head {
    pub language: Option<String>,
    canonical: Option<String>,
    og_url: Option<String>,
    site: Option<String>,
    og_title: Option<String>,
    title: Option<String>,
    section: Option<String>,
    byline: Option<String>,
    lead: Option<String>,
    /// Dates by where they were found, in the order of the page.
    meta_dates: Vec<String>,
    time_dates: Vec<String>,
    modified: Vec<(String, Evidence)>,
    scripts: Vec<String>,
    /// Where `rel=next` and `rel=prev` lead.
    parts: Vec<String>,
    right_to_left: Option<bool>,
    capture: Option<Capture>,
    captured: String,
}

fn keep(place: &mut Option<String>, value: &str) {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if place.is_none() && !value.is_empty() && value.len() <= 4096 {
        *place = Some(value);
    }
}

impl Head {
    /// `<html>` or `<body>`.
    pub(super) fn page_element(&mut self, attributes: &Attributes) {
        if let Some(language) = attributes.get("lang").or_else(|| attributes.get("xml:lang")) {
            keep(&mut self.language, language);
        }
        self.right_to_left = self.right_to_left.or(match attributes.get("dir").map(str::trim) {
            Some(dir) if dir.eq_ignore_ascii_case("rtl") => Some(true),
            Some(dir) if dir.eq_ignore_ascii_case("ltr") => Some(false),
            _ => None,
        });
    }

    fn part(&mut self, attributes: &Attributes) {
        let rel = attributes.get("rel").unwrap_or_default();
        if self.parts.len() < 8 && rel.split_whitespace().any(|rel| matches!(rel, "next" | "prev")) {
            self.parts.extend(attributes.get("href").map(str::to_owned));
        }
    }

    /// The author that microdata marks, unless something before says another.
    pub(super) fn author(&mut self, name: &str) {
        keep(&mut self.byline, name);
    }

    pub(super) fn element(&mut self, tag: Tag, attributes: &Attributes) {
        match tag {
            Tag::Meta => self.meta(attributes),
            Tag::Link if attributes.get("rel").is_some_and(|rel| rel.trim().eq_ignore_ascii_case("canonical")) => {
                keep(&mut self.canonical, attributes.get("href").unwrap_or_default());
            }
            Tag::A | Tag::Link => self.part(attributes),
            Tag::Title if self.title.is_none() => self.capture = Some(Capture::Title),
            Tag::Script => {
                let kind = attributes.get("type").unwrap_or_default().trim();
                if kind.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case("application/ld+json")) {
                    self.capture = Some(Capture::JsonLd);
                }
            }
            _ => {}
        }
        self.date_of(tag, attributes);
    }

    fn date_of(&mut self, tag: Tag, attributes: &Attributes) {
        let is = |prop: &str| {
            let names = attributes.get("itemprop");
            names.is_some_and(|names| names.split_whitespace().any(|name| name == prop))
        };
        let is_published = is("datePublished");
        let named = ["class", "id"].into_iter().filter_map(|name| attributes.get(name));
        let is_modified = is("dateModified")
            || tag == Tag::Time
                && named.flat_map(str::split_whitespace).any(|name| matches!(name, "updated" | "modified"));
        let value = || attributes.get("datetime").or_else(|| attributes.get("content"));
        if is_modified && !is_published {
            if let Some(written) = value().filter(|_| self.modified.len() < 50) {
                self.modified.push((written.to_owned(), Evidence::TimeElement));
            }
            return;
        }
        let written = match tag {
            Tag::Time => value().or_else(|| attributes.get("data-datetime")),
            _ if is_published && tag != Tag::Meta => {
                let title =
                    attributes.get("title").filter(|title| title.starts_with(|first: char| first.is_ascii_digit()));
                attributes.get("content").or_else(|| attributes.get("datetime")).or(title)
            }
            _ => None,
        };
        let Some(written) = written.filter(|_| self.time_dates.len() < 50) else { return };
        if is_published || attributes.get("pubdate").is_some() {
            self.time_dates.insert(0, written.to_owned());
        } else {
            self.time_dates.push(written.to_owned());
        }
    }

    fn meta(&mut self, attributes: &Attributes) {
        let Some(content) = attributes.get("content") else { return };
        let key = ["property", "name", "itemprop", "http-equiv"].into_iter().find_map(|key| attributes.get(key));
        // Drupal and others put several names into one attribute.
        for key in key.unwrap_or_default().split_whitespace().take(4) {
            match key.to_ascii_lowercase().as_str() {
                "og:title" | "twitter:title" | "headline" => keep(&mut self.og_title, content),
                "og:site_name" => keep(&mut self.site, content),
                "og:url" => keep(&mut self.og_url, content),
                "og:description" | "description" | "twitter:description" => keep(&mut self.lead, content),
                "article:section" => keep(&mut self.section, content),
                "author" | "article:author" | "dc.creator" | "dcterms.creator" | "parsely-author"
                    if !content.trim_start().starts_with("http") =>
                {
                    keep(&mut self.byline, content);
                }
                "content-language" | "dc.language" => keep(&mut self.language, content),
                "article:published_time"
                | "article:published:time"
                | "og:published_time"
                | "datepublished"
                | "publishdate"
                | "publish-date"
                | "pubdate"
                | "published_time"
                | "parsely-pub-date"
                | "dc.date"
                | "dc.date.issued"
                | "dc.date.created"
                | "dcterms.date"
                | "dcterms.created"
                | "dcterms.issued"
                | "date"
                    if self.meta_dates.len() < 50 =>
                {
                    self.meta_dates.push(content.to_owned());
                }
                "article:modified_time"
                | "article:modified:time"
                | "og:updated_time"
                | "datemodified"
                | "last-modified"
                | "lastmod"
                | "dcterms.modified"
                | "dc.date.modified"
                | "revised"
                    if self.modified.len() < 50 =>
                {
                    self.modified.push((content.to_owned(), Evidence::Meta));
                }
                _ => {}
            }
        }
    }

    /// Characters that are not shown.
    pub(super) fn capture(&mut self, text: &str) {
        if self.capture.is_some() && self.captured.len() + text.len() <= MAX_JSON_LD {
            self.captured.push_str(text);
        }
    }

    pub(super) fn end_capture(&mut self) {
        let captured = std::mem::take(&mut self.captured);
        match self.capture.take() {
            Some(Capture::Title) => keep(&mut self.title, &captured),
            Some(Capture::JsonLd) if self.scripts.iter().map(String::len).sum::<usize>() < MAX_JSON_LD => {
                self.scripts.push(captured);
            }
            _ => {}
        }
    }

    /// The title as `<meta>` has it.
    pub(super) fn title(&self) -> Option<&str> {
        self.og_title.as_deref()
    }

    /// The heading that the window's title holds with the site's name.
    pub(super) fn shown_title(&self, drafts: &[Draft]) -> Option<String> {
        const FEWEST_WORDS: usize = 4;
        let window = self.title.as_deref()?;
        let mut headings = drafts.iter().filter(|draft| matches!(draft.kind, SourceKind::Heading(_)));
        let shown = headings
            .find(|draft| draft.text().split_whitespace().count() >= FEWEST_WORDS && window.contains(draft.text()));
        shown.map(|draft| draft.text().to_owned())
    }

    pub(super) fn json_ld(&self) -> Option<JsonLd> {
        json_ld::read(&self.scripts)
    }

    /// The article with the best of what is known. Of dates JSON-LD is trusted
    /// before `<meta>` before `<time>`.
    pub(super) fn into_article(
        self,
        ld: Option<JsonLd>,
        blocks: Vec<SourceBlock>,
        breadcrumbs: Vec<String>,
        source: &Source<'_>,
    ) -> Article {
        let ld = ld.unwrap_or_default();
        let mut article = Article::default();
        if let Some(written) = &ld.published {
            published::note(&mut article, written, Evidence::JsonLd);
        }
        for written in &self.meta_dates {
            published::note(&mut article, written, Evidence::Meta);
        }
        for written in &self.time_dates {
            published::note(&mut article, written, Evidence::TimeElement);
        }
        let shown = || dateline(&blocks).or_else(|| date_of_title(self.title.as_deref()?));
        if let Some(written) = shown().filter(|_| article.published_text.is_none()) {
            published::note(&mut article, written, Evidence::TimeElement);
        }
        if let Some(written) = &ld.modified {
            published::note_modified(&mut article, written, Evidence::JsonLd);
        }
        for (written, evidence) in &self.modified {
            published::note_modified(&mut article, written, *evidence);
        }
        article.paywalled = ld.paywalled;
        article.right_to_left = self.right_to_left;
        article.breadcrumbs = if ld.breadcrumbs.is_empty() { breadcrumbs } else { ld.breadcrumbs };
        article.title = title(ld.headline, self.og_title, self.title.clone(), &blocks);
        article.canonical_url = self.canonical.filter(|url| url.starts_with("http"));
        article.url = self.og_url.or(ld.url);
        let own = article.canonical_url.as_deref().or(article.url.as_deref());
        article.parted = self.parts.iter().any(|href| parts::is_other_part(href, own));
        article.site = self.site.or(ld.site).or_else(|| site_of_title(self.title.as_deref()?, &blocks));
        article.section = self.section.or(ld.section);
        article.byline = ld.byline.or(self.byline);
        article.lead = self.lead.map(|lead| plain_text(&lead)).or(ld.lead);
        article.language = self.language.or(ld.language);
        article.blocks = with_body(blocks, ld.body.as_deref(), source);
        drop_own_address(&mut article);
        article
    }
}

/// Share bars show the page's own address.
fn drop_own_address(article: &mut Article) {
    let own = [article.canonical_url.as_deref(), article.url.as_deref()];
    for block in article.blocks.iter_mut().filter(|block| block.piece.text.starts_with("http")) {
        if own.contains(&Some(block.piece.text.as_str())) {
            block.weight = regions::FURNITURE;
        }
    }
}

/// The part of the window's title that stands on the page by itself, as its name
/// above the article.
fn site_of_title(title: &str, blocks: &[SourceBlock]) -> Option<String> {
    const MOST_WORDS: usize = 4;
    let first = blocks.iter().position(|block| block.weight > 0).unwrap_or(blocks.len());
    [" | ", " :: ", " - ", " – "].into_iter().find_map(|separator| {
        let (start, end) = title.rsplit_once(separator)?;
        let parts = [(end.trim(), start), (title.split_once(separator)?.0.trim(), end)];
        parts.into_iter().find_map(|(name, rest)| {
            let words = |text: &str| text.split_whitespace().count();
            let short = (1..=MOST_WORDS).contains(&words(name)) && words(name) < words(rest);
            let shown = || blocks.iter().take(first).any(|block| block.piece.text.trim() == name);
            (short && shown()).then(|| name.to_owned())
        })
    })
}

/// What the page shows as its date, above the article or right below it.
fn dateline(blocks: &[SourceBlock]) -> Option<&str> {
    let first = blocks.iter().position(|block| block.weight > 0)?;
    let last = blocks.iter().rposition(|block| block.weight > 0)?;
    let below = blocks.get(last..).unwrap_or_default().iter().take(4);
    let near = blocks.get(..=first).unwrap_or_default().iter().rev().take(12).chain(below);
    near.filter(|block| block.kind == SourceKind::Meta).map(|block| block.piece.text.as_str()).find(|text| {
        let digits = text.split(|c: char| !c.is_numeric()).any(|number| number.chars().count() == 4);
        digits && text.chars().count() <= 80
    })
}

/// The day behind the title and the site's name in the window's title: `… | NAME | 28.04.2023`.
fn date_of_title(title: &str) -> Option<&str> {
    let last = title.rsplit([' ', '|', '–', '-']).next().filter(|last| (8..=10).contains(&last.len()))?;
    let mut parts = last.split(['.', '/']);
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<u16>().ok());
    let (day, month, year) = (number(parts.next())?, number(parts.next())?, number(parts.next())?);
    let is_day = (1..=31).contains(&day) && (1..=12).contains(&month) && (1990..2100).contains(&year);
    (is_day && parts.next().is_none()).then_some(last)
}

/// The metadata's title, as a heading of the page where it stands there, too.
fn title(
    headline: Option<String>,
    og_title: Option<String>,
    title: Option<String>,
    blocks: &[SourceBlock],
) -> Option<Piece> {
    let headings = || blocks.iter().filter(|block| block.kind == SourceKind::Heading(1));
    let named = headline.or(og_title);
    let shown = headings().find(|block| Some(&block.piece.text) == named.as_ref());
    if let Some(shown) = shown {
        return Some(shown.piece.clone());
    }
    // Several headings of the first rank: which one is the title, nobody says.
    let only = headings().next().filter(|_| headings().count() == 1).map(|block| block.piece.clone());
    named.map(of_metadata).or(only).or_else(|| title.map(of_metadata))
}

fn of_metadata(text: String) -> Piece {
    Piece { text, trace: None }
}

/// Where the page shows little of the article that its JSON-LD holds (pages
/// that a script fills), the article is taken from there.
fn with_body(blocks: Vec<SourceBlock>, body: Option<&str>, source: &Source<'_>) -> Vec<SourceBlock> {
    let Some(body) = body.filter(|body| body.chars().count() >= 200) else { return blocks };
    let shown: usize = blocks.iter().filter(|block| block.weight > 0).map(|block| block.piece.text.len()).sum();
    if shown * SHOWN_PART >= body.len() {
        return blocks;
    }
    debug_assert!(!source.text.is_empty());
    let mut blocks: Vec<SourceBlock> = blocks.into_iter().filter(|block| block.weight >= 0).collect();
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        blocks.push(SourceBlock {
            kind: SourceKind::Paragraph,
            piece: of_metadata(line.to_owned()),
            link_density: 0.0,
            weight: 1,
            language: None,
        });
    }
    blocks
}
