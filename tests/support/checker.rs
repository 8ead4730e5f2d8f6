//! Says what was lost, doubled, reordered or changed on the way. Pure: it is
//! tested on itself at the end of this file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A place on the input topic, as the `warraq-source` header has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

impl Source {
    pub fn new(topic: &str, partition: i32, offset: i64) -> Self {
        Self { topic: topic.to_owned(), partition, offset }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not topic/partition/offset");
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
        let partition = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
        let topic = parts.next().ok_or_else(wrong)?;
        Ok(Self { topic: topic.to_owned(), partition, offset })
    }
}

/// Where an input record must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Output,
    /// On the dead-letter topic, with this reason.
    Dead(&'static str),
    /// On the output topic, without a value.
    Tombstone,
}

/// What is expected of one input record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The article's number, for the reader of a failure.
    pub number: usize,
    pub key: Option<Vec<u8>>,
    pub fate: Fate,
    pub timestamp: Option<i64>,
}

/// What a reader found: one record of the output or the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub timestamp: Option<i64>,
}

impl Found {
    /// The last header of that name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rev().find(|(found, _)| found == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    pub fn source(&self) -> Result<Source, String> {
        self.header("warraq-source").ok_or("no warraq-source header")?.parse()
    }

    fn place(&self) -> Source {
        Source::new(&self.topic, self.partition, self.offset)
    }
}

/// Everything that is wrong, each with the places of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub records: usize,
    pub missing: Vec<Source>,
    /// Input record, and every place where it was found.
    pub doubled: Vec<(Source, Vec<Source>)>,
    /// `(earlier on its topic, later)`, though the input has them the other way round.
    pub reordered: Vec<(Source, Source)>,
    pub wrong_key: Vec<Source>,
    /// On the other topic, with another reason, or with a value it should not have.
    pub wrong_fate: Vec<(Source, String)>,
    /// Found, but never sent; or without a readable source.
    pub unexpected: Vec<String>,
}

impl Verdict {
    /// Nothing lost, nothing doubled, order kept, nothing changed.
    pub fn is_clean(&self) -> bool {
        self.is_complete() && self.doubled.is_empty() && self.reordered.is_empty()
    }

    /// Nothing lost and nothing changed; some may come twice, as at-least-once allows.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.wrong_key.is_empty() && self.wrong_fate.is_empty() && self.unexpected.is_empty()
    }

    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "{self}");
    }

    #[track_caller]
    pub fn assert_complete(&self) {
        assert!(self.is_complete(), "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Debug>(f: &mut fmt::Formatter<'_>, name: &str, found: &[T]) -> fmt::Result {
            if found.is_empty() {
                return Ok(());
            }
            writeln!(f, "  {} {name}, such as {:?}", found.len(), &found[..found.len().min(5)])
        }
        writeln!(f, "{} records read", self.records)?;
        list(f, "missing", &self.missing)?;
        list(f, "doubled", &self.doubled)?;
        list(f, "reordered", &self.reordered)?;
        list(f, "with another key", &self.wrong_key)?;
        list(f, "in the wrong place", &self.wrong_fate)?;
        list(f, "that nobody sent", &self.unexpected)
    }
}

/// Compares what was sent with all that is on the output and dead-letter topics;
/// `found` is in the order of each topic partition.
pub fn check(expected: &BTreeMap<Source, Expected>, output: &[Found], dead: &[Found]) -> Verdict {
    let mut verdict = Verdict { records: output.len() + dead.len(), ..Verdict::default() };
    let mut places: BTreeMap<Source, Vec<Source>> = BTreeMap::new();
    // Last offset seen, by topic partition it was found on and partition it came from.
    let mut last: BTreeMap<(String, i32, String, i32), i64> = BTreeMap::new();
    for (is_dead, found) in output.iter().map(|found| (false, found)).chain(dead.iter().map(|found| (true, found))) {
        let source = match found.source() {
            Ok(source) => source,
            Err(error) => {
                verdict.unexpected.push(format!("{}: {error}", found.place()));
                continue;
            }
        };
        let Some(expected) = expected.get(&source) else {
            verdict.unexpected.push(format!("{}: {source} was never sent", found.place()));
            continue;
        };
        places.entry(source.clone()).or_default().push(found.place());
        if found.key != expected.key {
            verdict.wrong_key.push(source.clone());
        }
        if let Some(error) = misplaced(is_dead, found, expected.fate) {
            verdict.wrong_fate.push((source.clone(), error));
        }
        let lane = (found.topic.clone(), found.partition, source.topic.clone(), source.partition);
        match last.get(&lane) {
            // The same offset again is a double, not a change of order.
            Some(before) if source.offset < *before => {
                verdict.reordered.push((Source { offset: *before, ..source.clone() }, source.clone()));
            }
            _ => {
                last.insert(lane, source.offset);
            }
        }
    }
    verdict.missing = expected.keys().filter(|source| !places.contains_key(source)).cloned().collect();
    verdict.doubled = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
    verdict
}

fn misplaced(is_dead: bool, found: &Found, fate: Fate) -> Option<String> {
    let reason = found.header("warraq-error-reason");
    match fate {
        Fate::Output | Fate::Tombstone if is_dead => {
            Some(format!("a dead letter ({reason:?}: {:?}), not in the output", found.header("warraq-error-message")))
        }
        Fate::Dead(expected) if !is_dead => Some(format!("in the output, not a dead letter for {expected}")),
        Fate::Dead(expected) if reason != Some(expected) => {
            Some(format!("reason {reason:?}, not {expected} ({:?})", found.header("warraq-error-message")))
        }
        Fate::Tombstone if found.value.is_some() => Some("a value, not a tombstone".to_owned()),
        Fate::Output if found.value.is_none() => Some("a tombstone, not a record".to_owned()),
        _ => None,
    }
}

mod tests {
    use super::*;

    /// A hundred records over three partitions, each tenth a dead letter, and
    /// what a perfect worker makes of them.
    fn perfect() -> (BTreeMap<Source, Expected>, Vec<Found>, Vec<Found>) {
        let (mut expected, mut output, mut dead) = (BTreeMap::new(), Vec::new(), Vec::new());
        for number in 0..100usize {
            let partition = i32::try_from(number % 3).unwrap();
            let source = Source::new("in", partition, i64::try_from(number / 3).unwrap());
            let key = (number % 7 != 0).then(|| format!("key-{number}").into_bytes());
            let bad = number % 10 == 9;
            let fate = if bad { Fate::Dead("invalid_json") } else { Fate::Output };
            expected.insert(source.clone(), Expected { number, key: key.clone(), fate, timestamp: None });
            let mut headers = vec![("warraq-source".to_owned(), Some(source.to_string().into_bytes()))];
            if bad {
                headers.push(("warraq-error-reason".to_owned(), Some(b"invalid_json".to_vec())));
            }
            let topic = if bad { "dead" } else { "out" };
            let list = if bad { &mut dead } else { &mut output };
            list.push(Found {
                topic: topic.to_owned(),
                partition,
                offset: i64::try_from(list.len()).unwrap(),
                key,
                value: Some(Vec::new()),
                headers,
                timestamp: None,
            });
        }
        (expected, output, dead)
    }

    #[test]
    fn nothing_wrong_is_found_where_nothing_is() {
        let (expected, output, dead) = perfect();
        let verdict = check(&expected, &output, &dead);
        assert!(verdict.is_clean(), "{verdict}");
        assert_eq!(verdict.records, 100);
    }

    #[test]
    fn a_drop_is_found() {
        let (expected, mut output, mut dead) = perfect();
        let gone = [output.remove(40).source().unwrap(), dead.remove(3).source().unwrap()];
        let verdict = check(&expected, &output, &dead);
        assert_eq!(verdict.missing.len(), 2);
        assert!(gone.iter().all(|source| verdict.missing.contains(source)), "{verdict}");
        assert!(!verdict.is_complete() && verdict.doubled.is_empty() && verdict.reordered.is_empty());
    }

    #[test]
    fn a_double_is_found_on_the_same_topic_and_across_both() {
        let (expected, mut output, mut dead) = perfect();
        output.insert(41, output[40].clone());
        let mut both = output[10].clone();
        both.topic = "dead".to_owned();
        both.headers.push(("warraq-error-reason".to_owned(), Some(b"panic".to_vec())));
        dead.insert(0, both);
        let verdict = check(&expected, &output, &dead);
        let doubled: Vec<_> = verdict.doubled.iter().map(|(source, _)| source.clone()).collect();
        let mut injected = vec![output[10].source().unwrap(), output[40].source().unwrap()];
        injected.sort();
        assert_eq!(doubled, injected, "{verdict}");
        assert!(verdict.missing.is_empty() && !verdict.is_clean());
    }

    #[test]
    fn a_swap_is_found() {
        let (expected, mut output, dead) = perfect();
        // Three on is the next of the same partition, or near it; take two of one.
        let other = (31..output.len()).find(|at| output[*at].partition == output[30].partition).unwrap();
        output.swap(30, other);
        let verdict = check(&expected, &output, &dead);
        assert!(!verdict.reordered.is_empty(), "{verdict}");
        assert!(verdict.is_complete() && verdict.doubled.is_empty() && !verdict.is_clean());
    }

    #[test]
    fn a_swap_of_two_partitions_is_none() {
        let (expected, mut output, dead) = perfect();
        let other = (31..output.len()).find(|at| output[*at].partition != output[30].partition).unwrap();
        output.swap(30, other);
        check(&expected, &output, &dead).assert_clean();
    }

    #[test]
    fn a_wrong_key_a_wrong_place_and_a_stranger_are_found() {
        let (expected, mut output, mut dead) = perfect();
        output[5].key = Some(b"other".to_vec());
        dead[2].headers[1].1 = Some(b"no_text".to_vec());
        let mut moved = dead.remove(0);
        moved.topic = "out".to_owned();
        output.insert(0, moved);
        output[20].value = None;
        let mut stranger = output[0].clone();
        stranger.headers[0].1 = Some(b"in/0/4711".to_vec());
        let mut nameless = output[0].clone();
        nameless.headers.clear();
        output.extend([stranger, nameless]);
        let verdict = check(&expected, &output, &dead);
        assert_eq!(verdict.wrong_key.len(), 1, "{verdict}");
        assert_eq!(verdict.wrong_fate.len(), 3, "{verdict}");
        assert_eq!(verdict.unexpected.len(), 2, "{verdict}");
        assert!(!verdict.is_complete());
    }

    #[test]
    fn a_source_is_read_as_it_is_written() {
        let source = Source::new("a/b.c", 3, 42);
        assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
        for wrong in ["", "a", "a/1", "a/x/1", "a/1/x"] {
            assert!(wrong.parse::<Source>().is_err(), "{wrong}");
        }
    }
}
