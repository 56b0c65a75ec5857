//! Keys that sign: what sending needs of the words, beside what addresses need.
//!
//! The gas wallet pays for what deposit addresses cannot pay for themselves. Its keys must never
//! be an invoice's, whatever index invoices reach, so they lie where no deposit address is
//! derived:
//!
//! - EVM: m/44'/60'/1'/0/0, the first address of the *second account* (deposits are
//!   m/44'/60'/0'/0/i). The account step is hardened: the extended public key of the deposits does
//!   not lead there, and wallets show it as "account 2" of the same words.
//! - Solana: m/44'/501'/0'/1', the *second step* of account 0 (deposits are m/44'/501'/i'/0'): the
//!   last step differs for every i. `solana-keygen` and hardware wallets call it `key=0/1`.
//!
//! Invariant: secrets are wiped when dropped, never shown in Debug, and never leave as bytes.

use std::fmt;

use bip32::{ChildNumber, XPrv};
use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};
use ed25519_dalek::Signer as _;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::addresses::NoAddress;
use crate::keys::slip10::Node;
use crate::keys::words::Words;
use crate::keys::{INDEXES, UnusableWords, derived};

const EVM_DEPOSITS: &str = "m/44'/60'/0'/0";
const EVM_GAS_WALLET: &str = "m/44'/60'/1'/0/0";
const SOLANA_STEP_OF_DEPOSITS: u32 = 0;
const SOLANA_STEP_OF_GAS_WALLET: u32 = 1;

/// Which of our keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRef {
    /// That of the deposit address with this index.
    Deposit(u32),
    /// The gas wallet's, which is the fee payer on Solana.
    Gas,
}

/// The keys of one environment that can sign.
pub struct Signers {
    environment: Environment,
    evm_deposits: XPrv,
    evm_gas_wallet: k256::ecdsa::SigningKey,
    /// The node above the index.
    solana: Node,
}

/// A key of EVM networks. It is wiped when dropped.
pub struct EvmSigner(k256::ecdsa::SigningKey);

/// A key of Solana. It is wiped when dropped.
pub struct SolanaSigner(ed25519_dalek::SigningKey);

/// An ECDSA signature; `is_odd` is the parity the key is recovered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvmSignature {
    pub r: [u8; 32],
    pub s: [u8; 32],
    pub is_odd: bool,
}

impl Signers {
    pub fn new(words: &Words, environment: Environment) -> Result<Signers, UnusableWords> {
        let seed = words.seed();
        let at = |path: &str| {
            let path = path.parse().expect("the path is well-formed");
            XPrv::derive_from_path(*seed, &path).map_err(|_| UnusableWords)
        };
        Ok(Signers {
            environment,
            evm_deposits: at(EVM_DEPOSITS)?,
            evm_gas_wallet: at(EVM_GAS_WALLET)?.private_key().clone(),
            solana: Node::at(&seed, &[44, 501]),
        })
    }

    pub fn environment(&self) -> Environment {
        self.environment
    }

    pub fn evm(&self, key: KeyRef) -> Result<EvmSigner, NoAddress> {
        match key {
            KeyRef::Gas => Ok(EvmSigner(self.evm_gas_wallet.clone())),
            KeyRef::Deposit(index) => {
                let index = ChildNumber::new(index, false).map_err(|_| NoAddress::NoSuchIndex)?;
                let child = self.evm_deposits.derive_child(index);
                let child = child.map_err(|_| NoAddress::NoSuchIndex)?;
                Ok(EvmSigner(child.private_key().clone()))
            }
        }
    }

    pub fn solana(&self, key: KeyRef) -> Result<SolanaSigner, NoAddress> {
        let (index, step) = match key {
            KeyRef::Gas => (0, SOLANA_STEP_OF_GAS_WALLET),
            KeyRef::Deposit(index) if index >= INDEXES => return Err(NoAddress::NoSuchIndex),
            KeyRef::Deposit(index) => (index, SOLANA_STEP_OF_DEPOSITS),
        };
        Ok(SolanaSigner(self.solana.child(index).child(step).signing_key()))
    }

    /// The address of a key; none on networks nothing is sent on.
    pub fn address(&self, network: Network, key: KeyRef) -> Result<Address, NoAddress> {
        let text = match network.family() {
            Family::Evm => format!("0x{}", crate::hashes::hex(&self.evm(key)?.account())),
            Family::Solana => bs58::encode(self.solana(key)?.public_key()).into_string(),
            Family::Ton | Family::Cardano | Family::Sui => return Err(NoAddress::NoKeys),
        };
        Ok(derived(network, self.environment, &text))
    }
}

impl EvmSigner {
    pub fn account(&self) -> [u8; 20] {
        let point = self.0.verifying_key().to_encoded_point(false);
        // The first byte says that the point is not compressed.
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        *hash.last_chunk().expect("32 bytes hold 20")
    }

    /// Deterministic (RFC 6979) and with the lower of the two possible `s`, which chains insist on.
    pub fn sign(&self, hash: &[u8; 32]) -> EvmSignature {
        let signed = self.0.sign_prehash_recoverable(hash);
        let (signature, recovery) = signed.expect("32 bytes can be signed");
        let (r, s) = signature.split_bytes();
        EvmSignature { r: r.into(), s: s.into(), is_odd: recovery.is_y_odd() }
    }
}

impl SolanaSigner {
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Deterministic, as Ed25519 is.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<signing keys of {}>", self.environment.as_str())
    }
}

impl fmt::Debug for EvmSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<signing key>")
    }
}

impl fmt::Debug for SolanaSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<signing key>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "test test test test test test test test test test test junk";

    fn signers() -> Signers {
        let words = Words::parse(WORDS).expect("words");
        Signers::new(&words, Environment::Devnet).expect("keys")
    }

    #[track_caller]
    fn check(network: Network, key: KeyRef, address: &str) {
        let derived = signers().address(network, key).expect("an address");
        assert_eq!(derived.as_str(), address, "{network:?} {key:?}");
    }

    /// What ethers and @solana/web3.js derive at these paths from the same words.
    #[test]
    fn keys_are_those_of_the_networks_own_libraries() {
        let (deposit, gas) = (KeyRef::Deposit(7), KeyRef::Gas);
        check(Network::Base, deposit, "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955");
        check(Network::Base, gas, "0x8C8d35429F74ec245F8Ef2f4Fd1e551cFF97d650");
        check(Network::Solana, deposit, "26roUwgM5T6bccX41hakjiW4fDiKFSao1RyoFsAxr6e6");
        check(Network::Solana, gas, "2AmbLgAgTeK9Bp3bQmGnw1RkxaxmJZ23bSNDB7A3Fj5x");
        let first = KeyRef::Deposit(0);
        check(Network::Solana, first, "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96");
    }

    #[test]
    fn what_signs_shows_nothing_of_itself() {
        let signers = signers();
        assert_eq!(format!("{signers:?}"), "<signing keys of devnet>");
        let (evm, solana) = (signers.evm(KeyRef::Gas), signers.solana(KeyRef::Gas));
        assert_eq!(format!("{evm:?} {solana:?}"), "Ok(<signing key>) Ok(<signing key>)");
    }

    #[test]
    fn indexes_end_where_hardened_ones_begin() {
        let signers = signers();
        for index in [0, INDEXES - 1] {
            assert!(signers.evm(KeyRef::Deposit(index)).is_ok());
            assert!(signers.solana(KeyRef::Deposit(index)).is_ok());
        }
        for index in [INDEXES, u32::MAX] {
            let none = Some(NoAddress::NoSuchIndex);
            assert_eq!(signers.evm(KeyRef::Deposit(index)).err(), none);
            assert_eq!(signers.solana(KeyRef::Deposit(index)).err(), none);
        }
    }
}
