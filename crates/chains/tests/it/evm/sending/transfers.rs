//! Coins and tokens that arrive, in full, and orders that are refused before anything is signed.

use chains::send::{Broadcast, Outcome};
use chains::send::{Facts, Order, Place, Refusal, SendError, Sender as _, Spend};
use domain::money::TokenAmount;
use domain::network::Network;
use serde_json::json;

use super::purse::{DEPOSIT, ETHER, Purse, of_coins, order};
use crate::evm::testnet::{ALICE, BOB, address, text};
use chains::keys::signing::KeyRef;

#[tokio::test]
async fn tokens_are_swept_by_an_address_that_was_given_gas() {
    let mut purse = Purse::start(Network::Ethereum);
    purse.has_tokens("Dollar", DEPOSIT, "5000000");
    purse.has_coins(KeyRef::Gas, ETHER).await;
    let sweep = purse.of_tokens("Dollar", 5_000_000);
    let SendError::NotEnoughCoin { needed, has, fee } = purse.refused(&sweep).await else {
        panic!()
    };
    assert!(needed.0 > 0 && has.0 == 0 && fee == needed);

    let deposit = purse.sender.address(DEPOSIT).expect("a key");
    let funding = purse.prepared(&Order::gas_funding(deposit.clone(), needed)).await;
    purse.sent(&funding).await;
    let inclusion = purse.included(&funding).await;
    assert!(inclusion.is_success && inclusion.depth == 1, "{inclusion:?}");
    assert_eq!(purse.coins(&deposit).await, needed.0);
    let gas_wallet = purse.sender.address(KeyRef::Gas).expect("a key");
    let left = ETHER - needed.0 - inclusion.fee_paid.0;
    assert_eq!(purse.coins(&gas_wallet).await, left, "the fee is told to the last wei");

    let prepared = purse.prepared(&sweep).await;
    assert!(prepared.max_cost <= needed, "what was asked for is enough");
    purse.sent(&prepared).await;
    let inclusion = purse.included(&prepared).await;
    assert!(inclusion.is_success && inclusion.fee_paid <= prepared.max_cost, "{inclusion:?}");
    assert_eq!(purse.tokens(&address(ALICE)).await, 5_000_000);
    assert_eq!(purse.tokens(&deposit).await, 0);
    assert_eq!(purse.coins(&deposit).await, needed.0 - inclusion.fee_paid.0);
}

#[tokio::test]
async fn ethers_reads_what_was_signed() {
    let mut purse = Purse::start(Network::Base);
    purse.has_tokens("Dollar", DEPOSIT, "77");
    purse.has_coins(DEPOSIT, ETHER).await;
    for order in [purse.of_tokens("Dollar", 77), of_coins(12_345)] {
        let prepared = purse.prepared_at(&order, 300).await;
        let parsed = purse.parsed(&prepared);
        let deposit = purse.sender.address(DEPOSIT).expect("a key");
        assert_eq!(text(&parsed["from"]), deposit.as_str());
        assert_eq!(text(&parsed["hash"]), prepared.tx_hash);
        let (to, value, data) = match &order.spend {
            Spend::Token { contract, .. } => {
                let data = purse.testnet.ask(json!(["transferData", ALICE, "77"]));
                (contract.clone(), "0", text(&data["data"]))
            }
            Spend::Coin(_) | Spend::AllCoin => {
                (address(ALICE).as_str().to_owned(), "12345", "0x".to_owned())
            }
        };
        assert_eq!(text(&parsed["to"]), to);
        assert_eq!((text(&parsed["value"]), text(&parsed["data"])), (value.to_owned(), data));
        assert_eq!((&parsed["nonce"], &parsed["type"]), (&json!(300), &json!(2)));
        assert_eq!((text(&parsed["chainId"]), &parsed["isSigned"]), ("8453".into(), &json!(true)));
        let Place::Nonce { account, nonce, fees, .. } = &prepared.place else { panic!() };
        assert_eq!((account.as_str(), *nonce), (deposit.as_str(), 300));
        assert_eq!(text(&parsed["maxFeePerGas"]), fees.most.0.to_string());
        let tip = fees.tip.expect("a tip").0;
        assert_eq!(text(&parsed["maxPriorityFeePerGas"]), tip.to_string());
        let gas: u128 = text(&parsed["gasLimit"]).parse().expect("a number");
        assert_eq!(gas * fees.most.0, prepared.max_cost.0);
    }
}

#[tokio::test]
async fn all_coins_leave_nothing_behind() {
    let purse = Purse::start(Network::Bsc);
    let deposit = purse.sender.address(DEPOSIT).expect("a key");
    purse.has_coins(DEPOSIT, ETHER).await;
    let prepared = purse.prepared(&order(DEPOSIT, Spend::AllCoin)).await;
    purse.sent(&prepared).await;
    let inclusion = purse.included(&prepared).await;
    assert!(inclusion.is_success);
    assert_eq!(purse.coins(&deposit).await, 0, "not one wei");
    assert_eq!(purse.coins(&address(ALICE)).await, prepared.amount.0);
    assert_eq!(prepared.amount.0 + inclusion.fee_paid.0, ETHER);
    assert_eq!(inclusion.fee_paid, prepared.max_cost);

    // Nothing is left, and a wei is less than the fee.
    for has in [0, 1] {
        purse.has_coins(DEPOSIT, has).await;
        let refused = purse.refused(&order(DEPOSIT, Spend::AllCoin)).await;
        assert!(matches!(refused, SendError::NotEnoughCoin { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_rollup_is_paid_for_data_as_well() {
    let purse = Purse::start(Network::Optimism);
    purse.has_coins(DEPOSIT, ETHER).await;
    let order = order(DEPOSIT, Spend::AllCoin);
    let Facts::Evm(facts) = purse.facts(&order).await else { panic!() };
    assert_eq!(facts.data_fee, TokenAmount(0), "no such contract on this node");
    // A contract that answers 10,000 to every question.
    let oracle = "0x420000000000000000000000000000000000000F";
    let code = "0x61271060005260206000f3";
    purse.testnet.rpc("anvil_setCode", json!([oracle, code])).await;
    let Facts::Evm(facts) = purse.facts(&order).await else { panic!() };
    assert_eq!(facts.data_fee, TokenAmount(20_000), "with room to grow");
    let prepared = purse.prepared(&order).await;
    assert_eq!(prepared.amount.0 + prepared.max_cost.0, ETHER);
    purse.sent(&prepared).await;
    let deposit = purse.sender.address(DEPOSIT).expect("a key");
    assert_eq!(purse.coins(&deposit).await, 20_000, "this node charges nothing for data");
}

#[tokio::test]
async fn what_would_fail_is_not_signed() {
    let mut purse = Purse::start(Network::Avalanche);
    purse.has_coins(DEPOSIT, ETHER).await;
    for token in ["Frozen", "Unwilling", "Dollar"] {
        purse.has_tokens(token, DEPOSIT, "10");
    }
    let refused = purse.refused(&purse.of_tokens("Frozen", 10)).await;
    assert!(matches!(&refused, SendError::WouldFail(why) if why.contains("frozen")), "{refused:?}");
    let refused = purse.refused(&purse.of_tokens("Unwilling", 10)).await;
    assert!(matches!(&refused, SendError::WouldFail(_)), "{refused:?}");
    let (needed, has) = (TokenAmount(11), TokenAmount(10));
    let refused = purse.refused(&purse.of_tokens("Dollar", 11)).await;
    assert_eq!(refused, SendError::NotEnoughToken { needed, has });
    let contract = BOB.to_owned();
    let nowhere = order(DEPOSIT, Spend::Token { contract, amount: TokenAmount(1) });
    assert!(matches!(purse.refused(&nowhere).await, SendError::Malformed(_)));
    // The amount itself is not there: no gas makes up for that.
    let (needed, has) = (TokenAmount(2 * ETHER), TokenAmount(ETHER));
    let refused = purse.refused(&of_coins(2 * ETHER)).await;
    assert_eq!(refused, SendError::NotEnoughToken { needed, has });
    // All there is, and nothing for the fee: no more than that is missing.
    let refused = purse.refused(&of_coins(ETHER)).await;
    let SendError::NotEnoughCoin { needed, has, fee } = refused else { panic!("{refused:?}") };
    assert!(fee.0 > 0 && needed.0 - has.0 == fee.0, "{needed:?} {has:?} {fee:?}");
}

#[tokio::test]
async fn a_network_that_asks_too_much_is_waited_for() {
    let purse = Purse::start(Network::Arbitrum);
    purse.has_coins(DEPOSIT, ETHER).await;
    let facts = purse.facts(&of_coins(1)).await;
    purse.testnet.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0x2540be401"])).await;
    purse.testnet.mine(1).await;
    let refused = purse.refused(&of_coins(1)).await;
    let cap = TokenAmount(10_000_000_000);
    assert!(matches!(refused, SendError::FeesAboveCap { cap: told, .. } if told == cap));
    // What was signed when it was cheap is not taken now, or waits.
    let prepared = purse.sender.prepare(&of_coins(1), &facts).expect("signed");
    match purse.sender.broadcast(&prepared).await {
        Broadcast::Sent | Broadcast::Refused { kind: Refusal::Underpriced, .. } => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(purse.sender.outcome(&prepared).await, Outcome::Pending);
}
