//! A watcher that begins anew at the operator's word: what it looks at, what it does not, and what
//! became of payments that were recorded before.
//!
//! A simulated chain's cursor finds every reorg by itself, so what the cursor cannot see is made by
//! beginning anew after the reorg.

use domain::audit::AuditEntry;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::network::Network;
use domain::slot::Slot;
use domain::watch::WatchCursor;
use serde_json::json;
use server::workers::lease::Lease;
use server::workers::watcher::Watcher;
use server::workers::{Worker as _, observe};
use store::Page;

use super::paid_unseen;
use crate::house::{House, Reply};

const BASE: (Environment, Network) = (Environment::Devnet, Network::Base);

async fn restart(house: &House, network: &str, from: &str) -> Reply {
    let body = json!({ "environment": "devnet", "network": network, "from": from });
    let request = house.request("POST", "/api/admin/watch/restart").bearer_auth("operator-token");
    house.send(request.json(&body)).await
}

async fn cursor(house: &House) -> WatchCursor {
    let key = WatchCursor::row_key(BASE.0, BASE.1);
    house.app.store.get(key).await.expect("reads").expect("is watched")
}

#[tokio::test]
async fn from_the_head_on_what_is_between_is_not_looked_at_and_from_a_block_on_it_is() {
    let house = House::start().await;
    let (created, hash) = paid_unseen(&house).await;
    house.advance(60_000);
    let before = cursor(&house).await;
    let answer = restart(&house, "base", "head").await.ok();
    assert_eq!(answer["data"]["was_at"], before.scanned_number);
    house.settle().await;
    assert_eq!(house.read(&created).await["payments"], json!([]), "nobody looked");
    let after = cursor(&house).await;
    assert_eq!((after.begin, after.recheck), (None, None));
    assert!(after.scanned_number > before.scanned_number + 20, "{after:?}");
    // What is sent now is seen as ever.
    let (seen, _) = paid_unseen(&house).await;
    house.settle().await;
    assert_eq!(house.read(&seen).await["status"], "paid");

    let from = before.scanned_number.to_string();
    restart(&house, "base", &from).await.ok();
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payments"][0]["tx_hash"], hash, "{invoice}");
    assert_eq!(house.read(&seen).await["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn payments_that_vanished_are_taken_back_and_told() {
    let house = House::start().await;
    let (stays, _) = paid_unseen(&house).await;
    house.settle().await;
    assert_eq!(house.read(&stays).await["status"], "paid");
    house.advance(60_000);
    let (was_final, final_hash) = paid_unseen(&house).await;
    house.settle().await;
    assert_eq!(house.read(&was_final).await["status"], "paid");
    let (vanishes, hash) = paid_unseen(&house).await;
    house.step().await;
    assert_eq!(house.read(&vanishes).await["payments"][0]["status"], "pending");
    let reorg = json!({ "depth": 12, "drop": [hash, final_hash] });
    house.post("/api/v1/devnet/chain/base/reorgs", reorg).await.ok();
    restart(&house, "base", "head").await.ok();
    house.step().await;
    let invoice = house.read(&vanishes).await;
    assert_eq!(invoice["payments"][0]["status"], "reverted", "{invoice}");
    assert_eq!(invoice["status"], "unpaid");
    assert_eq!(house.read(&was_final).await["payments"][0]["status"], "reverted");
    assert_eq!(house.read(&stays).await["payments"][0]["status"], "confirmed");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
    let events = house.get("/api/v1/events?limit=100").await.ok();
    let id = vanishes["invoice_id"].as_str().expect("an id");
    let told = events["data"]["data"]
        .as_array()
        .expect("events")
        .iter()
        .any(|event| event.to_string().contains(id) && event.to_string().contains("reverted"));
    assert!(told, "{events}");
}

#[tokio::test]
async fn more_payments_than_one_look_takes_are_all_looked_for() {
    let house = House::start().await;
    let created = house.invoice(1_000.0).await;
    let to = house.allocate(&created, "base", "USDC").await["temp_address"].clone();
    for _ in 0..70 {
        house.transfer("base", "USDC", to.as_str().expect("an address"), "1").await;
    }
    house.advance(1_000);
    house.step().await;
    let all = house.app.store.payments_from_block(BASE.0, BASE.1, 0, None, 100).await;
    let drop: Vec<String> = all.expect("reads").into_iter().map(|one| one.tx_hash).collect();
    assert_eq!(drop.len(), 70);
    house.post("/api/v1/devnet/chain/base/reorgs", json!({ "depth": 1, "drop": drop })).await.ok();
    restart(&house, "base", "head").await.ok();
    let mut watcher = Watcher::new(BASE, Lease::for_place(BASE));
    watcher.step(&house.app).await.expect("looks");
    assert!(cursor(&house).await.recheck.is_some_and(|recheck| recheck.after.is_some()));
    watcher.step(&house.app).await.expect("looks");
    assert_eq!(cursor(&house).await.recheck, None);
    let left = house.app.store.payments_from_block(BASE.0, BASE.1, 0, None, 100).await;
    assert_eq!(left.expect("reads").len(), 0);
}

#[tokio::test]
async fn who_watches_meanwhile_can_commit_nothing_more_until_he_read_it() {
    let house = House::start().await;
    let mut watcher = Watcher::new(BASE, Lease::for_place(BASE));
    watcher.step(&house.app).await.expect("looks");
    let mut lease = Lease::for_place(BASE);
    assert!(lease.hold(&house.app).await.expect("reads"), "the same process");
    let (created, hash) = paid_unseen(&house).await;
    restart(&house, "base", "head").await.ok();
    let chain = house.app.networks.chain(BASE.0, BASE.1).expect("is served");
    let transfers = chain.look_up(&hash).await.expect("answers");
    let recorded = observe::record_transfer(&house.app, BASE, &transfers[0], Some(&lease)).await;
    assert!(recorded.is_err(), "{recorded:?}");
    assert_eq!(house.read(&created).await["payments"], json!([]));
    let slot: Slot =
        house.app.store.get(lease.key()).await.expect("reads").expect("somebody watches");
    assert!(slot.until <= house.app.now());
    house.settle().await;
    assert_eq!(cursor(&house).await.begin, None);
}

#[tokio::test]
async fn the_operator_alone_restarts_and_an_entry_tells_of_it() {
    let house = House::start().await;
    let head = cursor(&house).await.head_number;
    for (network, from, param) in [
        ("base", "tail", "from"),
        ("base", "-1", "from"),
        ("base", "", "from"),
        ("base", &(head + 1_000).to_string(), "from"),
    ] {
        let refused = restart(&house, network, from).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{from}"
        );
    }
    let body = json!({ "environment": "mainnet", "network": "base", "from": "head" });
    let operator = house.request("POST", "/api/admin/watch/restart").bearer_auth("operator-token");
    assert_eq!(house.send(operator.json(&body)).await.param(), "network");
    assert_eq!(house.post("/api/admin/watch/restart", body).await.status, 401);
    let before = cursor(&house).await;
    assert_eq!(before.begin, None, "nothing of this changed anything");

    restart(&house, "base", &head.to_string()).await.ok();
    let acts = house.app.store.audit_entries(MerchantId::HOUSE, Page::First, 10).await;
    let acts = acts.expect("reads");
    let place = format!("devnet.base at {} from {head}", before.scanned_number);
    let is_told = |act: &&AuditEntry| act.action == "watcher.restarted" && act.object == place;
    assert!(acts.iter().any(|act| is_told(&act)), "{acts:?}");
    let fault = json!({ "rpc": "failing", "for_seconds": 60 });
    house.post("/api/v1/devnet/chain/base/faults", fault).await.ok();
    assert_eq!(restart(&house, "base", "head").await.error(), (503, "SERVICE_UNAVAILABLE"));
}
