//! Labels as corpora spell them, and what they stand for here.

use std::collections::BTreeMap;

use serde::Serialize;

/// Type of a name, as CoNLL counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    #[serde(rename = "PER")]
    Person,
    #[serde(rename = "ORG")]
    Organization,
    #[serde(rename = "LOC")]
    Place,
    /// Events and other names.
    #[serde(rename = "MISC")]
    Misc,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Person, Self::Organization, Self::Place, Self::Misc];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PER",
            Self::Organization => "ORG",
            Self::Place => "LOC",
            Self::Misc => "MISC",
        }
    }
}

/// Where in a name a token stands. IOB writes `B` and `I` alone; others also
/// `E` (or `L`) for the last token and `S` (or `U`, `W`) for the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Begin,
    Inside,
    End,
    Single,
}

/// Label of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    Outside,
    Of(Part, Kind),
}

/// Which labels stand for which type; `None` for what is no name here.
#[derive(Debug, Clone)]
pub struct Labels(BTreeMap<String, Option<Kind>>);

/// A label that nobody said the meaning of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    #[error("label {0:?} is none of O, B-TYPE, I-TYPE, E-TYPE, S-TYPE")]
    Shape(String),
    #[error("type {0:?} is not known: neither PER, ORG, LOC, MISC nor a spelling of theirs")]
    Type(String),
}

/// Spellings of the types, without regard to case.
const KNOWN: [(&str, Option<Kind>); 5] = [
    ("PER PERS PERSON", Some(Kind::Person)),
    ("ORG ORGANIZATION ORGANISATION", Some(Kind::Organization)),
    ("LOC LOCATION PLACE GPE FAC FACILITY", Some(Kind::Place)),
    (
        "MISC MIS MIS0 MIS1 OTHER EVENT EVENTS EVT NORP LAW PRODUCT PROD LANGUAGE WEBSITE WORK_OF_ART WORK",
        Some(Kind::Misc),
    ),
    ("DATE TIME CARDINAL ORDINAL QUANTITY PERCENT MONEY UNIT CURR OCC", None),
];

impl Default for Labels {
    fn default() -> Self {
        let known = KNOWN.iter().flat_map(|(names, kind)| names.split(' ').map(|name| (name.to_owned(), *kind)));
        Self(known.collect())
    }
}

impl Labels {
    /// From now on `label` stands for `kind`, or for no name.
    pub fn set(&mut self, label: &str, kind: Option<Kind>) {
        self.0.insert(label.to_uppercase(), kind);
    }

    /// Reads a label: `O`, or a part and a type joined by a dash.
    ///
    /// # Errors
    /// Where it has another shape, or a type that is not known.
    pub fn read(&self, label: &str) -> Result<Tag, LabelError> {
        if label == "O" {
            return Ok(Tag::Outside);
        }
        let shape = || LabelError::Shape(label.to_owned());
        let (part, kind) = label.split_once('-').ok_or_else(shape)?;
        let part = match part {
            "B" => Part::Begin,
            "I" | "M" => Part::Inside,
            "E" | "L" => Part::End,
            "S" | "U" | "W" => Part::Single,
            _ => return Err(shape()),
        };
        let kind = self.kind(kind)?;
        Ok(kind.map_or(Tag::Outside, |kind| Tag::Of(part, kind)))
    }

    /// The type that a name of one stands for; `None` for what is no name here.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn kind(&self, name: &str) -> Result<Option<Kind>, LabelError> {
        self.0.get(&name.to_uppercase()).copied().ok_or_else(|| LabelError::Type(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_corpora_are_known() {
        let labels = Labels::default();
        for (label, tag) in [
            ("O", Tag::Outside),
            ("B-PERS", Tag::Of(Part::Begin, Kind::Person)),
            ("I-per", Tag::Of(Part::Inside, Kind::Person)),
            ("E-GPE", Tag::Of(Part::End, Kind::Place)),
            ("L-FAC", Tag::Of(Part::End, Kind::Place)),
            ("U-ORG", Tag::Of(Part::Single, Kind::Organization)),
            ("S-EVENT", Tag::Of(Part::Single, Kind::Misc)),
            ("I-DATE", Tag::Outside),
        ] {
            assert_eq!(labels.read(label), Ok(tag), "{label}");
        }
    }

    #[test]
    fn what_is_not_known_is_named_and_can_be_said() {
        let mut labels = Labels::default();
        assert_eq!(labels.read("B-Nation"), Err(LabelError::Type("Nation".to_owned())));
        assert_eq!(labels.read("I-ORG B-PER"), Err(LabelError::Type("ORG B-PER".to_owned())));
        for label in ["", "PER", "X-PER", "b-PER", "-"] {
            assert_eq!(labels.read(label), Err(LabelError::Shape(label.to_owned())));
        }
        labels.set("Nation", Some(Kind::Place));
        labels.set("LAW", None);
        assert_eq!(labels.read("B-nation"), Ok(Tag::Of(Part::Begin, Kind::Place)));
        assert_eq!(labels.read("B-LAW"), Ok(Tag::Outside));
    }
}
