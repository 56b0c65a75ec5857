//! API keys: 32 random bytes in base62 behind a prefix, with a checksum against typing errors.
//!
//! Only a SHA-256 is kept, plus the last four characters for display. A key is bound to one
//! merchant, environment and scope.

mod restrictions;
mod view;

pub use restrictions::Restrictions;
pub use view::ApiKeyView;

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::changes::Changes;
use crate::claim::Claim;
use crate::environment::Environment;
use crate::event::Notice;
use crate::ids::{ApiKeyId, Fresh, MerchantId, RowKey, Version};
use crate::merchant::notice;
use crate::refusal::Refusal;
use crate::secret::{Entropy, Secret, sha256};
use crate::time::Timestamp;

/// Which part of the API a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyScope {
    Merchant,
    Commerce,
}

impl KeyScope {
    pub fn as_str(self) -> &'static str {
        match self {
            KeyScope::Merchant => "merchant",
            KeyScope::Commerce => "commerce",
        }
    }
}

/// A key's name as it is kept.
pub fn check_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        let message = format!("must have 1 to {NAME_MAX} bytes, none of them control characters");
        return Err(Refusal::invalid("name", message));
    }
    Ok(name.to_owned())
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub scope: KeyScope,
    pub name: String,
    pub hash: [u8; 32],
    pub last4: String,
    pub restrictions: Restrictions,
    pub is_demo: bool,
    /// Who has seen its text; none: it was not written down then.
    #[serde(default)]
    pub created_by: Option<Actor>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub scope: KeyScope,
    pub name: String,
    pub expires_at: Option<Timestamp>,
    pub restrictions: Restrictions,
    pub is_demo: bool,
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAME_MAX: usize = 100;
/// 32 bytes in base62.
const BODY_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

impl ApiKey {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// The claim that finds a key by its text.
    pub fn claim_key(hash: &[u8; 32]) -> RowKey {
        RowKey::of("api_key", &[hash])
    }

    /// Mints a key: the text is shown once and never kept.
    pub fn mint(new: NewKey, entropy: &Entropy, fresh: &mut Fresh) -> (Secret, ApiKey) {
        let text = key_text(new.scope, new.environment, entropy);
        let key = ApiKey {
            id: ApiKeyId::fresh(fresh),
            merchant_id: new.merchant_id,
            environment: new.environment,
            scope: new.scope,
            name: new.name,
            hash: sha256(text.as_bytes()),
            last4: text[text.len() - 4..].to_owned(),
            restrictions: new.restrictions,
            is_demo: new.is_demo,
            created_by: None,
            created_at: fresh.now(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
            version: 0,
        };
        (Secret::new(text), key)
    }

    /// Takes over a `pk_…` key that an older client already holds.
    pub fn import(new: NewKey, text: &Secret, fresh: &mut Fresh) -> Result<ApiKey, Refusal> {
        let text = text.expose();
        if !text.starts_with("pk_") || !ApiKey::is_well_formed(text) {
            let message = "must be a key of an older client: pk_ and 8 to 200 characters";
            return Err(Refusal::invalid("import", message));
        }
        let (_, minted) = ApiKey::mint(new, &Entropy::new([0; 32]), fresh);
        let last4 = text[text.len() - 4..].to_owned();
        Ok(ApiKey { hash: sha256(text.as_bytes()), last4, ..minted })
    }

    #[expect(clippy::should_implement_trait, reason = "this adds a row, not a number")]
    pub fn add(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        changes.insert(Claim::new(ApiKey::claim_key(&self.hash), self.key()));
        changes.tell(notice(self.merchant_id, Notice::KeyChanged, self.key(), now));
        changes.insert(self);
        changes
    }

    /// Ends the key, at once or at a later moment (the overlap of a roll). Ended stays ended.
    pub fn end_at(mut self, end: Timestamp, now: Timestamp) -> Option<Changes> {
        if self.revoked_at.is_some() {
            return None;
        }
        if end <= now {
            self.revoked_at = Some(now);
        } else {
            self.expires_at = Some(self.expires_at.map_or(end, |before| before.min(end)));
        }
        let mut changes = Changes::of(self.merchant_id);
        changes.tell(notice(self.merchant_id, Notice::KeyChanged, self.key(), now));
        changes.update(self);
        Some(changes)
    }

    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }

    /// Whether a text can be a key at all: prefix, length and checksum, without a look-up.
    ///
    /// `pk_…` keys of older clients were imported by the operator and carry no checksum.
    pub fn is_well_formed(text: &str) -> bool {
        if let Some(rest) = text.strip_prefix("pk_") {
            return (8..=200).contains(&rest.len()) && rest.is_ascii();
        }
        let prefixes = ["sk_test_", "sk_live_", "ck_test_", "ck_live_"];
        let body = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
        let Some(body) = body else { return false };
        if body.len() != BODY_LENGTH + CHECKSUM_LENGTH || !body.is_ascii() {
            return false;
        }
        let (random, sum) = body.split_at(BODY_LENGTH);
        let prefix = &text[..text.len() - body.len()];
        checksum(prefix, random) == sum
    }
}

fn key_text(scope: KeyScope, environment: Environment, entropy: &Entropy) -> String {
    let prefix = match (scope, environment) {
        (KeyScope::Merchant, Environment::Devnet) => "sk_test_",
        (KeyScope::Merchant, Environment::Mainnet) => "sk_live_",
        (KeyScope::Commerce, Environment::Devnet) => "ck_test_",
        (KeyScope::Commerce, Environment::Mainnet) => "ck_live_",
    };
    let body = base62(&entropy.0[..], BODY_LENGTH);
    let sum = checksum(prefix, &body);
    format!("{prefix}{body}{sum}")
}

fn checksum(prefix: &str, body: &str) -> String {
    base62(&sha256(format!("{prefix}{body}").as_bytes())[..4], CHECKSUM_LENGTH)
}

/// Big-endian bytes in base62, left-padded to `length` digits.
fn base62(bytes: &[u8], length: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = BASE62[rest as usize];
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_key() -> NewKey {
        NewKey {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            scope: KeyScope::Merchant,
            name: "first".into(),
            expires_at: None,
            restrictions: Restrictions::default(),
            is_demo: false,
        }
    }

    fn mint() -> (Secret, ApiKey) {
        ApiKey::mint(new_key(), &Entropy::new([0xa7; 32]), &mut Fresh::new(Timestamp(5), [3; 16]))
    }

    #[test]
    fn a_mistyped_key_is_refused_without_a_look_up() {
        let (text, key) = mint();
        let text = text.expose();
        assert!(text.starts_with("sk_test_") && ApiKey::is_well_formed(text));
        assert!(text.ends_with(&key.last4));
        let mut typo = text.to_owned().into_bytes();
        typo[20] = if typo[20] == b'a' { b'b' } else { b'a' };
        assert!(!ApiKey::is_well_formed(std::str::from_utf8(&typo).expect("ASCII")));
        assert!(!ApiKey::is_well_formed(&text.replace("sk_test", "sk_live")));
        assert!(!ApiKey::is_well_formed("sk_test_"));
        assert!(!ApiKey::is_well_formed("sk_test_ééééééééééééééééééééééééé"));
    }

    #[test]
    fn only_keys_of_older_clients_are_imported() {
        let import = |text: &str| {
            let mut fresh = Fresh::new(Timestamp(5), [3; 16]);
            ApiKey::import(new_key(), &Secret::new(text), &mut fresh)
        };
        let key = import("pk_live_0123456789").expect("imports");
        assert_eq!((key.hash, &*key.last4), (sha256(b"pk_live_0123456789"), "6789"));
        for text in ["pk_short", "pk_0123456é789", "0123456789", mint().0.expose()] {
            assert!(import(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rolled_key_lives_on_for_the_overlap_and_then_ends() {
        let (_, key) = mint();
        assert!(key.clone().end_at(Timestamp(100), Timestamp(10)).is_some());
        let mut rolled = key.clone();
        rolled.expires_at = Some(Timestamp(100));
        assert!(rolled.is_usable(Timestamp(99)) && !rolled.is_usable(Timestamp(100)));
        rolled.revoked_at = Some(Timestamp(20));
        assert!(!rolled.is_usable(Timestamp(20)));
        assert!(rolled.end_at(Timestamp(30), Timestamp(30)).is_none());
    }
}
