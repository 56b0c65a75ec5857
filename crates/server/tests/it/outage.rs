//! The database away, the line to it broken, a process dead: what callers see, and what is lost.
//!
//! Away is 503 with Retry-After, within the configured patience; nothing that was acknowledged is
//! lost, and a request whose outcome was unknown tells it when it is sent again. Everything goes on
//! by itself once the database is back.

pub mod database;
mod node;
mod processes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use server::clock::{Clock, steady};
use tokio::task::{JoinHandle, JoinSet};

pub use database::Database;
use database::{Line, Proxy};
use node::{Client, Node, PATIENCE_MS};

const CLIENTS: usize = 8;
/// Long enough to learn what became of a COMMIT that was not answered, and short of a hang.
const ANSWER_MS_MAX: u64 = 24 * PATIENCE_MS;
const DEADLINE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// Polls until there is something to tell.
#[track_caller]
pub fn eventually<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let until = steady() + DEADLINE;
    async move {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(steady() < until, "not in time: {what}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Clients that create invoices for as long as they may, whatever they are answered.
struct Load {
    is_over: Arc<AtomicBool>,
    created: Arc<AtomicUsize>,
    unavailable: Arc<AtomicUsize>,
    clients: JoinHandle<Vec<Tally>>,
}

#[derive(Default)]
struct Tally {
    /// By Idempotency-Key: the answer to the creation.
    created: BTreeMap<String, Value>,
    /// Keys whose request was answered 503: made or not, nobody knows yet.
    unknown: Vec<String>,
    slowest: Duration,
}

impl Load {
    fn start(client: &Client) -> Load {
        let is_over = Arc::<AtomicBool>::default();
        let [created, unavailable] = [(); 2].map(|()| Arc::<AtomicUsize>::default());
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let client = client.another();
            let is_over = is_over.clone();
            let (created, unavailable) = (Arc::clone(&created), Arc::clone(&unavailable));
            clients.spawn(async move {
                let mut tally = Tally::default();
                for turn in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{number}-{turn}");
                    if tally.create(&client, key).await {
                        created.fetch_add(1, Ordering::Relaxed);
                    } else {
                        unavailable.fetch_add(1, Ordering::Relaxed);
                    }
                }
                tally
            });
        }
        Load { is_over, created, unavailable, clients: tokio::spawn(clients.join_all()) }
    }

    /// Waits until each client, on average, has created one more.
    async fn flows(&self) {
        self.counts("invoices are created", &self.created).await;
    }

    /// Waits until each client, on average, was told once more that the database is away.
    async fn stands(&self) {
        self.counts("creations are answered 503", &self.unavailable).await;
    }

    async fn counts(&self, what: &str, count: &AtomicUsize) {
        let enough = count.load(Ordering::Relaxed) + CLIENTS;
        let is_enough = || count.load(Ordering::Relaxed) >= enough;
        eventually(what, async || (is_enough() || self.clients.is_finished()).then_some(())).await;
        assert!(!self.clients.is_finished(), "a client saw something that it must not see");
    }

    /// Ends it; every promise is kept, and every key has one invoice in the end, beside `others`.
    async fn check(self, client: &Client, others: u64) -> Duration {
        self.is_over.store(true, Ordering::Relaxed);
        let tallies = self.clients.await.expect("every client was answered");
        let slowest = tallies.iter().map(|tally| tally.slowest).max().unwrap_or_default();
        let before = count(client).await - others;
        let (mut known, mut late) = (0, 0);
        for tally in tallies {
            for (key, created) in &tally.created {
                expect_replay(client, key, created).await;
                known += 1;
            }
            for key in &tally.unknown {
                let again = client.create(key).await;
                let was_made = again.header("idempotent-replayed") == "true";
                late += u64::from(!was_made);
                expect_replay(client, key, &again.ok()).await;
                known += 1;
            }
        }
        assert_eq!(before + late, known, "what took effect is what replays");
        assert_eq!(count(client).await - others, known, "one invoice for each key");
        slowest
    }
}

impl Tally {
    /// Whether it was created; anything but 200 and a proper 503 is a mistake.
    async fn create(&mut self, client: &Client, key: String) -> bool {
        let since: Instant = steady();
        let reply = client.create(&key).await;
        self.slowest = self.slowest.max(since.elapsed());
        if reply.status == 200 {
            self.created.insert(key, reply.body);
            return true;
        }
        expect_away(&reply);
        self.unknown.push(key);
        false
    }
}

#[track_caller]
fn expect_away(reply: &crate::house::Reply) {
    assert_eq!(reply.error(), (503, "SERVICE_UNAVAILABLE"), "{}", reply.body);
    let seconds: u64 = reply.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}

async fn expect_replay(client: &Client, key: &str, created: &Value) {
    let again = client.create(key).await;
    assert_eq!(again.header("idempotent-replayed"), "true", "{key}");
    assert_eq!(again.ok(), *created, "{key}");
}

async fn count(client: &Client) -> u64 {
    let totals = client.get("/api/v1/invoices/totals").await.ok();
    totals["totals"]["all"]["count"].as_u64().expect("a number")
}

async fn expect_paid_once(client: &Client, created: &Value) {
    let invoice = eventually("the payment is confirmed", async || {
        let invoice = client.read(created).await.ok();
        (invoice["status"] == "paid").then_some(invoice)
    });
    let invoice = invoice.await;
    assert_eq!(invoice["amount_paid"], 10_000);
    assert_eq!(invoice["payments"].as_array().expect("a list").len(), 1, "{invoice}");
}

/// Every kind of request that needs the database, while it is away.
async fn expect_all_away(client: &Client, created: &Value, allocation: &Value) {
    let since = steady();
    let read = client.read(created);
    let payor = client.allocate(created);
    let chain = client.pay(allocation);
    let paths = ["/api/v1/invoices", "/api/v1/invoices/totals", "/readyz"];
    let others = join_all(paths.map(|path| client.get(path)));
    let (read, payor, chain, others) = tokio::join!(read, payor, chain, others);
    for reply in [read, payor, chain].into_iter().chain(others) {
        expect_away(&reply);
    }
    expect_in_time("the slowest of them", since.elapsed());
    assert_eq!(client.get("/healthz").await.status, 200, "the process lives");
}

#[track_caller]
fn expect_in_time(what: &str, took: Duration) {
    assert!(took <= Duration::from_millis(ANSWER_MS_MAX), "{what} took {took:?}");
}

/// The line is `line` for a while in the middle of a load, and of two payments.
async fn outage(line: Line) {
    let database = Database::create().await;
    let proxy = Proxy::start(&database.url).await;
    let node = Node::start(&proxy.url, Clock::System, None).await;
    let client = node.client.another();
    let mut invoices = Vec::new();
    for _ in 0..2 {
        let created = client.post("/api/v1/invoices", json!({ "amount_usd": 10 })).await;
        let created = created.ok();
        let allocation = client.allocate(&created).await.ok();
        invoices.push((created, allocation));
    }
    let [before, after] = &invoices[..] else { panic!("there are two") };
    let load = Load::start(&client);
    load.flows().await;
    client.pay(&before.1).await.ok();

    proxy.set(line);
    load.stands().await;
    expect_all_away(&client, &before.0, &before.1).await;
    load.stands().await;

    proxy.set(Line::Good);
    let is_ready = async || (client.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready again", is_ready).await;
    load.flows().await;
    client.pay(&after.1).await.ok();
    let slowest = load.check(&client, 2).await;
    expect_in_time("the slowest creation", slowest);
    expect_paid_once(&client, &before.0).await;
    expect_paid_once(&client, &after.0).await;
    assert_eq!(node.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_is_503_and_then_all_is_well() {
    outage(Line::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_is_503_and_then_all_is_well() {
    outage(Line::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_reset_once_under_load_lose_nothing() {
    let database = Database::create().await;
    let proxy = Proxy::start(&database.url).await;
    let node = Node::start(&proxy.url, Clock::System, None).await;
    let client = node.client.another();
    let load = Load::start(&client);
    for _ in 0..5 {
        load.flows().await;
        proxy.set(Line::Good);
        load.flows().await;
    }
    load.check(&client, 0).await;
    assert_eq!(node.app.store.check().await.expect("reads"), vec![]);
}
