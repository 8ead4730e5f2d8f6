//! The header by which Confluent's clients know a value's schema: a zero byte,
//! then the identifier in four, the highest first.

/// Bytes before the value.
pub const LENGTH: usize = 5;

pub(super) const fn header(id: u32) -> [u8; LENGTH] {
    let [a, b, c, d] = id.to_be_bytes();
    [0, a, b, c, d]
}
