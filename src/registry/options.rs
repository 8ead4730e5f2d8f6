use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::kafka::Secret;
use crate::record::InvalidOption;

/// Options of the `[schema_registry]` table: where the output's JSON Schema is
/// known to readers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Address of a registry that speaks Confluent's API, such as
    /// `https://registry:8081`. None: no registry is asked.
    pub url: Option<String>,
    /// Default: the output topic with `-value`, as Confluent's own clients name
    /// it.
    pub subject: Option<String>,
    /// Whether a schema that the subject lacks is registered. Off, it must be
    /// there: for registries to which only a pipeline of releases may write.
    pub register: bool,
    /// Puts Confluent's header before each value of the output: a zero byte and
    /// the schema's identifier in four. Off, because a reader that expects plain
    /// JSON stumbles over it.
    pub wire_format: bool,
    /// Name to log in with; in Confluent's cloud the API key.
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// A file that holds the password, such as a mounted secret.
    pub password_file: Option<PathBuf>,
    /// A file that holds a bearer token, instead of name and password.
    pub token_file: Option<PathBuf>,
    /// Certificates of authorities (PEM) that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: None,
            subject: None,
            register: true,
            wire_format: false,
            username: None,
            password: None,
            password_file: None,
            token_file: None,
            ca_file: None,
        }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        match &self.url {
            Some(url) if url.contains('@') => {
                invalid
                    .push(self.url("holds a login; give schema_registry.username and schema_registry.password_file"));
            }
            Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) => {
                invalid.push(self.url("must begin with http:// or https://, such as \"https://registry:8081\""));
            }
            None if self.wire_format => {
                let message =
                    "needs schema_registry.url: the registry gives the identifier that goes before the values";
                invalid.push(InvalidOption::new("schema_registry.wire_format", true, message));
            }
            _ => {}
        }
        if self.subject.as_deref().is_some_and(str::is_empty) {
            invalid.push(InvalidOption::new(
                "schema_registry.subject",
                "\"\"",
                "is empty; leave it out, or give a name",
            ));
        }
        if self.password.is_some() && self.password_file.is_some() {
            let message = "is given together with schema_registry.password_file; give one of them";
            invalid.push(InvalidOption::new("schema_registry.password", "********", message));
        }
        if let (Some(file), true) = (&self.token_file, self.username.is_some()) {
            let message = "is given together with schema_registry.username; give one of them";
            invalid.push(InvalidOption::new("schema_registry.token_file", format!("{file:?}"), message));
        }
        invalid
    }

    fn url(&self, message: &str) -> InvalidOption {
        // What stands before an @ may be a password.
        let url = self.url.as_deref().unwrap_or_default();
        let shown = url.rsplit_once('@').map_or(url, |(_, host)| host);
        InvalidOption::new("schema_registry.url", format!("{shown:?}"), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(options: &Options) -> Vec<String> {
        options.check().into_iter().map(|invalid| invalid.to_string()).collect()
    }

    #[test]
    fn what_cannot_work_is_told() {
        let with = |change: fn(&mut Options)| {
            let mut options = Options { url: Some("http://registry:8081".to_owned()), ..Options::default() };
            change(&mut options);
            wrong(&options).join("\n")
        };
        assert_eq!(with(|_| {}), "");
        assert_eq!(with(|options| options.wire_format = true), "");
        assert!(with(|options| options.url = Some("registry:8081".into())).contains("must begin with http://"));
        let told = with(|options| options.url = Some("https://key:s3cret@registry".into()));
        assert!(told.contains("holds a login") && !told.contains("s3cret"), "{told}");
        assert!(
            with(|options| (options.url, options.wire_format) = (None, true)).contains("needs schema_registry.url")
        );
        assert!(with(|options| options.subject = Some(String::new())).contains("is empty"));
        let both = |options: &mut Options| {
            options.username = Some("a".into());
            options.password = Some(Secret::new("b"));
            options.token_file = Some("/t".into());
        };
        assert!(with(both).contains("schema_registry.token_file = \"/t\": is given together"));
    }
}
