//! A linear model that reads an article twice and says which words are names.
//!
//! Each token has features: of the word, of its neighbours, of what lists and
//! rules made of it, and of the other places where the article has the same
//! word. A feature is a hash, its weights are a row of a table, and the labels
//! of a sentence are the path with the greatest sum. The second reading knows
//! what the first one took the same word for elsewhere.
//!
//! Weights are whole numbers, so a sum does not depend on its order.

mod cache;
mod chain;
mod context;
mod exp;
mod file;
mod lanes;
mod lexicon;
mod passes;
mod paths;
mod table;
#[cfg(any(test, feature = "train"))]
pub mod train;
mod words;

use std::borrow::Cow;

use self::cache::{Known, Room};
use self::chain::Chain;
use self::context::{Context, Pair};
use self::file::File;
use self::passes::FirstPass;
use self::paths::{Factors, Paths};
use self::table::{Sum, whole};
#[cfg(any(test, feature = "train"))]
use self::words::Profile;
use self::words::{Split, Word, numbered};
use super::labels::{self, LABELS, OUTSIDE, Row, begins, kind};
use super::mentions::Candidate;
use super::model::Heard;
use super::page::Page;
use super::tokens::Kind;
use crate::record::EntityType;

/// Words to each side that a token's label depends on.
const REACH: usize = 2;
/// A token and those around it.
const AROUND: usize = 2 * REACH + 1;

/// Chances of a token that is in no name for certain.
const NOTHING: Row<f32> = {
    let mut row = [0.0; LABELS];
    row[OUTSIDE] = 1.0;
    row
};

/// Why a model file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinearError {
    #[error("not a model: the file does not begin with WARRAQFT")]
    NotAModel,
    #[error("model of version {found}, this build reads version {expected}: train it again")]
    WrongVersion { found: u32, expected: u32 },
    #[error("model of {found} bytes, its header says {expected}: the file was cut short or grew")]
    WrongLength { found: usize, expected: u64 },
    #[error("model is damaged: hash {found:016x}, its header says {expected:016x}")]
    WrongHash { found: u64, expected: u64 },
    #[error("model does not fit: {0}; train it again")]
    Inconsistent(&'static str),
}

/// Whose idea of a name: corpora differ in where it ends and what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Convention {
    /// What a reader of news would mark: this project's own.
    News = 0,
    /// ANERcorp's: newswire of the 2000s, peoples and currencies among the rest.
    Newswire = 1,
}

impl std::str::FromStr for Convention {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "news" => Ok(Self::News),
            "newswire" => Ok(Self::Newswire),
            other => Err(format!("{other:?} is neither \"news\" nor \"newswire\"")),
        }
    }
}

impl Convention {
    /// By how much labels of names are preferred. A corpus is scored by what is
    /// found and what is right alike, and the likeliest labels find too little;
    /// in an article, lists and rules make up for that.
    const fn eager(self) -> f32 {
        match self {
            Self::News => 0.0,
            Self::Newswire => 0.75,
        }
    }

    /// What the log probabilities of a transformer count beside the model's own
    /// scores.
    const fn heeds(self) -> f32 {
        match self {
            Self::News => 1.0,
            Self::Newswire => 0.8,
        }
    }
}

/// Those that a model file holds.
pub(super) const CONVENTIONS: usize = 2;

/// A model, checked once when it is opened.
#[derive(Debug)]
pub struct Linear {
    file: File,
    steps: [(Chain, Factors); CONVENTIONS],
    reliability: [f32; file::LEVELS.len()],
}

/// A name that the model sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub first: usize,
    pub last: usize,
    pub kind: EntityType,
    /// Bytes of clitics before the name, and whether a preposition is among
    /// them or hidden in the first word.
    pub cut: u8,
    pub preposition: bool,
    /// Chance by the model alone, and how often such names are right, 0 to 1.
    pub certainty: f32,
    pub chance: f32,
}

/// What the model makes of a page.
#[derive(Debug)]
pub(super) struct Reading {
    pub found: Vec<Found>,
    chances: Chances,
}

/// How likely each label is of the tokens that somebody takes for a part of a name.
#[derive(Debug)]
struct Chances {
    /// Of each token which row is its own, counted from 1 on.
    places: Vec<u32>,
    rows: Vec<Row<f32>>,
}

impl Chances {
    fn new(tokens: usize) -> Self {
        Self { places: vec![0; tokens], rows: Vec::new() }
    }

    fn set(&mut self, token: usize, row: Row<f32>) {
        if let Some(place) = self.places.get_mut(token) {
            self.rows.push(row);
            *place = u32::try_from(self.rows.len()).unwrap_or_default();
        }
    }

    /// Of those tokens, in their order.
    fn of(&self, first: usize, last: usize) -> impl Iterator<Item = &Row<f32>> + '_ {
        let places = self.places.get(first..=last).unwrap_or_default().iter();
        places.map(|place| place.checked_sub(1).and_then(|row| self.rows.get(row as usize)).unwrap_or(&NOTHING))
    }
}

impl Reading {
    /// Least chance, over the tokens, that they are of a name of the type.
    pub(super) fn chance(&self, first: usize, last: usize, kind: EntityType) -> f32 {
        certainty(self.chances.of(first, last), kind)
    }
}

/// Least chance, over the tokens of a name, that they are of one of its type.
fn certainty<'a>(tokens: impl Iterator<Item = &'a Row<f32>>, kind: EntityType) -> f32 {
    tokens.map(|row| row[labels::begin(kind)] + row[labels::inside(kind)]).fold(1.0, f32::min)
}

impl Linear {
    /// Checks magic, version, length and hash.
    pub fn new(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, LinearError> {
        let file = File::new(bytes.into())?;
        let steps = [Convention::News, Convention::Newswire].map(|convention| {
            let steps = file.steps(convention);
            (Chain::new(&steps, file.scale), Factors::new(&steps, file.scale))
        });
        Ok(Self { reliability: file.reliability(), steps, file })
    }

    /// Hash of the content, for provenance.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.file.hash
    }

    /// Short hash of what it was learned from (`train::digest`).
    #[cfg(any(test, feature = "train"))]
    #[must_use]
    pub const fn sources(&self) -> u32 {
        self.file.sources
    }

    /// `said`: the names that lists and rules settled on; `listed`: all that
    /// lists hold.
    pub(super) fn read(
        &self,
        page: &Page<'_>,
        said: &[Candidate],
        listed: &[Candidate],
        convention: Convention,
        heard: Option<&Heard>,
    ) -> Reading {
        cache::with_known(&self.file, page, convention, |known, room| {
            let Room { stems, context, pairs, sums, passed, labels, reached, paths } = room;
            let of_words = numbered(known.iter().map(|known| known.profile.stem), stems);
            context.renew(page, each(page, &of_words), stems.len(), said, listed);
            let sequences = sequences(page);
            self.sums(page, known, context, convention, pairs, sums);
            let is_line = |index: usize| page.tokens.kind(index) == Kind::Break && page.tokens.word(index) == "\n";
            let breaks = sums.iter_mut().enumerate().filter(|(index, _)| is_line(*index));
            breaks.for_each(|(_, sum)| *sum = Sum::NO_NAME);
            self.heed(sums, convention, heard);
            let (chain, factors) = &self.steps[convention as usize];
            let mut read = |sums: &[Sum], labels: &mut Vec<usize>| {
                labels.clear();
                let parts = sequences.iter().filter_map(|(first, last)| sums.get(*first..*last));
                parts.for_each(|part| chain.best(part, reached, labels));
            };
            read(sums, &mut passed.labels);
            passed.count(context.stems(), stems.len(), |index| page.tokens.is_word(index));
            self.again(passed, context.stems(), convention, sums);
            read(sums, labels);
            let chances = chances(sums, factors, &sequences, labels, said, paths);
            let prefix = |index: usize| {
                let known = page.numbers().get(index).and_then(|number| known.get(*number));
                known.map_or(Prefix::default(), |known| (known.cut, known.preposition))
            };
            found(prefix, labels, chances, convention, |certainty| self.reliable(certainty))
        })
    }

    /// Adds to each token's sum what a first reading tells of it.
    fn again(&self, passed: &FirstPass, stems: &[usize], convention: Convention, sums: &mut [Sum]) {
        let table = self.file.table(convention);
        let plain: [Sum; passes::MOST as usize + 1] = std::array::from_fn(|others| {
            let mut sum = Sum::default();
            passes::plain(u32::try_from(others).unwrap_or_default(), |feature| table.add(feature, &mut sum));
            sum
        });
        for (index, (sum, stem)) in sums.iter_mut().zip(stems).enumerate() {
            match passed.plain(index, *stem) {
                Some(others) => *sum += &plain[others],
                None => passed.features(index, *stem, |feature| table.add(feature, sum)),
            }
        }
    }

    /// The sums of the weights of each token's features, before anything was read.
    fn sums(
        &self,
        page: &Page<'_>,
        known: &[&Known],
        context: &Context,
        convention: Convention,
        pairs: &mut Vec<Pair>,
        sums: &mut Vec<Sum>,
    ) {
        let table = self.file.table(convention);
        let outside = Known::new(table, &Word::outside());
        let beyond = || std::iter::repeat_n(&outside, REACH);
        let mut padded: Vec<&Known> = Vec::with_capacity(page.len() + 2 * REACH);
        padded.extend(beyond());
        padded.extend(each(page, known));
        padded.extend(beyond());
        pairs.clear();
        for [one, other] in padded.array_windows() {
            let pair = Pair::new(one.profile, other.profile);
            // The weights of all pairs of a page are more than the processor has at hand.
            pair.lines(pairs.last()).into_iter().for_each(|feature| table.prefetch(feature));
            pairs.push(pair);
        }
        let plain: [Sum; context::MOST_ELSEWHERE as usize + 1] = std::array::from_fn(|times| {
            let mut sum = Sum::default();
            context::plain(times, |feature| table.add(feature, &mut sum));
            sum
        });
        let around = padded.array_windows().zip(pairs.array_windows()).enumerate();
        let of_token = |(index, (around, pairs)): (usize, (&[&Known; AROUND], &[Pair; AROUND - 1]))| {
            let mut sum = table.sum(context::beside(pairs));
            let [far_before, before, word, after, far_after] = around;
            for row in [&far_before.rows[4], &before.rows[3], &word.rows[2], &after.rows[1], &far_after.rows[0]] {
                sum += row;
            }
            let (quiet, rest) = (context.is_quiet(index), context.plain(index));
            if quiet {
                sum += &word.quiet;
            }
            match rest.filter(|_| quiet) {
                Some(times) => sum += &plain[times],
                None => context.features(index, word.profile, true, |feature| table.add(feature, &mut sum)),
            }
            sum
        };
        sums.clear();
        sums.extend(around.map(of_token));
    }

    /// Adds to the sums what is preferred, and what a transformer says.
    fn heed(&self, sums: &mut [Sum], convention: Convention, heard: Option<&Heard>) {
        let eager = -whole(convention.eager(), self.file.scale);
        if eager != 0 {
            let mut row = [0; LABELS];
            row[OUTSIDE] = eager;
            let eager = Sum::new(&row);
            sums.iter_mut().for_each(|sum| *sum += &eager);
        }
        let heard = heard.map(|heard| heard.scores.iter()).into_iter().flatten();
        for (sum, row) in sums.iter_mut().zip(heard) {
            if let Some(row) = row {
                *sum += &Sum::new(&row.map(|score| whole(convention.heeds() * score, self.file.scale)));
            }
        }
    }

    /// How often names of that certainty were right when the model was made.
    fn reliable(&self, certainty: f32) -> f32 {
        self.reliability.get(file::level(certainty)).copied().unwrap_or(certainty)
    }
}

/// Bytes that are split off before a name, and whether a preposition is among them
/// or hidden in the word.
type Prefix = (u8, bool);

/// What belongs to each token, of what belongs to each of the page's words.
fn each<'a, T>(page: &Page<'_>, words: &'a [T]) -> impl Iterator<Item = &'a T> {
    page.numbers().iter().map(|number| &words[*number])
}

/// How likely each label is of each token that somebody takes for a part of a name.
/// `paths`: room for what is summed up.
fn chances(
    sums: &[Sum],
    factors: &Factors,
    sequences: &[(usize, usize)],
    labels: &[usize],
    said: &[Candidate],
    paths: &mut Paths,
) -> Chances {
    let named = named(labels, said);
    let mut chances = Chances::new(sums.len());
    for &(first, last) in sequences {
        // Where nobody sees a name, nobody asks how sure it is.
        let sees = labels.get(first..last).is_some_and(|labels| labels.iter().any(|label| *label != OUTSIDE));
        if !sees && !begins_in(said, first, last) {
            continue;
        }
        let sums = sums.get(first..last).unwrap_or_default();
        let named = named.get(first..last).unwrap_or_default();
        paths::chances(sums, factors, named, paths, |index, chance| chances.set(first + index, chance));
    }
    chances
}

/// The names that labels make, and how sure they are.
fn found(
    prefix: impl Fn(usize) -> Prefix,
    labels: &[usize],
    chances: Chances,
    convention: Convention,
    reliable: impl Fn(f32) -> f32,
) -> Reading {
    let mut reading = Reading { found: Vec::new(), chances };
    for (start, end, kind) in spans(labels) {
        // The names of persons that a conjunction joins: جمال وعلاء are two.
        let splits = convention == Convention::News && kind == EntityType::Person;
        let mut first = start;
        for last in start..=end {
            if last == end || splits && prefix(last + 1) == (2, false) {
                let certainty = reading.chance(first, last, kind);
                let chance = reliable(certainty);
                let (cut, preposition) = prefix(first);
                reading.found.push(Found { first, last, kind, cut, preposition, certainty, chance });
                first = last + 1;
            }
        }
    }
    reading
}

/// What a transformer's labels say by themselves: the likeliest of each token.
/// An inside after anything else begins a name, as in the older scheme; marks at
/// either end of a name are none of it.
pub(super) fn heard(page: &Page<'_>, heard: &Heard, convention: Convention) -> Reading {
    let prefixes: Vec<Prefix> = page
        .firsts()
        .iter()
        .map(|first| Split::new(page, *first))
        .map(|split| (split.cut, split.preposition))
        .collect();
    let prefix = |index: usize| {
        let number = page.numbers().get(index);
        number.and_then(|number| prefixes.get(*number)).copied().unwrap_or_default()
    };
    let likeliest =
        |row: &Row<f32>| (1..LABELS).fold(OUTSIDE, |best, label| if row[label] > row[best] { label } else { best });
    let mut labels: Vec<usize> = heard.scores.iter().map(|row| row.as_ref().map_or(OUTSIDE, likeliest)).collect();
    let mut before = OUTSIDE;
    for label in &mut labels {
        if let Some(kind) = kind(*label).filter(|_| !labels::may_follow(before, *label)) {
            *label = labels::begin(kind);
        }
        before = *label;
    }
    let mut chances = Chances::new(heard.scores.len());
    for (index, row) in heard.scores.iter().enumerate() {
        if let Some(row) = row {
            chances.set(index, row.map(libm::expf));
        }
    }
    let mut reading = found(prefix, &labels, chances, convention, |certainty| certainty);
    let is_mark = |index: usize| !matches!(page.tokens.kind(index), Kind::Word | Kind::Number);
    for found in &mut reading.found {
        while found.first < found.last && is_mark(found.last) {
            found.last -= 1;
        }
        while found.first < found.last && is_mark(found.first) {
            found.first += 1;
            (found.cut, found.preposition) = prefix(found.first);
        }
        found.certainty = certainty(reading.chances.of(found.first, found.last), found.kind);
        found.chance = found.certainty;
    }
    reading.found.retain(|found| !is_mark(found.first));
    reading
}

/// One of the names, which are in the order of the text, begins in the sequence.
fn begins_in(names: &[Candidate], first: usize, last: usize) -> bool {
    let from = names.partition_point(|name| name.first < first);
    names.get(from).is_some_and(|name| name.first < last)
}

/// Which tokens are in a name, by the model or by lists and rules.
fn named(labels: &[usize], said: &[Candidate]) -> Vec<bool> {
    let mut named: Vec<bool> = labels.iter().map(|label| *label != OUTSIDE).collect();
    for name in said {
        if let Some(tokens) = named.get_mut(name.first..=name.last) {
            tokens.fill(true);
        }
    }
    named
}

/// The pairs of words from two before each token to two after it.
#[cfg(any(test, feature = "train"))]
fn around(profiles: &[Profile], index: usize) -> [Pair; AROUND - 1] {
    let at = |at: usize| at.checked_sub(REACH).and_then(|at| profiles.get(at)).copied().unwrap_or_default();
    std::array::from_fn(|pair| Pair::new(at(index + pair), at(index + pair + 1)))
}

/// Tokens that are labelled together: to the end of the sentence, past the
/// points of initials.
fn sequences(page: &Page<'_>) -> Vec<(usize, usize)> {
    let mut sequences = Vec::new();
    let mut start = 0;
    let is_initial =
        |index: usize| page.tokens.word(index) == "." && index > 0 && page.tokens.word(index - 1).len() <= 4;
    for index in 0..page.len() {
        if page.tokens.kind(index) == Kind::Break && !is_initial(index) {
            sequences.push((start, index + 1));
            start = index + 1;
        }
    }
    if start < page.len() {
        sequences.push((start, page.len()));
    }
    sequences
}

/// First and last token and type of each name.
fn spans(labels: &[usize]) -> Vec<(usize, usize, EntityType)> {
    let mut spans: Vec<(usize, usize, EntityType)> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        match (kind(*label), spans.last_mut()) {
            (Some(kind), _) if begins(*label) => spans.push((index, index, kind)),
            (Some(_), Some((_, last, _))) if *last + 1 == index => *last = index,
            _ => {}
        }
    }
    spans
}

const _: () = assert!(LABELS < 16);

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashMap;

    use super::super::fixture::{TAGGER, linear, text};
    use super::super::tokens::Tokens;
    use super::*;

    #[test]
    fn what_is_kept_and_what_is_plain_adds_up_as_was_learned() {
        let model = linear();
        let text = text(&[
            "قال وزير الزراعة التونسي هيثم القرعاوي الخميس إن القرعاوي يزور الأمم المتحدة وبالقرعاوي “البيت الجديد”.",
            "وفي دمشق، قال القرعاوي إن صحيفة البيت في دمشق وفي تونس.",
        ]);
        let page = Page::new(Tokens::new(&text.matched), &TAGGER.gazetteer, |_, _| false);
        let said = TAGGER.proposals(&page);
        let splits: Vec<Split<'_>> = (0..page.len()).map(|index| Split::new(&page, index)).collect();
        let words: Vec<Word> = splits.iter().map(|split| split.read(&model.file)).collect();
        let profiles: Vec<Profile> = words.iter().map(|word| word.profile).collect();
        let stems = numbered(profiles.iter().map(|profile| profile.stem), &mut FxHashMap::default());
        let context = Context::new(&page, &stems, &said.mentions, &said.candidates);
        let table = model.file.table(Convention::News);
        let outside = Word::outside();
        let learned = |index: usize| {
            let mut features = Vec::new();
            for place in 0..AROUND {
                let word = (index + REACH).checked_sub(place).and_then(|at| words.get(at)).unwrap_or(&outside);
                features.extend(cache::seen_from(word, place));
            }
            features.extend(context::beside(&around(&profiles, index)));
            context.features(index, profiles[index], false, |feature| features.push(feature));
            table.sum(features)
        };
        let sums = cache::with_known(&model.file, &page, Convention::News, |known, _| {
            let prefixes: Vec<Prefix> = each(&page, known).map(|known| (known.cut, known.preposition)).collect();
            assert_eq!(prefixes, splits.iter().map(|split| (split.cut, split.preposition)).collect::<Vec<_>>());
            let mut sums = Vec::new();
            model.sums(&page, known, &context, Convention::News, &mut Vec::new(), &mut sums);
            sums
        });
        assert_eq!(sums, (0..page.len()).map(learned).collect::<Vec<_>>());
        assert!((0..page.len()).any(|index| context.plain(index).is_none()));
        assert!((0..page.len()).any(|index| context.plain(index).is_some_and(|times| times > 1)));
    }
}
