//! What a payor can pay with, and where to: the offered tokens, and the address of his choice.

use axum::extract::State;
use domain::environment::Environment;
use domain::invoice::Invoice;
use domain::merchant::Merchant;
use domain::money::UsdNumber;
use domain::network::Network;
use domain::quote::QuoteStatus;
use domain::session::Session;
use domain::settlement_rule::SettlementRule;
use domain::time::{SECOND_MS, Timestamp};
use domain::token::{Token, TokenId, TokenType};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::give_out::{GivenOut, give_out};
use super::payment_links::{PaymentRequest, WalletLink, qr_code};
use super::session::WsConnection;
use super::solana_transaction::wallet_chain;
use super::verification::parse_network;
use crate::acceptance::Acceptance;
use crate::app::{App, Shared};
use crate::http::auth::Payor;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Query};
use crate::settling;

/// After which time a client may ask again for a price that is missing now.
const NO_PRICE_RETRY_SECONDS: i64 = 15;
const NO_ROUTE: &str = "There is no way to settle this token to the merchant";

/// Which tokens to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OfferMode {
    /// Tokens of networks that are watched for payments.
    #[default]
    Monitored,
    All,
    /// Tokens of the one network that `network` names.
    Network,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct OfferQuery {
    #[param(inline)]
    pub mode: OfferMode,
    /// Required with `mode=network`.
    pub network: Option<String>,
    /// Leaves out what cannot be paid with now.
    pub available_only: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Availability {
    /// On devnet everything can be tried.
    Devnet,
    Available,
    /// The price is older than five minutes.
    Stale,
    NoLiquidity,
    /// The network is not watched for this token; a price is made on request.
    QuoteRequired,
}

/// A token an invoice can be paid with.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableToken {
    /// What `payment-addresses` takes as `tokenId`.
    pub id: TokenId,
    pub token_symbol: &'static str,
    pub token_name: &'static str,
    pub token_type: TokenType,
    pub network: Network,
    pub token_decimals: u8,
    /// The token's contract; null for the native coin.
    pub token_address: Option<&'static str>,
    pub requires_memo: bool,
    pub photo_uri: Option<String>,
    pub is_monitored: bool,
    pub has_settlement_route: bool,
    pub supports_stable_settlement: bool,
    /// USD per whole token as a decimal string; null on devnet.
    pub settlement_rate: Option<String>,
    pub settlement_cost_usd: Option<UsdNumber>,
    /// The merchant is paid out in this very token; null on devnet.
    pub is_same_token_settlement: Option<bool>,
    pub tier: Option<String>,
    pub tier_fee: Option<UsdNumber>,
    pub availability_status: Availability,
    /// Epoch seconds; null on devnet.
    pub rate_updated_at: Option<i64>,
    pub unavailable_reason: Option<&'static str>,
}

/// List the tokens to pay with
///
/// Once an invoice is underpaid, only the token of its first payment is left.
#[utoipa::path(get, path = "/api/v1/payments/available-tokens",
    operation_id = "listAvailableTokens", tag = "Payment Sessions",
    params(OfferQuery),
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = Vec<AvailableToken>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn available_tokens(
    State(app): State<Shared>,
    payor: Payor,
    Query(query): Query<OfferQuery>,
) -> Result<axum::Json<Vec<AvailableToken>>, ApiError> {
    let invoice = payor.invoice;
    let network = query.network.as_deref().map(parse_network).transpose()?;
    if query.mode == OfferMode::Network && network.is_none() {
        return Err(ApiError::invalid("network", "is required with mode=network"));
    }
    let acceptance = Acceptance::of(&app, invoice.merchant_id, invoice.environment).await?;
    let rule = settling::rule(&app, invoice.merchant_id, invoice.environment).await?;
    let is_in_mode = |token: &Token| match query.mode {
        OfferMode::Monitored => is_monitored(&app, token),
        OfferMode::All => true,
        OfferMode::Network => Some(token.network) == network,
    };
    let offers = app
        .networks
        .tokens(invoice.environment)
        .filter(|token| is_in_mode(token) && acceptance.takes(token))
        .filter(|token| invoice.check_choice(token.network, token.id).is_ok())
        .map(|token| offer(&app, token, (&rule, app.now())));
    let is_usable = |offer: &AvailableToken| {
        matches!(offer.availability_status, Availability::Available | Availability::Devnet)
    };
    let wants_all = !query.available_only.unwrap_or(false);
    Ok(axum::Json(offers.filter(|offer| wants_all || is_usable(offer)).collect()))
}

fn is_monitored(app: &App, token: &Token) -> bool {
    app.networks.chain(token.environment, token.network).is_some()
}

fn offer(
    app: &App,
    token: &'static Token,
    (rule, now): (&SettlementRule, Timestamp),
) -> AvailableToken {
    let has_route = app.routes.reaches(app, token, rule);
    let is_monitored = is_monitored(app, token);
    let price = app.rates.price(token, now).filter(|_| token.environment.is_live());
    let (availability_status, unavailable_reason) = match (token.environment, &price) {
        (Environment::Devnet, _) => (Availability::Devnet, None),
        (Environment::Mainnet, _) if !is_monitored => {
            (Availability::QuoteRequired, Some("This network is not watched for payments"))
        }
        (Environment::Mainnet, _) if !has_route => (Availability::NoLiquidity, Some(NO_ROUTE)),
        (Environment::Mainnet, None) => {
            (Availability::NoLiquidity, Some("There is no price for this token"))
        }
        (Environment::Mainnet, Some(price)) if price.is_stale(now) => {
            (Availability::Stale, Some("The price is older than five minutes"))
        }
        (Environment::Mainnet, Some(_)) => (Availability::Available, None),
    };
    AvailableToken {
        id: token.id,
        token_symbol: token.symbol,
        token_name: token.name,
        token_type: token.token_type,
        network: token.network,
        token_decimals: token.decimals,
        token_address: token.address,
        requires_memo: token.requires_memo(),
        photo_uri: None,
        is_monitored,
        has_settlement_route: is_monitored && has_route,
        supports_stable_settlement: token.stable.is_some(),
        settlement_rate: price.map(|price| price.rate.usd_decimal()),
        settlement_cost_usd: price
            .map(|_| app.routes.cost((token.environment, token.network)).number()),
        is_same_token_settlement: price.map(|_| has_route),
        tier: None,
        tier_fee: None,
        availability_status,
        rate_updated_at: price.map(|price| price.updated_at.seconds()),
        unavailable_reason,
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct PaymentAddressRequest {
    /// One of the ten networks, in lower case.
    #[schema(value_type = Network)]
    pub network: String,
    /// A token of that network, from `available-tokens`.
    #[serde(rename = "tokenId")]
    pub token_id: i64,
}

/// Where to pay, how much, and until when the price holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentAddress {
    /// Always true: a missing price is told by `quote_status`.
    pub success: bool,
    pub quote_status: QuoteStatus,
    /// `ok`, `quote_unavailable` or `settlement_unavailable`.
    pub status_code: &'static str,
    pub message: Option<&'static str>,
    /// The invoice's address on this network; null without a price.
    pub temp_address: Option<String>,
    pub network: Network,
    pub supported_token_id: TokenId,
    /// In whole tokens, as a decimal string; covers a moving price.
    pub estimated_token_amount: Option<String>,
    /// Tokens per dollar.
    pub exchange_rate: Option<String>,
    /// What the invoice is over; the estimate covers what is left of it.
    pub usd_amount: UsdNumber,
    pub quote_last_updated_at: Option<i64>,
    pub quote_valid_until: Option<i64>,
    pub quote_expires_in_seconds: Option<i64>,
    /// Whether asking again may help; null if nothing is missing.
    pub retryable: Option<bool>,
    pub retry_after_seconds: Option<i64>,
    pub ws_connection: WsConnection,
    /// A link that wallets open: EIP-681, Solana Pay, `ton://`, CIP-13 or Sui Payment Kit.
    pub payment_uri: Option<String>,
    /// An SVG image of that link's QR code, as a data URI.
    pub qr_code: Option<String>,
    /// Links that open one certain wallet; empty where no wallet documents one.
    pub wallets: Vec<WalletLink>,
    /// What wallets in the browser call the network, where `solana-transaction` composes what they
    /// sign: `solana:mainnet` or `solana:devnet`; null where they need none, or there is no node.
    pub wallet_chain: Option<&'static str>,
}

/// Get an address to pay to
///
/// An invoice has one address per network. Asking again refreshes only the price.
#[utoipa::path(post, path = "/api/v1/payments/payment-addresses",
    operation_id = "createPaymentAddress", tag = "Payment Sessions",
    request_body = PaymentAddressRequest,
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = PaymentAddress),
        (status = 400, body = ErrorBody, description = "Not a token to choose, or already paid"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The invoice was canceled"),
        (status = 410, body = ErrorBody, description = "The invoice has expired")))]
pub async fn allocate(
    State(app): State<Shared>,
    payor: Payor,
    Json(body): Json<PaymentAddressRequest>,
) -> Result<axum::Json<PaymentAddress>, ApiError> {
    let invoice = payor.invoice;
    let network = parse_network(&body.network)?;
    let token = app
        .networks
        .token(TokenId(body.token_id))
        .filter(|token| (token.network, token.environment) == (network, invoice.environment))
        .ok_or_else(|| ApiError::invalid("tokenId", "must be a token of this network"))?;
    let merchant = app.merchant(invoice.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| ApiError::not_found("invoice"))?;
    let rule = settling::rule(&app, invoice.merchant_id, invoice.environment).await?;
    let given = match app.routes.reaches(&app, token, &rule) {
        true => give_out(&app, invoice.id, token).await?,
        false => GivenOut::NoRoute,
    };
    let asked = Asked { session: &payor.session, invoice: &invoice, merchant: &merchant, token };
    Ok(axum::Json(answer(&app, asked, given)))
}

/// What an answer is about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    session: &'a Session,
    invoice: &'a Invoice,
    merchant: &'a Merchant,
    token: &'a Token,
}

fn answer(app: &App, asked: Asked<'_>, given: GivenOut) -> PaymentAddress {
    let Asked { session, invoice, merchant, token } = asked;
    let now = app.now();
    let missing = PaymentAddress {
        success: true,
        quote_status: QuoteStatus::Unavailable,
        status_code: "quote_unavailable",
        message: Some("There is no price for this token now"),
        temp_address: None,
        network: token.network,
        supported_token_id: token.id,
        estimated_token_amount: None,
        exchange_rate: None,
        usd_amount: invoice.amount.number(),
        quote_last_updated_at: None,
        quote_valid_until: None,
        quote_expires_in_seconds: None,
        retryable: Some(true),
        retry_after_seconds: Some(NO_PRICE_RETRY_SECONDS),
        ws_connection: WsConnection::of(&app.keys, session, now),
        payment_uri: None,
        qr_code: None,
        wallets: Vec::new(),
        wallet_chain: None,
    };
    match given {
        GivenOut::NoPrice => missing,
        GivenOut::NoRoute => PaymentAddress {
            status_code: "settlement_unavailable",
            message: Some(NO_ROUTE),
            retryable: Some(false),
            retry_after_seconds: None,
            ..missing
        },
        GivenOut::NoAddress => PaymentAddress {
            status_code: "settlement_unavailable",
            message: Some("This network cannot be paid on here"),
            retryable: Some(false),
            retry_after_seconds: None,
            ..missing
        },
        GivenOut::Address { address, quote } => {
            let written = &invoice.details;
            // An invoice is titled with its merchant's name where he wrote nothing else.
            let title = written.title.as_deref().filter(|title| *title != merchant.company_name);
            let request = PaymentRequest {
                token,
                to: &address,
                chain_id: app.networks.chain_id((token.environment, token.network)),
                amount: quote.token_amount,
                invoice_id: invoice.id,
                merchant_name: &merchant.company_name,
                purpose: written.description.as_deref().or(title),
            };
            let uri = request.uri();
            PaymentAddress {
                quote_status: QuoteStatus::Available,
                status_code: "ok",
                message: None,
                temp_address: Some(address.to_string()),
                estimated_token_amount: Some(quote.token_amount.decimal(token.decimals)),
                exchange_rate: Some(quote.exchange_rate.clone()),
                quote_last_updated_at: Some(quote.created_at.seconds()),
                quote_valid_until: Some(quote.valid_until.seconds()),
                quote_expires_in_seconds: Some(now.ms_until(quote.valid_until) / SECOND_MS),
                retryable: None,
                retry_after_seconds: None,
                qr_code: Some(qr_code(&uri)),
                payment_uri: Some(uri),
                wallets: request.wallets(),
                wallet_chain: wallet_chain(app, token),
                ..missing
            }
        }
    }
}
