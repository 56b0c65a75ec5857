//! `bench ledger`: transfers a second through the store's one door, without HTTP around it.
//!
//! The one command that looks inside: a transfer has no route of its own. Each commit is one
//! transfer (a row and two balances) and no event; as many are waiting as there are callers.
//! Spread, each debits the next of ten thousand users' accounts; hot, all debit and credit the
//! same merchant's two accounts. Afterwards the store's own check adds everything up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, ensure};
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use domain::token::TokenId;
use serde::Serialize;
use store::{Store, StoreConfig};

use crate::options::LedgerOptions;
use crate::report::{Bar, Format, print_bars, print_json};
use crate::servers::{Engine, Site};

const SPREAD_PER_SECOND_MIN: f64 = 30_000.0;
const HOT_PER_SECOND_MIN: f64 = 20_000.0;
const WARM_UP: Duration = Duration::from_secs(1);
const SHOP: MerchantId = MerchantId(1);
/// Moments only order ids here.
const EPOCH: Timestamp = Timestamp(1_766_320_496_000);

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Load {
    Spread,
    Hot,
}

#[derive(Serialize)]
struct Measured {
    command: &'static str,
    engine: &'static str,
    load: Load,
    callers: u64,
    transfers: u64,
    per_second: f64,
    transfers_per_group: f64,
}

pub async fn run(options: LedgerOptions) -> Result<()> {
    let mut site = Site::new()?;
    for &engine in &options.engine {
        let mut bars = Vec::new();
        for load in [Load::Spread, Load::Hot] {
            let url = site.home(engine).await?.database_url;
            let measured = measure(url, engine, load, &options).await?;
            match options.format() {
                Format::Json => print_json(&measured)?,
                Format::Table => println!(
                    "{} {}: {} transfers, {:.0}/s, {:.0} a group",
                    measured.engine,
                    load.name(),
                    measured.transfers,
                    measured.per_second,
                    measured.transfers_per_group,
                ),
            }
            let (name, least) = load.bar(&options);
            bars.push(Bar::at_least(name, Some(measured.per_second), least).in_unit("/s"));
        }
        print_bars(&bars, options.format());
    }
    Ok(())
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Load::Spread => "spread",
            Load::Hot => "hot",
        }
    }

    fn bar(self, options: &LedgerOptions) -> (String, f64) {
        match self {
            Load::Spread => (format!("over {} accounts", options.accounts), SPREAD_PER_SECOND_MIN),
            Load::Hot => ("one merchant's account".to_owned(), HOT_PER_SECOND_MIN),
        }
    }

    /// Between which accounts a transfer goes.
    fn accounts(self, number: u64, of: u64) -> (Account, Account) {
        let (debit, owner) = match self {
            Load::Spread => {
                (AccountKind::User, Some(RowKey(u128::from(number % of).to_be_bytes())))
            }
            Load::Hot => (AccountKind::Clearing, None),
        };
        let account = |kind, owner| Account {
            merchant_id: SHOP,
            environment: Environment::Devnet,
            kind,
            asset: Asset::Token { network: Network::Base, token_id: TokenId(1_001) },
            owner,
        };
        let next = owner.map(|_| RowKey(u128::from((number + 1) % of).to_be_bytes()));
        let credit = if owner.is_some() { AccountKind::User } else { AccountKind::Merchant };
        (account(debit, owner), account(credit, next))
    }
}

struct Run {
    store: Store,
    load: Load,
    accounts: u64,
    next: AtomicU64,
    done: AtomicU64,
    is_over: AtomicBool,
}

async fn measure(
    url: String,
    engine: Engine,
    load: Load,
    options: &LedgerOptions,
) -> Result<Measured> {
    let store = Store::open(StoreConfig::new(url)).await?;
    let run = Arc::new(Run {
        store: store.clone(),
        load,
        accounts: options.accounts,
        next: AtomicU64::new(0),
        done: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    });
    let callers = (0..options.callers).map(|_| tokio::spawn(call(Arc::clone(&run))));
    let callers: Vec<_> = callers.collect();
    tokio::time::sleep(WARM_UP).await;
    let (before, groups, began) =
        (run.done.load(Relaxed), store.stats().groups, crate::fresh::now());
    tokio::time::sleep(options.measured()).await;
    let transfers = run.done.load(Relaxed) - before;
    let per_second = transfers as f64 / began.elapsed().as_secs_f64();
    let groups = store.stats().groups - groups;
    run.is_over.store(true, Relaxed);
    for caller in callers {
        caller.await??;
    }
    let findings = store.check().await?;
    ensure!(findings.is_empty(), "the books do not add up: {findings:?}");
    store.close().await;
    Ok(Measured {
        command: "ledger",
        engine: engine.name(),
        load,
        callers: options.callers,
        transfers,
        per_second,
        transfers_per_group: transfers as f64 / groups.max(1) as f64,
    })
}

async fn call(run: Arc<Run>) -> Result<()> {
    while !run.is_over.load(Relaxed) {
        let number = run.next.fetch_add(1, Relaxed);
        let (debit, credit) = run.load.accounts(number, run.accounts);
        let mut fresh = fresh(number);
        let movement = Movement {
            debit,
            credit,
            amount: TokenAmount(1),
            reason: TransferReason::UserCredit,
            object: RowKey(u128::from(number).to_be_bytes()),
        };
        let mut changes = Changes::of(SHOP);
        changes.transfer(Transfer::posted(movement, &mut fresh));
        run.store.commit(changes).await?;
        run.done.fetch_add(1, Relaxed);
    }
    Ok(())
}

/// Ids in the order of their numbers, a thousand a millisecond, as a busy server draws them.
fn fresh(number: u64) -> Fresh {
    const PER_MS: u64 = 1_000;
    let ms = i64::try_from(number / PER_MS).unwrap_or(i64::MAX);
    let place = u16::try_from(number % PER_MS).unwrap_or(0);
    let mut seed = [7; 16];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    Fresh::new(EPOCH.plus_ms(ms), seed).placed(place)
}
