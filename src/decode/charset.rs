//! Bytes in any charset to UTF-8, every character's place kept.
//!
//! Order of trust: byte order mark, header, configuration, the page's own
//! declaration, valid UTF-8, detection. The mark comes first because no text in
//! another charset begins with those bytes. A page that declares a one-byte
//! charset but is valid UTF-8 was transcoded by the crawler, which left the
//! `<meta>` as it was: it is read as UTF-8.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    DecoderResult, Encoding, ISO_8859_6, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1256,
    X_USER_DEFINED,
};

use super::options::Type;
use super::reject;
use super::source::Source;
use crate::record::{CharsetFrom, EditsBuilder, RawSpan, Reason, Reject};

/// Where a page's own declaration is looked for, in bytes (WHATWG: 1024; real
/// pages put it later).
const PRESCAN: usize = 4096;

/// The payload as text, the charset's WHATWG label, and how it is known.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    kind: Type,
    declared: Option<(&'static Encoding, CharsetFrom)>,
) -> Result<(Source<'a>, &'static str, CharsetFrom), Reject> {
    let ((encoding, from), mark) = match Encoding::for_bom(bytes) {
        // JSON is UTF-8 (RFC 8259); another charset is taken only on request.
        Some((encoding, mark)) if kind != Type::Json || encoding == UTF_8 || declared.is_some() => {
            ((encoding, CharsetFrom::Mark), mark)
        }
        _ => (choose(bytes, kind, declared)?, 0),
    };
    let body = bytes.get(mark..).unwrap_or_default();
    let label = label(encoding);
    let (text, edits) = if encoding == UTF_8 {
        let text = simdutf8::compat::from_utf8(body).map_err(|error| invalid(label, mark + error.valid_up_to()))?;
        (Cow::Borrowed(text), EditsBuilder::new())
    } else {
        let (text, edits) = transcode(body, encoding).map_err(|at| invalid(label, mark + at))?;
        (Cow::Owned(text), edits)
    };
    Ok((Source::new(text, RawSpan::new(mark, bytes.len()), edits.build()), label, from))
}

fn invalid(label: &str, at: usize) -> Reject {
    reject(
        Reason::InvalidEncoding,
        format!("byte {at} is no {label} text; declare the charset in content-type or in decode.charset"),
    )
}

/// The WHATWG label, which is lower case, of the crate's name.
fn label(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "UTF-8" => "utf-8",
        "UTF-16LE" => "utf-16le",
        "UTF-16BE" => "utf-16be",
        "Big5" => "big5",
        "EUC-JP" => "euc-jp",
        "EUC-KR" => "euc-kr",
        "GBK" => "gbk",
        "ISO-2022-JP" => "iso-2022-jp",
        "Shift_JIS" => "shift_jis",
        "IBM866" => "ibm866",
        "KOI8-R" => "koi8-r",
        "KOI8-U" => "koi8-u",
        "ISO-8859-2" => "iso-8859-2",
        "ISO-8859-3" => "iso-8859-3",
        "ISO-8859-4" => "iso-8859-4",
        "ISO-8859-5" => "iso-8859-5",
        "ISO-8859-6" => "iso-8859-6",
        "ISO-8859-7" => "iso-8859-7",
        "ISO-8859-8" => "iso-8859-8",
        "ISO-8859-8-I" => "iso-8859-8-i",
        "ISO-8859-10" => "iso-8859-10",
        "ISO-8859-13" => "iso-8859-13",
        "ISO-8859-14" => "iso-8859-14",
        "ISO-8859-15" => "iso-8859-15",
        "ISO-8859-16" => "iso-8859-16",
        // `windows-1256` and its kin, `gb18030`, `macintosh`.
        name => name,
    }
}

/// The encoding of a WHATWG label; the one that stands for "never decode this"
/// is none.
pub(super) fn for_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes()).filter(|encoding| *encoding != REPLACEMENT)
}

type Choice = (&'static Encoding, CharsetFrom);

fn choose(bytes: &[u8], kind: Type, declared: Option<Choice>) -> Result<Choice, Reject> {
    if let Some(declared) = declared {
        return Ok(declared);
    }
    if kind == Type::Json {
        return Ok((UTF_8, CharsetFrom::Valid));
    }
    if let Some(encoding) = utf_16(bytes) {
        return Ok((encoding, CharsetFrom::Detected));
    }
    let error = match simdutf8::compat::from_utf8(bytes) {
        Ok(_) => return Ok((UTF_8, CharsetFrom::Valid)),
        Err(error) => error,
    };
    if let Some(encoding) = declared_in_page(bytes).filter(|_| kind == Type::Html) {
        return Ok((encoding, CharsetFrom::Page));
    }
    if is_broken_utf8(bytes) {
        return Err(invalid("utf-8", error.valid_up_to()));
    }
    if let Some(at) = bytes.iter().position(|byte| is_binary(*byte)) {
        return Err(invalid("", at));
    }
    if let Some(encoding) = arabic(bytes) {
        return Ok((encoding, CharsetFrom::Detected));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    Ok((detector.guess(None, Utf8Detection::Deny), CharsetFrom::Detected))
}

/// Arabic by its article: one word in seven or more begins with `ال`, whose two
/// bytes begin no word of another charset so often. The detector behind this
/// takes short texts in ISO-8859-6 for Russian.
fn arabic(bytes: &[u8]) -> Option<&'static Encoding> {
    let look = bytes.get(..PRESCAN.min(bytes.len()))?;
    let words = || look.split(|byte| byte.is_ascii()).filter(|word| word.len() >= 4);
    let with = |article: &[u8]| words().filter(|word| word.starts_with(article)).count();
    let all = words().count();
    [(WINDOWS_1256, b"\xC7\xE1"), (ISO_8859_6, b"\xC7\xE4")].into_iter().find_map(|(encoding, article)| {
        let count = with(article);
        let is_text = || encoding.decode_without_bom_handling_and_without_replacement(look).is_some();
        (count >= 1 && count * 7 >= all && is_text()).then_some(encoding)
    })
}

/// UTF-16 without its mark: blanks and line ends have a zero byte, which no text
/// in another charset has, and in one of the two orders nearly every unit is a
/// sign of the scripts that are read most.
pub(super) fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let look = bytes.get(..PRESCAN.min(bytes.len()))?;
    memchr::memchr(0, look)?;
    let share = |order: fn([u8; 2]) -> u16| {
        let units = look.chunks_exact(2).filter_map(|pair| Some(order(pair.try_into().ok()?)));
        let common = units.filter(|unit| {
            matches!(unit, 9 | 10 | 13 | 0x20..=0x7E | 0xA0..=0x17F | 0x400..=0x45F | 0x5D0..=0x6FF | 0x2000..=0x206F)
        });
        common.count()
    };
    let (little, big) = (share(u16::from_le_bytes), share(u16::from_be_bytes));
    let (most, least, encoding) = if little > big { (little, big, UTF_16LE) } else { (big, little, UTF_16BE) };
    (bytes.len().is_multiple_of(2) && most * 20 >= look.len() / 2 * 19 && least * 2 < most).then_some(encoding)
}

/// Control characters that stand in no text.
const fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0E..=0x19 | 0x1C..=0x1F)
}

/// Mostly whole UTF-8 characters, and a few bytes that are none: cut or damaged
/// UTF-8, not another charset. In one-byte Arabic text whole pairs happen too
/// (a letter before a comma), but are few beside single letters.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > broken * 2
}

/// `<meta charset>`, `<meta http-equiv … charset=…>` or the XML declaration.
fn declared_in_page(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..PRESCAN.min(bytes.len()))?.to_ascii_lowercase();
    let mut rest = head.as_slice();
    loop {
        let at = memchr::memchr(b'<', rest)?;
        rest = rest.get(at..)?;
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        let tag = rest.get(..end)?;
        let name: &[u8] = match tag {
            _ if tag.starts_with(b"<meta") => b"charset",
            _ if tag.starts_with(b"<?xml") => b"encoding",
            _ => b"",
        };
        if let Some(encoding) = value_of(tag, name).and_then(Encoding::for_label) {
            // A page read as bytes cannot be UTF-16 (WHATWG, "determining the character encoding").
            return Some(match encoding {
                _ if encoding == UTF_16BE || encoding == UTF_16LE => UTF_8,
                _ if encoding == X_USER_DEFINED => WINDOWS_1252,
                _ if encoding == REPLACEMENT => UTF_8,
                _ => encoding,
            });
        }
        rest = rest.get(end.max(1)..)?;
    }
}

fn value_of<'a>(tag: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if name.is_empty() {
        return None;
    }
    let at = memchr::memmem::find(tag, name)?;
    let rest = tag.get(at + name.len()..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\'' | b';' | b' ' | b'/' | b'?' | b'\t' | b'\n'));
    rest.get(..end.unwrap_or(rest.len()))
}

/// UTF-8 and the way back, or the position of the first byte that is no text.
fn transcode(bytes: &[u8], encoding: &'static Encoding) -> Result<(String, EditsBuilder), usize> {
    if encoding.is_single_byte() { single_byte(bytes, encoding) } else { many_bytes(bytes, encoding) }
}

fn single_byte(bytes: &[u8], encoding: &'static Encoding) -> Result<(String, EditsBuilder), usize> {
    let mut table = [None; 256];
    for (byte, place) in (0u8..=255).zip(table.iter_mut()) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
        *place = text.and_then(|text| text.chars().next());
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
    let mut edits = EditsBuilder::new();
    for (at, byte) in bytes.iter().enumerate() {
        let sign = table.get(usize::from(*byte)).copied().flatten().ok_or(at)?;
        edits.replace(1, sign.len_utf8());
        text.push(sign);
    }
    Ok((text, edits))
}

/// Byte by byte, so that every character knows how many bytes it came from.
fn many_bytes(bytes: &[u8], encoding: &'static Encoding) -> Result<(String, EditsBuilder), usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() * 2);
    let mut edits = EditsBuilder::new();
    let mut pending = 0;
    let mut buffer = String::with_capacity(32);
    for (at, byte) in bytes.iter().enumerate() {
        buffer.clear();
        let (result, read) =
            decoder.decode_to_string_without_replacement(std::slice::from_ref(byte), &mut buffer, false);
        if !matches!(result, DecoderResult::InputEmpty) || read != 1 {
            return Err(at - pending);
        }
        pending += 1;
        if !buffer.is_empty() {
            edits.replace(pending, buffer.len());
            text.push_str(&buffer);
            pending = 0;
        }
    }
    buffer.clear();
    let (result, _) = decoder.decode_to_string_without_replacement(&[], &mut buffer, true);
    if !matches!(result, DecoderResult::InputEmpty) {
        return Err(bytes.len() - pending);
    }
    edits.replace(pending, buffer.len());
    text.push_str(&buffer);
    Ok((text, edits))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, GB18030, ISO_2022_JP, SHIFT_JIS};
    use proptest::prelude::*;

    use super::*;
    use crate::record::Edits;

    const ARABIC: &str = "قالت الوزيرة، في مؤتمر صحفي، إن المشروع سيبدأ العام المقبل. ما الجديد؟";

    fn text_of(bytes: &[u8], kind: Type, declared: Option<&str>) -> Result<(String, &'static str), Reject> {
        let declared = declared.map(|label| (for_label(label).unwrap(), CharsetFrom::Header));
        decode(bytes, kind, declared).map(|(source, label, _)| (source.text.into_owned(), label))
    }

    #[test]
    fn windows_1256_is_found_and_its_map_is_sparse() {
        let bytes = WINDOWS_1256.encode(ARABIC).0;
        let (source, label, from) = decode(&bytes, Type::Text, None).unwrap();
        assert_eq!((source.text.as_ref(), label, from), (ARABIC, "windows-1256", CharsetFrom::Detected));
        let trace = source.trace(0, ARABIC.len(), Edits::default());
        assert!(trace.edits.len() < 20, "one entry a word: {}", trace.edits.len());
    }

    #[test]
    fn a_page_says_its_charset() {
        for head in [
            "<meta charset=windows-1256>",
            "<META HTTP-EQUIV='Content-Type' content='text/html; Charset = windows-1256'>",
            "<?xml version=\"1.0\" encoding=\"windows-1256\"?>",
        ] {
            let page = format!("<html>{head}<p>{ARABIC}");
            let bytes = WINDOWS_1256.encode(&page).0;
            assert_eq!(text_of(&bytes, Type::Html, None).unwrap(), (page.clone(), "windows-1256"));
            // Transcoded by a crawler that left the declaration.
            assert_eq!(text_of(page.as_bytes(), Type::Html, None).unwrap(), (page, "utf-8"));
        }
    }

    #[test]
    fn a_mark_comes_first_and_is_no_text() {
        let bytes = [b"\xEF\xBB\xBF", ARABIC.as_bytes()].concat();
        let (source, label, from) = decode(&bytes, Type::Json, None).unwrap();
        assert_eq!((source.text.as_ref(), label, from), (ARABIC, "utf-8", CharsetFrom::Mark));
        assert_eq!(source.trace(0, 2, Edits::default()).raw, RawSpan::new(3, 5));
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(ARABIC.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(text_of(&bytes, Type::Text, None).unwrap(), (ARABIC.to_owned(), "utf-16le"));
        assert_eq!(text_of(&bytes, Type::Json, None).unwrap_err().reason, Reason::InvalidEncoding);
    }

    #[test]
    fn utf_16_is_found_without_its_mark() {
        let english = "The minister said that prices would not rise.";
        for text in [ARABIC, english, "خبر عاجل: وصل الوفد"] {
            let page = format!("<p>{text}</p>\n");
            let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = page.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(text_of(&little, Type::Html, None).unwrap(), (page.clone(), "utf-16le"));
            assert_eq!(text_of(&big, Type::Text, None).unwrap(), (page, "utf-16be"));
        }
        for other in [b"a\0b\0c\0\xFF\xFE\x01\x02\x03\x04".as_slice(), b"plain text\0", b"\0\0\0\0"] {
            assert_eq!(utf_16(other), None);
        }
    }

    #[test]
    fn both_arabic_charsets_of_one_byte_are_told_apart() {
        for text in [ARABIC, "قال الوزير إن الأسعار مستقرة", "وصل الوفد إلى بغداد، ثم غادر؛ فمن يعود؟"]
        {
            for (label, encoding) in [("windows-1256", WINDOWS_1256), ("iso-8859-6", ISO_8859_6)] {
                let bytes = encoding.encode(text).0;
                assert_eq!(text_of(&bytes, Type::Text, None).unwrap(), (text.to_owned(), label));
            }
        }
    }

    #[test]
    fn what_is_no_text_is_told_with_its_position() {
        let position = |bytes: &[u8], kind, declared: Option<&str>| {
            let reject = text_of(bytes, kind, declared).unwrap_err();
            assert_eq!(reject.reason, Reason::InvalidEncoding);
            reject.message.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        let arabic = ARABIC.as_bytes();
        let cut = [arabic, &[0xD8]].concat();
        assert_eq!(position(&cut, Type::Text, None), arabic.len(), "cut UTF-8 is no other charset");
        assert_eq!(position(&cut, Type::Text, Some("utf-8")), arabic.len());
        assert_eq!(position(b"{\"a\": \"\xC3\x28\"}", Type::Json, None), 7);
        assert_eq!(position(b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\xFF\xD8", Type::Text, None), 8);
        assert_eq!(position(b"<p>\xFF", Type::Html, Some("utf-8")), 3);
        assert_eq!(position(b"ab\x81", Type::Text, Some("big5")), 2);
        assert_eq!(position(b"ab\x81\x20", Type::Text, Some("shift_jis")), 2);
    }

    #[test]
    fn a_declared_charset_is_believed_for_json() {
        let json = format!("{{\"text\": \"{ARABIC}\"}}");
        let bytes = WINDOWS_1256.encode(&json).0;
        assert_eq!(text_of(&bytes, Type::Json, Some("cp1256")).unwrap(), (json, "windows-1256"));
    }

    fn traces_lead_back(text: &str, encoding: &'static Encoding) -> Result<(), TestCaseError> {
        let (bytes, _, lossy) = encoding.encode(text);
        prop_assume!(!lossy);
        let (decoded, edits) = transcode(&bytes, encoding).unwrap();
        prop_assert_eq!(&decoded, text);
        let edits = edits.build();
        for (at, sign) in text.char_indices() {
            let (from, to) = edits.source(at, at + sign.len_utf8());
            let back = encoding.decode_without_bom_handling(&bytes[from..to]).0;
            // Escape sequences and pairs may bring a neighbour along, never lose the character.
            prop_assert!(back.contains(sign) || encoding == ISO_2022_JP, "{:?} -> {:?}", sign, back);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_character_leads_back_to_its_bytes(arabic in "[ -~ء-غف-ي،؛؟]{0,60}", cjk in "[ -~一-丘]{0,40}") {
            traces_lead_back(&arabic, WINDOWS_1256)?;
            for encoding in [BIG5, GB18030, SHIFT_JIS, ISO_2022_JP] {
                traces_lead_back(&cjk, encoding)?;
            }
        }

        #[test]
        fn any_bytes_are_text_or_rejected(bytes: Vec<u8>, declared in proptest::option::of(proptest::sample::select(
            vec!["utf-8", "windows-1256", "big5", "gbk", "iso-2022-jp", "utf-16le", "euc-kr"]))) {
            for kind in [Type::Json, Type::Html, Type::Text] {
                let declared = declared.map(|label| (for_label(label).unwrap(), CharsetFrom::Header));
                if let Ok((source, _, _)) = decode(&bytes, kind, declared) {
                    let raw = source.trace(0, source.text.len(), Edits::default()).raw;
                    prop_assert!(raw.end <= bytes.len());
                }
            }
        }
    }
}
