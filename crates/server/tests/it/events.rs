//! History over HTTP: what is told, to whom, by which filter, page by page.

mod by_delivery;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::{EntryKind, EventType, NewEntry, Notice, Origin, Subject, event_id};
use domain::ids::{MerchantId, RowKey};
use domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::account::{act, owner};
use crate::house::{House, Reply, START};

const EVENTS: &str = "/api/v1/events";
const INVOICE: Uuid = Uuid::from_u128(0x019b_4122_a53b_7000_8000_0000_0000_0001);
const ORDER: Uuid = Uuid::from_u128(0x019b_4122_a53b_7000_8000_0000_0000_0002);

/// An event that says nothing in particular.
fn entry(merchant_id: MerchantId, kind: EntryKind, created_at: Timestamp) -> NewEntry {
    NewEntry {
        merchant_id,
        environment: Environment::Devnet,
        kind,
        created_at,
        subject: Subject::default(),
        data: r#"{"object":{"id":"1","object":"thing","status":"ok"}}"#.to_owned(),
        origin: Origin::default(),
        pending_webhooks: 0,
    }
}

/// Tells it, and answers its id.
async fn tell(house: &House, entry: NewEntry) -> String {
    let created_at = entry.created_at;
    let mut changes = Changes::of(entry.merchant_id);
    changes.tell(entry);
    let committed = house.app.commit(changes).await.expect("commits");
    event_id(created_at, committed.lane, committed.last_sequence)
}

fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"]["data"].as_array().expect("a page");
    data.iter().map(|event| event["id"].as_str().expect("an id")).collect()
}

async fn listed(house: &House, query: &str) -> Vec<String> {
    let list = house.get(&format!("{EVENTS}?limit=100&{query}")).await.ok();
    ids(&list).into_iter().map(str::to_owned).collect()
}

/// Every page from the newest to the oldest, and back again.
async fn walked(house: &House, query: &str, limit: usize) -> Vec<String> {
    let mut older: Vec<String> = Vec::new();
    loop {
        let cursor = older.last().map_or(String::new(), |id| format!("&starting_after={id}"));
        let page = house.get(&format!("{EVENTS}?{query}&limit={limit}{cursor}")).await.ok();
        let found = ids(&page).into_iter().map(str::to_owned);
        older.extend(found);
        assert!(ids(&page).len() <= limit);
        if page["data"]["has_more"] == false {
            break;
        }
        assert_eq!(ids(&page).len(), limit, "only the last page is short");
    }
    let Some(oldest) = older.last() else { return older };
    let mut newer = vec![oldest.clone()];
    loop {
        let path = format!("{EVENTS}?{query}&limit={limit}&ending_before={}", newer[0]);
        let page = house.get(&path).await.ok();
        let found: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
        newer.splice(0..0, found);
        if page["data"]["has_more"] == false {
            break;
        }
    }
    assert_eq!(newer, older, "both ways meet the same events");
    older
}

#[tokio::test]
async fn every_change_is_told_in_one_envelope_newest_first() {
    let house = House::start().await;
    let created = house.invoice(49.99).await;
    house.advance(1_500);
    let id = created["invoice_id"].as_str().expect("an id").to_owned();
    let request = house.request("POST", &format!("/api/v1/invoices/{id}/cancel"));
    let request = request.header("x-api-key", &house.key).header("x-request-id", "req-7");
    house.send(request.header("idempotency-key", "cancel-1")).await.ok();

    let list = house.get(EVENTS).await.ok();
    assert_eq!(
        (&list["success"], &list["data"]["object"], &list["data"]["has_more"]),
        (&json!(true), &json!("list"), &json!(false))
    );
    let (updated, first) = (&list["data"]["data"][0], &list["data"]["data"][1]);
    assert_eq!(list["data"]["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&first["type"], &updated["type"]),
        (&json!("invoice.created"), &json!("invoice.updated"))
    );
    assert_eq!(
        json!([updated["object"], updated["api_version"], updated["livemode"], updated["created"]]),
        json!(["event", "2025-12-16", false, START.seconds() + 1])
    );
    assert_eq!(updated["request"], json!({ "id": "req-7", "idempotency_key": "cancel-1" }));
    assert_eq!(first["data"].get("previous_attributes"), None);
    assert_eq!(updated["data"]["previous_attributes"]["status"], "unpaid");
    assert_eq!(updated["data"]["object"], house.get(&format!("/api/v1/invoices/{id}")).await.ok());
    let text = updated["id"].as_str().expect("an id");
    assert!(text.starts_with(&format!("evt_{}-", START.0 + 1_500)), "{text}");
}

#[tokio::test]
async fn a_list_and_a_retrieve_carry_the_same_bytes() {
    let house = House::start().await;
    house.invoice(10.0).await;
    let text = async |path: &str| {
        let request = house.request("GET", path).header("x-api-key", &house.key);
        request.send().await.expect("answers").text().await.expect("a body")
    };
    let entries = house.app.store.log_after(0, 0, 100).await.expect("the log");
    let written = entries.iter().find(|entry| entry.entry.kind.public().is_some());
    let written = written.expect("an event").clone();
    let envelope = written.envelope().expect("public");
    let list = text(EVENTS).await;
    assert_eq!(
        list,
        format!(
            r#"{{"success":true,"data":{{"object":"list","data":[{envelope}],"has_more":false}}}}"#
        )
    );
    let one = text(&format!("{EVENTS}/{}", written.event_id())).await;
    assert_eq!(one, format!(r#"{{"success":true,"data":{envelope}}}"#));
}

#[tokio::test]
async fn pages_lead_through_all_of_it_both_ways() {
    let house = House::start().await;
    let mut told = Vec::new();
    for number in 0..23 {
        let kind = EventType::ALL[number % 4];
        let at = START.plus_ms(number as i64 / 5);
        told.push(tell(&house, entry(house.merchant_id, EntryKind::Event(kind), at)).await);
    }
    told.reverse();
    for limit in [1, 4, 23, 100] {
        assert_eq!(walked(&house, "", limit).await, told, "limit {limit}");
    }
    let short = house.get(EVENTS).await.ok();
    assert_eq!((ids(&short).len(), &short["data"]["has_more"]), (10, &json!(true)), "the default");
    let newest = format!("{EVENTS}?ending_before={}", told[0]);
    assert_eq!(ids(&house.get(&newest).await.ok()), [""; 0]);
}

/// A history with a little of everything; answers what was told and may be seen, newest first.
async fn history(house: &House) -> Vec<(String, NewEntry)> {
    let mut told = Vec::new();
    for number in 0..120 {
        let kind = EventType::ALL[number % 6];
        let at = START.plus_ms(number as i64 * 7 * MINUTE_MS);
        let entry = NewEntry {
            environment: Environment::ALL[usize::from(number % 5 == 4)],
            subject: Subject {
                invoice_id: (number % 3 == 0).then(|| RowKey::from(INVOICE)),
                order_id: (number % 8 == 0).then(|| RowKey::from(ORDER)),
                is_commerce: number % 4 == 0,
                ..Subject::default()
            },
            ..entry(house.merchant_id, EntryKind::Event(kind), at)
        };
        let id = tell(house, entry.clone()).await;
        if entry.kind.public().is_some() {
            told.push((id, entry));
        }
    }
    told.reverse();
    told
}

fn matching(told: &[(String, NewEntry)], is_wanted: impl Fn(&NewEntry) -> bool) -> Vec<String> {
    let wanted = told.iter().filter(|(_, entry)| is_wanted(entry));
    wanted.map(|(id, _)| id.clone()).collect()
}

#[tokio::test]
async fn every_filter_and_all_of_them_together() {
    use EventType::{InvoiceCreated, InvoiceUpdated, TestPing};
    let house = House::start().await;
    let told = history(&house).await;
    let devnet = |entry: &NewEntry| entry.environment == Environment::Devnet;
    let is = |entry: &NewEntry, kinds: &[EventType]| {
        kinds.iter().any(|kind| entry.kind == EntryKind::Event(*kind))
    };
    let (from, to) = (START.plus_ms(3 * HOUR_MS), START.plus_ms(9 * HOUR_MS));
    let within = |entry: &NewEntry| (from..=to).contains(&entry.created_at);
    let of_invoice = |entry: &NewEntry| entry.subject.invoice_id == Some(INVOICE.into());
    let of_order = |entry: &NewEntry| entry.subject.order_id == Some(ORDER.into());
    let span = format!("created[gte]={}&created[lte]={}", from.seconds(), to.rfc3339());
    let spelled = format!("created_gte={}&created_lte={}", from.rfc3339(), to.0);
    let encoded = format!("created%5Bgte%5D={}&created%5Blte%5D={}", from.0, to.seconds());

    let check = async |query: &str, expected: Vec<String>| {
        assert!(!expected.is_empty(), "{query} is to find something");
        assert_eq!(walked(&house, query, 7).await, expected, "{query}");
        assert_eq!(listed(&house, query).await, expected, "{query}");
    };
    check("", matching(&told, devnet)).await;
    check("environment=devnet", matching(&told, devnet)).await;
    for types in [
        "test.ping,invoice.*",
        "invoice.updated, invoice.created,test.*",
        "invoice.*,test.ping,invoice.*",
    ] {
        let kinds = [InvoiceCreated, InvoiceUpdated, TestPing];
        check(&format!("type={types}"), matching(&told, |one| devnet(one) && is(one, &kinds)))
            .await;
    }
    check("type=*", matching(&told, devnet)).await;
    for span in [&span, &spelled, &encoded] {
        check(span, matching(&told, |one| devnet(one) && within(one))).await;
    }
    check(
        &format!("created[gte]={}", from.seconds()),
        matching(&told, |one| devnet(one) && one.created_at >= from),
    )
    .await;
    check(
        &format!("created[lte]={}", to.seconds()),
        matching(&told, |one| devnet(one) && one.created_at <= to),
    )
    .await;
    let invoice = format!("invoice_id={INVOICE}");
    check(&invoice, matching(&told, |one| devnet(one) && of_invoice(one))).await;
    let order = format!("order_id={ORDER}");
    check(&order, matching(&told, |one| devnet(one) && of_order(one))).await;
    check(
        &format!("{invoice}&{order}&{span}&type=invoice.*,invoice_payment.*"),
        matching(&told, |one| {
            let kinds = &EventType::ALL[..4];
            devnet(one) && of_invoice(one) && of_order(one) && within(one) && is(one, kinds)
        }),
    )
    .await;
    let nobody = listed(&house, &format!("invoice_id={ORDER}")).await;
    assert_eq!(nobody, [""; 0]);
    assert_eq!(listed(&house, "created[gte]=4000000000").await, [""; 0]);
    assert_eq!(listed(&house, "created[lte]=0").await, [""; 0]);
}

#[tokio::test]
async fn a_bound_of_a_whole_second_includes_all_of_it() {
    let house = House::start().await;
    let at = START.plus_ms(999);
    let id =
        tell(&house, entry(house.merchant_id, EntryKind::Event(EventType::TestPing), at)).await;
    let second = START.seconds();
    assert_eq!(listed(&house, &format!("created[gte]={second}&created[lte]={second}")).await, [id]);
    assert_eq!(listed(&house, &format!("created[lte]={}", second - 1)).await, [""; 0]);
    assert_eq!(listed(&house, &format!("created[gte]={}", second + 1)).await, [""; 0]);
    let before = START.plus_ms(998).0;
    assert_eq!(listed(&house, &format!("created[lte]={before}")).await, [""; 0]);
}

/// Two processes' clocks differ by a little, and what they write is in the log as it came.
#[tokio::test]
async fn entries_out_of_the_order_of_their_times_are_found_by_their_times() {
    let house = House::start().await;
    let mut told = Vec::new();
    for number in 0..60_i64 {
        let skew_ms = [0, -40_000, 15_000][number as usize % 3];
        let at = START.plus_ms(number * 5_000 + skew_ms);
        let entry = entry(house.merchant_id, EntryKind::Event(EventType::TestPing), at);
        told.push((tell(&house, entry.clone()).await, entry));
    }
    told.reverse();
    for number in [0, 7, 25, 59] {
        let at = START.plus_ms(number * 5_000);
        let query = format!("created[gte]={}", at.0);
        assert_eq!(listed(&house, &query).await, matching(&told, |one| one.created_at >= at));
        let query = format!("created[lte]={}", at.0 + 1);
        let until = at.plus_ms(1);
        assert_eq!(listed(&house, &query).await, matching(&told, |one| one.created_at <= until));
    }
}

#[tokio::test]
async fn what_is_not_for_merchants_is_nowhere() {
    let house = House::start().await;
    let mut hidden = Vec::new();
    let kinds = Notice::ALL.map(EntryKind::Notice).into_iter();
    for kind in kinds.chain([EntryKind::Event(EventType::PaymentQuoteUpdated)]) {
        let entry = NewEntry {
            subject: Subject { invoice_id: Some(INVOICE.into()), ..Subject::default() },
            ..entry(house.merchant_id, kind, START)
        };
        hidden.push(tell(&house, entry).await);
    }
    let shown = entry(house.merchant_id, EntryKind::Event(EventType::TestPing), START);
    let shown = tell(&house, shown).await;
    assert_eq!(listed(&house, "").await, std::slice::from_ref(&shown));
    assert_eq!(listed(&house, &format!("invoice_id={INVOICE}")).await, [""; 0]);
    for id in &hidden {
        assert_eq!(house.get(&format!("{EVENTS}/{id}")).await.error(), (404, "NOT_FOUND"), "{id}");
        let refused = house.get(&format!("{EVENTS}?starting_after={id}")).await;
        assert_eq!((refused.status, refused.param()), (400, "starting_after"), "{id}");
    }
    house.get(&format!("{EVENTS}/{shown}")).await.ok();
}

async fn by_key(house: &House, key: &str, path: &str) -> Reply {
    house.send(house.request("GET", path).header("x-api-key", key)).await
}

#[tokio::test]
async fn a_commerce_key_sees_what_concerns_commerce() {
    let house = House::start().await;
    let told = history(&house).await;
    let wanted =
        matching(&told, |one| one.environment == Environment::Devnet && one.subject.is_commerce);
    for header in ["x-api-key", "x-commerce-api-key"] {
        let request = house.request("GET", &format!("{EVENTS}?limit=100"));
        let list = house.send(request.header(header, &house.commerce_key)).await.ok();
        assert_eq!(ids(&list), wanted);
    }
    let narrowed = format!("{EVENTS}?limit=100&invoice_id={INVOICE}");
    let list = by_key(&house, &house.commerce_key, &narrowed).await.ok();
    let of_invoice = matching(&told, |one| {
        let is_visible = one.environment == Environment::Devnet && one.subject.is_commerce;
        is_visible && one.subject.invoice_id.is_some()
    });
    assert_eq!(ids(&list), of_invoice);
    let other =
        matching(&told, |one| one.environment == Environment::Devnet && !one.subject.is_commerce);
    let path = format!("{EVENTS}/{}", other[0]);
    assert_eq!(by_key(&house, &house.commerce_key, &path).await.status, 404);
    by_key(&house, &house.key, &path).await.ok();
    by_key(&house, &house.commerce_key, &format!("{EVENTS}/{}", wanted[0])).await.ok();
    let path = format!("{EVENTS}?ending_before={}", other[0]);
    let refused = by_key(&house, &house.commerce_key, &path).await;
    assert_eq!((refused.status, refused.param()), (400, "ending_before"));
}

#[tokio::test]
async fn environments_and_merchants_are_worlds_apart() {
    let house = House::start().await;
    let told = history(&house).await;
    let (_, stranger) = house.stranger().await;
    let mainnet = matching(&told, |one| one.environment == Environment::Mainnet);
    let devnet = matching(&told, |one| one.environment == Environment::Devnet);

    assert_eq!(ids(&by_key(&house, &stranger, EVENTS).await.ok()), [""; 0]);
    assert_eq!(by_key(&house, &stranger, &format!("{EVENTS}/{}", devnet[0])).await.status, 404);
    let path = format!("{EVENTS}?starting_after={}", devnet[0]);
    assert_eq!(by_key(&house, &stranger, &path).await.param(), "starting_after");

    assert_eq!(house.get(&format!("{EVENTS}/{}", mainnet[0])).await.status, 404);
    let refused = house.get(&format!("{EVENTS}?ending_before={}", mainnet[0])).await;
    assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
    let refused = house.get(&format!("{EVENTS}?environment=mainnet")).await;
    assert_eq!(refused.error(), (403, "ENVIRONMENT_MISMATCH"));

    let token = owner(&house).await;
    let closed = act(&house, &token, "GET", "/api/v1/events?environment=mainnet", Value::Null);
    assert_eq!(closed.await.error(), (403, "MAINNET_NOT_ENABLED"));
    let access = json!({ "access_key": "open-sesame" });
    house.post("/api/v1/user/mainnet-access/activate", access).await.ok();
    let path = format!("{EVENTS}?limit=100&environment=mainnet");
    assert_eq!(ids(&act(&house, &token, "GET", &path, Value::Null).await.ok()), mainnet);
    let path = format!("{EVENTS}/{}?environment=mainnet", mainnet[0]);
    let found = act(&house, &token, "GET", &path, Value::Null).await.ok();
    assert_eq!((&found["success"], &found["data"]["livemode"]), (&json!(true), &json!(true)));

    let unknown = house.send(house.request("GET", EVENTS)).await;
    assert_eq!(unknown.error(), (401, "AUTHENTICATION_REQUIRED"));
}

#[tokio::test]
async fn an_id_is_right_in_every_digit_or_names_nothing() {
    let house = House::start().await;
    let at = START.plus_ms(5);
    let id =
        tell(&house, entry(house.merchant_id, EntryKind::Event(EventType::TestPing), at)).await;
    house.get(&format!("{EVENTS}/{id}")).await.ok();
    let (ms, number) = id.trim_start_matches("evt_").split_once('-').expect("two numbers");
    let number: i64 = number.parse().expect("a number");
    for wrong in [
        format!("evt_{}-{number}", ms.parse::<i64>().expect("ms") + 1),
        format!("evt_{ms}-{}", number + 1),
        format!("evt_{ms}-{}", number + 100),
        format!("evt_0{ms}-{number}"),
        format!("evt_{ms}-0{number}"),
        format!("evt_{ms}-{number}%20"),
        format!("EVT_{ms}-{number}"),
        format!("evt_{ms}-{}", i64::MAX),
        format!("evt_{}-{number}", i64::MAX),
        format!("evt_{ms}--{number}"),
        format!("{ms}-{number}"),
        "evt_".to_owned(),
        INVOICE.to_string(),
        "%00".to_owned(),
    ] {
        let missed = house.get(&format!("{EVENTS}/{wrong}")).await;
        assert_eq!(missed.error(), (404, "NOT_FOUND"), "{wrong}");
        for cursor in ["starting_after", "ending_before"] {
            let refused = house.get(&format!("{EVENTS}?{cursor}={wrong}")).await;
            assert_eq!(
                (refused.error(), refused.param()),
                ((400, "VALIDATION_ERROR"), cursor),
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn a_bad_query_names_its_field() {
    let house = House::start().await;
    let id =
        tell(&house, entry(house.merchant_id, EntryKind::Event(EventType::TestPing), START)).await;
    let both = format!("starting_after={id}&ending_before={id}");
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("type=", "type"),
        ("type=invoice", "type"),
        ("type=invoice.paid", "type"),
        ("type=invoice.*,", "type"),
        ("type=invoice.%00", "type"),
        ("type=payment_quote.updated", "type"),
        ("type=payment_quote.*", "type"),
        ("created[gte]=soon", "created[gte]"),
        ("created_gte=", "created[gte]"),
        ("created[lte]=2025-13-01T00:00:00Z", "created[lte]"),
        ("created_lte=99999999999999999999", "created[lte]"),
        ("invoice_id=inv_1", "invoice_id"),
        ("order_id=7", "order_id"),
        ("environment=moon", "environment"),
        ("delivery_status=lost", "delivery_status"),
        ("delivery_status=", "delivery_status"),
        (&both, "ending_before"),
    ] {
        let refused = house.get(&format!("{EVENTS}?{query}")).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{query}"
        );
    }
    for query in ["created[gte]=1&created_gte=2", "limit=1&limit=2"] {
        let refused = house.get(&format!("{EVENTS}?{query}")).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{query}");
    }
    for query in
        ["created[gte]=-9223372036854775808", "created[lte]=9223372036854775807", "unknown=1"]
    {
        assert_eq!(listed(&house, query).await, std::slice::from_ref(&id), "{query}");
    }
}

#[tokio::test]
async fn what_retention_took_is_no_longer_there() {
    use server::workers::{Progress, Worker as _, retention};
    let house = House::start().await;
    let ping = EntryKind::Event(EventType::TestPing);
    let old = tell(&house, entry(house.merchant_id, ping, START)).await;
    house.advance(31 * DAY_MS);
    let new = tell(&house, entry(house.merchant_id, ping, house.app.now())).await;
    let mut sweeper = retention::Sweeper::default();
    while sweeper.step(&house.app).await.expect("sweeps") == Progress::More {}
    assert_eq!(house.get(&format!("{EVENTS}/{old}")).await.status, 404);
    assert_eq!(listed(&house, "").await, std::slice::from_ref(&new));
    assert_eq!(listed(&house, &format!("created[gte]={}", START.seconds())).await, [new]);
    assert_eq!(listed(&house, &format!("created[lte]={}", START.seconds())).await, [""; 0]);
    let refused = house.get(&format!("{EVENTS}?starting_after={old}")).await;
    assert_eq!((refused.status, refused.param()), (400, "starting_after"));
}
