//! What an account counts: one token of one network, or one currency of bank money.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::network::Network;
use crate::token::{Token, TokenId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    Token { network: Network, token_id: TokenId },
    Currency(Currency),
}

impl Asset {
    pub fn of_token(token: &Token) -> Asset {
        Asset::Token { network: token.network, token_id: token.id }
    }

    /// The network, if it is on one.
    pub fn network(self) -> Option<Network> {
        match self {
            Asset::Token { network, .. } => Some(network),
            Asset::Currency(_) => None,
        }
    }

    pub fn token(self) -> Option<&'static Token> {
        match self {
            Asset::Token { token_id, .. } => Token::by_id(token_id),
            Asset::Currency(_) => None,
        }
    }

    /// How many places of the whole unit there are; none for a token that is listed no more.
    pub fn decimals(self) -> Option<u8> {
        match self {
            Asset::Token { .. } => self.token().map(|token| token.decimals),
            Asset::Currency(currency) => Some(currency.decimals()),
        }
    }

    /// The token's symbol, or the currency's letters.
    pub fn symbol(self) -> Option<&'static str> {
        match self {
            Asset::Token { .. } => self.token().map(|token| token.symbol),
            Asset::Currency(currency) => Some(currency.as_str()),
        }
    }

    /// The number within its network, or among currencies.
    pub fn code(self) -> i64 {
        match self {
            Asset::Token { token_id, .. } => token_id.0,
            Asset::Currency(currency) => currency.code(),
        }
    }

    /// Of what is stored: no network means a currency.
    pub fn from_codes(network: Option<Network>, code: i64) -> Option<Asset> {
        match network {
            Some(network) => Some(Asset::Token { network, token_id: TokenId(code) }),
            None => Currency::from_code(code).map(Asset::Currency),
        }
    }
}
