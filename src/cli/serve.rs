//! A worker with its HTTP server, as `run` and `demo` start it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::text;
use crate::config::Config;
use crate::encode::Timestamp;
use crate::metrics::Metrics;
use crate::worker::{Facts, Parts, Settings, Stop, Worker};

/// A worker that runs, and where it shows itself.
pub(super) struct Running {
    pub(super) worker: Worker,
    pub(super) metrics: Metrics,
    pub(super) address: SocketAddr,
}

impl Running {
    /// Until it is asked to stop or cannot go on.
    pub(super) fn join(self) -> Result<()> {
        Ok(self.worker.join()?)
    }
}

pub(super) fn start(config: Config, stop: Stop) -> Result<Running> {
    let pipeline = text::pipeline(&config)?;
    let provenance = pipeline.provenance().clone();
    let metrics = Metrics::new(&provenance.version, &provenance.config, &provenance.model)?;
    let facts = Facts {
        source_timestamps: config.encode.timestamp == Timestamp::Source,
        max_record_bytes: config.encode.max_record_bytes,
    };
    let keep_bytes = config.decode.max_value_bytes.max(config.encode.max_record_bytes);
    let settings = Settings {
        kafka: config.kafka,
        input: config.input,
        output: config.output,
        delivery: config.delivery,
        enrich: config.enrich,
        memory: config.memory,
        shutdown: config.shutdown,
    };
    let parts = Parts { settings, pipeline: Arc::new(pipeline), metrics: metrics.clone(), keep_bytes, facts };
    let worker = Worker::start(parts, stop)?;
    let address = crate::http::serve(&config.http, worker.telemetry())
        .with_context(|| format!("http.listen = {} cannot be listened on", config.http.listen))?;
    Ok(Running { worker, metrics, address })
}
