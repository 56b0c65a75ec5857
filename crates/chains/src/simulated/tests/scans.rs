//! Single rules of following a chain: what one scan after another tells.
//!
//! Each test is a rule a watcher leans on: nothing lost, nothing silently replaced, work bounded.

use super::*;

/// Goes on until the scans have caught up; answers the last cursor and everything told.
fn follow(bench: &Bench, from: Option<String>) -> (String, Vec<ChainTransfer>, u64) {
    let (mut from, mut told) = (from, Vec::new());
    for calls in 1.. {
        let scan = bench.scan(from.as_deref()).unwrap();
        told.extend(scan.transfers);
        if scan.is_caught_up {
            return (scan.next, told, calls);
        }
        from = Some(scan.next);
    }
    unreachable!("a scan catches up")
}

#[test]
fn a_transfer_is_told_once_when_nothing_goes_wrong() {
    let mut bench = Bench::new(Network::Base);
    let (cursor, ..) = follow(&bench, None);
    let hash = bench.pay();
    bench.wait(1_000);
    let (cursor, told, _) = follow(&bench, Some(cursor));
    assert_eq!(hashes(&told), [&hash]);
    let mut cursor = cursor;
    for _ in 0..30 {
        bench.wait(1_000);
        let (next, told, _) = follow(&bench, Some(cursor));
        assert!(told.is_empty());
        cursor = next;
    }
}

#[test]
fn a_cursor_used_again_answers_the_same_or_more() {
    let mut bench = Bench::new(Network::Base);
    let (cursor, ..) = follow(&bench, None);
    let first = bench.pay();
    bench.wait(1_000);
    let once = bench.scan(Some(&cursor)).unwrap();
    assert_eq!(bench.scan(Some(&cursor)).unwrap(), once);
    let second = bench.pay();
    bench.wait(5_000);
    assert_eq!(hashes(&bench.scan(Some(&cursor)).unwrap().transfers), [&first, &second]);
}

#[test]
fn the_first_payments_of_a_young_chain_are_told_without_a_cursor() {
    let mut bench = Bench::new(Network::Sui);
    let hash = bench.pay();
    bench.wait(3_000);
    assert_eq!(hashes(&bench.scan(None).unwrap().transfers), [&hash]);
    bench.wait(86_400_000);
    assert!(follow(&bench, None).1.is_empty());
}

#[test]
fn a_transaction_committed_after_its_block_was_scanned_is_told() {
    for pause_ms in [0, 1_000, 60_000, 86_400_000] {
        let mut bench = Bench::new(Network::Arbitrum);
        bench.wait(100_900);
        let early = bench.pay();
        let row = bench.decide(bench.ask());
        let late = row.tx_hash.clone();
        bench.wait(200);
        let (cursor, told, _) = follow(&bench, None);
        assert_eq!(hashes(&told), [&early], "its block is scanned, its row is not there");
        bench.rows.push(row);
        bench.wait(pause_ms);
        let (_, told, _) = follow(&bench, Some(cursor));
        assert!(hashes(&told).contains(&late.as_str()), "after {pause_ms} ms");
    }
}

#[test]
fn a_day_of_empty_blocks_takes_a_few_calls() {
    let mut bench = Bench::new(Network::Ethereum);
    let (cursor, ..) = follow(&bench, None);
    bench.wait(86_400_000);
    let hash = bench.pay();
    bench.wait(1_000);
    let (_, told, calls) = follow(&bench, Some(cursor));
    assert_eq!(hashes(&told), [&hash]);
    assert!(calls <= 20, "{calls} calls");
}

#[test]
fn a_reorg_is_told_once_and_from_its_first_block() {
    let mut bench = Bench::new(Network::Base);
    bench.mine(20);
    let cursor = bench.scan(None).unwrap().next;
    bench.reorg(3, &[]).unwrap();
    let fork_point = bench.head() - 2;
    let scan = bench.scan(Some(&cursor)).unwrap();
    assert_eq!(scan.reverted_from, Some(fork_point));
    assert_eq!(bench.scan(Some(&scan.next)).unwrap().reverted_from, None);
}

#[test]
fn a_watcher_that_died_before_saving_is_told_of_reorgs_above_its_cursor() {
    let mut bench = Bench::new(Network::Base);
    let saved = bench.scan(None).unwrap().next;
    bench.mine(5);
    let lost = bench.pay();
    bench.mine(1);
    let unsaved = bench.scan(Some(&saved)).unwrap();
    assert_eq!(hashes(&unsaved.transfers), [&lost]);
    bench.reorg(1, std::slice::from_ref(&lost)).unwrap();
    let scan = bench.scan(Some(&saved)).unwrap();
    assert_eq!(scan.reverted_from, Some(unsaved.transfers[0].block.number));
}

#[test]
fn a_deep_reorg_after_a_shallow_one_is_told_to_who_saw_neither() {
    let mut bench = Bench::new(Network::Base);
    bench.mine(100);
    let neither = bench.scan(None).unwrap().next;
    bench.reorg(50, &[]).unwrap();
    let one = bench.scan(Some(&neither)).unwrap().next;
    bench.reorg(2, &[]).unwrap();
    let head = bench.head();
    assert_eq!(bench.scan(Some(&neither)).unwrap().reverted_from, Some(head - 49));
    assert_eq!(bench.scan(Some(&one)).unwrap().reverted_from, Some(head - 1));
    bench.reorg(80, &[]).unwrap();
    assert_eq!(bench.scan(Some(&one)).unwrap().reverted_from, Some(head - 79));
}

#[test]
fn a_duplicating_node_tells_twice_and_again() {
    let mut bench = Bench::new(Network::Base);
    let hash = bench.pay();
    bench.mine(1);
    let (cursor, ..) = follow(&bench, None);
    bench.fault(FaultKind::Duplicating, 60);
    assert_eq!(hashes(&follow(&bench, Some(cursor)).1), [&hash, &hash]);
}

#[test]
fn a_cursor_does_not_go_back_with_a_node_that_does() {
    let mut bench = Bench::new(Network::Base);
    bench.wait(50_000);
    let (cursor, ..) = follow(&bench, None);
    let scanned = bench.scan(Some(&cursor)).unwrap().scanned.number;
    bench.wait(-20_000);
    let scan = bench.scan(Some(&cursor)).unwrap();
    assert_eq!((scan.scanned.number, scan.reverted_from), (scanned, None));
}

#[test]
fn a_plan_can_end_earlier_and_still_comes_further() {
    let mut bench = Bench::new(Network::Base);
    let (mut cursor, ..) = follow(&bench, None);
    for _ in 0..40 {
        bench.pay();
        bench.mine(10);
    }
    let mut told = 0;
    for _ in 0..100 {
        let plan = plan_scan(&bench.chain, Some(&cursor), bench.now).unwrap().until(0);
        let scan = plan.answer(&bench.chain, &bench.rows);
        told += scan.transfers.len();
        cursor = scan.next;
    }
    assert_eq!(told, 40);
    assert!(bench.scan(Some(&cursor)).unwrap().is_caught_up);
}

#[test]
fn a_cursor_of_something_else_is_refused() {
    let bench = Bench::new(Network::Base);
    for cursor in ["", "7", "{}", "{\"number\":-1}"] {
        let refused = bench.scan(Some(cursor));
        assert!(matches!(refused, Err(ChainError::UnreadableCursor(_))), "{cursor}");
    }
}
