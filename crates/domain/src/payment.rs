//! A payment: what one on-chain transfer to an invoice's address did.
//!
//! `pending → confirmed | underpaid`, `underpaid → confirmed` when the invoice is paid, and
//! `reverted` when a reorg removed it; a later block may bring it back. `pending → manual_retry`
//! when a look at the chain for it failed, and back by one that succeeds. Its value is fixed once.

mod counted;
mod crediting;
mod observe;
mod outflow;
#[cfg(test)]
mod tests;

pub use counted::Counting;
pub use crediting::Crediting;
pub use observe::{Confirmation, Sighting, confirm, revert, see};
pub use outflow::Outflow;

use serde::{Deserialize, Serialize};

use crate::chain::{ChainTransfer, Reach};
use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, PaymentId, RowKey, Version};
use crate::ledger::AccountKind;
use crate::money::{TokenAmount, Usd, UsdNumber};
use crate::network::Network;
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Seen, not deep enough.
    Pending,
    /// Deep enough, and the invoice is still short.
    Underpaid,
    Confirmed,
    /// A look at the chain failed; the verification job must look again.
    ManualRetry,
    /// A reorg removed it.
    Reverted,
}

impl PaymentStatus {
    pub const ALL: [PaymentStatus; 5] = [
        PaymentStatus::Pending,
        PaymentStatus::Underpaid,
        PaymentStatus::Confirmed,
        PaymentStatus::ManualRetry,
        PaymentStatus::Reverted,
    ];

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<PaymentStatus> {
        usize::try_from(code).ok().and_then(|at| PaymentStatus::ALL.get(at).copied())
    }

    /// Neither money yet nor gone: its depth decides.
    pub fn is_waiting(self) -> bool {
        matches!(self, PaymentStatus::Pending | PaymentStatus::ManualRetry)
    }

    /// Deep enough to be money.
    pub fn is_confirmed(self) -> bool {
        matches!(self, PaymentStatus::Confirmed | PaymentStatus::Underpaid)
    }
}

/// How far the money is on its way to the merchant. Codes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementStatus {
    Pending,
    Processing,
    /// A human decides.
    Manual,
    Failed,
    Settled,
}

impl SettlementStatus {
    pub const ALL: [SettlementStatus; 5] = [
        SettlementStatus::Pending,
        SettlementStatus::Processing,
        SettlementStatus::Manual,
        SettlementStatus::Failed,
        SettlementStatus::Settled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            SettlementStatus::Pending => "pending",
            SettlementStatus::Processing => "processing",
            SettlementStatus::Manual => "manual",
            SettlementStatus::Failed => "failed",
            SettlementStatus::Settled => "settled",
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<SettlementStatus> {
        usize::try_from(code).ok().and_then(|at| SettlementStatus::ALL.get(at).copied())
    }
}

/// Where the ledger holds this payment's tokens. Codes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Posting {
    None,
    Merchant,
    Suspense,
    /// With the ramp user whom the invoice credits.
    User,
}

impl Posting {
    pub const ALL: [Posting; 4] =
        [Posting::None, Posting::Merchant, Posting::Suspense, Posting::User];

    pub fn account_kind(self) -> AccountKind {
        match self {
            Posting::None => AccountKind::Clearing,
            Posting::Merchant => AccountKind::Merchant,
            Posting::Suspense => AccountKind::Suspense,
            Posting::User => AccountKind::User,
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Posting> {
        usize::try_from(code).ok().and_then(|at| Posting::ALL.get(at).copied())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    /// None: a token we do not know.
    pub token_id: Option<TokenId>,
    /// The contract that was paid with; none for the native coin.
    pub token_address: Option<String>,
    pub amount: TokenAmount,
    pub value: Usd,
    pub tx_hash: String,
    pub ordinal: i64,
    pub log_index: Option<i64>,
    pub block_number: i64,
    pub block_hash: String,
    pub block_time: Timestamp,
    pub required_confirmations: i64,
    pub from_address: Option<String>,
    pub to_address: String,
    pub status: PaymentStatus,
    pub settlement_status: SettlementStatus,
    /// Included after the invoice's pay-by time, or after it expired.
    pub is_late: bool,
    /// Adds to the invoice's amount paid.
    pub is_counted: bool,
    pub posting: Posting,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    /// Whom the invoice names as the receiver of the settlement; empty: the merchant's wallet.
    pub receiver: String,
    /// What has left its address, or is promised to.
    pub outflow: Outflow,
    pub version: Version,
}

impl Payment {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn token(&self) -> Option<&'static Token> {
        self.token_id.and_then(Token::by_id)
    }

    /// Blocks on top of the payment, itself included, under a head.
    pub fn confirmations(&self, head: u64) -> i64 {
        if self.status == PaymentStatus::Reverted {
            return 0;
        }
        let above = i64::try_from(head).unwrap_or(i64::MAX) - self.block_number + 1;
        let least = if self.status.is_confirmed() { self.required_confirmations } else { 0 };
        above.max(least)
    }

    /// Deep enough, or in a block that the network itself calls final.
    pub fn is_final(&self, reach: Reach) -> bool {
        let is_finalized = |finalized| {
            i64::try_from(finalized).is_ok_and(|finalized| self.block_number <= finalized)
        };
        self.confirmations(reach.head) >= self.required_confirmations
            || reach.finalized.is_some_and(is_finalized)
    }

    /// Whether a transfer says what this payment said. In the same block it does by itself: how
    /// much of a token arrived may be measured anew.
    pub fn is_of(&self, transfer: &ChainTransfer) -> bool {
        self.block_hash == transfer.block.hash
            || (self.to_address == transfer.to
                && self.token_address.as_deref() == transfer.asset.contract()
                && transfer.amount == Some(self.amount))
    }

    pub fn view(&self, head: u64) -> PaymentView {
        let token = self.token();
        PaymentView {
            object: "invoice_payment",
            id: self.id,
            invoice_id: self.invoice_id,
            merchant_id: self.merchant_id,
            environment: self.environment,
            status: self.status,
            settlement_status: self.settlement_status,
            settlement: self.settlement_view(),
            network: self.network,
            token_id: self.token_id,
            token_symbol: token.map(|token| token.symbol),
            token_address: self.token_address.clone(),
            token_amount: token.map(|token| self.amount.decimal(token.decimals)),
            token_amount_base: self.amount.0.to_string(),
            amount_usd: self.value.number(),
            amount_usd_millis: self.value.millis(),
            tx_hash: self.tx_hash.clone(),
            log_index: self.log_index,
            block_number: self.block_number,
            block_hash: self.block_hash.clone(),
            confirmations: self.confirmations(head),
            required_confirmations: self.required_confirmations,
            from_address: self.from_address.clone(),
            to_address: self.to_address.clone(),
            late: self.is_late,
            counted: self.is_counted,
            created_at: self.created_at.seconds(),
            confirmed_at: self.confirmed_at.map(Timestamp::seconds),
        }
    }
}

/// What one on-chain transfer did for an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = InvoicePayment)]
pub struct PaymentView {
    pub object: &'static str,
    pub id: PaymentId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub status: PaymentStatus,
    pub settlement_status: SettlementStatus,
    pub settlement: SettlementView,
    pub network: Network,
    /// Null for a token that is not known here.
    pub token_id: Option<TokenId>,
    pub token_symbol: Option<&'static str>,
    /// The token's contract; null for the native coin.
    pub token_address: Option<String>,
    /// In whole tokens, as a decimal string.
    pub token_amount: Option<String>,
    /// In the token's smallest unit.
    pub token_amount_base: String,
    pub amount_usd: UsdNumber,
    pub amount_usd_millis: i64,
    pub tx_hash: String,
    /// For display; a reorg may change it.
    pub log_index: Option<i64>,
    pub block_number: i64,
    pub block_hash: String,
    pub confirmations: i64,
    pub required_confirmations: i64,
    pub from_address: Option<String>,
    pub to_address: String,
    /// Arrived after the pay-by time; not counted until the merchant accepts it.
    pub late: bool,
    /// Adds to the invoice's `amount_paid` once confirmed.
    pub counted: bool,
    pub created_at: i64,
    pub confirmed_at: Option<i64>,
}

/// How far a payment is settled to the merchant, in provider-neutral words.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Settlement)]
pub struct SettlementView {
    pub summary_status: SettlementStatus,
    pub stage: &'static str,
    pub merchant_settlement_id: Option<i64>,
    pub settlement_tx_hash: Option<String>,
    pub network: Option<Network>,
    pub status: SettlementStatus,
}
