//! Variables that override keys: `WARRAQ_KAFKA__GROUP_ID` is `kafka.group_id`.

use serde::Deserialize as _;
use toml::{Table, Value};

use super::error::{Place, Problem};
use super::keys::{self, Known, MASK};
use super::{Config, load};

const PREFIX: &str = "WARRAQ_";

/// Variables that are read elsewhere: which file, the log's level, where `make`
/// keeps what it fetched.
const OTHERS: [&str; 3] = ["WARRAQ_CONFIG", "WARRAQ_LOG", "WARRAQ_CACHE"];

/// Whether this build makes faults on purpose: `worker/faults.rs`.
const FAULTS: bool = cfg!(any(feature = "faults", debug_assertions));

/// One override, as it is to be merged.
#[derive(Debug)]
pub(super) struct Override {
    pub(super) variable: String,
    pub(super) path: Vec<String>,
    pub(super) value: Value,
}

/// The variable that overrides a key.
pub(super) fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_ascii_uppercase())
}

/// What the environment overrides, and what in it is wrong; in the order of the
/// variables' names, so that the same environment tells the same errors.
pub(super) fn overrides<'a>(env: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Vec<Override>, Vec<Problem>) {
    let known = keys::known();
    let mut ours: Vec<_> = env.into_iter().filter(|(name, _)| is_ours(name)).collect();
    ours.sort_unstable();
    let (mut overrides, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in ours {
        match read(name, value, &known) {
            Ok(one) => overrides.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    (overrides, problems)
}

/// Variables of tests, and those that Kubernetes sets for a Service named
/// `warraq…`, are not ours to refuse.
fn is_ours(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let set_by_kubernetes = || {
        let mut parts = rest.split('_').skip_while(|part| !matches!(*part, "SERVICE" | "PORT"));
        match parts.next() {
            Some("SERVICE") => matches!(parts.next(), Some("HOST" | "PORT")),
            Some("PORT") => parts.next().is_none_or(|port| port.parse::<u16>().is_ok()),
            _ => false,
        }
    };
    let of_tests = rest.starts_with("TEST_") || (FAULTS && rest.starts_with("FAULT_"));
    !OTHERS.contains(&name) && !of_tests && (rest.contains("__") || !set_by_kubernetes())
}

fn read(name: &str, text: &str, known: &[Known]) -> Result<Override, Problem> {
    let path = path(name, known);
    let shown = if keys::is_secret(&path) { MASK.to_owned() } else { format!("{text:?}") };
    let problem = |message| Problem {
        place: Place::Variable(name.to_owned()),
        key: path.join("."),
        value: shown.clone(),
        message,
    };
    let mut first_error = None;
    for value in readings(text) {
        match Config::deserialize(Value::Table(nested(&path, value.clone()))) {
            Ok(_) => return Ok(Override { variable: name.to_owned(), path, value }),
            Err(error) => first_error = first_error.or(Some(error.message().to_owned())),
        }
    }
    let message = first_error.unwrap_or_default();
    if load::is_unknown_key(&message) {
        return Err(problem(unknown(name, known)));
    }
    let wrong = format!("{message}{}", keys::example(&path));
    Err(problem(if keys::is_secret(&path) { "has the wrong type".to_owned() } else { wrong }))
}

/// `__` is the dot. In a table of free names, such as librdkafka's properties,
/// `_` is one too.
fn path(name: &str, known: &[Known]) -> Vec<String> {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let path: Vec<String> = rest.split("__").map(str::to_owned).collect();
    match known.iter().find(|key| key.is_free_table() && path.len() > key.path.len() && path.starts_with(&key.path)) {
        Some(table) => {
            let (parent, own) = path.split_at(table.path.len());
            parent.iter().cloned().chain([own.join("_").replace('_', ".")]).collect()
        }
        None => path,
    }
}

/// The ways to read a text, the plainest first: the first that the option's
/// type takes is meant.
fn readings(text: &str) -> Vec<Value> {
    let mut readings = vec![Value::String(text.to_owned())];
    if let Ok(mut table) = format!("value = {text}").parse::<Table>()
        && let (Some(value), 0) = (table.remove("value"), table.len())
    {
        readings.push(value);
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    readings.push(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()));
    readings
}

fn nested(path: &[String], value: Value) -> Table {
    let mut table = Table::new();
    set(&mut table, path, value);
    table
}

/// Puts a value in its place; a table is merged into one that is there.
pub(super) fn set(table: &mut Table, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        match (table.get_mut(first), value) {
            (Some(Value::Table(there)), Value::Table(more)) => there.extend(more),
            (_, value) => drop(table.insert(first.clone(), value)),
        }
        return;
    }
    if !matches!(table.get(first), Some(Value::Table(_))) {
        table.insert(first.clone(), Value::Table(Table::new()));
    }
    if let Some(Value::Table(inner)) = table.get_mut(first) {
        set(inner, rest, value);
    }
}

fn unknown(name: &str, known: &[Known]) -> String {
    let names: Vec<String> = known.iter().map(|key| variable(&key.path)).collect();
    // With one underscore for two, everything else right.
    let single = |name: &str| name.replace("__", "_");
    let slip = names.iter().find(|candidate| single(candidate) == single(name)).map(String::as_str);
    match slip.or_else(|| keys::best(name, names.iter().map(String::as_str))) {
        Some(meant) => format!("unknown key, did you mean {meant}?"),
        None => "unknown key; a variable is named WARRAQ_TABLE__KEY".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(env: &[(&str, &str)]) -> Config {
        Config::parse("w.toml", "", env.iter().copied()).unwrap()
    }

    fn error(env: &[(&str, &str)]) -> String {
        Config::parse("w.toml", "", env.iter().copied()).unwrap_err().to_string()
    }

    #[test]
    fn a_value_is_read_as_the_type_of_its_key() {
        let config = config(&[
            ("WARRAQ_INPUT__TOPICS", "one, two"),
            ("WARRAQ_ENRICH__THREADS", "3"),
            ("WARRAQ_MEMORY__BUDGET", "1GiB"),
            ("WARRAQ_DELIVERY__COMMIT_INTERVAL", "2s"),
            ("WARRAQ_DELIVERY__MODE", "at-least-once"),
            ("WARRAQ_KAFKA__SASL_USERNAME", "12345"),
            ("WARRAQ_KAFKA__GROUP_ID", "a = \"b\""),
        ]);
        assert_eq!(config.input.topics, ["one", "two"]);
        assert_eq!(config.enrich.threads, 3);
        assert_eq!(config.memory.budget, bytesize::ByteSize::gib(1));
        assert_eq!(config.delivery.commit_interval, std::time::Duration::from_secs(2));
        assert_eq!(config.delivery.mode, crate::produce::DeliveryMode::AtLeastOnce);
        assert_eq!(config.kafka.sasl_username.as_deref(), Some("12345"));
        assert_eq!(config.kafka.group_id, "a = \"b\"");
    }

    #[test]
    fn a_list_may_be_toml() {
        assert_eq!(config(&[("WARRAQ_INPUT__TOPICS", "[\"a,b\", \"c\"]")]).input.topics, ["a,b", "c"]);
        assert_eq!(config(&[("WARRAQ_INPUT__TOPICS", "alone")]).input.topics, ["alone"]);
    }

    #[test]
    fn properties_are_set_one_by_one_or_as_a_table() {
        let text = "[kafka.properties]\n\"socket.timeout.ms\" = \"1\"\n\"fetch.min.bytes\" = \"2\"\n";
        let env = [
            ("WARRAQ_KAFKA__PROPERTIES__SOCKET_TIMEOUT_MS", "9"),
            ("WARRAQ_KAFKA__PROPERTIES", "{ \"linger.ms\" = \"3\" }"),
        ];
        let config = Config::parse("w.toml", text, env).unwrap();
        let properties: Vec<_> =
            config.kafka.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(properties, [("fetch.min.bytes", "2"), ("linger.ms", "3"), ("socket.timeout.ms", "9")]);
    }

    #[test]
    fn a_variable_goes_before_the_file() {
        let text = "[input]\ntopics = [\"file\"]\nstart = \"latest\"\n";
        let config = Config::parse("w.toml", text, [("WARRAQ_INPUT__TOPICS", "variable")]).unwrap();
        assert_eq!(config.input.topics, ["variable"]);
        assert_eq!(config.input.start, crate::consume::Start::Latest);
    }

    #[test]
    fn unknown_variables_are_refused_with_the_nearest() {
        let error = error(&[
            ("WARRAQ_KAFKA_GROUP_ID", "x"),
            ("WARRAQ_INPUT__TOPIC", "x"),
            ("WARRAQ_XYZZY", "x"),
            ("WARRAQ_KAFKA__GROUP__ID", "x"),
        ]);
        for part in [
            "WARRAQ_KAFKA_GROUP_ID: kafka_group_id = \"x\": unknown key, did you mean WARRAQ_KAFKA__GROUP_ID?",
            "WARRAQ_INPUT__TOPIC: input.topic = \"x\": unknown key, did you mean WARRAQ_INPUT__TOPICS?",
            "WARRAQ_XYZZY: xyzzy = \"x\": unknown key; a variable is named WARRAQ_TABLE__KEY",
            "WARRAQ_KAFKA__GROUP__ID",
        ] {
            assert!(error.contains(part), "{part}\n{error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_and_a_secret_is_not() {
        let wrong = error(&[("WARRAQ_ENRICH__THREADS", "many"), ("WARRAQ_KAFKA__SASL_PASSWORD__X", "hunter2")]);
        assert!(wrong.contains("WARRAQ_ENRICH__THREADS: enrich.threads = \"many\": invalid type"), "{wrong}");
        assert!(wrong.contains("WARRAQ_KAFKA__SASL_PASSWORD__X") && !wrong.contains("hunter2"), "{wrong}");
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        for name in [
            "WARRAQ_LOG",
            "WARRAQ_CONFIG",
            "WARRAQ_TEST_BOOTSTRAP",
            "WARRAQ_SERVICE_HOST",
            "WARRAQ_SERVICE_PORT_METRICS",
            "WARRAQ_PORT",
            "WARRAQ_PORT_9464_TCP_ADDR",
            "WARRAQ_HEADLESS_SERVICE_PORT",
            "HOME",
        ] {
            assert!(!is_ours(name), "{name}");
        }
        assert!(is_ours("WARRAQ_MEMORY__BUDGET") && is_ours("WARRAQ_PORTS") && is_ours("WARRAQ_KAFKA_GROUP"));
    }
}
