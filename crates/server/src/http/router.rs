//! The whole API on one screen.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, patch, post, put};

use crate::app::Shared;
use crate::http::account::{environment, keys, mainnet, members, password, sign_in, totp, wallet};
use crate::http::commerce::{
    addresses as shipping_addresses, cart_prices, carts, catalog, checkout_invoice, customers,
    estimates, fulfilment, orders, own_cart, payments as order_payments, products as sold_products,
    rates as commerce_rates, search, simulate as simulate_order, status as commerce_status,
};
use crate::http::devnet::{chains, ramps as simulated_ramps};
use crate::http::edge::edge;
use crate::http::error::{ApiError, Code};
use crate::http::hosted::{assets, page, receipt};
use crate::http::merchant::settlement::{allowed_destinations, preference, settlements, wallets};
use crate::http::merchant::{
    admin, events, invoices, ledger, profile, quotes, refunds, sending, tokens, unmatched, webhooks,
};
use crate::http::payor::{addresses, forms, session, simulate, solana_transaction, verification};
use crate::http::ramps::{
    addresses as ramp_addresses, balances, bank_accounts, corridors, deposits, kyc, kyc_page,
    lost_payouts, onramps, payouts, personal_data, providers, quotes as ramp_quotes, reviews,
    sessions, users, virtual_accounts,
};
use crate::http::streams::{token as stream_token, upgrade};
use crate::http::{openapi, ops};

pub fn router(app: Shared) -> Router {
    Router::new()
        .merge(merchant_routes())
        .merge(payor_routes())
        .merge(hosted_routes())
        .merge(stream_routes())
        .merge(account_routes())
        .merge(ramp_routes())
        .merge(commerce_routes())
        .merge(devnet_routes())
        .merge(house_routes())
        .fallback(async || ApiError::not_found("route"))
        .method_not_allowed_fallback(async || {
            ApiError::new(Code::MethodNotAllowed, "This route does not take that method")
        })
        .layer(from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

/// `x-api-key` of the merchant scope, or a member's bearer token.
fn merchant_routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/invoices", post(invoices::create).get(invoices::list))
        .route("/api/v1/invoices/totals", get(invoices::totals))
        .route("/api/v1/invoices/customer/{customer_id}", get(invoices::list_by_customer))
        .route("/api/v1/invoices/{id}", get(invoices::retrieve))
        .route("/api/v1/invoices/{id}/status", get(invoices::status))
        .route("/api/v1/invoices/{id}/cancel", post(invoices::cancel))
        .route("/api/v1/invoices/{id}/resolve", post(invoices::resolve))
        .route("/api/v1/invoices/{id}/sessions", post(invoices::create_session))
        .route("/api/v1/balances", get(ledger::balances))
        .route("/api/v1/balance_transactions", get(ledger::transactions))
        .route("/api/v1/balance_transactions/export", get(ledger::export))
        .route("/api/v1/reports/invoices", get(ledger::invoices))
        .route("/api/v1/reports/{report}", get(ledger::report))
        .route("/api/v1/invoices/{id}/refunds", post(refunds::create).get(refunds::list_of_invoice))
        .route("/api/v1/refunds", get(refunds::list))
        .route("/api/v1/refunds/{id}", get(refunds::retrieve))
        .route("/api/v1/refunds/{id}/cancel", post(refunds::cancel))
        .route("/api/v1/refunds/{id}/approve", post(refunds::approve))
        .route(
            "/api/v1/merchant/settlement-wallets",
            get(wallets::list).put(wallets::set).delete(wallets::remove),
        )
        .route(
            "/api/v1/merchant/settlement-preference",
            get(preference::retrieve).put(preference::set).delete(preference::reset),
        )
        .route(
            "/api/v1/merchant/allowed-destinations",
            get(allowed_destinations::list)
                .put(allowed_destinations::allow)
                .delete(allowed_destinations::remove),
        )
        .route("/api/v1/merchant/allowed-destinations/policy", put(allowed_destinations::choose))
        .route("/api/v1/merchant/settlement-token", put(preference::set_token))
        .route("/api/v1/merchant/settlements", get(settlements::list))
        .route("/api/v1/settlements/{id}", get(settlements::retrieve))
        .route("/api/v1/settlements/{id}/approve", post(settlements::approve))
        .route("/api/v1/settlements/{id}/reject", post(settlements::reject))
        .route("/api/v1/settlements/{id}/retry", post(settlements::retry))
        .route("/api/v1/merchant/unmatched", get(unmatched::list))
        .route("/api/v1/merchant/tokens", get(tokens::list))
        .route("/api/v1/merchant/tokens/search", get(tokens::search))
        .route(
            "/api/v1/merchant/tokens/policy",
            get(tokens::policy).put(tokens::set_policy).delete(tokens::reset_policy),
        )
        .route("/api/v1/merchant/tokens/{token_id}/block", post(tokens::block))
        .route("/api/v1/quotes", post(quotes::create))
        .route("/api/v1/quotes/rates", get(quotes::rates))
        .route("/api/v1/quotes/{id}", get(quotes::retrieve))
        .route("/api/v1/merchant/profile", get(profile::retrieve).patch(profile::update))
        .route("/api/v1/events", get(events::list))
        .route("/api/v1/events/{id}", get(events::retrieve))
        .route("/api/v1/webhooks", post(webhooks::create).get(webhooks::list))
        .route("/api/v1/webhooks/deliveries/{id}", get(webhooks::retrieve_delivery))
        .route("/api/v1/webhooks/deliveries/{id}/resend", post(webhooks::resend_delivery))
        .route(
            "/api/v1/webhooks/{id}",
            get(webhooks::retrieve).patch(webhooks::update).delete(webhooks::remove),
        )
        .route("/api/v1/webhooks/{id}/rotate-secret", post(webhooks::rotate_secret))
        .route("/api/v1/webhooks/{id}/test", post(webhooks::test))
        .route("/api/v1/webhooks/{id}/recover", post(webhooks::recover))
        .route("/api/v1/webhooks/{id}/deliveries", get(webhooks::list_deliveries))
}

/// `x-session-token` and `x-signature`, from any origin.
fn payor_routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/payments/session-details", get(session::details))
        .route("/api/v1/payments/payment-status", get(session::status))
        .route("/api/v1/payments/available-tokens", get(addresses::available_tokens))
        .route("/api/v1/payments/payment-addresses", post(addresses::allocate))
        .route(
            "/api/v1/payments/customer-email",
            post(forms::set_customer_email).get(forms::customer_email),
        )
        .route("/api/v1/payments/invoice-questions", get(forms::questions))
        .route("/api/v1/payments/submit-form", post(forms::submit))
        .route("/api/v1/payments/solana-transaction", post(solana_transaction::create))
        .route("/api/v1/payments/simulate", post(simulate::simulate))
        .route("/api/v1/invoice/{id}/verify", post(verification::start).get(verification::retrieve))
}

/// What payors open in a browser.
fn hosted_routes() -> Router<Shared> {
    Router::new()
        .route("/pay", get(page::show).post(page::answer))
        .route("/pay/assets/{version}/{name}", get(assets::show))
        .route("/embed.js", get(assets::loader))
        .route("/receipt/{token}", get(receipt::show))
}

/// Websockets: `token=` in the address, or the credential of the route's REST neighbours.
fn stream_routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/ws/token", post(stream_token::create))
        .route("/ws/merchant/events", get(upgrade::merchant_events))
        .route("/ws/commerce/events", get(upgrade::commerce_events))
        .route("/ws/payment", get(upgrade::payment_events))
}

/// Signing in, and what only members do.
fn account_routes() -> Router<Shared> {
    Router::new()
        .route("/api/auth/sign-in", post(sign_in::sign_in))
        .route("/api/auth/refresh", post(sign_in::refresh))
        .route("/api/auth/sign-out", post(sign_in::sign_out))
        .route("/api/auth/password/reset", post(password::request_reset))
        .route("/api/auth/password/confirm", post(password::confirm_reset))
        .route("/api/auth/password/change", post(password::change))
        .route("/api/auth/totp/enroll", post(totp::enroll))
        .route("/api/auth/totp/confirm", post(totp::confirm))
        .route("/api/auth/totp/disable", post(totp::disable))
        .route("/api/auth/wallet/challenge", post(wallet::challenge))
        .route("/api/auth/wallet/verify", post(wallet::verify))
        .route("/api/auth/wallet/link", post(wallet::link))
        .route("/api/auth/wallet/unlink", post(wallet::unlink))
        .route("/api/merchant-api-keys", get(keys::list).post(keys::create))
        .route("/api/merchant-api-keys/{id}/revoke", post(keys::revoke))
        .route("/api/merchant-api-keys/{id}/roll", post(keys::roll))
        .route("/api/v1/merchant/members", get(members::list).post(members::invite))
        .route("/api/v1/merchant/members/{id}", patch(members::change))
        .route("/api/v1/merchant/members/{id}", delete(members::remove))
        .route("/api/v1/user/environment", put(environment::set))
        .route("/api/v1/user/mainnet-access/status", get(mainnet::status))
        .route("/api/v1/user/mainnet-access/activate", post(mainnet::activate))
        .route("/api/v1/user/mainnet-access/request", post(mainnet::request))
        .route("/api/v1/merchant/audit-log", get(members::audit_log))
        .route("/api/admin/settlement/plan", post(sending::plan))
        .route("/api/admin/settlement/confirm", post(sending::confirm))
        .route("/api/admin/settlement/release", post(sending::release))
        .route("/api/admin/networks/sending", post(sending::set).get(sending::list))
        .route("/api/admin/watch", post(admin::watch_transaction))
        .route("/api/admin/watch/restart", post(admin::restart_watcher))
        .route("/api/admin/merchants", post(admin::create_merchant).get(admin::list_merchants))
}

/// On- and off-ramps: `x-api-key` or bearer; some take a user's own session too.
fn ramp_routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/ramps/corridors", get(corridors::list))
        .route("/api/v1/ramps/users", post(users::create).get(users::list))
        .route("/api/v1/ramps/users/{user_id}", get(users::retrieve).patch(users::update))
        .route("/api/v1/ramps/users/{user_id}/kyc", post(kyc::start).get(kyc::retrieve))
        .route(
            "/api/v1/ramps/users/{user_id}/bank_accounts",
            post(bank_accounts::create).get(bank_accounts::list),
        )
        .route(
            "/api/v1/ramps/users/{user_id}/bank_accounts/{account_id}",
            get(bank_accounts::retrieve).delete(bank_accounts::remove),
        )
        .route("/api/v1/ramps/users/{user_id}/sessions", post(sessions::create))
        .route("/api/v1/ramps/users/{user_id}/balances", get(balances::list))
        .route("/api/v1/ramps/users/{user_id}/transactions", get(balances::transactions))
        .route("/api/v1/ramps/users/{user_id}/credits", post(deposits::credit))
        .route("/api/v1/ramps/users/{user_id}/deposits", get(deposits::list))
        .route("/api/v1/ramps/users/{user_id}/export", get(personal_data::export))
        .route("/api/v1/ramps/users/{user_id}/erase", post(personal_data::erase))
        .route(
            "/api/v1/ramps/users/{user_id}/deposit_addresses",
            post(ramp_addresses::create_deposit).get(ramp_addresses::list_deposit),
        )
        .route(
            "/api/v1/ramps/users/{user_id}/liquidation_addresses",
            post(ramp_addresses::create_liquidation).get(ramp_addresses::list_liquidation),
        )
        .route(
            "/api/v1/ramps/users/{user_id}/virtual_accounts",
            post(virtual_accounts::create).get(virtual_accounts::list),
        )
        .route("/api/v1/ramps/quotes", post(ramp_quotes::create))
        .route("/api/v1/ramps/quotes/{id}", get(ramp_quotes::retrieve))
        .route("/api/v1/ramps/payouts", post(payouts::create).get(payouts::list))
        .route("/api/v1/ramps/payouts/{id}", get(payouts::retrieve))
        .route("/api/v1/ramps/payouts/{id}/cancel", post(payouts::cancel))
        .route("/api/v1/ramps/onramps", post(onramps::create).get(onramps::list))
        .route("/api/v1/ramps/onramps/{id}", get(onramps::retrieve))
        .route("/api/v1/ramps/providers/{name}/webhook", post(providers::webhook))
        .route("/api/v1/devnet/ramps/{kind}/{id}/simulate", post(simulated_ramps::simulate))
        .route("/api/v1/devnet/ramps/kyc/{case_id}/simulate", post(kyc::simulate))
        .route("/api/admin/ramps/payouts/{id}/give-up", post(lost_payouts::give_up))
        .route("/api/admin/ramps/reviews", get(reviews::list))
        .route("/api/admin/ramps/reviews/{review_id}/approve", post(reviews::approve))
        .route("/api/admin/ramps/reviews/{review_id}/reject", post(reviews::reject))
        .route("/api/admin/ramps/users/{user_id}/kyc", post(kyc::decide))
        .route("/kyc/{token}", get(kyc_page::show).post(kyc_page::answer))
}

/// Commerce: keys of either scope, or a member's bearer token; a shopper's own cart his token.
fn commerce_routes() -> Router<Shared> {
    Router::new()
        .merge(catalog_routes())
        .route(
            "/api/commerce/merchant/carts",
            get(carts::retrieve).post(carts::create).delete(carts::clear),
        )
        .route("/api/commerce/merchant/carts/items", post(carts::add_item))
        .route(
            "/api/commerce/merchant/carts/items/{item_id}",
            put(carts::update_item).delete(carts::remove_item),
        )
        .route("/api/commerce/merchant/carts/validate", post(cart_prices::validate))
        .route("/api/commerce/merchant/carts/totals", get(cart_prices::totals))
        .route("/api/commerce/merchant/customers/tokens", post(customers::create_token))
        .route(
            "/api/commerce/cart",
            get(own_cart::retrieve).post(own_cart::add_item).delete(own_cart::clear),
        )
        .route(
            "/api/commerce/cart/{item_id}",
            put(own_cart::update_item).delete(own_cart::remove_item),
        )
        .route(
            "/api/commerce/merchant/rates",
            get(commerce_rates::retrieve).put(commerce_rates::set),
        )
        .route("/api/commerce/merchant/checkout/estimate", post(estimates::create))
        .route("/api/commerce/merchant/checkout/address", post(estimates::attach_address))
        .route("/api/v1/commerce/merchant/addresses", get(shipping_addresses::list))
        .route(
            "/api/v1/commerce/merchant/addresses/{address_id}",
            delete(shipping_addresses::remove),
        )
        .route("/api/commerce/status", get(commerce_status::status))
        .route("/api/commerce/info", get(commerce_status::info))
        .route("/api/commerce/merchant/checkout/invoice", post(checkout_invoice::create))
        .route("/api/commerce/merchant/orders", get(orders::list))
        .route("/api/commerce/merchant/orders/{id}", get(orders::retrieve))
        .route("/api/commerce/merchant/orders/{id}/cancel", post(orders::cancel))
        .route("/api/commerce/merchant/orders/{id}/fulfill", post(fulfilment::fulfill))
        .route("/api/commerce/merchant/orders/{id}/deliver", post(fulfilment::deliver))
        .route("/api/commerce/merchant/orders/{id}/fail", post(fulfilment::fail))
        .route("/api/commerce/merchant/invoices/{id}/status", get(orders::of_invoice))
        .route("/api/commerce/merchant/payments/bulk-status", post(order_payments::bulk_status))
        .route("/api/commerce/merchant/payments/{id}/status", get(order_payments::status))
        .route("/api/commerce/devnet/orders/{id}/simulate", post(simulate_order::simulate))
}

/// What is sold: the public reads, and the merchant's own catalog.
fn catalog_routes() -> Router<Shared> {
    let own = "/api/commerce/merchant/catalog/products";
    let path = |rest: &str| format!("{own}{rest}");
    Router::new()
        .route("/api/commerce/search", get(search::search))
        .route("/api/commerce/products/{product_id}", get(sold_products::retrieve))
        .route("/api/commerce/products/{product_id}/offers", get(sold_products::offers))
        .route(own, post(catalog::products::create).get(catalog::products::list))
        .route(&path("/import"), post(catalog::import::import))
        .route(&path("/export"), get(catalog::export::export))
        .route(
            &path("/{product_id}"),
            get(catalog::products::retrieve)
                .put(catalog::products::replace)
                .patch(catalog::products::update)
                .delete(catalog::products::remove),
        )
        .route(
            &path("/{product_id}/offers"),
            post(catalog::offers::create).get(catalog::offers::list),
        )
        .route(
            &path("/{product_id}/offers/{offer_id}"),
            patch(catalog::offers::update).delete(catalog::offers::remove),
        )
        .route(&path("/{product_id}/offers/{offer_id}/stock"), put(catalog::offers::set_stock))
}

/// The simulator: devnet credentials only.
fn devnet_routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/devnet/chain/{network}", get(chains::show))
        .route("/api/v1/devnet/chain/{network}/transfers", post(chains::transfer))
        .route("/api/v1/devnet/chain/{network}/blocks", post(chains::mine))
        .route("/api/v1/devnet/chain/{network}/reorgs", post(chains::reorg))
        .route("/api/v1/devnet/chain/{network}/faults", post(chains::fault))
}

/// Health, metrics and the description of all of the above.
fn house_routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/openapi.json", get(openapi::document))
}
