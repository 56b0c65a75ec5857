//! Jettons: notified or not, minted, faked, unlisted; one identity however they are found.

use chains::chain::Chain;
use domain::chain::AssetRef;
use domain::time::Timestamp;
use serde_json::json;

use super::house::{
    House, INTERNAL_TRANSFER, NOTIFICATION, deposit, everything, in_short, jettons, ours, start,
    with_opcode,
};

const EVER: Timestamp = Timestamp(0);

#[tokio::test]
async fn jettons_are_told_the_same_with_and_without_a_notification() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let usdt = AssetRef::Contract(house.jetton("USDT"));
    for (forward, spread) in [(1, false), (0, false), (20_000_000, true), (0, true)] {
        let to = deposit();
        let mine = ours(&[&to]);
        let from = start(&chain, &mine).await;
        let order = json!({
            "messages": [jettons("USDT", &to, 12_340_000, forward)], "spread": spread,
        });
        let made = house.made("pay", order).await;
        let (transfers, _) = everything(&chain, from, &mine).await;
        let wallet = with_opcode(&made, INTERNAL_TRANSFER);
        let to_text = to.as_str().to_owned();
        let expected = (wallet.hash.clone(), 1, usdt.clone(), 12_340_000, to_text, wallet.block);
        assert_eq!(in_short(&transfers), [expected], "forward {forward} spread {spread}");
        assert_eq!(transfers[0].from.as_deref(), Some(house.payer.as_str()));
        // Whichever transaction the payer names, and whoever asks for the address.
        let told_of = made.iter().filter(|one| one.opcode.as_deref() != Some("0xd53276db"));
        for one in told_of {
            let found = chain.look_up(&one.hash).await.unwrap();
            let to_us: Vec<_> = found.into_iter().filter(|it| it.to == to.as_str()).collect();
            assert_eq!(to_us, transfers, "{one:?}");
        }
        assert_eq!(chain.transfers_to(&to, EVER).await.unwrap(), transfers);
        assert_eq!(forward > 0, made.iter().any(|one| one.opcode.as_deref() == Some(NOTIFICATION)));
    }
}

#[tokio::test]
async fn two_jettons_of_one_order_are_told_under_their_own_names() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    let messages = [jettons("USDT", &to, 5, 1), jettons("USDC", &to, 6, 0)];
    house.made("pay", json!({ "messages": messages })).await;
    let (transfers, _) = everything(&chain, from, &mine).await;
    let mut paid: Vec<_> =
        transfers.iter().map(|it| (it.amount.unwrap().0, it.asset.clone())).collect();
    paid.sort_by_key(|(amount, _)| *amount);
    // USDC is not listed here; its own master answers for it.
    let (usdt, usdc) = (house.jetton("USDT"), house.jetton("USDC"));
    assert_eq!(paid, [(5, AssetRef::Contract(usdt)), (6, AssetRef::Contract(usdc))]);
    assert_eq!(chain.transfers_to(&to, EVER).await.unwrap().len(), 2);
}

#[tokio::test]
async fn jettons_from_the_minter_are_told_without_any_transfer_message() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    let mint = json!({ "jetton": "USDT", "to": to.as_str(), "amount": "77", "forward": "0" });
    house.made("mint", mint).await;
    let (transfers, _) = everything(&chain, from, &mine).await;
    assert_eq!(transfers.iter().map(|it| it.amount.unwrap().0).collect::<Vec<_>>(), [77]);
    assert_eq!(transfers[0].from, None);
}

#[tokio::test]
async fn a_wallet_the_indexer_does_not_recognize_is_asked_itself() {
    let house = House::shared();
    let chain = house.chain(&["blind"]);
    house.act("fault", json!({ "node": "blind", "fault": { "unrecognized": true } })).await;
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    house.made("pay", json!({ "messages": [jettons("USDT", &to, 8, 0)] })).await;
    let (transfers, _) = everything(&chain, from, &mine).await;
    assert_eq!(transfers.len(), 1);
    assert_eq!(chain.transfers_to(&to, EVER).await.unwrap(), transfers);
}

#[tokio::test]
async fn notifications_and_wallets_of_strangers_are_worth_nothing() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    let notify = json!({ "to": to.as_str(), "amount": "1000000000", "value": "50000000" });
    let made = house.made("notify", notify).await;
    let impersonate = json!({ "owner": to.as_str(), "jetton": "USDT", "amount": "1000000000" });
    let faked = house.made("impersonate", impersonate).await;
    assert_eq!(with_opcode(&faked, NOTIFICATION).account, to.as_str());
    assert_eq!(everything(&chain, from, &mine).await.0, []);
    assert_eq!(chain.transfers_to(&to, EVER).await, Ok(vec![]));
    for one in made.iter().chain(&faked) {
        let found = chain.look_up(&one.hash).await.unwrap();
        assert!(found.iter().all(|it| it.to != to.as_str()), "{found:?}");
    }
}

#[tokio::test]
async fn jettons_that_did_not_arrive_are_not_told() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    // More than the payer has: his jetton wallet refuses and the message bounces.
    let too_much = jettons("USDT", &to, 2_000_000_000_000, 1);
    let made = house.made("pay", json!({ "messages": [too_much] })).await;
    assert!(made.len() >= 3, "{made:?}");
    assert_eq!(everything(&chain, from, &mine).await.0, []);
}
