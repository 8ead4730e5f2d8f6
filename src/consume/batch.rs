use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::flow::{Permit, Ticket};
use crate::record::RawRecord;

/// A batch is handed on when it is so large, or when nothing more is at hand.
pub const BATCH_RECORDS: usize = 32;
const BATCH_BYTES: usize = 256 << 10;

/// Counts the records that the pool has not finished: each has a place until
/// then.
#[derive(Debug, Clone, Default)]
pub struct Queue(Arc<()>);

impl Queue {
    pub fn place(&self) -> Place {
        Place { _held: Arc::clone(&self.0) }
    }

    pub fn len(&self) -> usize {
        Arc::strong_count(&self.0).saturating_sub(1)
    }
}

/// Of a record in a [`Queue`]; given back when dropped.
#[derive(Debug, Clone, Default)]
pub struct Place {
    _held: Arc<()>,
}

/// One record for the pool.
#[derive(Debug)]
pub struct Work {
    pub raw: RawRecord,
    pub ticket: Ticket,
    pub permit: Permit,
    /// Kept until the pool has finished it.
    pub place: Place,
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
