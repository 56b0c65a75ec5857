//! An account: whose, in which environment, of which asset, and what it is for.

use serde::{Deserialize, Serialize};

use super::Asset;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey};

/// What an account is for. Codes are stored, so variants are only ever appended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// What stands on our deposit addresses of one network.
    Clearing,
    /// What the merchant has received and not yet been settled.
    Merchant,
    /// What arrived without counting, or was counted and vanished: a human decides.
    Suspense,
    /// What one ramp user has with the merchant.
    User,
    /// What goes through the rails of banks and of whoever moves money for us.
    Rail,
    /// One asset given for another: its positions in both.
    Exchange,
    /// What the house earned of this merchant.
    Fees,
    /// What networks were paid for carrying this merchant's money.
    NetworkFees,
    /// What pays networks: coin that is the operator's own.
    GasTank,
    /// What is kept back for orders placed with retailers.
    CommerceEscrow,
}

impl AccountKind {
    pub const ALL: [AccountKind; 10] = [
        AccountKind::Clearing,
        AccountKind::Merchant,
        AccountKind::Suspense,
        AccountKind::User,
        AccountKind::Rail,
        AccountKind::Exchange,
        AccountKind::Fees,
        AccountKind::NetworkFees,
        AccountKind::GasTank,
        AccountKind::CommerceEscrow,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            AccountKind::Clearing => "clearing",
            AccountKind::Merchant => "merchant",
            AccountKind::Suspense => "suspense",
            AccountKind::User => "user",
            AccountKind::Rail => "rail",
            AccountKind::Exchange => "exchange",
            AccountKind::Fees => "fees",
            AccountKind::NetworkFees => "network_fees",
            AccountKind::GasTank => "gas_tank",
            AccountKind::CommerceEscrow => "commerce_escrow",
        }
    }

    pub fn parse(text: &str) -> Option<AccountKind> {
        AccountKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<AccountKind> {
        usize::try_from(code).ok().and_then(|at| AccountKind::ALL.get(at).copied())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: AccountKind,
    pub asset: Asset,
    /// The ramp user it is of; none: the merchant's own.
    pub owner: Option<RowKey>,
}

impl Account {
    pub fn key(&self) -> RowKey {
        const CURRENCY: i64 = -1;
        let parts = [
            self.merchant_id.0,
            self.environment.code(),
            self.kind.code(),
            self.asset.network().map_or(CURRENCY, |network| network.code()),
            self.asset.code(),
        ];
        let bytes = parts.map(i64::to_be_bytes);
        let owner = self.owner.as_ref().map_or(&[][..], |owner| &owner.0[..]);
        let [merchant, environment, kind, network, code] = bytes.each_ref().map(|part| &part[..]);
        RowKey::of("account", &[merchant, environment, kind, network, code, owner])
    }
}

/// An account's balance: credits minus debits, so that what we owe is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub account: Account,
    pub balance: i128,
    /// Promised to leave; part of the balance still.
    pub reserved: i128,
}

impl Balance {
    /// What may still be promised.
    pub fn available(&self) -> i128 {
        self.balance.saturating_sub(self.reserved)
    }
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
    use crate::currency::Currency;
    use crate::network::Network;
    use crate::token::TokenId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn balance_bytes_keep_value_and_order(one: i128, other: i128) {
            prop_assert_eq!(balance_from_bytes(balance_bytes(one)), one);
            prop_assert_eq!(one.cmp(&other), balance_bytes(one).cmp(&balance_bytes(other)));
        }
    }

    #[test]
    fn accounts_that_differ_in_anything_have_keys_of_their_own() {
        let token = Asset::Token { network: Network::Base, token_id: TokenId(840) };
        let one = Account {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            kind: AccountKind::Merchant,
            asset: token,
            owner: None,
        };
        let others = [
            Account { merchant_id: MerchantId(2), ..one },
            Account { environment: Environment::Mainnet, ..one },
            Account { kind: AccountKind::User, ..one },
            Account { asset: Asset::Currency(Currency::USD), ..one },
            Account { owner: Some(RowKey([0; 16])), ..one },
            Account { owner: Some(RowKey([1; 16])), ..one },
        ];
        let keys: std::collections::HashSet<_> =
            others.iter().chain([&one]).map(Account::key).collect();
        assert_eq!(keys.len(), others.len() + 1);
    }
}
