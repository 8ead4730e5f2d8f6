//! What the tests on a real broker share: the broker, topics, articles, worker
//! processes, readers, and the checker that says what was lost or doubled.

pub mod acl;
pub mod articles;
pub mod broker;
pub mod certificates;
pub mod checker;
pub mod load;
pub mod oidc;
pub mod prometheus;
pub mod read;
pub mod registry;
pub mod scrape;
pub mod secured;
pub mod topics;
pub mod worker;

use std::time::{Duration, Instant};

/// The long forms of the tests, which `make soak` asks for.
pub fn long() -> bool {
    std::env::var_os("WARRAQ_TEST_LONG").is_some()
}

/// Asks until the answer is there; panics with what was waited for.
pub fn wait_for<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < within, "waited {within:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Numbers that look random and are the same in every run with the same seed
/// (splitmix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `WARRAQ_TEST_SEED`, or the given one; printed, so that a failure can be
    /// run again.
    pub fn seeded(test: &str, default: u64) -> Self {
        let seed = std::env::var("WARRAQ_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(default);
        println!("{test}: WARRAQ_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from((to - from).as_millis()).unwrap();
        from + Duration::from_millis(self.below(span))
    }
}
