//! Records that kill the process: written down before they are processed, so that
//! the next process knows.
//!
//! A panic is one record's; a stack overflow, no memory, an abort in a native
//! library are the process's, and its partitions' next worker reads the same record
//! again. So each thread writes into its slot of a journal what it has in hand.
//! What stood there when the process died is suspected by the next one: a suspect is
//! tried alone, while no other record is in hand, so that a second death is its own;
//! after `poison.attempts` deaths it is a dead letter and not processed. A suspect
//! that survives is none any more, so a process that is killed for another reason
//! costs each record in hand one turn alone.
//!
//! Convicted ones stay in the journal until their dead letter is durable; those of
//! partitions that went elsewhere until something behind them is durable here, or
//! the table is full ([`suspects::MOST`]). A record that hangs until the process is
//! killed is treated alike. What is not seen: a death outside of the pool, such as
//! in librdkafka or in the shadow.
//!
//! Without a journal the worker works as well, and a record that kills it does so
//! until a person acts.

mod file;
mod options;
mod slot;
mod suspects;

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::metrics::Metrics;
use crate::record::{Origin, RawRecord, Reason, Reject, Stage};

pub use self::options::{PoisonOptions, StateOptions};
use self::slot::{Mark, Slot};
use self::suspects::Suspects;

/// What a worker cannot do without a journal.
const WITHOUT: &str = "a record that kills the process is tried again for ever";

/// The journal of a process, or none; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    file: file::Journal,
    /// It can no longer be written.
    broken: AtomicBool,
    attempts: u32,
    suspects: Mutex<Suspects>,
    /// Whether there are any; once there are none, none come in this process.
    any: AtomicBool,
    /// Held for writing by a suspect, for reading by all others while there are
    /// suspects.
    alone: RwLock<()>,
    metrics: Metrics,
}

impl Journal {
    /// Opens the journal in `state.dir`, for so many threads. Where that cannot be,
    /// the log says so once, and the worker goes on without.
    #[must_use]
    pub fn open(state: &StateOptions, poison: &PoisonOptions, threads: usize, metrics: &Metrics) -> Self {
        let Some(dir) = state.dir.as_deref().filter(|dir| !dir.as_os_str().is_empty()) else {
            tracing::info!("state.dir is not set: {WITHOUT}");
            return Self::default();
        };
        match Shared::open(dir, poison.attempts, threads, metrics) {
            Ok(shared) => Self { shared: Some(Arc::new(shared)) },
            Err(error) => {
                tracing::warn!("state.dir: {error}; the worker goes on, but {WITHOUT}");
                Self::default()
            }
        }
    }

    /// The hand of one thread of the pool, counted from 0.
    #[must_use]
    pub fn hand(&self, thread: usize) -> Hand {
        Hand { journal: self.clone(), thread, full: Cell::new(false) }
    }

    /// Work on a record that is not the pool's: not while a suspect is tried.
    pub fn beside(&self) -> Option<RwLockReadGuard<'_, ()>> {
        let shared = self.shared.as_ref().filter(|shared| shared.any.load(Ordering::Acquire))?;
        Some(shared.alone.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether anybody is suspected.
    #[must_use]
    pub fn has_suspects(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.any.load(Ordering::Acquire))
    }

    /// All of a partition up to `offset` is durable.
    pub fn settled(&self, topic: &str, partition: i32, offset: i64) {
        let Some(shared) = self.shared.as_ref().filter(|_| self.has_suspects()) else { return };
        let mut suspects = shared.suspects();
        for slot in suspects.settled(slot::topic(topic), partition, offset) {
            shared.wrote(shared.file.acquit(slot));
        }
        shared.counted(&suspects);
    }
}

impl Shared {
    fn open(dir: &Path, attempts: u32, threads: usize, metrics: &Metrics) -> Result<Self, file::JournalError> {
        let file::Opened { journal: file, suspects, left_out, torn } = file::Journal::open(dir, threads)?;
        if torn > 0 {
            tracing::warn!(slots = torn, "the journal in state.dir is broken in places, which are passed over");
        }
        if left_out > 0 {
            tracing::warn!(
                records = left_out,
                "more records than the journal can suspect; these are tried as any other"
            );
        }
        if suspects.len() > 0 {
            tracing::warn!(
                records = suspects.len(),
                attempts,
                "in hand when the process last died; each is tried alone"
            );
        }
        metrics.poison_journal(true);
        let shared = Self {
            file,
            broken: AtomicBool::new(false),
            attempts,
            any: AtomicBool::new(false),
            suspects: Mutex::default(),
            alone: RwLock::new(()),
            metrics: metrics.clone(),
        };
        shared.counted(&suspects);
        *shared.suspects() = suspects;
        Ok(shared)
    }

    fn suspects(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self, suspects: &Suspects) {
        self.any.store(suspects.len() > 0, Ordering::Release);
        self.metrics.poison_suspects(suspects.len());
    }

    fn hand(&self, thread: usize, slot: Option<Slot>) {
        if !self.broken.load(Ordering::Relaxed) {
            self.wrote(self.file.hand(thread, slot));
        }
    }

    fn wrote(&self, result: io::Result<()>) {
        let Err(error) = result else { return };
        if !self.broken.swap(true, Ordering::Relaxed) {
            self.metrics.poison_journal(false);
            tracing::warn!("the journal in state.dir cannot be written any more: {error}; from now on {WITHOUT}");
        }
    }
}

/// What one thread has in hand.
#[derive(Debug)]
pub struct Hand {
    journal: Journal,
    thread: usize,
    /// Whether its slot may hold something.
    full: Cell<bool>,
}

/// A record in hand, and how it is to be treated.
#[derive(Debug)]
pub enum Trial<'a> {
    /// As any other.
    Usual(Option<RwLockReadGuard<'a, ()>>),
    /// A suspect, while nothing else is in hand.
    Alone(Mark, RwLockWriteGuard<'a, ()>),
    /// Not to be processed: it was in hand at so many deaths.
    Convicted(u32),
}

impl Hand {
    /// Writes it down; waits while a suspect is tried, or, for a suspect, until no
    /// other record is in hand.
    pub fn take(&self, raw: &RawRecord) -> Trial<'_> {
        let Some(shared) = &self.journal.shared else { return Trial::Usual(None) };
        let mark = Mark::of(raw);
        let trial =
            if shared.any.load(Ordering::Acquire) { shared.trial(mark, &raw.origin) } else { Trial::Usual(None) };
        if !matches!(trial, Trial::Convicted(_)) {
            // Over what it had before, whose clearing is saved so.
            shared.hand(self.thread, Some(Slot::InHand(mark)));
            self.full.set(true);
        }
        trial
    }

    /// The record did not kill: a suspect is none any more.
    pub fn survived(&self, trial: Trial<'_>) {
        let (Some(shared), Trial::Alone(mark, alone)) = (&self.journal.shared, trial) else { return };
        self.rest();
        let mut suspects = shared.suspects();
        if let Some(suspect) = suspects.remove(&mark) {
            shared.wrote(shared.file.acquit(suspect.slot));
        }
        shared.counted(&suspects);
        drop(suspects);
        drop(alone);
    }

    /// Nothing is in hand for now.
    pub fn rest(&self) {
        if let (Some(shared), true) = (&self.journal.shared, self.full.replace(false)) {
            shared.hand(self.thread, None);
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.rest();
    }
}

impl Shared {
    fn trial(&self, mark: Mark, origin: &Origin) -> Trial<'_> {
        let suspect = self.suspects().get(&mark);
        match suspect.map(|suspect| suspect.deaths) {
            None => Trial::Usual(Some(self.alone.read().unwrap_or_else(PoisonError::into_inner))),
            Some(deaths) if deaths >= self.attempts => Trial::Convicted(deaths),
            Some(deaths) => {
                let alone = self.alone.write().unwrap_or_else(PoisonError::into_inner);
                tracing::info!(%origin, deaths, "a record that was in hand when the process died is tried alone");
                Trial::Alone(mark, alone)
            }
        }
    }
}

/// Why a record that was in hand at so many deaths is not processed.
pub fn convicted(deaths: u32) -> Reject {
    let message = format!(
        "the process died {deaths} times with this record in hand, the last times with no other; it was not processed \
         again: a bug in warraq, or too little memory for it; the record is kept here, please report it"
    );
    Reject::new(Stage::Decode, Reason::KilledWorker, message)
}

#[cfg(test)]
mod tests;
