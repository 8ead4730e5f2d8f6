//! The sequencer's doings, turned into metrics, health and log lines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::telemetry::{Progress, Telemetry};
use crate::flow::{Finished, Lane};
use crate::health::Pulse;
use crate::kafka::Fault;
use crate::metrics::{DurableMetrics, Operation as Retried, TransactionResult};
use crate::produce::{Entry, Observer, Operation};
use crate::record::{Destination, Reason, Stage};

/// No call of the sequencer's blocks for longer.
const LONGEST_CALL: Duration = Duration::from_secs(45);

pub struct Ledger {
    telemetry: Arc<Telemetry>,
    pulse: Pulse,
    durable: DurableMetrics,
    transactional: bool,
    begun: Duration,
}

impl Ledger {
    #[must_use]
    pub fn new(telemetry: Arc<Telemetry>, transactional: bool) -> Self {
        let pulse = telemetry.health.sequencer();
        let durable = telemetry.metrics.durable();
        Self { telemetry, pulse, durable, transactional, begun: Duration::ZERO }
    }

    fn ended(&self, result: TransactionResult) {
        if self.transactional {
            let took = self.telemetry.clock.now().saturating_sub(self.begun);
            self.telemetry.metrics.transaction(result, took);
        }
    }
}

impl Observer for Ledger {
    fn calling(&mut self, operation: Operation) {
        if operation == Operation::Begin {
            self.begun = self.telemetry.clock.now();
        }
        if operation != Operation::Send {
            self.pulse.protect(self.telemetry.clock.now() + LONGEST_CALL);
        }
    }

    fn called(&mut self, operation: Operation, _took: Duration, fault: Option<&Fault>) {
        if operation != Operation::Send || fault.is_some() {
            self.pulse.beat(self.telemetry.clock.now());
        }
        let events = &self.telemetry.events;
        match (operation, fault) {
            (Operation::Commit, None) => self.ended(TransactionResult::Committed),
            (Operation::Abort, None) => self.ended(TransactionResult::Aborted),
            (_, None | Some(Fault::QueueFull)) => {}
            (_, Some(Fault::Retry(text))) => events.retry(retried(operation, self.transactional), text),
            (_, Some(Fault::Abort(text) | Fault::Refused(_, text))) => events.aborting(text),
            (operation, Some(Fault::Recreate(text) | Fault::Fenced(text))) => {
                if operation == Operation::Commit {
                    self.ended(TransactionResult::Unknown);
                }
                events.recreating(text);
            }
        }
    }

    fn durable(&mut self, records: &[Entry<Finished>], now: Duration) {
        if records.is_empty() {
            return;
        }
        let unix = Clock::unix();
        let mut positions: BTreeMap<Lane, Progress> = BTreeMap::new();
        let mut produced = [(0u64, 0u64); 2];
        let mut letters: BTreeMap<(Stage, Reason), u64> = BTreeMap::new();
        for Entry { ticket, item, .. } in records {
            positions.insert(ticket.lane, Progress { next: ticket.offset + 1, appended: item.appended });
            let counts = &mut produced[usize::from(item.outgoing.to == Destination::DeadLetters)];
            counts.0 += 1;
            counts.1 += item.outgoing.bytes() as u64;
            if let Some(why) = item.rejected {
                *letters.entry(why).or_default() += 1;
            }
            let appended = item.appended.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis);
            self.durable.observe(now.saturating_sub(item.polled), appended.map(|then| unix.saturating_sub(then)));
        }
        self.durable.flush();
        let metrics = &self.telemetry.metrics;
        metrics.produced(Destination::Output, produced[0].0, produced[0].1);
        metrics.produced(Destination::DeadLetters, produced[1].0, produced[1].1);
        for ((stage, reason), count) in letters {
            self.telemetry.events.dead_letters(stage, reason, count);
        }
        metrics.last_progress(unix);
        self.telemetry.durable(&positions);
        self.telemetry.health.done(now, records.len() as u64);
    }

    fn dropped(&mut self, records: usize) {
        self.telemetry.health.dropped(records as u64);
    }

    fn refused(&mut self, record: &Finished, message: &str) {
        tracing::warn!(
            partition = record.ticket.lane.partition,
            offset = record.ticket.offset,
            bytes = record.outgoing.bytes(),
            "the broker refused a record, which becomes a dead letter: {message}"
        );
    }
}

const fn retried(operation: Operation, transactional: bool) -> Retried {
    match operation {
        Operation::Recreate | Operation::AskCommitted => Retried::Init,
        Operation::Begin => Retried::Begin,
        Operation::Send | Operation::Deliver => Retried::Send,
        Operation::SendOffsets if transactional => Retried::SendOffsets,
        Operation::SendOffsets => Retried::CommitOffsets,
        Operation::Commit => Retried::Commit,
        Operation::Abort => Retried::Abort,
    }
}
