//! The ten networks, as data: family, chain id, confirmation depth, explorer.
//!
//! A network's place in the enum is stored in rows, so variants are only ever appended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::environment::Environment;
use crate::money::{MICROS_PER_USD, Usd};

/// The ten networks a payment can arrive on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    Ethereum,
    Base,
    Solana,
    Avalanche,
    Ton,
    Bsc,
    Arbitrum,
    Optimism,
    Cardano,
    Sui,
}

/// Networks of one family share addresses and derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    Evm,
    Solana,
    Ton,
    Cardano,
    Sui,
}

/// What differs between devnet and mainnet of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkProfile {
    /// The name of the network a devnet invoice runs on when it is not simulated.
    pub chain_name: &'static str,
    /// EIP-155 chain id; zero where the family has none.
    pub chain_id: u64,
    pub confirmations: Depths,
    pub explorer_tx: &'static str,
}

/// Blocks that make a payment final (head − block + 1), by what it is worth. A block the network
/// itself calls final needs no depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depths {
    pub small: u64,
    pub usual: u64,
    pub large: u64,
}

impl Depths {
    /// Below it a payment is small.
    pub const USUAL_FROM: Usd = Usd(100 * MICROS_PER_USD);
    /// From it on a payment is large.
    pub const LARGE_FROM: Usd = Usd(10_000 * MICROS_PER_USD);

    /// The same for every payment.
    pub const fn all(blocks: u64) -> Depths {
        Depths { small: blocks, usual: blocks, large: blocks }
    }

    pub fn of(self, value: Usd) -> u64 {
        if value >= Depths::LARGE_FROM {
            self.large
        } else if value >= Depths::USUAL_FROM {
            self.usual
        } else {
            self.small
        }
    }
}

const fn depths(small: u64, usual: u64, large: u64) -> Depths {
    Depths { small, usual, large }
}

/// Scanned only as far as the network calls its blocks final.
const FINAL_WHEN_SEEN: Depths = Depths::all(1);
/// On a simulated network.
pub const SIMULATED_DEPTHS: Depths = Depths::all(2);

impl Network {
    pub const ALL: [Network; 10] = [
        Network::Ethereum,
        Network::Base,
        Network::Solana,
        Network::Avalanche,
        Network::Ton,
        Network::Bsc,
        Network::Arbitrum,
        Network::Optimism,
        Network::Cardano,
        Network::Sui,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Network::Ethereum => "ethereum",
            Network::Base => "base",
            Network::Solana => "solana",
            Network::Avalanche => "avalanche",
            Network::Ton => "ton",
            Network::Bsc => "bsc",
            Network::Arbitrum => "arbitrum",
            Network::Optimism => "optimism",
            Network::Cardano => "cardano",
            Network::Sui => "sui",
        }
    }

    pub fn parse(text: &str) -> Option<Network> {
        Network::ALL.into_iter().find(|network| network.as_str() == text)
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Network> {
        usize::try_from(code).ok().and_then(|at| Network::ALL.get(at).copied())
    }

    /// This network's bit in a set of networks.
    pub fn bit(self) -> i64 {
        1 << self.code()
    }

    pub fn family(self) -> Family {
        match self {
            Network::Ethereum
            | Network::Base
            | Network::Avalanche
            | Network::Bsc
            | Network::Arbitrum
            | Network::Optimism => Family::Evm,
            Network::Solana => Family::Solana,
            Network::Ton => Family::Ton,
            Network::Cardano => Family::Cardano,
            Network::Sui => Family::Sui,
        }
    }

    pub fn profile(self, environment: Environment) -> NetworkProfile {
        match environment {
            Environment::Devnet => self.devnet(),
            Environment::Mainnet => self.mainnet(),
        }
    }

    fn mainnet(self) -> NetworkProfile {
        let (chain_name, chain_id, confirmations, explorer_tx) = match self {
            Network::Ethereum => ("Ethereum", 1, depths(6, 12, 64), "https://etherscan.io/tx/"),
            Network::Base => ("Base", 8453, depths(10, 30, 300), "https://basescan.org/tx/"),
            Network::Solana => ("Solana", 0, FINAL_WHEN_SEEN, "https://solscan.io/tx/"),
            Network::Avalanche => {
                ("Avalanche C-Chain", 43114, depths(6, 12, 20), "https://snowtrace.io/tx/")
            }
            Network::Ton => ("TON", 0, FINAL_WHEN_SEEN, "https://tonviewer.com/transaction/"),
            Network::Bsc => ("BNB Smart Chain", 56, depths(8, 15, 30), "https://bscscan.com/tx/"),
            Network::Arbitrum => {
                ("Arbitrum One", 42161, depths(20, 40, 1_200), "https://arbiscan.io/tx/")
            }
            Network::Optimism => {
                ("OP Mainnet", 10, depths(10, 30, 300), "https://optimistic.etherscan.io/tx/")
            }
            Network::Cardano => {
                ("Cardano", 0, depths(8, 15, 30), "https://cardanoscan.io/transaction/")
            }
            Network::Sui => ("Sui", 0, FINAL_WHEN_SEEN, "https://suiscan.xyz/mainnet/tx/"),
        };
        NetworkProfile { chain_name, chain_id, confirmations, explorer_tx }
    }

    fn devnet(self) -> NetworkProfile {
        let (chain_name, chain_id, confirmations, explorer_tx) = match self {
            Network::Ethereum => {
                ("Sepolia", 11155111, depths(3, 3, 6), "https://sepolia.etherscan.io/tx/")
            }
            Network::Base => {
                ("Base Sepolia", 84532, depths(3, 5, 10), "https://sepolia.basescan.org/tx/")
            }
            Network::Solana => {
                ("Solana devnet", 0, FINAL_WHEN_SEEN, "https://explorer.solana.com/tx/")
            }
            Network::Avalanche => {
                ("Fuji", 43113, depths(2, 3, 6), "https://testnet.snowtrace.io/tx/")
            }
            Network::Ton => {
                ("TON testnet", 0, FINAL_WHEN_SEEN, "https://testnet.tonviewer.com/transaction/")
            }
            Network::Bsc => {
                ("BNB testnet", 97, depths(3, 5, 10), "https://testnet.bscscan.com/tx/")
            }
            Network::Arbitrum => {
                ("Arbitrum Sepolia", 421614, depths(5, 10, 40), "https://sepolia.arbiscan.io/tx/")
            }
            Network::Optimism => (
                "OP Sepolia",
                11155420,
                depths(3, 5, 10),
                "https://sepolia-optimism.etherscan.io/tx/",
            ),
            Network::Cardano => {
                ("Preprod", 0, depths(2, 3, 6), "https://preprod.cardanoscan.io/transaction/")
            }
            Network::Sui => ("Sui testnet", 0, FINAL_WHEN_SEEN, "https://suiscan.xyz/testnet/tx/"),
        };
        NetworkProfile { chain_name, chain_id, confirmations, explorer_tx }
    }
}
