//! Every series that warraq declares is on `/metrics`, and under load the
//! figures add up.

use std::time::Duration;

use crate::support::articles;
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::scrape;
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

const RECORDS: usize = 2000;

/// Those that a load on a healthy broker must move.
const MOVED: &[&str] = &[
    "warraq_consumed_records_total",
    "warraq_consumed_bytes_total",
    "warraq_produced_records_total",
    "warraq_produced_bytes_total",
    "warraq_dead_lettered_records_total",
    "warraq_tombstones_total",
    "warraq_stage_seconds_count",
    "warraq_stage_seconds_sum",
    "warraq_record_seconds_count",
    "warraq_article_age_seconds_count",
    "warraq_articles_total",
    "warraq_entities_total",
    "warraq_assigned_partitions",
    "warraq_rebalances_total",
    "warraq_transactions_total",
    "warraq_transaction_seconds_count",
    "warraq_budget_bytes",
    "warraq_client_rtt_seconds",
    "warraq_last_progress_timestamp_seconds",
    "warraq_build_info",
    "process_resident_memory_bytes",
];

#[test]
fn every_series_is_there_and_records_in_are_records_out_and_dead_letters() {
    let names = Names::create(broker::shared(), "metrics", 3);
    let articles = articles::mixed(RECORDS, 28)
        .enumerate()
        .map(|(number, article)| if number % 100 == 0 { articles::tombstone(number) } else { article });
    let expected = topics::produce(&names, articles);
    // Lag is what is not committed, sampled once a second: with rare commits there is some.
    let mut worker = Setup::new(&names, "a").text("delivery", "commit_interval", "4s").start_ready();
    wait_for("lag is shown", Duration::from_secs(30), || {
        worker.metrics().sum("warraq_lag_records").filter(|lag| *lag > 0.0)
    });
    names.wait_until_done(Duration::from_secs(60));
    wait_for("lag is shown to be gone", Duration::from_secs(30), || {
        (worker.metrics().sum("warraq_lag_records") == Some(0.0)).then_some(())
    });
    wait_for("librdkafka's figures are shown", Duration::from_secs(30), || {
        worker.metrics().sum("warraq_client_rtt_seconds").filter(|rtt| *rtt > 0.0)
    });
    let metrics = worker.metrics();

    let (_, text) = scrape::get(&worker.http, "/metrics").unwrap();
    for series in warraq::metrics::series::ALL {
        assert!(
            text.contains(&format!("# TYPE {} {}\n", series.name, series.kind.as_str())),
            "{} is missing",
            series.name
        );
    }
    // Whole seconds, of which a short run may need none.
    assert!(metrics.sum("process_cpu_seconds_total").is_some());
    for series in MOVED {
        assert!(
            metrics.sum(series).is_some_and(|value| value > 0.0),
            "{series} did not move: {:?}",
            metrics.sum(series)
        );
    }

    let bad = expected.values().filter(|expected| matches!(expected.fate, Fate::Dead(_))).count() as f64;
    let tombstones = expected.values().filter(|expected| expected.fate == Fate::Tombstone).count() as f64;
    let sum = |series: &str| metrics.sum(series).unwrap();
    let all = RECORDS as f64;
    assert_eq!(sum("warraq_consumed_records_total"), all);
    assert_eq!(sum("warraq_produced_records_total"), all, "records in = records out + dead letters");
    assert_eq!(sum("warraq_dead_lettered_records_total"), bad);
    assert_eq!(sum("warraq_tombstones_total"), tombstones);
    assert_eq!(sum("warraq_articles_total"), all - bad - tombstones);
    assert_eq!(metrics.sum_where("warraq_articles_total", "language=\"ar\""), Some(all - bad - tombstones));
    assert_eq!(sum("warraq_record_seconds_count"), all);
    assert_eq!(sum("warraq_in_flight_records"), 0.0);
    assert_eq!(sum("warraq_assigned_partitions"), 3.0);
    check_pages(&worker);
    worker.stop();
    names.check(&expected).assert_clean();
}

fn check_pages(worker: &Worker) {
    assert_eq!(worker.health("/livez"), Some(200));
    assert_eq!(worker.health("/readyz"), Some(200));
    let (status, page) = scrape::get(&worker.http, "/").unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("warraq"), "{page}");
    assert_eq!(worker.health("/nowhere"), Some(404));
}
