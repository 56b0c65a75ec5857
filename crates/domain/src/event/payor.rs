//! What a payor may see of an event: the same envelope with what is private left out.
//!
//! A field is shown because it is named here, never because nobody thought of hiding it. Of the
//! request and of webhooks the payor hears nothing, and an update in which he could see no
//! difference is not told to him at all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

use super::{Entry, EntryKind, EventType, NewEntry, Origin, Selection};

const INVOICE_FIELDS: &[&str] = &[
    "object",
    "id",
    "status",
    "currency",
    "amount",
    "amount_decimal",
    "amount_usd",
    "amount_paid",
    "amount_paid_decimal",
    "amount_remaining",
    "amount_remaining_decimal",
    "amount_overpaid",
    "amount_overpaid_decimal",
    "amount_unit",
    "environment",
    "description",
    "invoice_title",
    "invoice_footer",
    "expires_at",
    "created_at",
    "paid_at",
    "last_payment_at",
];

const PAYMENT_FIELDS: &[&str] = &[
    "object",
    "id",
    "invoice_id",
    "environment",
    "status",
    "network",
    "token_id",
    "token_symbol",
    "token_address",
    "token_amount",
    "token_amount_base",
    "amount_usd",
    "amount_usd_millis",
    "tx_hash",
    "block_number",
    "confirmations",
    "required_confirmations",
    "to_address",
    "late",
    "counted",
    "created_at",
    "confirmed_at",
];

const QUOTE_FIELDS: &[&str] = &[
    "object",
    "id",
    "status",
    "invoice_id",
    "network",
    "currency",
    "amount_remaining",
    "amount_remaining_decimal",
    "amount_unit",
    "token_id",
    "token_amount",
    "exchange_rate",
    "quote_valid_until",
];

/// What of an event's object a payor may see; nothing of an event that is not for him.
fn fields_for_payor(kind: EventType) -> Option<&'static [&'static str]> {
    match kind {
        EventType::InvoiceCreated | EventType::InvoiceUpdated => Some(INVOICE_FIELDS),
        EventType::InvoicePaymentCreated | EventType::InvoicePaymentUpdated => Some(PAYMENT_FIELDS),
        EventType::PaymentQuoteUpdated => Some(QUOTE_FIELDS),
        EventType::TestPing
        | EventType::WebhookEndpointDisabled
        | EventType::CommerceOrderCreated
        | EventType::CommerceOrderUpdated
        | EventType::RefundCreated
        | EventType::RefundUpdated
        | EventType::RampUserCreated
        | EventType::RampUserUpdated
        | EventType::RampBankAccountCreated
        | EventType::RampBankAccountUpdated
        | EventType::RampDepositCreated
        | EventType::RampDepositUpdated
        | EventType::RampOnrampCreated
        | EventType::RampOnrampUpdated
        | EventType::RampPayoutCreated
        | EventType::RampPayoutUpdated => None,
    }
}

impl Selection {
    /// What the payor of an invoice may hear of.
    pub fn for_payor() -> Selection {
        Selection::of(|kind| fields_for_payor(kind).is_some())
    }
}

impl Entry {
    /// The envelope as this invoice's payor may see it; none if there is nothing to see.
    pub fn payor_envelope(&self) -> Option<String> {
        let EntryKind::Event(kind) = self.entry.kind else { return None };
        let shown = fields_for_payor(kind)?;
        let mut data: Data = serde_json::from_str(&self.entry.data).ok()?;
        data.object.0.retain(|(name, _)| shown.contains(name));
        if let Some(previous) = &mut data.previous_attributes {
            previous.0.retain(|(name, _)| shown.contains(name));
            if previous.0.is_empty() {
                return None;
            }
        }
        let entry = NewEntry {
            data: serde_json::to_string(&data).expect("JSON that was read is written"),
            origin: Origin::default(),
            pending_webhooks: 0,
            subject: self.entry.subject.clone(),
            ..self.entry
        };
        Entry { entry, ..*self }.envelope()
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: Fields<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    previous_attributes: Option<Fields<'a>>,
}

/// The fields of an object in their order, their values untouched.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::event::Subject;
    use crate::ids::MerchantId;
    use crate::time::Timestamp;

    fn entry(kind: EventType, data: &str) -> Entry {
        let entry = NewEntry {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            kind: EntryKind::Event(kind),
            created_at: Timestamp(1_734_780_000_123),
            subject: Subject::default(),
            data: data.to_owned(),
            origin: Origin::default(),
            pending_webhooks: 0,
        };
        Entry { lane: 0, sequence: 41, entry }
    }

    #[track_caller]
    fn check(kind: EventType, data: &str, shown: Option<&str>) {
        let mut told = entry(kind, data);
        let (request_id, idempotency_key) = (Some("r".into()), Some("k".into()));
        told.entry.origin = Origin { request_id, idempotency_key };
        told.entry.pending_webhooks = 2;
        let shown = shown.and_then(|data| entry(kind, data).envelope());
        assert_eq!(told.payor_envelope(), shown, "{kind:?}");
    }

    #[test]
    fn only_what_is_named_is_shown_and_numbers_stay_as_they_are() {
        check(
            EventType::InvoiceUpdated,
            r#"{"object":{"id":"1","merchant_id":7,"amount_usd":50.00,"metadata":{"a":1}},
                "previous_attributes":{"status":"unpaid","customer_id":"c"}}"#,
            Some(concat!(
                r#"{"object":{"id":"1","amount_usd":50.00},"#,
                r#""previous_attributes":{"status":"unpaid"}}"#
            )),
        );
        check(
            EventType::InvoicePaymentCreated,
            r#"{"object":{"id":"1","settlement":{"stage":"pending"},"late":false}}"#,
            Some(r#"{"object":{"id":"1","late":false}}"#),
        );
    }

    #[test]
    fn what_changes_nothing_for_the_payor_is_not_told() {
        let data = r#"{"object":{"id":"1"},"previous_attributes":{"customer_email":null}}"#;
        check(EventType::InvoiceUpdated, data, None);
        check(EventType::TestPing, r#"{"object":{"id":"1"}}"#, None);
        assert!(!Selection::for_payor().contains(EventType::RefundCreated));
        assert!(Selection::for_payor().contains(EventType::PaymentQuoteUpdated));
    }
}
