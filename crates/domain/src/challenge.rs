//! Wallet sign-in: a message the wallet signs once, within minutes.
//!
//! EVM wallets sign an EIP-4361 message (EIP-191 personal sign); Solana wallets sign the same text
//! with ed25519. The challenge row is used up by the commit that signs the member in.

use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::address::Address;
use crate::environment::Environment;
use crate::ids::{ChallengeId, Fresh, RowKey, Version};
use crate::network::Network;
use crate::refusal::Refusal;
use crate::secret::{decode_hex, encode_hex};
use crate::time::{MINUTE_MS, Timestamp};

pub const CHALLENGE_MS: i64 = 10 * MINUTE_MS;

/// Which kind of wallet signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WalletType {
    #[serde(alias = "evm")]
    Ethereum,
    Solana,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletChallenge {
    pub id: ChallengeId,
    pub wallet_type: WalletType,
    /// The wallet's canonical address.
    pub address: String,
    pub message: String,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

impl WalletChallenge {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// The canonical form of a wallet's address.
    pub fn canonical(wallet_type: WalletType, address: &str) -> Result<String, Refusal> {
        let network = match wallet_type {
            WalletType::Ethereum => Network::Ethereum,
            WalletType::Solana => Network::Solana,
        };
        Address::parse(network, Environment::Mainnet, address)
            .map(|address| address.as_str().to_owned())
            .map_err(|error| Refusal::invalid("walletAddress", error.to_string()))
    }

    /// `host` is the domain the wallet shows, `uri` the origin it is asked by.
    pub fn new(
        wallet_type: WalletType,
        address: &str,
        (host, uri): (&str, &str),
        issued: &str,
        fresh: &mut Fresh,
    ) -> Result<WalletChallenge, Refusal> {
        let address = WalletChallenge::canonical(wallet_type, address)?;
        let id = ChallengeId::fresh(fresh);
        let nonce = encode_hex(&fresh.uuid().as_bytes()[8..]);
        let (account, chain) = match wallet_type {
            WalletType::Ethereum => ("Ethereum", "1"),
            WalletType::Solana => ("Solana", "mainnet"),
        };
        let message = format!(
            "{host} wants you to sign in with your {account} account:\n{address}\n\n\
             Sign in to Pepay.\n\nURI: {uri}\nVersion: 1\nChain ID: {chain}\n\
             Nonce: {nonce}\nIssued At: {issued}"
        );
        let expires_at = fresh.now().plus_ms(CHALLENGE_MS);
        Ok(WalletChallenge {
            id,
            wallet_type,
            address,
            message,
            expires_at,
            used_at: None,
            version: 0,
        })
    }

    /// Uses the challenge up, if `signature` is this wallet's over the message.
    pub fn verify(mut self, signature: &str, now: Timestamp) -> Result<WalletChallenge, Refusal> {
        if self.used_at.is_some() || now >= self.expires_at {
            return Err(Refusal::SignInFailed);
        }
        let is_genuine = match self.wallet_type {
            WalletType::Ethereum => verify_ethereum(&self.message, signature, &self.address),
            WalletType::Solana => verify_solana(&self.message, signature, &self.address),
        };
        if is_genuine != Some(true) {
            return Err(Refusal::SignInFailed);
        }
        self.used_at = Some(now);
        Ok(self)
    }
}

fn verify_ethereum(message: &str, signature: &str, address: &str) -> Option<bool> {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
    let bytes = decode_hex(signature.strip_prefix("0x").unwrap_or(signature))?;
    let (rs, v) = bytes.split_at_checked(64)?;
    let v = match v {
        [v @ (0 | 1)] => *v,
        [v @ (27 | 28)] => v - 27,
        _ => return None,
    };
    let prefixed = format!("\x19Ethereum Signed Message:\n{}{message}", message.len());
    let signature = Signature::from_slice(rs).ok()?;
    let digest = Keccak256::new_with_prefix(prefixed.as_bytes());
    let recovery = RecoveryId::from_byte(v)?;
    let key = VerifyingKey::recover_from_digest(digest, &signature, recovery).ok()?;
    let point = key.to_encoded_point(false);
    let hash = Keccak256::digest(&point.as_bytes()[1..]);
    let recovered = format!("0x{}", encode_hex(&hash[12..]));
    Some(recovered.eq_ignore_ascii_case(address))
}

fn verify_solana(message: &str, signature: &str, address: &str) -> Option<bool> {
    use ed25519_dalek::{Signature, VerifyingKey};
    let key: [u8; 32] = bs58::decode(address).into_vec().ok()?.try_into().ok()?;
    let signature: [u8; 64] = bs58::decode(signature).into_vec().ok()?.try_into().ok()?;
    let key = VerifyingKey::from_bytes(&key).ok()?;
    Some(key.verify_strict(message.as_bytes(), &Signature::from_bytes(&signature)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(wallet_type: WalletType, address: &str) -> WalletChallenge {
        let mut fresh = Fresh::new(Timestamp(1_766_320_496_000), [1; 16]);
        let site = ("localhost:3000", "http://localhost:3000");
        WalletChallenge::new(wallet_type, address, site, "2025-12-21T12:34:56Z", &mut fresh)
            .expect("a valid address")
    }

    #[test]
    fn an_ethereum_wallet_signs_in_once() {
        use k256::ecdsa::SigningKey;
        let key = SigningKey::from_slice(&[0x46; 32]).expect("a key");
        let point = key.verifying_key().to_encoded_point(false);
        let address = format!("0x{}", encode_hex(&Keccak256::digest(&point.as_bytes()[1..])[12..]));
        let challenge = challenge(WalletType::Ethereum, &address);
        let text = &challenge.message;
        let prefixed = format!("\x19Ethereum Signed Message:\n{}{text}", text.len());
        let digest = Keccak256::new_with_prefix(prefixed.as_bytes());
        let (signature, recovery) = key.sign_digest_recoverable(digest).expect("signs");
        let bytes = [&signature.to_bytes()[..], &[recovery.to_byte() + 27]].concat();
        let text = format!("0x{}", encode_hex(&bytes));
        let now = Timestamp(1_766_320_497_000);
        let used = challenge.clone().verify(&text, now).expect("verifies");
        assert_eq!(used.verify(&text, now), Err(Refusal::SignInFailed));
        let late = challenge.expires_at;
        assert_eq!(challenge.clone().verify(&text, late), Err(Refusal::SignInFailed));
        let forged = text.replace("0x", "0x00");
        assert_eq!(challenge.verify(&forged[..132], now), Err(Refusal::SignInFailed));
    }

    #[test]
    fn a_solana_wallet_signs_in() {
        use ed25519_dalek::{Signer, SigningKey};
        let key = SigningKey::from_bytes(&[7; 32]);
        let address = bs58::encode(key.verifying_key().as_bytes()).into_string();
        let challenge = challenge(WalletType::Solana, &address);
        let signature = key.sign(challenge.message.as_bytes());
        let text = bs58::encode(signature.to_bytes()).into_string();
        let now = Timestamp(1_766_320_497_000);
        assert!(challenge.clone().verify(&text, now).is_ok());
        assert_eq!(challenge.verify("1111", now), Err(Refusal::SignInFailed));
    }
}
