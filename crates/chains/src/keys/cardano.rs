//! Cardano: CIP-1852 at m/1852'/1815'/0'/0/i with the stake key 2/0, from an Icarus master key.
//!
//! An address is a base address: the hash of its payment key and the hash of the account's one
//! stake key. The last two steps are public, so all that is kept is the account's public key.
//!
//! Invariant: an account's key is a point of the curve that is of use to somebody.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use blake2::Blake2b;
use blake2::digest::Digest as _;
use blake2::digest::consts::U28;
use domain::environment::Environment;
use ed25519_bip32::{DerivationScheme, XPRV_SIZE, XPUB_SIZE, XPrv, XPub};
use ed25519_dalek::VerifyingKey;
use hmac::Hmac;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::addresses::NoAddress;
use crate::keys::evm::XpubError;

pub const ACCOUNT_PATH: &str = "m/1852'/1815'/0'";
const HARDENED: u32 = 1 << 31;
const ROLE_RECEIVING: u32 = 0;
const ROLE_STAKE: u32 = 2;
/// How often Icarus hashes the entropy.
const MASTER_ROUNDS: u32 = 4096;
const TEXT_BYTES_MAX: usize = 256;
/// CIP-5's prefix of an account's public key with its chain code.
const ACCOUNT_PREFIX: &str = "acct_xvk";

pub struct CardanoAccount {
    account: XPub,
    receiving: XPub,
    stake_hash: [u8; 28],
}

impl CardanoAccount {
    /// Icarus starts from the words' entropy, not from their seed.
    pub fn from_entropy(entropy: &[u8]) -> Option<CardanoAccount> {
        let mut master = Zeroizing::new([0; XPRV_SIZE]);
        pbkdf2::pbkdf2::<Hmac<Sha512>>(b"", entropy, MASTER_ROUNDS, master.as_mut_slice())
            .expect("HMAC takes any key");
        let account =
            [1852, 1815, 0].iter().fold(XPrv::normalize_bytes_force3rd(*master), |key, step| {
                key.derive(DerivationScheme::V2, step | HARDENED)
            });
        CardanoAccount::new(account.public())
    }

    /// Reads 128 hexadecimal digits, or Bech32 as CIP-5 or older libraries prefix it.
    pub fn from_xpub(text: &str) -> Result<CardanoAccount, XpubError> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(XpubError::Malformed);
        }
        let bytes = match from_hex(text) {
            Some(bytes) => bytes,
            None => from_bech32(text)?,
        };
        let point = bytes.first_chunk().expect("64 bytes hold 32");
        let is_useful = VerifyingKey::from_bytes(point).is_ok_and(|key| !key.is_weak());
        if !is_useful {
            return Err(XpubError::NotOnCurve);
        }
        CardanoAccount::new(XPub::from_bytes(bytes)).ok_or(XpubError::NotOnCurve)
    }

    pub fn account_xvk(&self) -> String {
        let prefix = Hrp::parse(ACCOUNT_PREFIX).expect("lower-case letters are a valid prefix");
        bech32::encode::<Bech32>(prefix, self.account.as_ref()).expect("64 bytes are few enough")
    }

    pub fn address(&self, environment: Environment, index: u32) -> Result<String, NoAddress> {
        let key = child(&self.receiving, index).ok_or(NoAddress::NoSuchIndex)?;
        let (prefix, header) = match environment {
            Environment::Mainnet => ("addr", 1),
            Environment::Devnet => ("addr_test", 0),
        };
        let mut bytes = [header; 57];
        bytes[1..29].copy_from_slice(&key_hash(&key));
        bytes[29..].copy_from_slice(&self.stake_hash);
        let prefix = Hrp::parse(prefix).expect("lower-case letters are a valid prefix");
        Ok(bech32::encode::<Bech32>(prefix, &bytes).expect("57 bytes are few enough"))
    }

    fn new(account: XPub) -> Option<CardanoAccount> {
        let receiving = child(&account, ROLE_RECEIVING)?;
        let stake = child(&child(&account, ROLE_STAKE)?, 0)?;
        Some(CardanoAccount { stake_hash: key_hash(&stake), account, receiving })
    }
}

fn child(parent: &XPub, index: u32) -> Option<XPub> {
    parent.derive(DerivationScheme::V2, index).ok()
}

fn key_hash(key: &XPub) -> [u8; 28] {
    Blake2b::<U28>::digest(key.public_key_bytes()).into()
}

fn from_hex(text: &str) -> Option<[u8; XPUB_SIZE]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * XPUB_SIZE {
        return None;
    }
    let mut bytes = [0; XPUB_SIZE];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).expect("two nibbles");
    }
    Some(bytes)
}

fn from_bech32(text: &str) -> Result<[u8; XPUB_SIZE], XpubError> {
    let checked = CheckedHrpstring::new::<Bech32>(text).map_err(|_| XpubError::Malformed)?;
    match checked.hrp().to_lowercase().as_str() {
        ACCOUNT_PREFIX | "xpub" => {}
        prefix if prefix.ends_with("xsk") || prefix == "xprv" => return Err(XpubError::PrivateKey),
        _ => return Err(XpubError::WrongPrefix(ACCOUNT_PREFIX)),
    }
    let bytes: Vec<u8> = checked.byte_iter().collect();
    bytes.try_into().map_err(|_| XpubError::Malformed)
}
