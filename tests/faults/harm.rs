//! How each fault is done and undone.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rustix::process::Signal;

use crate::cluster::{NODES, USER};
use crate::fault::{Fault, Kind};
use crate::feed::LARGEST_OUTPUT;
use crate::field::{Field, PARTITIONS, WORKERS};
use crate::support::acl::{self, Grant};
use crate::support::read::Isolation;
use crate::support::topics::{Names, block_on, client, create_topic, delete_topic};
use crate::support::wait_for;
use crate::support::worker::Worker;

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
    AddInputPartition,
    MakeOutput,
}

impl Field<'_> {
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
                self.launch_as(target, |setup| setup.log_to("/dev/full"));
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
            // At the end, in the middle of what else happens.
            Kind::InputPartitionsAdded => Undo::AddInputPartition,
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
                // What was sent before must be on the old topic, all of it.
                self.feed.pause();
                if self.settle(Duration::from_secs(90)).is_none() {
                    self.feed.resume();
                    return Undo::Nothing;
                }
                self.earlier.extend(self.names.results(Isolation::Committed).0);
                delete_topic(&self.names.bootstrap, &self.names.output);
                self.feed.resume();
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
            Undo::AddInputPartition => {
                self.names.partitions = add_partition(&self.names.bootstrap, &self.names.input);
                self.feed.set_partitions(self.names.partitions);
            }
            Undo::MakeOutput => {
                let settings = [("max.message.bytes", LARGEST_OUTPUT)];
                create_topic(&self.names.bootstrap, &self.names.output, PARTITIONS, &settings);
            }
        }
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
