use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};

use super::{Kind, Options, Span, Spans, TraceParent};
use crate::record::Destination;

/// Spans that wait for the collector; what is more is dropped. Some hundred
/// bytes each.
const QUEUE: usize = 8192;
const BATCH: usize = 512;
/// A span is so old at most when it is sent.
const DELAY: Duration = Duration::from_secs(1);
/// One request may take so long; then its spans are dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is left at the end is sent within this time, or not at all.
const FAREWELL: Duration = Duration::from_secs(2);

/// Sends spans by OTLP over HTTP, from a thread of its own.
#[derive(Debug)]
pub struct Exporter {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    group: String,
    output: String,
    dead_letters: String,
    parking: String,
}

/// Why there is no exporter.
#[derive(Debug, thiserror::Error)]
#[error("otel.endpoint: traces cannot be exported: {0}")]
pub struct Error(String);

impl Exporter {
    /// None where the options name no collector. Nothing is connected yet.
    /// `topics` are those of records, of dead letters, and of parked ones.
    ///
    /// # Errors
    /// Where no client can be made of the options.
    pub fn start(options: &Options, version: &str, group: &str, topics: [&str; 3]) -> Result<Option<Self>, Error> {
        let Some(endpoint) = &options.endpoint else { return Ok(None) };
        let wrong = |error: &dyn std::fmt::Display| Error(error.to_string());
        // A second one is as good: it was installed by this very call.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::blocking::Client::builder().timeout(PATIENCE).build().map_err(|error| wrong(&error))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| wrong(&error))?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY)
            .build();
        let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let resource = Resource::builder()
            .with_service_name(options.service_name.clone())
            .with_attribute(KeyValue::new("service.version", version.to_owned()));
        processor.set_resource(&resource.build());
        let [output, dead_letters, parking] = topics.map(str::to_owned);
        let scope = InstrumentationScope::builder("warraq").with_version(version.to_owned()).build();
        Ok(Some(Self { processor, scope, group: group.to_owned(), output, dead_letters, parking }))
    }

    /// By the semantic conventions of messaging.
    fn attributes(&self, span: &Span, topic: &str) -> Vec<KeyValue> {
        let operation = match span.kind {
            Kind::Process => "process",
            Kind::Send => "send",
        };
        let mut attributes = vec![
            KeyValue::new("messaging.system", "kafka"),
            KeyValue::new("messaging.operation.type", operation),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.destination.name", topic.to_owned()),
            KeyValue::new("warraq.source", span.origin.to_string()),
        ];
        if span.kind == Kind::Process {
            attributes.push(KeyValue::new("messaging.consumer.group.name", self.group.clone()));
            attributes.push(KeyValue::new("messaging.destination.partition.id", span.origin.partition.to_string()));
            attributes.push(KeyValue::new("messaging.kafka.offset", span.origin.offset));
        }
        match span.bytes {
            Some(bytes) => {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                attributes.push(KeyValue::new("messaging.message.body.size", bytes));
            }
            None => attributes.push(KeyValue::new("messaging.kafka.message.tombstone", true)),
        }
        if let Some(reason) = span.error {
            attributes.push(KeyValue::new("error.type", reason.as_str()));
        }
        attributes
    }
}

impl Spans for Exporter {
    fn ended(&self, span: Span) {
        let (kind, verb, topic) = match (span.kind, span.to) {
            (Kind::Process, _) => (SpanKind::Consumer, "process", &*span.origin.topic),
            (Kind::Send, Destination::Output) => (SpanKind::Producer, "send", self.output.as_str()),
            (Kind::Send, Destination::DeadLetters) => (SpanKind::Producer, "send", self.dead_letters.as_str()),
            (Kind::Send, Destination::Parking) => (SpanKind::Producer, "send", self.parking.as_str()),
        };
        // That a dead letter is sent is no failure of the sending.
        let failed = span.error.filter(|_| span.kind == Kind::Process);
        let mut links = SpanLinks::default();
        if let (Kind::Process, Some(parent)) = (span.kind, span.parent) {
            links.links.push(Link::with_context(context(parent, true)));
        }
        self.processor.on_end(SpanData {
            span_context: context(span.own, false),
            parent_span_id: span.parent.map_or(SpanId::INVALID, |parent| SpanId::from(parent.span)),
            parent_span_is_remote: span.kind == Kind::Process && span.parent.is_some(),
            span_kind: kind,
            name: format!("{verb} {topic}").into(),
            start_time: time(span.times.start),
            end_time: time(span.times.end),
            attributes: self.attributes(&span, topic),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links,
            status: failed.map_or(Status::Unset, |reason| Status::error(reason.as_str())),
            instrumentation_scope: self.scope.clone(),
        });
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.processor.shutdown_with_timeout(FAREWELL) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

fn context(parent: TraceParent, remote: bool) -> SpanContext {
    let flags = TraceFlags::new(parent.flags);
    SpanContext::new(TraceId::from(parent.trace), SpanId::from(parent.span), flags, remote, TraceState::default())
}

fn time(unix: Duration) -> SystemTime {
    UNIX_EPOCH + unix
}
