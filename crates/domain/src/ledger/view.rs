//! The ledger as a merchant reads it: balances, and the postings that made them.
//!
//! Amounts are decimal strings of the whole unit beside the smallest one, never floats.

use serde::Serialize;

use super::{Account, AccountKind, Asset, Balance, Phase, PlacedTransfer, TransferReason};
use crate::environment::Environment;
use crate::ids::TransferId;
use crate::money::TokenAmount;
use crate::network::Network;
use crate::token::TokenId;

/// One account's balance.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Balance)]
pub struct BalanceView {
    pub object: &'static str,
    pub environment: Environment,
    /// What the account is for.
    pub account: AccountKind,
    /// The ramp user it is of; null for the merchant's own.
    pub user_id: Option<String>,
    /// Null for bank money.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    /// The token's symbol, or the currency's three letters.
    pub symbol: Option<&'static str>,
    /// All there is, in whole units.
    pub balance: String,
    /// Promised to settlements, refunds and payouts under way; part of the balance.
    pub reserved: String,
    /// What may still be used.
    pub available: String,
    /// The balance in the smallest unit.
    pub balance_base: String,
    pub available_base: String,
}

impl Balance {
    pub fn view(&self) -> BalanceView {
        let account = &self.account;
        let whole = |amount| whole(account.asset, amount);
        BalanceView {
            object: "balance",
            environment: account.environment,
            account: account.kind,
            user_id: account.owner.map(|owner| owner.uuid().to_string()),
            network: account.asset.network(),
            token_id: token_id(account.asset),
            symbol: account.asset.symbol(),
            balance: whole(self.balance),
            reserved: whole(self.reserved),
            available: whole(self.available()),
            balance_base: self.balance.to_string(),
            available_base: self.available().to_string(),
        }
    }
}

/// One side of a posting.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Posting)]
pub struct PostingView {
    pub account: AccountKind,
    pub user_id: Option<String>,
    /// The account's balance right after, in whole units.
    pub balance_after: String,
}

/// One posting of the ledger: the same amount out of one account and into another.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = BalanceTransaction)]
pub struct BalanceTransactionView {
    pub object: &'static str,
    pub id: TransferId,
    pub environment: Environment,
    /// Why it was made.
    #[serde(rename = "type")]
    pub kind: TransferReason,
    /// `reserved` and `released` promise money and take that back; the others move it.
    pub phase: Phase,
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    pub symbol: Option<&'static str>,
    /// In whole units.
    pub amount: String,
    pub amount_base: String,
    /// Where it came from.
    pub debit: PostingView,
    /// Where it went.
    pub credit: PostingView,
    /// The id of the payment, refund, deposit or payout it belongs to, or the settlement's number.
    pub source: String,
    /// Its place in the ledger.
    pub position: i64,
    pub created_at: i64,
}

impl PlacedTransfer {
    /// What it looks like between these two accounts, which are its own.
    pub fn view(&self, debit: &Account, credit: &Account) -> BalanceTransactionView {
        let asset = debit.asset;
        let side = |account: &Account, balance| PostingView {
            account: account.kind,
            user_id: account.owner.map(|owner| owner.uuid().to_string()),
            balance_after: whole(asset, balance),
        };
        BalanceTransactionView {
            object: "balance_transaction",
            id: self.id,
            environment: self.environment,
            kind: self.reason,
            phase: self.phase,
            network: asset.network(),
            token_id: token_id(asset),
            symbol: asset.symbol(),
            amount: self.amount.decimal(asset.decimals().unwrap_or(0)),
            amount_base: self.amount.0.to_string(),
            debit: side(debit, self.debit_balance),
            credit: side(credit, self.credit_balance),
            source: match self.object.integer() {
                Some(number) => number.to_string(),
                None => self.object.uuid().to_string(),
            },
            position: self.position,
            created_at: self.created_at.seconds(),
        }
    }
}

fn token_id(asset: Asset) -> Option<TokenId> {
    match asset {
        Asset::Token { token_id, .. } => Some(token_id),
        Asset::Currency(_) => None,
    }
}

/// A signed amount in whole units; in the smallest one for an asset that is listed no more.
pub(crate) fn whole(asset: Asset, amount: i128) -> String {
    let size = TokenAmount(amount.unsigned_abs()).decimal(asset.decimals().unwrap_or(0));
    if amount < 0 { format!("-{size}") } else { size }
}
