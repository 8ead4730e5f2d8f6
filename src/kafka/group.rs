use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::KafkaResult;

/// What the producing thread needs of the consumer: the group, not the messages.
///
/// All of it is served by librdkafka's own thread, so it is safe to call while
/// the polling thread waits in a rebalance callback.
pub trait Group: Send + Sync {
    /// Taken fresh for every commit: the member's epoch moves without any
    /// callback. `None` for a consumer without a group.
    fn metadata(&self) -> Option<ConsumerGroupMetadata>;

    /// # Errors
    /// As librdkafka tells it.
    fn committed(&self, partitions: TopicPartitionList, timeout: Duration) -> KafkaResult<TopicPartitionList>;

    /// Commits offsets outside of a transaction, and waits for the answer.
    ///
    /// # Errors
    /// As librdkafka tells it.
    fn commit(&self, offsets: &TopicPartitionList) -> KafkaResult<()>;
}

impl<C: ConsumerContext + 'static> Group for BaseConsumer<C> {
    fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.group_metadata()
    }

    fn committed(&self, partitions: TopicPartitionList, timeout: Duration) -> KafkaResult<TopicPartitionList> {
        self.committed_offsets(partitions, timeout)
    }

    fn commit(&self, offsets: &TopicPartitionList) -> KafkaResult<()> {
        Consumer::commit(self, offsets, CommitMode::Sync)
    }
}
