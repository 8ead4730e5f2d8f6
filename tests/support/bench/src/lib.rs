//! What the measuring programs share.

use std::error::Error;
use std::time::Duration;

/// A pass over the texts is repeated until so much time on the core has gone by.
const LEAST: Duration = Duration::from_secs(1);

/// Time on the core so far, which a busy machine does not stretch (Linux).
fn core_time() -> Result<Duration, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = statistics.split(' ').next().unwrap_or_default();
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// How often a second of the core all texts are worked through. `passes`: at once, for a
/// look at the clock costs microseconds.
///
/// # Errors
/// Where the system does not tell the time on the core.
pub fn passes_a_second<T>(texts: &[T], passes: u32, mut work: impl FnMut(&T)) -> Result<f64, Box<dyn Error>> {
    let (start, mut done) = (core_time()?, 0);
    let mut taken = Duration::ZERO;
    while taken < LEAST {
        for _ in 0..passes {
            texts.iter().for_each(&mut work);
        }
        done += passes;
        taken = core_time()?.saturating_sub(start);
    }
    Ok(f64::from(done) / taken.as_secs_f64())
}
