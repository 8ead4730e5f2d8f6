use std::sync::Arc;

/// Where a record came from, as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
}

impl Origin {
    /// Reads `topic/partition/offset`; a topic's name holds no slash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (topic, partition, offset) = (parts.next()?, parts.next()?, parts.next()?);
        let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
        let whole = parts.next().is_none() && !topic.is_empty() && partition >= 0 && offset >= 0;
        whole.then(|| Self { topic: topic.into(), partition, offset })
    }
}

impl std::fmt::Display for Origin {
    /// The form of the `warraq-source` header: `topic/partition/offset`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// One record header, as Kafka has it: a name and perhaps a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: Option<Vec<u8>>,
}

/// An input record, untouched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    pub origin: Origin,
    /// Milliseconds since the Unix epoch, as the source topic has it.
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone. May be cut when the record is far too large to be
    /// processed at all; `value_length` then still tells the true length.
    pub value: Option<Vec<u8>>,
    /// Length of the value on the source topic, in bytes.
    pub value_length: usize,
    pub headers: Vec<Header>,
}

impl RawRecord {
    /// The last header of that name, compared without case, as text.
    ///
    /// Kafka allows a name more than once; the last one wins, as in Kafka's own
    /// `lastHeader`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .rev()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .and_then(|header| header.value.as_deref())
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Bytes held by key, value and headers.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|header| header.name.len() + header.value.as_ref().map_or(0, Vec::len)).sum();
        headers + self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_back_as_it_was_written() {
        let origin = Origin { topic: "articles.raw".into(), partition: 3, offset: 42 };
        assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
        for wrong in
            ["", "a", "a/1", "/1/2", "a/b/2", "a/1/b", "a/-1/2", "a/1/-2", "a/1/2/3", "a/1/99999999999999999999"]
        {
            assert_eq!(Origin::parse(wrong), None, "{wrong}");
        }
    }
}
