//! Brings what a chain reported to a decision: read everything it depends on, decide, commit.
//!
//! Used by the watcher and by manual verification. Replaying any of it changes nothing: the
//! transfer's claim, the payment's state and the row versions see to that.

use anyhow::bail;
use domain::chain::{ChainTransfer, Reach};
use domain::changes::Changes;
use domain::claim::Claim;
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::ids::{InvoiceId, PaymentId, RampAddressId, RampDepositId, RowKey};
use domain::invoice::Invoice;
use domain::network::Network;
use domain::onchain_deposit::{self, DepositSighting, Known, OnchainStatus};
use domain::payment::{
    Confirmation, Crediting, Payment, PaymentStatus, Sighting, confirm, revert, see,
};
use domain::ramp_address::RampAddress;
use domain::ramp_deposit::RampDeposit;
use domain::ramp_user::RampUser;
use domain::token::Token;
use domain::verification;
use store::{CommitError, StoreError};

use crate::acceptance::Acceptance;
use crate::app::App;
use crate::networks::Place;
use crate::workers::lease::Lease;
use crate::workers::liquidations::known;

const DECISIONS_MAX: usize = 32;
const QUOTES_MAX: i64 = 100;
const PAYMENTS_MAX: i64 = 1_000;

/// Who acts: under a lease, or on a payor's word with none.
pub type Fence<'a> = Option<&'a Lease>;

/// Whether anything was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    New,
    Nothing,
    /// It cannot be recorded now or ever: told to the operator, and the others go on.
    Parked,
}

/// Records one transfer to one of our addresses.
pub async fn record_transfer(
    app: &App,
    place: Place,
    transfer: &ChainTransfer,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    let (environment, network) = place;
    if transfer.from.as_deref().is_some_and(|from| app.networks.is_gas_wallet(place, from)) {
        // Coin that we bring ourselves, for an address to pay its fees with.
        return Ok(Recorded::Nothing);
    }
    let key = DepositAddress::row_key(environment, network, &transfer.to);
    decide(app, fence, async || {
        let Some(address) = app.store.get::<DepositAddress>(key).await? else { return Ok(None) };
        let invoice_id = match address.owner {
            AddressOwner::Invoice(id) => id,
            AddressOwner::Ramp(id) => {
                return ramp_deposit(app, (&address, id), (network, transfer)).await;
            }
        };
        let invoice = invoice(app, invoice_id).await?;
        let mut identity = transfer.identity(environment, network);
        let (mut claim, mut known) = claimed(app, identity).await?;
        if known.as_ref().is_some_and(|known| !known.is_of(transfer)) {
            identity = transfer.identity_by_content(environment, network);
            (claim, known) = claimed(app, identity).await?;
        }
        if claim.is_some() && known.is_none() {
            // It stands in the inbox of unmatched transfers.
            return Ok(None);
        }
        let token = Token::find(network, environment, transfer.asset.contract());
        let quotes = app.store.quotes_of_invoice(invoice.id, QUOTES_MAX).await?;
        let sighting = Sighting {
            network,
            transfer,
            identity,
            address: &address,
            invoice: &invoice,
            known: known.as_ref(),
            quotes: &quotes,
            rate: token.and_then(|token| app.rates.worth(token, app.now())),
            is_token_blocked: token_is_blocked(app, &invoice, token).await?,
            depths: app.networks.depths(environment, network),
            head: app.head(environment, network).max(transfer.block.number),
        };
        Ok(see(&sighting, &mut app.fresh()))
    })
    .await
}

/// What an identity of a transfer was claimed for, and the payment if it was one.
async fn claimed(app: &App, identity: RowKey) -> anyhow::Result<(Option<Claim>, Option<Payment>)> {
    let Some(claim) = app.store.get::<Claim>(identity).await? else { return Ok((None, None)) };
    let payment = app.store.get::<Payment>(claim.target).await?;
    Ok((Some(claim), payment))
}

/// What a transfer to a ramp user's address makes of his deposits.
async fn ramp_deposit(
    app: &App,
    (watched, id): (&DepositAddress, RampAddressId),
    (network, transfer): (Network, &ChainTransfer),
) -> anyhow::Result<Option<Changes>> {
    let environment = watched.environment;
    let Some(address) = app.store.get::<RampAddress>(id.key()).await? else {
        let key = id.to_string();
        return Err(StoreError::Corrupt { table: "ramp_addresses", key, column: "key" }.into());
    };
    let mut identity = transfer.identity(environment, network);
    let (mut claim, mut known) = claimed_deposit(app, identity).await?;
    if known.as_ref().is_some_and(|known| !known.onchain.is_of(transfer)) {
        identity = transfer.identity_by_content(environment, network);
        (claim, known) = claimed_deposit(app, identity).await?;
    }
    if claim.is_some() && known.is_none() {
        // It stands in the inbox of unmatched transfers.
        return Ok(None);
    }
    let token = Token::find(network, environment, transfer.asset.contract());
    let sighting = DepositSighting {
        network,
        transfer,
        identity,
        watched,
        address: &address,
        known,
        rate: token.and_then(|token| app.rates.worth(token, app.now())),
        depths: app.networks.depths(environment, network),
    };
    Ok(onchain_deposit::see(sighting, &mut app.fresh()))
}

/// What an identity of a transfer was claimed for, and the deposit if it was one.
async fn claimed_deposit(
    app: &App,
    identity: RowKey,
) -> anyhow::Result<(Option<Claim>, Option<Known>)> {
    let Some(claim) = app.store.get::<Claim>(identity).await? else { return Ok((None, None)) };
    let known = known(app, claim.target.into()).await?;
    Ok((Some(claim), known))
}

/// Credits a deposit, if it is final now.
pub async fn confirm_deposit(
    app: &App,
    id: RampDepositId,
    reach: Reach,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    decide(app, fence, async || {
        let Some(known) = known(app, id).await? else { return Ok(None) };
        let lists = app.screening.lists();
        let from = known.onchain.from_address.as_deref();
        let hit = from.and_then(|address| lists.hits_address(address));
        Ok(known.confirm(reach, hit, &mut app.fresh()))
    })
    .await
}

/// Takes back a deposit whose block is gone.
pub async fn revert_deposit(
    app: &App,
    id: RampDepositId,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    decide(app, fence, async || {
        let Some(known) = known(app, id).await? else { return Ok(None) };
        if known.onchain.status == OnchainStatus::Confirmed {
            tracing::error!(
                deposit.id = %id,
                network = known.onchain.network.as_str(),
                "a reorg removed a deposit that was final: the user's balance is less by it"
            );
        }
        Ok(known.revert(&mut app.fresh()))
    })
    .await
}

/// Confirms a payment, if it is final now.
pub async fn confirm_payment(
    app: &App,
    id: PaymentId,
    reach: Reach,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    decide(app, fence, async || {
        let Some(payment) = app.store.get::<Payment>(id.key()).await? else { return Ok(None) };
        let invoice = invoice(app, payment.invoice_id).await?;
        let all = app.store.payments_of_invoice(invoice.id, PAYMENTS_MAX).await?;
        let is_short = |payment: &Payment| payment.status == PaymentStatus::Underpaid;
        let underpaid: Vec<Payment> = all.into_iter().filter(is_short).collect();
        let (payment, invoice) = (&payment, &invoice);
        let concerned = underpaid.iter().chain([payment]).map(|payment| payment.id).collect();
        let crediting = crediting(app, invoice, concerned).await?;
        let crediting = crediting.as_ref();
        let confirmation = Confirmation { payment, invoice, underpaid, crediting, reach };
        Ok(confirm(confirmation, &mut app.fresh()))
    })
    .await
}

/// Reverts a payment whose block is gone.
pub async fn revert_payment(
    app: &App,
    id: PaymentId,
    head: u64,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    decide(app, fence, async || {
        let Some(payment) = app.store.get::<Payment>(id.key()).await? else { return Ok(None) };
        let invoice = invoice(app, payment.invoice_id).await?;
        if payment.status.is_confirmed() {
            tracing::error!(
                payment.id = %payment.id,
                invoice.id = %invoice.id,
                network = payment.network.as_str(),
                "a reorg removed a payment that was final: money is held in suspense"
            );
        }
        let crediting = crediting(app, &invoice, vec![payment.id]).await?;
        Ok(revert(&payment, &invoice, crediting.as_ref(), head, &mut app.fresh()))
    })
    .await
}

/// Whom these payments credit, if their invoice credits somebody.
pub async fn crediting(
    app: &App,
    invoice: &Invoice,
    payments: Vec<PaymentId>,
) -> Result<Option<Crediting>, StoreError> {
    let Some(id) = invoice.details.credit_user_id else { return Ok(None) };
    let Some(user) = app.store.get::<RampUser>(id.key()).await? else { return Ok(None) };
    let mut deposits = Vec::new();
    for payment in payments {
        let key = RampDeposit::id_of_payment(payment).key();
        deposits.extend(app.store.get::<RampDeposit>(key).await?);
    }
    Ok(Some(Crediting { user, deposits }))
}

/// Notes that the chain could not tell of a payment, and has a verification job look again.
pub async fn payment_not_seen(
    app: &App,
    id: PaymentId,
    head: u64,
    fence: Fence<'_>,
) -> anyhow::Result<Recorded> {
    decide(app, fence, async || {
        let Some(payment) = app.store.get::<Payment>(id.key()).await? else { return Ok(None) };
        let invoice = invoice(app, payment.invoice_id).await?;
        let latest = app.store.latest_verification(invoice.id).await?;
        let fresh = &mut app.fresh();
        Ok(verification::payment_not_seen(&payment, &invoice, latest, head, fresh))
    })
    .await
}

/// One broken payment must not stop a whole network.
fn park(app: &App, error: &dyn std::fmt::Display) -> Recorded {
    tracing::error!(%error, "a payment cannot be recorded; the others go on");
    app.metrics.add("pepay_payments_parked_total", 1);
    Recorded::Parked
}

fn is_about_one_row(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Corrupt { .. } | StoreError::Rejected(_)))
}

async fn invoice(app: &App, id: InvoiceId) -> anyhow::Result<Invoice> {
    match app.store.get::<Invoice>(id.key()).await? {
        Some(invoice) => Ok(invoice),
        None => {
            let key = id.to_string();
            Err(StoreError::Corrupt { table: "invoices", key, column: "key" }.into())
        }
    }
}

async fn token_is_blocked(
    app: &App,
    invoice: &Invoice,
    token: Option<&'static Token>,
) -> anyhow::Result<bool> {
    let Some(token) = token else { return Ok(false) };
    let acceptance = Acceptance::of(app, invoice.merchant_id, invoice.environment).await?;
    // What goes by the contract of a token that does not exist there is something else.
    Ok(!acceptance.takes(token) || !app.networks.has(token))
}

/// Decides and commits, again if a row changed meanwhile; nothing to change is fine.
async fn decide<Deciding>(
    app: &App,
    fence: Fence<'_>,
    decide: impl Fn() -> Deciding,
) -> anyhow::Result<Recorded>
where
    Deciding: Future<Output = anyhow::Result<Option<Changes>>> + Send,
{
    let mut turn = None;
    for _ in 0..DECISIONS_MAX {
        let decided = match decide().await {
            Err(error) if is_about_one_row(&error) => return Ok(park(app, &error)),
            decided => decided?,
        };
        let Some(mut changes) = decided else { return Ok(Recorded::Nothing) };
        if let Some(lease) = fence {
            lease.fence(&mut changes);
        }
        match app.commit(changes).await {
            Ok(_) => return Ok(Recorded::New),
            Err(CommitError::Conflict { key, .. }) => {
                if fence.is_some_and(|lease| lease.is_key(key)) {
                    bail!("another process took over this work");
                }
                // One turn at a time: the old one ends before the next is waited for.
                drop(turn.take());
                turn = Some(app.store.turn(key).await);
            }
            // Somebody else recorded the same transfer at once: read it and go on from there.
            Err(CommitError::AlreadyExists { .. }) => {}
            Err(
                error @ (CommitError::Insufficient { .. }
                | CommitError::Store(StoreError::Rejected(_) | StoreError::Corrupt { .. })),
            ) => return Ok(park(app, &error)),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("too many changes at once")
}
