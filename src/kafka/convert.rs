use std::sync::Arc;

use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header as KafkaHeader, Headers, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::util::IntoOpaque;

use crate::record::{Header, Origin, Outgoing, RawRecord};

/// Copies a message out of librdkafka's memory. Of a value longer than
/// `keep` bytes only so many are kept: it will not be processed, and its dead
/// letter could not hold it.
#[must_use]
pub fn raw_record(message: &BorrowedMessage<'_>, topic: &Arc<str>, keep: usize) -> RawRecord {
    let value = message.payload();
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| Header { name: header.key.to_owned(), value: header.value.map(<[u8]>::to_vec) })
            .collect()
    });
    RawRecord {
        origin: Origin { topic: Arc::clone(topic), partition: message.partition(), offset: message.offset() },
        timestamp: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        value: value.map(|value| value.get(..keep).unwrap_or(value).to_vec()),
        value_length: value.map_or(0, <[u8]>::len),
        headers,
    }
}

/// What a producer sends; `opaque` comes back with its delivery.
#[must_use]
pub fn base_record<'a, O: IntoOpaque>(
    topic: &'a str,
    outgoing: &'a Outgoing,
    opaque: O,
) -> BaseRecord<'a, [u8], [u8], O> {
    let mut record = BaseRecord::with_opaque_to(topic, opaque).headers(headers(&outgoing.headers));
    record.key = outgoing.key.as_deref();
    record.payload = outgoing.value.as_deref();
    record.timestamp = outgoing.timestamp;
    record
}

/// Headers as librdkafka takes them.
#[must_use]
pub fn headers(headers: &[Header]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, header| {
        all.insert(KafkaHeader { key: &header.name, value: header.value.as_deref() })
    })
}
