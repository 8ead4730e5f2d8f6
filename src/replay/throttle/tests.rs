use proptest::prelude::*;

use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Live traffic and a replay on the same brokers and cores.
///
/// The replay takes what it is granted first, and live gets what is left: the
/// worst neighbour there is.
struct Plant {
    /// Records a second that both can be served.
    capacity: f64,
    throttle: Throttle,
    now: Duration,
    /// Live records that came and that were served, by the end of each step.
    came: Vec<f64>,
    served: f64,
    /// True lags not yet seen, oldest first.
    unseen: VecDeque<(Duration, f64)>,
    delay: Duration,
    replayed: f64,
    owed: f64,
}

const STEP: Duration = Duration::from_millis(100);

impl Plant {
    fn new(capacity: f64, bound: u64, delay: Duration) -> Self {
        Self {
            capacity,
            throttle: Throttle::new(Caps::default(), Some(seconds(bound)), Duration::ZERO),
            now: Duration::ZERO,
            came: vec![0.0],
            served: 0.0,
            unseen: VecDeque::new(),
            delay,
            replayed: 0.0,
            owed: 0.0,
        }
    }

    /// One step with so much live traffic; the true lag of live after it.
    fn step(&mut self, live: f64) -> f64 {
        let dt = STEP.as_secs_f64();
        self.now += STEP;
        let room = self.capacity * dt;
        self.owed += room * 0.9;
        let mut replayed = 0.0;
        while let Grant::Take { records, .. } = self.throttle.grant(self.now) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let batch = records.min(64).min(self.owed as u64);
            if batch == 0 {
                break;
            }
            self.throttle.took(batch, batch * 1000, self.now);
            replayed += batch as f64;
            self.owed -= batch as f64;
        }
        self.owed = self.owed.min(room * 2.0);
        self.replayed += replayed;
        let came = self.came.last().unwrap() + live * dt;
        self.came.push(came);
        self.served = (self.served + (room - replayed).max(0.0)).min(came);
        // The oldest record not served came in the first step that ends after `served`.
        let first = self.came.partition_point(|came| *came <= self.served + 1e-6);
        let lag = (self.came.len() - first) as f64 * dt;
        self.unseen.push_back((self.now, lag));
        if self.now.as_millis().is_multiple_of(1000) {
            let mut seen = None;
            while self.unseen.front().is_some_and(|(at, _)| *at + self.delay <= self.now) {
                seen = self.unseen.pop_front();
            }
            if let Some((_, lag)) = seen {
                self.throttle.lag(Some(Duration::from_secs_f64(lag)), self.now);
            }
        }
        lag
    }

    fn run(&mut self, time: u64, live: f64) -> Run {
        let before = self.replayed;
        let steps = usize::try_from(time * 10).unwrap();
        let (mut lags, mut limits) = (Vec::with_capacity(steps), Vec::new());
        for step in 0..steps {
            lags.push(self.step(live));
            if step % 10 == 0 {
                limits.push(self.throttle.figures().limit);
            }
        }
        Run { lags, limits, rate: (self.replayed - before) / time as f64 }
    }
}

struct Run {
    /// True lag after each step.
    lags: Vec<f64>,
    /// The rate allowed, each second.
    limits: Vec<f64>,
    /// Records a second replayed in the mean.
    rate: f64,
}

impl Run {
    fn worst(&self) -> f64 {
        self.lags.iter().copied().fold(0.0, f64::max)
    }

    /// How often the limit turned from growing to falling or back.
    fn turns(&self) -> usize {
        let mut turns = 0;
        let mut up = None;
        for pair in self.limits.windows(2) {
            let change = pair[1] - pair[0];
            if change.abs() <= f64::EPSILON {
                continue;
            }
            let now = change > 0.0;
            if up.is_some_and(|up| up != now) {
                turns += 1;
            }
            up = Some(now);
        }
        turns
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn lag_stays_within_the_bound_while_live_traffic_doubles(
        capacity in 200.0..50_000.0_f64,
        load in 0.1..0.42_f64,
        bound in 15..60_u64,
        delay in 1..=5_u64,
    ) {
        let mut plant = Plant::new(capacity, bound, seconds(delay));
        for load in [load, load * 2.0, load] {
            let run = plant.run(400, capacity * load);
            prop_assert!(run.worst() <= bound as f64, "lag {} at load {load}", run.worst());
            // A turn is at most two to a cut; cuts are a minute or more apart.
            prop_assert!(run.turns() <= 12, "{} turns at load {load}: {:?}", run.turns(), run.limits);
        }
        let last = plant.run(400, capacity * load);
        let spare = capacity * (1.0 - load);
        prop_assert!(last.rate >= spare * 0.4, "{} of {spare} records a second", last.rate);
    }

    #[test]
    fn what_live_leaves_again_is_found_though_it_was_too_much_before(
        capacity in 1000.0..50_000.0_f64,
        bound in 15..60_u64,
        delay in 1..=5_u64,
    ) {
        let mut plant = Plant::new(capacity, bound, seconds(delay));
        plant.run(500, capacity * 0.85);
        plant.run(500, capacity * 0.2);
        let after = plant.run(200, capacity * 0.2);
        prop_assert!(after.rate > capacity * 0.8 * 0.7, "{} of {}", after.rate, capacity * 0.8);
    }

    #[test]
    fn a_live_group_that_cannot_keep_up_stops_the_replay_and_its_recovery_starts_it(
        capacity in 200.0..20_000.0_f64,
        bound in 15..60_u64,
        delay in 1..=5_u64,
    ) {
        let mut plant = Plant::new(capacity, bound, seconds(delay));
        plant.run(120, capacity * 0.5);
        let flooded = plant.run(200, capacity * 1.3);
        prop_assert_eq!(flooded.limits.last().copied(), Some(0.0));
        // What has gathered takes (0.3 × 200) / 0.6 seconds to be served.
        plant.run(120, capacity * 0.4);
        let after = plant.run(300, capacity * 0.4);
        prop_assert!(after.rate > capacity * 0.1, "{} of {capacity}", after.rate);
        prop_assert!(after.worst() <= bound as f64);
    }

    #[test]
    fn no_window_takes_more_than_the_caps_and_a_burst(
        records in 1.0..5_000.0_f64,
        bytes in 100.0..5_000_000.0_f64,
        sizes in prop::collection::vec(1..20_000_u64, 1..50),
        pauses in prop::collection::vec(0..400_u64, 1..50),
    ) {
        let caps = Caps { records_per_second: Some(records), bytes_per_second: Some(bytes) };
        let mut throttle = Throttle::new(caps, None, Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut taken: Vec<(Duration, u64)> = Vec::new();
        for index in 0..2000 {
            match throttle.grant(now) {
                Grant::Take { records, .. } => {
                    prop_assert!(records > 0);
                    let size = sizes[index % sizes.len()];
                    throttle.took(1, size, now);
                    taken.push((now, size));
                }
                Grant::Wait(until) => {
                    prop_assert!(until > now);
                    now = until;
                }
            }
            if index % 100 == 0 {
                now += Duration::from_millis(pauses[index / 100 % pauses.len()]);
            }
        }
        let largest = sizes.iter().copied().max().unwrap() as f64;
        for from in (0..taken.len()).step_by(17) {
            let (mut count, mut sum) = (0.0, 0.0);
            for (at, size) in &taken[from..] {
                count += 1.0;
                sum += *size as f64;
                let window = (*at - taken[from].0).as_secs_f64();
                prop_assert!(count <= records * (window + BURST) + 2.0, "{count} records in {window} s");
                prop_assert!(sum <= bytes * (window + BURST) + largest + 2.0, "{sum} bytes in {window} s");
            }
        }
        prop_assert!(!taken.is_empty());
    }
}

#[test]
fn without_caps_everything_is_granted_and_nothing_is_waited_for() {
    let mut throttle = Throttle::new(Caps::default(), None, Duration::ZERO);
    for second in 0..9 {
        assert_eq!(throttle.grant(seconds(second)), Grant::Take { records: u64::MAX, bytes: u64::MAX });
        throttle.took(1_000_000, u64::MAX / 4, seconds(second));
    }
    let figures = throttle.figures();
    assert!(figures.limit.is_infinite() && !figures.yielding);
    assert_eq!(figures.waited_for_rate + figures.waited_for_live, Duration::ZERO);
}

#[test]
fn waiting_is_counted_by_what_was_waited_for() {
    let caps = Caps { records_per_second: Some(10.0), bytes_per_second: None };
    let mut throttle = Throttle::new(caps, None, Duration::ZERO);
    let mut now = seconds(1);
    let mut taken = 0;
    while now < seconds(11) {
        match throttle.grant(now) {
            Grant::Take { records, .. } => {
                taken += records;
                throttle.took(records, 0, now);
            }
            Grant::Wait(until) => now = until,
        }
    }
    assert!((100..=110).contains(&taken), "{taken}");
    let figures = throttle.figures();
    assert!(figures.waited_for_rate >= seconds(9), "{figures:?}");
    assert_eq!(figures.waited_for_live, Duration::ZERO);
}

#[test]
fn a_record_larger_than_the_burst_passes_and_is_paid_for() {
    let caps = Caps { records_per_second: None, bytes_per_second: Some(1000.0) };
    let mut throttle = Throttle::new(caps, None, Duration::ZERO);
    assert!(matches!(throttle.grant(seconds(1)), Grant::Take { .. }));
    throttle.took(1, 10_000, seconds(1));
    let mut now = seconds(1);
    while let Grant::Wait(until) = throttle.grant(now) {
        now = until;
    }
    assert!(now >= seconds(10) && now < seconds(11), "{now:?}");
}

#[test]
fn nothing_is_taken_before_the_live_lag_is_known_or_long_after_it_was() {
    let mut throttle = Throttle::new(Caps::default(), Some(seconds(30)), Duration::ZERO);
    assert!(matches!(throttle.grant(seconds(5)), Grant::Wait(_)));
    let feed = |throttle: &mut Throttle, at: u64, sample: Option<u64>| {
        throttle.lag(sample.map(seconds), seconds(at));
        for tenth in 0..10 {
            let now = seconds(at) + Duration::from_millis(tenth * 100);
            while let Grant::Take { records, .. } = throttle.grant(now) {
                throttle.took(records, 0, now);
            }
        }
        throttle.figures().limit
    };
    let mut limit = 0.0;
    for second in 6..40 {
        limit = feed(&mut throttle, second, Some(0));
    }
    assert!(limit > BEGIN && throttle.figures().yielding, "{limit}");
    assert!(feed(&mut throttle, 41, None) <= limit, "unknown is no reason to grow");
    assert_eq!(throttle.figures().live_lag, None);
    for second in 42..200 {
        limit = feed(&mut throttle, second, None);
    }
    assert_eq!(limit, 0.0);
    assert!(throttle.figures().waited_for_live > seconds(30));
    for second in 200..260 {
        limit = feed(&mut throttle, second, Some(0));
    }
    assert!(limit > 0.0, "resumed once it is known again");
}

#[test]
fn a_limit_that_is_not_felt_does_not_grow() {
    let mut throttle = Throttle::new(Caps::default(), Some(seconds(30)), Duration::ZERO);
    for second in 1..400 {
        throttle.lag(Some(Duration::ZERO), seconds(second));
        let _ = throttle.grant(seconds(second));
        throttle.took(5, 0, seconds(second));
    }
    let figures = throttle.figures();
    assert!(figures.limit <= BEGIN && !figures.yielding, "{figures:?}");
}
