//! 64 bytes of the journal: one record, and how often the process died of it.

use xxhash_rust::xxh3::xxh3_64;

use crate::record::RawRecord;

/// Bytes of a slot; a page holds a whole number of them.
pub const BYTES: usize = 64;

/// What a slot begins with.
const IN_HAND: u32 = 0x6861_6e64;
const SUSPECT: u32 = 0x7375_7370;

/// A record, told apart from every other: its place, and with its time and length
/// also from what stood at that place on a topic that was deleted and made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Hash of the topic's name.
    pub topic: u64,
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the Unix epoch; the lowest number where it has none.
    pub timestamp: i64,
    pub length: u64,
}

impl Mark {
    pub fn of(raw: &RawRecord) -> Self {
        Self {
            topic: topic(&raw.origin.topic),
            partition: raw.origin.partition,
            offset: raw.origin.offset,
            timestamp: raw.timestamp.unwrap_or(i64::MIN),
            length: raw.value_length as u64,
        }
    }
}

/// A topic as marks have it.
pub fn topic(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A thread is at work on it.
    InHand(Mark),
    /// It was in hand when the process died, so many times.
    Suspect(Mark, u32),
}

/// A slot that holds nothing.
pub const EMPTY: [u8; BYTES] = [0; BYTES];

impl Slot {
    pub fn encode(self) -> [u8; BYTES] {
        let (kind, mark, deaths) = match self {
            Self::InHand(mark) => (IN_HAND, mark, 0),
            Self::Suspect(mark, deaths) => (SUSPECT, mark, deaths),
        };
        let mut writer = Writer { bytes: EMPTY, at: 0 };
        writer.put(kind.to_le_bytes());
        writer.put(mark.partition.to_le_bytes());
        writer.put(mark.topic.to_le_bytes());
        writer.put(mark.offset.to_le_bytes());
        writer.put(mark.timestamp.to_le_bytes());
        writer.put(mark.length.to_le_bytes());
        writer.put(deaths.to_le_bytes());
        writer.at = BYTES - 8;
        writer.put(sum(&writer.bytes).to_le_bytes());
        writer.bytes
    }

    /// None of an empty slot, and of one that is torn or foreign.
    pub fn decode(bytes: &[u8; BYTES]) -> Option<Self> {
        let mut reader = Reader { bytes, at: 0 };
        let kind = u32::from_le_bytes(reader.take()?);
        let partition = i32::from_le_bytes(reader.take()?);
        let mark = Mark {
            partition,
            topic: u64::from_le_bytes(reader.take()?),
            offset: i64::from_le_bytes(reader.take()?),
            timestamp: i64::from_le_bytes(reader.take()?),
            length: u64::from_le_bytes(reader.take()?),
        };
        let deaths = u32::from_le_bytes(reader.take()?);
        reader.at = BYTES - 8;
        if u64::from_le_bytes(reader.take()?) != sum(bytes) {
            return None;
        }
        match kind {
            IN_HAND => Some(Self::InHand(mark)),
            SUSPECT => Some(Self::Suspect(mark, deaths)),
            _ => None,
        }
    }
}

/// Over all but itself.
fn sum(bytes: &[u8; BYTES]) -> u64 {
    xxh3_64(bytes.split_at(BYTES - 8).0)
}

struct Writer {
    bytes: [u8; BYTES],
    at: usize,
}

impl Writer {
    fn put<const N: usize>(&mut self, field: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + N) {
            place.copy_from_slice(&field);
        }
        self.at += N;
    }
}

struct Reader<'a> {
    bytes: &'a [u8; BYTES],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let field = self.bytes.get(self.at..self.at + N)?.try_into().ok();
        self.at += N;
        field
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn mark() -> impl Strategy<Value = Mark> {
        let numbers = (any::<u64>(), any::<i32>(), any::<i64>(), any::<i64>(), any::<u64>());
        numbers.prop_map(|(topic, partition, offset, timestamp, length)| Mark {
            topic,
            partition,
            offset,
            timestamp,
            length,
        })
    }

    pub fn slot() -> impl Strategy<Value = Slot> {
        let suspect = (mark(), any::<u32>()).prop_map(|(mark, deaths)| Slot::Suspect(mark, deaths));
        prop_oneof![mark().prop_map(Slot::InHand), suspect]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(slot in slot()) {
            prop_assert_eq!(Slot::decode(&slot.encode()), Some(slot));
        }

        #[test]
        fn any_bytes_are_read(bytes in any::<[u8; BYTES]>()) {
            prop_assert_eq!(Slot::decode(&bytes), None, "the checksum of chance");
        }

        /// A process that dies in the middle of a write leaves the beginning of the
        /// new slot before the end of the old one.
        #[test]
        fn a_torn_slot_is_none_or_one_of_the_two(old in slot(), new in slot(), torn in 0..=BYTES) {
            let (before, after) = (old.encode(), new.encode());
            let mut bytes = before;
            bytes[..torn].copy_from_slice(&after[..torn]);
            let found = Slot::decode(&bytes);
            prop_assert!(found.is_none() || found == Some(old) || found == Some(new), "{:?}", found);
        }

        #[test]
        fn a_changed_bit_is_seen(slot in slot(), at in 0..BYTES, bit in 0..8) {
            // Bytes between the last field and the checksum are checked as well.
            let mut bytes = slot.encode();
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(Slot::decode(&bytes), None);
        }
    }

    #[test]
    fn an_empty_slot_is_none() {
        assert_eq!(Slot::decode(&EMPTY), None);
    }
}
