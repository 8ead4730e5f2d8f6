//! What was played and how long the workers took to recover, as docs/delivery.md
//! has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::fault::Kind;
use crate::round::Report;

pub fn told(report: &Report) -> String {
    // Of steps with several faults the recovery is each one's.
    let mut recoveries: BTreeMap<Kind, Vec<Duration>> = BTreeMap::new();
    for recovery in &report.recoveries {
        for kind in &recovery.kinds {
            recoveries.entry(*kind).or_default().push(recovery.took);
        }
    }
    let mut text = format!(
        "{} faults in {:.0} min; {} records, {} of them dead letters, {} more in aborted transactions; the workers counted {} durable, {} of them unconfirmed; \
         {} worker processes, {} ended by themselves, {} MiB at the most; {} frames held, lost or cut\n\n\
         | fault | times | recovered after, median (max), s |\n|---|---|---|\n",
        report.faults.values().sum::<usize>(),
        report.took.as_secs_f64() / 60.0,
        report.records,
        report.dead,
        report.aborted,
        report.durable,
        report.unconfirmed,
        report.lives,
        report.ended.len(),
        report.peak >> 20,
        report.touched,
    );
    for (kind, count) in &report.faults {
        let mut times = recoveries.remove(kind).unwrap_or_default();
        times.sort();
        let (median, most) = (times.get(times.len() / 2), times.last());
        let shown =
            |time: Option<&Duration>| time.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64()));
        let _ = writeln!(text, "| {kind:?} | {count} | {} ({}) |", shown(median), shown(most));
    }
    let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
    for words in &report.ended {
        *ended.entry(words).or_default() += 1;
    }
    for (words, count) in ended {
        let _ = writeln!(text, "ended by itself, {count} times: {words}");
    }
    text
}
