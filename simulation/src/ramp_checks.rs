//! What must hold of the ramps when everything has come to rest.
//!
//! The provider's own cases are the truth of bank money: what the rail and the users have follows
//! from them and from what was sent, and nothing happened twice.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use domain::environment::Environment;
use domain::ids::{RampDepositId, RampUserId, RowKey};
use domain::ledger::{AccountKind, Asset};
use domain::network::Network;
use domain::onchain_deposit::{DepositPosting, OnchainDeposit};
use domain::onramp::{Onramp, OnrampStatus};
use domain::payout::{Payout, PayoutStatus};
use domain::provider::{Handle, OnrampReport, PayoutReport, RampFailure};
use domain::ramp_deposit::{DepositKind, DepositStatus, RampDeposit};
use domain::virtual_account::{VirtualAccount, VirtualAccountStatus};
use providers::ramp::RampProvider;
use serde_json::Value;
use store::row::Row;

use crate::life::Life;
use crate::world::text;

/// One of so many answers in a row decides.
const LOOKS_MAX: usize = 4;

/// What accounts must hold, by what is in them.
type Sums = BTreeMap<Asset, i128>;

/// What is owed to the rail and to the user.
#[derive(Default)]
struct Owed {
    rail: Sums,
    user: Sums,
}

pub async fn check(life: &Life) -> Result<()> {
    let mut owed = Owed::default();
    payouts(life, &mut owed).await?;
    onramps(life, &mut owed).await?;
    virtual_accounts(life, &mut owed).await?;
    let app = &life.world.app;
    for deposit in deposits(life).await? {
        ensure!(!deposit.status.is_undecided(), "a deposit never ended: {deposit:?}");
        if deposit.status == DepositStatus::Completed {
            add(&mut owed.user, deposit.asset, deposit.amount.0, 1)?;
        }
    }
    let (mut rail, mut user) = (Sums::new(), Sums::new());
    for balance in app.store.balances_of_merchant(life.world.merchant_id).await? {
        if balance.account.kind == AccountKind::Rail {
            rail.insert(balance.account.asset, balance.balance);
        }
    }
    let owner = user_id(life)?.key();
    for balance in app.store.balances_of_owner(life.world.merchant_id, owner).await? {
        ensure!(balance.reserved == 0, "promised for ever: {balance:?}");
        user.insert(balance.account.asset, balance.balance);
    }
    for sums in [&mut rail, &mut user, &mut owed.rail, &mut owed.user] {
        sums.retain(|_, amount| *amount != 0);
    }
    ensure!(rail == owed.rail, "the rail has {rail:?}, and is owed {:?}", owed.rail);
    ensure!(user == owed.user, "the user has {user:?}, and is owed {:?}", owed.user);
    Ok(())
}

fn user_id(life: &Life) -> Result<RampUserId> {
    RampUserId::parse(&life.ramps.user).context("an id")
}

fn add(sums: &mut Sums, asset: Asset, amount: u128, sign: i128) -> Result<()> {
    *sums.entry(asset).or_default() += sign * i128::try_from(amount)?;
    Ok(())
}

/// The row behind what a list shows.
async fn row<R: Row>(life: &Life, shown: &Value) -> Result<R> {
    let key = RowKey::from(uuid::Uuid::parse_str(&text(shown, "id")?)?);
    life.world.app.store.get::<R>(key).await?.with_context(|| format!("no row of {shown}"))
}

/// Every payout ended as the provider's own case did, and a deposit made one at most.
async fn payouts(life: &Life, owed: &mut Owed) -> Result<()> {
    let app = &life.world.app;
    let provider = app.ramp_providers.provider(Environment::Devnet).context("a provider")?;
    let all = life.world.list("/api/v1/ramps/payouts").await?;
    for id in &life.ramps.payouts {
        ensure!(all.iter().any(|one| one["id"] == **id), "payout {id} is lost");
    }
    let mut paid_out: BTreeSet<RampDepositId> = BTreeSet::new();
    for shown in &all {
        let payout: Payout = row(life, shown).await?;
        let report = decided(provider.as_ref(), &payout).await?;
        let agrees = match payout.status {
            PayoutStatus::Paid => matches!(report, PayoutReport::Paid(_)),
            PayoutStatus::Failed => {
                matches!(report, PayoutReport::Failed(_) | PayoutReport::Absent)
            }
            PayoutStatus::Returned => matches!(report, PayoutReport::Returned(_)),
            PayoutStatus::Canceled => report == PayoutReport::Absent,
            PayoutStatus::Created
            | PayoutStatus::FundsReserved
            | PayoutStatus::InReview
            | PayoutStatus::Submitted => bail!("a payout never ended: {shown}"),
        };
        ensure!(agrees, "the provider says {report:?} of {shown}");
        if payout.status == PayoutStatus::Paid {
            let arrived = payout.settled.received.unwrap_or(payout.target);
            add(&mut owed.rail, Asset::Currency(payout.currency), arrived.0, 1)?;
            add(&mut owed.user, payout.asset, payout.source.0, -1)?;
        }
        let Some(deposit) = payout.deposit_id else { continue };
        ensure!(paid_out.insert(deposit), "a deposit was paid out twice: {shown}");
        let known = app.store.get::<OnchainDeposit>(deposit.key()).await?;
        let names = known.and_then(|known| known.payout_id);
        ensure!(names == Some(payout.id), "its deposit names {names:?}: {shown}");
    }
    Ok(())
}

/// What a provider says of a payout whose answers run backwards and repeat: asked until it says
/// something that decides.
async fn decided(provider: &dyn RampProvider, payout: &Payout) -> Result<PayoutReport> {
    for _ in 0..LOOKS_MAX {
        match provider.look_up_payout(&payout.handle()).await?.0 {
            PayoutReport::Processing | PayoutReport::InReview => {}
            report => return Ok(report),
        }
    }
    Ok(PayoutReport::Processing)
}

/// Every on-ramp ended as the provider's own case did; what came in and did not go on is the
/// user's bank money.
async fn onramps(life: &Life, owed: &mut Owed) -> Result<()> {
    let app = &life.world.app;
    let provider = app.ramp_providers.provider(Environment::Devnet).context("a provider")?;
    let all = life.world.list("/api/v1/ramps/onramps").await?;
    for id in &life.ramps.onramps {
        ensure!(all.iter().any(|one| one["id"] == **id), "on-ramp {id} is lost");
    }
    for shown in &all {
        let onramp: Onramp = row(life, shown).await?;
        let report = provider.look_up_onramp(&onramp.handle()).await?;
        ensure!(agrees(&onramp, &report), "the provider says {report:?} of {shown}");
        if onramp.status == OnrampStatus::Refunded {
            continue;
        }
        let Some(received) = onramp.received else { continue };
        let (bank, mut stays) = (Asset::Currency(onramp.currency), received.0);
        if onramp.status == OnrampStatus::Completed {
            let token = Asset::Token { network: onramp.network, token_id: onramp.token_id };
            add(&mut owed.rail, token, onramp.target.0, 1)?;
            stays = received.0.saturating_sub(onramp.amount.0);
        }
        add(&mut owed.rail, bank, received.0, -1)?;
        add(&mut owed.user, bank, stays, 1)?;
    }
    Ok(())
}

fn agrees(onramp: &Onramp, report: &OnrampReport) -> bool {
    use OnrampReport::{Absent, AwaitingFiat, Completed, Failed, Refunded};
    match onramp.status {
        OnrampStatus::Completed => {
            matches!(report, Completed { amount, .. } if Some(*amount) == onramp.received)
        }
        OnrampStatus::Refunded => *report == Refunded,
        // It came too late, and more than the user may have: it stays his bank money.
        OnrampStatus::Failed if onramp.failure == Some(RampFailure::LimitExceeded) => {
            report.amount().is_some() && report.amount() == onramp.received
        }
        OnrampStatus::Failed => matches!(report, Failed(_) | Absent),
        OnrampStatus::Expired => {
            matches!(report, AwaitingFiat | Absent | Failed(_) | Refunded)
                && onramp.received.is_none()
        }
        OnrampStatus::AwaitingFiat
        | OnrampStatus::FiatReceived
        | OnrampStatus::Converting
        | OnrampStatus::Sent
        | OnrampStatus::InReview => false,
    }
}

/// Every virtual account was opened, and each receipt of it is one deposit.
async fn virtual_accounts(life: &Life, owed: &mut Owed) -> Result<()> {
    let app = &life.world.app;
    let provider = app.ramp_providers.provider(Environment::Devnet).context("a provider")?;
    let path = format!("/api/v1/ramps/users/{}/virtual_accounts", life.ramps.user);
    let all = life.world.list(&path).await?;
    for id in &life.ramps.virtual_accounts {
        ensure!(all.iter().any(|one| one["id"] == **id), "virtual account {id} is lost");
    }
    let deposits = deposits(life).await?;
    for shown in &all {
        let account: VirtualAccount = row(life, shown).await?;
        ensure!(account.status == VirtualAccountStatus::Active, "it was not opened: {shown}");
        let handle: Handle = account.handle();
        let receipts = provider.receipts(&handle, None).await?.data;
        for receipt in &receipts {
            add(&mut owed.rail, Asset::Currency(account.currency), receipt.amount.0, -1)?;
        }
        let of_it = deposits.iter().filter(|one| {
            one.kind == DepositKind::VirtualAccount && one.received_at == Some(account.key())
        });
        let (booked, came) = (of_it.count(), receipts.len());
        ensure!(booked == came, "{came} receipts made {booked} deposits: {shown}");
    }
    Ok(())
}

async fn deposits(life: &Life) -> Result<Vec<RampDeposit>> {
    let path = format!("/api/v1/ramps/users/{}/deposits", life.ramps.user);
    let mut all = Vec::new();
    for shown in life.world.list(&path).await? {
        all.push(row(life, &shown).await?);
    }
    Ok(all)
}

/// Where coins of the user arrive.
pub async fn addresses(life: &Life) -> Result<Vec<(Network, String)>> {
    let mut all = Vec::new();
    for kind in ["deposit_addresses", "liquidation_addresses"] {
        let path = format!("/api/v1/ramps/users/{}/{kind}", life.ramps.user);
        for shown in life.world.list(&path).await? {
            let network = serde_json::from_value(shown["network"].clone())?;
            all.push((network, text(&shown, "address")?));
        }
    }
    Ok(all)
}

/// What the books have of deposits that a chain lost for good: a human decides who bears it.
pub async fn vanished(life: &Life) -> Result<Sums> {
    let mut sums = Sums::new();
    for deposit in deposits(life).await? {
        if (deposit.kind, deposit.status) != (DepositKind::Onchain, DepositStatus::Reverted) {
            continue;
        }
        let onchain = life.world.app.store.get::<OnchainDeposit>(deposit.key()).await?;
        let onchain = onchain.with_context(|| format!("no row of {deposit:?}"))?;
        if onchain.posting != DepositPosting::None {
            add(&mut sums, deposit.asset, deposit.amount.0, 1)?;
        }
    }
    Ok(sums)
}
