//! The bytes of the requests the client sends.
//!
//! A request is composed once; after that only the 36 bytes that differ (the Idempotency-Key of
//! a create, the invoice id of a read) are overwritten in place. The random ids come from a
//! small generator of our own, seeded apart for each connection, so that they are valid UUIDv4
//! text for a few nanoseconds each.

use std::sync::Arc;

use crate::client::{Target, Work};
use crate::fresh;

/// A UUID as text.
pub type Uuid36 = [u8; 36];

const BODY: &str = concat!(
    r#"{"amount_usd":49.99,"description":"Order 1042","customer_id":"cust_7","#,
    r#""metadata":{"order":"1042"},"expires_in":3600000}"#
);
const BLANK: &str = "00000000-0000-4000-8000-000000000000";

pub enum Requests {
    Create(Template),
    Status(StatusRequests),
}

pub struct StatusRequests {
    template: Template,
    ids: Arc<[Uuid36]>,
}

impl Requests {
    pub fn new(target: &Target, work: &Work) -> Self {
        match work {
            Work::CreateInvoice => Self::Create(create_invoice(target)),
            Work::ReadStatus(ids) => {
                let path = format!("/api/v1/invoices/{BLANK}/status");
                let template = Template::new(get(target, &path));
                Self::Status(StatusRequests { template, ids: ids.clone() })
            }
        }
    }

    /// The next request, different from every one before.
    pub fn next(&mut self) -> &[u8] {
        match self {
            Self::Create(template) => template.with_random_uuid(),
            Self::Status(StatusRequests { template, ids }) => {
                let id = ids[template.random.next() as usize % ids.len()];
                template.with(&id)
            }
        }
    }

    /// The Idempotency-Key (of a read: the invoice id) of the request last made.
    pub fn idempotency_key(&self) -> Uuid36 {
        match self {
            Self::Create(template) | Self::Status(StatusRequests { template, .. }) => {
                template.current()
            }
        }
    }
}

/// `POST /api/v1/invoices`, with a place for the Idempotency-Key.
pub fn create_invoice(target: &Target) -> Template {
    let Target { address, api_key } = target;
    Template::new(format!(
        "POST /api/v1/invoices HTTP/1.1\r\nhost: {address}\r\nx-api-key: {api_key}\r\n\
         idempotency-key: {BLANK}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{BODY}",
        BODY.len()
    ))
}

/// `GET /api/v1/invoices/{id}`, with a place for the id.
pub fn read_invoice(target: &Target) -> Template {
    Template::new(get(target, &format!("/api/v1/invoices/{BLANK}")))
}

pub fn get(target: &Target, path: &str) -> String {
    without_body("GET", target, path)
}

pub fn without_body(method: &str, target: &Target, path: &str) -> String {
    let Target { address, api_key } = target;
    format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {api_key}\r\n\r\n")
}

pub fn post(target: &Target, path: &str, body: &str) -> String {
    let Target { address, api_key } = target;
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {api_key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The same under an Idempotency-Key of its own.
pub fn post_once(target: &Target, path: &str, body: &str) -> String {
    let Target { address, api_key } = target;
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {api_key}\r\n\
         idempotency-key: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        fresh::random_uuid(),
        body.len()
    )
}

/// What is opened by a token instead of a key.
pub fn get_with_bearer(target: &Target, path: &str, token: &str) -> String {
    let address = target.address;
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// A request with one UUID in it that is exchanged.
pub struct Template {
    bytes: Vec<u8>,
    at: usize,
    random: Random,
}

impl Template {
    fn new(text: String) -> Self {
        let at = text.find(BLANK).expect("each template is composed around BLANK");
        Self { bytes: text.into_bytes(), at, random: Random::seeded() }
    }

    pub fn with(&mut self, uuid: &Uuid36) -> &[u8] {
        self.bytes[self.at..self.at + 36].copy_from_slice(uuid);
        &self.bytes
    }

    pub fn with_random_uuid(&mut self) -> &[u8] {
        let uuid = self.random.uuid_v4();
        self.with(&uuid)
    }

    fn current(&self) -> Uuid36 {
        let mut uuid = [0; 36];
        uuid.copy_from_slice(&self.bytes[self.at..self.at + 36]);
        uuid
    }
}

/// xoroshiro128+: fast, and good enough to never repeat a key within a run.
pub struct Random {
    state: [u64; 2],
}

impl Random {
    pub fn seeded() -> Self {
        let (high, low) = fresh::random_uuid().as_u64_pair();
        Self { state: [high, low] }
    }

    pub fn next(&mut self) -> u64 {
        let [a, mut b] = self.state;
        let result = a.wrapping_add(b);
        b ^= a;
        self.state = [a.rotate_left(24) ^ b ^ (b << 16), b.rotate_left(37)];
        result
    }

    fn uuid_v4(&mut self) -> Uuid36 {
        let mut text = [0; 36];
        let uuid = uuid::Builder::from_random_bytes(
            (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes(),
        )
        .into_uuid();
        uuid.hyphenated().encode_lower(&mut text);
        text
    }
}

/// Where `wanted` begins in `bytes`.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_create_carries_a_key_of_its_own_and_its_length() {
        let address = ([127, 0, 0, 1], 3000).into();
        let target = Target { address, api_key: "sk_test_1".to_owned() };
        let mut requests = Requests::new(&target, &Work::CreateInvoice);
        let first = requests.next().to_vec();
        let key = requests.idempotency_key();
        assert!(find(&first, &key).is_some());
        assert!(uuid::Uuid::try_parse_ascii(&key).is_ok_and(|uuid| uuid.get_version_num() == 4));
        assert_ne!(first, requests.next());
        let body = find(&first, b"\r\n\r\n").map(|end| &first[end + 4..]).unwrap();
        assert_eq!(body, BODY.as_bytes());
        assert!(serde_json::from_slice::<serde_json::Value>(body).is_ok());
    }
}
