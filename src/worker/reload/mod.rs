//! The lists of names that users mount, read again while the worker runs.
//!
//! Their content is looked at, not their dates or their links: Kubernetes swaps
//! a link above the files, an editor renames, and on either a content that
//! differs is all that counts. A new pipeline is built aside, on this thread,
//! and then takes the old one's place in [`Live`] at once; each record is made
//! by one of the two, and its `provenance.model` says which. A content that
//! cannot be used is told and counted, and the old pipeline stays.

mod changes;
mod credentials;

use std::hash::Hash as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use self::changes::{Changes, Next};
pub(super) use self::credentials::{Credentials, look};
use super::clock::Clock;
use super::files::{self, FileError, TextFile};
use super::panics;
use crate::metrics::{Events, Metrics, Reloaded};
use crate::pipeline::Pipeline;

/// What was seen once is looked at again so soon.
const SETTLE: Duration = Duration::from_secs(1);

/// Errors told of one file; a list of another kind has one on each line.
const MOST_ERRORS: usize = 5;

/// The pipeline in force; cheap to clone, all clones see the same.
#[derive(Debug, Clone)]
pub struct Live(Arc<ArcSwap<Pipeline>>);

impl Live {
    #[must_use]
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self(Arc::new(ArcSwap::new(pipeline)))
    }

    /// The one to make a record by, from its first stage to its last.
    #[must_use]
    pub fn now(&self) -> Guard<Arc<Pipeline>> {
        self.0.load()
    }

    pub fn replace(&self, pipeline: Pipeline) {
        self.0.store(Arc::new(pipeline));
    }
}

/// A pipeline made of files, and how many things they name.
pub type Built = (Pipeline, usize);

/// Makes a pipeline of files, or says what is wrong with them, a line each.
pub type Build = Box<dyn Fn(&[TextFile]) -> Result<Built, String> + Send>;

/// Files to watch.
pub struct Gazetteers {
    /// Whose they are: the live tagger's or the shadow's.
    pub what: Reloaded,
    pub paths: Vec<PathBuf>,
    /// What the pipeline now in force was made of.
    pub in_force: Vec<TextFile>,
    /// How often to look; zero never does.
    pub interval: Duration,
    pub build: Build,
}

impl std::fmt::Debug for Gazetteers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gazetteers").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// The thread that looks; it ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Reload {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reload {
    /// # Errors
    /// Where the thread cannot be started.
    pub(super) fn start(
        gazetteers: Option<Gazetteers>,
        live: Live,
        metrics: Metrics,
        events: Events,
    ) -> std::io::Result<Self> {
        let (end, ended) = bounded(0);
        let watched = gazetteers.filter(|lists| !lists.paths.is_empty() && !lists.interval.is_zero());
        let Some(gazetteers) = watched else {
            return Ok(Self { end: None, thread: None });
        };
        let watch = Watch { gazetteers, live, metrics, events };
        let thread = std::thread::Builder::new().name("reload".to_owned()).spawn(move || watch.run(&ended))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        drop(self.end.take());
        // Its panics are caught where they can be, and told by the hook.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Watch {
    gazetteers: Gazetteers,
    live: Live,
    metrics: Metrics,
    events: Events,
}

impl Watch {
    fn run(self, ended: &Receiver<()>) {
        let interval = self.gazetteers.interval;
        let mut changes = Changes::new(fingerprint(Ok(&self.gazetteers.in_force)));
        let mut pause = interval;
        while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            let read = files::read(&self.gazetteers.paths);
            pause = match changes.see(fingerprint(read.as_ref())) {
                Next::Rest => interval,
                Next::LookAgain => interval.min(SETTLE),
                Next::Take => {
                    self.take(read);
                    interval
                }
            };
        }
    }

    fn take(&self, read: Result<Vec<TextFile>, FileError>) {
        let built = read.map_err(|error| error.to_string()).and_then(|files| {
            catch_unwind(AssertUnwindSafe(|| (self.gazetteers.build)(&files))).unwrap_or_else(|_| {
                Err(format!("a bug in warraq: panic at {}; please report it", panics::last_place()))
            })
        });
        match built {
            Ok((pipeline, names)) => {
                let model = pipeline.provenance().model.clone();
                self.live.replace(pipeline);
                if self.gazetteers.what == Reloaded::Gazetteers {
                    self.metrics.model_changed(&model);
                }
                let files = self.gazetteers.paths.len();
                let text = format_args!("{names} names of {files} files are in force, model {model}");
                self.events.reloaded(self.gazetteers.what, &text, Clock::unix());
            }
            Err(why) => self.events.reload_refused(self.gazetteers.what, &few(&why)),
        }
    }
}

/// 128 bits, so that no change is ever missed.
fn fingerprint(read: Result<&Vec<TextFile>, &FileError>) -> u128 {
    struct Wide(xxhash_rust::xxh3::Xxh3);
    impl std::hash::Hasher for Wide {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            self.0.digest()
        }
    }
    let mut wide = Wide(xxhash_rust::xxh3::Xxh3::new());
    read.hash(&mut wide);
    wide.0.digest128()
}

/// The first of many errors, in one line.
fn few(errors: &str) -> String {
    let shown: Vec<&str> = errors.lines().take(MOST_ERRORS).collect();
    let more = errors.lines().count() - shown.len();
    let shown = shown.join("; ");
    if more == 0 { shown } else { format!("{shown}; and {more} more") }
}

#[cfg(test)]
mod tests;
