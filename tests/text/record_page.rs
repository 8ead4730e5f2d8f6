//! `docs/record.md` says what the code does: its tables are the schema's own
//! words, its example is made here. `UPDATE_DOCS=1 cargo test --test text
//! record_page` writes both anew.

use serde_json::Value;
use warraq::encode::headers;

use crate::support::{enrich, fixture, pretty, raw, record, root};

/// The text between `<!-- NAME -->` and `<!-- end NAME -->`.
fn replaced(page: &str, name: &str, with: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = page.split_once(&open).unwrap_or_else(|| panic!("{open} is missing"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("{close} is missing"));
    format!("{before}{open}{with}{close}{after}")
}

/// A table for each object of the schema, outer ones first.
fn tables(name: &str, schema: &Value, out: &mut String) {
    let optional = |field: &str| !schema["required"].as_array().unwrap().iter().any(|name| name == field);
    if !name.is_empty() {
        out.push_str(&format!("### `{name}`\n\n"));
    }
    out.push_str(&format!(
        "{}\n\n| field | type | meaning |\n|---|---|---|\n",
        schema["description"].as_str().unwrap()
    ));
    let fields = schema["properties"].as_object().unwrap();
    for (field, about) in fields {
        let mark = if optional(field) { " (may be missing)" } else { "" };
        let meaning = about["description"].as_str().unwrap_or_else(|| panic!("{name}.{field} has no description"));
        out.push_str(&format!("| `{field}` | {}{mark} | {meaning} |\n", type_of(about)));
    }
    out.push('\n');
    for (field, about) in fields {
        let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
        let inner = [about, &about["items"], &about["oneOf"][1]];
        if let Some((at, inner)) = inner.iter().enumerate().find(|(_, inner)| inner["properties"].is_object()) {
            let suffix = if at == 1 { "[]" } else { "" };
            tables(&format!("{name}{suffix}"), inner, out);
        }
    }
}

fn type_of(about: &Value) -> String {
    if let Some(values) = about["enum"].as_array() {
        return values.iter().map(|value| format!("`{}`", value.as_str().unwrap())).collect::<Vec<_>>().join(", ");
    }
    if let Some(value) = about["const"].as_str() {
        return format!("`{value}`");
    }
    if let Some(value) = about["const"].as_bool() {
        return format!("`{value}`");
    }
    if about["oneOf"].is_array() {
        return "object or null".to_owned();
    }
    match &about["type"] {
        Value::Array(types) => types.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(" or "),
        name => name.as_str().unwrap().replace("array", "list"),
    }
}

#[test]
fn says_what_the_code_does() {
    let path = root().join("docs/record.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let schema = std::fs::read(root().join("config/schema/warraq.article.v1.json")).unwrap();
    let mut fields = String::from("\n");
    tables("", &serde_json::from_slice(&schema).unwrap(), &mut fields);

    let input = fixture("newspaper4k.json");
    let input = input.trim_ascii();
    let made = record(&enrich(&raw(Some(input.to_vec()), &[(headers::CONTENT_TYPE, "application/json")])).outgoing);
    let shown = |json: &Value| format!("\n```json\n{}\n```\n\n", pretty(json));
    let input: Value = serde_json::from_slice(input).unwrap();
    let mut want = replaced(&page, "fields", &fields);
    want = replaced(&want, "input", &shown(&input));
    want = replaced(&want, "example", &shown(&made));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    assert!(
        want == page || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/record.md is stale: see the head of this test"
    );
}

/// The README's own article, short enough to be read there.
const ARTICLE: &str = r#"{"url": "https://news.example/ports/12", "date": "2024-01-26", "title": "وزير النقل يفتتح رصيفا جديدا في العقبة", "text": "افتتح وزير النقل الأردني، سليم الدباس، الخميس 25 كانون الثاني رصيفا جديدا في مدينة العقبة، بتمويل من البنك الدولي.\nوقال الدباس إن العمل استمر عامين.\nالمصدر: وكالة الأنباء الأردنية (بترا)\nاترك تعليقاً"}"#;

/// A field a line, an item of a list a line.
fn by_lines(record: &Value) -> String {
    let fields = record.as_object().unwrap().iter().map(|(name, value)| match value.as_array() {
        Some(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
            format!("  \"{name}\": [\n{}\n  ]", items.join(",\n"))
        }
        _ => format!("  \"{name}\": {value}"),
    });
    format!("{{\n{}\n}}", fields.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn the_readme_shows_a_real_record() {
    let path = root().join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let made = record(&enrich(&raw(Some(ARTICLE.into()), &[(headers::CONTENT_TYPE, "application/json")])).outgoing);
    let shown = format!(
        "\nA message of a crawler:\n\n```json\n{ARTICLE}\n```\n\nand its record (one line on the topic, broken up here):\n\n```json\n{}\n```\n\n",
        by_lines(&made)
    );
    let want = replaced(&page, "record", &shown);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    assert!(want == page || std::env::var_os("UPDATE_DOCS").is_some(), "README.md is stale: see the head of this file");
}

#[test]
fn tells_of_every_header() {
    let page = std::fs::read_to_string(root().join("docs/record.md")).unwrap();
    for name in headers::ALL {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/record.md");
    }
    for reason in warraq::record::Reason::ALL {
        assert!(page.contains(&format!("| `{}` |", reason.as_str())), "{} is not in docs/record.md", reason.as_str());
    }
}
