//! The double-entry ledger: every transfer debits one account and credits another alike.
//!
//! Accounts exist per merchant, environment and asset, so that no row is shared by merchants. The
//! sum of all balances of an asset is zero, always. Debits raise what we hold, credits what we owe.

use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, TransferId};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::time::Timestamp;
use crate::token::TokenId;

/// What an account is for. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// What stands on our deposit addresses of one network.
    Clearing,
    /// What the merchant has received and not yet been settled.
    Merchant,
    /// What arrived without counting, or was counted and vanished: a human decides.
    Suspense,
}

impl AccountKind {
    pub const ALL: [AccountKind; 3] =
        [AccountKind::Clearing, AccountKind::Merchant, AccountKind::Suspense];

    pub fn as_str(self) -> &'static str {
        match self {
            AccountKind::Clearing => "clearing",
            AccountKind::Merchant => "merchant",
            AccountKind::Suspense => "suspense",
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<AccountKind> {
        usize::try_from(code).ok().and_then(|at| AccountKind::ALL.get(at).copied())
    }
}

/// One account: whose, in which environment, of which asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: AccountKind,
    pub network: Network,
    pub token_id: TokenId,
}

impl Account {
    pub fn key(&self) -> RowKey {
        let parts = [
            self.merchant_id.0,
            self.environment.code(),
            self.kind.code(),
            self.network.code(),
            self.token_id.0,
        ];
        let bytes = parts.map(i64::to_be_bytes);
        RowKey::of("account", &bytes.each_ref().map(|part| &part[..]))
    }
}

/// Why a transfer was made. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferReason {
    PaymentConfirmed,
    PaymentHeld,
    PaymentReverted,
    PaymentAccepted,
    PaymentRestored,
}

impl TransferReason {
    pub const ALL: [TransferReason; 5] = [
        TransferReason::PaymentConfirmed,
        TransferReason::PaymentHeld,
        TransferReason::PaymentReverted,
        TransferReason::PaymentAccepted,
        TransferReason::PaymentRestored,
    ];

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<TransferReason> {
        usize::try_from(code).ok().and_then(|at| TransferReason::ALL.get(at).copied())
    }
}

/// One immutable posting: the same amount leaves one account and enters the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub debit: Account,
    pub credit: Account,
    pub amount: TokenAmount,
    pub reason: TransferReason,
    /// The payment (later: the settlement, refund, payout) it belongs to.
    pub object: RowKey,
    pub created_at: Timestamp,
}

/// An account's balance: credits minus debits, so that what we owe is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub account: Account,
    pub balance: i128,
}

/// A signed balance as 16 bytes whose order is the order of the numbers.
pub fn balance_bytes(balance: i128) -> [u8; 16] {
    ((balance as u128) ^ (1 << 127)).to_be_bytes()
}

pub fn balance_from_bytes(bytes: [u8; 16]) -> i128 {
    (u128::from_be_bytes(bytes) ^ (1 << 127)) as i128
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn balance_bytes_keep_value_and_order(one: i128, other: i128) {
            prop_assert_eq!(balance_from_bytes(balance_bytes(one)), one);
            prop_assert_eq!(one.cmp(&other), balance_bytes(one).cmp(&balance_bytes(other)));
        }
    }
}
