//! Addresses without keys: a server that can take money in but could never give it away.
//!
//! From an extended public key where a family has such a thing (EVM, Cardano), or from a list of
//! addresses made elsewhere, on any network.
//!
//! Invariant: what was made for one network and environment answers for no other.

use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};

use crate::addresses::{AddressBook, NoAddress};
use crate::keys::cardano::CardanoAccount;
use crate::keys::evm::EvmAccount;
use crate::keys::{INDEXES, address_list, derived};

pub use crate::keys::address_list::ListError;
pub use crate::keys::evm::XpubError;

pub struct WatchOnly {
    network: Network,
    environment: Environment,
    source: Source,
}

enum Source {
    Evm(EvmAccount),
    Cardano(CardanoAccount),
    List(Vec<Address>),
}

impl WatchOnly {
    /// From an account's extended public key, as wallets export it.
    pub fn from_xpub(
        network: Network,
        environment: Environment,
        text: &str,
    ) -> Result<WatchOnly, XpubError> {
        let source = match network.family() {
            Family::Evm => Source::Evm(EvmAccount::from_xpub(text)?),
            Family::Cardano => Source::Cardano(CardanoAccount::from_xpub(text)?),
            Family::Solana | Family::Ton | Family::Sui => return Err(XpubError::NotOnThisNetwork),
        };
        Ok(WatchOnly { network, environment, source })
    }

    /// From the text of a list, one address a line in the order of their indexes.
    pub fn from_list(
        network: Network,
        environment: Environment,
        text: &str,
    ) -> Result<WatchOnly, ListError> {
        let list = address_list::parse(network, environment, text)?;
        Ok(WatchOnly { network, environment, source: Source::List(list) })
    }
}

impl AddressBook for WatchOnly {
    fn address(
        &self,
        network: Network,
        environment: Environment,
        index: u32,
    ) -> Result<Address, NoAddress> {
        if (network, environment) != (self.network, self.environment) {
            return Err(NoAddress::NoKeys);
        }
        if index >= INDEXES {
            return Err(NoAddress::NoSuchIndex);
        }
        let text = match &self.source {
            Source::Evm(account) => account.address(index)?,
            Source::Cardano(account) => account.address(environment, index)?,
            Source::List(list) => {
                let listed = usize::try_from(index).ok().and_then(|index| list.get(index));
                return listed.cloned().ok_or(NoAddress::ListIsUsedUp);
            }
        };
        Ok(derived(network, environment, &text))
    }
}
