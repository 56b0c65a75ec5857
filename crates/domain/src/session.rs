//! Payor sessions: browser-safe credentials for exactly one invoice.
//!
//! The token is a UUIDv4 by shape: the session's id put through a keyed permutation. So it names
//! its row without an index of random keys, and a copy of the database reveals no token. The first
//! session of an invoice has the invoice's own id and no row; those that follow have rows.

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, RowKey, SessionId, Version};
use crate::invoice::Invoice;
use crate::secret::{KeyRing, decode_hex, encode_hex, equal, mac};
use crate::time::{HOUR_MS, Timestamp};

/// How long a session outlives its invoice's final state.
pub const AFTER_FINAL_MS: i64 = 24 * HOUR_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub issued_at: Timestamp,
    pub version: Version,
}

/// What the payor's client sends with every request.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub session_token: String,
    pub signature: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<session credentials>")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("the session token or signature is missing or malformed")]
    Malformed,
    #[error("the signature does not verify")]
    Forged,
}

impl Session {
    /// The session an invoice is made with. It is named after the invoice and issued when the
    /// invoice was made, so the invoice's own row tells all of it and it has none.
    pub fn first_of(invoice: &Invoice) -> Session {
        Session {
            id: SessionId(invoice.id.0),
            invoice_id: invoice.id,
            merchant_id: invoice.merchant_id,
            environment: invoice.environment,
            issued_at: invoice.created_at,
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn credentials(&self, keys: &KeyRing) -> Credentials {
        self.issued().credentials(keys)
    }

    fn issued(&self) -> Issued {
        Issued { id: self.id, at: self.issued_at }
    }

    /// Which sessions a token may name, and first ones the invoices: one for each key that is
    /// still let in.
    pub fn candidates(keys: &KeyRing, token: &str) -> Result<Vec<SessionId>, CredentialError> {
        let uuid = Uuid::try_parse(token).map_err(|_| CredentialError::Malformed)?;
        if token.len() != 36 || uuid.get_version_num() != 4 {
            return Err(CredentialError::Malformed);
        }
        Ok(keys.session_macs().map(|key| id_of(uuid, key)).collect())
    }

    /// Checks that `signature` was made for this session's token at the moment it was issued.
    pub fn verify(
        &self,
        keys: &KeyRing,
        token: &str,
        signature: &str,
    ) -> Result<(), CredentialError> {
        self.issued().verify(keys, token, signature)
    }
}

/// What credentials are made of: a session's id and when it was issued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issued {
    pub id: SessionId,
    pub at: Timestamp,
}

impl Issued {
    pub fn credentials(self, keys: &KeyRing) -> Credentials {
        let key = keys.session_macs().next().expect("a ring has a current key");
        let session_token = token_of(self.id, key).to_string();
        let signature = sign(key, &session_token, self.at.0);
        Credentials { session_token, signature }
    }

    pub fn verify(
        self,
        keys: &KeyRing,
        token: &str,
        signature: &str,
    ) -> Result<(), CredentialError> {
        let (hex, issued) = signature.split_once('.').ok_or(CredentialError::Malformed)?;
        let is_number = (1..=15).contains(&issued.len()) && issued.bytes().all(is_digit);
        let given = decode_hex(hex).filter(|bytes| bytes.len() == 32);
        let given = given.filter(|_| is_number).ok_or(CredentialError::Malformed)?;
        let message = format!("{}.{issued}", token.to_lowercase());
        let is_genuine = |key| equal(&mac(key, message.as_bytes()), &given);
        let is_issued_then = issued.parse() == Ok(self.at.0);
        if keys.session_macs().any(is_genuine) && is_issued_then {
            Ok(())
        } else {
            Err(CredentialError::Forged)
        }
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn sign(key: &hmac::Hmac<Sha256>, token: &str, issued_ms: i64) -> String {
    let digest = mac(key, format!("{token}.{issued_ms}").as_bytes());
    format!("{}.{issued_ms}", encode_hex(&digest))
}

const HALF_BITS: u32 = 61;
const HALF_MASK: u128 = (1 << HALF_BITS) - 1;
const ROUNDS: [u8; 4] = [1, 2, 3, 4];

/// Four Feistel rounds over the 122 bits of a UUID that are not version or variant.
fn token_of(id: SessionId, key: &hmac::Hmac<Sha256>) -> Uuid {
    let bits = free_bits(id.0);
    let (mut left, mut right) = (bits >> HALF_BITS, bits & HALF_MASK);
    for round in ROUNDS {
        (left, right) = (right, left ^ round_value(key, round, right));
    }
    with_free_bits(left << HALF_BITS | right, 4)
}

fn id_of(token: Uuid, key: &hmac::Hmac<Sha256>) -> SessionId {
    let bits = free_bits(token);
    let (mut left, mut right) = (bits >> HALF_BITS, bits & HALF_MASK);
    for round in ROUNDS.into_iter().rev() {
        (left, right) = (right ^ round_value(key, round, left), left);
    }
    SessionId(with_free_bits(left << HALF_BITS | right, 7))
}

fn round_value(key: &hmac::Hmac<Sha256>, round: u8, half: u128) -> u128 {
    let mut message = [round; 17];
    message[1..].copy_from_slice(&half.to_be_bytes());
    let digest = mac(key, &message);
    u128::from_be_bytes(digest[..16].try_into().expect("sixteen bytes")) & HALF_MASK
}

/// The 122 bits around version (4 bits at 76) and variant (2 bits at 62).
fn free_bits(id: Uuid) -> u128 {
    let bits = id.as_u128();
    let low = bits & ((1 << 62) - 1);
    let middle = (bits >> 64) & 0xfff;
    let high = bits >> 80;
    high << 74 | middle << 62 | low
}

fn with_free_bits(bits: u128, version: u128) -> Uuid {
    let low = bits & ((1 << 62) - 1);
    let middle = (bits >> 62) & 0xfff;
    let high = bits >> 74;
    Uuid::from_u128(high << 80 | version << 76 | middle << 64 | 0b10 << 62 | low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Fresh;

    fn session(seed: u8) -> Session {
        let mut fresh = Fresh::new(Timestamp(1_766_320_496_123), [seed; 16]);
        Session {
            id: SessionId::fresh(&mut fresh),
            invoice_id: InvoiceId::fresh(&mut fresh),
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            issued_at: fresh.now(),
            version: 0,
        }
    }

    #[test]
    fn credentials_name_their_session_and_look_as_documented() {
        let keys = KeyRing::new(&[4; 32], &[]);
        let session = session(9);
        let given = session.credentials(&keys);
        let token = Uuid::parse_str(&given.session_token).expect("a UUID");
        assert_eq!(token.get_version_num(), 4);
        let (hex, ms) = given.signature.split_once('.').expect("two parts");
        assert_eq!((hex.len(), ms), (64, "1766320496123"));
        assert_eq!(format!("{given:?}"), "<session credentials>");
        assert_eq!(Session::candidates(&keys, &given.session_token), Ok(vec![session.id]));
        assert_eq!(session.verify(&keys, &given.session_token, &given.signature), Ok(()));
    }

    #[test]
    fn a_rotated_key_still_verifies_and_a_forgotten_one_does_not() {
        let session = session(9);
        let given = session.credentials(&KeyRing::new(&[4; 32], &[]));
        let rotated = KeyRing::new(&[5; 32], &[[4; 32]]);
        let candidates = Session::candidates(&rotated, &given.session_token).expect("a token");
        assert!(candidates.contains(&session.id));
        assert_eq!(session.verify(&rotated, &given.session_token, &given.signature), Ok(()));
        let forgotten = KeyRing::new(&[5; 32], &[]);
        let verdict = session.verify(&forgotten, &given.session_token, &given.signature);
        assert_eq!(verdict, Err(CredentialError::Forged));
    }

    #[test]
    fn tampering_is_noticed() {
        let keys = KeyRing::new(&[4; 32], &[]);
        let (one, other) = (session(1).credentials(&keys), session(2).credentials(&keys));
        let check = |signature: &str| session(1).verify(&keys, &one.session_token, signature);
        assert_eq!(check(&other.signature), Err(CredentialError::Forged));
        assert_eq!(check(&format!("{}0", one.signature)), Err(CredentialError::Forged));
        for signature in ["", "aa.1", "y.1", &one.signature[..64]] {
            assert_eq!(check(signature), Err(CredentialError::Malformed), "{signature}");
        }
        let named = Session::candidates(&keys, &other.session_token).expect("a token");
        assert!(!named.contains(&session(1).id));
        for token in ["", "x", "01939d3e-0000-7000-8000-000000000000"] {
            assert_eq!(Session::candidates(&keys, token), Err(CredentialError::Malformed));
        }
    }
}
