//! `warraq demo`: the worker on an embedded broker, with sample articles.

mod broker;
mod report;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::samples::{Sample, samples};
use super::{logging, run};
use crate::config::Config;
use crate::encode::Timestamp;
use crate::metrics::{Metrics, Totals};
use crate::produce::DeliveryMode;
use crate::worker::Stop;
use broker::Broker;

/// Run the worker on an embedded broker with sample articles, and show what comes out
///
/// Nothing else needs to be installed or running. The embedded broker is
/// librdkafka's mock cluster, which knows no transactions, so the demo delivers
/// at least once; against Apache Kafka the default is exactly once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep running under a steady load, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Records a second under --keep
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: u32,
}

/// No record of the demo takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// # Errors
/// Where the embedded broker or the worker fails, or a record is missing.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut config = config()?;
    logging::start(&config.log)?;
    let samples = samples().context("the samples cannot be unpacked")?;
    let broker = Broker::start(&config)?;
    config.kafka.bootstrap_servers = broker.address();
    config.delivery.mode = DeliveryMode::AtLeastOnce;
    // The time of writing, so that the table can tell how long each record took.
    config.encode.timestamp = Timestamp::Now;
    say(&format!(
        "embedded broker at {} (librdkafka's mock cluster: in this process, in memory, at least once)",
        broker.address()
    ))?;
    let stop = Stop::default();
    stop.on_signals().context("signal handlers cannot be installed")?;
    let (worker, server) = run::start(&config, stop.clone())?;
    let telemetry = worker.telemetry();
    let metrics = telemetry.metrics.clone();
    // Sent once the group is there, so that the table tells what a record takes
    // and not what joining a group does.
    let joined = Instant::now();
    while !telemetry.health.ready(telemetry.clock.now()).ok && joined.elapsed() < PATIENCE {
        if stop.wait(Duration::from_millis(20)) {
            break;
        }
    }
    broker.produce(&config, samples.iter())?;
    say(&format!("{} sample messages on {}", samples.len(), config.input.topics.join(", ")))?;
    let in_time = watch(&metrics, samples.len() as u64, &stop);
    let totals = metrics.totals();
    let output = broker.read(&config.output.topic, totals.produced)?;
    let dead = broker.read(&config.output.dead_letter_topic, totals.dead_lettered)?;
    let mut out = std::io::stdout().lock();
    report::print(&mut out, &report::Outcome { samples: &samples, output: &output, dead: &dead, totals })?;
    writeln!(out, "metrics      http://{}/metrics", server.address())?;
    writeln!(out, "status page  http://{}/", server.address())?;
    drop(out);

    if args.keep && in_time && !stop.is_requested() {
        say(&format!("kept running at {} records a second; Ctrl-C ends it", args.rate))?;
        load(&broker, &config, &samples, args.rate, &stop)?;
    }
    stop.request();
    worker.join()?;
    balance(metrics.totals(), in_time)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows progress until all is durable. Returns whether that came in time.
fn watch(metrics: &Metrics, expected: u64, stop: &Stop) -> bool {
    let mut err = std::io::stderr();
    let shown = err.is_terminal();
    let start = Instant::now();
    loop {
        let Totals { consumed, produced, dead_lettered, .. } = metrics.totals();
        let done = produced + dead_lettered;
        if shown {
            // A terminal that is gone is no reason to stop.
            let _ = write!(err, "\r{consumed} read, {produced} enriched, {dead_lettered} dead letters of {expected} ");
        }
        if done >= expected || start.elapsed() > PATIENCE || stop.wait(Duration::from_millis(100)) {
            if shown {
                let _ = writeln!(err);
            }
            return done >= expected;
        }
    }
}

/// The samples again and again, at a steady rate.
fn load(broker: &Broker, config: &Config, samples: &[Sample], rate: u32, stop: &Stop) -> Result<()> {
    let ticks = rate.clamp(1, 10);
    let mut endless = samples.iter().cycle();
    let mut owed = 0;
    while !stop.wait(Duration::from_secs(1) / ticks) {
        owed += rate;
        let now = owed / ticks;
        owed -= now * ticks;
        broker.produce(config, endless.by_ref().take(now as usize))?;
    }
    Ok(())
}

/// Records in = records out + dead letters, by the worker's own counters.
fn balance(totals: Totals, in_time: bool) -> Result<()> {
    let Totals { consumed, produced, dead_lettered, .. } = totals;
    if !in_time || consumed != produced + dead_lettered {
        bail!("{consumed} records in, but {produced} out and {dead_lettered} dead letters: this is a bug in warraq");
    }
    Ok(())
}

fn say(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}

/// The demo's own options; everything else is as in production.
fn config() -> Result<Config> {
    Ok(Config::parse("config/demo.toml", include_str!("../../../config/demo.toml"), [])?)
}
