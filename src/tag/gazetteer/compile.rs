//! Lists in, gazetteer bytes out: pure, and the same bytes on each run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::Language;
use super::layout::{Class, Facts, Header, LAST, NONE, byte, edge_hash, high, low};
use super::lists::{BuildError, Lists, OURS, Sources, ThingRow, merge};
use super::worth::log2;
use crate::letters;
use crate::record::EntityType;

/// Longest name, in words: what is longer is a description.
const MAX_WORDS: usize = 12;
/// Things that one name may stand for.
const MAX_ENTRIES: usize = 6;
/// A name that is meant less often than this is not worth its place.
const MIN_STRENGTH: f32 = 0.06;
/// What a name of another language is worth in its texts: their lists have only
/// names that are meant wherever they are read.
const ABROAD: f32 = 0.9;

/// Compiles all lists into one gazetteer.
pub fn build(sources: &Sources) -> Result<Vec<u8>, BuildError> {
    let mut lists = Lists::default();
    // Our own lists first: of one thing in two lists the first decides its name.
    let (ours, others): (Vec<_>, Vec<_>) = sources.iter().partition(|(list, _)| list.starts_with(OURS));
    for (list, text) in ours.into_iter().chain(others) {
        lists.read(list, text)?;
    }
    lists.call()?;
    Ok(lists.compile())
}

impl Lists {
    fn compile(self) -> Vec<u8> {
        let mut builder = Builder::default();
        for (word, row) in &self.words {
            builder.word(word, row.facts());
        }
        for row in merge(self.names.clone()) {
            let mut folded: BTreeMap<(Option<Language>, String), bool> = BTreeMap::new();
            for name in &row.names {
                for spelling in name.language.map_or_else(|| spellings(&name.text), |_| vec![in_language(&name.text)]) {
                    *folded.entry((name.language, spelling)).or_default() |= name.trusted;
                }
            }
            let mut named = Vec::new();
            for ((language, name), &trusted) in &folded {
                let words: Vec<&str> = split(name);
                let strength = match language {
                    Some(_) => ABROAD,
                    None => self.strength(name, &words, &row.thing, trusted),
                };
                if !words.is_empty() && words.len() <= MAX_WORDS && strength >= MIN_STRENGTH {
                    let words = words.into_iter().map(|word| match language {
                        Some(language) => Cow::Owned(language.marked(word)),
                        None => Cow::Borrowed(word),
                    });
                    named.push((words.collect::<Vec<_>>(), strength));
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

/// The folded name. What is all capitals stays so: WHO is one, who is none.
fn in_language(name: &str) -> String {
    let capitals = name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase);
    if capitals { name.to_owned() } else { letters::fold(name) }
}

/// The words of a folded name, as the tokens of a text would hold them.
pub(super) fn split(name: &str) -> Vec<&str> {
    name.split(|letter: char| !(letter.is_alphanumeric() || letters::is_mark(letter)))
        .filter(|word| !word.is_empty())
        .collect()
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

    pub(super) fn name(&mut self, words: &[impl AsRef<str>], thing: u32, strength: f32) {
        let unseen = Facts { person: 0.3, place: 0.3, ..Facts::default() };
        let ids = words.iter().map(|word| self.word(word.as_ref(), unseen)).collect();
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
            let bare = row.qid == 0 && row.geonames == 0 && row.name.is_none() && row.user_id.is_none();
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
