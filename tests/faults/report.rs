//! What was played and how long the workers took to recover, as docs/delivery.md
//! has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::fault::Kind;
use crate::round::Report;

pub fn told(report: &Report) -> String {
    // Of steps with several faults the recovery is each one's.
    let (mut all, mut alone) = (BTreeMap::<Kind, Vec<Duration>>::new(), BTreeMap::<Kind, Vec<Duration>>::new());
    for recovery in &report.recoveries {
        for kind in &recovery.kinds {
            all.entry(*kind).or_default().push(recovery.took);
        }
        if let [kind] = recovery.kinds[..] {
            alone.entry(kind).or_default().push(recovery.took);
        }
    }
    let mut text = format!(
        "{} faults in {:.0} min; {} records, {} of them dead letters, {} more in aborted transactions; the workers counted {} durable, {} of them unconfirmed; \
         {} worker processes, {} ended by themselves, {} MiB at the most; {} frames held, lost or cut\n\n\
         | fault | times | recovered after, median (max), s | where it was the only one |\n|---|---|---|---|\n",
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
        let _ =
            writeln!(text, "| {kind:?} | {count} | {} | {} |", middle(all.remove(kind)), middle(alone.remove(kind)));
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

/// Median and maximum, in seconds.
fn middle(times: Option<Vec<Duration>>) -> String {
    let mut times = times.unwrap_or_default();
    times.sort();
    let seconds = |time: &Duration| format!("{:.1}", time.as_secs_f64());
    match (times.get(times.len() / 2), times.last()) {
        (Some(median), Some(most)) => format!("{} ({})", seconds(median), seconds(most)),
        _ => "-".to_owned(),
    }
}
