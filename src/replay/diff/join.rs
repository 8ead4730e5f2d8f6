//! Finds each record's twin by its source, in bounded memory; no client inside.
//!
//! Both sides hold the records of one source partition in order only within
//! each of their own partitions, and not at all where keys are missing or the
//! topics have other partition counts. So nothing is taken from order: what has
//! no twin yet waits as two hashes and a place. Where too much waits, the
//! second half of the sources is dropped and left to a further pass over both
//! topics.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::record::{Place, Print, Source};

/// Sources fall into so many shares; a pass takes one or more of them.
pub const SHARES: u16 = 64;
/// Offsets of one block: of one share, and with one bit each once they are done.
const BLOCK_BITS: u32 = 12;
/// Bytes that a waiting record takes, and a block.
const WAITING_BYTES: usize = 112;
const BLOCK_BYTES: usize = 640;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    A,
    B,
}

/// What a record met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// Not of this pass.
    Elsewhere,
    /// Its twin has not come yet.
    Waits,
    /// The same source came before on this side; the first one counts.
    Twice,
    /// The same bytes.
    Same,
    /// The same but for what made it; where the twin stands.
    SameButProvenance(Place),
    /// Another; where the twin stands.
    Differs(Place),
}

#[derive(Debug)]
struct Waiting {
    side: Side,
    print: Print,
    place: Place,
}

/// A run of offsets of one source partition.
type Block = (u16, i32, i64);

/// One pass over both sides.
#[derive(Debug)]
pub struct Join {
    share: Range<u16>,
    limit: usize,
    waiting: FxHashMap<Source, Waiting>,
    /// Sources whose twin was found, a bit each.
    done: FxHashMap<Block, Box<[u64; 1 << (BLOCK_BITS - 6)]>>,
}

/// The share of sources in which a source falls: all of a block in the same.
#[must_use]
pub fn share_of(source: Source) -> u16 {
    let (topic, partition, block) = block_of(source);
    let mut bytes = [0; 14];
    for (to, from) in
        bytes.iter_mut().zip(topic.to_le_bytes().into_iter().chain(partition.to_le_bytes()).chain(block.to_le_bytes()))
    {
        *to = from;
    }
    u16::try_from(xxhash_rust::xxh3::xxh3_64(&bytes) % u64::from(SHARES)).unwrap_or(0)
}

const fn block_of(source: Source) -> Block {
    (source.topic, source.partition, source.offset >> BLOCK_BITS)
}

impl Join {
    /// `limit` is in bytes.
    #[must_use]
    pub fn new(share: Range<u16>, limit: usize) -> Self {
        Self { share, limit, waiting: FxHashMap::default(), done: FxHashMap::default() }
    }

    /// The shares that this pass takes; it can lose the last ones as it goes.
    #[must_use]
    pub fn share(&self) -> Range<u16> {
        self.share.clone()
    }

    /// A record of one side.
    pub fn meet(&mut self, side: Side, source: Source, print: Print, place: Place) -> Met {
        if !self.share.contains(&share_of(source)) {
            return Met::Elsewhere;
        }
        if self.is_done(source) {
            return Met::Twice;
        }
        let twin = match self.waiting.get(&source) {
            None => {
                self.waiting.insert(source, Waiting { side, print, place });
                return Met::Waits;
            }
            Some(twin) if twin.side == side => return Met::Twice,
            Some(twin) => (twin.print, twin.place),
        };
        self.waiting.remove(&source);
        self.set_done(source);
        match twin {
            (other, _) if other == print => Met::Same,
            (other, place) if other.body == print.body => Met::SameButProvenance(place),
            (_, place) => Met::Differs(place),
        }
    }

    fn bit(source: Source) -> (usize, u64) {
        let within = usize::try_from(source.offset & ((1 << BLOCK_BITS) - 1)).unwrap_or(0);
        (within / 64, 1 << (within % 64))
    }

    fn is_done(&self, source: Source) -> bool {
        let (word, bit) = Self::bit(source);
        let block = self.done.get(&block_of(source));
        block.and_then(|block| block.get(word)).is_some_and(|word| word & bit != 0)
    }

    fn set_done(&mut self, source: Source) {
        let (word, bit) = Self::bit(source);
        let block = self.done.entry(block_of(source)).or_insert_with(|| Box::new([0; 1 << (BLOCK_BITS - 6)]));
        if let Some(word) = block.get_mut(word) {
            *word |= bit;
        }
    }

    /// Bytes that are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.waiting.len() * WAITING_BYTES + self.done.len() * BLOCK_BYTES
    }

    /// Gives up shares until what is held fits. Returns those given up: what
    /// was counted of them is to be forgotten, a further pass takes them.
    pub fn fit(&mut self) -> Option<Range<u16>> {
        let end = self.share.end;
        while self.bytes() > self.limit && self.share.len() > 1 {
            let half = u16::try_from(self.share.len() / 2).unwrap_or(1);
            let from = self.share.end - half;
            self.share.end = from;
            self.waiting.retain(|source, _| share_of(*source) < from);
            self.done.retain(|&(topic, partition, block), _| {
                share_of(Source { topic, partition, offset: block << BLOCK_BITS }) < from
            });
        }
        self.waiting.shrink_to(self.waiting.len() * 2);
        (self.share.end < end).then_some(self.share.end..end)
    }

    /// Whether even the smallest share does not fit.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.share.len() <= 1 && self.bytes() > self.limit
    }

    /// What never met its twin, in the order of sources.
    #[must_use]
    pub fn alone(self) -> Vec<(Side, Source, Place)> {
        let mut alone: Vec<_> =
            self.waiting.into_iter().map(|(source, waiting)| (waiting.side, source, waiting.place)).collect();
        alone.sort_unstable();
        alone
    }
}

/// Which side to read on: the one that is behind in the sources that both have
/// come to, so that little waits.
#[derive(Debug, Default)]
pub struct Pace {
    lanes: BTreeMap<(u16, i32), [Span; 2]>,
    turn: bool,
}

/// First and last source offset of a lane that a side has shown.
type Span = Option<(i64, i64)>;

impl Pace {
    pub fn saw(&mut self, side: Side, source: Source) {
        let [a, b] = self.lanes.entry((source.topic, source.partition)).or_default();
        let span = if side == Side::A { a } else { b };
        let (first, last) = span.unwrap_or((source.offset, source.offset));
        *span = Some((first.min(source.offset), last.max(source.offset)));
    }

    pub fn next(&mut self) -> Side {
        let mut ahead = 0_i64;
        for [a, b] in self.lanes.values() {
            if let (Some((_, a)), Some((_, b))) = (a, b) {
                ahead = ahead.saturating_add(a - b);
            }
        }
        self.turn = !self.turn;
        match ahead {
            0 if self.turn => Side::A,
            0 => Side::B,
            _ if ahead > 0 => Side::B,
            _ => Side::A,
        }
    }

    /// What each side has shown of a source's partition.
    #[must_use]
    pub fn spans(&self, source: Source) -> [Span; 2] {
        self.lanes.get(&(source.topic, source.partition)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap as Map;

    use proptest::prelude::*;

    use super::*;

    fn source(partition: i32, offset: i64) -> Source {
        Source { topic: 0, partition, offset }
    }

    fn print(body: u8, provenance: u8) -> Print {
        Print { body: u128::from(body), provenance: u64::from(provenance) }
    }

    const fn place(offset: i64) -> Place {
        Place { topic: 0, partition: 0, offset }
    }

    /// All passes over two lists, interleaved as `turns` says: what each source
    /// came to.
    fn run(
        a: &[(Source, Print)],
        b: &[(Source, Print)],
        turns: &[bool],
        limit: usize,
    ) -> (Map<Source, &'static str>, usize) {
        let mut found = Map::new();
        let mut from = 0;
        let mut passes = 0;
        while from < SHARES {
            let mut join = Join::new(from..SHARES, limit);
            let mut told: Map<Source, &'static str> = Map::new();
            let (mut left, mut right) = (a.iter(), b.iter());
            for turn in turns.iter().cycle() {
                let (next, side) = if *turn { (left.next(), Side::A) } else { (right.next(), Side::B) };
                let Some((source, print)) = next else {
                    if left.len() + right.len() == 0 {
                        break;
                    }
                    continue;
                };
                match join.meet(side, *source, *print, place(1)) {
                    Met::Elsewhere | Met::Waits | Met::Twice => {}
                    Met::Same => drop(told.insert(*source, "same")),
                    Met::SameButProvenance(_) => drop(told.insert(*source, "provenance")),
                    Met::Differs(_) => drop(told.insert(*source, "differs")),
                }
                if let Some(given_up) = join.fit() {
                    told.retain(|source, _| !given_up.contains(&share_of(*source)));
                }
                assert!(join.bytes() <= limit || join.is_over());
            }
            from = join.share().end;
            for (side, source, _) in join.alone() {
                told.insert(source, if side == Side::A { "missing" } else { "extra" });
            }
            for (source, what) in told {
                assert!(found.insert(source, what).is_none(), "{source:?} told in two passes");
            }
            passes += 1;
        }
        (found, passes)
    }

    fn side() -> impl Strategy<Value = Vec<(Source, Print)>> {
        let record = (0..3_i32, 0..40_000_i64, 0..3_u8, 0..2_u8)
            .prop_map(|(partition, offset, body, provenance)| (source(partition, offset), print(body, provenance)));
        prop::collection::vec(record, 0..200)
    }

    proptest! {
        #[test]
        fn every_source_is_told_once_whatever_the_order_and_the_memory(
            a in side(),
            mut b in side(),
            common in prop::collection::vec(any::<prop::sample::Index>(), 0..100),
            turns in prop::collection::vec(any::<bool>(), 1..40),
            limit in 2_000..40_000_usize,
        ) {
            prop_assume!(turns.contains(&true) && turns.contains(&false));
            if !a.is_empty() {
                b.extend(common.iter().map(|index| a[index.index(a.len())]));
            }
            let first = |side: &[(Source, Print)]| {
                let mut all = Map::new();
                for (source, print) in side {
                    all.entry(*source).or_insert(*print);
                }
                all
            };
            let (from, to) = (first(&a), first(&b));
            let mut expected = Map::new();
            for (source, print) in &from {
                let what = match to.get(source) {
                    None => "missing",
                    Some(other) if other == print => "same",
                    Some(other) if other.body == print.body => "provenance",
                    Some(_) => "differs",
                };
                expected.insert(*source, what);
            }
            expected.extend(to.keys().filter(|source| !from.contains_key(source)).map(|source| (*source, "extra")));
            let (found, _) = run(&a, &b, &turns, limit);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(run(&a, &b, &turns, usize::MAX), (expected, 1));
        }
    }

    #[test]
    fn too_little_memory_means_more_passes_not_another_answer() {
        let a: Vec<_> = (0..30_000).map(|offset| (source(0, offset * 5), print(1, 1))).collect();
        let b: Vec<_> = a.iter().rev().copied().collect();
        let (found, passes) = run(&a, &b, &[true, false], 1 << 20);
        assert!(passes > 1, "{passes}");
        assert_eq!(found.len(), a.len());
        assert!(found.values().all(|what| *what == "same"));
    }

    #[test]
    fn a_second_of_the_same_source_is_told_and_the_first_one_counts() {
        let mut join = Join::new(0..SHARES, 1 << 20);
        assert_eq!(join.meet(Side::A, source(0, 1), print(1, 1), place(0)), Met::Waits);
        assert_eq!(join.meet(Side::A, source(0, 1), print(2, 1), place(1)), Met::Twice);
        assert_eq!(join.meet(Side::B, source(0, 1), print(3, 1), place(2)), Met::Differs(place(0)));
        assert_eq!(join.meet(Side::B, source(0, 1), print(3, 1), place(3)), Met::Twice);
        assert_eq!(join.meet(Side::A, source(0, 1), print(3, 1), place(4)), Met::Twice);
        assert!(join.alone().is_empty());
    }

    #[test]
    fn the_side_that_is_behind_is_read_on() {
        let mut pace = Pace::default();
        assert_ne!(pace.next(), pace.next(), "in turn while nothing is known");
        pace.saw(Side::A, source(0, 5));
        pace.saw(Side::B, source(0, 900));
        assert_eq!(pace.next(), Side::A);
        pace.saw(Side::A, source(0, 901));
        assert_eq!(pace.next(), Side::B);
    }
}
