//! What an operator sees: the real Prometheus scrapes two real workers under load
//! and under faults; alerts fire and end, one outage is told once, figures add up,
//! and every panel of the dashboard has something to show.
//!
//! The rules' clock runs 30 times as fast: minutes become seconds. The short form has
//! two of the five faults, `make observe` all of them.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::broker::Broker;
use crate::support::load::{Kind, Load};
use crate::support::prometheus::{Labels, Prometheus, told};
use crate::support::topics::{self, Names};
use crate::support::worker::{Setup, Worker};
use crate::support::{long, wait_for};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// How many times as fast the rules' clock runs.
const FASTER: u64 = 30;
/// Records a second of a calm day.
const CALM: u64 = 40;
/// Panels, by number, that need more than workers: cAdvisor's series, and a replay's.
const NO_DATA: &[&str] = &["504 ", "60"];
/// Alerts that name a cause which stops articles.
const OUTAGE: &[&str] = &["WarraqProduceFailing", "WarraqCommitsFailing", "WarraqConsumerStalled"];

/// Generous: what is tested is that it happens.
fn patience() -> Duration {
    Duration::from_secs(if long() { 300 } else { 120 })
}

struct Scene {
    prometheus: Prometheus,
    load: Load,
    workers: Vec<Worker>,
    /// Every alert that was ever seen firing.
    fired: BTreeSet<String>,
    started: Instant,
}

impl Scene {
    fn say(&self, what: &str) {
        println!("{:4} s  {what}", self.started.elapsed().as_secs());
    }

    /// Waits until one of these fires, and tells with which words.
    fn until_one_fires(&mut self, alerts: &[&str]) {
        let what = format!("one of {alerts:?} fires");
        let found = wait_for(&what, patience(), || {
            let firing = self.prometheus.firing();
            self.fired.extend(firing.iter().map(|(labels, _)| labels["alertname"].clone()));
            let wanted = |(labels, _): &&(Labels, String)| alerts.contains(&labels["alertname"].as_str());
            firing.iter().find(wanted).map(|(labels, text)| format!("{}: {text}", labels["alertname"]))
        });
        self.say(&found);
        assert!(!found.contains("%!") && !found.contains("no value") && !found.contains("error"), "{found}");
    }

    fn until_calm(&mut self) {
        let mut last = String::new();
        wait_for("no alert fires any more", patience(), || {
            let firing = self.prometheus.firing_names();
            self.fired.extend(firing.iter().cloned());
            let names = firing.iter().cloned().collect::<Vec<_>>().join(" ");
            if names != last {
                println!("        firing: {names}");
                last = names;
            }
            firing.is_empty().then_some(())
        });
        self.say("calm");
    }
}

fn start(broker: &Broker, names: &Names) -> Scene {
    // So that now and then an article is cut short.
    let setup = |name: &str| {
        Setup::new(names, name).value("enrich", "threads", "1").value("normalize", "max_text_bytes", "10000")
    };
    assert_eq!(broker.address(), names.bootstrap);
    let workers = vec![setup("a").start_ready(), setup("b").start_ready()];
    let load = Load::start(names, CALM);
    wait_for("both workers have made records durable", Duration::from_secs(60), || {
        let durable = |worker: &Worker| worker.metrics().sum("warraq_produced_records_total") > Some(0.0);
        workers.iter().all(durable).then_some(())
    });
    let targets: Vec<&str> = workers.iter().map(|worker| worker.http.as_str()).collect();
    let prometheus = Prometheus::start(&targets, FASTER);
    Scene { prometheus, load, workers, fired: BTreeSet::new(), started: Instant::now() }
}

#[test]
fn alerts_fire_and_end_figures_add_up_and_every_panel_has_data() {
    let mut broker = Broker::start();
    let names = Names::create(&broker.address(), "observed", 6);
    let mut scene = start(&broker, &names);
    wait_for("the rules have something to say", Duration::from_secs(60), || {
        let ready = scene.prometheus.query("group:warraq_ready_workers:sum == 2");
        (!ready.is_empty() && !scene.prometheus.query("group:warraq_lag_seconds:max").is_empty()).then_some(())
    });
    std::thread::sleep(Duration::from_secs(10));
    assert!(scene.prometheus.firing().is_empty(), "under a calm load: {:?}", scene.prometheus.firing());

    flood_of_bad_records(&mut scene);
    broker_stopped(&mut scene, &mut broker);
    if long() {
        scene.until_calm();
        worker_stopped(&mut scene);
        output_topic_deleted(&mut scene, &names);
        more_than_can_be_done(&mut scene);
    }
    scene.until_calm();
    println!("fired: {:?}", scene.fired);

    let Scene { prometheus, load, mut workers, started, .. } = scene;
    panels(&prometheus, started);
    load.stop();
    names.wait_until_done(patience());
    figures_add_up(&prometheus);
    workers.iter_mut().for_each(Worker::stop);
}

fn flood_of_bad_records(scene: &mut Scene) {
    scene.say("every second record is bad");
    scene.load.set(Kind::Flood, CALM);
    scene.until_one_fires(&["WarraqDeadLetterRatioHigh"]);
    scene.load.set(Kind::Good, CALM);
}

fn broker_stopped(scene: &mut Scene, broker: &mut Broker) {
    scene.say("the broker is stopped");
    broker.stop();
    scene.until_one_fires(OUTAGE);
    let firing: Vec<Labels> = scene.prometheus.firing().into_iter().map(|(labels, _)| labels).collect();
    let told = told(&firing);
    scene.say(&format!("{} alerts fire, people are told of {told:?}", firing.len()));
    broker.start_again();
    scene.say("the broker is back");
    assert_eq!(told.len(), 1, "one outage is told once: {told:?}");
    for worker in &scene.workers {
        assert_eq!(worker.health("/livez"), Some(200), "an outage is no reason to be restarted");
    }
}

fn worker_stopped(scene: &mut Scene) {
    scene.say("one worker is stopped (SIGSTOP)");
    scene.workers[0].signal(Signal::STOP);
    scene.until_one_fires(&["WarraqMetricsMissing"]);
    scene.workers[0].signal(Signal::CONT);
    scene.say("it goes on");
    scene.until_calm();
}

fn output_topic_deleted(scene: &mut Scene, names: &Names) {
    scene.say("the output topic is deleted");
    topics::delete_topic(&names.bootstrap, &names.output);
    scene.until_one_fires(&["WarraqProduceFailing", "WarraqCommitsFailing"]);
    topics::create_topic(&names.bootstrap, &names.output, names.partitions, &[]);
    scene.say("it is created again");
    scene.until_calm();
}

fn more_than_can_be_done(scene: &mut Scene) {
    scene.say("more than two threads can do");
    scene.load.set(Kind::Heavy, 800);
    scene.until_one_fires(&["WarraqLagGrowing"]);
    scene.load.set(Kind::Good, CALM);
    scene.say("as before");
    scene.until_calm();
}

/// Nothing is under way: each worker's own counters must meet, whatever it went
/// through.
fn figures_add_up(prometheus: &Prometheus) {
    let sum = |series: &str| format!("sum by (instance) ({series})");
    let left = ["warraq_produced_records_total", "warraq_dropped_records_total", "warraq_in_flight_records"]
        .map(|series| format!(" - {}", sum(series)))
        .concat();
    let difference = format!("{}{left}", sum("warraq_consumed_records_total"));
    wait_for(&format!("{difference} is 0"), Duration::from_secs(60), || {
        let found = prometheus.query(&difference);
        let idle = prometheus.query("sum(warraq_in_flight_records) == 0");
        (found.len() == 2 && found.iter().all(|(_, value)| *value == 0.0) && !idle.is_empty()).then_some(())
    });
    let dead =
        "sum(warraq_dead_lettered_records_total) - sum(warraq_produced_records_total{destination=\"dead_letters\"})";
    wait_for(&format!("{dead} is 0"), Duration::from_secs(60), || {
        prometheus.query(dead).first().filter(|(_, value)| *value == 0.0).map(|_| ())
    });
    let facts = [
        "sum(warraq_consumed_records_total)",
        "sum(warraq_produced_records_total)",
        "sum(warraq_dropped_records_total)",
        "sum(warraq_dead_lettered_records_total)",
        "sum(warraq_record_seconds_count) - sum(warraq_produced_records_total)",
        "sum(warraq_article_age_seconds_count) - sum(warraq_produced_records_total)",
    ];
    for fact in facts {
        println!("{fact} = {:?}", prometheus.query(fact).first().map(|(_, value)| *value));
    }
}

/// Asks what each panel asks, as the dashboard's own preview does, and keeps the
/// answers for whoever draws them: target/observed/panels.json.
fn panels(prometheus: &Prometheus, started: Instant) {
    let minutes = (started.elapsed().as_secs_f64() / 60.0).to_string();
    let preview = format!("{ROOT}/deploy/grafana/preview.py");
    let address = format!("http://{}", prometheus.address);
    let asked = Command::new("python3")
        .args([preview.as_str(), "ask", &address, "--minutes", &minutes, "--scrape", "1"])
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let folder = format!("{ROOT}/target/observed");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(format!("{folder}/panels.json"), &asked.stdout).unwrap();
    let answers: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    let mut empty = Vec::new();
    for panel in answers["panels"].as_array().unwrap() {
        let points = |series: &serde_json::Value| series["points"].as_array().is_some_and(|points| !points.is_empty());
        if !panel["series"].as_array().unwrap().iter().any(points) {
            empty.push(format!("{} {}", panel["id"], panel["title"].as_str().unwrap()));
        }
    }
    println!("panels without data: {empty:?}");
    empty.retain(|panel| !NO_DATA.iter().any(|start| panel.starts_with(start)));
    assert!(empty.is_empty(), "panels without data: {empty:?}");
}
