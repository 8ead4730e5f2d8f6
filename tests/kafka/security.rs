//! TLS, logins, grants: as docs/security.md has them, on a broker that asks for all.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use crate::support::acl;
use crate::support::articles;
use crate::support::certificates::{Authority, Signed};
use crate::support::scrape;
use crate::support::secured::{self, Login, PASSWORD};
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::Worker;

/// Through this login, with only the grants that the page lists.
fn runs_exactly_once(login: Login) {
    let secured = secured::shared();
    let names = Names::create(&secured.admin(), login.user(), 2);
    let (needed, _) = secured::documented(&names, login);
    acl::grant(&secured.admin(), login.user(), &needed);
    let mounted = tempfile::tempdir().unwrap();
    secured.mount(login, mounted.path());
    let setup = secured.setup(&names, login, mounted.path());
    // A static member is let in again at once.
    let setup = setup.text("kafka", "instance_id", "a");
    let mut worker = setup.start_ready();
    let mut expected = topics::produce(&names, articles::mixed(300, 31));
    names.wait_until_done(Duration::from_secs(60));
    worker.kill();
    expected.extend(topics::produce(&names, articles::mixed(300, 32)));
    let mut worker = setup.start_ready();
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn a_password_logs_in() {
    runs_exactly_once(Login::Plain);
}

#[test]
fn scram_sha_256_logs_in() {
    runs_exactly_once(Login::Scram256);
}

#[test]
fn scram_sha_512_logs_in() {
    runs_exactly_once(Login::Scram512);
}

#[test]
fn a_token_of_an_oidc_provider_logs_in() {
    runs_exactly_once(Login::Oauth);
}

#[test]
fn a_certificate_logs_in() {
    runs_exactly_once(Login::Certificate);
}

/// What the worker says when it lacks one grant of the page, and that it goes on
/// by itself once it has it.
#[test]
fn a_missing_grant_is_named_and_waited_for() {
    let secured = secured::shared();
    let login = Login::Plain;
    let mounted = tempfile::tempdir().unwrap();
    secured.mount(login, mounted.path());
    let count = secured::documented(&Names::create(&secured.admin(), "count", 1), login).0.len();
    let lacking: Vec<_> = (0..count)
        .map(|missing| {
            let names = Names::create(&secured.admin(), "lacking", 1);
            let mut grants = secured::documented(&names, login).0;
            let missing = grants.remove(missing);
            acl::grant(&secured.admin(), login.user(), &grants);
            let expected = topics::produce(&names, articles::mixed(100, 33));
            // A topic that becomes visible is looked for so often.
            let often = "WARRAQ_KAFKA__PROPERTIES__TOPIC_METADATA_REFRESH_INTERVAL_MS";
            let worker = secured.setup(&names, login, mounted.path()).environment(often, "1000").start();
            (names, missing, expected, worker)
        })
        .collect();
    for (_, missing, _, worker) in &lacking {
        let words = format!("lacks {} on", missing.operation);
        let (status, body) = wait_for(&format!("{missing:?} is named"), Duration::from_secs(30), || {
            scrape::get(&worker.http, "/readyz").filter(|(_, body)| body.contains(&words))
        });
        assert_eq!(status, 503, "{body}");
        assert!(body.contains(&format!("'{}'", missing.name)), "{body}");
        assert!(body.contains(&format!("User:{}", login.user())), "{body}");
        assert!(worker.log().contains(&words), "{}", worker.log());
        // A restart would mend nothing.
        assert_eq!(worker.health("/livez"), Some(200));
    }
    for (names, missing, expected, mut worker) in lacking {
        acl::grant(&names.bootstrap, login.user(), std::slice::from_ref(&missing));
        names.wait_until_done(Duration::from_secs(60));
        worker.wait_until_ready();
        worker.stop();
        names.check(&expected).assert_clean();
    }
}

/// A login that cannot work: what the worker says of it.
#[test]
fn a_login_that_fails_says_what_to_check() {
    let secured = secured::shared();
    let names = Names::create(&secured.admin(), "login", 1);
    let mounted = |login: Login| {
        let dir = tempfile::tempdir().unwrap();
        secured.mount(login, dir.path());
        dir
    };
    let wrong = |login: Login| {
        let dir = mounted(login);
        std::fs::write(dir.path().join("password"), "wrong").unwrap();
        (secured.setup(&names, login, dir.path()), dir)
    };
    let stranger = Authority::new("a stranger");
    let password = "check kafka.sasl_mechanism, kafka.sasl_username and kafka.sasl_password_file";
    let certificate = "the broker refuses this client's certificate";
    let mut cases = vec![
        (wrong(Login::Plain), vec!["Invalid username or password", password]),
        (wrong(Login::Scram512), vec!["invalid credentials", password]),
        (wrong(Login::Oauth), vec!["invalid_client", "check kafka.oauth_token_endpoint"]),
    ];
    let dir = mounted(Login::Plain);
    std::fs::write(dir.path().join("ca.crt"), stranger.certificate()).unwrap();
    let setup = secured.setup(&names, Login::Plain, dir.path());
    let setup = setup.text("kafka", "ssl_ca_file", dir.path().join("ca.crt").to_str().unwrap());
    cases.push(((setup, dir), vec!["certificate verify failed", "check kafka.ssl_ca_file"]));
    let dir = mounted(Login::Certificate);
    let signed = stranger.sign(Login::Certificate.user());
    std::fs::write(dir.path().join("tls.crt"), &signed.certificate).unwrap();
    std::fs::write(dir.path().join("tls.key"), &signed.key).unwrap();
    cases.push(((secured.setup(&names, Login::Certificate, dir.path()), dir), vec![certificate]));
    let dir = mounted(Login::Certificate);
    let setup = secured.setup(&names, Login::Certificate, dir.path());
    let setup = setup.without("kafka", "ssl_certificate_file").without("kafka", "ssl_key_file");
    cases.push(((setup, dir), vec![certificate]));
    let workers: Vec<_> = cases.into_iter().map(|((setup, dir), words)| (setup.start(), words, dir)).collect();
    for (worker, words, _dir) in &workers {
        let body = wait_for(&format!("{words:?} is said"), Duration::from_secs(30), || {
            let (status, body) = scrape::get(&worker.http, "/readyz")?;
            (status == 503 && words.iter().all(|word| body.contains(word))).then_some(body)
        });
        assert!(words.iter().all(|word| worker.log().contains(word)), "{}", worker.log());
        assert_eq!(worker.health("/livez"), Some(200));
        assert!(!body.contains(PASSWORD) && !worker.log().contains(PASSWORD));
    }
}

/// Swaps what is mounted as Kubernetes does: the files are links through a link
/// to a folder, and that one link is replaced.
pub struct Mount(tempfile::TempDir);

impl Mount {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let mount = Self(tempfile::tempdir().unwrap());
        mount.swap(files);
        for (name, _) in files {
            symlink(Path::new("..data").join(name), mount.0.path().join(name)).unwrap();
        }
        mount
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn swap(&self, files: &[(&str, &str)]) {
        let fresh = tempfile::Builder::new().prefix("..v").tempdir_in(self.0.path()).unwrap().keep();
        for (name, text) in files {
            std::fs::write(fresh.join(name), text).unwrap();
        }
        let link = self.0.path().join("..new");
        symlink(fresh.file_name().unwrap(), &link).unwrap();
        std::fs::rename(link, self.0.path().join("..data")).unwrap();
    }
}

fn reloads(worker: &Worker, result: &str) -> f64 {
    let labels = format!("{{result=\"{result}\",what=\"credentials\"}}");
    worker.metrics().sum_where("warraq_reloads_total", &labels).unwrap()
}

pub fn wait_for_reload(worker: &Worker, result: &str, times: f64) {
    wait_for(&format!("new credentials are {result}"), Duration::from_secs(30), || {
        (reloads(worker, result) >= times).then_some(())
    });
}

#[test]
fn a_new_password_is_taken_while_the_worker_runs() {
    let secured = secured::shared();
    let (admin, user, login) = (secured.admin(), "warraq-rotated", Login::Scram512);
    let set_password = |password: &str| {
        let credential = format!("SCRAM-SHA-512=[password={password}]");
        let who = ["--alter", "--entity-type", "users", "--entity-name", user, "--add-config", &credential];
        secured.tool(&[&["kafka-configs.sh", "--bootstrap-server", &admin][..], &who].concat());
    };
    set_password("first");
    let names = Names::create(&admin, "rotated", 2);
    acl::grant(&admin, user, &secured::documented(&names, login).0);
    let mount = Mount::new(&[("password", "first\n")]);
    let setup = secured.setup(&names, login, mount.0.path()).text("kafka", "sasl_username", user);
    let mut worker = setup.text("reload", "interval", "200ms").start_ready();
    let mut expected = topics::produce(&names, articles::mixed(1000, 41));

    // The file is there before the broker knows: the old connections go on.
    mount.swap(&[("password", "second\n")]);
    wait_for_reload(&worker, "refused", 1.0);
    assert_eq!(reloads(&worker, "applied"), 0.0);
    expected.extend(topics::produce(&names, articles::mixed(1000, 42)));
    set_password("second");
    wait_for_reload(&worker, "applied", 1.0);
    expected.extend(topics::produce(&names, articles::mixed(1000, 43)));
    names.wait_until_done(Duration::from_secs(60));
    worker.wait_until_ready();
    // Counted on in the one process, and nothing twice.
    assert_eq!(worker.metrics().sum("warraq_consumed_records_total"), Some(3000.0));
    worker.stop();
    names.check(&expected).assert_clean();
}

#[test]
fn a_new_certificate_is_taken_while_the_worker_runs() {
    let secured = secured::shared();
    let login = Login::Certificate;
    let names = Names::create(&secured.admin(), "renewed", 2);
    acl::grant(&secured.admin(), login.user(), &secured::documented(&names, login).0);
    let ours = || secured.authority.sign(login.user());
    let swap = |mount: &Mount, new: &Signed| mount.swap(&[("tls.crt", &new.certificate), ("tls.key", &new.key)]);
    let first = ours();
    let mount = Mount::new(&[("tls.crt", &first.certificate), ("tls.key", &first.key)]);
    let setup = secured.setup(&names, login, mount.0.path()).text("kafka", "instance_id", "a");
    let mut worker = setup.text("reload", "interval", "200ms").start_ready();
    let mut expected = topics::produce(&names, articles::mixed(500, 44));
    swap(&mount, &Authority::new("a stranger").sign(login.user()));
    wait_for_reload(&worker, "refused", 1.0);
    swap(&mount, &ours());
    wait_for_reload(&worker, "applied", 1.0);
    expected.extend(topics::produce(&names, articles::mixed(500, 45)));
    names.wait_until_done(Duration::from_secs(60));
    worker.stop();
    names.check(&expected).assert_clean();
}

/// The commands of the page give what its table says, neither more nor less.
#[test]
fn the_commands_of_the_page_grant_what_its_table_lists() {
    let secured = secured::shared();
    let login = Login::Plain;
    let names = Names::create(&secured.admin(), "pasted", 1);
    let user = topics::unique("user");
    for line in secured::commands(&names, login, &user) {
        secured.tool(&line.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let (needed, advised) = secured::documented(&names, login);
    assert_eq!(acl::granted(&secured.admin(), &user), needed.into_iter().chain(advised).collect());
}
