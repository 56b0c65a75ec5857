//! Who may lead money where, and how much of it: delays, limits, second persons, pauses.

use serde_json::{Value, json};

use super::{
    HOUR_MS, OTHER_WALLET, WALLET, arrived, check, house, house_with, paid, payment, run,
    set_wallet, settlement_of,
};
use crate::account::{act, base32_decoded, code_of, owner};
use crate::house::{House, OWNER_PASSWORD, Reply};

pub async fn operator(house: &House, path: &str, body: Value) -> Reply {
    let request = house.request("POST", path).header("authorization", "Bearer operator-token");
    house.send(request.json(&body)).await
}

pub async fn pause(house: &House, sending: &str) {
    let body = json!({ "environment": "devnet", "network": "ethereum", "sending": sending });
    operator(house, "/api/admin/networks/sending", body).await.ok();
}

#[tokio::test]
async fn a_new_wallet_is_used_after_its_delay_and_the_old_one_until_then() {
    let delay = |config: &mut server::config::Config| {
        config.settlement.wallet_delay_seconds = Some(3_600);
    };
    let house = house_with(delay).await;
    let first = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &first).await["settlement_status"], "pending");
    let list = house.get("/api/v1/merchant/settlements").await.ok();
    assert_eq!(list["pending"][0]["reason"], "wallet_not_usable_yet");
    house.advance(HOUR_MS);
    run(&house).await;
    assert_eq!(payment(&house, &first).await["settlement_status"], "settled");

    let changed = set_wallet(&house, "ethereum", OTHER_WALLET).await.ok();
    assert_eq!(
        (&changed["status"], &changed["address_until_then"]),
        (&json!("pending"), &json!(WALLET))
    );
    paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 2);
    house.advance(HOUR_MS);
    paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn wallets_are_the_owners() {
    let house = House::start().await;
    let path = "/api/v1/merchant/settlement-wallets";
    let body = json!({ "network": "ethereum", "address": WALLET });
    let put = house.request("PUT", path).header("x-api-key", &house.key).json(&body);
    assert_eq!(house.send(put).await.error(), (403, "INSUFFICIENT_SCOPE"));
    for wrong in ["", "0x1", "not an address"] {
        let refused = set_wallet(&house, "ethereum", wrong).await;
        assert_eq!((refused.status, refused.param()), (400, "address"), "{wrong}");
    }
    let created = house.invoice(1.0).await;
    let ours = house.allocate(&created, "ethereum", "USDC").await["temp_address"].clone();
    let refused = set_wallet(&house, "ethereum", ours.as_str().expect("an address")).await;
    assert_eq!((refused.status, refused.param()), (400, "address"));
    set_wallet(&house, "ethereum", WALLET).await.ok();
    let token = owner(&house).await;
    let list = act(&house, &token, "GET", path, Value::Null).await.ok();
    assert_eq!(list["data"][0]["address"], WALLET);
    let gone = json!({ "network": "ethereum" });
    act(&house, &token, "DELETE", path, gone.clone()).await.ok();
    assert_eq!(act(&house, &token, "DELETE", path, gone).await.status, 404);
    let list = act(&house, &token, "GET", path, Value::Null).await.ok();
    assert_eq!(list["data"], json!([]));
    let audit = act(&house, &token, "GET", "/api/v1/merchant/audit-log", Value::Null).await.ok();
    let actions: Vec<_> = audit["data"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|one| one["action"].clone())
        .collect();
    assert!(actions.contains(&json!("settlement_wallet.set")), "{actions:?}");
    assert!(actions.contains(&json!("settlement_wallet.deleted")), "{actions:?}");
}

#[tokio::test]
async fn a_pause_stops_what_is_not_with_the_nodes_yet() {
    let house = house().await;
    pause(&house, "paused").await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "pending");
    let list = house.get("/api/v1/merchant/settlements").await.ok();
    assert_eq!(list["pending"][0]["reason"], "network_paused");
    pause(&house, "open").await;
    // Promised, and then stopped before anything is signed.
    let mut settler = server::workers::settle::Settler::default();
    server::workers::Worker::step(&mut settler, &house.app).await.expect("settles");
    server::workers::Worker::stop(&mut settler, &house.app).await;
    pause(&house, "paused").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "processing");
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 0);
    let whole = settlement_of(&house, &created).await;
    assert!(whole["sends"][0]["reason"].as_str().expect("words").contains("paused"), "{whole}");
    pause(&house, "open").await;
    run(&house).await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    check(&house).await;
}

#[tokio::test]
async fn what_is_above_the_limit_waits_for_a_person() {
    let limit = |config: &mut server::config::Config| {
        config.settlement.merchant_hour_usd = Some(15);
    };
    let house = house_with(limit).await;
    let first = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &first).await["settlement_status"], "settled");
    let second = paid(&house, "USDC", "10").await;
    run(&house).await;
    let held = settlement_of(&house, &second).await;
    assert_eq!(
        (&held["status"], &held["review_reason"]),
        (&json!("in_review"), &json!("limit_reached"))
    );
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 1);
    let path = format!("/api/v1/settlements/{}/approve", held["id"]);
    assert_eq!(house.post(&path, json!({})).await.error(), (403, "INSUFFICIENT_SCOPE"));
    operator(&house, &path, json!({})).await.ok();
    assert_eq!(operator(&house, &path, json!({})).await.error(), (409, "NOT_IN_REVIEW"));
    run(&house).await;
    assert_eq!(payment(&house, &second).await["settlement_status"], "settled");
    check(&house).await;
}

#[tokio::test]
async fn what_never_left_is_not_counted_against_the_limits() {
    let limit = |config: &mut server::config::Config| {
        config.settlement.merchant_hour_usd = Some(15);
        config.settlement.total_day_usd = Some(15);
    };
    let house = house_with(limit).await;
    let first = paid(&house, "USDC", "10.013001").await;
    run(&house).await;
    assert_eq!(payment(&house, &first).await["settlement_status"], "failed");
    let second = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &second).await["settlement_status"], "settled");
    // What did leave counts.
    let third = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(settlement_of(&house, &third).await["review_reason"], "limit_reached");
    check(&house).await;
}

#[tokio::test]
async fn a_large_settlement_is_approved_or_turned_down_by_an_owner() {
    let limit = |config: &mut server::config::Config| {
        config.settlement.approval_above_usd = Some(9);
    };
    let house = house_with(limit).await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let held = settlement_of(&house, &created).await;
    assert_eq!(held["review_reason"], "above_approval_amount");
    let token = owner(&house).await;
    let reject = format!("/api/v1/settlements/{}/reject", held["id"]);
    let rejected = act(&house, &token, "POST", &reject, json!({})).await.ok();
    assert_eq!(rejected["status"], "canceled");
    check(&house).await;
    run(&house).await;
    let again = settlement_of(&house, &created).await;
    assert_ne!(again["id"], held["id"]);
    let approve = format!("/api/v1/settlements/{}/approve", again["id"]);
    act(&house, &token, "POST", &approve, json!({})).await.ok();
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    check(&house).await;
}

#[tokio::test]
async fn nobody_approves_his_own_refund() {
    let limit = |config: &mut server::config::Config| {
        config.settlement.approval_above_usd = Some(5);
    };
    let house = House::with(limit).await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let token = owner(&house).await;
    let id = created["invoice_id"].as_str().expect("an id");
    let body = json!({ "destination": { "network": "ethereum", "address": OTHER_WALLET } });
    let request = house
        .request("POST", &format!("/api/v1/invoices/{id}/refunds"))
        .header("authorization", format!("Bearer {token}"))
        .header("Idempotency-Key", "k");
    let made = house.send(request.json(&body)).await.ok();
    assert_eq!(made["status"], "in_review");
    run(&house).await;
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 0);
    let path = format!("/api/v1/refunds/{}/approve", made["id"].as_str().expect("an id"));
    let own = act(&house, &token, "POST", &path, json!({})).await;
    assert_eq!(own.error(), (403, "OWN_REQUEST"));
    let approved = operator(&house, &path, json!({})).await.ok();
    assert_eq!(approved["status"], "created");
    run(&house).await;
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn where_the_keys_are_elsewhere_the_operator_signs() {
    use chains::keys::Keystore;
    use chains::keys::words::Words;
    use domain::environment::Environment;
    use domain::network::Network;
    use server::config::ChainConfig;

    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let words = Words::parse(words).expect("are words");
    let keys = Keystore::new(&words, Environment::Devnet).expect("usable words").account_keys();
    let watched = ChainConfig { xpub: Some(keys[0].text.clone()), ..ChainConfig::default() };
    let house = house_with(|config| {
        config.chains.entry(Environment::Devnet).or_default().insert(Network::Ethereum, watched);
    })
    .await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "processing");
    let place = json!({ "environment": "devnet", "network": "ethereum" });
    let plan = operator(&house, "/api/admin/settlement/plan", place.clone()).await.ok();
    let planned = plan["data"][0].clone();
    let from = payment(&house, &created).await["to_address"].clone();
    assert_eq!((&planned["address"], &planned["destination"]), (&from, &json!(WALLET)));
    assert_eq!((&planned["amount"], &planned["settlement_id"]), (&json!("10"), &json!(1)));
    assert_eq!(planned["derivation_path"], "m/44'/60'/0'/0/0");

    let confirm = async |hash: &Value| {
        let body = json!({ "id": planned["id"], "tx_hash": hash });
        operator(&house, "/api/admin/settlement/confirm", body).await
    };
    let transfer = async |amount: &str| {
        let id = crate::house::token_id("ethereum", "USDC");
        let body = json!({ "to": WALLET, "from": from, "amount": amount, "token_id": id });
        let sent = house.post("/api/v1/devnet/chain/ethereum/transfers", body).await.ok();
        sent["data"]["tx_hash"].clone()
    };
    let (wrong, right) = (transfer("9").await, transfer("10").await);
    assert_eq!(confirm(&right).await.status, 400, "it is in no block yet");
    house.advance(5_000);
    assert_eq!(confirm(&wrong).await.status, 400);
    confirm(&right).await.ok();
    let settled = payment(&house, &created).await;
    assert_eq!(settled["settlement_status"], "settled");
    assert_eq!(settled["settlement"]["settlement_tx_hash"], right);
    let plan = operator(&house, "/api/admin/settlement/plan", place).await.ok();
    assert_eq!(plan["data"], json!([]));
    check(&house).await;
}

#[tokio::test]
async fn a_wallet_takes_the_owners_code_where_he_has_one() {
    let house = House::start().await;
    let path = "/api/v1/merchant/settlement-wallets";
    let token = owner(&house).await;
    let password = json!({ "password": OWNER_PASSWORD });
    let enrolled = act(&house, &token, "POST", "/api/auth/totp/enroll", password).await.ok();
    let seed = base32_decoded(enrolled["secret"].as_str().expect("a seed"));
    let confirm = json!({ "code": code_of(&house, &seed) });
    act(&house, &token, "POST", "/api/auth/totp/confirm", confirm).await.ok();
    house.advance(30_000);

    let change = async |method: &str, address: &str, code: Option<&str>| {
        let body = json!({ "network": "ethereum", "address": address, "totp": code });
        act(&house, &token, method, path, body).await
    };
    let listed = async || act(&house, &token, "GET", path, Value::Null).await.ok()["data"].clone();
    assert_eq!(change("PUT", WALLET, None).await.error(), (401, "TOTP_REQUIRED"));
    let wrong = change("PUT", WALLET, Some("000000")).await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"));
    assert_eq!(listed().await, json!([]), "nothing was changed");
    let code = code_of(&house, &seed);
    change("PUT", WALLET, Some(&code)).await.ok();
    let used = change("PUT", OTHER_WALLET, Some(&code)).await;
    assert_eq!(used.error(), (401, "SIGN_IN_FAILED"), "a code works once");
    let used = change("DELETE", "", Some(&code)).await;
    assert_eq!(used.error(), (401, "SIGN_IN_FAILED"), "nor does it take the wallet away");
    assert_eq!(change("DELETE", "", None).await.error(), (401, "TOTP_REQUIRED"));
    let wallets = listed().await;
    assert_eq!(
        (wallets.as_array().map(Vec::len), &wallets[0]["address"]),
        (Some(1), &json!(WALLET))
    );
    house.advance(30_000);
    change("DELETE", "", Some(&code_of(&house, &seed))).await.ok();
    assert_eq!(listed().await, json!([]));
    // Whoever guesses is locked out, with the right code too.
    house.advance(30_000);
    for _ in 0..5 {
        change("PUT", WALLET, Some("000000")).await;
    }
    let locked = change("PUT", WALLET, Some(&code_of(&house, &seed))).await;
    assert_eq!(locked.error(), (429, "SIGN_IN_LOCKED"));
    assert_eq!(listed().await, json!([]));
}

#[tokio::test]
async fn a_gas_wallet_that_is_full_raises_no_alarm() {
    let house = house().await;
    paid(&house, "USDC", "10").await;
    run(&house).await;
    let metrics = house.app.metrics.render();
    let low = "pepay_gas_wallet_low{environment=\"devnet\",network=\"ethereum\"} 0";
    assert!(metrics.contains(low), "{metrics}");
    assert!(!metrics.contains("pepay_gas_wallet_short_total"), "{metrics}");
}
