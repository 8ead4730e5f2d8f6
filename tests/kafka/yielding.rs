//! A replay that yields: live traffic doubles, and live lag stays within the
//! bound, though the replay has sixteen times the threads and the scheduler puts
//! it first. Writes what it saw as CSV; `tests/support/plot_yield.py` draws it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::articles;
use crate::support::broker;
use crate::support::long;
use crate::support::topics::{self, Names};
use crate::support::worker::{Setup, Worker};

const BOUND: f64 = 10.0;
/// Seconds of each of three phases: live as usual, doubled, as usual.
const PHASE: u64 = 70;
/// Live articles a second as usual, of what the live worker can do alone.
const LOAD: f64 = 0.35;
const PARTITIONS: i32 = 3;
/// Of the live worker: to the scheduler a thread of the replay is worth nine of
/// its.
const NICENESS: u8 = 10;

fn live(number: usize) -> articles::Article {
    articles::trafilatura(number, 51, 12)
}

/// Articles a second that a worker does with nothing beside it.
fn capacity(names: &Names, worker: &Worker) -> f64 {
    let done = || worker.metrics().sum("warraq_produced_records_total").unwrap();
    topics::produce(names, (0..500).map(live));
    names.wait_until_done(Duration::from_secs(120));
    let (before, start) = (done(), Instant::now());
    topics::produce(names, (0..8000).map(live));
    names.wait_until_done(Duration::from_secs(300));
    (done() - before) / start.elapsed().as_secs_f64()
}

/// Writes live articles at the rate of `rate`, in tenths of a second, until told
/// to stop.
fn traffic(names: Names, rate: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let start = Instant::now();
        let (mut tenths, mut number, mut owed) = (0_u32, 0_usize, 0.0);
        while !stop.load(Ordering::Relaxed) {
            tenths += 1;
            std::thread::sleep((Duration::from_millis(100) * tenths).saturating_sub(start.elapsed()));
            owed += rate.load(Ordering::Relaxed) as f64 / 10.0;
            let count = owed as usize;
            owed -= count as f64;
            if count > 0 {
                topics::produce_with(&names, (number..number + count).map(live), &[]);
                number += count;
            }
        }
    })
}

struct Row {
    live_rate: f64,
    live_lag: Option<f64>,
    replay_rate: f64,
    replay_limit: f64,
}

fn csv(rows: &[Row]) -> String {
    let mut text = format!("# bound={BOUND}\nsecond,live_rate,live_lag,replay_rate,replay_limit\n");
    for (second, row) in rows.iter().enumerate() {
        let lag = row.live_lag.map(|lag| format!("{lag:.2}")).unwrap_or_default();
        let limit = if row.replay_limit.is_finite() { format!("{:.1}", row.replay_limit) } else { String::new() };
        writeln!(text, "{second},{:.0},{lag},{:.1},{limit}", row.live_rate, row.replay_rate).unwrap();
    }
    text
}

#[test]
fn live_lag_stays_within_the_bound_while_live_traffic_doubles() {
    if !long() {
        println!("only in the long form: WARRAQ_TEST_LONG=1");
        return;
    }
    let names = Names::create(broker::shared(), "yield-live", PARTITIONS);
    let archive = Names::create(broker::shared(), "yield-archive", PARTITIONS);
    let mut worker = Setup::new(&names, "live").value("enrich", "threads", "1").nice(NICENESS).start_ready();
    let capacity = capacity(&names, &worker);
    let usual = (capacity * LOAD).round().max(1.0);
    println!("one worker alone does {capacity:.0} articles/s; live gets {usual:.0}, then {:.0}", usual * 2.0);
    // About what it can get through, were there no live traffic; more, should the
    // machine have been busy while the live worker was measured.
    let whole = ((capacity * 2.0 * (PHASE * 3) as f64) as usize).max(400_000);
    topics::produce(&archive, (0..whole).map(live));

    let rate = Arc::new(AtomicU64::new(usual as u64));
    let stop = Arc::new(AtomicBool::new(false));
    let producer = traffic(names.clone(), Arc::clone(&rate), Arc::clone(&stop));
    let yield_to = format!("{}:{}", names.group, names.input);
    let bound = format!("{BOUND}s");
    let what = ["replay", "--input", &archive.input, "--output", &archive.output, "--dead-letters", &archive.dead];
    let arguments =
        [&what[..], &["--name", &archive.group, "--yield-to", &yield_to, "--max-live-lag", &bound]].concat();
    let mut replay = Setup::new(&names, "replay")
        .without("kafka", "transactional_id")
        .value("enrich", "threads", "16")
        .start_as(&arguments);
    replay.wait_until_ready();

    let mut rows = Vec::new();
    let (start, mut replayed) = (Instant::now(), 0.0);
    for second in 0..PHASE * 3 {
        std::thread::sleep(Duration::from_secs(second + 1).saturating_sub(start.elapsed()));
        let live_rate = if second / PHASE == 1 { usual * 2.0 } else { usual };
        rate.store(live_rate as u64, Ordering::Relaxed);
        if replay.ended().is_some() {
            assert!(second > 2 * PHASE, "the archive was too small: the replay ended after {second} s");
            break;
        }
        let told = replay.metrics();
        let done = told.sum("warraq_produced_records_total").unwrap_or(replayed);
        rows.push(Row {
            live_rate,
            live_lag: worker.metrics().max("warraq_lag_seconds"),
            replay_rate: done - replayed,
            replay_limit: told.sum("warraq_replay_limit_records_per_second").unwrap_or(f64::INFINITY),
        });
        replayed = done;
    }
    stop.store(true, Ordering::Relaxed);
    producer.join().unwrap();
    let file = format!("{}/replay-yield.csv", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, csv(&rows)).unwrap();
    println!("written: {file}");

    let worst = rows.iter().filter_map(|row| row.live_lag).fold(0.0, f64::max);
    println!("worst live lag {worst:.1} s of {BOUND}; {replayed:.0} articles replayed");
    assert!(worst <= BOUND, "live lag was {worst} s");
    assert!(replayed > 0.0, "nothing was replayed");
    if replay.ended().is_none() {
        replay.terminate(Duration::from_secs(30));
    }
    worker.stop();
}
