use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::health::{Health, Limits};
use crate::http::{About, Options, Server, Sources};
use crate::metrics::{Events, Metrics};

/// Log lines, kept.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A log of this test's own thread, and a server on which its level is changed.
struct Rig {
    server: Server,
    lines: Lines,
    seconds: Arc<AtomicU64>,
    _log: tracing::subscriber::DefaultGuard,
}

impl Rig {
    fn start() -> Self {
        let (layer, level) = Level::new("info").unwrap();
        let lines = Lines::default();
        let writer = lines.clone();
        let shown = fmt::layer().with_writer(move || writer.clone()).with_ansi(false);
        let log = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer).with(shown));
        let metrics = Metrics::new("1", "c", "m").unwrap();
        let seconds = Arc::new(AtomicU64::new(100));
        let now = Arc::clone(&seconds);
        let sources = Sources {
            about: About::default(),
            events: Events::new(metrics.clone(), || Duration::ZERO),
            health: Health::new(Duration::ZERO, Limits::default(), 1),
            metrics,
            clock: Arc::new(move || Duration::from_secs(now.load(Ordering::Relaxed))),
            log: Some(Arc::new(level)),
        };
        let server = Server::start(&Options { listen: "0.0.0.0:0".parse().unwrap() }, sources).unwrap();
        Self { server, lines, seconds, _log: log }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        self.ask_from("127.0.0.1", method, path, headers, body)
    }

    /// From another address of this machine.
    fn ask_from(&self, from: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        use io::{Read as _, Write as _};
        let mut socket = connect(from, self.server.address().port());
        let length = body.len();
        write!(socket, "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Whether a line of this level would be written now.
    fn writes(&self, write: impl FnOnce()) -> bool {
        let before = self.lines.0.lock().unwrap().len();
        write();
        self.lines.0.lock().unwrap().len() > before
    }
}

/// A connection whose own end is `from`.
fn connect(from: &str, port: u16) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        socket.connect(SocketAddr::new("127.0.0.1".parse().unwrap(), port)).await.unwrap()
    });
    let stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

#[test]
fn the_level_is_changed_over_http_and_lines_follow() {
    let rig = Rig::start();
    assert_eq!(rig.ask("GET", "/log", "", ""), (200, "info\n".to_owned()));
    assert!(!rig.writes(|| tracing::debug!("quiet")));
    assert_eq!(rig.ask("PUT", "/log?level=debug", "", ""), (200, "debug\n".to_owned()));
    assert!(rig.writes(|| tracing::debug!("loud")));
    assert_eq!(rig.ask("PUT", "/log", "", "warn,warraq::cli=trace\n").0, 200, "the body does as well");
    assert!(rig.writes(|| tracing::trace!("of this part")));
    assert!(!rig.writes(|| tracing::info!(target: "warraq::other", "of another")));
    assert_eq!(rig.ask("GET", "/log", "", "").1, "warn,warraq::cli=trace\n");
}

#[test]
fn what_is_wrong_is_told_and_the_old_stays() {
    let rig = Rig::start();
    for (path, body, told) in [
        ("/log?level=debgu", "", "\"debgu\" is no level; use a level such as"),
        ("/log", "warraq=loud", "use a level such as"),
        ("/log", "", "no level: give ?level=debug, or the level as the body"),
        ("/log?level=info", "debug", "level is given twice"),
        ("/log?level=debug&for=soon", "", "for = \"soon\": "),
        ("/log?level=debug&for=-5m", "", "for = \"-5m\": is below zero"),
        ("/log?level=debug&for=0s", "", "for = \"0s\": is no time"),
        ("/log?lvl=debug", "", "there are level and for"),
    ] {
        let (status, text) = rig.ask("PUT", path, "", body);
        assert_eq!(status, 400, "{path} {body}: {text}");
        assert!(text.contains(told), "{path} {body}: {text}");
    }
    assert_eq!(rig.ask("PUT", "/log", "", &"x".repeat(10_000)).0, 413);
    assert_eq!(rig.ask("POST", "/log?level=debug", "", "").0, 405, "a form of a web page must not reach it");
    assert_eq!(rig.ask("GET", "/log", "", "").1, "info\n");
}

#[test]
fn who_is_not_in_the_pod_is_refused() {
    let rig = Rig::start();
    let put = |from: &str, headers: &str| rig.ask_from(from, "PUT", "/log?level=debug", headers, "").0;
    // As a mesh's sidecar hands on what came from outside.
    assert_eq!(put("127.0.0.6", ""), 403);
    assert_eq!(put("127.0.0.1", "x-forwarded-for: 10.0.0.7\r\n"), 403);
    assert_eq!(put("127.0.0.1", "Forwarded: for=10.0.0.7\r\n"), 403);
    assert_eq!(put("127.0.0.1", "origin: http://example.org\r\n"), 403);
    assert_eq!(rig.ask_from("127.0.0.6", "GET", "/log", "", "").0, 403);
    assert_eq!(rig.ask_from("127.0.0.6", "GET", "/readyz", "", "").0, 503, "the rest is everybody's");
    assert_eq!(rig.ask("GET", "/log", "", "").1, "info\n");
}

#[test]
fn a_level_for_a_time_goes_back_by_itself_unless_it_was_changed_since() {
    let rig = Rig::start();
    assert_eq!(rig.ask("PUT", "/log?level=debug&for=10m", "", "").1, "debug\nback to info in 600 s\n");
    rig.seconds.store(640, Ordering::Relaxed);
    assert_eq!(rig.ask("GET", "/log", "", "").1, "debug\nback to info in 60 s\n");
    // A short one ends, for all that a longer one was asked for before.
    rig.ask("PUT", "/log?level=trace&for=1ms", "", "");
    let back = (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        rig.ask("GET", "/log", "", "").1 == "info\n"
    });
    assert!(back, "{}", rig.ask("GET", "/log", "", "").1);
    // One that is overtaken does nothing any more.
    rig.ask("PUT", "/log?level=trace&for=50ms", "", "");
    rig.ask("PUT", "/log?level=warn", "", "");
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(rig.ask("GET", "/log", "", "").1, "warn\n");
}
