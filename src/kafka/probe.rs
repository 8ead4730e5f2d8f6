//! Whether what the files hold now logs in, tried aside from the worker's clients.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::client::plain;
use super::listener::{ClientKind, log};
use super::options::Options;

/// How long one question may take; the login is part of it.
const CALL: Duration = Duration::from_secs(2);
const CALLS: usize = 5;

/// Logs in with the files as they are and asks for one topic. Joins no group and
/// reads nothing.
///
/// # Errors
/// Why it cannot log in, or that nobody answered for ten seconds.
pub fn probe(options: &Options, topic: &str) -> Result<(), String> {
    let config = plain(options).map_err(|error| error.to_string())?;
    let heard = Heard::default();
    let client: BaseConsumer<Heard> = config.create_with_context(heard).map_err(|error| error.to_string())?;
    let mut last = String::new();
    for _ in 0..CALLS {
        match client.fetch_metadata(Some(topic), CALL) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
        // The client's errors are told on a poll.
        let _ = client.poll(Duration::ZERO);
        if let Some(refused) = client.context().refused() {
            return Err(refused);
        }
    }
    Err(format!("no broker answers: {last}"))
}

/// The error that ends a login, if there was one.
#[derive(Debug, Default)]
struct Heard(Mutex<Option<String>>);

impl Heard {
    fn refused(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Heard {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(ClientKind::Consumer, level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let refused = match error.rdkafka_error_code() {
            Some(Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL) => true,
            Some(Code::BrokerTransportFailure) => reason.contains("SSL alert"),
            _ => false,
        };
        if refused {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Heard {}
