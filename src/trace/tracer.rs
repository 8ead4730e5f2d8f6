use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

use super::{HEADER, TraceParent};
use crate::record::{Destination, Header, Origin, Outgoing, RawRecord, Reason};

/// One stretch of a record's way.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub kind: Kind,
    pub own: TraceParent,
    /// None: the trace begins here.
    pub parent: Option<TraceParent>,
    pub origin: Origin,
    pub to: Destination,
    /// Bytes of the value, in the input for [`Kind::Process`], in the output
    /// for [`Kind::Send`]; none is a tombstone.
    pub bytes: Option<usize>,
    /// Why it is a dead letter.
    pub error: Option<Reason>,
    pub times: Times,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From taking a record up until its result is made.
    Process,
    /// From there until it is durable.
    Send,
}

/// Since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub start: Duration,
    pub end: Duration,
}

/// Who takes spans; must not wait and must not fail.
pub trait Spans: Send + Sync {
    fn ended(&self, span: Span);
}

/// Decides which records have spans, and gives them their names.
#[derive(Clone)]
pub struct Tracer {
    spans: Arc<dyn Spans>,
    ratio: f64,
    group: Arc<str>,
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").field("ratio", &self.ratio).finish_non_exhaustive()
    }
}

/// A record in work, whose header already names the span.
#[derive(Debug)]
pub struct Begun {
    own: TraceParent,
    parent: Option<TraceParent>,
    /// The header's value as it came.
    came: Option<Vec<u8>>,
}

impl Tracer {
    /// `group` is who reads: live traffic and a replay of the same record are
    /// two spans.
    #[must_use]
    pub fn new(spans: Arc<dyn Spans>, ratio: f64, group: &str) -> Self {
        Self { spans, ratio, group: group.into() }
    }

    /// The record's own span, and its parent; none where it has none.
    fn place(&self, headers: &[Header], origin: &Origin) -> Option<(TraceParent, Option<TraceParent>)> {
        if let Some(parent) = TraceParent::of(headers) {
            let own = parent.child(self.name("process", parent.span, origin));
            return parent.is_sampled().then_some((own, Some(parent)));
        }
        if self.ratio <= 0.0 || headers.iter().any(|header| header.name.eq_ignore_ascii_case(HEADER)) {
            return None;
        }
        let trace = self.hash("trace", 0, origin).digest128().max(1);
        let own = TraceParent { trace, span: self.name("process", 0, origin), flags: 1 };
        is_in(trace, self.ratio).then_some((own, None))
    }

    /// Writes the span into the record's header, so that all that is made of it
    /// carries it on.
    pub fn begin(&self, raw: &mut RawRecord) -> Option<Begun> {
        let (own, parent) = self.place(&raw.headers, &raw.origin)?;
        let value = Some(own.to_string().into_bytes());
        let came = match raw.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case(HEADER)) {
            Some(header) => std::mem::replace(&mut header.value, value),
            None => {
                raw.headers.push(Header { name: HEADER.to_owned(), value });
                None
            }
        };
        Some(Begun { own, parent, came })
    }

    /// The result is made. A dead letter gets its header back.
    pub fn processed(
        &self,
        begun: Begun,
        raw: &RawRecord,
        outgoing: &mut Outgoing,
        error: Option<Reason>,
        times: Times,
    ) {
        let Begun { own, parent, came } = begun;
        if outgoing.to.is_of_letters() {
            let place = outgoing.headers.iter().position(|header| header.name.eq_ignore_ascii_case(HEADER));
            match (place.and_then(|place| outgoing.headers.get_mut(place)), came, place) {
                (Some(header), Some(came), _) => header.value = Some(came),
                (Some(_), None, Some(place)) => drop(outgoing.headers.remove(place)),
                // It was left out of a dead letter that had no room.
                _ => {}
            }
        }
        let bytes = raw.value.is_some().then_some(raw.value_length);
        let origin = raw.origin.clone();
        self.spans.ended(Span { kind: Kind::Process, own, parent, origin, to: outgoing.to, bytes, error, times });
    }

    /// The result is durable.
    pub fn sent(&self, outgoing: &Outgoing, origin: impl FnOnce() -> Origin, error: Option<Reason>, times: Times) {
        let process = match outgoing.to {
            Destination::Output => TraceParent::of(&outgoing.headers).filter(|process| process.is_sampled()),
            Destination::DeadLetters | Destination::Parking
                if self.ratio <= 0.0 && TraceParent::of(&outgoing.headers).is_none() =>
            {
                None
            }
            Destination::DeadLetters | Destination::Parking => {
                let origin = origin();
                let Some((process, _)) = self.place(&outgoing.headers, &origin) else { return };
                return self.send_span(process, outgoing, origin, error, times);
            }
        };
        if let Some(process) = process {
            self.send_span(process, outgoing, origin(), error, times);
        }
    }

    fn send_span(
        &self,
        process: TraceParent,
        outgoing: &Outgoing,
        origin: Origin,
        error: Option<Reason>,
        times: Times,
    ) {
        let own = process.child(self.name("send", process.span, &origin));
        let (to, bytes) = (outgoing.to, outgoing.value.as_ref().map(Vec::len));
        self.spans.ended(Span { kind: Kind::Send, own, parent: Some(process), origin, to, bytes, error, times });
    }

    fn name(&self, what: &str, parent: u64, origin: &Origin) -> u64 {
        self.hash(what, parent, origin).digest().max(1)
    }

    fn hash(&self, what: &str, parent: u64, origin: &Origin) -> Xxh3 {
        let mut hash = Xxh3::new();
        for part in [what, &self.group, &origin.topic] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(&parent.to_le_bytes());
        hash.update(&origin.partition.to_le_bytes());
        hash.update(&origin.offset.to_le_bytes());
        hash
    }
}

/// As the SDKs decide it: by the trace's lower half, so that all who see a trace
/// decide alike.
fn is_in(trace: u128, ratio: f64) -> bool {
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = (trace as u64) >> 1;
    #[allow(clippy::cast_precision_loss, reason = "a share, not a count")]
    let share = low as f64 / (1_u64 << 63) as f64;
    share < ratio
}

#[cfg(test)]
mod tests;
