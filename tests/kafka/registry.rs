//! The output's schema in a registry. Where a real one was started
//! (`make registry`), what can be shown on it is; how one fails is shown on a
//! stand-in.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::read::{self, Isolation};
use crate::support::registry::{self, StandIn, Ways};
use crate::support::scrape;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Setup;

const SCHEMA: &str = include_str!("../../config/schema/warraq.article.v1.json");

fn setup(names: &Names, url: &str) -> Setup {
    Setup::new(names, "a").text("schema_registry", "url", url)
}

fn framed(names: &Names, url: &str) -> Setup {
    setup(names, url).value("schema_registry", "wire_format", "true")
}

/// The identifier that the registry itself gives for our schema.
fn asked(url: &str, subject: &str) -> u32 {
    let body = serde_json::json!({ "schema": SCHEMA, "schemaType": "JSON" }).to_string();
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent
        .post(format!("{url}/subjects/{subject}"))
        .header("content-type", "application/vnd.schemaregistry.v1+json")
        .send(&body)
        .unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    u32::try_from(answer["id"].as_u64().unwrap_or_else(|| panic!("{text}"))).unwrap()
}

/// Eight articles, a tombstone and a bad record.
fn mixed() -> Vec<Article> {
    let bad = Article::new(9, r#"{"title": "a", "text": "#, Fate::Dead("invalid_json"));
    let mut all: Vec<_> = (0..8).map(|number| articles::good(number, 3)).collect();
    all.push(articles::tombstone(8));
    all.push(bad.header("content-type", "application/json"));
    all
}

#[test]
fn records_carry_the_identifier_that_the_registry_gave() {
    let stand_in = registry::real().is_none().then(|| StandIn::start(Ways::default()));
    let url = stand_in.as_ref().map_or_else(|| registry::real().unwrap(), |stand_in| stand_in.url.clone());
    let names = Names::create(broker::shared(), "registry", 1);
    topics::produce(&names, mixed());
    let mut worker = framed(&names, &url).start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();

    let id = asked(&url, &format!("{}-value", names.output));
    let (output, dead) = names.results(Isolation::Committed);
    assert_eq!((output.len(), dead.len()), (9, 1));
    let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    for record in &output {
        let Some(value) = record.value.as_deref() else { continue };
        let (header, json) = value.split_at(5);
        assert_eq!(header[0], 0);
        assert_eq!(u32::from_be_bytes(header[1..].try_into().unwrap()), id);
        assert!(schema.is_valid(&serde_json::from_slice(json).unwrap()));
        assert_eq!(record.header("content-type"), None, "with a header before it, it is JSON no more");
    }
    assert_eq!(output.iter().filter(|record| record.value.is_none()).count(), 1, "the tombstone");
    assert_eq!(dead[0].value.as_deref(), mixed()[9].value.as_deref(), "a dead letter is the input untouched");
    if let Some(stand_in) = stand_in {
        assert_eq!(stand_in.schemas(&format!("{}-value", names.output)), [(id, SCHEMA.to_owned())]);
    }
}

#[test]
fn without_the_right_to_register_the_schema_must_be_there() {
    let stand_in = registry::real().is_none().then(|| StandIn::start(Ways::default()));
    let url = stand_in.as_ref().map_or_else(|| registry::real().unwrap(), |stand_in| stand_in.url.clone());
    let names = Names::create(broker::shared(), "registry-look", 1);
    let subject = topics::unique("news/article");
    let looks =
        setup(&names, &url).text("schema_registry", "subject", &subject).value("schema_registry", "register", "false");
    let mut worker = looks.start();
    let status = worker.wait(Duration::from_secs(60));
    assert_eq!(status.code(), Some(1), "{}", worker.log());
    for part in [subject.as_str(), "not found", "schema_registry.register = false: it must be there"] {
        assert!(worker.log().contains(part), "{part}\n{}", worker.log());
    }

    // A worker that may registers it; then the other finds it, and writes plain JSON.
    let registers = setup(&names, &url).text("schema_registry", "subject", &subject);
    registers.start_ready().stop();
    topics::produce(&names, mixed());
    let mut worker = looks.start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    for record in read::all(&names.bootstrap, &names.output, Isolation::Committed) {
        assert!(record.value.as_deref().is_none_or(|value| value.starts_with(b"{")));
    }
}

/// A registry that is away, or in trouble of its own, is no reason to restart a
/// pod: it is alive and not ready, says why, and begins when it can.
#[test]
fn one_that_is_away_is_waited_for() {
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let names = Names::create(broker::shared(), "registry-away", 1);
    topics::produce(&names, mixed());
    let mut worker = framed(&names, &format!("http://{address}")).start();
    let waits = |worker: &crate::support::worker::Worker| {
        let (status, reason) = scrape::get(&worker.http, "/readyz")?;
        (status == 503 && reason.contains("waiting for the schema registry")).then_some(())
    };
    wait_for("it waits", Duration::from_secs(60), || waits(&worker));
    assert_eq!(worker.health("/livez"), Some(200));
    assert!(worker.log().contains("the schema registry does not answer"), "{}", worker.log());
    let (_, page) = scrape::get(&worker.http, "/").unwrap();
    assert!(page.contains("does not answer for subject"), "{page}");
    assert_eq!(names.lag(), 10, "nothing is done yet");

    let stand_in = StandIn::start_at(address, Ways { troubles: 2, ..Ways::default() });
    worker.wait_until_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    assert_eq!(stand_in.calls().len(), 3, "twice in trouble, then it answered");
    let (output, _) = names.results(Isolation::Committed);
    assert!(output.iter().filter_map(|record| record.value.as_deref()).all(|value| value[0] == 0));
}

#[test]
fn a_worker_that_waits_stops_when_it_is_told_to() {
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let names = Names::create(broker::shared(), "registry-stop", 1);
    let mut worker = setup(&names, &format!("http://{address}")).start();
    wait_for("it waits", Duration::from_secs(60), || worker.health("/livez"));
    let status = worker.terminate(Duration::from_secs(20));
    assert!(status.success(), "{status}");
}

#[test]
fn one_that_refuses_ends_the_start_with_its_reason() {
    let names = Names::create(broker::shared(), "registry-refuses", 1);
    let refused = |ways: Ways, change: fn(Setup) -> Setup, parts: &[&str]| {
        let stand_in = StandIn::start(ways);
        let mut worker = change(setup(&names, &stand_in.url)).start();
        let status = worker.wait(Duration::from_secs(60));
        assert_eq!(status.code(), Some(1), "{}", worker.log());
        for part in parts {
            assert!(worker.log().contains(part), "{part}\n{}", worker.log());
        }
        assert!(!worker.log().contains("hunter2"), "{}", worker.log());
        assert_eq!(stand_in.calls().len(), 1, "it is not asked again");
    };
    let incompatible = Ways { refuses: true, ..Ways::default() };
    refused(incompatible, |setup| setup, &["the schema registry refuses subject", "incompatible", "HTTP 409"]);
    let login = Ways { login: Some("Basic d2FycmFxOnJpZ2h0".to_owned()), ..Ways::default() };
    let wrong = |setup: Setup| {
        setup.text("schema_registry", "username", "warraq").text("schema_registry", "password", "hunter2")
    };
    refused(login, wrong, &["the schema registry refuses subject", "HTTP 401"]);
}

#[test]
fn a_name_and_password_or_a_token_log_in() {
    let names = Names::create(broker::shared(), "registry-login", 1);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (password, token) = (file("password", "right\n"), file("token", "t0ken\n"));
    // warraq:right
    let basic = StandIn::start(Ways { login: Some("Basic d2FycmFxOnJpZ2h0".to_owned()), ..Ways::default() });
    let setup_basic = setup(&names, &basic.url).text("schema_registry", "username", "warraq").text(
        "schema_registry",
        "password_file",
        &password,
    );
    setup_basic.start_ready().stop();
    let bearer = StandIn::start(Ways { login: Some("Bearer t0ken".to_owned()), ..Ways::default() });
    setup(&names, &bearer.url).text("schema_registry", "token_file", &token).start_ready().stop();
    assert_eq!((basic.calls().len(), bearer.calls().len()), (1, 1));
}
