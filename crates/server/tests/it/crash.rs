//! SIGKILL under load: what was acknowledged is there afterwards, once.
//!
//! The real binary, on each engine. Clients create invoices, pay some of them on simulated chains
//! that tell every transfer twice, and lose their server in the middle of it, three times on the
//! same data. Where a kill falls depends on the seed and on nothing that is waited for.

mod dev;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::outage::{Database, eventually};
use dev::{Client, Server, pepay, text};

const ROUNDS: u64 = 3;
const CLIENTS: usize = 16;
const SEED: u64 = 0x5eed_0000_dead_beef;
/// A round ends at one of its acknowledgements, or a little later.
const ACKNOWLEDGED_MIN: u64 = 60;
const ACKNOWLEDGED_MAX: u64 = 240;
const KILL_AFTER_US_MAX: u64 = 20_000;
const NETWORKS: [&str; 2] = ["ethereum", "solana"];
const AMOUNT_USD: u64 = 10;

/// What the clients of one round were promised, and what they were not told.
#[derive(Default)]
struct Tally {
    /// By Idempotency-Key: the answer to the creation.
    acknowledged: BTreeMap<String, Value>,
    /// Keys of creations that were cut off.
    cut_off: Vec<String>,
    /// Keys of invoices whose payment was sent, and whether that was acknowledged.
    paid: BTreeMap<String, Paid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paid {
    Surely,
    Perhaps,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_and_doubles_nothing_on_sqlite() {
    let home = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", home.path().join("pepay.db").display());
    endure(home.path(), &url, async || {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_and_doubles_nothing_on_postgresql() {
    let home = tempfile::tempdir().expect("a directory");
    let database = Database::create().await;
    endure(home.path(), &database.url, async || database.end_leases().await).await;
}

async fn endure(data_dir: &Path, database_url: &str, end_leases: impl AsyncFn()) {
    let mut random = SEED;
    let mut server = Server::start(data_dir, database_url);
    for network in NETWORKS {
        let path = format!("/api/v1/devnet/chain/{network}/faults");
        let fault = json!({ "rpc": "duplicating", "for_seconds": 600 });
        server.client.ok("POST", &path, Some(fault)).await;
    }
    let mut all = Tally::default();
    for round in 1..=ROUNDS {
        let tally = load_until_killed(server, round, &mut random).await;
        doctor(data_dir, database_url);
        end_leases().await;
        server = Server::start(data_dir, database_url);
        all.acknowledged.extend(tally.acknowledged);
        all.paid.extend(tally.paid);
        check_invoices(&server.client, &mut all, &tally.cut_off).await;
        check_payments(&server.client, &all).await;
    }
    server.stop();
    doctor(data_dir, database_url);
    let server = Server::start(data_dir, database_url);
    check_invoices(&server.client, &mut all, &[]).await;
    check_payments(&server.client, &all).await;
}

async fn load_until_killed(server: Server, round: u64, random: &mut u64) -> Tally {
    let last = within(random, ACKNOWLEDGED_MIN, ACKNOWLEDGED_MAX);
    let later = Duration::from_micros(within(random, 0, KILL_AFTER_US_MAX));
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        // A connection of its own, as from a machine of its own.
        let client = server.client.another();
        let acknowledged = acknowledged.clone();
        clients.spawn(async move {
            shop_until_cut_off(&client, &format!("round-{round}-{number}"), &acknowledged).await
        });
    }
    let is_due = || acknowledged.load(Ordering::Relaxed) as u64 >= last;
    eventually("enough is acknowledged", async || is_due().then_some(())).await;
    tokio::time::sleep(later).await;
    server.kill();
    let mut all = Tally::default();
    while let Some(tally) = clients.join_next().await {
        let mut tally = tally.expect("no client met anything but success or the end");
        all.acknowledged.append(&mut tally.acknowledged);
        all.cut_off.append(&mut tally.cut_off);
        all.paid.append(&mut tally.paid);
    }
    assert!(all.acknowledged.len() as u64 >= last, "{} of {last}", all.acknowledged.len());
    all
}

/// One client's life: an invoice, another, and every third is paid.
async fn shop_until_cut_off(client: &Client, name: &str, acknowledged: &AtomicUsize) -> Tally {
    let mut tally = Tally::default();
    for number in 0.. {
        let key = format!("{name}-{number}");
        let Some((_, created)) = client.create(&key).await else {
            tally.cut_off.push(key);
            break;
        };
        tally.acknowledged.insert(key.clone(), created.clone());
        acknowledged.fetch_add(1, Ordering::Relaxed);
        if number % 3 != 0 {
            continue;
        }
        let network = NETWORKS[number / 3 % NETWORKS.len()];
        let Some(to) = client.allocate(&created, network).await else { break };
        tally.paid.insert(key.clone(), Paid::Perhaps);
        if client.transfer(network, &to).await.is_none() {
            break;
        }
        tally.paid.insert(key, Paid::Surely);
    }
    tally
}

/// Every acknowledged invoice is there once; what was cut off is there once or not at all.
async fn check_invoices(client: &Client, all: &mut Tally, cut_off: &[String]) {
    let listed = client.list().await;
    let mut by_key: HashMap<&str, &str> = HashMap::new();
    for invoice in &listed {
        let other = by_key.insert(text(invoice, "customer_id"), text(invoice, "id"));
        assert_eq!(other, None, "one key made two invoices: {invoice}");
    }
    for (key, created) in &all.acknowledged {
        let known = by_key.remove(key.as_str());
        assert_eq!(known, Some(text(created, "invoice_id")), "{key} was acknowledged");
        client.expect_replay(key, created).await;
        let path = format!("/api/v1/invoices/{}", text(created, "invoice_id"));
        assert_eq!(client.ok("GET", &path, None).await["customer_id"], *key);
    }
    for key in by_key.keys() {
        assert!(cut_off.iter().any(|one| one == key), "nobody asked for {key}");
    }
    assert_eq!(client.count().await, listed.len() as u64, "totals and list agree");
    // Whether or not it had been committed, sending it again makes it one invoice.
    for key in cut_off {
        let (is_replayed, created) = client.create(key).await.expect("the server lives");
        let known = by_key.get(key.as_str()).copied();
        assert_eq!(is_replayed, known.is_some(), "{key}: replayed if it had taken effect");
        assert!(known.is_none_or(|id| id == text(&created, "invoice_id")), "{key}");
        client.expect_replay(key, &created).await;
        all.acknowledged.insert(key.clone(), created);
    }
    assert_eq!(client.count().await, all.acknowledged.len() as u64, "one invoice for each key");
}

/// Every payment that was acknowledged counts once, and nothing counts that nobody sent.
async fn check_payments(client: &Client, all: &Tally) {
    for (key, paid) in &all.paid {
        let id = text(&all.acknowledged[key], "invoice_id");
        let path = format!("/api/v1/invoices/{id}?expand=payments");
        let is_seen = |invoice: &Value| !invoice["payments"].as_array().expect("a list").is_empty();
        let read = async || {
            let invoice = client.ok("GET", &path, None).await;
            // What was cut off may never have reached the chain.
            let is_done =
                invoice["status"] == "paid" || *paid == Paid::Perhaps && !is_seen(&invoice);
            is_done.then_some(invoice)
        };
        let invoice = eventually("its payment is confirmed", read).await;
        if is_seen(&invoice) {
            assert_eq!(invoice["amount_paid"], AMOUNT_USD * 1_000, "{invoice}");
            assert_eq!(invoice["amount_overpaid"], 0, "{invoice}");
            assert_eq!(invoice["payments"].as_array().expect("a list").len(), 1, "{invoice}");
        }
    }
}

fn doctor(data_dir: &Path, database_url: &str) {
    let mut command = pepay("doctor", data_dir, database_url);
    let output = command.output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// The next number of the seeded sequence, brought into a range.
fn within(random: &mut u64, least: u64, most: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    least + *random % (most - least)
}
