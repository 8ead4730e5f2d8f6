//! One round: faults by schedule over topics of its own, a cut at any moment, a
//! calm end, and the verdict.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::fault::{Kind, Step};
use crate::field::{BUDGET_MIB, Field, Variant, WORKERS, keep_broker_logs};
use crate::judge::{self, Evidence, Violation, violation};
use crate::support::{Chance, wait_for};

/// A minute after the fault is over there must be progress.
const PROGRESS: Duration = Duration::from_secs(60);

/// How long it took after the end of a step until all that had landed by then was
/// committed.
#[derive(Debug, Clone)]
pub struct Recovery {
    pub kinds: Vec<Kind>,
    pub took: Duration,
}

#[derive(Debug, Default)]
pub struct Report {
    pub faults: BTreeMap<Kind, usize>,
    pub recoveries: Vec<Recovery>,
    pub violations: Vec<Violation>,
    /// Records in, and those of them that are dead letters.
    pub records: usize,
    pub dead: usize,
    /// Records of aborted transactions.
    pub aborted: usize,
    /// Records that the workers said were durable, each life by its last word, and
    /// those of them whose transaction had no known end: they may be another's as well.
    pub durable: f64,
    pub unconfirmed: f64,
    pub peak: u64,
    pub lives: usize,
    /// Workers that ended without being asked to, and why.
    pub ended: Vec<String>,
    /// Frames that the network held, lost or cut.
    pub touched: u64,
    pub took: Duration,
}

impl Report {
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.recoveries.extend(other.recoveries);
        self.violations.extend(other.violations);
        self.records += other.records;
        self.dead += other.dead;
        self.aborted += other.aborted;
        self.durable += other.durable;
        self.unconfirmed += other.unconfirmed;
        self.peak = self.peak.max(other.peak);
        self.lives += other.lives;
        self.ended.extend(other.ended);
        self.touched = self.touched.max(other.touched);
        self.took += other.took;
    }
}

/// Plays the steps, and judges.
pub fn play(cluster: &mut Cluster, seed: u64, variant: Variant, steps: &[Step]) -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    let mut field = Field::start(cluster, seed, variant);
    let mut chance = Chance::new(seed ^ 0x5eed);
    wait_for("the first articles are through", Duration::from_secs(120), || {
        field.look_after();
        (field.watch.committed().len() >= 6).then_some(())
    });
    for step in steps {
        let kinds: Vec<Kind> = step.iter().map(|fault| fault.kind).collect();
        println!("  {:>6.1} s {}", start.elapsed().as_secs_f64(), told(step));
        disturb(&mut field, step);
        for kind in &kinds {
            *report.faults.entry(*kind).or_default() += 1;
        }
        match field.settle(PROGRESS) {
            Some(took) => {
                println!("           done after {:.1} s", took.as_secs_f64());
                report.recoveries.push(Recovery { kinds, took });
            }
            None => {
                let words = format!("{} s after {kinds:?}: {}", PROGRESS.as_secs(), behind(&mut field));
                report.violations.push(violation("I7", words));
                // What is stuck stays stuck: the rest is judged as it is.
                break;
            }
        }
    }
    // The cut: all die in the middle of something.
    std::thread::sleep(chance.between(Duration::from_millis(300), Duration::from_millis(1500)));
    (0..WORKERS).for_each(|worker| field.kill(worker));
    report.violations.extend(judge::cut(&field, variant));
    // The calm end: nothing happens any more.
    (0..WORKERS).for_each(|worker| field.launch(worker));
    let calm = Instant::now();
    while !field.all_ready() && calm.elapsed() < PROGRESS {
        field.look_after();
        std::thread::sleep(Duration::from_millis(200));
    }
    field.feed.pause();
    if field.settle(PROGRESS * 2).is_none() {
        report.violations.push(violation("I1", format!("not done in the calm: {}", behind(&mut field))));
    }
    report.violations.extend(judge::words(&mut field));
    for worker in 0..WORKERS {
        if let Err(error) = field.stop(worker) {
            report.violations.push(violation("I7", error));
        }
    }
    let Field { names, lives, feed, watch, earlier, cluster, .. } = field;
    report.records = {
        let expected = feed.stop();
        let exactly_once = variant.is_exactly_once();
        let evidence = Evidence { names: &names, expected: &expected, earlier, lives: &lives, exactly_once };
        let findings = judge::end(evidence);
        report.violations.extend(findings.violations);
        report.dead = findings.dead;
        report.aborted = findings.aborted;
        expected.len()
    };
    report.violations.extend(watch.stop().into_iter().map(|words| violation("I4", words)));
    if lives.peak > (BUDGET_MIB + 150) << 20 {
        report.violations.push(violation("I8", format!("{} MiB at the most", lives.peak >> 20)));
    }
    if !report.violations.is_empty() {
        let dir = lives.keep_logs(&names.group);
        keep_broker_logs(cluster, &dir);
        println!("  logs in {}", dir.display());
    }
    report.peak = lives.peak;
    report.durable = lives.produced;
    report.unconfirmed = lives.unconfirmed;
    report.lives = lives.started;
    report.ended = lives.ended;
    report.touched = cluster.network.touched();
    report.took = start.elapsed();
    report
}

/// All faults of a step begin together; each ends after its own time.
fn disturb(field: &mut Field<'_>, step: &Step) {
    let start = Instant::now();
    let mut undone: Vec<_> = step.iter().map(|fault| (fault.lasts, field.begin(fault))).collect();
    undone.sort_by_key(|(lasts, _)| *lasts);
    for (lasts, undo) in undone {
        while start.elapsed() < lasts {
            field.look_after();
            std::thread::sleep((lasts.saturating_sub(start.elapsed())).min(Duration::from_millis(200)));
        }
        field.end(undo);
    }
}

fn told(step: &Step) -> String {
    let one = |fault: &crate::fault::Fault| {
        let network = matches!(
            fault.kind,
            Kind::NetworkCut
                | Kind::NetworkHalfOpen
                | Kind::DelayedRequests
                | Kind::DelayedAnswers
                | Kind::ResetMidFrame
        );
        let detail = match (network, fault.everybody) {
            (true, true) => format!(" {:?} of all", fault.trouble),
            (true, false) => format!(" {:?} of {}", fault.trouble, fault.target),
            (false, _) => format!(" of {}", fault.target),
        };
        format!("{:?}{detail} for {:.1} s", fault.kind, fault.lasts.as_secs_f64())
    };
    step.iter().map(one).collect::<Vec<_>>().join(" + ")
}

/// Which partitions are not done, and what the workers say of themselves.
fn behind(field: &mut Field<'_>) -> String {
    let (ends, committed) = (field.feed.ends(), field.watch.committed());
    let open: Vec<String> = ends
        .iter()
        .filter(|(partition, end)| committed.get(partition).is_none_or(|offset| offset < *end))
        .map(|(partition, end)| format!("{partition}: {:?} of {end}", committed.get(partition)))
        .collect();
    format!("behind on {open:?}; logs in {}", field.keep_logs().display())
}
