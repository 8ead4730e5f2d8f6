//! What the source itself says about an element: article or furniture.

use std::borrow::Cow;

use super::tags::Tag;
use super::tokens::Attributes;

/// Marked as the article's text.
pub(super) const BODY: i8 = 3;
/// Marked as an article, which may be a card of a list, too.
pub(super) const ARTICLE: i8 = 2;
/// The page's main part.
pub(super) const MAIN: i8 = 1;
pub(super) const FURNITURE: i8 = -1;
/// Comments: furniture even where they are longer than the article.
pub(super) const COMMENTS: i8 = -2;
/// What a site must ask before it may set cookies; the same.
pub(super) const CONSENT: i8 = -4;
/// Another article with a title of its own; the same.
pub(super) const NEXT_ARTICLE: i8 = -5;
/// A heading of a widget: themes have a class for these, and some use it for all
/// headings of an article.
pub(super) const WIDGET_TITLE: i8 = -6;

/// Ends of class names that hold an article's text, letters only.
const BODIES: &[&str] = &[
    "articlebody",
    "articlecontent",
    "articletext",
    "articledetails",
    "articlemain",
    "bodytext",
    "entrycontent",
    "fieldnamebody",
    "newsbody",
    "newscontent",
    "newsdetails",
    "newstext",
    "postbody",
    "postcontent",
    "posttext",
    "singlecontent",
    "storybody",
    "storycontent",
    "storytext",
    "thecontent",
];

/// Words of class names and ids of furniture.
const FURNITURE_WORDS: &[&str] = &[
    "ad",
    "ads",
    "adsense",
    "advert",
    "advertisement",
    "aside",
    "authorbox",
    "banner",
    "breadcrumb",
    "breadcrumbs",
    "carousel",
    "comment",
    "commentlist",
    "comments",
    "consent",
    "cookie",
    "cookies",
    "copyright",
    "crumb",
    "crumbs",
    "disqus",
    "fbcomments",
    "footer",
    "gdpr",
    "login",
    "masthead",
    "menu",
    "menus",
    "modal",
    "mostread",
    "mostviewed",
    "nav",
    "navbar",
    "navigation",
    "newsletter",
    "noprint",
    "outbrain",
    "pager",
    "pagination",
    "popover",
    "popular",
    "popup",
    "prevnext",
    "promo",
    "promotion",
    "recirc",
    "recirculation",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "related",
    "relatedposts",
    "reply",
    "respond",
    "share",
    "sharebar",
    "sharedaddy",
    "sharing",
    "sidebar",
    "signup",
    "similar",
    "social",
    "sponsored",
    "subscribe",
    "subscription",
    "suggested",
    "taboola",
    "tagcloud",
    "tags",
    "ticker",
    "toolbar",
    "tooltip",
    "topbar",
    "trending",
    "videoplayer",
    "weather",
    "widget",
    "widgets",
];

/// Starts of class names and ids, letters only, of the dialogs of consent managers.
const CONSENT_STARTS: &[&str] = &[
    "climodal",
    "clisettings",
    "clitab",
    "cmplz",
    "cookiebot",
    "cookieconsent",
    "cookielaw",
    "cookieyes",
    "cybotcookiebot",
    "didomi",
    "fcconsent",
    "iubenda",
    "klaro",
    "onetrust",
    "optanon",
    "otsdk",
    "qccmp",
    "spmessage",
    "trustarc",
    "usercentrics",
];

/// Starts of words that mean furniture whatever follows (`relatedpoststitle`).
const FURNITURE_STARTS: &[&str] =
    &["advert", "newsletter", "outbrain", "paginat", "recommend", "relatedpost", "sponsor", "taboola"];

/// Words of what an article cites from elsewhere: a post in a `social-embed` is
/// the article's own.
const CITED: &[&str] = &["embed", "embedded", "instagrammedia", "oembed", "tweet"];

/// Classes of what is there for screen readers only.
const UNSEEN_CLASSES: &[&str] =
    &["screen-reader-text", "screenreader-only", "sr-only", "u-visually-hidden", "visually-hidden", "visuallyhidden"];

/// Of lists of other articles: a heading that says so heads what follows it.
pub(super) const RELATED: i8 = -3;

/// Words of class names and ids of such lists; furniture words, too.
const RELATED_WORDS: &[&str] =
    &["mostread", "mostviewed", "popular", "related", "relatedposts", "similar", "suggested"];
const RELATED_STARTS: &[&str] = &["recommend", "relatedpost"];

/// Words of class names and ids of comments; furniture words, too.
const COMMENT_WORDS: &[&str] = &["comment", "commentlist", "comments", "disqus", "fbcomments", "reply", "respond"];

/// What the element's own marks say; 0 where they say nothing.
pub(super) fn hint(tag: Tag, attributes: &Attributes) -> i8 {
    if has_property(attributes, "articleBody") {
        return BODY;
    }
    match attributes.get("role") {
        Some("navigation" | "banner" | "contentinfo" | "complementary" | "search" | "menu" | "dialog") => {
            return FURNITURE;
        }
        Some("main") if tag != Tag::Article => return MAIN,
        Some("article") => return ARTICLE,
        _ => {}
    }
    let names =
        || [attributes.get("class"), attributes.get("id")].into_iter().flatten().flat_map(str::split_whitespace);
    let mut found = match tag {
        Tag::Nav | Tag::Footer | Tag::Aside | Tag::Form | Tag::Menu | Tag::Search | Tag::Dialog => return FURNITURE,
        Tag::Article => ARTICLE,
        Tag::Main => MAIN,
        Tag::Header => FURNITURE,
        _ => 0,
    };
    // The classes of these tell of the whole page (`no-sidebar`, `tag-politics`).
    if matches!(tag, Tag::Html | Tag::Body) {
        return 0;
    }
    let heading = tag.heading().is_some();
    for name in names().take(32).filter(|name| !is_sentence(name)) {
        match of_name(name) {
            FURNITURE if heading && words(name).any(|word| word == "widget") => found = WIDGET_TITLE,
            hint if hint < 0 && found < ARTICLE => return if names().take(32).any(is_cited) { 0 } else { hint },
            ..=0 => {}
            other => found = found.max(other),
        }
    }
    found
}

fn is_cited(name: &str) -> bool {
    name.len() <= 100
        && words(name).any(|word| CITED.contains(&&*word))
        // What asks whether the post may be loaded is not the post.
        && !words(name).any(|word| word == "consent")
}

/// Whether the element holds a byline, a dateline or the like.
pub(super) fn is_meta(attributes: &Attributes) -> bool {
    let named = [attributes.get("class"), attributes.get("itemprop"), attributes.get("rel")];
    named.into_iter().flatten().flat_map(str::split_whitespace).take(32).any(|name| {
        words(name).any(|word| {
            matches!(
                &*word,
                "author"
                    | "authors"
                    | "byline"
                    | "date"
                    | "dateline"
                    | "datepublished"
                    | "datemodified"
                    | "meta"
                    | "postmeta"
                    | "entrymeta"
                    | "published"
                    | "pubdate"
                    | "time"
                    | "timestamp"
                    | "datetime"
                    | "submitted"
            )
        })
    })
}

pub(super) fn is_crumbs(attributes: &Attributes) -> bool {
    ["class", "id", "itemtype", "aria-label"].into_iter().filter_map(|name| attributes.get(name)).any(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("breadcrumb") || value.split_whitespace().any(|name| name == "crumbs")
    })
}

/// Whether the element is named as a picture, and as nothing else.
pub(super) fn is_picture(attributes: &Attributes) -> bool {
    let classes = attributes.get("class").unwrap_or_default().split_whitespace().take(32);
    classes.into_iter().any(|name| matches!(name, "image" | "img" | "photo" | "picture"))
}

pub(super) fn is_caption(attributes: &Attributes) -> bool {
    let classes = attributes.get("class").unwrap_or_default();
    // Most elements have a class, and nearly none has one of these.
    if classes.len() < "caption".len()
        || !["aption", "im", "pic", "hoto", "Im"].iter().any(|part| classes.contains(part))
    {
        return false;
    }
    classes.split_whitespace().take(32).any(|name| {
        let (mut picture, mut told) = (false, false);
        words(name).any(|word| {
            picture |= matches!(&*word, "image" | "img" | "photo" | "picture");
            told |= matches!(&*word, "credit" | "credits" | "description" | "info" | "legend" | "source");
            matches!(&*word, "caption" | "figcaption" | "imagecaption" | "photocaption") || picture && told
        })
    })
}

/// Whether microdata gives the element that name (`headline`, `author`).
pub(super) fn has_property(attributes: &Attributes, property: &str) -> bool {
    attributes.get("itemprop").is_some_and(|names| names.split_whitespace().any(|name| name == property))
}

/// Whether readers do not see it; a title for screen readers is still the title.
pub(super) fn is_hidden(tag: Tag, attributes: &Attributes) -> bool {
    if attributes.get("hidden").is_some() && !is_streamed(attributes) {
        return true;
    }
    let mut classes = attributes.get("class").unwrap_or_default().split_ascii_whitespace().take(32);
    if tag != Tag::H1 && classes.any(|class| UNSEEN_CLASSES.contains(&class)) {
        return true;
    }
    let Some(style) = attributes.get("style") else { return false };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).take(4096).collect();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// What is shown where a pointer rests on a word of the text, within the paragraph.
pub(super) fn is_hover_box(attributes: &Attributes) -> bool {
    let classes = attributes.get("class").unwrap_or_default();
    // Most elements have a class, and nearly none has one of these.
    if !["over", "ooltip"].iter().any(|part| classes.contains(part)) {
        return false;
    }
    classes.split_whitespace().take(32).any(|name| {
        let (mut hovers, mut holds) = (false, false);
        words(name).any(|word| {
            hovers |= matches!(&*word, "hover" | "popover" | "rollover" | "tooltip");
            holds |= matches!(&*word, "block" | "body" | "box" | "card" | "content" | "text");
            // `hover:` says how a class looks there.
            !name.contains(':') && (matches!(&*word, "hovercard" | "tooltiptext") || hovers && holds)
        })
    })
}

/// React sends parts of a page late, hidden, for its script to put where they belong
/// (`<div hidden id="S:0">`).
fn is_streamed(attributes: &Attributes) -> bool {
    let number = attributes.get("id").and_then(|id| id.strip_prefix("S:"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn of_name(name: &str) -> i8 {
    if name.len() > 100 {
        return 0;
    }
    // WordPress writes an article's own tags and categories into its classes.
    // Elementor calls every part of a page a widget, the article, too.
    if ["tag-", "category-", "post-tag-", "post_tag-", "elementor-"].iter().any(|start| name.starts_with(start)) {
        return 0;
    }
    let letters = letters(name);
    if CONSENT_STARTS.iter().any(|start| letters.starts_with(start)) {
        return CONSENT;
    }
    let mut spelled = name.split(['-', '_']).filter(|part| !is_random(part)).flat_map(words);
    if let Some(word) = spelled.find(|word| is_furniture(word) && !is_part(name, word)) {
        return of_furniture(&word);
    }
    if is_furniture(&letters) {
        return of_furniture(&letters);
    }
    let is_body = |letters: &str| BODIES.iter().any(|end| letters.ends_with(end));
    // Build tools write a checksum behind the name: `article-body__content__17Yit`.
    let checksum = |end: &str| end.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let named = name.rsplit_once("__").filter(|(_, end)| checksum(end)).map(|(named, _)| self::letters(named));
    if is_body(&letters) || named.is_some_and(|named| is_body(&named)) { BODY } else { 0 }
}

/// A number of random letters, in which some may make a word: `block-id-n1AuAdJlVL`.
fn is_random(part: &str) -> bool {
    const SHORTEST: usize = 8;
    let kind = |byte: &u8| (byte.is_ascii_uppercase(), byte.is_ascii_digit());
    let changes = || part.bytes().zip(part.bytes().skip(1)).filter(|(one, next)| kind(one) != kind(next)).count();
    part.len() >= SHORTEST && part.bytes().any(|byte| byte.is_ascii_digit()) && changes() * 2 > part.len()
}

/// What a heading says, written as its place in the page: the words are its own.
fn is_sentence(name: &str) -> bool {
    const FEWEST_WORDS: usize = 9;
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    name.len() > FEWEST_WORDS * 2 && name.split(['-', '_']).filter(is_word).count() >= FEWEST_WORDS
}

/// Some sites call each part of an article a widget: `article-widget-text`.
fn is_part(name: &str, word: &str) -> bool {
    matches!(word, "widget" | "widgets")
        && words(name).next().is_some_and(|first| matches!(&*first, "article" | "story"))
}

/// Which furniture a word of it means.
fn of_furniture(word: &str) -> i8 {
    if COMMENT_WORDS.contains(&word) {
        COMMENTS
    } else if RELATED_WORDS.contains(&word) || RELATED_STARTS.iter().any(|start| word.starts_with(start)) {
        RELATED
    } else {
        FURNITURE
    }
}

/// The letters of a name alone: `most-read` is `mostread`.
fn letters(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect())
}

fn is_furniture(word: &str) -> bool {
    FURNITURE_WORDS.binary_search(&word).is_ok() || FURNITURE_STARTS.iter().any(|start| word.starts_with(start))
}

/// Words of a name, small: `td-post-content`, `articleBody`, `share_bar2`. Copied
/// only where they have capitals.
fn words(name: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let first = rest.chars().next()?;
        let (mut upper, mut capitals) = (first.is_ascii_uppercase(), first.is_ascii_uppercase());
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| {
                let boundary = !c.is_ascii_alphabetic() || c.is_ascii_uppercase() && !upper;
                upper = c.is_ascii_uppercase();
                capitals |= upper && !boundary;
                boundary
            })
            .map_or(rest.len(), |(at, _)| at);
        let word = rest.get(..end)?;
        rest = rest.get(end..)?;
        Some(if capitals { Cow::Owned(word.to_ascii_lowercase()) } else { Cow::Borrowed(word) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_list_is_sorted() {
        assert!(FURNITURE_WORDS.is_sorted());
    }

    #[test]
    fn names_tell_article_from_furniture() {
        let of = |tag, class| hint(tag, &Attributes::of(&[("class", class)]));
        assert_eq!(of(Tag::Div, "td-post-content tagdiv-type"), BODY);
        assert_eq!(of(Tag::Div, "field-name-body field-type-text"), BODY);
        assert_eq!(of(Tag::Div, "StoryBody"), BODY);
        assert_eq!(of(Tag::Div, "shareBar"), FURNITURE);
        assert_eq!(of(Tag::Ul, "social_links2"), FURNITURE);
        assert_eq!(of(Tag::H3, "most-read"), RELATED);
        assert_eq!(of(Tag::Div, "authorBox"), FURNITURE);
        assert_eq!(of(Tag::H3, "relatedpoststitle"), RELATED);
        assert_eq!(of(Tag::Div, "comments-area"), COMMENTS);
        assert_eq!(of(Tag::Div, "social-embed tweet"), 0);
        assert_eq!(of(Tag::Div, "elementor-widget elementor-widget-text-editor"), 0);
        assert_eq!(of(Tag::Div, "article-widget article-widget-text"), 0);
        assert_eq!(of(Tag::Div, "widget widget_text"), FURNITURE);
        assert_eq!(of(Tag::Div, "article-widget-related"), RELATED);
        assert_eq!(of(Tag::H2, "widget-title"), WIDGET_TITLE);
        assert_eq!(hint(Tag::Article, &Attributes::of(&[("role", "main")])), ARTICLE);
        assert_eq!(of(Tag::Div, "story-body__content__17Yit article-body__17Yit"), BODY);
        assert_eq!(of(Tag::Div, "article-content__sign-in-group"), 0);
        assert_eq!(of(Tag::Header, "page-head"), FURNITURE);
        assert_eq!(of(Tag::Div, "embed-consent"), FURNITURE);
        assert_eq!(of(Tag::Div, "ot-sdk-container"), CONSENT);
        assert_eq!(of(Tag::Div, "wrapper"), 0);
        assert_eq!(of(Tag::P, "block-id-n1AuAdJlVL"), 0);
        assert_eq!(of(Tag::Div, "she-wore-a-similar-gown-at-the-2021-film-festival"), 0);
        assert_eq!(of(Tag::Div, "home-topAd2Wrapper"), FURNITURE);
        assert_eq!(of(Tag::Div, "shareholders-report loading headline"), 0);
        assert_eq!(of(Tag::Article, "post tag-social category-menu hentry"), ARTICLE);
        assert_eq!(of(Tag::Body, "has-sidebar"), 0);
        assert_eq!(of(Tag::Footer, ""), FURNITURE);
        assert_eq!(hint(Tag::Div, &Attributes::of(&[("itemprop", "articleBody")])), BODY);
        assert_eq!(hint(Tag::Div, &Attributes::of(&[("role", "main")])), MAIN);
    }

    #[test]
    fn what_is_told_of_a_picture_is_a_caption() {
        let of = |class| is_caption(&Attributes::of(&[("class", class)]));
        for class in ["wp-caption-text", "img-info", "photo_legend", "picture-description", "articleImageCredit"] {
            assert!(of(class), "{class}");
        }
        for class in ["description", "image", "info-box", "source", "imprint-info"] {
            assert!(!of(class), "{class}");
        }
    }

    #[test]
    fn what_opens_at_a_word_is_no_text() {
        let of = |class| is_hover_box(&Attributes::of(&[("class", class)]));
        for class in ["rollover-people-block", "tooltip-content", "tooltiptext", "glossary hoverCard"] {
            assert!(of(class), "{class}");
        }
        for class in ["rollover-people-link", "tooltip", "cover-text", "hover", "text-hover:underline"] {
            assert!(!of(class), "{class}");
        }
    }

    #[test]
    fn hidden_is_what_says_so() {
        assert!(is_hidden(Tag::Div, &Attributes::of(&[("style", "color:red; Display : None")])));
        assert!(is_hidden(Tag::Div, &Attributes::of(&[("hidden", "")])));
        assert!(!is_hidden(Tag::Div, &Attributes::of(&[("style", "display:block")])));
        assert!(!is_hidden(Tag::Div, &Attributes::of(&[("hidden", ""), ("id", "S:1f")])));
        assert!(is_hidden(Tag::Div, &Attributes::of(&[("hidden", ""), ("id", "S:menu")])));
    }
}
