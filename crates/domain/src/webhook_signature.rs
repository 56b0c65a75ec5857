//! How a delivery is signed: Pepay's own header, and Standard Webhooks beside it.
//!
//! Pepay's is the hex HMAC-SHA256 of `timestamp_ms.body` under the whole secret as the merchant
//! sees it; the other one the base64 HMAC of `id.timestamp_s.body` under its decoded bytes. During
//! a rotation both secrets sign. Receivers compare in constant time and refuse old timestamps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use crate::secret::{encode_hex, equal, hmac_key};
use crate::time::Timestamp;
use crate::webhook_endpoint::{SigningSecrets, WebhookSecret};

/// The signatures of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// `X-Pepay-Timestamp`, in milliseconds.
    pub timestamp_ms: i64,
    /// `X-Pepay-Signature`.
    pub pepay: String,
    /// `X-Pepay-Signature-Previous`, while a rotation overlaps.
    pub pepay_previous: Option<String>,
    /// `webhook-timestamp`, in seconds.
    pub standard_timestamp: i64,
    /// `webhook-signature`.
    pub standard: String,
}

pub fn sign(secrets: &SigningSecrets, id: &str, body: &[u8], now: Timestamp) -> Signatures {
    let previous = secrets.previous.as_ref();
    let mut standard = standard_signature(&secrets.current, id, body, now);
    if let Some(previous) = previous {
        standard.push(' ');
        standard.push_str(&standard_signature(previous, id, body, now));
    }
    Signatures {
        timestamp_ms: now.0,
        pepay: pepay_signature(&secrets.current, body, now.0),
        pepay_previous: previous.map(|previous| pepay_signature(previous, body, now.0)),
        standard_timestamp: now.seconds(),
        standard,
    }
}

/// Whether a delivery was signed with this secret.
pub fn verify(secret: &WebhookSecret, body: &[u8], timestamp_ms: i64, signature: &str) -> bool {
    equal(pepay_signature(secret, body, timestamp_ms).as_bytes(), signature.as_bytes())
}

fn pepay_signature(secret: &WebhookSecret, body: &[u8], timestamp_ms: i64) -> String {
    let mut mac = hmac_key(secret.expose().as_bytes());
    mac.update(timestamp_ms.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    encode_hex(&mac.finalize().into_bytes())
}

fn standard_signature(secret: &WebhookSecret, id: &str, body: &[u8], now: Timestamp) -> String {
    let mut mac = hmac_key(&secret.bytes());
    mac.update(format!("{id}.{}.", now.seconds()).as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEPAY: &str = "b2dbcb272190b2b1470358201c674421b64972e971f5d42744d4e47cf0eb56f3";
    const STANDARD_WEBHOOKS: &str = "v1,WWLSCnCNOWy6vWNxZELElT4iNYV+gOuwuwx1SulpP0I=";
    const BODY: &[u8] = b"{\"test\": 2432232314}";

    fn secret(text: &str) -> WebhookSecret {
        WebhookSecret::parse(text).expect("a secret")
    }

    fn secrets() -> (WebhookSecret, WebhookSecret) {
        let one = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let other = "whsec_HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAEBE=";
        (secret(one), secret(other))
    }

    /// The expected texts were computed with Python's hmac module.
    #[test]
    fn both_schemes_sign_as_their_verifiers_expect() {
        let now = Timestamp(1_766_320_496_123);
        let (current, _) = secrets();
        let signed = sign(&SigningSecrets { current, previous: None }, "evt_1-2", BODY, now);
        assert_eq!(signed.pepay, PEPAY);
        assert_eq!(signed.standard, STANDARD_WEBHOOKS);
        assert_eq!((signed.timestamp_ms, signed.standard_timestamp), (now.0, 1_766_320_496));
        assert_eq!(signed.pepay_previous, None);
    }

    #[test]
    fn a_rotation_signs_with_both() {
        let now = Timestamp(1_766_320_496_123);
        let (old, new) = secrets();
        let both = SigningSecrets { current: new.clone(), previous: Some(old.clone()) };
        let signed = sign(&both, "evt_1-2", BODY, now);
        assert_eq!(signed.pepay_previous.as_deref(), Some(PEPAY));
        assert!(verify(&new, BODY, now.0, &signed.pepay));
        assert!(!verify(&old, BODY, now.0, &signed.pepay));
        assert!(!verify(&new, BODY, now.0 + 1, &signed.pepay));
        assert!(signed.standard.ends_with(&format!(" {STANDARD_WEBHOOKS}")));
    }
}
