//! Events: the one envelope, its types, and the entries of the log.
//!
//! A decision puts the public view of what changed into the entry; the commit gives it its place
//! in the log. Id and envelope are rendered from the row on read, the same bytes everywhere.

use std::fmt::Write as _;

use serde::Serialize;

use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey};
use crate::time::Timestamp;

mod kind;
mod payor;
mod selection;

pub use kind::{EntryKind, EventType, FIRST_NOTICE_CODE, Notice};
pub use selection::Selection;

/// The version of the public API and of the event schema.
pub const API_VERSION: &str = "2025-12-16";

/// The request that caused an event, as the envelope shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
}

/// What an event is about, in the columns that history is filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub object_id: Option<RowKey>,
    pub invoice_id: Option<RowKey>,
    pub order_id: Option<RowKey>,
    pub customer_id: Option<String>,
    pub wallet: Option<String>,
    pub is_commerce: bool,
}

/// An entry for the log, before the commit gives it its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: EntryKind,
    pub created_at: Timestamp,
    pub subject: Subject,
    /// The JSON of `data`: `{"object":{…},"previous_attributes":{…}}`.
    pub data: String,
    pub origin: Origin,
    /// Enabled endpoints that match when the event is written.
    pub pending_webhooks: i64,
}

impl NewEntry {
    /// An event about one object, which nothing but its own id is looked up by.
    pub fn about(
        object: RowKey,
        (merchant_id, environment): (MerchantId, Environment),
        (kind, data): (EventType, String),
        origin: Origin,
        now: Timestamp,
    ) -> NewEntry {
        NewEntry {
            merchant_id,
            environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject { object_id: Some(object), ..Subject::default() },
            data,
            origin,
            pending_webhooks: 0,
        }
    }
}

/// An entry of the log as the store reads it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub lane: i64,
    pub sequence: i64,
    pub entry: NewEntry,
}

/// `evt_<ms>-<seq>`: the sequence grows in commit order; its last two digits carry the lane.
pub fn event_id(created_at: Timestamp, lane: i64, sequence: i64) -> String {
    format!("evt_{}-{}", created_at.0, sequence * LANES_MAX + lane)
}

/// The most lanes a log can have.
pub const LANES_MAX: i64 = 100;

/// Reads the lane and the sequence back out of an event id.
pub fn parse_event_id(text: &str) -> Option<(i64, i64)> {
    let (ms, number) = text.strip_prefix("evt_")?.split_once('-')?;
    ms.parse::<i64>().ok()?;
    let number: i64 = number.parse().ok().filter(|&number| number >= 0)?;
    Some((number % LANES_MAX, number / LANES_MAX))
}

/// `{"object":…}` of a new object.
pub fn created_data(object: &impl Serialize) -> String {
    let object = serde_json::to_string(object).expect("views serialize");
    format!("{{\"object\":{object}}}")
}

/// `{"object":…,"previous_attributes":…}`: the top-level fields in which two views differ.
pub fn updated_data<View: Serialize>(before: &View, after: &View) -> String {
    let fields = |view: &View| match serde_json::to_value(view).expect("views serialize") {
        serde_json::Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let now = fields(after);
    let mut previous = fields(before);
    previous.retain(|name, value| now.get(name) != Some(value));
    let object = serde_json::to_string(after).expect("views serialize");
    let previous = serde_json::to_string(&previous).expect("maps serialize");
    format!("{{\"object\":{object},\"previous_attributes\":{previous}}}")
}

/// What an event of an erase holds: nothing of what was there before.
pub fn erased_data<View: Serialize>(after: &View) -> String {
    updated_data(after, after)
}

/// The envelope every event travels in, the same over REST, sockets and webhooks.
///
/// The text itself is written by `Entry::envelope`, always in this order and without spaces.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PepayEvent {
    /// `evt_<ms>-<seq>`; grows in the order of the changes. Deliveries repeat: dedupe by it.
    #[schema(example = "evt_1766320496123-4100")]
    pub id: String,
    /// Always `event`.
    pub object: &'static str,
    /// The version of the schema.
    pub api_version: &'static str,
    /// Epoch seconds.
    pub created: i64,
    /// What changed, for example `invoice.updated`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// True on mainnet.
    pub livemode: bool,
    /// Enabled webhook endpoints that matched when the event was written.
    pub pending_webhooks: i64,
    pub request: PepayEventRequest,
    pub data: PepayEventData,
}

/// The request that caused an event; both are null if no request did.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PepayEventRequest {
    pub id: Option<String>,
    pub idempotency_key: Option<String>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PepayEventData {
    /// The whole object, as its own route answers it; always has `object`, `id` and `status`.
    #[schema(value_type = Object)]
    pub object: serde_json::Value,
    /// Of an update: the top-level fields that changed, with their values before.
    #[schema(value_type = Option<Object>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_attributes: Option<serde_json::Value>,
}

/// What an envelope has beside its data.
const ENVELOPE_BYTES: usize = 320;

impl Entry {
    pub fn event_id(&self) -> String {
        event_id(self.entry.created_at, self.lane, self.sequence)
    }

    /// The envelope as JSON text, or nothing for an internal entry.
    ///
    /// Written by hand: `data` is JSON already, and this runs once for every event of a replay.
    pub fn envelope(&self) -> Option<String> {
        let entry = &self.entry;
        let EntryKind::Event(kind) = entry.kind else { return None };
        let mut text = String::with_capacity(entry.data.len() + ENVELOPE_BYTES);
        let (id, name) = (self.event_id(), kind.as_str());
        let (created, livemode) = (entry.created_at.seconds(), entry.environment.is_live());
        let pending = entry.pending_webhooks;
        write!(
            text,
            "{{\"id\":\"{id}\",\"object\":\"event\",\"api_version\":\"{API_VERSION}\",\
             \"created\":{created},\"type\":\"{name}\",\"livemode\":{livemode},\
             \"pending_webhooks\":{pending},\"request\":{{\"id\":"
        )
        .expect("strings take text");
        push_json(&mut text, entry.origin.request_id.as_deref());
        text.push_str(",\"idempotency_key\":");
        push_json(&mut text, entry.origin.idempotency_key.as_deref());
        text.push_str("},\"data\":");
        text.push_str(&entry.data);
        text.push('}');
        Some(text)
    }
}

fn push_json(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => out.push_str(&serde_json::to_string(text).expect("text serializes")),
        None => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_time_lane_and_place() {
        let id = event_id(Timestamp(1_734_780_000_000), 3, 41);
        assert_eq!(id, "evt_1734780000000-4103");
        assert_eq!(parse_event_id(&id), Some((3, 41)));
        for text in ["evt_1", "evt_x-1", "inv_1-1", "evt_1--1", ""] {
            assert_eq!(parse_event_id(text), None, "{text}");
        }
    }

    #[test]
    fn the_envelope_is_what_its_schema_says() {
        let data = r#"{"object":{"id":"1","object":"invoice"},"previous_attributes":{"a":null}}"#;
        let origin = Origin { request_id: Some("a\"\n".to_owned()), idempotency_key: None };
        let entry = NewEntry {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            kind: EntryKind::Event(EventType::InvoiceUpdated),
            created_at: Timestamp(1_734_780_000_123),
            subject: Subject::default(),
            data: data.to_owned(),
            origin,
            pending_webhooks: 2,
        };
        let entry = Entry { lane: 0, sequence: 41, entry };
        let whole: serde_json::Value = serde_json::from_str(data).expect("JSON");
        let event = PepayEvent {
            id: "evt_1734780000123-4100".to_owned(),
            object: "event",
            api_version: API_VERSION,
            created: 1_734_780_000,
            kind: "invoice.updated",
            livemode: false,
            pending_webhooks: 2,
            request: PepayEventRequest { id: Some("a\"\n".to_owned()), idempotency_key: None },
            data: PepayEventData {
                object: whole["object"].clone(),
                previous_attributes: Some(whole["previous_attributes"].clone()),
            },
        };
        let text = serde_json::to_string(&event).expect("serializes");
        assert_eq!(entry.envelope(), Some(text));
    }

    #[test]
    fn previous_attributes_are_the_top_level_difference() {
        let before = serde_json::json!({"id": 1, "status": "unpaid", "paid_at": null});
        let after = serde_json::json!({"id": 1, "status": "paid", "paid_at": 7});
        let data: serde_json::Value =
            serde_json::from_str(&updated_data(&before, &after)).expect("JSON");
        let previous = serde_json::json!({"status": "unpaid", "paid_at": null});
        assert_eq!(data["previous_attributes"], previous);
        assert_eq!(data["object"], after);
    }
}
