//! Where faults happen: a cluster, its network, worker processes with somebody
//! who restarts them, a feed; and how each fault is done and undone.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rustix::process::Signal;

use crate::cluster::{Cluster, NODES, PASSWORD, USER};
use crate::fault::{Fault, Kind};
use crate::feed::{Feed, LARGEST_OUTPUT};
use crate::support::acl::{self, Grant};
use crate::support::checker::Found;
use crate::support::read::Isolation;
use crate::support::scrape::{self, Samples};
use crate::support::secured;
use crate::support::topics::{Names, block_on, client, create_topic, delete_topic};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};
use crate::watch::Watch;

pub const WORKERS: usize = 3;
const PARTITIONS: i32 = 6;
/// Articles a second.
const RATE: u64 = 60;
/// What a worker may use: `memory.budget`, and 150 MiB beside it.
pub const BUDGET_MIB: u64 = 64;

/// How workers deliver, and what is broken in them on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub mode: &'static str,
    /// One of `src/flow/mutation.rs`; empty: none.
    pub mutation: &'static str,
}

pub const EXACTLY_ONCE: Variant = Variant { mode: "exactly-once", mutation: "" };
pub const AT_LEAST_ONCE: Variant = Variant { mode: "at-least-once", mutation: "" };

/// A worker and those that were it before.
#[derive(Debug)]
pub struct Slot {
    pub name: String,
    setup: Setup,
    worker: Option<Worker>,
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
    /// Ends that nobody asked for, with the last line of the log.
    pub ended: Vec<String>,
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
    grants: Vec<Grant>,
    clock: PathBuf,
    _dir: tempfile::TempDir,
}

/// What undoes a fault.
pub enum Undo {
    Nothing,
    Restart(usize),
    Wake(usize),
    /// A process that ends, and one that is no longer held up by it.
    End(Box<Worker>),
    Quiet(Arc<AtomicBool>, JoinHandle<()>),
    /// Restarted with a log of its own.
    Fresh(usize),
    Clock,
    StartNode(usize),
    ThawNode(usize),
    Calm(u64),
    Grant(Grant),
    MakeOutput,
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
                    .text("delivery", "mode", variant.mode)
                    .text("delivery", "transaction_timeout", "8s")
                    .text("memory", "budget", &format!("{BUDGET_MIB}MiB"))
                    .value("enrich", "threads", "1")
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
            feed: Feed::start(&names, seed, RATE),
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

    /// Keeps the logs of the living where who looks into a violation finds them.
    pub fn keep_logs(&self) -> PathBuf {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("faults").join(&self.names.group);
        std::fs::create_dir_all(&dir).unwrap();
        for slot in &self.slots {
            let log = slot.worker.as_ref().map(Worker::log).unwrap_or_default();
            std::fs::write(dir.join(format!("{}.log", slot.name)), log).unwrap();
            let metrics: String = slot.last.0.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
            std::fs::write(dir.join(format!("{}.metrics", slot.name)), metrics).unwrap();
        }
        for (node, broker) in self.cluster.nodes.iter().enumerate() {
            let _ = std::fs::copy(broker.dir().join("broker.log"), dir.join(format!("broker{}.log", node + 1)));
        }
        dir
    }

    pub fn launch(&mut self, worker: usize) {
        self.lives.started += 1;
        let slot = &mut self.slots[worker];
        slot.worker = Some(slot.setup.start());
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
        self.lives.peak = self.lives.peak.max(alive.peak_memory());
        if let Some((200, body)) = scrape::get(&alive.http, "/metrics") {
            slot.last = Samples::parse(&body);
        }
    }

    fn bury(&mut self, worker: usize) {
        let slot = &mut self.slots[worker];
        slot.worker = None;
        self.lives.produced += slot.last.sum("warraq_produced_records_total").unwrap_or(0.0);
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

    pub fn begin(&mut self, fault: &Fault) -> Undo {
        let target = fault.target;
        let client = (!fault.everybody).then(|| self.slots[target % WORKERS].name.clone());
        match fault.kind {
            Kind::WorkerKill => {
                self.kill(target);
                Undo::Restart(target)
            }
            Kind::WorkerTerm => {
                // In the middle of an outage it may run into its deadline: that is an
                // end like any other, and what counts is what was written.
                let _ = self.stop(target);
                Undo::Restart(target)
            }
            Kind::WorkerPause | Kind::Zombie => match &self.slots[target].worker {
                Some(worker) => {
                    worker.signal(Signal::STOP);
                    Undo::Wake(target)
                }
                None => Undo::Nothing,
            },
            Kind::Twin => Undo::End(Box::new(self.slots[target].setup.start())),
            Kind::RebalanceStorm => storm(&self.names),
            Kind::LogDiskFull => {
                self.kill(target);
                let slot = &mut self.slots[target];
                slot.worker = Some(slot.setup.clone().log_to("/dev/full").start());
                slot.wanted = true;
                self.lives.started += 1;
                Undo::Fresh(target)
            }
            Kind::ClockJump => {
                let seconds: i64 = if target.is_multiple_of(2) { 600 } else { -600 };
                self.set_clock(seconds);
                Undo::Clock
            }
            Kind::BrokerKill => self.kill_node(target),
            Kind::BrokerStop => self.stop_node(target),
            Kind::GroupCoordinatorMoved => {
                let node = self.cluster.coordinator("__consumer_offsets", &self.names.group);
                self.stop_node(node)
            }
            Kind::TransactionCoordinatorMoved => {
                let id = format!("{}-{}", self.names.group, self.slots[target].name);
                let node = self.cluster.coordinator("__transaction_state", &id);
                self.kill_node(node)
            }
            Kind::BrokerFreeze => {
                self.cluster.nodes[target].freeze();
                Undo::ThawNode(target)
            }
            Kind::BrokerDiskFull => {
                self.cluster.fill_disk(target);
                Undo::StartNode(target)
            }
            Kind::RollingRestart => {
                for node in 0..NODES {
                    self.cluster.nodes[node].stop();
                    self.cluster.nodes[node].start_again();
                    self.look_after();
                }
                Undo::Nothing
            }
            Kind::NetworkCut
            | Kind::NetworkHalfOpen
            | Kind::DelayedRequests
            | Kind::DelayedAnswers
            | Kind::ResetMidFrame => Undo::Calm(self.cluster.network.disturb(client.as_deref(), fault.trouble)),
            Kind::InputPartitionsAdded => {
                self.names.partitions = add_partition(&self.names.bootstrap, &self.names.input);
                self.feed.set_partitions(self.names.partitions);
                Undo::Nothing
            }
            Kind::OutputPartitionsAdded => {
                add_partition(&self.names.bootstrap, &self.names.output);
                Undo::Nothing
            }
            Kind::OutputDenied => self.deny("Topic", |field| field.names.output.clone()),
            Kind::GroupDenied => self.deny("Group", |field| field.names.group.clone()),
            Kind::TransactionalIdDenied => {
                self.deny("TransactionalId", |field| format!("{}-{}", field.names.group, field.slots[target].name))
            }
            Kind::TooLarge => {
                self.feed.send_large(1 + target);
                Undo::Nothing
            }
            Kind::SlowReader => slow_reader(&self.names),
            Kind::OutputRemade => {
                self.feed.set_rate(0);
                // What was sent before is on the old topic, all of it.
                self.settle(Duration::from_secs(90));
                self.earlier.extend(self.names.results(Isolation::Committed).0);
                delete_topic(&self.names.bootstrap, &self.names.output);
                self.feed.set_rate(RATE);
                Undo::MakeOutput
            }
        }
    }

    pub fn end(&mut self, undo: Undo) {
        match undo {
            Undo::Nothing => {}
            Undo::Restart(worker) => self.launch(worker),
            Undo::Wake(worker) => {
                if let Some(worker) = &mut self.slots[worker].worker
                    && worker.ended().is_none()
                {
                    worker.signal(Signal::CONT);
                }
            }
            Undo::End(mut twin) => twin.kill(),
            Undo::Quiet(stop, thread) => {
                stop.store(true, Ordering::Relaxed);
                thread.join().unwrap();
            }
            Undo::Fresh(worker) => {
                self.kill(worker);
                self.launch(worker);
            }
            Undo::Clock => self.set_clock(0),
            Undo::StartNode(node) => {
                // Where it did not end by itself, it is ended.
                self.cluster.nodes[node].stop();
                self.cluster.nodes[node].start_again();
            }
            Undo::ThawNode(node) => self.cluster.nodes[node].thaw(),
            Undo::Calm(rule) => self.cluster.network.calm(rule),
            Undo::Grant(grant) => acl::grant(&self.names.bootstrap, USER, &[grant]),
            Undo::MakeOutput => {
                let settings = [("max.message.bytes", LARGEST_OUTPUT)];
                create_topic(&self.names.bootstrap, &self.names.output, PARTITIONS, &settings);
            }
        }
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

    fn kill_node(&mut self, node: usize) -> Undo {
        self.cluster.nodes[node].kill();
        Undo::StartNode(node)
    }

    fn stop_node(&mut self, node: usize) -> Undo {
        self.cluster.nodes[node].stop();
        Undo::StartNode(node)
    }

    fn set_clock(&self, seconds: i64) {
        // In place: it is mapped.
        let mut file = std::fs::OpenOptions::new().write(true).open(&self.clock).unwrap();
        file.write_all(&seconds.to_ne_bytes()).unwrap();
    }

    fn deny(&self, resource: &str, name: impl Fn(&Self) -> String) -> Undo {
        let name = name(self);
        let operation = if resource == "Group" { "Read" } else { "Write" };
        let grant = Grant { resource: resource.to_owned(), name, operation: operation.to_owned() };
        assert!(self.grants.contains(&grant), "{grant:?}");
        acl::revoke(&self.names.bootstrap, USER, &grant);
        Undo::Grant(grant)
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
    let compiler =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(compiler.unwrap().success(), "cc {source}");
    library
}

/// The topic's new number of partitions.
fn add_partition(bootstrap: &str, topic: &str) -> i32 {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create().unwrap();
    let patience = Duration::from_secs(30);
    let count = || {
        let metadata = admin.inner().fetch_metadata(Some(topic), patience).ok()?;
        Some(metadata.topics().first()?.partitions().len()).filter(|count| *count > 0)
    };
    let more = wait_for("a topic's partitions are known", patience, count) + 1;
    let options = AdminOptions::new().operation_timeout(Some(patience)).request_timeout(Some(patience));
    wait_for("a partition is added", Duration::from_secs(60), || {
        let result = block_on(admin.create_partitions(&[NewPartitions::new(topic, more)], &options)).ok()?;
        (result.into_iter().all(|result| result.is_ok()) || count() == Some(more)).then_some(())
    });
    i32::try_from(more).unwrap()
}

/// A member that takes partitions, reads nothing, and leaves again.
fn storm(names: &Names) -> Undo {
    let (stop, names) = (Arc::<AtomicBool>::default(), names.clone());
    let until = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        while !until.load(Ordering::Relaxed) {
            let guest: BaseConsumer = client(&names.bootstrap)
                .set("group.id", &names.group)
                .set("partition.assignment.strategy", "cooperative-sticky")
                .set("session.timeout.ms", "4000")
                .set("enable.auto.commit", "false")
                .create()
                .unwrap();
            guest.subscribe(&[&names.input]).unwrap();
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(2) {
                drop(guest.poll(Duration::from_millis(100)));
            }
        }
    });
    Undo::Quiet(stop, thread)
}

/// Reads one record a second, as read_committed.
fn slow_reader(names: &Names) -> Undo {
    let (stop, names) = (Arc::<AtomicBool>::default(), names.clone());
    let until = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let reader: BaseConsumer = client(&names.bootstrap)
            .set("group.id", format!("{}-reader", names.group))
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .create()
            .unwrap();
        reader.subscribe(&[&names.output]).unwrap();
        while !until.load(Ordering::Relaxed) {
            if let Some(Ok(message)) = reader.poll(Duration::from_millis(200)) {
                assert!(message.offset() >= 0);
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    });
    Undo::Quiet(stop, thread)
}
