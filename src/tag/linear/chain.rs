//! The best labels of a sequence of tokens, in whole numbers: steps of a weight.

use wide::i16x8;

use super::lanes::{LANES, Lanes, OUT};
use super::table::{Sum, whole};
use crate::tag::labels::{LABELS, OUTSIDE, Row, begins};

/// What it costs to go from one label to the next.
pub(super) type Steps = [Row<f32>; LABELS];

/// So low that no sum of weights makes up for it.
const NEVER: i16 = i16::MIN;

/// A sequence begins as if what is before it were outside of names.
const START: Lanes<i16> = {
    let mut start = Lanes { begins: [NEVER; LANES], insides: [NEVER; LANES] };
    let mut lane = 0;
    while lane <= OUT {
        start.begins[lane] = 0;
        lane += 1;
    }
    start
};

/// Steps from label to label, those that may not be taken forbidden.
#[derive(Debug)]
pub(super) struct Chain {
    /// From each label to the beginnings of names and to outside.
    from: [i16x8; LABELS],
    /// From each label of a name to the inside of that name.
    on: Sum,
    /// By how much the best step from each label of a name is better than the same
    /// from outside, but for that which goes on with the name.
    lead: Sum,
}

/// What the best paths to each label of a token sum up to beside the best one that
/// is outside there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    sums: Sum,
    /// Some step to a beginning or to outside is best from a name.
    from_names: bool,
}

impl Chain {
    /// `scale`: what a step of a weight is worth.
    pub(super) fn new(steps: &Steps, scale: f32) -> Self {
        let step = |from: usize, to: usize| whole(steps[from][to], scale);
        let from: [[i16; LANES]; LABELS] = std::array::from_fn(|from| {
            let row = std::array::from_fn(|to| if to == OUTSIDE || begins(to) { step(from, to) } else { NEVER });
            Lanes::new(&row, NEVER).begins
        });
        let on: Row<i16> =
            std::array::from_fn(|label| if label == OUTSIDE { NEVER } else { step(label, label + label % 2) });
        let lead = |label: usize| {
            let leads = from[label].iter().zip(from[OUTSIDE]).take(OUT + 1).map(|(step, outside)| step - outside);
            leads.max().filter(|_| label != OUTSIDE).unwrap_or(NEVER)
        };
        Self {
            lead: Sum::of(&Lanes::new(&std::array::from_fn(lead), NEVER)),
            on: Sum::of(&Lanes::new(&on, NEVER)),
            from: from.map(i16x8::new),
        }
    }

    /// Viterbi: of equal paths the one with the lower label. Adds the labels of the
    /// tokens. `reached`: room for what is reached.
    pub(super) fn best(&self, tokens: &[Sum], reached: &mut Vec<Reached>, labels: &mut Vec<usize>) {
        let mut next = Sum::of(&START);
        reached.clear();
        for token in tokens {
            let sums = next.plus(token);
            let outside = i16x8::splat(sums.begins.as_array()[OUT]);
            let (begins, insides) = (sums.begins.saturating_sub(outside), sums.insides.saturating_sub(outside));
            let here = self.step(Sum { begins, insides }, &mut next);
            reached.push(here);
        }
        let Some((last, before)) = reached.split_last() else { return };
        let from = labels.len();
        labels.resize(from + tokens.len(), OUTSIDE);
        let sums = last.sums.lanes();
        let mut label =
            (1..LABELS).fold(OUTSIDE, |best, label| if sums.of(label) > sums.of(best) { label } else { best });
        let mut slots = labels.iter_mut().skip(from).rev();
        slots.next().into_iter().for_each(|slot| *slot = label);
        for (slot, reached) in slots.zip(before.iter().rev()) {
            if label == OUTSIDE && !reached.from_names {
                continue;
            }
            label = self.before(label, reached);
            *slot = label;
        }
    }

    /// Puts into `next` what the best paths to each label of the next token sum up to,
    /// before that token's own sum.
    #[inline]
    fn step(&self, sums: Sum, next: &mut Sum) -> Reached {
        next.insides = sums.plus(&self.on).most();
        next.begins = self.from[OUTSIDE];
        // Most names lie so far behind outside that no other step from them is taken.
        let from_names = sums.plus(&self.lead).most().simd_gt(i16x8::ZERO).any();
        if from_names {
            let lanes = sums.lanes();
            for (label, steps) in self.from.iter().enumerate().skip(1) {
                next.begins = next.begins.max(i16x8::splat(lanes.of(label)).saturating_add(*steps));
            }
        }
        Reached { sums, from_names }
    }

    /// The label that the best path to one has at the token before.
    fn before(&self, label: usize, reached: &Reached) -> usize {
        let sums = reached.sums.lanes();
        if label != OUTSIDE && !begins(label) {
            let (begin, on) = (label - 1, self.on.lanes());
            let value = |from: usize| sums.of(from).saturating_add(on.of(from));
            return if value(label) > value(begin) { label } else { begin };
        }
        if !reached.from_names {
            return OUTSIDE;
        }
        let to = if label == OUTSIDE { OUT } else { label / 2 };
        let value = |from: usize| sums.of(from).saturating_add(self.from[from].as_array()[to]);
        (1..LABELS).fold(OUTSIDE, |best, from| if value(from) > value(best) { from } else { best })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tag::labels::may_follow;

    const SCALE: f32 = 0.02;

    fn row() -> impl Strategy<Value = Row<i16>> {
        proptest::collection::vec(-200_i16..200, LABELS).prop_map(|row| row.try_into().unwrap())
    }

    fn total(path: &[usize], scores: &[Row<i16>], steps: &[Row<i16>]) -> Option<i32> {
        let own: i32 = path.iter().zip(scores).map(|(label, row)| i32::from(row[*label])).sum();
        let may = path.windows(2).all(|pair| may_follow(pair[0], pair[1])) && may_follow(OUTSIDE, path[0]);
        may.then(|| own + path.windows(2).map(|pair| i32::from(steps[pair[0]][pair[1]])).sum::<i32>())
    }

    fn labels(scores: &[Row<i16>], steps: &[Row<i16>]) -> Vec<usize> {
        let steps: Steps = std::array::from_fn(|from| steps[from].map(|step| f32::from(step) * SCALE));
        let sums: Vec<Sum> = scores.iter().map(Sum::new).collect();
        let mut labels = Vec::new();
        Chain::new(&steps, SCALE).best(&sums, &mut Vec::new(), &mut labels);
        labels
    }

    /// Viterbi by the book: each label from each.
    fn plain(scores: &[Row<i16>], steps: &[Row<i16>]) -> Vec<usize> {
        const NO: i32 = -1_000_000_000;
        let start = |label: usize| if may_follow(OUTSIDE, label) { 0 } else { NO };
        let mut here: [i32; LABELS] = std::array::from_fn(|label| i32::from(scores[0][label]) + start(label));
        let mut ways: Vec<[usize; LABELS]> = Vec::new();
        for row in &scores[1..] {
            let step = |from: usize, to: usize| if may_follow(from, to) { i32::from(steps[from][to]) } else { NO };
            let sum = |from: usize, to: usize| here[from].saturating_add(step(from, to));
            let best = |to| (1..LABELS).fold(0, |best, from| if sum(from, to) > sum(best, to) { from } else { best });
            let way: [usize; LABELS] = std::array::from_fn(best);
            here = std::array::from_fn(|to| sum(way[to], to) + i32::from(row[to]));
            ways.push(way);
        }
        let mut labels = vec![(1..LABELS).fold(0, |best, label| if here[label] > here[best] { label } else { best })];
        ways.iter().rev().for_each(|way| labels.push(way[labels[labels.len() - 1]]));
        labels.reverse();
        labels
    }

    /// All paths of that length.
    fn paths(length: usize) -> Vec<Vec<usize>> {
        (0..length).fold(vec![Vec::new()], |paths, _| {
            let longer =
                |path: &Vec<usize>| (0..LABELS).map(|label| [path.as_slice(), &[label]].concat()).collect::<Vec<_>>();
            paths.iter().flat_map(longer).collect()
        })
    }

    /// Names here and there, and other tokens far from being any.
    fn sentence() -> impl Strategy<Value = Vec<Row<i16>>> {
        let token = (row(), -100_i16..600).prop_map(|(mut row, outside)| {
            row[OUTSIDE] = outside;
            row
        });
        proptest::collection::vec(token, 1..40)
    }

    proptest! {
        #[test]
        fn what_is_left_out_changes_nothing(
            scores in sentence(),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            prop_assert_eq!(labels(&scores, &steps), plain(&scores, &steps));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_best_path_is_that_of_all(
            scores in proptest::collection::vec(row(), 1..4),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            let most = paths(scores.len()).iter().filter_map(|path| total(path, &scores, &steps)).max();
            prop_assert_eq!(total(&labels(&scores, &steps), &scores, &steps), most);
        }
    }

    #[test]
    fn what_is_far_beyond_all_sums_takes_no_forbidden_step() {
        let (mut low, mut high) = ([i16::MIN / 2; LABELS], [i16::MIN / 2; LABELS]);
        low[OUTSIDE] = 0;
        high[2] = i16::MAX / 2;
        let steps = vec![[0; LABELS]; LABELS];
        for path in [vec![low, high, low], vec![high], vec![low, high, high, low, high]] {
            let found = labels(&path, &steps);
            assert!(total(&found, &path, &steps).is_some(), "{found:?}");
        }
    }

    #[test]
    fn no_tokens_have_no_labels() {
        assert!(labels(&[], &vec![[0; LABELS]; LABELS]).is_empty());
    }
}
