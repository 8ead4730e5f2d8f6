//! TLS, logins, grants: as docs/security.md has them, on a broker that asks for all.

use std::time::Duration;

use crate::support::acl;
use crate::support::articles;
use crate::support::certificates::Authority;
use crate::support::scrape;
use crate::support::secured::{self, Login};
use crate::support::topics::{self, Names};
use crate::support::wait_for;

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
    let mut cases = vec![
        ("PLAIN", wrong(Login::Plain), vec!["invalid credentials", password]),
        ("SCRAM", wrong(Login::Scram512), vec!["invalid credentials", password]),
        ("OIDC", wrong(Login::Oauth), vec!["check kafka.oauth_token_endpoint"]),
    ];
    let dir = mounted(Login::Plain);
    std::fs::write(dir.path().join("ca.crt"), stranger.certificate()).unwrap();
    let setup = secured.setup(&names, Login::Plain, dir.path());
    let setup = setup.text("kafka", "ssl_ca_file", dir.path().join("ca.crt").to_str().unwrap());
    cases.push(("wrong CA", (setup, dir), vec!["check kafka.ssl_ca_file"]));
    let dir = mounted(Login::Certificate);
    let signed = stranger.sign(Login::Certificate.user());
    std::fs::write(dir.path().join("tls.crt"), &signed.certificate).unwrap();
    std::fs::write(dir.path().join("tls.key"), &signed.key).unwrap();
    cases.push(("wrong certificate", (secured.setup(&names, Login::Certificate, dir.path()), dir), vec!["x"]));
    let dir = mounted(Login::Certificate);
    let setup = secured.setup(&names, Login::Certificate, dir.path());
    let setup = setup.without("kafka", "ssl_certificate_file").without("kafka", "ssl_key_file");
    cases.push(("no certificate", (setup, dir), vec!["x"]));
    let dir = mounted(Login::Certificate);
    let setup = secured.setup(&names, Login::Certificate, dir.path());
    cases.push(("no TLS", (setup.text("kafka", "security_protocol", "plaintext"), dir), vec!["x"]));
    let workers: Vec<_> =
        cases.into_iter().map(|(case, (setup, dir), words)| (case, setup.start(), words, dir)).collect();
    std::thread::sleep(Duration::from_secs(15));
    for (case, worker, words, _dir) in &workers {
        println!("=== {case} {words:?} {:?}\n{}", scrape::get(&worker.http, "/readyz"), worker.log());
    }
}
