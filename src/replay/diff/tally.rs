//! What a comparison counts, and the samples it keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{Change, Field};
use super::record::Source;

/// Counts of one share of the sources.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Records read, by side.
    pub(super) records: [u64; 2],
    pub(super) identical: u64,
    pub(super) alike: u64,
    pub(super) changed: u64,
    pub(super) missing: u64,
    pub(super) extra: u64,
    /// Second records of one source, by side.
    pub(super) twice: [u64; 2],
    /// On one side alone, where the other was not asked to be.
    pub(super) outside: u64,
    /// Records by what changed in them.
    pub(super) fields: BTreeMap<String, u64>,
    pub(super) samples: Samples,
}

/// The first few sources of each kind: the same ones however the topics were
/// read.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    pub(super) by_kind: BTreeMap<String, BTreeMap<Source, Found>>,
}

/// One sample; of a record on one side alone nothing is known yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) title: Option<String>,
    pub(super) changes: Vec<Change>,
}

impl Samples {
    pub(super) fn keep(&mut self, kind: &str, source: Source, most: usize, found: impl FnOnce() -> Found) {
        if most == 0 {
            return;
        }
        let full = self.by_kind.get(kind).filter(|kept| kept.len() >= most);
        if full.is_some_and(|kept| kept.last_key_value().is_some_and(|(last, _)| *last < source)) {
            return;
        }
        let kept = self.by_kind.entry(kind.to_owned()).or_default();
        kept.insert(source, found());
        if kept.len() > most {
            kept.pop_last();
        }
    }

    fn add(&mut self, other: Self, most: usize) {
        for (kind, found) in other.by_kind {
            for (source, found) in found {
                self.keep(&kind, source, most, || found);
            }
        }
    }
}

impl Tally {
    /// Two records of one source that are not the same bytes.
    pub(super) fn differ(
        &mut self,
        source: Source,
        title: Option<&str>,
        changes: &[Change],
        ignore: &BTreeSet<Field>,
        most: usize,
    ) {
        let (ignored, counted): (Vec<&Change>, Vec<&Change>) =
            changes.iter().partition(|change| ignore.contains(&change.field));
        if counted.is_empty() && !ignored.is_empty() {
            self.alike += 1;
            return;
        }
        self.changed += 1;
        let labels: BTreeSet<String> = counted.iter().map(|change| change.label()).collect();
        for label in labels {
            let of_this = || counted.iter().filter(|change| change.label() == label).map(|change| (*change).clone());
            self.samples
                .keep(&label, source, most, || Found { title: title.map(str::to_owned), changes: of_this().collect() });
            *self.fields.entry(label).or_default() += 1;
        }
    }

    pub(super) fn add(&mut self, other: Self, most: usize) {
        for (to, from) in self.records.iter_mut().zip(other.records).chain(self.twice.iter_mut().zip(other.twice)) {
            *to += from;
        }
        self.identical += other.identical;
        self.alike += other.alike;
        self.changed += other.changed;
        self.missing += other.missing;
        self.extra += other.extra;
        self.outside += other.outside;
        for (label, count) in other.fields {
            *self.fields.entry(label).or_default() += count;
        }
        self.samples.add(other.samples, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::diff::compare::Kind;

    fn change(field: Field, kind: Kind) -> Change {
        Change { field, kind, what: "x".to_owned(), before: None, after: Some("y".to_owned()) }
    }

    const fn source(offset: i64) -> Source {
        Source { topic: 0, partition: 0, offset }
    }

    #[test]
    fn a_record_counts_once_for_each_thing_that_changed_in_it() {
        let mut tally = Tally::default();
        let added = change(Field::Entities, Kind::Added);
        let changes =
            [added.clone(), added, change(Field::Text, Kind::Changed), change(Field::Provenance, Kind::Changed)];
        let ignore = BTreeSet::from([Field::Provenance]);
        tally.differ(source(1), None, &changes, &ignore, 2);
        tally.differ(source(2), None, &changes[3..], &ignore, 2);
        assert_eq!((tally.changed, tally.alike), (1, 1));
        assert_eq!(tally.fields, BTreeMap::from([("entities.added".to_owned(), 1), ("text".to_owned(), 1)]));
        assert_eq!(tally.samples.by_kind["entities.added"][&source(1)].changes.len(), 2);
    }

    #[test]
    fn the_first_sources_are_the_samples_whatever_the_order() {
        let mut samples = Samples::default();
        for offset in [9, 3, 7, 1, 8] {
            samples.keep("missing", source(offset), 2, Found::default);
        }
        let mut other = Samples::default();
        other.keep("missing", source(2), 2, Found::default);
        samples.add(other, 2);
        assert_eq!(samples.by_kind["missing"].keys().map(|source| source.offset).collect::<Vec<_>>(), [1, 2]);
    }
}
