//! A real Apache Kafka, through `kafka/kafka.sh`: the shared one, or one of a
//! test's own that it may stop.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::wait_for;

pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/kafka/kafka.sh");

/// Address of the broker that all tests share: the one of
/// `WARRAQ_TEST_BOOTSTRAP`, else one that is started now and ends with this process.
pub fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<Broker>)> = OnceLock::new();
    &SHARED
        .get_or_init(|| match std::env::var("WARRAQ_TEST_BOOTSTRAP") {
            Ok(address) if !address.is_empty() => (address, None),
            _ => {
                let broker = Broker::start();
                (broker.address(), Some(broker))
            }
        })
        .0
}

/// A broker of a test's own. It ends with this value, and with this process
/// however that ends, since the script watches the pipe that it holds.
#[derive(Debug)]
pub struct Broker {
    dir: PathBuf,
    script: Option<Child>,
    /// Most memory of its heap, as Java has it.
    heap: &'static str,
}

impl Broker {
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("warraq-kafka.").tempdir().unwrap();
        let mut broker = Self { dir: dir.keep(), script: None, heap: "1g" };
        broker.start_again();
        broker
    }

    /// One with TLS, logins and ACLs; `prepare` fills its folder `tls`, as the
    /// script says.
    pub fn secured(prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::Builder::new().prefix("warraq-kafka.").tempdir().unwrap();
        let mut broker = Self { dir: dir.keep(), script: None, heap: "1g" };
        std::fs::create_dir(broker.dir.join("tls")).unwrap();
        prepare(&broker.dir.join("tls"));
        broker.start_again();
        broker
    }

    /// One node of a cluster, not started yet: `prepare` writes `server.properties`
    /// and `address` into its folder. `features` as `kafka-storage.sh format` takes
    /// them; what is not named is as new as this Kafka has it.
    pub fn node(heap: &'static str, features: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::Builder::new().prefix("warraq-kafka.").tempdir().unwrap().keep();
        prepare(&dir);
        let features = features.iter().flat_map(|feature| ["--feature", feature]);
        let status = Command::new(SCRIPT).arg("format").arg(&dir).args(features).status().unwrap();
        assert!(status.success(), "kafka.sh format: {status}");
        Self { dir, script: None, heap }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn serve(&self) -> Child {
        let mut script = Command::new(SCRIPT)
            .args(["serve".as_ref(), self.dir.as_os_str()])
            .env("WARRAQ_TEST_KAFKA_HEAP", std::env::var("WARRAQ_TEST_KAFKA_HEAP").as_deref().unwrap_or(self.heap))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let ready = self.dir.join("bootstrap");
        wait_for("a broker of the test's own is ready", Duration::from_secs(300), || {
            assert!(script.try_wait().unwrap().is_none(), "kafka.sh serve ended; its words are above");
            ready.exists().then_some(())
        });
        script
    }

    /// `host:port`; the same after every start.
    pub fn address(&self) -> String {
        read(&self.dir.join("address"))
    }

    /// A clean stop: data and port stay for `start_again`.
    pub fn stop(&mut self) {
        if let Some(script) = self.script.take() {
            signal(script.id(), Signal::TERM);
            wait(script);
        }
    }

    /// As a power cut: data and port stay for `start_again`.
    pub fn kill(&mut self) {
        if let Some(script) = self.script.take() {
            signal(self.process(), Signal::KILL);
            wait(script);
        }
    }

    /// The broker's own process.
    pub fn process(&self) -> u32 {
        read(&self.dir.join("pid")).parse().unwrap()
    }

    /// Freezes the broker: connections stay open, nothing answers.
    pub fn freeze(&self) {
        signal(self.process(), Signal::STOP);
    }

    pub fn thaw(&self) {
        signal(self.process(), Signal::CONT);
    }

    pub fn start_again(&mut self) {
        self.script = Some(self.serve());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut script) = self.script.take() {
            // Closes the pipe: the script kills the broker and removes the folder.
            drop(script.stdin.take());
            let _ = script.wait();
        }
        if std::thread::panicking() {
            // What a test failed over may be a broker that does not start.
            let log = std::fs::read_to_string(self.dir.join("broker.log")).unwrap_or_default();
            let last = log.lines().count().saturating_sub(40);
            eprintln!("{}:\n{}", self.dir.display(), log.lines().skip(last).collect::<Vec<_>>().join("\n"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Waits with the pipe held open: a closed one tells the script to remove the data.
fn wait(mut script: Child) {
    let pipe = script.stdin.take();
    script.wait().unwrap();
    drop(pipe);
}

pub fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    kill_process(process, signal).unwrap();
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim().to_owned()
}
