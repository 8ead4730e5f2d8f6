//! Gradient steps over sentences in an order that a seed decides.

use super::super::chain::{Chain, Steps};
use super::super::paths::{Factors, Paths};
use super::super::table::{Sum, whole};
use super::super::words::Profile;
use super::SCALE;
use crate::tag::labels::{LABELS, Row};

/// How a model is learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Binary logarithm of the number of rows.
    pub bits: u32,
    pub rounds: usize,
    pub rate: f32,
    /// Chance that a feature is left out of a token.
    pub dropout: f32,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bits: 18, rounds: 8, rate: 0.15, dropout: 0.3, seed: 1 }
    }
}

/// An article with its features and its labels.
#[derive(Debug)]
pub(super) struct Example {
    pub corpus: usize,
    pub weight: f32,
    pub sequences: Vec<(usize, usize)>,
    pub gold: Vec<usize>,
    pub profiles: Vec<(bool, Profile)>,
    features: Vec<u32>,
    ends: Vec<usize>,
}

impl Example {
    pub(super) const fn new(corpus: usize, weight: f32, sequences: Vec<(usize, usize)>, gold: Vec<usize>) -> Self {
        Self { corpus, weight, sequences, gold, profiles: Vec::new(), features: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn weighing(self, share: f32) -> Self {
        Self { weight: self.weight * share, ..self }
    }

    pub(super) fn push(&mut self, features: &[u32], is_word: bool, profile: Profile) {
        self.features.extend_from_slice(features);
        self.ends.push(self.features.len());
        self.profiles.push((is_word, profile));
    }

    pub(super) fn features(&self, index: usize) -> &[u32] {
        let end = |index: usize| self.ends.get(index).copied().unwrap_or_default();
        self.features.get(index.checked_sub(1).map_or(0, end)..end(index)).unwrap_or_default()
    }
}

pub(super) struct Weights {
    /// What all corpora share, and what each adds.
    rows: Vec<Row<f32>>,
    own: Vec<Vec<Row<f32>>>,
    steps: Steps,
    own_steps: Vec<Steps>,
}

impl Weights {
    fn new(bits: u32, corpora: usize) -> Self {
        let steps = [[0.0; LABELS]; LABELS];
        let rows = vec![[0.0; LABELS]; 1 << bits];
        Self { own: vec![rows.clone(); corpora], rows, steps, own_steps: vec![steps; corpora] }
    }

    const fn place(&self, feature: u32) -> usize {
        feature as usize & (self.rows.len() - 1)
    }

    pub(super) fn score(&self, features: &[u32], corpus: usize) -> Row<f32> {
        let mut row = [0.0; LABELS];
        for feature in features {
            let place = self.place(*feature);
            add(&mut row, &self.rows[place]);
            add(&mut row, &self.own[corpus][place]);
        }
        row
    }

    /// The rows by a corpus's convention; those of small weights are dropped.
    pub(super) fn rows_of(&self, corpus: usize, least: f32) -> Vec<Row<f32>> {
        let sum = |(row, own): (&Row<f32>, &Row<f32>)| {
            let mut sum = *row;
            add(&mut sum, own);
            if sum.iter().all(|weight| weight.abs() < least) { [0.0; LABELS] } else { sum }
        };
        self.rows.iter().zip(&self.own[corpus]).map(sum).collect()
    }

    pub(super) fn steps_of(&self, corpus: usize) -> Steps {
        let own = &self.own_steps[corpus];
        std::array::from_fn(|from| std::array::from_fn(|to| self.steps[from][to] + own[from][to]))
    }

    fn labels(&self, example: &Example) -> Vec<usize> {
        let chain = Chain::new(&self.steps_of(example.corpus), SCALE);
        let mut labels = Vec::with_capacity(example.gold.len());
        for &sequence in &example.sequences {
            best(&chain, &self.scores(example, sequence), &mut labels);
        }
        labels
    }
}

/// The best labels by scores that are not yet whole numbers.
pub(super) fn best(chain: &Chain, scores: &[Row<f32>], labels: &mut Vec<usize>) {
    let sums: Vec<Sum> = scores.iter().map(|row| Sum::new(&row.map(|score| whole(score, SCALE)))).collect();
    chain.best(&sums, &mut Vec::new(), labels);
}

fn add(row: &mut Row<f32>, other: &Row<f32>) {
    row.iter_mut().zip(other).for_each(|(one, other)| *one += other);
}

/// The labels of each article by a model that did not learn from it.
pub(super) fn in_parts(examples: &[Example], parts: usize, corpora: usize, settings: Settings) -> Vec<Vec<usize>> {
    each_part(&examples.iter().collect::<Vec<_>>(), parts, corpora, settings, Weights::labels)
}

/// Calls `read` with each article and a model that did not learn from it.
pub(super) fn each_part<T>(
    examples: &[&Example],
    parts: usize,
    corpora: usize,
    settings: Settings,
    read: impl Fn(&Weights, &Example) -> T,
) -> Vec<T> {
    let mut all: Vec<(usize, T)> = Vec::with_capacity(examples.len());
    for part in 0..parts {
        let others: Vec<&Example> =
            examples.iter().enumerate().filter(|(at, _)| at % parts != part).map(|(_, example)| *example).collect();
        let weights = learn(&others, corpora, settings);
        let mine = examples.iter().enumerate().filter(|(at, _)| at % parts == part);
        all.extend(mine.map(|(at, example)| (at, read(&weights, example))));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, read)| read).collect()
}

/// Learns from all articles.
pub(super) fn learn(examples: &[&Example], corpora: usize, settings: Settings) -> Weights {
    let mut learner = Learner {
        weights: Weights::new(settings.bits, corpora),
        squares: vec![0.0; 1 << settings.bits],
        own_row_squares: vec![vec![0.0; 1 << settings.bits]; corpora],
        step_squares: [[0.0; LABELS]; LABELS],
        own_squares: vec![[[0.0; LABELS]; LABELS]; corpora],
        random: Random(settings.seed),
        settings,
    };
    let sequences = |(at, example): (usize, &&Example)| (0..example.sequences.len()).map(move |index| (at, index));
    let mut order: Vec<(usize, usize)> = examples.iter().enumerate().flat_map(sequences).collect();
    for round in 0..settings.rounds {
        learner.random.shuffle(&mut order);
        // The last rounds settle what the first ones found.
        let rate = if round + 2 >= settings.rounds { settings.rate / 2.0 } else { settings.rate };
        for &(at, sequence) in &order {
            learner.sentence(examples[at], examples[at].sequences[sequence], rate);
        }
    }
    learner.weights
}

/// A row of those that all share, or of those of a corpus.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    own: bool,
}

struct Learner {
    weights: Weights,
    /// Sums of squared slopes, by row.
    squares: Vec<f32>,
    own_row_squares: Vec<Vec<f32>>,
    step_squares: Steps,
    own_squares: Vec<Steps>,
    random: Random,
    settings: Settings,
}

impl Learner {
    fn sentence(&mut self, example: &Example, (first, last): (usize, usize), rate: f32) {
        let mut kept: Vec<Place> = Vec::new();
        let mut ends = Vec::with_capacity(last - first);
        let mut scores = Vec::with_capacity(last - first);
        for index in first..last {
            let from = kept.len();
            self.keep(example, index, &mut kept);
            let mut row = [0.0; LABELS];
            for Place { at, own } in &kept[from..] {
                let rows = if *own { &self.weights.own[example.corpus] } else { &self.weights.rows };
                add(&mut row, &rows[*at]);
            }
            scores.push(row.map(|sum| sum / (1.0 - self.settings.dropout)));
            ends.push(kept.len());
        }
        let factors = Factors::new(&self.weights.steps_of(example.corpus), SCALE);
        let paths = Paths::new(&scores, &factors);
        let gold = &example.gold[first..last];
        let mut from = 0;
        for ((mut slope, label), to) in paths.chances().zip(gold).zip(ends) {
            slope[*label] -= 1.0;
            slope.iter_mut().for_each(|value| *value *= example.weight);
            self.step_down(example.corpus, &kept[from..to], &slope, rate);
            from = to;
        }
        for (chance, pair) in paths.steps(&factors).zip(gold.windows(2)) {
            self.step_steps(example, &chance, (pair[0], pair[1]), rate);
        }
    }

    /// The rows of a token's features but for those that are left out.
    fn keep(&mut self, example: &Example, index: usize, kept: &mut Vec<Place>) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of 65,536
        let cut = (self.settings.dropout * 65_536.0) as u64;
        for &feature in example.features(index) {
            let dice = self.random.next();
            let at = self.weights.place(feature);
            if dice & 0xFFFF >= cut {
                kept.push(Place { at, own: false });
            }
            if dice >> 16 & 0xFFFF >= cut {
                kept.push(Place { at, own: true });
            }
        }
    }

    fn step_down(&mut self, corpus: usize, places: &[Place], slope: &Row<f32>, rate: f32) {
        let size: f32 = slope.iter().map(|value| value * value).sum();
        if size < 1e-6 {
            return;
        }
        for &Place { at, own } in places {
            let (rows, squares) = if own {
                (&mut self.weights.own[corpus], &mut self.own_row_squares[corpus])
            } else {
                (&mut self.weights.rows, &mut self.squares)
            };
            squares[at] += size;
            let rate = rate / (0.1 + squares[at]).sqrt();
            let row = &mut rows[at];
            row.iter_mut().zip(slope).for_each(|(weight, slope)| *weight -= rate * slope);
        }
    }

    #[allow(clippy::needless_range_loop)] // four tables in step
    fn step_steps(&mut self, example: &Example, chance: &Steps, gold: (usize, usize), rate: f32) {
        for from in 0..LABELS {
            for to in 0..LABELS {
                let mut slope = chance[from][to];
                if gold == (from, to) {
                    slope -= 1.0;
                }
                slope *= example.weight;
                if slope.abs() < 1e-5 {
                    continue;
                }
                let squares = &mut self.step_squares[from][to];
                *squares += slope * slope;
                self.weights.steps[from][to] -= rate * slope / (1.0 + *squares).sqrt();
                let squares = &mut self.own_squares[example.corpus][from][to];
                *squares += slope * slope;
                self.weights.own_steps[example.corpus][from][to] -= rate * slope / (1.0 + *squares).sqrt();
            }
        }
    }
}

/// Splitmix: the order of the sentences and the features left out are the same
/// on each run.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = usize::try_from(self.next() % (index as u64 + 1)).unwrap_or(index);
            items.swap(index, other);
        }
    }
}
