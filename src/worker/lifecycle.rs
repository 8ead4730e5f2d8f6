//! Signals, and the one word by which everything stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::clock::Clock;

/// The exit code of a second signal, which does not wait for anything.
const EXIT_NOW: i32 = 130;

/// A sender that signals a process and its group signals twice at once: that is
/// one wish, not two.
const ONE_SIGNAL: Duration = Duration::from_millis(300);

/// Asks a worker to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    wake: Sender<()>,
    woken: Receiver<()>,
    /// What is asked whenever this is.
    child: Arc<Mutex<Option<Box<Stop>>>>,
}

impl Default for Stop {
    fn default() -> Self {
        let (wake, woken) = bounded(1);
        Self { asked: Arc::default(), wake, woken, child: Arc::default() }
    }
}

impl Stop {
    /// Stop intake, drain, commit, leave the group.
    pub fn request(&self) {
        self.asked.store(true, Ordering::Relaxed);
        // Full means that it was asked before.
        let _ = self.wake.try_send(());
        self.request_child();
    }

    /// Another one, asked whenever this one is; takes the last one's place.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::default();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(child.clone()));
        // Whoever asked before that did not see it.
        if self.is_requested() {
            child.request();
        }
        child
    }

    /// Asks the child alone.
    pub fn request_child(&self) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(child) = child {
            child.request();
        }
    }

    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits, at most so long; returns whether a stop was asked for.
    pub fn wait(&self, timeout: Duration) -> bool {
        let mut left = timeout;
        let step = Duration::from_millis(50);
        while !self.is_requested() && !left.is_zero() {
            let nap = left.min(step);
            std::thread::sleep(nap);
            left -= nap;
        }
        self.is_requested()
    }

    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    pub(super) const fn woken(&self) -> &Receiver<()> {
        &self.woken
    }

    /// The first SIGTERM or SIGINT asks, a second one exits at once.
    ///
    /// # Errors
    /// Where the handlers cannot be installed.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let stop = self.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut first: Option<Clock> = None;
            for signal in signals.forever() {
                let name = if signal == SIGTERM { "SIGTERM" } else { "SIGINT" };
                if first.is_some_and(|first| first.now() < ONE_SIGNAL) {
                    continue;
                }
                if stop.is_requested() {
                    tracing::warn!(signal = name, "second signal: exiting at once; what is in hand is done again");
                    std::process::exit(EXIT_NOW);
                }
                tracing::info!(signal = name, "stopping: finishing and committing what is in hand");
                first = Some(Clock::start());
                stop.request();
            }
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_asked_with_its_parent_or_alone() {
        let stop = Stop::default();
        let first = stop.child();
        stop.request_child();
        assert!(first.is_requested() && !stop.is_requested());
        let second = stop.child();
        assert!(!second.is_requested());
        stop.request();
        assert!(second.is_requested() && second.woken().try_recv().is_ok());
        assert!(stop.child().is_requested(), "one that comes late is asked at once");
    }
}
