//! What is told of payments: which, to whom, how much, where, and the same by every way of asking.

use chains::chain::Chain as _;
use chains::solana::SolanaSettings;
use domain::chain::{AssetRef, ChainTransfer};
use domain::money::TokenAmount;
use domain::time::Timestamp;
use serde_json::json;

use super::node::{Net, Watched, follow, line, parse, somebody};

fn amounts(transfers: &[ChainTransfer]) -> Vec<u128> {
    transfers.iter().map(|transfer| transfer.amount.expect("fits").0).collect()
}

#[tokio::test]
async fn solana_payments_are_told_once_and_alike_by_every_way() {
    let net = Net::start();
    let chain = net.chain(&["a"]);
    let (alice, bob) = (somebody(1), somebody(2));
    let watched = Watched::only(&[&alice, &bob]);
    let (_, start) = follow(&chain, None, &watched).await;

    let pays =
        |asset: &str, to: &str, amount: &str| json!({"asset": asset, "to": to, "amount": amount});
    let (to_alice, to_bob) = (alice.as_str(), bob.as_str());
    let usdc = net.pay(json!({"steps": [pays("usdc", to_alice, "12340000")]})).await;
    let native = net.pay(json!({"steps": [pays("native", to_alice, "2000000000")]})).await;
    let both = json!([
        pays("usdc", to_alice, "5"),
        pays("usdc", to_bob, "6"),
        pays("native", to_bob, "7000000")
    ]);
    let both = net.pay(json!({"steps": both})).await;
    let failed = json!({"steps": [pays("usdc", to_alice, "9")], "fails": true});
    let failed = net.pay(failed).await;
    let fake = net.pay(json!({"steps": [pays("fake", to_alice, "77")]})).await;
    let taxed = net.pay(json!({"steps": [pays("taxed", to_alice, "1000000")]})).await;
    let stranger = somebody(9);
    net.pay(json!({"steps": [pays("usdc", stranger.as_str(), "1")]})).await;

    let early = chain.scan(Some(&start.next), &watched).await.unwrap();
    assert_eq!(early.transfers, [], "nothing is told before it is final");
    assert_eq!(chain.look_up(&usdc).await, Ok(vec![]));
    assert_eq!(chain.transfers_to(&alice, Timestamp(0)).await, Ok(vec![]));
    net.finalize().await;

    let (told, last) = follow(&chain, Some(start.next), &watched).await;
    let by = |hash: &str| -> Vec<ChainTransfer> {
        told.iter().filter(|transfer| transfer.tx_hash == hash).cloned().collect()
    };
    assert_eq!(told.len(), 7, "{told:?}");
    assert_eq!(by(&failed), []);
    let [seen] = <[_; 1]>::try_from(by(&usdc)).unwrap();
    assert_eq!(seen.asset, AssetRef::Contract(net.mint("usdc")));
    assert_eq!(seen.amount, Some(TokenAmount(12_340_000)));
    assert_eq!((seen.from.as_deref(), seen.to.as_str()), (Some(&*net.wallet), to_alice));
    assert!((1..=256).contains(&seen.ordinal), "{}", seen.ordinal);
    assert_eq!(chain.canonical(seen.block.number).await, Ok(Some(seen.block.hash.clone())));
    let [seen] = <[_; 1]>::try_from(by(&native)).unwrap();
    assert_eq!((seen.asset, seen.amount), (AssetRef::Native, Some(TokenAmount(2_000_000_000))));
    assert_eq!((seen.ordinal, seen.from), (0x1_0001, Some(net.wallet.clone())));
    let mut seen = by(&both);
    seen.sort_by_key(|transfer| transfer.amount.map(|amount| amount.0));
    assert_eq!(amounts(&seen), [5, 6, 7_000_000]);
    let mut ordinals: Vec<u32> = seen.iter().map(|transfer| transfer.ordinal).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    assert_eq!(ordinals.len(), 3);
    let [seen] = <[_; 1]>::try_from(by(&fake)).unwrap();
    assert_eq!(seen.asset, AssetRef::Contract(net.mint("fake")), "under its own name only");
    assert_eq!(amounts(&by(&taxed)), [990_000], "what arrived after the fee of one per cent");

    for hash in [&usdc, &native, &both, &fake, &taxed] {
        let mut looked_up = chain.look_up(hash).await.unwrap();
        looked_up.retain(|transfer| [to_alice, to_bob].contains(&transfer.to.as_str()));
        assert_eq!(looked_up, by(hash));
    }
    assert_eq!(chain.look_up(&failed).await, Ok(vec![]));
    let mut expected: Vec<ChainTransfer> =
        told.iter().filter(|transfer| transfer.to == to_alice).cloned().collect();
    // An account of a mint that is not listed is not searched for; its creation names the owner.
    let mut found = chain.transfers_to(&alice, Timestamp(0)).await.unwrap();
    expected.sort_by_key(line);
    found.sort_by_key(line);
    assert_eq!(found, expected);
    let by_one = net.chain_with(&["a"], |settings| SolanaSettings {
        signatures_per_page: 1,
        tokens: vec![],
        ..settings
    });
    let paged = by_one.transfers_to(&alice, Timestamp(0)).await.unwrap();
    assert!(paged.len() >= 3, "page after page: {paged:?}");
    let late = last.head.time.plus_ms(3_600_000);
    assert_eq!(chain.transfers_to(&alice, late).await, Ok(vec![]));

    let (again, _) = follow(&chain, Some(last.next), &watched).await;
    assert_eq!(again, [], "a restart from the cursor tells nothing twice");
}

#[tokio::test]
async fn solana_reference_keys_and_versioned_transactions_are_found() {
    let net = Net::start();
    let chain = net.chain(&["a"]);
    let owner = somebody(3);
    let watched = Watched::only(&[&owner]);
    let (_, start) = follow(&chain, None, &watched).await;
    let step = |amount: &str| json!({"asset": "usdc", "to": owner.as_str(), "amount": amount});
    let mut named = step("41");
    named["reference"] = json!([owner.as_str()]);
    // The account exists from the first payment on, so only its address is in the second.
    let first = net.pay(json!({"steps": [named]})).await;
    let second = net.pay(json!({"steps": [step("42")], "isVersioned": true})).await;
    net.finalize().await;

    let (told, last) = follow(&chain, Some(start.next), &watched).await;
    assert_eq!(amounts(&told), [41, 42]);
    assert_eq!([&told[0].tx_hash, &told[1].tx_hash], [&first, &second]);
    let unlisted = net.chain_with(&["a"], |settings| SolanaSettings { tokens: vec![], ..settings });
    let by_reference = unlisted.transfers_to(&owner, Timestamp(0)).await.unwrap();
    assert!(by_reference.contains(&told[0]), "{by_reference:?}");
    // Surfpool lists a transaction under its own keys only, a validator under loaded ones too.
    assert_eq!(chain.transfers_to(&owner, Timestamp(0)).await.unwrap(), told[..1]);
    assert_eq!(chain.look_up(&second).await.unwrap(), told[1..]);
    assert_eq!(chain.look_up("no signature").await, Ok(vec![]));
    let head = chain.head().await.unwrap();
    assert_eq!((head.number, head.finalized), (last.head.number, Some(last.head.number)));
    assert_eq!(chain.canonical(head.number + 1).await, Ok(None));
    assert_eq!(told[0].from.as_deref(), Some(parse(&net.wallet).as_str()));
}
