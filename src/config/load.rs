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
        if problems.is_empty() { Ok(config) } else { Err(Error { problems }) }
    }

    /// Reads a file's text and overrides; looks at nothing else. `name` is what
    /// errors call the file.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn parse<'a>(name: &str, text: &str, env: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let (config, _, problems) = read(name, text, env)?;
        if problems.is_empty() { Ok(config) } else { Err(Error { problems }) }
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
            other => other.to_owned(),
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
