//! An address on chain that belongs to a ramp user: what arrives there is his.
//!
//! A deposit address credits his balance; a liquidation address makes a payout of it besides. Each
//! has an index of its own out of the invoices' sequence, so that no address has two owners.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::changes::Changes;
use crate::deposit_address::{AddressOwner, DepositAddress};
use crate::environment::Environment;
use crate::ids::{BankAccountId, Fresh, MerchantId, RampAddressId, RampUserId, RowKey, Version};
use crate::kyc::{self, KycLevel};
use crate::network::Network;
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// How many addresses a user can have: each is watched for ever.
pub const ADDRESSES_MAX: i64 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressPurpose {
    Deposit,
    /// What arrives goes on to this account.
    Liquidation(BankAccountId),
}

impl AddressPurpose {
    /// Stored, and filtered by.
    pub fn code(self) -> i64 {
        match self {
            AddressPurpose::Deposit => 0,
            AddressPurpose::Liquidation(_) => 1,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampAddress {
    pub id: RampAddressId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub purpose: AddressPurpose,
    pub network: Network,
    pub token_id: TokenId,
    pub address: String,
    pub index: u32,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// An address that was derived for a user.
#[derive(Clone, Debug)]
pub struct RampAddressAsk {
    pub purpose: AddressPurpose,
    pub token: &'static Token,
    pub address: Address,
    pub index: u32,
}

impl RampAddress {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// Gives it to the user, if he is known well enough to be sent anything.
    pub fn create(
        user: &RampUser,
        ask: RampAddressAsk,
        fresh: &mut Fresh,
    ) -> Result<(RampAddress, Changes), Refusal> {
        let (now, token) = (fresh.now(), ask.token);
        kyc::require(user, KycLevel::Basic, now)?;
        if token.stable.is_none() || token.environment != user.environment {
            let message = "must be a stablecoin of this environment";
            return Err(Refusal::invalid("token_id", message));
        }
        let address = RampAddress {
            id: RampAddressId::fresh(fresh),
            user_id: user.id,
            merchant_id: user.merchant_id,
            environment: user.environment,
            purpose: ask.purpose,
            network: token.network,
            token_id: token.id,
            address: ask.address.as_str().to_owned(),
            index: ask.index,
            created_at: now,
            version: 0,
        };
        let whose = (user.merchant_id, user.environment);
        let owner = (AddressOwner::Ramp(address.id), ask.index);
        let watched = DepositAddress::new(whose, token.network, &ask.address, owner, now);
        let mut changes = Changes::of(user.merchant_id);
        user.guard(&mut changes);
        changes.insert(watched);
        changes.insert(address.clone());
        Ok((address, changes))
    }

    pub fn view(&self) -> RampAddressView {
        let (object, bank_account_id) = match self.purpose {
            AddressPurpose::Deposit => ("deposit_address", None),
            AddressPurpose::Liquidation(id) => ("liquidation_address", Some(id)),
        };
        RampAddressView {
            object,
            id: self.id,
            user_id: self.user_id,
            environment: self.environment,
            network: self.network,
            token_id: self.token_id,
            symbol: Token::by_id(self.token_id).map(|token| token.symbol),
            address: self.address.clone(),
            bank_account_id,
            created_at: self.created_at.seconds(),
        }
    }
}

/// An address of a ramp user.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampAddress)]
pub struct RampAddressView {
    /// `deposit_address` or `liquidation_address`.
    pub object: &'static str,
    pub id: RampAddressId,
    pub user_id: RampUserId,
    pub environment: Environment,
    pub network: Network,
    pub token_id: TokenId,
    pub symbol: Option<&'static str>,
    pub address: String,
    /// Where what arrives is paid out to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<BankAccountId>,
    pub created_at: i64,
}
