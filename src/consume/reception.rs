//! What is done with a record that was polled.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;

use super::Watcher;
use super::batch::{Queue, Work};
use super::pace::{Pace, Sieve, Sifted};
use super::rebalance::Desk;
use crate::flow::{Budget, Event, Finished, Lane, Outcome, Ticket};
use crate::record::{Outgoing, RawRecord};

/// What a record costs besides its bytes: tickets, headers, queue entries.
const OVERHEAD: usize = 1024;

/// Gives a record its ticket and its bytes of the budget, and hands it on: to
/// the pool, or past it where there is nothing to enrich. No client inside.
pub struct Reception {
    pub budget: Budget,
    pub queue: Queue,
    pub events: Sender<Event>,
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    pub watcher: Arc<dyn Watcher>,
    pub pace: Option<Arc<dyn Pace>>,
    pub sieve: Option<Arc<dyn Sieve>>,
}

impl Reception {
    /// How long the pace lets nothing be taken.
    pub fn pace(&self) -> Duration {
        self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.wait(self.queue.len(), (self.clock)()))
    }

    /// A record of that offset was polled; `raw` is asked for only if it is ours.
    pub fn take(&self, desk: &mut Desk, lane: Lane, offset: i64, raw: impl FnOnce() -> RawRecord) {
        let Some(ticket) = desk.assignment.stamp(lane, offset) else { return };
        let raw = raw();
        let now = (self.clock)();
        if ticket.sequence == 0 {
            self.watcher.first(lane, ticket.offset, raw.timestamp);
        }
        self.watcher.consumed(raw.value_length);
        if let Some(pace) = &self.pace {
            pace.took(raw.value_length, now);
        }
        let appended = raw.timestamp;
        let sifted = match &self.sieve {
            Some(sieve) => sieve.sift(raw),
            None => Sifted::Work(raw),
        };
        match sifted {
            Sifted::Work(raw) => {
                let permit = self.budget.take(raw.bytes() + OVERHEAD);
                desk.batch.push(Work { raw, ticket, permit, place: self.queue.place(), polled: now });
            }
            Sifted::Done(outgoing, outcome) => self.hand_on(ticket, outgoing, outcome, appended),
        }
    }

    /// Past the pool: there is nothing to enrich.
    pub fn hand_on(&self, ticket: Ticket, outgoing: Option<Outgoing>, outcome: Outcome, appended: Option<i64>) {
        let permit = self.budget.take(outgoing.as_ref().map_or(0, Outgoing::bytes) + OVERHEAD);
        let now = (self.clock)();
        let finished = Finished { ticket, outgoing, outcome, permit, polled: now, made: now, appended };
        // Its receiver lives as long as the worker.
        let _ = self.events.send(Event::Finished(vec![finished]));
    }
}
