//! Tokens an operator adds: checked like the rows that ship, then known while the process lives.
//!
//! A token's id stands in rows, so every reader of rows must find it without being handed a list;
//! what is added is therefore known to the whole process, like the tables themselves, and never
//! forgotten or changed. Added at start, before anything reads a row.

use std::sync::RwLock;

use serde::Deserialize;
use thiserror::Error;

use super::{Arrival, Origin, StableOf, Token, TokenId, TokenType};
use crate::address::Address;
use crate::environment::Environment;
use crate::network::{Family, Network};

/// Below it the tables that ship go on counting.
pub const ADDED_ID_MIN: i64 = 100_000;
/// Each is kept for ever.
const ADDED_MAX: usize = 1_000;
const DECIMALS_MAX: u8 = 30;
const NAME_LENGTH_MAX: usize = 64;
const CARDANO_POLICY_DIGITS: usize = 56;
const CARDANO_ASSET_DIGITS_MAX: usize = 64;

static ADDED: RwLock<&'static [Token]> = RwLock::new(&[]);

/// A token as an operator writes it down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedToken {
    /// From 100,000 on, and never used for another token.
    pub id: i64,
    pub network: Network,
    pub environment: Environment,
    pub symbol: String,
    pub name: String,
    /// Contract, mint, jetton master, Sui coin type, or Cardano policy id and asset name in hex.
    pub contract: String,
    pub decimals: u8,
    /// The currency it promises to be worth, if it promises one: `USD` or `EUR`.
    #[serde(default)]
    pub stable_of: Option<String>,
    /// What the rate table is asked for; default: the currency it promises, else its symbol.
    #[serde(default)]
    pub rate_symbol: Option<String>,
    /// It keeps a part of each transfer, or changes balances by itself.
    #[serde(default)]
    pub charges_fee_on_transfer: bool,
}

/// Why a token cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    #[error("token {0}: ids of added tokens begin at 100000")]
    IdTooLow(i64),
    #[error("token {0}: the id belongs to another token")]
    IdTaken(i64),
    #[error("token {0}: this contract is listed already")]
    ContractTaken(i64),
    #[error("token {0}: the contract is not written as its network writes it")]
    BadContract(i64),
    #[error("token {0}: symbol and name have 1 to 64 characters")]
    BadName(i64),
    #[error("token {0}: decimals go from 0 to 30")]
    BadDecimals(i64),
    #[error("token {0}: stable_of is USD or EUR")]
    BadCurrency(i64),
    #[error("too many tokens are added")]
    TooMany,
}

/// Every token that was added.
pub(super) fn all() -> std::slice::Iter<'static, Token> {
    ADDED.read().expect("no panic holds this lock").iter()
}

impl AddedToken {
    /// Makes the token known; a second time is fine if nothing about it changed.
    pub fn add(&self) -> Result<&'static Token, TokenRefusal> {
        let token = self.checked()?;
        let mut added = ADDED.write().expect("no panic holds this lock");
        if let Some(known) = added.iter().find(|known| known.id == token.id) {
            return if *known == token { Ok(known) } else { Err(TokenRefusal::IdTaken(self.id)) };
        }
        let is_listed = |known: &Token| {
            known.network == token.network
                && known.environment == token.environment
                && known.address.is_some_and(|listed| known.is_contract(listed, &self.contract))
        };
        if super::TOKENS.iter().chain(added.iter()).any(is_listed) {
            return Err(TokenRefusal::ContractTaken(self.id));
        }
        if added.len() >= ADDED_MAX {
            return Err(TokenRefusal::TooMany);
        }
        let all: Vec<Token> = added.iter().copied().chain([token]).collect();
        *added = all.leak();
        Ok(added.last().expect("one was added"))
    }

    fn checked(&self) -> Result<Token, TokenRefusal> {
        let is_name = |text: &str| (1..=NAME_LENGTH_MAX).contains(&text.chars().count());
        if self.id < ADDED_ID_MIN {
            return Err(TokenRefusal::IdTooLow(self.id));
        }
        if !is_name(&self.symbol) || !is_name(&self.name) {
            return Err(TokenRefusal::BadName(self.id));
        }
        if self.decimals > DECIMALS_MAX {
            return Err(TokenRefusal::BadDecimals(self.id));
        }
        let contract = self.contract().ok_or(TokenRefusal::BadContract(self.id))?;
        let stable = match self.stable_of.as_deref() {
            None => None,
            Some("USD") => Some(StableOf::Usd),
            Some("EUR") => Some(StableOf::Eur),
            Some(_) => return Err(TokenRefusal::BadCurrency(self.id)),
        };
        let rate_symbol = self.rate_symbol.as_deref().or(self.stable_of.as_deref());
        Ok(Token {
            id: TokenId(self.id),
            symbol: kept(&self.symbol),
            name: kept(&self.name),
            address: Some(kept(&contract)),
            decimals: self.decimals,
            network: self.network,
            environment: self.environment,
            token_type: match self.network.family() {
                Family::Evm => TokenType::Erc20,
                Family::Solana => TokenType::Spl,
                Family::Ton => TokenType::Ton,
                Family::Cardano => TokenType::Cardano,
                Family::Sui => TokenType::Sui,
            },
            stable,
            rate_symbol: kept(rate_symbol.unwrap_or(&self.symbol)),
            default_settlement: false,
            arrival: if self.charges_fee_on_transfer { Arrival::ByBalance } else { Arrival::Whole },
            origin: Origin::Operator,
        })
    }

    /// The contract in its network's canonical spelling.
    fn contract(&self) -> Option<String> {
        let parse = |text: &str| Address::parse(self.network, self.environment, text).ok();
        let is_hex =
            |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match self.network.family() {
            Family::Evm | Family::Solana | Family::Ton => {
                parse(&self.contract).map(|address| address.as_str().to_owned())
            }
            Family::Cardano => {
                let (policy, asset) = self.contract.split_at_checked(CARDANO_POLICY_DIGITS)?;
                let is_asset = asset.len() % 2 == 0 && asset.len() <= CARDANO_ASSET_DIGITS_MAX;
                (is_hex(policy) && is_hex(asset) && is_asset).then(|| self.contract.clone())
            }
            Family::Sui => {
                let (package, rest) = self.contract.split_once("::")?;
                let (module, name) = rest.split_once("::")?;
                let is_word = |text: &str| {
                    !text.is_empty()
                        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                };
                let package = parse(package)?;
                (is_word(module) && is_word(name)).then(|| format!("{package}::{module}::{name}"))
            }
        }
    }
}

/// A text for the life of the process; how many there are is bounded by `ADDED_MAX` and by how
/// often a process reads its configuration.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(id: i64, contract: &str) -> AddedToken {
        AddedToken {
            id,
            network: Network::Base,
            environment: Environment::Devnet,
            symbol: "TEST".to_owned(),
            name: "A test's token".to_owned(),
            contract: contract.to_owned(),
            decimals: 6,
            stable_of: Some("USD".to_owned()),
            rate_symbol: None,
            charges_fee_on_transfer: false,
        }
    }

    #[test]
    fn an_added_token_is_found_like_one_that_ships() {
        let contract = "0x2222222222222222222222222222222222222222";
        let token = added(900_001, contract).add().expect("is well-formed");
        assert_eq!(Token::by_id(TokenId(900_001)), Some(token));
        let found = Token::find(Network::Base, Environment::Devnet, Some(contract));
        assert_eq!(found, Some(token));
        assert!(Token::of(Environment::Devnet).any(|listed| listed == token));
        assert!(Token::of(Environment::Mainnet).all(|listed| listed != token));
        assert_eq!((token.rate_symbol, token.is_usd_stable()), ("USD", true));
        // Reading the same configuration again changes nothing.
        assert_eq!(added(900_001, contract).add(), Ok(token));
    }

    #[test]
    fn what_would_lose_money_is_refused() {
        let free = "0x3333333333333333333333333333333333333333";
        let usdc = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
        let mistyped = "0x036CbD53842c5426634e7929541eC2318f3dCF7E";
        assert_eq!(added(7, free).add(), Err(TokenRefusal::IdTooLow(7)));
        assert_eq!(added(900_002, usdc).add(), Err(TokenRefusal::ContractTaken(900_002)));
        assert_eq!(added(900_002, mistyped).add(), Err(TokenRefusal::BadContract(900_002)));
        let decimals = AddedToken { decimals: 77, ..added(900_002, free) };
        assert_eq!(decimals.add(), Err(TokenRefusal::BadDecimals(900_002)));
        let currency = AddedToken { stable_of: Some("XYZ".to_owned()), ..added(900_002, free) };
        assert_eq!(currency.add(), Err(TokenRefusal::BadCurrency(900_002)));
        added(900_003, free).add().expect("is well-formed");
        let other = AddedToken { decimals: 18, ..added(900_003, free) };
        assert_eq!(other.add(), Err(TokenRefusal::IdTaken(900_003)));
        assert_eq!(added(900_004, free).add(), Err(TokenRefusal::ContractTaken(900_004)));
    }

    #[test]
    fn contracts_are_brought_to_their_networks_spelling() {
        let sui = AddedToken { network: Network::Sui, ..added(900_010, "0x2::usd::USD") };
        assert_eq!(sui.contract(), None);
        let package = format!("0x{}", "ab".repeat(32));
        let whole = format!("{package}::usd::USD");
        let sui = AddedToken { contract: whole.clone(), ..sui };
        assert_eq!(sui.contract(), Some(whole));
        let cardano = AddedToken { network: Network::Cardano, ..added(900_011, "abc") };
        assert_eq!(cardano.contract(), None);
        let unit = format!("{}{}", "0a".repeat(28), "55534443");
        assert_eq!(AddedToken { contract: unit.clone(), ..cardano }.contract(), Some(unit));
    }
}
