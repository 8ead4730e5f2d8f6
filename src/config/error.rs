use std::fmt;
use std::path::PathBuf;

use crate::record::InvalidOption;

/// Everything that is wrong with a configuration, at once.
#[derive(Debug)]
pub struct Error {
    pub problems: Vec<Problem>,
}

/// One thing that is wrong, where it stands and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    /// Full key such as `kafka.group_id`; empty where the file as a whole is
    /// meant.
    pub key: String,
    /// As written, secrets masked; empty with an empty key.
    pub value: String,
    pub message: String,
}

/// In the order in which errors are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Variable(String),
    /// The file as a whole, or what it leaves at its default.
    WholeFile {
        name: String,
    },
    /// Line and column count from 1.
    File {
        name: String,
        line: usize,
        column: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::WholeFile { name } => f.write_str(name),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{} = {}: ", self.key, self.value)?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [one] => write!(f, "the configuration cannot be used: {one}"),
            many => {
                write!(f, "the configuration cannot be used, {} errors:", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// All of them, in the order of their places.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        Self { problems }
    }

    /// What was found wrong with a whole configuration once it was read.
    pub fn of_file(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(Place::WholeFile { name: name.into() }, message.into())
    }

    pub(super) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        let name = path.display().to_string();
        let message = format!("cannot be read: {error}");
        Self::of(Place::WholeFile { name }, message)
    }

    pub(super) fn of(place: Place, message: String) -> Self {
        Self { problems: vec![Problem { place, key: String::new(), value: String::new(), message }] }
    }
}

impl Problem {
    pub(super) fn option(place: Place, invalid: InvalidOption) -> Self {
        Self { place, key: invalid.key, value: invalid.value, message: invalid.message }
    }

    pub(super) fn file(place: Place, key: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self {
            place,
            key: key.to_owned(),
            value: format!("{:?}", PathBuf::from(path)),
            message: format!("the file cannot be read: {error}"),
        }
    }
}
