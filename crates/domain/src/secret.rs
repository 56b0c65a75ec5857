//! The master keys and what hangs on them: sealed values, signatures, derived sub-keys.
//!
//! What must be read back is sealed with XChaCha20-Poly1305 under a key with an id, so that keys
//! rotate with overlap. What is only checked is kept as a hash. Debug output never shows a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{AeadInPlace, KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Text that must not be printed: an API key, a password, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<secret>")
    }
}

/// Bytes a caller drew from the operating system for one credential.
#[derive(Clone)]
pub struct Entropy(pub Zeroizing<[u8; 32]>);

impl Entropy {
    pub fn new(bytes: [u8; 32]) -> Entropy {
        Entropy(Zeroizing::new(bytes))
    }

    pub fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.0[..NONCE_BYTES]);
        nonce
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<entropy>")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the master key that sealed this value is not configured")]
    UnknownKey,
    #[error("the sealed value was altered or belongs elsewhere")]
    Altered,
    #[error("a master key is 32 bytes, written in base64 or hex")]
    Malformed,
}

/// One master key and the sub-keys derived from it once.
struct MasterKey {
    id: u32,
    sealing: Zeroizing<[u8; 32]>,
    session: Hmac<Sha256>,
    token: Hmac<Sha256>,
}

/// The master keys in use: the first seals and signs, all open and verify.
pub struct KeyRing {
    keys: Vec<MasterKey>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "KeyRing({} keys)", self.keys.len())
    }
}

impl KeyRing {
    /// The current key first, then those that rotation still lets in.
    pub fn new(current: &[u8; 32], older: &[[u8; 32]]) -> KeyRing {
        let keys = std::iter::once(current).chain(older).map(MasterKey::derive).collect();
        KeyRing { keys }
    }

    pub fn parse_key(text: &str) -> Result<[u8; 32], SealError> {
        let text = text.trim();
        let bytes = match STANDARD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => bytes,
            _ => decode_hex(text).ok_or(SealError::Malformed)?,
        };
        bytes.try_into().map_err(|_| SealError::Malformed)
    }

    pub fn key_text(key: &[u8; 32]) -> String {
        STANDARD.encode(key)
    }

    /// Names the current key without revealing it.
    pub fn current_id(&self) -> u32 {
        self.current().id
    }

    /// Names every key of the ring, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().map(|key| key.id)
    }

    /// Seals `plain` so that it opens only under the same `purpose` (table, column, row).
    pub fn seal(&self, purpose: &[u8], plain: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let key = self.current();
        let cipher = XChaCha20Poly1305::new((&*key.sealing).into());
        let lead_bytes = KEY_ID_BYTES + NONCE_BYTES;
        let mut sealed = Vec::with_capacity(lead_bytes + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(&key.id.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let message = &mut sealed[lead_bytes..];
        let tag = cipher.encrypt_in_place_detached(XNonce::from_slice(&nonce), purpose, message);
        sealed.extend_from_slice(&tag.expect("fits in memory"));
        sealed
    }

    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.len() < KEY_ID_BYTES + NONCE_BYTES {
            return Err(SealError::Altered);
        }
        let (id, rest) = sealed.split_at(KEY_ID_BYTES);
        let (nonce, message) = rest.split_at(NONCE_BYTES);
        let id = u32::from_be_bytes(id.try_into().expect("four bytes"));
        let key = self.keys.iter().find(|key| key.id == id).ok_or(SealError::UnknownKey)?;
        let cipher = XChaCha20Poly1305::new((&*key.sealing).into());
        let payload = Payload { msg: message, aad: purpose };
        let plain = cipher.decrypt(XNonce::from_slice(nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| SealError::Altered)
    }

    /// The HMAC state for payor sessions under the current key.
    pub(crate) fn session_macs(&self) -> impl Iterator<Item = &Hmac<Sha256>> {
        self.keys.iter().map(|key| &key.session)
    }

    /// The HMAC state for bearer and stream tokens, current key first.
    pub(crate) fn token_macs(&self) -> impl Iterator<Item = &Hmac<Sha256>> {
        self.keys.iter().map(|key| &key.token)
    }

    fn current(&self) -> &MasterKey {
        self.keys.first().expect("a ring is made of at least one key")
    }
}

impl MasterKey {
    fn derive(master: &[u8; 32]) -> MasterKey {
        let sub_key = |label: &str| mac(&hmac_key(master), label.as_bytes());
        let id = sub_key("pepay key id");
        MasterKey {
            id: u32::from_be_bytes(id[..4].try_into().expect("four bytes")),
            sealing: Zeroizing::new(sub_key("pepay seal")),
            session: hmac_key(&sub_key("pepay payor session")),
            token: hmac_key(&sub_key("pepay bearer token")),
        }
    }
}

pub fn hmac_key(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any length is a key")
}

pub fn mac(key: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    let mut mac = key.clone();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Compares without telling by time where two secrets differ.
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

pub fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_for_its_purpose_and_under_a_known_key() {
        let old = KeyRing::new(&[1; 32], &[]);
        let sealed = old.seal(b"totp:7", b"seed", [9; 24]);
        let rotated = KeyRing::new(&[2; 32], &[[1; 32]]);
        assert_eq!(&*rotated.open(b"totp:7", &sealed).expect("opens"), b"seed");
        assert_eq!(rotated.open(b"totp:8", &sealed), Err(SealError::Altered));
        let forgotten = KeyRing::new(&[2; 32], &[]);
        assert_eq!(forgotten.open(b"totp:7", &sealed), Err(SealError::UnknownKey));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("sk_live_x")), "<secret>");
        assert!(!format!("{:?}", KeyRing::new(&[7; 32], &[])).contains('7'));
    }

    #[test]
    fn master_keys_are_read_in_base64_and_hex() {
        let key = [0xab; 32];
        assert_eq!(KeyRing::parse_key(&KeyRing::key_text(&key)), Ok(key));
        assert_eq!(KeyRing::parse_key(&encode_hex(&key)), Ok(key));
        assert_eq!(KeyRing::parse_key("short"), Err(SealError::Malformed));
    }
}
