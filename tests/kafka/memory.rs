//! One budget: a backlog of any size never raises memory.

use std::time::Duration;

use crate::support::articles::{self, Article};
use crate::support::broker;
use crate::support::checker::Fate;
use crate::support::topics::{self, Names};
use crate::support::worker::Setup;
use crate::support::{Chance, long, wait_for};

const MIB: u64 = 1 << 20;
/// The smallest that the configuration takes.
const BUDGET: u64 = 64 * MIB;
const BESIDES: u64 = 150 * MIB;

/// Text without long repeats, so that it compresses as pages do: five or ten times.
fn archive() -> Vec<String> {
    (0..4000).map(|number| articles::paragraphs(number, 30, 2).join(" ")).collect()
}

/// Little text in a large record, as crawlers that keep the page beside it send:
/// the bytes are there, and the text work does not decide how long this takes.
fn bulky(number: usize, archive: &[String], chance: &mut Chance) -> Article {
    let mut article = articles::newspaper(number, 11, 3);
    let mut record: serde_json::Value = serde_json::from_slice(article.value.as_deref().unwrap()).unwrap();
    let bytes = [8, 64, 200, 700][number % 4] << 10;
    let mut page = String::new();
    while page.len() < bytes {
        page.push_str(&archive[usize::try_from(chance.below(archive.len() as u64)).unwrap()]);
    }
    record["raw_html"] = page.into();
    article.value = Some(record.to_string().into_bytes());
    article.fate = Fate::Output;
    article
}

#[test]
fn a_backlog_many_times_the_budget_never_raises_memory() {
    let times = if long() { 50 } else { 8 };
    let names = Names::create(broker::shared(), "backlog", 3);
    let (archive, mut chance) = (archive(), Chance::new(31));
    let sample: u64 = (0..4).map(|number| bulky(number, &archive, &mut chance).value.unwrap().len() as u64).sum();
    let count = usize::try_from(times * BUDGET / (sample / 4)).unwrap();
    let articles = (0..count).map(|number| bulky(number, &archive, &mut chance));
    let expected = topics::produce_with(&names, articles, &[("compression.type", "zstd")]);
    let setup = Setup::new(&names, "a").text("memory", "budget", "64MiB");
    let mut worker = setup.start_ready();
    wait_for("the backlog is done", Duration::from_secs(600), || {
        std::thread::sleep(Duration::from_millis(300));
        let metrics = worker.metrics();
        let taken = metrics.sum("warraq_in_flight_bytes").unwrap();
        assert!(taken <= metrics.sum("warraq_budget_bytes").unwrap(), "{taken} bytes in flight");
        (names.lag() == 0).then_some(())
    });
    let peak = worker.peak_memory();
    let consumed = worker.metrics().sum("warraq_consumed_bytes_total").unwrap() / MIB as f64;
    println!("memory: {consumed:.0} MiB of backlog, budget {} MiB, peak {} MiB", BUDGET / MIB, peak / MIB);
    worker.stop();
    assert!(consumed >= (times * BUDGET / MIB) as f64 * 0.95, "{consumed} MiB only");
    assert!(peak <= BUDGET + BESIDES, "peak {} MiB", peak / MIB);
    names.check(&expected).assert_clean();
}
