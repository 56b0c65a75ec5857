//! Events: the one envelope, its types, and the entries of the log.
//!
//! A decision puts the public view of what changed into the entry; the commit gives it its place
//! in the log. Id and envelope are rendered from the row on read, the same bytes everywhere.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey};
use crate::time::Timestamp;

/// The version of the public API and of the event schema.
pub const API_VERSION: &str = "2025-12-16";

/// What changed. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    InvoiceCreated,
    InvoiceUpdated,
    InvoicePaymentCreated,
    InvoicePaymentUpdated,
    TestPing,
}

impl EventType {
    pub const ALL: [EventType; 5] = [
        EventType::InvoiceCreated,
        EventType::InvoiceUpdated,
        EventType::InvoicePaymentCreated,
        EventType::InvoicePaymentUpdated,
        EventType::TestPing,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EventType::InvoiceCreated => "invoice.created",
            EventType::InvoiceUpdated => "invoice.updated",
            EventType::InvoicePaymentCreated => "invoice_payment.created",
            EventType::InvoicePaymentUpdated => "invoice_payment.updated",
            EventType::TestPing => "test.ping",
        }
    }
}

/// Why a log entry exists without being anybody's event: it never leaves the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    KeyChanged,
    MerchantChanged,
    TokenRuleChanged,
    MemberChanged,
}

impl Notice {
    pub const ALL: [Notice; 4] = [
        Notice::KeyChanged,
        Notice::MerchantChanged,
        Notice::TokenRuleChanged,
        Notice::MemberChanged,
    ];
}

/// Codes of internal entries start here; those below are events.
const FIRST_NOTICE_CODE: i64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    Event(EventType),
    Notice(Notice),
}

impl EntryKind {
    pub fn code(self) -> i64 {
        match self {
            EntryKind::Event(kind) => kind as i64,
            EntryKind::Notice(notice) => FIRST_NOTICE_CODE + notice as i64,
        }
    }

    pub fn from_code(code: i64) -> Option<EntryKind> {
        if code >= FIRST_NOTICE_CODE {
            let at = usize::try_from(code - FIRST_NOTICE_CODE).ok()?;
            return Notice::ALL.get(at).copied().map(EntryKind::Notice);
        }
        let at = usize::try_from(code).ok()?;
        EventType::ALL.get(at).copied().map(EntryKind::Event)
    }
}

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

/// The envelope every event travels in.
#[derive(Clone, Debug, Serialize)]
pub struct Envelope<'a> {
    pub id: String,
    pub object: &'static str,
    pub api_version: &'static str,
    pub created: i64,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub livemode: bool,
    pub pending_webhooks: i64,
    pub request: EnvelopeRequest<'a>,
    pub data: &'a RawValue,
}

#[derive(Clone, Debug, Serialize)]
pub struct EnvelopeRequest<'a> {
    pub id: Option<&'a str>,
    pub idempotency_key: Option<&'a str>,
}

impl Entry {
    /// The envelope as JSON text, or nothing for an internal entry.
    pub fn envelope(&self) -> Option<String> {
        let entry = &self.entry;
        let EntryKind::Event(kind) = entry.kind else { return None };
        let envelope = Envelope {
            id: event_id(entry.created_at, self.lane, self.sequence),
            object: "event",
            api_version: API_VERSION,
            created: entry.created_at.seconds(),
            kind: kind.as_str(),
            livemode: entry.environment.is_live(),
            pending_webhooks: entry.pending_webhooks,
            request: EnvelopeRequest {
                id: entry.origin.request_id.as_deref(),
                idempotency_key: entry.origin.idempotency_key.as_deref(),
            },
            data: serde_json::from_str(&entry.data).ok()?,
        };
        serde_json::to_string(&envelope).ok()
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
    fn codes_name_every_kind() {
        let events = EventType::ALL.into_iter().map(EntryKind::Event);
        let notices = Notice::ALL.into_iter().map(EntryKind::Notice);
        for kind in events.chain(notices) {
            assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(EntryKind::from_code(999), None);
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
