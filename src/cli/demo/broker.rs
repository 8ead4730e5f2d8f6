use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::cli::samples::Sample;
use crate::config::Config;
use crate::kafka;
use crate::record::RawRecord;

const PARTITIONS: i32 = 3;
const PATIENCE: Duration = Duration::from_secs(20);

/// librdkafka's mock cluster with the demo's topics on it.
pub(super) struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Broker {
    pub(super) fn start(config: &Config) -> Result<Self> {
        let cluster = MockCluster::new(1).context("the embedded broker cannot be started")?;
        let topics = config.input.topics.iter().chain([&config.output.topic, &config.output.dead_letter_topic]);
        for topic in topics {
            cluster.create_topic(topic, PARTITIONS, 1).with_context(|| format!("topic {topic} cannot be made"))?;
        }
        Ok(Self { cluster })
    }

    pub(super) fn address(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    /// Sends samples to the first input topic and waits for the broker to have them.
    pub(super) fn produce<'a>(&self, config: &Config, samples: impl Iterator<Item = &'a Sample>) -> Result<()> {
        let topic = config.input.topics.first().context("input.topics is empty")?;
        let producer: BaseProducer =
            self.client().set("linger.ms", "1").set("message.max.bytes", "100000000").create()?;
        for sample in samples {
            let mut record = BaseRecord::<[u8], [u8]>::to(topic).headers(kafka::headers(&sample.headers));
            if let Some(key) = &sample.key {
                record = record.key(key.as_slice());
            }
            if let Some(value) = &sample.value {
                record = record.payload(value.as_slice());
            }
            producer.send(record).map_err(|(error, _)| error).context("a sample cannot be sent")?;
        }
        producer.flush(PATIENCE).context("the samples did not arrive")
    }

    /// The first `count` records of a topic, partition by partition.
    pub(super) fn read(&self, topic: &str, count: u64) -> Result<Vec<RawRecord>> {
        let consumer: BaseConsumer = self.client().set("group.id", "demo-reader").create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&list)?;
        let mut records = Vec::new();
        let start = Instant::now();
        while (records.len() as u64) < count {
            if start.elapsed() > PATIENCE {
                bail!("only {} of {count} records came out of {topic}", records.len());
            }
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            records.push(record(&message?));
        }
        Ok(records)
    }
}

fn record(message: &rdkafka::message::BorrowedMessage<'_>) -> RawRecord {
    kafka::raw_record(message, &message.topic().into(), usize::MAX)
}
