//! Idempotency: the key row is committed with the effect, and answers every later equal request.
//!
//! The row holds the request's fingerprint and the sealed answer. Of two equal requests one wins;
//! the other finds the row, compares fingerprints and replays. A refusal is not kept.

mod borrowed;

use sha2::{Digest, Sha256};

use self::borrowed::Borrowed;
use crate::environment::Environment;
use crate::ids::{MerchantId, RampUserId, RowKey, Version};
use crate::time::{HOUR_MS, Timestamp};

/// How long an answer is replayed.
pub const KEPT_MS: i64 = 24 * HOUR_MS;
pub const KEY_LENGTH_MAX: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRow {
    pub key: RowKey,
    pub merchant_id: MerchantId,
    pub fingerprint: [u8; 32],
    pub status: i64,
    /// The answer's body, sealed: it may hold a session's credentials.
    pub sealed_body: Vec<u8>,
    pub created_at: Timestamp,
    pub version: Version,
}

impl IdempotencyRow {
    pub fn key(&self) -> RowKey {
        self.key
    }

    /// Everything that makes a key unique: merchant, environment, the caller's text.
    pub fn row_key(merchant_id: MerchantId, environment: Environment, text: &str) -> RowKey {
        let id = merchant_id.0.to_be_bytes();
        let environment = environment.code().to_be_bytes();
        RowKey::of("idempotency", &[&id, &environment, text.as_bytes()])
    }

    /// Any 1 to 255 printable ASCII characters.
    pub fn is_valid_text(text: &str) -> bool {
        (1..=KEY_LENGTH_MAX).contains(&text.len())
            && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
    }

    /// What the sealed body is bound to.
    pub fn seal_purpose(key: RowKey) -> Vec<u8> {
        [b"idempotency.body:", &key.0[..]].concat()
    }
}

/// Method, concrete path and the canonical form of the body.
pub fn fingerprint(method: &str, path: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(method.as_bytes());
    hash.update([0]);
    hash.update(path.as_bytes());
    hash.update([0]);
    hash_canonical(body, &mut hash);
    hash.finalize().into()
}

/// A key and a fingerprint of one user of the merchant's, who shares them with nobody.
pub fn of_user(row: RowKey, fingerprint: [u8; 32], user: RampUserId) -> (RowKey, [u8; 32]) {
    let user = user.key();
    let mut hash = Sha256::new();
    hash.update(fingerprint);
    hash.update(user.0);
    (RowKey::of("idempotency_of_user", &[&row.0, &user.0]), hash.finalize().into())
}

/// Objects by sorted name and without spaces, so that two spellings of a body are one.
fn hash_canonical(body: &[u8], hash: &mut Sha256) {
    match serde_json::from_slice::<Borrowed<'_>>(body) {
        Ok(value) => value.hash(hash),
        Err(_) => hash.update(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_ignores_spelling_and_sees_every_difference() {
        let of = |body: &str| fingerprint("POST", "/api/v1/invoices", body.as_bytes());
        assert_eq!(of(r#"{"a":1,"b":[true,null]}"#), of(" {\"b\": [true, null], \"a\": 1} "));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
        assert_ne!(of(r#"{"a":["b"]}"#), of(r#"{"a":["b",null]}"#));
        assert_eq!(of(r#"{"a":"\u00e9\n"}"#), of("{\"\\u0061\":\"é\\u000a\"}"));
        assert_eq!(of(r#"{"a":1,"a":2}"#), of(r#"{"a":2}"#), "the last of a name counts");
        assert_eq!(of(r#"{"a":1.50,"b":1e2}"#), of(r#"{"b":100.0,"a":1.5}"#));
        assert_ne!(of(r#"{"a":-1}"#), of(r#"{"a":1}"#));
        assert_ne!(of(r#"{"a":[]}"#), of(r#"{"a":{}}"#));
        let elsewhere = fingerprint("POST", "/api/v1/invoices/1", br#"{"a":1}"#);
        assert_ne!(of(r#"{"a":1}"#), elsewhere);
    }

    #[test]
    fn keys_are_printable_and_bounded() {
        assert!(IdempotencyRow::is_valid_text("a"));
        assert!(IdempotencyRow::is_valid_text(&"a".repeat(255)));
        for text in ["", "a\n", "ü", &"a".repeat(256)] {
            assert!(!IdempotencyRow::is_valid_text(text), "{text}");
        }
    }
}
