//! Bank accounts and corridors: what is refused names its field, and numbers are nowhere to read.

use domain::ids::RampUserId;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{id, path};
use crate::house::House;

const IBAN: &str = "DE89370400440532013000";

fn sepa(iban: &str) -> Value {
    json!({ "country": "DE", "currency": "eur", "method": "sepa", "holder_name": "Zoë Müller",
        "account": { "iban": iban } })
}

#[tokio::test]
async fn corridors_are_listed_and_filtered() {
    let house = House::start().await;
    let all = house.get("/api/v1/ramps/corridors").await.ok();
    let rows = all["data"].as_array().expect("a list");
    let countries: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["country"].as_str().expect("a country")).collect();
    assert!(countries.len() >= 35, "{}", countries.len());
    let mexico = house.get("/api/v1/ramps/corridors?country=mx&currency=MXN&method=spei").await;
    let mexico = mexico.ok();
    assert_eq!(mexico["data"].as_array().map(Vec::len), Some(1));
    let row = &mexico["data"][0];
    assert_eq!((&row["id"], &row["kyc_level"]), (&json!("mx_mxn_spei"), &json!("basic")));
    assert_eq!(
        row["fields"][0],
        json!({ "name": "clabe", "validation": "clabe", "required": true })
    );
    assert_eq!((&row["amount_min"], &row["fee"]["fixed"]), (&json!("10"), &json!("5")));
    for (query, param) in
        [("country=XX", "country"), ("currency=abc", "currency"), ("method=x", "method")]
    {
        let reply = house.get(&format!("/api/v1/ramps/corridors?{query}")).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param));
    }
}

#[tokio::test]
async fn an_account_is_added_listed_and_deleted_with_events() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let accounts = path(&user, "/bank_accounts");
    let account = house.post(&accounts, sepa("de89 3704 0044 0532 0130 00")).await.ok();
    assert_eq!(
        (&account["object"], &account["status"]),
        (&json!("bank_account"), &json!("active"))
    );
    assert_eq!((&account["last4"], &account["user_id"]), (&json!("3000"), &user["id"]));
    let own = format!("{accounts}/{}", id(&account));
    assert_eq!(house.get(&own).await.ok(), account);
    assert_eq!(house.get(&accounts).await.ok()["data"], json!([account]));
    // Of another user of the same merchant it does not exist.
    let other = house.ramp_user("Other").await;
    let foreign = format!("{}/{}", path(&other, "/bank_accounts"), id(&account));
    assert_eq!(house.get(&foreign).await.error(), (404, "NOT_FOUND"));
    let delete =
        |path: String| house.send(house.request("DELETE", &path).header("x-api-key", &house.key));
    assert_eq!(delete(foreign).await.error(), (404, "NOT_FOUND"));
    let deleted = delete(own.clone()).await.ok();
    assert_eq!(deleted["status"], "deleted");
    assert_eq!(delete(own.clone()).await.ok(), deleted);
    assert_eq!(house.get(&own).await.ok(), deleted);
    let events = house.ramp_events().await;
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "ramp.user.created",
            "ramp.bank_account.created",
            "ramp.user.created",
            "ramp.bank_account.updated"
        ]
    );
    assert_eq!(events[1].1["object"], account);
    assert_eq!(events[3].1["previous_attributes"]["status"], "active");
}

#[tokio::test]
async fn a_wrong_number_names_its_field() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let accounts = path(&user, "/bank_accounts");
    let body = |place: (&str, &str, &str), account: Value| {
        json!({ "country": place.0, "currency": place.1, "method": place.2,
            "holder_name": "Zoe Smith", "account": account })
    };
    let us = ("US", "usd", "ach");
    let pix = ("BR", "brl", "pix");
    for (body, param) in [
        (sepa("DE88370400440532013000"), "account.iban"),
        (sepa("FR1420041010050500013M02606"), "account.iban"),
        (sepa(""), "account.iban"),
        (body(("DE", "eur", "sepa"), json!({})), "account.iban"),
        (body(("DE", "eur", "sepa"), json!({ "iban": 7 })), "account.iban"),
        (body(("DE", "eur", "sepa"), json!("x")), "account"),
        (
            body(
                us,
                json!({ "routing_number": "021000022", "account_number": "12345678",
            "account_type": "checking" }),
            ),
            "account.routing_number",
        ),
        (
            body(
                us,
                json!({ "routing_number": "021000021", "account_number": "123",
            "account_type": "checking" }),
            ),
            "account.account_number",
        ),
        (
            body(
                us,
                json!({ "routing_number": "021000021", "account_number": "12345678",
            "account_type": "gold" }),
            ),
            "account.account_type",
        ),
        (
            body(
                ("GB", "gbp", "faster_payments"),
                json!({ "sort_code": "20-00-0",
            "account_number": "12345678" }),
            ),
            "account.sort_code",
        ),
        (body(("MX", "mxn", "spei"), json!({ "clabe": "032180000118359718" })), "account.clabe"),
        (
            body(
                ("IN", "inr", "imps"),
                json!({ "ifsc": "SBIN1005943",
            "account_number": "123456789" }),
            ),
            "account.ifsc",
        ),
        (
            body(("AU", "aud", "npp"), json!({ "bsb": "06200", "account_number": "123456" })),
            "account.bsb",
        ),
        (
            body(
                pix,
                json!({ "pix_key_type": "cpf", "pix_key": "52998224726",
            "tax_id": "52998224725" }),
            ),
            "account.pix_key",
        ),
        (
            body(
                pix,
                json!({ "pix_key_type": "random", "pix_key": "x",
            "tax_id": "52998224725" }),
            ),
            "account.pix_key",
        ),
        (
            body(
                ("NG", "ngn", "nip"),
                json!({ "bank_code": "011",
            "account_number": "0000014578" }),
            ),
            "account.account_number",
        ),
        (
            body(
                ("KE", "kes", "mobile_money"),
                json!({ "operator": "mpesa",
            "phone": "0712345678" }),
            ),
            "account.phone",
        ),
        (body(("US", "eur", "sepa"), json!({})), "currency"),
        (body(("KP", "usd", "swift"), json!({})), "country"),
        (body(("US", "usd", "pix"), json!({})), "method"),
        (body(("US", "usd", "teleport"), json!({})), "method"),
    ] {
        let reply = house.post(&accounts, body).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param));
    }
    let mut long = body(
        us,
        json!({ "routing_number": "021000021", "account_number": "12345678",
        "account_type": "checking" }),
    );
    long["holder_name"] = json!("x".repeat(23));
    let reply = house.post(&accounts, long).await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "holder_name"));
    assert!(reply.body["error"]["message"].as_str().is_some_and(|text| text.contains("22")));
    assert_eq!(house.get(&accounts).await.ok()["data"], json!([]));
}

#[tokio::test]
async fn a_user_has_at_most_fifty_accounts_however_they_race() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let accounts = path(&user, "/bank_accounts");
    let racing = (0..60).map(|_| house.post(&accounts, sepa(IBAN)));
    let replies = join_all(racing).await;
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert!(matches!(reply.error(), (409, "LIMIT_REACHED" | "BUSY")), "{:?}", reply.body);
    }
    let listed = house.get(&format!("{accounts}?limit=100")).await.ok();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(made));
    assert!(made <= 50, "{made}");
}

#[tokio::test]
async fn no_column_holds_a_number() {
    let house = House::start().await;
    let body = json!({ "type": "individual", "name": "Zoe", "country": "DE",
        "birth_date": "1971-03-04",
        "identifications": [{ "type": "passport", "country": "DE", "number": "C01X00T47" }] });
    let user = house.post_once("/api/v1/ramps/users", "key-1", body).await.ok();
    house.post_once(&path(&user, "/bank_accounts"), "key-2", sepa(IBAN)).await.ok();
    let export = house.get(&path(&user, "/export")).await.ok();
    assert_eq!(export["birth_date"], "1971-03-04");
    assert_eq!(export["identifications"][0]["number"], "C01X00T47");
    assert_eq!(export["bank_accounts"][0]["account"]["iban"], IBAN);
    let needles = [IBAN, "37040044", "1971-03-04", "C01X00T47"];
    if std::env::var("PEPAY_TEST_ENGINE").as_deref() == Ok("postgres") {
        // What the rows hold, through the same types the database gives.
        let user_id = RampUserId::parse(id(&user)).expect("an id");
        let row = house.app.store.get::<domain::ramp_user::RampUser>(user_id.key()).await;
        let accounts = house.app.store.bank_accounts_of_user(user_id, store::Page::First, 10).await;
        let rows = serde_json::to_string(&(row.expect("reads"), accounts.expect("reads")));
        let rows = rows.expect("serializes");
        assert!(needles.iter().all(|needle| !rows.contains(needle)), "{rows}");
        return;
    }
    let mut looked_at = 0;
    for file in std::fs::read_dir(house.data_dir.path()).expect("a directory") {
        let file = file.expect("an entry").path();
        if !file.is_file() {
            continue;
        }
        let bytes = std::fs::read(&file).expect("reads");
        looked_at += bytes.len();
        for needle in needles {
            let is_there = bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
            assert!(!is_there, "{needle} in {}", file.display());
        }
    }
    assert!(looked_at > 10_000, "{looked_at}");
}
