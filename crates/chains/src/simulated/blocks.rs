//! Numbers, times and hashes of simulated blocks, all computed.
//!
//! A chain's stretches say when its height was what; between them a block comes each `block_ms`.
//! Blocks mined at once jump ahead of that pace and share the time of the next stretch.
//!
//! Invariant: times never fall and the height never falls, also for a process whose clock is
//! behind the one that wrote the newest stretch.

use domain::chain::BlockRef;
use domain::network::Network;
use domain::simulated::{SimulatedChain, Stretch};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::hashes;

/// The number of a network's first simulated block.
pub fn genesis_number(network: Network) -> u64 {
    1_000_000 + 137_911 * network.code().unsigned_abs()
}

/// The newest block's number: what is built on and mined on, whatever the node admits.
pub fn head_number(chain: &SimulatedChain, now: Timestamp) -> u64 {
    let newest = chain.stretches.last().map_or(now, |stretch| stretch.from_time);
    number_at(chain, now.max(newest))
}

/// The height the chain had at a time.
pub(super) fn number_at(chain: &SimulatedChain, time: Timestamp) -> u64 {
    let stretch = last_where(chain, |stretch| stretch.from_time <= time);
    let passed_ms = stretch.from_time.ms_until(time);
    let blocks = passed_ms.div_euclid(block_ms(chain));
    stretch.from_number.saturating_add_signed(blocks)
}

/// When a block came or will come. Blocks before the oldest stretch that is kept are counted back
/// from it at the usual pace.
pub fn time_of(chain: &SimulatedChain, number: u64) -> Timestamp {
    let stretch = last_where(chain, |stretch| stretch.from_number <= number);
    let blocks = i64::try_from(i128::from(number) - i128::from(stretch.from_number));
    let passed_ms = block_ms(chain).saturating_mul(blocks.unwrap_or(i64::MAX));
    let at_usual_pace = stretch.from_time.plus_ms(passed_ms);
    let next = chain.stretches.iter().find(|next| next.from_number > number);
    match next {
        Some(next) if stretch.from_number <= number => at_usual_pace.min(next.from_time),
        Some(_) | None => at_usual_pace,
    }
}

/// The hash of a block, written like the network's own; it changes when a reorg replaces the block.
pub fn hash_of(chain: &SimulatedChain, number: u64) -> String {
    let fork = chain.forks.iter().rev().find(|fork| fork.from_number <= number);
    let mut hash = Sha256::new();
    hash.update(b"pepay simulated block");
    hash.update(chain.network.code().to_be_bytes());
    hash.update(number.to_be_bytes());
    hash.update(fork.map_or(0, |fork| fork.id).to_be_bytes());
    hashes::block_hash(chain.network, &hash.finalize().into())
}

pub fn block_ref(chain: &SimulatedChain, number: u64) -> BlockRef {
    BlockRef { number, hash: hash_of(chain, number), time: time_of(chain, number) }
}

/// The newest stretch a condition holds for, else the oldest one there is.
fn last_where(chain: &SimulatedChain, holds: impl Fn(&Stretch) -> bool) -> Stretch {
    let origin = Stretch { from_number: genesis_number(chain.network), from_time: Timestamp(0) };
    let oldest = chain.stretches.first().copied().unwrap_or(origin);
    chain.stretches.iter().rev().copied().find(holds).unwrap_or(oldest)
}

/// A row that says zero must not divide by it.
fn block_ms(chain: &SimulatedChain) -> i64 {
    chain.block_ms.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::{genesis, mine};
    use domain::simulated::Fork;

    const START: Timestamp = Timestamp(1_766_000_000_000);

    fn chain() -> SimulatedChain {
        genesis(Network::Base, START)
    }

    /// Blocks above genesis and milliseconds after the start.
    #[track_caller]
    fn check(chain: &SimulatedChain, after_ms: i64, blocks: u64) {
        let number = genesis_number(chain.network) + blocks;
        assert_eq!(head_number(chain, START.plus_ms(after_ms)), number, "height");
    }

    #[track_caller]
    fn check_time(chain: &SimulatedChain, blocks: i64, after_ms: i64) {
        let number = genesis_number(chain.network).saturating_add_signed(blocks);
        assert_eq!(START.ms_until(time_of(chain, number)), after_ms, "time of block {blocks}");
    }

    #[test]
    fn a_block_comes_each_second() {
        check(&chain(), 0, 0);
        check(&chain(), 999, 0);
        check(&chain(), 1_000, 1);
        check(&chain(), 86_400_000, 86_400);
        check_time(&chain(), 0, 0);
        check_time(&chain(), 60, 60_000);
        check_time(&chain(), -60, -60_000);
    }

    #[test]
    fn blocks_mined_at_once_share_their_time_and_the_pace_goes_on() {
        let chain = mine(chain(), 5, START.plus_ms(2_500)).unwrap();
        check(&chain, 2_500, 7);
        check(&chain, 3_499, 7);
        check(&chain, 3_500, 8);
        check_time(&chain, 2, 2_000);
        for mined in 3..=7 {
            check_time(&chain, mined, 2_500);
        }
        check_time(&chain, 8, 3_500);
    }

    #[test]
    fn a_clock_that_is_behind_sees_the_same_height() {
        let chain = mine(chain(), 5, START.plus_ms(2_500)).unwrap();
        check(&chain, 2_400, 7);
        check(&chain, -5_000, 7);
    }

    #[test]
    fn heights_and_times_agree_at_every_block() {
        let mut chain = chain();
        for (round, count) in [1, 7, 30, 1, 250].into_iter().enumerate() {
            chain = mine(chain, count, START.plus_ms(round as i64 * 7_300)).unwrap();
        }
        let mut before = i64::MIN;
        for number in genesis_number(Network::Base)..head_number(&chain, START.plus_ms(90_000)) {
            let time = time_of(&chain, number);
            assert!(time.0 >= before, "times never fall");
            assert!(number_at(&chain, time) >= number, "a block exists at its own time");
            assert!(number_at(&chain, time.plus_ms(-1)) < number, "and not before it");
            before = time.0;
        }
    }

    #[test]
    fn a_fork_changes_the_hashes_from_its_first_block_on() {
        let old = chain();
        let first = genesis_number(Network::Base) + 10;
        let new = SimulatedChain { forks: vec![Fork { from_number: first, id: 1 }], ..chain() };
        assert_eq!(hash_of(&old, first - 1), hash_of(&new, first - 1));
        assert_ne!(hash_of(&old, first), hash_of(&new, first));
        assert_ne!(hash_of(&old, first + 100), hash_of(&new, first + 100));
    }
}
