//! The tokens an invoice can be paid in, as data: where each lives, its contract, its decimals.
//!
//! A wrong contract or a wrong decimal loses money, so the tables list only what its issuer, or
//! the network's own canonical bridge, publishes; the tests hold every row to its network's rules.
//!
//! Invariant: ids are written into invoices and payments, so they are appended, never reused.

mod added;
mod devnet;
mod existence;
mod mainnet;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Address;
use crate::environment::Environment;
use crate::network::{Family, Network};

pub use self::added::{ADDED_ID_MIN, AddedToken, TokenRefusal};
pub use self::existence::{Origin, Running};

/// Names a token for ever; mainnet counts from 1, devnet from 1001, what an operator adds from
/// 100,000.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct TokenId(pub i64);

/// The standard a token follows on its network.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    Native,
    Erc20,
    Spl,
    Sui,
    Ton,
    Cardano,
}

/// The currency a stablecoin promises to be worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StableOf {
    Usd,
    Eur,
}

/// One token on one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub symbol: &'static str,
    pub name: &'static str,
    /// The contract, mint, jetton master, Sui coin type, or Cardano policy id followed by the
    /// asset name in hex; a native coin has none.
    pub address: Option<&'static str>,
    pub decimals: u8,
    pub network: Network,
    pub environment: Environment,
    pub token_type: TokenType,
    /// A native coin promises nothing.
    pub stable: Option<StableOf>,
    /// What the rate table is asked for.
    pub rate_symbol: &'static str,
    /// The system's settlement token, where a merchant has chosen none.
    pub default_settlement: bool,
    pub arrival: Arrival,
    pub origin: Origin,
}

/// How much of a transfer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Arrival {
    /// What the transfer says.
    #[default]
    Whole,
    /// The contract may keep a fee or change balances: only the receiver's balance tells.
    ByBalance,
}

/// Which tokens a merchant takes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AcceptancePolicy {
    AcceptAll,
    AcceptNone,
    Selective,
}

const COUNT: usize = mainnet::TOKENS.len() + devnet::TOKENS.len();
static ALL: [Token; COUNT] = joined();

/// Every token that ships, of both environments, by ascending id.
pub static TOKENS: &[Token] = &ALL;

/// Joins the two tables, and refuses to compile ids that do not ascend.
const fn joined() -> [Token; COUNT] {
    let mainnet = mainnet::TOKENS;
    let mut all = [mainnet[0]; COUNT];
    let mut at = 0;
    while at < COUNT {
        let in_devnet = at >= mainnet.len();
        all[at] = if in_devnet { devnet::TOKENS[at - mainnet.len()] } else { mainnet[at] };
        assert!(at == 0 || all[at - 1].id.0 < all[at].id.0, "token ids must ascend");
        at += 1;
    }
    all
}

impl Token {
    pub fn by_id(id: TokenId) -> Option<&'static Token> {
        match TOKENS.binary_search_by_key(&id, |token| token.id) {
            Ok(at) => TOKENS.get(at),
            Err(_) => added::all().find(|token| token.id == id),
        }
    }

    /// Finds the token of a contract a chain reported; `None` asks for the native coin.
    pub fn find(
        network: Network,
        environment: Environment,
        contract: Option<&str>,
    ) -> Option<&'static Token> {
        Token::of(environment).find(|token| {
            token.network == network
                && match (token.address, contract) {
                    (None, None) => true,
                    (Some(listed), Some(asked)) => token.is_contract(listed, asked),
                    (None, Some(_)) | (Some(_), None) => false,
                }
        })
    }

    /// Whether both spellings name one contract: EVM ignores letter case, TON has several forms.
    fn is_contract(&self, listed: &str, asked: &str) -> bool {
        let parse = |text| Address::parse(self.network, self.environment, text);
        match self.network.family() {
            Family::Evm => listed.eq_ignore_ascii_case(asked),
            Family::Ton => parse(asked).is_ok() && parse(asked) == parse(listed),
            Family::Solana | Family::Cardano | Family::Sui => listed == asked,
        }
    }

    pub fn of(environment: Environment) -> impl Iterator<Item = &'static Token> {
        TOKENS.iter().chain(added::all()).filter(move |token| token.environment == environment)
    }

    pub fn is_usd_stable(&self) -> bool {
        self.stable == Some(StableOf::Usd)
    }

    /// Every invoice has an address of its own, so no payment needs a memo to be told apart.
    pub fn requires_memo(&self) -> bool {
        false
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TokenType {
    pub const ALL: [TokenType; 6] = [
        TokenType::Native,
        TokenType::Erc20,
        TokenType::Spl,
        TokenType::Sui,
        TokenType::Ton,
        TokenType::Cardano,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TokenType::Native => "native",
            TokenType::Erc20 => "erc20",
            TokenType::Spl => "spl",
            TokenType::Sui => "sui",
            TokenType::Ton => "ton",
            TokenType::Cardano => "cardano",
        }
    }

    pub fn parse(text: &str) -> Option<TokenType> {
        TokenType::ALL.into_iter().find(|token_type| token_type.as_str() == text)
    }
}

impl AcceptancePolicy {
    pub const ALL: [AcceptancePolicy; 3] =
        [AcceptancePolicy::AcceptAll, AcceptancePolicy::AcceptNone, AcceptancePolicy::Selective];

    pub fn as_str(self) -> &'static str {
        match self {
            AcceptancePolicy::AcceptAll => "accept_all",
            AcceptancePolicy::AcceptNone => "accept_none",
            AcceptancePolicy::Selective => "selective",
        }
    }

    pub fn parse(text: &str) -> Option<AcceptancePolicy> {
        AcceptancePolicy::ALL.into_iter().find(|policy| policy.as_str() == text)
    }

    pub fn code(self) -> i64 {
        match self {
            AcceptancePolicy::AcceptAll => 0,
            AcceptancePolicy::AcceptNone => 1,
            AcceptancePolicy::Selective => 2,
        }
    }

    pub fn from_code(code: i64) -> Option<AcceptancePolicy> {
        AcceptancePolicy::ALL.into_iter().find(|policy| policy.code() == code)
    }
}

/// What a token is called and worth wherever it is listed, so that a row need not repeat it.
#[derive(Clone, Copy)]
struct Coin {
    symbol: &'static str,
    name: &'static str,
    stable: StableOf,
}

const DAI: Coin = usd("DAI", "Dai Stablecoin");
const DJED: Coin = usd("DJED", "Djed USD");
const DUSDC: Coin = usd("DUSDC", "Devnet USDC");
const EURC: Coin = Coin { symbol: "EURC", name: "Euro Coin", stable: StableOf::Eur };
const FDUSD: Coin = usd("FDUSD", "First Digital USD");
const PYUSD: Coin = usd("PYUSD", "PayPal USD");
const RLUSD: Coin = usd("RLUSD", "Ripple USD");
const USD1: Coin = usd("USD1", "World Liberty Financial USD");
const USDA: Coin = usd("USDA", "USDA");
const USDC: Coin = usd("USDC", "USD Coin");
const USDCX: Coin = usd("USDCx", "USDCx");
const USDM: Coin = usd("USDM", "USDM");
const USDS: Coin = usd("USDS", "USDS Stablecoin");
const USDT: Coin = usd("USDT", "Tether USD");
const USDT0: Coin = usd("USDT0", "USDT0");

const fn usd(symbol: &'static str, name: &'static str) -> Coin {
    Coin { symbol, name, stable: StableOf::Usd }
}

/// Where a row stands: the part that differs between the two tables.
#[derive(Clone, Copy)]
struct Place {
    network: Network,
    environment: Environment,
}

impl Coin {
    const fn listed(self, id: i64, place: Place, decimals: u8, address: &'static str) -> Token {
        Token {
            id: TokenId(id),
            symbol: self.symbol,
            name: self.name,
            address: Some(address),
            decimals,
            network: place.network,
            environment: place.environment,
            token_type: match place.network {
                Network::Ethereum
                | Network::Base
                | Network::Avalanche
                | Network::Bsc
                | Network::Arbitrum
                | Network::Optimism => TokenType::Erc20,
                Network::Solana => TokenType::Spl,
                Network::Ton => TokenType::Ton,
                Network::Cardano => TokenType::Cardano,
                Network::Sui => TokenType::Sui,
            },
            stable: Some(self.stable),
            rate_symbol: match self.stable {
                StableOf::Usd => "USD",
                StableOf::Eur => "EUR",
            },
            default_settlement: false,
            arrival: Arrival::Whole,
            origin: Origin::Issuer,
        }
    }
}

impl Token {
    const fn native(id: i64, place: Place) -> Token {
        let (symbol, name, decimals) = match place.network {
            Network::Ethereum | Network::Base | Network::Arbitrum | Network::Optimism => {
                ("ETH", "Ether", 18)
            }
            Network::Avalanche => ("AVAX", "Avalanche", 18),
            Network::Bsc => ("BNB", "BNB", 18),
            Network::Solana => ("SOL", "Solana", 9),
            Network::Ton => ("TON", "Toncoin", 9),
            Network::Cardano => ("ADA", "Cardano", 6),
            Network::Sui => ("SUI", "Sui", 9),
        };
        Token {
            id: TokenId(id),
            symbol,
            name,
            address: None,
            decimals,
            network: place.network,
            environment: place.environment,
            token_type: TokenType::Native,
            stable: None,
            rate_symbol: symbol,
            default_settlement: false,
            arrival: Arrival::Whole,
            origin: Origin::Network,
        }
    }

    const fn settles_by_default(self) -> Token {
        Token { default_settlement: true, ..self }
    }
}

#[cfg(test)]
mod tests;
