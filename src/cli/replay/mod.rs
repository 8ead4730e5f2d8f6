//! `warraq replay`: an archive through the pipeline once more.

mod args;
mod watch;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp as Time;
use rdkafka::ClientConfig;

pub use args::Args;

use super::run::{self, Made};
use super::{logging, text};
use crate::config::Config;
use crate::consume::{Pace, Seams};
use crate::kafka;
use crate::metrics::{Metrics, ReplayMetrics, ReplayState};
use crate::pipeline::Pipeline;
use crate::record::Provenance;
use crate::replay::diff::{self, Within};
use crate::replay::live::LiveLag;
use crate::replay::plan::{self, Plan};
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

/// Samples of each kind of difference in a report.
const SAMPLES: usize = 3;

/// Whether an error says that what was asked for cannot be meant.
pub(super) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Refused(_)))
}

/// # Errors
/// Why the replay cannot begin or go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let live = Config::load(super::config_file(args.config.as_deref()).as_deref())?;
    logging::start(&live.log)?;
    let now = Time::from_millisecond(i64::try_from(Clock::unix().as_millis())?)?;
    let asked = args.asked(&live, now)?;
    let mut config = live.clone();
    args.configure(&mut config, &asked);
    let stop = Stop::default();
    stop.on_signals().context("signal handlers cannot be installed")?;
    let replay = Replay::new(args, live, config, asked, stop)?;
    match replay.run() {
        Err(error) if matches!(error.downcast_ref::<Error>(), Some(Error::Stopped)) => Ok(ExitCode::from(INTERRUPTED)),
        other => other,
    }
}

/// A replay that is about to begin.
struct Replay<'a> {
    args: &'a Args,
    live: Config,
    config: Config,
    asked: Asked,
    stop: Stop,
    clock: Clock,
    client: ClientConfig,
    pipeline: Arc<Pipeline>,
    build: String,
}

impl<'a> Replay<'a> {
    fn new(args: &'a Args, live: Config, config: Config, asked: Asked, stop: Stop) -> Result<Self> {
        super::features(&config)?;
        let pipeline = Arc::new(text::pipeline(&config)?);
        let Provenance { version, model, config: hash } = pipeline.provenance();
        let build = format!("{version} model {model} config {hash}");
        let client = kafka::plain(&config.kafka).context("a secret cannot be read")?;
        Ok(Self { args, live, config, asked, stop, clock: Clock::start(), client, pipeline, build })
    }

    fn parts(&self) -> JobParts<'_> {
        JobParts {
            asked: &self.asked,
            config: &self.client,
            live_group: &self.live.kafka.group_id,
            live_output: &self.live.output.topic,
            live_dead_letters: &self.live.output.dead_letter_topic,
            facts: run::facts(&self.config),
            build: &self.build,
            session_timeout: self.config.kafka.session_timeout,
            stop: &self.stop,
        }
    }

    fn run(&self) -> Result<ExitCode> {
        if self.args.plan {
            return self.plan();
        }
        let job = Arc::new(Job::prepare(self.parts())?);
        if job.begun_with() != self.build {
            tracing::warn!(
                began = job.begun_with(),
                now = self.build,
                "this replay began with another build, model or configuration: its records are of two kinds; \
                 begin anew with --restart if that is not meant"
            );
        }
        let metrics = run::metrics(self.pipeline.provenance())?;
        let series = Arc::new(metrics.replay()?);
        let (pacing, live_lag) = self.pacing()?;
        let before = job.standing()?;
        if !before.is_complete() {
            let worked = self.work(&job, &pacing, &metrics, &series);
            if worked.is_err() {
                series.state(ReplayState::Failed);
            }
            worked?;
        }
        drop(live_lag);
        self.finish(&job, &pacing, &metrics)
    }

    /// Works until all is done or a stop is asked for.
    fn work(&self, job: &Arc<Job>, pacing: &Arc<Pacing>, metrics: &Metrics, series: &Arc<ReplayMetrics>) -> Result<()> {
        let tally = job.tally();
        let paced = self.args.yield_to.is_some() || self.args.caps() != Default::default();
        let made = Made {
            pipeline: Arc::clone(&self.pipeline),
            // Lists that change midway would make records of two kinds.
            gazetteers: None,
            metrics: metrics.clone(),
            clock: self.clock,
            seams: Seams {
                bounds: Some(Arc::new(tally.clone())),
                pace: paced.then(|| Arc::clone(pacing) as Arc<dyn Pace>),
                sieve: None,
            },
            notes: Some(Box::new(tally)),
        };
        let (worker, server) = run::start_with(&self.config, self.stop.clone(), made)?;
        let watch = Watch {
            job: Arc::clone(job),
            pacing: Arc::clone(pacing),
            metrics: Arc::clone(series),
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

    fn pacing(&self) -> Result<(Arc<Pacing>, Option<LiveLag>)> {
        let bound = self.args.yield_to.as_ref().map(|_| self.args.max_live_lag);
        let pacing = Arc::new(Pacing::new(self.args.caps(), bound, self.clock.now()));
        let Some(live) = &self.args.yield_to else { return Ok((pacing, None)) };
        let (heard, clock) = (Arc::clone(&pacing), self.clock);
        let watch = LiveLag::start(&self.client, live, move |lag| heard.lag(lag, clock.now()))?;
        Ok((pacing, Some(watch)))
    }

    fn plan(&self) -> Result<ExitCode> {
        let bounds: BTreeMap<_, _> =
            Job::plan(self.parts())?.into_iter().filter(|(_, bounds)| !bounds.is_empty()).collect();
        let samples = plan::sample(&self.client, &self.asked.input, &bounds).context("samples cannot be read")?;
        let plan = Plan::new(&self.asked.input, &samples, self.args.caps());
        text::unless_closed(print(&plan.json()?, &plan.text()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn finish(&self, job: &Job, pacing: &Pacing, metrics: &Metrics) -> Result<ExitCode> {
        let standing = self.standing(job)?;
        let end = match standing.is_complete() {
            false => End::Interrupted,
            true if standing.counts().dead_ratio() > self.args.max_dead_ratio => End::TooManyDeadLetters,
            true => End::Complete,
        };
        let report = self.report(end, &standing, pacing, metrics)?;
        let json = report.json()?;
        if let Some(file) = &self.args.report {
            std::fs::write(file, format!("{json}\n"))
                .with_context(|| format!("--report {}: cannot be written", file.display()))?;
        }
        text::unless_closed(print(&json, &report.text()))?;
        Ok(match end {
            End::Complete => ExitCode::SUCCESS,
            End::TooManyDeadLetters => ExitCode::from(TOO_MANY),
            End::Interrupted => ExitCode::from(INTERRUPTED),
            End::Failed => ExitCode::FAILURE,
        })
    }

    fn standing(&self, job: &Job) -> Result<Standing> {
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

    fn report(&self, end: End, standing: &Standing, pacing: &Pacing, metrics: &Metrics) -> Result<Report> {
        let took = self.clock.now();
        let figures = pacing.figures();
        let totals = metrics.totals();
        let parts = standing.positions.iter().map(|(&partition, position)| {
            Part::new(partition, position.state.bounds(), position.offset, &position.state.counts())
        });
        let diff = match &self.args.diff_against {
            Some(topic) if end != End::Interrupted => Some(self.diff(topic, standing)?),
            _ => None,
        };
        Ok(Report {
            name: self.asked.name.clone(),
            group: self.asked.group(),
            input: self.asked.input.clone(),
            output: self.asked.output.clone(),
            dead_letter_topic: self.asked.dead_letters.clone(),
            end,
            counts: Outcomes::from(&standing.counts()),
            partitions: parts.collect(),
            seconds: took.as_secs_f64(),
            records_per_second: rate(totals.produced + totals.dead_lettered, took),
            waited_for_rate: figures.waited_for_rate.as_secs_f64(),
            waited_for_live: figures.waited_for_live.as_secs_f64(),
            made_by: self.pipeline.provenance().clone(),
            notes: self.notes(standing),
            diff,
        })
    }

    fn diff(&self, against: &str, standing: &Standing) -> Result<diff::Summary> {
        let bounds = standing.positions.iter().map(|(&partition, position)| (partition, position.state.bounds()));
        let options = diff::Options {
            a: vec![against.to_owned()],
            b: vec![self.asked.output.clone()],
            ignore: diff::ignored_by_default(),
            samples: SAMPLES,
            memory: diff::MEMORY,
            within: Within::Range { topic: self.asked.input.clone(), bounds: bounds.collect() },
        };
        // The worker was told to stop, since all is done. A signal now is the
        // second, and exits at once: nothing is lost by that.
        diff::run(&self.client, &options, &|| false).context("--diff-against")
    }

    fn notes(&self, standing: &Standing) -> Vec<String> {
        let mut notes = Vec::new();
        let live = [&self.live.output.topic, &self.live.output.dead_letter_topic];
        if live.contains(&&self.asked.output) || live.contains(&&self.asked.dead_letters) {
            notes.push("written to the live worker's topics, as --into-live-output asked".to_owned());
        }
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
}

/// JSON for programs to standard output, a table for people to standard error.
fn print(json: &str, table: &str) -> Result<()> {
    writeln!(std::io::stderr().lock(), "{table}")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{json}")?;
    out.flush()?;
    Ok(())
}
