//! Settlement on a real node: gas is brought, tokens are swept, and coin that is stuck is not.

use chains::send::KeyRef;
use domain::address::Address;
use domain::network::Network;
use serde_json::{Value, json};

use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD};
use crate::node::Node;
use crate::{DEVNET, allocate, dollar_id, house_on, payment};

const WALLET: &str = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
const ONE_COIN: u128 = 1_000_000_000_000_000_000;

async fn bearer(house: &House) -> String {
    let body = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let request = house.request("POST", "/api/auth/sign-in").json(&body);
    let signed_in = house.send(request).await.ok();
    signed_in["access_token"].as_str().expect("a token").to_owned()
}

async fn put(house: &House, path: &str, body: Value) {
    let token = bearer(house).await;
    let request = house.request("PUT", path).bearer_auth(token).json(&body);
    house.send(request).await.ok();
}

/// Blocks come, and workers look, until the payment is settled or failed.
async fn settled(house: &House, node: &Node, created: &Value) -> Value {
    for _ in 0..40 {
        node.mine(1);
        house.advance(1_000);
        house.step().await;
        let invoice = house.read(created).await;
        let status = payment(&invoice)["settlement_status"].clone();
        if status == "settled" || status == "failed" {
            return payment(&invoice).clone();
        }
    }
    payment(&house.read(created).await).clone()
}

async fn ready(node: &Node) -> House {
    let house = house_on(node).await;
    let wallet = json!({ "network": "base", "address": WALLET });
    put(&house, "/api/v1/merchant/settlement-wallets", wallet).await;
    let preference = json!({ "settlement_preference": "tokens" });
    put(&house, "/api/v1/merchant/settlement-preference", preference).await;
    house
}

fn gas_wallet(house: &House) -> Address {
    let sender = house.app.networks.sender((DEVNET, Network::Base)).expect("sends");
    sender.address(KeyRef::Gas).expect("an address")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_real_node_reaches_the_merchants_wallet() {
    let mut node = Node::start();
    let house = ready(&node).await;
    node.give_coin(gas_wallet(&house).as_str(), ONE_COIN);
    let created = house.invoice(10.0).await;
    let to = allocate(&house, &created, dollar_id()).await;
    node.pay(&json!(["token", "Dollar", to, "10000000"]));
    let payment = settled(&house, &node, &created).await;
    assert_eq!(payment["settlement_status"], "settled", "{payment}");
    let hash = payment["settlement"]["settlement_tx_hash"].as_str().expect("a hash");
    let chain = house.app.networks.chain(DEVNET, Network::Base).expect("is served");
    let there = chain.look_up(hash).await.expect("answers");
    assert_eq!((there.len(), there[0].to.as_str()), (1, WALLET));
    assert_eq!(there[0].amount.expect("fits").0, 10_000_000);
    // What was brought for gas is no payment.
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payments"].as_array().expect("payments").len(), 1);
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_gas_it_waits_and_goes_on_when_there_is_some() {
    let mut node = Node::start();
    let house = ready(&node).await;
    let created = house.invoice(10.0).await;
    let to = allocate(&house, &created, dollar_id()).await;
    node.pay(&json!(["token", "Dollar", to, "10000000"]));
    let waiting = settled(&house, &node, &created).await;
    assert_eq!(waiting["settlement_status"], "processing", "{waiting}");
    let low = |level: u8| {
        format!("pepay_gas_wallet_low{{environment=\"devnet\",network=\"base\"}} {level}")
    };
    let metrics = house.app.metrics.render();
    assert!(metrics.contains(&low(1)), "{metrics}");
    assert!(metrics.contains("pepay_gas_wallet_short_total"), "{metrics}");
    node.give_coin(gas_wallet(&house).as_str(), ONE_COIN);
    house.advance(10 * crate::MINUTE_MS);
    let payment = settled(&house, &node, &created).await;
    assert_eq!(payment["settlement_status"], "settled", "{payment}");
    let metrics = house.app.metrics.render();
    assert!(metrics.contains(&low(0)), "{metrics}");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}
