use std::sync::Mutex;

use super::*;

#[derive(Default)]
struct Kept(Mutex<Vec<Span>>);

impl Spans for Kept {
    fn ended(&self, span: Span) {
        self.0.lock().unwrap().push(span);
    }
}

const INCOMING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TIMES: Times = Times { start: Duration::from_secs(1), end: Duration::from_secs(2) };

fn tracer(ratio: f64) -> (Arc<Kept>, Tracer) {
    let kept = Arc::new(Kept::default());
    (Arc::clone(&kept), Tracer::new(kept, ratio, "newsroom"))
}

fn header(value: &str) -> Header {
    Header { name: HEADER.to_owned(), value: Some(value.as_bytes().to_vec()) }
}

fn raw(offset: i64, headers: Vec<Header>) -> RawRecord {
    RawRecord {
        origin: Origin { topic: "raw".into(), partition: 2, offset },
        timestamp: None,
        key: None,
        value_length: 3,
        value: Some(b"abc".to_vec()),
        headers,
    }
}

fn outgoing(raw: &RawRecord, to: Destination) -> Outgoing {
    let value = Some(b"{}".to_vec());
    Outgoing { to, key: None, value, headers: raw.headers.clone(), timestamp: None }
}

/// One record's whole way; its result.
fn whole(tracer: &Tracer, mut raw: RawRecord, to: Destination) -> Outgoing {
    let error = (to == Destination::DeadLetters).then_some(Reason::InvalidJson);
    let begun = tracer.begin(&mut raw);
    let mut result = outgoing(&raw, to);
    if let Some(begun) = begun {
        tracer.processed(begun, &raw, &mut result, error, TIMES);
    }
    tracer.sent(&result, || raw.origin.clone(), error, TIMES);
    result
}

#[test]
fn a_sampled_record_goes_on_under_our_span() {
    let (kept, tracer) = tracer(0.0);
    let incoming = TraceParent::parse(INCOMING.as_bytes()).unwrap();
    let other = Header { name: "x".to_owned(), value: None };
    let sent = whole(&tracer, raw(7, vec![header(INCOMING), other.clone()]), Destination::Output);
    let spans = kept.0.lock().unwrap().clone();
    let [process, send] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((process.kind, process.parent, process.bytes), (Kind::Process, Some(incoming), Some(3)));
    assert_eq!((send.kind, send.parent, send.bytes), (Kind::Send, Some(process.own), Some(2)));
    assert!([process, send].iter().all(|span| span.own.trace == incoming.trace && span.own.is_sampled()));
    assert_ne!(process.own.span, send.own.span);
    assert_ne!(process.own.span, incoming.span);
    assert_eq!(sent.headers, [header(&process.own.to_string()), other], "the next one's parent is our span");
}

#[test]
fn the_same_record_has_the_same_header_again_and_another_reader_another() {
    let (_, tracer) = tracer(1.0);
    let again = |tracer: &Tracer, offset| whole(tracer, raw(offset, vec![header(INCOMING)]), Destination::Output);
    assert_eq!(again(&tracer, 7), again(&tracer, 7));
    assert_ne!(again(&tracer, 7), again(&tracer, 8));
    let replay = Tracer::new(Arc::new(Kept::default()), 1.0, "warraq-replay-x");
    assert_ne!(again(&tracer, 7), again(&replay, 7));
}

#[test]
fn what_is_not_sampled_or_no_header_is_left_alone() {
    let (kept, tracer) = tracer(1.0);
    let unsampled = INCOMING.replace("-01", "-00");
    for headers in [vec![header(&unsampled)], vec![header("nonsense")], vec![header(INCOMING), header(INCOMING)]] {
        for to in [Destination::Output, Destination::DeadLetters] {
            assert_eq!(whole(&tracer, raw(7, headers.clone()), to).headers, headers);
        }
    }
    // Two good headers on what we send are two good headers of the input.
    assert!(kept.0.lock().unwrap().is_empty(), "{:?}", kept.0.lock().unwrap());
}

#[test]
fn a_dead_letter_has_the_input_untouched_and_its_spans_say_why() {
    let (kept, tracer) = tracer(1.0);
    for headers in [vec![], vec![header(INCOMING)]] {
        let mut input = raw(7, headers.clone());
        input.headers.push(Header { name: "z".to_owned(), value: None });
        let expected = input.headers.clone();
        assert_eq!(whole(&tracer, input, Destination::DeadLetters).headers, expected);
        let spans = std::mem::take(&mut *kept.0.lock().unwrap());
        let [process, send] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(send.parent, Some(process.own));
        assert!(spans.iter().all(|span| span.error == Some(Reason::InvalidJson)));
    }
}

#[test]
fn a_share_of_what_has_no_header_begins_a_trace() {
    let (kept, quarter) = tracer(0.25);
    for offset in 0..4_000 {
        whole(&quarter, raw(offset, Vec::new()), Destination::Output);
    }
    let spans = kept.0.lock().unwrap();
    let roots = spans.iter().filter(|span| span.parent.is_none()).count();
    assert!((850..1_150).contains(&roots), "{roots}");
    assert_eq!(spans.len(), roots * 2);
    let traces: std::collections::BTreeSet<_> = spans.iter().map(|span| span.own.trace).collect();
    assert_eq!(traces.len(), roots, "each a trace of its own");
    let (kept, none) = tracer(0.0);
    assert_eq!(whole(&none, raw(1, Vec::new()), Destination::Output).headers, []);
    assert!(kept.0.lock().unwrap().is_empty());
}
