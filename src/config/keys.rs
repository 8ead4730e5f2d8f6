//! Every key there is, told by the defaults themselves, and the nearest one to
//! a wrong one.

use serde_json::Value;

use super::Config;

/// How alike two names must be to speak of a slip; 1 is the same.
const ALIKE: f64 = 0.6;

/// One key and its default; `null` is an option that is not set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) path: Vec<String>,
    pub(super) default: Value,
}

impl Known {
    pub(super) fn dotted(&self) -> String {
        self.path.join(".")
    }

    /// A table of names that are the user's own, such as `kafka.properties`.
    pub(super) fn is_free_table(&self) -> bool {
        self.path.len() > 1 && self.default.as_object().is_some_and(serde_json::Map::is_empty)
    }
}

/// All keys, in the order of the options' declaration.
pub(super) fn known() -> Vec<Known> {
    // Unlike TOML, JSON shows an option that is not set. Options are plain
    // data, so they always have that form; a test holds it.
    leaves(&serde_json::to_value(Config::default()).unwrap_or_default())
}

/// The leaves of a configuration in its JSON form.
pub(super) fn leaves(root: &Value) -> Vec<Known> {
    let mut found = Vec::new();
    collect(root, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<Known>) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                path.push(key.clone());
                collect(value, path, found);
                path.pop();
            }
        }
        // A table of options that has none.
        Value::Object(_) if path.len() < 2 => {}
        _ => found.push(Known { path: path.clone(), default: value.clone() }),
    }
}

/// The way out of a wrong value: the default, where there is one, or how the user's own names
/// are written.
pub(super) fn example(path: &[String]) -> String {
    let known = known();
    let is_of = |table: &Known| path.len() > table.path.len() && path.starts_with(&table.path);
    if known.iter().any(|key| key.is_free_table() && is_of(key)) {
        return "; a name with dots stands in quotes, and so does its value: \"a.name\" = \"1\"".to_owned();
    }
    match known.into_iter().find(|key| key.path == path).map(|key| key.default) {
        None | Some(Value::Null) => String::new(),
        Some(default) => format!("; the default is {default}"),
    }
}

/// What an unknown key most likely was meant to be.
pub(super) fn hint(path: &[String]) -> String {
    let known = known();
    match nearest(path, &known) {
        Some(key) => format!("unknown key, did you mean {key}?"),
        None => format!("unknown key; {}", siblings(path, &known)),
    }
}

fn nearest(path: &[String], known: &[Known]) -> Option<String> {
    let (name, parent) = path.split_last()?;
    let same_table = known.iter().filter(|key| key.path.starts_with(parent) && key.path.len() > parent.len());
    let inside = best(name, same_table.filter_map(|key| key.path.get(parent.len())).map(String::as_str));
    if let Some(found) = inside {
        return Some(parent.iter().map(String::as_str).chain([found]).collect::<Vec<_>>().join("."));
    }
    // The right name in the wrong table.
    if let Some(key) = known.iter().find(|key| key.path.last() == Some(name)) {
        return Some(key.dotted());
    }
    let all: Vec<String> = known.iter().map(Known::dotted).collect();
    best(&path.join("."), all.iter().map(String::as_str)).map(str::to_owned)
}

/// The most alike of the names, if it is alike enough; the first of equals.
pub(super) fn best<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut found: Option<(&str, f64)> = None;
    for candidate in names {
        let alike = strsim::normalized_damerau_levenshtein(name, candidate);
        if alike >= ALIKE && found.is_none_or(|(_, most)| alike > most) {
            found = Some((candidate, alike));
        }
    }
    found.map(|(candidate, _)| candidate)
}

fn siblings(path: &[String], known: &[Known]) -> String {
    let parent = path.split_last().map(|(_, parent)| parent).unwrap_or_default();
    let mut names: Vec<&str> = known
        .iter()
        .filter(|key| key.path.starts_with(parent))
        .filter_map(|key| key.path.get(parent.len()))
        .map(String::as_str)
        .collect();
    names.dedup();
    match (parent.is_empty(), names.is_empty()) {
        (true, _) => format!("the tables are {}", names.join(", ")),
        (false, true) => format!("there is nothing to set in [{}]", parent.join(".")),
        (false, false) => format!("[{}] has {}", parent.join("."), names.join(", ")),
    }
}

/// Whether values of this key are never shown; also of one that is only near to
/// a secret's name, for that is where a slip would put the secret.
pub(super) fn is_secret(path: &[String]) -> bool {
    path.iter().any(|name| speaks_of_a_secret(name))
        || nearest(path, &known()).is_some_and(|meant| speaks_of_a_secret(&meant))
}

fn speaks_of_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names_a_place = ["_file", "_files", ".location", ".url"].iter().any(|end| name.ends_with(end));
    let parts = ["pass", "secret", "token", "jaas", "oauthbearer.config", ".pem"];
    !names_a_place && parts.iter().any(|part| name.contains(part))
}

pub(super) const MASK: &str = "********";

#[cfg(test)]
mod tests {
    use super::*;

    fn path(dotted: &str) -> Vec<String> {
        dotted.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn keys_that_are_not_set_are_known_too() {
        let known = known();
        let find = |key: &str| known.iter().find(|known| known.dotted() == key).cloned();
        assert_eq!(find("kafka.instance_id").unwrap().default, Value::Null);
        assert_eq!(find("kafka.bootstrap_servers").unwrap().default, "localhost:9092");
        assert!(find("kafka.properties").unwrap().is_free_table());
        assert!(!find("input.topics").unwrap().is_free_table());
    }

    #[test]
    fn a_slip_finds_the_right_key() {
        for (wrong, right) in [
            ("kafka.bootstrap_server", "kafka.bootstrap_servers"),
            ("kafka.bootstrap.servers", "kafka.bootstrap_servers"),
            ("kafak", "kafka"),
            ("topics", "input.topics"),
            ("kafka.topics", "input.topics"),
            ("delivery.comit_interval", "delivery.commit_interval"),
            ("memory.buget", "memory.budget"),
        ] {
            assert_eq!(hint(&path(wrong)), format!("unknown key, did you mean {right}?"));
        }
        assert!(hint(&path("memory.xyzzy")).contains("[memory] has budget"), "{}", hint(&path("memory.xyzzy")));
        assert!(hint(&path("xyzzy")).contains("the tables are kafka, input, output"));
    }

    #[test]
    fn no_number_is_a_secret() {
        let numbers: Vec<_> = known().into_iter().filter(|known| known.default.is_number()).collect();
        assert!(numbers.len() > 10);
        let hidden = numbers.iter().filter(|known| is_secret(&path(&known.dotted())));
        assert_eq!(hidden.map(|known| known.dotted()).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn secrets_are_known_by_name() {
        assert!(is_secret(&path("kafka.sasl_password")) && is_secret(&path("kafka.sasl_pssword")));
        assert!(!is_secret(&path("kafka.group_id")) && !is_secret(&path("kafka.properties")));
        let property = |name: &str| is_secret(&["kafka".to_owned(), "properties".to_owned(), name.to_owned()]);
        assert!(property("ssl.key.pem") && property("sasl.oauthbearer.client.secret") && property("sasl.password"));
        assert!(!property("ssl.key.location") && !property("sasl.oauthbearer.token.endpoint.url"));
        assert!(!is_secret(&path("kafka.sasl_password_file")));
    }
}
