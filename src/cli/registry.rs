//! What a worker asks of the schema registry before it begins.

use crate::config::Config;
use crate::metrics::Metrics;
use crate::record::Provenance;
use crate::worker::Stop;

/// A stop was asked for before the worker had begun.
#[derive(Debug, thiserror::Error)]
#[error("stopped while waiting for the schema registry")]
pub(super) struct Stopped;

#[cfg(not(feature = "schema-registry"))]
pub(super) fn schema_id(_: &Config, _: &Provenance, _: &Metrics, _: &Stop) -> anyhow::Result<Option<u32>> {
    // A configuration that names a registry was refused before.
    Ok(None)
}

#[cfg(feature = "schema-registry")]
pub(super) use asked::schema_id;

#[cfg(feature = "schema-registry")]
mod asked {
    use std::time::Duration;

    use anyhow::Result;

    use super::super::run;
    use super::{Config, Metrics, Provenance, Stop, Stopped};
    use crate::metrics::Events;
    use crate::registry::{Client, Error};
    use crate::retry::Backoff;
    use crate::worker::Clock;

    /// The schema of what is written, as readers find it.
    const SCHEMA: &str = include_str!("../../config/schema/warraq.article.v1.json");

    /// The identifier that goes before each value, if one does. Meanwhile the
    /// worker is alive and not ready, and says so.
    ///
    /// # Errors
    /// Where the registry refuses, or a stop is asked for ([`Stopped`]).
    pub(in super::super) fn schema_id(
        config: &Config,
        provenance: &Provenance,
        metrics: &Metrics,
        stop: &Stop,
    ) -> Result<Option<u32>> {
        let options = &config.schema_registry;
        let Some(client) = Client::new(options, &config.output.topic)? else { return Ok(None) };
        let clock = Clock::start();
        let what = format!("waiting for the schema registry, subject {}", client.subject());
        let events = Events::new(metrics.clone(), move || clock.now());
        let mut server = None;
        let mut delays = Backoff::new(Duration::from_millis(500), Duration::from_secs(15));
        loop {
            match client.id(SCHEMA) {
                Ok(id) => {
                    tracing::info!(
                        id,
                        subject = client.subject(),
                        wire_format = options.wire_format,
                        "schema is known"
                    );
                    return Ok(options.wire_format.then_some(id));
                }
                Err(error @ Error::Away { .. }) => {
                    let delay = delays.next_delay();
                    events.registry_away(&error, delay);
                    if server.is_none() {
                        server = Some(run::aside(config, provenance, metrics, events.clone(), &what)?);
                    }
                    if stop.wait(delay) {
                        return Err(Stopped.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
