//! A transaction for a payor's Solana wallet in the browser: whole but for his signature.
//!
//! Wallets of other networks are told who gets what; one of Solana's is handed a transaction, which
//! needs a blockhash that only a node knows. It pays what the payor was shown, to the address he
//! was shown: a price is not made here, and nothing is kept.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chains::send::SendError;
use chains::solana::PaymentOrder;
use domain::address::Address;
use domain::environment::Environment;
use domain::invoice::Invoice;
use domain::network::Network;
use domain::quote::Quote;
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read_invoice;
use crate::app::{App, Shared};
use crate::http::auth::Payor;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;

/// A payor asks for prices as he looks around; the newest ones are what he sees.
const QUOTES_MAX: i64 = 16;
/// Nodes that do not answer are asked again soon.
const RETRY_SECONDS: u64 = 5;

#[derive(Debug, Deserialize, ToSchema)]
pub struct SolanaTransactionRequest {
    /// The account that pays: the wallet's own, which signs and pays the fee.
    #[schema(max_length = 44)]
    pub payer: String,
    /// A token of Solana whose address and price were asked for with `payment-addresses`.
    #[serde(rename = "tokenId")]
    pub token_id: i64,
}

/// A transaction to be signed and sent by the payor's wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SolanaTransaction {
    /// In base64, with room for the payer's signature; for `solana:signAndSendTransaction`.
    pub transaction: String,
    /// What wallets call the network: `solana:mainnet` or `solana:devnet`.
    pub chain: &'static str,
    /// No block above this height takes it: ask for another one then.
    pub last_valid_block_height: u64,
    /// What it pays, in whole tokens: the amount that the newest price came to.
    pub amount: String,
    /// Where to: the invoice's address, which the transaction also names as its reference.
    pub temp_address: String,
    pub supported_token_id: TokenId,
}

/// Get a transaction for a Solana wallet
///
/// For wallets in a browser. Ask for `payment-addresses` first: the transaction pays the amount
/// that was answered there, to that address, while its price holds. It makes the receiver's token
/// account where there is none. Where `wallet_chain` of `payment-addresses` is null there is no
/// node, and this answers `NETWORK_SIMULATED`.
#[utoipa::path(post, path = "/api/v1/payments/solana-transaction",
    operation_id = "createSolanaTransaction", tag = "Payment Sessions",
    request_body = SolanaTransactionRequest,
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = SolanaTransaction),
        (status = 400, body = ErrorBody, description = "Not a payer or a token, or already paid"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "`NETWORK_SIMULATED`: there is no node; \
            `QUOTE_EXPIRED`: no price holds; or the invoice was canceled"),
        (status = 410, body = ErrorBody, description = "The invoice has expired"),
        (status = 503, body = ErrorBody, description = "The network's nodes do not answer")))]
pub async fn create(
    State(app): State<Shared>,
    payor: Payor,
    Json(body): Json<SolanaTransactionRequest>,
) -> Result<axum::Json<SolanaTransaction>, ApiError> {
    let invoice = read_invoice(&app, payor.invoice.id).await?;
    let environment = invoice.environment;
    invoice.check_open(app.now())?;
    let payer = Address::parse(Network::Solana, environment, body.payer.trim());
    let payer = payer.map_err(|_| ApiError::invalid("payer", "must be an account of Solana"))?;
    let token = app
        .networks
        .token(TokenId(body.token_id))
        .filter(|token| (token.network, token.environment) == (Network::Solana, environment))
        .ok_or_else(|| ApiError::invalid("tokenId", "must be a token of Solana"))?;
    invoice.check_choice(token.network, token.id)?;
    let payments = app.networks.solana_payments(environment).ok_or_else(|| {
        let message = "This network is simulated here: there is no node to ask for a transaction";
        ApiError::new(Code::NetworkSimulated, message)
    })?;
    let (quote, to) = shown(&app, &invoice, token).await?.ok_or_else(|| {
        ApiError::new(Code::QuoteExpired, "No price holds: ask for payment-addresses first")
    })?;
    let (mint, amount) = (token.address, quote.token_amount);
    let order = PaymentOrder { payer: &payer, to: &to, mint, amount };
    let payment = payments.compose(order).await.map_err(refused)?;
    Ok(axum::Json(SolanaTransaction {
        transaction: STANDARD.encode(payment.raw),
        chain: chain(environment),
        last_valid_block_height: payment.last_valid_block_height,
        amount: amount.decimal(token.decimals),
        temp_address: to.to_string(),
        supported_token_id: token.id,
    }))
}

/// What wallets call a token's network, if a transaction can be composed there.
pub fn wallet_chain(app: &App, token: &Token) -> Option<&'static str> {
    let is_served = app.networks.solana_payments(token.environment).is_some();
    (is_served && token.network == Network::Solana).then(|| chain(token.environment))
}

fn chain(environment: Environment) -> &'static str {
    match environment {
        Environment::Mainnet => "solana:mainnet",
        Environment::Devnet => "solana:devnet",
    }
}

/// The price and the address that the payor was told last, if they still hold.
async fn shown(
    app: &App,
    invoice: &Invoice,
    token: &Token,
) -> Result<Option<(Quote, Address)>, ApiError> {
    let now = app.now();
    let quotes = app.store.quotes_of_invoice(invoice.id, QUOTES_MAX).await?;
    let quote = quotes.into_iter().find(|quote| quote.token_id == token.id);
    // What came in meanwhile makes the rest another amount.
    let holds =
        |quote: &Quote| now < quote.valid_until && quote.amount_usd == invoice.amount_remaining();
    let Some(quote) = quote.filter(holds) else { return Ok(None) };
    let addresses = app.store.deposit_addresses_of_invoice(invoice.id).await?;
    let own = addresses.iter().find(|address| address.is_given_out_on(Network::Solana));
    let Some(own) = own else { return Ok(None) };
    let to = Address::parse(Network::Solana, invoice.environment, &own.address);
    Ok(to.ok().map(|to| (quote, to)))
}

/// What a node says may name its provider: the log alone is told.
fn refused(error: SendError) -> ApiError {
    tracing::warn!(%error, "no transaction is made for a payor's wallet");
    let message = "The network does not answer at the moment";
    ApiError::new(Code::ServiceUnavailable, message).retry_after(RETRY_SECONDS)
}
