//! What happens around a send: who may send now, what it costs, and how its end is written down.
//!
//! Used by the worker that sends, by routes that cancel and approve, and by the operator who sent
//! something himself.

use anyhow::{Context as _, bail};
use chains::send::{Fees, KeyRef, Order, Spend};
use domain::address::Address;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{PaymentId, RowKey, SendId};
use domain::invoice::Invoice;
use domain::ledger::Hold;
use domain::money::{TokenAmount, Usd};
use domain::network_pause::NetworkPause;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::send::{Closing, Ending, Purpose, Send, Touched, close, vanish};
use domain::settlement::Settlement;
use domain::token::{Token, TokenType};
use store::{CommitError, Store, StoreError};

use crate::app::App;
use crate::networks::Place;
use crate::workers::lease::Lease;

const DECISIONS_MAX: usize = 16;
/// What a transfer of coin and one of a token take of EVM gas, about.
const GAS_OF_COIN: u128 = 21_000;
const GAS_OF_TOKEN: u128 = 65_000;

/// Whether the operator has paused a network.
pub async fn is_paused(app: &App, (environment, network): Place) -> Result<bool, StoreError> {
    let key = NetworkPause::row_key(environment, network);
    let pause = app.store.get::<NetworkPause>(key).await?;
    Ok(pause.is_some_and(|pause| pause.is_paused))
}

/// What the network is asked to do.
pub fn order_of(send: &Send) -> anyhow::Result<Order> {
    let token = send.token().context("its token is listed no more")?;
    let to = Address::parse(send.network, send.environment, &send.to)?;
    let from = send.from.index.map_or(KeyRef::Gas, KeyRef::Deposit);
    let spend = match token.address {
        None => Spend::Coin(send.amount),
        Some(contract) => Spend::Token { contract: contract.to_owned(), amount: send.amount },
    };
    Ok(Order { from, to, spend })
}

/// What so many sends of a token would cost now; none where the network does not say.
pub async fn fee_estimate(app: &App, place: Place, token: &Token, sends: usize) -> Option<Usd> {
    let fees = app.networks.sender(place)?.fees().await.ok()?;
    let coin = Token::find(place.1, place.0, None)?;
    let each = match fees {
        Fees::Evm(_) if app.networks.is_simulated(place) => {
            chains::simulated::send::usual_fee(place.1).0
        }
        Fees::Evm(fees) => {
            let price = fees.base.map_or(0, |base| base.0).saturating_add(fees.tip.0);
            let gas = match token.token_type {
                TokenType::Native => GAS_OF_COIN,
                TokenType::Erc20
                | TokenType::Spl
                | TokenType::Sui
                | TokenType::Ton
                | TokenType::Cardano => GAS_OF_TOKEN + GAS_OF_COIN,
            };
            price.saturating_mul(gas)
        }
        Fees::Solana(fees) => u128::from(fees.lamports_per_signature) * 2,
    };
    let all = TokenAmount(each.saturating_mul(sends as u128));
    Some(app.rates.worth(coin, app.now())?.value(all, coin.decimals))
}

/// Payments and their invoices, as they are now.
pub async fn touched(
    app: &App,
    ids: impl IntoIterator<Item = PaymentId>,
) -> anyhow::Result<Touched> {
    let keys: Vec<RowKey> = ids.into_iter().map(PaymentId::key).collect();
    let mut touched = Touched::default();
    for payment in app.store.get_many::<Payment>(keys).await?.into_iter().flatten() {
        let invoice = app.store.get::<Invoice>(payment.invoice_id.key()).await?;
        touched.add(payment, invoice.context("a payment's invoice is missing")?);
    }
    Ok(touched)
}

/// A send and every row its end changes.
async fn closing(app: &App, id: SendId) -> anyhow::Result<Closing> {
    let Some(send) = app.store.get::<Send>(id.key()).await? else { bail!("no such send") };
    let hold = match send.hold_id {
        Some(id) => Some(app.store.get::<Hold>(id.key()).await?.context("its hold is missing")?),
        None => None,
    };
    let (mut settlement, mut refund) = (None, None);
    let mut ids: Vec<PaymentId> = send.parts.iter().map(|part| part.payment_id).collect();
    match send.purpose {
        Purpose::Settlement(id) | Purpose::Delivery(id) => {
            settlement = app.store.get::<Settlement>(id.key()).await?;
        }
        Purpose::Refund(id) => {
            refund = app.store.get::<Refund>(id.key()).await?;
            let given = refund.iter().flat_map(|refund: &Refund| &refund.given);
            ids.extend(given.map(|part| part.payment_id));
        }
        Purpose::Gas { .. } => {}
    }
    ids.sort_unstable();
    ids.dedup();
    let payments = touched(app, ids).await?;
    let head = app.head(send.environment, send.network);
    Ok(Closing { send, hold, settlement, refund, payments, head })
}

/// Ends a send, once: everything its end means, in one commit.
pub async fn end(
    app: &App,
    id: SendId,
    ending: &Ending,
    (lease, also): (Option<&Lease>, Option<&Changes>),
) -> anyhow::Result<()> {
    for _ in 0..DECISIONS_MAX {
        let closing = closing(app, id).await?;
        if !closing.send.status.is_open() {
            return Ok(());
        }
        let mut changes = close(closing, ending, &mut app.fresh())?;
        if let Some(also) = also {
            changes.append(also.clone());
        }
        if let Some(lease) = lease {
            lease.fence(&mut changes);
        }
        match app.commit(changes).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { key, .. })
                if !lease.is_some_and(|lease| lease.is_key(key)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("too many changes at once")
}

/// Opens a send again whose transaction was final and is on its chain no more.
pub async fn open_again(app: &App, id: SendId, lease: &Lease) -> anyhow::Result<()> {
    for _ in 0..DECISIONS_MAX {
        let closing = closing(app, id).await?;
        // Somebody did so before.
        let Ok(mut changes) = vanish(closing, &mut app.fresh()) else { return Ok(()) };
        lease.fence(&mut changes);
        match app.commit(changes).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { key, .. }) if !lease.is_key(key) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("too many changes at once")
}

/// Sends of networks that are sent on by the operator.
pub async fn exported(
    store: &Store,
    environment: Environment,
    network: domain::network::Network,
) -> anyhow::Result<Vec<Send>> {
    const PLAN_MAX: i64 = 1_000;
    let mut sends = store.sends_exported(network, PLAN_MAX).await?;
    sends.retain(|send| send.environment == environment);
    Ok(sends)
}
