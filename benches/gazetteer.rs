//! Looking names up in one text, with 1,000, 100,000 and 1,000,000 names.
//!
//! The room's door opens on all of tagging, so the module is compiled in here
//! by its path: what is measured is the very source of the library. Names are
//! made of real given names and surnames, the smaller lists being parts of the
//! larger ones; the text is drawn from real words as often as they are read,
//! with a name of the smallest list every 25 words.

#![allow(clippy::expect_used)] // a benchmark that cannot start should say why

use std::hint::black_box;
use std::io::Read as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::read::GzDecoder;
use warraq::{letters, record};

// Compiled apart from its room, some of it has no caller here.
#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "../src/tag"]
mod tag {
    mod clitics;
    mod gazetteer;

    pub use gazetteer::{Gazetteer, UserGazetteer};

    /// The lists' names as one gazetteer.
    pub fn compiled(list: &UserGazetteer) -> Gazetteer {
        UserGazetteer::compile(std::slice::from_ref(list)).expect("the list compiles")
    }

    /// Longest names that begin at each word, or after its proclitics. Each word
    /// is looked up once, as the tagger does.
    pub fn found(gazetteer: &Gazetteer, words: &[&str]) -> usize {
        let known: Vec<_> = words.iter().map(|word| gazetteer.word(word)).collect();
        let mut found = 0;
        for (index, (word, whole)) in words.iter().zip(&known).enumerate() {
            let mut begin = |word| {
                let Some(mut node) = gazetteer.first(word) else { return };
                let (mut next, mut named) = (index, false);
                loop {
                    named |= gazetteer.entries(node).next().is_some();
                    next += 1;
                    let word = known.get(next).copied().flatten();
                    let Some(step) = word.and_then(|word| gazetteer.next(node, word)) else { break };
                    node = step;
                }
                found += usize::from(named);
            };
            whole.iter().for_each(|word| begin(*word));
            clitics::each_stem(word, |stem| gazetteer.word(stem.text).iter().for_each(|word| begin(*word)));
        }
        found
    }

    // What the module's own tests read; they are compiled here, too.
    #[cfg(test)]
    mod fixture {
        pub static SHIPPED: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(Vec::new);
    }
}

use tag::{Gazetteer, UserGazetteer, compiled, found};

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
const WORDS: usize = 200_000;

/// A generator of the bench's own, so that every run measures the same.
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below as u64).unwrap_or_default()
    }
}

fn rows(list: &[u8]) -> Vec<Vec<String>> {
    let mut text = String::new();
    GzDecoder::new(list).read_to_string(&mut text).expect("the list unpacks");
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn number(row: &[String], column: usize) -> f64 {
    row.get(column).and_then(|field| field.parse().ok()).unwrap_or_default()
}

/// Distinct full names, the same ones first whatever their number.
fn names(most: usize) -> Vec<String> {
    let units = rows(include_bytes!("../models/sources/name-units.tsv.gz"));
    let with = |column: usize| -> Vec<&String> {
        units.iter().filter(|row| number(row, column) > 0.0).filter_map(|row| row.first()).collect()
    };
    let (given, surnames) = (with(1), with(2));
    // A step without a common divisor visits each pair once.
    let pairs = given.len() * surnames.len();
    let step = (pairs / 3..).find(|step| gcd(*step, pairs) == 1).expect("one is near");
    let pair = |index: usize| index.wrapping_mul(step) % pairs;
    let name = |pair: usize| Some(format!("{} {}", given.get(pair % given.len())?, surnames.get(pair / given.len())?));
    (0..pairs).map(pair).filter_map(name).take(most).collect()
}

fn gcd(one: usize, other: usize) -> usize {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// Words as often as they are read, with names between them.
fn text(names: &[String]) -> Vec<String> {
    let words = rows(include_bytes!("../models/sources/words.tsv.gz"));
    let mut sums = Vec::with_capacity(words.len());
    let mut sum = 0.0;
    for row in &words {
        sum += 10_f64.powf(number(row, 1));
        sums.push(sum);
    }
    let mut draw = Draw(11);
    let mut text = Vec::with_capacity(WORDS);
    while text.len() < WORDS {
        let share = draw.next(1 << 30) as f64 / f64::from(1 << 30);
        let at = sums.partition_point(|one| *one < share * sum);
        text.extend(words.get(at).and_then(|row| row.first()).cloned());
        if text.len() % 25 == 0 {
            let name = names.get(draw.next(names.len()));
            text.extend(name.into_iter().flat_map(|name| name.split(' ')).map(letters::fold));
        }
    }
    text
}

fn gazetteer(names: &[String]) -> Gazetteer {
    let list: String = names.iter().flat_map(|name| [name, "\tperson\n"]).map(String::from).collect();
    compiled(&UserGazetteer::parse("bench", &list).expect("the list is well formed"))
}

fn lookup(criterion: &mut Criterion) {
    let names = names(*SIZES.iter().max().expect("there is one"));
    let text = text(names.get(..SIZES[0]).unwrap_or_default());
    let words: Vec<&str> = text.iter().map(String::as_str).collect();
    let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
    let mut group = criterion.benchmark_group("gazetteer");
    group.throughput(Throughput::Bytes(bytes as u64));
    for size in SIZES {
        let names = names.get(..size).expect("so many names can be made");
        let gazetteer = gazetteer(names);
        group.bench_function(format!("{size} names, {} found", found(&gazetteer, &words)), |bencher| {
            bencher.iter(|| found(black_box(&gazetteer), black_box(&words)));
        });
    }
    group.finish();
}

criterion_group!(benches, lookup);
criterion_main!(benches);
