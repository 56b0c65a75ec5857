//! A settlement as its merchant reads it, and what waits to become one.

use serde::Serialize;

use super::{ReviewReason, Settlement, SettlementState, Wait};
use crate::environment::Environment;
use crate::ids::{MerchantId, SettlementId};
use crate::money::UsdNumber;
use crate::network::Network;
use crate::send::{Send, SendView};
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// A batch of payments on its way to the merchant.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MerchantSettlement)]
pub struct SettlementObjectView {
    pub object: &'static str,
    /// What payments call `merchant_settlement_id`.
    pub id: SettlementId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub status: SettlementState,
    /// Why it waits for somebody to approve it.
    pub review_reason: Option<ReviewReason>,
    /// Where the money arrives.
    pub network: Network,
    pub destination: String,
    pub source_network: Network,
    pub token_id: TokenId,
    pub token_symbol: Option<&'static str>,
    /// In whole tokens, as a decimal string.
    pub amount: Option<String>,
    pub amount_base: String,
    pub amount_settled_base: String,
    pub amount_usd: UsdNumber,
    pub payments: usize,
    pub tx_hashes: Vec<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub settled_at: Option<i64>,
    /// Its transactions; in the answer to one settlement only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<Vec<SendView>>,
}

impl Settlement {
    pub fn view(&self, sends: Option<&[Send]>) -> SettlementObjectView {
        let token = Token::by_id(self.token_id);
        let (network, destination) = self.arrives_at();
        SettlementObjectView {
            object: "settlement",
            id: self.id,
            merchant_id: self.merchant_id,
            environment: self.environment,
            status: self.state,
            review_reason: self.review.filter(|_| self.state == SettlementState::InReview),
            network,
            destination: destination.to_owned(),
            source_network: self.network,
            token_id: self.token_id,
            token_symbol: token.map(|token| token.symbol),
            amount: token.map(|token| self.amount.decimal(token.decimals)),
            amount_base: self.amount.0.to_string(),
            amount_settled_base: self.amount_settled.0.to_string(),
            amount_usd: self.value.number(),
            payments: self.payments,
            tx_hashes: self.tx_hashes.clone(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
            settled_at: self.settled_at.map(Timestamp::seconds),
            sends: sends.map(|sends| sends.iter().map(Send::view).collect()),
        }
    }
}

/// Payments that wait to be settled together, and why they wait.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PendingSettlement)]
pub struct PendingPoolView {
    pub network: Network,
    pub token_id: TokenId,
    pub token_symbol: Option<&'static str>,
    /// The receiver their invoices name; null: the settlement wallet.
    pub receiver_override_address: Option<String>,
    /// At least so many: a look is bounded.
    pub payments: usize,
    pub amount_usd: UsdNumber,
    pub reason: Wait,
}
