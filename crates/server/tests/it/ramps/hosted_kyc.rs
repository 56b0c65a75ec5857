//! The hosted page: every outcome, nothing of what is entered unescaped, and no page of mainnet.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::time::DAY_MS;
use serde_json::{Value, json};

use super::path;
use crate::house::{House, Reply};

async fn case(house: &House, user: &Value) -> String {
    let case = house.post(&path(user, "/kyc"), json!({ "level": "basic" })).await.ok();
    let url = case["hosted_url"].as_str().expect("a link");
    url.strip_prefix("http://localhost:3000").expect("our own").to_owned()
}

async fn open(house: &House, page: &str) -> Reply {
    house.send(house.request("GET", page)).await
}

async fn enter(house: &House, page: &str, name: &str) -> Reply {
    let form = [("name", name), ("birth_date", "1990-02-28"), ("document_number", "C01X00T47")];
    house.send(house.request("POST", page).form(&form)).await
}

fn text(reply: &Reply) -> &str {
    reply.body.as_str().expect("a page")
}

#[tokio::test]
async fn last_names_lead_to_every_outcome() {
    let house = House::start().await;
    for (name, status, said) in [
        ("Zoë Müller", "approved", "You are approved"),
        ("Zoë Reject", "rejected", "could not be approved"),
        ("Zoë Review", "in_review", "looking at it"),
        ("Zoë Info", "needs_information", "More information"),
    ] {
        let user = house.ramp_user("Zoe").await;
        let page = case(&house, &user).await;
        let form = open(&house, &page).await;
        assert_eq!(form.status, 200);
        assert!(text(&form).contains("<form method=\"post\">"), "{}", text(&form));
        assert!(text(&form).contains("Coffee &amp; Co"), "{}", text(&form));
        let answered = enter(&house, &page, name).await;
        assert_eq!(answered.status, 200, "{}", text(&answered));
        assert!(text(&answered).contains(said), "{name}: {}", text(&answered));
        let kyc = house.get(&path(&user, "/kyc")).await.ok();
        assert_eq!(kyc["status"], status);
        let shown = house.get(&path(&user, "")).await.ok();
        assert_eq!(
            (&shown["has_birth_date"], &shown["identification_count"]),
            (&json!(true), &json!(1))
        );
        // Answered is answered: only who is to say more may say more.
        let again = enter(&house, &page, "Zoë Müller").await;
        let after = house.get(&path(&user, "/kyc")).await.ok();
        match status {
            "needs_information" => assert_eq!(after["status"], "approved"),
            _ => assert_eq!(after["status"], status, "{}", text(&again)),
        }
    }
    let approved = house.ramp_events().await;
    let told = approved.iter().filter(|(kind, _)| kind == "ramp.user.updated").count();
    // A start and an outcome for each, and one outcome more.
    assert_eq!(told, 4 * 2 + 1);
}

#[tokio::test]
async fn the_page_escapes_what_is_entered_and_trusts_no_script() {
    let house = House::start().await;
    let user = house.ramp_user("<script>alert(1)</script>").await;
    let page = case(&house, &user).await;
    let evil = "\"><script>alert('x')</script><img src=x onerror=alert(2)> & Co";
    let form = [("name", evil), ("birth_date", "tomorrow\"><b>"), ("document_number", "<i>")];
    let reply = house.send(house.request("POST", &page).form(&form)).await;
    assert_eq!(reply.status, 400);
    let shown = text(&reply);
    for needle in ["<script", "<img", "<b>", "<i>", "tomorrow\"", "value=\"\""] {
        assert!(!shown.contains(needle), "{needle}: {shown}");
    }
    assert!(shown.contains("&lt;script&gt;") && shown.contains("role=\"alert\""), "{shown}");
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    assert_eq!(reply.header("cache-control"), "no-store");
    let kyc = house.get(&path(&user, "/kyc")).await.ok();
    assert_eq!(kyc["status"], "pending");
    // Nonsense and empty bodies are pages too, and change nothing.
    for body in ["", "%%%", "name=%00&birth_date=%ff&document_number=%zz", "{\"name\":1}"] {
        let reply = house.send(house.request("POST", &page).body(body)).await;
        assert_eq!(reply.status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_link_opens_one_case_for_a_week() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let page = case(&house, &user).await;
    for wrong in ["/kyc/x", "/kyc/", &page[..page.len() - 1], &format!("{page}0")] {
        assert_eq!(open(&house, wrong).await.status, 404, "{wrong}");
        assert_eq!(enter(&house, wrong, "Zoe").await.status, 404, "{wrong}");
    }
    house.advance(7 * DAY_MS);
    assert_eq!(open(&house, &page).await.status, 410);
    assert_eq!(enter(&house, &page, "Zoe Müller").await.status, 410);
    assert_eq!(house.get(&path(&user, "/kyc")).await.ok()["status"], "pending");
    // A new case has a new link, and the old one stays over.
    let next = case(&house, &user).await;
    assert_ne!(next, page);
    assert_eq!(open(&house, &page).await.status, 410);
    assert_eq!(enter(&house, &next, "Zoe Müller").await.status, 200);
    assert_eq!(house.get(&path(&user, "/kyc")).await.ok()["status"], "approved");
}

#[tokio::test]
async fn mainnet_has_no_page_of_the_sandbox() {
    let house = House::start().await;
    let merchant = house.app.store.get::<domain::merchant::Merchant>(house.merchant_id.key()).await;
    let merchant = merchant.expect("reads").expect("is there").enable_mainnet();
    house.app.store.commit(merchant.save(house.app.now())).await.expect("enabled");
    house.app.caches.forget_merchant(house.merchant_id);
    let live = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let post = async |route: &str, body: Value| {
        let request = house.request("POST", route).header("x-api-key", &live);
        house.send(request.json(&body)).await
    };
    let user = post("/api/v1/ramps/users", super::person("Zoe")).await.ok();
    let case = post(&path(&user, "/kyc"), json!({ "level": "basic" })).await.ok();
    assert_eq!((&case["status"], &case["hosted_url"]), (&json!("pending"), &Value::Null));
    let id = domain::ids::KycCaseId::parse(case["id"].as_str().expect("an id")).expect("an id");
    let token = domain::kyc::PageToken::of(id, &house.app.keys);
    assert_eq!(open(&house, &format!("/kyc/{token}")).await.status, 404);
    assert_eq!(enter(&house, &format!("/kyc/{token}"), "Zoe").await.status, 404);
    let simulate = format!("/api/v1/devnet/ramps/kyc/{id}/simulate");
    let decided = post(&simulate, json!({ "outcome": "approved" })).await;
    assert_eq!(decided.error(), (403, "ENVIRONMENT_MISMATCH"));
    assert_eq!(house.decide(&case, "approved").await.error(), (404, "NOT_FOUND"));
}
