//! Times and offsets as they are asked for, resolved to fixed bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Bounds;

/// One end of the range, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// Where the partition begins.
    Beginning,
    /// Where it ends when the replay begins.
    End,
    /// The first record of that time or later.
    Time(Timestamp),
    /// An offset for each partition.
    Offsets(BTreeMap<i32, i64>),
}

/// Where a partition begins and ends for who reads committed records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    pub begin: i64,
    pub end: i64,
}

/// A partition's range, and how much of what was asked for is there no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    pub bounds: Bounds,
    /// Offsets that were named, but are deleted.
    pub lost: u64,
}

/// Why there is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error(
        "{name} {text:?} is no place in a topic: give a time such as 2024-05-01T00:00:00Z, a date (midnight UTC), \
         a time from now such as -30d or -12h, beginning, end, or PARTITION:OFFSET,…{hint}"
    )]
    Unreadable { name: &'static str, text: String, hint: &'static str },
    #[error("--from {from} is not before --to {to}")]
    Backwards { from: String, to: String },
    #[error("--from {from} is at offset {at}, behind --to {to} at offset {end}, in partition {partition}")]
    BackwardsIn { partition: i32, from: String, to: String, at: i64, end: i64 },
    #[error("partition {partition} is not of topic {topic}, which has the partitions {least} to {most}")]
    NoPartition { partition: i32, topic: String, least: i32, most: i32 },
    #[error("{name} names no offset for partition {partition}; name one, or leave the partition out with --partitions")]
    NoOffset { name: &'static str, partition: i32 },
    #[error("the range is empty: no record of topic {topic} lies from {from} to {to}{hint}")]
    Empty { topic: String, from: String, to: String, hint: String },
    #[error(
        "the range is deleted: topic {topic} begins behind {to} in every partition (such as partition {partition}, \
         at offset {begin}); its retention.ms or retention.bytes took it"
    )]
    Deleted { topic: String, to: String, partition: i32, begin: i64 },
}

impl Edge {
    /// Reads one; `name` is the argument's, `now` what relative times count from.
    ///
    /// # Errors
    /// Where the text is no place in a topic.
    pub fn parse(name: &'static str, text: &str, now: Timestamp) -> Result<Self, RangeError> {
        let text = text.trim();
        match text {
            "beginning" => return Ok(Self::Beginning),
            "end" => return Ok(Self::End),
            _ => {}
        }
        let unreadable = |hint| RangeError::Unreadable { name, text: text.to_owned(), hint };
        if text.starts_with('-') {
            let span: Span = text.parse().map_err(|_| unreadable(""))?;
            let ago = now
                .to_zoned_datetime(TimeZone::UTC)
                .checked_add(span)
                .map_err(|_| unreadable("; it is too long ago"))?;
            return Ok(Self::Time(ago.timestamp()));
        }
        if let Some(offsets) = offsets(text) {
            return Ok(Self::Offsets(offsets));
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self::Time(time));
        }
        if text.len() == "2024-05-01".len()
            && let Ok(date) = text.parse::<Date>()
            && let Ok(midnight) = date.at(0, 0, 0, 0).to_zoned_datetime(TimeZone::UTC)
        {
            return Ok(Self::Time(midnight.timestamp()));
        }
        Err(unreadable(match text {
            _ if text.contains('T') => "; a time needs its offset, such as Z or +03:00",
            _ if text.starts_with('+') => "; nothing is there yet",
            _ if text.parse::<Span>().is_ok() => "; a time from now begins with -",
            _ => "",
        }))
    }

    fn offset(&self, name: &'static str, partition: i32, log: Log, at_time: Option<i64>) -> Result<i64, RangeError> {
        Ok(match self {
            Self::Beginning => log.begin,
            Self::End => log.end,
            // Kafka knows no record so late: what comes later is not ours.
            Self::Time(_) => at_time.unwrap_or(log.end),
            Self::Offsets(offsets) => *offsets.get(&partition).ok_or(RangeError::NoOffset { name, partition })?,
        })
    }
}

/// `3:120,4:77`; an offset for a partition may be given once.
fn offsets(text: &str) -> Option<BTreeMap<i32, i64>> {
    let mut offsets = BTreeMap::new();
    for part in text.split(',') {
        let (partition, offset) = part.split_once(':')?;
        let partition = partition.trim().parse().ok().filter(|partition| *partition >= 0)?;
        let offset = offset.trim().parse().ok().filter(|offset| *offset >= 0)?;
        if offsets.insert(partition, offset).is_some() {
            return None;
        }
    }
    Some(offsets)
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning => f.write_str("beginning"),
            Self::End => f.write_str("end"),
            Self::Time(time) => time.fmt(f),
            Self::Offsets(offsets) => {
                let parts: Vec<_> = offsets.iter().map(|(partition, offset)| format!("{partition}:{offset}")).collect();
                f.write_str(&parts.join(","))
            }
        }
    }
}

/// The range that is asked for, over a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub from: Edge,
    pub to: Edge,
    /// The partitions that take part; none named: all.
    pub partitions: Option<BTreeSet<i32>>,
}

/// What a cluster knows of a topic.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub logs: BTreeMap<i32, Log>,
    /// For edges that are times, where the first record of that time or later
    /// is; none where there is none.
    pub from: BTreeMap<i32, Option<i64>>,
    pub to: BTreeMap<i32, Option<i64>>,
}

impl Range {
    /// What can be known before a broker is asked.
    ///
    /// # Errors
    /// Where the range is backwards whatever the topic holds.
    pub fn check(&self) -> Result<(), RangeError> {
        let backwards = match (&self.from, &self.to) {
            (Edge::Time(from), Edge::Time(to)) => from >= to,
            (Edge::End, _) | (_, Edge::Beginning) => true,
            _ => false,
        };
        if backwards {
            return Err(RangeError::Backwards { from: self.from.to_string(), to: self.to.to_string() });
        }
        Ok(())
    }

    fn takes(&self, partition: i32) -> bool {
        self.partitions.as_ref().is_none_or(|partitions| partitions.contains(&partition))
    }

    /// The bounds of each partition of the topic, fixed: those that take no part
    /// have empty ones.
    ///
    /// # Errors
    /// Where there is nothing to read, or the range cannot be meant.
    pub fn resolve(&self, topic: &str, facts: &Facts) -> Result<BTreeMap<i32, Resolved>, RangeError> {
        self.named_exist(topic, facts)?;
        let mut resolved = BTreeMap::new();
        let mut deleted = None;
        for (&partition, &log) in &facts.logs {
            let found = if self.takes(partition) {
                self.one(partition, log, facts)?
            } else {
                Resolved { bounds: Bounds { from: log.end, to: log.end }, lost: 0 }
            };
            if self.takes(partition) && self.is_deleted(partition, log, facts) {
                deleted.get_or_insert((partition, log.begin));
            }
            resolved.insert(partition, found);
        }
        if resolved.values().any(|resolved| !resolved.bounds.is_empty()) {
            return Ok(resolved);
        }
        let topic = topic.to_owned();
        let to = self.to.to_string();
        Err(match deleted {
            Some((partition, begin)) => RangeError::Deleted { topic, to, partition, begin },
            None => RangeError::Empty { topic, from: self.from.to_string(), to, hint: hint(facts) },
        })
    }

    fn one(&self, partition: i32, log: Log, facts: &Facts) -> Result<Resolved, RangeError> {
        let at = |edges: &BTreeMap<i32, Option<i64>>| edges.get(&partition).copied().flatten();
        let from = self.from.offset("--from", partition, log, at(&facts.from))?;
        let to = self.to.offset("--to", partition, log, at(&facts.to))?;
        if from > to {
            let (from_text, to_text) = (self.from.to_string(), self.to.to_string());
            return Err(RangeError::BackwardsIn { partition, from: from_text, to: to_text, at: from, end: to });
        }
        // The end is frozen where the topic ends now, whatever was named.
        let to = to.clamp(log.begin, log.end.max(log.begin));
        let start = from.clamp(log.begin, to);
        let lost = u64::try_from(start - from).unwrap_or(0);
        Ok(Resolved { bounds: Bounds { from: start, to }, lost })
    }

    /// Whether all that is asked for of a partition lies before its begin.
    fn is_deleted(&self, partition: i32, log: Log, facts: &Facts) -> bool {
        match &self.to {
            Edge::Offsets(offsets) => offsets.get(&partition).is_some_and(|to| *to <= log.begin) && log.begin > 0,
            // The first record that is left is of that time or later.
            Edge::Time(_) => log.begin > 0 && facts.to.get(&partition).copied().flatten() == Some(log.begin),
            Edge::Beginning | Edge::End => false,
        }
    }

    /// Whatever partition is named must be there.
    fn named_exist(&self, topic: &str, facts: &Facts) -> Result<(), RangeError> {
        let of = |edge: &Edge| match edge {
            Edge::Offsets(offsets) => offsets.keys().copied().collect(),
            _ => Vec::new(),
        };
        let named = self.partitions.iter().flatten().copied().chain(of(&self.from)).chain(of(&self.to));
        let (Some(&least), Some(&most)) = (facts.logs.keys().next(), facts.logs.keys().next_back()) else {
            return Ok(());
        };
        for partition in named {
            if !facts.logs.contains_key(&partition) {
                return Err(RangeError::NoPartition { partition, topic: topic.to_owned(), least, most });
            }
        }
        Ok(())
    }
}

/// What the topic does hold.
fn hint(facts: &Facts) -> String {
    let held: u64 = facts.logs.values().map(|log| Bounds { from: log.begin, to: log.end }.offsets()).sum();
    if held == 0 { "; the topic holds nothing".to_owned() } else { format!("; the topic holds {held} offsets in all") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2024-05-31T12:00:00Z";

    fn edge(text: &str) -> Result<Edge, RangeError> {
        Edge::parse("--from", text, NOW.parse().unwrap())
    }

    fn time(text: &str) -> Edge {
        Edge::Time(text.parse().unwrap())
    }

    #[test]
    fn every_form_of_an_edge_is_read() {
        assert_eq!(edge("beginning"), Ok(Edge::Beginning));
        assert_eq!(edge(" end "), Ok(Edge::End));
        assert_eq!(edge("2024-05-01T10:00:00+03:00"), Ok(time("2024-05-01T07:00:00Z")));
        assert_eq!(edge("2024-05-01T10:00:00.5Z"), Ok(time("2024-05-01T10:00:00.5Z")));
        assert_eq!(edge("2024-05-01"), Ok(time("2024-05-01T00:00:00Z")));
        assert_eq!(edge("-30d"), Ok(time("2024-05-01T12:00:00Z")));
        assert_eq!(edge("-12h"), Ok(time("2024-05-31T00:00:00Z")));
        assert_eq!(edge("-1h30m"), Ok(time("2024-05-31T10:30:00Z")));
        assert_eq!(edge("-5y"), Ok(time("2019-05-31T12:00:00Z")));
        assert_eq!(edge("0:5, 3:120"), Ok(Edge::Offsets(BTreeMap::from([(0, 5), (3, 120)]))));
    }

    #[test]
    fn what_is_no_edge_is_told_with_the_way_out() {
        for (text, hint) in [
            ("yesterday", "beginning, end"),
            ("2024-05-01T10:00:00", "needs its offset"),
            ("30d", "begins with -"),
            ("+30d", "nothing is there yet"),
            ("-30000y", "--from"),
            ("2024-13-01", "--from"),
            ("1:2,1:3", "PARTITION:OFFSET"),
            ("-1:2", "PARTITION:OFFSET"),
            ("1:-2", "PARTITION:OFFSET"),
            ("", "--from \"\""),
        ] {
            let error = edge(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    fn range(from: Edge, to: Edge) -> Range {
        Range { from, to, partitions: None }
    }

    fn facts(logs: &[(i64, i64)]) -> Facts {
        let logs = (0..).zip(logs.iter().map(|&(begin, end)| Log { begin, end })).collect();
        Facts { logs, ..Facts::default() }
    }

    fn bounds(resolved: &BTreeMap<i32, Resolved>) -> Vec<(i64, i64, u64)> {
        resolved.values().map(|found| (found.bounds.from, found.bounds.to, found.lost)).collect()
    }

    #[test]
    fn a_range_that_is_backwards_is_refused() {
        let (early, late) = (time("2020-01-01T00:00:00Z"), time("2021-01-01T00:00:00Z"));
        for (from, to) in [
            (late.clone(), early.clone()),
            (late.clone(), late.clone()),
            (Edge::End, Edge::End),
            (Edge::Beginning, Edge::Beginning),
        ] {
            assert!(matches!(range(from, to).check(), Err(RangeError::Backwards { .. })));
        }
        assert_eq!(range(early, late).check(), Ok(()));
        let mixed = range(Edge::Offsets(BTreeMap::from([(0, 9)])), Edge::Offsets(BTreeMap::from([(0, 8)])));
        let error = mixed.resolve("a", &facts(&[(0, 100)])).unwrap_err().to_string();
        assert_eq!(error, "--from 0:9 is at offset 9, behind --to 0:8 at offset 8, in partition 0");
    }

    #[test]
    fn partitions_that_take_no_part_are_empty() {
        let mut asked = range(Edge::Beginning, Edge::End);
        asked.partitions = Some(BTreeSet::from([1]));
        let resolved = asked.resolve("a", &facts(&[(3, 10), (4, 20)])).unwrap();
        assert_eq!(bounds(&resolved), [(10, 10, 0), (4, 20, 0)]);
        asked.partitions = Some(BTreeSet::from([2]));
        let error = asked.resolve("a", &facts(&[(3, 10), (4, 20)])).unwrap_err().to_string();
        assert_eq!(error, "partition 2 is not of topic a, which has the partitions 0 to 1");
        let named = range(Edge::Offsets(BTreeMap::from([(0, 5)])), Edge::End);
        let error = named.resolve("a", &facts(&[(3, 10), (4, 20)])).unwrap_err().to_string();
        assert!(error.starts_with("--from names no offset for partition 1"), "{error}");
    }

    #[test]
    fn what_is_deleted_already_is_counted_or_refused() {
        let offsets = |offset| Edge::Offsets(BTreeMap::from([(0, offset)]));
        let resolved = range(offsets(2), offsets(30)).resolve("a", &facts(&[(10, 100)])).unwrap();
        assert_eq!(bounds(&resolved), [(10, 30, 8)]);
        let error = range(offsets(2), offsets(9)).resolve("a", &facts(&[(10, 100)])).unwrap_err();
        assert!(matches!(error, RangeError::Deleted { begin: 10, .. }), "{error}");
        let by_time = range(Edge::Beginning, time("2020-01-01T00:00:00Z"));
        let known = Facts { to: BTreeMap::from([(0, Some(10))]), ..facts(&[(10, 100)]) };
        assert!(matches!(by_time.resolve("a", &known), Err(RangeError::Deleted { .. })));
        // A topic that begins with its first record has lost nothing.
        let known = Facts { to: BTreeMap::from([(0, Some(0))]), ..facts(&[(0, 100)]) };
        assert!(matches!(by_time.resolve("a", &known), Err(RangeError::Empty { .. })));
    }

    #[test]
    fn an_empty_range_is_refused() {
        let error = range(Edge::Beginning, Edge::End).resolve("a", &facts(&[(0, 0), (7, 7)])).unwrap_err();
        assert!(error.to_string().contains("holds nothing"), "{error}");
        let late = range(time("2030-01-01T00:00:00Z"), Edge::End);
        let error = late.resolve("a", &facts(&[(0, 5)])).unwrap_err().to_string();
        assert_eq!(
            error,
            "the range is empty: no record of topic a lies from 2030-01-01T00:00:00Z to end; \
             the topic holds 5 offsets in all"
        );
    }

    proptest! {
        /// Bounds lie within the log and within what was asked for; a later edge
        /// never gives an earlier bound; two ranges that meet share no offset and
        /// leave none out.
        #[test]
        fn ranges_that_meet_cover_the_log_once(
            logs in proptest::collection::vec((0i64..50, 0i64..50), 1..4),
            times in proptest::collection::vec(proptest::option::of(0i64..50), 4),
        ) {
            let logs: Vec<(i64, i64)> = logs.iter().map(|(begin, length)| (*begin, begin + length)).collect();
            let mut known = facts(&logs);
            // Where the cut is in each log, as a broker would tell it.
            let cut: BTreeMap<i32, Option<i64>> = known.logs.iter().zip(&times)
                .map(|((&partition, log), time)| (partition, time.map(|t| log.begin + t).filter(|t| *t < log.end)))
                .collect();
            let at = time("2020-01-01T00:00:00Z");
            known.to.clone_from(&cut);
            let first = range(Edge::Beginning, at.clone()).resolve("a", &known);
            known.from = cut;
            known.to = BTreeMap::new();
            let second = range(at, Edge::End).resolve("a", &known);
            let all = range(Edge::Beginning, Edge::End).resolve("a", &known);
            let offsets = |found: &Result<BTreeMap<i32, Resolved>, RangeError>| -> BTreeSet<(i32, i64)> {
                found.iter().flatten().flat_map(|(&p, r)| (r.bounds.from..r.bounds.to).map(move |o| (p, o))).collect()
            };
            let (first, second) = (offsets(&first), offsets(&second));
            prop_assert!(first.is_disjoint(&second));
            let both: BTreeSet<_> = first.union(&second).copied().collect();
            prop_assert_eq!(both, offsets(&all));
        }
    }
}
