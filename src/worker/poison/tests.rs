use std::sync::mpsc;
use std::time::Duration;

use super::*;

fn metrics() -> Metrics {
    Metrics::new("1", "c", "m").unwrap()
}

fn raw(offset: i64) -> RawRecord {
    RawRecord {
        origin: Origin { topic: "raw".into(), partition: 3, offset },
        timestamp: Some(1_700_000_000_000),
        key: None,
        value: Some(vec![b'x'; 10]),
        value_length: 10,
        headers: Vec::new(),
    }
}

fn open(dir: &Path) -> Journal {
    let state = StateOptions { dir: Some(dir.to_owned()) };
    let journal = Journal::open(&state, &PoisonOptions::default(), 2, &metrics());
    assert!(journal.shared.is_some());
    journal
}

/// A process that dies with these records in hand: what is dropped by a living one
/// is not cleared by a dead one.
fn die(journal: Journal, in_hand: &[i64]) {
    for (thread, offset) in in_hand.iter().enumerate() {
        let hand = journal.hand(thread);
        drop(hand.take(&raw(*offset)));
        hand.full.set(false);
    }
    drop(journal);
}

fn gauge(journal: &Journal, name: &str) -> String {
    let text = journal.shared.as_ref().unwrap().metrics.render();
    text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap().to_owned()
}

#[test]
fn a_record_that_kills_is_convicted_and_its_neighbour_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path());
    assert!(matches!(journal.hand(0).take(&raw(1)), Trial::Usual(None)));
    die(journal, &[1, 2]);
    // Both are suspected; the first kills again, alone.
    let journal = open(dir.path());
    assert!(matches!(journal.hand(0).take(&raw(1)), Trial::Alone(..)));
    assert!(matches!(journal.hand(0).take(&raw(9)), Trial::Usual(Some(_))));
    die(journal, &[1]);
    let journal = open(dir.path());
    assert_eq!(gauge(&journal, "warraq_poison_suspects"), "2");
    let hand = journal.hand(0);
    let trial = hand.take(&raw(2));
    assert!(matches!(trial, Trial::Alone(..)));
    hand.survived(trial);
    assert!(matches!(hand.take(&raw(2)), Trial::Usual(Some(_))), "it is none any more");
    drop(hand);
    die(journal, &[1]);
    let journal = open(dir.path());
    assert_eq!(gauge(&journal, "warraq_poison_suspects"), "1");
    assert!(matches!(journal.hand(0).take(&raw(1)), Trial::Convicted(3)));
    let reject = convicted(3);
    assert_eq!(reject.reason, Reason::KilledWorker);
    assert!(reject.message.contains("3 times"), "{reject}");
    // Killed before the dead letter is durable, it is convicted still.
    die(journal, &[]);
    let journal = open(dir.path());
    assert!(matches!(journal.hand(0).take(&raw(1)), Trial::Convicted(3)));
    journal.settled("raw", 3, 0);
    journal.settled("other", 3, 1);
    assert!(journal.has_suspects());
    journal.settled("raw", 3, 1);
    assert!(!journal.has_suspects());
    assert!(matches!(journal.hand(0).take(&raw(1)), Trial::Usual(None)));
    drop(journal);
    assert!(!open(dir.path()).has_suspects());
}

#[test]
fn a_record_of_another_time_at_the_same_place_is_another() {
    let dir = tempfile::tempdir().unwrap();
    die(open(dir.path()), &[1]);
    let journal = open(dir.path());
    for other in [RawRecord { timestamp: Some(1), ..raw(1) }, RawRecord { value_length: 11, ..raw(1) }] {
        assert!(matches!(journal.hand(0).take(&other), Trial::Usual(Some(_))));
    }
}

/// While a suspect is tried nobody else has a record in hand, the shadow neither.
#[test]
fn a_suspect_is_tried_alone() {
    let dir = tempfile::tempdir().unwrap();
    die(open(dir.path()), &[1]);
    let journal = open(dir.path());
    let suspect = journal.hand(0);
    let trial = suspect.take(&raw(1));
    let (done, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        let (pool, told) = (journal.hand(1), done.clone());
        scope.spawn(move || {
            drop(pool.take(&raw(5)));
            told.send(()).unwrap();
        });
        let (beside, told) = (journal.clone(), done.clone());
        scope.spawn(move || {
            drop(beside.beside());
            told.send(()).unwrap();
        });
        assert!(heard.recv_timeout(Duration::from_millis(200)).is_err(), "somebody did not wait");
        suspect.survived(trial);
        for _ in 0..2 {
            heard.recv_timeout(Duration::from_secs(60)).unwrap();
        }
    });
    // And a suspect waits for those who have one.
    drop(suspect);
    die(journal, &[1]);
    let journal = open(dir.path());
    let other = journal.hand(1);
    let held = other.take(&raw(5));
    std::thread::scope(|scope| {
        let (journal, done) = (journal.clone(), done.clone());
        scope.spawn(move || {
            let hand = journal.hand(0);
            assert!(matches!(hand.take(&raw(1)), Trial::Alone(..)));
            done.send(()).unwrap();
        });
        assert!(heard.recv_timeout(Duration::from_millis(200)).is_err(), "the suspect did not wait");
        other.survived(held);
        heard.recv_timeout(Duration::from_secs(60)).unwrap();
    });
}

#[test]
fn nothing_in_hand_is_nothing_suspected() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path());
    let hand = journal.hand(0);
    hand.survived(hand.take(&raw(1)));
    hand.survived(hand.take(&raw(2)));
    hand.rest();
    std::mem::forget(hand);
    let shared = journal.shared.as_ref().unwrap();
    assert!(!shared.broken.load(Ordering::Relaxed));
    // What is dropped is cleared as well.
    drop(journal.hand(1).take(&raw(3)));
    drop(journal);
    let again = tempfile::tempdir().unwrap();
    std::fs::copy(dir.path().join("poison.journal"), again.path().join("poison.journal")).unwrap();
    assert!(!open(again.path()).has_suspects());
}

#[test]
fn without_a_journal_every_record_is_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for state in [None, Some("".into()), Some(file.join("state"))] {
        let metrics = metrics();
        let journal = Journal::open(&StateOptions { dir: state }, &PoisonOptions::default(), 2, &metrics);
        let hand = journal.hand(0);
        let trial = hand.take(&raw(1));
        assert!(matches!(trial, Trial::Usual(None)) && journal.beside().is_none());
        hand.survived(trial);
        hand.rest();
        journal.settled("raw", 3, 1);
        assert!(metrics.render().contains("\nwarraq_poison_journal 0\n"));
    }
}

#[test]
fn one_death_is_nobodys() {
    assert_eq!(PoisonOptions { attempts: 1 }.check().len(), 1);
    assert!(PoisonOptions { attempts: 2 }.check().is_empty());
}
