use std::collections::BTreeMap;
use std::time::Duration;

/// A cause is written at once the first time, then at most once in so long.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);
/// Causes kept apart. All are closed lists but for error texts, and those are
/// not keys; this is only a wall.
const MOST_CAUSES: usize = 1_000;

/// Says which of many alike events are worth a line. No clock inside.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    causes: BTreeMap<String, Cause>,
}

#[derive(Debug)]
struct Cause {
    written: Duration,
    held_back: u64,
    text: String,
}

/// Events held back, told at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) cause: String,
    /// The last one's text.
    pub(super) text: String,
    pub(super) count: u64,
}

impl Limiter {
    /// `Some(n)`: write it, and say that `n` before it were held back.
    pub(super) fn hit(&mut self, cause: &str, text: &str, now: Duration) -> Option<u64> {
        if let Some(known) = self.causes.get_mut(cause) {
            if now.saturating_sub(known.written) < INTERVAL {
                known.held_back += 1;
                text.clone_into(&mut known.text);
                return None;
            }
            known.written = now;
            return Some(std::mem::take(&mut known.held_back));
        }
        if self.causes.len() >= MOST_CAUSES {
            self.causes.retain(|_, known| now.saturating_sub(known.written) < INTERVAL);
        }
        self.causes.insert(cause.to_owned(), Cause { written: now, held_back: 0, text: String::new() });
        Some(0)
    }

    /// What was held back and whose time has come; causes long silent go.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Summary> {
        let mut due = Vec::new();
        self.causes.retain(|cause, known| {
            if now.saturating_sub(known.written) < INTERVAL {
                return true;
            }
            if known.held_back == 0 {
                return false;
            }
            let count = std::mem::take(&mut known.held_back);
            due.push(Summary { cause: cause.clone(), text: std::mem::take(&mut known.text), count });
            known.written = now;
            true
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_first_is_written_and_the_rest_are_summed_up() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.hit("a", "a0", seconds(100)), Some(0));
        assert_eq!(limiter.hit("a", "a1", seconds(101)), None);
        assert_eq!(limiter.hit("b", "b0", seconds(102)), Some(0), "another cause is another line");
        assert_eq!(limiter.hit("a", "a2", seconds(109)), None);
        assert!(limiter.due(seconds(109)).is_empty());
        assert_eq!(limiter.due(seconds(110)), [Summary { cause: "a".to_owned(), text: "a2".to_owned(), count: 2 }]);
        assert_eq!(limiter.hit("a", "a3", seconds(111)), None, "the summary was a line too");
        assert_eq!(limiter.hit("a", "a4", seconds(120)), Some(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_event_is_told_once(steps in prop::collection::vec((0..4_u8, 0..4_000_u64, any::<bool>()), 1..200)) {
            let (mut limiter, mut now, mut hits, mut told) = (Limiter::default(), Duration::ZERO, 0_u64, 0_u64);
            for (cause, millis, tick) in steps {
                now += Duration::from_millis(millis);
                if tick {
                    told += limiter.due(now).iter().map(|summary| summary.count).sum::<u64>();
                } else {
                    hits += 1;
                    told += limiter.hit(&cause.to_string(), "x", now).map_or(0, |before| before + 1);
                }
                prop_assert!(told <= hits);
            }
            told += limiter.due(now + INTERVAL).iter().map(|summary| summary.count).sum::<u64>();
            prop_assert_eq!(told, hits);
        }
    }
}
