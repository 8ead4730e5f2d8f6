//! The shipped network, against a reference in numpy.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::super::fixture::{SHIPPED, linear, text};
use super::super::{Gazetteer, Hints, Options, Tagger};
use super::*;
use crate::record::How;

static BYTES: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/accurate.bin")).unwrap());
static NEURAL: LazyLock<Arc<Neural>> = LazyLock::new(|| Arc::new(Neural::accurate(BYTES.as_slice()).unwrap()));

/// What `tests/fixtures/neural/reference.py` writes.
#[derive(Deserialize)]
struct Reference {
    words: Vec<String>,
    pieces: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

static REFERENCE: LazyLock<Vec<Reference>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/fixtures/neural/logits.json")).unwrap());

fn sentences() -> Vec<Vec<&'static str>> {
    REFERENCE.iter().map(|one| one.words.iter().map(String::as_str).collect()).collect()
}

#[test]
fn words_are_cut_as_the_reference_cuts_them() {
    for one in REFERENCE.iter() {
        let (mut scratch, mut found) = (pieces::Scratch::default(), Vec::new());
        for word in &one.words {
            NEURAL.network.cut(word, &mut scratch, &mut found);
        }
        assert_eq!(found, one.pieces, "{:?}", one.words);
    }
}

#[test]
fn logits_are_near_the_references_and_labels_are_the_same() {
    let [news, newswire] = NEURAL.heads.each_ref().map(|head| head.columns.clone());
    let (mut off, mut count) = (0.0, 0.0);
    for one in REFERENCE.iter() {
        let mut passages = Passages::new(&NEURAL.network);
        assert!(passages.push(&one.words, usize::MAX));
        let logits = NEURAL.network.logits(&passages.windows().0, &mut || false).unwrap();
        for (found, expected) in logits[0].chunks(NEURAL.network.columns()).zip(&one.logits) {
            for head in [&news, &newswire] {
                let top = |logits: &[f32]| head.clone().max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
                assert_eq!(top(found), top(expected), "{:?}\n{found:?}\n{expected:?}", one.words);
            }
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 0.6, "{found} for {expected} in {:?}", one.words);
                off += (found - expected).abs();
                count += 1.0;
            }
        }
    }
    // The reference multiplies f32 by the same matrices; rows of seven bits are
    // all that differs.
    assert!(off / count < 0.05, "{}", off / count);
}

fn scores(sentences: &[Vec<&str>]) -> Vec<Vec<Row<f32>>> {
    NEURAL.scores(sentences, Convention::News)
}

fn bits(scores: &[Vec<Row<f32>>]) -> Vec<u32> {
    scores.iter().flatten().flatten().map(|score| score.to_bits()).collect()
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let run = || bits(&scores(&sentences()));
    let alone = run();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == alone));
    });
}

#[test]
fn sentences_are_read_in_passages() {
    let sentence: Vec<&str> = "قال وزير الزراعة إن الموسم جيد".split(' ').collect();
    let mut passages = Passages::new(&NEURAL.network);
    let fit = std::iter::repeat_n(&sentence, 100).take_while(|words| passages.push(words, 400)).count();
    let (read, kept) = passages.windows();
    let pieces = |passage: &Sentence| passage.pieces.len() - 2;
    assert!(read.len() >= 3 && read.iter().all(|passage| pieces(passage) <= PASSAGE));
    assert!(read.iter().map(pieces).sum::<usize>() <= 400);
    assert_eq!(kept.iter().map(Range::len).sum::<usize>(), fit * sentence.len());
    assert!(kept.iter().zip(&read).all(|(keep, passage)| *keep == (0..passage.words.len())));
    // What stands in another passage is not heard.
    let long = vec!["كلمة"; PASSAGE];
    let apart = scores(&[long.clone(), sentence.clone()]);
    assert_eq!(bits(&apart[1..]), bits(&scores(std::slice::from_ref(&sentence))));
    let together = scores(&[vec!["كلمة"], sentence.clone()]);
    assert_ne!(bits(&together[1..]), bits(&scores(&[sentence])));
}

#[test]
fn every_machine_gives_these_bits() {
    let bytes: Vec<u8> = bits(&scores(&sentences())).into_iter().flat_map(u32::to_le_bytes).collect();
    assert_eq!(format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&bytes)), "e08653d55937e926");
}

#[test]
fn a_sentence_without_end_is_read_in_windows() {
    let words: Vec<&str> = sentences().concat().into_iter().cycle().take(1500).collect();
    let scores = scores(&[words, vec![], vec!["مصر"]]);
    assert_eq!(scores.iter().map(Vec::len).collect::<Vec<_>>(), [1500, 0, 1]);
}

fn tagger(options: &Options) -> Tagger {
    let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
    Tagger::new(options, gazetteer, &[]).unwrap().with_linear(linear()).with_neural(Arc::clone(&NEURAL))
}

#[test]
fn what_the_budget_leaves_unread_is_said() {
    let page = text(&["وصل سمير القرعاوي إلى مدينة طنجة", "ثم غادرها إلى باريس"]);
    let degraded =
        |max_model_pieces| tagger(&Options { max_model_pieces, ..Options::default() }).tag(&page, Hints::default()).1;
    assert_eq!(degraded(1000), []);
    assert_eq!(degraded(5).iter().map(|cut| cut.why).collect::<Vec<_>>(), ["too_many_pieces"]);
}

#[test]
fn text_in_another_language_is_not_read() {
    let mut page = text(&["وأكد المدرب زرنوق شلهوبي أن فريقه مستعد للمباراة"]);
    page.language.tag = "fa".to_owned();
    let (tags, degraded) = tagger(&Options { max_model_pieces: 1, ..Options::default() }).tag(&page, Hints::default());
    assert!(tags.entities.iter().flat_map(|entity| &entity.mentions).all(|mention| mention.how != How::Model));
    assert_eq!(degraded, []);
}

#[test]
fn a_broken_file_is_refused_with_its_reason() {
    let broken = |change: fn(&mut Vec<u8>)| {
        let mut bytes = BYTES.clone();
        change(&mut bytes);
        Neural::accurate(bytes).unwrap_err().to_string()
    };
    let told = [
        (broken(Vec::clear), "it does not begin with WARRAQNN"),
        (broken(|bytes| bytes[0] = b'X'), "it does not begin with WARRAQNN"),
        (broken(|bytes| bytes[8] = 9), "of version 9, this build reads version 2"),
        (broken(|bytes| bytes[5_000_000] ^= 1), "checksum"),
        (broken(|bytes| bytes.truncate(1000)), "checksum"),
        (broken(|bytes| bytes.truncate(10)), "of version"),
    ];
    for (error, part) in told {
        assert!(error.contains(part), "{error}");
    }
    for (header, part) in [
        ("{}", "missing field"),
        ("[", "header: "),
        (&HEADER.replace("\"width\":32", "\"width\":40"), "not multiples of 16"),
        (&HEADER.replace("\"end\":1", "\"end\":7"), "marks [0, 7, 0] of 2 pieces"),
        (&HEADER.replace("\"layers\":1", "\"layers\":70000"), "not those of a network"),
        (HEADER, "bytes, its header says"),
    ] {
        let error = Neural::accurate(sealed(header)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

const HEADER: &str = r#"{"labels":[["O"],["O"]],"width":32,"layers":1,"heads":2,"inner":64,"positions":8,"epsilon":1e-12,
    "begin":0,"end":1,"unknown":0,"unknown_score":-9,"letters":{},"pieces":[["a",-1],["b",-2]]}"#;

/// A file with nothing but a header.
fn sealed(header: &str) -> Vec<u8> {
    let mut content = u32::try_from(header.len()).unwrap().to_le_bytes().to_vec();
    content.extend_from_slice(header.as_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&content);
    [b"WARRAQNN".as_slice(), &2_u32.to_le_bytes(), &sum.sum().to_le_bytes(), &content].concat()
}
