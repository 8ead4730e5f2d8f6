//! Any bytes as the lines of a crawler.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let raw = warraq_fuzz::raw(data, &[("content-type", "text/plain; charset=utf-8")]);
    warraq_fuzz::bounded(data, || warraq_fuzz::read(&raw));
});
