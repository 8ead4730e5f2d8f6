//! The best labels of a sequence of tokens, and how sure each is.

use super::exp;
use crate::tag::labels::{LABELS, OUTSIDE, Row, may_follow};

/// What it costs to go from one label to the next.
pub(super) type Steps = [Row<f32>; LABELS];

const NEVER: f32 = -1e9;

/// Paths that add up to so little beside the one outside of names are of no
/// weight: a millionth at the most.
const NO_WEIGHT: f32 = -14.0;

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
    /// The best step to each beginning of a name from outside, and to each label of a
    /// name from one; the logarithm of how many labels a token may go on with that
    /// way is added.
    into: Wide<f32>,
    within: Wide<f32>,
    /// The step from each label of a name to the inside of that name.
    on: Wide<f32>,
    /// By how much the best step from each label of a name is better than the same
    /// from outside, but for that which goes on with the name.
    lead: Wide<f32>,
}

pub(super) fn allowed(steps: &Steps) -> Allowed {
    let step = |from: usize, to: usize| if may_follow(from, to) { steps[from][to] } else { NEVER };
    let from: Steps = std::array::from_fn(|from| std::array::from_fn(|to| step(from, to)));
    let factors = from.map(|row| row.map(libm::expf));
    let turned = |steps: &Steps| -> Steps { std::array::from_fn(|to| std::array::from_fn(|from| steps[from][to])) };
    let lead = |label: usize| {
        let others = (0..LABELS).filter(|to| may_follow(OUTSIDE, *to));
        others.map(|to| from[label][to] - from[OUTSIDE][to]).fold(f32::NEG_INFINITY, f32::max)
    };
    let of_names = |label: usize, value: f32| if label == OUTSIDE { f32::NEG_INFINITY } else { value };
    // The names' beginnings are five; inside goes on from a name in one way.
    let begins = (LABELS / 2) as f32;
    let within = |label: usize| {
        let best = (1..LABELS).map(|before| from[before][label]).fold(f32::NEG_INFINITY, f32::max);
        if may_begin(label) { best + libm::logf(begins) } else { best }
    };
    let into = |label: usize| if may_begin(label) { from[OUTSIDE][label] + libm::logf(begins) } else { NEVER };
    Allowed {
        into: wide(&std::array::from_fn(|label| of_names(label, into(label))), f32::NEG_INFINITY),
        within: wide(&std::array::from_fn(|label| of_names(label, within(label))), f32::NEG_INFINITY),
        on: wide(&std::array::from_fn(|label| of_names(label, from[label][inside(label)])), f32::NEG_INFINITY),
        lead: wide(&std::array::from_fn(|label| of_names(label, lead(label))), f32::NEG_INFINITY),
        to: turned(&from).map(|row| wide(&row, NEVER)),
        from: from.map(|row| wide(&row, NEVER)),
        factors_to: turned(&factors).map(|row| wide(&row, 0.0)),
        factors_from: factors.map(|row| wide(&row, 0.0)),
    }
}

/// The label with which the name of a label goes on.
const fn inside(label: usize) -> usize {
    label + label % 2
}

impl Allowed {
    /// What the best path to each label of the next token sums up to.
    #[inline]
    fn reached(&self, here: &Wide<f32>) -> Wide<f32> {
        let outside = here[OUTSIDE];
        let mut next = self.from[OUTSIDE].map(|step| outside + step);
        let on: Wide<f32> = std::array::from_fn(|label| here[label] + self.on[label]);
        for (begin, inside) in (1..LABELS).step_by(2).zip((2..LABELS).step_by(2)) {
            next[inside] = greater(on[begin], on[inside]);
        }
        // Most names lie so far behind outside that no other step from them is taken,
        // however sums are rounded.
        let bar = outside - 0.01 - outside.abs() * 1e-6;
        if greatest_sum(here, &self.lead) > bar {
            for (label, (sum, steps)) in here.iter().zip(&self.from).enumerate().skip(1) {
                if sum + self.lead[label] > bar {
                    next.iter_mut().zip(steps).for_each(|(next, step)| *next = greater(*next, sum + step));
                }
            }
        }
        next
    }

    /// What the paths through a name's labels at each token add up to beside the one
    /// outside, at the most: for those that come from a name, and for all.
    fn gains(&self, scores: &[Wide<f32>]) -> Vec<(f32, f32)> {
        let stay = self.from[OUTSIDE][OUTSIDE];
        let gain = |row: &Wide<f32>| {
            let outside = row[OUTSIDE] + stay - std::f32::consts::LN_2;
            let within = greatest_sum(row, &self.within) - outside;
            (within, greater(within, greatest_sum(row, &self.into) - outside))
        };
        scores.iter().map(gain).collect()
    }
}

/// The greatest of the sums, label by label.
#[inline]
fn greatest_sum(one: &Wide<f32>, other: &Wide<f32>) -> f32 {
    let mut most = [f32::NEG_INFINITY; 4];
    for (one, other) in one.chunks_exact(4).zip(other.chunks_exact(4)) {
        let sums = one.iter().zip(other).map(|(one, other)| one + other);
        most.iter_mut().zip(sums).for_each(|(most, sum)| *most = greater(*most, sum));
    }
    greater(greater(most[0], most[1]), greater(most[2], most[3]))
}

/// As `f32::max`, but for what is no number: one instruction.
fn greater(one: f32, other: f32) -> f32 {
    if other > one { other } else { one }
}

/// A sequence begins as if what is before it were outside of names.
const fn may_begin(label: usize) -> bool {
    may_follow(OUTSIDE, label)
}

/// What leads to each label of the first token, as factors.
fn begin() -> Wide<f32> {
    std::array::from_fn(|label| if label < LABELS && may_begin(label) { 1.0 } else { 0.0 })
}

/// Viterbi: of equal paths the one with the lower label.
pub(super) fn best(scores: &[Wide<f32>], steps: &Allowed) -> Vec<usize> {
    let mut next: Wide<f32> = std::array::from_fn(|label| if may_begin(label.min(LABELS - 1)) { 0.0 } else { NEVER });
    // What the best path to each label sums up to, and what the best one to each
    // label of the next token does before that token's own score. The way back
    // is worked out along the best path only.
    let step = |row: &Wide<f32>| {
        let here = std::array::from_fn(|label| next[label] + row[label]);
        next = steps.reached(&here);
        (here, next)
    };
    let sums: Vec<(Wide<f32>, Wide<f32>)> = scores.iter().map(step).collect();
    let Some(((here, _), sums)) = sums.split_last() else { return Vec::new() };
    let mut label = (1..LABELS).fold(OUTSIDE, |best, label| if here[label] > here[best] { label } else { best });
    let mut labels = vec![label; scores.len()];
    for (before, (sums, next)) in labels.iter_mut().zip(sums).rev() {
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
    #[cfg(any(test, feature = "train"))]
    pub(super) fn new(scores: &[Wide<f32>], steps: &Allowed) -> Self {
        Self::between(scores, steps, begin(), [1.0; WIDTH])
    }

    /// Of a part of a sequence. `reached` and `after`: what leads to each label of
    /// the first token, and from each of the last.
    fn between(scores: &[Wide<f32>], steps: &Allowed, mut reached: Wide<f32>, mut after: Wide<f32>) -> Self {
        let rows: Vec<Wide<f32>> = scores.iter().map(factors).collect();
        let mut forward = Vec::with_capacity(rows.len());
        let mut backward = Vec::with_capacity(rows.len());
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

/// Calls `set` with the chance of each label at each of the named tokens of a
/// sequence. What is so far from them that no name leads there is not reckoned
/// with.
pub(super) fn chances(scores: &[Wide<f32>], steps: &Allowed, named: &[bool], mut set: impl FnMut(usize, Row<f32>)) {
    let near = near(&steps.gains(scores), named);
    let mut end = 0;
    while let Some(first) = near.iter().skip(end).position(|near| *near).map(|skipped| end + skipped) {
        end = near.iter().skip(first).position(|near| !near).map_or(near.len(), |length| first + length);
        let part = scores.get(first..end).unwrap_or_default();
        let reached = if first == 0 { begin() } else { steps.factors_from[OUTSIDE] };
        let after = if end == scores.len() { [1.0; WIDTH] } else { steps.factors_to[OUTSIDE] };
        let paths = Paths::between(part, steps, reached, after);
        for (index, _) in named.iter().enumerate().take(end).skip(first).filter(|(_, named)| **named) {
            paths.chance(index - first).into_iter().for_each(|chance| set(index, chance));
        }
    }
}

/// Tokens on which the chances of the named ones depend: those between two that
/// no names can join.
fn near(gains: &[(f32, f32)], named: &[bool]) -> Vec<bool> {
    let mut near = named.to_vec();
    let mut weight = NO_WEIGHT;
    for (near, (named, (within, _))) in near.iter_mut().zip(named.iter().zip(gains)) {
        weight = if *named { 0.0 } else { weight + within };
        *near |= weight > NO_WEIGHT;
    }
    weight = NO_WEIGHT;
    // Back from a name a path may come from outside at each token.
    for (near, (named, (within, all))) in near.iter_mut().zip(named.iter().zip(gains)).rev() {
        *near |= weight + all > NO_WEIGHT;
        weight = if *named { 0.0 } else { weight + within };
    }
    near
}

/// Scores as factors; the greatest becomes one.
fn factors(row: &Wide<f32>) -> Wide<f32> {
    let most = row.iter().take(LABELS).fold(f32::MIN, |most, score| if *score > most { *score } else { most });
    let mut factors = *row;
    factors.iter_mut().for_each(|score| *score -= most);
    let mut factors = exp::of(factors);
    factors.iter_mut().skip(LABELS).for_each(|beyond| *beyond = 0.0);
    factors
}

fn product(one: &Wide<f32>, other: &Wide<f32>) -> Wide<f32> {
    let mut product = *one;
    product.iter_mut().zip(other).for_each(|(one, other)| *one *= other);
    product
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
fn scaled(mut row: Wide<f32>) -> Wide<f32> {
    let sum = row.iter().take(LABELS).sum::<f32>().max(f32::MIN_POSITIVE);
    row.iter_mut().for_each(|value| *value /= sum);
    row
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

    /// Viterbi by the book: each label from each.
    fn plain(scores: &[Wide<f32>], steps: &Allowed) -> Vec<usize> {
        let start = |label: usize| if may_begin(label.min(LABELS - 1)) { 0.0 } else { NEVER };
        let mut here: Wide<f32> = std::array::from_fn(|label| scores[0][label] + start(label));
        let mut ways: Vec<[usize; LABELS]> = Vec::new();
        for row in &scores[1..] {
            let sum = |from: usize, to: usize| here[from] + steps.from[from][to];
            let best = |to| (1..LABELS).fold(0, |best, from| if sum(from, to) > sum(best, to) { from } else { best });
            let way: [usize; LABELS] = std::array::from_fn(best);
            here = std::array::from_fn(|to| if to < LABELS { sum(way[to], to) + row[to] } else { NEVER });
            ways.push(way);
        }
        let mut labels = vec![(1..LABELS).fold(0, |best, label| if here[label] > here[best] { label } else { best })];
        ways.iter().rev().for_each(|way| labels.push(way[labels[labels.len() - 1]]));
        labels.reverse();
        labels
    }

    /// Names here and there, and other tokens far from being any.
    fn sentence() -> impl Strategy<Value = Vec<(Row<f32>, f32, bool)>> {
        proptest::collection::vec((row(), -2.0_f32..12.0, any::<bool>()), 1..40)
    }

    proptest! {
        #[test]
        fn what_is_left_out_changes_nothing(
            tokens in sentence(),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            let steps = allowed(&steps.try_into().unwrap());
            let score = |(row, outside, _): &(Row<f32>, f32, bool)| {
                let mut row = wide(row, 0.0);
                row[OUTSIDE] = *outside;
                row
            };
            let scores: Vec<Wide<f32>> = tokens.iter().map(score).collect();
            prop_assert_eq!(best(&scores, &steps), plain(&scores, &steps));
            let named: Vec<bool> = tokens.iter().map(|(_, _, named)| *named).collect();
            let paths = Paths::new(&scores, &steps);
            let mut seen = vec![false; named.len()];
            let mut off = 0.0_f32;
            chances(&scores, &steps, &named, |index, chance| {
                seen[index] = true;
                let all = paths.chance(index).unwrap();
                off = chance.iter().zip(all).fold(off, |off, (one, other)| off.max((one - other).abs()));
            });
            prop_assert!(seen == named && off < 1e-5, "{off}");
        }
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
