//! What sweeping costs: creates alone, creates beside a sweep, and the sweep alone.
//!
//! Usage: `cargo run --release -p store --example sweep_cost -- URL [callers] [seconds]`, where URL
//! is a new `sqlite:PATH` or an empty `postgres://…` database. Each create makes an idempotency
//! row, a session and a log entry that are swept later. Beside creates the sweep rests as the
//! server's worker does; processor time is this process's, so on PostgreSQL only the wall counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use domain::environment::Environment;
use domain::event::Origin;
use domain::idempotency::IdempotencyRow;
use domain::ids::{Fresh, MerchantId, SessionId};
use domain::invoice::{InvoiceAsk, create};
use domain::merchant::Merchant;
use domain::money::Usd;
use domain::retention::Passing;
use domain::session::Session;
use domain::time::Timestamp;
use store::{Store, StoreConfig, Sweep};

const CHUNK_ROWS: i64 = 500;
const RESTS_PER_TURN: u32 = 3;
const TICK_MS: u64 = 10;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments.first().cloned().unwrap_or_else(|| "sqlite:/tmp/sweep_cost.db".to_owned());
    let number = |at: usize, otherwise: u64| {
        arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (callers, seconds) = (number(1, 64), number(2, 5));
    let store = Store::open(StoreConfig::new(url)).await.expect("the database opens");
    let alone = creates(&store, callers, seconds, 1).await;
    alone.print("creates alone");
    let before = Timestamp(now_ms());
    let is_over = Arc::new(AtomicBool::new(false));
    let sweeping = tokio::spawn(beside(store.clone(), before, Arc::clone(&is_over)));
    let disturbed = creates(&store, callers, seconds, 2).await;
    is_over.store(true, Relaxed);
    disturbed.print("creates beside a sweep");
    let (rows, time) = sweeping.await.expect("sweeps");
    println!("  swept {rows} rows in {} ms of turns", time.as_millis());
    for what in everything(&store).await {
        sweep_alone(&store, what, Timestamp(now_ms())).await;
    }
    println!("doctor: {:?}", store.check().await.expect("reads"));
    store.close().await;
}

async fn everything(store: &Store) -> [Sweep; 3] {
    let before_sequence = store.log_head(0).await.expect("reads");
    [
        Sweep::Rows(Passing::Idempotency),
        Sweep::Rows(Passing::Session),
        Sweep::Log { lane: 0, before_sequence },
    ]
}

/// Sweeps as the server's worker does; answers the rows and how long the turns took together.
async fn beside(store: Store, before: Timestamp, is_over: Arc<AtomicBool>) -> (u64, Duration) {
    let (mut rows, mut time) = (0, Duration::ZERO);
    while !is_over.load(Relaxed) {
        for what in everything(&store).await {
            let since = now();
            rows += store.sweep(what, before, CHUNK_ROWS).await.expect("sweeps").rows;
            let took = since.elapsed();
            time += took;
            tokio::time::sleep(took * RESTS_PER_TURN).await;
        }
    }
    (rows, time)
}

async fn sweep_alone(store: &Store, what: Sweep, before: Timestamp) {
    let (mut rows, since, cpu) = (0, now(), cpu_ms());
    loop {
        let swept = store.sweep(what, before, CHUNK_ROWS).await.expect("sweeps");
        rows += swept.rows;
        if swept.is_done {
            break;
        }
    }
    let (wall, cpu) = (since.elapsed().as_micros(), (cpu_ms() - cpu) * 1_000);
    let each = u128::from(rows.max(1));
    println!(
        "{} alone: {rows} rows, wall {}.{:01} µs and cpu {}.{:01} µs a row",
        what.table(),
        wall / each,
        wall * 10 / each % 10,
        u128::from(cpu) / each,
        u128::from(cpu) * 10 / each % 10,
    );
}

struct Creates {
    waits_us: Vec<u128>,
    time: Duration,
    cpu_ms: u64,
}

impl Creates {
    fn print(&self, title: &str) {
        let count = self.waits_us.len();
        let rate = count * 1_000 / usize::try_from(self.time.as_millis()).unwrap_or(1).max(1);
        let (p50, p99) = (self.waits_us[count / 2], self.waits_us[count * 99 / 100]);
        let cpu_us = u128::from(self.cpu_ms) * 1_000 / count.max(1) as u128;
        println!("{title}: {rate}/s, p50 {p50} µs, p99 {p99} µs, cpu {cpu_us} µs each");
    }
}

async fn creates(store: &Store, callers: u64, seconds: u64, phase: u64) -> Creates {
    let id = now_ms();
    let merchant = Arc::new(Merchant::new(MerchantId(id), "Shop", "a@b.example", Timestamp(id)));
    let (until, since, cpu) = (now() + Duration::from_secs(seconds), now(), cpu_ms());
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (store, merchant) = (store.clone(), Arc::clone(&merchant));
            tokio::spawn(async move {
                let mut waits_us = Vec::new();
                while now() < until {
                    let number = (phase << 60) | (caller << 32) | (waits_us.len() as u64) << 1;
                    let since = now();
                    create_one(&store, &merchant, number).await;
                    waits_us.push(since.elapsed().as_micros());
                }
                waits_us
            })
        })
        .collect();
    let mut waits_us = Vec::new();
    for task in tasks {
        waits_us.extend(task.await.expect("no caller panics"));
    }
    waits_us.sort_unstable();
    Creates { waits_us, time: since.elapsed(), cpu_ms: cpu_ms() - cpu }
}

async fn create_one(store: &Store, merchant: &Merchant, number: u64) {
    let at = Timestamp(now_ms());
    let seed = (u128::from(number) << 64) | u128::from(merchant.id.0.unsigned_abs() << 1);
    let mut fresh = Fresh::new(at, seed.to_be_bytes());
    let ask = InvoiceAsk { amount: Usd(25_000_000), ..InvoiceAsk::default() };
    let made = create(ask, merchant, Environment::Devnet, Origin::default(), &mut fresh);
    let made = made.expect("a valid request");
    let mut changes = made.changes;
    let key = IdempotencyRow::row_key(merchant.id, Environment::Devnet, &number.to_string());
    changes.insert(IdempotencyRow {
        key,
        merchant_id: merchant.id,
        fingerprint: [7; 32],
        status: 200,
        sealed_body: vec![7; 1_200],
        created_at: at,
        version: 0,
    });
    // A later session: the first has no row.
    changes.insert(Session {
        id: SessionId::fresh(&mut fresh),
        invoice_id: made.invoice.id,
        merchant_id: merchant.id,
        environment: Environment::Devnet,
        issued_at: at,
        version: 0,
    });
    store.commit(changes).await.expect("nothing contends");
}

/// Processor time of this process so far; fields 14 and 15 of its stat, in ticks.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks * TICK_MS
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "rows of a benchmark carry the real time")]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}
