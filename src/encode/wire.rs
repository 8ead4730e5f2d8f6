//! The header by which Confluent's clients know a value's schema: a zero byte,
//! then the identifier in four, the highest first.

/// Bytes before the value.
pub const LENGTH: usize = 5;

/// A value's identifier, if it has one, and the record behind it: no JSON begins
/// with a zero byte.
#[must_use]
pub const fn split(value: &[u8]) -> (Option<u32>, &[u8]) {
    match value {
        [0, a, b, c, d, record @ ..] => (Some(u32::from_be_bytes([*a, *b, *c, *d])), record),
        record => (None, record),
    }
}

pub(super) const fn header(id: u32) -> [u8; LENGTH] {
    let [a, b, c, d] = id.to_be_bytes();
    [0, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back() {
        let framed = [header(0x0102_0304).as_slice(), b"{}"].concat();
        assert_eq!(split(&framed), (Some(0x0102_0304), b"{}".as_slice()));
        for plain in [b"{}".as_slice(), b"", &[0, 1, 2, 3]] {
            assert_eq!(split(plain), (None, plain));
        }
    }
}
