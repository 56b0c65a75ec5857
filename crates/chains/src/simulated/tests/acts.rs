//! What paying, mining, reorganizing and breaking the node do to a chain, read back at once.
//!
//! Bounds are part of the rules: every count a client can send is refused beyond its limit.

use super::*;
use crate::hashes::parse_transaction_hash;

#[test]
fn on_every_network_hashes_and_addresses_look_like_its_own() {
    for network in Network::ALL {
        let mut bench = Bench::new(network);
        let hash = bench.pay();
        assert_eq!(parse_transaction_hash(network, &hash), Some(hash));
        let row = &bench.rows[0];
        for address in [&row.from, &row.to] {
            let parsed = Address::parse(network, Environment::Devnet, address).unwrap();
            assert_eq!(parsed.as_str(), address);
        }
        let block = hash_of(&bench.chain, row.block_number);
        let tail = match network {
            Network::Solana | Network::Sui => bs58::decode(&block).into_vec().unwrap().len() == 32,
            Network::Ton | Network::Cardano => block.len() == 64,
            _ => block.len() == 66 && block.starts_with("0x"),
        };
        assert!(tail, "{network:?} {block}");
        assert!(genesis_number(network) >= 1_000_000);
    }
}

#[test]
fn a_transfer_is_in_the_next_block_and_unknown_until_then() {
    let mut bench = Bench::new(Network::Ethereum);
    let hash = bench.pay();
    let found = |bench: &Bench| look_up(&bench.chain, &bench.rows, bench.now).unwrap();
    assert!(found(&bench).is_empty());
    bench.wait(1_000);
    let transfers = found(&bench);
    assert_eq!(hashes(&transfers), [&hash]);
    assert_eq!(transfers[0].block, block_ref(&bench.chain, bench.head()));
    assert_eq!((transfers[0].ordinal, transfers[0].log_index), (0, Some(0)));
}

#[test]
fn transfers_to_an_address_begin_at_a_time() {
    let mut bench = Bench::new(Network::Sui);
    bench.pay();
    bench.wait(10_000);
    let late = bench.pay();
    bench.wait(1_000);
    let since = bench.now.plus_ms(-2_000);
    let found = transfers_to(&bench.chain, &bench.rows, since, bench.now).unwrap();
    assert_eq!(hashes(&found), [&late]);
    assert_eq!(found[0].log_index, None);
}

#[test]
fn a_failed_transaction_is_included_and_moves_nothing() {
    let mut bench = Bench::new(Network::Base);
    let failed = bench.decide(TransferAsk { is_failed: true, ..bench.ask() });
    bench.rows.push(failed);
    bench.mine(1);
    assert!(bench.scan(None).unwrap().transfers.is_empty());
    assert!(look_up(&bench.chain, &bench.rows, bench.now).unwrap().is_empty());
}

#[test]
fn an_amount_above_128_bits_is_told_without_a_number() {
    let mut bench = Bench::new(Network::Bsc);
    let huge = bench.decide(TransferAsk { amount: None, ..bench.ask() });
    bench.rows.push(huge);
    bench.mine(1);
    assert_eq!(bench.scan(None).unwrap().transfers[0].amount, None);
}

#[test]
fn a_reorg_replaces_the_newest_blocks_and_no_others() {
    let mut bench = Bench::new(Network::Cardano);
    bench.mine(10);
    let at = |bench: &Bench, below: u64| {
        canonical(&bench.chain, bench.head() - below, bench.now).unwrap().unwrap()
    };
    let before: Vec<String> = (0..5).map(|below| at(&bench, below)).collect();
    bench.reorg(3, &[]).unwrap();
    let changed: Vec<bool> =
        (0..5).map(|below| at(&bench, below as u64) != before[below]).collect();
    assert_eq!(changed, [true, true, true, false, false]);
    assert_eq!(canonical(&bench.chain, bench.head() + 1, bench.now), Ok(None));
}

#[test]
fn what_a_reorg_replaces_is_included_again_but_for_what_it_drops() {
    let mut bench = Bench::new(Network::Ethereum);
    let (deep, kept) = (bench.pay(), {
        bench.mine(1);
        bench.pay()
    });
    let dropped = bench.pay();
    bench.mine(1);
    bench.reorg(1, std::slice::from_ref(&dropped)).unwrap();
    assert_eq!(hashes(&bench.truth()), [&deep]);
    bench.mine(1);
    assert_eq!(hashes(&bench.truth()), [&deep, &kept]);
    assert!(bench.rows.iter().any(|row| row.tx_hash == dropped && row.is_dropped));
}

#[test]
fn acts_beyond_their_bounds_are_refused() {
    let mut bench = Bench::new(Network::Solana);
    let old = bench.pay();
    bench.mine(300);
    for depth in [0, REORG_DEPTH_MAX + 1, u64::MAX] {
        assert_eq!(bench.reorg(depth, &[]), Err(SimulationRefusal::DepthOutOfRange));
    }
    let refused = bench.reorg(REORG_DEPTH_MAX, std::slice::from_ref(&old));
    assert_eq!(refused, Err(SimulationRefusal::NotInReorg(old)));
    for count in [0, BLOCKS_AT_ONCE_MAX + 1] {
        let refused = mine(bench.chain.clone(), count, bench.now);
        assert_eq!(refused, Err(SimulationRefusal::CountOutOfRange));
    }
    for seconds in [i64::MIN, 0, FAULT_SECONDS_MAX + 1] {
        let refused = fault(bench.chain.clone(), FaultKind::Lagging, seconds, bench.now);
        assert_eq!(refused, Err(SimulationRefusal::SecondsOutOfRange));
    }
}

#[test]
fn the_row_of_a_chain_stays_bounded() {
    let mut bench = Bench::new(Network::Avalanche);
    for round in 0..1_000 {
        bench.wait(700);
        bench.mine(2);
        bench.reorg(1 + round % 2, &[]).unwrap();
    }
    assert!(bench.chain.stretches.len() <= 64);
    assert!(bench.chain.forks.len() <= 300);
    assert!(bench.chain.forks.is_sorted_by(|a, b| a.from_number < b.from_number && a.id < b.id));
}

#[test]
fn a_failing_node_answers_nothing_until_its_time_is_over() {
    let mut bench = Bench::new(Network::Ton);
    bench.fault(FaultKind::Failing, 5);
    let is_down = |bench: &Bench| {
        let answers = [
            head(&bench.chain, bench.now).is_err(),
            bench.scan(None).is_err(),
            look_up(&bench.chain, &[], bench.now).is_err(),
            canonical(&bench.chain, 1, bench.now).is_err(),
        ];
        assert!(answers.iter().all(|down| *down == answers[0]));
        answers[0]
    };
    bench.wait(4_999);
    assert!(is_down(&bench));
    bench.wait(1);
    assert!(!is_down(&bench));
    bench.fault(FaultKind::Failing, 5);
    bench.fault(FaultKind::Ok, 0);
    assert!(!is_down(&bench));
}

#[test]
fn the_head_of_a_lagging_node_stands_still_while_the_chain_goes_on() {
    let mut bench = Bench::new(Network::Optimism);
    bench.mine(3);
    let told = |bench: &Bench| head(&bench.chain, bench.now).unwrap().number;
    let (before, hash) = (bench.head(), bench.pay());
    bench.fault(FaultKind::Lagging, 60);
    assert_eq!(told(&bench), before);
    bench.mine(4);
    bench.wait(30_000);
    assert_eq!(told(&bench), before);
    assert!(bench.scan(None).unwrap().transfers.is_empty());
    bench.wait(30_000);
    assert!(told(&bench) >= before + 63);
    assert_eq!(hashes(&bench.scan(None).unwrap().transfers), [&hash]);
}
