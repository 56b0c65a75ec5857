//! The signature of a provider's webhook: RSA over the time and the raw body.
//!
//! `X-Webhook-Signature: t=<ms>,v0=<base64>` is over `<ms>.<body>`. Their own samples hash that
//! text once more before they verify; both forms need the private key, so both are taken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::secret::sha256;
use domain::time::{MINUTE_MS, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::ramp::{Delivery, Unverified};

/// Every retry is signed anew, so what is older was kept by somebody.
const TOLERANCE_MS: i64 = 10 * MINUTE_MS;
/// `AlgorithmIdentifier` of rsaEncryption with its null, as every RSA key's PEM has it.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

pub struct PublicKey {
    /// The `RSAPublicKey` within the PEM, as ring takes it.
    pkcs1: Vec<u8>,
}

impl PublicKey {
    /// Of the PEM of a `SubjectPublicKeyInfo`; none if it is not one of an RSA key.
    pub fn parse(pem: &str) -> Option<PublicKey> {
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
        let (info, rest) = element(SEQUENCE, &der)?;
        let bits = info.strip_prefix(&RSA_ALGORITHM)?;
        let (bits, after) = element(BIT_STRING, bits)?;
        let key = bits.strip_prefix(&[0])?;
        (rest.is_empty() && after.is_empty()).then(|| PublicKey { pkcs1: key.to_vec() })
    }

    pub fn verify(&self, delivery: Delivery<'_>) -> Result<(), Unverified> {
        let (sent_ms, signature) =
            delivery.signature.and_then(parse).ok_or(Unverified::Signature)?;
        let signed = [sent_ms.to_string().as_bytes(), b".", delivery.body].concat();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.pkcs1);
        let is_genuine = key.verify(&signed, &signature).is_ok()
            || key.verify(&sha256(&signed), &signature).is_ok();
        if !is_genuine {
            return Err(Unverified::Signature);
        }
        let age_ms = Timestamp(sent_ms).ms_until(delivery.now);
        if age_ms.saturating_abs() > TOLERANCE_MS { Err(Unverified::Stale) } else { Ok(()) }
    }
}

fn parse(header: &str) -> Option<(i64, Vec<u8>)> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let sent_ms = part("t=")?;
    let number: i64 = sent_ms.parse().ok()?;
    // What is signed is the number's own text.
    let is_plain = number.to_string() == sent_ms;
    let signature = STANDARD.decode(part("v0=")?).ok()?;
    is_plain.then_some((number, signature))
}

/// The content of a DER element of this tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
