//! Where what stands in a gazetteer file. All numbers are little-endian.
//!
//! ```text
//! header │ slots │ words │ edges │ nodes │ entries │ things │ blob
//! ```

use super::GazetteerError;
use crate::record::EntityType;

pub(super) const MAGIC: &[u8; 8] = b"WARRAQGZ";
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 48;
/// Upper half of the word's hash, word.
pub(super) const SLOT_BYTES: usize = 8;
/// Spelling in the blob, its length, what is known, root node.
pub(super) const WORD_BYTES: usize = 16;
pub(super) const WORD_ROOT: usize = 12;
/// Node, word, node.
pub(super) const EDGE_BYTES: usize = 12;
/// Thing and the mark of the last one, strength.
pub(super) const ENTRY_BYTES: usize = 6;
pub(super) const THING_BYTES: usize = 21;
pub(super) const NONE: u32 = u32::MAX;
pub(super) const LAST: u32 = 1 << 31;

/// Sizes of the sections, in records (the blob in bytes).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header {
    pub slots: u32,
    pub words: u32,
    pub edges: u32,
    pub nodes: u32,
    pub entries: u32,
    pub things: u32,
    pub blob: u32,
    pub hash: u64,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, GazetteerError> {
        if !bytes.starts_with(MAGIC) {
            return Err(GazetteerError::NotAGazetteer);
        }
        let found = u32_at(bytes, 8);
        if found != VERSION {
            return Err(GazetteerError::WrongVersion { found, expected: VERSION });
        }
        if bytes.len() < HEADER_BYTES {
            return Err(GazetteerError::WrongLength { found: bytes.len(), expected: HEADER_BYTES as u64 });
        }
        Ok(Self {
            slots: u32_at(bytes, 12),
            words: u32_at(bytes, 16),
            edges: u32_at(bytes, 20),
            nodes: u32_at(bytes, 24),
            entries: u32_at(bytes, 28),
            things: u32_at(bytes, 32),
            blob: u32_at(bytes, 36),
            hash: u64::from(u32_at(bytes, 40)) | u64::from(u32_at(bytes, 44)) << 32,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        let sizes = [self.slots, self.words, self.edges, self.nodes, self.entries, self.things, self.blob];
        for number in [VERSION].iter().chain(&sizes) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.hash.to_le_bytes());
    }

    /// Bytes of the whole file. In 64 bits: a forged header must not overflow.
    pub(super) fn total(&self) -> u64 {
        let section = |count: u32, bytes: usize| u64::from(count) * bytes as u64;
        HEADER_BYTES as u64
            + section(self.slots, SLOT_BYTES)
            + section(self.words, WORD_BYTES)
            + section(self.edges, EDGE_BYTES)
            + section(self.nodes, 4)
            + section(self.entries, ENTRY_BYTES)
            + section(self.things, THING_BYTES)
            + u64::from(self.blob)
    }

    pub(super) const fn slots_at(&self) -> usize {
        HEADER_BYTES
    }

    pub(super) const fn words_at(&self) -> usize {
        self.slots_at() + self.slots as usize * SLOT_BYTES
    }

    pub(super) const fn edges_at(&self) -> usize {
        self.words_at() + self.words as usize * WORD_BYTES
    }

    pub(super) const fn nodes_at(&self) -> usize {
        self.edges_at() + self.edges as usize * EDGE_BYTES
    }

    pub(super) const fn entries_at(&self) -> usize {
        self.nodes_at() + self.nodes as usize * 4
    }

    pub(super) const fn things_at(&self) -> usize {
        self.entries_at() + self.entries as usize * ENTRY_BYTES
    }

    pub(super) const fn blob_at(&self) -> usize {
        self.things_at() + self.things as usize * THING_BYTES
    }
}

/// Marks of a word from the lexicon.
pub(crate) mod flag {
    /// Stands before a person's name: وزير, اللواء, السيد.
    pub(crate) const TITLE: u16 = 1;
    /// Begins an organization's name: وزارة, حزب.
    pub(crate) const HEAD: u16 = 1 << 1;
    /// Begins an organization's name if that is in quotes: صحيفة, موقع.
    pub(crate) const MEDIA: u16 = 1 << 2;
    /// Begins the name of an event: عملية, معركة.
    pub(crate) const EVENT: u16 = 1 << 3;
    /// Begins or announces the name of a place: مدينة, قاعدة.
    pub(crate) const PLACE: u16 = 1 << 4;
    /// A nationality: أمريكي, السورية.
    pub(crate) const NATIONALITY: u16 = 1 << 5;
    /// Never part of a name and the end of one: في, الذي, أن.
    pub(crate) const STOP: u16 = 1 << 6;
    /// Says that a person speaks or acts: قال, أضاف.
    pub(crate) const SPEECH: u16 = 1 << 7;
    /// Joins the parts of a person's name: بن, أبو, عبد, آل.
    pub(crate) const JOINT: u16 = 1 << 8;
    /// Found in lists of foreign name parts.
    pub(crate) const NAME_TOKEN: u16 = 1 << 9;
    /// Stands inside an organization's name without an article: أنباء, حقوق.
    pub(crate) const INNER: u16 = 1 << 10;
    /// Makes an organization's name of a definite head: الأعلى, الوطني.
    pub(crate) const QUALIFIER: u16 = 1 << 11;
    /// The letter it begins with is no clitic: والي, لبنان.
    pub(crate) const WHOLE: u16 = 1 << 12;
    /// Before a place: في, إلى, من.
    pub(crate) const LOCATIVE: u16 = 1 << 13;
    /// Begins an organization's name if a proper name or a nationality follows:
    /// جيش, قوات.
    pub(crate) const WEAK_HEAD: u16 = 1 << 14;
    /// Begins the name of a site and is part of it: مطار, ساحة.
    pub(crate) const SITE: u16 = 1 << 15;
}

/// What is known of a word by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Facts {
    /// Zipf frequency, 0 for a word that no list of frequent words has.
    pub zipf: f32,
    /// Chance that the word is part of a person's name, 0 to 1.
    pub person: f32,
    /// Chance that the word is part of a place's name, 0 to 1.
    pub place: f32,
    /// Persons (binary logarithm plus one) with that given name, or surname.
    pub given: u8,
    pub surname: u8,
    pub flags: u16,
}

impl Facts {
    pub(super) fn read(record: &[u8]) -> Self {
        let byte = |at: usize| record.get(at).copied().unwrap_or_default();
        Self {
            zipf: f32::from(byte(5)) / 10.0,
            person: f32::from(byte(6)) / 255.0,
            place: f32::from(byte(7)) / 255.0,
            given: byte(8) >> 4,
            surname: byte(8) & 15,
            flags: u16_at(record, 9),
        }
    }

    /// The seven bytes between a word's spelling and its root node.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let flags = self.flags.to_le_bytes();
        let names = self.given.min(15) << 4 | self.surname.min(15);
        out.extend_from_slice(&[byte(self.zipf * 10.0), byte(self.person * 255.0), byte(self.place * 255.0), names]);
        out.extend_from_slice(&flags);
        out.push(0);
    }

    pub(crate) const fn is(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

/// 0 to 255.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
pub(super) fn byte(value: f32) -> u8 {
    value.clamp(0.0, 255.0).round() as u8
}

macro_rules! classes {
    ($($name:ident = $text:literal / $base:literal,)*) => {
        /// What a thing is, finer than its type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Class { $($name,)* }

        impl Class {
            const ALL: &[Self] = &[$(Self::$name),*];

            pub(super) fn named(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }

            /// Chance that a name of the class is meant where it is read.
            pub(super) const fn base(self) -> f32 {
                match self { $(Self::$name => $base,)* }
            }
        }
    };
}

classes! {
    Other = "other" / 0.5,
    Country = "country" / 0.96,
    Capital = "capital" / 0.95,
    Region = "region" / 0.85,
    City = "city" / 0.7,
    County = "county" / 0.6,
    Area = "area" / 0.6,
    Locality = "locality" / 0.6,
    LocalAdmin = "localadmin" / 0.5,
    Neighbourhood = "neighbourhood" / 0.4,
    Site = "campus" / 0.75,
    Figure = "figure" / 0.95,
    Person = "person" / 0.85,
    Government = "gov" / 0.92,
    International = "intergov" / 0.95,
    Agency = "agency" / 0.92,
    Army = "army" / 0.9,
    Bank = "bank" / 0.9,
    Company = "company" / 0.85,
    Court = "court" / 0.9,
    Media = "media" / 0.9,
    Militia = "militia" / 0.92,
    Civil = "ngo" / 0.9,
    Parliament = "parliament" / 0.9,
    Party = "party" / 0.9,
    Religious = "religious" / 0.9,
    Sport = "sport" / 0.85,
    Club = "club" / 0.6,
    Federation = "federation" / 0.85,
    ThinkTank = "thinktank" / 0.9,
    Union = "union" / 0.9,
    University = "university" / 0.9,
    League = "league" / 0.8,
    Event = "event" / 0.9,
    User = "user" / 1.0,
    // A name of a user's list that is no mention.
    Never = "never" / 0.0,
}

impl Class {
    pub(super) fn read(byte: u8) -> Self {
        Self::ALL.get(byte as usize).copied().unwrap_or(Self::Other)
    }
}

pub(super) fn kind(byte: u8) -> EntityType {
    EntityType::ALL.get(byte as usize).copied().unwrap_or(EntityType::Other)
}

pub(in crate::tag) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_le_bytes(*four))
}

pub(in crate::tag) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |two| u16::from_le_bytes(*two))
}

#[allow(clippy::cast_possible_truncation)] // the lower half is meant
pub(super) const fn low(hash: u64) -> u32 {
    hash as u32
}

pub(super) const fn high(hash: u64) -> u32 {
    low(hash >> 32)
}

/// Spreads (node, word) over the edge table.
pub(super) const fn edge_hash(node: u32, word: u32) -> u32 {
    let key = (node as u64) << 32 | word as u64;
    high((key ^ key >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
