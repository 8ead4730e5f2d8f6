//! Reading of the lists that a gazetteer is compiled from.
//!
//! A list is tab-separated text; its first line names the columns and thereby
//! says what the list is.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::Language;
use super::layout::{Class, flag};
use crate::letters;
use crate::record::EntityType;

/// Names of lists and their text, in the order of the names.
pub type Sources = BTreeMap<String, String>;

/// How the names of lists begin that were written for this project.
pub(super) const OURS: &str = "curated";

/// A line of a list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{list}, line {line}: {message}")]
pub struct BuildError {
    pub list: String,
    pub line: usize,
    pub message: String,
}

const NAMES: &str = "names\tkind\tclass\tcountry\tqid\tgeonames\tweight";
const UNITS: &str = "word\tgiven\tsurname";
const WORDS: &str = "word\tzipf\tp_person\tp_place\tp_organization\tp_other\tperson\tplace\torganization\tother\tnone";
const EVIDENCE: &str = "name\tperson\tplace\torganization\tother\tinside\tnone";
const NATIONALITIES: &str = "word\tcountry";
const LEXICON: &str = "class\twords";
const TOKENS: &str = "word";
/// How the columns of a table begin that says what other languages call a thing:
/// a code of a language for each of the others.
const CALLED: &str = "thing\t";

/// A row of a list of names.
#[derive(Debug, Clone)]
pub(super) struct NameRow {
    pub names: Vec<Name>,
    pub thing: ThingRow,
}

#[derive(Debug, Clone)]
pub(super) struct Name {
    pub text: String,
    /// Of our own lists, which are trusted more.
    pub trusted: bool,
    /// The one language in whose texts it is looked for; else in all.
    pub language: Option<Language>,
}

/// Reads a row of a list: the number of its line, and its fields.
type ReadRow<'a> = Box<dyn Fn(&mut Lists, usize, &[&str]) -> Result<(), String> + 'a>;

/// What another language calls a thing of our own lists.
#[derive(Debug)]
struct Called {
    list: String,
    line: usize,
    thing: String,
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ThingRow {
    pub kind: EntityType,
    pub class: Class,
    pub country: [u8; 2],
    pub qid: u32,
    pub geonames: u32,
    pub weight: u32,
    pub name: Option<String>,
    pub user_id: Option<String>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    /// Person, place, organization, other.
    pub hits: [f32; 4],
    pub inside: f32,
    pub none: f32,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct WordRow {
    pub zipf: f32,
    /// What a tagger thinks of the word alone, by type, 0 to 1.
    pub prior: Option<[f32; 4]>,
    pub counts: Counts,
    pub given: u32,
    pub surname: u32,
    pub flags: u16,
}

#[derive(Debug, Default)]
pub(super) struct Lists {
    pub words: BTreeMap<String, WordRow>,
    pub evidence: FxHashMap<String, Counts>,
    pub names: Vec<NameRow>,
    called: Vec<Called>,
}

impl Lists {
    pub(super) fn read(&mut self, list: &str, text: &str) -> Result<(), BuildError> {
        let error = |line: usize, message: String| BuildError { list: list.to_owned(), line, message };
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let head = lines.next().map_or("", |(_, line)| line);
        let ours = list.starts_with(OURS);
        // `names:fa` are names of one language.
        let (language, columns_of) = match head.strip_prefix("names:").and_then(|rest| rest.split_once('\t')) {
            Some((code, rest)) => (Language::of(code), format!("names\t{rest}")),
            None => (None, head.to_owned()),
        };
        let languages: Option<Vec<Language>> =
            head.strip_prefix(CALLED).and_then(|codes| codes.split('\t').map(Language::of).collect());
        let read: ReadRow<'_> = match (columns_of.as_str(), languages) {
            (NAMES, _) if language.is_some() || columns_of == head => {
                Box::new(move |lists, _, fields| lists.name(fields, ours, language))
            }
            (UNITS, _) => Box::new(|lists, _, fields| lists.unit(fields)),
            (WORDS, _) => Box::new(|lists, _, fields| lists.word(fields)),
            (EVIDENCE, _) => Box::new(|lists, _, fields| lists.evidence(fields)),
            (NATIONALITIES, _) => Box::new(|lists, _, fields| {
                lists.nationality(fields);
                Ok(())
            }),
            (LEXICON, _) => Box::new(|lists, _, fields| lists.lexicon(fields)),
            (TOKENS, _) => Box::new(|lists, _, fields| {
                lists.token(fields);
                Ok(())
            }),
            (_, Some(languages)) => Box::new(move |lists, line, fields| {
                lists.called(list, line, fields, &languages);
                Ok(())
            }),
            _ => {
                return Err(error(
                    1,
                    format!("unknown columns {head:?}: see models/README.md for the lists there are"),
                ));
            }
        };
        let columns = head.split('\t').count();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let mut fields: Vec<&str> = line.split('\t').collect();
            if fields.len() > columns {
                return Err(error(number, format!("{} columns where {columns} are named", fields.len())));
            }
            fields.resize(columns, "");
            read(self, number, &fields).map_err(|message| error(number, message))?;
        }
        Ok(())
    }

    fn row(&mut self, word: &str) -> &mut WordRow {
        self.words.entry(letters::fold(word)).or_default()
    }

    fn name(&mut self, fields: &[&str], ours: bool, language: Option<Language>) -> Result<(), String> {
        let kind = EntityType::ALL.into_iter().find(|kind| kind.as_str() == fields[1]);
        let kind =
            kind.ok_or_else(|| format!("kind {:?} is none of person, organization, place, event, other", fields[1]))?;
        let class = Class::named(fields[2]).ok_or_else(|| format!("class {:?} is unknown", fields[2]))?;
        let country = match fields[3].as_bytes() {
            [] => [0; 2],
            &[first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => [first, second],
            _ => return Err(format!("country {:?} is no code of two capital letters", fields[3])),
        };
        let qid = number(fields[4].strip_prefix('Q').unwrap_or(fields[4]))?;
        let (geonames, weight) = (number(fields[5])?, number(fields[6])?);
        let trusted = ours || class == Class::Country;
        let names = fields[0].split('|').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<Name> = names.map(|name| Name { text: name.to_owned(), trusted, language }).collect();
        let name = names.first().filter(|_| trusted && language.is_none()).map(|name| name.text.clone());
        let thing = ThingRow { kind, class, country, qid, geonames, weight, name, user_id: None };
        self.names.push(NameRow { names, thing });
        Ok(())
    }

    fn unit(&mut self, fields: &[&str]) -> Result<(), String> {
        let (given, surname) = (number(fields[1])?, number(fields[2])?);
        let row = self.row(fields[0]);
        (row.given, row.surname) = (given, surname);
        Ok(())
    }

    fn word(&mut self, fields: &[&str]) -> Result<(), String> {
        let numbers = fields[1..].iter().map(|field| float(field)).collect::<Result<Vec<_>, _>>()?;
        let prior = !fields[2].is_empty();
        let row = self.row(fields[0]);
        let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
        row.zipf = at(0);
        // The tagger's surest label of a word alone is near 88 per cent.
        row.prior = prior.then(|| [1, 2, 3, 4].map(|index| (at(index) / 86.0).min(1.0)));
        row.counts = Counts { hits: [at(5), at(6), at(7), at(8)], inside: 0.0, none: at(9) };
        Ok(())
    }

    fn evidence(&mut self, fields: &[&str]) -> Result<(), String> {
        let numbers = fields[1..].iter().map(|field| float(field)).collect::<Result<Vec<_>, _>>()?;
        let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
        let counts = Counts { hits: [at(0), at(1), at(2), at(3)], inside: at(4), none: at(5) };
        self.evidence.insert(letters::fold(fields[0]), counts);
        Ok(())
    }

    fn nationality(&mut self, fields: &[&str]) {
        for article in ["", "ال"] {
            self.row(&format!("{article}{}", fields[0])).flags |= flag::NATIONALITY;
        }
    }

    fn lexicon(&mut self, fields: &[&str]) -> Result<(), String> {
        let flags = match fields[0] {
            "title" => flag::TITLE,
            "head" => flag::HEAD,
            "weakhead" => flag::WEAK_HEAD,
            "site" => flag::SITE,
            "media" => flag::MEDIA,
            "event" => flag::EVENT,
            "place" => flag::PLACE,
            "nationality" => flag::NATIONALITY,
            "stop" => flag::STOP,
            "speech" => flag::SPEECH,
            "joint" => flag::JOINT,
            "inner" => flag::INNER,
            "qualifier" => flag::QUALIFIER,
            "whole" => flag::WHOLE,
            "locative" => flag::LOCATIVE,
            other => return Err(format!("word class {other:?} is unknown")),
        };
        for word in fields[1].split_whitespace() {
            self.row(word).flags |= flags;
        }
        Ok(())
    }

    fn token(&mut self, fields: &[&str]) {
        self.row(fields[0]).flags |= flag::NAME_TOKEN;
    }
}

impl Lists {
    fn called(&mut self, list: &str, line: usize, fields: &[&str], languages: &[Language]) {
        let names = fields.iter().skip(1).zip(languages).flat_map(|(names, &language)| {
            let names = names.split('|').map(str::trim).filter(|name| !name.is_empty());
            names.map(move |name| Name { text: name.to_owned(), trusted: true, language: Some(language) })
        });
        let thing = fields.first().copied().unwrap_or_default().to_owned();
        self.called.push(Called { list: list.to_owned(), line, thing, names: names.collect() });
    }

    /// Gives the things of our own lists, by the name they go by, what other languages
    /// call them.
    pub(super) fn call(&mut self) -> Result<(), BuildError> {
        let mut known: FxHashMap<&str, usize> = FxHashMap::default();
        for (index, row) in self.names.iter().enumerate() {
            if let Some(name) = &row.thing.name {
                known.entry(name).or_insert(index);
            }
        }
        let mut found = Vec::new();
        for called in std::mem::take(&mut self.called) {
            let Some(index) = known.get(called.thing.as_str()) else {
                let message = format!("{:?} is the first name of no thing in our own lists", called.thing);
                return Err(BuildError { list: called.list, line: called.line, message });
            };
            found.push((*index, called.names));
        }
        for (index, names) in found {
            if let Some(row) = self.names.get_mut(index) {
                row.names.extend(names);
            }
        }
        Ok(())
    }
}

/// One thing per identifier: a list with the Wikidata number and a list with
/// the population tell of the same city.
pub(super) fn merge(rows: Vec<NameRow>) -> Vec<NameRow> {
    let mut merged: Vec<NameRow> = Vec::new();
    let (mut by_qid, mut by_geonames) = (FxHashMap::default(), FxHashMap::default());
    let mut ours = FxHashMap::default();
    for row in rows {
        let (qid, geonames) = (row.thing.qid, row.thing.geonames);
        let found =
            by_qid.get(&qid).filter(|_| qid > 0).or_else(|| by_geonames.get(&geonames).filter(|_| geonames > 0));
        let index = found.copied().or_else(|| same_place(&merged, &ours, &row)).unwrap_or(merged.len());
        match merged.get_mut(index) {
            Some(known) if known.thing.kind == row.thing.kind => {
                known.thing.absorb(&row.thing);
                known.names.extend(row.names);
            }
            Some(_) => continue,
            None => {
                if row.thing.name.is_some() && row.thing.kind == EntityType::Place {
                    ours.extend(row.names.iter().map(|name| ((letters::fold(&name.text), row.thing.country), index)));
                }
                merged.push(row);
            }
        }
        if qid > 0 {
            by_qid.insert(qid, index);
        }
        if geonames > 0 {
            by_geonames.insert(geonames, index);
        }
    }
    merged
}

/// A place of our own lists by name, country and size: the first of the other
/// lists that fits is the same.
fn same_place(merged: &[NameRow], ours: &FxHashMap<(String, [u8; 2]), usize>, row: &NameRow) -> Option<usize> {
    let large = |class: Class| matches!(class, Class::Region | Class::County | Class::Area | Class::Country);
    let agree = |one: u32, other: u32| one == other || one == 0 || other == 0;
    let mut found =
        row.names.iter().filter_map(|name| ours.get(&(letters::fold(&name.text), row.thing.country)).copied());
    found.find(|index| {
        merged.get(*index).is_some_and(|known| {
            let (known, thing) = (&known.thing, &row.thing);
            known.kind == thing.kind
                && large(known.class) == large(thing.class)
                && agree(known.qid, thing.qid)
                && agree(known.geonames, thing.geonames)
        })
    })
}

impl ThingRow {
    fn absorb(&mut self, other: &Self) {
        let sure = |class: Class| class.base();
        if sure(other.class) > sure(self.class) && self.name.is_none() {
            self.class = other.class;
        }
        if self.country == [0; 2] {
            self.country = other.country;
        }
        self.qid = self.qid.max(other.qid * u32::from(self.qid == 0));
        self.geonames = self.geonames.max(other.geonames * u32::from(self.geonames == 0));
        self.weight = self.weight.max(other.weight);
        if self.name.is_none() {
            self.name.clone_from(&other.name);
        }
    }
}

fn number(field: &str) -> Result<u32, String> {
    if field.is_empty() {
        return Ok(0);
    }
    field.parse().map_err(|_| format!("{field:?} is no whole number"))
}

fn float(field: &str) -> Result<f32, String> {
    if field.is_empty() {
        return Ok(0.0);
    }
    field.parse().map_err(|_| format!("{field:?} is no number"))
}
