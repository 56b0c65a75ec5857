//! What a merchant adds to prices: set by part, within bounds, by whoever may.

use domain::member::{Member, Role};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{RATES, put, set_rates};
use crate::house::{House, OWNER_PASSWORD};
use crate::profile::sign_in;

#[tokio::test]
async fn rates_are_set_by_part() {
    let house = House::start().await;
    let before = house.get(RATES).await.ok()["data"].clone();
    let standard = json!({ "id": "standard", "name": "Standard", "price": 0, "freeFrom": null,
        "estimatedDays": 5, "countries": [], "states": [] });
    assert_eq!(before["shipping"], json!([standard]));
    assert_eq!((&before["tax"], &before["updatedAt"]), (&json!([]), &Value::Null));
    assert_eq!(before["fees"], json!({ "fixed": 0, "bps": 0 }));

    let set = set_rates(&house).await;
    assert_eq!(set["shipping"][1]["states"], json!(["CA"]));
    assert_eq!(set["shipping"][1]["freeFrom"], json!(50));
    assert_eq!(set["tax"][1]["taxesShipping"], json!(true));
    assert_eq!(set["updatedAt"], json!(house.app.now().seconds()));
    assert_eq!(house.get(RATES).await.ok()["data"], set);

    let fees = json!({ "fees": { "bps": 250 } });
    let after = put(&house, RATES, fees).await.ok()["data"].clone();
    assert_eq!(after["fees"], json!({ "fixed": 3, "bps": 250 }));
    assert_eq!((&after["shipping"], &after["tax"]), (&set["shipping"], &set["tax"]));
}

#[tokio::test]
async fn every_bound_of_the_rates_is_a_400_that_names_its_field() {
    let house = House::start().await;
    let option = |field: &str, value: Value| {
        let mut option = json!({ "id": "a", "name": "A", "price": 1, "estimatedDays": 3 });
        option[field] = value;
        json!({ "shipping": [option] })
    };
    for (body, param) in [
        (json!({ "shipping": [] }), "shipping"),
        (option("id", json!("a b")), "shipping"),
        (option("id", json!(7)), "shipping[0].id"),
        (option("price", json!(-1)), "shipping[0].price"),
        (option("price", json!(1.0001)), "shipping[0].price"),
        (option("price", json!(10_001)), "shipping"),
        (option("freeFrom", json!("50")), "shipping[0].freeFrom"),
        (option("estimatedDays", json!(366)), "shipping"),
        (option("estimatedDays", json!(-1)), "shipping[0].estimatedDays"),
        (option("countries", json!(["USA"])), "shipping"),
        (option("states", json!(["CA"])), "shipping"),
        (json!({ "tax": [{ "country": "US" }] }), "tax[0].bps"),
        (json!({ "tax": [{ "country": "ZZ", "bps": 1 }] }), "tax"),
        (json!({ "tax": [{ "country": "US", "bps": 10_001 }] }), "tax"),
        (json!({ "tax": [{ "country": "US", "bps": 1 }, { "country": "us", "bps": 2 }] }), "tax"),
        (json!({ "fees": { "fixed": 1_000.01 } }), "fees.fixed"),
        (json!({ "fees": { "bps": 10_001 } }), "fees.bps"),
        (json!({ "fees": { "bps": 0.5 } }), "fees.bps"),
        (json!({ "fees": 3 }), "fees"),
    ] {
        let reply = put(&house, RATES, body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
        assert_eq!(reply.param(), param, "{body}: {}", reply.body);
    }
    assert_eq!(house.get(RATES).await.ok()["data"]["updatedAt"], Value::Null);
}

#[tokio::test]
async fn parts_that_are_set_at_once_are_all_set() {
    let house = House::start().await;
    let tax = json!({ "tax": [{ "country": "DE", "bps": 1900 }] });
    let bodies = [tax, json!({ "fees": { "fixed": 2 } }), json!({ "fees": { "bps": 7 } })];
    for reply in join_all(bodies.map(|body| put(&house, RATES, body))).await {
        reply.ok();
    }
    let after = house.get(RATES).await.ok()["data"].clone();
    assert_eq!(after["fees"], json!({ "fixed": 2, "bps": 7 }));
    assert_eq!(after["tax"][0]["bps"], 1900);
}

#[tokio::test]
async fn rates_are_a_developer_s_or_a_key_s_of_one_merchant() {
    let house = House::start().await;
    let mut tokens = Vec::new();
    for (email, role) in [("dev@example.com", Role::Developer), ("help@example.com", Role::Support)]
    {
        let mut member = Member::new(house.merchant_id, email, role, &mut house.app.fresh());
        let hash = domain::password::hash(OWNER_PASSWORD, &server::clock::entropy());
        member.password_hash = Some(hash);
        house.app.store.commit(member.add(house.app.now())).await.expect("a new member");
        tokens.push(sign_in(&house, email, OWNER_PASSWORD).await);
    }
    let body = json!({ "fees": { "fixed": 1 } });
    for (token, status) in tokens.iter().zip([200, 403]) {
        let request = house.request("PUT", RATES).bearer_auth(token);
        assert_eq!(house.send(request.json(&body)).await.status, status);
        assert_eq!(house.send(house.request("GET", RATES).bearer_auth(token)).await.status, 200);
    }
    let request = house.request("PUT", RATES).header("x-commerce-api-key", &house.commerce_key);
    house.send(request.json(&body)).await.ok();
    let (_, stranger) = house.stranger().await;
    let theirs = house.send(house.request("GET", RATES).header("x-api-key", stranger)).await.ok();
    assert_eq!(theirs["data"]["fees"]["fixed"], 0);
}
