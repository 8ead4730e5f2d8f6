use std::path::Path;
use std::time::Duration;

use schema_registry_converter::async_impl::schema_registry::{SrSettings, perform_sr_call};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SrCall};

use super::{Error, Options};
use crate::kafka::read_secret;

/// One call may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks one registry about one subject.
#[derive(Debug)]
pub struct Client {
    settings: SrSettings,
    subject: String,
    register: bool,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// A client for the registry of the options; none where they name none.
    /// `topic` is what the values go to.
    ///
    /// # Errors
    /// Where a file cannot be read, or no client be made.
    pub fn new(options: &Options, topic: &str) -> Result<Option<Self>, Error> {
        let Some(url) = &options.url else { return Ok(None) };
        let setting = |key, why: &dyn std::fmt::Display| Error::Setting { key, why: why.to_string() };
        let mut builder = SrSettings::new_builder(url.trim_end_matches('/').to_owned());
        builder.set_timeout(PATIENCE);
        let password = read_secret(options.password.as_ref(), options.password_file.as_deref())
            .map_err(|error| setting("password_file", &error))?;
        let token = read_secret(None, options.token_file.as_deref()).map_err(|error| setting("token_file", &error))?;
        if password.is_some() != options.username.is_some() {
            return Err(setting(
                "username",
                &"name and password go together; set schema_registry.password_file with it",
            ));
        }
        if let Some(username) = &options.username {
            builder.set_basic_authorization(username, password.as_deref());
        }
        if let Some(token) = token {
            builder.set_token_authorization(&token);
        }
        // A second one is as good: it was installed by this very call.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder();
        if let Some(file) = &options.ca_file {
            http = http.tls_certs_merge(certificates(file).map_err(|why| setting("ca_file", &why))?);
        }
        let settings = builder.build_with(http).map_err(|error| setting("url", &told(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| setting("url", &error))?;
        let subject = options.subject.clone().unwrap_or_else(|| format!("{topic}-value"));
        Ok(Some(Self { settings, subject, register: options.register, runtime }))
    }

    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The identifier of a JSON Schema under the subject; waits for the answer,
    /// or 10 seconds. Registering what is there gives the same one again.
    ///
    /// # Errors
    /// Where the registry is away or refuses.
    pub fn id(&self, schema: &str) -> Result<u32, Error> {
        let body = serde_json::json!({ "schema": schema, "schemaType": "JSON" }).to_string();
        let call = if self.register {
            SrCall::PostNew(&self.subject, &body)
        } else {
            SrCall::PostForVersion(&self.subject, &body)
        };
        let subject = self.subject.clone();
        match self.runtime.block_on(perform_sr_call(&self.settings, call)) {
            Ok(schema) => {
                let why = "its answer holds no identifier; is this the address of its Confluent API?".to_owned();
                schema.id.ok_or(Error::Refused { subject, why })
            }
            Err(error) if passes(&error) => Err(Error::Away { subject, why: told(&error) }),
            Err(error) => {
                let hint = if self.register { "" } else { " (schema_registry.register = false: it must be there)" };
                Err(Error::Refused { subject, why: format!("{}{hint}", told(&error)) })
            }
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| format!("{}: {error}", file.display()))?;
    if found.is_empty() { Err(format!("{}: holds no certificate (PEM)", file.display())) } else { Ok(found) }
}

/// Whether another try may help: no answer, too many requests, or the
/// registry's own trouble. The crate takes only 502 and 503 for that.
fn passes(error: &SRCError) -> bool {
    let status = status(error);
    error.retriable || status.is_some_and(|status| status == 429 || status >= 500)
}

/// The HTTP status, which the crate tells in words alone.
fn status(error: &SRCError) -> Option<u16> {
    error.error.split_once("with status ")?.1.split(' ').next()?.parse().ok()
}

/// In our words: the registry's own message, or why there is none.
fn told(error: &SRCError) -> String {
    let source = std::error::Error::source(error);
    let raw = source.and_then(|source| source.downcast_ref::<RawError>());
    match (status(error), raw) {
        (Some(status), Some(raw)) if raw.error_code > 0 || status >= 500 => format!("{} (HTTP {status})", raw.message),
        (Some(401 | 403), _) => "the login is wrong, or lacks the right (HTTP 401 or 403)".to_owned(),
        (Some(status), _) => format!("HTTP {status}; is this the address of its Confluent API?"),
        (None, _) => chain(error),
    }
}

/// All causes: "error sending request" alone would not say that nobody listens.
fn chain(error: &dyn std::error::Error) -> String {
    let mut causes = Vec::new();
    // The first says what the crate makes of it, which we say ourselves.
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}
