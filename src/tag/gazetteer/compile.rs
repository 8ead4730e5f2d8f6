//! Lists in, gazetteer bytes out: pure, and the same bytes on each run.
//!
//! A list is tab-separated text; its first line names the columns and thereby
//! says what the list is. What a name is worth in running text is worked out
//! here once: from the class of the thing, the frequency of the word and how
//! often labelled text that holds the words means the name.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::layout::{Class, Facts, Header, LAST, NONE, byte, edge_hash, flag, high, low};
use crate::letters;
use crate::record::EntityType;

/// Names of lists and their text, in the order of the names.
pub type Sources = BTreeMap<String, String>;

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

/// Longest name, in words: what is longer is a description.
const MAX_WORDS: usize = 12;
/// Things that one name may stand for.
const MAX_ENTRIES: usize = 6;
/// A name that is meant less often than this is not worth its place.
const MIN_STRENGTH: f32 = 0.06;

/// Compiles all lists into one gazetteer.
pub fn build(sources: &Sources) -> Result<Vec<u8>, BuildError> {
    let mut lists = Lists::default();
    for (list, text) in sources {
        lists.read(list, text)?;
    }
    Ok(lists.compile())
}

/// A row of a list of names.
#[derive(Debug, Clone)]
pub(super) struct NameRow {
    pub names: Vec<String>,
    pub thing: ThingRow,
    /// The lists' own spelling is what the thing goes by.
    pub canonical: bool,
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
struct Counts {
    /// Person, place, organization, other.
    hits: [f32; 4],
    inside: f32,
    none: f32,
}

#[derive(Debug, Default, Clone, Copy)]
struct WordRow {
    zipf: f32,
    /// What a tagger thinks of the word alone, by type, 0 to 1.
    prior: Option<[f32; 4]>,
    counts: Counts,
    given: u32,
    surname: u32,
    flags: u16,
}

#[derive(Debug, Default)]
struct Lists {
    words: BTreeMap<String, WordRow>,
    evidence: FxHashMap<String, Counts>,
    names: Vec<NameRow>,
}

impl Lists {
    fn read(&mut self, list: &str, text: &str) -> Result<(), BuildError> {
        let error = |line: usize, message: String| BuildError { list: list.to_owned(), line, message };
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let head = lines.next().map_or("", |(_, line)| line);
        let read: fn(&mut Self, &[&str], bool) -> Result<(), String> = match head {
            NAMES => Self::name,
            UNITS => Self::unit,
            WORDS => Self::word,
            EVIDENCE => Self::evidence,
            NATIONALITIES => Self::nationality,
            LEXICON => Self::lexicon,
            TOKENS => Self::token,
            _ => {
                return Err(error(
                    1,
                    format!("unknown columns {head:?}: see models/README.md for the lists there are"),
                ));
            }
        };
        let columns = head.split('\t').count();
        let ours = list.starts_with("curated");
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let mut fields: Vec<&str> = line.split('\t').collect();
            if fields.len() > columns {
                return Err(error(number, format!("{} columns where {columns} are named", fields.len())));
            }
            fields.resize(columns, "");
            read(self, &fields, ours).map_err(|message| error(number, message))?;
        }
        Ok(())
    }

    fn row(&mut self, word: &str) -> &mut WordRow {
        self.words.entry(letters::fold(word)).or_default()
    }

    fn name(&mut self, fields: &[&str], ours: bool) -> Result<(), String> {
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
        let names: Vec<String> =
            fields[0].split('|').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let canonical = ours || class == Class::Country;
        let name = names.first().filter(|_| canonical).cloned();
        let thing = ThingRow { kind, class, country, qid, geonames, weight, name, user_id: None };
        self.names.push(NameRow { names, thing, canonical });
        Ok(())
    }

    fn unit(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
        let (given, surname) = (number(fields[1])?, number(fields[2])?);
        let row = self.row(fields[0]);
        (row.given, row.surname) = (given, surname);
        Ok(())
    }

    fn word(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
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

    fn evidence(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
        let numbers = fields[1..].iter().map(|field| float(field)).collect::<Result<Vec<_>, _>>()?;
        let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
        let counts = Counts { hits: [at(0), at(1), at(2), at(3)], inside: at(4), none: at(5) };
        self.evidence.insert(letters::fold(fields[0]), counts);
        Ok(())
    }

    fn nationality(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
        for article in ["", "ال"] {
            self.row(&format!("{article}{}", fields[0])).flags |= flag::NATIONALITY;
        }
        Ok(())
    }

    fn lexicon(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
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

    fn token(&mut self, fields: &[&str], _: bool) -> Result<(), String> {
        self.row(fields[0]).flags |= flag::NAME_TOKEN;
        Ok(())
    }

    fn compile(self) -> Vec<u8> {
        let mut builder = Builder::default();
        for (word, row) in &self.words {
            builder.word(word, row.facts());
        }
        for row in merge(self.names.clone()) {
            let folded: BTreeSet<String> = row.names.iter().flat_map(|name| spellings(name)).collect();
            let mut named = Vec::new();
            for name in &folded {
                let words: Vec<&str> = split(name);
                let strength = self.strength(name, &words, &row);
                if !words.is_empty() && words.len() <= MAX_WORDS && strength >= MIN_STRENGTH {
                    named.push((words, strength));
                }
            }
            if named.is_empty() {
                continue;
            }
            let thing = builder.thing(row.thing.clone());
            for (words, strength) in named {
                builder.name(&words, thing, strength);
            }
        }
        builder.finish()
    }

    /// Chance that the words mean the thing where they are read.
    fn strength(&self, name: &str, words: &[&str], row: &NameRow) -> f32 {
        let column = match row.thing.kind {
            EntityType::Person => 0,
            EntityType::Place => 1,
            EntityType::Organization => 2,
            EntityType::Event | EntityType::Other => 3,
        };
        let mut base = row.thing.class.base();
        if row.thing.kind == EntityType::Place && row.thing.class == Class::City {
            base += match row.thing.weight {
                500_000.. => 0.2,
                100_000.. => 0.12,
                10_000.. => 0.0,
                _ => -0.12,
            };
        }
        if row.canonical && row.thing.kind != EntityType::Place && row.thing.weight > 0 {
            // Our own lists say how sure they are, in per cent.
            #[allow(clippy::cast_precision_loss)]
            return row.thing.weight as f32 / 100.0;
        }
        let counts = self.evidence.get(name).copied().unwrap_or_default();
        let hits = counts.hits.get(column).copied().unwrap_or_default();
        let others = counts.hits.iter().sum::<f32>() - hits;
        if words.len() > 1 {
            let base = base * self.unusual(words, row);
            let trust = if row.canonical { 12.0 } else { 4.0 };
            return (hits + trust * base) / (hits + others * 0.5 + counts.none + trust);
        }
        let word = self.words.get(name).copied().unwrap_or_default();
        let alone = match (row.canonical, word.prior) {
            (true, _) => 1.0,
            (false, Some(prior)) => prior.get(column).copied().unwrap_or_default(),
            (false, None) if word.zipf < 2.6 => 0.8,
            (false, None) => 0.3,
        };
        let known = if word.given > 1 || word.surname > 1 { 0.75 } else { 1.0 };
        let base = if row.canonical { base } else { base * alone * known };
        let trust = if row.canonical { 12.0 } else { 3.0 };
        (hits + trust * base) / (hits + others + counts.inside * 0.5 + counts.none + trust)
    }

    /// Less than 1 where all the words of a name are ordinary ones.
    fn unusual(&self, words: &[&str], row: &NameRow) -> f32 {
        if row.canonical || row.thing.kind == EntityType::Organization {
            return 1.0;
        }
        let ordinary = |word: &&str| {
            let row = self.words.get(*word).copied().unwrap_or_default();
            let named = row.prior.unwrap_or([0.5; 4]).iter().sum::<f32>();
            row.zipf >= 3.8 && named < 0.5 && row.given + row.surname < 3
        };
        if words.iter().all(ordinary) {
            0.45
        } else if words.iter().any(|word| self.words.get(*word).is_some_and(|row| row.flags & flag::STOP != 0)) {
            0.5
        } else {
            1.0
        }
    }
}

impl WordRow {
    fn facts(&self) -> Facts {
        let listed = self.given + self.surname > 0;
        let guess = |column: usize, otherwise: f32| {
            self.prior.map_or(otherwise, |prior| prior.get(column).copied().unwrap_or_default())
        };
        let seen = self.counts.hits.iter().sum::<f32>() + self.counts.none;
        let chance = |column: usize, prior: f32| {
            let hits = self.counts.hits.get(column).copied().unwrap_or_default();
            (hits + 3.0 * prior) / (seen + 3.0)
        };
        let rare = self.zipf < 2.6;
        let person = match (listed, self.flags & flag::NAME_TOKEN != 0) {
            (true, _) if rare => 0.8,
            (_, true) if rare => 0.6,
            (true, _) => 0.4,
            (_, true) => 0.2,
            _ => 0.05,
        };
        Facts {
            zipf: self.zipf,
            person: chance(0, guess(0, person)),
            place: chance(1, guess(1, 0.1)),
            given: log2(self.given),
            surname: log2(self.surname),
            flags: self.flags,
        }
    }
}

/// One thing per identifier: a list with the Wikidata number and a list with
/// the population tell of the same city.
fn merge(rows: Vec<NameRow>) -> Vec<NameRow> {
    let mut merged: Vec<NameRow> = Vec::new();
    let (mut by_qid, mut by_geonames) = (FxHashMap::default(), FxHashMap::default());
    for row in rows {
        let (qid, geonames) = (row.thing.qid, row.thing.geonames);
        let found =
            by_qid.get(&qid).filter(|_| qid > 0).or_else(|| by_geonames.get(&geonames).filter(|_| geonames > 0));
        let index = found.copied().unwrap_or(merged.len());
        match merged.get_mut(index) {
            Some(known) if known.thing.kind == row.thing.kind => {
                known.thing.absorb(&row.thing);
                known.canonical |= row.canonical;
                known.names.extend(row.names);
            }
            Some(_) => continue,
            None => merged.push(row),
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

/// The folded name and the other ways in which Arabic print spells it.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let folded = letters::fold(name);
    let mut all = vec![folded.clone()];
    for (one, other) in [("اميرك", "امريك"), ("امريك", "اميرك"), ("عبد ال", "عبدال"), ("ابو ", "ابي ")]
    {
        if folded.contains(one) {
            all.push(folded.replace(one, other));
        }
    }
    if let Some(joined) = folded.strip_prefix("عبدال") {
        all.push(format!("عبد ال{joined}"));
    }
    all
}

/// The words of a folded name, as the tokens of a text would hold them.
pub(super) fn split(name: &str) -> Vec<&str> {
    name.split(|letter: char| !(letter.is_alphanumeric() || letters::is_mark(letter)))
        .filter(|word| !word.is_empty())
        .collect()
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

/// Integer logarithm plus one: the same on every machine.
#[allow(clippy::cast_possible_truncation)] // at most 32
fn log2(count: u32) -> u8 {
    (u32::BITS - count.leading_zeros()) as u8
}

/// Words, things and names as they are numbered in the file.
#[derive(Debug, Default)]
pub(super) struct Builder {
    ids: FxHashMap<String, u32>,
    words: Vec<(String, Facts)>,
    things: Vec<ThingRow>,
    nameless: FxHashMap<(EntityType, Class, [u8; 2]), u32>,
    names: Vec<(Vec<u32>, u32, f32)>,
}

impl Builder {
    pub(super) fn word(&mut self, word: &str, facts: Facts) -> u32 {
        if let Some(&id) = self.ids.get(word) {
            return id;
        }
        let id = count(self.words.len());
        self.ids.insert(word.to_owned(), id);
        self.words.push((word.to_owned(), facts));
        id
    }

    /// Things that nothing tells apart but their names share one record.
    pub(super) fn thing(&mut self, mut thing: ThingRow) -> u32 {
        let nameless = thing.qid == 0 && thing.geonames == 0 && thing.name.is_none() && thing.user_id.is_none();
        let index = count(self.things.len());
        if nameless {
            thing.weight = 0;
            let known = *self.nameless.entry((thing.kind, thing.class, thing.country)).or_insert(index);
            if known < index {
                return known;
            }
        }
        self.things.push(thing);
        index
    }

    pub(super) fn name(&mut self, words: &[&str], thing: u32, strength: f32) {
        let unseen = Facts { person: 0.3, place: 0.3, ..Facts::default() };
        let ids = words.iter().map(|word| self.word(word, unseen)).collect();
        self.names.push((ids, thing, strength));
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut names = std::mem::take(&mut self.names);
        names.sort_by(|one, other| {
            one.0.cmp(&other.0).then(other.2.total_cmp(&one.2)).then_with(|| self.order(one.1, other.1))
        });
        self.names = names;
        let trie = Trie::new(&self);
        let mut blob = Blob::default();
        let spelled: Vec<u32> = self.words.iter().map(|(word, _)| blob.raw(word)).collect();
        let things = self.write_things(&mut blob);
        let slots = self.write_slots();
        let mut words = Vec::new();
        for ((word, facts), (spelling, root)) in self.words.iter().zip(spelled.iter().zip(&trie.roots)) {
            words.extend_from_slice(&spelling.to_le_bytes());
            words.push(u8::try_from(word.len()).unwrap_or(u8::MAX));
            facts.write(&mut words);
            words.extend_from_slice(&root.to_le_bytes());
        }
        let edges = trie.write_edges();
        let (nodes, entries) = trie.write_entries();
        let mut body = [slots, words, edges, nodes, entries, things].concat();
        body.extend_from_slice(&blob.bytes);
        let header = Header {
            slots: table(self.words.len()),
            words: count(self.words.len()),
            edges: table(trie.edges.len()),
            nodes: count(trie.entries.len()),
            entries: count(trie.entries.iter().map(Vec::len).sum()),
            things: count(self.things.len()),
            blob: count(blob.bytes.len()),
            hash: xxh3_64(&body),
        };
        let mut out = Vec::with_capacity(body.len() + super::HEADER_BYTES);
        header.write(&mut out);
        out.extend_from_slice(&body);
        out
    }

    /// The thing that is better known first.
    fn order(&self, one: u32, other: u32) -> std::cmp::Ordering {
        let rank =
            |thing: u32| self.things.get(thing as usize).map(|row| (row.name.is_some(), row.qid > 0, row.weight));
        rank(other).cmp(&rank(one)).then(one.cmp(&other))
    }

    fn write_slots(&self) -> Vec<u8> {
        let size = table(self.words.len());
        let mut slots = vec![(0_u32, NONE); size as usize];
        for (id, (word, _)) in self.words.iter().enumerate() {
            let hash = xxh3_64(word.as_bytes());
            place(&mut slots, low(hash), (high(hash), count(id)), |slot| slot.1 == NONE);
        }
        slots.iter().flat_map(|(hash, id)| [hash.to_le_bytes(), id.to_le_bytes()].concat()).collect()
    }

    fn write_things(&self, blob: &mut Blob) -> Vec<u8> {
        let mut out = Vec::new();
        for thing in &self.things {
            let kind = EntityType::ALL.iter().position(|kind| *kind == thing.kind).unwrap_or_default();
            let name = thing.name.as_deref().map_or(NONE, |name| blob.string(name));
            let user = thing.user_id.as_deref().map_or(NONE, |id| blob.string(id));
            out.extend_from_slice(&[u8::try_from(kind).unwrap_or_default(), thing.class as u8]);
            out.extend_from_slice(&thing.country);
            for number in [thing.qid, thing.geonames, name, user] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            // Three times the binary logarithm is ten times the decimal one.
            out.push(byte(f32::from(log2(thing.weight).saturating_sub(1)) * 3.0));
        }
        out
    }
}

/// Nodes numbered in the order of the sorted names.
struct Trie {
    roots: Vec<u32>,
    edges: Vec<(u32, u32, u32)>,
    /// By node: things and strengths.
    entries: Vec<Vec<(u32, f32)>>,
}

impl Trie {
    fn new(builder: &Builder) -> Self {
        let mut trie = Self { roots: vec![NONE; builder.words.len()], edges: Vec::new(), entries: Vec::new() };
        let mut path: Vec<(u32, u32)> = Vec::new();
        for (words, thing, strength) in &builder.names {
            let shared = path.iter().zip(words).take_while(|((word, _), other)| word == *other).count();
            path.truncate(shared);
            for &word in words.get(shared..).unwrap_or_default() {
                let node = count(trie.entries.len());
                trie.entries.push(Vec::new());
                match path.last() {
                    Some(&(_, parent)) => trie.edges.push((parent, word, node)),
                    None => {
                        if let Some(root) = trie.roots.get_mut(word as usize) {
                            *root = node;
                        }
                    }
                }
                path.push((word, node));
            }
            if let Some(entries) = path.last().and_then(|(_, node)| trie.entries.get_mut(*node as usize)) {
                builder.enter(entries, *thing, *strength);
            }
        }
        trie
    }

    fn write_edges(&self) -> Vec<u8> {
        let mut slots = vec![(NONE, 0_u32, 0_u32); table(self.edges.len()) as usize];
        for &edge in &self.edges {
            place(&mut slots, edge_hash(edge.0, edge.1), edge, |slot| slot.0 == NONE);
        }
        slots
            .iter()
            .flat_map(|(from, word, to)| [from.to_le_bytes(), word.to_le_bytes(), to.to_le_bytes()].concat())
            .collect()
    }

    fn write_entries(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut nodes, mut out) = (Vec::new(), Vec::new());
        let mut written = 0_u32;
        for entries in &self.entries {
            let first = if entries.is_empty() { NONE } else { written };
            nodes.extend_from_slice(&first.to_le_bytes());
            for (index, (thing, strength)) in entries.iter().enumerate() {
                let last = if index + 1 == entries.len() { LAST } else { 0 };
                out.extend_from_slice(&(thing | last).to_le_bytes());
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 65535
                let strength = (strength.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16;
                out.extend_from_slice(&strength.to_le_bytes());
                written += 1;
            }
        }
        (nodes, out)
    }
}

impl Builder {
    /// Keeps the best things of a name; one without any identifier is no news
    /// beside another of its type.
    fn enter(&self, entries: &mut Vec<(u32, f32)>, thing: u32, strength: f32) {
        let Some(row) = self.things.get(thing as usize) else { return };
        let known = |other: &(u32, f32)| {
            let Some(other) = self.things.get(other.0 as usize) else { return false };
            let bare = row.qid == 0 && row.geonames == 0 && row.user_id.is_none();
            other.kind == row.kind && bare
        };
        let full = entries.len() >= MAX_ENTRIES;
        if full || entries.iter().any(|entry| entry.0 == thing || known(entry)) {
            return;
        }
        entries.push((thing, strength));
    }
}

#[derive(Debug, Default)]
struct Blob {
    bytes: Vec<u8>,
    known: FxHashMap<String, u32>,
}

impl Blob {
    fn raw(&mut self, text: &str) -> u32 {
        let at = count(self.bytes.len());
        let len = text.len().min(usize::from(u8::MAX));
        self.bytes.extend_from_slice(text.as_bytes().get(..len).unwrap_or_default());
        at
    }

    fn string(&mut self, text: &str) -> u32 {
        if let Some(&at) = self.known.get(text) {
            return at;
        }
        let at = count(self.bytes.len());
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes().get(..usize::from(len)).unwrap_or_default());
        self.known.insert(text.to_owned(), at);
        at
    }
}

/// First free slot from the hash on.
fn place<T: Copy>(slots: &mut [T], hash: u32, value: T, free: impl Fn(&T) -> bool) {
    let mask = slots.len() - 1;
    let mut at = hash as usize & mask;
    for _ in 0..slots.len() {
        if let Some(slot) = slots.get_mut(at)
            && free(slot)
        {
            *slot = value;
            return;
        }
        at = (at + 1) & mask;
    }
}

/// Slots for that many records: a power of two, at most two thirds full.
fn table(records: usize) -> u32 {
    count((records + records / 2 + 1).next_power_of_two())
}

/// Counts of a file are 32 bits wide; a list of four thousand million names is
/// none that anyone could load.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
