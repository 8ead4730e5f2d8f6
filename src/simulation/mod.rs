//! A simulation of delivery: the code that runs in production, with its threads
//! turned by hand, against scripted brokers. Tests alone.
//!
//! Real are the sequencer with its order and transactions, the callbacks of the
//! group, the tickets, the ownership, the budget, the backpressure and the count
//! of acknowledgements. Scripted are the clients and what they talk to: a group
//! that moves partitions, transactions with epochs and timeouts, records that
//! arrive late or not at all. One to three workers share them. In an episode
//! any call may be refused, time out done or undone, or be the last of its
//! process; workers are paused beyond their session and woken, doubled, stopped,
//! and their clocks jump. Then nothing goes wrong any more, and all must be done
//! within a bounded time. What is promised is checked at each commit and at the
//! end ([`checks`]).
//!
//! All of an episode follows from its seed. `make sim SEED=… STEPS=…` runs long;
//! a failure names the seed that runs it again
//! (`TRACE=1000` shows more of what led to it).

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

mod broker;
mod checks;
mod consumer;
mod group;
mod producer;
mod trace;
mod worker;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::flow::mutation::Mutation;
use crate::flow::mutation::for_tests::Made;
use trace::Trace;
use world::{Report, episode};

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

const PANIC: &str = "a panic";

/// Runs a seed; what went wrong with it in words, if something did.
fn run(seed: u64, trace: &Trace) -> (u64, Duration, Option<String>) {
    match catch_unwind(AssertUnwindSafe(|| episode(seed, trace))) {
        Ok(Report { steps, recovery, breach }) => {
            (steps, recovery, breach.map(|breach| format!("{}: {}", breach.invariant, breach.text)))
        }
        Err(_) => (0, Duration::ZERO, Some(PANIC.to_owned())),
    }
}

/// The last steps of a seed that failed, and how to run it again.
fn told(seed: u64, what: &str) -> String {
    let trace = Trace::with_lines();
    run(seed, &trace);
    format!(
        "{}\n{what}\nrun it again: make sim SEED={seed} STEPS=1 (TRACE=1000 for more lines)",
        trace.lines().join("\n")
    )
}

#[test]
fn no_fault_breaks_a_promise() {
    let first = from_environment("SEED", 1);
    let budget = from_environment("STEPS", 4_000_000);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (next, steps, broken) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let totals = Mutex::new((BTreeMap::new(), Vec::new(), None));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while steps.load(Ordering::Relaxed) < budget && !broken.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let trace = Trace::default();
                    let (took, recovery, breach) = run(seed, &trace);
                    steps.fetch_add(took, Ordering::Relaxed);
                    let mut totals = totals.lock().unwrap();
                    world::add(&mut totals.0, trace.counts());
                    totals.1.push(recovery);
                    if let Some(breach) = breach {
                        broken.store(true, Ordering::Relaxed);
                        totals.2.get_or_insert((seed, breach));
                    }
                }
            });
        }
    });
    let (counts, mut recoveries, failed) = totals.into_inner().unwrap();
    recoveries.sort_unstable();
    let (seeds, steps, took) = (recoveries.len(), steps.into_inner(), begun.elapsed());
    println!("{steps} steps in {seeds} episodes, seeds from {first}, {took:.1?}");
    println!("all done after the last fault: median {:?}, max {:?}", recoveries[seeds / 2], recoveries[seeds - 1]);
    counts.iter().for_each(|(what, times)| println!("{times:>9} {what}"));
    if let Some((seed, breach)) = failed {
        panic!("seed {seed}\n{}", told(seed, &breach));
    }
}

/// Steps until a mistake made on purpose is noticed, and by which check.
fn noticed(mutation: Mutation) -> Option<(u64, u64, String)> {
    let _made = Made::by_this_thread(Some(mutation));
    let mut steps = 0;
    for seed in 1_000.. {
        let (took, _, breach) = run(seed, &Trace::default());
        steps += took;
        if let Some(breach) = breach {
            assert_ne!(breach, PANIC, "seed {seed}: noticed by no check");
            return Some((seed, steps, breach));
        }
        if steps > 1_000_000 {
            return None;
        }
    }
    None
}

#[test]
fn each_mistake_made_on_purpose_is_noticed() {
    println!("{:<22} {:>8} {:>6}  broken promise", "mistake", "steps", "seed");
    let mut missed = Vec::new();
    for mutation in Mutation::ALL {
        match noticed(mutation) {
            Some((seed, steps, breach)) => {
                let invariant = breach.split(':').next().unwrap_or_default();
                println!("{:<22} {steps:>8} {seed:>6}  {invariant}", mutation.name());
            }
            None => missed.push(mutation.name()),
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
