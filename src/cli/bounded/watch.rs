//! Looks at a replay once a second: shows how far it is, and stops the worker
//! when all of it is done.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::metrics::{ReplayMetrics, ReplayPartition, ReplayStanding, ReplayState};
use crate::replay::progress::Progress;
use crate::replay::throttle::Figures;
use crate::replay::{Error, Job, Pacing, Standing};
use crate::worker::{Clock, Stop};

const LOOK: Duration = Duration::from_secs(1);
/// How often, in looks, the input topic is looked for: one that is deleted
/// never ends.
const TOPIC: u64 = 15;
/// Between lines of a log; a terminal has one line that changes.
const LOG: Duration = Duration::from_secs(10);

pub struct Watch {
    pub job: Arc<Job>,
    pub pacing: Arc<Pacing>,
    pub metrics: Arc<ReplayMetrics>,
    pub clock: Clock,
    pub stop: Stop,
}

impl Watch {
    /// Until all is done, or the worker stops for another reason.
    ///
    /// # Errors
    /// Where the replay can never be done: its input is gone.
    pub fn run(self) -> Result<(), Error> {
        let ended = self.look();
        if ended.is_err() {
            self.stop.request();
        }
        ended
    }

    fn look(&self) -> Result<(), Error> {
        let mut looks = 0u64;
        let mut progress = Progress::new(0);
        let mut logged: Option<Duration> = None;
        let terminal = std::io::stderr().is_terminal();
        while !self.stop.is_requested() {
            match self.job.standing() {
                Ok(standing) => {
                    let now = self.clock.now();
                    let figures = self.pacing.figures();
                    let (range, done) = standing.offsets(None);
                    progress.resize(range);
                    progress.update(done, standing.counts().records(), now);
                    self.show_metrics(&standing, &progress, &figures);
                    if terminal {
                        // A progress line that cannot be shown is no trouble.
                        let _ = write!(std::io::stderr(), "\r\x1b[2K{}", progress.line(&figures));
                    } else if logged.is_none_or(|logged| now.saturating_sub(logged) >= LOG) {
                        logged = Some(now);
                        tracing::info!("{}", progress.line(&figures));
                    }
                    if standing.is_complete() {
                        self.stop.request();
                    }
                }
                Err(error) => tracing::warn!(%error, "how far the replay is cannot be told now"),
            }
            looks += 1;
            if looks.is_multiple_of(TOPIC)
                && let Err(gone @ Error::Gone(_)) = self.job.input_is_there()
            {
                return Err(gone);
            }
            self.stop.wait(LOOK);
        }
        if terminal {
            let _ = writeln!(std::io::stderr());
        }
        Ok(())
    }

    fn show_metrics(&self, standing: &Standing, progress: &Progress, figures: &Figures) {
        let tally = self.job.tally();
        let owned = tally.owned();
        let partitions: Vec<ReplayPartition> = owned
            .iter()
            .filter_map(|partition| {
                let position = standing.positions.get(partition)?;
                Some(ReplayPartition { partition: *partition, position: position.offset, end: position.state.to })
            })
            .collect();
        let (range_offsets, done_offsets) = standing.offsets(Some(&owned));
        let state = match standing.is_complete() {
            true => ReplayState::Complete,
            false if figures.yielding => ReplayState::Yielding,
            false => ReplayState::Running,
        };
        self.metrics.set(&ReplayStanding {
            topic: self.job.topic(),
            partitions: &partitions,
            range_offsets,
            done_offsets,
            eta: progress.eta(),
            limit: figures.limit,
            live_lag: figures.live_lag,
            waited_for_rate: figures.waited_for_rate,
            waited_for_live: figures.waited_for_live,
            lost: tally.lost(),
            state,
        });
    }
}
