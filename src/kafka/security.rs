//! Whether the options of a login fit together, told before a broker is asked.

use super::options::Options;
use crate::record::InvalidOption;

const PROTOCOLS: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
const MECHANISMS: [&str; 4] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

/// Everything about `security_protocol`, `sasl_…`, `oauth_…` and `ssl_…` that
/// cannot work.
pub(super) fn check(options: &Options) -> Vec<InvalidOption> {
    let mut invalid = Vec::new();
    let protocol = options.security_protocol.as_str();
    if !PROTOCOLS.contains(&protocol) {
        let message = format!("must be one of {}", PROTOCOLS.join(", "));
        invalid.push(InvalidOption::new("kafka.security_protocol", format!("{protocol:?}"), message));
    }
    invalid.extend(told_twice(options));
    if protocol.starts_with("sasl_") {
        invalid.extend(login(options, protocol));
    } else if let Some(given) = credentials(options) {
        let message = format!("there is no login without SASL, but {given} is set; use \"sasl_ssl\"");
        invalid.push(InvalidOption::new("kafka.security_protocol", format!("{protocol:?}"), message));
    }
    if protocol.ends_with("ssl") {
        let (certificate, key) = (options.ssl_certificate_file.is_some(), options.ssl_key_file.is_some());
        let lone = match (certificate, key) {
            (true, false) => Some(("kafka.ssl_key_file", "kafka.ssl_certificate_file")),
            (false, true) => Some(("kafka.ssl_certificate_file", "kafka.ssl_key_file")),
            _ => None,
        };
        invalid.extend(
            lone.map(|(missing, given)| unset(missing, &format!("{given} is set, which is nothing without it"))),
        );
    }
    invalid
}

fn unset(key: &str, message: &str) -> InvalidOption {
    InvalidOption::new(key, "(not set)", message)
}

fn told_twice(options: &Options) -> Vec<InvalidOption> {
    let pairs = [
        ("sasl_password_file", "password", options.sasl_password.is_some() && options.sasl_password_file.is_some()),
        (
            "oauth_client_secret_file",
            "secret",
            options.oauth_client_secret.is_some() && options.oauth_client_secret_file.is_some(),
        ),
    ];
    let twice = pairs.into_iter().filter(|(_, _, twice)| *twice);
    twice
        .map(|(key, what, _)| {
            let message = format!("give the {what} or the file that holds it, not both");
            InvalidOption::new(format!("kafka.{key}"), "(set)", message)
        })
        .collect()
}

/// A mechanism together with what only it needs: then a login is meant.
fn credentials(options: &Options) -> Option<&'static str> {
    let password = options.sasl_username.is_some() || options.oauth_client_id.is_some();
    (options.sasl_mechanism.is_some() && password).then_some("kafka.sasl_mechanism")
}

/// What the mechanism needs and is not there.
fn login(options: &Options, protocol: &str) -> Vec<InvalidOption> {
    // Someone who sets these is past the common way.
    let own_way = |prefix: &str| options.properties.keys().any(|name| name.starts_with(prefix));
    let Some(mechanism) = options.sasl_mechanism.as_deref() else {
        let message = format!("security_protocol = {protocol:?} needs one of {}", MECHANISMS.join(", "));
        let told = own_way("sasl.mechanism");
        return if told { Vec::new() } else { vec![unset("kafka.sasl_mechanism", &message)] };
    };
    if !MECHANISMS.contains(&mechanism) {
        let message = format!("must be one of {}", MECHANISMS.join(", "));
        return vec![InvalidOption::new("kafka.sasl_mechanism", format!("{mechanism:?}"), message)];
    }
    let needed = if mechanism == "OAUTHBEARER" {
        if own_way("sasl.oauthbearer.") {
            return Vec::new();
        }
        vec![
            ("kafka.oauth_token_endpoint", options.oauth_token_endpoint.is_some()),
            ("kafka.oauth_client_id", options.oauth_client_id.is_some()),
            (
                "kafka.oauth_client_secret_file",
                options.oauth_client_secret_file.is_some() || options.oauth_client_secret.is_some(),
            ),
        ]
    } else {
        vec![
            ("kafka.sasl_username", options.sasl_username.is_some() || own_way("sasl.username")),
            ("kafka.sasl_password_file", options.sasl_password_file.is_some() || options.sasl_password.is_some()),
        ]
    };
    let missing = needed.into_iter().filter(|(_, there)| !there);
    missing.map(|(key, _)| unset(key, &format!("sasl_mechanism = {mechanism:?} needs it"))).collect()
}

#[cfg(test)]
mod tests {
    use crate::kafka::{Options, Secret};

    fn sasl(mechanism: &str) -> Options {
        Options {
            security_protocol: "sasl_ssl".to_owned(),
            sasl_mechanism: Some(mechanism.to_owned()),
            ..Options::default()
        }
    }

    fn told(options: &Options) -> Vec<String> {
        options.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_login_needs_is_named() {
        let needs = |mechanism: &str, keys: &[&str]| {
            let expected = keys
                .iter()
                .map(|key| format!("kafka.{key} = (not set): sasl_mechanism = {mechanism:?} needs it"))
                .collect::<Vec<_>>();
            assert_eq!(told(&sasl(mechanism)), expected);
        };
        needs("PLAIN", &["sasl_username", "sasl_password_file"]);
        needs("SCRAM-SHA-512", &["sasl_username", "sasl_password_file"]);
        needs("OAUTHBEARER", &["oauth_token_endpoint", "oauth_client_id", "oauth_client_secret_file"]);
        let whole = Options {
            sasl_username: Some("warraq".to_owned()),
            sasl_password: Some(Secret::new("x")),
            ..sasl("SCRAM-SHA-256")
        };
        assert!(told(&whole).is_empty());
    }

    #[test]
    fn a_login_that_would_not_happen_is_told() {
        let mut options = Options { sasl_username: Some("warraq".to_owned()), ..sasl("PLAIN") };
        options.security_protocol = "ssl".to_owned();
        assert!(told(&options)[0].contains("use \"sasl_ssl\""), "{:?}", told(&options));
        options.sasl_mechanism = None;
        options.security_protocol = "sasl_plaintext".to_owned();
        assert!(told(&options)[0].starts_with("kafka.sasl_mechanism = (not set)"), "{:?}", told(&options));
        assert!(told(&sasl("GSSAPI"))[0].contains("must be one of PLAIN"), "{:?}", told(&sasl("GSSAPI")));
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let options = Options {
            security_protocol: "ssl".to_owned(),
            ssl_certificate_file: Some("tls.crt".into()),
            ..Options::default()
        };
        assert_eq!(
            told(&options),
            ["kafka.ssl_key_file = (not set): kafka.ssl_certificate_file is set, which is nothing without it"]
        );
    }

    #[test]
    fn librdkafkas_own_way_of_tokens_is_left_alone() {
        let mut options = sasl("OAUTHBEARER");
        options.properties.insert("sasl.oauthbearer.config".to_owned(), "principal=x".to_owned());
        assert!(told(&options).is_empty());
    }
}
