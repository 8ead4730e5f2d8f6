//! How many partitions the input topics have, asked again and again: a worker
//! knows its own share only, and what nobody owns can be seen in no share.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;

use super::lifecycle::Stop;
use crate::metrics::Metrics;
use crate::retry::Backoff;

/// Partitions are added rarely, and alerts on them wait longer than this.
const EVERY: Duration = Duration::from_secs(60);

/// Asks until the worker stops.
pub(super) fn run(config: &ClientConfig, topics: &[String], metrics: &Metrics, stop: &Stop) {
    let mut config = config.clone();
    // A question must not create the topic, which an admin client's else does.
    config.set("allow.auto.create.topics", "false");
    // Not a consumer: that one would have to be polled for its tokens (OAUTHBEARER).
    let client: AdminClient<DefaultClientContext> = match config.create() {
        Ok(client) => client,
        Err(error) => {
            tracing::warn!(%error, "the number of input partitions stays unknown");
            return;
        }
    };
    let mut backoff = Backoff::new(Duration::from_secs(1), EVERY);
    while !stop.is_requested() {
        let pause = if topics.iter().all(|topic| ask(&client, topic, metrics)) {
            backoff.reset();
            EVERY
        } else {
            backoff.next_delay()
        };
        if stop.wait(pause) {
            return;
        }
    }
}

/// Whether there was an answer.
fn ask(client: &AdminClient<DefaultClientContext>, topic: &str, metrics: &Metrics) -> bool {
    match client.inner().fetch_metadata(Some(topic), Duration::from_secs(10)) {
        Ok(metadata) => {
            let found = metadata.topics().iter().find(|found| found.name() == topic);
            metrics.input_partitions(topic, found.map_or(0, |found| found.partitions().len()));
            true
        }
        Err(error) => {
            tracing::debug!(topic, %error, "the number of its partitions is not known now");
            false
        }
    }
}
