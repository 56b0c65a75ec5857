//! A settlement rule: in which token a merchant wants its money, and how strictly.
//!
//! A row exists once something was chosen; without one the defaults of the system hold.

use serde::{Deserialize, Serialize};

use crate::allowed_destination::AllowList;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementPreference {
    /// Only stablecoins are settled; what cannot become one waits.
    StablesOnly,
    /// Stablecoins where there is a route, the token as it came where there is none.
    #[default]
    StablesPreferred,
    /// Every token as it came.
    Tokens,
}

impl SettlementPreference {
    pub fn description(self) -> &'static str {
        match self {
            SettlementPreference::StablesOnly => {
                "Everything is settled in the selected stablecoin; what has no route to it waits"
            }
            SettlementPreference::StablesPreferred => {
                "Settled in the selected stablecoin where there is a route, else as it came"
            }
            SettlementPreference::Tokens => "Every token is settled as it came",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementRule {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub preference: SettlementPreference,
    /// None: the default of the system.
    pub token_id: Option<TokenId>,
    /// Whether refunds and named receivers are paid to allowed destinations only.
    #[serde(default)]
    pub allow_list: AllowList,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl SettlementRule {
    pub fn key(&self) -> RowKey {
        SettlementRule::row_key(self.merchant_id, self.environment)
    }

    pub fn row_key(merchant_id: MerchantId, environment: Environment) -> RowKey {
        let parts = [&merchant_id.0.to_be_bytes()[..], environment.as_str().as_bytes()];
        RowKey::of("settlement_rule", &parts)
    }

    pub fn default_of(merchant_id: MerchantId, environment: Environment) -> SettlementRule {
        SettlementRule {
            merchant_id,
            environment,
            preference: SettlementPreference::default(),
            token_id: None,
            allow_list: AllowList::default(),
            updated_at: Timestamp(0),
            version: 0,
        }
    }

    /// The token money is settled in.
    pub fn token(&self) -> &'static Token {
        let chosen = self.token_id.and_then(Token::by_id);
        let chosen = chosen.filter(|token| token.environment == self.environment);
        chosen.unwrap_or_else(|| default_token(self.environment))
    }
}

pub fn default_token(environment: Environment) -> &'static Token {
    let found = Token::of(environment).find(|token| token.default_settlement);
    found.expect("every environment has a default settlement token")
}

/// The tokens that may be chosen.
pub fn choices(environment: Environment) -> impl Iterator<Item = &'static Token> {
    Token::of(environment).filter(|token| token.stable.is_some())
}
