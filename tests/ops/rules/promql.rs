//! As much of PromQL as is needed to say which series an expression reads, and by
//! which labels it picks them.

/// A series that an expression names, and its matchers: label, operator, value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    pub name: String,
    pub matchers: Vec<(String, String, String)>,
}

/// Words that are neither series nor functions.
const WORDS: &[&str] = &["and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"];
/// Words that labels in brackets follow.
const BEFORE_LABELS: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Every series that the expression names.
pub fn selectors(expression: &str) -> Vec<Selector> {
    let mut rest = expression;
    let mut found = Vec::new();
    while let Some(letter) = rest.chars().next() {
        if letter.is_ascii_alphabetic() || letter == '_' || letter == ':' {
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after.trim_start();
            if BEFORE_LABELS.contains(&name) {
                rest = rest.strip_prefix('(').map_or(rest, |list| skip_past(list, ')'));
            } else if !is_function(rest) && !WORDS.contains(&name.to_ascii_lowercase().as_str()) {
                let (matchers, after) = matchers(rest);
                rest = after;
                found.push(Selector { name: name.to_owned(), matchers });
            }
        } else if letter == '"' {
            rest = skip_past(&rest[1..], '"');
        } else if letter == '[' {
            rest = skip_past(rest, ']');
        } else if letter.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else {
            rest = &rest[letter.len_utf8()..];
        }
    }
    found
}

/// What follows a function's name: its arguments, or the labels it aggregates by.
fn is_function(after: &str) -> bool {
    after.starts_with('(') || ["by ", "by(", "without ", "without("].iter().any(|word| after.starts_with(word))
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

fn skip_past(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// The matchers at the start of `text`, where it has any, and what follows.
fn matchers(text: &str) -> (Vec<(String, String, String)>, &str) {
    let Some(mut rest) = text.strip_prefix('{') else { return (Vec::new(), text) };
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if let Some(after) = rest.strip_prefix('}') {
            return (found, after);
        }
        let (head, after) = rest.split_once('"').unwrap_or_else(|| panic!("a matcher without a value: {text}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("a value without an end: {text}"));
        let label = head.trim_end_matches(['=', '~', '!', ' ']);
        found.push((label.to_owned(), head[label.len()..].trim().to_owned(), value.to_owned()));
        rest = after;
    }
}

#[test]
fn the_series_of_an_expression_are_told_from_its_other_words() {
    let names = |expression: &str| selectors(expression).into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(
        names(
            r#"sum by (job, x) (rate(a_total{job="b", le=~"6(.0)?"}[5m])) / ignoring (x) group_left () group:c:sum > bool 1e3"#
        ),
        ["a_total", "group:c:sum"]
    );
    assert_eq!(names("(time() - a) * 0.5 and on (x) b unless (absent(up) - 1)"), ["a", "b", "up"]);
    let picked = selectors(r#"a{b!="c", d=~"e|f"}"#);
    let matcher = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(picked[0].matchers, [matcher("b", "!=", "c"), matcher("d", "=~", "e|f")]);
}
