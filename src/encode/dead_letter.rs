//! The input untouched, and why.

use super::{headers, wire_bytes};
use crate::record::{Destination, Outgoing, RawRecord, Reason, Reject, Stage};

/// What a dead letter tells.
pub(super) struct Letter<'a> {
    pub raw: &'a RawRecord,
    pub reject: &'a Reject,
    pub attempts: u32,
    pub version: &'a str,
}

impl Letter<'_> {
    /// The dead letter, at most `limit` bytes long. What does not fit goes in
    /// the order value, input headers, key, and a header tells of each.
    pub(super) fn write(&self, timestamp: Option<i64>, limit: usize) -> Outgoing {
        let mut letter = Outgoing {
            to: Destination::DeadLetters,
            key: self.raw.key.clone(),
            value: None,
            headers: headers::foreign(&self.raw.headers).cloned().collect(),
            timestamp,
        };
        let foreign = letter.headers.len();
        self.tell(&mut letter);
        if wire_bytes(&letter) > limit {
            letter.headers.drain(..foreign);
            letter.headers.push(headers::header(headers::HEADERS_OMITTED, &foreign));
        }
        if wire_bytes(&letter) > limit {
            let length = letter.key.take().map_or(0, |key| key.len());
            letter.headers.push(headers::header(headers::KEY_OMITTED, &length));
        }
        self.put_value(&mut letter, limit);
        letter
    }

    fn tell(&self, letter: &mut Outgoing) {
        let Reject { stage, reason, .. } = *self.reject;
        let message = headers::message(self.reject);
        headers::push_error(&mut letter.headers, stage, reason, &message, self.attempts);
        headers::push_origin(&mut letter.headers, &self.raw.origin, self.version);
    }

    /// The value, or as much of its start as fits. The shell may have read only
    /// the start of a value that is far too large; it counts as cut, too.
    fn put_value(&self, letter: &mut Outgoing, limit: usize) {
        let Some(value) = &self.raw.value else { return };
        let length = self.raw.value_length.max(value.len());
        if length == value.len() && wire_bytes(letter) + length <= limit {
            letter.value = Some(value.clone());
            return;
        }
        letter.headers.push(headers::header(headers::VALUE_TRUNCATED_FROM, &length));
        let room = limit.saturating_sub(wire_bytes(letter)).min(value.len());
        letter.value = value.get(..room).map(<[u8]>::to_vec);
    }
}

/// The dead letter of a record that the broker refused, when the input value is
/// no longer in memory: key and headers as they were to be sent, an empty value,
/// and headers that tell its length and where the input is. The broker's
/// `message` goes into the error message.
///
/// What was a dead letter already keeps its stage and reason: they are what its
/// reader looks for, and the refusal stands in the message.
#[must_use]
pub fn refused(outgoing: &Outgoing, message: &str) -> Outgoing {
    let told = |name: &str| {
        let found = outgoing.headers.iter().rev().find(|header| header.name == name);
        found.and_then(|header| header.value.clone())
    };
    let length = outgoing.value.as_ref().map_or(0, Vec::len);
    let mut letter = outgoing.clone();
    letter.to = Destination::DeadLetters;
    letter.value = Some(Vec::new());
    match told(headers::ERROR_MESSAGE).filter(|_| outgoing.to.is_of_letters()) {
        Some(before) => {
            let before = String::from_utf8_lossy(&before).into_owned();
            let message = format!("the broker refused the dead letter: {message}; it was one because: {before}");
            letter.headers.retain(|header| header.name != headers::ERROR_MESSAGE);
            letter.headers.push(headers::header(headers::ERROR_MESSAGE, &headers::capped(&message)));
        }
        None => {
            let attempts = told(headers::ATTEMPTS).and_then(|text| String::from_utf8(text).ok()?.parse().ok());
            let stale = [headers::CONTENT_TYPE, headers::ATTEMPTS];
            letter.headers.retain(|header| !stale.contains(&header.name.as_str()));
            let message = headers::capped(&format!("the broker refused the record: {message}"));
            let (stage, reason) = (Stage::Produce, Reason::RefusedByBroker);
            headers::push_error(&mut letter.headers, stage, reason, &message, attempts.unwrap_or(1));
        }
    }
    if told(headers::VALUE_OMITTED).is_none() {
        letter.headers.push(headers::header(headers::VALUE_OMITTED, &length));
    }
    letter
}

#[cfg(test)]
mod tests {
    use crate::encode::tests_support::{encoder, enriched, header, raw};
    use crate::encode::{Options, headers::*, refused, wire_bytes};
    use crate::record::{Destination, Header, RawRecord, Reason, Reject, Stage};

    fn reject() -> Reject {
        Reject::new(Stage::Decode, Reason::InvalidJson, "the value is not JSON: expected a comma at byte 7")
    }

    #[test]
    fn the_input_is_untouched_and_every_header_reads_back() {
        let mut raw = raw(b"{\"title\" 1");
        raw.headers = vec![
            Header { name: "content-type".into(), value: Some(b"application/json".to_vec()) },
            Header { name: "content-encoding".into(), value: Some(b"gzip".to_vec()) },
            Header { name: "traceparent".into(), value: None },
            Header { name: "warraq-error-reason".into(), value: Some(b"panic".to_vec()) },
            Header { name: "Warraq-Attempts".into(), value: Some(b"2".to_vec()) },
        ];
        let letter = encoder(Options::default()).dead_letter(&raw, &reject(), attempts(&raw));
        assert_eq!((letter.to, &letter.key, &letter.value), (Destination::DeadLetters, &raw.key, &raw.value));
        assert_eq!(letter.timestamp, raw.timestamp);
        assert_eq!(letter.headers.get(..3), raw.headers.get(..3), "input headers come first, in their order");
        let names: Vec<&str> = letter.headers.iter().skip(3).map(|header| header.name.as_str()).collect();
        assert_eq!(names, [ERROR_STAGE, ERROR_REASON, ERROR_MESSAGE, ATTEMPTS, SOURCE, VERSION]);
        assert_eq!(header(&letter, ERROR_STAGE), Some("decode"));
        assert_eq!(header(&letter, ERROR_REASON), Some("invalid_json"));
        assert_eq!(header(&letter, ERROR_MESSAGE), Some("the value is not JSON: expected a comma at byte 7"));
        assert_eq!(header(&letter, ATTEMPTS), Some("3"));
        assert_eq!(header(&letter, SOURCE), Some("articles.raw/3/42"));
        assert_eq!(header(&letter, VERSION), Some("1.2.3"));
    }

    #[test]
    fn what_does_not_fit_is_cut_and_said() {
        let options = Options { max_record_bytes: 16 * 1024, ..Options::default() };
        let limit = options.max_record_bytes;
        let encoder = encoder(options);
        let mut raw = raw(&vec![b'x'; 40_000]);

        let letter = encoder.dead_letter(&raw, &reject(), 1);
        assert_eq!(header(&letter, VALUE_TRUNCATED_FROM), Some("40000"));
        assert_eq!(wire_bytes(&letter), limit);

        raw.headers.push(Header { name: "cookie".into(), value: Some(vec![b'c'; 20_000]) });
        let letter = encoder.dead_letter(&raw, &reject(), 1);
        assert_eq!((header(&letter, HEADERS_OMITTED), &letter.key), (Some("1"), &raw.key));
        assert!(wire_bytes(&letter) <= limit && letter.value.as_ref().is_some_and(|value| value.len() > 10_000));

        raw.key = Some(vec![b'k'; 30_000]);
        let letter = encoder.dead_letter(&raw, &reject(), 1);
        assert_eq!((header(&letter, KEY_OMITTED), letter.key.as_ref()), (Some("30000"), None));
        assert!(wire_bytes(&letter) <= limit);
        assert_eq!(header(&letter, ERROR_REASON), Some("invalid_json"));
    }

    #[test]
    fn a_value_that_was_read_only_in_part_tells_its_true_length() {
        let raw = RawRecord { value_length: 100_000_000, ..raw(b"the start") };
        let letter = encoder(Options::default()).dead_letter(&raw, &reject(), 1);
        assert_eq!(header(&letter, VALUE_TRUNCATED_FROM), Some("100000000"));
        assert_eq!(letter.value.as_deref(), Some(b"the start".as_slice()));
    }

    #[test]
    fn a_value_that_just_fits_is_whole() {
        let options = Options { max_record_bytes: 16 * 1024, ..Options::default() };
        let encoder = encoder(options.clone());
        let empty = encoder.dead_letter(&raw(b""), &reject(), 1);
        let fits = options.max_record_bytes - wire_bytes(&empty);
        let whole = encoder.dead_letter(&raw(&vec![b'x'; fits]), &reject(), 1);
        assert_eq!((wire_bytes(&whole), header(&whole, VALUE_TRUNCATED_FROM)), (options.max_record_bytes, None));
        let cut = encoder.dead_letter(&raw(&vec![b'x'; fits + 1]), &reject(), 1);
        assert!(header(&cut, VALUE_TRUNCATED_FROM).is_some() && wire_bytes(&cut) <= options.max_record_bytes);
    }

    #[test]
    fn a_refused_record_becomes_a_letter_without_value() {
        let mut raw = raw(b"{}");
        raw.headers.push(Header { name: "traceparent".into(), value: Some(b"00-ab-cd-01".to_vec()) });
        raw.headers.push(Header { name: ATTEMPTS.into(), value: Some(b"1".to_vec()) });
        let (sent, _) = encoder(Options::default()).record(&raw, enriched(&["نص."])).unwrap();
        let letter = refused(&sent, "MSG_SIZE_TOO_LARGE");
        assert_eq!((letter.to, letter.key.clone()), (Destination::DeadLetters, sent.key.clone()));
        assert_eq!(letter.value.as_deref(), Some(b"".as_slice()));
        let length = sent.value.as_ref().map_or(0, Vec::len).to_string();
        let want = [
            (VALUE_OMITTED, length.as_str()),
            (SOURCE, "articles.raw/3/42"),
            (VERSION, "1.2.3"),
            (ERROR_STAGE, "produce"),
            (ERROR_REASON, "refused_by_broker"),
            (ERROR_MESSAGE, "the broker refused the record: MSG_SIZE_TOO_LARGE"),
            (ATTEMPTS, "2"),
            (TRACEPARENT, "00-ab-cd-01"),
        ];
        for (name, value) in want {
            assert_eq!(letter.headers.iter().filter(|header| header.name == name).count(), 1, "{name}");
            assert_eq!(header(&letter, name), Some(value), "{name}");
        }
        assert_eq!(header(&letter, CONTENT_TYPE), None);
    }

    #[test]
    fn a_refused_dead_letter_keeps_its_own_reason() {
        let letter = encoder(Options::default()).dead_letter(&raw(b"{"), &reject(), 3);
        let again = refused(&refused(&letter, "no space"), "no space");
        assert_eq!(header(&again, ERROR_STAGE), Some("decode"));
        assert_eq!(header(&again, ERROR_REASON), Some("invalid_json"));
        assert_eq!(header(&again, ATTEMPTS), Some("3"));
        assert_eq!(header(&again, SOURCE), Some("articles.raw/3/42"));
        let message = header(&again, ERROR_MESSAGE).unwrap();
        assert!(message.contains("no space") && message.contains("not JSON"), "{message}");
        assert_eq!(again.headers.iter().filter(|header| header.name == VALUE_OMITTED).count(), 1);
        assert_eq!(header(&again, VALUE_OMITTED), Some("1"), "the value that was lost, not the empty one");
    }
}
