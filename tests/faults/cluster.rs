//! Three nodes of Apache Kafka, each with a proxy in front of the listener that
//! workers use. The harness itself talks to the nodes directly.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::network::Network;
use crate::support::broker::Broker;
use crate::support::topics::client;
use crate::support::wait_for;
use crate::support::worker::free_port;

pub const NODES: usize = 3;
/// The user as whom workers log in; everybody else is the administrator.
pub const USER: &str = "worker";
pub const PASSWORD: &str = "worker-password";

const TEMPLATE: &str = include_str!("../support/kafka/server.properties");

#[derive(Debug)]
pub struct Cluster {
    pub nodes: Vec<Broker>,
    pub network: Arc<Network>,
    /// For workers, through the proxies.
    pub workers: String,
    /// For the harness.
    pub direct: String,
}

impl Cluster {
    pub fn start(features: &[&str]) -> Self {
        let network = Arc::new(Network::default());
        let ports: Vec<[u16; 3]> = (0..NODES).map(|_| [free_port(), free_port(), free_port()]).collect();
        let proxies: Vec<u16> = ports.iter().map(|[_, _, workers]| network.serve(*workers)).collect();
        let mut nodes: Vec<Broker> = (0..NODES).map(|node| format(node, &ports, proxies[node], features)).collect();
        // No node is ready before two of them are.
        std::thread::scope(|scope| {
            for node in &mut nodes {
                scope.spawn(|| node.start_again());
            }
        });
        let list = |ports: &mut dyn Iterator<Item = u16>| {
            ports.map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
        };
        Self {
            nodes,
            network,
            workers: list(&mut proxies.iter().copied()),
            direct: list(&mut ports.iter().map(|[direct, ..]| *direct)),
        }
    }

    /// The node that leads this partition, such as one of `__consumer_offsets`.
    pub fn leader(&self, topic: &str, partition: i32) -> usize {
        wait_for("a partition has a leader", Duration::from_secs(60), || {
            let reader: BaseConsumer = client(&self.direct).create().unwrap();
            let metadata = reader.fetch_metadata(Some(topic), Duration::from_secs(5)).ok()?;
            let found = metadata.topics().first()?.partitions().iter().find(|found| found.id() == partition)?.leader();
            usize::try_from(found - 1).ok()
        })
    }

    /// The node that coordinates the group, or the transactions of the id.
    pub fn coordinator(&self, internal_topic: &str, name: &str) -> usize {
        self.leader(internal_topic, java_hash(name).unsigned_abs().cast_signed() % INTERNAL_PARTITIONS)
    }

    /// As on a full disk: every write to a log fails from now on. Apache Kafka then
    /// gives up its only log directory and ends.
    pub fn fill_disk(&self, node: usize) {
        let process = Pid::from_raw(self.nodes[node].process().cast_signed());
        // Java ignores the signal that comes with it; the write fails.
        prlimit(process, Resource::Fsize, Rlimit { current: Some(0), maximum: None }).unwrap();
    }
}

/// Of `offsets.topic.num.partitions` and `transaction.state.log.num.partitions`.
const INTERNAL_PARTITIONS: i32 = 4;

/// As `String.hashCode`, by which Kafka chooses the coordinator.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn format(node: usize, ports: &[[u16; 3]], proxy: u16, features: &[&str]) -> Broker {
    let [direct, controller, workers] = ports[node];
    let id = node + 1;
    let voters: Vec<String> = ports
        .iter()
        .enumerate()
        .map(|(node, [_, controller, _])| format!("{}@127.0.0.1:{controller}", node + 1))
        .collect();
    Broker::node("256m", features, |dir| {
        let template = TEMPLATE
            .replace("@PORT@", &direct.to_string())
            .replace("@CONTROLLER_PORT@", &controller.to_string())
            .replace("@DATA@", &dir.join("data").display().to_string());
        // Of two lines with one key the later is in force.
        let node = format!(
            "node.id={id}\n\
             controller.quorum.voters={voters}\n\
             controller.quorum.election.timeout.ms=500\n\
             listeners=PLAINTEXT://127.0.0.1:{direct},CONTROLLER://127.0.0.1:{controller},WORKERS://127.0.0.1:{workers}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{direct},WORKERS://127.0.0.1:{proxy}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,WORKERS:SASL_PLAINTEXT\n\
             sasl.enabled.mechanisms=PLAIN\n\
             listener.name.workers.plain.sasl.jaas.config=\
             org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n\
             authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
             allow.everyone.if.no.acl.found=false\n\
             super.users=User:ANONYMOUS\n\
             default.replication.factor=3\n\
             min.insync.replicas=2\n\
             offsets.topic.replication.factor=3\n\
             transaction.state.log.replication.factor=3\n\
             transaction.state.log.min.isr=2\n\
             share.coordinator.state.topic.replication.factor=3\n\
             share.coordinator.state.topic.min.isr=2\n\
             # A frozen follower is left behind sooner than by default (30 s).\n\
             replica.lag.time.max.ms=5000\n",
            voters = voters.join(","),
        );
        std::fs::write(dir.join("server.properties"), format!("{template}\n{node}")).unwrap();
        std::fs::write(dir.join("address"), format!("127.0.0.1:{direct}\n")).unwrap();
    })
}

#[test]
fn the_coordinator_is_found_as_kafka_finds_it() {
    // As `"warraq".hashCode()` is in Java.
    assert_eq!(java_hash("warraq"), -795_007_942);
    assert_eq!(java_hash("a"), 97);
}
