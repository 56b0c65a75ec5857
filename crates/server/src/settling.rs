//! Which payments are settled, to where: reads everything the question depends on, and asks it.
//!
//! The worker settles what is due; the merchant is told why the rest waits. Both ask here.

use anyhow::Context as _;
use domain::allowed_destination::{self, AllowedDestination};
use domain::changes::{Changes, Noun};
use domain::deposit_address::DepositAddress;
use domain::environment::Environment;
use domain::ids::{MerchantId, SettlementId};
use domain::invoice::Invoice;
use domain::money::Usd;
use domain::network::Network;
use domain::payment::Payment;
use domain::refusal::Refusal;
use domain::send::{Send, Touched, limit_keys};
use domain::sequence::Sequence;
use domain::settlement::{
    Batch, PendingPoolView, Plan, Pool, ReviewReason, Settlement, Terms, Wait, plan, review_of,
    start, value_of,
};
use domain::settlement_rule::SettlementRule;
use domain::settlement_wallet::SettlementWallet;
use domain::token::Token;
use store::{CommitError, StoreError};

use crate::app::App;
use crate::http::error::ApiError;
use crate::sending;
use crate::workers::lease::Lease;

/// Pools one answer tells of.
const POOLS_MAX: usize = 50;
/// Pages of one pool that are read for one batch.
const PAGES_MAX: usize = 40;
const FIRST_NUMBER: i64 = 1;

/// What became of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Considered {
    Started(SettlementId),
    Waits(Wait),
    /// Somebody else changed one of its rows: again with the next step.
    Interrupted,
}

/// Those of a pool that have something to settle, the oldest first.
async fn free_payments(app: &App, pool: &Pool) -> Result<Vec<Payment>, StoreError> {
    let limit = app.config.settlement.batch_max;
    let wanted = usize::try_from(limit).unwrap_or(0);
    let (mut payments, mut after): (Vec<Payment>, _) = (Vec::new(), None);
    // What has nothing left to settle must not stand before what has.
    for _ in 0..PAGES_MAX {
        let page = app.store.payments_to_settle(pool, after, limit).await?;
        let is_last = page.len() < wanted;
        after = page.last().map(Payment::key);
        let missing = wanted - payments.len();
        payments.extend(page.into_iter().filter(|payment| payment.free().0 > 0).take(missing));
        if is_last || payments.len() == wanted {
            break;
        }
    }
    Ok(payments)
}

pub async fn rule(
    app: &App,
    merchant_id: MerchantId,
    environment: Environment,
) -> Result<SettlementRule, StoreError> {
    let known = app.store.get(SettlementRule::row_key(merchant_id, environment)).await?;
    Ok(known.unwrap_or_else(|| SettlementRule::default_of(merchant_id, environment)))
}

async fn allowed(
    app: &App,
    whose: (MerchantId, Environment),
    network: Network,
    address: &str,
) -> Result<Option<AllowedDestination>, StoreError> {
    app.store.get(AllowedDestination::row_key(whose, network, address)).await
}

/// Refuses an address that a merchant's list keeps money from, and guards what was read of it.
pub async fn check_allowed(
    app: &App,
    whose: (MerchantId, Environment),
    (network, address): (Network, &str),
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let rule = rule(app, whose.0, whose.1).await?;
    if !rule.allow_list.binds(app.now()) {
        return Ok(());
    }
    let known = allowed(app, whose, network, address).await?;
    allowed_destination::check(rule.allow_list, known.as_ref(), app.now())?;
    if let Some(known) = known {
        known.guard(changes);
    }
    Ok(())
}

/// Refuses a settlement that waited for somebody while the merchant chose another destination, and
/// guards the choice as it was read.
pub async fn check_destination(
    app: &App,
    settlement: &Settlement,
    sends: &[Send],
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let whose = (settlement.merchant_id, settlement.environment);
    let (network, destination) = settlement.arrives_at();
    let part = sends.iter().flat_map(|send| &send.parts).next();
    let payment = match part {
        Some(part) => app.store.get::<Payment>(part.payment_id.key()).await?,
        None => None,
    };
    // A receiver is part of an invoice and never changes; the wallet may.
    if payment.is_some_and(|payment| !payment.receiver.is_empty()) {
        return check_allowed(app, whose, (network, destination), changes).await;
    }
    let key = SettlementWallet::row_key(whose.0, whose.1, network);
    let wallet = app.store.get::<SettlementWallet>(key).await?;
    let usable = wallet.as_ref().and_then(|wallet| wallet.usable(app.now()));
    if usable != Some(destination) {
        return Err(Refusal::DestinationChanged.into());
    }
    let version = wallet.map_or(0, |wallet| wallet.version);
    changes.guard(Noun::SettlementWallet, key, version);
    Ok(())
}

/// Where the question learns what a network costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeesFrom {
    Network,
    /// As it was lately: whoever waits for an answer does not wait for nodes.
    Memory,
}

/// Asks whether a pool goes now.
async fn ask(
    app: &App,
    pool: &Pool,
    payments: &[Payment],
    fees: FeesFrom,
) -> Result<Result<Plan, Wait>, StoreError> {
    let place = (pool.environment, pool.network);
    let whose = (pool.merchant_id, pool.environment);
    let Some(token) = Token::by_id(pool.token_id) else { return Ok(Err(Wait::NoRoute)) };
    if payments.is_empty() {
        return Ok(Err(Wait::Due));
    }
    if sending::is_paused(app, place).await? {
        return Ok(Err(Wait::NetworkPaused));
    }
    let wallets = app.store.settlement_wallets(whose).await?;
    let rule = rule(app, pool.merchant_id, pool.environment).await?;
    let mut addresses: Vec<&str> = payments.iter().map(|one| one.to_address.as_str()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    if !pool.receiver.is_empty() {
        let network = rule.token().network;
        let known = allowed(app, whose, network, &pool.receiver).await?;
        if allowed_destination::check(rule.allow_list, known.as_ref(), app.now()).is_err() {
            return Ok(Err(Wait::ReceiverNotAllowed));
        }
    }
    let route = app.routes.between(app, token, rule.token());
    let fee = match fees {
        FeesFrom::Network => sending::fee_estimate(app, place, token, addresses.len()).await,
        FeesFrom::Memory => {
            let each = app.routes.cost(place).0;
            Some(Usd(each.saturating_mul(i64::try_from(addresses.len()).unwrap_or(i64::MAX))))
        }
    };
    let terms = Terms {
        pool,
        payments,
        wallets: &wallets,
        rule: &rule,
        route: route.as_ref().map(|quoted| &quoted.route),
        fee,
        policy: &app.config.settlement.policy(),
        now: app.now(),
    };
    Ok(plan(&terms))
}

/// Settles what is due of a pool.
pub async fn consider(app: &App, lease: &Lease, pool: &Pool) -> anyhow::Result<Considered> {
    let mut payments = free_payments(app, pool).await?;
    let plan = match ask(app, pool, &payments, FeesFrom::Network).await? {
        Ok(plan) => plan,
        Err(wait) => return Ok(Considered::Waits(wait)),
    };
    let limits = app.config.settlement.limits();
    let whose = (pool.merchant_id, pool.environment);
    let mut is_over = false;
    loop {
        let value = value_of(&payments);
        let over = is_over.then_some(ReviewReason::LimitReached);
        let review = review_of(value, &limits).or(over);
        let mut changes = Changes::of(pool.merchant_id);
        let batch = batch(app, pool, &plan, &payments, review).await?;
        let (id, numbering) = number(app).await?;
        changes.append(numbering);
        let Some((_, started)) = start(Batch { id, ..batch }, &mut app.fresh()) else {
            return Ok(Considered::Interrupted);
        };
        changes.append(started);
        lease.fence(&mut changes);
        match app.commit(changes).await {
            Ok(_) => return Ok(Considered::Started(id)),
            Err(CommitError::Insufficient { key })
                if limit_keys(&limits, whose, app.now()).contains(&key) =>
            {
                is_over = true;
            }
            // Some of it was given away otherwise: as much as there is.
            Err(CommitError::Insufficient { .. }) if payments.len() > 1 => {
                payments.truncate(payments.len() / 2);
            }
            Err(CommitError::Insufficient { .. }) => {
                return Ok(Considered::Waits(Wait::BalanceUsedElsewhere));
            }
            Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
                anyhow::bail!("another process took over settlement")
            }
            Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => {
                return Ok(Considered::Interrupted);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn number(app: &App) -> Result<(SettlementId, Changes), StoreError> {
    let key = Sequence::settlement_key();
    let known = app.store.get::<Sequence>(key).await?;
    let version = known.as_ref().map_or(0, |known| known.version);
    let (number, mut changes) = Sequence::take(known, key, FIRST_NUMBER, 1);
    changes.guard(Noun::Sequence, key, version);
    Ok((SettlementId(number), changes))
}

async fn batch(
    app: &App,
    pool: &Pool,
    plan: &Plan,
    payments: &[Payment],
    review: Option<ReviewReason>,
) -> anyhow::Result<Batch> {
    let mut sources: Vec<(String, u32)> = Vec::new();
    for payment in payments {
        if !sources.iter().any(|(address, _)| *address == payment.to_address) {
            let index = index_of(app, payment).await?.context("an address has no row")?;
            sources.push((payment.to_address.clone(), index));
        }
    }
    // At the versions the plan was made with: who changed one of them meanwhile is a conflict.
    let mut touched = Touched::default();
    for payment in payments {
        let invoice = app.store.get::<Invoice>(payment.invoice_id.key()).await?;
        touched.add(payment.clone(), invoice.context("a payment's invoice is missing")?);
    }
    Ok(Batch {
        id: SettlementId(0),
        pool: pool.clone(),
        plan: plan.clone(),
        review,
        limits: app.config.settlement.limits(),
        payments: touched,
        sources,
        head: app.head(pool.environment, pool.network),
    })
}

/// The derivation index of the address a payment came to.
pub async fn index_of(app: &App, payment: &Payment) -> Result<Option<u32>, StoreError> {
    let (environment, network) = (payment.environment, payment.network);
    let key = DepositAddress::row_key(environment, network, &payment.to_address);
    Ok(app.store.get::<DepositAddress>(key).await?.map(|address| address.index))
}

/// What waits of a merchant's, and why.
pub async fn pending(
    app: &App,
    (merchant_id, environment): (MerchantId, Environment),
) -> Result<Vec<PendingPoolView>, StoreError> {
    let mut pools = Vec::new();
    let mut after = Some(Pool {
        merchant_id,
        environment,
        network: domain::network::Network::ALL[0],
        token_id: domain::token::TokenId(i64::MIN),
        receiver: String::new(),
    });
    // Nothing comes before the first network with the lowest token.
    while let Some(pool) = app.store.next_pool_to_settle(after.as_ref()).await? {
        if (pool.merchant_id, pool.environment) != (merchant_id, environment)
            || pools.len() == POOLS_MAX
        {
            break;
        }
        let payments = free_payments(app, &pool).await?;
        let reason = ask(app, &pool, &payments, FeesFrom::Memory).await?.err().unwrap_or(Wait::Due);
        pools.push(PendingPoolView {
            network: pool.network,
            token_id: pool.token_id,
            token_symbol: Token::by_id(pool.token_id).map(|token| token.symbol),
            receiver_override_address: Some(pool.receiver.clone()).filter(|text| !text.is_empty()),
            payments: payments.len(),
            amount_usd: value_of(&payments).number(),
            reason,
        });
        after = Some(pool);
    }
    Ok(pools)
}
