//! EVM networks: BIP-32 at m/44'/60'/0'/0/i, the same address on all six of them.
//!
//! The last two steps are public, so all that is kept is the account's extended public key, which
//! can also come from a wallet that keeps the secret to itself.
//!
//! Invariant: an account is at depth three below a hardened step, or it is not taken.

use std::str::FromStr as _;

use bip32::{ChildNumber, DerivationPath, ExtendedKey, Prefix, PublicKey as _, XPrv, XPub};
use k256::elliptic_curve::PrimeField as _;
use k256::elliptic_curve::ops::MulByGenerator as _;
use k256::elliptic_curve::sec1::ToEncodedPoint as _;
use k256::{ProjectivePoint, Scalar};
use sha3::{Digest, Keccak256};
use thiserror::Error;

use crate::addresses::NoAddress;
use crate::hashes::hex;

pub const ACCOUNT_PATH: &str = "m/44'/60'/0'";
/// Purpose, coin and account: an account is three steps below the seed.
const ACCOUNT_DEPTH: u8 = 3;
const TEXT_BYTES_MAX: usize = 128;

/// Why a text is no extended public key of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum XpubError {
    #[error("this network derives from secrets only; list its addresses instead")]
    NotOnThisNetwork,
    #[error("this is a private key: it belongs into a wallet, not here")]
    PrivateKey,
    #[error("this is not written like an extended public key")]
    Malformed,
    #[error("the key is for another network: one that begins with {0} is needed")]
    WrongPrefix(&'static str),
    #[error("the key is not that of an account (m/44'/60'/n')")]
    NotAnAccount,
    #[error("the key is not a point of the curve")]
    NotOnCurve,
}

pub struct EvmAccount {
    account: XPub,
    receiving: XPub,
}

impl EvmAccount {
    /// None for the one seed in 2¹²⁷ whose keys are out of range.
    pub fn from_seed(seed: &[u8; 64]) -> Option<EvmAccount> {
        let path = DerivationPath::from_str(ACCOUNT_PATH).expect("the path is well-formed");
        let account = XPrv::derive_from_path(seed, &path).ok()?;
        EvmAccount::new(account.public_key())
    }

    pub fn from_xpub(text: &str) -> Result<EvmAccount, XpubError> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(XpubError::Malformed);
        }
        let key = ExtendedKey::from_str(text).map_err(|_| XpubError::Malformed)?;
        if key.prefix.is_private() {
            return Err(XpubError::PrivateKey);
        }
        if key.prefix != Prefix::XPUB {
            return Err(XpubError::WrongPrefix("xpub"));
        }
        if key.attrs.depth != ACCOUNT_DEPTH || !key.attrs.child_number.is_hardened() {
            return Err(XpubError::NotAnAccount);
        }
        let account = XPub::try_from(key).map_err(|_| XpubError::NotOnCurve)?;
        EvmAccount::new(account).ok_or(XpubError::NotOnCurve)
    }

    pub fn account_xpub(&self) -> String {
        self.account.to_string(Prefix::XPUB)
    }

    pub fn address(&self, index: u32) -> Result<String, NoAddress> {
        let index = ChildNumber::new(index, false).map_err(|_| NoAddress::NoSuchIndex)?;
        let parent = self.receiving.public_key();
        let chain_code = &self.receiving.attrs().chain_code;
        let (tweak, _) =
            parent.derive_tweak(chain_code, index).map_err(|_| NoAddress::NoSuchIndex)?;
        let tweak = Option::<Scalar>::from(Scalar::from_repr(tweak.into()));
        let tweak = tweak.filter(|tweak| !bool::from(tweak.is_zero()));
        // What `derive_child` does, with the generator's precomputed multiples, which is faster.
        let child = ProjectivePoint::mul_by_generator(&tweak.ok_or(NoAddress::NoSuchIndex)?)
            + ProjectivePoint::from(parent.as_affine());
        if child == ProjectivePoint::IDENTITY {
            return Err(NoAddress::NoSuchIndex);
        }
        let point = child.to_affine().to_encoded_point(false);
        // The first byte says that the point is not compressed.
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        Ok(format!("0x{}", hex(&hash[12..])))
    }

    fn new(account: XPub) -> Option<EvmAccount> {
        let receiving = account.derive_child(ChildNumber(0)).ok()?;
        Some(EvmAccount { account, receiving })
    }
}
