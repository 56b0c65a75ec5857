//! The payment page's simulate drawer: pays, overpays, expires or reorganizes a devnet invoice.
//!
//! It acts through the same doors as a payor and a chain would: an address is given out, a
//! transfer is put on the simulated chain, a watcher sees it. No status is ever set by hand.

use axum::extract::State;
use chains::simulated::{REORG_DEPTH_MAX, TransferAsk};
use domain::address::Address;
use domain::chain::AssetRef;
use domain::invoice::{Invoice, expire_now_for_simulation};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::payment::PaymentStatus;
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::give_out::{GivenOut, give_out};
use super::read_invoice;
use super::verification::parse_network;
use crate::acceptance::Acceptance;
use crate::app::{App, Shared};
use crate::http::auth::Payor;
use crate::http::devnet::simulated_node;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;

/// How many of an invoice's newest quotes and payments are looked through.
const NEWEST_MAX: i64 = 20;
/// A block may come between looking at the head and the reorg.
const BLOCKS_BETWEEN: u64 = 1;

/// What shall happen to the invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Pays what is left.
    Exact,
    /// Pays half of it.
    Under,
    /// Pays one and a half times of it.
    Over,
    /// Ends the pay-by time, then pays.
    Late,
    /// Ends the pay-by time.
    Expire,
    /// Removes the newest payment from the chain.
    Reorg,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct SimulationRequest {
    pub scenario: Scenario,
    /// Whole tokens as a decimal string, instead of the scenario's own amount.
    pub amount: Option<String>,
    /// Default: the network of the newest quote.
    #[schema(value_type = Option<Network>)]
    pub network: Option<String>,
    /// Default: the token of the newest quote.
    pub token_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimulationAnswer {
    pub success: bool,
    pub data: Simulation,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulation {
    pub scenario: Scenario,
    /// The transaction that was sent, or removed; null if none was.
    pub tx_hash: Option<String>,
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    pub to: Option<String>,
    /// In whole tokens, as a decimal string.
    pub amount: Option<String>,
    /// The block that includes the transaction, or included it.
    pub block_number: Option<u64>,
}

/// Simulate a payment
///
/// Devnet only. The answer comes before the watcher sees the payment: poll the status, or follow
/// the stream.
#[utoipa::path(post, path = "/api/v1/payments/simulate",
    operation_id = "simulatePayment", tag = "Payment Sessions",
    request_body = SimulationRequest,
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = SimulationAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "A mainnet invoice, or a bad signature"),
        (status = 409, body = ErrorBody, description = "This network is not simulated"),
        (status = 410, body = ErrorBody, description = "The invoice has expired")))]
pub async fn simulate(
    State(app): State<Shared>,
    payor: Payor,
    Json(body): Json<SimulationRequest>,
) -> Result<axum::Json<SimulationAnswer>, ApiError> {
    let invoice = payor.invoice;
    if invoice.environment.is_live() {
        let message = "The simulator exists on devnet only";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    let data = match body.scenario {
        Scenario::Exact | Scenario::Under | Scenario::Over | Scenario::Late => {
            pay(&app, &invoice, &body, None).await?
        }
        Scenario::Expire => {
            expire(&app, &invoice).await?;
            Simulation::nothing_sent(body.scenario)
        }
        Scenario::Reorg => reorg(&app, &invoice).await?,
    };
    Ok(axum::Json(SimulationAnswer { success: true, data }))
}

impl Simulation {
    fn nothing_sent(scenario: Scenario) -> Simulation {
        Simulation {
            scenario,
            tx_hash: None,
            network: None,
            token_id: None,
            to: None,
            amount: None,
            block_number: None,
        }
    }
}

/// Pays an invoice on the simulated chain, from an address or the chain's own payer.
pub async fn pay(
    app: &App,
    invoice: &Invoice,
    ask: &SimulationRequest,
    from: Option<Address>,
) -> Result<Simulation, ApiError> {
    let token = choose(app, invoice, ask).await?;
    let node = simulated_node(app, token.network)?;
    let given = ask.amount.as_deref().map(|text| parse_amount(token, text)).transpose()?;
    let (to, estimate) = target(app, invoice, token).await?;
    let half = estimate.0 / 2;
    let amount = given.unwrap_or(match ask.scenario {
        Scenario::Under => TokenAmount(half),
        Scenario::Over => TokenAmount(estimate.0.saturating_add(half)),
        Scenario::Exact | Scenario::Late | Scenario::Expire | Scenario::Reorg => estimate,
    });
    if ask.scenario == Scenario::Late && invoice.check_open(app.now()).is_ok() {
        expire(app, invoice).await?;
    }
    let asset = match token.address {
        None => AssetRef::Native,
        Some(contract) => AssetRef::Contract(contract.to_owned()),
    };
    let transfer = TransferAsk { to, asset, amount: Some(amount), from, is_failed: false };
    let sent = node.submit(transfer).await?;
    Ok(Simulation {
        scenario: ask.scenario,
        tx_hash: Some(sent.tx_hash),
        network: Some(token.network),
        token_id: Some(token.id),
        to: Some(sent.to),
        amount: Some(amount.decimal(token.decimals)),
        block_number: Some(sent.block_number),
    })
}

fn parse_amount(token: &Token, text: &str) -> Result<TokenAmount, ApiError> {
    TokenAmount::parse(text, token.decimals)
        .map_err(|error| ApiError::invalid("amount", error.to_string()))
}

/// The asked token, else the locked one, else the one quoted last, else one the merchant takes.
async fn choose(
    app: &App,
    invoice: &Invoice,
    ask: &SimulationRequest,
) -> Result<&'static Token, ApiError> {
    let network = ask.network.as_deref().map(parse_network).transpose()?;
    let fits = |token: &&'static Token| {
        token.environment == invoice.environment
            && network.is_none_or(|network| token.network == network)
    };
    if let Some(id) = ask.token_id {
        let token = app.networks.token(TokenId(id)).filter(fits);
        return token.ok_or_else(|| {
            ApiError::invalid("token_id", "must be a devnet token of the asked network")
        });
    }
    let locked = invoice.lock.as_ref().map(|lock| lock.token_id);
    let quotes = app.store.quotes_of_invoice(invoice.id, NEWEST_MAX).await?;
    let known = locked.into_iter().chain(quotes.iter().map(|quote| quote.token_id));
    if let Some(token) = known.filter_map(Token::by_id).find(fits) {
        return Ok(token);
    }
    let acceptance = Acceptance::of(app, invoice.merchant_id, invoice.environment).await?;
    let mut taken: Vec<_> = app
        .networks
        .tokens(invoice.environment)
        .filter(fits)
        .filter(|token| acceptance.takes(token))
        .collect();
    taken.sort_by_key(|token| (!token.default_settlement, !token.is_usd_stable(), token.id));
    let first = taken.first().copied();
    first.ok_or_else(|| ApiError::invalid("token_id", "is needed: the merchant blocks the rest"))
}

/// Where to pay and the estimate: given out now, or once an invoice is closed, as quoted last.
async fn target(
    app: &App,
    invoice: &Invoice,
    token: &'static Token,
) -> Result<(Address, TokenAmount), ApiError> {
    let closed = match invoice.check_open(app.now()) {
        Ok(()) => {
            return match give_out(app, invoice.id, token).await? {
                GivenOut::Address { address, quote } => Ok((address, quote.token_amount)),
                GivenOut::NoPrice | GivenOut::NoAddress | GivenOut::NoRoute => {
                    Err(ApiError::invalid("token_id", "has neither a price nor an address now"))
                }
            };
        }
        Err(refusal) => ApiError::from(refusal),
    };
    let quotes = app.store.quotes_of_invoice(invoice.id, NEWEST_MAX).await?;
    let quote = quotes.into_iter().find(|quote| quote.token_id == token.id);
    let (Some(quote), Some(index)) = (quote, invoice.address_index) else { return Err(closed) };
    let address = app.networks.address(invoice.environment, token.network, index);
    address.map(|address| (address, quote.token_amount)).map_err(|_| closed)
}

async fn expire(app: &App, invoice: &Invoice) -> Result<(), ApiError> {
    let id = invoice.id;
    app.decide(async || {
        let before = read_invoice(app, id).await?;
        let changes = expire_now_for_simulation(&before, app.now())?;
        Ok::<_, ApiError>((changes, ()))
    })
    .await
}

/// Replaces the newest blocks, down to the newest payment's, by others without it.
async fn reorg(app: &App, invoice: &Invoice) -> Result<Simulation, ApiError> {
    let payments = app.store.payments_of_invoice(invoice.id, NEWEST_MAX).await?;
    let payment = payments.into_iter().find(|payment| payment.status != PaymentStatus::Reverted);
    let payment = payment
        .ok_or_else(|| ApiError::invalid("scenario", "needs a payment that is on the chain"))?;
    let node = simulated_node(app, payment.network)?;
    let head = node.show().await?.head_number;
    let block_number = u64::try_from(payment.block_number).unwrap_or(0);
    let depth = (head + 1).saturating_sub(block_number).max(1);
    if depth > REORG_DEPTH_MAX {
        let message = format!("reaches {REORG_DEPTH_MAX} blocks back; the payment lies deeper");
        return Err(ApiError::invalid("scenario", message));
    }
    let depth = (depth + BLOCKS_BETWEEN).min(REORG_DEPTH_MAX).min(head);
    node.reorg(depth, vec![payment.tx_hash.clone()]).await?;
    let amount = payment.token().map(|token| payment.amount.decimal(token.decimals));
    Ok(Simulation {
        scenario: Scenario::Reorg,
        tx_hash: Some(payment.tx_hash),
        network: Some(payment.network),
        token_id: payment.token_id,
        to: Some(payment.to_address),
        amount,
        block_number: Some(block_number),
    })
}
