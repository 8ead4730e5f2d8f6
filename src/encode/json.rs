//! A record as JSON: fields in the order of the type, UTF-8, nothing escaped
//! that need not be.

use std::io;

use crate::record::{Enriched, Reason, Reject, Stage};

/// The record's bytes, on one line.
pub(super) fn bytes(record: &Enriched) -> Result<Vec<u8>, Reject> {
    let mut bytes = Vec::with_capacity(record.text.len() * 2 + 1024);
    write(record, &mut bytes)?;
    Ok(bytes)
}

/// How long [`bytes`] would be, without keeping them.
pub(super) fn length(record: &Enriched) -> Result<usize, Reject> {
    let mut count = Count(0);
    write(record, &mut count)?;
    Ok(count.0)
}

fn write(record: &Enriched, to: impl io::Write) -> Result<(), Reject> {
    serde_json::to_writer(to, record).map_err(|error| {
        Reject::new(Stage::Encode, Reason::Panic, format!("the record cannot be written as JSON: {error}"))
    })
}

/// A writer that only counts.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests_support::enriched;

    #[test]
    fn fields_come_in_the_order_of_the_schema_and_letters_as_they_are() {
        let record = enriched(&["عنوان", "نصّ \"مقتبس\"."]);
        let json = String::from_utf8(bytes(&record).unwrap()).unwrap();
        assert!(json.starts_with(r#"{"schema":"warraq.article.v1","id":"#), "{json}");
        assert!(json.contains("نصّ \\\"مقتبس\\\"") && !json.contains("\\u"), "{json}");
        assert!(!json.contains('\n'));
        let at = |name: &str| json.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} is missing"));
        let order = ["schema", "id", "source", "language", "title", "published", "text", "blocks", "entities"];
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
        assert!(at("dates") < at("fingerprint") && at("degraded") < at("provenance"));
    }

    #[test]
    fn the_length_is_the_length_of_the_bytes() {
        let record = enriched(&["عنوان", "نص."]);
        assert_eq!(length(&record).unwrap(), bytes(&record).unwrap().len());
        assert_eq!(bytes(&record).unwrap(), bytes(&record.clone()).unwrap());
    }
}
