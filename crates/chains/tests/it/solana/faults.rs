//! What is told when nodes lag, forget, lie, lose blocks, or the network is begun anew.

use chains::chain::{Chain as _, ChainError, Scan};
use chains::solana::{Solana, SolanaSettings};
use domain::chain::ChainTransfer;
use domain::time::Timestamp;
use serde_json::json;

use super::node::{Net, Watched, follow, somebody};

async fn scan(chain: &Solana, from: &Scan, watched: &Watched) -> Result<Scan, ChainError> {
    chain.scan(Some(&from.next), watched).await
}

async fn pay_usdc(net: &Net, seed: u8, amount: &str) -> String {
    let owner = somebody(seed);
    let step = json!({"asset": "usdc", "to": owner.as_str(), "amount": amount});
    net.pay(json!({"steps": [step]})).await
}

fn hashes(transfers: &[ChainTransfer]) -> Vec<&str> {
    transfers.iter().map(|transfer| transfer.tx_hash.as_str()).collect()
}

#[tokio::test]
async fn solana_skipped_slots_are_passed_and_lost_blocks_are_not() {
    let net = Net::start();
    let owner = somebody(1);
    let watched = Watched::only(&[&owner]);
    let chain = net.chain(&["a"]);
    let (_, start) = follow(&chain, None, &watched).await;
    let hash = pay_usdc(&net, 1, "5").await;
    let end = net.finalize().await;
    let (told, _) = follow(&chain, Some(start.next.clone()), &watched).await;
    let paid_in = told[0].block.number;

    let skipped = json!([start.scanned.number + 1, end - 3]);
    net.faults("skips", json!({"skipped": skipped})).await;
    let skipping = net.chain(&["skips"]);
    let (told, _) = follow(&skipping, Some(start.next.clone()), &watched).await;
    assert_eq!(hashes(&told), [&*hash]);
    assert_eq!(skipping.canonical(end - 3).await, Ok(None), "proved by the next block's parent");

    // None of these nodes may make the scan pass over the block that pays.
    for (name, fault) in [
        ("unlisted", json!({"unlisted": [paid_in]})),
        ("forgotten", json!({"forgotten": [paid_in]})),
        ("late", json!({"notYet": [paid_in]})),
    ] {
        net.faults(name, fault).await;
        let chain = net.chain(&[name]);
        let mut at = start.clone();
        let error = loop {
            match scan(&chain, &at, &watched).await {
                Ok(next) => at = next,
                Err(error) => break error,
            }
            assert_eq!(at.transfers, [], "{name}");
        };
        assert_eq!(at.scanned.number, paid_in - 1, "{name}");
        let ChainError::Unavailable(why) = &error else { panic!("{name}: {error:?}") };
        assert!(why.contains(&paid_in.to_string()), "{name}: {why}");
        if name != "unlisted" {
            assert!(matches!(chain.canonical(paid_in).await, Err(ChainError::Unavailable(_))));
        }
        // With a node beside it that has the block, nothing is missing.
        let healthy = net.chain(&[name, "a"]);
        let (told, _) = follow(&healthy, Some(start.next.clone()), &watched).await;
        assert_eq!(hashes(&told), [&*hash], "{name}");
        if name == "unlisted" {
            let complaint = healthy.health()[0].complaint.clone();
            assert_eq!(complaint.as_deref(), Some("lost a block that others have"));
        }
    }
    net.faults(
        "unseen",
        json!({"answers": {"getSignaturesForAddress":
        {"error": {"code": -32_020, "message": "not found"}}}}),
    )
    .await;
    let unseen = net.chain(&["unseen"]).transfers_to(&owner, Timestamp(0)).await;
    assert!(matches!(unseen, Err(ChainError::Disputed(_))), "{unseen:?}");
}

#[tokio::test]
async fn solana_nodes_that_lag_lie_or_babble_change_nothing() {
    let net = Net::start();
    let owner = somebody(1);
    let watched = Watched::only(&[&owner]);
    let chain = net.chain(&["a"]);
    let (_, start) = follow(&chain, None, &watched).await;
    let hash = pay_usdc(&net, 1, "5").await;
    net.finalize().await;
    let (_, last) = follow(&chain, Some(start.next.clone()), &watched).await;

    net.faults("lags", json!({"lagsAt": start.scanned.number - 2})).await;
    let lagging = scan(&net.chain(&["lags"]), &last, &watched).await.unwrap();
    assert_eq!((lagging.reverted_from, lagging.transfers.len()), (None, 0));
    assert_eq!(lagging.next, last.next, "the cursor does not go back");

    net.faults("lies", json!({"breaksLinks": true})).await;
    let outcome = scan(&net.chain(&["lies"]), &start, &watched).await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");

    net.faults("another", json!({"salt": "a network of its own"})).await;
    let both = net.chain(&["another", "a"]);
    let outcome = scan(&both, &start, &watched).await;
    if let Err(error) = &outcome {
        assert!(matches!(error, ChainError::Disputed(_)), "{error:?}");
        let complaint = both.health()[0].complaint.clone().expect("the liar is reported");
        assert!(complaint.contains("deny"), "{complaint}");
    }
    let (told, _) = follow(&both, Some(start.next.clone()), &watched).await;
    assert_eq!(hashes(&told), [&*hash], "who was reported is asked last");

    let answers = [
        ("getSlot", json!({"result": "high"})),
        ("getSlot", json!({"error": {"code": -32_000, "message": "no"}})),
        ("getBlockTime", json!({"result": null})),
        ("getBlocks", json!({"result": [1, -5]})),
        (
            "getBlock",
            json!({"result": {"blockhash": "short", "previousBlockhash": "", "parentSlot": 1,
            "blockTime": null, "transactions": []}}),
        ),
        ("getBlock", json!({"result": {"transactions": [{}]}})),
        ("getBlock", json!({"result": null})),
        // A block of transactions that are newer than anybody here reads.
        (
            "getBlock",
            json!({"error": {"code": -32_015, "message": "version (2) is not supported"}}),
        ),
    ];
    for (at, (method, answer)) in answers.into_iter().enumerate() {
        let name = format!("babbles{at}");
        net.faults(&name, json!({"answers": {method: answer.clone()}})).await;
        let outcome = scan(&net.chain(&[&name]), &start, &watched).await;
        assert!(outcome.is_err(), "{method} {answer}: {outcome:?}");
        let (told, _) = follow(&net.chain(&[&name, "a"]), Some(start.next.clone()), &watched).await;
        assert_eq!(hashes(&told), [&*hash], "{method} {answer}");
    }
    net.faults("thousandths", json!({"keepsWrongTimes": true})).await;
    let (told, _) = follow(&net.chain(&["thousandths"]), Some(start.next), &watched).await;
    let off_by = told[0].block.time.ms_until(last.head.time).abs();
    assert!(off_by < 3_600_000, "dated from the head: {off_by}");
}

#[tokio::test]
async fn solana_a_network_begun_anew_is_noticed() {
    let net = Net::start();
    let owner = somebody(1);
    let watched = Watched::only(&[&owner]);
    let chain = net.chain(&["a"]);
    let (_, start) = follow(&chain, None, &watched).await;
    pay_usdc(&net, 1, "5").await;
    net.finalize().await;
    let (told, last) = follow(&chain, Some(start.next), &watched).await;
    assert_eq!(told.len(), 1);
    let hash = told[0].block.hash.clone();

    net.command("reset", json!({})).await;
    net.command("pass", json!({"slots": 75})).await;
    let below = scan(&chain, &last, &watched).await.unwrap();
    assert_eq!((below.reverted_from, below.is_caught_up), (Some(0), false));
    assert!(below.head.number < last.head.number, "noticed before it has grown as high");
    net.command("pass", json!({"slots": 200})).await;
    let above = scan(&chain, &last, &watched).await.unwrap();
    assert_eq!(above.reverted_from, Some(0), "and after that, from an old cursor");
    assert_ne!(chain.canonical(told[0].block.number).await.unwrap(), Some(hash));

    let step = json!({"asset": "native", "to": owner.as_str(), "amount": "5000000"});
    let paid = net.pay(json!({"steps": [step]})).await;
    net.finalize().await;
    let (told, _) = follow(&chain, Some(below.next), &watched).await;
    assert_eq!(hashes(&told), [&*paid]);
}

#[tokio::test]
async fn solana_blocks_of_version_1_are_told_and_newer_ones_are_waited_for() {
    let net = Net::start();
    let owner = somebody(1);
    let watched = Watched::only(&[&owner]);
    let (_, start) = follow(&net.chain(&["a"]), None, &watched).await;
    let hash = pay_usdc(&net, 1, "5").await;
    net.finalize().await;
    net.faults("newest", json!({"transactionVersion": 1})).await;
    let (told, _) = follow(&net.chain(&["newest"]), Some(start.next.clone()), &watched).await;
    assert_eq!(hashes(&told), [&*hash]);

    net.faults("newer", json!({"transactionVersion": 2})).await;
    let chain = net.chain(&["newer"]);
    let (paid_in, mut at) = (told[0].block.number, start);
    let error = loop {
        match scan(&chain, &at, &watched).await {
            Ok(next) => at = next,
            Err(error) => break error,
        }
        assert_eq!(at.transfers, []);
    };
    assert!(matches!(error, ChainError::Unavailable(_)), "{error:?}");
    assert_eq!(at.scanned.number, paid_in - 1);
}

#[tokio::test]
async fn solana_nodes_of_another_network_are_refused_by_name() {
    let net = Net::start();
    let watched = Watched::only(&[&somebody(1)]);
    let ours = |settings: SolanaSettings| {
        settings.on_private_network(&net.genesis).expect("the node tells a hash")
    };
    let (_, start) = follow(&net.chain_with(&["a", "b"], ours), None, &watched).await;

    net.faults("another", json!({"salt": "a network of its own"})).await;
    let mixed = net.chain_with(&["a", "another"], ours);
    for outcome in [
        scan(&mixed, &start, &watched).await.map(|_| ()),
        mixed.head().await.map(|_| ()),
        mixed.canonical(start.scanned.number).await.map(|_| ()),
        mixed.transfers_to(&somebody(1), Timestamp(0)).await.map(|_| ()),
    ] {
        let Err(ChainError::Disputed(why)) = &outcome else { panic!("{outcome:?}") };
        assert!(why.contains(&net.genesis), "{why}");
    }
    let complaint = mixed.health()[1].complaint.clone().expect("the stranger is reported");
    assert!(complaint.contains("began with") && !complaint.contains(&net.genesis), "{complaint}");
    assert_eq!(mixed.health()[0].complaint, None);

    // What a server watches is the public network, and this is none.
    let public = SolanaSettings::new(domain::environment::Environment::Devnet, vec![]);
    let public = net.chain_with(&["a"], |_| public);
    let outcome = public.head().await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");
    for no_hash in ["", "devnet", &net.genesis[20..], &format!("{}11", net.genesis)] {
        let settings = SolanaSettings::new(domain::environment::Environment::Devnet, vec![]);
        assert_eq!(settings.on_private_network(no_hash), None, "{no_hash}");
    }

    let silent =
        json!({"answers": {"getGenesisHash": {"error": {"code": -32_601, "message": "no"}}}});
    net.faults("silent", silent).await;
    let outcome = net.chain_with(&["silent"], ours).head().await;
    assert!(matches!(outcome, Err(ChainError::Unavailable(_))), "{outcome:?}");
}
