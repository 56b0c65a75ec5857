//! Settlement: where a merchant's money goes, in which token, and what has gone.
//!
//! Wallets, preference and token are the member's own business (bearer only): a key must not be
//! able to lead money elsewhere.

pub mod allowed_destinations;
pub mod preference;
pub mod settlements;
pub mod wallets;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::address::Address;
use domain::api_key::ApiKey;
use domain::audit::{Actor, AuditEntry};
use domain::deposit_address::DepositAddress;
use domain::environment::Environment;
use domain::ids::{ApiKeyId, Fresh, MerchantId};
use domain::member::Role;
use domain::money::Usd;
use domain::network::Network;
use domain::refusal::Refusal;
use domain::send::{SpeedLimit, ceilings};

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MemberCaller, Operator};
use crate::http::error::ApiError;

/// Whether an address is one of this server's own: nothing is ever sent there.
pub async fn is_ours(
    app: &App,
    (environment, network): (Environment, Network),
    address: &Address,
) -> Result<bool, ApiError> {
    let key = DepositAddress::row_key(environment, network, address.as_str());
    Ok(app.networks.is_gas_wallet((environment, network), address.as_str())
        || app.store.get::<DepositAddress>(key).await?.is_some())
}

/// Who may let through what waits for a second person: an owner, or the operator.
pub enum Approver {
    Owner(Caller),
    Operator,
}

impl FromRequestParts<Shared> for Approver {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        if Operator::from_request_parts(parts, app).await.is_ok() {
            return Ok(Approver::Operator);
        }
        let MemberCaller(caller) = MemberCaller::from_request_parts(parts, app).await?;
        caller.require_role(Role::Owner)?;
        Ok(Approver::Owner(caller))
    }
}

impl Approver {
    /// Whether it is his merchant; the operator's are all.
    pub fn sees(&self, merchant_id: MerchantId) -> bool {
        match self {
            Approver::Owner(caller) => caller.merchant_id == merchant_id,
            Approver::Operator => true,
        }
    }

    pub fn actor(&self) -> Actor {
        match self {
            Approver::Owner(caller) => caller.actor(),
            Approver::Operator => Actor::Operator,
        }
    }

    /// Refuses whoever asked himself: as a member, or by an API key that he created.
    pub async fn check_not_his(&self, app: &App, requested_by: &Actor) -> Result<(), ApiError> {
        let Approver::Owner(caller) = self else { return Ok(()) };
        let approver = caller.actor();
        let is_his = match requested_by {
            Actor::Operator => false,
            Actor::Member(_) => *requested_by == approver,
            Actor::ApiKey(id) => {
                let id = ApiKeyId::parse(id).map(ApiKeyId::key);
                let key = match id {
                    Some(id) => app.store.get::<ApiKey>(id).await?,
                    None => None,
                };
                // Whose key it is has to be known: it may be his.
                key.and_then(|key| key.created_by).is_none_or(|by| by == approver)
            }
        };
        if is_his { Err(Refusal::OwnRequest.into()) } else { Ok(()) }
    }

    /// Which limits his approval waives: an owner's are his own, the house's are the operator's.
    pub async fn speed(
        &self,
        app: &App,
        whose: (MerchantId, Environment),
        value: Usd,
    ) -> Result<SpeedLimit, ApiError> {
        match self {
            Approver::Operator => Ok(SpeedLimit::Waived),
            Approver::Owner(_) => {
                let limits = app.config.settlement.limits();
                for (merchant_id, key, most) in ceilings(&limits, whose, app.now()) {
                    let is_passed = merchant_id == MerchantId::HOUSE
                        && app.store.counter(key).await?.saturating_add(value.0) > most.0;
                    if is_passed {
                        return Err(Refusal::OperatorRequired.into());
                    }
                }
                Ok(SpeedLimit::KeptOfHouse)
            }
        }
    }

    pub fn audit(
        &self,
        merchant_id: MerchantId,
        action: &str,
        object: impl ToString,
        fresh: &mut Fresh,
    ) -> AuditEntry {
        match self {
            Approver::Owner(caller) => caller.audit(action, object, fresh),
            Approver::Operator => AuditEntry::of_operator(merchant_id, action, object, fresh),
        }
    }
}
