//! How sure the labels of a sequence of tokens are: sums over all paths.

use multiversion::multiversion;

use super::chain::Steps;
use super::exp;
use super::lanes::{LANES, Lanes, OUT};
use super::table::{Sum, whole};
use crate::tag::labels::{LABELS, OUTSIDE, Row, begins, may_follow};

/// The logarithm of what paths add up to beside the one outside of names, where that
/// is of no weight: a millionth.
const NO_WEIGHT: f32 = -14.0;

/// Steps from label to label as factors, 0 where they may not be taken.
#[derive(Debug)]
pub(super) struct Factors {
    /// What a step of a weight is worth.
    scale: f32,
    /// From each label to the beginnings of names and to outside.
    from: [[f32; LANES]; LABELS],
    /// To the beginnings of names and to outside, from each label.
    to: [Lanes<f32>; OUT + 1],
    /// From each label of a name to the inside of that name.
    on: Lanes<f32>,
    /// The best step to each beginning of a name from outside, and to each label of a
    /// name from one, at the most, as steps of a weight; the logarithm of how many
    /// labels a token may go on with that way is added.
    into: Sum,
    within: Sum,
    /// The step from outside to outside and what else is taken off the gain, at the
    /// least, and [`NO_WEIGHT`], both as steps of a weight.
    stay: i32,
    no_weight: i32,
}

impl Factors {
    pub(super) fn new(steps: &Steps, scale: f32) -> Self {
        let factor = |from: usize, to: usize| if may_follow(from, to) { libm::expf(steps[from][to]) } else { 0.0 };
        let aside = |label: usize| label == OUTSIDE || begins(label);
        let targets: [usize; OUT + 1] = std::array::from_fn(|lane| if lane == OUT { OUTSIDE } else { 2 * lane + 1 });
        // The names' beginnings are five; inside goes on from a name in one way.
        #[allow(clippy::cast_precision_loss)] // few
        let beginnings = libm::logf(OUT as f32);
        let within = |label: usize| {
            let before = (1..LABELS).filter(|before| may_follow(*before, label)).map(|before| steps[before][label]);
            let best = before.fold(f32::NEG_INFINITY, f32::max);
            if begins(label) { best + beginnings } else { best }
        };
        let into = |label: usize| if begins(label) { steps[OUTSIDE][label] + beginnings } else { f32::NEG_INFINITY };
        let of_names = |value: &dyn Fn(usize) -> f32| {
            let most = |label: usize| whole(value(label), scale).saturating_add(1);
            let row = std::array::from_fn(|label| if label == OUTSIDE { i16::MIN } else { most(label) });
            Sum::of(&Lanes::new(&row, i16::MIN))
        };
        let on = std::array::from_fn(|label| if label == OUTSIDE { 0.0 } else { factor(label, label + label % 2) });
        Self {
            scale,
            from: std::array::from_fn(|from| {
                let row = std::array::from_fn(|to| if aside(to) { factor(from, to) } else { 0.0 });
                Lanes::new(&row, 0.0).begins
            }),
            to: targets.map(|to| Lanes::new(&std::array::from_fn(|from| factor(from, to)), 0.0)),
            on: Lanes::new(&on, 0.0),
            into: of_names(&into),
            within: of_names(&within),
            stay: i32::from(whole(steps[OUTSIDE][OUTSIDE] - std::f32::consts::LN_2, scale)) - 1,
            no_weight: i32::from(whole(NO_WEIGHT, scale)),
        }
    }

    /// What the paths through a name's labels at a token add up to beside the one
    /// outside, at the most, as a logarithm in steps of a weight: for those that come
    /// from a name, and for all.
    #[inline]
    fn gain(&self, token: &Sum) -> (i32, i32) {
        let outside = i32::from(token.begins.as_array()[OUT]) + self.stay;
        let within = token.plus(&self.within).most();
        let all = within.max(token.plus(&self.into).most());
        (i32::from(within.reduce_max()) - outside, i32::from(all.reduce_max()) - outside)
    }

    /// What leads to each label of the first token of a sequence.
    fn begin() -> Lanes<f32> {
        let row = std::array::from_fn(|label| if may_follow(OUTSIDE, label) { 1.0 } else { 0.0 });
        Lanes::new(&row, 0.0)
    }

    /// What leads to each label of a token after one outside, and from each label to one
    /// outside.
    const fn outside(&self) -> (Lanes<f32>, Lanes<f32>) {
        (Lanes { begins: self.from[OUTSIDE], insides: [0.0; LANES] }, self.to[OUT])
    }

    /// What each label gets from all those before it.
    #[inline(always)]
    fn onward(&self, here: &Lanes<f32>) -> Lanes<f32> {
        let mut begins = [0.0; LANES];
        for (label, steps) in self.from.iter().enumerate() {
            let chance = here.of(label);
            begins = std::array::from_fn(|lane| begins[lane] + chance * steps[lane]);
        }
        let on = here.with(&self.on, |chance, step| chance * step);
        Lanes { begins, insides: std::array::from_fn(|lane| on.begins[lane] + on.insides[lane]) }
    }

    /// What each label gets from all those after it.
    #[inline(always)]
    fn back(&self, here: &Lanes<f32>) -> Lanes<f32> {
        let inside = Lanes { begins: here.insides, insides: here.insides };
        let mut sums = inside.with(&self.on, |chance, step| chance * step);
        for (chance, steps) in here.begins.iter().zip(&self.to) {
            sums = sums.with(steps, |sum, step| sum + chance * step);
        }
        sums
    }
}

/// Sums over all paths, forward and backward, scaled at each token.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Scores of the labels of each token, and then factors.
    rows: Vec<Lanes<f32>>,
    forward: Vec<Lanes<f32>>,
    /// From the last token on.
    backward: Vec<Lanes<f32>>,
    /// Tokens on which those depend that are asked for.
    near: Vec<bool>,
}

impl Paths {
    /// `scores`: of each label of each token.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn new(scores: &[Row<f32>], factors: &Factors) -> Self {
        let mut paths = Self { rows: scores.iter().map(Lanes::scores).collect(), ..Self::default() };
        paths.walk(factors, (Factors::begin(), Lanes { begins: [1.0; LANES], insides: [1.0; LANES] }));
        paths
    }

    /// Of a part of a sequence, whose scores are the rows. `ends`: what leads to each
    /// label of the first token, and from each of the last.
    fn walk(&mut self, factors: &Factors, ends: (Lanes<f32>, Lanes<f32>)) {
        self.forward.clear();
        self.backward.clear();
        walk(&mut self.rows, factors, ends, &mut self.forward, &mut self.backward);
    }

    /// What leads from each label of a token.
    fn after(&self, index: usize) -> Option<&Lanes<f32>> {
        self.backward.iter().rev().nth(index)
    }

    /// Chance of each label at a token of the sequence.
    pub(super) fn chance(&self, index: usize) -> Option<Row<f32>> {
        Some(scaled(product(self.forward.get(index)?, self.after(index)?)).row())
    }

    /// The same of all tokens.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn chances(&self) -> impl Iterator<Item = Row<f32>> + '_ {
        (0..self.forward.len()).filter_map(|index| self.chance(index))
    }

    /// Chance of each step from one token to the next.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn steps<'a>(&'a self, factors: &'a Factors) -> impl Iterator<Item = Steps> + 'a {
        let after = self
            .rows
            .iter()
            .zip(self.backward.iter().rev())
            .skip(1)
            .map(|(row, backward)| product(row, backward).row());
        self.forward.iter().map(Lanes::row).zip(after).map(|(before, after)| {
            let step = |from: usize, to: usize| match to {
                OUTSIDE => factors.to[OUT].of(from),
                _ if begins(to) => factors.to[to / 2].of(from),
                _ if may_follow(from, to) => factors.on.of(from),
                _ => 0.0,
            };
            let chance = |from: usize, to: usize| before[from] * step(from, to) * after[to];
            let mut all: Steps = std::array::from_fn(|from| std::array::from_fn(|to| chance(from, to)));
            let sum: f32 = all.iter().flatten().sum::<f32>().max(f32::MIN_POSITIVE);
            all.iter_mut().flatten().for_each(|value| *value /= sum);
            all
        })
    }
}

/// Makes factors of the scores of each token, and sums both ways; `backward` begins
/// with the last token.
#[multiversion(targets("x86_64+avx2"))]
fn walk(
    rows: &mut [Lanes<f32>],
    factors: &Factors,
    (mut reached, mut after): (Lanes<f32>, Lanes<f32>),
    forward: &mut Vec<Lanes<f32>>,
    backward: &mut Vec<Lanes<f32>>,
) {
    rows.iter_mut().for_each(|row| *row = chances_of(row));
    // Neither way waits for the other: the processor goes both at once.
    for (row, row_back) in rows.iter().zip(rows.iter().rev()) {
        let here = scaled(product(&reached, row));
        forward.push(here);
        reached = factors.onward(&here);
        backward.push(after);
        after = scaled(factors.back(&product(&after, row_back)));
    }
}

/// Calls `set` with the chance of each label at each of the named tokens of a
/// sequence. What is so far from them that no name leads there is not reckoned
/// with. `paths`: room for what is summed up.
pub(super) fn chances(
    tokens: &[Sum],
    factors: &Factors,
    named: &[bool],
    paths: &mut Paths,
    mut set: impl FnMut(usize, Row<f32>),
) {
    let mut near = std::mem::take(&mut paths.near);
    find_near(tokens, factors, named, &mut near);
    let mut end = 0;
    while let Some(first) = near.iter().skip(end).position(|near| *near).map(|skipped| end + skipped) {
        end = near.iter().skip(first).position(|near| !near).map_or(near.len(), |length| first + length);
        let part = tokens.get(first..end).unwrap_or_default();
        let (mut reached, mut after) = factors.outside();
        if first == 0 {
            reached = Factors::begin();
        }
        if end == tokens.len() {
            after = Lanes { begins: [1.0; LANES], insides: [1.0; LANES] };
        }
        paths.rows.clear();
        paths.rows.extend(part.iter().map(|token| token.scores(factors.scale)));
        paths.walk(factors, (reached, after));
        for (index, _) in named.iter().enumerate().take(end).skip(first).filter(|(_, named)| **named) {
            paths.chance(index - first).into_iter().for_each(|chance| set(index, chance));
        }
    }
    paths.near = near;
}

/// Tokens on which the chances of the named ones depend: those between two that
/// no names can join.
fn find_near(tokens: &[Sum], factors: &Factors, named: &[bool], near: &mut Vec<bool>) {
    near.clear();
    near.extend_from_slice(named);
    let none = factors.no_weight;
    let mut weight = none;
    for (near, (named, token)) in near.iter_mut().zip(named.iter().zip(tokens)) {
        if *named {
            weight = 0;
        } else if weight > none {
            weight = weight.saturating_add(factors.gain(token).0);
            *near = weight > none;
        }
    }
    weight = none;
    // Back from a name a path may come from outside at each token.
    for (near, (named, token)) in near.iter_mut().zip(named.iter().zip(tokens)).rev() {
        if *named {
            weight = 0;
        } else if weight > none {
            let (within, all) = factors.gain(token);
            *near |= weight.saturating_add(all) > none;
            weight = weight.saturating_add(within);
        }
    }
}

/// Scores as factors; the greatest becomes one.
#[inline(always)]
fn chances_of(scores: &Lanes<f32>) -> Lanes<f32> {
    let most = most(scores);
    let scores = scores.map(|score| score - most);
    Lanes { begins: exp::of(scores.begins), insides: exp::of(scores.insides) }
}

#[inline(always)]
fn product(one: &Lanes<f32>, other: &Lanes<f32>) -> Lanes<f32> {
    one.with(other, |one, other| one * other)
}

/// So that all sum up to one.
#[inline(always)]
fn scaled(lanes: Lanes<f32>) -> Lanes<f32> {
    let [one, two, three, four] = in_four(&lanes, |one, other| one + other);
    let sum = ((one + two) + (three + four)).max(f32::MIN_POSITIVE);
    lanes.map(|value| value / sum)
}

#[inline(always)]
fn most(lanes: &Lanes<f32>) -> f32 {
    let [one, two, three, four] = in_four(lanes, greater);
    greater(greater(one, two), greater(three, four))
}

/// All lanes joined to four.
#[inline(always)]
fn in_four(lanes: &Lanes<f32>, join: impl Fn(f32, f32) -> f32) -> [f32; 4] {
    let eight: [f32; LANES] = std::array::from_fn(|lane| join(lanes.begins[lane], lanes.insides[lane]));
    std::array::from_fn(|lane| join(eight[lane], eight[lane + LANES / 2]))
}

/// As `f32::max`, but for what is no number: one instruction.
#[inline(always)]
fn greater(one: f32, other: f32) -> f32 {
    if other > one { other } else { one }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALE: f32 = 0.02;

    fn row() -> impl Strategy<Value = Row<f32>> {
        proptest::collection::vec(-4.0_f32..4.0, LABELS).prop_map(|row| row.try_into().unwrap())
    }

    fn total(path: &[usize], scores: &[Row<f32>], steps: &Steps) -> f64 {
        let may = path.windows(2).all(|pair| may_follow(pair[0], pair[1])) && may_follow(OUTSIDE, path[0]);
        let own: f32 = path.iter().zip(scores).map(|(label, row)| row[*label]).sum();
        let between: f32 = path.windows(2).map(|pair| steps[pair[0]][pair[1]]).sum();
        if may { f64::from(own + between).exp() } else { 0.0 }
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
    fn sentence() -> impl Strategy<Value = Vec<(Row<f32>, bool)>> {
        let token = (row(), -2.0_f32..12.0, any::<bool>()).prop_map(|(mut row, outside, named)| {
            row[OUTSIDE] = outside;
            // As sums of weights are.
            (row.map(|score| f32::from((score / SCALE).round() as i16) * SCALE), named)
        });
        proptest::collection::vec(token, 1..40)
    }

    proptest! {
        #[test]
        fn what_is_left_out_changes_nothing(
            tokens in sentence(),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            let factors = Factors::new(&steps.try_into().unwrap(), SCALE);
            let (scores, named): (Vec<Row<f32>>, Vec<bool>) = tokens.into_iter().unzip();
            let whole = |row: &Row<f32>| Sum::new(&row.map(|score| (score / SCALE).round() as i16));
            let sums: Vec<Sum> = scores.iter().map(whole).collect();
            let all = Paths::new(&scores, &factors);
            let mut seen = vec![false; named.len()];
            let mut off = 0.0_f32;
            chances(&sums, &factors, &named, &mut Paths::default(), |index, chance| {
                seen[index] = true;
                let all = all.chance(index).unwrap();
                off = chance.iter().zip(all).fold(off, |off, (one, other)| off.max((one - other).abs()));
            });
            prop_assert!(seen == named && off < 1e-5, "{off}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn chances_are_those_of_all_paths(
            scores in proptest::collection::vec(row(), 1..4),
            steps in proptest::collection::vec(row(), LABELS),
        ) {
            let steps: Steps = steps.try_into().unwrap();
            let factors = Factors::new(&steps, SCALE);
            let all = paths(scores.len());
            let weights: Vec<f64> = all.iter().map(|path| total(path, &scores, &steps)).collect();
            let sum: f64 = weights.iter().sum();
            let share = |with: &dyn Fn(&[usize]) -> bool| {
                all.iter().zip(&weights).filter(|(path, _)| with(path)).map(|(_, weight)| weight).sum::<f64>() / sum
            };
            let found = Paths::new(&scores, &factors);
            for (index, chances) in found.chances().enumerate() {
                for (label, chance) in chances.iter().enumerate() {
                    let expected = share(&|path| path[index] == label);
                    prop_assert!((f64::from(*chance) - expected).abs() < 1e-3, "{chance} for {expected}");
                }
            }
            for (index, chances) in found.steps(&factors).enumerate() {
                for (from, to) in (0..LABELS).flat_map(|from| (0..LABELS).map(move |to| (from, to))) {
                    let expected = share(&|path| path[index] == from && path[index + 1] == to);
                    let chance = chances[from][to];
                    prop_assert!((f64::from(chance) - expected).abs() < 1e-3, "{chance} for {expected}");
                }
            }
        }
    }

    #[test]
    fn no_tokens_have_no_chances() {
        let factors = Factors::new(&[[0.0; LABELS]; LABELS], SCALE);
        assert_eq!(Paths::new(&[], &factors).chances().count(), 0);
    }
}
