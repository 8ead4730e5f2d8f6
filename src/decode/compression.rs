//! gzip and zstd, unpacked under a cap.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use super::reject;
use crate::record::{Reason, Reject};

const GZIP_MAGIC: &[u8] = &[0x1F, 0x8B, 0x08];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
/// log2 of the window that every zstd decoder must take (RFC 8878, 3.1.1.1.2).
const ZSTD_WINDOW_LOG: u32 = 23;
/// Encodings in a row (`gzip, zstd`) before a header counts as an attack.
const MAX_LAYERS: usize = 3;

/// The value unpacked: by `content-encoding`, or by its first bytes where no
/// header says anything.
pub(super) fn unpack<'a>(value: &'a [u8], encoding: Option<&str>, cap: usize) -> Result<Cow<'a, [u8]>, Reject> {
    let Some(encoding) = encoding.map(str::trim).filter(|encoding| !encoding.is_empty()) else {
        return match value {
            _ if value.starts_with(GZIP_MAGIC) => Ok(Cow::Owned(gzip(value, cap)?)),
            _ if value.starts_with(ZSTD_MAGIC) => Ok(Cow::Owned(zstd(value, cap)?)),
            _ => Ok(Cow::Borrowed(value)),
        };
    };
    let layers: Vec<&str> = encoding.split(',').map(str::trim).collect();
    if layers.len() > MAX_LAYERS {
        return Err(unsupported("a list of more than three encodings"));
    }
    // The last name of the list was applied last.
    let mut value = Cow::Borrowed(value);
    for layer in layers.iter().rev() {
        value = match layer.to_ascii_lowercase().as_str() {
            "identity" | "none" | "" => value,
            "gzip" | "x-gzip" => Cow::Owned(gzip(&value, cap)?),
            "zstd" | "x-zstd" => Cow::Owned(zstd(&value, cap)?),
            other => return Err(unsupported(&other.chars().take(40).collect::<String>())),
        };
    }
    Ok(value)
}

fn gzip(value: &[u8], cap: usize) -> Result<Vec<u8>, Reject> {
    read("gzip", MultiGzDecoder::new(value), cap)
}

fn zstd(value: &[u8], cap: usize) -> Result<Vec<u8>, Reject> {
    let broken = |error: io::Error| broken("zstd", &error);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(value).map_err(broken)?;
    // A frame may ask for a window larger than all that is allowed to come out of it.
    let window = cap.max(1).ilog2() + 1;
    decoder.window_log_max(window.clamp(ZSTD_WINDOW_LOG, 30)).map_err(broken)?;
    read("zstd", decoder, cap)
}

/// Reads to the end; the buffer never grows past the cap.
fn read(name: &str, mut decoder: impl Read, cap: usize) -> Result<Vec<u8>, Reject> {
    let mut out: Vec<u8> = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(out),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.to_string().contains("too much memory") => return Err(too_large(name, cap)),
            Err(error) => return Err(broken(name, &error)),
        };
        if read > cap - out.len() {
            return Err(too_large(name, cap));
        }
        if out.capacity() - out.len() < read {
            let room = out.capacity().max(CHUNK).min(cap - out.len());
            out.reserve_exact(room.max(read));
        }
        out.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

fn unsupported(name: &str) -> Reject {
    reject(
        Reason::UnsupportedCompression,
        format!("content-encoding = {name:?} is not supported; send gzip, zstd or nothing"),
    )
}

fn broken(name: &str, error: &io::Error) -> Reject {
    reject(Reason::BrokenCompression, format!("the {name} value cannot be unpacked: {error}"))
}

fn too_large(name: &str, cap: usize) -> Reject {
    reject(
        Reason::DecompressedTooLarge,
        format!("the {name} value unpacks to more than decode.max_decompressed_bytes = {cap}"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip_of(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn reason(result: Result<Cow<'_, [u8]>, Reject>) -> Reason {
        result.unwrap_err().reason
    }

    #[test]
    fn both_kinds_are_unpacked_by_header_and_by_their_first_bytes() {
        let text = "خبر ".repeat(100_000);
        let zstd_of = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for (packed, name) in [(gzip_of(text.as_bytes()), " GZip"), (zstd_of, "zstd")] {
            for encoding in [Some(name), None] {
                assert!(*unpack(&packed, encoding, 1 << 20).unwrap() == *text.as_bytes());
            }
        }
        let twice = zstd::encode_all(gzip_of(b"abc").as_slice(), 3).unwrap();
        assert_eq!(*unpack(&twice, Some("gzip, zstd"), 99).unwrap(), *b"abc");
        assert_eq!(*unpack(b"abc", Some("identity"), 99).unwrap(), *b"abc");
    }

    #[test]
    fn members_in_a_row_are_one_text() {
        let packed = [gzip_of(b"ab"), gzip_of(b"cd")].concat();
        assert_eq!(*unpack(&packed, None, 99).unwrap(), *b"abcd");
    }

    #[test]
    fn the_cap_is_exact() {
        let packed = gzip_of(&[b' '; 100_000]);
        assert_eq!(unpack(&packed, None, 100_000).unwrap().len(), 100_000);
        assert_eq!(reason(unpack(&packed, None, 99_999)), Reason::DecompressedTooLarge);
    }

    #[test]
    fn bombs_stop_at_the_cap() {
        let zeros = vec![0; 300 << 20];
        let cap = 1 << 20;
        assert_eq!(reason(unpack(&gzip_of(&zeros), None, cap)), Reason::DecompressedTooLarge);
        let packed = zstd::encode_all(zeros.as_slice(), 1).unwrap();
        assert_eq!(reason(unpack(&packed, None, cap)), Reason::DecompressedTooLarge);
    }

    #[test]
    fn what_is_cut_or_broken_is_told_apart_from_what_is_unknown() {
        let packed = gzip_of(&b"some text that is long enough".repeat(20));
        let cut = packed.get(..packed.len() - 12).unwrap();
        assert_eq!(reason(unpack(cut, None, 999)), Reason::BrokenCompression);
        assert_eq!(reason(unpack(b"plain", Some("gzip"), 999)), Reason::BrokenCompression);
        let packed = zstd::encode_all(&b"some text that is long enough"[..], 1).unwrap();
        assert_eq!(reason(unpack(&packed[..packed.len() - 5], Some("zstd"), 999)), Reason::BrokenCompression);
        assert_eq!(reason(unpack(b"plain", Some("br"), 999)), Reason::UnsupportedCompression);
        assert_eq!(reason(unpack(b"plain", Some("gzip,gzip,gzip,gzip"), 999)), Reason::UnsupportedCompression);
    }
}
