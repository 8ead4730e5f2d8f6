//! Pages of many kinds of site, as HTML and as the lines that a crawler makes of
//! it, and the record that each should become, written by hand before the code
//! saw them. All were written for this project; people and places are invented.
//!
//! `tests/fixtures/pages/NAME.expected` holds fields (`key: value`, `html.` or
//! `txt.` before the key where only one of the two can tell; `-` for none), a
//! blank line, and the blocks in order: `kind | text`. `a,b |` is either kind,
//! `kind? |` may be missing, `kind@en |` is in another language, `html:kind |` is
//! there only in HTML; ` … ` stands for whatever lies between.

use std::path::PathBuf;

use serde_json::Value;
use warraq::encode::headers;

use crate::support::{enrich, items, number, raw, record, root, span};

/// What is still wrong, and why; a fault that is gone must leave the list.
const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "arabic-english-statement.txt",
        "In plain text two tags without a head are no row.",
        &[r#"too much: paragraph | رأس الزيت"#, r#"too much: paragraph | الملاحة"#],
    ),
    (
        "persian-jalali.txt",
        "The section stands right below the last entry of the menu, which has the same name.",
        &[r#"section: found "-", expected "استان\u{200c}ها""#],
    ),
    (
        "persian-longread.txt",
        "Nothing in the text repeats the title's words, the standfirst below it does: that is taken for the title.",
        &[
            r#"title: found "گزارشی از مردی که شش\u{200c}هزار نوار کاست را از فراموشی نجات داده است", expected "خانه صداهای گم\u{200c}شده""#,
            r#"section: found "-", expected "گزارش""#,
            r#"authors: found "-", expected "سمیرا پارسا""#,
            r#"lead: found "حمید نوازنده در اتاق نوارها. عکس: آرش مهرجو", expected "گزارشی از مردی که شش\u{200c}هزار نوار کاست را از فراموشی نجات داده است""#,
            r#"missing: title | خانه صداهای گم‌شده"#,
            r#"is title, expected paragraph: گزارشی از مردی که شش‌هزار نوار کاست را از فراموشی نجات داده است"#,
            r#"is paragraph, expected caption: حمید نوازنده در اتاق نوارها. عکس: آرش مهرجو"#,
        ],
    ),
    (
        "turkish-local.txt",
        "In plain text a breadcrumb of two items is a line as others are.",
        &[r#"section: found "-", expected "Yerel""#, r#"breadcrumbs: found "-", expected "Anasayfa > Yerel""#],
    ),
    (
        "algeria-1256.html",
        "The window names the round, the page shows the headline in large letters alone: sizes of letters are not read, and nothing marks where the article ends.",
        &[
            r#"title: found "نتائج الجولة الثامنة", expected "هلال شلغوم العيد ينفرد بالصدارة واتحاد الشاوية يغرق""#,
            r#"too much: title | نتائج الجولة الثامنة"#,
            r#"is paragraph, expected title: هلال شلغوم العيد ينفرد بالصدارة واتحاد الشاوية يغرق"#,
            r#"missing: credit,paragraph | ع. بن يطو"#,
        ],
    ),
    (
        "egypt-amp.txt",
        "In plain text a table of rates and a line of tags, below the article and without a head, look like its own.",
        &[
            r#"too much: paragraph | أسعار العملات اليوم"#,
            r#"too much: paragraph | العملة شراء بيع"#,
            r#"too much: paragraph | وزارة التموين سعر السكر السلع التموينية"#,
        ],
    ),
    (
        "iraq-blogger.html",
        "A name alone above the text may as well be a place; the marks name the account that posted it.",
        &[r#"authors: found "شناشيل", expected "قيس الشاوي""#],
    ),
    (
        "iraq-blogger.txt",
        "As above; the line below the text names the account that posted it.",
        &[r#"authors: found "شناشيل", expected "قيس الشاوي""#],
    ),
    (
        "morocco-gallery.html",
        "Only the style sheet sets the name and the date apart, and their classes are hashes.",
        &[
            r#"missing: credit | أطلس بريس - خديجة أوعلي السبت 28 أكتوبر 2023 - 11:20"#,
            r#"too much: credit | أطلس بريس - خديجة أوعليالسبت 28 أكتوبر 2023 - 11:20"#,
        ],
    ),
    (
        "sudan-statement.html",
        "The section stands behind «in» below the title, as a link to its page.",
        &[r#"section: found "-", expected "بيانات""#],
    ),
    (
        "tunisia-tag.txt",
        "In plain text nothing tells the name before the date from a place.",
        &[r#"authors: found "-", expected "هاجر بالرابح""#],
    ),
];

fn folder() -> PathBuf {
    root().join("tests/fixtures/pages")
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "expected"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// What is wrong with one page, a line each.
fn faults(name: &str, form: &str) -> Vec<String> {
    let page = std::fs::read(folder().join(format!("{name}.{form}"))).unwrap();
    let kind = if form == "html" { "text/html" } else { "text/plain" };
    let record = record(&enrich(&raw(Some(page), &[(headers::CONTENT_TYPE, kind)])).outgoing);
    let expected = std::fs::read_to_string(folder().join(format!("{name}.expected"))).unwrap();
    let (fields, blocks) = expected.split_once("\n\n").unwrap();
    let mut faults: Vec<String> = fields.lines().filter_map(|line| fault_of_field(line, form, &record)).collect();
    faults.extend(faults_of_blocks(blocks, form, &record));
    faults
}

fn fault_of_field(line: &str, form: &str, record: &Value) -> Option<String> {
    let (key, want) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    let key = match key.split_once('.') {
        Some((only, key)) if only == form => key,
        Some(_) => return None,
        None => key,
    };
    if key == "removed" {
        let kinds: Vec<&str> = items(&record["removed"]).iter().filter_map(|cut| cut["kind"].as_str()).collect();
        let missing: Vec<&str> = want.split(' ').filter(|kind| !kind.is_empty() && !kinds.contains(kind)).collect();
        return (!missing.is_empty()).then(|| format!("not removed: {missing:?}"));
    }
    let list = |value: &Value, between| {
        let names = items(value).iter().filter_map(Value::as_str).collect::<Vec<_>>();
        (!names.is_empty()).then(|| names.join(between))
    };
    let string = |value: &Value| value.as_str().map(str::to_owned);
    let found = match key {
        "language" => string(&record["language"]["tag"]),
        "published" | "modified" => string(&record[key]["date"]),
        "authors" | "agencies" => list(&record[key], "; "),
        "breadcrumbs" => list(&record[key], " > "),
        "site" => string(&record["source"]["site"]),
        "partial" => record[key].as_bool().map(|partial| partial.to_string()),
        _ => string(&record[key]),
    };
    let found = found.unwrap_or_else(|| "-".to_owned());
    (found != want).then(|| format!("{key}: found {found:?}, expected {want:?}"))
}

struct Want<'a> {
    kinds: Vec<&'a str>,
    language: Option<&'a str>,
    optional: bool,
    text: &'a str,
}

fn want<'a>(line: &'a str, form: &str) -> Option<Want<'a>> {
    let (kind, text) = line.split_once(" | ").unwrap_or_else(|| panic!("no block: {line}"));
    let kind = match kind.split_once(':') {
        Some((only, kind)) if only == form => kind,
        Some(_) => return None,
        None => kind,
    };
    let (kind, language) = kind.split_once('@').map_or((kind, None), |(kind, language)| (kind, Some(language)));
    let optional = kind.ends_with('?');
    Some(Want { kinds: kind.trim_end_matches('?').split(',').collect(), language, optional, text })
}

/// Whether the text is the pattern's, ` … ` standing for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('…').filter(|(start, _)| start.ends_with(' ')) {
        Some((start, end)) => text.starts_with(start.trim()) && text.ends_with(end.trim()),
        None => text == pattern,
    }
}

fn faults_of_blocks(blocks: &str, form: &str, record: &Value) -> Vec<String> {
    let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
    let found: Vec<(&str, String, Option<&str>)> = items(&record["blocks"])
        .iter()
        .map(|block| {
            let (start, end) = span(block);
            (block["kind"].as_str().unwrap(), text[start..end].iter().collect(), block["language"].as_str())
        })
        .collect();
    let mut faults = Vec::new();
    let mut at = 0;
    for want in blocks.lines().filter_map(|line| want(line, form)) {
        let place = found[at..].iter().position(|(_, text, _)| is_like(text, want.text));
        let Some(skipped) = place else {
            if !want.optional {
                faults.push(format!("missing: {} | {}", want.kinds.join(","), want.text));
            }
            continue;
        };
        faults.extend(found[at..at + skipped].iter().map(|(kind, text, _)| format!("too much: {kind} | {text}")));
        let (kind, text, language) = &found[at + skipped];
        if !want.kinds.contains(kind) {
            faults.push(format!("is {kind}, expected {}: {text}", want.kinds.join(",")));
        }
        if *language != want.language {
            faults.push(format!("is in {language:?}, expected {:?}: {text}", want.language));
        }
        at += skipped + 1;
    }
    faults.extend(found[at..].iter().map(|(kind, text, _)| format!("too much: {kind} | {text}")));
    faults
}

#[test]
fn each_becomes_the_record_that_was_written_for_it() {
    let mut told = String::new();
    let only = std::env::var("ONLY_PAGE").unwrap_or_default();
    for name in names().iter().filter(|name| name.contains(&only)) {
        for form in ["html", "txt"] {
            let page = format!("{name}.{form}");
            let known = KNOWN.iter().filter(|known| known.0 == page).flat_map(|known| known.2);
            let mut known: Vec<&str> = known.copied().collect();
            for fault in faults(name, form) {
                match known.iter().position(|known| *known == fault) {
                    Some(place) => drop(known.remove(place)),
                    None => told.push_str(&format!("{page}: {fault}\n")),
                }
            }
            told.extend(known.iter().map(|gone| format!("{page}: no longer, so not KNOWN: {gone}\n")));
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn a_wrong_record_is_told() {
    let page = names().into_iter().next().unwrap();
    let page = std::fs::read(folder().join(format!("{page}.html"))).unwrap();
    let record = record(&enrich(&raw(Some(page), &[(headers::CONTENT_TYPE, "text/html")])).outgoing);
    let blocks = items(&record["blocks"]);
    assert_eq!(faults_of_blocks("paragraph | ليس في الصفحة", "html", &record).len(), 1 + blocks.len());
    assert!(fault_of_field("title: عنوان آخر", "html", &record).is_some());
    assert!(fault_of_field("txt.title: عنوان آخر", "html", &record).is_none());
    assert!(number(&blocks[0]["end"]) > 0);
}
