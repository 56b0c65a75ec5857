//! What payors meet in a browser: the payment page, the loader that embeds it, and receipts.
//!
//! Every page comes complete from here and can be paid on without a script; scripts make it live.
//! The scripts know no more than the public payor routes tell. No page loads anything from another
//! host, runs inline script, or tells anybody the address it was opened at.

pub mod assets;
pub mod page;
mod plain;
mod questions;
pub mod receipt;
pub mod words;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::network::Network;

use crate::http::error::ApiError;
use crate::http::html::Html;
use crate::language::Language;

const TROUBLE: &str = include_str!("../../../assets/pay/trouble.html");
const LOOK_AGAIN: &str = "<meta http-equiv=\"refresh\" content=\"5\">";

/// What a page of ours may do, up to who may frame it.
fn respond(status: StatusCode, html: Html, connect: &str, ancestors: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src {connect}; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    );
    let mut response = (status, html.into_string()).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, content_type);
    // Origins are checked when a merchant names them; what is no header text frames nothing.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What stands where a page cannot be shown: the same answer as a program gets, to be read by a
/// person. Who was too quick, or met a server in trouble, is shown the page a little later.
fn trouble(error: ApiError, language: Language) -> Response {
    let status = error.code.status();
    let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let (card, refresh) = match is_passing {
        true => (plain::passing_trouble(language), Html::own(LOOK_AGAIN)),
        false => (plain::closed(language), Html::default()),
    };
    let html = Html::fill(
        TROUBLE,
        &[
            ("lang", &Html::text(language.tag())),
            ("dir", &Html::text(language.direction())),
            ("assets", &Html::text(assets::directory())),
            ("refresh", &refresh),
            ("main", &card),
        ],
    );
    let mut response = respond(status, html, "'none'", "'none'");
    if let Some(seconds) = error.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What people call a network.
fn network_name(network: Network) -> &'static str {
    match network {
        Network::Ethereum => "Ethereum",
        Network::Base => "Base",
        Network::Solana => "Solana",
        Network::Avalanche => "Avalanche",
        Network::Ton => "TON",
        Network::Bsc => "BNB Smart Chain",
        Network::Arbitrum => "Arbitrum",
        Network::Optimism => "Optimism",
        Network::Cardano => "Cardano",
        Network::Sui => "Sui",
    }
}

/// The sign of a merchant who has none: the first letter of his name.
fn initial(name: &str) -> Html {
    Html::text(&name.chars().take(1).collect::<String>())
}
