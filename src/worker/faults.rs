//! Faults on purpose, for tests alone: this file is part of builds with debug
//! assertions and of those with the feature `faults`, and of no other.

use std::sync::LazyLock;

use crate::record::RawRecord;

/// A record whose raw value holds this text panics.
static PANIC: LazyLock<Option<String>> = LazyLock::new(|| named("WARRAQ_TEST_PANIC_ON"));
/// A record whose raw value holds this text aborts the process.
static ABORT: LazyLock<Option<String>> = LazyLock::new(|| named("WARRAQ_FAULT_ABORT_KEY"));

/// What is to go wrong with this record, goes wrong; called where a record begins
/// to be processed.
pub fn inject(raw: &RawRecord) {
    if holds(raw, &ABORT) {
        std::process::abort();
    }
    assert!(!holds(raw, &PANIC), "injected");
}

fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

fn holds(raw: &RawRecord, text: &Option<String>) -> bool {
    let value = raw.value.as_deref().unwrap_or_default();
    text.as_deref().is_some_and(|text| memchr::memmem::find(value, text.as_bytes()).is_some())
}
