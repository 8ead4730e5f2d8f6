//! The broker with TLS, logins and ACLs, and the grants that docs/security.md
//! tells an operator to give.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use super::acl::Grant;
use super::broker::{self, Broker};
use super::certificates::Authority;
use super::oidc::Provider;
use super::topics::Names;
use super::worker::Setup;

pub const PASSWORD: &str = "correct horse";
const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md"));

/// How a worker logs in, each as a user of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Plain,
    Scram256,
    Scram512,
    Oauth,
    Certificate,
}

impl Login {
    /// The user by whom grants are given.
    pub const fn user(self) -> &'static str {
        match self {
            Self::Plain => "warraq-plain",
            Self::Scram256 => "warraq-scram-256",
            Self::Scram512 => "warraq-scram-512",
            Self::Oauth => "warraq-oauth",
            Self::Certificate => "warraq-certificate",
        }
    }
}

pub struct Secured {
    broker: Broker,
    pub authority: Authority,
    pub provider: Arc<Provider>,
    token_endpoint: String,
}

/// The one of all tests, started when the first asks; it ends with this process.
pub fn shared() -> &'static Secured {
    static SHARED: OnceLock<Secured> = OnceLock::new();
    SHARED.get_or_init(Secured::start)
}

impl Secured {
    fn start() -> Self {
        let authority = Authority::new("warraq tests authority");
        let provider = Provider::new(Login::Oauth.user(), PASSWORD);
        let token_endpoint = Arc::clone(&provider).serve(&authority.sign("provider"));
        let broker = Broker::secured(|tls| {
            let server = authority.sign("broker");
            write(tls, "broker.pem", &(server.key + &server.certificate));
            write(tls, "ca.crt", &authority.certificate());
            write(tls, "jwks.json", &provider.key_set());
            write(tls, "password", PASSWORD);
        });
        Self { broker, authority, provider, token_endpoint }
    }

    /// Where the administrator comes in.
    pub fn admin(&self) -> String {
        self.broker.address()
    }

    fn ca(&self) -> PathBuf {
        self.broker.dir().join("tls/ca.crt")
    }

    /// Writes into `dir` what a pod has mounted for such a login: `password`, or
    /// `tls.crt` and `tls.key`.
    pub fn mount(&self, login: Login, dir: &Path) {
        match login {
            Login::Certificate => {
                let signed = self.authority.sign(login.user());
                write(dir, "tls.crt", &signed.certificate);
                write(dir, "tls.key", &signed.key);
            }
            // With the line end that an editor leaves.
            _ => write(dir, "password", &format!("{PASSWORD}\n")),
        }
    }

    /// A worker that logs in with what is mounted in `dir`.
    pub fn setup(&self, names: &Names, login: Login, dir: &Path) -> Setup {
        let file = |name: &str| dir.join(name).display().to_string();
        let listener = if login == Login::Certificate { "ssl" } else { "sasl" };
        let address = broker::read(&self.broker.dir().join(listener));
        let setup = Setup::new(names, login.user()).text("kafka", "bootstrap_servers", &address).text(
            "kafka",
            "ssl_ca_file",
            &self.ca().display().to_string(),
        );
        let sasl = |mechanism: &str| {
            let setup = setup.clone().text("kafka", "security_protocol", "sasl_ssl");
            setup.text("kafka", "sasl_mechanism", mechanism)
        };
        let password = |mechanism: &str| {
            let setup = sasl(mechanism).text("kafka", "sasl_username", login.user());
            setup.text("kafka", "sasl_password_file", &file("password"))
        };
        match login {
            Login::Plain => password("PLAIN"),
            Login::Scram256 => password("SCRAM-SHA-256"),
            Login::Scram512 => password("SCRAM-SHA-512"),
            Login::Oauth => sasl("OAUTHBEARER")
                .text("kafka", "oauth_token_endpoint", &self.token_endpoint)
                .text("kafka", "oauth_client_id", login.user())
                .text("kafka", "oauth_client_secret_file", &file("password"))
                .text("kafka", "oauth_scope", "kafka:write")
                .text("kafka", "oauth_ca_file", &self.ca().display().to_string()),
            Login::Certificate => setup
                .text("kafka", "security_protocol", "ssl")
                .text("kafka", "ssl_certificate_file", &file("tls.crt"))
                .text("kafka", "ssl_key_file", &file("tls.key")),
        }
    }

    /// Runs a line of Kafka's own tools, as an operator pastes it.
    #[track_caller]
    pub fn tool(&self, line: &[&str]) {
        let output = Command::new(broker::SCRIPT).arg("tool").args(line).output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

/// The rows of the table in docs/security.md: resource, the key of the
/// configuration that names it, operation, when it is needed.
pub fn table() -> Vec<[&'static str; 4]> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with("| Resource |")).skip(2);
    let rows: Vec<[&str; 4]> = rows
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            [cells[0], cells[1], cells[2], cells[3]]
        })
        .collect();
    assert!(rows.len() > 4, "docs/security.md has no table of grants");
    rows
}

/// What the table says for these topics, this group and the transactional id
/// that [`Setup::new`] gives: what is always needed, then what is advised.
pub fn documented(names: &Names, login: Login) -> (Vec<Grant>, Vec<Grant>) {
    let (mut needed, mut advised) = (Vec::new(), Vec::new());
    for [resource, key, operation, when] in table() {
        let name = match key {
            "input.topics" => names.input.clone(),
            "output.topic" => names.output.clone(),
            "output.dead_letter_topic" => names.dead.clone(),
            "kafka.group_id" => names.group.clone(),
            "kafka.transactional_id" => format!("{}-{}", names.group, login.user()),
            other => panic!("docs/security.md names {other}"),
        };
        let grant = Grant { resource: resource.to_owned(), name, operation: operation.to_owned() };
        match when {
            "always" | "exactly-once" => needed.push(grant),
            "advised" => advised.push(grant),
            other => panic!("docs/security.md says {other}"),
        }
    }
    (needed, advised)
}

/// The lines of the page's block of `kafka-acls.sh`, word by word, with its
/// variables and names replaced by ours.
pub fn commands(names: &Names, login: Login, user: &str) -> Vec<Vec<String>> {
    let transactional_id = format!("{}-{}", names.group, login.user());
    let ours = [
        ("$KAFKA", names.bootstrap.clone()),
        ("User:warraq", format!("User:{user}")),
        ("articles.raw", names.input.clone()),
        ("articles.enriched", names.output.clone()),
        ("articles.dead", names.dead.clone()),
        ("--group warraq", format!("--group {}", names.group)),
        // A prefix on the page, since each pod has an id of its own.
        ("--transactional-id warraq-", format!("--transactional-id {transactional_id}")),
        (" --resource-pattern-type prefixed", String::new()),
    ];
    let joined = PAGE.replace("\\\n", " ");
    let lines: Vec<Vec<String>> = joined
        .lines()
        .filter(|line| line.starts_with("kafka-acls.sh") && line.contains("--add"))
        .map(|line| ours.iter().fold(line.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours)))
        .map(|line| line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect())
        .collect();
    assert!(lines.len() > 2, "docs/security.md has no commands");
    lines
}
