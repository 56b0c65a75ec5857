//! Giving out the invoice's address on a network, with a price for what is left to pay.
//!
//! One index per invoice: it is drawn only for the first address, and if two requests draw at
//! once, the one that commits wins and the other's index is never used. Nothing is shown that was
//! not committed.

use domain::address::Address;
use domain::changes::Changes;
use domain::deposit_address::DepositAddress;
use domain::ids::InvoiceId;
use domain::invoice::{AddressAsk, Allocation, Invoice, give_out_address};
use domain::quote::{Quote, QuoteAsk};
use domain::token::Token;
use tokio::sync::OnceCell;

use super::read_invoice;
use crate::acceptance::Acceptance;
use crate::app::App;
use crate::http::error::{ApiError, Code};

/// How often to decide anew after another request wrote the same address first.
const ATTEMPTS_MAX: usize = 4;

/// What a payor's choice of a token comes to.
pub enum GivenOut {
    Address {
        address: Address,
        quote: Quote,
    },
    /// There is no price to lock now.
    NoPrice,
    /// No address of this network can be given out here.
    NoAddress,
    /// What came in would not reach the merchant.
    NoRoute,
}

/// Commits the address and a fresh quote, and only then tells them.
pub async fn give_out(
    app: &App,
    id: InvoiceId,
    token: &'static Token,
) -> Result<GivenOut, ApiError> {
    let drawn = OnceCell::new();
    let drawn = &drawn;
    for _ in 0..ATTEMPTS_MAX {
        match app.decide(async || decide(app, id, token, drawn).await).await {
            Err(error) if error.code == Code::AlreadyExists => {}
            answer => return answer,
        }
    }
    Err(ApiError::new(Code::Busy, "Too many changes at once; try again").retry_after(1))
}

async fn decide(
    app: &App,
    id: InvoiceId,
    token: &'static Token,
    drawn: &OnceCell<u32>,
) -> Result<(Changes, GivenOut), ApiError> {
    let invoice = read_invoice(app, id).await?;
    let (now, environment) = (app.now(), invoice.environment);
    invoice.check_open(now)?;
    if !Acceptance::of(app, invoice.merchant_id, environment).await?.takes(token) {
        return Err(ApiError::invalid("tokenId", "is not accepted by this merchant"));
    }
    invoice.check_choice(token.network, token.id)?;
    let nothing = Changes::of(invoice.merchant_id);
    let Some(quote) = quote(app, &invoice, token) else {
        return Ok((nothing, GivenOut::NoPrice));
    };
    // Asked before an index is drawn, so that a network without keys uses none up.
    if app.networks.address(environment, token.network, 0).is_err() {
        return Ok((nothing, GivenOut::NoAddress));
    }
    let index = match invoice.address_index {
        Some(index) => index,
        None => {
            let draw = || app.address_indexes.next(&app.store, environment);
            *drawn.get_or_try_init(draw).await?
        }
    };
    let Ok(address) = app.networks.address(environment, token.network, index) else {
        return Ok((nothing, GivenOut::NoAddress));
    };
    let key = DepositAddress::row_key(environment, token.network, address.as_str());
    let ask = AddressAsk {
        network: token.network,
        token_id: token.id,
        address: address.clone(),
        index,
        known: app.store.get::<DepositAddress>(key).await?,
        quote: quote.clone(),
    };
    match give_out_address(&invoice, ask, now)? {
        Allocation::Given(changes) => Ok((changes, GivenOut::Address { address, quote })),
        Allocation::TakenBy(other) => {
            tracing::error!(
                invoice.id = %invoice.id,
                other = ?other,
                network = token.network.as_str(),
                index,
                "an address belongs to somebody else and is not given out again: do the xpub \
                 and addresses_file of this family's networks name the same addresses in the \
                 same order?"
            );
            Ok((nothing, GivenOut::NoAddress))
        }
    }
}

/// A price for what is left to pay.
fn quote(app: &App, invoice: &Invoice, token: &Token) -> Option<Quote> {
    let price = app.rates.lockable(token, app.now())?;
    let ask = QuoteAsk {
        merchant_id: invoice.merchant_id,
        environment: invoice.environment,
        invoice_id: Some(invoice.id),
        amount_usd: invoice.amount_remaining(),
    };
    Quote::new(ask, token, price.rate, &mut app.fresh())
}
