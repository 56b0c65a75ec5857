//! The keys of real networks: one list of words gives every deposit address of an environment.
//!
//! Addresses are derived as wallets derive them, so the words alone bring the money back without
//! Pepay. What all addresses of a family have in common is derived once and kept: an address costs
//! one or a few derivations more.
//!
//! Invariant: a keystore answers for its own environment only, and no secret shows in Debug.

mod address_list;
mod cardano;
mod evm;
pub mod file;
pub mod signing;
mod slip10;
mod solana;
mod sui;
mod ton;
pub mod watch_only;
pub mod words;

use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};
use thiserror::Error;

use crate::addresses::{AddressBook, NoAddress};
use crate::keys::cardano::CardanoAccount;
use crate::keys::evm::EvmAccount;
use crate::keys::solana::SolanaKeys;
use crate::keys::sui::SuiKeys;
use crate::keys::ton::TonKeys;
use crate::keys::words::Words;

/// Indexes from here on are the hardened ones of BIP-32, which are another thing.
const INDEXES: u32 = 1 << 31;

/// The keys of one environment on all ten networks.
pub struct Keystore {
    environment: Environment,
    evm: EvmAccount,
    solana: SolanaKeys,
    ton: TonKeys,
    cardano: CardanoAccount,
    sui: SuiKeys,
}

/// Words whose keys are not on the curve: one in 2¹²⁷.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("these words give no usable keys; make others")]
pub struct UnusableWords;

/// What somebody may know who watches an account without being able to spend from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountKey {
    pub family: Family,
    pub path: &'static str,
    pub text: String,
}

impl Keystore {
    pub fn new(words: &Words, environment: Environment) -> Result<Keystore, UnusableWords> {
        let seed = words.seed();
        Ok(Keystore {
            environment,
            evm: EvmAccount::from_seed(&seed).ok_or(UnusableWords)?,
            solana: SolanaKeys::from_seed(&seed),
            ton: TonKeys::from_seed(&seed),
            cardano: CardanoAccount::from_entropy(&words.entropy()).ok_or(UnusableWords)?,
            sui: SuiKeys::from_seed(&seed),
        })
    }

    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The extended public keys there are: the other families derive from secrets only.
    pub fn account_keys(&self) -> [AccountKey; 2] {
        [
            AccountKey {
                family: Family::Evm,
                path: evm::ACCOUNT_PATH,
                text: self.evm.account_xpub(),
            },
            AccountKey {
                family: Family::Cardano,
                path: cardano::ACCOUNT_PATH,
                text: self.cardano.account_xvk(),
            },
        ]
    }
}

impl AddressBook for Keystore {
    fn address(
        &self,
        network: Network,
        environment: Environment,
        index: u32,
    ) -> Result<Address, NoAddress> {
        if environment != self.environment {
            return Err(NoAddress::NoKeys);
        }
        if index >= INDEXES {
            return Err(NoAddress::NoSuchIndex);
        }
        let text = match network.family() {
            Family::Evm => self.evm.address(index)?,
            Family::Solana => self.solana.address(index),
            Family::Ton => self.ton.address(environment, index),
            Family::Cardano => self.cardano.address(environment, index)?,
            Family::Sui => self.sui.address(index),
        };
        Ok(derived(network, environment, &text))
    }
}

impl std::fmt::Debug for Keystore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "<keystore of {}>", self.environment.as_str())
    }
}

/// Brings a text we wrote to its canonical spelling.
fn derived(network: Network, environment: Environment, text: &str) -> Address {
    Address::parse(network, environment, text).expect("derivation writes valid addresses")
}
