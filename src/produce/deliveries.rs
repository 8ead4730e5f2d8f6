//! What became of the records that were sent, as delivery reports tell it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;

use crate::flow::mutation::{Mutation, is_on};
use crate::kafka::Fault;

/// Acknowledgements of the open transaction. Reports of one that was aborted
/// come late; their attempt tells them apart.
#[derive(Debug, Default)]
pub struct Deliveries {
    state: Mutex<Counts>,
    bell: Condvar,
}

#[derive(Debug)]
struct Counts {
    attempt: u32,
    /// Handed to the client.
    sent: usize,
    acknowledged: usize,
    failed: Vec<Failed>,
    /// Reports of either kind.
    told: usize,
    /// When anything was heard last, or else since when there is anything to hear.
    heard: Instant,
}

impl Default for Counts {
    fn default() -> Self {
        Self { attempt: 0, sent: 0, acknowledged: 0, failed: Vec::new(), told: 0, heard: Instant::now() }
    }
}

/// A record that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub index: usize,
    pub error: KafkaError,
    pub topic: String,
}

const INDEX_BITS: u32 = 32;

impl Deliveries {
    /// Of what was sent before, no report counts any more.
    pub fn start(&self) {
        let mut counts = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = Counts { attempt: counts.attempt.wrapping_add(1), ..Counts::default() };
    }

    /// Names a record in its delivery report: attempt and index in one word.
    pub fn opaque(&self, index: usize) -> usize {
        let attempt = self.state.lock().unwrap_or_else(PoisonError::into_inner).attempt;
        (attempt as usize) << INDEX_BITS | index
    }

    /// A record was handed to the client.
    pub fn sent(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sent += 1;
    }

    /// What became of the record of that name.
    pub fn report(&self, opaque: usize, error: Option<(KafkaError, &str)>) {
        let mut counts = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if opaque >> INDEX_BITS != counts.attempt as usize {
            return;
        }
        counts.heard = Instant::now();
        counts.told += 1;
        match error {
            None => counts.acknowledged += 1,
            Some((error, topic)) => {
                let index = opaque & ((1 << INDEX_BITS) - 1);
                counts.failed.push(Failed { index, error, topic: topic.to_owned() });
            }
        }
        drop(counts);
        self.bell.notify_one();
    }

    /// Whether it was told of every record that was sent what became of it: only then may the
    /// transaction be aborted and the producer kept.
    ///
    /// One that is on its way may be with the broker though we did not hear of it. To abort,
    /// librdkafka 2.12.1 purges it and gives its number to the next one
    /// (`rd_kafka_toppar_purge_queues`), which the broker then takes for the same again,
    /// acknowledges and throws away. A new producer begins with numbers of its own, and ends the
    /// transaction as well.
    ///
    /// # Errors
    /// That a new producer is needed.
    pub fn all_heard(&self) -> Result<(), Fault> {
        let counts = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let unheard = counts.sent.saturating_sub(counts.told);
        if unheard == 0 || is_on(Mutation::AbortUnheard) {
            return Ok(());
        }
        Err(Fault::Recreate(format!("{unheard} records may be with the broker, or not")))
    }

    /// For how long nothing was heard of what was sent.
    pub fn silence(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).heard.elapsed()
    }

    /// Whether so many are acknowledged, after waiting for it at most so long. Where
    /// one failed, the rest of its batch is told in a moment: for that it waits at
    /// most `rest`.
    ///
    /// # Errors
    /// Those that failed since it was last asked.
    pub fn wait(&self, count: usize, timeout: Duration, rest: Duration) -> Result<bool, Vec<Failed>> {
        let counts = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |counts: &mut Counts| counts.failed.is_empty() && counts.acknowledged < count;
        let (counts, _) = self.bell.wait_timeout_while(counts, timeout, open).unwrap_or_else(PoisonError::into_inner);
        if counts.failed.is_empty() {
            return Ok(counts.acknowledged >= count);
        }
        let told = |counts: &mut Counts| counts.acknowledged + counts.failed.len() < count;
        let (mut counts, _) = self.bell.wait_timeout_while(counts, rest, told).unwrap_or_else(PoisonError::into_inner);
        Err(std::mem::take(&mut counts.failed))
    }
}

/// What to do about these, each sorted by `sort`: records that the broker will
/// never take are told apart from a producer or a broker in trouble.
pub fn delivery_fault(failed: &[Failed], sort: impl Fn(&Failed) -> Fault) -> Fault {
    let mut refused = Vec::new();
    let mut message = String::new();
    let mut other = None;
    for failed in failed {
        match sort(failed) {
            Fault::Refused(indices, text) => {
                refused.extend(indices);
                message = text;
            }
            fault @ (Fault::Fenced(_) | Fault::Recreate(_)) => return fault,
            fault => other = Some(fault.to_string()),
        }
    }
    match other {
        _ if !refused.is_empty() => Fault::Refused(refused, message),
        text => Fault::Abort(text.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    #[test]
    fn silence_ends_with_any_report_of_this_attempt() {
        let deliveries = Deliveries::default();
        deliveries.start();
        let old = deliveries.opaque(0);
        deliveries.start();
        let quiet = Duration::from_millis(20);
        std::thread::sleep(quiet);
        deliveries.report(old, None);
        assert!(deliveries.silence() >= quiet);
        let before = Instant::now();
        deliveries.report(deliveries.opaque(0), None);
        assert!(deliveries.silence() <= before.elapsed());
    }

    #[test]
    fn what_was_sent_is_heard_of_delivered_or_not() {
        let deliveries = Deliveries::default();
        deliveries.start();
        let names = [0, 1].map(|index| deliveries.opaque(index));
        names.iter().for_each(|_| deliveries.sent());
        deliveries.report(names[1], None);
        assert!(matches!(deliveries.all_heard(), Err(Fault::Recreate(_))));
        deliveries.report(names[0], Some((KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue), "out")));
        assert!(deliveries.all_heard().is_ok());
        deliveries.sent();
        assert!(deliveries.all_heard().is_err());
        deliveries.start();
        assert!(deliveries.all_heard().is_ok());
    }

    #[test]
    fn reports_of_an_aborted_attempt_do_not_count() {
        let deliveries = Deliveries::default();
        deliveries.start();
        let old = deliveries.opaque(0);
        deliveries.start();
        deliveries.report(old, Some((KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue), "out")));
        deliveries.report(old, None);
        assert_eq!(deliveries.wait(1, Duration::ZERO, Duration::ZERO), Ok(false));
        deliveries.report(deliveries.opaque(0), None);
        assert_eq!(deliveries.wait(1, Duration::ZERO, Duration::ZERO), Ok(true));
        let error = KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge);
        for index in [7, 8] {
            deliveries.report(deliveries.opaque(index), Some((error.clone(), "out")));
        }
        let failed = |index| Failed { index, error: error.clone(), topic: "out".to_owned() };
        assert_eq!(deliveries.wait(3, Duration::ZERO, Duration::ZERO), Err(vec![failed(7), failed(8)]));
    }
}
