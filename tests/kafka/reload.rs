//! Lists of names that change under a running worker: a ConfigMap is swapped as
//! Kubernetes swaps one, and nothing is restarted.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::articles::Article;
use crate::support::broker;
use crate::support::checker::{Fate, Found};
use crate::support::read::{self, Isolation};
use crate::support::topics::{self, Names};
use crate::support::wait_for;
use crate::support::worker::{Setup, Worker};

/// A folder as the kubelet keeps it.
struct ConfigMap {
    folder: tempfile::TempDir,
    version: usize,
}

impl ConfigMap {
    fn mount(files: &[(&str, &str)]) -> Self {
        let mut map = Self { folder: tempfile::tempdir().unwrap(), version: 0 };
        map.swap(files);
        for (name, _) in files {
            symlink(Path::new("..data").join(name), map.file(name)).unwrap();
        }
        map
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn swap(&mut self, files: &[(&str, &str)]) {
        self.version += 1;
        let (name, old) = (format!("..2026_{}", self.version), format!("..2026_{}", self.version - 1));
        std::fs::create_dir(self.file(&name)).unwrap();
        for (file, text) in files {
            std::fs::write(self.file(&name).join(file), text).unwrap();
        }
        symlink(&name, self.file("..data_tmp")).unwrap();
        std::fs::rename(self.file("..data_tmp"), self.file("..data")).unwrap();
        // The kubelet removes what no link leads to any more.
        if self.version > 1 {
            std::fs::remove_dir_all(self.file(&old)).unwrap();
        }
    }
}

fn article(number: usize) -> Article {
    let value = format!("فيضان جديد رقم {number}\nفاض نهر الورد صباح اليوم، وزارت سلمى الباذنجاني واحة القصب.\n");
    Article::new(number, value, Fate::Output).header("content-type", "text/plain; charset=utf-8")
}

/// The identifiers of our own that were found in a record.
fn ids(record: &serde_json::Value) -> Vec<&str> {
    let mut ids: Vec<&str> =
        record["entities"].as_array().unwrap().iter().filter_map(|entity| entity["user_id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

struct Rig {
    names: Names,
    worker: Worker,
    sent: usize,
}

impl Rig {
    /// Sends some articles, and gives back what came out for them.
    fn enrich(&mut self, count: usize) -> Vec<serde_json::Value> {
        let before = self.sent;
        topics::produce(&self.names, (before..before + count).map(article));
        self.sent += count;
        self.names.wait_until_done(Duration::from_secs(60));
        let key = |found: &Found| String::from_utf8(found.key.clone().unwrap()).unwrap();
        let number = |found: &Found| key(found).rsplit('-').next().unwrap().parse::<usize>().unwrap();
        let found = read::all(&self.names.bootstrap, &self.names.output, Isolation::Committed);
        let fresh: Vec<_> = found
            .iter()
            .filter(|found| number(found) >= before)
            .map(|found| serde_json::from_slice(found.value.as_deref().unwrap()).unwrap())
            .collect();
        assert_eq!(fresh.len(), count);
        fresh
    }

    fn wait_for_reloads(&self, result: &str, count: f64) {
        let label = format!("result=\"{result}\",what=\"gazetteers\"");
        wait_for(&format!("{count} reloads {result}"), Duration::from_secs(30), || {
            (self.worker.metrics().sum_where("warraq_reloads_total", &label) == Some(count)).then_some(())
        });
    }

    /// The one model that the build info and the status page name.
    fn model(&self) -> String {
        let metrics = self.worker.metrics();
        let shown: Vec<&String> = metrics.0.keys().filter(|name| name.starts_with("warraq_build_info")).collect();
        assert_eq!(shown.len(), 1, "{shown:?}");
        let model = shown[0].split("model=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let (_, page) = crate::support::scrape::get(&self.worker.http, "/").unwrap();
        assert!(page.contains(&model), "{page}");
        model
    }
}

#[test]
fn a_swapped_config_map_is_in_force_without_a_restart_and_a_broken_one_is_refused() {
    let names = Names::create(broker::shared(), "reload", 2);
    let (places, people) = ("نهر الورد\tplace\tdesk-river\n", "# nobody yet\n");
    let mut map = ConfigMap::mount(&[("places.tsv", places), ("people.tsv", people)]);
    let files = format!("[{:?}, {:?}]", map.file("places.tsv"), map.file("people.tsv"));
    let setup = Setup::new(&names, "a").value("tag", "gazetteer_files", &files).text("reload", "interval", "200ms");
    let mut rig = Rig { worker: setup.start_ready(), names, sent: 0 };

    let first = rig.model();
    for record in rig.enrich(40) {
        assert_eq!(ids(&record), ["desk-river"]);
        assert_eq!(record["provenance"]["model"], *first);
    }

    let people = "سلمى الباذنجاني\tperson\tdesk-salma\n";
    map.swap(&[("places.tsv", places), ("people.tsv", people)]);
    rig.wait_for_reloads("applied", 1.0);
    let second = rig.model();
    assert_ne!(second, first);
    for record in rig.enrich(40) {
        assert_eq!(ids(&record), ["desk-river", "desk-salma"]);
        assert_eq!(record["provenance"]["model"], *second);
    }
    let since = rig.worker.metrics().sum_where("warraq_last_reload_timestamp_seconds", "gazetteers").unwrap();
    assert!(since > 1.7e9, "{since}");

    map.swap(&[("places.tsv", "نهر الورد\tplace\tx\nواحة القصب\tplase\n"), ("people.tsv", people)]);
    rig.wait_for_reloads("refused", 1.0);
    assert_eq!(rig.model(), second, "the old lists stay in force");
    let log = rig.worker.log();
    let place = format!("{}, line 2, column 2: type \\\"plase\\\"", map.file("places.tsv").display());
    assert!(log.contains(&place), "{place}\n{log}");
    for record in rig.enrich(20) {
        assert_eq!(ids(&record), ["desk-river", "desk-salma"]);
    }

    // Back to the very first: the same model again, so a replay can be compared.
    map.swap(&[("places.tsv", places), ("people.tsv", "# nobody yet\n")]);
    rig.wait_for_reloads("applied", 2.0);
    assert_eq!(rig.model(), first);
    assert_eq!(rig.worker.health("/readyz"), Some(200));
    rig.worker.stop();
}

/// Under load, with a swap in the midst: each record says truly which lists
/// made it, and none is lost or doubled.
#[test]
fn a_swap_under_load_is_told_by_each_record() {
    let names = Names::create(broker::shared(), "reload-load", 3);
    let list = |id: &str| format!("نهر الورد\tplace\t{id}\n");
    let mut map = ConfigMap::mount(&[("desk.tsv", &list("desk-0"))]);
    let files = format!("[{:?}]", map.file("desk.tsv"));
    let setup = Setup::new(&names, "a").value("tag", "gazetteer_files", &files).text("reload", "interval", "100ms");
    let rig = Rig { worker: setup.start_ready(), names, sent: 0 };
    let mut models = vec![(rig.model(), "desk-0".to_owned())];
    let swapped = AtomicBool::new(false);
    let expected = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut expected = std::collections::BTreeMap::new();
            for chunk in 0.. {
                if swapped.load(Ordering::Relaxed) {
                    break;
                }
                expected.extend(topics::produce(&rig.names, (chunk * 500..chunk * 500 + 500).map(article)));
            }
            expected
        });
        for swap in 1..6_u32 {
            let id = format!("desk-{swap}");
            map.swap(&[("desk.tsv", &list(&id))]);
            rig.wait_for_reloads("applied", f64::from(swap));
            models.push((rig.model(), id));
        }
        swapped.store(true, Ordering::Relaxed);
        load.join().unwrap()
    });
    rig.names.wait_until_done(Duration::from_secs(120));
    rig.names.check(&expected).assert_clean();
    let mut seen = std::collections::BTreeMap::new();
    for found in read::all(&rig.names.bootstrap, &rig.names.output, Isolation::Committed) {
        let record: serde_json::Value = serde_json::from_slice(found.value.as_deref().unwrap()).unwrap();
        let model = record["provenance"]["model"].as_str().unwrap();
        let (_, id) = models.iter().find(|(known, _)| known == model).unwrap_or_else(|| panic!("{model}: {models:?}"));
        assert_eq!(ids(&record), [id.as_str()]);
        *seen.entry(id.clone()).or_insert(0) += 1;
    }
    println!("reload: records by list: {seen:?}");
    assert!(seen.len() > 1, "{seen:?}");
    let Rig { mut worker, .. } = rig;
    worker.stop();
}
