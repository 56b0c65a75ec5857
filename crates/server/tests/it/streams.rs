//! The websockets: who may open which, what each tells, and that it tells everything once.
//!
//! Driven by an independent client over real connections, while the house goes on committing.

mod admission;
mod client;
mod holders;
mod limits;
mod payor;
mod processes;
mod replay;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::{EntryKind, EventType, NewEntry, Origin, Subject};
use domain::ids::{MerchantId, RowKey};
use serde_json::{Value, json};

use crate::house::House;
use client::{Client, id};

pub const MERCHANT: &str = "/ws/merchant/events";
pub const COMMERCE: &str = "/ws/commerce/events";

/// Opens a stream with the house's merchant key, and hears its first frame.
pub async fn open(house: &House, path: &str) -> Client {
    open_with(house, path, &house.key).await.0
}

/// Opens a stream with a key; also answers its first frame.
pub async fn open_with(house: &House, path: &str, key: &str) -> (Client, Value) {
    let opened = Client::try_open(&house.url, path, &[("x-api-key", key)]).await;
    let mut client = opened.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    let (events, ready) = client.until("ready").await;
    assert!(events.is_empty());
    (client, ready)
}

/// What a test tells by itself, where no route tells it yet.
pub struct Told {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: EventType,
    pub subject: Subject,
    pub data: Value,
}

impl Told {
    pub fn of(house: &House, kind: EventType) -> Told {
        Told {
            merchant_id: house.merchant_id,
            environment: Environment::Devnet,
            kind,
            subject: Subject::default(),
            data: json!({ "object": { "object": "ping", "status": "ok" } }),
        }
    }

    pub fn about(self, subject: Subject) -> Told {
        Told { subject, ..self }
    }

    fn entry(&self, house: &House) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: EntryKind::Event(self.kind),
            created_at: house.app.now(),
            subject: self.subject.clone(),
            data: self.data.to_string(),
            origin: Origin::default(),
            pending_webhooks: 0,
        }
    }

    /// Commits it this many times in one group; answers the ids.
    pub async fn commit(self, house: &House, count: i64) -> Vec<String> {
        let mut changes = Changes::of(self.merchant_id);
        for _ in 0..count {
            changes.tell(self.entry(house));
        }
        let at = house.app.commit(changes).await.expect("is told");
        let name = |place| domain::event::event_id(house.app.now(), at.lane, place);
        (at.first_sequence..=at.last_sequence).map(name).collect()
    }
}

pub fn key(number: u8) -> RowKey {
    RowKey([number; 16])
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn events_arrive_as_they_happen_and_byte_for_byte_as_history_has_them() {
    let house = House::start().await;
    let mut client = open(&house, MERCHANT).await;
    let created = house.invoice(10.0).await;
    let to = house.allocate(&created, "ethereum", "USDC").await;
    house.transfer("ethereum", "USDC", to["temp_address"].as_str().expect("text"), "10").await;
    house.settle().await;
    let kinds = [
        "invoice.created",
        "invoice_payment.created",
        "invoice_payment.updated",
        "invoice.updated",
    ];
    for kind in kinds {
        let (text, event) = client.text().await;
        assert_eq!(event["type"], kind);
        let (lane, place) = domain::event::parse_event_id(&id(&event)).expect("an id");
        let entry = house.app.store.entry(lane, place).await.expect("reads").expect("is there");
        assert_eq!(entry.envelope(), Some(text.clone()));
        let request = house.request("GET", &format!("/api/v1/events/{}", id(&event)));
        let answer = request.header("x-api-key", &house.key).send().await.expect("answers");
        let answer = answer.text().await.expect("text");
        assert!(answer.contains(&text), "{answer} holds {text}");
    }
}

#[tokio::test]
async fn filters_narrow_a_stream_live_and_in_replay_alike() {
    let house = House::start().await;
    let order = Subject {
        object_id: Some(key(1)),
        order_id: Some(key(1)),
        customer_id: Some("ann".into()),
        wallet: Some("0xAbCd".into()),
        is_commerce: true,
        ..Subject::default()
    };
    let invoice = Subject {
        object_id: Some(key(2)),
        invoice_id: Some(key(2)),
        customer_id: Some("bob".into()),
        ..Subject::default()
    };
    let uuid = |number: u8| key(number).uuid().to_string();
    let cases = [
        (String::new(), "opi"),
        ("types=invoice.*".into(), "i"),
        ("types=invoice.created,commerce.order.*".into(), "oi"),
        ("types=refund.*".into(), ""),
        ("invoice_type=standard".into(), "i"),
        ("invoice_type=commerce".into(), "o"),
        ("customer_id=ann".into(), "o"),
        ("customer_id=nobody".into(), ""),
        (format!("invoice_id={}", uuid(2)), "i"),
        (format!("order_id={}", uuid(1)), "o"),
        (format!("order_id={}", uuid(2)), ""),
        ("wallet_address=0xabcd".into(), "o"),
        ("wallet_network=base".into(), "i"),
        ("environment=devnet&format=event_v1".into(), "opi"),
    ];
    let mut clients = Vec::new();
    for (filter, _) in &cases {
        clients.push(open(&house, &format!("{MERCHANT}?{filter}")).await);
    }
    let since = house.app.now().seconds();
    Told::of(&house, EventType::CommerceOrderCreated).about(order).commit(&house, 1).await;
    Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    let mut told = Told::of(&house, EventType::InvoiceCreated).about(invoice);
    told.data["object"]["payer_wallet_network"] = json!("base");
    told.commit(&house, 1).await;
    let letter = |event: &Value| match event["type"].as_str() {
        Some("commerce.order.created") => 'o',
        Some("test.ping") => 'p',
        Some("invoice.created") => 'i',
        other => panic!("{other:?}"),
    };
    for ((filter, wanted), live) in cases.iter().zip(&mut clients) {
        let mut again = open(&house, &format!("{MERCHANT}?since={since}&{filter}")).await;
        let (events, _) = again.until("replay_finished").await;
        assert_eq!(events.iter().map(letter).collect::<String>(), *wanted, "{filter}, replayed");
        let mut heard = String::new();
        for _ in 0..wanted.len() {
            heard.push(letter(&live.event().await));
        }
        assert_eq!(heard, *wanted, "{filter}, live");
    }
}

#[tokio::test]
async fn each_stream_tells_of_its_own_merchant_environment_and_scope_only() {
    let house = House::start().await;
    let (stranger, _) = house.stranger().await;
    let commerce = Subject { object_id: Some(key(1)), is_commerce: true, ..Subject::default() };
    let mut all = open(&house, MERCHANT).await;
    let (mut shop, _) = open_with(&house, COMMERCE, &house.commerce_key).await;
    let (mut shop_too, _) = open_with(&house, COMMERCE, &house.key).await;
    let mut told = Told::of(&house, EventType::TestPing);
    told.merchant_id = stranger;
    told.commit(&house, 1).await;
    let mut told = Told::of(&house, EventType::CommerceOrderCreated).about(commerce.clone());
    told.environment = Environment::Mainnet;
    told.commit(&house, 1).await;
    let plain = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    let orders = Told::of(&house, EventType::CommerceOrderUpdated).about(commerce);
    let orders = orders.commit(&house, 1).await;
    assert_eq!(all.ids(2).await, [plain, orders.clone()].concat());
    assert_eq!(shop.ids(1).await, orders);
    assert_eq!(shop_too.ids(1).await, orders);
    let (replayed, _) = {
        let path = format!("{COMMERCE}?since=0");
        let mut client = open_with(&house, &path, &house.commerce_key).await.0;
        client.until("replay_finished").await
    };
    assert_eq!(types(&replayed), ["commerce.order.updated"]);
}

#[tokio::test]
async fn an_internal_or_payor_only_entry_is_never_told_to_a_merchant() {
    let house = House::start().await;
    let mut client = open(&house, MERCHANT).await;
    let created = house.invoice(10.0).await;
    house.allocate(&created, "ethereum", "USDC").await;
    house.mint(domain::api_key::KeyScope::Merchant, Environment::Devnet).await;
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(client.event().await["type"], "invoice.created");
    assert_eq!(client.ids(1).await, ping);
    let mut again = open(&house, &format!("{MERCHANT}?since=0")).await;
    let (events, _) = again.until("replay_finished").await;
    assert_eq!(types(&events), ["invoice.created", "test.ping"]);
}
