//! The pages of html5lib-tests' tree construction, through decoder and
//! normalizer: no panic, and what a browser would show comes out.

use std::io::Read;

use serde_json::{Map, Value};
use warraq::decode::{Decoder, Options};
use warraq::encode::headers;
use warraq::normalize::{self, Normalizer};
use warraq::record::Reason;

use crate::support::{fixture, raw};

/// Pages on which text of the expected tree is missing, or more comes out, by
/// file and number within it, and why.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        "text moved out of a table comes out where it stands, in blocks of its own",
        &["adoption01.dat 12", "tests1.dat 79"],
    ),
    (
        "no script is run, and what stands on both sides of one is one text",
        &["scripted/webkit01.dat 1", "scripted/webkit01.dat 2"],
    ),
    (
        "<noscript>, <noembed>, <noframes> and <xmp> are read to their own end tag, as a browser that runs scripts does",
        &[
            "noscript01.dat 17",
            "tests16.dat 85",
            "tests16.dat 87",
            "tests16.dat 89",
            "tests16.dat 90",
            "tests16.dat 98",
            "tests16.dat 99",
            "tests16.dat 182",
            "tests16.dat 184",
            "tests16.dat 186",
            "tests16.dat 187",
            "tests16.dat 193",
            "tests16.dat 194",
            "tests18.dat 5",
            "tests5.dat 12",
            "tests5.dat 17",
        ],
    ),
    (
        "a <frameset> is no page of news: what it holds comes out rather than being lost",
        &[
            "tests18.dat 18",
            "tests18.dat 19",
            "tests18.dat 21",
            "tests19.dat 42",
            "tests2.dat 6",
            "tests2.dat 7",
            "tests2.dat 8",
            "tests6.dat 8",
        ],
    ),
    (
        "a form's controls and embedded objects that are not closed end otherwise",
        &[
            "template.dat 7",
            "template.dat 80",
            "template.dat 97",
            "template.dat 98",
            "template.dat 99",
            "tests1.dat 30",
            "tests1.dat 35",
            "tests18.dat 15",
            "tests20.dat 20",
            "tests20.dat 21",
            "tests7.dat 12",
            "tests7.dat 14",
            "tests7.dat 15",
            "tests9.dat 18",
            "tests9.dat 19",
        ],
    ),
    ("no CDATA: formulas as text have none", &["tests21.dat 2"]),
    (
        "blocks of HTML inside a picture are text; only what closes the picture ends it",
        &[
            "tests10.dat 17",
            "tests10.dat 18",
            "tests10.dat 31",
            "tests10.dat 32",
            "tests10.dat 33",
            "tests10.dat 34",
            "tests12.dat 1",
            "tests12.dat 2",
            "tests26.dat 11",
            "tests26.dat 12",
            "webkit02.dat 19",
            "webkit02.dat 20",
        ],
    ),
];

/// Elements whose text a browser does not show, or shows as no text of a page.
const UNSEEN: &[&str] = &[
    "applet", "audio", "button", "canvas", "datalist", "embed", "frameset", "iframe", "map", "noembed", "noframes",
    "noscript", "object", "option", "script", "select", "style", "svg", "template", "textarea", "title", "video",
    "xmp",
];

/// One test: the page, and the text that a browser would show of it.
#[derive(Debug)]
struct Page {
    name: String,
    html: String,
    shown: Vec<String>,
    fragment: bool,
}

fn pages() -> Vec<Page> {
    let mut text = String::new();
    let bytes = fixture("html5lib/suite.json.gz");
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let suite: Map<String, Value> = serde_json::from_str(&text).unwrap();
    let files = suite.iter().filter(|(file, _)| file.starts_with("tree-construction/"));
    let mut pages = Vec::new();
    for (file, text) in files {
        let text = format!("\n{}", text.as_str().unwrap());
        for (number, test) in text.split("\n#data\n").skip(1).enumerate() {
            let (html, rest) = test.split_once("\n#errors").or_else(|| test.split_once("#errors")).unwrap();
            let (head, tree) = rest.split_once("\n#document\n").unwrap_or_else(|| panic!("{file} {number}: {test}"));
            let name = format!("{} {}", file.trim_start_matches("tree-construction/"), number + 1);
            let fragment = head.contains("#document-fragment");
            pages.push(Page { name, html: html.to_owned(), shown: shown(tree), fragment });
        }
    }
    pages
}

/// The text nodes of a tree's body that are seen.
fn shown(tree: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut in_text = false;
    for line in tree.lines() {
        let node = line.strip_prefix("| ");
        if in_text && (node.is_none() || line.is_empty()) {
            // A line break within a text node.
            let rest = line.strip_suffix('"');
            in_text = rest.is_none();
            if let Some(text) = texts.last_mut() {
                text.push('\n');
                text.push_str(rest.unwrap_or(line));
            }
            continue;
        }
        let Some(node) = node else { continue };
        let depth = (node.len() - node.trim_start().len()) / 2;
        let node = node.trim_start();
        open.truncate(depth);
        if let Some(text) = node.strip_prefix('"') {
            let whole = text.strip_suffix('"');
            in_text = whole.is_none();
            let seen =
                open.iter().any(|name| name == "body") && !open.iter().any(|name| UNSEEN.contains(&name.as_str()));
            texts.push(if seen { whole.unwrap_or(text).to_owned() } else { "\u{0}".to_owned() });
        } else {
            let name = node.trim_start_matches('<').split(['>', ' ']).next().unwrap_or_default();
            open.resize(depth, String::new());
            open.push(if node.starts_with('<') { name.to_owned() } else { String::new() });
        }
    }
    texts.retain(|text| !text.starts_with('\u{0}') && !text.trim().is_empty());
    texts
}

/// Without blanks, which blocks set anew, and NUL, which a tree drops or replaces
/// and the display form drops.
fn bare(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '\0' | '\u{FFFD}')).collect()
}

fn sorted(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = bare(text).chars().collect();
    letters.sort_unstable();
    letters
}

/// The text of all blocks; empty where the page shows none.
fn blocks(html: &str) -> Vec<String> {
    let options = Options { max_html_depth: 1 << 16, ..Options::default() };
    let value = raw(Some(html.as_bytes().to_vec()), &[(headers::CONTENT_TYPE, "text/html; charset=utf-8")]);
    let article = match Decoder::new(&options).decode(&value) {
        Ok(article) => article,
        Err(reject) => {
            assert!(matches!(reject.reason, Reason::NoText | Reason::EmptyValue), "{reject}: {html:?}");
            return Vec::new();
        }
    };
    if let Err(reject) = Normalizer::new(&normalize::Options::default()).normalize(&article) {
        assert_eq!(reject.reason, Reason::NoText, "{html:?}");
    }
    article.blocks.into_iter().map(|block| block.piece.text).collect()
}

#[test]
fn what_a_browser_shows_comes_out() {
    let (mut whole, mut same) = (0, 0);
    let mut failed: Vec<(String, String)> = Vec::new();
    let pages = pages();
    for page in &pages {
        let got = blocks(&page.html);
        // A fragment stands inside an element that it does not name.
        if page.fragment {
            continue;
        }
        whole += 1;
        let (text, shown) = (bare(&got.concat()), page.shown.concat());
        let missing: Vec<&String> = page.shown.iter().filter(|node| !text.contains(&bare(node))).collect();
        if missing.is_empty() && sorted(&text) == sorted(&shown) {
            same += 1;
        } else {
            failed.push((page.name.clone(), format!("{:?}: {:?}, got {got:?}", page.html, page.shown)));
        }
    }
    let listed = || EXCEPTIONS.iter().flat_map(|(_, pages)| pages.iter().copied());
    let unlisted: Vec<&(String, String)> =
        failed.iter().filter(|(page, _)| !listed().any(|name| name == page)).collect();
    assert!(unlisted.is_empty(), "{} of {whole} wrong:\n{unlisted:#?}", unlisted.len());
    let right: Vec<&str> = listed().filter(|name| !failed.iter().any(|(page, _)| page == name)).collect();
    assert!(right.is_empty(), "listed, but right: {right:?}");
    // The suite was read whole, and most of it is no exception.
    assert_eq!((whole, whole - same), (1528, listed().count()));
    assert!(pages.len() > whole, "no fragments among {whole} pages");
}
