//! Any bytes as a message, its type and charset found out or told wrongly: the
//! first byte chooses the headers.
#![no_main]

use libfuzzer_sys::fuzz_target;

const HEADERS: [&[(&str, &str)]; 12] = [
    &[],
    &[("content-type", "application/json")],
    &[("content-type", "application/json; charset=windows-1256")],
    &[("content-type", "text/html; charset=windows-1256")],
    &[("content-type", "text/html; charset=iso-8859-6")],
    &[("content-type", "text/plain; charset=utf-16le")],
    &[("content-type", "text/plain; charset=utf-16")],
    &[("content-type", "text/plain; charset=iso-2022-jp")],
    &[("content-type", "text/plain; charset=none-such")],
    &[("content-encoding", "gzip")],
    &[("content-encoding", "zstd")],
    &[("content-type", "image/png")],
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, value)) = data.split_first() else { return };
    let headers = HEADERS[usize::from(*choice) % HEADERS.len()];
    let raw = warraq_fuzz::raw(value, headers);
    if headers.iter().any(|(name, _)| *name == "content-encoding") {
        // Unpacked it may be longer by far; its cap is another one.
        warraq_fuzz::read(&raw);
    } else {
        warraq_fuzz::bounded(value, || warraq_fuzz::read(&raw));
    }
});
