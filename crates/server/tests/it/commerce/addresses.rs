//! Addresses: as a checkout normalises them, as they are listed, and how they go.

use serde_json::{Value, json};

use super::{ADDRESS, OFFER, estimate, in_california, sell, set_rates};
use crate::house::{House, Reply};

const ADDRESSES: &str = "/api/v1/commerce/merchant/addresses";

async fn attach(house: &House, estimate: &Value, address: Value) -> Reply {
    let id = &estimate["estimateId"];
    let body = json!({ "customer_id": "c", "estimateId": id, "address": address });
    house.post(ADDRESS, body).await
}

async fn list(house: &House, query: &str) -> Value {
    house.get(&format!("{ADDRESSES}?customer_id=c{query}")).await.ok()["data"].clone()
}

async fn remove(house: &House, key: &str, id: &Value, query: &str) -> Reply {
    let path = format!("{ADDRESSES}/{}{query}", id.as_str().expect("an id"));
    house.send(house.request("DELETE", &path).header("x-api-key", key)).await
}

#[tokio::test]
async fn an_address_is_kept_as_its_country_writes_it() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let estimate = estimate(&house, "mug", 1).await;
    let attached = attach(&house, &estimate, in_california()).await.ok()["data"].clone();
    assert_eq!(attached["validated"], json!(true));
    assert_eq!(
        attached["standardized"],
        json!({ "first_name": "Ada", "last_name": "Lovelace", "street_address": "1 Main St",
            "address_line2": null, "city": "San Francisco", "state": "CA", "zip_code": "94105",
            "country": "US", "phone": "+14155550123", "email": "ada@example.com" })
    );
    let page = list(&house, "").await;
    let now = house.app.now().seconds();
    assert_eq!(
        page["addresses"],
        json!([{ "addressId": attached["addressId"], "customerId": "c", "walletAddress": null,
            "walletNetwork": null, "firstName": "Ada", "lastName": "Lovelace",
            "addressLine1": "1 Main St", "addressLine2": null, "city": "San Francisco",
            "state": "CA", "zipCode": "94105", "country": "US", "phoneNumber": "+14155550123",
            "email": "ada@example.com", "isValidated": true, "validatedAt": now,
            "createdAt": now }])
    );
    house.advance(1);
    let mut in_dubai = in_california();
    in_dubai["country"] = json!("AE");
    in_dubai["state"] = json!("Dubai");
    in_dubai["zip_code"] = Value::Null;
    let attached = attach(&house, &estimate, in_dubai).await.ok()["data"].clone();
    assert_eq!(
        (&attached["validated"], &attached["standardized"]["zip_code"]),
        (&json!(false), &json!(""))
    );
    assert_eq!(list(&house, "").await["addresses"][0]["isValidated"], json!(false));
}

#[tokio::test]
async fn what_is_wrong_with_an_address_names_its_field() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    set_rates(&house).await;
    let estimate = estimate(&house, "mug", 1).await;
    for (field, value, param) in [
        ("first_name", json!(" "), "address.first_name"),
        ("first_name", json!(null), "address.first_name"),
        ("last_name", json!("x".repeat(101)), "address.last_name"),
        ("street_address", json!("a\nb"), "address.street_address"),
        ("city", json!(""), "address.city"),
        ("state", json!("ZZ"), "address.state"),
        ("state", json!(null), "address.state"),
        ("zip_code", json!("10001"), "address.zip_code"),
        ("zip_code", json!("9410"), "address.zip_code"),
        ("zip_code", json!(94105), "address.zip_code"),
        ("country", json!("Utopia"), "address.country"),
        ("phone", json!("call me"), "address.phone"),
        ("email", json!("nobody"), "address.email"),
        // Nothing is shipped to Japan.
        ("country", json!("JP"), "address.zip_code"),
    ] {
        let mut address = in_california();
        address[field] = value.clone();
        let refused = attach(&house, &estimate, address).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{field} {value}: {}", refused.body);
        assert_eq!(refused.param(), param, "{field} {value}: {}", refused.body);
    }
    let mut in_japan = in_california();
    in_japan["country"] = json!("JP");
    in_japan["zip_code"] = json!("1000001");
    assert_eq!(attach(&house, &estimate, in_japan).await.param(), "address");
    assert_eq!(list(&house, "").await["addresses"], json!([]), "a refusal keeps nothing");
}

#[tokio::test]
async fn an_address_that_is_written_again_is_the_same_one() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let estimate = estimate(&house, "mug", 1).await;
    let mut spelled = in_california();
    let first = attach(&house, &estimate, spelled.clone()).await.ok()["data"]["addressId"].clone();
    spelled["city"] = json!("SAN  FRANCISCO");
    spelled["state"] = json!("CA");
    let again = attach(&house, &estimate, spelled.clone()).await.ok()["data"]["addressId"].clone();
    assert_eq!(first, again);
    remove(&house, &house.key, &first, "").await.ok();
    let later = attach(&house, &estimate, spelled).await.ok()["data"]["addressId"].clone();
    assert_eq!(first, later, "it is in the list again");
    assert_eq!(list(&house, "").await["pagination"]["count"], 1);
}

#[tokio::test]
async fn an_address_that_is_written_at_the_same_moment_is_one() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    for round in 0..5 {
        let mut address = in_california();
        address["street_address"] = json!(format!("{round} Main St"));
        let mut estimates = Vec::new();
        for _ in 0..4 {
            estimates.push(estimate(&house, "mug", 1).await);
        }
        let both = estimates.iter().map(|estimate| attach(&house, estimate, address.clone()));
        let answers = futures_util::future::join_all(both).await;
        let ids: Vec<Value> =
            answers.into_iter().map(|answer| answer.ok()["data"]["addressId"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(list(&house, "").await["pagination"]["count"], round + 1);
    }
}

#[tokio::test]
async fn a_list_is_one_shopper_s_newest_first() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let estimate = estimate(&house, "mug", 1).await;
    for number in 1..=5 {
        house.advance(1);
        let mut address = in_california();
        address["street_address"] = json!(format!("{number} Main St"));
        attach(&house, &estimate, address).await.ok();
    }
    let lines = |page: &Value| -> Vec<String> {
        let addresses = page["addresses"].as_array().expect("a list").iter();
        addresses.map(|one| one["addressLine1"].as_str().expect("a line")[..1].into()).collect()
    };
    assert_eq!(lines(&list(&house, "").await), ["5", "4", "3", "2", "1"]);
    let page = list(&house, "&limit=2&offset=2").await;
    assert_eq!(lines(&page), ["3", "2"]);
    assert_eq!(page["pagination"], json!({ "limit": 2, "offset": 2, "count": 2 }));
    assert!(lines(&list(&house, "&offset=5").await).is_empty());
    for (query, param) in [
        ("?limit=1", "customer_id"),
        ("?customer_id=c&limit=0", "limit"),
        ("?customer_id=c&limit=101", "limit"),
        ("?customer_id=c&offset=-1", "offset"),
        ("?customer_id=c&offset=x", "offset"),
        ("?wallet_address=0x1&wallet_network=doge", "wallet_network"),
    ] {
        let refused = house.get(&format!("{ADDRESSES}{query}")).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{query}");
    }
    let theirs = house.get(&format!("{ADDRESSES}?customer_id=d")).await.ok();
    assert_eq!(theirs["data"]["addresses"], json!([]));
}

#[tokio::test]
async fn only_its_own_merchant_removes_an_address_and_once() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let estimate = estimate(&house, "mug", 1).await;
    let attached = attach(&house, &estimate, in_california()).await.ok();
    let id = &attached["data"]["addressId"];
    let (_, stranger) = house.stranger().await;
    assert_eq!(remove(&house, &stranger, id, "").await.error(), (404, "NOT_FOUND"));
    assert_eq!(remove(&house, &house.key, id, "?customer_id=d").await.error().0, 404);
    let removed = remove(&house, &house.commerce_key, id, "?customer_id=c").await.ok();
    assert_eq!(removed["data"], json!({ "addressId": id }));
    assert_eq!(remove(&house, &house.key, id, "").await.error().0, 404);
    assert_eq!(list(&house, "").await["addresses"], json!([]));
    let body = json!({ "customer_id": "c", "estimateId": estimate["estimateId"], "addressId": id });
    assert_eq!(house.post(ADDRESS, body).await.error(), (404, "NOT_FOUND"));
}
