//! Charsets told from bytes alone: the sentences that the detector's crate tests
//! itself with, and the project's own pages, in every charset that has their
//! letters, as plain text without any declaration.
//!
//! `WARRAQ_CHARSETS=FOLDER cargo test --test text charsets -- --nocapture` adds a
//! table of files in folders named after their charsets, as the `tests` of chardet's
//! package on PyPI are; their texts are other publishers' and not in the repository.

use std::collections::BTreeMap;
use std::path::Path;

use encoding_rs::Encoding;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use warraq::decode::{Decoder, Options};
use warraq::encode::headers;

use crate::suites::folder;
use crate::support::{raw, root};

/// Sentences of the crate that are read as another charset, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "2022",
    "ISO-2022-JP is all ASCII, so valid UTF-8; the decoder takes it only where it is declared, for escape sequences \
     hide text from whoever filters it",
)];

/// `(text, WHATWG label)` of bytes that nobody declares.
fn read(bytes: Vec<u8>) -> Option<(String, &'static str)> {
    let value = raw(Some(bytes), &[(headers::CONTENT_TYPE, "text/plain")]);
    let article = Decoder::new(&Options::default()).decode(&value).ok()?;
    let lines: Vec<&str> = article.blocks.iter().map(|block| block.piece.text.as_str()).collect();
    Some((lines.join("\n"), article.charset))
}

/// Name, text and charset of each `check("…", CHARSET)` among the crate's tests.
fn sentences() -> Vec<(String, String, &'static Encoding)> {
    let source = std::fs::read_to_string(folder("chardetng").join("src/lib.rs")).unwrap();
    let (_, tests) = source.split_once("mod tests {").unwrap();
    let tests: String = tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut sentences = Vec::new();
    for test in tests.split("fn test_").skip(1) {
        let Some((_, call)) = test.split_once(" check(") else { continue };
        let (_, literal) = call.split_once('"').unwrap();
        let (literal, rest) = literal.split_once('"').unwrap();
        let charset = rest.trim_matches([',', ' ']).split([',', ')']).next().unwrap().replace('_', "-");
        let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or_else(|| panic!("{charset}: {test}"));
        sentences.push((test.split('(').next().unwrap().to_owned(), unescaped(literal), encoding));
    }
    sentences
}

/// `\u{5E2}` of a Rust literal.
fn unescaped(literal: &str) -> String {
    let mut parts = literal.split("\\u{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        text.extend(char::from_u32(u32::from_str_radix(code, 16).unwrap()));
        text.push_str(rest);
    }
    text
}

/// As windows-1258 writes Vietnamese: letters whole, tones behind them.
fn tones_apart(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd();
    let composed = ComposingNormalizerBorrowed::new_nfc();
    let tone = |mark: &char| matches!(mark, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let letters = text.chars().map(|letter| decomposed.normalize(letter.encode_utf8(&mut [0; 4])).into_owned());
    letters
        .flat_map(|letter| {
            let bare: String = letter.chars().filter(|mark| !tone(mark)).collect();
            let tones: Vec<char> = letter.chars().filter(tone).collect();
            composed.normalize(&bare).chars().chain(tones).collect::<Vec<char>>()
        })
        .collect()
}

#[derive(Default)]
struct Table(BTreeMap<String, (usize, usize)>);

impl Table {
    fn count(&mut self, charset: &str, right: bool) {
        let (rights, all) = self.0.entry(charset.to_owned()).or_default();
        *rights += usize::from(right);
        *all += 1;
    }

    #[allow(clippy::print_stdout)] // the table is what one runs it for
    fn print(&self, of: &str) {
        println!("\n| charset | right | {of} |\n|---|---|---|");
        for (charset, (right, all)) in &self.0 {
            println!("| {charset} | {right} | {all} |");
        }
    }
}

#[test]
fn the_detectors_own_sentences() {
    let sentences = sentences();
    let (mut table, mut failed) = (Table::default(), Vec::new());
    for (name, text, encoding) in &sentences {
        let text = if encoding.name() == "windows-1258" { tones_apart(text) } else { text.clone() };
        // What the charset has not is written as `&#…;`, as the crate's own test does.
        let bytes = encoding.encode(&text).0.into_owned();
        let text = encoding.decode_without_bom_handling(&bytes).0.into_owned();
        let got = read(bytes);
        // A text of blanks alone is rejected, which says nothing of its charset.
        let Some((shown, label)) = got else { continue };
        let right = label.eq_ignore_ascii_case(encoding.name());
        assert!(!right || shown == text.trim(), "{name}: {shown:?}");
        table.count(encoding.name(), right);
        if !right {
            failed.push((name.as_str(), format!("{text:?} in {} read as {label}: {shown:?}", encoding.name())));
        }
    }
    table.print("sentences of chardetng");
    let unlisted: Vec<_> =
        failed.iter().filter(|(name, _)| !EXCEPTIONS.iter().any(|(listed, _)| listed == name)).collect();
    assert!(unlisted.is_empty(), "{} of {} wrong:\n{unlisted:#?}", unlisted.len(), sentences.len());
    for (listed, why) in EXCEPTIONS {
        assert!(failed.iter().any(|(name, _)| name == listed), "listed, but right: {listed} ({why})");
    }
    assert!(sentences.len() >= 55, "only {} sentences found", sentences.len());
}

/// In UTF-16 without a mark too, which [`Encoding`] does not write.
fn encoded(text: &str, charset: &str) -> Option<Vec<u8>> {
    match charset {
        "utf-16le" => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf-16be" => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        _ => {
            let (bytes, _, unmappable) = Encoding::for_label(charset.as_bytes()).unwrap().encode(text);
            (!unmappable && !bytes.is_ascii()).then(|| bytes.into_owned())
        }
    }
}

const ARABIC: [&str; 4] = ["windows-1256", "iso-8859-6", "utf-16le", "utf-16be"];

/// The lines of the project's plain-text pages that are mostly Arabic.
fn arabic_pages() -> Vec<Vec<String>> {
    let mut paths: Vec<_> = std::fs::read_dir(root().join("tests/fixtures/pages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let pages = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        let arabic = |line: &&str| line.chars().filter(|c| ('ء'..='ي').contains(c)).count() * 2 > line.chars().count();
        text.lines().map(str::trim).filter(arabic).map(str::to_owned).collect::<Vec<_>>()
    });
    pages.filter(|lines| lines.len() >= 5).collect()
}

/// As many letters as that charset has of a page make its page in that charset.
fn within(text: &str, charset: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii() || encoded(&letter.to_string(), charset).is_some()).collect()
}

#[test]
fn arabic_pages_in_every_charset_that_has_their_letters() {
    let (mut whole, mut single) = (Table::default(), Table::default());
    let mut wrong = Vec::new();
    for lines in arabic_pages() {
        for charset in ARABIC {
            let page = within(&lines.join("\n"), charset);
            let tells = |text: &str| read(encoded(text, charset)?).map(|(_, label)| label);
            let told = tells(&page);
            whole.count(charset, told == Some(charset));
            if told != Some(charset) {
                wrong.push(format!("{charset} read as {told:?}: {page}"));
            }
            for line in page.lines().filter(|line| line.split(' ').count() >= 4) {
                single.count(charset, tells(line) == Some(charset));
            }
        }
    }
    whole.print("pages");
    single.print("single lines of four words or more");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (charset, (right, all)) in &single.0 {
        assert!(*all >= 100 && right * 100 >= all * 95, "{charset}: {right} of {all} lines");
    }
}

/// Prints, and holds nothing: the files are not the project's.
#[test]
fn files_of_a_folder() {
    let Ok(folder) = std::env::var("WARRAQ_CHARSETS") else { return };
    let mut table = Table::default();
    for charset in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = charset.file_name().unwrap().to_string_lossy().into_owned();
        for file in std::fs::read_dir(&charset).unwrap().map(|entry| entry.unwrap().path()) {
            table.count(&name, is_read_as(&file, &name));
        }
    }
    table.print("files");
}

/// As text of the charset that the folder's name begins with, byte for letter.
fn is_read_as(file: &Path, name: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let label = name.to_ascii_lowercase();
    let mut parts = label.rsplitn(2, '-');
    let found = Encoding::for_label(label.as_bytes())
        .or_else(|| parts.nth(1).and_then(|charset| Encoding::for_label(charset.as_bytes())));
    let Some(encoding) = found else { return false };
    let (expected, _, _) = encoding.decode(&bytes);
    let expected: String = expected.split_whitespace().collect();
    read(bytes).is_some_and(|(text, _)| text.split_whitespace().collect::<String>() == expected)
}
