//! What a model says of each word: log probabilities of one set of labels,
//! whatever the model calls its own.

use crate::record::EntityType;

/// Outside a name, and begin and inside of each type.
pub const LABELS: usize = 1 + 2 * EntityType::ALL.len();

/// Log probabilities of the labels of one word.
pub type Scores = [f32; LABELS];

/// No part of a name.
pub(super) const OUTSIDE: usize = 0;
/// Of a label that the model does not have.
const NEVER: f32 = -30.0;

/// The label of the first word of a name.
pub(super) const fn begin(kind: EntityType) -> usize {
    1 + 2 * kind as usize
}

/// The label of a name's further words.
pub(super) const fn inside(kind: EntityType) -> usize {
    begin(kind) + 1
}

/// Where each label of a model belongs. `O` and what stands for no type are
/// outside; `B-` and `I-` as usual, and a type alone is both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels {
    places: Vec<(usize, Option<usize>)>,
}

impl Labels {
    /// The first label that nobody knows is the error.
    pub(super) fn new(names: &[String], kind: impl Fn(&str) -> Option<Option<EntityType>>) -> Result<Self, String> {
        let place = |name: &String| {
            let (prefix, rest) = match name.split_at_checked(2) {
                Some((prefix @ ("B-" | "I-" | "E-" | "S-" | "L-" | "U-"), rest)) => (prefix, rest),
                _ => ("", name.as_str()),
            };
            // The whole label may be told apart from its type.
            let kind = kind(name).or_else(|| kind(rest)).ok_or_else(|| name.clone())?;
            Ok(match (kind, prefix) {
                (None, _) => (OUTSIDE, None),
                (Some(kind), "B-" | "S-" | "U-") => (begin(kind), None),
                (Some(kind), "I-" | "E-" | "L-") => (inside(kind), None),
                (Some(kind), _) => (begin(kind), Some(inside(kind))),
            })
        };
        Ok(Self { places: names.iter().map(place).collect::<Result<_, String>>()? })
    }

    /// Numbers of a model's own labels → log probabilities of ours.
    pub(super) fn scores(&self, logits: &[f32]) -> Scores {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sums = [0.0_f32; LABELS];
        let mut all = 0.0;
        for (logit, (place, second)) in logits.iter().zip(&self.places) {
            let weight = super::math::exp(logit - highest);
            all += weight;
            let share = if second.is_some() { weight / 2.0 } else { weight };
            for place in [Some(*place), *second].into_iter().flatten() {
                if let Some(sum) = sums.get_mut(place) {
                    *sum += share;
                }
            }
        }
        sums.map(|sum| super::math::ln(sum / all).max(NEVER))
    }
}

/// The usual names of types, in upper or lower case.
pub(super) fn usual(name: &str) -> Option<Option<EntityType>> {
    Some(Some(match name.to_ascii_uppercase().as_str() {
        "O" => return Some(None),
        "PER" | "PERS" | "PERSON" | "PEOPLE" => EntityType::Person,
        "ORG" | "ORGANIZATION" | "ORGANISATION" | "NORP_ORG" => EntityType::Organization,
        "LOC" | "LOCATION" | "GPE" | "FAC" | "PLACE" => EntityType::Place,
        "EVENT" | "EVE" => EntityType::Event,
        "MISC" | "OTHER" | "PRODUCT" | "PROD" | "WORK_OF_ART" => EntityType::Other,
        _ => return None,
    }))
}

/// A name that a model sees: words of the sentence, and how likely it is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub first: usize,
    pub last: usize,
    pub kind: EntityType,
    /// 0 to 1.
    pub probability: f32,
}

/// The names of a sentence by the likeliest row of labels in which no name
/// goes on that has not begun.
pub(super) fn names(scores: &[Scores]) -> Vec<Found> {
    let path = likeliest(scores);
    let mut found: Vec<Found> = Vec::new();
    for (word, label) in path.iter().enumerate() {
        let Some(kind) = EntityType::ALL.into_iter().find(|kind| [begin(*kind), inside(*kind)].contains(label)) else {
            continue;
        };
        match found.last_mut().filter(|name| *label == inside(kind) && name.last + 1 == word) {
            Some(name) => name.last = word,
            None => found.push(Found { first: word, last: word, kind, probability: 0.0 }),
        }
    }
    for name in &mut found {
        name.probability = probability(scores.get(name.first..=name.last).unwrap_or_default(), name.kind);
    }
    found
}

/// Mean over the words, in logarithms, of the chance that the word is of a name
/// of the type.
#[allow(clippy::cast_precision_loss)] // names have few words
fn probability(words: &[Scores], kind: EntityType) -> f32 {
    let of_word = |scores: &Scores| {
        let [begins, goes_on] = [begin(kind), inside(kind)].map(|label| scores.get(label).map_or(0.0, |log| exp(*log)));
        super::math::ln((begins + goes_on).min(1.0))
    };
    exp(words.iter().map(of_word).sum::<f32>() / words.len().max(1) as f32)
}

fn exp(log: f32) -> f32 {
    super::math::exp(log)
}

/// Viterbi. Ties go to the lower label.
fn likeliest(scores: &[Scores]) -> Vec<usize> {
    let mut best = [0.0_f32; LABELS];
    let mut backs: Vec<[usize; LABELS]> = Vec::with_capacity(scores.len());
    for (word, scores) in scores.iter().enumerate() {
        let (top, highest) = argmax(&best);
        let mut back = [top; LABELS];
        let mut next = [highest; LABELS];
        for kind in EntityType::ALL {
            let (begin, inside) = (begin(kind), inside(kind));
            let from = if best[begin] >= best[inside] { begin } else { inside };
            back[inside] = from;
            next[inside] = if word == 0 { f32::NEG_INFINITY } else { best[from] };
        }
        best = std::array::from_fn(|label| next[label] + scores[label]);
        backs.push(back);
    }
    let mut label = argmax(&best).0;
    let mut path = vec![OUTSIDE; scores.len()];
    for (at, back) in path.iter_mut().zip(&backs).rev() {
        *at = label;
        label = back[label];
    }
    path
}

fn argmax(scores: &Scores) -> (usize, f32) {
    let mut top = (0, f32::NEG_INFINITY);
    for (label, score) in scores.iter().enumerate() {
        if *score > top.1 {
            top = (label, *score);
        }
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntityType::{Organization, Person, Place};

    fn scores(likely: &[(usize, f32)]) -> Scores {
        let mut scores = [NEVER; LABELS];
        for (label, probability) in likely {
            scores[*label] = probability.ln();
        }
        scores
    }

    #[test]
    fn labels_are_read_by_any_of_their_names() {
        let names = ["O", "B-PERS", "I-PER", "LOC", "B-NORP"].map(str::to_owned);
        let kind = |name: &str| if name == "NORP" { Some(None) } else { usual(name) };
        let labels = Labels::new(&names, kind).unwrap();
        let scores = labels.scores(&[0.0, 1.0, 2.0, 3.0, 0.5]);
        let total: f64 = [0.0, 1.0, 2.0, 3.0, 0.5].map(f64::exp).iter().sum();
        let near = |label: usize, weight: f64| assert!((f64::from(scores[label]) - (weight / total).ln()).abs() < 1e-4);
        near(OUTSIDE, 1.0 + 0.5_f64.exp());
        near(begin(Person), 1.0_f64.exp());
        near(inside(Person), 2.0_f64.exp());
        near(begin(Place), 3.0_f64.exp() / 2.0);
        near(inside(Place), 3.0_f64.exp() / 2.0);
        assert_eq!(scores[begin(Organization)], NEVER);
        assert_eq!(Labels::new(&["O".to_owned(), "B-XYZ".to_owned()], usual), Err("B-XYZ".to_owned()));
    }

    #[test]
    fn a_name_begins_before_it_goes_on() {
        let row = [
            scores(&[(inside(Person), 0.9), (OUTSIDE, 0.06), (begin(Person), 0.04)]),
            scores(&[(begin(Person), 0.6), (inside(Person), 0.4)]),
            scores(&[(inside(Person), 0.9), (OUTSIDE, 0.1)]),
            scores(&[(begin(Place), 1.0)]),
        ];
        let found = names(&row);
        let places: Vec<_> = found.iter().map(|name| (name.first, name.last, name.kind)).collect();
        assert_eq!(places, [(1, 2, Person), (3, 3, Place)]);
        assert!((found[0].probability - 0.9_f32.sqrt()).abs() < 1e-3, "{found:?}");
        assert_eq!(names(&[]), []);
    }
}
