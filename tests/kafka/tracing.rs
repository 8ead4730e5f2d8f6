//! Spans of records at a collector, read back as OTLP's protobuf
//! (`make otel`, feature `otel`).

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode as SpanStatus};
use prost::Message as _;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::read::Isolation;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Setup;

type Requests = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that keeps what it gets.
struct Collector {
    url: String,
    requests: Requests,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let requests = Requests::default();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&requests));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { url, requests, _stop: stop }
    }

    /// Every span so far, and the `service.name` that all of them have.
    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let mut spans = Vec::new();
        for one in resources {
            let names = &one.resource.as_ref().unwrap().attributes;
            let name = names.iter().find(|attribute| attribute.key == "service.name").unwrap();
            assert_eq!(text(name.value.as_ref().unwrap().value.as_ref().unwrap()), "news-warraq");
            spans.extend(one.scope_spans.iter().flat_map(|scope| scope.spans.clone()));
        }
        spans
    }
}

async fn take(State(requests): State<Requests>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    requests.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    StatusCode::OK
}

fn text(value: &Value) -> String {
    match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => panic!("{other:?}"),
    }
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let value = |attribute: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        text(attribute.value.as_ref().unwrap().value.as_ref().unwrap())
    };
    span.attributes.iter().map(|attribute| (attribute.key.as_str(), value(attribute))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn incoming(number: usize, flags: &str) -> String {
    format!("00-{:032x}-{:016x}-{flags}", number + 1, number + 0xabc)
}

fn setup(names: &Names, url: &str) -> Setup {
    Setup::new(names, "a").text("otel", "endpoint", url).text("otel", "service_name", "news-warraq")
}

#[test]
fn a_sampled_record_has_its_spans_and_what_is_sent_names_them() {
    let names = Names::create(broker::shared(), "tracing", 1);
    let collector = Collector::start();
    let bad = Article::new(2, r#"{"title": "#, Fate::Dead("invalid_json")).header("content-type", "application/json");
    let all = vec![
        articles::good(0, 3).header("traceparent", &incoming(0, "01")),
        articles::good(1, 3).header("traceparent", &incoming(1, "00")),
        bad.header("traceparent", &incoming(2, "01")),
        articles::good(3, 3),
        articles::tombstone(4).header("traceparent", &incoming(4, "01")),
    ];
    let expected = topics::produce(&names, all);
    let mut worker = setup(&names, &collector.url).start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    names.check(&expected).assert_clean();

    let spans = collector.spans();
    assert_eq!(spans.len(), 6, "two of each of the three that are sampled: {spans:#?}");
    let (output, dead) = names.results(Isolation::Committed);
    let carried = |offset: i64| {
        let found = output.iter().chain(&dead).find(|found| found.source().unwrap().offset == offset).unwrap();
        found.header("traceparent").map(str::to_owned)
    };
    for (offset, topic) in [(0, &names.output), (2, &names.dead), (4, &names.output)] {
        let came = incoming(usize::try_from(offset).unwrap(), "01");
        let parts: Vec<&str> = came.split('-').collect();
        let (trace, parent) = (parts[1], parts[2]);
        let of = |verb: &str| {
            let name = |span: &&Span| span.name.starts_with(verb) && hex(&span.trace_id) == trace;
            spans.iter().find(name).unwrap_or_else(|| panic!("{verb} {offset}: {spans:#?}"))
        };
        let (process, send) = (of("process"), of("send"));
        assert_eq!(process.name, format!("process {}", names.input));
        assert_eq!((process.kind(), send.kind()), (SpanKind::Consumer, SpanKind::Producer));
        assert_eq!(hex(&process.parent_span_id), parent);
        assert_eq!(hex(&process.links[0].span_id), parent);
        assert_eq!(send.parent_span_id, process.span_id);
        assert_eq!(send.name, format!("send {topic}"));
        assert!(process.start_time_unix_nano <= process.end_time_unix_nano);
        assert!(send.start_time_unix_nano <= send.end_time_unix_nano);
        assert!(process.start_time_unix_nano > 1_700_000_000_000_000_000);
        let told = attributes(process);
        assert_eq!(told["messaging.system"], "kafka");
        assert_eq!(told["messaging.operation.type"], "process");
        assert_eq!(told["messaging.destination.name"], names.input);
        assert_eq!(told["messaging.kafka.offset"], offset.to_string());
        assert_eq!(told["messaging.consumer.group.name"], names.group);
        let failed = process.status.as_ref().is_some_and(|status| status.code() == SpanStatus::Error);
        assert_eq!(failed, offset == 2);
        assert_eq!(told.get("error.type").map(String::as_str), (offset == 2).then_some("invalid_json"));
        // What is sent goes on under our span; a dead letter is the input untouched.
        let ours = format!("00-{trace}-{}-01", hex(&process.span_id));
        assert_eq!(carried(offset), Some(if offset == 2 { came } else { ours }));
    }
    assert_eq!(carried(1), Some(incoming(1, "00")), "what is not sampled is carried on as it is");
    assert_eq!(carried(3), None);
}

#[test]
fn without_a_header_the_ratio_decides() {
    let names = Names::create(broker::shared(), "tracing-ratio", 1);
    let collector = Collector::start();
    let expected = topics::produce(&names, (0..20).map(|number| articles::good(number, 3)));
    let mut worker = setup(&names, &collector.url).value("otel", "ratio", "1.0").start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    names.check(&expected).assert_clean();
    let spans = collector.spans();
    assert_eq!(spans.len(), 40);
    assert_eq!(spans.iter().filter(|span| span.parent_span_id.is_empty()).count(), 20);
    let (output, _) = names.results(Isolation::Committed);
    assert!(output.iter().all(|found| found.header("traceparent").is_some_and(|value| value.ends_with("-01"))));
}

/// Nobody listens, and far more spans come than the queue holds: records go
/// through, the worker stops in time, and a line says that spans were dropped.
#[test]
fn a_collector_that_is_away_holds_nothing_up() {
    let names = Names::create(broker::shared(), "tracing-away", 2);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let expected = topics::produce(&names, (0..6_000).map(|number| articles::plain(number, 1, 1)));
    let url = format!("http://{nobody}/v1/traces");
    let mut worker = setup(&names, &url).value("otel", "ratio", "1.0").start_ready();
    names.wait_until_done(Duration::from_secs(120));
    wait_for("the log tells of it", Duration::from_secs(60), || {
        worker.log().contains("BatchSpanProcessor").then_some(())
    });
    worker.stop();
    names.check(&expected).assert_clean();
}
