//! The OpenAPI document, made from the handlers and views themselves.
//!
//! It carries what clients of the public document know: title, version, both servers, the default
//! security, the security schemes by name and all tags.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::event::PepayEvent;
use domain::quote::payor::PaymentQuote;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::{ComponentsBuilder, OpenApi as Document, SecurityRequirement};

use crate::http::account::{environment, keys, mainnet, members, password, sign_in, totp, wallet};
use crate::http::commerce::catalog::{
    export as catalog_export, import as catalog_import, offers as catalog_offers,
    products as catalog_products,
};
use crate::http::commerce::{
    addresses as shipping_addresses, cart_prices, carts, checkout_invoice, customers, estimates,
    fulfilment, orders, own_cart, payments as order_payments, products as sold_products,
    rates as commerce_rates, search, simulate as simulate_order, status as commerce_status,
};
use crate::http::devnet::{chains, ramps as simulated_ramps};
use crate::http::error::{ErrorBody, ErrorDetail};
use crate::http::merchant::settlement::{allowed_destinations, preference, settlements, wallets};
use crate::http::merchant::{
    admin, events, invoices, ledger, profile, quotes, refunds, sending, tokens, unmatched, webhooks,
};
use crate::http::ops;
use crate::http::payor::{addresses, forms, session, simulate, solana_transaction, verification};
use crate::http::ramps::{
    addresses as ramp_addresses, balances, bank_accounts, corridors, deposits, kyc, lost_payouts,
    onramps, payouts, personal_data, providers, quotes as ramp_quotes, reviews,
    sessions as ramp_sessions, users, virtual_accounts,
};
use crate::http::streams::{token as stream_token, upgrade};
use crate::realtime::frames::{WsControl, WsError};

#[derive(OpenApi)]
#[openapi(
    paths(
        invoices::create, invoices::list, invoices::totals, invoices::list_by_customer,
        invoices::retrieve, invoices::status, invoices::cancel, invoices::resolve,
        invoices::create_session, unmatched::list,
        ledger::balances, ledger::transactions, ledger::export, ledger::report,
        ledger::invoices,
        refunds::create, refunds::list_of_invoice, refunds::list, refunds::retrieve,
        refunds::cancel, refunds::approve,
        wallets::list, wallets::set, wallets::remove,
        allowed_destinations::list, allowed_destinations::allow, allowed_destinations::remove,
        allowed_destinations::choose,
        preference::retrieve, preference::set, preference::reset, preference::set_token,
        settlements::list, settlements::retrieve, settlements::approve, settlements::reject,
        settlements::retry, sending::set, sending::list, sending::plan, sending::confirm,
        sending::release,
        tokens::list, tokens::search, tokens::policy, tokens::set_policy, tokens::reset_policy,
        tokens::block,
        quotes::create, quotes::rates, quotes::retrieve,
        profile::retrieve, profile::update,
        events::list, events::retrieve,
        webhooks::create, webhooks::list, webhooks::retrieve, webhooks::update, webhooks::remove,
        webhooks::rotate_secret, webhooks::test, webhooks::recover, webhooks::list_deliveries,
        webhooks::retrieve_delivery, webhooks::resend_delivery,
        session::details, session::status, addresses::available_tokens, addresses::allocate,
        forms::set_customer_email, forms::customer_email, forms::questions, forms::submit,
        solana_transaction::create, simulate::simulate, verification::start, verification::retrieve,
        stream_token::create, upgrade::merchant_events, upgrade::commerce_events,
        upgrade::payment_events,
        sign_in::sign_in, sign_in::refresh, sign_in::sign_out,
        password::request_reset, password::confirm_reset, password::change,
        totp::enroll, totp::confirm, totp::disable,
        wallet::challenge, wallet::verify, wallet::link, wallet::unlink,
        keys::list, keys::create, keys::revoke, keys::roll,
        members::list, members::invite, members::change, members::remove, members::audit_log,
        environment::set, mainnet::status, mainnet::activate, mainnet::request,
        admin::create_merchant, admin::list_merchants, admin::watch_transaction,
        admin::restart_watcher,
        corridors::list, users::create, users::list, users::retrieve, users::update,
        kyc::start, kyc::retrieve, kyc::simulate, kyc::decide,
        bank_accounts::create, bank_accounts::list, bank_accounts::retrieve,
        bank_accounts::remove, ramp_sessions::create, balances::list, balances::transactions,
        deposits::credit, deposits::list, personal_data::export, personal_data::erase,
        lost_payouts::give_up,
        reviews::list, reviews::approve, reviews::reject,
        ramp_addresses::create_deposit, ramp_addresses::list_deposit,
        ramp_addresses::create_liquidation, ramp_addresses::list_liquidation,
        virtual_accounts::create, virtual_accounts::list,
        ramp_quotes::create, ramp_quotes::retrieve,
        payouts::create, payouts::list, payouts::retrieve, payouts::cancel,
        onramps::create, onramps::list, onramps::retrieve,
        providers::webhook, simulated_ramps::simulate,
        carts::retrieve, carts::create, carts::clear, carts::add_item, carts::update_item,
        carts::remove_item, cart_prices::validate, cart_prices::totals, customers::create_token,
        own_cart::retrieve, own_cart::add_item, own_cart::clear, own_cart::update_item,
        own_cart::remove_item, commerce_rates::retrieve, commerce_rates::set,
        estimates::create, estimates::attach_address, shipping_addresses::list,
        shipping_addresses::remove,
        commerce_status::status, commerce_status::info, checkout_invoice::create,
        orders::list, orders::retrieve, orders::cancel, orders::of_invoice,
        fulfilment::fulfill, fulfilment::deliver, fulfilment::fail,
        order_payments::status, order_payments::bulk_status, simulate_order::simulate,
        search::search, sold_products::retrieve, sold_products::offers,
        catalog_products::create, catalog_products::list, catalog_products::retrieve,
        catalog_products::replace, catalog_products::update, catalog_products::remove,
        catalog_offers::list, catalog_offers::create, catalog_offers::update,
        catalog_offers::remove, catalog_offers::set_stock,
        catalog_import::import, catalog_export::export,
        chains::show, chains::transfer, chains::mine, chains::reorg, chains::fault,
        ops::healthz, ops::readyz, ops::metrics,
    ),
    components(schemas(PepayEvent, PaymentQuote, WsControl, WsError, ErrorBody, ErrorDetail)),
    tags(
        (name = "Events", description = "The history of everything that changed: one envelope, \
            the same over REST, websockets and webhooks."),
        (name = "Metrics", description = "Health for everybody, Prometheus metrics for the \
            operator."),
        (name = "WebSockets", description = "Streams of events, with replay from where a client \
            broke off."),
        (name = "Commerce - Devnet Simulator", description = "Walks a devnet order through its \
            states without a real retailer or a real payment."),
        (name = "Merchant Checkout", description = "From items to a payable invoice in three \
            calls: estimate, address, invoice. The saved cart is only read."),
        (name = "Commerce - Merchant Cart", description = "Carts that a merchant's server keeps \
            for its shoppers: what is in them, whether it can still be had, what it comes to."),
        (name = "Commerce - Shopper's Cart", description = "The same cart for the shopper's own \
            client, with a token that opens nothing else."),
        (name = "Commerce - Merchant Addresses", description = "Where a merchant's shoppers have \
            had things sent."),
        (name = "Orders", description = "What was bought, how far it is, and taking it back."),
        (name = "Merchant Payments", description = "How the payments of orders stand."),
        (name = "Commerce - General", description = "What a merchant adds to prices, whether \
            commerce can be used now, and what it offers."),
        (name = "Payment Sessions", description = "What the payor's client may do for one \
            invoice, with the two session headers and no server key."),
        (name = "Quotes", description = "Prices of tokens and locked quotes for an amount of \
            USD."),
        (name = "Webhooks", description = "Where events are delivered to, signed and retried."),
        (name = "Invoices", description = "The canonical payment object and its lifecycle."),
        (name = "Ledger", description = "Where every unit of money is and how it came there: \
            balances, postings, exports and reports."),
        (name = "Token Management", description = "Which tokens a merchant accepts."),
        (name = "Account", description = "Signing in, members, keys and access to mainnet."),
        (name = "Ramps", description = "Between stablecoins and banks: users, how well they are \
            known, where they bank, and what they have."),
        (name = "Commerce - Products", description = "What is sold: searched, looked at, offered."),
        (name = "Commerce - Catalog", description = "Your own products and offers, one by one and \
            by the file."),
        (name = "Devnet Chains", description = "The simulated chains of devnet: transfers, \
            blocks, reorgs and faults."),
    )
)]
struct Pepay;

/// The document as it is served and checked in.
pub fn json() -> String {
    serde_json::to_string_pretty(&document_value()).expect("the document serializes")
}

pub async fn document() -> Response {
    let mut response = json().into_response();
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn document_value() -> Document {
    let mut document = Pepay::openapi();
    document.info.title = "Pepay API (SDK-scoped)".to_owned();
    document.info.version = "1.0.0".to_owned();
    document.info.description = Some(
        "Invoices paid in stablecoins on ten networks, and everything around them.".to_owned(),
    );
    document.info.license = None;
    let server =
        |url: &str, what: &str| ServerBuilder::new().url(url).description(Some(what)).build();
    document.servers = Some(vec![
        server("https://api-beta.pepay.io", "Beta server"),
        server("http://localhost:3000", "Local development"),
    ]);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("bearerAuth", none)]);
    let components = document.components.take().unwrap_or_default();
    document.components = Some(with_security_schemes(components.into()).build());
    document
}

fn with_security_schemes(components: ComponentsBuilder) -> ComponentsBuilder {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A member's token, from signing in."))
        .build();
    let header = |name: &str, what: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, what)))
    };
    components
        .security_scheme("bearerAuth", SecurityScheme::Http(bearer))
        .security_scheme(
            "commerceApiKey",
            header("x-commerce-api-key", "Older name for keys of the commerce scope."),
        )
        .security_scheme(
            "merchantApiKey",
            header("x-api-key", "A server's key, of the merchant or the commerce scope."),
        )
        .security_scheme(
            "userAuthorization",
            header("User-Authorization", "`Bearer` and a customer's token: his own cart only."),
        )
        .security_scheme("sessionToken", header("x-session-token", "The payor's session."))
        .security_scheme("sessionSignature", header("x-signature", "Its signature."))
}
