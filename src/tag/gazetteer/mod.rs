//! Names known beforehand, and their compiled file.
//!
//! A name is a path of words through a trie. Words and edges sit in two open
//! hash tables in flat little-endian arrays, so a look-up costs the same with
//! ten names as with a million, and the file is used as it lies: embedded,
//! read or mapped, nothing is unpacked at start.

mod compile;
mod language;
mod layout;
mod lists;
mod user;
mod worth;

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

pub use compile::build;
pub use lists::{BuildError, Sources};
pub use user::{UserGazetteer, UserListError};

use crate::record::EntityType;
pub(super) use language::Language;
pub(super) use layout::{Class, Facts, flag, u16_at, u32_at};
use layout::{EDGE_BYTES, ENTRY_BYTES, HEADER_BYTES, Header, NONE, SLOT_BYTES, THING_BYTES, WORD_BYTES};

/// Why a gazetteer file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GazetteerError {
    #[error("not a gazetteer: the file does not begin with WARRAQGZ")]
    NotAGazetteer,
    #[error("gazetteer of version {found}, this build reads version {expected}: build it again")]
    WrongVersion { found: u32, expected: u32 },
    #[error("gazetteer of {found} bytes, its header says {expected}: the file was cut short or grew")]
    WrongLength { found: usize, expected: u64 },
    #[error("gazetteer is damaged: hash {found:016x}, its header says {expected:016x}")]
    WrongHash { found: u64, expected: u64 },
    #[error("gazetteer is damaged: {0}")]
    Inconsistent(&'static str),
}

/// A compiled gazetteer, checked once when it is opened.
pub struct Gazetteer {
    bytes: Cow<'static, [u8]>,
    header: Header,
    inner: Inner,
}

impl std::fmt::Debug for Gazetteer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gazetteer").field("bytes", &self.bytes.len()).field("header", &self.header).finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WordId(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node(u32);

/// What a name may stand for, with the chance that it does in running text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry {
    pub thing: u32,
    /// 0 to 1.
    pub strength: f32,
}

/// The likeliest of what some words stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    pub kind: EntityType,
    /// No mention, says a user's list.
    pub never: bool,
    /// 0 to 1.
    pub strength: f32,
}

/// Where the names lie that begin with a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Root {
    pub node: Node,
    /// Of the word alone.
    pub best: Option<Best>,
    /// Some name has more words.
    pub goes_on: bool,
}

/// A person, place or other thing of the lists. Its words are [read](spelled) only
/// where they are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Thing<'a> {
    pub kind: EntityType,
    pub class: Class,
    pub country: Option<&'a [u8]>,
    pub qid: Option<u32>,
    pub geonames: Option<u32>,
    /// The name it goes by, where the lists decide that.
    pub name: Option<&'a [u8]>,
    pub user_id: Option<&'a [u8]>,
    /// 10 times the decimal logarithm of the population or a like measure.
    pub prior: u8,
}

impl Thing<'_> {
    /// Something besides its names tells it from others of its kind.
    pub(super) const fn is_one(&self) -> bool {
        self.qid.is_some() || self.geonames.is_some() || self.name.is_some() || self.user_id.is_some()
    }
}

impl Gazetteer {
    /// Checks magic, version, length and hash.
    pub fn new(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, GazetteerError> {
        let bytes = bytes.into();
        let header = Header::read(&bytes)?;
        let expected = header.total();
        if expected != bytes.len() as u64 {
            return Err(GazetteerError::WrongLength { found: bytes.len(), expected });
        }
        let found = xxh3_64(bytes.get(HEADER_BYTES..).unwrap_or_default());
        if found != header.hash {
            return Err(GazetteerError::WrongHash { found, expected: header.hash });
        }
        if !header.slots.is_power_of_two() || !header.edges.is_power_of_two() {
            return Err(GazetteerError::Inconsistent("a table's size is no power of two"));
        }
        Ok(Self { inner: Inner::new(&bytes, &header), bytes, header })
    }

    /// A gazetteer without any name.
    #[must_use]
    pub fn empty() -> Self {
        let bytes = compile::Builder::default().finish();
        let header = Header::read(&bytes).unwrap_or_default();
        Self { inner: Inner::new(&bytes, &header), bytes: Cow::Owned(bytes), header }
    }

    /// Hash of the content, for provenance.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.header.hash
    }

    /// Number of distinct things named.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.header.things as usize
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.header.things == 0
    }

    pub(super) fn word(&self, text: &str) -> Option<WordId> {
        let hash = xxh3_64(text.as_bytes());
        let mask = self.header.slots - 1;
        let mut slot = layout::low(hash) & mask;
        // A full table would have no end of the probe; the count bounds it.
        for _ in 0..self.header.slots {
            let at = self.header.slots_at() + slot as usize * SLOT_BYTES;
            let id = u32_at(&self.bytes, at + 4);
            if id == NONE {
                return None;
            }
            if u32_at(&self.bytes, at) == layout::high(hash) && self.spelling(id) == text.as_bytes() {
                return Some(WordId(id));
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    fn spelling(&self, id: u32) -> &[u8] {
        let at = self.word_at(WordId(id));
        let start = self.header.blob_at() + u32_at(&self.bytes, at) as usize;
        let len = self.bytes.get(at + 4).copied().unwrap_or_default() as usize;
        self.bytes.get(start..start + len).unwrap_or_default()
    }

    const fn word_at(&self, word: WordId) -> usize {
        self.header.words_at() + word.0 as usize * WORD_BYTES
    }

    /// What is known of a word by itself.
    pub(super) fn facts(&self, word: WordId) -> Facts {
        let at = self.word_at(word);
        Facts::read(self.bytes.get(at..at + WORD_BYTES).unwrap_or_default())
    }

    /// The names that begin with the word.
    pub(super) fn root(&self, word: WordId) -> Option<Root> {
        let node = self.first(word)?;
        Some(Root { node, best: self.best(node), goes_on: self.inner.leads_on(node.0) })
    }

    /// The likeliest thing that the words which lead to the node stand for.
    pub(super) fn best(&self, node: Node) -> Option<Best> {
        let surer =
            |one: &Entry, other: &Entry| one.strength.total_cmp(&other.strength).then(other.thing.cmp(&one.thing));
        let entry = self.entries(node).max_by(surer)?;
        let thing = self.thing(entry.thing);
        Some(Best { kind: thing.kind, never: thing.class == Class::Never, strength: entry.strength })
    }

    /// The node of names that begin with the word.
    pub(super) fn first(&self, word: WordId) -> Option<Node> {
        some(u32_at(&self.bytes, self.word_at(word) + layout::WORD_ROOT)).map(Node)
    }

    pub(super) fn next(&self, node: Node, word: WordId) -> Option<Node> {
        if !self.inner.has(word.0) {
            return None;
        }
        let mask = self.header.edges - 1;
        let mut slot = layout::edge_hash(node.0, word.0) & mask;
        for _ in 0..self.header.edges {
            let at = self.header.edges_at() + slot as usize * EDGE_BYTES;
            let from = u32_at(&self.bytes, at);
            if from == NONE {
                return None;
            }
            if from == node.0 && u32_at(&self.bytes, at + 4) == word.0 {
                return Some(Node(u32_at(&self.bytes, at + 8)));
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// What the words that lead to the node stand for, the likeliest first.
    pub(super) fn entries(&self, node: Node) -> impl Iterator<Item = Entry> + '_ {
        let first = u32_at(&self.bytes, self.header.nodes_at() + node.0 as usize * 4);
        let mut next = some(first);
        std::iter::from_fn(move || {
            let index = next?;
            if index >= self.header.entries {
                return None;
            }
            let at = self.header.entries_at() + index as usize * ENTRY_BYTES;
            let packed = u32_at(&self.bytes, at);
            next = (packed & layout::LAST == 0).then_some(index + 1);
            let strength = f32::from(u16_at(&self.bytes, at + 4)) / f32::from(u16::MAX);
            Some(Entry { thing: packed & !layout::LAST, strength })
        })
    }

    pub(super) fn thing(&self, index: u32) -> Thing<'_> {
        let at = self.header.things_at() + index as usize * THING_BYTES;
        let record = self.bytes.get(at..at + THING_BYTES).unwrap_or(&[0; THING_BYTES]);
        let country = record.get(2..4).filter(|code| code.iter().all(u8::is_ascii_uppercase));
        Thing {
            kind: layout::kind(record.first().copied().unwrap_or_default()),
            class: Class::read(record.get(1).copied().unwrap_or_default()),
            country,
            qid: some_positive(u32_at(record, 4)),
            geonames: some_positive(u32_at(record, 8)),
            name: some(u32_at(record, 12)).and_then(|at| self.string(at)),
            user_id: some(u32_at(record, 16)).and_then(|at| self.string(at)),
            prior: record.get(20).copied().unwrap_or_default(),
        }
    }

    /// A string of the blob: two bytes of length, then the text.
    fn string(&self, at: u32) -> Option<&[u8]> {
        let at = self.header.blob_at() + at as usize;
        let len = u16_at(&self.bytes, at) as usize;
        self.bytes.get(at + 2..at + 2 + len)
    }
}

/// A string of a [`Thing`].
pub(super) fn spelled(string: Option<&[u8]>) -> Option<&str> {
    string.and_then(|bytes| std::str::from_utf8(bytes).ok())
}

/// The words with which some name goes on, and the nodes from which some does, a
/// bit each. Few words of a text are among them, and the edges of a million names
/// lie far from the processor: most steps that lead nowhere are not looked for.
struct Inner {
    words: Vec<u64>,
    nodes: Vec<u64>,
}

impl Inner {
    fn new(bytes: &[u8], header: &Header) -> Self {
        let bits = |count: u32| vec![0; count.div_ceil(u64::BITS) as usize];
        let (mut words, mut nodes) = (bits(header.words), bits(header.nodes));
        let set = |bits: &mut Vec<u64>, at: u32| {
            if let Some(bits) = bits.get_mut((at / u64::BITS) as usize) {
                *bits |= 1 << (at % u64::BITS);
            }
        };
        let edges = bytes.get(header.edges_at()..header.nodes_at()).unwrap_or_default();
        for edge in edges.chunks_exact(EDGE_BYTES).filter(|edge| u32_at(edge, 0) != NONE) {
            set(&mut nodes, u32_at(edge, 0));
            set(&mut words, u32_at(edge, 4));
        }
        Self { words, nodes }
    }

    fn leads_on(&self, node: u32) -> bool {
        has(&self.nodes, node)
    }

    fn has(&self, word: u32) -> bool {
        has(&self.words, word)
    }
}

fn has(bits: &[u64], at: u32) -> bool {
    bits.get((at / u64::BITS) as usize).is_some_and(|bits| bits & 1 << (at % u64::BITS) != 0)
}

const fn some(value: u32) -> Option<u32> {
    if value == NONE { None } else { Some(value) }
}

const fn some_positive(value: u32) -> Option<u32> {
    if value == 0 { None } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two small lists.
    fn sources() -> Sources {
        let names = "names\tkind\tclass\tcountry\tqid\tgeonames\tweight\n\
            مدينة الورد|الورد الكبير\tplace\tcity\tSY\tQ7\t77\t20000\n\
            حزب الورد\torganization\tparty\tSY\t\t\t\n";
        let words = "class\twords\nstop\tفي من\ntitle\tوزير\n";
        [("names.tsv", names), ("lexicon.tsv", words)].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn compiled() -> Vec<u8> {
        build(&sources()).unwrap()
    }

    fn find<'a>(gazetteer: &'a Gazetteer, words: &[&str]) -> Option<Thing<'a>> {
        let mut ids = words.iter().map(|word| gazetteer.word(word));
        let mut node = gazetteer.first(ids.next()??)?;
        for id in ids {
            node = gazetteer.next(node, id?)?;
        }
        gazetteer.entries(node).next().map(|entry| gazetteer.thing(entry.thing))
    }

    #[test]
    fn a_name_is_found_by_its_folded_words() {
        let gazetteer = Gazetteer::new(compiled()).unwrap();
        let city = find(&gazetteer, &["مدينه", "الورد"]).unwrap();
        assert_eq!(
            (city.kind, city.qid, city.geonames, city.country),
            (EntityType::Place, Some(7), Some(77), Some(b"SY".as_slice()))
        );
        assert_eq!(find(&gazetteer, &["الورد", "الكبير"]), Some(city));
        assert_eq!(find(&gazetteer, &["الورد"]), None);
        assert_eq!(find(&gazetteer, &["حزب", "الورد"]).map(|party| party.kind), Some(EntityType::Organization));
        assert_eq!(gazetteer.word("لا"), None);
    }

    #[test]
    fn our_own_list_is_not_hidden_by_one_without_identifiers() {
        let head = "names\tkind\tclass\tcountry\tqid\tgeonames\tweight\n";
        let list = |name: &str, row: &str| (name.to_owned(), format!("{head}{row}\n"));
        let ours = list("curated.tsv", "سمير الورد|سمير\tperson\tfigure\tSY\t\t\t60");
        let other = list("people.tsv", "سمير الورد\tperson\tperson\t\t\t\t");
        let gazetteer = Gazetteer::new(build(&[ours, other].into()).unwrap()).unwrap();
        let node =
            gazetteer.next(gazetteer.first(gazetteer.word("سمير").unwrap()).unwrap(), gazetteer.word("الورد").unwrap());
        let names: Vec<_> =
            gazetteer.entries(node.unwrap()).map(|entry| spelled(gazetteer.thing(entry.thing).name)).collect();
        assert_eq!(names, [None, Some("سمير الورد")]);
    }

    #[test]
    fn words_carry_their_class() {
        let gazetteer = Gazetteer::new(compiled()).unwrap();
        let facts = |word: &str| gazetteer.facts(gazetteer.word(word).unwrap());
        assert!(facts("وزير").is(flag::TITLE) && !facts("وزير").is(flag::STOP));
        assert!(facts("من").is(flag::STOP));
    }

    #[test]
    fn the_same_lists_make_the_same_bytes() {
        assert_eq!(compiled(), compiled());
    }

    #[test]
    fn no_names_are_a_gazetteer_too() {
        assert!(Gazetteer::empty().is_empty());
        assert_eq!(Gazetteer::empty().word("العراق"), None);
        assert_eq!(build(&Sources::new()).unwrap().len(), HEADER_BYTES + SLOT_BYTES + EDGE_BYTES);
    }

    #[test]
    fn a_broken_file_is_refused_with_the_reason() {
        let good = compiled();
        let error = |bytes: &[u8]| Gazetteer::new(bytes.to_vec()).unwrap_err();
        assert_eq!(error(b""), GazetteerError::NotAGazetteer);
        assert_eq!(error(b"PK\x03\x04 something else"), GazetteerError::NotAGazetteer);
        let mut other = good.clone();
        other[8] = 99;
        assert_eq!(error(&other), GazetteerError::WrongVersion { found: 99, expected: 1 });
        for cut in [12, HEADER_BYTES - 1, HEADER_BYTES, good.len() / 2, good.len() - 1] {
            assert!(matches!(error(&good[..cut]), GazetteerError::WrongLength { .. }), "cut at {cut}");
        }
        let longer = [good.as_slice(), b"x"].concat();
        assert!(matches!(error(&longer), GazetteerError::WrongLength { .. }));
        for at in HEADER_BYTES..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 0x40;
            assert!(matches!(error(&flipped), GazetteerError::WrongHash { .. }), "byte {at}");
        }
    }

    #[test]
    fn a_forged_header_does_no_harm() {
        let good = compiled();
        for at in 12..HEADER_BYTES {
            for value in [0x00, 0xFF, 0x7F] {
                let mut forged = good.clone();
                forged[at] = value;
                if let Ok(gazetteer) = Gazetteer::new(forged) {
                    find(&gazetteer, &["مدينه", "الورد"]);
                }
            }
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let bad = |text: &str| build(&[("x.tsv".to_owned(), text.to_owned())].into()).unwrap_err().to_string();
        let head = "names\tkind\tclass\tcountry\tqid\tgeonames\tweight\n";
        assert!(bad("what\n").starts_with("x.tsv, line 1: unknown columns"));
        assert_eq!(
            bad(&format!("{head}ا\tpeople\tcity\t\t\t\t\n")),
            "x.tsv, line 2: kind \"people\" is none of person, organization, place, event, other"
        );
        assert!(bad(&format!("{head}\nا\tplace\ttown\t\t\t\t\n")).starts_with("x.tsv, line 3: class"));
        assert!(bad(&format!("{head}ا\tplace\tcity\tsyr\t\t\t\n")).contains("\"syr\""));
        assert!(bad(&format!("{head}ا\tplace\tcity\t\tQx\t\t\n")).contains("no whole number"));
        assert!(bad("class\twords\nfoo\tا\n").contains("word class \"foo\""));
        assert!(bad("names:xx\tkind\tclass\tcountry\tqid\tgeonames\tweight\n").contains("unknown columns"));
        assert!(bad("thing\ten\txx\n").contains("unknown columns"));
        assert_eq!(
            bad("thing\ten\n\nمصر\tEgypt\n"),
            "x.tsv, line 3: \"مصر\" is the first name of no thing in our own lists"
        );
    }

    #[test]
    fn the_shipped_file_is_what_its_lists_make() {
        use std::io::Read;

        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models/sources");
        let mut sources = Sources::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read(&path).unwrap();
            let mut text = String::new();
            if name.ends_with(".gz") {
                flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(bytes).unwrap();
            }
            sources.insert(name, text);
        }
        let same = build(&sources).unwrap() == *super::super::fixture::SHIPPED;
        assert!(same, "models/gazetteer.bin is stale: run `cargo run -- gazetteer build`");
    }
}
