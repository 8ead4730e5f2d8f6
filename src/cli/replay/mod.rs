//! `warraq replay`: an archive through the pipeline once more.

mod args;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::Timestamp as Time;

pub use args::Args;

use super::bounded::{self, Bounded, Work};
use super::{logging, text};
use crate::config::Config;
use crate::consume::Pace;
use crate::replay::diff::{self, Within};
use crate::replay::live::LiveLag;
use crate::replay::plan::{self, Plan};
use crate::replay::report::End;
use crate::replay::{Job, Pacing, Standing};
use crate::worker::Clock;

/// Samples of each kind of difference in a report.
const SAMPLES: usize = 3;

/// # Errors
/// Why the replay cannot begin or go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let live = Config::load(super::config_file(args.common.config.as_deref()).as_deref())?;
    logging::start(&live.log)?;
    let now = Time::from_millisecond(i64::try_from(Clock::unix().as_millis())?)?;
    let asked = args.asked(&live, now)?;
    let mut config = live.clone();
    args.common.configure(&mut config, &asked);
    let bounded = Bounded::new(live, config, asked)?;
    bounded::exit(if args.plan { plan(args, &bounded) } else { replay(args, &bounded) })
}

fn plan(args: &Args, bounded: &Bounded) -> Result<ExitCode> {
    let bounds: BTreeMap<_, _> =
        Job::plan(bounded.parts())?.into_iter().filter(|(_, bounds)| !bounds.is_empty()).collect();
    let topic = &bounded.asked.input;
    let samples = plan::sample(&bounded.client, topic, &bounds).context("samples cannot be read")?;
    let plan = Plan::new(topic, &samples, args.common.caps());
    text::unless_closed(bounded::print(&plan.json()?, &plan.text()))?;
    Ok(ExitCode::SUCCESS)
}

fn replay(args: &Args, bounded: &Bounded) -> Result<ExitCode> {
    let job = bounded.prepare()?;
    let (pacing, live_lag) = pacing(args, bounded)?;
    let paced = args.yield_to.is_some() || args.common.caps() != Default::default();
    let work =
        Work { pace: paced.then(|| Arc::clone(&pacing) as Arc<dyn Pace>), sieve: None, notes: Box::new(job.tally()) };
    bounded.work(&job, &pacing, work)?;
    drop(live_lag);
    let standing = bounded.standing(&job)?;
    let mut report = bounded.report(&standing, &pacing, args.max_dead_ratio);
    let (live, asked) = (&bounded.live.output, &bounded.asked);
    let of_live = |topic: &String| [&live.topic, &live.dead_letter_topic].contains(&topic);
    if of_live(&asked.output) || of_live(&asked.dead_letters) {
        report.notes.insert(0, "written to the live worker's topics, as --into-live-output asked".to_owned());
    }
    if let (Some(topic), true) = (&args.diff_against, report.end != End::Interrupted) {
        report.diff = Some(difference(bounded, topic, &standing)?);
    }
    bounded::publish(&report, args.common.report.as_deref())
}

fn pacing(args: &Args, bounded: &Bounded) -> Result<(Arc<Pacing>, Option<LiveLag>)> {
    let bound = args.yield_to.as_ref().map(|_| args.max_live_lag);
    let pacing = Arc::new(Pacing::new(args.common.caps(), bound, bounded.clock.now()));
    let Some(live) = &args.yield_to else { return Ok((pacing, None)) };
    let (heard, clock) = (Arc::clone(&pacing), bounded.clock);
    let watch = LiveLag::start(&bounded.client, live, move |lag| heard.lag(lag, clock.now()))?;
    Ok((pacing, Some(watch)))
}

fn difference(bounded: &Bounded, against: &str, standing: &Standing) -> Result<diff::Summary> {
    let _answers = bounded.aside("all is done; comparing with what was before")?;
    let bounds = standing.positions.iter().map(|(&partition, position)| (partition, position.state.bounds()));
    let options = diff::Options {
        a: vec![against.to_owned()],
        b: vec![bounded.asked.output.clone()],
        ignore: diff::ignored_by_default(),
        samples: SAMPLES,
        memory: diff::MEMORY,
        within: Within::Range { topic: bounded.asked.input.clone(), bounds: bounds.collect() },
    };
    // The worker was told to stop, since all is done. A signal now is the
    // second, and exits at once: nothing is lost by that.
    diff::run(&bounded.client, &options, &|| false).context("--diff-against")
}
