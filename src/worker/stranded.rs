//! Clients that have lost their cluster and will not find it again.
//!
//! Since 2.10 librdkafka forgets a broker that a metadata answer does not list. A
//! broker that was frozen, or cut off from its controllers, has lost its own
//! lease: for a moment after it comes back it answers with a list of no brokers.
//! A client that asks in that moment has none left, not even those of
//! `bootstrap_servers`, and never connects again (confluentinc/librdkafka#5301,
//! seen with 2.12.1 on a single broker stopped for 75 s). So a client that is
//! without a broker for long, while a new one finds the cluster at once, is
//! given up.
//!
//! So is a consumer that passes over its group's rebalances for good
//! (`consume::rebalance`): it would keep the whole group waiting.

use std::sync::Arc;
use std::time::Duration;

use super::Telemetry;
use super::lifecycle::Stop;
use crate::kafka;
use crate::metrics::Stray;

/// How often to look.
const LOOK: Duration = Duration::from_secs(5);

/// Well above `reconnect.backoff.max.ms`: a healthy client that can find the
/// cluster has found it by then.
const PATIENCE: Duration = Duration::from_secs(15);

/// Decides when to give up. No client inside: it is told what is seen.
#[derive(Debug, Default)]
struct Judge {
    /// When somebody else found the cluster while ours had no broker.
    answered: Option<Duration>,
}

impl Judge {
    /// `alone`: when a client of ours last had a broker, if one has none now.
    /// `answers` tries a new client. True once the cluster has answered others for
    /// all of [`PATIENCE`] and ours have not found it.
    fn is_stranded(&mut self, now: Duration, alone: Option<Duration>, answers: impl FnOnce() -> bool) -> bool {
        let Some(alone) = alone.filter(|alone| now.saturating_sub(*alone) >= PATIENCE) else {
            self.answered = None;
            return false;
        };
        if !answers() {
            self.answered = None;
            return false;
        }
        let answered = *self.answered.get_or_insert(now);
        answered >= alone && now.saturating_sub(answered) >= PATIENCE
    }
}

pub(super) struct Stranded {
    pub options: kafka::Options,
    /// What a new client asks for.
    pub topic: String,
    pub telemetry: Arc<Telemetry>,
    pub stop: Stop,
}

impl Stranded {
    /// A thread that ends with the process: it may be in the middle of a
    /// question. Each time the clients are stranded it calls `give_up`.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub(super) fn watch(self, give_up: impl Fn() + Send + 'static) -> std::io::Result<()> {
        std::thread::Builder::new().name("stranded".to_owned()).spawn(move || self.run(&give_up))?;
        Ok(())
    }

    fn run(&self, give_up: &dyn Fn()) {
        let mut judge = Judge::default();
        while !self.stop.wait(LOOK) {
            if self.telemetry.has_passed_over() {
                self.telemetry.events.stranded(Stray::FromGroup);
                give_up();
                continue;
            }
            let alone = self.telemetry.without_broker_since();
            let answers = || kafka::probe(&self.options, &self.topic).is_ok();
            if judge.is_stranded(self.telemetry.clock.now(), alone, answers) {
                judge = Judge::default();
                self.telemetry.events.stranded(Stray::FromBrokers);
                give_up();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at which it gives up, looking each five seconds; `alone` and
    /// `answers` by the second.
    fn given_up(alone: impl Fn(u64) -> Option<u64>, answers: impl Fn(u64) -> bool) -> Option<u64> {
        let mut judge = Judge::default();
        (0..600).step_by(5).find(|&now| {
            let since = alone(now).map(Duration::from_secs);
            judge.is_stranded(Duration::from_secs(now), since, || answers(now))
        })
    }

    #[test]
    fn an_outage_is_waited_for_however_long_it_is() {
        assert_eq!(given_up(|_| Some(0), |_| false), None);
    }

    #[test]
    fn clients_that_find_the_cluster_again_are_kept() {
        // Back at 300 s, and ours with it after ten seconds.
        assert_eq!(given_up(|now| (now < 310).then_some(0), |now| now >= 300), None);
        // One that flickers.
        assert_eq!(given_up(|now| Some(now / 20 * 20), |_| true), None);
    }

    #[test]
    fn a_cluster_that_answers_others_for_long_is_lost_to_ours() {
        assert_eq!(given_up(|_| Some(0), |now| now >= 75), Some(90));
        // It must answer all the time.
        assert_eq!(given_up(|_| Some(0), |now| now % 10 == 0), None);
    }
}
