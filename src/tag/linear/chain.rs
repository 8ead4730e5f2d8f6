//! The best labels of a sequence of tokens, and how sure each is.
//!
//! The exponential is libm's, not the machine's: the same on each.

use libm::expf;

use crate::tag::labels::{LABELS, OUTSIDE, Row, may_follow};

/// What it costs to go from one label to the next.
pub(super) type Steps = [Row<f32>; LABELS];

const NEVER: f32 = -1e9;

/// The same, with what may not follow forbidden.
pub(super) fn allowed(steps: &Steps) -> Steps {
    let step = |from: usize, to: usize| if may_follow(from, to) { steps[from][to] } else { NEVER };
    std::array::from_fn(|from| std::array::from_fn(|to| step(from, to)))
}

/// A sequence begins as if what is before it were outside of names.
fn start(label: usize) -> f32 {
    if may_follow(OUTSIDE, label) { 0.0 } else { NEVER }
}

/// Labels and one more that never is: four at a time are added at once.
const WIDTH: usize = LABELS.next_multiple_of(4);
type Wide = [f32; WIDTH];

fn wide(row: &Row<f32>, beyond: f32) -> Wide {
    let mut wide = [beyond; WIDTH];
    wide.iter_mut().zip(row).for_each(|(wide, value)| *wide = *value);
    wide
}

/// Viterbi over [`allowed`] steps: of equal paths the one with the lower label.
pub(super) fn best(scores: &[Row<f32>], steps: &Steps) -> Vec<usize> {
    let Some((first, rest)) = scores.split_first() else { return Vec::new() };
    let wide_steps = steps.map(|row| wide(&row, NEVER));
    let mut here = wide(&std::array::from_fn(|label| first[label] + start(label)), NEVER);
    // What the best path to each label sums up to, by token. The way back is
    // worked out along the best one only.
    let mut sums: Vec<Wide> = Vec::with_capacity(scores.len());
    for row in rest {
        sums.push(here);
        let mut next = [f32::MIN; WIDTH];
        for (sum, steps) in here.iter().zip(&wide_steps) {
            for label in 0..WIDTH {
                next[label] = next[label].max(sum + steps[label]);
            }
        }
        let row = wide(row, NEVER);
        here = std::array::from_fn(|label| next[label] + row[label]);
    }
    let greatest = |value: &dyn Fn(usize) -> f32| {
        (1..LABELS).fold(OUTSIDE, |best, label| if value(label) > value(best) { label } else { best })
    };
    let mut label = greatest(&|label| here[label]);
    let mut labels = vec![label];
    for sums in sums.iter().rev() {
        label = greatest(&|before| sums[before] + steps[before][label]);
        labels.push(label);
    }
    labels.reverse();
    labels
}

/// Sums over all paths, forward and backward, scaled at each token.
#[derive(Debug)]
pub(super) struct Paths {
    forward: Vec<Row<f32>>,
    backward: Vec<Row<f32>>,
    /// Of each token and of each step, as factors.
    rows: Vec<Row<f32>>,
    steps: Steps,
    /// The same, from where they lead to.
    back: Steps,
}

impl Paths {
    /// `steps`: the [`allowed`] ones.
    pub(super) fn new(scores: &[Row<f32>], steps: &Steps) -> Self {
        let steps: Steps = std::array::from_fn(|from| steps[from].map(expf));
        let factors = |row: &Row<f32>| {
            let most = row.iter().copied().fold(f32::MIN, f32::max);
            row.map(|score| expf(score - most))
        };
        let rows: Vec<Row<f32>> = scores.iter().map(factors).collect();
        let mut paths = Self {
            forward: Vec::with_capacity(rows.len()),
            backward: Vec::with_capacity(rows.len()),
            back: std::array::from_fn(|to| std::array::from_fn(|from| steps[from][to])),
            rows,
            steps,
        };
        paths.go_forward();
        paths.go_backward();
        paths
    }

    fn go_forward(&mut self) {
        let mut before: Option<Row<f32>> = None;
        for row in &self.rows {
            let reached = before.map_or_else(
                || std::array::from_fn(|label| expf(start(label))),
                |before| weighed(&before, &self.steps),
            );
            let here = scaled(std::array::from_fn(|label| reached[label] * row[label]));
            self.forward.push(here);
            before = Some(here);
        }
    }

    fn go_backward(&mut self) {
        let mut after = [1.0; LABELS];
        self.backward.push(after);
        for row in self.rows.iter().skip(1).rev() {
            let reached: Row<f32> = std::array::from_fn(|label| after[label] * row[label]);
            after = scaled(weighed(&reached, &self.back));
            self.backward.push(after);
        }
        self.backward.reverse();
    }

    /// Chance of each label at each token.
    pub(super) fn chances(&self) -> impl Iterator<Item = Row<f32>> + '_ {
        let both = self.forward.iter().zip(&self.backward);
        both.map(|(forward, backward)| scaled(std::array::from_fn(|label| forward[label] * backward[label])))
    }

    /// Chance of each step from one token to the next.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn steps(&self) -> impl Iterator<Item = Steps> + '_ {
        let after = self.rows.iter().zip(&self.backward).skip(1);
        self.forward.iter().zip(after).map(|(forward, (row, backward))| {
            let chance = |from: usize, to: usize| forward[from] * self.steps[from][to] * row[to] * backward[to];
            let mut all: Steps = std::array::from_fn(|from| std::array::from_fn(|to| chance(from, to)));
            let sum: f32 = all.iter().flatten().sum::<f32>().max(f32::MIN_POSITIVE);
            all.iter_mut().flatten().for_each(|value| *value /= sum);
            all
        })
    }
}

/// What each label gets from all those before it.
fn weighed(chances: &Row<f32>, steps: &Steps) -> Row<f32> {
    let mut sums = [0.0; WIDTH];
    for (chance, steps) in chances.iter().zip(steps) {
        let steps = wide(steps, 0.0);
        for to in 0..WIDTH {
            sums[to] += chance * steps[to];
        }
    }
    std::array::from_fn(|label| sums[label])
}

/// So that the row sums up to one.
fn scaled(row: Row<f32>) -> Row<f32> {
    let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    row.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(path: &[usize], scores: &[Row<f32>], steps: &Steps) -> f32 {
        let own: f32 = path.iter().zip(scores).map(|(label, row)| row[*label]).sum();
        let between: f32 = path.windows(2).map(|pair| steps[pair[0]][pair[1]]).sum();
        own + between + path.first().map_or(0.0, |label| start(*label))
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
            let steps = allowed(&steps.try_into().unwrap());
            let all = paths(scores.len());
            let found = best(&scores, &steps);
            let most = all.iter().map(|path| total(path, &scores, &steps)).fold(f32::MIN, f32::max);
            prop_assert!(most - total(&found, &scores, &steps) < 1e-3);
            let weights: Vec<f64> = all.iter().map(|path| f64::from(total(path, &scores, &steps)).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (index, chances) in Paths::new(&scores, &steps).chances().enumerate() {
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
