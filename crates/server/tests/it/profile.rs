//! The merchant's profile, and how the operator makes merchants.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::member::{Member, Role};
use serde_json::{Value, json};

use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD, Reply};

const PROFILE: &str = "/api/v1/merchant/profile";

/// Changes the profile as the owner.
pub async fn patch(house: &House, body: Value) -> Reply {
    let owner = sign_in(house, OWNER_EMAIL, OWNER_PASSWORD).await;
    house.send(house.request("PATCH", PROFILE).bearer_auth(owner).json(&body)).await
}

async fn patch_by_key(house: &House, body: Value) -> Reply {
    house.send(house.request("PATCH", PROFILE).header("x-api-key", &house.key).json(&body)).await
}

async fn operator(house: &House, method: &str, path: &str, body: Value) -> Reply {
    let request = house.request(method, path).bearer_auth("operator-token");
    house.send(if body.is_null() { request } else { request.json(&body) }).await
}

/// The bearer token of a member.
pub async fn sign_in(house: &House, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password });
    let request = house.request("POST", "/api/auth/sign-in").json(&body);
    let signed_in = house.send(request).await.ok();
    signed_in["access_token"].as_str().expect("a token").to_owned()
}

/// Adds a member who signs in with the owner's password.
async fn member(house: &House, email: &str, role: Role) -> String {
    let mut member = Member::new(house.merchant_id, email, role, &mut house.app.fresh());
    let hash = domain::password::hash(OWNER_PASSWORD, &server::clock::entropy());
    member.password_hash = Some(hash);
    house.app.store.commit(member.add(house.app.now())).await.expect("a new member");
    sign_in(house, email, OWNER_PASSWORD).await
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_clears() {
    let house = House::start().await;
    let before = house.get(PROFILE).await.ok();
    assert_eq!(
        (&before["object"], &before["id"]),
        (&json!("merchant_profile"), &json!(house.merchant_id.0))
    );
    assert_eq!(
        (&before["company_name"], &before["tolerance_bps"]),
        (&json!("Coffee & Co"), &json!(0))
    );
    let body = json!({
        "company_name": "Tea & Co",
        "email": "Tea@Example.com",
        "default_payment_return_url": "https://tea.example/thanks",
        "tolerance_bps": 50,
        "tolerance_max_usd": 1.5,
        "embed_origins": ["https://Tea.example/", "http://localhost:5173", "https://tea.example"],
        "logo_url": "https://tea.example/logo.svg",
        "brand_color": "#AABBCC",
        "accent_color": "#001122",
    });
    let after = patch(&house, body.clone()).await.ok();
    for field in [
        "company_name",
        "default_payment_return_url",
        "tolerance_bps",
        "tolerance_max_usd",
        "logo_url",
    ] {
        assert_eq!(after[field], body[field], "{field}");
    }
    assert_eq!(after["email"], "tea@example.com");
    assert_eq!(after["embed_origins"], json!(["https://tea.example", "http://localhost:5173"]));
    assert_eq!(
        (&after["brand_color"], &after["accent_color"]),
        (&json!("#aabbcc"), &json!("#001122"))
    );
    assert_eq!(house.get(PROFILE).await.ok(), after);
    assert_eq!(patch(&house, json!({})).await.ok(), after);
    let cleared =
        json!({ "default_payment_return_url": null, "logo_url": null, "brand_color": null });
    let cleared = patch(&house, cleared).await.ok();
    for field in ["default_payment_return_url", "logo_url", "brand_color"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    assert_eq!(cleared["accent_color"], "#001122");
}

#[tokio::test]
async fn every_bound_of_the_profile_is_a_400_that_names_its_field() {
    let house = House::start().await;
    let before = house.get(PROFILE).await.ok();
    let origins = vec!["https://a.example"; 21];
    for (body, param) in [
        (json!({ "company_name": "" }), "company_name"),
        (json!({ "company_name": null }), "company_name"),
        (json!({ "company_name": "x".repeat(256) }), "company_name"),
        (json!({ "email": "nobody" }), "email"),
        (json!({ "email": null }), "email"),
        (json!({ "default_payment_return_url": "http://a.b" }), "default_payment_return_url"),
        (json!({ "default_payment_return_url": 7 }), "default_payment_return_url"),
        (json!({ "tolerance_bps": 1_001 }), "tolerance_bps"),
        (json!({ "tolerance_bps": -1 }), "tolerance_bps"),
        (json!({ "tolerance_bps": 0.5 }), "tolerance_bps"),
        (json!({ "tolerance_bps": null }), "tolerance_bps"),
        (json!({ "tolerance_max_usd": "1" }), "tolerance_max_usd"),
        (json!({ "tolerance_max_usd": 1.0001 }), "tolerance_max_usd"),
        (json!({ "tolerance_max_usd": null }), "tolerance_max_usd"),
        (json!({ "embed_origins": origins }), "embed_origins"),
        (json!({ "embed_origins": ["http://a.example"] }), "embed_origins"),
        (json!({ "embed_origins": ["https://a.example/path"] }), "embed_origins"),
        (json!({ "embed_origins": "https://a.example" }), "embed_origins"),
        (json!({ "logo_url": "javascript:alert(1)" }), "logo_url"),
        (json!({ "brand_color": "red" }), "brand_color"),
        (json!({ "accent_color": "#12345" }), "accent_color"),
    ] {
        let reply = patch(&house, body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
        assert_eq!(reply.param(), param, "{body}: {}", reply.body);
    }
    assert_eq!(house.get(PROFILE).await.ok(), before, "a refused change leaves no trace");
}

#[tokio::test]
async fn a_role_changes_what_is_its_own() {
    let house = House::start().await;
    let owner = sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    let developer = member(&house, "dev@example.com", Role::Developer).await;
    let support = member(&house, "help@example.com", Role::Support).await;
    let (money, email) = (json!({ "tolerance_bps": 10 }), json!({ "email": "tea@example.com" }));
    let name = json!({ "company_name": "Tea" });
    for (token, body, status) in [
        (&owner, &money, 200),
        (&owner, &email, 200),
        (&developer, &money, 200),
        (&developer, &name, 200),
        (&developer, &email, 403),
        (&support, &money, 403),
        (&support, &name, 403),
    ] {
        let request = house.request("PATCH", PROFILE).bearer_auth(token).json(body);
        assert_eq!(house.send(request).await.status, status, "{body}");
    }
    let read = house.request("GET", PROFILE).bearer_auth(&support);
    assert_eq!(house.send(read).await.ok()["company_name"], "Tea");
}

#[tokio::test]
async fn a_key_or_a_developer_changes_nothing_that_is_the_owners() {
    let house = House::start().await;
    let developer = member(&house, "dev@example.com", Role::Developer).await;
    for body in [
        json!({ "default_payment_return_url": "https://elsewhere.example" }),
        json!({ "default_payment_return_url": null }),
        json!({ "email": "elsewhere@example.com" }),
        json!({ "embed_origins": [] }),
        json!({ "tolerance_bps": 10, "embed_origins": [] }),
    ] {
        let request = house.request("PATCH", PROFILE).bearer_auth(&developer).json(&body);
        assert_eq!(house.send(request).await.error(), (403, "INSUFFICIENT_SCOPE"), "{body}");
        let by_key = patch_by_key(&house, body.clone()).await;
        assert_eq!(by_key.error(), (403, "INSUFFICIENT_SCOPE"), "{body}");
        assert_eq!(house.get(PROFILE).await.ok()["tolerance_bps"], 0);
    }
    let rest = json!({
        "company_name": "Coffee",
        "tolerance_bps": 10,
        "tolerance_max_usd": 1,
        "logo_url": "https://coffee.example/logo.svg",
        "brand_color": "#aabbcc",
        "accent_color": "#001122",
    });
    let after = patch_by_key(&house, rest.clone()).await.ok();
    for (field, value) in rest.as_object().expect("an object") {
        let number = |value: &Value| value.as_f64();
        assert!(after[field] == *value || number(&after[field]) == number(value), "{field}");
    }
}

#[tokio::test]
async fn the_tolerance_is_each_environments_own() {
    let house = House::start().await;
    let owner = sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    let activate = json!({ "access_key": "open-sesame" });
    let path = "/api/v1/user/mainnet-access/activate";
    house.send(house.request("POST", path).bearer_auth(&owner).json(&activate)).await.ok();
    let live_key = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let by_key = async |key: &str, body: Value| {
        house.send(house.request("PATCH", PROFILE).header("x-api-key", key).json(&body)).await
    };
    let tolerance = async |environment: &str| {
        let path = format!("{PROFILE}?environment={environment}");
        let read = house.send(house.request("GET", &path).bearer_auth(&owner)).await.ok();
        read["tolerance_bps"].clone()
    };
    by_key(&house.key, json!({ "tolerance_bps": 100 })).await.ok();
    assert_eq!((tolerance("devnet").await, tolerance("mainnet").await), (json!(100), json!(0)));
    by_key(&live_key, json!({ "tolerance_bps": 5 })).await.ok();
    assert_eq!((tolerance("devnet").await, tolerance("mainnet").await), (json!(100), json!(5)));
    let asked = json!({ "environment": "mainnet", "tolerance_bps": 7 });
    assert_eq!(patch(&house, asked.clone()).await.ok()["tolerance_bps"], 7);
    assert_eq!((tolerance("devnet").await, tolerance("mainnet").await), (json!(100), json!(7)));
    assert_eq!(by_key(&house.key, asked).await.error(), (403, "ENVIRONMENT_MISMATCH"));
    let body = json!({ "tolerance_bps": 1 });
    assert_eq!(
        by_key(&house.commerce_key, body.clone()).await.error(),
        (403, "INSUFFICIENT_SCOPE")
    );
    let new =
        json!({ "name": "eyes", "environment": "devnet", "restrictions": { "read_only": true } });
    let made = house.request("POST", "/api/merchant-api-keys").bearer_auth(&owner).json(&new);
    let made = house.send(made).await.ok();
    let read_only = made["api_key"].as_str().expect("a key");
    assert_eq!(by_key(read_only, body).await.error(), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!((tolerance("devnet").await, tolerance("mainnet").await), (json!(100), json!(7)));
}

#[tokio::test]
async fn the_default_return_url_goes_onto_new_invoices() {
    let house = House::start().await;
    patch(&house, json!({ "default_payment_return_url": "https://a.example/thanks" })).await.ok();
    let created = house.invoice(1.0).await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payment_return_url"], "https://a.example/thanks");
    assert_eq!(invoice["payment_return_url_enabled"], true);
    let body = json!({ "amount_usd": 1, "payment_return_url_enabled": false });
    let created = house.post("/api/v1/invoices", body).await.ok();
    assert_eq!(house.read(&created).await["payment_return_url_enabled"], false);
}

#[tokio::test]
async fn a_change_of_the_profile_is_audited() {
    let house = House::start().await;
    patch(&house, json!({ "company_name": "Tea" })).await.ok();
    let page = store::Page::First;
    let entries = house.app.store.audit_entries(house.merchant_id, page, 10).await.expect("read");
    assert!(entries.iter().any(|entry| entry.action == "profile.changed"), "{entries:?}");
}

#[tokio::test]
async fn the_operator_makes_merchants_and_lists_them() {
    let house = House::start().await;
    let body = json!({
        "company_name": "New Shop",
        "email": "New@Example.com",
        "owner_email": "boss@example.com",
        "owner_password": "a long enough password",
    });
    let made = operator(&house, "POST", "/api/admin/merchants", body.clone()).await.ok();
    assert_eq!((&made["object"], &made["company_name"]), (&json!("merchant"), &json!("New Shop")));
    assert_eq!(
        (&made["email"], &made["owner"]["email"]),
        (&json!("new@example.com"), &json!("boss@example.com"))
    );
    assert_eq!(made["id"], house.merchant_id.0 + 1);
    let again = operator(&house, "POST", "/api/admin/merchants", body).await;
    assert_eq!(again.error(), (409, "ALREADY_EXISTS"));
    let list = operator(&house, "GET", "/api/admin/merchants?limit=1", Value::Null).await.ok();
    assert_eq!(
        (&list["data"][0]["id"], &list["has_more"]),
        (&json!(house.merchant_id.0), &json!(true))
    );
    let after = format!("/api/admin/merchants?starting_after={}", house.merchant_id.0);
    let rest = operator(&house, "GET", &after, Value::Null).await.ok();
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&made["id"], &json!(false)));
    assert!(rest["data"][0].get("owner").is_none());
}

#[tokio::test]
async fn merchants_are_made_by_the_operator_alone_and_within_bounds() {
    let house = House::start().await;
    let body = json!({ "company_name": "New", "email": "new@example.com" });
    let by_key = house.post("/api/admin/merchants", body.clone()).await;
    assert_eq!(by_key.error(), (401, "AUTHENTICATION_REQUIRED"));
    let request = house.request("POST", "/api/admin/merchants").bearer_auth("guess");
    assert_eq!(house.send(request.json(&body)).await.error(), (401, "AUTHENTICATION_REQUIRED"));
    for (body, param) in [
        (json!({ "email": "new@example.com" }), "company_name"),
        (json!({ "company_name": " ", "email": "new@example.com" }), "company_name"),
        (json!({ "company_name": "New", "email": "new" }), "email"),
        (json!({ "company_name": "New", "email": "n@e.com", "owner_email": "x" }), "owner_email"),
        (
            json!({ "company_name": "New", "email": "n@e.com", "owner_password": "short" }),
            "owner_password",
        ),
    ] {
        let reply = operator(&house, "POST", "/api/admin/merchants", body.clone()).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{body}");
    }
    let reply = operator(&house, "GET", "/api/admin/merchants?starting_after=x", Value::Null).await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "starting_after"));
}
