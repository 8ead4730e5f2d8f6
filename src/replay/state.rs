//! What a replay keeps: the frozen range and the counts of each partition, as
//! the metadata of the group's committed offsets.
//!
//! Why there and not in a topic of its own: a committed offset and its metadata
//! are one, in the same transaction as the records before that offset, so the
//! counts are as exactly-once as the records; it is compacted by the broker; it
//! needs no rights and no topic beyond what a consumer has; and it goes when
//! the group goes. The broker takes 4096 bytes of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Bounds, Counts};
use crate::consume::{self, Committed, Span};
use crate::flow::{Finished, Lane, Outcome};
use crate::produce::{Entry, Notes};
use crate::record::Reason;

/// Longest description of what was asked for that is kept in full, in bytes.
const ASKED: usize = 1024;

/// One partition's account. Its form in the metadata is JSON of this shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of this form.
    v: u32,
    pub from: i64,
    pub to: i64,
    /// What the range and the output were asked as: see [`asked`].
    pub asked: String,
    /// When the replay began, milliseconds since the Unix epoch.
    pub begun: i64,
    /// Version, model and configuration that the replay began with.
    pub build: String,
    /// Another build went on with it: the records are not of one kind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    #[serde(default, rename = "out")]
    output: u64,
    #[serde(default, rename = "tomb", skip_serializing_if = "is_zero")]
    tombstones: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dead: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parked: BTreeMap<String, u64>,
    #[serde(default, rename = "skip", skip_serializing_if = "is_zero")]
    skipped: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    lost: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Parked ones are counted under this where their reason is of another version.
const OTHER: &str = "other";

/// The version that this build writes and reads.
const VERSION: u32 = 1;

impl State {
    /// Of a partition of which nothing was read yet; `lost` offsets of what was
    /// asked for were gone before.
    #[must_use]
    pub fn new(bounds: Bounds, asked: &str, begun: i64, build: &str, lost: u64) -> Self {
        Self {
            v: VERSION,
            from: bounds.from,
            to: bounds.to,
            asked: asked.to_owned(),
            begun,
            build: build.to_owned(),
            mixed: false,
            output: 0,
            tombstones: 0,
            dead: BTreeMap::new(),
            parked: BTreeMap::new(),
            skipped: 0,
            lost,
        }
    }

    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { from: self.from, to: self.to }
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            output: self.output,
            tombstones: self.tombstones,
            dead: self.dead.clone(),
            parked: self.parked.clone(),
            skipped: self.skipped,
            lost: self.lost,
        }
    }

    /// Counts one record, or a gap.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Output => self.output += 1,
            Outcome::Tombstone => self.tombstones += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Gap { deleted } => self.lost += deleted,
            Outcome::DeadLetter(_, reason) => *self.dead.entry(reason.as_str().to_owned()).or_default() += 1,
            Outcome::Parked(reason) => {
                let reason = reason.map_or(OTHER, Reason::as_str);
                *self.parked.entry(reason.to_owned()).or_default() += 1;
            }
        }
    }

    /// As it is committed.
    #[must_use]
    pub fn to_metadata(&self) -> String {
        // Plain data with text keys always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// # Errors
    /// In words, where this is not the state of a replay, or of a later form.
    pub fn parse(metadata: &str) -> Result<Self, String> {
        if metadata.is_empty() {
            return Err("there is none beside the committed offset".to_owned());
        }
        let state: Self = serde_json::from_str(metadata).map_err(|error| format!("it cannot be read: {error}"))?;
        if state.v != VERSION {
            return Err(format!("it is of version {}, and this build reads version {VERSION}", state.v));
        }
        Ok(state)
    }
}

/// What was asked for in one line, by which a later run knows that it asks for
/// the same. One that is too long for the metadata keeps its begin and a hash.
#[must_use]
pub fn asked(text: String) -> String {
    if text.len() <= ASKED {
        return text;
    }
    let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
    let head: String = text.chars().take(ASKED / 8).collect();
    format!("{head}… ({hash:016x})")
}

/// The accounts of the partitions that are ours: what is durable of each. No
/// client inside.
#[derive(Debug)]
pub struct Tally {
    lanes: BTreeMap<Lane, Account>,
    build: String,
    /// Offsets lost, by this process.
    lost: u64,
}

#[derive(Debug)]
struct Account {
    epoch: u64,
    state: State,
}

impl Tally {
    /// `build`: what makes the records now.
    #[must_use]
    pub fn new(build: impl Into<String>) -> Self {
        Self { lanes: BTreeMap::new(), build: build.into(), lost: 0 }
    }

    /// A partition became ours: its account is what the group has committed.
    /// One without a committed offset was added to the topic after the replay
    /// began, and has no part in it.
    ///
    /// # Errors
    /// Where an offset was committed without a state.
    pub fn assigned(&mut self, lane: Lane, epoch: u64, committed: Option<Committed<'_>>) -> Result<Span, String> {
        self.lanes.remove(&lane);
        let Some(Committed { offset, metadata }) = committed else { return Ok(Span { from: 0, to: 0 }) };
        let state = State::parse(metadata).map_err(|error| {
            format!(
                "the state of this replay for partition {}: {error}; were its offsets reset by hand? \
                 begin anew with --restart, or under another --name",
                lane.partition
            )
        })?;
        let span = Span { from: offset, to: state.to };
        self.lanes.insert(lane, Account { epoch, state });
        Ok(span)
    }

    /// What is to be committed with these records.
    ///
    /// # Errors
    /// Where this epoch of the partition has no account any more.
    pub fn note(
        &self,
        lane: Lane,
        epoch: u64,
        records: &mut dyn Iterator<Item = &Finished>,
    ) -> Result<Option<String>, String> {
        let account = self.lanes.get(&lane).filter(|account| account.epoch == epoch);
        let account = account.ok_or_else(|| format!("partition {} has no account any more", lane.partition))?;
        let mut state = account.state.clone();
        for record in records {
            state.count(record.outcome);
        }
        state.mixed |= state.build != self.build;
        Ok(Some(state.to_metadata()))
    }

    /// Partitions are no longer ours.
    pub fn revoked(&mut self, lanes: &[Lane]) {
        self.lanes.retain(|lane, _| !lanes.contains(lane));
    }

    /// Partitions of the replay that are ours.
    pub fn owned(&self) -> impl Iterator<Item = i32> {
        self.lanes.keys().map(|lane| lane.partition)
    }

    /// These are committed. Those of an earlier epoch are in what was read when
    /// the partition came back, and count no more.
    pub fn durable(&mut self, records: &[Entry<Finished>]) {
        for Entry { ticket, item, .. } in records {
            if let Outcome::Gap { deleted } = item.outcome {
                self.lost += deleted;
            }
            if let Some(account) = self.lanes.get_mut(&ticket.lane).filter(|account| account.epoch == ticket.epoch) {
                account.state.count(item.outcome);
                account.state.mixed |= account.state.build != self.build;
            }
        }
    }
}

/// A [`Tally`] for the two threads that need it: the one that polls asks it for
/// spans, the one that commits keeps it.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<Tally>>);

impl Shared {
    #[must_use]
    pub fn new(tally: Tally) -> Self {
        Self(Arc::new(Mutex::new(tally)))
    }

    /// Partitions of the replay that are ours.
    #[must_use]
    pub fn owned(&self) -> Vec<i32> {
        self.lock().owned().collect()
    }

    /// Offsets that this process found lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lock().lost
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl consume::Bounds for Shared {
    fn assigned(&self, lane: Lane, epoch: u64, committed: Option<Committed<'_>>) -> Result<Span, String> {
        self.lock().assigned(lane, epoch, committed)
    }

    fn revoked(&self, lanes: &[Lane]) {
        self.lock().revoked(lanes);
    }
}

impl Notes for Shared {
    fn note(
        &self,
        lane: Lane,
        epoch: u64,
        records: &mut dyn Iterator<Item = &Finished>,
    ) -> Result<Option<String>, String> {
        self.lock().note(lane, epoch, records)
    }

    fn durable(&mut self, records: &[Entry<Finished>]) {
        self.lock().durable(records);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Budget, Ticket};
    use crate::record::Stage;

    fn state() -> State {
        State::new(Bounds { from: 5, to: 90 }, "a 0:5..0:90 to b", 1_700_000_000_000, "1 m c", 0)
    }

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let mut state = state();
        assert_eq!(
            state.to_metadata(),
            r#"{"v":1,"from":5,"to":90,"asked":"a 0:5..0:90 to b","begun":1700000000000,"build":"1 m c","out":0}"#
        );
        state.count(Outcome::Output);
        state.count(Outcome::Tombstone);
        state.count(Outcome::Skipped);
        state.count(Outcome::Gap { deleted: 7 });
        state.count(Outcome::Gap { deleted: 0 });
        state.count(Outcome::DeadLetter(Stage::Decode, Reason::InvalidJson));
        state.count(Outcome::Parked(Some(Reason::NoText)));
        state.count(Outcome::Parked(None));
        state.mixed = true;
        let back = State::parse(&state.to_metadata()).unwrap();
        assert_eq!(back, state);
        let counts = back.counts();
        assert_eq!((counts.output, counts.tombstones, counts.skipped, counts.lost), (1, 1, 1, 7));
        assert_eq!(counts.dead, BTreeMap::from([("invalid_json".to_owned(), 1)]));
        assert_eq!(counts.parked, BTreeMap::from([("no_text".to_owned(), 1), (OTHER.to_owned(), 1)]));
        assert_eq!((counts.records(), counts.dead_letters(), counts.parked()), (6, 1, 2));
    }

    #[test]
    fn what_is_not_a_state_is_told() {
        for (text, told) in [
            ("", "there is none"),
            ("consumer-7", "cannot be read"),
            (r#"{"v":1}"#, "missing field"),
            (&state().to_metadata().replace("\"v\":1", "\"v\":2"), "version 2"),
        ] {
            let error = State::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn the_largest_state_fits_what_a_broker_takes() {
        let asked = asked((0..2000).map(|partition| format!("{partition}:123456789,")).collect());
        assert!(asked.ends_with(')') && asked.len() < ASKED, "{asked}");
        let arabic = self::asked("ب".repeat(5000));
        let mut state = State::new(
            Bounds { from: i64::MAX, to: i64::MAX },
            &"\"".repeat(ASKED),
            i64::MAX,
            &"b".repeat(200),
            u64::MAX,
        );
        for reason in Reason::ALL {
            state.dead.insert(reason.as_str().to_owned(), u64::MAX);
            state.parked.insert(reason.as_str().to_owned(), u64::MAX);
        }
        (state.output, state.tombstones, state.skipped, state.mixed) = (u64::MAX, u64::MAX, u64::MAX, true);
        assert!(state.to_metadata().len() < 4096, "{}", state.to_metadata().len());
        assert!(arabic.len() < ASKED);
    }

    #[test]
    fn only_the_epoch_that_holds_the_account_counts() {
        let lane = Lane { topic: 0, partition: 3 };
        let mut tally = Tally::new("1 m c");
        let text = state().to_metadata();
        let span = tally.assigned(lane, 4, Some(Committed { offset: 12, metadata: &text })).unwrap();
        assert_eq!(span, Span { from: 12, to: 90 });
        assert!(tally.note(lane, 3, &mut std::iter::empty()).is_err());
        assert_eq!(tally.note(lane, 4, &mut std::iter::empty()), Ok(Some(text)));
        assert_eq!(tally.owned().collect::<Vec<_>>(), [3]);
        tally.revoked(&[lane]);
        assert!(tally.note(lane, 4, &mut std::iter::empty()).is_err());
        assert_eq!(tally.assigned(lane, 5, None), Ok(Span { from: 0, to: 0 }));
        assert!(tally.note(lane, 5, &mut std::iter::empty()).is_err());
        let error = tally.assigned(lane, 6, Some(Committed { offset: 1, metadata: "" })).unwrap_err();
        assert!(error.contains("partition 3") && error.contains("--restart"), "{error}");
    }

    fn entry(lane: Lane, epoch: u64, offset: i64, outcome: Outcome) -> Entry<Finished> {
        let ticket = Ticket { lane, epoch, sequence: offset.unsigned_abs(), offset };
        let permit = Budget::new(9).take(1);
        let polled = std::time::Duration::ZERO;
        let item = Finished { ticket, outgoing: None, outcome, permit, polled, appended: None, made: polled };
        Entry::new(ticket, item, 1)
    }

    /// What is committed of an earlier epoch was in the state that was read when
    /// the partition came back.
    #[test]
    fn what_is_durable_counts_once_whatever_epoch_it_is_of() {
        let lane = Lane { topic: 0, partition: 0 };
        let mut tally = Tally::new("1 m c");
        let text = state().to_metadata();
        tally.assigned(lane, 2, Some(Committed { offset: 5, metadata: &text })).unwrap();
        let dead = Outcome::DeadLetter(Stage::Decode, Reason::NoText);
        let batch = [entry(lane, 2, 5, Outcome::Output), entry(lane, 2, 6, dead), entry(lane, 1, 4, Outcome::Output)];
        tally.durable(&batch);
        tally.durable(&[entry(lane, 2, 9, Outcome::Gap { deleted: 2 })]);
        let next = entry(lane, 2, 10, Outcome::Tombstone);
        let note = tally.note(lane, 2, &mut std::iter::once(&next.item)).unwrap().unwrap();
        let counts = State::parse(&note).unwrap().counts();
        assert_eq!((counts.output, counts.dead_letters(), counts.lost, counts.tombstones), (1, 1, 2, 1));
        assert_eq!(tally.lost, 2);
    }

    #[test]
    fn another_build_leaves_its_mark() {
        let lane = Lane { topic: 0, partition: 0 };
        let mut tally = Tally::new("2 m c");
        let text = state().to_metadata();
        tally.assigned(lane, 1, Some(Committed { offset: 5, metadata: &text })).unwrap();
        let note = tally.note(lane, 1, &mut std::iter::empty()).unwrap().unwrap();
        assert!(State::parse(&note).unwrap().mixed);
    }
}
