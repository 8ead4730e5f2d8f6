//! A dead letter read back, so that it can be tried again.

use super::headers::{self, ATTEMPTS, ERROR_REASON, ERROR_STAGE, SOURCE, VERSION};
use crate::record::{Destination, Header, Origin, Outgoing, RawRecord, Reason, Stage};

/// What a dead letter tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where the input record came from.
    pub source: Origin,
    /// `None` where this build does not know it.
    pub stage: Option<Stage>,
    /// `None` where this build does not know it.
    pub reason: Option<Reason>,
    /// How often the record was tried.
    pub attempts: u32,
    /// Version of warraq that gave it up.
    pub version: String,
    /// Whether it holds all of the input: key, value and headers.
    pub whole: bool,
}

/// Headers that tell of something that is left out.
const OMITTED: [&str; 4] =
    [headers::VALUE_TRUNCATED_FROM, headers::VALUE_OMITTED, headers::HEADERS_OMITTED, headers::KEY_OMITTED];

impl DeadLetter {
    /// Reads the headers; `None` where the record is no dead letter of warraq.
    #[must_use]
    pub fn read(raw: &RawRecord) -> Option<Self> {
        let source = Origin::parse(raw.header(SOURCE)?)?;
        let (stage, reason) = (raw.header(ERROR_STAGE)?, raw.header(ERROR_REASON)?);
        let read = raw.value.as_ref().map_or(0, Vec::len);
        Some(Self {
            source,
            stage: Stage::named(stage),
            reason: Reason::named(reason),
            attempts: raw.header(ATTEMPTS).and_then(|text| text.trim().parse().ok()).unwrap_or(1),
            version: raw.header(VERSION).unwrap_or_default().to_owned(),
            whole: read == raw.value_length && OMITTED.iter().all(|name| raw.header(name).is_none()),
        })
    }

    /// The input record that it holds, at its own place, with the attempts so far.
    #[must_use]
    pub fn input(self, letter: RawRecord) -> RawRecord {
        let headers = again(&letter.headers, self.attempts);
        RawRecord { origin: self.source, headers, ..letter }
    }

    /// The input record that it holds, to be sent to where it came from; with
    /// the attempts so far, which the next dead letter goes on counting.
    #[must_use]
    pub fn send_back(&self, letter: RawRecord) -> Outgoing {
        let headers = again(&letter.headers, self.attempts);
        Outgoing { headers, ..untouched(letter, Destination::Output) }
    }

    /// The dead letter itself, to be parked.
    #[must_use]
    pub fn park(letter: RawRecord) -> Outgoing {
        untouched(letter, Destination::Parking)
    }
}

fn untouched(letter: RawRecord, to: Destination) -> Outgoing {
    let RawRecord { timestamp, key, value, headers, .. } = letter;
    Outgoing { to, key, value, headers, timestamp }
}

fn again(all: &[Header], attempts: u32) -> Vec<Header> {
    headers::foreign(all).cloned().chain([headers::header(ATTEMPTS, &attempts)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests_support::{encoder, header, raw};
    use crate::encode::{Options, refused};
    use crate::record::Reject;

    /// A dead letter as it is read from its topic.
    fn letter(raw: &RawRecord, options: Options, attempts: u32) -> RawRecord {
        let reject = Reject::new(Stage::Decode, Reason::InvalidJson, "no JSON");
        read(encoder(options).dead_letter(raw, &reject, attempts))
    }

    fn read(sent: Outgoing) -> RawRecord {
        RawRecord {
            origin: Origin { topic: "articles.dead".into(), partition: 1, offset: 9 },
            timestamp: sent.timestamp,
            key: sent.key,
            value_length: sent.value.as_ref().map_or(0, Vec::len),
            value: sent.value,
            headers: sent.headers,
        }
    }

    #[test]
    fn the_input_comes_back_as_it_was() {
        let mut input = raw(b"{\"title\" 1");
        input.headers = vec![headers::header("content-type", "text/html"), headers::header("x", "y")];
        let letter = letter(&input, Options::default(), 2);
        let told = DeadLetter::read(&letter).unwrap();
        let want = DeadLetter {
            source: input.origin.clone(),
            stage: Some(Stage::Decode),
            reason: Some(Reason::InvalidJson),
            attempts: 2,
            version: "1.2.3".to_owned(),
            whole: true,
        };
        assert_eq!(told, want);
        let sent = told.send_back(letter.clone());
        let mut again = told.input(letter.clone());
        assert_eq!(header(&sent, ATTEMPTS), Some("2"));
        assert_eq!((&sent.headers, &sent.value, &sent.key), (&again.headers, &input.value, &input.key));
        assert_eq!((sent.to, sent.timestamp), (Destination::Output, input.timestamp));
        assert_eq!(headers::attempts(&again), 3);
        assert_eq!(again.headers.pop(), Some(headers::header(ATTEMPTS, &2)));
        assert_eq!(again, input);
        let parked = DeadLetter::park(letter.clone());
        assert_eq!(read(parked.clone()), letter);
        assert_eq!(parked.to, Destination::Parking);
    }

    #[test]
    fn a_letter_that_lacks_something_says_so() {
        let input = raw(&vec![b'x'; 40_000]);
        let small = Options { max_record_bytes: 16 * 1024, ..Options::default() };
        let cut = letter(&input, small, 1);
        assert!(!DeadLetter::read(&cut).unwrap().whole);
        let whole = letter(&input, Options::default(), 1);
        assert!(DeadLetter::read(&whole).unwrap().whole);
        let reject = Reject::new(Stage::Decode, Reason::InvalidJson, "no JSON");
        let refused = read(refused(&encoder(Options::default()).dead_letter(&input, &reject, 1), "no"));
        assert!(!DeadLetter::read(&refused).unwrap().whole);
        let half = RawRecord { value_length: 50_000, ..whole };
        assert!(!DeadLetter::read(&half).unwrap().whole, "only a part of it was read");
    }

    #[test]
    fn what_is_no_dead_letter_is_not_taken_for_one() {
        let input = raw(b"{}");
        assert_eq!(DeadLetter::read(&input), None);
        let mut letter = letter(&input, Options::default(), 1);
        let place = letter.headers.iter().position(|header| header.name == SOURCE).unwrap();
        letter.headers[place] = headers::header(SOURCE, "here");
        assert_eq!(DeadLetter::read(&letter), None);
        letter.headers[place] = headers::header(SOURCE, "a/1/2");
        letter.headers.push(headers::header(ERROR_REASON, "of_tomorrow"));
        assert_eq!(DeadLetter::read(&letter).unwrap().reason, None);
    }

    #[test]
    fn after_so_many_attempts_a_letter_is_parked() {
        let reject = Reject::new(Stage::Decode, Reason::InvalidJson, "no JSON");
        let to = |max, attempts| {
            encoder(Options::default()).with_max_attempts(max).dead_letter(&raw(b"{"), &reject, attempts).to
        };
        assert_eq!(to(Some(3), 2), Destination::DeadLetters);
        assert_eq!(to(Some(3), 3), Destination::Parking);
        assert_eq!(to(Some(3), 4), Destination::Parking);
        assert_eq!(to(None, 400), Destination::DeadLetters);
    }
}
