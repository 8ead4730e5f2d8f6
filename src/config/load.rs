use std::path::Path;

use serde::Deserialize as _;
use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::environment::{self, Override};
use super::error::{Error, Place, Problem};
use super::keys::{self, MASK};
use super::{Config, validate};

/// Longest value that an error repeats, in characters.
const SHOWN: usize = 80;

impl Config {
    /// Reads a file and this process' environment, and looks whether the files
    /// that options name can be read. Without a path, the environment alone.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error))?,
            None => String::new(),
        };
        let name = path.map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
        // A variable that is not UTF-8 cannot be one of ours.
        let env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let env = env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (config, sources, mut problems) = read(&name, &text, env)?;
        problems.extend(
            validate::files(&config)
                .into_iter()
                .map(|(key, path, error)| Problem::file(sources.place(&split(&key)), &key, &path, &error)),
        );
        if problems.is_empty() { Ok(config) } else { Err(Error::new(problems)) }
    }

    /// Reads a file's text and overrides; looks at nothing else. `name` is what
    /// errors call the file.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn parse<'a>(name: &str, text: &str, env: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let (config, _, problems) = read(name, text, env)?;
        if problems.is_empty() { Ok(config) } else { Err(Error::new(problems)) }
    }
}

/// Where values came from.
struct Sources<'a> {
    name: &'a str,
    text: &'a str,
    document: DeTable<'a>,
    overrides: Vec<(Vec<String>, String)>,
}

impl Sources<'_> {
    fn place(&self, path: &[String]) -> Place {
        let variable = self.overrides.iter().rev().find(|(set, _)| path.starts_with(set) || set.starts_with(path));
        if let Some((_, variable)) = variable {
            return Place::Variable(variable.clone());
        }
        match position(&self.document, path) {
            Some(start) => self.at(start),
            None => Place::WholeFile { name: self.name.to_owned() },
        }
    }

    fn at(&self, start: usize) -> Place {
        let (line, column) = line_and_column(self.text, start);
        Place::File { name: self.name.to_owned(), line, column }
    }
}

/// Where the innermost part of the path that stands in the file begins.
fn position(document: &DeTable<'_>, path: &[String]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = document.get_key_value(first.as_str())?;
    match value.get_ref() {
        DeValue::Table(inner) => position(inner, rest).or(Some(key.span().start)),
        _ => Some(key.span().start),
    }
}

fn line_and_column(text: &str, start: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1;
    (line, column)
}

type Read<'a> = (Config, Sources<'a>, Vec<Problem>);

fn read<'a, 'e>(
    name: &'a str,
    text: &'a str,
    env: impl IntoIterator<Item = (&'e str, &'e str)>,
) -> Result<Read<'a>, Error> {
    let mut sources = Sources { name, text, document: DeTable::new(), overrides: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What was read past a broken line is guesswork: stop at the syntax.
        let problem = |error: &toml::de::Error| Problem {
            place: error
                .span()
                .map_or_else(|| Place::WholeFile { name: name.to_owned() }, |span| sources.at(span.start)),
            key: String::new(),
            value: String::new(),
            message: format!("not TOML: {}", error.message()),
        };
        return Err(Error { problems: errors.iter().map(problem).collect() });
    }
    sources.document = document.into_inner();
    let mut table: Table = toml::from_str(text).map_err(|error| {
        Error::of(Place::WholeFile { name: name.to_owned() }, format!("not TOML: {}", error.message()))
    })?;

    let (overrides, mut problems) = environment::overrides(env);
    for Override { variable, path, value } in overrides {
        environment::set(&mut table, &path, value);
        sources.overrides.push((path, variable));
    }
    let config = take(table, &sources, &mut problems);
    for invalid in config.check() {
        // A key that could not be read stands at its default here.
        if !problems.iter().any(|problem| problem.key == invalid.key) {
            let path = split(&invalid.key);
            let mut problem = Problem::option(sources.place(&path), invalid);
            if keys::is_secret(&path) {
                MASK.clone_into(&mut problem.value);
            }
            problems.push(problem);
        }
    }
    Ok((config, sources, problems))
}

/// Takes a table apart, setting aside each key that cannot be read, until the
/// rest can: so one run tells every error.
fn take(mut table: Table, sources: &Sources<'_>, problems: &mut Vec<Problem>) -> Config {
    loop {
        let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let path: Vec<String> = error
            .path()
            .iter()
            .map_while(|segment| match segment {
                Segment::Map { key } => Some(key.clone()),
                Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect();
        let removed = remove(&mut table, &path);
        let secret = keys::is_secret(&path);
        let message = match error.inner().message() {
            unknown if is_unknown_key(unknown) => keys::hint(&path),
            _ if secret => "has the wrong type".to_owned(),
            other => format!("{other}{}", keys::example(&path)),
        };
        let value = match &removed {
            Some(_) if secret => MASK.to_owned(),
            Some(value) => shown(value),
            None => String::new(),
        };
        problems.push(Problem { place: sources.place(&path), key: path.join("."), value, message });
        if removed.is_none() {
            // Nothing to set aside: the next turn would end here again.
            return Config::deserialize(Value::Table(Table::new())).unwrap_or_default();
        }
    }
}

/// Removes what the path names, or the innermost part of it that is there.
fn remove(table: &mut Table, path: &[String]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    if let (Some(Value::Table(inner)), false) = (table.get_mut(first), rest.is_empty())
        && let Some(removed) = remove(inner, rest)
    {
        return Some(removed);
    }
    table.remove(first)
}

fn shown(value: &Value) -> String {
    let value = match value {
        Value::Table(_) => "a table".to_owned(),
        other => other.to_string(),
    };
    if value.chars().count() <= SHOWN { value } else { value.chars().take(SHOWN).chain(['…']).collect() }
}

pub(super) fn is_unknown_key(message: &str) -> bool {
    message.starts_with("unknown field")
}

/// The parts of a dotted key; quotes keep a name with dots in one.
fn split(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in key.chars() {
        match (letter, quoted) {
            ('"', _) => quoted = !quoted,
            ('.', false) => parts.push(String::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(letter)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: &str = include_str!("../../tests/fixtures/config/wrong.toml");

    fn errors(text: &str) -> Vec<String> {
        let error = Config::parse("w.toml", text, []).unwrap_err();
        error.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = Config::parse("wrong.toml", WRONG, []).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        insta::assert_snapshot!(error);
    }

    #[test]
    fn a_property_without_quotes_is_told_how_to_have_them() {
        for (text, key) in [("fetch.min.bytes = \"1\"", "fetch"), ("retries = 1", "retries")] {
            let errors = errors(&format!("[kafka.properties]\n{text}\n"));
            assert!(errors[0].starts_with(&format!("w.toml:2:1: kafka.properties.{key} = ")), "{errors:#?}");
            assert!(errors[0].ends_with("\"a.name\" = \"1\""), "{errors:#?}");
        }
    }

    #[test]
    fn broken_toml_is_told_with_its_place() {
        let errors = errors("[kafka]\ngroup_id = \"a\n");
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert!(errors[0].starts_with("w.toml:2:"), "{errors:#?}");
        assert!(errors[0].contains("not TOML: "), "{errors:#?}");
    }

    #[test]
    fn a_column_counts_letters_not_bytes() {
        let errors = errors("[input]\n\"ورق\" = 1\n[log]\n  levl = \"info\"\n");
        assert!(errors.iter().any(|error| error.starts_with("w.toml:2:1: input.ورق = 1: unknown key")), "{errors:#?}");
        assert!(errors.iter().any(|error| error.starts_with("w.toml:4:3: log.levl = ")), "{errors:#?}");
    }

    #[test]
    fn an_error_in_a_value_from_the_environment_names_the_variable() {
        let error = Config::parse("w.toml", "", [("WARRAQ_MEMORY__BUDGET", "1MiB")]).unwrap_err().to_string();
        assert!(error.contains("environment variable WARRAQ_MEMORY__BUDGET: memory.budget = 1.0 MiB"), "{error}");
    }

    #[test]
    fn a_long_value_is_cut() {
        let errors = errors(&format!("[input]\ntopic = \"{}\"\n", "x".repeat(5_000)));
        assert!(errors[0].chars().count() < 200 && errors[0].contains('…'), "{errors:#?}");
    }

    #[test]
    fn a_table_where_a_value_should_be_is_told() {
        let errors = errors("[memory.budget]\nx = 1\n[input]\ntopics = { a = 1 }\n");
        assert_eq!(errors.len(), 2, "{errors:#?}");
    }

    #[test]
    fn files_are_looked_for_and_named_with_their_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.toml");
        let there = folder.path().join("names.tsv");
        std::fs::write(&there, "a\tperson\n").unwrap();
        let text = |ca: &Path| {
            format!("[kafka]\nssl_ca_file = {ca:?}\n[tag]\ngazetteer_files = [{there:?}, \"/nowhere/names.tsv\"]\n")
        };
        std::fs::write(&path, text(folder.path())).unwrap();
        let error = Config::load(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("w.toml:2:1: kafka.ssl_ca_file = ") && error.contains("is a directory"), "{error}");
        assert!(error.contains("w.toml:4:1: tag.gazetteer_files = \"/nowhere/names.tsv\": the file cannot be read"));
        assert!(!error.contains(&there.display().to_string()), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::load(Some(Path::new("/nowhere/w.toml"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere/w.toml: cannot be read: "), "{error}");
    }

    #[test]
    fn quotes_keep_a_name_together() {
        assert_eq!(split("kafka.properties.\"a.b\""), ["kafka", "properties", "a.b"]);
        assert_eq!(split("memory.budget"), ["memory", "budget"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(text in "(\\[[a-z.]{0,8}\\]\n|[a-z_]{1,9} = (\"[a-z]{0,4}\"|[0-9]{1,3}|\\[1, 2\\]|\\{ a = 1 \\})\n|[^\n]{0,9}\n){0,8}") {
            drop(Config::parse("w.toml", &text, [("WARRAQ_X", text.as_str())]));
        }
    }
}
