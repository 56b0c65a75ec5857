//! The receipt of a paid invoice: one page to keep or to print, opened by the token in its link.
//!
//! It tells what was paid, for what and with which transactions, as it stands now, and nothing of
//! who the payor is.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::invoice::{Invoice, InvoiceStatus};
use domain::merchant::Merchant;
use domain::payment::{Payment, PaymentStatus};
use domain::receipt::ReceiptToken;

use super::{assets, initial, network_name, plain, respond, trouble};
use crate::app::Shared;
use crate::http::error::ApiError;
use crate::http::extract::Path;
use crate::http::html::Html;
use crate::http::ramps::kyc_page::Visitor;
use crate::language::Language;

const TEMPLATE: &str = include_str!("../../../assets/pay/receipt.html");
/// More transfers than anybody makes for one invoice.
const PAYMENTS_MAX: i64 = 50;
const RECEIPT_ROW: &str = "<tr><th scope=\"row\">{{label}}</th><td>{{value}}</td></tr>";
const TOTAL_ROW: &str =
    "<tr class=\"total\"><th scope=\"row\">{{label}}</th><td>{{value}}</td></tr>";

/// The receipt.
pub async fn show(
    State(app): State<Shared>,
    visitor: Result<Visitor, ApiError>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let lang = pairs.find(|(name, _)| name == "lang").map(|(_, value)| value.into_owned());
    let language = Language::choose(lang.as_deref(), &headers);
    let opened = match visitor {
        Ok(Visitor) => open(&app, &token, language).await,
        Err(error) => Err(error),
    };
    opened.unwrap_or_else(|error| trouble(error, language))
}

async fn open(app: &Shared, token: &str, language: Language) -> Result<Response, ApiError> {
    let none = || ApiError::not_found("receipt");
    let id = ReceiptToken::read(token, &app.keys).ok_or_else(none)?;
    let invoice = app.store.get::<Invoice>(id.key()).await?.ok_or_else(none)?;
    if invoice.status != InvoiceStatus::Paid {
        return Err(none());
    }
    let merchant = app.merchant(invoice.merchant_id).await?.ok_or_else(none)?;
    let payments = app.store.payments_of_invoice(id, PAYMENTS_MAX).await?;
    let badge = match invoice.environment.is_live() {
        true => Html::default(),
        false => plain::badge(language),
    };
    let footer = invoice.details.footer.as_deref().filter(|text| *text != merchant.company_name);
    let footer = footer.map_or_else(Html::default, |text| {
        Html::fill("<p class=\"soft\">{{text}}</p>", &[("text", &Html::text(text))])
    });
    let html = Html::fill(
        TEMPLATE,
        &[
            ("lang", &Html::text(language.tag())),
            ("dir", &Html::text(language.direction())),
            ("title", &language.word("receipt")),
            ("assets", &Html::text(assets::directory())),
            ("badge", &badge),
            ("initial", &initial(&merchant.company_name)),
            ("merchant", &Html::text(&merchant.company_name)),
            ("receipt", &language.word("receipt")),
            ("rows", &rows(&invoice, &merchant, &payments, language)),
            ("footer", &footer),
            ("print", &language.word("print")),
        ],
    );
    Ok(respond(StatusCode::OK, html, "'none'", "'none'"))
}

fn rows(invoice: &Invoice, merchant: &Merchant, payments: &[Payment], language: Language) -> Html {
    let row = |template, label: &str, value: &Html| {
        Html::fill(template, &[("label", &language.word(label)), ("value", value)])
    };
    let text = |label: &str, value: &str| row(RECEIPT_ROW, label, &Html::text(value));
    let mut html = text("number", &invoice.id.to_string());
    if let Some(paid_at) = invoice.paid_at {
        // A receipt is read in any time zone: it says which one it means.
        let time = paid_at.rfc3339().replace('T', " ").replace('Z', " UTC");
        html.push(&text("date", &time));
    }
    let title = invoice.details.title.as_deref().filter(|title| *title != merchant.company_name);
    let for_what: Vec<_> =
        title.into_iter().chain(invoice.details.description.as_deref()).collect();
    if !for_what.is_empty() {
        html.push(&text("for_what", &for_what.join(" · ")));
    }
    let counted =
        |payment: &&Payment| payment.is_counted && payment.status != PaymentStatus::Reverted;
    for payment in payments.iter().filter(counted) {
        html.push(&row(RECEIPT_ROW, "paid_with", &paid_with(payment)));
    }
    html.push(&text("received", &invoice.amount_paid.shown()));
    html.push(&row(TOTAL_ROW, "total", &Html::text(&invoice.amount.shown())));
    html.push(&text("contact", &merchant.email));
    html
}

fn paid_with(payment: &Payment) -> Html {
    let amount = payment.token().map_or_else(String::new, |token| {
        format!("{} {} · ", payment.amount.decimal(token.decimals), token.symbol)
    });
    let explorer = payment.network.profile(payment.environment).explorer_tx;
    Html::fill(
        "{{amount}}{{network}}<br><a class=\"soft\" href=\"{{url}}\" rel=\"noreferrer\">\
         {{hash}}</a>",
        &[
            ("amount", &Html::text(&amount)),
            ("network", &Html::text(network_name(payment.network))),
            ("url", &Html::text(&format!("{explorer}{}", payment.tx_hash))),
            ("hash", &Html::text(&payment.tx_hash)),
        ],
    )
}
