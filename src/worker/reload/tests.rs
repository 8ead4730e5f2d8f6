use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use crossbeam_channel::unbounded;

use super::*;
use crate::consume::{Place, Work};
use crate::decode::{self, Decoder};
use crate::encode::{self, Encoder};
use crate::flow::{Budget, Event, Lane, Ticket};
use crate::health::{Health, Limits};
use crate::normalize::{self, Normalizer};
use crate::pipeline::Parts;
use crate::record::{Origin, Provenance, RawRecord};
use crate::tag::{self, Gazetteer, Tagger, UserGazetteer};
use crate::worker::poison::Journal;
use crate::worker::pool::Enricher;

/// The pipeline of these lists; its model is the identifier of the first name.
fn build(files: &[TextFile]) -> Result<Built, String> {
    let mut lists = Vec::new();
    for TextFile { name, text } in files {
        assert!(!text.contains("panic"), "on purpose");
        let told =
            |errors: Vec<tag::UserListError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        lists.push(UserGazetteer::parse(name, text).map_err(told)?);
    }
    let first = files.iter().find_map(|file| file.text.lines().next()?.split('\t').nth(2));
    let model = first.unwrap_or("none").to_owned();
    let provenance = Provenance { version: "1".into(), model, config: "c".into() };
    let pipeline = Pipeline::new(Parts {
        decoder: Decoder::new(&decode::Options::default()),
        normalizer: Normalizer::new(&normalize::Options::default()),
        tagger: Tagger::new(&tag::Options::default(), Gazetteer::empty(), &lists).unwrap(),
        encoder: Encoder::new(&encode::Options::default(), provenance),
    });
    Ok((pipeline, lists.iter().map(UserGazetteer::len).sum()))
}

fn list(id: &str) -> TextFile {
    TextFile { name: "desk.tsv".to_owned(), text: format!("نهر الورد\tplace\t{id}\n") }
}

fn work(offset: i64, budget: &Budget) -> Work {
    let value = "فيضان جديد\nفاض نهر الورد صباح اليوم بعد ليلة من المطر.".as_bytes().to_vec();
    let sequence = u64::try_from(offset).unwrap();
    Work {
        permit: budget.take(value.len()),
        place: Place::default(),
        raw: RawRecord {
            origin: Origin { topic: "raw".into(), partition: 0, offset },
            timestamp: None,
            key: None,
            value_length: value.len(),
            value: Some(value),
            headers: Vec::new(),
        },
        ticket: Ticket { lane: Lane { topic: 0, partition: 0 }, epoch: 0, sequence, offset },
        polled: Duration::ZERO,
    }
}

/// While lists are swapped as fast as can be under several threads, what is
/// found in a record and what its provenance says are of one pipeline.
#[test]
fn a_record_is_made_by_one_pipeline_whatever_is_swapped_meanwhile() {
    const THREADS: usize = 3;
    const ROUNDS: usize = 30;
    const ROUND: usize = 100;
    let ids = ["desk-a", "desk-b", "desk-c"];
    let live = Live::new(Arc::new(build(&[list(ids[0])]).unwrap().0));
    let metrics = Metrics::new("1", "c", "m").unwrap();
    let health = Health::new(Duration::ZERO, Limits::default(), THREADS);
    let (budget, clock) = (Budget::new(1 << 30), Clock::start());
    // Half a round fits, so half of each is taken up before the next list comes.
    let (to_do, todo) = bounded(50);
    let (events, finished) = unbounded();
    std::thread::scope(|scope| {
        for index in 0..THREADS {
            let enricher = Enricher {
                pipeline: live.clone(),
                work: todo.clone(),
                events: events.clone(),
                metrics: metrics.pool(),
                clock,
                deadline: Duration::from_secs(60),
                pulse: health.pool(index),
                hand: Journal::default().hand(index),
                tracer: None,
                shadow: None,
            };
            scope.spawn(move || enricher.run());
        }
        let mut offsets = 0..;
        for id in ids.iter().cycle().take(ROUNDS) {
            live.replace(build(&[list(id)]).unwrap().0);
            for offset in offsets.by_ref().take(ROUND) {
                to_do.send(vec![work(offset, &budget)]).unwrap();
            }
        }
        drop(to_do);
    });
    drop(events);

    let mut seen = BTreeMap::new();
    for event in finished {
        let Event::Finished(batch) = event else { panic!("{event:?}") };
        for one in batch {
            let record: serde_json::Value =
                serde_json::from_slice(one.outgoing.as_ref().unwrap().value.as_ref().unwrap()).unwrap();
            let model = record["provenance"]["model"].as_str().unwrap().to_owned();
            assert_eq!(record["entities"][0]["user_id"], *model, "{record}");
            *seen.entry(model).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.values().sum::<usize>(), ROUNDS * ROUND);
    assert_eq!(seen.len(), ids.len(), "each list made some: {seen:?}");
}

/// A folder as Kubernetes mounts a ConfigMap: the files are links through
/// `..data`, which is swapped for a link to another folder by a rename.
struct ConfigMap {
    folder: tempfile::TempDir,
    version: usize,
}

impl ConfigMap {
    fn mount(text: &str) -> Self {
        let mut map = Self { folder: tempfile::tempdir().unwrap(), version: 0 };
        map.swap(text);
        symlink("..data/desk.tsv", map.path().join("desk.tsv")).unwrap();
        map
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn swap(&mut self, text: &str) {
        self.version += 1;
        let name = format!("..version-{}", self.version);
        std::fs::create_dir(self.path().join(&name)).unwrap();
        std::fs::write(self.path().join(&name).join("desk.tsv"), text).unwrap();
        symlink(&name, self.path().join("..data_tmp")).unwrap();
        std::fs::rename(self.path().join("..data_tmp"), self.path().join("..data")).unwrap();
    }
}

struct Rig {
    map: ConfigMap,
    live: Live,
    metrics: Metrics,
    events: Events,
    _reload: Reload,
}

impl Rig {
    fn start(text: &str) -> Self {
        let map = ConfigMap::mount(text);
        let paths = vec![map.path().join("desk.tsv")];
        let in_force = files::read(&paths).unwrap();
        let live = Live::new(Arc::new(build(&in_force).unwrap().0));
        let metrics = Metrics::new("1", "c", &live.now().provenance().model).unwrap();
        let events = Events::new(metrics.clone(), || Duration::ZERO);
        let gazetteers = Gazetteers {
            what: Reloaded::Gazetteers,
            paths,
            in_force,
            interval: Duration::from_millis(20),
            build: Box::new(build),
        };
        let reload = Reload::start(Some(gazetteers), live.clone(), metrics.clone(), events.clone()).unwrap();
        Self { map, live, metrics, events, _reload: reload }
    }

    #[track_caller]
    fn wait_for(&self, line: &str) {
        for _ in 0..1_500 {
            if self.metrics.render().lines().any(|shown| shown == line) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("never: {line}\n{}", self.metrics.render());
    }
}

#[test]
fn a_swapped_list_is_taken_and_a_broken_one_refused() {
    let mut rig = Rig::start(&list("first").text);
    rig.map.swap(&list("second").text);
    rig.wait_for("warraq_reloads_total{result=\"applied\",what=\"gazetteers\"} 1");
    assert_eq!(rig.live.now().provenance().model, "second");
    rig.wait_for("warraq_build_info{config=\"c\",model=\"second\",version=\"1\"} 1");

    rig.map.swap("نهر الورد\tplace\tthird\nزيد\tpeople\n");
    rig.wait_for("warraq_reloads_total{result=\"refused\",what=\"gazetteers\"} 1");
    assert_eq!(rig.live.now().provenance().model, "second", "the old list stays");
    let error = rig.events.recent().remove(0).text;
    assert!(error.contains("desk.tsv, line 2, column 2: type \"people\""), "{error}");

    rig.map.swap("panic\n");
    rig.wait_for("warraq_reloads_total{result=\"refused\",what=\"gazetteers\"} 2");
    let error = rig.events.recent().remove(0).text;
    assert!(error.contains("a bug in warraq: panic at "), "{error}");

    std::fs::remove_file(rig.map.path().join("..data")).unwrap();
    rig.wait_for("warraq_reloads_total{result=\"refused\",what=\"gazetteers\"} 3");
    rig.map.swap(&list("fourth").text);
    rig.wait_for("warraq_reloads_total{result=\"applied\",what=\"gazetteers\"} 2");
    assert_eq!(rig.live.now().provenance().model, "fourth");
}

#[test]
fn a_name_forbidden_by_a_swapped_list_is_no_mention_any_more() {
    let mut rig = Rig::start(&list("first").text);
    let found = |rig: &Rig| {
        let raw = work(0, &Budget::new(1 << 20)).raw;
        rig.live.now().enrich(&raw, &mut crate::pipeline::NoWatch).outgoing.value.map(|value| {
            let record: serde_json::Value = serde_json::from_slice(&value).unwrap();
            record["entities"].as_array().unwrap().len()
        })
    };
    assert_eq!(found(&rig), Some(1));
    rig.map.swap("نهر الورد\tnever\tsecond\nنهر الورد\tplace\n");
    rig.wait_for("warraq_reloads_total{result=\"applied\",what=\"gazetteers\"} 1");
    assert_eq!(found(&rig), Some(0));
}

#[test]
fn another_folder_with_the_same_content_is_no_change() {
    let mut rig = Rig::start(&list("first").text);
    rig.map.swap(&list("first").text);
    rig.map.swap(&list("first").text);
    // Each look between is one at the same content; then comes one that differs.
    std::thread::sleep(Duration::from_millis(200));
    rig.map.swap(&list("second").text);
    rig.wait_for("warraq_reloads_total{result=\"applied\",what=\"gazetteers\"} 1");
    assert_eq!(rig.live.now().provenance().model, "second");
}

#[test]
fn of_many_errors_the_first_are_told() {
    assert_eq!(few("a\nb"), "a; b");
    let many = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
    assert_eq!(few(&many), "0; 1; 2; 3; 4; and 35 more");
}
