//! How far apart the fingerprints of copies of one story lie, and those of
//! different articles: the tables of docs/fingerprint.md.
//!
//! ```sh
//! make fingerprints FOLDER=…
//! ```
//!
//! FOLDER holds `*.txt` or `*.txt.gz`: articles with a blank line between them, the
//! first line of each its title, the others its paragraphs.

#![allow(clippy::print_stdout)] // tables are what it is for

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Read;
use std::path::Path;

use warraq::letters::fold;
use warraq::normalize::{Normalizer, Options};
use warraq::record::{Article, Piece, SourceBlock, SourceKind};

/// Articles that are taken of each file, and the words that one must have.
const MOST: usize = 2_000;
const LEAST_WORDS: usize = 60;
/// From so many words on an article is a long one.
const LONG: usize = 200;
/// Distances from here on are one row.
const FAR: usize = 25;

struct Story {
    title: String,
    paragraphs: Vec<String>,
    words: usize,
}

/// What outlets do to a story of an agency.
const EDITS: &[(&str, Edit)] = &[
    ("another outlet's head and tail", head_and_tail),
    ("a new lead before the text", new_lead),
    ("a background paragraph behind it", background),
    ("last third of the paragraphs dropped", without_last_third),
    ("second half dropped", without_second_half),
    ("one sentence said in other words", reworded),
    ("marks, digits and spelling changed", respelled),
    ("paragraphs joined to one", joined),
    ("lead, cut end, reworded sentence, spelling, head and tail", all_of_it),
];

/// A story and another one, from which strange sentences are taken.
type Edit = fn(&Story, &Story) -> Vec<String>;

fn lines(story: &Story) -> Vec<String> {
    std::iter::once(story.title.clone()).chain(story.paragraphs.iter().cloned()).collect()
}

fn surrounded(title: String, paragraphs: Vec<String>) -> Vec<String> {
    let head = ["سياسة", "شارك على فيسبوك", "12 يناير 2024 - 10:30"].map(str::to_owned);
    let tail = ["المصدر: وكالات", "اقرأ أيضاً", "المدارس تفتح أبوابها بعد العاصفة", "اترك تعليقاً"].map(str::to_owned);
    head.into_iter().chain([title]).chain(paragraphs).chain(tail).collect()
}

fn head_and_tail(story: &Story, _: &Story) -> Vec<String> {
    surrounded(format!("بالتفاصيل.. {}", story.title), story.paragraphs.clone())
}

fn new_lead(story: &Story, other: &Story) -> Vec<String> {
    let lead = first_words(&other.paragraphs, 25);
    [vec![story.title.clone(), lead], story.paragraphs.clone()].concat()
}

fn background(story: &Story, other: &Story) -> Vec<String> {
    let mut lines = lines(story);
    lines.push(first_words(&other.paragraphs, 45));
    lines
}

/// That many words of a text, as a sentence.
fn first_words(paragraphs: &[String], count: usize) -> String {
    let words: Vec<&str> = paragraphs.iter().flat_map(|text| text.split(' ')).take(count).collect();
    format!("{}.", words.join(" ").trim_end_matches('.'))
}

/// The first part of the text, by words, a paragraph at a time where there are some.
fn first_part(story: &Story, share: usize, of: usize) -> Vec<String> {
    let mut left = story.words * share / of;
    let mut kept = Vec::new();
    for text in &story.paragraphs {
        let words: Vec<&str> = text.split(' ').take(left).collect();
        left -= words.len();
        kept.push(words.join(" "));
        if left == 0 {
            break;
        }
    }
    kept
}

fn without_last_third(story: &Story, _: &Story) -> Vec<String> {
    [vec![story.title.clone()], first_part(story, 2, 3)].concat()
}

fn without_second_half(story: &Story, _: &Story) -> Vec<String> {
    [vec![story.title.clone()], first_part(story, 1, 2)].concat()
}

/// Twenty words in the middle: each third word another, the rest as it was.
fn with_other_words(paragraphs: &[String], other: &Story) -> Vec<String> {
    let mut strange = other.paragraphs.iter().flat_map(|text| text.split(' '));
    let all: usize = paragraphs.iter().map(|text| text.split(' ').count()).sum();
    let (from, mut at) = ((all / 2).saturating_sub(10), 0);
    let mut reworded = Vec::new();
    for text in paragraphs {
        let words = text.split(' ').map(|word| {
            at += 1;
            let inside = (from..from + 20).contains(&at) && at % 3 == 0;
            if inside { strange.next().unwrap_or(word) } else { word }
        });
        reworded.push(words.collect::<Vec<_>>().join(" "));
    }
    reworded
}

fn reworded(story: &Story, other: &Story) -> Vec<String> {
    [vec![story.title.clone()], with_other_words(&story.paragraphs, other)].concat()
}

/// Arabic-Indic digits, hamzas left out, tatweel, a mark on each third word.
fn spelled(text: &str) -> String {
    let words = text.split(' ').enumerate().map(|(index, word)| {
        let mut spelled: String = word
            .chars()
            .map(|letter| match letter {
                'أ' | 'إ' | 'آ' => 'ا',
                '0'..='9' => char::from_u32('٠' as u32 + letter as u32 - '0' as u32).unwrap_or(letter),
                '"' => '”',
                _ => letter,
            })
            .collect();
        let last = spelled.chars().next_back();
        if index % 3 == 0 && last.is_some_and(|letter| ('ب'..='ي').contains(&letter)) {
            spelled.push('\u{64E}');
        }
        if index % 7 == 0 { spelled.replacen("ال", "الـ", 1) } else { spelled }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn respelled(story: &Story, _: &Story) -> Vec<String> {
    lines(story).iter().map(|line| spelled(line)).collect()
}

fn joined(story: &Story, _: &Story) -> Vec<String> {
    vec![story.title.clone(), story.paragraphs.join(" ")]
}

fn all_of_it(story: &Story, other: &Story) -> Vec<String> {
    let text = with_other_words(&first_part(story, 5, 6), other);
    let text: Vec<String> = text.iter().map(|line| spelled(line)).collect();
    let lead = first_words(&other.paragraphs, 25);
    surrounded(format!("بالتفاصيل.. {}", story.title), [vec![lead], text].concat())
}

fn stories(path: &Path) -> Result<Vec<Story>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    let articles = text.split("\n\n").filter_map(|article| {
        let mut lines = article.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
        let title = lines.next()?;
        let paragraphs: Vec<String> = lines.collect();
        let words = paragraphs.iter().map(|text| text.split(' ').count()).sum();
        Some(Story { title, paragraphs, words })
    });
    Ok(articles.filter(|story| (LEAST_WORDS..4_000).contains(&story.words)).take(MOST).collect())
}

/// `None` where nothing is left to be called an article.
fn fingerprint(normalizer: &Normalizer, lines: Vec<String>) -> Option<u64> {
    let blocks = lines.into_iter().map(|text| SourceBlock {
        kind: SourceKind::Line,
        piece: Piece { text, trace: None },
        link_density: 0.0,
        weight: SourceBlock::NEUTRAL,
        language: None,
    });
    let article = Article { blocks: blocks.collect(), charset: "utf-8", ..Article::default() };
    normalizer.normalize(&article).ok().map(|(text, _)| text.fingerprint)
}

/// Pairs at each distance.
#[derive(Clone)]
struct Counts([usize; 65]);

impl Counts {
    const fn new() -> Self {
        Self([0; 65])
    }

    fn add(&mut self, a: u64, b: u64) {
        if let Some(count) = self.0.get_mut((a ^ b).count_ones() as usize) {
            *count += 1;
        }
    }

    fn within(&self, distance: usize) -> usize {
        self.0.iter().take(distance + 1).sum()
    }

    fn all(&self) -> usize {
        self.within(64)
    }

    fn at(&self, distance: usize) -> usize {
        if distance < FAR {
            self.0.get(distance).copied().unwrap_or_default()
        } else {
            self.all() - self.within(FAR - 1)
        }
    }

    /// Of all pairs, in percent.
    fn share(&self, distance: usize) -> f64 {
        self.within(distance) as f64 * 100.0 / self.all().max(1) as f64
    }
}

/// Title words that say something.
fn topic(story: &Story) -> BTreeSet<String> {
    fold(&story.title).split(' ').filter(|word| word.chars().count() > 3).map(str::to_owned).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: fingerprints FOLDER (of *.txt and *.txt.gz)")?;
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.to_string_lossy().ends_with(".txt") || path.to_string_lossy().ends_with(".txt.gz"));
    paths.sort();
    let normalizer = Normalizer::new(&Options::default());
    let mut all = Vec::new();
    for path in &paths {
        let stories = stories(path)?;
        println!("{}: {} articles", path.file_name().unwrap_or_default().to_string_lossy(), stories.len());
        all.extend(stories);
    }
    let prints: Vec<Option<u64>> = all.iter().map(|story| fingerprint(&normalizer, lines(story))).collect();
    let mut by_edit = vec![[Counts::new(), Counts::new()]; EDITS.len()];
    let mut lost = 0;
    for (index, (story, print)) in all.iter().zip(&prints).enumerate() {
        let Some(other) = all.get((index + all.len() / 2) % all.len()) else { continue };
        for ((_, edit), counts) in EDITS.iter().zip(&mut by_edit) {
            let [short, long] = counts;
            match (print, fingerprint(&normalizer, edit(story, other))) {
                (Some(a), Some(b)) => if story.words < LONG { short } else { long }.add(*a, b),
                _ => lost += 1,
            }
        }
    }
    let topics: Vec<BTreeSet<String>> = all.iter().map(topic).collect();
    let (mut far, mut near) = (Counts::new(), Counts::new());
    for (index, (a, topic)) in prints.iter().zip(&topics).enumerate() {
        for (b, other) in prints.iter().zip(&topics).skip(index + 1) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            let common = topic.intersection(other).count();
            let is_near = common > 0 && common * 2 >= topic.len().min(other.len());
            if is_near { &mut near } else { &mut far }.add(*a, *b);
        }
    }
    print_tables(&by_edit, &far, &near);
    println!("\nnot compared, for nothing was left of one of them: {lost} pairs");
    Ok(())
}

fn print_tables(by_edit: &[[Counts; 2]], far: &Counts, near: &Counts) {
    let sum = |take: &dyn Fn(&[Counts; 2]) -> &Counts, distance| by_edit.iter().map(|c| take(c).at(distance)).sum();
    println!(
        "\n| bits apart | copies, {LONG} words and more | copies, shorter | different articles | of them on one topic |"
    );
    println!("|---|---|---|---|---|");
    for distance in 0..=FAR {
        let more = if distance == FAR { " and more" } else { "" };
        let (long, short): (usize, usize) = (sum(&|c| &c[1], distance), sum(&|c| &c[0], distance));
        let different = far.at(distance) + near.at(distance);
        println!("| {distance}{more} | {long} | {short} | {different} | {} |", near.at(distance));
    }
    println!(
        "\n| threshold | recall, long | recall, short | precision | different articles taken for copies, of a million pairs |"
    );
    println!("|---|---|---|---|---|");
    for distance in 0..=20 {
        let within = |which: usize| -> (usize, usize) {
            let counts = by_edit.iter().filter_map(|counts| counts.get(which));
            counts.fold((0, 0), |(a, b), counts| (a + counts.within(distance), b + counts.all()))
        };
        let ((short, all_short), (long, all_long)) = (within(0), within(1));
        let wrong = far.within(distance) + near.within(distance);
        let percent = |part: usize, all: usize| part as f64 * 100.0 / all.max(1) as f64;
        println!(
            "| {distance} | {:.1}% | {:.1}% | {:.2}% | {:.2} |",
            percent(long, all_long),
            percent(short, all_short),
            percent(short + long, short + long + wrong),
            wrong as f64 * 1e6 / (far.all() + near.all()).max(1) as f64
        );
    }
    let steps = [3, 6, 8, 10, 12, 16];
    println!("\n| what was done to the copy | {} |", steps.map(|step| format!("≤ {step}")).join(" | "));
    println!("|---|{}", "---|".repeat(steps.len()));
    for ((name, _), [short, long]) in EDITS.iter().zip(by_edit) {
        let both = steps.map(|step| format!("{:.1} / {:.1}", long.share(step), short.share(step)));
        println!("| {name} | {} |", both.join(" | "));
    }
}
