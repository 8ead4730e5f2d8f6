//! What a value is: by its `content-type`, or by its first bytes.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::charset::{for_label, utf_16};
use super::options::Type;

/// How far a value is looked at, in bytes.
const LOOK: usize = 64 * 1024;

/// Type and charset of a `content-type` header; what it does not tell is `None`.
pub(super) fn content_type(header: &str) -> (Option<Type>, Option<&'static Encoding>) {
    let mut parts = header.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = match media.as_str() {
        "application/json" | "text/json" | "application/x-json" => Some(Type::Json),
        "text/html" | "application/xhtml+xml" => Some(Type::Html),
        "text/plain" | "text/markdown" => Some(Type::Text),
        _ if media.ends_with("+json") => Some(Type::Json),
        _ => None,
    };
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| for_label(value.trim().trim_matches(['"', '\''])))?
    });
    (kind, charset)
}

/// The type by the bytes: JSON begins with an object or a list of something,
/// HTML with a tag or holds an end tag early, all else is plain text.
pub(super) fn by_bytes(bytes: &[u8]) -> Type {
    let look = bytes.get(..LOOK.min(bytes.len())).unwrap_or_default();
    // The signs of interest are ASCII; in UTF-16 they have a zero byte beside them.
    let marked = look.starts_with(b"\xFF\xFE") || look.starts_with(b"\xFE\xFF");
    let wide = marked || utf_16(look).is_some();
    let mark = if marked { 2 } else { 0 };
    let look: Cow<'_, [u8]> =
        if wide { look.iter().copied().skip(mark).filter(|byte| *byte != 0).collect() } else { Cow::Borrowed(look) };
    let start = look.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&look).trim_ascii_start();
    let after = start.get(1..).unwrap_or_default().trim_ascii_start();
    match start.first() {
        Some(b'{') => Type::Json,
        Some(b'[') if matches!(after.first(), Some(b'{' | b'[')) => Type::Json,
        _ if is_markup(start) => Type::Html,
        _ => Type::Text,
    }
}

/// Whether a text is HTML rather than plain: it begins with a tag, or holds an
/// end tag or a line break of HTML.
pub(super) fn is_markup(bytes: &[u8]) -> bool {
    let look = bytes.get(..LOOK.min(bytes.len())).unwrap_or_default();
    let start = look.trim_ascii_start();
    if let (Some(b'<'), Some(b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z')) = (start.first(), start.get(1)) {
        return true;
    }
    memchr::memchr_iter(b'<', look).any(|at| {
        let rest = look.get(at + 1..).unwrap_or_default();
        let end_tag = rest.first() == Some(&b'/') && rest.get(1).is_some_and(u8::is_ascii_alphabetic);
        let name = rest.get(..2).unwrap_or_default();
        let after = rest.get(2).copied().unwrap_or(b'>');
        end_tag
            || name.eq_ignore_ascii_case(b"br") && matches!(after, b'>' | b'/' | b' ')
            || name.eq_ignore_ascii_case(b"p>")
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, WINDOWS_1256};

    use super::*;

    #[test]
    fn headers_tell_type_and_charset() {
        assert_eq!(content_type("application/json"), (Some(Type::Json), None));
        assert_eq!(content_type("Text/HTML; Charset=\"windows-1256\""), (Some(Type::Html), Some(WINDOWS_1256)));
        assert_eq!(content_type("text/plain;format=flowed; charset=utf8"), (Some(Type::Text), Some(UTF_8)));
        assert_eq!(content_type("application/ld+json"), (Some(Type::Json), None));
        assert_eq!(content_type("application/octet-stream; charset=none"), (None, None));
    }

    #[test]
    fn bytes_tell_the_type() {
        for (bytes, kind) in [
            (&b"\xEF\xBB\xBF \n{\"a\":1}"[..], Type::Json),
            (b"[ {\"a\":1}]", Type::Json),
            (b"[photo] a caption", Type::Text),
            (b"<!DOCTYPE html><p>", Type::Html),
            (b" <?xml version='1.0'?><html>", Type::Html),
            (b"text and <b>bold</b> text", Type::Html),
            (b"line<br/>line", Type::Html),
            (b"3 < 5 and 5 > 3, </ 7", Type::Text),
            (b"\xFF\xFE{\0\"\0", Type::Json),
            (b"\xFE\xFF\0<\0p\0>", Type::Html),
            (b"<\0p\0>\0a\0", Type::Html),
            (b"{\0\"\0a\0\"\0", Type::Json),
            (b"", Type::Text),
        ] {
            assert_eq!(by_bytes(bytes), kind, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
