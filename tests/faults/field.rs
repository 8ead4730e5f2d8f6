//! Where faults happen: a cluster, its network, worker processes with somebody
//! who restarts them, a feed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cluster::{Cluster, PASSWORD, USER};
use crate::feed::{Feed, LARGEST_OUTPUT};
use crate::support::acl::{self, Grant};
use crate::support::checker::Found;
use crate::support::scrape::{self, Samples};
use crate::support::secured;
use crate::support::topics::{Names, create_topic, delete_topic};
use crate::support::worker::{Setup, Worker};
use crate::watch::Watch;

pub const WORKERS: usize = 3;
pub const PARTITIONS: i32 = 6;
/// What a worker may use: `memory.budget`, and 150 MiB beside it.
pub const BUDGET_MIB: u64 = 64;

/// How workers deliver, and what is broken in them on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub mode: &'static str,
    /// One of `src/flow/mutation.rs`; empty: none.
    pub mutation: &'static str,
    /// `delivery.commit_interval` and `delivery.transaction_timeout`.
    pub interval: &'static str,
    pub timeout: &'static str,
    /// `delivery.commit_records`.
    pub records: &'static str,
    /// Articles a second.
    pub rate: u64,
    /// `kafka.properties`.
    pub properties: &'static str,
}

impl Variant {
    pub fn is_exactly_once(&self) -> bool {
        self.mode == EXACTLY_ONCE.mode
    }
}

pub const EXACTLY_ONCE: Variant = Variant {
    mode: "exactly-once",
    mutation: "",
    interval: "150ms",
    timeout: "8s",
    records: "20000",
    rate: 60,
    // What the clients did shows why a record is lost or doubled.
    properties: "{ debug = 'eos,msg' }",
};
pub const AT_LEAST_ONCE: Variant = Variant { mode: "at-least-once", ..EXACTLY_ONCE };

/// A worker and those that were it before.
#[derive(Debug)]
pub struct Slot {
    pub name: String,
    pub setup: Setup,
    pub worker: Option<Worker>,
    /// Whether somebody restarts it when it ends.
    wanted: bool,
    /// What it said last of itself.
    last: Samples,
}

/// What is known of all lives of all workers.
#[derive(Debug, Default)]
pub struct Lives {
    pub started: usize,
    /// Most memory that any of them held, in bytes.
    pub peak: u64,
    /// Records that they said were durable, each life by its last word.
    pub produced: f64,
    /// Of those, the ones that only the group's offsets told them of.
    pub unconfirmed: f64,
    /// Ends that nobody asked for, with the last line of the log.
    pub ended: Vec<String>,
    /// The logs of the dead.
    pub logs: Vec<(String, String)>,
}

impl Lives {
    /// Keeps the logs where who looks into a violation finds them.
    pub fn keep_logs(&self, group: &str) -> PathBuf {
        let dir = kept(group);
        for (life, (name, log)) in self.logs.iter().enumerate() {
            std::fs::write(dir.join(format!("{name}.life{life}.log")), log).unwrap();
        }
        dir
    }
}

pub fn keep_broker_logs(cluster: &Cluster, dir: &Path) {
    for (node, broker) in cluster.nodes.iter().enumerate() {
        let _ = std::fs::copy(broker.dir().join("broker.log"), dir.join(format!("broker{}.log", node + 1)));
    }
}

fn kept(group: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("faults").join(group);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

pub struct Field<'a> {
    pub cluster: &'a mut Cluster,
    pub names: Names,
    pub slots: Vec<Slot>,
    pub lives: Lives,
    pub feed: Feed,
    pub watch: Watch,
    /// Records of an output topic that was deleted.
    pub earlier: Vec<Found>,
    pub grants: Vec<Grant>,
    pub clock: PathBuf,
    _dir: tempfile::TempDir,
}

impl<'a> Field<'a> {
    pub fn start(cluster: &'a mut Cluster, seed: u64, variant: Variant) -> Self {
        let settings = [("max.message.bytes", LARGEST_OUTPUT)];
        let names = Names::create(&cluster.direct, "faults", PARTITIONS);
        delete_topic(&names.bootstrap, &names.output);
        create_topic(&names.bootstrap, &names.output, PARTITIONS, &settings);
        let dir = tempfile::tempdir().unwrap();
        let clock = dir.path().join("clock");
        std::fs::write(&clock, 0i64.to_ne_bytes()).unwrap();
        let preload = preload(&dir);
        let slots: Vec<Slot> = (0..WORKERS)
            .map(|worker| {
                let name = format!("w{worker}");
                let setup = Setup::new(&names, &name)
                    .text("kafka", "bootstrap_servers", &cluster.workers)
                    .text("kafka", "client_id", &name)
                    .text("kafka", "security_protocol", "sasl_plaintext")
                    .text("kafka", "sasl_mechanism", "PLAIN")
                    .text("kafka", "sasl_username", USER)
                    .text("kafka", "sasl_password", PASSWORD)
                    .text("kafka", "session_timeout", "4s")
                    .value("kafka", "properties", variant.properties)
                    .text("delivery", "mode", variant.mode)
                    .text("delivery", "commit_interval", variant.interval)
                    .text("delivery", "transaction_timeout", variant.timeout)
                    .value("delivery", "commit_records", variant.records)
                    .text("log", "level", "debug")
                    .text("memory", "budget", &format!("{BUDGET_MIB}MiB"))
                    .value("enrich", "threads", "2")
                    .environment("LD_PRELOAD", &preload.display().to_string())
                    .environment("FAULTS_CLOCK", &clock.display().to_string());
                let setup = match variant.mutation {
                    "" => setup,
                    mutation => setup.environment("WARRAQ_FAULT_MUTATION", mutation),
                };
                // The first is a static member, which comes back to its partitions.
                let setup = if worker == 0 { setup.text("kafka", "instance_id", &name) } else { setup };
                Slot { name, setup, worker: None, wanted: true, last: Samples::default() }
            })
            .collect();
        let grants = grants(&names);
        acl::grant(&names.bootstrap, USER, &grants);
        let mut field = Self {
            feed: Feed::start(&names, seed, variant.rate),
            watch: Watch::start(&names),
            cluster,
            slots,
            lives: Lives::default(),
            earlier: Vec::new(),
            grants,
            clock,
            names,
            _dir: dir,
        };
        (0..WORKERS).for_each(|worker| field.launch(worker));
        field
    }

    /// Keeps the logs of the living beside those of [`Lives::keep_logs`].
    pub fn keep_logs(&self) -> PathBuf {
        let dir = kept(&self.names.group);
        for slot in &self.slots {
            let log = slot.worker.as_ref().map(Worker::log).unwrap_or_default();
            std::fs::write(dir.join(format!("{}.log", slot.name)), log).unwrap();
            let metrics: String = slot.last.0.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
            std::fs::write(dir.join(format!("{}.metrics", slot.name)), metrics).unwrap();
        }
        keep_broker_logs(self.cluster, &dir);
        dir
    }

    pub fn launch(&mut self, worker: usize) {
        self.launch_as(worker, |setup| setup);
    }

    pub fn launch_as(&mut self, worker: usize, change: impl FnOnce(Setup) -> Setup) {
        self.lives.started += 1;
        let slot = &mut self.slots[worker];
        slot.worker = Some(change(slot.setup.clone()).start());
        slot.wanted = true;
        slot.last = Samples::default();
    }

    /// Takes the last word of every worker, and restarts those that ended though
    /// nobody asked for it, as Kubernetes does.
    pub fn look_after(&mut self) {
        for worker in 0..self.slots.len() {
            self.hear(worker);
            let slot = &mut self.slots[worker];
            let Some(status) = slot.worker.as_mut().and_then(Worker::ended) else { continue };
            if slot.wanted {
                let log = slot.worker.as_ref().map(Worker::log).unwrap_or_default();
                let said = log.lines().last();
                self.lives.ended.push(format!("{} {status}: {}", slot.name, said.unwrap_or("nothing in its log")));
                self.bury(worker);
                self.launch(worker);
            }
        }
    }

    fn hear(&mut self, worker: usize) {
        let slot = &mut self.slots[worker];
        let Some(alive) = &mut slot.worker else { return };
        if alive.ended().is_some() {
            return;
        }
        self.lives.peak = self.lives.peak.max(alive.peak_memory_now().unwrap_or_default());
        if let Some((200, body)) = scrape::get(&alive.http, "/metrics") {
            slot.last = Samples::parse(&body);
        }
    }

    fn bury(&mut self, worker: usize) {
        let slot = &mut self.slots[worker];
        if let Some(dead) = slot.worker.take() {
            self.lives.logs.push((slot.name.clone(), dead.log()));
        }
        // Two faults may both bury the same life.
        let last = std::mem::take(&mut slot.last);
        self.lives.produced += last.sum("warraq_produced_records_total").unwrap_or(0.0);
        self.lives.unconfirmed += last.sum("warraq_unconfirmed_records_total").unwrap_or(0.0);
    }

    pub fn kill(&mut self, worker: usize) {
        self.hear(worker);
        self.slots[worker].wanted = false;
        if let Some(alive) = &mut self.slots[worker].worker {
            alive.kill();
        }
        self.bury(worker);
    }

    /// SIGTERM; whether it ended well within its deadline.
    pub fn stop(&mut self, worker: usize) -> Result<(), String> {
        self.hear(worker);
        self.slots[worker].wanted = false;
        let Some(alive) = &mut self.slots[worker].worker else { return Ok(()) };
        alive.signal(Signal::TERM);
        let start = Instant::now();
        let status = loop {
            if let Some(status) = alive.ended() {
                break Some(status);
            }
            if start.elapsed() > Duration::from_secs(40) {
                break None;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let log = alive.log();
        if status.is_none() {
            alive.kill();
        }
        self.bury(worker);
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("w{worker} ended with {status}: {}", log.lines().last().unwrap_or_default())),
            None => Err(format!("w{worker} did not end within 40 s of SIGTERM")),
        }
    }

    /// What every living worker says of itself now.
    pub fn words(&mut self) -> Vec<Samples> {
        (0..self.slots.len()).for_each(|worker| self.hear(worker));
        self.slots.iter().filter(|slot| slot.worker.is_some()).map(|slot| slot.last.clone()).collect()
    }

    pub fn all_ready(&mut self) -> bool {
        self.slots.iter().all(|slot| slot.worker.as_ref().is_some_and(|worker| worker.health("/readyz") == Some(200)))
    }

    /// Whether the group has committed all of this.
    pub fn is_done_with(&self, ends: &BTreeMap<i32, i64>) -> bool {
        let committed = self.watch.committed();
        ends.iter().all(|(partition, end)| committed.get(partition).is_some_and(|offset| offset >= end))
    }

    /// Waits until the group is done with all that has landed by now; how long that
    /// took, or None where it was not done in time.
    pub fn settle(&mut self, within: Duration) -> Option<Duration> {
        let (start, ends) = (Instant::now(), self.feed.ends());
        while start.elapsed() < within {
            if self.is_done_with(&ends) {
                return Some(start.elapsed());
            }
            self.look_after();
            std::thread::sleep(Duration::from_millis(150));
        }
        None
    }
}

/// All that docs/security.md lists, for every worker.
fn grants(names: &Names) -> Vec<Grant> {
    let mut grants = Vec::new();
    for [resource, key, operation, _] in secured::table() {
        let of = match key {
            "input.topics" => vec![names.input.clone()],
            "output.topic" => vec![names.output.clone()],
            "output.dead_letter_topic" => vec![names.dead.clone()],
            "kafka.group_id" => vec![names.group.clone()],
            "kafka.transactional_id" => (0..WORKERS).map(|worker| format!("{}-w{worker}", names.group)).collect(),
            other => panic!("docs/security.md names {other}"),
        };
        grants.extend(of.into_iter().map(|name| Grant {
            resource: resource.to_owned(),
            name,
            operation: operation.to_owned(),
        }));
    }
    grants
}

/// The library that makes the clock jump.
fn preload(dir: &tempfile::TempDir) -> PathBuf {
    let library = dir.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c");
    let compiler = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-pthread"])
        .status();
    assert!(compiler.unwrap().success(), "cc {source}");
    library
}

/// What C has to tell the time of day and to wait until one.
const BY_TIME_OF_DAY: [&str; 13] = [
    "clock_gettime",
    "gettimeofday",
    "time",
    "timespec_get",
    "ftime",
    "cnd_timedwait",
    "mtx_timedlock",
    "pthread_cond_timedwait",
    "pthread_mutex_timedlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock",
    "sem_timedwait",
    "timerfd_settime",
];

#[test]
fn all_that_a_worker_knows_of_the_time_of_day_is_by_the_clock_that_jumps() {
    let dir = tempfile::tempdir().unwrap();
    let symbols = |which: &str, file: &Path| {
        let listed = Command::new("nm").args(["--dynamic", "--portability", which]).arg(file).output().unwrap();
        assert!(listed.status.success(), "nm {}: {}", file.display(), String::from_utf8_lossy(&listed.stderr));
        let text = String::from_utf8(listed.stdout).unwrap();
        text.lines().filter_map(|line| Some(line.split(['@', ' ']).next()?.to_owned())).collect::<BTreeSet<String>>()
    };
    let jumps = symbols("--defined-only", &preload(&dir));
    let asked = symbols("--undefined-only", Path::new(env!("CARGO_BIN_EXE_warraq")));
    let asked: Vec<&str> = BY_TIME_OF_DAY.into_iter().filter(|name| asked.contains(*name)).collect();
    assert!(asked.contains(&"clock_gettime"), "{asked:?}");
    let other: Vec<&str> = asked.into_iter().filter(|name| !jumps.contains(*name)).collect();
    assert!(other.is_empty(), "tests/faults/clock.c lacks {other:?}");
}
