//! What a model says of each word: log probabilities of one set of labels,
//! whatever the model calls its own.

use crate::record::EntityType;
use crate::tag::labels::{LABELS, OUTSIDE, Row, begin, inside};

/// Of a label that the model has and does not mean at all.
const NEVER: f32 = -30.0;

/// Where each label of a model belongs. `O` and what stands for no type are
/// outside; `B-` and `I-` as usual, and a type alone is both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels {
    places: Vec<(usize, Option<usize>)>,
    /// For each of our labels, the one that speaks for it.
    instead: [usize; LABELS],
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
        let places = names.iter().map(place).collect::<Result<Vec<_>, String>>()?;
        let has = |kind: EntityType| {
            let of = |label: usize| label == begin(kind) || label == inside(kind);
            places.iter().any(|(one, other)| of(*one) || other.is_some_and(of))
        };
        let mut instead = std::array::from_fn(|label| label);
        for kind in EntityType::ALL.into_iter().filter(|kind| !has(*kind)) {
            let other = has(EntityType::Other);
            for label in [begin, inside] {
                instead[label(kind)] = if other { label(EntityType::Other) } else { OUTSIDE };
            }
        }
        Ok(Self { places, instead })
    }

    /// Those of a model whose labels are taken at their word: a type alone is the
    /// inside of a name, which begins where another label was before it, and what
    /// the model has no label for it never says.
    #[cfg(feature = "mount")]
    pub(super) fn taken(names: &[String], kind: impl Fn(&str) -> Option<Option<EntityType>>) -> Result<Self, String> {
        let labels = Self::new(names, kind)?;
        let places = labels.places.into_iter().map(|(one, inside)| (inside.unwrap_or(one), None)).collect();
        Ok(Self { places, instead: std::array::from_fn(|label| label) })
    }

    /// Numbers of a model's own labels → log probabilities of ours. A type that
    /// the model does not have is as likely as what it calls other, or nothing.
    pub(super) fn scores(&self, logits: &[f32]) -> Row<f32> {
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
        let logs = sums.map(|sum| super::math::ln(sum / all).max(NEVER));
        std::array::from_fn(|label| logs[self.instead.get(label).copied().unwrap_or(label)])
    }
}

/// The usual names of types, in upper or lower case.
pub(super) fn usual(name: &str) -> Option<Option<EntityType>> {
    Some(Some(match name.to_ascii_uppercase().as_str() {
        "O" => return Some(None),
        // Of OntoNotes and Wojood: no names.
        "NORP" | "OCC" | "LANGUAGE" | "DATE" | "TIME" | "MONEY" | "CURR" | "PERCENT" | "QUANTITY" | "UNIT"
        | "CARDINAL" | "ORDINAL" => return Some(None),
        "PER" | "PERS" | "PERSON" | "PEOPLE" => EntityType::Person,
        "ORG" | "ORGANIZATION" | "ORGANISATION" | "NORP_ORG" | "CORPORATION" | "CORP" | "GROUP" => {
            EntityType::Organization
        }
        "LOC" | "LOCATION" | "GPE" | "FAC" | "PLACE" => EntityType::Place,
        "EVENT" | "EVE" => EntityType::Event,
        "MISC" | "OTHER" | "PRODUCT" | "PROD" | "WORK_OF_ART" | "CREATIVE-WORK" | "LAW" | "WEBSITE" | "VEH" | "WEA" => {
            EntityType::Other
        }
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntityType::{Organization, Person, Place};

    #[test]
    fn labels_are_read_by_any_of_their_names() {
        let names = ["O", "B-PERS", "I-PER", "LOC", "B-FOLK"].map(str::to_owned);
        let kind = |name: &str| if name == "FOLK" { Some(None) } else { usual(name) };
        let labels = Labels::new(&names, kind).unwrap();
        let scores = labels.scores(&[0.0, 1.0, 2.0, 3.0, 0.5]);
        let total: f64 = [0.0, 1.0, 2.0, 3.0, 0.5].map(f64::exp).iter().sum();
        let near = |label: usize, weight: f64| assert!((f64::from(scores[label]) - (weight / total).ln()).abs() < 1e-4);
        near(OUTSIDE, 1.0 + 0.5_f64.exp());
        near(begin(Person), 1.0_f64.exp());
        near(inside(Person), 2.0_f64.exp());
        near(begin(Place), 3.0_f64.exp() / 2.0);
        near(inside(Place), 3.0_f64.exp() / 2.0);
        // Of what it has no label for it says nothing.
        assert_eq!(scores[begin(Organization)].to_bits(), scores[OUTSIDE].to_bits());
        assert_eq!(Labels::new(&["O".to_owned(), "B-XYZ".to_owned()], usual), Err("B-XYZ".to_owned()));
    }
}
