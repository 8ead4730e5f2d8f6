//! The article as schema.org data in a `<script>` describes it.

use rustc_hash::FxHashMap as HashMap;
use serde_json::Value;

use super::plain_text;

/// Values looked at before giving up: real pages have a few hundred.
const MAX_VALUES: usize = 20_000;

/// What JSON-LD says of the page's article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct JsonLd {
    pub headline: Option<String>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub byline: Option<String>,
    pub section: Option<String>,
    pub site: Option<String>,
    pub url: Option<String>,
    pub language: Option<String>,
    pub lead: Option<String>,
    pub body: Option<String>,
    pub breadcrumbs: Vec<String>,
    /// `isAccessibleForFree` is false.
    pub paywalled: bool,
}

/// The first article of the scripts; broken ones are passed over.
pub(super) fn read(scripts: &[String]) -> Option<JsonLd> {
    let values: Vec<Value> = scripts.iter().filter_map(|script| parse(script)).collect();
    let (mut found, mut review, mut crumbs) = (None, None, Vec::new());
    let mut named: HashMap<&str, &Value> = HashMap::default();
    // Breadth first: the page's own article stands above those it mentions.
    let mut queue: std::collections::VecDeque<&Value> = values.iter().collect();
    for _ in 0..MAX_VALUES {
        let Some(value) = queue.pop_front() else { break };
        match value {
            Value::Array(items) => queue.extend(items.iter().take(MAX_VALUES)),
            Value::Object(members) => {
                if members.len() > 1
                    && let Some(id) = members.get("@id").and_then(Value::as_str)
                {
                    named.entry(id).or_insert(value);
                }
                if crumbs.is_empty() && is_of(value, |name| name == "BreadcrumbList") {
                    crumbs = breadcrumbs(value);
                    continue;
                }
                if found.is_none() && is_article(value) {
                    found = Some(value);
                }
                // All that some say of an article that checks what somebody claims.
                if review.is_none() && is_of(value, |name| name == "ClaimReview") {
                    review = Some(value);
                }
                let inner =
                    ["@graph", "mainEntity", "mainEntityOfPage", "hasPart", "breadcrumb", "itemListElement", "item"];
                queue.extend(inner.iter().filter_map(|key| members.get(*key)));
            }
            _ => {}
        }
    }
    let mut found = found.or(review).map(|article| of(article, &named))?;
    found.breadcrumbs = crumbs;
    Some(found)
}

/// The names of a list's items in the order of their positions.
fn breadcrumbs(list: &Value) -> Vec<String> {
    let items = list.get("itemListElement").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut items: Vec<(u64, String)> = items
        .iter()
        .take(20)
        .filter_map(|item| {
            let position = item.get("position");
            let position = position.and_then(|at| at.as_u64().or_else(|| at.as_str()?.parse().ok())).unwrap_or(0);
            Some((position, item.get("name").or_else(|| item.get("item")?.get("name")).and_then(names)?))
        })
        .collect();
    items.sort_by_key(|(position, _)| *position);
    items.into_iter().map(|(_, name)| name).collect()
}

/// Line breaks inside strings are common and not allowed; a comment or CDATA
/// around the whole is, too.
fn parse(script: &str) -> Option<Value> {
    let clean: String = script.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim().trim_start_matches("<!--").trim_start_matches("//").trim_start();
    let clean = clean.trim_start_matches("<![CDATA[").trim_end_matches("-->").trim_end();
    let clean = clean.trim_end_matches("]]>").trim_end().trim_end_matches("//").trim_end().trim_end_matches(';');
    serde_json::from_str(clean).ok()
}

fn is_article(value: &Value) -> bool {
    is_of(value, |name| name.ends_with("Article") || name.ends_with("BlogPosting") || name == "Report")
}

fn is_of(value: &Value, of: impl Fn(&str) -> bool) -> bool {
    match value.get("@type") {
        Some(Value::String(name)) => of(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(&of),
        _ => false,
    }
}

/// What is said of the article; members of a graph name one another by `@id`.
fn of(article: &Value, named: &HashMap<&str, &Value>) -> JsonLd {
    let said = |value: &Value| match value {
        Value::Object(members) if members.len() == 1 && members.contains_key("@id") => {
            members.get("@id").and_then(Value::as_str).and_then(|id| named.get(id)).and_then(|value| names(value))
        }
        other => names(other),
    };
    let text = |key: &str| article.get(key).and_then(Value::as_str).map(plain_text).filter(|text| !text.is_empty());
    let page = article.get("mainEntityOfPage").or_else(|| article.get("isPartOf"));
    let page = page.and_then(|page| page.as_str().or_else(|| page.get("@id")?.as_str()));
    let page = page.map(|page| named.get(page).and_then(|page| page.get("url")?.as_str()).unwrap_or(page));
    let is_url = |url: &&str| url.starts_with("http");
    JsonLd {
        headline: text("headline").or_else(|| text("name")),
        published: text("datePublished").or_else(|| text("dateCreated")),
        modified: text("dateModified"),
        byline: article.get("author").or_else(|| article.get("creator")).and_then(said),
        section: article.get("articleSection").and_then(names),
        site: article.get("publisher").and_then(said),
        url: article.get("url").and_then(Value::as_str).filter(is_url).or(page.filter(is_url)).map(str::to_owned),
        language: article.get("inLanguage").and_then(names),
        lead: text("description"),
        body: text("articleBody"),
        breadcrumbs: Vec::new(),
        paywalled: article.get("isAccessibleForFree").is_some_and(|free| match free {
            Value::Bool(free) => !free,
            Value::String(free) => free.eq_ignore_ascii_case("false"),
            _ => false,
        }),
    }
}

/// A name, an object with a name, or a list of them.
fn names(value: &Value) -> Option<String> {
    let one = |value: &Value| {
        let name = value.as_str().or_else(|| value.get("name")?.as_str())?;
        Some(plain_text(name)).filter(|name| !name.is_empty() && !name.starts_with("http"))
    };
    let names: Vec<String> = match value {
        Value::Array(items) => items.iter().take(50).filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    };
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str) -> Option<JsonLd> {
        read(&[text.to_owned()])
    }

    #[test]
    fn the_article_is_found_wherever_it_stands() {
        let article = r#"{"@type": ["NewsArticle"], "headline": "عنوان &quot;أول&quot;", "datePublished": "2024-01-25",
            "author": [{"@type": "Person", "name": "ليلى"}, {"name": "سامي"}], "publisher": {"name": "الصحيفة"},
            "articleSection": ["سياسة"], "mainEntityOfPage": {"@id": "https://a.example/1"}}"#;
        let graph = format!(r#"{{"@graph": [{{"@type": "WebSite", "name": "x"}}, {article}]}}"#);
        let page = format!(r#"{{"@type": "WebPage", "name": "x", "mainEntity": [{article}]}}"#);
        let lists = format!(
            r#"[{{"@type": "Organization", "name": "x"}}, {article}, {{"@type": "NewsArticle", "headline": "y"}}]"#
        );
        let graph_of_lists = format!("[{graph}, []]");
        let script = format!("//<![CDATA[\n{article}\n//]]>");
        for text in [article.to_owned(), format!("[{article}]"), graph, graph_of_lists, page, script, lists] {
            let ld = of_text(&text).unwrap();
            assert_eq!(ld.headline.as_deref(), Some("عنوان \"أول\""), "{text}");
            assert_eq!(ld.byline.as_deref(), Some("ليلى, سامي"));
            assert_eq!((ld.site.as_deref(), ld.section.as_deref()), (Some("الصحيفة"), Some("سياسة")));
            assert_eq!(ld.url.as_deref(), Some("https://a.example/1"));
        }
    }

    #[test]
    fn members_of_a_graph_name_one_another() {
        let graph = r##"{"@graph": [
            {"@type": "Organization", "@id": "#org", "name": "الصحيفة"},
            {"@type": "WebPage", "@id": "#page", "url": "https://a.example/1"},
            {"@type": "NewsArticle", "headline": "عنوان", "author": {"@id": "#a"}, "publisher": {"@id": "#org"},
             "isPartOf": {"@id": "#page"}},
            {"@type": "Person", "@id": "#a", "name": "ليلى"}]}"##;
        let ld = of_text(graph).unwrap();
        assert_eq!((ld.byline.as_deref(), ld.site.as_deref()), (Some("ليلى"), Some("الصحيفة")));
        assert_eq!(ld.url.as_deref(), Some("https://a.example/1"));
    }

    #[test]
    fn what_is_broken_is_passed_over() {
        assert_eq!(of_text("{\"@type\": \"NewsArticle\", "), None);
        assert_eq!(of_text(&"[".repeat(100_000)), None);
        assert_eq!(of_text("{\"@type\": \"WebPage\"}"), None);
        let scripts = ["{oops".to_owned(), "{\"@type\":\"NewsArticle\",\"headline\":\"a\nb\",}".to_owned()];
        assert_eq!(read(&scripts), None);
        let ld = of_text("{\"@type\":\"NewsArticle\",\"headline\":\"a\nb\",\"author\":{\"url\":\"x\"}}").unwrap();
        assert_eq!((ld.headline.as_deref(), ld.byline), (Some("a b"), None));
    }
}
