//! What differs between two records of one source, field by field; no client
//! inside.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::record::Record;
use crate::encode::{headers, wire};

/// Where two records differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Key,
    Headers,
    /// A record on one side, a tombstone on the other.
    Tombstone,
    /// Enriched on one side, a dead letter on the other; or another reason.
    DeadLetter,
    Text,
    /// Title, section, lead, byline, credit.
    Metadata,
    Published,
    Language,
    Blocks,
    Entities,
    Dates,
    Removed,
    Degraded,
    Source,
    Fingerprint,
    Id,
    /// Build, model and configuration that made the record.
    Provenance,
    /// Fields that this build does not know, and values that are no record.
    Other,
}

impl Field {
    pub const ALL: [Self; 18] = [
        Self::Key,
        Self::Headers,
        Self::Tombstone,
        Self::DeadLetter,
        Self::Text,
        Self::Metadata,
        Self::Published,
        Self::Language,
        Self::Blocks,
        Self::Entities,
        Self::Dates,
        Self::Removed,
        Self::Degraded,
        Self::Source,
        Self::Fingerprint,
        Self::Id,
        Self::Provenance,
        Self::Other,
    ];
}

/// How a thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Added,
    Removed,
    /// Of an entity: another type.
    Retyped,
    /// Of an entity: another name or identifier.
    Relinked,
    /// Of an entity: other places in the text.
    Mentions,
    /// Of an entity: other salience or confidence.
    Scores,
    /// Of entities: another order alone.
    Order,
    Changed,
}

/// One difference, `before` on side a and `after` on side b.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    pub field: Field,
    pub kind: Kind,
    /// What it is about: an entity's name, a date's words, a field's name.
    pub what: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    /// The name it is counted by, such as `entities.added`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.kind {
            Kind::Changed => name(&self.field),
            kind => format!("{}.{}", name(&self.field), name(&kind)),
        }
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|field| name(field) == text);
        known.ok_or_else(|| format!("{text:?} is none of {}", Self::ALL.map(|field| name(&field)).join(", ")))
    }
}

/// The name that serde gives, so that it is written once.
pub(super) fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

/// Every difference between two records, sorted; empty only where key, value
/// and headers are the same bytes.
#[must_use]
pub fn compare(a: &Record, b: &Record) -> Vec<Change> {
    let mut changes = Changes(Vec::new());
    if a.key != b.key {
        changes.of(Field::Key, "key", bytes(a.key.as_deref()), bytes(b.key.as_deref()));
    }
    if a.reason() != b.reason() {
        // The value of a dead letter is the input's: there is nothing to compare.
        let reason = |record: &Record| record.reason().map(str::to_owned);
        changes.of(Field::DeadLetter, "reason", reason(a), reason(b));
        return changes.0;
    }
    header_fields(a, b, &mut changes);
    match (&a.value, &b.value) {
        (Some(a), Some(b)) if a != b => values(a, b, &mut changes),
        (None, Some(_)) => changes.of(Field::Tombstone, "value", None, Some("a record".to_owned())),
        (Some(_), None) => changes.of(Field::Tombstone, "value", Some("a record".to_owned()), None),
        _ => {}
    }
    changes.0.sort();
    changes.0
}

struct Changes(Vec<Change>);

impl Changes {
    /// Added where there is no before, removed where there is no after.
    fn of(&mut self, field: Field, what: &str, before: Option<String>, after: Option<String>) {
        let kind = match (&before, &after) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            _ => Kind::Changed,
        };
        self.push(field, kind, what, before, after);
    }

    fn push(&mut self, field: Field, kind: Kind, what: &str, before: Option<String>, after: Option<String>) {
        self.0.push(Change { field, kind, what: what.to_owned(), before, after });
    }
}

fn bytes(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn header_fields(a: &Record, b: &Record, changes: &mut Changes) {
    if a.headers == b.headers {
        return;
    }
    let before = changes.0.len();
    let by_name = |record: &Record| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &record.headers {
            all.entry(name.clone()).or_default().push(bytes(value.as_deref()).unwrap_or_default());
        }
        all
    };
    let (from, to) = (by_name(a), by_name(b));
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let (from, to) = (from.get(name), to.get(name));
        if from != to {
            let field = if name == headers::VERSION { Field::Provenance } else { Field::Headers };
            changes.of(field, name, from.map(|all| all.join(", ")), to.map(|all| all.join(", ")));
        }
    }
    if changes.0.len() == before {
        changes.push(Field::Headers, Kind::Order, "headers", None, None);
    }
}

fn values(a: &[u8], b: &[u8], changes: &mut Changes) {
    let before = changes.0.len();
    let ((old, a), (new, b)) = (wire::split(a), wire::split(b));
    if old != new {
        let shown = |id: Option<u32>| id.map(|id| id.to_string());
        changes.of(Field::Provenance, "schema identifier", shown(old), shown(new));
    }
    let (from, to) = (serde_json::from_slice::<Value>(a), serde_json::from_slice::<Value>(b));
    let (Ok(Value::Object(from)), Ok(Value::Object(to))) = (from, to) else {
        // Shown as hashes: the bytes may be anything.
        let hash =
            |value: &[u8]| Some(format!("{} bytes, xxh3 {:016x}", value.len(), xxhash_rust::xxh3::xxh3_64(value)));
        return changes.of(Field::Other, "value", hash(a), hash(b));
    };
    let same_text = from.get("text") == to.get("text");
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let (from, to) = (from.get(name), to.get(name));
        if from == to {
            continue;
        }
        match (name.as_str(), from, to) {
            ("entities", Some(Value::Array(from)), Some(Value::Array(to))) => {
                entities(from, to, same_text, changes);
            }
            ("dates", Some(Value::Array(from)), Some(Value::Array(to))) => dates(from, to, changes),
            (name, from, to) => changes.of(field(name), name, shown(from), shown(to)),
        }
    }
    if changes.0.len() == before {
        changes.push(Field::Other, Kind::Order, "the bytes alone: order of fields, spaces, or escapes", None, None);
    }
}

fn field(name: &str) -> Field {
    match name {
        "text" => Field::Text,
        "title" | "section" | "lead" | "byline" | "credit" | "canonical_url" => Field::Metadata,
        "published" => Field::Published,
        "language" => Field::Language,
        "blocks" => Field::Blocks,
        "entities" | "tagged" => Field::Entities,
        "dates" => Field::Dates,
        "removed" => Field::Removed,
        "degraded" => Field::Degraded,
        "source" => Field::Source,
        "fingerprint" => Field::Fingerprint,
        "id" => Field::Id,
        "provenance" => Field::Provenance,
        _ => Field::Other,
    }
}

/// A text as it is, all else as JSON; letters are never escaped.
fn shown(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The identifier that an entity is linked to.
fn linked_to(entity: &Value) -> Option<String> {
    ["user_id", "qid", "geonames"].into_iter().find_map(|id| Some(format!("{id} {}", shown(entity.get(id))?)))
}

/// An entity in words: its type, its name, what it is linked to.
fn described(entity: &Value) -> String {
    let id = linked_to(entity).map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{} {}{id}", text(entity, "type"), text(entity, "name"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Pairs of entities that are taken to be the same thing, by index.
///
/// By type and identifier (the name, where there is none), then by either
/// alone, then, in the same text, by a place that both name. Each step pairs the first with the first,
/// the second with the second, so it does not matter which side is which.
fn pairs(a: &[Value], b: &[Value], same_text: bool) -> Vec<(Option<usize>, Option<usize>)> {
    let mut left: BTreeSet<usize> = (0..a.len()).collect();
    let mut right: BTreeSet<usize> = (0..b.len()).collect();
    let mut pairs = Vec::new();
    let mut pair_by = |keys: &dyn Fn(&Value) -> Vec<String>| {
        let index = |side: &[Value], open: &BTreeSet<usize>| {
            let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for at in open {
                for key in side.get(*at).map(keys).unwrap_or_default() {
                    by_key.entry(key).or_default().push(*at);
                }
            }
            by_key
        };
        let (of_a, of_b) = (index(a, &left), index(b, &right));
        for (key, from) in of_a {
            let Some(to) = of_b.get(&key) else { continue };
            // Both sides see the same keys in the same order, so what is taken
            // before is taken for both.
            let from: Vec<usize> = from.into_iter().filter(|at| left.contains(at)).collect();
            let to: Vec<usize> = to.iter().copied().filter(|at| right.contains(at)).collect();
            for (from, to) in from.into_iter().zip(to) {
                left.remove(&from);
                right.remove(&to);
                pairs.push((Some(from), Some(to)));
            }
        }
    };
    pair_by(&|entity| {
        let id = linked_to(entity).unwrap_or_else(|| text(entity, "name").to_owned());
        vec![format!("{} {id}", text(entity, "type"))]
    });
    pair_by(&|entity| linked_to(entity).into_iter().collect());
    pair_by(&|entity| vec![text(entity, "name").to_owned()]);
    if same_text {
        pair_by(&|entity| places(entity));
    }
    pairs.extend(left.into_iter().map(|at| (Some(at), None)));
    pairs.extend(right.into_iter().map(|at| (None, Some(at))));
    pairs
}

/// Where an entity is named, so that keys sort as the text runs.
fn places(entity: &Value) -> Vec<String> {
    let place = |mention: &Value| {
        Some(format!("{:010}-{:010}", mention.get("start")?.as_u64()?, mention.get("end")?.as_u64()?))
    };
    entity.get("mentions").and_then(Value::as_array).into_iter().flatten().filter_map(place).collect()
}

fn entities(a: &[Value], b: &[Value], same_text: bool, changes: &mut Changes) {
    let before = changes.0.len();
    for (from, to) in pairs(a, b, same_text) {
        match (from.and_then(|at| a.get(at)), to.and_then(|at| b.get(at))) {
            (Some(from), Some(to)) => entity(from, to, changes),
            (from, to) => {
                let Some(name) = from.or(to).map(|entity| text(entity, "name")) else { continue };
                changes.of(Field::Entities, name, from.map(described), to.map(described));
            }
        }
    }
    if changes.0.len() == before {
        changes.push(Field::Entities, Kind::Order, "entities", None, None);
    }
}

/// Two that are taken to be the same thing.
fn entity(a: &Value, b: &Value, changes: &mut Changes) {
    let differs = |names: &[&str]| names.iter().any(|name| a.get(name) != b.get(name));
    // Of two names the smaller: the same whichever side is which.
    let name = text(a, "name").min(text(b, "name")).to_owned();
    let mut push = |kind, shown: &dyn Fn(&Value) -> String| {
        changes.push(Field::Entities, kind, &name, Some(shown(a)), Some(shown(b)));
    };
    if differs(&["type"]) {
        push(Kind::Retyped, &described);
    }
    if differs(&["name", "user_id", "qid", "geonames", "country"]) {
        push(Kind::Relinked, &|entity| {
            let ids = ["user_id", "qid", "geonames", "country"].into_iter();
            let ids: Vec<String> = ids.filter_map(|id| Some(format!("{id} {}", shown(entity.get(id))?))).collect();
            let ids = if ids.is_empty() { "not linked".to_owned() } else { ids.join(", ") };
            format!("{} ({ids})", text(entity, "name"))
        });
    }
    if differs(&["mentions"]) {
        push(Kind::Mentions, &|entity| {
            let mention = |mention: &Value| {
                let number = |name: &str| mention.get(name).and_then(Value::as_u64).unwrap_or_default();
                format!("{} [{}–{}, {}]", text(mention, "text"), number("start"), number("end"), text(mention, "how"))
            };
            let mentions = entity.get("mentions").and_then(Value::as_array).into_iter().flatten();
            mentions.map(mention).collect::<Vec<_>>().join("; ")
        });
    }
    if differs(&["salience", "confidence"]) {
        push(Kind::Scores, &|entity| {
            let score = |name: &str| shown(entity.get(name)).unwrap_or_default();
            format!("salience {}, confidence {}", score("salience"), score("confidence"))
        });
    }
}

fn dates(a: &[Value], b: &[Value], changes: &mut Changes) {
    let before = changes.0.len();
    // A date is its words and which of those with these words it is.
    let by_words = |dates: &[Value]| {
        let mut all: BTreeMap<(String, usize), Value> = BTreeMap::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for date in dates {
            let nth = seen.entry(text(date, "text").to_owned()).or_default();
            all.insert((text(date, "text").to_owned(), *nth), date.clone());
            *nth += 1;
        }
        all
    };
    let (from, to) = (by_words(a), by_words(b));
    let words: BTreeSet<_> = from.keys().chain(to.keys()).collect();
    let value = |date: &Value| {
        let number = |name: &str| date.get(name).and_then(Value::as_u64).unwrap_or_default();
        let (value, by) = (text(date, "value"), text(date, "resolved_by"));
        format!("{value} ({}, by {by}) [{}–{}]", text(date, "calendar"), number("start"), number("end"))
    };
    for key in words {
        let (from, to) = (from.get(key), to.get(key));
        if from != to {
            changes.of(Field::Dates, &key.0, from.map(value), to.map(value));
        }
    }
    if changes.0.len() == before {
        changes.push(Field::Dates, Kind::Order, "dates", None, None);
    }
}

#[cfg(test)]
mod tests;
