//! The best labels of a sequence of tokens, and how sure each is.

use super::exp;
use crate::tag::labels::{LABELS, OUTSIDE, Row, may_follow};

/// What it costs to go from one label to the next.
pub(super) type Steps = [Row<f32>; LABELS];

const NEVER: f32 = -1e9;

/// Labels and one more that never is: four at a time are reckoned with.
pub(super) const WIDTH: usize = LABELS.next_multiple_of(4);
pub(super) type Wide<T> = [T; WIDTH];

pub(super) fn wide(row: &Row<f32>, beyond: f32) -> Wide<f32> {
    let mut wide = [beyond; WIDTH];
    wide.iter_mut().zip(row).for_each(|(wide, value)| *wide = *value);
    wide
}

/// Steps from label to label, those that may not be taken forbidden.
#[derive(Debug)]
pub(super) struct Allowed {
    /// By where they come from, and by where they lead to.
    from: [Wide<f32>; LABELS],
    to: [Wide<f32>; LABELS],
    /// The same as factors.
    factors_from: [Wide<f32>; LABELS],
    factors_to: [Wide<f32>; LABELS],
}

pub(super) fn allowed(steps: &Steps) -> Allowed {
    let step = |from: usize, to: usize| if may_follow(from, to) { steps[from][to] } else { NEVER };
    let from: Steps = std::array::from_fn(|from| std::array::from_fn(|to| step(from, to)));
    let factors = from.map(|row| row.map(libm::expf));
    let turned = |steps: &Steps| -> Steps { std::array::from_fn(|to| std::array::from_fn(|from| steps[from][to])) };
    Allowed {
        to: turned(&from).map(|row| wide(&row, NEVER)),
        from: from.map(|row| wide(&row, NEVER)),
        factors_to: turned(&factors).map(|row| wide(&row, 0.0)),
        factors_from: factors.map(|row| wide(&row, 0.0)),
    }
}

/// A sequence begins as if what is before it were outside of names.
const fn may_begin(label: usize) -> bool {
    may_follow(OUTSIDE, label)
}

/// Viterbi: of equal paths the one with the lower label.
pub(super) fn best(scores: &[Wide<f32>], steps: &Allowed) -> Vec<usize> {
    let Some((first, rest)) = scores.split_first() else { return Vec::new() };
    let start = |label: usize| if may_begin(label) { 0.0 } else { NEVER };
    let mut here: Wide<f32> = std::array::from_fn(|label| first[label] + start(label.min(LABELS - 1)));
    // What the best path to each label sums up to, and what the best one to each
    // label of the next token does before that token's own score. The way back
    // is worked out along the best path only.
    let mut sums: Vec<(Wide<f32>, Wide<f32>)> = Vec::with_capacity(scores.len());
    for row in rest {
        let mut next = [f32::MIN; WIDTH];
        for (sum, steps) in here.iter().zip(&steps.from) {
            for (next, step) in next.iter_mut().zip(steps) {
                let sum = sum + step;
                *next = if sum > *next { sum } else { *next };
            }
        }
        sums.push((here, next));
        here = std::array::from_fn(|label| next[label] + row[label]);
    }
    let mut label = (1..LABELS).fold(OUTSIDE, |best, label| if here[label] > here[best] { label } else { best });
    let mut labels = vec![label; scores.len()];
    for (before, (sums, next)) in labels.iter_mut().zip(&sums).rev() {
        let (steps, reached) = (&steps.to[label], next[label]);
        label = (0..LABELS).find(|before| sums[*before] + steps[*before] == reached).unwrap_or(OUTSIDE);
        *before = label;
    }
    labels
}

/// Sums over all paths, forward and backward, scaled at each token.
#[derive(Debug)]
pub(super) struct Paths {
    forward: Vec<Wide<f32>>,
    backward: Vec<Wide<f32>>,
    /// Of each token, and of each step, as factors.
    #[cfg(any(test, feature = "train"))]
    factors: (Vec<Wide<f32>>, [Wide<f32>; LABELS]),
}

impl Paths {
    pub(super) fn new(scores: &[Wide<f32>], steps: &Allowed) -> Self {
        let rows: Vec<Wide<f32>> = scores.iter().map(factors).collect();
        let mut forward = Vec::with_capacity(rows.len());
        let mut backward = Vec::with_capacity(rows.len());
        let mut reached = wide(&std::array::from_fn(|label| if may_begin(label) { 1.0 } else { 0.0 }), 0.0);
        let mut after = [1.0; WIDTH];
        // Neither way waits for the other: the processor goes both at once.
        for (row, row_back) in rows.iter().zip(rows.iter().rev()) {
            let here = scaled(product(&reached, row));
            forward.push(here);
            reached = weighed(&here, &steps.factors_from);
            backward.push(after);
            after = scaled(weighed(&product(&after, row_back), &steps.factors_to));
        }
        backward.reverse();
        Self {
            forward,
            backward,
            #[cfg(any(test, feature = "train"))]
            factors: (rows, steps.factors_from),
        }
    }

    /// Chance of each label at a token of the sequence.
    pub(super) fn chance(&self, index: usize) -> Option<Row<f32>> {
        let both = scaled(product(self.forward.get(index)?, self.backward.get(index)?));
        Some(std::array::from_fn(|label| both[label]))
    }

    /// The same of all tokens.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn chances(&self) -> impl Iterator<Item = Row<f32>> + '_ {
        (0..self.forward.len()).filter_map(|index| self.chance(index))
    }

    /// Chance of each step from one token to the next.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn steps(&self) -> impl Iterator<Item = Steps> + '_ {
        let (rows, steps) = &self.factors;
        let after = rows.iter().zip(&self.backward).skip(1);
        self.forward.iter().zip(after).map(|(forward, (row, backward))| {
            let chance = |from: usize, to: usize| forward[from] * steps[from][to] * row[to] * backward[to];
            let mut all: Steps = std::array::from_fn(|from| std::array::from_fn(|to| chance(from, to)));
            let sum: f32 = all.iter().flatten().sum::<f32>().max(f32::MIN_POSITIVE);
            all.iter_mut().flatten().for_each(|value| *value /= sum);
            all
        })
    }
}

/// Scores as factors; the greatest becomes one.
fn factors(row: &Wide<f32>) -> Wide<f32> {
    let most = row.iter().take(LABELS).fold(f32::MIN, |most, score| if *score > most { *score } else { most });
    let mut factors = exp::of(row.map(|score| score - most));
    factors.iter_mut().skip(LABELS).for_each(|beyond| *beyond = 0.0);
    factors
}

fn product(one: &Wide<f32>, other: &Wide<f32>) -> Wide<f32> {
    std::array::from_fn(|label| one[label] * other[label])
}

/// What each label gets from all those before it.
fn weighed(chances: &Wide<f32>, steps: &[Wide<f32>; LABELS]) -> Wide<f32> {
    let mut sums = [0.0; WIDTH];
    for (chance, steps) in chances.iter().zip(steps) {
        for (sum, step) in sums.iter_mut().zip(steps) {
            *sum += chance * step;
        }
    }
    sums
}

/// So that the row sums up to one.
fn scaled(row: Wide<f32>) -> Wide<f32> {
    let sum = row.iter().take(LABELS).sum::<f32>().max(f32::MIN_POSITIVE);
    row.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(path: &[usize], scores: &[Row<f32>], steps: &Steps) -> f32 {
        let own: f32 = path.iter().zip(scores).map(|(label, row)| row[*label]).sum();
        let step = |from: usize, to: usize| if may_follow(from, to) { steps[from][to] } else { NEVER };
        let between: f32 = path.windows(2).map(|pair| step(pair[0], pair[1])).sum();
        own + between + path.first().map_or(0.0, |label| if may_begin(*label) { 0.0 } else { NEVER })
    }

    /// All paths of that length.
    fn paths(length: usize) -> Vec<Vec<usize>> {
        (0..length).fold(vec![Vec::new()], |paths, _| {
            let longer =
                |path: &Vec<usize>| (0..LABELS).map(|label| [path.as_slice(), &[label]].concat()).collect::<Vec<_>>();
            paths.iter().flat_map(longer).collect()
        })
    }

    fn row() -> impl Strategy<Value = Row<f32>> {
        proptest::collection::vec(-4.0_f32..4.0, LABELS).prop_map(|row| row.try_into().unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_best_path_and_the_chances_are_those_of_all_paths(
            scores in proptest::collection::vec(row(), 1..4),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            let table: Steps = steps.try_into().unwrap();
            let steps = allowed(&table);
            let all = paths(scores.len());
            let wide: Vec<Wide<f32>> = scores.iter().map(|row| wide(row, 0.0)).collect();
            let found = best(&wide, &steps);
            let most = all.iter().map(|path| total(path, &scores, &table)).fold(f32::MIN, f32::max);
            prop_assert!(most - total(&found, &scores, &table) < 1e-3);
            let weights: Vec<f64> = all.iter().map(|path| f64::from(total(path, &scores, &table)).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (index, chances) in Paths::new(&wide, &steps).chances().enumerate() {
                for (label, chance) in chances.iter().enumerate() {
                    let with = all.iter().zip(&weights).filter(|(path, _)| path[index] == label);
                    let expected = with.map(|(_, weight)| weight).sum::<f64>() / sum;
                    prop_assert!((f64::from(*chance) - expected).abs() < 1e-3, "{chance} for {expected}");
                }
            }
        }
    }

    #[test]
    fn no_tokens_have_no_labels() {
        let steps = allowed(&[[0.0; LABELS]; LABELS]);
        assert!(best(&[], &steps).is_empty());
        assert_eq!(Paths::new(&[], &steps).chances().count(), 0);
    }
}
