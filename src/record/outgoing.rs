use super::Header;

/// The topic a record goes to, by its part; the names are the shell's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    Output,
    DeadLetters,
    /// Dead letters that are not tried again; only a redrive writes there.
    Parking,
}

impl Destination {
    pub const ALL: [Self; 3] = [Self::Output, Self::DeadLetters, Self::Parking];

    /// Whether what goes there holds the input untouched, and why.
    #[must_use]
    pub const fn is_of_letters(self) -> bool {
        matches!(self, Self::DeadLetters | Self::Parking)
    }
}

/// A record ready to be sent: bytes and headers, nothing left to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub to: Destination,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<Header>,
    /// Milliseconds since the Unix epoch; `None` lets the producer say now.
    pub timestamp: Option<i64>,
}

impl Outgoing {
    /// The last header of exactly that name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().rev().find(|header| header.name == name)?;
        std::str::from_utf8(found.value.as_deref()?).ok()
    }

    /// Bytes held by key, value and headers.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|header| header.name.len() + header.value.as_ref().map_or(0, Vec::len)).sum();
        headers + self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len)
    }
}
