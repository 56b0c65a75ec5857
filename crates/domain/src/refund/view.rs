//! A refund as REST, streams and webhooks show it.

use serde::Serialize;

use super::{Refund, RefundStatus};
use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, PaymentId, RefundId};
use crate::money::UsdNumber;
use crate::network::Network;
use crate::settlement::ReviewReason;
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// Where a refund goes.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RefundDestination)]
pub struct DestinationView {
    pub network: Network,
    pub address: String,
}

/// Tokens that go back to a payor.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    pub object: &'static str,
    pub id: RefundId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub status: RefundStatus,
    /// Why it waits for somebody to approve it.
    pub review_reason: Option<ReviewReason>,
    pub destination: DestinationView,
    pub token_id: TokenId,
    pub token_symbol: Option<&'static str>,
    /// In whole tokens, as a decimal string.
    pub amount: Option<String>,
    pub amount_base: String,
    pub amount_sent_base: String,
    pub amount_usd: UsdNumber,
    /// The payments it gives back of.
    pub payment_ids: Vec<PaymentId>,
    pub tx_hashes: Vec<String>,
    /// Why it failed.
    pub reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub sent_at: Option<i64>,
}

impl Refund {
    pub fn view(&self) -> RefundView {
        let token = Token::by_id(self.token_id);
        RefundView {
            object: "refund",
            id: self.id,
            invoice_id: self.invoice_id,
            merchant_id: self.merchant_id,
            environment: self.environment,
            status: self.status,
            review_reason: self.review.filter(|_| self.status == RefundStatus::InReview),
            destination: DestinationView {
                network: self.network,
                address: self.destination.clone(),
            },
            token_id: self.token_id,
            token_symbol: token.map(|token| token.symbol),
            amount: token.map(|token| self.amount.decimal(token.decimals)),
            amount_base: self.amount.0.to_string(),
            amount_sent_base: self.amount_sent.0.to_string(),
            amount_usd: self.value.number(),
            payment_ids: self.given.iter().map(|part| part.payment_id).collect(),
            tx_hashes: self.tx_hashes.clone(),
            reason: self.reason.clone(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
            sent_at: self.sent_at.map(Timestamp::seconds),
        }
    }
}
