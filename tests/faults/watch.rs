//! Looks on while faults happen: the group's offsets must never go back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::support::topics::{Names, client};

const OFTEN: Duration = Duration::from_millis(250);
/// A coordinator that was frozen answers what it was asked before with what was
/// true then; only what stays behind has gone back.
const STALE: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
struct Seen {
    committed: BTreeMap<i32, i64>,
    /// Partitions that are behind what was seen before, and since when.
    behind: BTreeMap<i32, (i64, Instant)>,
    back: Vec<String>,
    looks: usize,
}

#[derive(Debug)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start(names: &Names) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let (names, into, until) = (names.clone(), Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut reader: Option<BaseConsumer> = None;
            while !until.load(Ordering::Relaxed) {
                let asked = reader
                    .get_or_insert_with(|| client(&names.bootstrap).set("group.id", &names.group).create().unwrap());
                match committed(asked, &names.input) {
                    Some(now) => into.lock().unwrap().look(now, Instant::now()),
                    None => reader = None,
                }
                std::thread::sleep(OFTEN);
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// The offset from which each partition goes on, as last seen.
    pub fn committed(&self) -> BTreeMap<i32, i64> {
        self.seen.lock().unwrap().committed.clone()
    }

    pub fn looks(&self) -> usize {
        self.seen.lock().unwrap().looks
    }

    /// Every time that an offset went back.
    pub fn stop(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut self.seen.lock().unwrap().back)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn committed(reader: &BaseConsumer, topic: &str) -> Option<BTreeMap<i32, i64>> {
    let patience = Duration::from_secs(5);
    let metadata = reader.fetch_metadata(Some(topic), patience).ok()?;
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics().first()?.partitions() {
        list.add_partition(topic, partition.id());
    }
    let list = reader.committed_offsets(list, patience).ok()?;
    let offset = |offset| match offset {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    };
    Some(list.elements().iter().filter_map(|found| Some((found.partition(), offset(found.offset())?))).collect())
}

impl Seen {
    fn look(&mut self, now: BTreeMap<i32, i64>, at: Instant) {
        self.looks += 1;
        for (partition, before) in &mut self.committed {
            let offset = now.get(partition).copied().unwrap_or(0);
            if offset >= *before {
                self.behind.remove(partition);
                *before = offset;
                continue;
            }
            let (_, since) = *self.behind.entry(*partition).or_insert((offset, at));
            if at.duration_since(since) >= STALE {
                self.back.push(format!("partition {partition}: from {before} back to {offset}"));
                self.behind.remove(partition);
                *before = offset;
            }
        }
        for (partition, offset) in now {
            self.committed.entry(partition).or_insert(offset);
        }
    }
}

#[test]
fn an_offset_that_stays_behind_has_gone_back() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut seen = Seen::default();
    seen.look(BTreeMap::from([(0, 10), (1, 5)]), at(0));
    // A stale answer.
    seen.look(BTreeMap::from([(0, 8), (1, 6)]), at(1));
    seen.look(BTreeMap::from([(0, 12), (1, 7)]), at(2));
    assert!(seen.back.is_empty());
    seen.look(BTreeMap::from([(0, 9), (1, 7)]), at(3));
    seen.look(BTreeMap::from([(0, 11), (1, 7)]), at(7));
    assert_eq!(seen.back, ["partition 0: from 12 back to 11"]);
    assert_eq!(seen.committed, BTreeMap::from([(0, 11), (1, 7)]));
}
