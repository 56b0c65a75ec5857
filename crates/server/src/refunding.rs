//! Deciding a refund, whoever asks for it: a merchant over HTTP, or the house for an order that was
//! paid and given up.
//!
//! What goes back is read from the invoice's payments, what it is drawn from from whatever of the
//! merchant's still stands on our addresses. Nothing here commits.

use domain::address::Address;
use domain::audit::Actor;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{MerchantId, PaymentId, RowKey};
use domain::invoice::Invoice;
use domain::ledger::{Account, Asset};
use domain::money::Usd;
use domain::network::Network;
use domain::payment::{Payment, Posting};
use domain::refund::{
    Drawn, Given, Passage, Refund, RefundAsk, Share, create as promised, draw_from, give_back,
    resolvable,
};
use domain::refusal::Refusal;
use domain::send::{SpeedLimit, Touched, ceilings, count_against, limit_keys};
use domain::settlement::{ReviewReason, review_of};
use domain::token::{Token, TokenId};

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::merchant::settlement::is_ours;
use crate::settling;

const PAYMENTS_MAX: i64 = 10_000;
/// How many of the merchant's other payments are looked through for tokens.
const STANDING_MAX: i64 = 500;
/// Where tokens stand that may go back.
const DRAWN_FROM: [Posting; 2] = [Posting::Merchant, Posting::Suspense];

/// How somebody came to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Of anything that arrived.
    Refund,
    /// Of what is left over when an invoice is resolved.
    Resolve,
}

/// What is asked for, as it came in.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub payment_id: Option<PaymentId>,
    /// None: whichever there is of.
    pub token_id: Option<TokenId>,
    pub amount: Option<String>,
    /// None: that of the payment.
    pub network: Option<Network>,
    pub address: String,
    pub way: Way,
}

/// Who asks, and by which request.
#[derive(Clone, Debug)]
pub struct Asker {
    pub by: Actor,
    pub origin: Origin,
}

/// Whether a key is one of the velocity limits that refunds count against.
pub fn is_limit(app: &App, whose: (MerchantId, Environment), key: RowKey) -> bool {
    limit_keys(&app.config.settlement.limits(), whose, app.now()).contains(&key)
}

/// Decides a refund: what goes back, what it is drawn from, and whether somebody has to look.
pub async fn decided(
    app: &App,
    invoice: &Invoice,
    wanted: &Wanted,
    asker: Asker,
) -> Result<(Refund, Changes), ApiError> {
    let environment = invoice.environment;
    let payments = app.store.payments_of_invoice(invoice.id, PAYMENTS_MAX).await?;
    let named = wanted.payment_id;
    if let Some(named) = named
        && !payments.iter().any(|payment| payment.id == named)
    {
        return Err(ApiError::invalid("payment_id", "must be a payment of this invoice"));
    }
    let of_payment = payments.iter().find(|payment| Some(payment.id) == named);
    let network = wanted.network.or(of_payment.map(|payment| payment.network));
    let network = network.ok_or_else(|| ApiError::invalid("payment_id", "is required"))?;
    let destination = destination(app, environment, network, &wanted.address).await?;
    let share = match wanted.way {
        Way::Refund => Share::Arrived,
        Way::Resolve => resolvable(invoice)?,
    };
    let ask = RefundAsk {
        invoice,
        payment_id: named,
        token_id: wanted.token_id,
        amount: wanted.amount.as_deref(),
        network,
        destination: destination.as_str(),
        share,
        by: asker.by,
        origin: asker.origin,
    };
    let given = give_back(&ask, &payments)?;
    let (drawn, touched) = sources(app, invoice, &given, payments).await?;
    check_fee(app, environment, &given, drawn.len())?;
    let (passage, mut changes) = reviewed(app, invoice, &given).await?;
    let place = (network, destination.as_str());
    let whose = (invoice.merchant_id, environment);
    settling::check_allowed(app, whose, place, &mut changes).await?;
    let mut fresh = app.fresh();
    let head = app.head(environment, network);
    let (refund, promised) = promised(ask, given, drawn, (touched, passage, head), &mut fresh);
    changes.append(promised);
    Ok((refund, changes))
}

/// An address that a refund may go to: somebody's, and not this server's own.
pub async fn destination(
    app: &App,
    environment: Environment,
    network: Network,
    text: &str,
) -> Result<Address, ApiError> {
    let address = Address::parse(network, environment, text.trim())
        .map_err(|error| ApiError::invalid("destination", error.to_string()))?;
    if address.is_nobodys(network) {
        let message = "is an address nobody has a key to; what is sent there is lost";
        return Err(ApiError::invalid("destination", message));
    }
    if is_ours(app, (environment, network), &address).await? {
        return Err(ApiError::invalid("destination", "belongs to this server itself"));
    }
    Ok(address)
}

/// Refuses what would cost the house more in network fees than a settlement may.
fn check_fee(
    app: &App,
    environment: Environment,
    given: &Given,
    sends: usize,
) -> Result<(), Refusal> {
    let token = given.token;
    // As it was lately: whoever waits for an answer does not wait for nodes.
    let each = app.routes.cost((environment, token.network)).0;
    let fee = Usd(each.saturating_mul(i64::try_from(sends).unwrap_or(i64::MAX)));
    let rate = app.rates.worth(token, app.now());
    let worth = rate.map_or(Usd::ZERO, |rate| rate.value(given.amount, token.decimals));
    let value = given.value.max(worth);
    let is_too_high = fee > value.share(app.config.settlement.fee_bps_max);
    if is_too_high { Err(Refusal::RefundFeeTooHigh) } else { Ok(()) }
}

fn drawn_account(invoice: &Invoice, token: &Token, posting: Posting) -> Account {
    Account {
        merchant_id: invoice.merchant_id,
        environment: invoice.environment,
        kind: posting.account_kind(),
        asset: Asset::of_token(token),
        owner: None,
    }
}

/// What a refund is drawn from: the invoice's own tokens first, then others of the merchant's.
async fn sources(
    app: &App,
    invoice: &Invoice,
    given: &Given,
    own: Vec<Payment>,
) -> Result<(Vec<Drawn>, Touched), ApiError> {
    let whose = (invoice.merchant_id, invoice.environment);
    let asset = (given.token.network, given.token.id);
    let is_of_asset = |payment: &Payment| payment.token_id == Some(given.token.id);
    let mut all: Vec<Payment> = own.into_iter().filter(is_of_asset).collect();
    // What is given back is drawn from itself first.
    all.sort_by_key(|payment| !given.parts.iter().any(|part| part.payment_id == payment.id));
    let others = app.store.payments_standing(whose, asset, STANDING_MAX).await?;
    // What stands in suspense is not the merchant's yet to pay other refunds with.
    let is_lendable = |payment: &Payment| {
        payment.invoice_id != invoice.id && payment.posting == Posting::Merchant
    };
    all.extend(others.into_iter().filter(is_lendable));
    let mut indexes = std::collections::HashMap::new();
    let mut reach = 0_u128;
    for payment in &all {
        if reach >= given.amount.0 {
            break;
        }
        if payment.free().0 > 0
            && let Some(index) = settling::index_of(app, payment).await?
        {
            indexes.insert(payment.to_address.clone(), index);
            reach = reach.saturating_add(payment.free().0);
        }
    }
    let index_of = |address: &str| indexes.get(address).copied();
    let drawn = draw_from(given.amount, &all, &index_of).ok_or(Refusal::InsufficientFunds)?;
    for posting in DRAWN_FROM {
        let account = drawn_account(invoice, given.token, posting);
        let of_account = drawn.iter().filter(|one| one.posting == posting);
        let amount: u128 = of_account.flat_map(|one| &one.parts).map(|part| part.amount.0).sum();
        if amount == 0 {
            continue;
        }
        let available = app.store.balance(account).await?.available();
        if i128::try_from(amount).is_ok_and(|amount| available < amount) {
            return Err(Refusal::InsufficientFunds.into());
        }
    }
    let ids = drawn.iter().flat_map(|one| &one.parts).chain(&given.parts);
    let mut ids: Vec<PaymentId> = ids.map(|part| part.payment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut touched = Touched::default();
    for payment in all.into_iter().filter(|payment| ids.contains(&payment.id)) {
        let invoice = app.store.get::<Invoice>(payment.invoice_id.key()).await?;
        let invoice = invoice.ok_or_else(|| ApiError::not_found("invoice"))?;
        touched.add(payment, invoice);
    }
    Ok((drawn, touched))
}

/// Whether a human has to look; if not, it is counted against the limits.
async fn reviewed(
    app: &App,
    invoice: &Invoice,
    given: &Given,
) -> Result<(Passage, Changes), ApiError> {
    let limits = app.config.settlement.limits();
    let whose = (invoice.merchant_id, invoice.environment);
    let now = app.now();
    let mut changes = Changes::of(invoice.merchant_id);
    let mut review = review_of(given.value, &limits);
    for (_, key, most) in ceilings(&limits, whose, now) {
        if app.store.counter(key).await?.saturating_add(given.value.0) > most.0 {
            review = review.or(Some(ReviewReason::LimitReached));
        }
    }
    let passage = match review {
        Some(review) => Passage::Held(review),
        None => {
            let counted = (given.value, SpeedLimit::Kept);
            Passage::Open(count_against(&limits, whose, counted, &mut changes, now))
        }
    };
    Ok((passage, changes))
}
