//! `warraq run`: the worker.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::{logging, registry, text, version};
use crate::config::Config;
use crate::consume::Seams;
use crate::encode::Timestamp;
use crate::health::Health;
use crate::http::{About, Server, Sources};
use crate::metrics::{Events, Metrics, Reloaded};
use crate::pipeline::Pipeline;
use crate::produce::{DeliveryMode, Notes};
use crate::record::Provenance;
use crate::trace::Tracer;
use crate::worker::{Clock, Facts, Gazetteers, Journal, Live, Parts, Service, Settings, Shadow, Stop, TextFile};

/// Run the worker until it is told to stop
///
/// Reads the input topics, enriches each record and writes it to the output or
/// the dead-letter topic. SIGTERM and SIGINT stop it: what is in hand is
/// finished and committed within `shutdown.deadline`; a second signal exits at
/// once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// TOML file; without one, `WARRAQ_CONFIG`, else defaults and environment
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// # Errors
/// Why the worker cannot start or go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let config = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    logging::start(&config.log)?;
    let stop = Stop::default();
    stop.on_signals().context("signal handlers cannot be installed")?;
    let (worker, server) = match start(&config, stop) {
        Err(error) if error.is::<registry::Stopped>() => return Ok(ExitCode::SUCCESS),
        started => started?,
    };
    worker.join()?;
    drop(server);
    Ok(ExitCode::SUCCESS)
}

/// Starts a worker and its HTTP server.
pub(super) fn start(config: &Config, stop: Stop) -> Result<(Service, Server)> {
    let lists = text::lists(config)?;
    let pipeline = Arc::new(text::pipeline_of(config, &lists)?);
    let made = Made {
        metrics: metrics(pipeline.provenance())?,
        pipeline,
        gazetteers: Some(text::gazetteers(Reloaded::Gazetteers, config, lists)),
        clock: Clock::start(),
        seams: Seams::default(),
        notes: None,
    };
    start_with(config, stop, made)
}

/// What a command makes before the worker starts, and wants to share with it.
pub(super) struct Made {
    pub pipeline: Arc<Pipeline>,
    /// Lists to be watched; none where one run is to be one build's.
    pub gazetteers: Option<Gazetteers>,
    pub metrics: Metrics,
    pub clock: Clock,
    pub seams: Seams,
    pub notes: Option<Box<dyn Notes>>,
}

/// The series of a worker that writes such records.
pub(super) fn metrics(provenance: &Provenance) -> Result<Metrics> {
    Ok(Metrics::new(version(), &provenance.config, &provenance.model)?)
}

/// The same, of what was made before.
pub(super) fn start_with(config: &Config, stop: Stop, made: Made) -> Result<(Service, Server)> {
    super::features(config)?;
    let Made { pipeline, gazetteers, metrics, clock, seams, notes } = made;
    let provenance = pipeline.provenance().clone();
    let settings = settings(config);
    let journal = Journal::open(&config.state, &config.poison, settings.threads(), &metrics);
    let schema_id = registry::schema_id(config, &provenance, &metrics, &stop)?;
    let parts = Parts {
        settings,
        pipeline: Live::new(Arc::new(pipeline.with_schema_id(schema_id))),
        gazetteers: gazetteers.map(|gazetteers| framed(gazetteers, schema_id)),
        shadow: shadow(config, schema_id)?,
        metrics: metrics.clone(),
        tracer: tracer(config)?,
        keep_bytes: keep_bytes(config, &seams),
        facts: facts(config),
        clock,
        journal,
        seams,
        notes,
        telemetry: None,
    };
    let about = about(config, &parts.settings, provenance);
    let worker = Service::start(parts, stop, config.reload.interval)?;
    let telemetry = worker.telemetry();
    let sources = Sources {
        about,
        metrics,
        events: telemetry.events.clone(),
        health: telemetry.health.clone(),
        clock: Arc::new(move || clock.now()),
        log: logging::level(),
    };
    let server = Server::start(&config.http, sources)?;
    Ok((worker, server))
}

/// Of a longer value only so many bytes are kept: one that is not read at all is
/// kept as far as its dead letter may hold it. What may be passed on as it is must
/// be whole.
fn keep_bytes(config: &Config, seams: &Seams) -> usize {
    match seams.sieve {
        Some(_) => usize::MAX,
        None => config.decode.max_value_bytes.max(config.encode.max_record_bytes),
    }
}

/// The second tagger, and its lists, which are watched as the first one's are.
fn shadow(config: &Config, schema_id: Option<u32>) -> Result<Option<Shadow>> {
    let Some(config) = config.of_shadow() else { return Ok(None) };
    let lists = text::lists(&config).context("shadow")?;
    let pipeline = text::pipeline_of(&config, &lists).context("shadow")?;
    let gazetteers = text::gazetteers(Reloaded::ShadowGazetteers, &config, lists);
    Ok(Some(Shadow {
        pipeline: Live::new(Arc::new(pipeline.with_schema_id(schema_id))),
        gazetteers: Some(framed(gazetteers, schema_id)),
    }))
}

/// The same lists, of which pipelines are made whose records begin with a schema
/// registry's header.
fn framed(gazetteers: Gazetteers, schema_id: Option<u32>) -> Gazetteers {
    let build = gazetteers.build;
    let framed = move |lists: &[TextFile]| {
        let (pipeline, names) = build(lists)?;
        Ok((pipeline.with_schema_id(schema_id), names))
    };
    Gazetteers { build: Box::new(framed), ..gazetteers }
}

/// Answers probes and scrapes where no worker runs: alive, and not ready because
/// of `what`.
pub(super) fn aside(
    config: &Config,
    provenance: &Provenance,
    metrics: &Metrics,
    events: Events,
    what: &str,
) -> Result<Server> {
    let clock = Clock::start();
    let sources = Sources {
        about: about(config, &settings(config), provenance.clone()),
        metrics: metrics.clone(),
        events,
        health: Health::starting(what),
        clock: Arc::new(move || clock.now()),
        log: logging::level(),
    };
    Ok(Server::start(&config.http, sources)?)
}

/// What spans go to, where a collector is named.
fn tracer(config: &Config) -> Result<Option<Tracer>> {
    #[cfg(feature = "otel")]
    {
        let output = &config.output;
        let parking = output.parking_topic.as_deref().unwrap_or_default();
        let (group, topics) = (&config.kafka.group_id, [&*output.topic, &*output.dead_letter_topic, parking]);
        let exporter = crate::trace::Exporter::start(&config.otel, version(), group, topics)?;
        Ok(exporter.map(|exporter| Tracer::new(Arc::new(exporter), config.otel.ratio, group)))
    }
    #[cfg(not(feature = "otel"))]
    {
        // A configuration that names a collector was refused before.
        let _ = config;
        Ok(None)
    }
}

/// What matters about the records that this configuration writes.
pub(super) fn facts(config: &Config) -> Facts {
    Facts {
        source_timestamps: config.encode.timestamp == Timestamp::Source,
        max_record_bytes: config.encode.max_record_bytes,
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        kafka: config.kafka.clone(),
        input: config.input.clone(),
        output: config.output.clone(),
        delivery: config.delivery.clone(),
        enrich: config.enrich.clone(),
        memory: config.memory.clone(),
        shutdown: config.shutdown.clone(),
        shadow: config.shadow.clone(),
    }
}

fn about(config: &Config, settings: &Settings, provenance: Provenance) -> About {
    let mode = match config.delivery.mode {
        DeliveryMode::ExactlyOnce => "exactly once",
        DeliveryMode::AtLeastOnce => "at least once",
    };
    About {
        version: version().to_owned(),
        config: provenance.config,
        model: provenance.model,
        mode: mode.to_owned(),
        group: config.kafka.group_id.clone(),
        input: config.input.topics.clone(),
        output: config.output.topic.clone(),
        dead_letters: config.output.dead_letter_topic.clone(),
        threads: settings.threads(),
    }
}
