//! The harness itself against the broker: what the other tests rely on.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

use crate::support::articles::{self, Article};
use crate::support::broker::{self, Broker};
use crate::support::checker::{Fate, check};
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names, client};
use crate::support::wait_for;

#[test]
fn what_is_produced_is_read_back() {
    let names = Names::create(broker::shared(), "read-back", 3);
    let expected = topics::produce(&names, articles::mixed(200, 1));
    assert_eq!(expected.len(), 200);
    let found = read::all(&names.bootstrap, &names.input, Isolation::Committed);
    assert_eq!(found.len(), 200);
    for record in &found {
        let expected = &expected[&crate::support::checker::Source::new(&record.topic, record.partition, record.offset)];
        assert_eq!(record.key, expected.key);
    }
    let bad = expected.values().filter(|expected| matches!(expected.fate, Fate::Dead(_))).count();
    assert_eq!(bad, 10);
    assert_eq!(names.lag(), 200, "nobody has committed yet");
}

/// A stand-in for the worker: copies each record with its source, committing
/// transactions but for one that it aborts; the reader must see each once.
#[test]
fn an_aborted_transaction_is_seen_by_uncommitted_readers_only() {
    let names = Names::create(broker::shared(), "isolation", 2);
    let expected = topics::produce(&names, (0..60).map(|number| articles::plain(number, 2, 1)));
    let input = read::all(&names.bootstrap, &names.input, Isolation::Committed);
    let producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext> =
        client(&names.bootstrap).set("transactional.id", topics::unique("isolation")).create().unwrap();
    let soon = Duration::from_secs(30);
    producer.init_transactions(soon).unwrap();
    let send = |record: &crate::support::checker::Found| {
        let source = format!("{}/{}/{}", record.topic, record.partition, record.offset);
        let headers = rdkafka::message::OwnedHeaders::new()
            .insert(rdkafka::message::Header { key: "warraq-source", value: Some(&source) });
        let mut copy = BaseRecord::to(&names.output).payload(record.value.as_deref().unwrap()).headers(headers);
        copy = copy.key(record.key.as_deref().unwrap()).partition(record.partition);
        producer.send(copy).map_err(|(error, _)| error).unwrap();
    };
    for (number, batch) in input.chunks(20).enumerate() {
        if number == 1 {
            producer.begin_transaction().unwrap();
            batch.iter().for_each(send);
            producer.flush(soon).unwrap();
            producer.abort_transaction(soon).unwrap();
        }
        producer.begin_transaction().unwrap();
        batch.iter().for_each(send);
        producer.flush(soon).unwrap();
        producer.commit_transaction(soon).unwrap();
    }
    let committed = read::all(&names.bootstrap, &names.output, Isolation::Committed);
    check(&expected, &committed, &[]).assert_clean();
    let uncommitted = read::all(&names.bootstrap, &names.output, Isolation::Uncommitted);
    assert_eq!((committed.len(), uncommitted.len()), (60, 80));
    assert_eq!(check(&expected, &uncommitted, &[]).doubled.len(), 20);
}

#[test]
fn a_topic_can_be_deleted_and_made_again() {
    let bootstrap = broker::shared();
    let topic = topics::unique("again");
    for _ in 0..3 {
        topics::create_topic(bootstrap, &topic, 2, &[]);
        topics::delete_topic(bootstrap, &topic);
    }
}

#[test]
fn a_broker_comes_back_with_its_port_and_its_records() {
    let mut broker = Broker::start();
    let names = Names::create(&broker.address(), "comes-back", 1);
    let articles = |range: std::ops::Range<usize>| range.map(|number| Article::new(number, "x", Fate::Output));
    let before = topics::produce(&names, articles(0..10));
    broker.stop();
    assert!(std::net::TcpStream::connect(broker.address()).is_err());
    broker.start_again();
    let between = topics::produce(&names, articles(0..10));
    broker.kill();
    broker.start_again();
    // After a crash the log is recovered before its end is known again.
    wait_for("every record is back", Duration::from_secs(30), || {
        let found = read::all(&broker.address(), &names.input, Isolation::Committed).len();
        (found == before.len() + between.len()).then_some(())
    });
    assert_eq!(names.committed(), BTreeMap::from([(0, None)]));
}
