use serde::{Deserialize, Serialize};

use super::{DisplaySpan, Published};

/// What the tagger found in a text. Positions are bytes of the display text.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    pub tagged: Tagged,
    /// In the order of their first mention.
    pub entities: Vec<Entity>,
    /// In the order of the text.
    pub dates: Vec<DateMention>,
    /// The publication date: what was handed in, or what the text itself tells.
    pub published: Option<Published>,
    /// When the text itself says that it was changed.
    pub modified: Option<Published>,
}

/// How much of the tagger a text was given to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tagged {
    /// Nothing: what has no entity here may name many.
    #[default]
    None,
    /// Lists of names and dates: a language that the rest does not know.
    Gazetteer,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    Person,
    Organization,
    Place,
    Event,
    Other,
}

impl EntityType {
    pub const ALL: [Self; 5] = [Self::Person, Self::Organization, Self::Place, Self::Event, Self::Other];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
            Self::Place => "place",
            Self::Event => "event",
            Self::Other => "other",
        }
    }
}

/// One thing and every place where the text names it.
#[derive(Debug, Clone)]
pub struct Entity {
    pub kind: EntityType,
    /// Canonical name, without clitics.
    pub name: String,
    /// Identifier of a user gazetteer.
    pub user_id: Option<String>,
    /// Wikidata, such as `Q796`.
    pub qid: Option<String>,
    pub geonames: Option<u32>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// 0 to 1.
    pub salience: f32,
    /// 0 to 1.
    pub confidence: f32,
    /// In the order of the text, without overlap.
    pub mentions: Vec<Mention>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    pub span: DisplaySpan,
    pub how: How,
}

/// How a mention was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Model,
    Gazetteer,
    /// A shorter or other form of a name given in full elsewhere in the article.
    Alias,
    /// The SHORT of LONG (SHORT), or the other way round.
    Acronym,
    /// A pattern of words: a title before a name, a head word of an organization.
    Rule,
}

/// A date in the text and the value it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateMention {
    pub span: DisplaySpan,
    /// ISO 8601: a date, `start/end` for a range, or a partial date; always
    /// Gregorian. `XXXX-01-25` (EDTF) where nothing tells the year.
    pub value: String,
    /// What the text counts by: `gregorian`, `hijri` or `persian`.
    pub calendar: &'static str,
    /// What decided: `explicit` (the text says all of it), `publication`,
    /// `weekday` (between years), `context` (other dates of the text), `none`
    /// (the year stays open).
    pub resolved_by: &'static str,
}
