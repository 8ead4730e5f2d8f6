//! Whether every partition has an owner, which a static member looks after when it comes back.
//!
//! A static member that comes back within its session is given what the last rebalance gave it,
//! and the group does not rebalance. Cooperative rebalances come in pairs: the first takes
//! partitions from who has them, and who let go of them asks for the second, which gives them to
//! others. Where a member dies between the two, its next life does not know of it and does not
//! ask: nobody has the partitions, until something else makes the group rebalance.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;

/// How often to look.
const LOOK: Duration = Duration::from_secs(3);
/// How long one question may take: the polling thread waits for the answer.
const CALL: Duration = Duration::from_secs(1);
/// After so many questions without an answer no more is asked.
const UNANSWERED: u32 = 5;

/// The state of a group that does not rebalance, as brokers name it.
const AT_REST: &str = "Stable";

/// A topic and the number of a partition.
pub type Partition = (String, i32);

/// Decides when to join again. No client inside: it is told what is seen.
#[derive(Debug)]
pub struct Owners {
    /// Who lets go of partitions may drain for so long, and nobody has them meanwhile.
    patience: Duration,
    next: Duration,
    /// Since when some have no owner.
    unowned: Option<Duration>,
    unanswered: u32,
    /// All have owners, or that is no longer looked after.
    done: bool,
}

/// What is seen of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    Rebalancing,
    /// At rest, and nobody has these.
    Unowned(BTreeSet<Partition>),
    /// No answer, or none that is understood.
    Nothing,
}

impl Owners {
    pub const fn new(patience: Duration) -> Self {
        Self { patience, next: Duration::ZERO, unowned: None, unanswered: 0, done: false }
    }

    /// What nobody has for so long that the group must be made to rebalance. Once: where that
    /// does not help, it would not the next time.
    pub fn look(&mut self, now: Duration, see: impl FnOnce() -> Sight) -> Option<BTreeSet<Partition>> {
        if self.done || now < self.next {
            return None;
        }
        self.next = now + LOOK;
        match see() {
            Sight::Unowned(partitions) if partitions.is_empty() => self.done = true,
            Sight::Unowned(partitions) => {
                let since = *self.unowned.get_or_insert(now);
                if now - since >= self.patience {
                    self.done = true;
                    return Some(partitions);
                }
            }
            Sight::Rebalancing => self.unowned = None,
            Sight::Nothing => {
                self.unanswered += 1;
                self.done = self.unanswered >= UNANSWERED;
            }
        }
        None
    }
}

/// The group of a consumer whose partitions may be left without an owner.
pub fn group(config: &ClientConfig) -> Option<String> {
    let is_static = config.get("group.instance.id").is_some_and(|id| !id.is_empty());
    // The new protocol's broker knows by itself who has what.
    let is_classic = config.get("group.protocol") != Some("consumer");
    config.get("group.id").filter(|_| is_static && is_classic).map(str::to_owned)
}

/// Asks the cluster who has which partitions of these topics.
pub fn see<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, topics: &[Arc<str>]) -> Sight {
    try_see(consumer, group, topics).unwrap_or(Sight::Nothing)
}

fn try_see<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, topics: &[Arc<str>]) -> KafkaResult<Sight> {
    let list = consumer.client().fetch_group_list(Some(group), CALL)?;
    let Some(found) = list.groups().iter().find(|found| found.name() == group) else { return Ok(Sight::Nothing) };
    if found.state() != AT_REST {
        return Ok(Sight::Rebalancing);
    }
    let mut unowned = BTreeSet::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), CALL)?;
        let partitions = metadata.topics().iter().flat_map(|found| found.partitions());
        unowned.extend(partitions.map(|partition| (topic.to_string(), partition.id())));
    }
    for member in found.members() {
        let Some(owned) = owned(member.assignment().unwrap_or_default()) else { return Ok(Sight::Nothing) };
        owned.iter().for_each(|partition| {
            unowned.remove(partition);
        });
    }
    Ok(Sight::Unowned(unowned))
}

/// The partitions of a member's assignment, as Kafka's `ConsumerProtocolAssignment` of any version
/// has them; `None` where it is none. Empty, it is that of a member which has nothing yet.
fn owned(bytes: &[u8]) -> Option<Vec<Partition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut rest = bytes;
    let _version = int16(&mut rest)?;
    let mut owned = Vec::new();
    for _ in 0..int32(&mut rest)? {
        let length = usize::try_from(int16(&mut rest)?).ok()?;
        let (topic, after) = rest.split_at_checked(length)?;
        rest = after;
        let topic = std::str::from_utf8(topic).ok()?;
        for _ in 0..int32(&mut rest)? {
            owned.push((topic.to_owned(), int32(&mut rest)?));
        }
    }
    Some(owned)
}

fn int16(bytes: &mut &[u8]) -> Option<i16> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i16::from_be_bytes(*number))
}

fn int32(bytes: &mut &[u8]) -> Option<i32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn partitions(numbers: &[i32]) -> BTreeSet<Partition> {
        numbers.iter().map(|&number| ("in".to_owned(), number)).collect()
    }

    /// The second at which it joins again, polling each second, and how often it looked.
    fn joins_again(see: impl Fn(u64) -> Sight) -> (Option<u64>, usize) {
        let (mut owners, mut looks) = (Owners::new(Duration::from_secs(20)), 0);
        let at = (0..600).find(|&now| {
            let look = || {
                looks += 1;
                see(now)
            };
            owners.look(Duration::from_secs(now), look).is_some()
        });
        (at, looks)
    }

    #[test]
    fn a_group_that_has_all_is_looked_at_once() {
        assert_eq!(joins_again(|_| Sight::Unowned(BTreeSet::new())), (None, 1));
    }

    #[test]
    fn what_nobody_has_for_longer_than_a_drain_is_asked_for() {
        assert_eq!(joins_again(|_| Sight::Unowned(partitions(&[1, 2]))), (Some(21), 8));
        // Let go of and taken.
        let sight = |now| Sight::Unowned(partitions(if now < 18 { &[1] } else { &[] }));
        assert_eq!(joins_again(sight), (None, 7));
        // The group works on it.
        let sight = |now| if now == 15 { Sight::Rebalancing } else { Sight::Unowned(partitions(&[1])) };
        assert_eq!(joins_again(sight).0, Some(39));
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_not_asked_for_ever() {
        assert_eq!(joins_again(|_| Sight::Nothing), (None, 5));
    }

    #[test]
    fn it_joins_again_once() {
        let mut owners = Owners::new(Duration::ZERO);
        let mut look = |second| owners.look(Duration::from_secs(second), || Sight::Unowned(partitions(&[4])));
        assert_eq!(look(0), Some(partitions(&[4])));
        assert_eq!(look(100), None);
    }

    #[test]
    fn an_assignment_of_a_broker_is_read() {
        // Version 3, two topics, no user data.
        let bytes =
            b"\0\x03\0\0\0\x02\0\x02in\0\0\0\x02\0\0\0\x04\0\0\0\x05\0\x03old\0\0\0\x01\0\0\0\0\xff\xff\xff\xff";
        let expected = [("in".to_owned(), 4), ("in".to_owned(), 5), ("old".to_owned(), 0)];
        assert_eq!(owned(bytes).unwrap(), expected);
        assert_eq!(owned(b"\0\x01\0\0\0\0\xff\xff\xff\xff").unwrap(), []);
        assert_eq!(owned(b"").unwrap(), []);
        assert_eq!(owned(b"\0\x01\0\0\0\x01\0\x09in\0\0\0\0"), None);
    }

    proptest! {
        #[test]
        fn what_is_no_assignment_is_none(bytes: Vec<u8>) {
            let _ = owned(&bytes);
        }

        #[test]
        fn each_partition_is_read(
            lists in prop::collection::vec(("[a-z.]{1,20}", prop::collection::vec(0..1000i32, 0..9)), 0..5),
        ) {
            let mut bytes = 1i16.to_be_bytes().to_vec();
            bytes.extend(i32::try_from(lists.len()).unwrap().to_be_bytes());
            for (topic, numbers) in &lists {
                bytes.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
                bytes.extend(topic.as_bytes());
                bytes.extend(i32::try_from(numbers.len()).unwrap().to_be_bytes());
                numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
            }
            let of_topic = |(topic, numbers): &(String, Vec<i32>)| -> Vec<Partition> {
                numbers.iter().map(|&number| (topic.clone(), number)).collect()
            };
            let expected: Vec<Partition> = lists.iter().flat_map(of_topic).collect();
            prop_assert_eq!(owned(&bytes), Some(expected));
        }
    }
}
