//! A webhook endpoint: where a merchant's server hears of events, which ones, and its secret.
//!
//! The secret is shown when it is made and sealed from then on. After a rotation the one before
//! still signs beside the new one until its overlap ends. An endpoint that answers 410, or fails at
//! every attempt for five days, is switched off with an event; nothing switches it on but the
//! merchant.

mod secret;
mod url;
mod view;

pub use secret::{SigningSecrets, WebhookSecret};
pub use url::{Loopback, Reach, check_url};
pub use view::WebhookEndpointView;

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::delivery::NUMBER_MAX;
use crate::environment::Environment;
use crate::event::{
    EntryKind, EventType, NewEntry, Notice, Origin, Selection, Subject, created_data, updated_data,
};
use crate::ids::{EndpointId, Fresh, MerchantId, RowKey, Version};
use crate::merchant::notice;
use crate::refusal::Refusal;
use crate::secret::{Entropy, KeyRing};
use crate::time::{DAY_MS, SECOND_MS, Timestamp};

/// How many endpoints a merchant can have.
pub const ENDPOINTS_MAX: usize = 50;
pub const PATTERNS_MAX: usize = 50;
pub const DESCRIPTION_BYTES_MAX: usize = 255;
pub const OVERLAP_SECONDS_MAX: i64 = 604_800;
pub const OVERLAP_SECONDS_DEFAULT: i64 = 86_400;
/// After so long without one success an endpoint is switched off.
pub const FAILING_MS_MAX: i64 = 5 * DAY_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndpointStatus {
    Enabled,
    Disabled,
}

/// Why an endpoint is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The merchant did it.
    Manual,
    /// It answered 410.
    Gone,
    /// Every attempt failed for five days.
    Failing,
}

/// Events of the past that this endpoint asked to hear (again): worked off in bounded steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The last place in the log that was looked at.
    pub after_sequence: i64,
    /// Events of this moment and later count.
    pub from: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    pub id: EndpointId,
    pub merchant_id: MerchantId,
    /// Unique among the merchant's endpoints, never given again: part of its deliveries' keys.
    pub number: i64,
    pub url: String,
    pub description: Option<String>,
    /// As the merchant wrote them.
    pub enabled_events: Vec<String>,
    /// None: events of both environments.
    pub environment: Option<Environment>,
    pub status: EndpointStatus,
    pub disabled_reason: Option<DisabledReason>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    pub secrets: secret::SealedSecrets,
    pub recovery: Option<Recovery>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// What a merchant says of a new endpoint.
#[derive(Clone, Debug)]
pub struct EndpointAsk {
    pub url: String,
    pub description: Option<String>,
    pub enabled_events: Vec<String>,
    pub environment: Option<Environment>,
}

/// What a merchant may change later; none: as it is.
#[derive(Clone, Debug, Default)]
pub struct EndpointPatch {
    pub url: Option<String>,
    pub description: Option<Option<String>>,
    pub enabled_events: Option<Vec<String>>,
    pub status: Option<EndpointStatus>,
}

impl WebhookEndpoint {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// A new endpoint under its number, and its secret, which is shown this once.
    pub fn create(
        merchant_id: MerchantId,
        number: i64,
        ask: EndpointAsk,
        reach: &Reach,
        keys: &KeyRing,
        entropy: (&Entropy, &Entropy),
        fresh: &mut Fresh,
    ) -> Result<(WebhookSecret, WebhookEndpoint), Refusal> {
        check_url(&ask.url, reach)?;
        check_events(&ask.enabled_events)?;
        check_description(ask.description.as_deref())?;
        if !(1..=NUMBER_MAX).contains(&number) {
            return Err(Refusal::TooManyEndpoints);
        }
        let id = EndpointId::fresh(fresh);
        let secret = WebhookSecret::of(entropy.0);
        let endpoint = WebhookEndpoint {
            id,
            merchant_id,
            number,
            url: ask.url,
            description: ask.description,
            enabled_events: ask.enabled_events,
            environment: ask.environment,
            status: EndpointStatus::Enabled,
            disabled_reason: None,
            failing_since: None,
            secrets: secret::SealedSecrets::first(id, &secret, keys, entropy.1),
            recovery: None,
            created_at: fresh.now(),
            updated_at: fresh.now(),
            deleted_at: None,
            version: 0,
        };
        Ok((secret, endpoint))
    }

    pub fn change(mut self, patch: EndpointPatch, reach: &Reach) -> Result<Self, Refusal> {
        if let Some(url) = patch.url {
            check_url(&url, reach)?;
            if url != self.url {
                // What failed was another receiver.
                self.failing_since = None;
            }
            self.url = url;
        }
        if let Some(description) = patch.description {
            check_description(description.as_deref())?;
            self.description = description;
        }
        if let Some(events) = patch.enabled_events {
            check_events(&events)?;
            self.enabled_events = events;
        }
        match patch.status {
            Some(EndpointStatus::Enabled) if !self.is_enabled() => {
                self.status = EndpointStatus::Enabled;
                (self.disabled_reason, self.failing_since) = (None, None);
            }
            Some(EndpointStatus::Disabled) if self.is_enabled() => {
                self.status = EndpointStatus::Disabled;
                self.disabled_reason = Some(DisabledReason::Manual);
                self.recovery = None;
            }
            Some(EndpointStatus::Enabled | EndpointStatus::Disabled) | None => {}
        }
        Ok(self)
    }

    /// A new secret; the one before signs along until the overlap ends.
    pub fn rotate(
        mut self,
        overlap_seconds: i64,
        keys: &KeyRing,
        entropy: (&Entropy, &Entropy),
        now: Timestamp,
    ) -> Result<(WebhookSecret, WebhookEndpoint), Refusal> {
        if !(0..=OVERLAP_SECONDS_MAX).contains(&overlap_seconds) {
            let message = format!("must be 0 to {OVERLAP_SECONDS_MAX}");
            return Err(Refusal::invalid("overlap_seconds", message));
        }
        let secret = WebhookSecret::of(entropy.0);
        let until = now.plus_ms(overlap_seconds * SECOND_MS);
        self.secrets = self.secrets.rotated(self.id, &secret, until, keys, entropy.1);
        Ok((secret, self))
    }

    pub fn delete(mut self, now: Timestamp) -> WebhookEndpoint {
        self.deleted_at = self.deleted_at.or(Some(now));
        self.recovery = None;
        self
    }

    /// Asks for the events since a moment once more, beginning after a place in the log.
    pub fn recover(mut self, after_sequence: i64, from: Timestamp) -> Result<Self, Refusal> {
        if !self.is_enabled() {
            return Err(Refusal::EndpointDisabled);
        }
        let asked = Recovery { after_sequence, from };
        // What was asked for before and is not worked off yet stays asked for.
        let before = self.recovery.unwrap_or(asked);
        self.recovery = Some(Recovery {
            after_sequence: asked.after_sequence.min(before.after_sequence),
            from: asked.from.min(before.from),
        });
        Ok(self)
    }

    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    pub fn is_enabled(&self) -> bool {
        self.status == EndpointStatus::Enabled && !self.is_deleted()
    }

    /// The types it asked for. What is stored was read once before, so all of it is known.
    pub fn selection(&self) -> Selection {
        let patterns = self.enabled_events.iter().map(String::as_str);
        Selection::parse(patterns).unwrap_or(Selection::of(|_| false))
    }

    pub fn is_of(&self, environment: Environment) -> bool {
        self.environment.is_none_or(|own| own == environment)
    }

    /// Whether an event that is written now goes to this endpoint.
    ///
    /// A test ping goes to the endpoint it is for, whatever that one asked for.
    pub fn wants(&self, kind: EventType, environment: Environment, object: Option<RowKey>) -> bool {
        if !self.is_enabled() {
            return false;
        }
        match kind {
            EventType::TestPing => object == Some(self.key()),
            _ if !self.is_of(environment) => false,
            kind => self.selection().contains(kind),
        }
    }

    /// An attempt succeeded: the failures before it are forgiven. None: nothing to write.
    pub fn succeeded(mut self) -> Option<WebhookEndpoint> {
        self.failing_since.take().map(|_| self)
    }

    /// An attempt failed. None: nothing to write.
    pub fn failed(mut self, now: Timestamp) -> Option<WebhookEndpoint> {
        match self.failing_since {
            None => self.failing_since = Some(now),
            Some(since) if self.is_enabled() && now >= since.plus_ms(FAILING_MS_MAX) => {
                self = self.switched_off(DisabledReason::Failing);
            }
            Some(_) => return None,
        }
        Some(self)
    }

    /// The receiver answered that it is gone for good. None: it was off before.
    pub fn gone(self) -> Option<WebhookEndpoint> {
        self.is_enabled().then(|| self.switched_off(DisabledReason::Gone))
    }

    fn switched_off(mut self, reason: DisabledReason) -> WebhookEndpoint {
        self.status = EndpointStatus::Disabled;
        self.disabled_reason = Some(reason);
        self.recovery = None;
        self
    }

    /// The change that adds this endpoint.
    pub fn enroll(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        let what = Notice::WebhookEndpointChanged;
        changes.tell(notice(self.merchant_id, what, self.key(), now));
        changes.insert(self);
        changes
    }

    /// The change that writes this endpoint in place of the one that was read.
    pub fn save(mut self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        self.updated_at = now;
        let what = Notice::WebhookEndpointChanged;
        changes.tell(notice(self.merchant_id, what, self.key(), now));
        changes.update(self);
        changes
    }

    /// The same after an attempt in an environment.
    ///
    /// One that was switched off for its failures or for being gone says so in an event there.
    pub fn save_judged(
        self,
        before: &WebhookEndpoint,
        attempted_in: Environment,
        now: Timestamp,
    ) -> Changes {
        let is_news = before.is_enabled() && !self.is_enabled();
        let told = is_news.then(|| {
            let after = WebhookEndpoint { updated_at: now, ..self.clone() };
            let data = updated_data(&before.view(), &after.view());
            let environment = self.environment.unwrap_or(attempted_in);
            self.entry(EventType::WebhookEndpointDisabled, environment, data, now)
        });
        let mut changes = Changes::of(self.merchant_id);
        told.into_iter().for_each(|entry| changes.tell(entry));
        changes.append(self.save(now));
        changes
    }

    /// The change that sends this endpoint a test.
    pub fn ping(&self, environment: Environment, origin: Origin, fresh: &mut Fresh) -> Changes {
        let now = fresh.now();
        let mut changes = Changes::of(self.merchant_id);
        let ping = view::Ping::new(self.id, fresh.uuid());
        let entry = self.entry(EventType::TestPing, environment, created_data(&ping), now);
        changes.tell(NewEntry { origin, ..entry });
        changes
    }

    fn entry(
        &self,
        kind: EventType,
        environment: Environment,
        data: String,
        now: Timestamp,
    ) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject { object_id: Some(self.key()), ..Subject::default() },
            data,
            origin: Origin::default(),
            pending_webhooks: 0,
        }
    }
}

/// How many of these endpoints hear of an entry that is written now.
pub fn listeners<'a>(
    endpoints: impl Iterator<Item = &'a WebhookEndpoint>,
    entry: &NewEntry,
) -> i64 {
    let Some(kind) = entry.kind.public() else { return 0 };
    let object = entry.subject.object_id;
    let hearing = endpoints.filter(|endpoint| endpoint.wants(kind, entry.environment, object));
    i64::try_from(hearing.count()).expect("a merchant has few endpoints")
}

fn check_events(patterns: &[String]) -> Result<(), Refusal> {
    const PARAM: &str = "enabled_events";
    if patterns.is_empty() || patterns.len() > PATTERNS_MAX {
        return Err(Refusal::invalid(PARAM, format!("must name 1 to {PATTERNS_MAX} events")));
    }
    Selection::parse(patterns.iter().map(String::as_str)).map(drop).map_err(|unknown| {
        let shown: String = unknown.chars().take(64).collect();
        Refusal::invalid(PARAM, format!("names no event: {shown:?}"))
    })
}

fn check_description(text: Option<&str>) -> Result<(), Refusal> {
    if text.is_some_and(|text| text.len() > DESCRIPTION_BYTES_MAX) {
        let message = format!("must be at most {DESCRIPTION_BYTES_MAX} bytes");
        return Err(Refusal::invalid("description", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
