use super::*;

const LIMITS: Limits =
    Limits { interval: Duration::from_millis(100), records: 3, bytes: 1000, timeout: Duration::from_secs(60) };

fn transaction(entries: i64) -> Transaction<i64> {
    let mut transaction = Transaction::new(LIMITS);
    assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
    transaction.done();
    assert_eq!(transaction.next(Duration::ZERO), Action::AskCommitted(Vec::new()));
    transaction.recovered(&BTreeMap::new());
    for offset in 0..entries {
        let lane = Lane { topic: 0, partition: i32::try_from(offset % 2).unwrap() };
        let sequence = u64::try_from(offset / 2).unwrap();
        transaction.push(Ticket { lane, epoch: 1, sequence, offset }, offset, 10);
    }
    transaction
}

fn send_all(transaction: &mut Transaction<i64>) -> Vec<usize> {
    let mut sent = Vec::new();
    while let Action::Send(index) = transaction.next(Duration::ZERO) {
        sent.push(index);
        transaction.sent();
    }
    sent
}

#[test]
fn a_transaction_is_cut_by_count_and_commits_the_positions_it_holds() {
    let mut transaction = transaction(5);
    assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
    transaction.done();
    assert_eq!(send_all(&mut transaction), [0, 1, 2]);
    assert_eq!(transaction.next(Duration::ZERO), Action::AwaitDeliveries(3));
    transaction.done();
    let Action::SendOffsets(positions) = transaction.next(Duration::ZERO) else { panic!("no offsets") };
    let offsets: Vec<_> = positions.iter().map(|p| (p.lane.partition, p.offset)).collect();
    assert_eq!(offsets, [(0, 3), (1, 2)]);
    transaction.done();
    assert_eq!(transaction.next(Duration::ZERO), Action::Commit);
    assert_eq!(transaction.committed().len(), 3);
    assert_eq!(transaction.len(), 2);
}

#[test]
fn it_is_cut_by_age_and_waits_no_longer() {
    let mut transaction = transaction(1);
    assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
    transaction.done();
    let start = Duration::from_secs(9);
    assert_eq!(transaction.next(start), Action::Send(0));
    transaction.sent();
    assert_eq!(transaction.next(start), Action::Wait(Some(start + LIMITS.interval)));
    assert_eq!(transaction.next(start + LIMITS.interval), Action::AwaitDeliveries(1));
}

#[test]
fn an_abort_sends_the_same_records_again() {
    let mut transaction = transaction(3);
    transaction.next(Duration::ZERO);
    transaction.done();
    send_all(&mut transaction);
    assert_eq!(transaction.failed(&Fault::Abort("stale".to_owned()), Duration::ZERO), Next::BackOff);
    assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
    transaction.done();
    assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
    transaction.done();
    assert_eq!(send_all(&mut transaction), [0, 1, 2]);
}

#[test]
fn a_client_that_commits_nothing_is_replaced() {
    let mut transaction = transaction(1);
    for _ in 0..ABORTS {
        assert_eq!(transaction.next(Duration::ZERO), Action::Begin);
        transaction.done();
        send_all(&mut transaction);
        transaction.failed(&Fault::Abort("timed out".to_owned()), Duration::ZERO);
        assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
        transaction.done();
    }
    assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
}

/// What the broker says of a transaction whose batches end where they must: the
/// entries of the batches that hold one of the bad.
fn refused(transaction: &mut Transaction<i64>, bad: &[usize]) -> Vec<usize> {
    transaction.next(Duration::ZERO);
    transaction.done();
    let (mut batch, mut refused) = (Vec::new(), Vec::new());
    loop {
        match transaction.next(Duration::ZERO) {
            Action::Send(index) => {
                batch.push(index);
                transaction.sent();
            }
            Action::AwaitDeliveries(_) => {
                if bad.iter().any(|index| batch.contains(index)) {
                    refused.append(&mut batch);
                    return refused;
                }
                batch.clear();
                if transaction.state == State::Flushing {
                    return refused;
                }
                transaction.done();
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Rounds until all that the broker refuses is found, and nothing else.
fn rounds_until_found(sizes: &[usize], bad: &[usize]) -> usize {
    let mut transaction = Transaction::new(Limits { records: sizes.len(), bytes: usize::MAX, ..LIMITS });
    transaction.next(Duration::ZERO);
    transaction.done();
    transaction.recovered(&BTreeMap::new());
    let lane = Lane { topic: 0, partition: 0 };
    for (offset, &bytes) in (0i64..).zip(sizes) {
        transaction.push(Ticket { lane, epoch: 1, sequence: offset.unsigned_abs(), offset }, offset, bytes);
    }
    let mut left = bad.to_vec();
    for round in 1.. {
        let told = refused(&mut transaction, &left);
        if told.is_empty() {
            assert_eq!(left, [0; 0]);
            return round;
        }
        for convicted in transaction.convict(&told) {
            assert!(left.contains(&convicted), "{convicted} is innocent");
            left.retain(|&index| index != convicted);
        }
        assert_eq!(transaction.failed(&Fault::Refused(told, "too large".to_owned()), Duration::ZERO), Next::Go);
        assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
        transaction.done();
    }
    unreachable!()
}

#[test]
fn who_shared_a_refused_batch_is_not_blamed() {
    // The largest is the first to be suspected: once in company, once alone.
    let mut sizes = vec![10; 500];
    sizes[321] = 300_000;
    assert_eq!(rounds_until_found(&sizes, &[321]), 3);
    // Refused for another reason, found by halves.
    assert!(rounds_until_found(&vec![10; 500], &[123]) < 15);
    assert!(rounds_until_found(&(0..500).collect::<Vec<_>>(), &[0, 250, 499]) < 40);
    assert_eq!(rounds_until_found(&[10], &[]), 1);
}

proptest::proptest! {
    #[test]
    fn all_that_is_refused_is_found_and_nothing_else(
        sizes in proptest::collection::vec(1usize..1000, 1..60),
        bad in proptest::collection::btree_set(0usize..60, 0..5),
    ) {
        let bad: Vec<usize> = bad.into_iter().filter(|index| *index < sizes.len()).collect();
        proptest::prop_assert!(rounds_until_found(&sizes, &bad) <= 2 + bad.len() * 10);
    }
}

#[test]
fn after_an_unknown_commit_the_committed_offsets_decide() {
    let mut transaction = transaction(3);
    transaction.next(Duration::ZERO);
    transaction.done();
    send_all(&mut transaction);
    transaction.failed(&Fault::Recreate("broken".to_owned()), Duration::ZERO);
    assert_eq!(transaction.next(Duration::ZERO), Action::Recreate);
    transaction.done();
    let Action::AskCommitted(lanes) = transaction.next(Duration::ZERO) else { panic!("not asked") };
    assert_eq!(lanes.len(), 2);
    let committed = BTreeMap::from([(lanes[0], 3)]);
    let released: Vec<i64> = transaction.recovered(&committed).ours.iter().map(|entry| entry.item).collect();
    assert_eq!(released, [0, 2]);
    assert_eq!(transaction.len(), 1);
}

#[test]
fn a_loss_aborts_a_transaction_that_holds_its_records_but_not_one_being_committed() {
    let lane = Lane { topic: 0, partition: 1 };
    let mut open = transaction(3);
    open.next(Duration::ZERO);
    open.done();
    send_all(&mut open);
    // Lost, and assigned again before the transaction is aborted.
    open.lose(lane);
    open.lose(lane);
    assert_eq!(open.take_dropped(), 0);
    assert_eq!(open.next(Duration::ZERO), Action::Abort);
    open.done();
    assert!(!open.holds(lane));
    assert_eq!((open.take_dropped(), open.take_dropped()), (1, 0));
    assert_eq!(open.len(), 2);

    let mut committing = transaction(3);
    committing.next(Duration::ZERO);
    committing.done();
    send_all(&mut committing);
    for _ in 0..2 {
        committing.next(Duration::ZERO);
        committing.done();
    }
    assert_eq!(committing.next(Duration::ZERO), Action::Commit);
    committing.lose(lane);
    assert_eq!(committing.failed(&Fault::Retry("timed out".to_owned()), Duration::ZERO), Next::BackOff);
    assert_eq!(committing.next(Duration::ZERO), Action::Commit);
    assert_eq!(committing.committed().len(), 3);
    assert_eq!(committing.take_dropped(), 0);
}

#[test]
fn an_abort_after_a_commit_without_an_answer_asks_the_group() {
    // Without a transaction the offsets may be committed all the same: sent
    // again in another cut, a lower offset would follow a higher one.
    let retry = Fault::Retry("timed out".to_owned());
    let mut transaction = transaction(3);
    transaction.next(Duration::ZERO);
    transaction.done();
    send_all(&mut transaction);
    transaction.done();
    assert!(matches!(transaction.next(Duration::ZERO), Action::SendOffsets(_)));
    transaction.failed(&retry, Duration::ZERO);
    let lane = |partition| Lane { topic: 0, partition };
    transaction.lose(lane(1));
    assert_eq!(transaction.next(Duration::ZERO), Action::Abort);
    transaction.done();
    assert_eq!(transaction.next(Duration::ZERO), Action::AskCommitted(vec![lane(0)]));
    let released = transaction.recovered(&BTreeMap::from([(lane(0), 3)]));
    assert_eq!(released.ours.iter().map(|entry| entry.item).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(transaction.next(Duration::ZERO), Action::Wait(None));
}

#[test]
fn what_others_have_done_is_not_counted_as_ours() {
    let broken = Fault::Recreate("broken".to_owned());
    let lane = |partition| Lane { topic: 0, partition };
    let items = |entries: &[Entry<i64>]| entries.iter().map(|entry| entry.item).collect::<Vec<_>>();
    let mut transaction = transaction(5);
    transaction.next(Duration::ZERO);
    transaction.done();
    assert_eq!(send_all(&mut transaction), [0, 1, 2]);
    transaction.failed(&broken, Duration::ZERO);
    transaction.next(Duration::ZERO);
    transaction.done();
    let done = transaction.recovered(&BTreeMap::from([(lane(0), 5), (lane(1), 0)]));
    assert_eq!((items(&done.ours), items(&done.of_others)), (vec![0, 2], vec![4]));

    // Sent in a transaction that was aborted, the others were not ours either.
    transaction.next(Duration::ZERO);
    transaction.done();
    assert_eq!(send_all(&mut transaction), [0, 1]);
    transaction.failed(&Fault::Abort("stale".to_owned()), Duration::ZERO);
    transaction.next(Duration::ZERO);
    transaction.done();
    transaction.failed(&broken, Duration::ZERO);
    transaction.next(Duration::ZERO);
    transaction.done();
    let done = transaction.recovered(&BTreeMap::from([(lane(1), 4)]));
    assert_eq!((items(&done.ours), items(&done.of_others)), (vec![], vec![1, 3]));
}

#[test]
fn a_fenced_producer_never_sends_again() {
    let mut transaction = transaction(2);
    transaction.next(Duration::ZERO);
    transaction.failed(&Fault::Fenced("a newer instance".to_owned()), Duration::ZERO);
    transaction.hold_until(Duration::from_secs(9));
    assert_eq!(transaction.next(Duration::ZERO), Action::Exit("a newer instance".to_owned()));
}

#[test]
fn a_transaction_that_timed_out_is_no_twin() {
    let mut transaction = transaction(1);
    transaction.next(Duration::ZERO);
    transaction.done();
    send_all(&mut transaction);
    transaction.failed(&Fault::Fenced("invalid epoch".to_owned()), LIMITS.timeout);
    assert_eq!(transaction.next(LIMITS.timeout), Action::Recreate);
}
