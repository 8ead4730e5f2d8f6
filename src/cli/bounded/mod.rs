//! What `replay` and `redrive` share: a worker of a frozen range, from the range
//! to the report.

mod args;
mod watch;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rdkafka::ClientConfig;

pub(super) use args::{Common, ratio, time};

use super::run::{self, Made};
use super::{registry, text};
use crate::config::Config;
use crate::consume::{Pace, Seams, Sieve};
use crate::http::Server;
use crate::kafka;
use crate::metrics::{Events, Metrics, ReplayMetrics, ReplayState};
use crate::pipeline::Pipeline;
use crate::produce::Notes;
use crate::record::Provenance;
use crate::replay::report::{End, Outcomes, Part, Report, rate};
use crate::replay::{Asked, Error, Job, JobParts, Pacing, Standing};
use crate::worker::{Clock, Stop};

use watch::Watch;

/// All is done, with more dead letters than were allowed.
const TOO_MANY: u8 = 3;
/// Stopped before the end; the same command goes on from there.
const INTERRUPTED: u8 = 4;

/// How often what is committed is asked for at the end, when the cluster does
/// not answer.
const ATTEMPTS: usize = 5;

/// Whether an error says that what was asked for cannot be meant.
pub(super) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Refused(_)))
}

/// How to exit: stopped before anything began is no failure.
pub(super) fn exit(ended: Result<ExitCode>) -> Result<ExitCode> {
    match ended {
        Err(error) if matches!(error.downcast_ref::<Error>(), Some(Error::Stopped)) => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) if error.is::<registry::Stopped>() => Ok(ExitCode::from(INTERRUPTED)),
        other => other,
    }
}

/// A run over a frozen range that is about to begin.
pub(super) struct Bounded {
    /// As the live worker has it.
    pub live: Config,
    /// As this run has it.
    pub config: Config,
    pub asked: Asked,
    pub stop: Stop,
    pub clock: Clock,
    pub client: ClientConfig,
    pub pipeline: Arc<Pipeline>,
    pub metrics: Metrics,
    pub series: Arc<ReplayMetrics>,
    build: String,
}

/// What one kind of run does otherwise than another.
pub(super) struct Work {
    pub pace: Option<Arc<dyn Pace>>,
    pub sieve: Option<Arc<dyn Sieve>>,
    pub notes: Box<dyn Notes>,
}

impl Bounded {
    pub(super) fn new(live: Config, config: Config, asked: Asked) -> Result<Self> {
        super::features(&config)?;
        let stop = Stop::default();
        stop.on_signals().context("signal handlers cannot be installed")?;
        let pipeline = Arc::new(text::pipeline(&config)?);
        let Provenance { version, model, config: hash } = pipeline.provenance();
        let build = format!("{version} model {model} config {hash}");
        let client = kafka::plain(&config.kafka).context("a secret cannot be read")?;
        let metrics = run::metrics(pipeline.provenance())?;
        let series = Arc::new(metrics.replay()?);
        let clock = Clock::start();
        Ok(Self { live, config, asked, stop, clock, client, pipeline, metrics, series, build })
    }

    pub(super) fn parts(&self) -> JobParts<'_> {
        JobParts {
            asked: &self.asked,
            config: &self.client,
            live_group: &self.live.kafka.group_id,
            live_inputs: &self.live.input.topics,
            live_output: &self.live.output.topic,
            live_dead_letters: &self.live.output.dead_letter_topic,
            facts: run::facts(&self.config),
            build: &self.build,
            session_timeout: self.config.kafka.session_timeout,
            stop: &self.stop,
        }
    }

    /// Answers probes and scrapes while no worker does.
    pub(super) fn aside(&self, what: &str) -> Result<Server> {
        let clock = self.clock;
        let events = Events::new(self.metrics.clone(), move || clock.now());
        run::aside(&self.config, self.pipeline.provenance(), &self.metrics, events, what)
    }

    /// Finds the range, or freezes it now.
    pub(super) fn prepare(&self) -> Result<Arc<Job>> {
        let _answers = self.aside("asking the cluster for the range")?;
        let job = Job::prepare(self.parts())?;
        if job.begun_with() != self.build {
            tracing::warn!(
                began = job.begun_with(),
                now = self.build,
                "this began with another build, model or configuration: its records are of two kinds; \
                 begin anew with --restart if that is not meant"
            );
        }
        Ok(Arc::new(job))
    }

    /// Works until all is done or a stop is asked for.
    pub(super) fn work(&self, job: &Arc<Job>, pacing: &Arc<Pacing>, work: Work) -> Result<()> {
        if job.standing()?.is_complete() {
            return Ok(());
        }
        let worked = self.run_worker(job, pacing, work);
        if worked.is_err() {
            self.series.state(ReplayState::Failed);
        }
        worked
    }

    fn run_worker(&self, job: &Arc<Job>, pacing: &Arc<Pacing>, work: Work) -> Result<()> {
        let made = Made {
            pipeline: Arc::clone(&self.pipeline),
            // Lists that change midway would make records of two kinds.
            gazetteers: None,
            metrics: self.metrics.clone(),
            clock: self.clock,
            seams: Seams { bounds: Some(Arc::new(job.tally())), pace: work.pace, sieve: work.sieve },
            notes: Some(work.notes),
        };
        let (worker, server) = run::start_with(&self.config, self.stop.clone(), made)?;
        let watch = Watch {
            job: Arc::clone(job),
            pacing: Arc::clone(pacing),
            metrics: Arc::clone(&self.series),
            clock: self.clock,
            stop: self.stop.clone(),
        };
        let watch = std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || watch.run())
            .context("a thread cannot be started")?;
        let worked = worker.join();
        // A panic of that thread has been told by the panic hook.
        let watched = watch.join().unwrap_or(Ok(()));
        drop(server);
        watched?;
        Ok(worked?)
    }

    /// What is committed at the end.
    pub(super) fn standing(&self, job: &Job) -> Result<Standing> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match job.standing() {
                Err(error) if left > 0 => {
                    tracing::warn!(%error, "what is committed cannot be told now");
                    std::thread::sleep(Duration::from_secs(1));
                }
                other => return Ok(other?),
            }
        }
    }

    /// The report, but for what only one kind of run has to say.
    pub(super) fn report(&self, standing: &Standing, pacing: &Pacing, max_dead_ratio: f64) -> Report {
        let took = self.clock.now();
        let figures = pacing.figures();
        let totals = self.metrics.totals();
        let counts = standing.counts();
        let parts = standing.positions.iter().map(|(&partition, position)| {
            Part::new(partition, position.state.bounds(), position.offset, &position.state.counts())
        });
        Report {
            command: self.asked.command(),
            name: self.asked.name.clone(),
            group: self.asked.group(),
            input: self.asked.input.clone(),
            output: self.asked.output.clone(),
            dead_letter_topic: self.asked.dead_letters.clone(),
            parking_topic: self.config.output.parking_topic.clone(),
            end: match standing.is_complete() {
                false => End::Interrupted,
                true if counts.dead_ratio() > max_dead_ratio => End::TooManyDeadLetters,
                true => End::Complete,
            },
            counts: Outcomes::from(&counts),
            partitions: parts.collect(),
            seconds: took.as_secs_f64(),
            records_per_second: rate(totals.consumed, took),
            waited_for_rate: figures.waited_for_rate.as_secs_f64(),
            waited_for_live: figures.waited_for_live.as_secs_f64(),
            made_by: self.pipeline.provenance().clone(),
            notes: notes(standing),
            diff: None,
        }
    }
}

fn notes(standing: &Standing) -> Vec<String> {
    let mut notes = Vec::new();
    if standing.is_mixed() {
        notes.push(
            "builds, models or configurations changed on the way: the records are of more than one kind".to_owned(),
        );
    }
    let lost = standing.counts().lost;
    if lost > 0 {
        notes.push(format!("{lost} offsets of the range were deleted by retention before they were read"));
    }
    notes
}

/// Prints the report, writes it to the file if there is one, and says how to exit.
pub(super) fn publish(report: &Report, file: Option<&Path>) -> Result<ExitCode> {
    let json = report.json()?;
    if let Some(file) = file {
        std::fs::write(file, format!("{json}\n"))
            .with_context(|| format!("--report {}: cannot be written", file.display()))?;
    }
    text::unless_closed(print(&json, &report.text()))?;
    Ok(match report.end {
        End::Complete => ExitCode::SUCCESS,
        End::TooManyDeadLetters => ExitCode::from(TOO_MANY),
        End::Interrupted => ExitCode::from(INTERRUPTED),
        End::Failed => ExitCode::FAILURE,
    })
}

/// JSON for programs to standard output, a table for people to standard error.
pub(super) fn print(json: &str, table: &str) -> Result<()> {
    writeln!(std::io::stderr().lock(), "{table}")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{json}")?;
    out.flush()?;
    Ok(())
}
