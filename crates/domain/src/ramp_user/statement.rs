//! A user's own statement: the ledger's postings as he sees them, with a sign.

use serde::Serialize;

use crate::environment::Environment;
use crate::ids::{RampUserId, TransferId};
use crate::ledger::{Account, Asset, Phase, PlacedTransfer, TransferReason};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::token::TokenId;

/// One posting that concerns a user: what it did to his balance.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampTransaction)]
pub struct StatementLine {
    /// Always `ramp_transaction`.
    pub object: &'static str,
    pub id: TransferId,
    pub user_id: RampUserId,
    pub environment: Environment,
    /// Why it was made.
    #[serde(rename = "type")]
    pub kind: TransferReason,
    /// `reserved` and `released` promise money and take that back; the others move it.
    pub phase: Phase,
    /// Null for bank money.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    /// The token's symbol, or the currency's three letters.
    pub symbol: Option<&'static str>,
    /// What it added to the balance, in whole units; below zero what it took.
    pub amount: String,
    /// The same in the smallest unit.
    pub amount_base: String,
    /// What it added to what is promised, in whole units.
    pub reserved_amount: String,
    /// The balance right after, in whole units.
    pub balance_after: String,
    /// The id of the deposit, payout or payment it belongs to.
    pub source: String,
    pub created_at: i64,
}

impl StatementLine {
    /// What a posting between these two accounts, which are its own, did to a user.
    pub fn of(
        transfer: &PlacedTransfer,
        (debit, credit): (&Account, &Account),
        user: RampUserId,
    ) -> StatementLine {
        let asset = debit.asset;
        let owner = Some(user.key());
        let is_his = |account: &Account| i128::from(account.owner == owner);
        let size = i128::try_from(transfer.amount.0).unwrap_or(i128::MAX);
        let moved = transfer.phase.moves() * (is_his(credit) - is_his(debit)) * size;
        let reserved = transfer.phase.reserves() * is_his(debit) * size;
        let balance = match debit.owner == owner {
            true => transfer.debit_balance,
            false => transfer.credit_balance,
        };
        StatementLine {
            object: "ramp_transaction",
            id: transfer.id,
            user_id: user,
            environment: transfer.environment,
            kind: transfer.reason,
            phase: transfer.phase,
            network: asset.network(),
            token_id: match asset {
                Asset::Token { token_id, .. } => Some(token_id),
                Asset::Currency(_) => None,
            },
            symbol: asset.symbol(),
            amount: signed(asset, moved),
            amount_base: moved.to_string(),
            reserved_amount: signed(asset, reserved),
            balance_after: signed(asset, balance),
            source: transfer.object.uuid().to_string(),
            created_at: transfer.created_at.seconds(),
        }
    }
}

fn signed(asset: Asset, amount: i128) -> String {
    let size = TokenAmount(amount.unsigned_abs()).decimal(asset.decimals().unwrap_or(0));
    if amount < 0 { format!("-{size}") } else { size }
}
