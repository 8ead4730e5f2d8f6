//! A schema registry: Apicurio, where `tests/support/registry/registry.sh with`
//! started one, else a stand-in that answers as Confluent's API is documented.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

/// The address of a real one.
pub fn real() -> Option<String> {
    std::env::var("WARRAQ_TEST_REGISTRY").ok().filter(|url| !url.is_empty())
}

/// What the stand-in answers.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// Says no to each new schema: 409, as to an incompatible one.
    pub refuses: bool,
    /// Its own trouble for so many calls: 500, code 50001.
    pub troubles: usize,
    /// The only `authorization` header that is let in; others get 401.
    pub login: Option<String>,
}

#[derive(Debug, Default)]
struct Kept {
    ways: Ways,
    subjects: BTreeMap<String, Vec<(u32, String)>>,
    calls: Vec<String>,
}

/// The stand-in; it ends with the test.
#[derive(Debug)]
pub struct StandIn {
    pub url: String,
    kept: Arc<Mutex<Kept>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl StandIn {
    pub fn start(ways: Ways) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), ways)
    }

    /// On an address that was chosen before.
    pub fn start_at(address: SocketAddr, ways: Ways) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Kept { ways, ..Kept::default() }));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new()
            .route("/subjects/{subject}/versions", post(register))
            .route("/subjects/{subject}", post(find))
            .with_state(Arc::clone(&kept));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { url, kept, _stop: stop }
    }

    /// The schemas of a subject, each with its identifier.
    pub fn schemas(&self, subject: &str) -> Vec<(u32, String)> {
        self.kept.lock().unwrap().subjects.get(subject).cloned().unwrap_or_default()
    }

    /// Paths that were asked, in order.
    pub fn calls(&self) -> Vec<String> {
        self.kept.lock().unwrap().calls.clone()
    }
}

fn error(status: u16, code: u32, message: &str) -> Response {
    let body = serde_json::json!({ "error_code": code, "message": message }).to_string();
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// What every call meets first.
fn doors(kept: &mut Kept, path: String, headers: &HeaderMap) -> Option<Response> {
    kept.calls.push(path);
    let login = headers.get("authorization").and_then(|value| value.to_str().ok());
    if kept.ways.login.is_some() && kept.ways.login.as_deref() != login {
        return Some(error(401, 401, "Unauthorized"));
    }
    if kept.ways.troubles > 0 {
        kept.ways.troubles -= 1;
        return Some(error(500, 50001, "Error in the backend data store"));
    }
    None
}

/// The schema of a request, or that it is none.
fn schema(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    assert_eq!(body["schemaType"], "JSON");
    let schema = body["schema"].as_str()?.to_owned();
    serde_json::from_str::<serde_json::Value>(&schema).ok().map(|_| schema)
}

async fn register(
    State(kept): State<Arc<Mutex<Kept>>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut kept = kept.lock().unwrap();
    if let Some(refused) = doors(&mut kept, format!("/subjects/{subject}/versions"), &headers) {
        return refused;
    }
    let Some(schema) = schema(&body) else { return error(422, 42201, "Invalid schema") };
    let known = kept.subjects.values().flatten().find(|(_, known)| *known == schema).map(|(id, _)| *id);
    if known.is_none() && kept.ways.refuses {
        return error(409, 409, "Schema being registered is incompatible with an earlier schema");
    }
    let next = 100_000 + u32::try_from(kept.subjects.values().flatten().count()).unwrap();
    let id = known.unwrap_or(next);
    let versions = kept.subjects.entry(subject).or_default();
    if !versions.iter().any(|(known, _)| *known == id) {
        versions.push((id, schema));
    }
    serde_json::json!({ "id": id }).to_string().into_response()
}

async fn find(
    State(kept): State<Arc<Mutex<Kept>>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut kept = kept.lock().unwrap();
    if let Some(refused) = doors(&mut kept, format!("/subjects/{subject}"), &headers) {
        return refused;
    }
    let Some(schema) = schema(&body) else { return error(422, 42201, "Invalid schema") };
    let Some(versions) = kept.subjects.get(&subject) else {
        return error(404, 40401, &format!("Subject '{subject}' not found."));
    };
    match versions.iter().find(|(_, known)| *known == schema) {
        Some((id, _)) => serde_json::json!({ "subject": subject, "id": id, "version": 1, "schema": schema })
            .to_string()
            .into_response(),
        None => error(404, 40403, "Schema not found"),
    }
}
