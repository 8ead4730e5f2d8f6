//! Residue of HTML that was unescaped once too little or stripped carelessly:
//! `&quot;`, `&amp;quot;`, and `quot;` where the `&` was lost.

/// Names that news pages leave behind. Only these lose their `&` and are still
/// told from a word: no language ends a word of these letters with a semicolon.
const BARE: &[(&str, char)] = &[
    ("quot;", '"'),
    ("nbsp;", ' '),
    ("ldquo;", '“'),
    ("rdquo;", '”'),
    ("lsquo;", '‘'),
    ("rsquo;", '’'),
    ("laquo;", '«'),
    ("raquo;", '»'),
    ("ndash;", '–'),
    ("#39;", '\''),
    ("#039;", '\''),
    ("#34;", '"'),
    ("#160;", ' '),
    ("#8220;", '“'),
    ("#8221;", '”'),
    ("#8216;", '‘'),
    ("#8217;", '’'),
    ("#8211;", '–'),
    ("#8230;", '…'),
];

/// Names that are residue only behind a `&`.
const NAMED: &[(&str, char)] = &[
    ("amp;", '&'),
    ("lt;", '<'),
    ("gt;", '>'),
    ("apos;", '\''),
    ("mdash;", '—'),
    ("hellip;", '…'),
    ("bull;", '•'),
    ("middot;", '·'),
    ("copy;", '©'),
    ("reg;", '®'),
    ("euro;", '€'),
    ("zwnj;", '\u{200C}'),
    ("zwj;", '\u{200D}'),
    ("lrm;", '\u{200E}'),
    ("rlm;", '\u{200F}'),
    ("shy;", '\u{AD}'),
    ("ensp;", ' '),
    ("emsp;", ' '),
    ("thinsp;", ' '),
];

/// The entity that `rest` begins with: its length, and what it stands for.
/// `before` is the character in front of it.
pub(super) fn entity(before: Option<char>, rest: &str) -> Option<(usize, char)> {
    if let Some(name) = rest.strip_prefix('&') {
        let mut name = name;
        // Escaped again and again: `&amp;amp;quot;`.
        while let Some(inner) = name.strip_prefix("amp;").or_else(|| name.strip_prefix("#38;")) {
            name = inner;
        }
        let skipped = rest.len() - name.len();
        if let Some((bytes, letter)) = named(name).or_else(|| numeric(name)) {
            return Some((skipped + bytes, letter));
        }
        return (skipped > 1).then_some((skipped, '&'));
    }
    let apart = before.is_none_or(|before| !before.is_ascii_alphanumeric() && !matches!(before, '&' | '#' | '_' | '-'));
    if apart { look_up(BARE, rest) } else { None }
}

fn named(name: &str) -> Option<(usize, char)> {
    look_up(BARE, name).or_else(|| look_up(NAMED, name))
}

fn look_up(table: &[(&str, char)], text: &str) -> Option<(usize, char)> {
    table.iter().find(|(name, _)| text.starts_with(name)).map(|(name, letter)| (name.len(), *letter))
}

/// `#1234;` or `#x04D2;`, at most seven digits.
fn numeric(name: &str) -> Option<(usize, char)> {
    let number = name.strip_prefix('#')?;
    let end = number.bytes().take(9).position(|byte| byte == b';')?;
    let digits = number.get(..end)?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let letter = char::from_u32(code.ok()?).filter(|letter| *letter != '\0')?;
    Some((number.get(..=end)?.len() + 1, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_residue_and_what_is_not() {
        for (before, text, found) in [
            (None, "&quot;x", Some((6, '"'))),
            (Some('ي'), "quot;", Some((5, '"'))),
            (Some('ي'), "#39;", Some((4, '\''))),
            (None, "&amp;amp;quot;", Some((14, '"'))),
            (None, "&amp; b", Some((5, '&'))),
            (None, "&#x201C;", Some((8, '“'))),
            (None, "&#1593;", Some((7, 'ع'))),
            (None, "& b;", None),
            (None, "&madeup;", None),
            (None, "&#xD800;", None),
            (None, "&#99999999999;", None),
            (Some('x'), "quot;", None),
            (None, "amp;", None),
            (None, "quote;", None),
            (None, "lt;", None),
        ] {
            assert_eq!(entity(before, text), found, "{before:?} {text}");
        }
    }
}
