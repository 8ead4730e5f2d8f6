//! A JSON object to an article: fields by JSON Pointer, strings with their
//! positions.
//!
//! Nesting is measured by a plain scan before any parser runs, and the parser
//! only ever looks one level deep, so that no input can exhaust the stack.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::html::{self, Caps};
use super::options::{Options, Preset};
use super::pointers::{Field, Way, Ways};
use super::source::Source;
use super::{mojibake, plain, published, reject, sniff};
use crate::record::{Article, EditsBuilder, Evidence, Piece, Reason, Reject};

/// Reads JSON values by the configured fields.
#[derive(Debug)]
pub(super) struct Reader {
    max_depth: usize,
    caps: Caps,
    keep_extra: bool,
    preset: Preset,
    /// One for each preset that may be meant.
    ways: Vec<Ways>,
}

impl Reader {
    pub(super) fn new(options: &Options, caps: Caps) -> Self {
        let auto =
            [Preset::Auto, Preset::Trafilatura, Preset::NewsPlease, Preset::Newspaper, Preset::Scrapy, Preset::Wet];
        let meant = if options.preset == Preset::Auto { auto.to_vec() } else { vec![options.preset] };
        Self {
            max_depth: options.max_json_depth,
            caps,
            keep_extra: options.keep_extra,
            preset: options.preset,
            ways: meant.into_iter().map(|preset| Ways::new(options, preset)).collect(),
        }
    }

    pub(super) fn read(&self, source: &Source<'_>) -> Result<Article, Reject> {
        check_depth(source.text.as_bytes(), self.max_depth)?;
        let members = root(&source.text)?;
        let object = Object::new(&members);
        let preset = match self.preset {
            Preset::Auto => Preset::of(|key| object.get(key).is_some_and(|value| value.get() != "null")),
            preset => preset,
        };
        let Some(ways) = self.ways.iter().find(|ways| ways.preset == preset) else { return Ok(Article::default()) };
        let mut article = self.fields(source, &object, &ways.ways)?;
        if self.keep_extra {
            article.extra = extra(&members, &object, &ways.ways);
        }
        Ok(article)
    }

    fn fields(&self, source: &Source<'_>, object: &Object<'_>, ways: &[Way]) -> Result<Article, Reject> {
        let mut article = Article::default();
        for field in Field::ALL {
            let filled = matches!(field, Field::Html) && !article.blocks.is_empty();
            let found = if filled { None } else { first(source, object, ways, field)? };
            let Some(found) = found else { continue };
            let (found, misread) = mojibake::mend(found);
            article.mojibake = article.mojibake.or(misread);
            let text = || found.text.trim().to_owned();
            match field {
                Field::Id => article.id = Some(text()),
                Field::Url => article.url = Some(text()),
                Field::CanonicalUrl => article.canonical_url = Some(text()),
                Field::Site => article.site = Some(text()),
                Field::Title => article.title = Some(title(&found)),
                Field::Section => article.section = Some(text()),
                Field::Lead => article.lead = Some(text()),
                Field::Byline => article.byline = Some(text()),
                Field::Published => published::note(&mut article, &found.text, Evidence::Field),
                Field::Modified => published::note_modified(&mut article, &found.text, Evidence::Field),
                Field::Language => article.language = Some(text()),
                Field::Text | Field::Html if sniff::is_markup(found.text.as_bytes()) => {
                    article = filled_from(article, html::article(&found, self.caps)?);
                }
                Field::Text | Field::Html => article.blocks = plain::blocks(&found),
            }
        }
        Ok(article)
    }
}

/// A title is one line.
fn title(found: &Source<'_>) -> Piece {
    plain::blocks(found).into_iter().next().map_or_else(|| found.trimmed(), |block| block.piece)
}

/// The page's blocks, and what its metadata knows better than no field at all.
fn filled_from(fields: Article, page: Article) -> Article {
    Article {
        id: fields.id.or(page.id),
        url: fields.url.or(page.url),
        canonical_url: fields.canonical_url.or(page.canonical_url),
        site: fields.site.or(page.site),
        title: fields.title.or(page.title),
        section: fields.section.or(page.section),
        lead: fields.lead.or(page.lead),
        byline: fields.byline.or(page.byline),
        language: fields.language.or(page.language),
        published: fields.published.or(page.published),
        published_text: fields.published_text.or(page.published_text),
        modified: fields.modified.or(page.modified),
        breadcrumbs: page.breadcrumbs,
        paywalled: page.paywalled,
        blocks: page.blocks,
        extra: fields.extra,
        charset: fields.charset,
        charset_from: fields.charset_from,
        mojibake: fields.mojibake,
    }
}

/// # Errors
/// [`Reason::JsonTooDeep`], found without a stack and before any parsing.
fn check_depth(json: &[u8], max: usize) -> Result<(), Reject> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| rest.iter().position(|byte| b"\"[{]}".contains(byte))) {
        at += found;
        match json.get(at) {
            Some(b'"') => at = string_end(json, at),
            Some(b'[' | b'{') => depth += 1,
            _ => depth = depth.saturating_sub(1),
        }
        if depth > max {
            let message = format!("nested deeper than decode.max_json_depth = {max} at byte {at}");
            return Err(reject(Reason::JsonTooDeep, message));
        }
        at += 1;
    }
    Ok(())
}

/// Position of the quote that ends the string that begins at `at`.
fn string_end(json: &[u8], mut at: usize) -> usize {
    loop {
        at += 1;
        match json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            None => return json.len(),
            Some(found) => at += found,
        }
        if json.get(at) == Some(&b'"') {
            return at;
        }
        at += 1;
    }
}

/// The members of an object in order, keys unescaped, values as written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// Members by key; of equal keys the last counts, as in most parsers.
struct Object<'a> {
    members: &'a [Member<'a>],
    by_key: FxHashMap<&'a str, usize>,
}

impl<'a> Object<'a> {
    fn new(members: &'a [Member<'a>]) -> Self {
        let by_key = members.iter().enumerate().map(|(index, (key, _))| (key.as_ref(), index)).collect();
        Self { members, by_key }
    }

    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.by_key.get(key).and_then(|index| self.members.get(*index)).map(|(_, value)| *value)
    }
}

fn root(text: &str) -> Result<Vec<Member<'_>>, Reject> {
    let invalid = |error: serde_json::Error| {
        reject(Reason::InvalidJson, format!("not JSON at line {} column {}", error.line(), error.column()))
    };
    if text.trim_start().starts_with('{') {
        return serde_json::from_str::<Members<'_>>(text).map(|members| members.0).map_err(invalid);
    }
    let value: &RawValue = serde_json::from_str(text).map_err(invalid)?;
    let message = format!("the value is {}, not an object with the article's fields", type_of(value));
    Err(reject(Reason::WrongType, message))
}

fn type_of(value: &RawValue) -> &'static str {
    match value.get().bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The first of a field's pointers that holds something.
fn first<'a>(
    source: &Source<'a>,
    object: &Object<'_>,
    ways: &[Way],
    field: Field,
) -> Result<Option<Source<'a>>, Reject> {
    for way in ways.iter().filter(|way| way.field == field) {
        let Some(value) = resolve(object, &way.pointer.tokens) else { continue };
        match string(source, value, field) {
            Some(found) if found.text.trim().is_empty() => {}
            Some(found) => return Ok(Some(found)),
            None if value.get() == "null" || way.guess && !field.is_vital() => {}
            None => {
                let (pointer, found) = (&way.pointer.written, type_of(value));
                let message = format!("{pointer} is {found}, not a string; name another field in decode.fields");
                return Err(reject(Reason::WrongType, message));
            }
        }
    }
    Ok(None)
}

fn resolve<'a>(object: &Object<'a>, tokens: &[String]) -> Option<&'a RawValue> {
    let (first, rest) = tokens.split_first()?;
    let mut value = object.get(first)?;
    for token in rest {
        value = match value.get().bytes().next() {
            Some(b'{') => {
                let members: Members<'a> = serde_json::from_str(value.get()).ok()?;
                members.0.into_iter().rev().find(|(key, _)| key == token)?.1
            }
            Some(b'[') => {
                let items: Vec<&'a RawValue> = serde_json::from_str(value.get()).ok()?;
                items.get(token.parse::<usize>().ok()?).copied()?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// The value as text, if the field takes its type.
fn string<'a>(source: &Source<'a>, value: &RawValue, field: Field) -> Option<Source<'a>> {
    let written = value.get();
    // Where the value stands: it was borrowed from the source's text.
    let at = (written.as_ptr() as usize).checked_sub(source.text.as_ptr() as usize)?;
    match written.bytes().next()? {
        b'"' => Some(unescaped(source, at + 1, at + written.len() - 1)),
        b'0'..=b'9' | b'-' if field.takes_number() => Some(whole(source, at, written)),
        b'[' if field.takes_list() => list(source, at, written),
        _ => None,
    }
}

fn whole<'a>(source: &Source<'a>, at: usize, text: &str) -> Source<'a> {
    source.part(Cow::Owned(text.to_owned()), at, at + text.len(), EditsBuilder::new().build())
}

/// A list of strings, joined by commas; its positions are of no use to anyone.
fn list<'a>(source: &Source<'a>, at: usize, written: &str) -> Option<Source<'a>> {
    let items: Vec<Option<String>> = serde_json::from_str(written).ok()?;
    let names: Vec<String> = items.into_iter().flatten().filter(|name| !name.trim().is_empty()).collect();
    let mut edits = EditsBuilder::new();
    let joined = names.join(", ");
    edits.replace(written.len(), joined.len());
    Some(source.part(Cow::Owned(joined), at, at + written.len(), edits.build()))
}

/// The string between two quotes. A lone surrogate becomes U+FFFD: a broken
/// emoji is no reason to lose an article.
fn unescaped<'a>(source: &Source<'a>, start: usize, end: usize) -> Source<'a> {
    let written = source.text.get(start..end).unwrap_or_default();
    let mut text = String::with_capacity(written.len());
    let mut edits = EditsBuilder::new();
    let mut rest = written;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        edits.keep(plain.len());
        let (sign, length) = escaped(escape);
        text.push(sign);
        edits.replace(length + 1, sign.len_utf8());
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    source.part(Cow::Owned(text), start, end, edits.build())
}

/// The character of an escape (without its backslash) and the escape's length.
fn escaped(escape: &str) -> (char, usize) {
    let sign = match escape.bytes().next() {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{C}',
        Some(b'u') => return unicode(escape),
        Some(other) => char::from(other),
        None => return (char::REPLACEMENT_CHARACTER, 0),
    };
    (sign, 1)
}

fn unicode(escape: &str) -> (char, usize) {
    let unit = |at: usize| u32::from_str_radix(escape.get(at..at + 4)?, 16).ok();
    let Some(high) = unit(1) else { return (char::REPLACEMENT_CHARACTER, 1) };
    let is_pair = (0xD800..0xDC00).contains(&high) && escape.get(5..7) == Some("\\u");
    if let Some(low) = unit(7).filter(|low| is_pair && (0xDC00..0xE000).contains(low)) {
        let sign = char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        return (sign.unwrap_or(char::REPLACEMENT_CHARACTER), 11);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 5)
}

/// The members that no pointer begins with, minified.
fn extra(members: &[Member<'_>], object: &Object<'_>, ways: &[Way]) -> Option<Box<RawValue>> {
    let mut out = String::from("{");
    for (index, (key, value)) in members.iter().enumerate() {
        let named = ways.iter().any(|way| way.pointer.tokens.first().is_some_and(|token| token == key));
        if named || object.by_key.get(key.as_ref()) != Some(&index) {
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&serde_json::to_string(key).ok()?);
        out.push(':');
        minify(value.get(), &mut out);
    }
    out.push('}');
    if out.len() > 2 { RawValue::from_string(out).ok() } else { None }
}

/// Drops white space outside of strings.
fn minify(json: &str, out: &mut String) {
    let bytes = json.as_bytes();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(json.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(json.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::options::Fields;
    use crate::record::{Edits, RawSpan};

    fn read_with(options: &Options, json: &str) -> Result<Article, Reject> {
        let caps = Caps { nodes: 1000, depth: 100 };
        let source = Source::new(Cow::Borrowed(json), RawSpan::new(0, json.len()), Edits::default());
        Reader::new(options, caps).read(&source)
    }

    fn read(json: &str) -> Article {
        read_with(&Options::default(), json).unwrap()
    }

    fn text(article: &Article) -> String {
        article.blocks.iter().map(|block| block.piece.text.as_str()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn each_crawler_is_known_by_its_fields() {
        let trafilatura = r#"{"title":"ع","author":"ليلى; سامي","hostname":"a.example","date":"2024-01-25","id":7,"raw_text":"x",
            "text":"أول\nثان","language":"ar","source":"https://a.example/1","source-hostname":"الموقع","categories":"سياسة","filedate":"2024-02-01"}"#;
        let article = read(trafilatura);
        assert_eq!((article.id.as_deref(), article.url.as_deref()), (Some("7"), Some("https://a.example/1")));
        assert_eq!((article.site.as_deref(), article.section.as_deref()), (Some("الموقع"), Some("سياسة")));
        assert_eq!((text(&article).as_str(), article.published.unwrap().date.as_str()), ("أول|ثان", "2024-01-25"));

        let news_please = r#"{"maintext":"نص","authors":["ليلى",null,"سامي"],"date_publish":null,"date_download":"2024-02-01 10:00:00",
            "title":"ع","source_domain":"a.example","text":"لا"}"#;
        let article = read(news_please);
        assert_eq!((text(&article).as_str(), article.byline.as_deref()), ("نص", Some("ليلى, سامي")));
        assert_eq!((article.site.as_deref(), article.published), (Some("a.example"), None), "a crawl date is none");

        let article = read(
            r#"{"text":"نص","publish_date":"2018-05-03T00:00:00","meta_lang":"ar","canonical_link":"https://a.example/c"}"#,
        );
        assert_eq!(
            (article.canonical_url.as_deref(), article.language.as_deref()),
            (Some("https://a.example/c"), Some("ar"))
        );

        let article = read(r#"{"url":"u","body":"<title>عنوان</title><p>نص"}"#);
        assert_eq!((text(&article).as_str(), article.title.unwrap().text.as_str()), ("نص", "عنوان"));

        let article =
            read(r#"{"WARC-Target-URI":"https://a.example/w","WARC-Date":"2024-02-01T10:00:00Z","content":"نص"}"#);
        assert_eq!((article.url.as_deref(), article.published.is_none()), (Some("https://a.example/w"), true));
    }

    #[test]
    fn own_pointers_come_first_and_reach_inside() {
        let fields = Fields { text: vec!["/a~1b/1/~0".to_owned()], ..Fields::default() };
        let json = r#"{"text": "لا", "a/b": [null, {"~": "نعم"}], "x": {"y" : [1, "ز ز"]}, "z": 1, "z": 2}"#;
        let mut options = Options { fields, keep_extra: true, ..Options::default() };
        let article = read_with(&options, json).unwrap();
        assert_eq!(text(&article), "نعم");
        assert_eq!(article.extra.unwrap().get(), r#"{"x":{"y":[1,"ز ز"]},"z":2}"#);
        options.preset = Preset::None;
        options.fields.text.clear();
        assert_eq!(text(&read_with(&options, json).unwrap()), "", "nothing is guessed");
    }

    #[test]
    fn a_named_field_of_the_wrong_type_is_told_by_its_pointer() {
        let told = |options: &Options, json| {
            let reject = read_with(options, json).unwrap_err();
            assert_eq!(reject.reason, Reason::WrongType);
            reject.message
        };
        let auto = Options::default();
        assert!(told(&auto, r#"{"text": ["a"]}"#).starts_with("/text is a list"));
        assert!(told(&auto, r#"{"maintext": "a", "authors": {"a": 1}}"#).starts_with("/authors is an object"));
        assert!(told(&auto, "[{}]").contains("a list"));
        let fields = Fields { url: vec!["/u".to_owned()], ..Fields::default() };
        assert!(told(&Options { fields, ..auto }, r#"{"text": "a", "u": true}"#).starts_with("/u is a boolean"));
        // Nobody named these, and an article is there.
        let article = read(r#"{"text": "نص", "author": {"name": "x"}, "date": [], "url": 5, "lead": null}"#);
        assert_eq!((text(&article).as_str(), article.byline, article.url), ("نص", None, None));
    }

    #[test]
    fn escapes() {
        assert_eq!(
            text(&read(r#"{"text": "\"\\\/\u0628\ud83d\ude00\ud83d \ude00\ta"}"#)),
            "\"\\/ب😀\u{FFFD} \u{FFFD}\ta"
        );
    }

    #[test]
    fn the_depth_cap_is_exact_and_strings_do_not_count() {
        let nested =
            |depth: usize| format!("{{\"text\":\"[[[[{{{{\\\"[\",\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(read_with(&Options::default(), &nested(63)).is_ok());
        assert_eq!(read_with(&Options::default(), &nested(64)).unwrap_err().reason, Reason::JsonTooDeep);
        let deep = Options { max_json_depth: 1_000_000, ..Options::default() };
        assert!(read_with(&deep, &nested(500_000)).is_ok(), "the parser needs no stack for it");
    }
}
