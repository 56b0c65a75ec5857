//! Settlement: where a merchant's money goes, in which token, and what has gone.
//!
//! Wallets, preference and token are the member's own business (bearer only): a key must not be
//! able to lead money elsewhere.

pub mod preference;
pub mod settlements;
pub mod wallets;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::{Actor, AuditEntry};
use domain::ids::{Fresh, MerchantId};
use domain::member::Role;

use crate::app::Shared;
use crate::http::auth::{Caller, MemberCaller, Operator};
use crate::http::error::ApiError;

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
