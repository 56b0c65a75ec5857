//! What the payor's stream is told of the price of what is left to pay: `payment_quote.updated`.
//!
//! Told in the commit that locks a quote, and in every commit that changes how much is left. It is
//! for the payor alone: no merchant's history, stream or webhook carries it.

use serde::Serialize;
use uuid::Uuid;

use super::{Quote, QuoteStatus};
use crate::event::{EntryKind, EventType, NewEntry, Origin, Subject, created_data};
use crate::ids::{InvoiceId, RowKey};
use crate::invoice::Invoice;
use crate::network::Network;
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// The price of what is left to pay on an invoice, as its payor's stream tells it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentQuote {
    /// Always `payment_quote`.
    pub object: &'static str,
    /// The quote; the invoice, while no quote fits what is left to pay.
    pub id: Uuid,
    /// `unavailable` once the amount changed: ask for addresses again to lock a new price.
    pub status: QuoteStatus,
    pub invoice_id: InvoiceId,
    /// The network of the quote, or the one that the first payment bound the payor to.
    pub network: Option<Network>,
    pub currency: &'static str,
    /// In thousandths of a dollar; never below zero.
    pub amount_remaining: i64,
    pub amount_remaining_decimal: String,
    pub amount_unit: &'static str,
    pub token_id: Option<TokenId>,
    /// In whole tokens, as a decimal string.
    pub token_amount: Option<String>,
    /// Tokens per dollar.
    pub exchange_rate: Option<String>,
    /// Epoch seconds.
    pub quote_valid_until: Option<i64>,
}

impl PaymentQuote {
    /// What is left of an invoice, with no price for it.
    fn unpriced(invoice: &Invoice) -> PaymentQuote {
        let remaining = invoice.amount_remaining();
        PaymentQuote {
            object: "payment_quote",
            id: invoice.id.0,
            status: QuoteStatus::Unavailable,
            invoice_id: invoice.id,
            network: invoice.lock.as_ref().map(|lock| lock.network),
            currency: "usd",
            amount_remaining: remaining.millis(),
            amount_remaining_decimal: remaining.decimal(),
            amount_unit: "usd_millis",
            token_id: invoice.lock.as_ref().map(|lock| lock.token_id),
            token_amount: None,
            exchange_rate: None,
            quote_valid_until: None,
        }
    }

    fn told(&self, invoice: &Invoice, now: Timestamp) -> NewEntry {
        NewEntry {
            merchant_id: invoice.merchant_id,
            environment: invoice.environment,
            kind: EntryKind::Event(EventType::PaymentQuoteUpdated),
            created_at: now,
            subject: Subject {
                object_id: Some(RowKey::from(self.id)),
                invoice_id: Some(invoice.key()),
                ..Subject::default()
            },
            data: created_data(self),
            origin: Origin::default(),
            pending_webhooks: 0,
        }
    }
}

/// Tells the payor which price was locked for what is left to pay.
pub fn locked(quote: &Quote, invoice: &Invoice, now: Timestamp) -> NewEntry {
    let decimals = Token::by_id(quote.token_id).map_or(0, |token| token.decimals);
    let told = PaymentQuote {
        id: quote.id.0,
        status: QuoteStatus::Available,
        network: Some(quote.network),
        token_id: Some(quote.token_id),
        token_amount: Some(quote.token_amount.decimal(decimals)),
        exchange_rate: Some(quote.exchange_rate.clone()),
        quote_valid_until: Some(quote.valid_until.seconds()),
        ..PaymentQuote::unpriced(invoice)
    };
    told.told(invoice, now)
}

/// Tells the payor that another amount is left to pay than before, if it is.
pub fn remaining_changed(before: &Invoice, after: &Invoice, now: Timestamp) -> Option<NewEntry> {
    let is_changed = before.amount_remaining() != after.amount_remaining();
    is_changed.then(|| PaymentQuote::unpriced(after).told(after, now))
}
