//! What a delivery carries beside its body: whose event it is, when it was sent, who signed it.
//!
//! The worker that delivers and `pepay listen` both write them here, so that a receiver cannot
//! tell the one from the other. Both signature schemes are always there.

use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use domain::environment::Environment;
use domain::time::Timestamp;
use domain::webhook_endpoint::SigningSecrets;
use domain::webhook_signature::sign;

const AGENT: HeaderValue = HeaderValue::from_static("Pepay-Webhooks/1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// More than there are, so that the map never grows.
const CAPACITY: usize = 16;

/// The event that is delivered, as far as headers tell of it.
pub struct Headline<'a> {
    pub id: &'a str,
    pub kind: &'static str,
    pub environment: Environment,
}

/// The headers of one attempt at `now`.
pub fn webhook_headers(
    secrets: &SigningSecrets,
    event: &Headline<'_>,
    body: &[u8],
    now: Timestamp,
) -> HeaderMap {
    let signed = sign(secrets, event.id, body, now);
    let id = value(event.id.to_owned());
    let mut headers = HeaderMap::with_capacity(CAPACITY);
    let mut put = |name: &'static str, value: HeaderValue| {
        headers.insert(HeaderName::from_static(name), value);
    };
    put("x-pepay-event", HeaderValue::from_static(event.kind));
    put("x-pepay-event-id", id.clone());
    put("x-pepay-timestamp", HeaderValue::from(signed.timestamp_ms));
    put("x-pepay-signature", value(signed.pepay));
    if let Some(previous) = signed.pepay_previous {
        put("x-pepay-signature-previous", value(previous));
    }
    put("x-pepay-network-environment", HeaderValue::from_static(event.environment.as_str()));
    put("webhook-id", id);
    put("webhook-timestamp", HeaderValue::from(signed.standard_timestamp));
    put("webhook-signature", value(signed.standard));
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(USER_AGENT, AGENT);
    headers
}

fn value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("ids and signatures are ASCII")
}
