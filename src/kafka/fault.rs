//! One table: an error of the producer, and what is to be done about it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// How a call of the producer went wrong, sorted by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The same call again.
    #[error("{0}")]
    Retry(String),
    /// Abort the transaction, then send again.
    #[error("{0}")]
    Abort(String),
    /// This producer is done for, or what it did is unknown: a new one.
    #[error("{0}")]
    Recreate(String),
    /// Another producer has our transactional id.
    #[error("{0}")]
    Fenced(String),
    /// The broker will not take these records (indices into what was sent),
    /// however often they are sent.
    #[error("{1}")]
    Refused(Vec<usize>, String),
    /// Backpressure, not an error.
    #[error("the producer's queue is full")]
    QueueFull,
}

/// Sorts an error. `index` is the record's, for errors that are a record's own.
#[must_use]
pub fn fault(error: &KafkaError, index: usize) -> Fault {
    let text = error.to_string();
    let Some(code) = error.rdkafka_error_code() else { return Fault::Recreate(text) };
    if let KafkaError::Transaction(transaction) = error {
        return if transaction.is_fatal() && is_fenced(code) {
            Fault::Fenced(text)
        } else if transaction.is_fatal() {
            Fault::Recreate(text)
        } else if transaction.txn_requires_abort() {
            Fault::Abort(text)
        } else if transaction.is_retriable() || is_time_out(code) {
            Fault::Retry(text)
        } else {
            Fault::Recreate(text)
        };
    }
    match code {
        Code::QueueFull => Fault::QueueFull,
        Code::Fenced => Fault::Fenced(text),
        Code::MessageSizeTooLarge | Code::InvalidRecord => Fault::Refused(vec![index], text),
        Code::Fatal => Fault::Recreate(text),
        code if is_time_out(code) => Fault::Retry(text),
        // A delivery that failed, or a send into a transaction that cannot go on.
        _ => Fault::Abort(text),
    }
}

/// Only a fatal error of these means a twin. An old epoch told by a delivery or
/// by an error that asks for an abort is mended by that abort.
#[must_use]
pub const fn is_fenced(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}

const fn is_time_out(code: Code) -> bool {
    matches!(code, Code::OperationTimedOut | Code::RequestTimedOut | Code::TimedOutQueue | Code::BrokerTransportFailure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_has_its_answer() {
        let kind = |error: KafkaError| fault(&error, 3);
        assert_eq!(kind(KafkaError::MessageProduction(Code::QueueFull)), Fault::QueueFull);
        assert!(matches!(kind(KafkaError::Flush(Code::OperationTimedOut)), Fault::Retry(_)));
        assert!(matches!(kind(KafkaError::MessageProduction(Code::Fatal)), Fault::Recreate(_)));
        assert!(matches!(kind(KafkaError::MessageProduction(Code::Fenced)), Fault::Fenced(_)));
        assert!(matches!(kind(KafkaError::MessageProduction(Code::MessageTimedOut)), Fault::Abort(_)));
        assert!(matches!(kind(KafkaError::MessageProduction(Code::InvalidProducerEpoch)), Fault::Abort(_)));
        let Fault::Refused(indices, text) = kind(KafkaError::MessageProduction(Code::MessageSizeTooLarge)) else {
            panic!("not refused")
        };
        assert_eq!(indices, [3]);
        assert!(text.contains("too large"), "{text}");
        assert!(matches!(kind(KafkaError::Canceled), Fault::Recreate(_)));
    }
}
