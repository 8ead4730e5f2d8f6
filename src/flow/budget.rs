use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Bytes in flight against a limit.
///
/// Taking never blocks and never fails: the intake must go on polling whatever
/// happens, and a record in hand must be finished. The limit is kept by not
/// taking new records while [`Budget::is_spent`].
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: usize,
    used: AtomicUsize,
    /// Waiters for a release; the count of releases is not needed, only the bell.
    bell: (Mutex<()>, Condvar),
}

impl Budget {
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let bell = (Mutex::new(()), Condvar::new());
        Self { shared: Arc::new(Shared { limit, used: AtomicUsize::new(0), bell }) }
    }

    #[must_use]
    pub fn take(&self, bytes: usize) -> Permit {
        self.shared.used.fetch_add(bytes, Ordering::Relaxed);
        Permit { shared: Arc::clone(&self.shared), bytes }
    }

    #[must_use]
    pub fn used(&self) -> usize {
        self.shared.used.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn limit(&self) -> usize {
        self.shared.limit
    }

    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.used() >= self.shared.limit
    }

    /// Waits until less than `bytes` are used, at most for `timeout`.
    /// Returns whether it is so.
    #[must_use]
    pub fn wait_below(&self, bytes: usize, timeout: Duration) -> bool {
        let (lock, bell) = &self.shared.bell;
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = bell.wait_timeout_while(guard, timeout, |()| self.used() >= bytes);
        drop(waited);
        self.used() < bytes
    }
}

/// The bytes of one record in flight; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Permit {
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The record became larger or smaller on its way.
    pub fn resize(&mut self, bytes: usize) {
        let used = &self.shared.used;
        if bytes >= self.bytes {
            used.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            self.shared.bell.1.notify_all();
        }
        self.bytes = bytes;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.shared.bell.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(100);
        let mut one = budget.take(60);
        let two = budget.take(60);
        assert!(budget.is_spent());
        one.resize(10);
        assert_eq!(budget.used(), 70);
        one.resize(20);
        drop(two);
        assert_eq!(budget.used(), 20);
        drop(one);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_waiter_hears_of_a_release() {
        let budget = Budget::new(10);
        let permit = budget.take(10);
        assert!(!budget.wait_below(5, Duration::ZERO));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| budget.wait_below(5, Duration::from_secs(60)));
            drop(permit);
            assert!(waiter.join().unwrap());
        });
    }
}
