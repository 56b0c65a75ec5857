//! A delivery: one event on its way to one endpoint, and every attempt to bring it there.
//!
//! Its key is made of the event's moment, its place in the log and the endpoint's number: one
//! event goes to one endpoint once, however often the log is followed, and deliveries lie in the
//! order of their events. An attempt is counted before the next is due; what a receiver got it may
//! get again, with the same event id.

mod schedule;
mod view;

pub use schedule::{RETRY_AFTER_MS_MAX, SCHEDULE_MS_MAX, SPREAD_SIDES, TRIES_MAX};
pub use view::{AttemptView, DeliveryDetails, DeliveryView};

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::event::EventType;
use crate::ids::{DeliveryId, EndpointId, MerchantId, RowKey, Version};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::webhook_endpoint::WebhookEndpoint;

/// Attempts are part of keys by one byte; resending ends before it does.
pub const ATTEMPTS_MAX: i64 = 240;
/// What is kept of a receiver's answer.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// To be sent, now or again later.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Every attempt failed, or the endpoint went away.
    Failed,
}

impl DeliveryStatus {
    pub const ALL: [DeliveryStatus; 3] =
        [DeliveryStatus::Pending, DeliveryStatus::Delivered, DeliveryStatus::Failed];

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<DeliveryStatus> {
        DeliveryStatus::ALL.get(usize::try_from(code).ok()?).copied()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Pending => "pending",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<DeliveryStatus> {
        DeliveryStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Where an event stands in the log, and when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub created_at: Timestamp,
    pub lane: i64,
    pub sequence: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub endpoint: EndpointId,
    pub kind: EventType,
    pub created_at: Timestamp,
    pub status: DeliveryStatus,
    /// All attempts so far.
    pub attempts: i64,
    /// Those since it was made or last asked for by hand: the place in the schedule.
    pub tries: i64,
    /// When the next attempt is due; none: there is none.
    pub due_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub last_status: Option<i64>,
    pub finished_at: Option<Timestamp>,
    pub version: Version,
}

/// One attempt, as it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The delivery's key with the attempt's number at its end.
    pub key: RowKey,
    pub started_at: Timestamp,
    pub duration_ms: i64,
    pub outcome: AttemptOutcome,
    pub version: Version,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The receiver answered.
    Answered {
        status: u16,
        /// The beginning of its answer.
        body: String,
    },
    /// No answer came: the short reason.
    Unanswered { error: String },
}

/// What the sender saw of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub started_at: Timestamp,
    pub duration_ms: i64,
    pub outcome: AttemptOutcome,
    /// What the receiver asked to wait, if it did.
    pub retry_after_ms: Option<i64>,
}

/// How an attempt bears on its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Succeeded,
    Failed,
    /// The receiver is gone for good.
    Gone,
}

impl AttemptOutcome {
    pub fn status(&self) -> Option<u16> {
        match self {
            AttemptOutcome::Answered { status, .. } => Some(*status),
            AttemptOutcome::Unanswered { .. } => None,
        }
    }

    pub fn verdict(&self) -> Verdict {
        match self.status() {
            Some(200..=299) => Verdict::Succeeded,
            Some(410) => Verdict::Gone,
            Some(_) | None => Verdict::Failed,
        }
    }
}

/// The greatest number an endpoint can have in a key; the least is 1.
pub const NUMBER_MAX: i64 = (1 << 24) - 1;
const MS_BYTES: usize = 6;
const SEQUENCE_BYTES: usize = 5;

impl EventPlace {
    /// The key of this event's delivery to the endpoint of a number.
    pub fn delivery_key(self, endpoint_number: i64) -> RowKey {
        let bytes = |number: i64| number.to_be_bytes();
        let mut key = [0; 16];
        key[..6].copy_from_slice(&bytes(self.created_at.0)[8 - MS_BYTES..]);
        key[6] = bytes(self.lane)[7];
        key[7..12].copy_from_slice(&bytes(self.sequence)[8 - SEQUENCE_BYTES..]);
        key[12..15].copy_from_slice(&bytes(endpoint_number)[5..]);
        RowKey(key)
    }

    /// Reads a delivery's event back out of its key.
    pub fn of_delivery(key: RowKey) -> EventPlace {
        let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | i64::from(*byte));
        EventPlace {
            created_at: Timestamp(number(&key.0[..6])),
            lane: i64::from(key.0[6]),
            sequence: number(&key.0[7..12]),
        }
    }

    pub fn event_id(self) -> String {
        crate::event::event_id(self.created_at, self.lane, self.sequence)
    }

    /// Reads an event's place out of its id, if the id is written as we write them.
    pub fn parse(event_id: &str) -> Option<EventPlace> {
        let (lane, sequence) = crate::event::parse_event_id(event_id)?;
        let (ms, _) = event_id.strip_prefix("evt_")?.split_once('-')?;
        let place = EventPlace { created_at: Timestamp(ms.parse().ok()?), lane, sequence };
        let has_room = EventPlace::of_delivery(place.delivery_key(0)) == place;
        (has_room && place.event_id() == event_id).then_some(place)
    }

    /// Before and after the keys of every delivery of this event.
    pub fn delivery_keys(self) -> (RowKey, RowKey) {
        (self.delivery_key(0), self.delivery_key(NUMBER_MAX))
    }
}

impl Delivery {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// An event that is to be sent to an endpoint, at once.
    pub fn plan(
        place: EventPlace,
        (kind, environment): (EventType, Environment),
        endpoint: &WebhookEndpoint,
        now: Timestamp,
    ) -> Delivery {
        Delivery {
            id: DeliveryId(place.delivery_key(endpoint.number)),
            merchant_id: endpoint.merchant_id,
            environment,
            endpoint: endpoint.id,
            kind,
            created_at: now,
            status: DeliveryStatus::Pending,
            attempts: 0,
            tries: 0,
            due_at: Some(now),
            last_status: None,
            finished_at: None,
            version: 0,
        }
    }

    pub fn event(&self) -> EventPlace {
        EventPlace::of_delivery(self.key())
    }

    /// The keys of this delivery's attempts: after the first, up to and with the second.
    pub fn attempt_keys(&self) -> (RowKey, RowKey) {
        (self.key(), self.attempt_key(u8::MAX))
    }

    fn attempt_key(&self, number: u8) -> RowKey {
        let mut key = self.key();
        key.0[15] = number;
        key
    }

    /// Records an attempt: delivered, due again later, or given up.
    ///
    /// `spread` spreads retries of one moment: a number below `schedule::SPREAD_SIDES`.
    pub fn attempted(mut self, seen: Seen, spread: u64) -> (Delivery, Attempt) {
        let now = seen.started_at.plus_ms(seen.duration_ms);
        self.attempts += 1;
        self.tries += 1;
        self.last_status = seen.outcome.status().map(i64::from);
        let delay_ms = match seen.outcome.verdict() {
            Verdict::Succeeded => None,
            Verdict::Gone => None,
            Verdict::Failed => schedule::delay_ms(self.tries, seen.retry_after_ms, spread),
        };
        let delay_ms = delay_ms.filter(|_| self.attempts < ATTEMPTS_MAX);
        self.due_at = delay_ms.map(|delay_ms| now.plus_ms(delay_ms));
        self.status = match (seen.outcome.verdict(), self.due_at) {
            (Verdict::Succeeded, _) => DeliveryStatus::Delivered,
            (Verdict::Failed | Verdict::Gone, Some(_)) => DeliveryStatus::Pending,
            (Verdict::Failed | Verdict::Gone, None) => DeliveryStatus::Failed,
        };
        self.finished_at = self.due_at.is_none().then_some(now);
        let number = u8::try_from(self.attempts).expect("bounded by ATTEMPTS_MAX");
        let attempt = Attempt {
            key: self.attempt_key(number),
            started_at: seen.started_at,
            duration_ms: seen.duration_ms,
            outcome: seen.outcome,
            version: 0,
        };
        (self, attempt)
    }

    /// Records an attempt on a row that was read after the attempt of `sent` had begun.
    ///
    /// If sending it again was asked for meanwhile, that is still to be done, whatever came of
    /// this attempt.
    pub fn attempted_meanwhile(
        self,
        sent: &Delivery,
        seen: Seen,
        spread: u64,
    ) -> (Delivery, Attempt) {
        let is_asked_for = self.version != sent.version
            && self.status == DeliveryStatus::Pending
            && self.tries == 0;
        let asked = is_asked_for.then_some(self.due_at);
        let (mut delivery, attempt) = self.attempted(seen, spread);
        if let Some(due_at) = asked {
            delivery.status = DeliveryStatus::Pending;
            delivery.tries = 0;
            (delivery.due_at, delivery.finished_at) = (due_at, None);
        }
        (delivery, attempt)
    }

    /// Sends it again, now, with the whole schedule before it.
    pub fn resend(mut self, now: Timestamp) -> Result<Delivery, Refusal> {
        if self.attempts + TRIES_MAX > ATTEMPTS_MAX {
            return Err(Refusal::TooManyAttempts);
        }
        self.status = DeliveryStatus::Pending;
        self.tries = 0;
        (self.due_at, self.finished_at) = (Some(now), None);
        Ok(self)
    }

    /// Gives it up: its endpoint is off or gone.
    pub fn give_up(mut self, now: Timestamp) -> Delivery {
        self.status = DeliveryStatus::Failed;
        (self.due_at, self.finished_at) = (None, Some(now));
        self
    }
}

impl Attempt {
    pub fn key(&self) -> RowKey {
        self.key
    }

    /// The first is 1.
    pub fn number(&self) -> i64 {
        i64::from(self.key.0[15])
    }
}

#[cfg(test)]
mod tests;
