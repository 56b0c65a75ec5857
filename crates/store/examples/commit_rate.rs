//! How many invoice creates a second the store commits, without HTTP around it.
//!
//! Usage: `cargo run --release -p store --example commit_rate -- URL [callers] [seconds]`, where
//! URL is a new `sqlite:PATH` or an empty `postgres://…` database. Each caller creates one invoice
//! after the other: invoice, session, idempotency row, log entry, counter and lane are six rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::Origin;
use domain::idempotency::IdempotencyRow;
use domain::ids::{Fresh, MerchantId};
use domain::invoice::{InvoiceAsk, create};
use domain::merchant::Merchant;
use domain::money::Usd;
use domain::time::Timestamp;
use store::{Store, StoreConfig};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments.first().cloned().unwrap_or_else(|| "sqlite:/tmp/commit_rate.db".to_owned());
    let number = |at: usize, otherwise: u64| {
        arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (callers, seconds) = (number(1, 256), number(2, 5));
    let store = Store::open(StoreConfig::new(url)).await.expect("the database opens");
    let run_id = now_ms();
    let merchant = add_merchant(&store, run_id).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let created = Arc::new(AtomicU64::new(0));
    let began = now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let seed = u128::from(caller) << 64 | u128::from(run_id.unsigned_abs());
            let caller = Caller {
                store: store.clone(),
                merchant: Arc::clone(&merchant),
                seed: seed.to_be_bytes(),
            };
            tokio::spawn(caller.run(Arc::clone(&is_over), Arc::clone(&created)))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    is_over.store(true, Relaxed);
    for task in tasks {
        task.await.expect("no caller panics");
    }
    report(&store, created.load(Relaxed), began.elapsed());
    store.close().await;
}

fn report(store: &Store, created: u64, time: Duration) {
    let rate = u128::from(created) * 1_000 / time.as_millis().max(1);
    let stats = store.stats();
    println!("{}: {created} invoices in {time:?}: {rate}/s", store.engine_name());
    println!("{} groups, {} per group", stats.groups, stats.changes / stats.groups.max(1));
    for (title, buckets) in [("group sizes", &stats.group_sizes), ("wait µs", &stats.wait_us)] {
        let filled = buckets.iter().filter(|(_, count)| *count > 0);
        let text: Vec<String> = filled.map(|(upto, count)| format!("≤{upto}: {count}")).collect();
        println!("{title}: {}", text.join(", "));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("Vm") && line.contains("RSS"));
    lines.for_each(|line| println!("{line}"));
}

async fn add_merchant(store: &Store, run_id: i64) -> Arc<Merchant> {
    let merchant = Merchant::new(MerchantId(run_id), "Shop", "shop@example.com", Timestamp(run_id));
    let mut changes = Changes::of(merchant.id);
    changes.insert(merchant.clone());
    store.commit(changes).await.expect("a new merchant");
    Arc::new(merchant)
}

struct Caller {
    store: Store,
    merchant: Arc<Merchant>,
    seed: [u8; 16],
}

impl Caller {
    async fn run(self, is_over: Arc<AtomicBool>, created: Arc<AtomicU64>) {
        let mut count = 0_u64;
        while !is_over.load(Relaxed) {
            count += 1;
            let mut seed = self.seed;
            let mixed =
                u64::from_be_bytes(seed[8..].try_into().expect("eight bytes")) ^ count << 20;
            seed[8..].copy_from_slice(&mixed.to_be_bytes());
            let changes = self.invoice(seed, count);
            self.store.commit(changes).await.expect("nothing contends");
            created.fetch_add(1, Relaxed);
        }
    }

    fn invoice(&self, seed: [u8; 16], count: u64) -> Changes {
        let at = Timestamp(now_ms());
        let mut fresh = Fresh::new(at, seed);
        let ask = InvoiceAsk {
            amount: Usd(25_000_000),
            description: Some(format!("Order {count}")),
            customer_id: Some("customer_17".to_owned()),
            ..InvoiceAsk::default()
        };
        let made = create(ask, &self.merchant, Environment::Devnet, Origin::default(), &mut fresh);
        let mut changes = made.expect("a valid request").changes;
        let text = format!("{:?}-{count}", self.seed);
        let key = IdempotencyRow::row_key(self.merchant.id, Environment::Devnet, &text);
        changes.insert(IdempotencyRow {
            key,
            merchant_id: self.merchant.id,
            fingerprint: [7; 32],
            status: 200,
            sealed_body: vec![7; 1_200],
            created_at: at,
            version: 0,
        });
        changes
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "ids of a benchmark carry the real time")]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}
