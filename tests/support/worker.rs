//! A worker process: the built binary, as a user runs it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::scrape::{self, Samples};
use super::topics::Names;
use super::{broker, wait_for};

/// How a worker is set up: a configuration file in the making.
#[derive(Debug, Clone)]
pub struct Setup {
    /// `table` → `key` → value as TOML has it.
    tables: BTreeMap<String, BTreeMap<String, String>>,
    environment: BTreeMap<String, String>,
    name: String,
    /// How much it gives way to other processes, as `nice` has it.
    niceness: u8,
    /// Where its log goes; None: to a file of its own.
    log: Option<PathBuf>,
}

impl Setup {
    /// One of the workers of these topics; `name` tells it from the others.
    pub fn new(names: &Names, name: &str) -> Self {
        let name = format!("{}-{name}", names.group);
        let setup = Self { tables: BTreeMap::new(), environment: BTreeMap::new(), name, niceness: 0, log: None };
        let transactional_id = setup.name.clone();
        setup
            .text("kafka", "bootstrap_servers", &names.bootstrap)
            .text("kafka", "group_id", &names.group)
            .text("kafka", "transactional_id", &transactional_id)
            // Above the broker's minimum, so that a killed worker is soon missed.
            .text("kafka", "session_timeout", "6s")
            .value("input", "topics", &format!("[{:?}]", names.input))
            .text("output", "topic", &names.output)
            .text("output", "dead_letter_topic", &names.dead)
            .text("delivery", "transaction_timeout", "10s")
            .value("enrich", "threads", "2")
    }

    pub fn value(mut self, table: &str, key: &str, value: &str) -> Self {
        self.tables.entry(table.to_owned()).or_default().insert(key.to_owned(), value.to_owned());
        self
    }

    pub fn text(self, table: &str, key: &str, value: &str) -> Self {
        self.value(table, key, &format!("{value:?}"))
    }

    pub fn without(mut self, table: &str, key: &str) -> Self {
        if let Some(keys) = self.tables.get_mut(table) {
            keys.remove(key);
        }
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn nice(mut self, niceness: u8) -> Self {
        self.niceness = niceness;
        self
    }

    /// Such as `/dev/full`.
    pub fn log_to(mut self, path: &str) -> Self {
        self.log = Some(path.into());
        self
    }

    fn toml(&self) -> String {
        let table = |(name, keys): (&String, &BTreeMap<String, String>)| {
            let lines: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            format!("[{name}]\n{lines}\n")
        };
        self.tables.iter().map(table).collect()
    }

    /// Starts the process; it may not be ready yet.
    pub fn start(&self) -> Worker {
        self.start_as(&["run"])
    }

    /// The same for another command with these arguments, over the same
    /// configuration. What it prints on standard output is in [`Worker::printed`].
    pub fn start_as(&self, command: &[&str]) -> Worker {
        let dir = tempfile::Builder::new().prefix("warraq-worker.").tempdir().unwrap();
        let http = format!("127.0.0.1:{}", free_port());
        let config = dir.path().join("warraq.toml");
        std::fs::write(&config, self.clone().text("http", "listen", &http).toml()).unwrap();
        let log = dir.path().join("log");
        std::fs::write(&log, "").unwrap();
        let output = std::fs::OpenOptions::new().append(true).open(self.log.as_ref().unwrap_or(&log)).unwrap();
        let printed = dir.path().join("stdout");
        let process = Command::new("nice")
            .args(["-n", &self.niceness.to_string(), env!("CARGO_BIN_EXE_warraq")])
            .args(command)
            .args(["--config".as_ref(), config.as_os_str()])
            .env("RUST_BACKTRACE", "1")
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&printed).unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Worker { name: self.name.clone(), process, http, log, printed, ended: None, started: Instant::now(), _dir: dir }
    }

    /// Starts the process and waits until it is ready.
    pub fn start_ready(&self) -> Worker {
        let mut worker = self.start();
        worker.wait_until_ready();
        worker
    }
}

/// A port that is free now, below those that the kernel gives to clients.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 97).unwrap() * 41;
    for _ in 0..3000 {
        let port = 15000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 4000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 15000 and 19000");
}

#[derive(Debug)]
pub struct Worker {
    name: String,
    process: Child,
    pub http: String,
    log: PathBuf,
    printed: PathBuf,
    ended: Option<ExitStatus>,
    started: Instant,
    _dir: tempfile::TempDir,
}

impl Worker {
    pub fn signal(&self, signal: Signal) {
        broker::signal(self.process.id(), signal);
    }

    /// SIGKILL: no farewell.
    pub fn kill(&mut self) {
        if self.ended.is_none() {
            self.signal(Signal::KILL);
            self.ended = Some(self.process.wait().unwrap());
        }
    }

    /// SIGTERM, and what it exits with within `within`.
    #[track_caller]
    pub fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(within)
    }

    /// SIGTERM; must exit 0 within its default deadline.
    #[track_caller]
    pub fn stop(&mut self) {
        let status = self.terminate(Duration::from_secs(30));
        assert!(status.success(), "{}: {status}\n{}", self.name, self.last_words());
    }

    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                self.ended = Some(status);
                return status;
            }
            assert!(start.elapsed() < within, "{} still runs after {within:?}\n{}", self.name, self.last_words());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The exit status if it has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.process.try_wait().unwrap();
        }
        self.ended
    }

    pub fn wait_until_ready(&mut self) {
        let what = format!("{} is ready", self.name);
        let http = self.http.clone();
        wait_for(&what, Duration::from_secs(60), || {
            assert!(self.ended().is_none(), "{} ended: {:?}\n{}", self.name, self.ended, self.last_words());
            scrape::get(&http, "/readyz").filter(|(status, _)| *status == 200).map(|_| ())
        });
    }

    /// Status of `/livez` or `/readyz`; None where nobody answers.
    pub fn health(&self, path: &str) -> Option<u16> {
        scrape::get(&self.http, path).map(|(status, _)| status)
    }

    pub fn metrics(&self) -> Samples {
        let (status, body) = scrape::get(&self.http, "/metrics").expect("nobody answers on /metrics");
        assert_eq!(status, 200, "{body}");
        Samples::parse(&body)
    }

    /// Most memory that it ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.peak_memory_now().unwrap()
    }

    /// The same; None of one that is just ending.
    pub fn peak_memory_now(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    }

    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// What it wrote to standard output.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.printed).unwrap()
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- last words of {} ---\n{}", self.name, self.last_words());
        }
    }
}
