use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// What a replay begins with, in records a second.
const BEGIN: f64 = 20.0;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Live traffic and a replay on the same brokers and cores.
///
/// The worst neighbour there is: what the replay has taken is worked on first,
/// all of it, and live gets what is left. So the replay goes on after it was told
/// to stop, for as long as what it holds lasts. What is heard of live's lag is
/// late three times over: live commits now and then, is looked at now and then,
/// and the answer takes its time.
struct Plant {
    world: World,
    throttle: Throttle,
    now: Duration,
    /// Live records that came by the end of each step.
    came: Vec<f64>,
    served: f64,
    committed: f64,
    /// What the replay took and has not worked on.
    held: f64,
    replayed: f64,
    /// Lags looked at and not told yet, oldest first.
    untold: VecDeque<(Duration, f64)>,
}

#[derive(Debug, Clone, Copy)]
struct World {
    /// Records a second that both can be served.
    capacity: f64,
    bound: f64,
    /// In steps: between live's commits, between two looks at its lag, and from
    /// a look to its answer.
    commit: u32,
    period: u32,
    delay: u32,
}

/// So many seconds of the capacity fit into the replay's memory.
const MEMORY: f64 = 7.0;
const STEP: Duration = Duration::from_millis(100);
const DT: f64 = 0.1;

/// Lag can be kept below a bound only if the bound is long enough for all that
/// is late together: here at most a tenth of it (and 3 s) between commits, 2 s between
/// looks, 1.5 s for the answer.
fn world() -> impl Strategy<Value = World> {
    (10.0..60.0_f64).prop_flat_map(|bound| {
        let commit = 1..=(bound as u32).min(30);
        (200.0..50_000.0_f64, commit, 5..=20_u32, 0..=15_u32).prop_map(move |(capacity, commit, period, delay)| World {
            capacity,
            bound,
            commit,
            period,
            delay,
        })
    })
}

/// One whose live group commits four times or more within the bound. Another is
/// seen too late to be followed well: docs/replay.md asks for ten times.
fn timely() -> impl Strategy<Value = World> {
    world().prop_map(|world| World { commit: world.commit.min((world.bound / 4.0) as u32), ..world })
}

impl Plant {
    fn new(world: World) -> Self {
        Self {
            world,
            throttle: Throttle::new(Caps::default(), Some(Duration::from_secs_f64(world.bound)), Duration::ZERO),
            now: Duration::ZERO,
            came: vec![0.0],
            served: 0.0,
            committed: 0.0,
            held: 0.0,
            replayed: 0.0,
            untold: VecDeque::new(),
        }
    }

    /// One step with so much live traffic; the true lag of live after it.
    fn step(&mut self, live: f64) -> f64 {
        self.now += STEP;
        let room = self.world.capacity * DT;
        self.take(room);
        let replayed = self.held.min(room);
        self.held -= replayed;
        self.replayed += replayed;
        let came = self.came.last().unwrap() + live * DT;
        self.came.push(came);
        self.served = (self.served + room - replayed).min(came);
        let steps = u32::try_from(self.came.len()).unwrap();
        if steps.is_multiple_of(self.world.commit) {
            self.committed = self.served;
        }
        // The oldest record not committed came in the first step that ends after it.
        let first = self.came.partition_point(|came| *came <= self.committed + 1e-6);
        let lag = (self.came.len() - first) as f64 * DT;
        if steps.is_multiple_of(self.world.period) {
            self.untold.push_back((self.now + STEP * self.world.delay, lag));
        }
        while let Some((_, lag)) = self.untold.front().copied().filter(|(at, _)| *at <= self.now) {
            self.untold.pop_front();
            self.throttle.lag(Some(Duration::from_secs_f64(lag)), self.now);
        }
        lag
    }

    /// All that is granted and fits; it comes from the broker much faster than
    /// it is worked on.
    fn take(&mut self, room: f64) {
        let (batch, most) = ((room / 20.0).max(32.0), self.held + room * 10.0);
        while self.held < most.min(self.world.capacity * MEMORY) {
            let Grant::Take { records, .. } = self.throttle.grant(self.held as usize, self.now) else { return };
            let taken = records.min(batch as u64);
            self.throttle.took(taken, taken * 1000, self.now);
            self.held += taken as f64;
        }
    }

    /// So many seconds with so much of the capacity for live.
    fn run(&mut self, time: u64, load: f64) -> Run {
        let mut run = Run { lags: Vec::new(), rates: Vec::new(), limits: Vec::new() };
        for _ in 0..time {
            let before = self.replayed;
            run.lags.extend((0..10).map(|_| self.step(self.world.capacity * load)));
            run.rates.push((self.replayed - before) / self.world.capacity);
            run.limits.push(self.throttle.figures().limit);
        }
        run
    }
}

struct Run {
    /// True lag after each step.
    lags: Vec<f64>,
    /// Of each second: what was replayed, as a part of the capacity, and the
    /// rate allowed at its end.
    rates: Vec<f64>,
    limits: Vec<f64>,
}

impl Run {
    fn worst(&self) -> f64 {
        self.lags.iter().copied().fold(0.0, f64::max)
    }

    /// As a part of the capacity.
    fn rate(&self) -> f64 {
        self.rates.iter().sum::<f64>() / self.rates.len() as f64
    }

    /// Least and greatest rate over fifteen seconds, as parts of the mean.
    fn swing(&self) -> (f64, f64) {
        let windows = self.rates.windows(15).map(|rates| rates.iter().sum::<f64>() / 15.0 / self.rate());
        windows.fold((f64::INFINITY, 0.0), |(least, most), rate| (least.min(rate), most.max(rate)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lag_stays_within_the_bound_however_live_traffic_changes(
        world in world(),
        loads in prop::collection::vec((0.1..0.9_f64, 20..300_u64), 1..8),
    ) {
        let mut plant = Plant::new(world);
        for (load, time) in loads {
            let run = plant.run(time, load);
            prop_assert!(run.worst() <= world.bound, "lag {} at load {load}", run.worst());
        }
    }

    #[test]
    fn it_settles_near_what_live_leaves_and_does_not_swing(world in timely(), load in 0.1..0.7_f64) {
        let mut plant = Plant::new(world);
        plant.run(400, load);
        let run = plant.run(600, load);
        let (rate, (least, most)) = (run.rate() / (1.0 - load), run.swing());
        prop_assert!(rate >= 0.75, "{rate} of what is left");
        prop_assert!(least >= 0.6 && most <= 1.5, "{least} to {most} of the mean");
        prop_assert!(run.worst() <= 0.75 * world.bound, "lag {}", run.worst());
    }

    #[test]
    fn what_live_leaves_again_is_found_though_it_was_too_much_before(
        world in timely(),
        full in 0.6..0.9_f64,
        load in 0.1..0.4_f64,
    ) {
        let mut plant = Plant::new(world);
        plant.run(400, full);
        plant.run(300, load);
        let after = plant.run(300, load).rate() / (1.0 - load);
        prop_assert!(after >= 0.7, "{after} of what is left");
    }

    #[test]
    fn a_live_group_that_cannot_keep_up_stops_the_replay_and_its_recovery_starts_it(
        world in timely(),
        load in 0.1..0.6_f64,
    ) {
        let mut plant = Plant::new(world);
        plant.run(200, load);
        let flooded = plant.run(200, 1.3);
        prop_assert_eq!(flooded.limits.last().copied(), Some(0.0));
        prop_assert_eq!(flooded.rates.last().copied(), Some(0.0));
        // What has gathered in 200 seconds is served first.
        let seconds = 200.0 * 0.3 / (1.0 - load);
        plant.run(seconds as u64 + 20, load);
        plant.run(150, load);
        let after = plant.run(200, load);
        let rate = after.rate() / (1.0 - load);
        prop_assert!(rate >= 0.4, "{rate} of what is left");
        prop_assert!(after.worst() <= world.bound);
    }

    #[test]
    fn trouble_that_is_not_the_replay_s_does_not_hold_it_back_for_long(
        world in timely(),
        load in 0.1..0.6_f64,
        times in 3..12_usize,
    ) {
        let mut plant = Plant::new(world);
        plant.run(150, load);
        for _ in 0..times {
            plant.run((world.bound * 0.7) as u64, 1.5);
            plant.run(world.bound as u64 + 20, load);
        }
        plant.run(400, load);
        let rate = plant.run(100, load).rate() / (1.0 - load);
        prop_assert!(rate >= 0.4, "{rate} of what is left");
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
            match throttle.grant(0, now) {
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
        assert_eq!(throttle.grant(0, seconds(second)), Grant::Take { records: u64::MAX, bytes: u64::MAX });
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
        match throttle.grant(0, now) {
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
    assert!(matches!(throttle.grant(0, seconds(1)), Grant::Take { .. }));
    throttle.took(1, 10_000, seconds(1));
    let mut now = seconds(1);
    while let Grant::Wait(until) = throttle.grant(0, now) {
        now = until;
    }
    assert!(now >= seconds(10) && now < seconds(11), "{now:?}");
}

#[test]
fn nothing_is_taken_before_the_live_lag_is_known_or_long_after_it_was() {
    let mut throttle = Throttle::new(Caps::default(), Some(seconds(30)), Duration::ZERO);
    assert!(matches!(throttle.grant(0, seconds(5)), Grant::Wait(_)));
    let feed = |throttle: &mut Throttle, at: u64, sample: Option<u64>| {
        throttle.lag(sample.map(seconds), seconds(at));
        for tenth in 0..10 {
            let now = seconds(at) + Duration::from_millis(tenth * 100);
            while let Grant::Take { records, .. } = throttle.grant(0, now) {
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
        let _ = throttle.grant(0, seconds(second));
        throttle.took(5, 0, seconds(second));
    }
    let figures = throttle.figures();
    assert!(figures.limit <= BEGIN && !figures.yielding, "{figures:?}");
}

/// Up to that second with so much lag, and all of each limit used.
fn feed(throttle: &mut Throttle, from: u64, to: u64, lag: u64) {
    for tenth in from * 10..to * 10 {
        let now = Duration::from_millis(tenth * 100);
        if tenth % 10 == 0 {
            throttle.lag(Some(seconds(lag)), now);
        }
        while let Grant::Take { records, .. } = throttle.grant(0, now) {
            throttle.took(records, 0, now);
        }
    }
}

#[test]
fn no_more_is_in_hand_than_half_a_second_of_the_rate() {
    let mut throttle = Throttle::new(Caps::default(), Some(seconds(30)), Duration::ZERO);
    feed(&mut throttle, 1, 60, 0);
    let limit = throttle.figures().limit;
    assert!(limit > 1000.0, "{limit}");
    let most = (limit * 0.5) as usize;
    let now = seconds(61);
    assert!(matches!(throttle.grant(most - 3, now), Grant::Take { records: 3, .. }));
    let waited = throttle.figures().waited_for_live;
    for tenth in 0..20 {
        let now = now + Duration::from_millis(tenth * 100);
        assert!(matches!(throttle.grant(most, now), Grant::Wait(until) if until > now));
    }
    assert_eq!(throttle.figures().waited_for_live, waited, "its own threads were waited for");
    assert!(matches!(throttle.grant(0, seconds(64)), Grant::Take { .. }));
}

#[test]
fn after_a_stop_it_comes_back_near_what_was_borne() {
    let mut throttle = Throttle::new(Caps::default(), Some(seconds(30)), Duration::ZERO);
    feed(&mut throttle, 1, 50, 0);
    let before = throttle.figures().limit;
    feed(&mut throttle, 50, 60, 25);
    assert_eq!(throttle.figures().limit, 0.0);
    feed(&mut throttle, 60, 66, 0);
    let after = throttle.figures().limit;
    assert!(after > 0.1 * before && after < 0.6 * before, "{before}, then {after}");
    // That nothing was reached in between is not what was borne.
    feed(&mut throttle, 66, 69, 0);
    feed(&mut throttle, 69, 75, 25);
    feed(&mut throttle, 75, 81, 0);
    let again = throttle.figures().limit;
    assert!(again > 0.2 * after, "{after}, then {again}");
}
