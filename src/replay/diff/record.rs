//! An output record as the comparison sees it.

use std::fmt;

use memchr::memmem;
use xxhash_rust::xxh3::Xxh3;

use crate::encode::{headers, wire};

/// Where the record came from: `warraq-source`, its topic as a number of
/// [`Topics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    pub topic: u16,
    pub partition: i32,
    pub offset: i64,
}

/// Names of input topics.
#[derive(Debug, Default)]
pub struct Topics(Vec<String>);

impl Topics {
    /// Reads `topic/partition/offset`.
    pub fn source(&mut self, text: &str) -> Option<Source> {
        let (rest, offset) = text.rsplit_once('/')?;
        let (topic, partition) = rest.rsplit_once('/')?;
        let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
        let known = self.0.iter().position(|known| known == topic);
        let index = known.unwrap_or_else(|| {
            self.0.push(topic.to_owned());
            self.0.len() - 1
        });
        Some(Source { topic: u16::try_from(index).ok()?, partition, offset })
    }

    #[must_use]
    pub fn show(&self, source: Source) -> String {
        let topic = self.0.get(usize::from(source.topic)).map_or("?", String::as_str);
        format!("{topic}/{}/{}", source.partition, source.offset)
    }

    #[must_use]
    pub fn name(&self, topic: u16) -> &str {
        self.0.get(usize::from(topic)).map_or("", String::as_str)
    }
}

/// Where a record stands: topic by its number on its side, partition, offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub topic: u8,
    pub partition: i32,
    pub offset: i64,
}

/// Key, headers and value of an output record.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Record {
    pub key: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().map(String::from_utf8_lossy);
        f.debug_struct("Record").field("headers", &self.headers.len()).field("value", &value).finish_non_exhaustive()
    }
}

/// Hashes that stand for a record while its twin is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// Of everything but what made the record.
    pub body: u128,
    /// Of version, model and configuration.
    pub provenance: u64,
}

impl Record {
    /// The last header of that name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rev().find(|(found, _)| found == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// Why it is a dead letter, if it is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.header(headers::ERROR_REASON)
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| 48 + name.len() + value.as_ref().map_or(0, Vec::len)).sum();
        128 + headers + self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len)
    }

    #[must_use]
    pub fn print(&self) -> Print {
        let (mut body, mut provenance) = (Xxh3::new(), Xxh3::new());
        part(&mut body, self.key.as_deref());
        for (name, value) in &self.headers {
            let hash = if name == headers::VERSION { &mut provenance } else { &mut body };
            part(hash, Some(name.as_bytes()));
            part(hash, value.as_deref());
        }
        // A registry gives each subject identifiers of its own.
        let (schema, value) = wire::split(self.value.as_deref().unwrap_or_default());
        let (record, made_by) = split(value);
        part(&mut body, self.value.as_ref().map(|_| record));
        part(&mut provenance, Some(made_by));
        part(&mut provenance, schema.map(u32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
        Print { body: body.digest128(), provenance: provenance.digest() }
    }
}

/// With its length before it, so that no two parts run into one.
fn part(hash: &mut Xxh3, bytes: Option<&[u8]>) {
    let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
    hash.update(&length.to_le_bytes());
    hash.update(bytes.unwrap_or_default());
}

/// A record's value before its last field `provenance`, and from there on.
///
/// Found by bytes: within a JSON text a quote is always escaped, so these bytes
/// are a field's name; and it is the last field if its closing brace and the
/// record's own are the only ones behind it.
fn split(value: &[u8]) -> (&[u8], &[u8]) {
    const FIELD: &[u8] = b",\"provenance\":{";
    let whole = (value, &[][..]);
    let Some(at) = memmem::rfind(value, FIELD) else { return whole };
    let (before, from) = value.split_at(at);
    let braces = memchr::memchr_iter(b'}', from).count();
    if braces == 2 && from.ends_with(b"}}") { (before, from) } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &str, version: &str) -> Record {
        Record {
            key: Some(b"k".to_vec()),
            headers: vec![
                (headers::SOURCE.to_owned(), Some(b"in/0/1".to_vec())),
                (headers::VERSION.to_owned(), Some(version.as_bytes().to_vec())),
            ],
            value: Some(value.as_bytes().to_vec()),
        }
    }

    #[test]
    fn what_made_a_record_is_hashed_apart() {
        let one = record(r#"{"text":"نص","provenance":{"version":"1","model":"a","config":"b"}}"#, "1").print();
        let other = record(r#"{"text":"نص","provenance":{"version":"2","model":"a","config":"b"}}"#, "2").print();
        assert!(one.body == other.body && one.provenance != other.provenance);
        let text = record(r#"{"text":"نصّ","provenance":{"version":"1","model":"a","config":"b"}}"#, "1").print();
        assert!(one.body != text.body && one.provenance == text.provenance);
    }

    #[test]
    fn a_schemas_identifier_is_no_part_of_the_record() {
        let plain = record(r#"{"text":"نص","provenance":{"version":"1","model":"a","config":"b"}}"#, "1");
        let framed = |id: u8| {
            let value = [&[0, 0, 0, 0, id], plain.value.as_deref().unwrap()].concat();
            Record { value: Some(value), ..plain.clone() }.print()
        };
        assert!(framed(1).body == plain.print().body && framed(1).body == framed(2).body);
        assert!(framed(1).provenance != framed(2).provenance && framed(1).provenance != plain.print().provenance);
    }

    #[test]
    fn a_field_that_only_looks_like_it_is_part_of_the_record() {
        for value in [
            r#"{"extra":1,"provenance":{"a":{}},"text":""}"#,
            r#"{"provenance":{"a":"b"}}"#,
            r#"{"text":"","provenance":{"a":{}}}"#,
            r#"{"extra":{"x":1,"provenance":{"a":"b"}},"text":"}"}"#,
            "",
        ] {
            assert_eq!(split(value.as_bytes()).1, b"", "{value}");
        }
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let mut one = record("ab", "1");
        let mut other = record("b", "1");
        (one.key, other.key) = (None, Some(b"a".to_vec()));
        assert_ne!(one.print(), other.print());
        assert_ne!(Record { value: None, ..one.clone() }.print(), Record { value: Some(Vec::new()), ..one }.print());
    }

    #[test]
    fn sources_are_read_and_shown() {
        let mut topics = Topics::default();
        let source = topics.source("a/b.c/3/42").unwrap();
        assert_eq!((source.partition, source.offset), (3, 42));
        assert_eq!(topics.show(source), "a/b.c/3/42");
        assert_eq!(topics.source("a/b.c/3/42"), Some(source));
        for wrong in ["", "a", "a/1", "a/x/1", "a/1/x"] {
            assert_eq!(topics.source(wrong), None, "{wrong}");
        }
    }
}
