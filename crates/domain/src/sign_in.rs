//! A sign-in: the refreshable session of a member, and the signed tokens it hands out.
//!
//! The access token is a JWT (HS256) of an hour; the refresh token is random, kept as a hash, and
//! replaced at every use. All refresh tokens of one sign-in share a secret, so that a stale one is
//! told from a made-up one. Tokens name their audience: a stream token opens its stream only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::event::{NewEntry, Notice};
use crate::ids::{Fresh, MemberId, MerchantId, RowKey, SignInId, Version};
use crate::member::Member;
use crate::merchant::notice;
use crate::secret::{Entropy, KeyRing, Secret, equal, mac, sha256};
use crate::shopper::Shopper;
use crate::stream_holder::StreamHolder;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

pub const ACCESS_MS: i64 = HOUR_MS;
pub const REFRESH_MS: i64 = 30 * DAY_MS;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub member_id: MemberId,
    pub merchant_id: MerchantId,
    /// SHA-256 of the refresh token that is valid now.
    pub refresh_hash: [u8; 32],
    /// SHA-256 of the part that all refresh tokens of this sign-in share.
    #[serde(default)]
    pub family_hash: [u8; 32],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SignIn")
            .field("id", &self.id)
            .field("member_id", &self.member_id)
            .field("ended_at", &self.ended_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl SignIn {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// A new sign-in and the refresh token that goes with it.
    pub fn open(member: &Member, entropy: &Entropy, fresh: &mut Fresh) -> (Secret, SignIn) {
        let id = SignInId::fresh(fresh);
        let family = URL_SAFE_NO_PAD.encode(&entropy.0[..FAMILY_BYTES]);
        let token = refresh_token(id, &family, entropy);
        let sign_in = SignIn {
            id,
            member_id: member.id,
            merchant_id: member.merchant_id,
            refresh_hash: sha256(token.expose().as_bytes()),
            family_hash: sha256(family.as_bytes()),
            created_at: fresh.now(),
            expires_at: fresh.now().plus_ms(REFRESH_MS),
            ended_at: None,
            version: 0,
        };
        (token, sign_in)
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// Which sign-in a refresh token says it belongs to.
    pub fn named_by(refresh_token: &str) -> Option<SignInId> {
        SignInId::parse(refresh_token.split_once('.')?.0)
    }

    /// Takes a refresh token for a new one.
    ///
    /// A token that was replaced before is in two hands, so neither keeps the sign-in. Only who
    /// holds such a token can bring that about: the id alone, which is no secret, ends nothing.
    pub fn refresh(mut self, token: &Secret, entropy: &Entropy, now: Timestamp) -> Refreshed {
        if !self.is_open(now) {
            return Refreshed::Closed;
        }
        let family = token.expose().split('.').nth(1).unwrap_or_default();
        if !equal(&sha256(family.as_bytes()), &self.family_hash) {
            return Refreshed::Forged;
        }
        if !equal(&sha256(token.expose().as_bytes()), &self.refresh_hash) {
            return Refreshed::Reused(self.end(now));
        }
        let token = refresh_token(self.id, family, entropy);
        self.refresh_hash = sha256(token.expose().as_bytes());
        self.expires_at = now.plus_ms(REFRESH_MS);
        Refreshed::Renewed(token, self)
    }

    pub fn end(mut self, now: Timestamp) -> SignIn {
        self.ended_at = self.ended_at.or(Some(now));
        self
    }

    /// What ends the streams of this sign-in, where nothing else tells of its member.
    pub fn end_told(&self, now: Timestamp) -> NewEntry {
        notice(self.merchant_id, Notice::MemberChanged, self.member_id.key(), now)
    }

    /// The bearer token of the next hour.
    pub fn access_token(&self, keys: &KeyRing, now: Timestamp) -> Secret {
        let exp = now.plus_ms(ACCESS_MS).seconds();
        let claims =
            AccessClaims { aud: Audience::Api, sub: self.member_id, sign_in: self.id, exp };
        Secret::new(issue_token(keys, &claims))
    }
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The new token, and the sign-in it belongs to.
    Renewed(Secret, SignIn),
    /// The sign-in ends here.
    Reused(SignIn),
    /// It had ended before.
    Closed,
    /// No token of this sign-in, so nothing changes.
    Forged,
}

/// How many of the drawn bytes all tokens of a sign-in share; the others are each token's own.
const FAMILY_BYTES: usize = 16;

/// The id finds the row, the family proves that it is or was a token, the rest that it is the last.
fn refresh_token(id: SignInId, family: &str, entropy: &Entropy) -> Secret {
    let own = URL_SAFE_NO_PAD.encode(&entropy.0[FAMILY_BYTES..]);
    Secret::new(format!("{id}.{family}.{own}"))
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
    /// A shopper's own cart.
    OwnCart,
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
    /// When the session was issued that the token was made for.
    pub issued_at: Timestamp,
    pub exp: i64,
}

/// The claims of a token for one of a merchant's streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamClaims {
    pub aud: Audience,
    pub merchant: MerchantId,
    /// None: events of both.
    pub environment: Option<Environment>,
    /// Who had the token made: its stream ends with him.
    pub holder: StreamHolder,
    pub exp: i64,
}

/// The claims of the token that opens a shopper's own cart, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCartClaims {
    pub aud: Audience,
    pub merchant: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub exp: i64,
}

/// What every token says, whoever it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct TokenHead {
    pub aud: Audience,
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
    use crate::member::Role;

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
    fn a_refresh_token_works_once_and_its_reuse_ends_the_sign_in() {
        let mut fresh = Fresh::new(Timestamp(0), [1; 16]);
        let member = Member::new(MerchantId(1), "a@b.example", Role::Owner, &mut fresh);
        let (first, sign_in) = SignIn::open(&member, &Entropy::new([1; 32]), &mut fresh);
        assert_eq!(SignIn::named_by(first.expose()), Some(sign_in.id));
        assert!(!format!("{sign_in:?}").contains("hash"));
        let refresh = |sign_in: &SignIn, token: &Secret, now| {
            let drawn = Entropy::new([u8::try_from(now).unwrap_or(2); 32]);
            sign_in.clone().refresh(token, &drawn, Timestamp(now))
        };
        let Refreshed::Renewed(second, renewed) = refresh(&sign_in, &first, 5) else {
            panic!("the first use renews")
        };
        assert_eq!(renewed.expires_at, Timestamp(5 + REFRESH_MS));
        assert!(matches!(refresh(&renewed, &second, 6), Refreshed::Renewed(_, _)));
        let Refreshed::Renewed(third, latest) = refresh(&renewed, &second, 6) else {
            panic!("each token renews once")
        };
        assert_ne!(second, third);
        assert!(matches!(refresh(&latest, &first, 7), Refreshed::Reused(_)), "however old");
        for made_up in ["x", "x.y", ".", ""] {
            let made_up = Secret::new(format!("{}.{made_up}", sign_in.id));
            assert_eq!(refresh(&latest, &made_up, 7), Refreshed::Forged);
        }
        let Refreshed::Reused(ended) = refresh(&renewed, &first, 6) else {
            panic!("the second use of the first token ends it")
        };
        assert_eq!(refresh(&ended, &second, 7), Refreshed::Closed);
        assert_eq!(refresh(&renewed, &second, 5 + REFRESH_MS), Refreshed::Closed);
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
