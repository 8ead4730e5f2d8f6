//! What a replay would do: range, records, bytes and time, told without doing
//! any of it.
//!
//! How many records there are and how large, is taken from samples: some
//! records from the start, the middle and the end of each partition's range.
//! Their offsets also tell how many of a range's offsets hold a record at all
//! (transactions and compaction leave gaps).

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use comfy_table::CellAlignment;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::message::Headers;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde::Serialize;

use super::client::{Client, client};
use super::throttle::Caps;
use super::{Bounds, figures, report};

/// Records read at each place.
const RECORDS: usize = 40;
/// Places in the range of a partition.
const PLACES: i64 = 3;
/// How long to wait for the records of one place.
const READ: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// What was seen of one partition's range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    pub records: u64,
    /// Key, value and header bytes of those records.
    pub bytes: u64,
    /// Offsets over which they lay.
    pub offsets: u64,
}

/// One partition's part of the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub partition: i32,
    /// Offsets from `from` up to `to`, `to` left out.
    pub from: i64,
    pub to: i64,
    /// Estimates.
    pub records: u64,
    pub bytes: u64,
}

/// The whole plan; records, bytes and time are estimates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    pub topic: String,
    pub partitions: Vec<Part>,
    pub records: u64,
    pub bytes: u64,
    /// At the caps that were asked for; none without a cap.
    pub seconds: Option<f64>,
    pub max_records_per_second: Option<f64>,
    pub max_bytes_per_second: Option<f64>,
}

impl Part {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "estimates"
    )]
    fn new(partition: i32, bounds: Bounds, sample: Sample) -> Self {
        let (mut records, mut bytes) = (0.0, 0.0);
        if sample.records > 0 {
            records = bounds.offsets() as f64 * sample.records as f64 / sample.offsets.max(sample.records) as f64;
            bytes = records * sample.bytes as f64 / sample.records as f64;
        }
        Self {
            partition,
            from: bounds.from,
            to: bounds.to,
            records: records.round() as u64,
            bytes: bytes.round() as u64,
        }
    }
}

impl Plan {
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "estimates")]
    pub fn new(topic: &str, samples: &BTreeMap<i32, (Bounds, Sample)>, caps: Caps) -> Self {
        let partitions: Vec<Part> =
            samples.iter().map(|(partition, (bounds, sample))| Part::new(*partition, *bounds, *sample)).collect();
        let records = partitions.iter().map(|part| part.records).sum();
        let bytes = partitions.iter().map(|part| part.bytes).sum();
        let at = |count: u64, cap: Option<f64>| cap.filter(|cap| *cap > 0.0).map(|cap| count as f64 / cap);
        let times = [at(records, caps.records_per_second), at(bytes, caps.bytes_per_second)];
        Self {
            topic: topic.to_owned(),
            partitions,
            records,
            bytes,
            seconds: times.into_iter().flatten().reduce(f64::max),
            max_records_per_second: caps.records_per_second,
            max_bytes_per_second: caps.bytes_per_second,
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
        let mut table = report::table(&["partition", "from", "to", "records", "bytes"]);
        for part in &self.partitions {
            table.add_row([
                part.partition.to_string(),
                part.from.to_string(),
                part.to.to_string(),
                figures::count(part.records),
                size(part.bytes),
            ]);
        }
        table.add_row(["all".to_owned(), String::new(), String::new(), figures::count(self.records), size(self.bytes)]);
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let time = match self.seconds {
            Some(seconds) => {
                let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                format!("about {}, at {}", figures::time(time), self.caps())
            }
            None => "as fast as it goes: no rate was asked for".to_owned(),
        };
        format!("{}\n{table}\ntime: {time}\nrecords and bytes are estimated from samples; nothing was done", self.topic)
    }

    fn caps(&self) -> String {
        let records = self.max_records_per_second.map(|cap| format!("{} records/s", figures::rate(cap)));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown rounded")]
        let bytes = self.max_bytes_per_second.map(|cap| format!("{}/s", size(cap as u64)));
        records.into_iter().chain(bytes).collect::<Vec<_>>().join(" and ")
    }
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// Reads samples of each range.
///
/// # Errors
/// Where the topic cannot be read.
pub fn sample(
    config: &ClientConfig,
    topic: &str,
    ranges: &BTreeMap<i32, Bounds>,
) -> Result<BTreeMap<i32, (Bounds, Sample)>, KafkaError> {
    let consumer = client(config, "warraq-plan", &[("queued.max.messages.kbytes", "4096")])?;
    let mut samples = BTreeMap::new();
    for (&partition, &bounds) in ranges {
        let mut sample = Sample::default();
        for from in places(bounds) {
            add(&consumer, topic, partition, Bounds { from, to: bounds.to }, &mut sample)?;
        }
        samples.insert(partition, (bounds, sample));
    }
    Ok(samples)
}

/// Offsets to read at: one for a range that a few samples read whole.
fn places(bounds: Bounds) -> Vec<i64> {
    let few = bounds.offsets() <= RECORDS as u64 * PLACES.unsigned_abs();
    let count = if few { 1 } else { PLACES };
    let step = (bounds.to - bounds.from) / count;
    (0..count).map(|place| bounds.from + place * step).filter(|from| *from < bounds.to).collect()
}

fn add(consumer: &Client, topic: &str, partition: i32, bounds: Bounds, sample: &mut Sample) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition_offset(topic, partition, Offset::Offset(bounds.from))?;
    consumer.assign(&list)?;
    let mut waited = Duration::ZERO;
    let most = if bounds.offsets() <= RECORDS as u64 * PLACES.unsigned_abs() { usize::MAX } else { RECORDS };
    let (mut records, mut next) = (0, bounds.from);
    while records < most && waited < READ {
        match consumer.poll(POLL) {
            None => waited += POLL,
            Some(Ok(message)) if message.partition() != partition || message.offset() < bounds.from => {}
            Some(Ok(message)) if message.offset() >= bounds.to => {
                next = bounds.to;
                break;
            }
            Some(Ok(message)) => {
                let headers: usize = message.headers().map_or(0, |headers| {
                    headers.iter().map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len)).sum()
                });
                let bytes = message.key().map_or(0, <[u8]>::len) + message.payload().map_or(0, <[u8]>::len) + headers;
                sample.bytes += bytes as u64;
                records += 1;
                next = message.offset() + 1;
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                next = bounds.to;
                break;
            }
            Some(Err(error)) => return Err(error),
        }
    }
    sample.records += records as u64;
    sample.offsets += u64::try_from(next - bounds.from).unwrap_or(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps { records_per_second: Some(500.0), bytes_per_second: Some(1_000_000.0) };

    fn samples() -> BTreeMap<i32, (Bounds, Sample)> {
        let range = |from, to| Bounds { from, to };
        BTreeMap::from([
            (0, (range(0, 1_000_000), Sample { records: 100, bytes: 300_000, offsets: 125 })),
            (1, (range(500, 700), Sample { records: 200, bytes: 400_000, offsets: 200 })),
            (2, (range(9, 9), Sample::default())),
        ])
    }

    #[test]
    fn a_plan_for_people() {
        insta::assert_snapshot!(Plan::new("articles.raw", &samples(), CAPS).text());
        insta::assert_snapshot!(Plan::new("articles.raw", &samples(), Caps::default()).text());
    }

    #[test]
    fn gaps_make_fewer_records_and_the_slower_cap_decides() {
        let plan = Plan::new("articles.raw", &samples(), CAPS);
        assert_eq!((plan.records, plan.bytes), (800_200, 2_400_400_000));
        assert_eq!(plan.seconds, Some(2400.4));
        let records_only = Caps { bytes_per_second: None, ..CAPS };
        assert_eq!(Plan::new("x", &samples(), records_only).seconds, Some(1600.4));
    }

    #[test]
    fn a_small_range_is_read_whole_and_an_empty_one_not_at_all() {
        assert_eq!(places(Bounds { from: 5, to: 60 }), [5]);
        assert_eq!(places(Bounds { from: 0, to: 3000 }), [0, 1000, 2000]);
        assert!(places(Bounds { from: 9, to: 9 }).is_empty());
    }
}
