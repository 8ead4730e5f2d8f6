//! A reader of a whole topic under either isolation level.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::checker::Found;
use super::topics::client;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    Committed,
    Uncommitted,
}

/// Reads all that is there now, from the first record to the end of every
/// partition as this isolation level sees it: under `Committed` up to the first
/// open transaction.
///
/// The end is where the broker says so, never a count from watermarks: a
/// transactional topic has control records, which no reader is given.
pub fn all(bootstrap: &str, topic: &str, isolation: Isolation) -> Vec<Found> {
    let consumer: BaseConsumer = client(bootstrap)
        .set("group.id", "warraq-tests-reader")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("isolation.level", if isolation == Isolation::Committed { "read_committed" } else { "read_uncommitted" })
        .set("fetch.wait.max.ms", "100")
        .set("fetch.queue.backoff.ms", "10")
        // Room for a 100 MB value.
        .set("fetch.message.max.bytes", "120000000")
        .set("receive.message.max.bytes", "240000000")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(30)).unwrap();
    let partitions: Vec<i32> = metadata.topics()[0].partitions().iter().map(|partition| partition.id()).collect();
    let mut assignment = TopicPartitionList::new();
    for partition in &partitions {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&assignment).unwrap();

    let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
    let mut last = Instant::now();
    while ended.len() < partitions.len() {
        // None may also mean an event other than a message: go on.
        let Some(result) = consumer.poll(Duration::from_millis(100)) else {
            assert!(last.elapsed() < Duration::from_secs(60), "{topic}: no end in sight; ended so far: {ended:?}");
            continue;
        };
        last = Instant::now();
        match result {
            Ok(message) => {
                ended.remove(&message.partition());
                found.push(convert(&message));
            }
            Err(KafkaError::PartitionEOF(partition)) => {
                ended.insert(partition);
            }
            Err(error) => panic!("{topic}: {error}"),
        }
    }
    found
}

fn convert(message: &impl Message) -> Found {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Found {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp: message.timestamp().to_millis(),
    }
}
