//! Between the live threads and the shadow: bounded by count and by bytes, and
//! whoever puts something in never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use crate::record::RawRecord;

/// What a record costs besides its bytes.
const OVERHEAD: usize = 1024;

/// A queue of at most so many records and bytes, those in hand included.
pub fn queue(records: usize, bytes: usize) -> (Entry, Exit) {
    let (sender, receiver) = bounded(records);
    (Entry { sender, room: Room { used: Arc::default(), limit: bytes } }, Exit { receiver })
}

/// Where records go in; cheap to clone.
#[derive(Debug, Clone)]
pub struct Entry {
    sender: Sender<Held>,
    room: Room,
}

/// Where they come out; the queue ends with the last entry.
#[derive(Debug)]
pub struct Exit {
    receiver: Receiver<Held>,
}

/// A record, and its room in the queue until this is dropped.
#[derive(Debug)]
pub struct Held {
    pub raw: RawRecord,
    _place: Place,
}

/// What came out.
#[derive(Debug)]
pub enum Taken {
    Record(Box<Held>),
    Nothing,
    /// No more can come.
    Closed,
}

impl Entry {
    /// Whether there was room for it.
    pub fn offer(&self, raw: RawRecord) -> bool {
        let Some(place) = self.room.take(raw.bytes() + OVERHEAD) else { return false };
        match self.sender.try_send(Held { raw, _place: place }) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

impl Exit {
    /// The next one, after waiting for it at most so long.
    pub fn take(&self, patience: Duration) -> Taken {
        match self.receiver.recv_timeout(patience) {
            Ok(held) => Taken::Record(Box::new(held)),
            Err(RecvTimeoutError::Timeout) => Taken::Nothing,
            Err(RecvTimeoutError::Disconnected) => Taken::Closed,
        }
    }
}

#[derive(Debug, Clone)]
struct Room {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Room {
    fn take(&self, bytes: usize) -> Option<Place> {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).ok()?;
        Some(Place { used: Arc::clone(&self.used), bytes })
    }
}

#[derive(Debug)]
struct Place {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::record::Origin;

    fn raw(offset: i64, bytes: usize) -> RawRecord {
        RawRecord {
            origin: Origin { topic: "raw".into(), partition: 0, offset },
            timestamp: None,
            key: None,
            value: Some(vec![0; bytes]),
            value_length: bytes,
            headers: Vec::new(),
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Offer(usize),
        Take,
        Finish,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![(0..6000_usize).prop_map(Step::Offer), Just(Step::Take), Just(Step::Finish)]
    }

    proptest! {
        #[test]
        fn it_takes_what_has_room_in_order_and_nothing_else(steps in prop::collection::vec(step(), 0..200)) {
            const RECORDS: usize = 5;
            const BYTES: usize = 16_384;
            let (entry, exit) = queue(RECORDS, BYTES);
            let (mut waiting, mut in_hand) = (VecDeque::new(), VecDeque::new());
            let cost = |(_, bytes): &(i64, usize)| bytes + OVERHEAD;
            for (offset, step) in (0..).zip(steps) {
                match step {
                    Step::Offer(bytes) => {
                        let used: usize = waiting.iter().map(cost).sum::<usize>()
                            + in_hand.iter().map(|(one, _): &((i64, usize), Box<Held>)| cost(one)).sum::<usize>();
                        let fits = waiting.len() < RECORDS && used + bytes + OVERHEAD <= BYTES;
                        prop_assert_eq!(entry.offer(raw(offset, bytes)), fits);
                        if fits {
                            waiting.push_back((offset, bytes));
                        }
                    }
                    Step::Take => match exit.take(Duration::ZERO) {
                        Taken::Record(held) => {
                            let next = waiting.pop_front();
                            prop_assert_eq!(Some(held.raw.origin.offset), next.map(|(offset, _)| offset));
                            in_hand.push_back((next.unwrap(), held));
                        }
                        Taken::Nothing => prop_assert!(waiting.is_empty()),
                        Taken::Closed => prop_assert!(false, "closed"),
                    },
                    Step::Finish => drop(in_hand.pop_front()),
                }
            }
            drop(entry);
            for _ in 0..waiting.len() {
                prop_assert!(matches!(exit.take(Duration::ZERO), Taken::Record(_)));
            }
            prop_assert!(matches!(exit.take(Duration::ZERO), Taken::Closed));
        }
    }

    #[test]
    fn many_threads_lose_nothing_and_never_take_more_than_there_is() {
        const EACH: i64 = 4000;
        let (entry, exit) = queue(64, 64 << 10);
        let room = entry.room.clone();
        let (accepted, taken) = std::thread::scope(|scope| {
            let offers: Vec<_> = (0..4)
                .map(|_| {
                    let (entry, room) = (entry.clone(), room.clone());
                    scope.spawn(move || {
                        let offer = |offset| {
                            let accepted = entry.offer(raw(offset, 700));
                            assert!(room.used.load(Ordering::Relaxed) <= room.limit);
                            accepted
                        };
                        (0..EACH).filter(|&offset| offer(offset)).count()
                    })
                })
                .collect();
            drop(entry);
            let mut taken = 0;
            loop {
                match exit.take(Duration::from_secs(10)) {
                    Taken::Record(_) => taken += 1,
                    Taken::Nothing => panic!("stuck"),
                    Taken::Closed => break,
                }
            }
            (offers.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), taken)
        });
        assert_eq!(accepted, taken);
        assert_eq!(room.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn without_a_reader_nothing_is_kept() {
        let (entry, exit) = queue(2, 1 << 20);
        drop(exit);
        assert!(!entry.offer(raw(0, 10)));
        assert_eq!(entry.room.used.load(Ordering::Relaxed), 0);
    }
}
