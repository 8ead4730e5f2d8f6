//! Passwords, keys and certificates that change while the worker runs.
//!
//! librdkafka reads them once, when a client is made. So what is new is tried
//! aside first; if it logs in, the worker leaves its group as at a shutdown, all
//! committed, and begins again with new clients. What does not log in changes
//! nothing: the connections of before mostly live on, and a broker may learn of
//! a new password after the file does, so it is tried again.

use std::path::PathBuf;
use std::time::Duration;

use super::changes::{Changes, Next};
use super::{SETTLE, fingerprint};
use crate::kafka;
use crate::metrics::{Events, Reloaded};
use crate::worker::files;
use crate::worker::lifecycle::Stop;

pub(in crate::worker) struct Credentials {
    pub options: kafka::Options,
    /// What is asked for, to see whether a login works.
    pub topic: String,
    pub interval: Duration,
    pub events: Events,
    /// Its child is the worker that now runs; asked alone, it begins again.
    pub stop: Stop,
    /// What the files held before the first client was made, by [`look`]: no
    /// change falls in between.
    pub in_force: u128,
}

impl Credentials {
    /// A thread that ends with the process: it may be in the middle of a login.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn watch(self) -> std::io::Result<()> {
        let paths = self.options.credentials();
        if paths.is_empty() || self.interval.is_zero() {
            return Ok(());
        }
        std::thread::Builder::new().name("credentials".to_owned()).spawn(move || self.run(&paths))?;
        Ok(())
    }

    fn run(&self, paths: &[PathBuf]) {
        let mut in_force = self.in_force;
        let mut changes = Changes::new(in_force);
        let mut pause = self.interval;
        while !self.stop.wait(pause) {
            let seen = look(paths);
            pause = match changes.see(seen) {
                Next::Rest => self.interval,
                Next::LookAgain => self.interval.min(SETTLE),
                Next::Take => {
                    match kafka::probe(&self.options, &self.topic) {
                        Ok(()) => {
                            in_force = seen;
                            self.stop.request_child();
                        }
                        Err(why) => {
                            self.events.reload_refused(Reloaded::Credentials, &why);
                            changes = Changes::new(in_force);
                        }
                    }
                    self.interval
                }
            };
        }
    }
}

/// A fingerprint of what these files hold.
pub(in crate::worker) fn look(paths: &[PathBuf]) -> u128 {
    fingerprint(files::read(paths).as_ref())
}
