use std::time::Duration;

use crossbeam_channel::Sender;

use crate::flow::{Permit, Ticket};
use crate::record::RawRecord;

/// A batch is handed on when it is so large, or when nothing more is at hand.
pub const BATCH_RECORDS: usize = 32;
const BATCH_BYTES: usize = 256 << 10;
/// One record for the pool.
#[derive(Debug)]
pub struct Work {
    pub raw: RawRecord,
    pub ticket: Ticket,
    pub permit: Permit,
    /// On the worker's clock.
    pub polled: Duration,
}

/// Records on their way to the pool, handed on a few at a time.
#[derive(Debug)]
pub struct Batch {
    work: Vec<Work>,
    bytes: usize,
    pool: Sender<Vec<Work>>,
}

impl Batch {
    pub const fn new(pool: Sender<Vec<Work>>) -> Self {
        Self { work: Vec::new(), bytes: 0, pool }
    }

    pub fn push(&mut self, work: Work) {
        self.bytes += work.permit.bytes();
        self.work.push(work);
        if self.work.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES {
            self.flush();
        }
    }

    pub fn flush(&mut self) {
        if !self.work.is_empty() {
            self.bytes = 0;
            // Its receivers live as long as the worker.
            let _ = self.pool.send(std::mem::take(&mut self.work));
        }
    }
}
