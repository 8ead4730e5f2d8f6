//! `warraq redrive`: dead letters through the pipeline once more, or back.

mod args;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};

pub use args::Args;

use super::bounded::{self, Bounded, Work};
use super::{logging, text};
use crate::config::Config;
use crate::consume::Pace;
use crate::flow::Outcome;
use crate::metrics::Redriven;
use crate::pipeline::{Fate, NoWatch};
use crate::record::RawRecord;
use crate::replay::range::RangeError;
use crate::replay::redrive::{self, Counted, Rules, Trial};
use crate::replay::report::End;
use crate::replay::{Error, Job, Pacing, Refusal, Standing};
use crate::worker::install_hook;

/// # Errors
/// Why the redrive cannot begin or go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let live = Config::load(super::config_file(args.common.config.as_deref()).as_deref())?;
    logging::start(&live.log)?;
    let meant = args.meant(&live).map_err(Error::from)?;
    let mut config = live.clone();
    args.common.configure(&mut config, &meant.asked);
    let mut bounded = Bounded::new(live, config, meant.asked)?;
    bounded.pipeline = Arc::new(bounded.pipeline.with_max_attempts(Some(args.max_attempts)));
    let done = if args.plan { plan(&bounded, &meant.rules) } else { redrive(args, &bounded, meant.rules) };
    bounded::exit(done)
}

/// Whether the topic holds nothing that this name has not looked at.
fn is_nothing(error: &Error) -> bool {
    matches!(error, Error::Refused(Refusal::Range(RangeError::Empty { .. })))
}

fn plan(bounded: &Bounded, rules: &Rules) -> Result<ExitCode> {
    let ranges = match Job::plan(bounded.parts()) {
        Err(error) if is_nothing(&error) => Default::default(),
        other => other?,
    };
    install_hook();
    let topic = &bounded.asked.input;
    let mut trial = Trial::new(topic);
    let is_good = |raw: &RawRecord| {
        let fate = catch_unwind(AssertUnwindSafe(|| bounded.pipeline.enrich(raw, &mut NoWatch).summary.fate));
        fate.is_ok_and(|fate| !matches!(fate, Fate::Rejected { .. }))
    };
    let each = |raw| trial.count(rules, raw, is_good);
    redrive::read(&bounded.client, topic, &ranges, each, || bounded.stop.is_requested())
        .with_context(|| format!("topic {topic} cannot be read"))?;
    text::unless_closed(bounded::print(&trial.json()?, &trial.text()))?;
    Ok(ExitCode::SUCCESS)
}

fn redrive(args: &Args, bounded: &Bounded, rules: Rules) -> Result<ExitCode> {
    let pacing = Arc::new(Pacing::new(args.common.caps(), None, bounded.clock.now()));
    let job = match bounded.prepare() {
        Err(error) if error.downcast_ref().is_some_and(is_nothing) => return nothing(args, bounded, &pacing),
        other => other?,
    };
    let news = !job.standing()?.is_complete();
    let series = bounded.metrics.redrive()?;
    let tell = move |outcome| {
        let redriven = match outcome {
            Outcome::Output | Outcome::Tombstone => Redriven::Output,
            Outcome::DeadLetter(..) => Redriven::DeadLetter,
            Outcome::Parked(_) => Redriven::Parked,
            Outcome::Skipped => Redriven::Skipped,
            Outcome::Gap { .. } => return,
        };
        series.redriven(redriven);
    };
    let work = Work {
        pace: (args.common.caps() != Default::default()).then(|| Arc::clone(&pacing) as Arc<dyn Pace>),
        sieve: Some(Arc::new(rules)),
        notes: Box::new(Counted { tally: job.tally(), tell }),
    };
    bounded.work(&job, &pacing, work)?;
    let mut report = bounded.report(&bounded.standing(&job)?, &pacing, args.max_dead_ratio);
    if !news {
        report.notes.push("no dead letter came since; these are the counts of the last run of this name".to_owned());
    }
    bounded::publish(&report, args.common.report.as_deref())
}

/// The report of a redrive that found no dead letter.
fn nothing(args: &Args, bounded: &Bounded, pacing: &Pacing) -> Result<ExitCode> {
    let mut report = bounded.report(&Standing::default(), pacing, args.max_dead_ratio);
    report.end = End::Complete;
    report.notes.push(format!("topic {} holds no dead letters", bounded.asked.input));
    bounded::publish(&report, args.common.report.as_deref())
}
