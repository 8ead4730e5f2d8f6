//! What fuzzing starts from, and whatever it has found: each gives one record that
//! holds together, by every type that a message may say it is of.

use std::path::PathBuf;

use warraq::encode::headers;
use warraq::pipeline::Fate;

use crate::support::{enrich, raw, record, root};

fn seeds() -> Vec<PathBuf> {
    let targets = std::fs::read_dir(root().join("fuzz/seeds")).unwrap();
    let files = targets.flat_map(|target| std::fs::read_dir(target.unwrap().path()).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_seed_of_the_fuzzer_gives_one_record_that_holds_together() {
    let types = [
        "",
        "text/plain",
        "text/html",
        "application/json",
        "text/plain; charset=windows-1256",
        "text/plain; charset=utf-16",
    ];
    let seeds = seeds();
    assert!(seeds.len() >= 40, "only {} seeds found", seeds.len());
    let mut enriched = 0;
    for seed in &seeds {
        let bytes = std::fs::read(seed).unwrap();
        // The first byte chooses the headers in one target, and is text in the others.
        let values = [bytes.clone(), bytes.get(1..).unwrap_or_default().to_vec()];
        for value in values {
            for kind in types {
                let headers = [(headers::CONTENT_TYPE, kind)];
                let outcome = enrich(&raw(Some(value.clone()), if kind.is_empty() { &[] } else { &headers }));
                match outcome.summary.fate {
                    Fate::Enriched => {
                        record(&outcome.outgoing);
                        enriched += 1;
                    }
                    Fate::Rejected { .. } => {}
                    Fate::Tombstone => panic!("{}: a value is no tombstone", seed.display()),
                }
            }
        }
    }
    assert!(enriched > seeds.len(), "only {enriched} records");
}
