use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaResult;

/// What the producing thread needs of the consumer: the group, not the messages.
///
/// All of it is served by librdkafka's own thread, so it is safe to call while
/// the polling thread waits in a rebalance callback.
pub trait Group: Send + Sync {
    /// As which member to commit. `None` for a consumer without a group.
    fn metadata(&self) -> Option<Arc<ConsumerGroupMetadata>>;

    /// # Errors
    /// As librdkafka tells it.
    fn committed(&self, partitions: TopicPartitionList, timeout: Duration) -> KafkaResult<TopicPartitionList>;

    /// Commits offsets outside of a transaction, and waits for the answer.
    ///
    /// # Errors
    /// As librdkafka tells it.
    fn commit(&self, offsets: &TopicPartitionList) -> KafkaResult<()>;
}
