//! A token rule: whether one merchant blocks one token.
//!
//! Which tokens are accepted follows from the merchant's policy: under `accept_all` rules are
//! asleep, under `accept_none` everything is blocked, under `selective` the rules decide.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::event::Notice;
use crate::ids::{MerchantId, RowKey, Version};
use crate::merchant::notice;
use crate::time::Timestamp;
use crate::token::{AcceptancePolicy, TokenId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRule {
    pub merchant_id: MerchantId,
    pub token_id: TokenId,
    pub is_blocked: bool,
    #[serde(skip)]
    pub version: Version,
}

impl TokenRule {
    pub fn key(&self) -> RowKey {
        TokenRule::row_key(self.merchant_id, self.token_id)
    }

    pub fn row_key(merchant_id: MerchantId, token_id: TokenId) -> RowKey {
        let parts = [merchant_id.0.to_be_bytes(), token_id.0.to_be_bytes()];
        RowKey::of("token_rule", &[&parts[0], &parts[1]])
    }

    /// Writes the merchant's choice for one token.
    pub fn set(
        known: Option<TokenRule>,
        (merchant_id, token_id): (MerchantId, TokenId),
        is_blocked: bool,
        now: Timestamp,
    ) -> Changes {
        let mut changes = Changes::of(merchant_id);
        let rule = TokenRule { merchant_id, token_id, is_blocked, version: 0 };
        changes.tell(notice(merchant_id, Notice::TokenRuleChanged, rule.key(), now));
        match known {
            None => changes.insert(rule),
            Some(before) => changes.update(TokenRule { version: before.version, ..rule }),
        }
        changes
    }
}

/// Whether a token may be used under `policy`, given the merchant's own rule for it.
pub fn is_blocked(policy: AcceptancePolicy, rule_blocks: bool) -> bool {
    match policy {
        AcceptancePolicy::AcceptAll => false,
        AcceptancePolicy::AcceptNone => true,
        AcceptancePolicy::Selective => rule_blocks,
    }
}
