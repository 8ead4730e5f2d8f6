//! Other people's test data, as the crates that we build on carry them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;
use warraq::normalize::{Normalizer, Options};
use warraq::record::{Article, Piece, SourceBlock, SourceKind};

/// The folder of a crate that this project is built with.
pub fn folder(name: &str) -> PathBuf {
    static PACKAGES: LazyLock<Value> = LazyLock::new(|| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    });
    let package = PACKAGES["packages"].as_array().unwrap().iter().find(|package| package["name"] == name);
    PathBuf::from(package.unwrap()["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// Unicode's NormalizationTest: of each line the source and its four forms.
fn forms() -> Vec<[String; 5]> {
    let file = folder("icu_normalizer").join("tests/data/NormalizationTest.txt");
    let data = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let text = |field: &str| -> String {
        field.split(' ').map(|code| char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap()).collect()
    };
    let lines = data.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_hexdigit()));
    lines
        .map(|line| {
            let mut fields = line.split(';').map(text_of(&text));
            std::array::from_fn(|_| fields.next().unwrap())
        })
        .collect()
}

fn text_of<'a>(text: &'a impl Fn(&str) -> String) -> impl Fn(&str) -> String + 'a {
    move |field| if field.starts_with(|first: char| first.is_ascii_hexdigit()) { text(field) } else { String::new() }
}

/// Display and match form of a sample within a sentence.
fn shown(sample: &str) -> (String, String) {
    let sentence = format!("وقال الوزير في بيان صدر أمس إن العلامة ({sample}) وردت في تقرير اللجنة إلى المجلس.");
    let block = SourceBlock {
        kind: SourceKind::Paragraph,
        piece: Piece { text: sentence, trace: None },
        link_density: 0.0,
        weight: 1,
        language: None,
    };
    let article = Article { blocks: vec![block], charset: "utf-8", ..Article::default() };
    let (text, degraded) = NORMALIZER.normalize(&article).unwrap();
    assert!(degraded.is_empty(), "{degraded:?}");
    let inner = |line: &str| {
        let (_, rest) = line.split_once('(').unwrap_or_else(|| panic!("{line}"));
        rest.rsplit_once(')').unwrap_or_else(|| panic!("{line}")).0.to_owned()
    };
    (inner(&text.display), inner(&text.matched))
}

static NORMALIZER: LazyLock<Normalizer> = LazyLock::new(|| Normalizer::new(&Options::default()));

/// The display form is in NFC whatever came in, and texts that are canonically the
/// same are shown and matched the same.
#[test]
fn display_is_nfc_and_equivalent_texts_are_one() {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let forms = forms();
    assert!(forms.len() > 18_000, "only {} lines found", forms.len());
    let mut wrong = Vec::new();
    for forms in forms {
        let [source, composed, decomposed, compatible, apart] = forms.each_ref().map(|form| shown(form));
        let mut check = |what: &str, is_well: bool| {
            if !is_well {
                wrong.push(format!("{:x?}: {what}: {source:x?}", forms[0].chars().map(u32::from).collect::<Vec<_>>()));
            }
        };
        check("its display form is not NFC", nfc.is_normalized(&source.0));
        check("its NFC is shown otherwise", source == composed);
        check("its NFD is shown otherwise", source == decomposed);
        check("its NFKC and NFKD are shown apart", compatible == apart);
    }
    assert!(wrong.is_empty(), "{} wrong, such as\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}
