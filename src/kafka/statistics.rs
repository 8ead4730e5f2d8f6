//! The few of librdkafka's own figures that are worth a look.

use rdkafka::Statistics;

/// What a client tells of itself, once in `statistics.interval.ms`.
#[derive(Debug, Clone, Default)]
pub struct ClientFigures {
    /// Whether any broker is connected.
    pub connected: bool,
    /// Messages and bytes in the producer's queue.
    pub queue_messages: u64,
    pub queue_bytes: u64,
    /// Average round trip to the slowest broker, seconds.
    pub round_trip_seconds: f64,
    /// Requests that failed to be sent, since start.
    pub send_errors: u64,
    pub request_timeouts: u64,
    /// For a consumer.
    pub partitions: Vec<PartitionFigures>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionFigures {
    pub topic: String,
    pub partition: i32,
    /// Where committed records end: a reader of committed records gets no further.
    pub end: i64,
    /// The offset that is fetched next.
    pub fetch: i64,
    /// Bytes prefetched.
    pub queue_bytes: u64,
}

#[must_use]
pub fn figures(statistics: &Statistics) -> ClientFigures {
    let brokers = statistics.brokers.values();
    let round_trip = brokers.clone().filter_map(|broker| broker.rtt.as_ref()).map(|rtt| rtt.avg).max();
    let mut partitions: Vec<PartitionFigures> = statistics
        .topics
        .values()
        .flat_map(|topic| topic.partitions.values().map(move |partition| (topic, partition)))
        .filter(|(_, partition)| partition.partition >= 0 && partition.fetch_state == "active")
        .map(|(topic, partition)| PartitionFigures {
            topic: topic.topic.clone(),
            partition: partition.partition,
            end: if partition.ls_offset >= 0 { partition.ls_offset } else { partition.hi_offset },
            fetch: partition.next_offset,
            queue_bytes: partition.fetchq_size,
        })
        .collect();
    partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    ClientFigures {
        connected: brokers.clone().any(|broker| broker.state == "UP" || broker.state == "UPDATE"),
        queue_messages: statistics.msg_cnt,
        queue_bytes: statistics.msg_size,
        #[allow(clippy::cast_precision_loss, reason = "microseconds, far below 2^52")]
        round_trip_seconds: round_trip.unwrap_or(0) as f64 / 1e6,
        send_errors: brokers.clone().map(|broker| broker.txerrs).sum(),
        request_timeouts: brokers.map(|broker| broker.req_timeouts).sum(),
        partitions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_up_is_told_from_one_that_is_not() {
        let statistics = |state: &str| Statistics {
            brokers: [("a".to_owned(), broker(state))].into_iter().collect(),
            msg_cnt: 3,
            ..Statistics::default()
        };
        assert!(figures(&statistics("UP")).connected);
        assert!(!figures(&statistics("TRY_CONNECT")).connected);
        assert_eq!(figures(&statistics("UP")).queue_messages, 3);
    }

    fn broker(state: &str) -> rdkafka::statistics::Broker {
        rdkafka::statistics::Broker { state: state.to_owned(), ..Default::default() }
    }
}
