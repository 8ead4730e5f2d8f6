//! What was promised, and the first breach of it.

use std::collections::BTreeMap;

use super::broker::{Broker, Fate, Input, Kind, kind};
use crate::flow::Lane;
use crate::record::Outgoing;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// As numbered in docs/delivery.md.
    pub invariant: &'static str,
    pub text: String,
}

#[derive(Debug, Default)]
pub struct Checks {
    pub breach: Option<Breach>,
    /// By what is certain, be it visible yet or not.
    committed: BTreeMap<Lane, i64>,
    /// The first copy of each record that was written, committed or not.
    written: BTreeMap<(Lane, i64), Outgoing>,
}

impl Checks {
    pub fn breached(&mut self, invariant: &'static str, text: impl FnOnce() -> String) {
        self.breach.get_or_insert_with(|| Breach { invariant, text: text() });
    }

    /// A record was appended, visible or not.
    pub fn written(&mut self, lane: Lane, offset: i64, record: &Outgoing) {
        let first = self.written.entry((lane, offset)).or_insert_with(|| record.clone());
        if first != record {
            let text = format!("{lane:?} offset {offset} was written as {first:?} and as {record:?}");
            self.breached("I2 copies identical", || text);
        }
    }

    /// A transaction is committed: of each partition it must hold the records
    /// from the committed offset to the new one, each once, and no others.
    pub fn transaction(
        &mut self,
        records: &[(usize, Lane, i64)],
        offsets: &BTreeMap<Lane, i64>,
        inputs: &BTreeMap<Lane, Input>,
    ) {
        if let Some((_, lane, offset)) = records.iter().find(|(_, lane, _)| !offsets.contains_key(lane)) {
            self.breached("I6 no torn transaction", || format!("{lane:?} offset {offset} without its position"));
        }
        for (&lane, &to) in offsets {
            let from = self.committed.insert(lane, to).unwrap_or(0);
            let got: Vec<i64> = records.iter().filter(|(_, of, _)| *of == lane).map(|(_, _, offset)| *offset).collect();
            let expected: Vec<i64> = loud(lane, &inputs[&lane], from, to).collect();
            let mut sorted = got.clone();
            sorted.sort_unstable();
            let told = || format!("{lane:?} from {from} to {to}: expected {expected:?}, got {got:?}");
            if to < from {
                self.breached("I4 offset never back", told);
            } else if let Some(twice) = sorted.iter().find(|offset| **offset < from) {
                self.breached("I2 exactly once", || format!("{twice} again, {}", told()));
            } else if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
                self.breached("I2 exactly once", told);
            } else if expected.iter().any(|offset| sorted.binary_search(offset).is_err()) {
                self.breached("I4 offset not above unfinished", told);
            } else if sorted != expected {
                self.breached("I6 no torn transaction", told);
            }
        }
    }

    /// Offsets are committed without a transaction: all before is written.
    pub fn commit_of_offset(&mut self, lane: Lane, from: i64, to: i64, input: &Input) {
        if to < from {
            self.breached("I4 offset never back", || format!("{lane:?} from {from} to {to}"));
        }
        let missing = loud(lane, input, from, to).find(|&offset| !self.written.contains_key(&(lane, offset)));
        if let Some(offset) = missing {
            self.breached("I4 offset not above unfinished", || format!("{lane:?} to {to}, {offset} is not written"));
        }
    }

    /// All is quiet: what a reader sees now is all there will be.
    pub fn end(broker: &mut Broker, exactly_once: bool) {
        let mut seen: BTreeMap<(Lane, i64), usize> = BTreeMap::new();
        let mut breach = None;
        for (partition, log) in broker.log.iter().enumerate() {
            let mut last: BTreeMap<Lane, i64> = BTreeMap::new();
            let visible = log.iter().filter(|a| a.transaction.is_none_or(|t| broker.fates[t] == Fate::Committed));
            for appended in visible {
                *seen.entry((appended.lane, appended.offset)).or_default() += 1;
                let before = last.insert(appended.lane, appended.offset);
                if exactly_once && before.is_some_and(|before| before >= appended.offset) {
                    breach.get_or_insert_with(|| ("I3 order", format!("{appended:?} after {before:?} in {partition}")));
                }
            }
        }
        for (&lane, input) in &broker.inputs {
            for offset in loud(lane, input, 0, i64::MAX) {
                let times = seen.remove(&(lane, offset)).unwrap_or(0);
                if times == 0 {
                    breach.get_or_insert_with(|| ("I1 nothing lost", format!("{lane:?} offset {offset} is nowhere")));
                } else if exactly_once && times > 1 {
                    breach.get_or_insert_with(|| ("I2 exactly once", format!("{lane:?} {offset}: {times} times")));
                }
            }
        }
        if let Some(place) = seen.keys().next() {
            breach.get_or_insert_with(|| ("I1 nothing made up", format!("{place:?}")));
        }
        if let Some((invariant, text)) = breach {
            broker.checks.breached(invariant, || text);
        }
    }
}

/// Offsets of which something is to be written.
fn loud(lane: Lane, input: &Input, from: i64, to: i64) -> impl Iterator<Item = i64> {
    let offsets = input.offsets.iter().copied();
    offsets.filter(move |&offset| offset >= from && offset < to && kind(lane, offset) != Kind::Silent)
}
