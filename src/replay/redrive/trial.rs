//! What a redrive would do, told by doing it without writing anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use comfy_table::CellAlignment;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde::Serialize;

use super::{Rules, Verdict, Way};
use crate::encode::headers::ERROR_REASON;
use crate::kafka::raw_record;
use crate::record::RawRecord;
use crate::replay::client::client;
use crate::replay::{Bounds, figures, report};

/// How long to wait for the next record.
const READ: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// What would become of dead letters, all or those of one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub records: u64,
    /// Would be on the output, or back on the input topic.
    pub output: u64,
    /// Would be dead letters once more.
    pub dead_letters: u64,
    /// Would be parked: tried and still bad with no attempt left,
    pub parked_still_bad: u64,
    /// tried often enough before,
    pub parked_exhausted: u64,
    /// or without all of its input.
    pub parked_incomplete: u64,
    /// Are not asked for.
    pub skipped: u64,
}

impl Counts {
    const fn parked(&self) -> u64 {
        self.parked_still_bad + self.parked_exhausted + self.parked_incomplete
    }
}

/// The dry run of a redrive.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Trial {
    pub topic: String,
    pub all: Counts,
    /// By the reason that the dead letters have now.
    pub reasons: BTreeMap<String, Counts>,
}

impl Trial {
    #[must_use]
    pub fn new(topic: &str) -> Self {
        Self { topic: topic.to_owned(), ..Self::default() }
    }

    /// Counts one dead letter; `is_good` tries it: whether it is now enriched.
    pub fn count(&mut self, rules: &Rules, raw: RawRecord, is_good: impl FnOnce(&RawRecord) -> bool) {
        let reason = raw.header(ERROR_REASON).unwrap_or("no dead letter of warraq").to_owned();
        let (verdict, letter) = rules.judge(&raw);
        let place: fn(&mut Counts) -> &mut u64 = match (verdict, letter) {
            (Verdict::Exhausted, _) => |counts| &mut counts.parked_exhausted,
            (Verdict::Incomplete, _) => |counts| &mut counts.parked_incomplete,
            (Verdict::Again, Some(letter)) => {
                let last = letter.attempts + 1 >= rules.max_attempts;
                match rules.way == Way::Input || is_good(&letter.input(raw)) {
                    true => |counts| &mut counts.output,
                    false if last => |counts| &mut counts.parked_still_bad,
                    false => |counts| &mut counts.dead_letters,
                }
            }
            _ => |counts| &mut counts.skipped,
        };
        for counts in [&mut self.all, self.reasons.entry(reason).or_default()] {
            counts.records += 1;
            *place(counts) += 1;
        }
    }

    /// # Errors
    /// As `serde_json`: none for these types.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// A table for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut table = report::table(&["reason", "records", "output", "dead letters", "parked", "skipped"]);
        let all = (&"all".to_owned(), &self.all);
        for (reason, counts) in self.reasons.iter().chain([all]) {
            let Counts { records, output, dead_letters, skipped, .. } = *counts;
            let numbers = [records, output, dead_letters, counts.parked(), skipped].map(figures::count);
            table.add_row(std::iter::once(reason.clone()).chain(numbers));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{}\n{table}\neach was tried here; nothing was done", self.topic)
    }
}

/// Why a topic cannot be read to the end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error("no record came for {} s, and the end was not reached", READ.as_secs())]
    Silent,
    #[error("stopped before the end")]
    Stopped,
}

/// Reads each range of the topic, a partition in its order.
///
/// # Errors
/// Where the topic cannot be read to the end of the ranges.
pub fn read(
    config: &ClientConfig,
    topic: &str,
    ranges: &BTreeMap<i32, Bounds>,
    mut tell: impl FnMut(RawRecord),
    is_stopped: impl Fn() -> bool,
) -> Result<(), ReadError> {
    let consumer = client(config, "warraq-plan", &[("queued.max.messages.kbytes", "16384")])?;
    let topic: Arc<str> = Arc::from(topic);
    let mut list = TopicPartitionList::with_capacity(ranges.len());
    let mut open = BTreeSet::new();
    for (&partition, bounds) in ranges.iter().filter(|(_, bounds)| !bounds.is_empty()) {
        list.add_partition_offset(&topic, partition, Offset::Offset(bounds.from))?;
        open.insert(partition);
    }
    consumer.assign(&list)?;
    let mut waited = Duration::ZERO;
    while !open.is_empty() {
        if is_stopped() {
            return Err(ReadError::Stopped);
        }
        match consumer.poll(POLL) {
            None if waited >= READ => return Err(ReadError::Silent),
            None => waited += POLL,
            Some(Ok(message)) if open.contains(&message.partition()) => {
                waited = Duration::ZERO;
                let to = ranges.get(&message.partition()).map_or(0, |bounds| bounds.to);
                if message.offset() + 1 >= to {
                    open.remove(&message.partition());
                }
                if message.offset() < to {
                    tell(raw_record(&message, &topic, usize::MAX));
                }
            }
            Some(Ok(_)) => {}
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(())
}
