//! The sequencer's doings, turned into metrics, health and log lines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::poison::Journal;
use super::pool::span_times;
use super::telemetry::{Progress, Telemetry};
use crate::encode::headers;
use crate::flow::{Finished, Lane, Outcome};
use crate::health::Pulse;
use crate::kafka::{Fault, refused};
use crate::metrics::{DurableMetrics, Operation as Retried};
use crate::produce::{Entry, Observer, Operation};
use crate::record::{Destination, Origin, Outgoing, Reason, Reject, Stage};
use crate::trace::Tracer;

/// No call of the sequencer's blocks for longer.
const LONGEST_CALL: Duration = Duration::from_secs(45);

pub struct Ledger {
    telemetry: Arc<Telemetry>,
    pulse: Pulse,
    durable: DurableMetrics,
    tracer: Option<Tracer>,
    journal: Journal,
    transactional: bool,
    begun: Duration,
    /// Records handed to the producer since.
    sent: usize,
}

impl Ledger {
    #[must_use]
    pub fn new(telemetry: Arc<Telemetry>, transactional: bool, tracer: Option<Tracer>, journal: Journal) -> Self {
        let pulse = telemetry.health.sequencer();
        let durable = telemetry.metrics.durable();
        Self { telemetry, pulse, durable, tracer, journal, transactional, begun: Duration::ZERO, sent: 0 }
    }

    fn took(&self) -> Duration {
        self.telemetry.clock.now().saturating_sub(self.begun)
    }

    fn origin(&self, record: &Finished) -> Origin {
        Origin {
            topic: self.telemetry.topic(record.ticket.lane).into(),
            partition: record.ticket.lane.partition,
            offset: record.ticket.offset,
        }
    }

    fn dead_letter(&self, record: &Finished, stage: Stage, reason: Reason) {
        let headers = record.outgoing.iter().flat_map(|outgoing| &outgoing.headers);
        let message = headers.into_iter().find(|header| header.name == headers::ERROR_MESSAGE);
        let message = message.and_then(|header| header.value.as_deref()).unwrap_or_default();
        let message = String::from_utf8_lossy(message).into_owned();
        let origin = self.origin(record);
        self.telemetry.events.dead_letter(&origin, &Reject { stage, reason, message });
    }
}

impl Observer for Ledger {
    fn calling(&mut self, operation: Operation) {
        match operation {
            Operation::Send => {
                self.sent += 1;
                return;
            }
            Operation::Begin => {
                self.begun = self.telemetry.clock.now();
                self.sent = 0;
            }
            _ => {}
        }
        self.pulse.protect(self.telemetry.clock.now() + LONGEST_CALL);
    }

    fn called(&mut self, operation: Operation) {
        match operation {
            Operation::Recreate => self.telemetry.allowed(&[refused::TRANSACTIONAL_ID]),
            Operation::Commit => {
                self.telemetry.allowed(&[refused::OUTPUT, refused::DEAD_LETTERS, refused::PARKING, refused::GROUP]);
            }
            _ => {}
        }
        if operation == Operation::Commit && self.transactional {
            self.telemetry.events.transaction_committed(self.took());
        }
        if operation != Operation::Send {
            self.pulse.beat(self.telemetry.clock.now());
            tracing::debug!(operation = operation.as_str(), sent = self.sent, "done");
        }
    }

    fn failed(&mut self, operation: Operation, fault: &Fault, delay: Duration) {
        self.pulse.beat(self.telemetry.clock.now());
        if *fault != Fault::QueueFull {
            // Without a limit, for who looks for the one that mattered.
            tracing::debug!(operation = operation.as_str(), sent = self.sent, ?delay, "failed: {fault}");
        }
        let events = &self.telemetry.events;
        match fault {
            Fault::QueueFull => {}
            Fault::Abort(_) | Fault::Refused(..) if self.transactional && operation != Operation::Abort => {
                events.transaction_aborted(fault, self.sent, self.took());
            }
            Fault::Recreate(_) if operation == Operation::Commit => {
                events.transaction_unknown(fault, self.sent, self.took());
            }
            _ => events.retry(retried(operation, self.transactional), fault, delay),
        }
    }

    fn durable(&mut self, records: &[Entry<Finished>], now: Duration) {
        if records.is_empty() {
            return;
        }
        let unix = Clock::unix();
        let mut positions: BTreeMap<Lane, Progress> = BTreeMap::new();
        let mut produced = [(0u64, 0u64); Destination::ALL.len()];
        for Entry { ticket, item, .. } in records {
            positions.insert(ticket.lane, Progress { next: ticket.offset + 1, appended: item.appended });
            let Some(outgoing) = &item.outgoing else { continue };
            if let Some(counts) = produced.get_mut(outgoing.to as usize) {
                counts.0 += 1;
                counts.1 += outgoing.bytes() as u64;
            }
            if let Outcome::DeadLetter(stage, reason) = item.outcome {
                self.dead_letter(item, stage, reason);
            }
            if let Some(tracer) = &self.tracer {
                let reason = match item.outcome {
                    Outcome::DeadLetter(_, reason) => Some(reason),
                    Outcome::Parked(reason) => reason,
                    _ => None,
                };
                tracer.sent(outgoing, || self.origin(item), reason, span_times(item.made, now));
            }
            let appended = item.appended.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis);
            self.durable.observe(now.saturating_sub(item.polled), appended.map(|then| unix.saturating_sub(then)));
        }
        self.durable.flush();
        tracing::debug!(records = records.len(), ?positions, "durable");
        let metrics = &self.telemetry.metrics;
        for (to, (records, bytes)) in Destination::ALL.into_iter().zip(produced) {
            metrics.produced(to, records, bytes);
        }
        metrics.last_progress(unix);
        if self.journal.has_suspects() {
            for (lane, progress) in &positions {
                self.journal.settled(self.telemetry.topic(*lane), lane.partition, progress.next - 1);
            }
        }
        self.telemetry.durable(&positions);
        self.telemetry.health.done(now, records.len() as u64);
    }

    fn unconfirmed(&mut self, records: usize) {
        self.telemetry.metrics.unconfirmed(records as u64);
    }

    fn dropped(&mut self, records: usize) {
        self.telemetry.metrics.dropped(records as u64);
        self.telemetry.health.dropped(records as u64);
    }

    fn refused(&mut self, record: &Finished, message: &str) {
        tracing::warn!(
            partition = record.ticket.lane.partition,
            offset = record.ticket.offset,
            bytes = record.outgoing.as_ref().map_or(0, Outgoing::bytes),
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
