//! A sign-in: the refreshable session of a member, and the signed tokens it hands out.
//!
//! The access token is a JWT (HS256) of an hour; the refresh token is random, kept as a hash, and
//! replaced at every use. Tokens name their audience: a stream token opens its stream only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, MerchantId, RowKey, SignInId, Version};
use crate::secret::{KeyRing, equal, mac};
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

pub const ACCESS_MS: i64 = HOUR_MS;
pub const REFRESH_MS: i64 = 30 * DAY_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub member_id: MemberId,
    pub merchant_id: MerchantId,
    /// SHA-256 of the refresh token that is valid now.
    pub refresh_hash: [u8; 32],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

impl SignIn {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// Who a token is for; a token is refused wherever another audience is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The REST API, as a member.
    Api,
    /// The merchant's event stream.
    MerchantStream,
    /// The commerce event stream.
    CommerceStream,
    /// The payor's stream of one invoice.
    PaymentStream,
}

/// The claims of a bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub aud: Audience,
    pub sub: MemberId,
    pub sign_in: SignInId,
    pub exp: i64,
}

/// The claims of the payor's stream token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStreamClaims {
    pub aud: Audience,
    pub invoice: crate::ids::InvoiceId,
    pub exp: i64,
}

/// {"alg":"HS256","typ":"JWT"}: the only header that is issued or accepted.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

pub fn issue_token(keys: &KeyRing, claims: &impl Serialize) -> String {
    let claims = serde_json::to_vec(claims).expect("claims serialize");
    let body = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
    let key = keys.token_macs().next().expect("a ring has a current key");
    let signature = URL_SAFE_NO_PAD.encode(mac(key, body.as_bytes()));
    format!("{body}.{signature}")
}

/// The claims of a token with a genuine signature. The caller checks audience and expiry.
pub fn read_token<Claims: DeserializeOwned>(keys: &KeyRing, token: &str) -> Option<Claims> {
    let (body, signature) = token.rsplit_once('.')?;
    let (header, claims) = body.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let genuine = |key| equal(&mac(key, body.as_bytes()), &signature);
    if header != HEADER || !keys.token_macs().any(genuine) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> AccessClaims {
        let id = uuid::Uuid::from_u128(7);
        AccessClaims { aud: Audience::Api, sub: MemberId(id), sign_in: SignInId(id), exp: 9 }
    }

    #[test]
    fn tokens_verify_until_their_key_is_forgotten() {
        let token = issue_token(&KeyRing::new(&[1; 32], &[]), &claims());
        let read = |keys: &KeyRing| read_token::<AccessClaims>(keys, &token);
        assert_eq!(read(&KeyRing::new(&[2; 32], &[[1; 32]])), Some(claims()));
        assert_eq!(read(&KeyRing::new(&[2; 32], &[])), None);
    }

    #[test]
    fn altered_tokens_and_other_algorithms_are_refused() {
        let keys = KeyRing::new(&[1; 32], &[]);
        let token = issue_token(&keys, &claims());
        let (body, signature) = token.rsplit_once('.').expect("three parts");
        let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
        let claims_part = body.split_once('.').expect("two parts").1;
        let forgeries = [
            format!("{none}.{claims_part}."),
            format!("{none}.{claims_part}.{signature}"),
            format!("{body}x.{signature}"),
            body.to_owned(),
            String::new(),
        ];
        for forged in forgeries {
            assert_eq!(read_token::<AccessClaims>(&keys, &forged), None, "{forged}");
        }
    }
}
