//! The invariants, each with its number in docs/delivery.md.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::field::{Field, Lives, Variant};
use crate::support::checker::{self, Expected, Found, Source};
use crate::support::read::Isolation;
use crate::support::topics::{Names, client};
use crate::support::wait_for;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub words: String,
}

pub fn violation(invariant: &'static str, words: impl Into<String>) -> Violation {
    Violation { invariant, words: words.into() }
}

/// Of the input, by partition: the offsets of these records.
fn offsets(found: &[Found]) -> BTreeMap<i32, BTreeSet<i64>> {
    let mut offsets: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
    for source in found.iter().filter_map(|found| found.source().ok()) {
        offsets.entry(source.partition).or_default().insert(source.offset);
    }
    offsets
}

/// All workers are dead. Once their transactions are over, what is visible must be
/// exactly what is committed: a transaction that is torn shows here (I6), and so
/// does an offset that is ahead of its records (I4).
pub fn cut(field: &Field<'_>, variant: Variant) -> Vec<Violation> {
    let names = &field.names;
    let mut violations = hanging(names);
    let committed = wait_for("the group's offsets are known", Duration::from_secs(60), || {
        Some(names.committed()).filter(|committed| committed.len() >= 6)
    });
    let (output, dead) = names.results(Isolation::Committed);
    let visible = offsets(&[field.earlier.clone(), output, dead].concat());
    let none = BTreeSet::new();
    for (partition, offset) in committed {
        let done = offset.unwrap_or(0);
        let seen = visible.get(&partition).unwrap_or(&none);
        let missing: Vec<i64> = (0..done).filter(|offset| !seen.contains(offset)).collect();
        if !missing.is_empty() {
            let words = format!("partition {partition} is committed up to {done}, but not seen: {}", some(&missing));
            violations.push(violation("I4", words));
        }
        let ahead: Vec<i64> = seen.range(done..).copied().collect();
        if !ahead.is_empty() && variant.is_exactly_once() {
            let words = format!("partition {partition} is committed up to {done}, but seen: {}", some(&ahead));
            violations.push(violation("I6", words));
        }
    }
    violations
}

/// Nothing is in flight: polled = made durable + dropped, in every worker (I9).
pub fn words(field: &mut Field<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let balanced = wait_up_to(Duration::from_secs(10), || {
        let words = field.words();
        violations.clear();
        for (worker, samples) in words.iter().enumerate() {
            let sum = |series| samples.sum(series).unwrap_or(0.0);
            let polled = sum("warraq_consumed_records_total");
            let (made, dropped) = (sum("warraq_produced_records_total"), sum("warraq_dropped_records_total"));
            let flying = sum("warraq_in_flight_records");
            #[allow(clippy::float_cmp)] // whole numbers
            if polled != made + dropped + flying || flying != 0.0 {
                let words =
                    format!("worker {worker}: {polled} polled, {made} durable, {dropped} dropped, {flying} in flight");
                violations.push(violation("I9", words));
            }
        }
        violations.is_empty()
    });
    if balanced { Vec::new() } else { violations }
}

pub struct Evidence<'a> {
    pub names: &'a Names,
    pub expected: &'a BTreeMap<Source, Expected>,
    /// Of an output topic that is gone.
    pub earlier: Vec<Found>,
    pub lives: &'a Lives,
    pub exactly_once: bool,
}

/// What is on the topics at the end.
pub struct Findings {
    pub violations: Vec<Violation>,
    pub dead: usize,
    /// Records of aborted transactions.
    pub aborted: usize,
}

/// Everything is done and everybody stopped.
pub fn end(evidence: Evidence<'_>) -> Findings {
    let Evidence { names, expected, earlier, lives, exactly_once } = evidence;
    let mut violations = hanging(names);
    let (output, dead) = names.results(Isolation::Committed);
    let (all, all_dead) = names.results(Isolation::Uncommitted);
    let aborted = (all.len() + all_dead.len()).saturating_sub(output.len() + dead.len());
    let letters = dead.len();
    let output = [earlier, output].concat();
    #[allow(clippy::cast_precision_loss)] // some thousands
    let visible = (output.len() + letters) as f64;
    if lives.produced - lives.unconfirmed > visible {
        let Lives { produced, unconfirmed, .. } = lives;
        let words =
            format!("{produced} durable in all lives, {unconfirmed} of them unconfirmed, but {visible} visible");
        violations.push(violation("I9", words));
    }
    let verdict = checker::check(expected, &output, &dead);
    let mut say = |invariant, what: &str, found: Vec<String>| {
        if !found.is_empty() {
            violations.push(violation(
                invariant,
                format!("{} {what}, such as {:?}", found.len(), &found[..found.len().min(5)]),
            ));
        }
    };
    let told =
        |sources: &[Source]| sources.iter().map(|source| format!("{source} {:?}", expected[source].fate)).collect();
    say("I1", "missing", told(&verdict.missing));
    say("I1", "with another key", told(&verdict.wrong_key));
    say("I1", "in the wrong place", verdict.wrong_fate.iter().map(|found| format!("{found:?}")).collect());
    say("I5", "that nobody sent", verdict.unexpected.clone());
    if exactly_once {
        say("I2", "doubled", verdict.doubled.iter().map(|found| format!("{found:?}")).collect());
        say("I3", "out of order", verdict.reordered.iter().map(|found| format!("{found:?}")).collect());
    } else {
        say("I2", "doubled and not alike", unlike(&[&output[..], &dead[..]].concat()));
    }
    Findings { violations, dead: letters, aborted }
}

/// Sources of records that were written twice and differ.
fn unlike(found: &[Found]) -> Vec<String> {
    let mut first: BTreeMap<Source, &Found> = BTreeMap::new();
    let mut unlike = Vec::new();
    for record in found {
        let Ok(source) = record.source() else { continue };
        let before = first.entry(source.clone()).or_insert(record);
        if (&before.value, &before.key) != (&record.value, &record.key) {
            unlike.push(source.to_string());
        }
    }
    unlike
}

/// Partitions on which a transaction is still open though nobody can end it (I10).
fn hanging(names: &Names) -> Vec<Violation> {
    let mut open = Vec::new();
    // Transactions of dead workers end after 8 s, looked for every second.
    wait_up_to(Duration::from_secs(40), || {
        open = [&names.output, &names.dead].iter().flat_map(|topic| held(names, topic)).collect();
        open.is_empty()
    });
    open.into_iter().map(|words| violation("I10", words)).collect()
}

/// Partitions whose last stable offset is behind their end.
fn held(names: &Names, topic: &str) -> Vec<String> {
    let end = |isolation: &str| {
        let reader: BaseConsumer = client(&names.bootstrap).set("isolation.level", isolation).create().unwrap();
        let patience = Duration::from_secs(10);
        let metadata = reader.fetch_metadata(Some(topic), patience).ok()?;
        let ids: Vec<i32> = metadata.topics().first()?.partitions().iter().map(|found| found.id()).collect();
        ids.into_iter()
            .map(|id| Some((id, reader.fetch_watermarks(topic, id, patience).ok()?.1)))
            .collect::<Option<BTreeMap<i32, i64>>>()
    };
    match (end("read_committed"), end("read_uncommitted")) {
        (Some(stable), Some(all)) => all
            .into_iter()
            .filter(|(partition, end)| stable.get(partition) != Some(end))
            .map(|(partition, end)| {
                format!("{topic}/{partition} is stable up to {:?} of {end}", stable.get(&partition))
            })
            .collect(),
        _ => vec![format!("{topic}: its ends cannot be known")],
    }
}

fn wait_up_to(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = std::time::Instant::now();
    loop {
        if done() {
            return true;
        }
        if start.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

fn some(offsets: &[i64]) -> String {
    let shown: Vec<String> = offsets.iter().take(5).map(ToString::to_string).collect();
    format!("{} offsets, such as {}", offsets.len(), shown.join(", "))
}
