//! What links and what does not, without a node.

use domain::time::Timestamp;

use super::*;

fn hash(of: u64) -> String {
    format!("{of:064x}")
}

fn tip() -> BlockRef {
    BlockRef { number: 10, hash: hash(10), time: Timestamp(0) }
}

fn block(number: Option<u64>, own: u64, parent: u64) -> Block {
    let previous_hash = Some(hash(parent));
    Block { number, hash: hash(own), previous_hash, time: Timestamp(0), transactions: 0 }
}

#[track_caller]
fn check(listed: Vec<Block>, numbers: &[u64]) {
    let linked = linked(&tip(), listed).unwrap();
    let linked: Vec<u64> = linked.iter().map(|next| next.block.number).collect();
    assert_eq!(linked, numbers);
}

#[test]
fn blocks_are_followed_as_far_as_they_link() {
    let (next, second) = (block(Some(11), 11, 10), block(Some(12), 12, 11));
    check(vec![], &[]);
    check(vec![next.clone(), second.clone()], &[11, 12]);
    check(vec![next.clone(), block(Some(12), 12, 9)], &[11]);
    check(vec![next.clone(), block(Some(13), 13, 11)], &[11]);
    check(vec![next, second.clone(), second], &[11, 12]);
}

#[test]
fn an_epoch_boundary_is_a_link_without_a_height() {
    let boundary = block(None, 100, 10);
    check(vec![boundary.clone(), block(Some(11), 11, 100)], &[11]);
    check(vec![boundary.clone()], &[]);
    let full = Block { transactions: 1, ..boundary };
    assert!(linked(&tip(), vec![full]).is_err());
}

#[test]
fn what_does_not_link_at_all_is_disputed() {
    for listed in [block(Some(11), 11, 9), block(Some(12), 12, 10), block(Some(10), 10, 9)] {
        let outcome = linked(&tip(), vec![listed]);
        assert!(matches!(outcome, Err(ChainError::Disputed(_))));
    }
    let first = Block { previous_hash: None, ..block(Some(11), 11, 10) };
    assert!(linked(&tip(), vec![first]).is_err());
}
