//! `/metrics`, `/livez`, `/readyz`, a status page for people and, from the
//! machine itself, `/log`, on a thread and a runtime of their own: they answer
//! however busy the rest is.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//! use warraq::health::{Health, Limits};
//! use warraq::http::{self, About, Sources};
//! use warraq::metrics::{Events, Metrics};
//!
//! let metrics = Metrics::new("0.1.0", "c0ffee", "beef")?;
//! let sources = Sources {
//!     about: About::default(),
//!     health: Health::new(Duration::ZERO, Limits::default(), 2),
//!     events: Events::new(metrics.clone(), || Duration::ZERO),
//!     metrics,
//!     clock: Arc::new(|| Duration::ZERO),
//!     log: None,
//! };
//! let server = http::Server::start(&http::Options::default(), sources)?;
//! println!("http://{}", server.address());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything is read when it is asked for; nobody has to fill anything. Only
//! the rates need a memory: a sample every [`SAMPLE`].

mod log;
mod page;
mod rates;
mod status;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub use self::log::LogLevel;
pub use self::status::{About, Status};

use self::rates::Rates;
use crate::health::{Health, Verdict};
use crate::metrics::{Events, Metrics};

/// How often the counters are looked at for the rates.
pub const SAMPLE: Duration = Duration::from_secs(5);

/// Options of the `[http]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Address and port of metrics, health and status page. Port 0 takes any
    /// free one; the log says which. The default is the port that other
    /// exporters use which serve nothing else, so that it meets neither a
    /// Prometheus nor a web server on the same machine.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9464)) }
    }
}

/// What is shown, and the worker's clock.
#[derive(Clone)]
pub struct Sources {
    pub about: About,
    pub metrics: Metrics,
    pub events: Events,
    pub health: Health,
    /// Time since the worker began: the same that health and events count by.
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// What `/log` shows and changes; without it there is no such path.
    pub log: Option<Arc<dyn LogLevel>>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("about", &self.about).finish_non_exhaustive()
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("http.listen = {address}: the address cannot be used: {error}; give another, or port 0 for any free one")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("the HTTP thread cannot be started: {0}")]
    Start(io::Error),
}

impl Server {
    /// Opens the port, then serves it from a thread of its own.
    ///
    /// # Errors
    /// Where the address is taken or not this machine's.
    pub fn start(options: &Options, sources: Sources) -> Result<Self, Error> {
        let listen = |error| Error::Listen { address: options.listen, error };
        let listener = TcpListener::bind(options.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || runtime.block_on(serve(listener, sources, stopped));
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(serve).map_err(Error::Start)?;
        tracing::info!(%address, "metrics, health and status page");
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address it really listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    /// Open connections are cut: nobody waits for a scrape at shutdown.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the HTTP thread ended by a panic, which is a bug in warraq");
        }
    }
}

#[derive(Clone)]
struct Shared {
    sources: Sources,
    rates: Arc<Mutex<Rates>>,
}

impl Shared {
    fn rates(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sample(&self) {
        let now = (self.sources.clock)();
        self.rates().add(now, self.sources.metrics.totals());
    }
}

async fn serve(listener: TcpListener, sources: Sources, stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the HTTP port cannot be served");
            return;
        }
    };
    let shared = Shared { sources, rates: Arc::default() };
    let sampling = shared.clone();
    let router = router(&shared);
    tokio::select! {
        result = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()) => {
            if let Err(error) = result {
                tracing::error!(%error, "the HTTP server ended");
            }
        }
        () = sample(&sampling) => {}
        // A dropped sender says it as well.
        _ = stopped => {}
    }
}

async fn sample(shared: &Shared) {
    let mut ticks = tokio::time::interval(SAMPLE);
    loop {
        ticks.tick().await;
        shared.sample();
    }
}

fn router(shared: &Shared) -> Router {
    let with = |answer: fn(&Shared) -> Response| {
        let shared = shared.clone();
        get(move || async move { answer(&shared) })
    };
    let sources = &shared.sources;
    let log = sources.log.clone().map(|level| log::router(level, Arc::clone(&sources.clock)));
    log.unwrap_or_default()
        .route("/", with(status_page))
        .route("/metrics", with(metrics))
        .route("/livez", with(|shared| verdict(&shared.sources.health.alive((shared.sources.clock)()))))
        .route("/readyz", with(|shared| verdict(&shared.sources.health.ready((shared.sources.clock)()))))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not here; there are /, /metrics, /livez, /readyz and /log\n") })
}

fn metrics(shared: &Shared) -> Response {
    let now = (shared.sources.clock)();
    let health = &shared.sources.health;
    shared.sources.metrics.health(health.alive(now).ok, health.ready(now).ok);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, shared.sources.metrics.render()).into_response()
}

fn verdict(verdict: &Verdict) -> Response {
    let code = if verdict.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, [(header::CACHE_CONTROL, "no-store")], format!("{}\n", verdict.reason)).into_response()
}

fn status_page(shared: &Shared) -> Response {
    let status = Status::read(&shared.sources, &shared.rates());
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // All that the page shows stands in it.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, page::render(&status)).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::health::Limits;
    use crate::metrics::Operation;

    struct Rig {
        server: Server,
        metrics: Metrics,
        events: Events,
        health: Health,
        seconds: Arc<AtomicU64>,
    }

    impl Rig {
        fn start() -> Self {
            let seconds = Arc::new(AtomicU64::new(1));
            let now = Arc::clone(&seconds);
            let clock = move || Duration::from_secs(now.load(Ordering::Relaxed));
            let metrics = Metrics::new("1", "c", "m").unwrap();
            let sources = Sources {
                about: About { group: "newsroom".to_owned(), ..About::default() },
                events: Events::new(metrics.clone(), clock.clone()),
                health: Health::new(Duration::from_secs(1), Limits::default(), 1),
                metrics: metrics.clone(),
                clock: Arc::new(clock),
                log: None,
            };
            let (events, health) = (sources.events.clone(), sources.health.clone());
            let options = Options { listen: "127.0.0.1:0".parse().unwrap() };
            Self { server: Server::start(&options, sources).unwrap(), metrics, events, health, seconds }
        }

        fn get(&self, path: &str) -> (u16, String, ureq::http::HeaderMap) {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut answer = agent.get(format!("http://{}{path}", self.server.address())).call().unwrap();
            let headers = answer.headers().clone();
            (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap(), headers)
        }
    }

    #[test]
    fn metrics_are_served_as_prometheus_reads_them() {
        let rig = Rig::start();
        rig.metrics.consumed(5, 50);
        let (status, body, headers) = rig.get("/metrics");
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert!(body.contains("\nwarraq_consumed_records_total 5\n"), "{body}");
        assert!(body.contains("\nwarraq_alive 1\n") && body.contains("\nwarraq_ready 0\n"), "{body}");
        rig.health.broker(Duration::from_secs(1), true);
        rig.health.assigned(true);
        assert!(rig.get("/metrics").1.contains("\nwarraq_ready 1\n"));
    }

    #[test]
    fn health_is_served_with_its_reason_and_turns_both_ways() {
        let rig = Rig::start();
        let now = Duration::from_secs(1);
        assert_eq!(rig.get("/readyz").0, 503);
        rig.health.broker(now, true);
        rig.health.assigned(true);
        assert_eq!(rig.get("/readyz").0, 200);
        rig.health.broker(now, false);
        let (status, reason, _) = rig.get("/readyz");
        assert_eq!((status, reason.as_str()), (503, "the broker does not answer\n"));
        assert_eq!(rig.get("/livez").0, 200, "an outage is no reason to be restarted");
        rig.health.broker(now, true);
        rig.seconds.store(1_000, Ordering::Relaxed);
        let (status, reason, _) = rig.get("/livez");
        assert_eq!((status, reason.as_str()), (503, "the intake thread has not turned for 999 s\n"));
        rig.health.intake().beat(Duration::from_secs(1_000));
        rig.health.sequencer().beat(Duration::from_secs(1_000));
        assert_eq!(rig.get("/livez").0, 200);
    }

    #[test]
    fn the_status_page_shows_what_was_told() {
        let rig = Rig::start();
        rig.metrics.consumed(12_345, 50);
        rig.events.retry(Operation::Commit, &"<not now>", Duration::from_millis(50));
        let (status, page, headers) = rig.get("/");
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");
        for part in ["newsroom", "12,345 in all", "commit failed, again in 50 ms: &lt;not now&gt;"] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        let (status, _, _) = rig.get("/nothing");
        assert_eq!(status, 404);
    }

    #[test]
    fn a_dropped_server_gives_its_port_back_though_a_connection_is_open() {
        let rig = Rig::start();
        let address = rig.server.address();
        let open = std::net::TcpStream::connect(address).unwrap();
        drop(rig);
        assert!(std::net::TcpStream::connect(address).is_err());
        drop(open);
    }

    #[test]
    fn a_taken_port_is_named() {
        let Rig { server, metrics, events, health, .. } = Rig::start();
        let address = server.address();
        let sources =
            Sources { about: About::default(), events, health, metrics, clock: Arc::new(|| Duration::ZERO), log: None };
        let error = Server::start(&Options { listen: address }, sources).unwrap_err().to_string();
        assert!(error.starts_with(&format!("http.listen = {address}: the address cannot be used: ")), "{error}");
    }
}
