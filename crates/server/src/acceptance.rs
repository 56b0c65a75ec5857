//! Which tokens a merchant takes: the policy and the merchant's own rules, read together.
//!
//! Asked wherever a token is offered, quoted or paid with; the rule itself is in domain.

use std::collections::HashSet;
use std::sync::Arc;

use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::token::{AcceptancePolicy, Token, TokenId};
use domain::token_rule::is_blocked;
use store::StoreError;

use crate::app::App;

pub struct Acceptance {
    pub policy: AcceptancePolicy,
    blocked: Arc<HashSet<TokenId>>,
}

impl Acceptance {
    pub async fn of(
        app: &App,
        merchant_id: MerchantId,
        environment: Environment,
    ) -> Result<Acceptance, StoreError> {
        let merchant = app.merchant(merchant_id).await?;
        let merchant = merchant.ok_or_else(|| StoreError::Corrupt {
            table: "merchants",
            key: merchant_id.to_string(),
            column: "key",
        })?;
        let blocked = app.caches.blocked_tokens(&app.store, merchant_id).await?;
        Ok(Acceptance { policy: merchant.policy(environment), blocked })
    }

    pub fn takes(&self, token: &Token) -> bool {
        !is_blocked(self.policy, self.blocked.contains(&token.id))
    }
}
