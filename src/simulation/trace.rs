//! What happened last, for whoever reads of a failure; and how often what did.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Lines that are kept, but where `TRACE` says how many.
const LINES: usize = 50;

#[derive(Debug, Clone, Default)]
pub struct Trace(Rc<RefCell<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    counts: BTreeMap<&'static str, u64>,
    /// Lines cost more than steps: they are kept only where a seed is run again.
    most: usize,
}

impl Trace {
    pub fn with_lines() -> Self {
        let trace = Self::default();
        trace.0.borrow_mut().most = std::env::var("TRACE").map_or(LINES, |lines| lines.parse().unwrap());
        trace
    }

    pub fn line(&self, line: impl FnOnce() -> String) {
        let mut kept = self.0.borrow_mut();
        if kept.most > 0 {
            if kept.lines.len() >= kept.most {
                kept.lines.pop_front();
            }
            kept.lines.push_back(line());
        }
    }

    pub fn count(&self, what: &'static str) {
        *self.0.borrow_mut().counts.entry(what).or_default() += 1;
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().lines.iter().cloned().collect()
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.borrow().counts.clone()
    }
}
