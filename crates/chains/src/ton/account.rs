//! An account of TON as bytes: what the API, cells and our own spelling are all turned into.
//!
//! The indexer writes `0:ABC…`, cells hold bits, Pepay spells addresses without bounce flag; here
//! they compare equal when they name one account.
//!
//! Invariant: only workchains 0 and −1 exist, so every account has an `Address`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::address::Address;
use domain::environment::Environment;
use domain::network::Network;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Account {
    workchain: i8,
    id: [u8; 32],
}

impl Account {
    /// Where the network keeps its own parameters.
    pub(super) const CONFIGURATION: Account = Account { workchain: -1, id: [0x55; 32] };

    pub(super) fn new(workchain: i8, id: [u8; 32]) -> Option<Account> {
        (workchain == 0 || workchain == -1).then_some(Account { workchain, id })
    }

    /// Reads any spelling the network knows, with every check `Address::parse` makes.
    pub(super) fn parse(environment: Environment, text: &str) -> Option<Account> {
        Address::parse(Network::Ton, environment, text).ok().and_then(|it| Account::of(&it))
    }

    /// The account an address names; nothing if it is an address of another network.
    pub(super) fn of(address: &Address) -> Option<Account> {
        let bytes = URL_SAFE_NO_PAD.decode(address.as_str()).ok()?;
        let [_tag, workchain, id @ .., _, _] = &bytes[..] else { return None };
        Account::new(i8::from_be_bytes([*workchain]), id.try_into().ok()?)
    }

    /// The spelling payments are told in.
    pub(super) fn address(&self, environment: Environment) -> Address {
        let parsed = Address::parse(Network::Ton, environment, &self.to_string());
        parsed.expect("workchain 0 or -1 and 32 bytes in hex are an address")
    }

    pub(super) fn workchain(&self) -> i8 {
        self.workchain
    }

    pub(super) fn id(&self) -> &[u8; 32] {
        &self.id
    }
}

/// The raw spelling, which every parameter of the API takes.
impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.workchain)?;
        self.id.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_an_account_are_one() {
        let raw = "0:7C856E5308B8B2167528D734B8D96374F5D9B25DE3E1B4C909445AB88E7FDEE7";
        for environment in Environment::ALL {
            let account = Account::parse(environment, raw).unwrap();
            assert_eq!(account.to_string(), raw.to_lowercase());
            assert_eq!(Account::of(&account.address(environment)), Some(account));
        }
        let mainnet = Account::parse(Environment::Mainnet, raw).unwrap();
        let spelled = mainnet.address(Environment::Mainnet);
        assert_eq!(spelled.as_str(), "UQB8hW5TCLiyFnUo1zS42WN09dmyXePhtMkJRFq4jn_e55v2");
    }

    #[test]
    fn what_names_no_account_is_none() {
        for text in ["", "0:", "1:00", "nonsense", &format!("5:{}", "0".repeat(64))] {
            assert_eq!(Account::parse(Environment::Devnet, text), None, "{text}");
        }
        let sui = "0xc88ef07b9b8b2fc3b7daad9478f4e1337f01792e2eab9c3794494e610636026e";
        let sui = Address::parse(Network::Sui, Environment::Mainnet, sui).unwrap();
        assert_eq!(Account::of(&sui), None);
        assert_eq!(Account::new(1, [0; 32]), None);
    }
}
