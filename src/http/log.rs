//! `GET /log` and `PUT /log`: which log lines are written, changed while the
//! worker runs.
//!
//! From the pod itself only: the port is open to whoever scrapes it, and a flood
//! of log lines costs throughput and disk. Through `kubectl port-forward` one is
//! in the pod.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, extract::rejection::QueryRejection};
use serde::Deserialize;

/// Longest filter, in bytes.
const LONGEST: usize = 4096;

/// Says which log lines are written.
pub trait LogLevel: Send + Sync {
    /// The filter that the process was started with.
    fn initial(&self) -> String;

    /// The filter in force.
    fn current(&self) -> String;

    /// From now on this one.
    ///
    /// # Errors
    /// What is wrong with it; the old one stays.
    fn set(&self, filter: &str) -> Result<(), String>;
}

/// The level and, where it is to go back by itself, when.
struct Control {
    level: Arc<dyn LogLevel>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// Counts changes, so that one that ends by itself does not undo a later one.
    state: Mutex<Changed>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    times: u64,
    /// On the worker's clock.
    until: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    level: Option<String>,
    /// Such as `10m`; without it, until the process ends.
    r#for: Option<String>,
}

pub(super) fn router(level: Arc<dyn LogLevel>, clock: Arc<dyn Fn() -> Duration + Send + Sync>) -> Router {
    let control = Arc::new(Control { level, clock, state: Mutex::default() });
    Router::new()
        .route("/log", get(show).put(change))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(middleware::from_fn(local_only))
        .with_state(control)
}

/// Refuses who is not in the pod. A sidecar that takes connections for the pod
/// shows itself by another address of the loopback's block (Istio's is
/// 127.0.0.6) or by its headers, and is as far away as who is behind it.
async fn local_only(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-client-cert", "via"];
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let from_here = local.contains(&peer.ip().to_canonical());
    let forwarded = FORWARDED.iter().any(|name| request.headers().contains_key(*name));
    // A page in a browser, by a name that it has led here.
    let from_a_page = request.headers().contains_key(header::ORIGIN);
    if from_here && !forwarded && !from_a_page {
        return next.run(request).await;
    }
    let text = "only from this machine's own 127.0.0.1 or ::1; in Kubernetes: kubectl port-forward\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

async fn show(State(control): State<Arc<Control>>) -> Response {
    control.told().into_response()
}

async fn change(
    State(control): State<Arc<Control>>,
    query: Result<Query<Wanted>, QueryRejection>,
    body: String,
) -> Response {
    let wrong = |text: String| (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response();
    let Wanted { level, r#for } = match query {
        Ok(Query(wanted)) => wanted,
        Err(error) => return wrong(format!("{}; there are level and for", error.body_text())),
    };
    let body = body.trim();
    let level = match (level.as_deref(), body) {
        (Some(_), body) if !body.is_empty() => return wrong("level is given twice, in ?level= and in the body".into()),
        (None, "") => return wrong("no level: give ?level=debug, or the level as the body".into()),
        (Some(level), _) => level,
        (None, body) => body,
    };
    let time = match r#for.as_deref().map(time).transpose() {
        Ok(time) => time,
        Err(why) => return wrong(why),
    };
    if let Err(why) = control.set(level, time) {
        return wrong(why);
    }
    let told = control.told();
    tracing::info!(filter = level, seconds = time.map(|time| time.as_secs()), "log level changed over HTTP");
    if let Some(time) = time {
        let times = control.changed().times;
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            control.expire(times);
        });
    }
    told.into_response()
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = |why: String| format!("for = {text:?}: {why}; write it as in \"10m\"");
    let time: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| wrong(error.to_string()))?;
    let time = Duration::try_from(time).map_err(|_| wrong("is below zero".to_owned()))?;
    if time.is_zero() { Err(wrong("is no time".to_owned())) } else { Ok(time) }
}

impl Control {
    fn changed(&self) -> Changed {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, filter: &str, time: Option<Duration>) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.level.set(filter)?;
        *state = Changed { times: state.times + 1, until: time.map(|time| (self.clock)().saturating_add(time)) };
        Ok(())
    }

    /// Back to the start, unless something was set since.
    fn expire(&self, times: u64) {
        if self.changed().times != times {
            return;
        }
        let initial = self.level.initial();
        match self.set(&initial, None) {
            Ok(()) => tracing::info!(filter = initial, "log level is back"),
            Err(error) => tracing::error!(filter = initial, error, "log level cannot go back"),
        }
    }

    fn told(&self) -> String {
        let current = self.level.current();
        match self.changed().until {
            Some(until) => {
                let left = until.saturating_sub((self.clock)()).as_secs();
                format!("{current}\nback to {} in {left} s\n", self.level.initial())
            }
            None => format!("{current}\n"),
        }
    }
}
