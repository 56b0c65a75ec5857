//! The secrets an endpoint's deliveries are signed with, sealed where they are kept.
//!
//! A secret is `whsec_` and the base64 of 32 random bytes. It opens only in the row it was sealed
//! for. While a rotation overlaps there are two, and both sign.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ids::EndpointId;
use crate::secret::{Entropy, KeyRing, SealError, Secret};
use crate::time::Timestamp;

const PREFIX: &str = "whsec_";
const PURPOSE: &[u8] = b"webhook_endpoint.secret.";

/// One secret, as the merchant sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret(Secret);

impl WebhookSecret {
    pub fn of(entropy: &Entropy) -> WebhookSecret {
        WebhookSecret(Secret::new(format!("{PREFIX}{}", STANDARD.encode(*entropy.0))))
    }

    /// A secret somebody wrote down; none if it has not the form of one.
    pub fn parse(text: &str) -> Option<WebhookSecret> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == 32).then(|| WebhookSecret(Secret::new(text)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The random bytes, which Standard Webhooks signs with.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let text = self.expose().strip_prefix(PREFIX).unwrap_or_default();
        STANDARD.decode(text).unwrap_or_default()
    }
}

/// The secrets that sign now: the current one, and the one before while it still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecrets {
    pub current: WebhookSecret,
    pub previous: Option<WebhookSecret>,
}

/// The secrets of an endpoint as its row keeps them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecrets {
    current: String,
    previous: Option<Previous>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    sealed: String,
    until: Timestamp,
}

impl std::fmt::Debug for SealedSecrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<sealed secrets>")
    }
}

impl SealedSecrets {
    pub(super) fn first(
        id: EndpointId,
        secret: &WebhookSecret,
        keys: &KeyRing,
        entropy: &Entropy,
    ) -> SealedSecrets {
        SealedSecrets { current: seal(id, secret, keys, entropy), previous: None }
    }

    pub(super) fn rotated(
        self,
        id: EndpointId,
        secret: &WebhookSecret,
        until: Timestamp,
        keys: &KeyRing,
        entropy: &Entropy,
    ) -> SealedSecrets {
        let previous = Some(Previous { sealed: self.current, until });
        SealedSecrets { current: seal(id, secret, keys, entropy), previous }
    }

    /// Opens what signs at `now`. One before it that does not open signs nothing: whoever lost a
    /// master key is well again once the secret is rotated.
    pub fn open(
        &self,
        id: EndpointId,
        keys: &KeyRing,
        now: Timestamp,
    ) -> Result<SigningSecrets, SealError> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        Ok(SigningSecrets {
            current: open(id, &self.current, keys)?,
            previous: previous.and_then(|previous| open(id, &previous.sealed, keys).ok()),
        })
    }

    /// Until when the previous secret signs along, if it still does.
    pub fn previous_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.previous.as_ref().map(|previous| previous.until).filter(|until| now < *until)
    }
}

fn purpose(id: EndpointId) -> Vec<u8> {
    [PURPOSE, &id.key().0].concat()
}

fn seal(id: EndpointId, secret: &WebhookSecret, keys: &KeyRing, entropy: &Entropy) -> String {
    STANDARD.encode(keys.seal(&purpose(id), secret.expose().as_bytes(), entropy.nonce()))
}

fn open(id: EndpointId, sealed: &str, keys: &KeyRing) -> Result<WebhookSecret, SealError> {
    let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Altered)?;
    let plain = keys.open(&purpose(id), &sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| SealError::Altered)?;
    WebhookSecret::parse(text).ok_or(SealError::Altered)
}
