use std::collections::BTreeMap;

use super::super::super::{Gazetteer, Options, Tagger};
use super::super::{Convention, Linear};
use super::*;

/// A dozen villages and people of no list, each named twice.
fn corpora() -> Corpora {
    let names = ["سلمرين", "قرطبان", "شهروند", "مرغابل", "تلصافين", "كفرنعمان"];
    let mut text = String::new();
    for name in names {
        text += &format!("وصل\tO\nالوفد\tO\nالى\tO\nقرية\tO\n{name}\tB-LOC\nاليوم\tO\n.\tO\n\n");
        text += &format!("قال\tO\nالمتحدث\tO\n{name}ي\tB-PER\nامس\tO\nان\tO\nالوفد\tO\nوصل\tO\n.\tO\n\n");
        text += "وصل\tO\nالوفد\tO\nالى\tO\nالمكان\tO\nاليوم\tO\n.\tO\n\n";
    }
    let files = BTreeMap::from([("a.conll".to_owned(), text)]);
    let row = |convention: &str| format!("a.conll\t{convention}\tjoined\t1\n");
    let table = format!("file\tconvention\tspelling\tweight\n{}{}", row("news"), row("newswire"));
    Corpora::parse(&table, &files).unwrap()
}

fn words() -> WordTable {
    WordTable::parse("word\tfine\tcoarse\nالوفد\t1\t1\nوصل\t2\t1\n", "word\nالوفد\t9\t0\t9\t0\t0\n").unwrap()
}

fn tagger() -> Tagger {
    Tagger::new(&Options::default(), Gazetteer::empty(), &[]).unwrap()
}

#[test]
fn what_was_learned_is_read_in_a_sentence_that_was_not() {
    let (bytes, report) = train(&tagger(), &corpora(), &words());
    assert_eq!(report.corpora[0], ("news".to_owned(), 18, 6 * (7 + 8 + 6)));
    let model = Linear::new(bytes).unwrap();
    assert_eq!(model.sources(), digest(&tagger(), &corpora(), &words()));
    let tagger = tagger().with_linear(model);
    let tags = |sentence: &str| {
        let words: Vec<&str> = sentence.split(' ').collect();
        tagger.conll(&[words], Convention::News).concat()
    };
    assert_eq!(tags("وصل الوفد الى قرية دورسلان اليوم ."), ["O", "O", "O", "O", "B-LOC", "O", "O"]);
    assert_eq!(tags("قال المتحدث دورسلاني امس ان الوفد وصل ."), ["O", "O", "B-PER", "O", "O", "O", "O", "O"]);
}

#[test]
fn the_same_sources_make_the_same_bytes() {
    let bytes = || train(&tagger(), &corpora(), &words()).0;
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_broken_table_of_words_is_named() {
    let error = |clusters: &str, seen: &str| WordTable::parse(clusters, seen).unwrap_err().to_string();
    assert_eq!(
        error("word\n\nالوفد\tx\t1\n", ""),
        "clusters.tsv, line 2: \"\" is not a word and its two clusters, separated by tabs"
    );
    assert_eq!(
        error("", "word\nالوفد\n"),
        "seen.tsv, line 2: \"الوفد\" is not a word and five counts, separated by tabs"
    );
}

#[test]
fn the_shipped_model_is_of_the_shipped_sources() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    let read = |path: &str| std::fs::read(format!("{folder}/{path}")).unwrap();
    let unpacked = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(read(name).as_slice()), &mut text).unwrap();
        text
    };
    let table = String::from_utf8(read("training/corpora.tsv")).unwrap();
    let names = table.lines().skip(1).filter_map(|line| line.split('\t').next());
    let files = names.map(|name| (name.to_owned(), unpacked(&format!("training/{name}.gz")))).collect();
    let corpora = Corpora::parse(&table, &files).unwrap();
    let words = WordTable::parse(&unpacked("training/clusters.tsv.gz"), &unpacked("training/seen.tsv.gz")).unwrap();
    let gazetteer = Gazetteer::new(read("gazetteer.bin")).unwrap();
    let tagger = Tagger::new(&Options::default(), gazetteer, &[]).unwrap();
    let model = Linear::new(read("fast.bin")).unwrap();
    let same = model.sources() == digest(&tagger, &corpora, &words);
    assert!(same, "models/fast.bin is not of models/training and models/gazetteer.bin: run `make model`");
}
