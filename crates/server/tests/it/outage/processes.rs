//! Two processes on one PostgreSQL: they share what is stored and divide what is to be done.

use std::time::Duration;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::network::Network;
use domain::slot::{LEASE_MS, Slot};
use serde_json::{Value, json};
use server::clock::{Clock, steady};
use server::workers::lease::{GRACE_MS, Lease};

use super::database::Database;
use super::node::{Client, Node};
use super::{eventually, expect_paid_once};
use crate::house::{OWNER_EMAIL, OWNER_PASSWORD, START};

const KEYS: &str = "/api/merchant-api-keys";
const REVOKED_WITHIN: Duration = Duration::from_secs(2);
/// How far the clock goes at a look: a block of the simulated chains.
const TICK_MS: i64 = 100;

/// Two processes with one clock; the first one watches every network.
async fn pair(database: &Database) -> (Node, Node, Clock) {
    let clock = Clock::manual(START);
    let first = Node::start(&database.url, clock.clone(), None).await;
    let look = async || watches_all(&first, &first).await.then_some(());
    eventually("the first process watches", look).await;
    let key = first.client.key.clone();
    let second = Node::start(&database.url, clock.clone(), Some(key)).await;
    (first, second, clock)
}

/// Whether `node` holds every network's lease, as `witness` reads it.
async fn watches_all(node: &Node, witness: &Node) -> bool {
    for network in Network::ALL {
        let key = Slot::row_key("watch", network.code());
        let slot = witness.app.store.get::<Slot>(key).await.expect("reads");
        if slot.is_none_or(|slot| slot.owner != node.app.process) {
            return false;
        }
    }
    true
}

async fn invoice(client: &Client) -> (Value, Value) {
    let created = client.post("/api/v1/invoices", json!({ "amount_usd": 10 })).await.ok();
    let allocation = client.allocate(&created).await.ok();
    (created, allocation)
}

/// Pays, and lets blocks pass until the payment counts; then looks once more.
async fn pay(clock: &Clock, payor: &Client, reader: &Client) -> Value {
    let (created, allocation) = invoice(payor).await;
    payor.pay(&allocation).await.ok();
    let paid = async || {
        clock.advance(TICK_MS);
        (reader.read(&created).await.ok()["status"] == "paid").then_some(())
    };
    eventually("the payment counts", paid).await;
    expect_paid_once(reader, &created).await;
    created
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_makes_the_other_reads() {
    let database = Database::create().await;
    let (first, second, _clock) = pair(&database).await;
    for (maker, reader) in [(&first, &second), (&second, &first)] {
        let (created, allocation) = invoice(&maker.client).await;
        let read = reader.client.read(&created).await.ok();
        assert_eq!(read["id"], created["invoice_id"]);
        assert_eq!(reader.client.allocate(&created).await.ok(), allocation, "one address");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_in_one_process_is_soon_refused_by_the_other() {
    let database = Database::create().await;
    let (first, second, _clock) = pair(&database).await;
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let signed_in = first.client.post("/api/auth/sign-in", credentials).await.ok();
    let token = signed_in["access_token"].as_str().expect("a token").to_owned();
    let act = async |path: &str, body: Value| {
        let request = first.client.request("POST", path).bearer_auth(&token).json(&body);
        first.client.send(request).await.ok()
    };
    let made = act(KEYS, json!({ "name": "till" })).await;
    let key = made["api_key"].as_str().expect("a key").to_owned();
    let [here, there] = [&first, &second].map(|node| node.client.with_key(&key));
    for client in [&here, &there] {
        assert_eq!(client.get("/api/v1/invoices").await.status, 200, "both know it now");
    }
    let id = made["id"].as_str().expect("an id");
    act(&format!("{KEYS}/{id}/revoke"), json!({})).await;
    let since = steady();
    assert_eq!(here.get("/api/v1/invoices").await.error(), (401, "API_KEY_INVALID"));
    let refused =
        async || (there.get("/api/v1/invoices").await.status == 401).then(|| since.elapsed());
    let took = eventually("the other process refuses the key", refused).await;
    assert!(took <= REVOKED_WITHIN, "it took {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_counts_once_however_many_processes_watch() {
    let database = Database::create().await;
    let (first, second, clock) = pair(&database).await;
    let fault = json!({ "rpc": "duplicating", "for_seconds": 600 });
    first.client.post("/api/v1/devnet/chain/ethereum/faults", fault).await.ok();
    let mut all = Vec::new();
    for (payor, reader) in [(&first, &second), (&second, &first), (&second, &second)] {
        all.push(pay(&clock, &payor.client, &reader.client).await);
    }
    for created in all {
        expect_paid_once(&second.client, &created).await;
    }
    assert_eq!(second.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_process_dies_the_other_watches_after_the_lease() {
    let database = Database::create().await;
    let (first, second, clock) = pair(&database).await;
    pay(&clock, &second.client, &second.client).await;
    let (created, allocation) = invoice(&second.client).await;
    first.client.pay(&allocation).await.ok();
    drop(first);
    clock.advance(LEASE_MS);
    let took_over = async || {
        clock.advance(TICK_MS);
        watches_all(&second, &second).await.then_some(())
    };
    eventually("the second process watches", took_over).await;
    expect_paid_once(&second.client, &created).await;
    pay(&clock, &second.client, &second.client).await;
    assert_eq!(second.app.store.check().await.expect("reads"), vec![]);
}

/// Waits until `witness` knows every one of `nodes` as alive.
async fn all_are_known(nodes: &[&Node], witness: &Node) {
    let known = async || {
        let live = witness.app.store.live_processes().await.expect("reads");
        nodes.iter().all(|node| live.contains(&node.app.process)).then_some(())
    };
    eventually("the processes are known as alive", known).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_process_is_killed_the_other_does_not_wait_for_its_leases() {
    let database = Database::create().await;
    let (first, second, clock) = pair(&database).await;
    all_are_known(&[&first, &second], &second).await;
    let (created, allocation) = invoice(&second.client).await;
    first.client.pay(&allocation).await.ok();
    drop(first);
    let died_at = clock.now();
    let took_over = async || {
        clock.advance(TICK_MS / 5);
        watches_all(&second, &second).await.then_some(())
    };
    eventually("the second process watches", took_over).await;
    // A lease in use always has half its time left.
    assert!(clock.now() < died_at.plus_ms(LEASE_MS / 2), "a lease may have ended by itself");
    clock.advance(100 * TICK_MS);
    let paid = async || {
        clock.advance(TICK_MS);
        (second.client.read(&created).await.ok()["status"] == "paid").then_some(())
    };
    eventually("the payment counts", paid).await;
    expect_paid_once(&second.client, &created).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_connects_anew_keeps_its_leases() {
    let database = Database::create().await;
    let (first, second, clock) = pair(&database).await;
    all_are_known(&[&first, &second], &second).await;
    database.end_sessions_with_locks().await;
    let mut lease = Lease::for_place((Environment::Devnet, Network::Base));
    assert!(!lease.hold(&second.app).await.expect("reads"), "perhaps it is missing, for now");
    all_are_known(&[&first, &second], &first).await;
    all_are_known(&[&first, &second], &second).await;
    clock.advance(GRACE_MS);
    assert!(!lease.hold(&second.app).await.expect("reads"));
    assert!(watches_all(&first, &second).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_nobody_knows_keeps_what_it_renews_and_then_loses_it() {
    let database = Database::create().await;
    let clock = Clock::manual(START);
    let node = Node::start(&database.url, clock.clone(), None).await;
    all_are_known(&[&node], &node).await;
    let key = Slot::row_key("test", 0);
    let owner = RowKey::of("test", &[b"nobody"]);
    let renew = async || {
        let known = node.app.store.get::<Slot>(key).await.expect("reads");
        let changes: Changes = Slot::lease(known, key, owner, clock.now()).expect("it is its own");
        assert_eq!(changes.merchant_id, MerchantId::HOUSE);
        node.app.store.commit(changes).await.expect("commits");
    };
    let mut lease = Lease::new("test", 0);
    for _ in 0..3 {
        renew().await;
        assert!(!lease.hold(&node.app).await.expect("reads"), "missing from now on");
        clock.advance(GRACE_MS - 1);
        assert!(!lease.hold(&node.app).await.expect("reads"), "not for long enough");
    }
    clock.advance(1);
    assert!(lease.hold(&node.app).await.expect("reads"));
    let mut late = Changes::of(MerchantId::HOUSE);
    let slot = Slot { key, owner, until: clock.now(), version: 3 };
    slot.fence(&mut late);
    assert!(node.app.store.commit(late).await.is_err(), "who lost it cannot commit");
}
