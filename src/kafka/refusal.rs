//! What a broker does not let this worker do, in the words of who can mend it.

use rdkafka::error::RDKafkaErrorCode as Code;

use super::listener::ClientKind;
use super::options::Options;

/// The names by which a broker grants, and who asks.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The user, where the options name it.
    pub user: Option<String>,
    pub mechanism: Option<String>,
    pub group: String,
    pub transactional_id: String,
    pub inputs: Vec<String>,
    pub output: String,
    pub dead_letters: String,
    pub parking: Option<String>,
}

/// Something that will be refused again and again until a person acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The key of the configuration that names what is refused, which tells one
    /// refusal from another.
    pub key: &'static str,
    /// What is refused, and the way out.
    pub text: String,
}

pub const INPUT: &str = "input.topics";
pub const OUTPUT: &str = "output.topic";
pub const DEAD_LETTERS: &str = "output.dead_letter_topic";
pub const PARKING: &str = "--parking";
pub const GROUP: &str = "kafka.group_id";
pub const TRANSACTIONAL_ID: &str = "kafka.transactional_id";
/// Of the consumer and of the producer: one may still have its connections from
/// before the other was refused.
pub const LOGIN: [&str; 2] = ["kafka.security_protocol", "kafka.security_protocol of the producer"];

impl Access {
    #[must_use]
    pub fn new(options: &Options, transactional_id: &str, inputs: &[String], output: &str, dead_letters: &str) -> Self {
        let user = options.sasl_username.as_ref().or(options.oauth_client_id.as_ref());
        let sasl = options.security_protocol.starts_with("sasl_");
        Self {
            user: user.filter(|_| sasl).cloned(),
            mechanism: options.sasl_mechanism.clone().filter(|_| sasl),
            group: options.group_id.clone(),
            transactional_id: transactional_id.to_owned(),
            inputs: inputs.to_vec(),
            output: output.to_owned(),
            dead_letters: dead_letters.to_owned(),
            parking: None,
        }
    }

    /// The refusal that an error of a client tells of; `detail` is what the client
    /// says beside it, or the topic. None where the error is no refusal.
    #[must_use]
    pub fn refusal(&self, client: ClientKind, code: Code, detail: &str) -> Option<Refusal> {
        match (code, client) {
            (Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism, _) => {
                Some(Refusal { key: LOGIN[client as usize], text: self.login(detail) })
            }
            // TLS 1.3: the broker says so once the client takes the connection for made.
            (Code::BrokerTransportFailure, _) if detail.contains("SSL alert") => Some(Refusal {
                key: LOGIN[client as usize],
                text: format!(
                    "the broker refuses this client's certificate: {detail}; check kafka.ssl_certificate_file and \
                     kafka.ssl_key_file, and that the broker trusts who signed it"
                ),
            }),
            (Code::SSL, _) => Some(Refusal {
                key: LOGIN[client as usize],
                text: format!(
                    "there is no TLS with the broker: {detail}; check kafka.ssl_ca_file, and kafka.ssl_certificate_file \
                     where the broker asks for one"
                ),
            }),
            (Code::GroupAuthorizationFailed, _) => Some(self.missing(GROUP, "Read", "group", &[&self.group])),
            (Code::TransactionalIdAuthorizationFailed, _) => {
                Some(self.missing(TRANSACTIONAL_ID, "Write", "transactional-id", &[&self.transactional_id]))
            }
            (Code::TopicAuthorizationFailed, ClientKind::Consumer) => Some(self.input(detail)),
            (Code::TopicAuthorizationFailed, ClientKind::Producer) => self.written(detail),
            _ => None,
        }
    }

    fn login(&self, detail: &str) -> String {
        let keys = match self.mechanism.as_deref() {
            Some("OAUTHBEARER") => {
                "kafka.oauth_token_endpoint, kafka.oauth_client_id, kafka.oauth_client_secret_file and kafka.oauth_scope"
            }
            Some(_) => "kafka.sasl_mechanism, kafka.sasl_username and kafka.sasl_password_file",
            None => "kafka.security_protocol",
        };
        format!("the login fails: {detail}; check {keys}")
    }

    /// The input topics that the client names, or all of them where it names none.
    fn input(&self, detail: &str) -> Refusal {
        let named: Vec<&str> = self.inputs.iter().map(String::as_str).filter(|&topic| names(detail, topic)).collect();
        let all = || self.inputs.iter().map(String::as_str).collect();
        self.missing(INPUT, "Read", "topic", &if named.is_empty() { all() } else { named })
    }

    fn written(&self, topic: &str) -> Option<Refusal> {
        let key = match topic {
            topic if topic == self.output => OUTPUT,
            topic if topic == self.dead_letters => DEAD_LETTERS,
            topic if self.parking.as_deref() == Some(topic) => PARKING,
            _ => return None,
        };
        Some(self.missing(key, "Write", "topic", &[topic]))
    }

    fn missing(&self, key: &'static str, operation: &str, resource: &str, names: &[&str]) -> Refusal {
        let user = self.user.as_deref().unwrap_or("NAME");
        let who = self.user.as_ref().map_or_else(|| "this worker's user".to_owned(), |user| format!("user {user:?}"));
        let flags: String = names.iter().map(|name| format!(" --{resource} '{name}'")).collect();
        let text = format!(
            "{who} lacks {operation} on {} {}: grant it, such as by kafka-acls.sh --add --allow-principal 'User:{user}' \
             --operation {operation}{flags}; docs/security.md lists all that is needed",
            resource.replace('-', " "),
            names.join(", "),
        );
        Refusal { key, text }
    }
}

/// Whether the name stands in the text as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(letter) && !after.is_some_and(letter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            user: Some("warraq".to_owned()),
            mechanism: Some("PLAIN".to_owned()),
            group: "g".to_owned(),
            transactional_id: "g-0".to_owned(),
            inputs: vec!["raw".to_owned(), "raw.old".to_owned()],
            output: "out".to_owned(),
            dead_letters: "dead".to_owned(),
            parking: Some("parked".to_owned()),
        }
    }

    fn told(client: ClientKind, code: Code, detail: &str) -> (&'static str, String) {
        let refusal = access().refusal(client, code, detail).unwrap();
        (refusal.key, refusal.text)
    }

    #[test]
    fn a_missing_grant_is_named_with_the_way_out() {
        let (key, text) = told(ClientKind::Producer, Code::TopicAuthorizationFailed, "dead");
        assert_eq!(key, DEAD_LETTERS);
        assert_eq!(
            text,
            "user \"warraq\" lacks Write on topic dead: grant it, such as by kafka-acls.sh --add --allow-principal \
             'User:warraq' --operation Write --topic 'dead'; docs/security.md lists all that is needed"
        );
        assert_eq!(told(ClientKind::Producer, Code::TopicAuthorizationFailed, "parked").0, PARKING);
        let (key, text) = told(ClientKind::Producer, Code::TransactionalIdAuthorizationFailed, "");
        assert!(key == TRANSACTIONAL_ID && text.contains("--transactional-id 'g-0'"), "{text}");
        let (key, text) = told(ClientKind::Consumer, Code::GroupAuthorizationFailed, "");
        assert!(key == GROUP && text.contains("lacks Read on group g:"), "{text}");
    }

    #[test]
    fn the_input_topic_is_the_one_that_the_client_names() {
        let of = |detail: &str| told(ClientKind::Consumer, Code::TopicAuthorizationFailed, detail).1;
        let text = of("Subscribed topic not available: raw.old: Broker: Topic authorization failed");
        assert!(text.contains("lacks Read on topic raw.old:"), "{text}");
        assert!(of("").contains("lacks Read on topic raw, raw.old:"), "{}", of(""));
    }

    #[test]
    fn a_login_names_the_keys_of_its_mechanism() {
        let (key, text) = told(ClientKind::Consumer, Code::Authentication, "invalid credentials");
        assert!(key == LOGIN[0] && text.contains("invalid credentials; check kafka.sasl_mechanism"), "{text}");
        assert!(access().refusal(ClientKind::Consumer, Code::BrokerTransportFailure, "x").is_none());
    }
}
