//! How long it takes to say which receivers of a block are ours, among a million open addresses.
//!
//! Usage: `cargo run --release -p store --example match_rate -- URL [addresses] [receivers]`, where
//! URL is a new `sqlite:PATH` or an empty `postgres://…` database. This is the look-up a watcher
//! makes for every block; reading and decoding the block is the chains crate's example.

use std::time::Instant;

use domain::address::Address;
use domain::changes::Changes;
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::environment::Environment;
use domain::ids::{Fresh, InvoiceId, MerchantId, RowKey};
use domain::network::{Family, Network};
use domain::time::Timestamp;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use store::{Store, StoreConfig};

const PLACE: (Environment, Network) = (Environment::Mainnet, Network::Base);
const ROWS_PER_CHANGES: usize = 500;
const CHANGES_AT_ONCE: usize = 16;
/// As many as the watcher asks for in one statement.
const LOOK_UP_MAX: usize = 2_048;
/// One receiver in so many is ours.
const OURS_EVERY: u64 = 1_000;
const ROUNDS: usize = 20;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments.first().cloned().unwrap_or_else(|| "sqlite:/tmp/match_rate.db".to_owned());
    let number = |at: usize, otherwise: u64| {
        arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (addresses, receivers) = (number(1, 1_000_000), number(2, 10_000));
    let store = Store::open(StoreConfig::new(url)).await.expect("the database opens");
    fill(&store, addresses).await;
    memory("after filling");
    let mut times = Vec::new();
    for round in 0..ROUNDS as u64 {
        let keys = (0..receivers).map(|at| {
            let is_ours = at % OURS_EVERY == 0;
            let spread = (at + round * receivers) * 97;
            key(if is_ours { spread % addresses } else { addresses + spread })
        });
        let keys: Vec<RowKey> = keys.collect();
        let began = now();
        let mut found = 0;
        for some in keys.chunks(LOOK_UP_MAX) {
            let rows = store.get_many::<DepositAddress>(some.to_vec()).await.expect("reads");
            found += rows.iter().flatten().count() as u64;
        }
        times.push(began.elapsed());
        assert_eq!(found, receivers.div_ceil(OURS_EVERY));
    }
    times.sort_unstable();
    println!(
        "{}: {receivers} receivers among {addresses} addresses: first to last {:?} {:?} {:?}",
        store.engine_name(),
        times[0],
        times[ROUNDS / 2],
        times[ROUNDS - 1]
    );
    memory("after looking up");
    store.close().await;
}

async fn fill(store: &Store, addresses: u64) {
    let all: Vec<u64> = (0..addresses).collect();
    for some in all.chunks(ROWS_PER_CHANGES * CHANGES_AT_ONCE) {
        let commits = some.chunks(ROWS_PER_CHANGES).map(|rows| {
            let mut changes = Changes::of(MerchantId(1));
            rows.iter().for_each(|index| changes.insert(row(*index)));
            store.commit(changes)
        });
        for committed in join_all(commits).await {
            committed.expect("nothing contends");
        }
    }
}

fn address(index: u64) -> Address {
    Address::from_payload(Family::Evm, PLACE.0, &Sha256::digest(index.to_be_bytes()).into())
}

fn key(index: u64) -> RowKey {
    DepositAddress::row_key(PLACE.0, PLACE.1, address(index).as_str())
}

fn row(index: u64) -> DepositAddress {
    let at = Timestamp(1_766_320_496_000 + index as i64);
    let invoice = InvoiceId::fresh(&mut Fresh::new(
        at,
        Sha256::digest(index.to_le_bytes())[..16].try_into().expect("16"),
    ));
    let number = u32::try_from(index).expect("an index");
    DepositAddress::new(
        (MerchantId(1), PLACE.0),
        PLACE.1,
        &address(index),
        (AddressOwner::Invoice(invoice), number),
        at,
    )
}

fn memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("Vm") && line.contains("RSS"));
    lines.for_each(|line| println!("{when}: {line}"));
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}
