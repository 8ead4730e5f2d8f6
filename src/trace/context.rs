use std::fmt;

use super::HEADER;
use crate::record::Header;

/// What a `traceparent` header says: which trace, which span in it, and whether
/// it is kept (<https://www.w3.org/TR/trace-context/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// Never 0.
    pub trace: u128,
    /// Never 0.
    pub span: u64,
    pub flags: u8,
}

const SAMPLED: u8 = 1;

impl TraceParent {
    /// That of a record's headers; none where there is not just one.
    #[must_use]
    pub fn of(headers: &[Header]) -> Option<Self> {
        let mut found = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(HEADER));
        let (first, second) = (found.next()?, found.next());
        if second.is_some() { None } else { Self::parse(first.value.as_deref()?) }
    }

    /// The header's value: version, trace, span and flags, each in lower
    /// hexadecimal; a later version may have more behind.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace = hex(parts.next()?, 32)?;
        let span = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        let more = parts.next().is_some();
        let known = match version {
            0xff => false,
            0 => !more,
            _ => true,
        };
        (known && trace != 0 && span != 0).then_some(Self { trace, span, flags })
    }

    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Another span of the same trace, kept.
    #[must_use]
    pub(super) const fn child(self, span: u64) -> Self {
        Self { trace: self.trace, span, flags: self.flags | SAMPLED }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the flags only those that version 00 knows.
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags & 0b11)
    }
}

/// So many digits, none of them a capital.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let right = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if right { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_standards_own_examples() {
        let read = TraceParent::parse(GOOD.as_bytes()).unwrap();
        assert_eq!((read.trace, read.span), (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331));
        assert!(read.is_sampled());
        assert_eq!(read.to_string(), GOOD);
        assert!(!TraceParent::parse(GOOD.replace("-01", "-00").as_bytes()).unwrap().is_sampled());
        let later = GOOD.replacen("00-", "cc-", 1) + "-what-the-future-will-be-like";
        assert_eq!(TraceParent::parse(later.as_bytes()).unwrap(), read);
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &format!("{GOOD}-more"),
            &GOOD.replacen("00-", "ff-", 1),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &GOOD.replace("b7ad6b7169203331", &"0".repeat(16)),
            &GOOD.replace("-01", "-1"),
            &GOOD.replace("-01", "-+1"),
            &GOOD.replace('-', "_"),
        ] {
            assert_eq!(TraceParent::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(TraceParent::parse(b"00-\xff"), None);
    }

    #[test]
    fn two_headers_are_none() {
        let header = |name: &str| Header { name: name.to_owned(), value: Some(GOOD.as_bytes().to_vec()) };
        assert!(TraceParent::of(&[header("x"), header("Traceparent")]).is_some());
        assert_eq!(TraceParent::of(&[header("traceparent"), header("traceparent")]), None);
        assert_eq!(TraceParent::of(&[Header { name: HEADER.to_owned(), value: None }]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(trace in 1_u128.., span in 1_u64.., flags in 0_u8..4) {
            let written = TraceParent { trace, span, flags };
            prop_assert_eq!(TraceParent::parse(written.to_string().as_bytes()), Some(written));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceParent::parse(&bytes);
        }
    }
}
